//! Cities that are none, and states that their postal code is not in.
//!
//! Owner of both judgements. Asked of every owner of every record, so a look at the first and the last byte settles most
//! cities, and a comparison of two letters most states. What stands in a city when columns slipped is judged in `slipped`. Left
//! out on purpose: whether a city is in its state, and words for a city that the mapping's `placeholders` know already.

mod slipped;

use bakkt_contract::countries;
use bakkt_contract::fold::fold_into;
use bakkt_contract::forms::is_state2;
use bakkt_contract::postal_codes::has_zips;
use bakkt_contract::us_states::two_letters;
use bakkt_contract::zip_states::{is_of_another_province, is_of_another_state, is_of_state};
use bakkt_model::masked::is_masked;
use bakkt_model::no_values;
use slipped::slipped;

/// Why a city is none, if it is not. `scratch` is a buffer to keep.
pub(crate) fn doubtful_city(
    city: &str,
    state: Option<&str>,
    postal_code: Option<&str>,
    country: Option<&str>,
    scratch: &mut String,
) -> Option<&'static str> {
    let bytes = city.as_bytes();
    let (first, last) = (bytes.first()?, bytes.last()?);
    if let Some(what) = slipped(city, state, country) {
        return Some(what);
    }
    if is_masked(city) {
        return Some("masked: some of its characters are left out");
    }
    if first.is_ascii_alphabetic() && last.is_ascii_alphabetic() {
        return says_nothing(city, scratch).then_some("a word that says that none is known");
    }
    if !city.chars().any(char::is_alphabetic) {
        return Some("no letter");
    }
    if says_nothing(city, scratch) {
        return Some("a word that says that none is known");
    }
    // "Austin TX 78701": the code that stands in its own field as well.
    let code = postal_code.and_then(|code| code.get(..5));
    // Most cities have no digit, and most codes have one.
    let has_digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    if !has_digit(city) && code.is_none_or(has_digit) {
        return None;
    }
    let ends = code.is_some_and(|code| city.contains(code));
    let state = state.filter(|state| state.len() == 2);
    let is_line = |word: &str| word.len() >= 5 && word.bytes().all(|byte| byte.is_ascii_digit());
    let mut words = city.split([' ', ',']).rev().filter(|word| !word.is_empty());
    let line = words.next().is_some_and(is_line) && words.next() == state;
    (ends || (line && state.is_some())).then_some("the state or the postal code stands in it")
}

/// Whether a word says that there is no city. Its first three letters settle most.
fn says_nothing(city: &str, scratch: &mut String) -> bool {
    let may_be = match city.as_bytes() {
        [first, second, third, ..] => {
            let begins = [first | 0x20, second | 0x20, third | 0x20];
            let is_bracket = matches!(first, b'(' | b'[' | b'<' | b'{');
            !first.is_ascii() || is_bracket || BEGINNINGS.contains(&begins)
        }
        _ => true,
    };
    if !may_be {
        return false;
    }
    // There is a place called True.
    if no_values::says_nothing(city)
        || matches!(city, "true" | "TRUE")
        || AS_WRITTEN.contains(&city)
    {
        return true;
    }
    if city.len() > LONGEST {
        return false;
    }
    scratch.clear();
    fold_into(city, scratch);
    // Korean comes apart when it is folded.
    NO_CITIES.contains(&scratch.as_str()) || NO_CITIES.contains(&city)
}

/// Longer texts say something.
const LONGEST: usize = 24;

/// What people and programs write for no city; folded. There are places called Same, Nil and Igual.
#[rustfmt::skip]
const NO_CITIES: &[&str] = &[
    "unknown", "unk", "unknowncity", "cityunknown", "unbekannt", "na", "none", "null", "notavailable", "notprovided", "notknown",
    "noaddress", "nocity", "tbd", "seenotes", "seenote", "sameasabove", "seeabove", "test", "testcity", "xx", "xxx", "xxxx", "xxxxx", "undefined",
    "unspecified", "inconnu", "desconocido", "desconocida", "desconhecido", "nieznany", "nieznana", "neznamy", "keineangabe",
    "sindatos", "idem", "sameasmailing", "seemailing", "mailing", "mailingaddress", "usa", "us", "unitedstates",
    "unitedstatesofamerica", "city", "town", "cityname", "uk", "unitedkingdom", "canada", "deutschland", "germany", "australia", "ditto", "redacted", "masked", "various", "неизвестно", "不明", "同上", "不详", "不詳", "未知", "모름", "없음", "상동",
];

