//! Residential streets that are none: P.O. boxes and their like, words that say that there is no street, and bare numbers.
//!
//! Owner of the words of many languages for both. A word that is common elsewhere counts only where the address stands in
//! a country that uses it, and only with a number behind it. Rural routes and military boxes are residential addresses in
//! the U.S. and are no finding. Left out on purpose: mailing addresses, where a P.O. box may stand.

mod no_streets;

use no_streets::NO_STREETS;

use bakkt_contract::fold::fold_into;
use bakkt_model::text::is_latin;

/// Words that are a P.O. box wherever they stand, folded, without blanks between their tokens.
const BOXES: &[&str] = &[
    "postfach",
    "postbus",
    "postboks",
    "postbox",
    "postilokero",
    "postafiok",
    "pobox",
    "pobx",
    "postkasse",
    "lockbox",
    "lockedbag",
    "privatebag",
    "gpobox",
    "postofficebox",
    "postbag",
    "mailbag",
    "apartadopostal",
    "apartadodecorreos",
    "apartadoaereo",
    "apdopostal",
    "apdocorreos",
    "apartadocorreos",
    "casilladecorreo",
    "casillapostal",
    "casillacorreo",
    "caixapostal",
    "casepostale",
    "casellapostale",
    "boitepostale",
    "skrytkapocztowa",
    "skrpoczt",
    "skrpocztowa",
    "postovniprihradka",
    "postovypriecinok",
    "kotakpos",
    "postakutusu",
    "generaldelivery",
    "posterestante",
    "postlagernd",
    "listadecorreos",
    "predalposta",
    "podrawer",
    "postofficedrawer",
    "apdodecorreos",
    "aptopostal",
    "postschliessfach",
    "callerbox",
    "postalbox",
    "postaldrawer",
    "postofficebx",
    "privatemailbox",
    "gendelivery",
    "gendel",
    "cassettapostale",
    // Lockers and shops that keep the mail of others.
    "packstation",
    "paketstation",
    "paketshop",
    "paketbox",
    "postfiliale",
    "paczkomat",
    "parcellocker",
    "parcelshop",
    "amazonlocker",
    "upsstore",
];

/// Bytes of the shortest of them.
const SHORTEST_BOX: usize = {
    let (mut shortest, mut place) = (usize::MAX, 0);
    while place < BOXES.len() {
        if BOXES[place].len() < shortest {
            shortest = BOXES[place].len();
        }
        place += 1;
    }
    shortest
};

/// Words that are one at the beginning of the line, when a number follows or nothing at all.
const BOXES_WITH_NUMBER: &[&str] = &[
    "box",
    "pob",
    "apartado",
    "apdo",
    "casilla",
    "bp",
    "gpo",
    "pmb",
    "boks",
    "callerservice",
    "caller",
    "po",
    "mailbox",
    "drawer",
    "boxno",
    "boxnr",
    "boxnumber",
];

/// The same, only in these countries.
const BOXES_BY_COUNTRY: &[(&str, &[&str])] = &[
    ("cp", &["CHE", "CAN", "ITA", "BRA", "PRT", "AGO", "MOZ"]),
    ("pl", &["FIN"]),
    ("pk", &["TUR"]),
    ("pf", &["DEU", "AUT", "CHE", "LIE", "HUN", "SVK", "CZE"]),
    ("cs", &["FRA"]),
    ("tsa", &["FRA"]),
    ("ap", &["ESP", "MEX"]),
    ("cc", &["ARG"]),
    ("aa", &["COL"]),
    ("skr", &["POL"]),
    ("skrytka", &["POL"]),
    ("casella", &["ITA", "CHE", "SMR"]),
    ("case", &["CHE"]),
];

/// How the first words of a P.O. box begin: a word that begins otherwise is not looked at further.
const BEGINNINGS: &[&str] = &[
    "aa", "am", "ap", "bo", "bp", "ca", "cc", "cp", "cs", "dr", "ge", "gp", "ko", "li", "lo", "ma",
    "pa", "pd", "pf", "pk", "pl", "pm", "po", "pr", "sk", "ts", "up",
];

