//! Countries: any usual spelling to ISO 3166-1 alpha-3, and exact checks of a code.
//!
//! Owner: `contract`. The data is in `countries/table.rs`. Invariants: the answer is always one of the 249
//! alpha-3 codes, `alpha3(alpha3(x)) == alpha3(x)`, and a bare code of two or three letters or digits is
//! answered from a table made at compile time, without allocation. Left out on purpose: guessing. A text that
//! fits two countries ("Korea"), or a code dressed in punctuation ("N/A" is not Namibia), gives `None`. Where ISO itself
//! gives a short name to one of two countries ("Congo", "Guinea"), that one is meant. Numeric codes have three digits,
//! because "44" in such a column is more often a calling code; a fourth zero in front ("0840") does no harm.

mod languages;
mod official;
mod table;

use super::fold::{fold, with_folded};
use super::us_states;
use std::sync::OnceLock;

use foldhash::{HashMap, HashMapExt};
use table::{COUNT, COUNTRIES, Country};

use bakkt_model::text::trim;

/// Marks a code that no country has. `COUNT` is below it, so a place in the table fits in one byte.
const NONE: u8 = u8::MAX;

static BY_ALPHA2: [u8; 26 * 26] = {
    let mut places = [NONE; 26 * 26];
    let mut place = 0;
    while place < COUNT {
        let code = COUNTRIES[place].alpha2.as_bytes();
        places[letter(code[0]) * 26 + letter(code[1])] = place as u8;
        place += 1;
    }
    places
};

static BY_ALPHA3: [u8; 26 * 26 * 26] = {
    let mut places = [NONE; 26 * 26 * 26];
    let mut place = 0;
    while place < COUNT {
        let code = COUNTRIES[place].alpha3.as_bytes();
        places[(letter(code[0]) * 26 + letter(code[1])) * 26 + letter(code[2])] = place as u8;
        place += 1;
    }
    places
};

static BY_NUMBER: [u8; 1000] = {
    let mut places = [NONE; 1000];
    let mut place = 0;
    while place < COUNT {
        places[COUNTRIES[place].numeric as usize] = place as u8;
        place += 1;
    }
    places
};

/// The alpha-3 code of a country in any usual spelling: a code, the English name, or a common alias.
pub fn alpha3(text: &str) -> Option<&'static str> {
    let text = trim(text);
    let country = match *text.as_bytes() {
        [a, b] => by_alpha2(a.to_ascii_uppercase(), b.to_ascii_uppercase()),
        [a, b, c] if a.is_ascii_digit() => by_number(a, b, c),
        [a, b, c] => by_alpha3(
            a.to_ascii_uppercase(),
            b.to_ascii_uppercase(),
            c.to_ascii_uppercase(),
        ),
        [b'0', a @ b'1'..=b'9', b, c] => by_number(a, b, c),
        [a, b, c, b'.', b'0'] => by_number(a, b, c),
        // "G.B.R."; two letters with dots are more often something else ("N.A.").
        [a, b'.', b, b'.', c] | [a, b'.', b, b'.', c, b'.'] => by_alpha3(
            a.to_ascii_uppercase(),
            b.to_ascii_uppercase(),
            c.to_ascii_uppercase(),
        ),
        _ => None,
    };
    country
        .or_else(|| with_folded(text, by_name))
        .map(|country| country.alpha3)
}

/// What is wrong with a text that is no country.
pub fn unfit(text: &str) -> &'static str {
    match us_states::two_letters(text) {
        Some(_) => STATE,
        None => "not a country",
    }
}

const STATE: &str = "not a country but a state of the U.S.";

/// What is wrong with a text that is no alpha-3 code, if it is none. One that a country is known by needs the transform only.
pub fn unfit_code(text: &str) -> Option<&'static str> {
    if is_alpha3(text) {
        return None;
    }
    match alpha3(text) {
        None if us_states::two_letters(text).is_some() => Some(STATE),
        _ => Some("not an ISO 3166-1 alpha-3 code"),
    }
}

