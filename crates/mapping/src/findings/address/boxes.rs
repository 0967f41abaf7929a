//! P.O. boxes: the words of many languages for them, and whether a line of an address is one.
//!
//! Owner of [`is_box`], which most lines pass with a look at the first two letters of their words. A word that is common
//! elsewhere counts only where the address stands in a country that uses it, and only with a number behind it.

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
    let (mut before, mut letter) = (0, 0);
    let mut begins = |byte: u8| {
        let next = LETTERS[usize::from(byte)];
        let begins = before == 0 && SECOND_LETTERS[usize::from(letter)] >> next & 1 == 1;
        (before, letter) = (letter, next);
        begins
    };
    line.iter().any(|byte| begins(*byte)) || begins(b' ')
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
    fn every_word_for_a_box_begins_with_a_known_beginning() {
        let by_country = BOXES_BY_COUNTRY.iter().map(|(word, _)| word);
        for word in BOXES.iter().chain(BOXES_WITH_NUMBER).chain(by_country) {
            assert!(BEGINNINGS.contains(&&word[..2]), "{word}");
        }
    }
}