/// Signs for a P.O. box in other scripts; small letters.
const SIGNS: &[&str] = &[
    "私書箱",
    "邮政信箱",
    "郵政信箱",
    "信箱",
    "사서함",
    "а/я",
    "абонентский ящик",
    "поштова скринька",
    "τ.θ.",
    "ταχ. θυρίδα",
    "ص.ب",
    "ص. ب",
    "صندوق بريد",
    "ת.ד",
    "ת\"ד",
    "תא דואר",
];

/// What is wrong with a residential street.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreetProblem {
    /// It is a P.O. box.
    Box,
    /// It says that there is none, or is a number without a name.
    NoStreet,
}

/// Judges the lines of a residential street. `scratch` is a buffer to keep.
pub(crate) fn doubt<'a>(
    lines: impl Iterator<Item = &'a str>,
    country: Option<&str>,
    scratch: &mut String,
) -> Option<StreetProblem> {
    let mut has_street = false;
    let mut has_letter = false;
    let mut boxed = false;
    for (place, line) in lines.enumerate() {
        if place == 0 && is_no_street(line, scratch) {
            return Some(StreetProblem::NoStreet);
        }
        has_letter |= line.contains(char::is_alphabetic);
        if is_box(line, country) {
            boxed = true;
            continue;
        }
        // A street with its number in front of the box, on a line of its own.
        has_street |= !boxed && line.bytes().any(|byte| byte.is_ascii_digit());
    }
    // In Japan a block and a building have numbers, and streets no names.
    if !has_letter && !boxed && country != Some("JPN") {
        return Some(StreetProblem::NoStreet);
    }
    (boxed && !has_street).then_some(StreetProblem::Box)
}

/// Whether a line says that there is no street.
fn is_no_street(line: &str, scratch: &mut String) -> bool {
    let bytes = line.as_bytes();
    // Most streets of the U.S. begin with their number.
    if bytes.len() > 48
        || (bytes.first().is_some_and(u8::is_ascii_digit)
            && bytes.iter().any(u8::is_ascii_alphabetic))
    {
        return false;
    }
    scratch.clear();
    fold_into(line, scratch);
    // An e-mail address.
    if line.contains('@') && !line.contains(' ') {
        return true;
    }
    let same_digit = || {
        let mut digits = scratch.bytes();
        let first = digits.next();
        first
            .is_some_and(|first| matches!(first, b'0' | b'9') && digits.all(|digit| digit == first))
    };
    NO_STREETS.contains(scratch.as_str()) || same_digit()
}

/// Whether a line is a P.O. box.
pub(crate) fn is_box(line: &str, country: Option<&str>) -> bool {
    if !line.is_ascii() {
        // The signs are of other scripts.
        if !is_latin(line) {
            let small = line.to_lowercase();
            if SIGNS.iter().any(|sign| small.contains(sign)) {
                return true;
            }
        }
        // Accents are not what a box is told by.
        let mut plain = String::with_capacity(line.len());
        for word in line.split(|c: char| !c.is_alphanumeric()) {
            fold_into(word, &mut plain);
            plain.push(' ');
        }
        return plain.is_ascii() && is_ascii_box(&plain, country);
    }
    is_ascii_box(line, country)
}

fn is_ascii_box(line: &str, country: Option<&str>) -> bool {
    is_box_of(line, country) || with_letter_o(line).is_some_and(|line| is_box_of(&line, country))
}

/// The line with the letter where a zero was typed for it: "P0 BOX", "P.0. Box", "PO B0X".
fn with_letter_o(line: &str) -> Option<String> {
    let bytes = line.as_bytes();
    let is_letter = |at: usize| {
        let before = bytes[..at].iter().rev();
        let before = before.copied().find(|byte| !matches!(byte, b'.' | b' '));
        let adjacent = at.checked_sub(1).map(|at| bytes[at]);
        let behind = bytes.get(at + 1);
        let stands_for_letter =
            matches!(before, Some(b'P' | b'p')) || matches!(adjacent, Some(b'B' | b'b'));
        stands_for_letter && !behind.is_some_and(u8::is_ascii_digit)
    };
    let zeros: Vec<usize> = memchr::memchr_iter(b'0', bytes)
        .filter(|at| is_letter(*at))
        .collect();
    if zeros.is_empty() {
        return None;
    }
    let letter = |(at, c)| if zeros.contains(&at) { 'o' } else { c };
    Some(line.char_indices().map(letter).collect())
}