/// Whether `code` is an alpha-3 code, exactly as it goes on the wire.
pub fn is_alpha3(code: &str) -> bool {
    exact(code).is_some()
}

/// The alpha-2 code of an alpha-3 code.
pub fn alpha2_of(alpha3: &str) -> Option<&'static str> {
    exact(alpha3).map(|country| country.alpha2)
}

/// The English short name of an alpha-3 code, for pages that people read.
pub fn name_of(alpha3: &str) -> Option<&'static str> {
    exact(alpha3).map(|country| country.name)
}

fn exact(code: &str) -> Option<&'static Country> {
    match *code.as_bytes() {
        [a, b, c] => by_alpha3(a, b, c),
        _ => None,
    }
}

/// The name of every country, in the order of the alphabet. `among`: for a place where several stand beside each other;
/// a name with a comma is told by its code there.
pub fn names(among: bool) -> Vec<&'static str> {
    let name = |country: &Country| match among && country.name.contains(',') {
        true => country.alpha3,
        false => country.name,
    };
    let mut names: Vec<&str> = COUNTRIES.iter().map(name).collect();
    names.sort_unstable();
    names
}

const fn letter(byte: u8) -> usize {
    (byte - b'A') as usize
}

fn at(place: u8) -> Option<&'static Country> {
    COUNTRIES.get(usize::from(place))
}

fn by_alpha2(a: u8, b: u8) -> Option<&'static Country> {
    if !(a.is_ascii_uppercase() && b.is_ascii_uppercase()) {
        return None;
    }
    at(BY_ALPHA2[letter(a) * 26 + letter(b)])
}

fn by_alpha3(a: u8, b: u8, c: u8) -> Option<&'static Country> {
    if !(a.is_ascii_uppercase() && b.is_ascii_uppercase() && c.is_ascii_uppercase()) {
        return None;
    }
    at(BY_ALPHA3[(letter(a) * 26 + letter(b)) * 26 + letter(c)])
}

fn by_number(a: u8, b: u8, c: u8) -> Option<&'static Country> {
    if !(a.is_ascii_digit() && b.is_ascii_digit() && c.is_ascii_digit()) {
        return None;
    }
    let digit = |byte: u8| usize::from(byte - b'0');
    at(BY_NUMBER[digit(a) * 100 + digit(b) * 10 + digit(c)])
}

fn by_name(folded: &[u8]) -> Option<&'static Country> {
    static NAMES: OnceLock<HashMap<Box<[u8]>, u8>> = OnceLock::new();
    let names = NAMES.get_or_init(|| {
        let mut names = HashMap::with_capacity(COUNT * 16);
        for (spelling, place) in spellings() {
            names.insert(fold(&spelling).into_bytes().into_boxed_slice(), place);
        }
        names
    });
    let place = names
        .get(folded)
        .or_else(|| names.get(folded.strip_prefix(b"the")?))?;
    at(*place)
}

/// Every spelling of every country with its place in the table: those listed, and those that follow a rule.
fn spellings() -> Vec<(String, u8)> {
    let mut all = Vec::with_capacity(COUNT * 16);
    for (country, place) in COUNTRIES.iter().zip(0u8..) {
        let listed = country.aliases.split('|').chain([country.name]);
        for name in listed.filter(|name| !name.is_empty()) {
            add_variants(name, place, &mut all);
        }
    }
    for (alpha2, names) in languages::NAMES.iter().chain(&official::NAMES) {
        let place = COUNTRIES.binary_search_by_key(alpha2, |country| country.alpha2);
        // The two tables have the same codes; a test holds them to it.
        let Some(place) = place.ok().and_then(|place| u8::try_from(place).ok()) else {
            continue;
        };
        all.extend(names.split('|').map(|name| (name.to_owned(), place)));
    }
    all
}