/// The same for what is a place in other letters, or no word without its marks.
const AS_WRITTEN: [&str; 14] = [
    "nil", "NIL", "(nil)", "k.A.", "k. A.", "k.a.", "n.v.", "n. v.", "s/d", "S/D", "(blank)",
    "(Blank)", "(BLANK)", "(leer)",
];

/// How they begin, as small letters; also `n/a` and its like.
#[rustfmt::skip]
const BEGINNINGS: [[u8; 3]; 53] = [
    *b"unk", *b"cit", *b"unb", *b"n/a", *b"n.a", *b"n a", *b"non", *b"nul", *b"not", *b"noa", *b"noc", *b"no ", *b"tbd", *b"sam",
    *b"see", *b"tes", *b"xxx", *b"und", *b"uns", *b"inc", *b"des", *b"nie", *b"nez", *b"kei", *b"sin", *b"ide",
    *b"dit", *b"mai", *b"usa", *b"u.s", *b"u s", *b"uni", *b"u.k", *b"can", *b"deu", *b"ger", *b"aus", *b"red",
    *b"tow", *b"tru", *b"mas", *b"var", *b"nan", *b"fal", *b"tba", *b"{ob", *b"nil", *b"nat", *b"k.a", *b"k. ", *b"n. ", *b"n.v", *b"s/d",
];

/// Whether a state or a province is one that its postal code is not in.
pub(crate) fn is_doubtful_state(country: &str, state: &str, postal_code: &str) -> bool {
    match country {
        "USA" => is_of_another_state(postal_code, state),
        "CAN" => is_of_another_province(postal_code, state),
        // A territory's address has the territory as its state, where it has any.
        _ => {
            let has_zips = || countries::alpha2_of(country).is_some_and(has_zips);
            is_state2(state) && has_zips() && is_of_another_state(postal_code, state)
        }
    }
}

/// Whether a country is the state beside it: "DE" of a customer in Delaware becomes Germany, "CA" of one in California Canada.
/// `postal_code` is the code, or says with `Err` that none of the country could be made of it.
pub(crate) fn is_state_for_country(
    country: &str,
    state: &str,
    postal_code: Result<&str, ()>,
) -> bool {
    // A territory of the U.S. is both.
    let alpha2 = countries::alpha2_of(country).filter(|alpha2| !has_zips(alpha2));
    let is_same = alpha2.is_some_and(|alpha2| two_letters(state) == Some(alpha2));
    // A country with longer codes puts a zero in front of a ZIP code.
    let zip = |code: &str| {
        let lost = code.bytes().filter(u8::is_ascii_digit).count() == 6;
        let zip = code.strip_prefix('0').filter(|_| lost).unwrap_or(code);
        alpha2.is_some_and(|state| is_of_state(zip, state))
    };
    is_same && postal_code.map_or(true, zip)
}