/// The most tokens of a line that are looked at.
const TOKENS: usize = 12;

/// For each letter, as a bit, those that go on from it in one of the [`BEGINNINGS`]; the first bit, if there are any, stands
/// for no letter behind it: a word of several single letters, as in "P O Box".
const SECOND_LETTERS: [u32; 27] = {
    let mut letters = [0; 27];
    let mut place = 0;
    while place < BEGINNINGS.len() {
        let pair = BEGINNINGS[place].as_bytes();
        letters[LETTERS[pair[0] as usize] as usize] |= 1 | 1 << LETTERS[pair[1] as usize];
        place += 1;
    }
    letters
};

/// The number of each letter in the alphabet, from 1; 0 for what is none.
const LETTERS: [u8; 256] = {
    let mut letters = [0; 256];
    let mut letter = 0;
    while letter < 26 {
        letters[(b'a' + letter) as usize] = letter + 1;
        letters[(b'A' + letter) as usize] = letter + 1;
        letter += 1;
    }
    letters
};

/// Whether one of the [`BEGINNINGS`] is a letter and the one with this number behind it.
fn goes_on(letter: u8, next: u8) -> bool {
    SECOND_LETTERS[usize::from(LETTERS[usize::from(letter)])] >> next & 1 == 1
}

/// Whether a word of a line begins like one for a P.O. box. In most lines none does.
fn may_be_box(line: &[u8]) -> bool {
    let letter = |byte: &u8| LETTERS[usize::from(*byte)];
    let mut before = 0;
    let mut letters = line.iter().map(letter).chain([0]);
    let mut letter = letters.next().unwrap_or(0);
    letters.any(|next| {
        let begins = before == 0 && SECOND_LETTERS[usize::from(letter)] >> next & 1 == 1;
        before = letter;
        letter = next;
        begins
    })
}

fn is_box_of(line: &str, country: Option<&str>) -> bool {
    if !may_be_box(line.as_bytes()) {
        return false;
    }
    let mut tokens = [""; TOKENS];
    let mut count = 0;
    let mut rest = line;
    while count < TOKENS {
        let Some(start) = rest.bytes().position(|byte| byte.is_ascii_alphanumeric()) else {
            break;
        };
        rest = &rest[start..];
        let number = rest.as_bytes()[0].is_ascii_digit();
        let same = |byte: u8| byte.is_ascii_alphanumeric() && byte.is_ascii_digit() == number;
        let end = rest
            .bytes()
            .position(|byte| !same(byte))
            .unwrap_or(rest.len());
        tokens[count] = &rest[..end];
        count += 1;
        rest = &rest[end..];
    }
    let tokens = &tokens[..count];
    (0..count).any(|at| begins_box(&tokens[at..], at, tokens, country))
}

fn begins_box(tokens: &[&str], at: usize, all: &[&str], country: Option<&str>) -> bool {
    if !tokens[0].as_bytes()[0].is_ascii_alphabetic() {
        return false;
    }
    let first = tokens[0].as_bytes();
    if first.len() >= 2 && !goes_on(first[0], LETTERS[usize::from(first[1])]) {
        return false;
    }
    // A street with its number before the box, on the same line.
    let street_before = at >= 3 && all[0].as_bytes()[0].is_ascii_digit();
    if street_before && !tokens[0].eq_ignore_ascii_case("pmb") {
        return false;
    }
    let mut joined = [0u8; 24];
    let mut length = 0;
    for (place, token) in tokens.iter().enumerate().take(5) {
        if !token.as_bytes()[0].is_ascii_alphabetic() || length + token.len() > joined.len() {
            break;
        }
        for byte in token.bytes() {
            joined[length] = byte.to_ascii_lowercase();
            length += 1;
        }
        let Ok(word) = std::str::from_utf8(&joined[..length]) else {
            return false;
        };
        if length >= SHORTEST_BOX && BOXES.contains(&word) && !is_street_word(tokens.get(place + 1))
        {
            return true;
        }
        let next = tokens.get(place + 1);
        let numbered = next.is_some_and(|token| token.as_bytes()[0].is_ascii_digit());
        if at == 0 && (numbered || next.is_none()) && BOXES_WITH_NUMBER.contains(&word) {
            return true;
        }
        // A private mailbox is none of the street before it, which is that of a shop.
        if numbered && word == "pmb" {
            return true;
        }
        if numbered && at == 0 && is_box_in(country, word) {
            return true;
        }
    }
    false
}