/// A name, and how else it is written by rule: "X, Y" and "X (Y)" as "Y X", without "and" and "the", "St" for "Saint",
/// "Rep" for "Republic", "Is" for "Islands".
fn add_variants(listed: &str, place: u8, all: &mut Vec<(String, u8)>) {
    let turned = listed
        .split_once(", ")
        .or_else(|| listed.strip_suffix(')')?.split_once(" ("))
        .map(|(head, tail)| format!("{tail} {head}"));
    for name in [Some(listed.to_owned()), turned].into_iter().flatten() {
        let mut forms = vec![name];
        for (long, short) in [
            (" and ", " "),
            (" the ", " "),
            ("Republic", "Rep"),
            ("Islands", "Is"),
        ] {
            for place in 0..forms.len() {
                let shorter = forms[place].replace(long, short);
                if shorter != forms[place] {
                    forms.push(shorter);
                }
            }
        }
        for form in forms {
            if let Some(saint) = form.strip_prefix("Saint ") {
                all.push((format!("St {saint}"), place));
            }
            all.push((form, place));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn states_are_named_as_what_they_are() {
        assert_eq!((unfit("TX"), unfit("Texas")), (STATE, STATE));
        assert_eq!(unfit("Nowhere"), "not a country");
        assert_eq!(unfit_code("TX"), Some(STATE));
        for code in ["CA", "Georgia", "usa", "ZZZ", ""] {
            assert_eq!(
                unfit_code(code),
                Some("not an ISO 3166-1 alpha-3 code"),
                "{code}"
            );
        }
        assert_eq!(unfit_code("CAN"), None);
    }

    #[test]
    fn every_name_is_understood_alone_and_in_a_list() {
        for among in [false, true] {
            assert_eq!(names(among).len(), COUNT);
            let known = names(among).into_iter().filter_map(alpha3);
            assert_eq!(
                known.collect::<std::collections::BTreeSet<_>>().len(),
                COUNT
            );
        }
        assert!(
            names(true)
                .iter()
                .all(|name| !name.contains([',', ';', '|']))
        );
    }

    #[test]
    fn real_spellings() {
        let cases = [
            (
                "USA",
                "USA|usa|US|us|U.S.|U.S.A.|840| United States |UNITED STATES OF AMERICA|The United States|u s a",
            ),
            (
                "GBR",
                "UK|U.K.|gb|826|Great Britain|England|Scotland|United Kingdom|Northern Ireland",
            ),
            (
                "KOR",
                "South Korea|Korea, Republic of|Republic of Korea|KOREA (SOUTH)|S. Korea|410|KR",
            ),
            (
                "PRK",
                "North Korea|Korea, Democratic People's Republic of|Democratic People's Republic of Korea",
            ),
            ("VNM", "Viet Nam|vietnam|Việt Nam"),
            ("CZE", "Czech Republic|Czechia|Česká republika"),
            (
                "CIV",
                "Ivory Coast|Côte d'Ivoire|COTE D IVOIRE|Côte d’Ivoire",
            ),
            ("MMR", "Burma|Myanmar"),
            (
                "NLD",
                "Holland|The Netherlands|Netherlands|Nederland|Kingdom of the Netherlands",
            ),
            ("TUR", "Turkey|Türkiye|TURKIYE|TÜRKİYE|Turkey/Türkiye"),
            ("DEU", "Deutschland|Germany|de|DEU|276"),
            ("MEX", "México|Mexico|MÉXICO"),
            ("BRA", "Brasil|Brazil"),
            ("ESP", "España|Espana|Spain"),
            ("CHE", "Schweiz|Suisse|Switzerland"),
            ("TTO", "Trinidad & Tobago|Trinidad and Tobago|TRINIDAD"),
            (
                "KNA",
                "St. Kitts & Nevis|Saint Kitts and Nevis|St Kitts and Nevis",
            ),
            ("BHS", "Bahamas|The Bahamas|Bahamas, The"),
            (
                "COD",
                "Congo, The Democratic Republic of the|DR Congo|Democratic Republic of the Congo",
            ),
            ("COG", "Congo|Republic of the Congo"),
            ("VIR", "U.S. Virgin Islands|Virgin Islands, U.S.|USVI"),
            ("VGB", "British Virgin Islands|Virgin Islands, British"),
            (
                "IRN",
                "Iran, Islamic Republic of|Iran|Islamic Republic of Iran",
            ),
            ("REU", "Réunion|Reunion"),
            ("ALA", "Åland Islands|Aland Islands"),
            ("ARE", "UAE|U.A.E.|United Arab Emirates"),
            ("AUT", "Österreich|Austria|040"),
            ("AUS", "036|Australia|AU"),
            ("SWZ", "Swaziland|Eswatini|748"),
            ("MKD", "Macedonia|F.Y.R.O.M.|North Macedonia"),
            ("LKA", "Ceylon|Sri Lanka"),
            ("ZWE", "Rhodesia|Southern Rhodesia"),
            (
                "TWN",
                "Taiwan, R.O.C.|Republic of China|Formosa|ROC|Taiwan (Province of China)",
            ),
            ("HTI", "Republic of Haiti|Haïti"),
            ("SLV", "Republic of El Salvador|Salvador"),
            ("ZWE", "Republic of Zimbabwe|Simbabwe"),
            (
                "HKG",
                "Hong Kong Special Administrative Region of China|Hong Kong SAR|H.K.|Hongkong",
            ),
            (
                "MRT",
                "Islamic Republic of Mauritania|Mauretanien|Mauritanie",
            ),
            ("USA", "0840|840.0|Stati Uniti d'America|EE. UU."),
            ("NZL", "N.Z.|New Zealand|Neuseeland|Nouvelle-Zélande"),
            ("CAF", "Central African Rep.|Zentralafrikanische Republik"),
            (
                "BOL",
                "the Plurinational State of Bolivia|Bolivia (Plurinational State of)|Bolivie",
            ),
            ("KOR", "R.O.K.|Korea (Rep. of)|the Republic of Korea"),
            ("ARE", "Emiratos Árabes Unidos|Vereinigte Arabische Emirate"),
            ("CHN", "PRC|P.R. China|China"),
            ("GBR", "G.B.R.|Regno Unito|Royaume-Uni|Reino Unido"),
            (
                "DEU",
                "Germania|Allemagne|Alemanha|Bundesrepublik Deutschland",
            ),
            ("GIN", "Guinea|Guinée|Republic of Guinea"),
            ("GNB", "Guinea-Bissau|Guiné-Bissau"),
            ("GNQ", "Equatorial Guinea|Republic of Equatorial Guinea"),
            ("NER", "the Republic of the Niger|Republic of Niger|Níger"),
        ];
        for (code, texts) in cases {
            for text in texts.split('|') {
                assert_eq!(alpha3(text), Some(code), "{text}");
            }
        }
    }

    #[test]
    fn no_placeholder_is_a_country_or_a_state() {
        for (word, _) in bakkt_model::placeholder::WORDS {
            assert_eq!(alpha3(word), None, "{word}");
            assert_eq!(crate::us_states::two_letters(word), None, "{word}");
        }
    }

    #[test]
    fn refuses_what_is_no_country_or_fits_two() {
        for text in [
            "",
            " ",
            "N/A",
            "n.a.",
            "Korea",
            "Virgin Islands",
            "XX",
            "ZZZ",
            "44",
            "1",
            "999",
            "84O",
            "the",
            "-",
            "unknown",
            "Kosovo",
            "é",
            "日",
            "00",
            // Places that are several countries now, and ones that are none.
            "USSR",
            "U.S.S.R.",
            "Soviet Union",
            "Yugoslavia",
            "Czechoslovakia",
            "Netherlands Antilles",
            "Serbia and Montenegro",
            "East Germany",
            "GDR",
            "Europe",
            "Africa",
            "West Indies",
            "Other",
            "Foreign",
            // Australia's number, and Hungary's calling code.
            "36",
            "0036",
            "36.0",
            "00840",
            // "Not available", not Namibia.
            "N.A.",
        ] {
            assert_eq!(alpha3(text), None, "{text}");
        }
        assert_eq!(alpha3(&"a".repeat(5000)), None);
    }

    #[test]
    fn every_official_name_of_iso_is_understood() {
        // The long names that begin with a form of state, as the ISO lists them.
        for form in ["Republic of", "Kingdom of", "State of", "Commonwealth of"] {
            for (spelling, place) in spellings() {
                if spelling.starts_with(form) {
                    let with_article = format!("the {spelling}");
                    let wanted = Some(COUNTRIES[usize::from(place)].alpha3);
                    assert_eq!(alpha3(&with_article), wanted, "{spelling}");
                }
            }
        }
        let places = |alpha2: &str| {
            COUNTRIES
                .iter()
                .position(|country| country.alpha2 == alpha2)
        };
        assert!(
            languages::NAMES
                .iter()
                .chain(&official::NAMES)
                .all(|(code, _)| places(code).is_some())
        );
        for (text, wanted) in [
            ("Republik Österreich", "AUT"),
            ("Schweizerische Eidgenossenschaft", "CHE"),
            ("Stany Zjednoczone Ameryki", "USA"),
            ("KÖNIGREICH DER NIEDERLANDE", "NLD"),
        ] {
            assert_eq!(alpha3(text), Some(wanted), "{text}");
        }
    }

    #[test]
    fn table_is_sound() {
        assert!(
            COUNTRIES
                .windows(2)
                .all(|pair| pair[0].alpha2 < pair[1].alpha2)
        );
        for country in &COUNTRIES {
            assert_eq!(alpha3(country.alpha2), Some(country.alpha3));
            assert_eq!(alpha3(country.alpha3), Some(country.alpha3));
            assert_eq!(
                alpha3(&format!("{:03}", country.numeric)),
                Some(country.alpha3)
            );
            assert_eq!(alpha3(country.name), Some(country.alpha3));
            assert_eq!(alpha2_of(country.alpha3), Some(country.alpha2));
            assert_eq!(name_of(country.alpha3), Some(country.name));
        }
        let used = |places: &[u8]| places.iter().filter(|place| **place != NONE).count();
        assert_eq!(
            (used(&BY_ALPHA2), used(&BY_ALPHA3), used(&BY_NUMBER)),
            (COUNT, COUNT, COUNT)
        );
    }

    #[test]
    fn no_spelling_belongs_to_two_countries() {
        let mut seen: HashMap<String, u8> = HashMap::new();
        for (spelling, place) in spellings() {
            let before = *seen.entry(fold(&spelling)).or_insert(place);
            assert_eq!(before, place, "{spelling}");
            assert_eq!(
                alpha3(&spelling),
                Some(COUNTRIES[usize::from(place)].alpha3),
                "{spelling}"
            );
        }
    }

    #[test]
    fn exact_check_is_exact() {
        assert!(is_alpha3("USA") && is_alpha3("ALA") && is_alpha3("ZWE"));
        for code in ["usa", "US", "USA ", "UsA", "", "AAA", "ÅA", "U A"] {
            assert!(!is_alpha3(code), "{code}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_is_idempotent(text in any::<String>()) {
            if let Some(code) = alpha3(&text) {
                prop_assert!(is_alpha3(code));
                prop_assert_eq!(alpha3(code), Some(code));
            }
            is_alpha3(&text);
        }

        #[test]
        fn forgives_case_and_space(place in 0..COUNT, upper: bool) {
            let name = COUNTRIES[place].name;
            let spelt = if upper { name.to_uppercase() } else { name.to_lowercase() }.replace(' ', "  ");
            prop_assert_eq!(alpha3(&spelt), Some(COUNTRIES[place].alpha3));
        }
    }
}