/// Whether an address is a post office of the U.S. forces, which is in the U.S. wherever its customers are stationed.
pub(crate) fn is_military_post(city: &str, state: Option<&str>, postal_code: Option<&str>) -> bool {
    let is_one =
        |known: &[&str], text: &str| known.iter().any(|one| one.eq_ignore_ascii_case(text));
    let city = city.split([' ', ',']).next().unwrap_or(city);
    let is_zip = |code: &str| {
        let zip = code.split('-').next().unwrap_or(code);
        let begins = ["09", "340", "962", "963", "964", "965", "966"];
        zip.len() == 5
            && zip.bytes().all(|byte| byte.is_ascii_digit())
            && begins.iter().any(|begin| zip.starts_with(begin))
    };
    is_one(&["APO", "FPO", "DPO"], city)
        && (state.is_some_and(|state| is_one(&["AA", "AE", "AP"], state))
            || postal_code.is_some_and(is_zip))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn city(city: &str) -> Option<&'static str> {
        doubtful_city(
            city,
            Some("TX"),
            Some("78701"),
            Some("USA"),
            &mut String::new(),
        )
    }

    #[test]
    fn what_is_no_city_is_doubtful() {
        for text in [
            "78701",
            "13101",
            "(null)",
            "<null>",
            "<NULL>",
            "[NULL]",
            "nil",
            "NIL",
            "NaT",
            "<NA>",
            "(blank)",
            "k.A.",
            "n.v.",
            "s/d",
            "see notes",
            "--",
            "12-3",
            "Austin TX 78701",
            "AUSTIN, TX 78701",
            "Austin, TX 78701-1234",
            "Austin 78701",
            "unknown",
            "UNKNOWN",
            "N/A",
            "n.a.",
            "None",
            "Not Provided",
            "same as above",
            "see above",
            "Mailing",
            "USA",
            "U.S.A.",
            "US",
            "United States",
            "Austin, TX",
            "c/o Bob",
            "12 Main St",
            "test",
            "XXXX",
            "不明",
            "同上",
            "모름",
            "Unbekannt",
            "keine Angabe",
            "City",
            "TOWN",
            "true",
        ] {
            assert!(city(text).is_some(), "{text}");
        }
    }

    #[test]
    fn cities_are_not_doubtful() {
        for text in [
            "Austin",
            "Canaan",
            "Union City",
            "Germantown",
            "Maize",
            "San Francisco",
            "Nashville",
            "Unknownville",
            "Towner",
            "True",
            "Truckee",
            "Citra",
            "Undine",
            "Nonnweiler",
            "Testorf",
            "Samedan",
            "Same",
            "Nice",
            "Ö",
            "Å",
            "Y",
            "Łódź",
            "São Paulo",
            "København K",
            "Paris 8",
            "Praha 1",
            "Wien 1010",
            "Dublin 4",
            "東京",
            "1770",
            "Bur. 7",
            "Seeheim",
            "Sint-Niklaas",
            "'s-Hertogenbosch",
            "Winston-Salem",
            "St. Louis",
            "Washington, D.C.",
        ] {
            // Seventeen Seventy is a town; it is written as a number only by those who love it.
            let expected = (text == "1770").then_some("no letter");
            assert_eq!(city(text), expected, "{text}");
        }
        // A number behind the name is a district elsewhere.
        let abroad =
            |city| doubtful_city(city, None, Some("1010"), Some("AUT"), &mut String::new());
        assert_eq!(abroad("Wien 1010"), None);
    }

    #[test]
    fn a_state_is_doubtful_where_its_postal_code_is_of_another() {
        for (country, state, code, doubtful) in [
            ("USA", "TX", "78701", false),
            ("USA", "GU", "96910", false),
            ("USA", "TX", "96910", true),
            ("USA", "CA", "96910", true),
            ("USA", "FM", "02000", true),
            ("USA", "PR", "78701", true),
            ("GUM", "GU", "96910", false),
            ("GUM", "TX", "96910", true),
            ("GUM", "Hagåtña", "96910", false),
            ("CAN", "TX", "K1A 0B1", true),
            ("DEU", "TX", "10115", false),
        ] {
            assert_eq!(
                is_doubtful_state(country, state, code),
                doubtful,
                "{country} {state} {code}"
            );
        }
    }

    #[test]
    fn every_word_begins_as_one_may() {
        for word in NO_CITIES
            .iter()
            .filter(|word| word.is_ascii() && word.len() > 2)
        {
            let begins = word.as_bytes()[..3].try_into().unwrap();
            assert!(BEGINNINGS.contains(&begins), "{word}");
        }
    }
    #[test]
    fn states_in_the_place_of_a_country_are_found() {
        for (country, state, code) in [
            ("DEU", "DE", Ok("19801")),
            ("DEU", "Delaware", Ok("19801-1234")),
            ("CAN", "CA", Err(())),
            ("GAB", "GA", Ok("30301")),
            ("COL", "CO", Ok("080201")),
            ("IND", "IN", Err(())),
        ] {
            assert!(is_state_for_country(country, state, code), "{country}");
        }
        for (country, state, code) in [
            ("DEU", "DE", Ok("10115")),
            ("DEU", "BE", Ok("19801")),
            ("CAN", "ON", Err(())),
            ("USA", "CA", Ok("90001")),
            ("PRI", "PR", Ok("00601")),
            ("MAR", "MA", Ok("20000")),
        ] {
            assert!(!is_state_for_country(country, state, code), "{country}");
        }
    }
}