/// Whether a word means a box in a country.
fn is_box_in(country: Option<&str>, word: &str) -> bool {
    let by_country = BOXES_BY_COUNTRY.iter().find(|(known, _)| *known == word);
    by_country
        .is_some_and(|(_, countries)| country.is_some_and(|country| countries.contains(&country)))
}

/// A street that is named after a box: `Post Office Box Rd`.
fn is_street_word(token: Option<&&str>) -> bool {
    let streets = [
        "road", "rd", "street", "st", "lane", "ln", "drive", "dr", "ave", "avenue", "way",
        "strasse", "str", "weg",
    ];
    token.is_some_and(|token| {
        streets
            .iter()
            .any(|street| token.eq_ignore_ascii_case(street))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_can_say_that_there_is_no_street() {
        for line in [
            "Unknown",
            "n/a",
            "Άγνωστο",
            "Неизвестно",
            "なし",
            "모름",
            "없음",
            "غير معروف",
        ] {
            let doubt = doubt([line].into_iter(), None, &mut String::new());
            assert_eq!(doubt, Some(StreetProblem::NoStreet), "{line}");
        }
    }

    #[test]
    fn every_word_for_a_box_begins_with_a_known_beginning() {
        let by_country = BOXES_BY_COUNTRY.iter().map(|(word, _)| word);
        for word in BOXES.iter().chain(BOXES_WITH_NUMBER).chain(by_country) {
            assert!(BEGINNINGS.contains(&&word[..2]), "{word}");
        }
    }

    fn judged(lines: &[&str], country: &str) -> Option<StreetProblem> {
        doubt(lines.iter().copied(), Some(country), &mut String::new())
    }

    #[test]
    fn boxes_of_many_countries_are_found() {
        for (line, country) in [
            ("PO Box 123", "USA"),
            ("P.O. Box 123", "USA"),
            ("P. O. BOX 12", "USA"),
            ("p o box 9", "USA"),
            ("POB 12", "USA"),
            ("POBox123", "USA"),
            ("Post Office Box 12", "USA"),
            ("Box 123", "USA"),
            ("GPO Box 4", "AUS"),
            ("Locked Bag 12", "AUS"),
            ("Private Bag X12", "ZAF"),
            ("PMB 12", "USA"),
            ("P.O. DRAWER 412", "USA"),
            ("Post Office Drawer 9", "USA"),
            ("Postschließfach 12", "DEU"),
            ("Apdo. de Correos 12", "ESP"),
            ("Postfach 12 34", "DEU"),
            ("Pf. 12", "DEU"),
            ("Apartado 123", "ESP"),
            ("Apartado Postal 5", "MEX"),
            ("Apdo. Correos 7", "ESP"),
            ("Apartado de correos 7", "ESP"),
            ("Casilla 12", "CHL"),
            ("Casilla de Correo 12", "ARG"),
            ("BP 123", "FRA"),
            ("B.P. 123", "FRA"),
            ("Boîte postale 12", "FRA"),
            ("Case postale 12", "CHE"),
            ("C.P. 123", "ITA"),
            ("Caixa Postal 12", "BRA"),
            ("Postbus 12", "NLD"),
            ("Postboks 12", "NOR"),
            ("PL 12", "FIN"),
            ("skr. poczt. 12", "POL"),
            ("Kotak Pos 12", "IDN"),
            ("私書箱12号", "JPN"),
            ("а/я 12", "RUS"),
            ("ص.ب 12", "ARE"),
            ("ת.ד. 12", "ISR"),
            ("General Delivery", "USA"),
            ("Attn PO Box 12", "USA"),
            ("CS 20001", "FRA"),
            ("P0 BOX 12", "USA"),
            ("P.0. Box 12", "USA"),
            ("P 0 Box 12", "USA"),
            ("PO B0X 12", "USA"),
            ("P0B0X 12", "USA"),
            ("B0X 12", "USA"),
            ("CALLER BOX 12", "USA"),
            ("PO 12", "USA"),
            ("Postal Box 12", "USA"),
            ("Mailbox 12", "USA"),
            ("Box No. 12", "USA"),
            ("Drawer 12", "USA"),
            ("POST OFFICE BX 12", "USA"),
            ("Gen. Delivery", "USA"),
            ("Gen Del", "USA"),
            ("123 Main St PMB 12", "USA"),
            ("123 Main St #PMB12", "USA"),
            ("c/o The UPS Store 12", "USA"),
            ("DHL Packstation 123", "DEU"),
            ("Packstation", "DEU"),
            ("P.F. 12", "SVK"),
            ("Apartado", "ESP"),
            ("A.A. 12", "COL"),
            ("Casella 12", "ITA"),
            ("Cassetta postale 12", "ITA"),
            ("Case 12", "CHE"),
            ("Skrytka 12", "POL"),
            ("Paczkomat WAW12", "POL"),
            ("Ｐ０ ＢＯＸ １２", "USA"),
        ] {
            assert_eq!(judged(&[line], country), Some(StreetProblem::Box), "{line}");
        }
        assert_eq!(
            judged(&["Jane Roe", "PO Box 5"], "USA"),
            Some(StreetProblem::Box)
        );
        assert_eq!(
            judged(&["PO Box 5", "Apt 4"], "USA"),
            Some(StreetProblem::Box)
        );
    }

    #[test]
    fn streets_are_no_boxes() {
        for (line, country) in [
            ("12 Sample Rd", "USA"),
            ("12 Box Canyon Rd", "USA"),
            ("Box Hill 3", "GBR"),
            ("RR 2 Box 33", "USA"),
            ("HC 62 Box 10", "USA"),
            ("PSC 3 Box 12", "USA"),
            ("Unit 100 Box 4", "USA"),
            ("Calle Apartado", "ESP"),
            ("C.P. 06500 Av. Juárez 5", "MEX"),
            ("12 Post Office Rd", "USA"),
            ("Post Office Box Rd", "USA"),
            ("Poststraße 12", "DEU"),
            ("CP 28001", "ESP"),
            ("12 Pobox Lane", "USA"),
            ("12 Main St PO Box 55", "USA"),
            ("Boxwood Dr 5", "USA"),
            ("Casilla Street 12", "USA"),
            ("PL 12", "USA"),
            ("Paseo de la Caja 5", "ESP"),
            ("12 Drawer Rd", "USA"),
            ("Mailbox Rd 5", "USA"),
            ("Case Ave 5", "USA"),
            ("Po Valley Rd 5", "USA"),
            ("100 Apt B0", "USA"),
            ("Station Rd 5", "USA"),
            ("Upsala Store Rd 4", "USA"),
            ("1-2-3", "JPN"),
        ] {
            assert_eq!(judged(&[line], country), None, "{line}");
        }
        assert_eq!(judged(&["12 Main St", "PO Box 5"], "USA"), None);
        assert_eq!(judged(&["12 Main St", "Apt 5"], "USA"), None);
        assert_eq!(judged(&["12", "Main St"], "USA"), None);
        assert_eq!(judged(&["12", "34"], "USA"), Some(StreetProblem::NoStreet));
    }

    #[test]
    fn words_for_no_street_are_found() {
        for line in [
            "Unknown",
            "N/A",
            "n.a.",
            "same as above",
            "SAME AS MAILING",
            "-",
            "---",
            "...",
            "0",
            "00000",
            "99999",
            "none",
            "TBD",
            "see above",
            "ditto",
            "unbekannt",
            "k.A.",
            "desconocido",
            "inconnu",
            "同上",
            "неизвестно",
            "No fixed abode",
            "XXX",
            "Não informado",
            "Okänd",
            "No Known Address",
            "keine",
            "Adresse unbekannt",
            "ninguna",
            "pas d'adresse",
            "entfällt",
            "s/n",
            "n/d",
            "Same as owner 1",
            "ann@example.com",
            // A number without a name.
            "12",
            "1234567",
            "12-34",
            "#12",
            "１２",
        ] {
            assert_eq!(
                judged(&[line], "USA"),
                Some(StreetProblem::NoStreet),
                "{line}"
            );
        }
        for line in [
            "1 Same St",
            "Unknown Rd 5",
            "Sameway 12",
            "12A",
            "Main St",
            "Testgasse 5",
            "None Such Lane 4",
        ] {
            assert_eq!(judged(&[line], "USA"), None, "{line}");
        }
    }
}
