//! Tax ids of other countries: what certainly is none, whichever country it is said to be of.
//!
//! Owner of [`unfit`] and of [`holds_one_number`]. Countries write their ids in many ways, with letters, blanks and marks, so that
//! only what no country does is refused: an id without a digit, a masked one, a label in front of one, several of them, and
//! what belongs into another field. Left out on purpose: the forms and check digits of single countries.

use super::fold::fold;
use bakkt_model::masked::{is_mask_sign, is_masked};

/// What people write in front of an id, without marks and accents.
const LABELS: [&str; 35] = [
    "ahv", "bsn", "cif", "cnp", "cpf", "cuil", "cuit", "curp", "dni", "ein", "fein", "id", "idnr",
    "itin", "nie", "nif", "nin", "nino", "nit", "nr", "nric", "num", "oib", "pan", "pesel", "rfc",
    "rut", "sin", "ssn", "taxid", "tfn", "tin", "utr", "vat", "vkn",
];

/// Digits that somebody repeated to get past a form.
const LONG: usize = 8;

/// Why a text is no tax id of any country, if it is none.
pub fn unfit(text: &str) -> Option<&'static str> {
    let digits = || text.chars().filter(|c| c.is_numeric());
    let first = digits().next();
    if text.contains('@') {
        Some("an e-mail address")
    } else if is_masked(text) {
        Some("masked: some of its characters are left out")
    } else if text.contains(is_mask_sign) {
        Some("a sign that no tax id has")
    } else if first.is_none() {
        Some("without a digit, as no tax id is")
    } else if digits().count() >= LONG
        && digits().all(|digit| Some(digit) == first)
        && is_number(text)
    {
        Some("one digit over and over")
    } else if is_day(text) {
        Some("a date")
    } else if has_word(text) {
        Some("a word beside the id")
    } else if text.contains([';', '|', ',', ':']) || text.contains(" & ") || are_several(text) {
        Some("several ids, or a remark")
    } else {
        None
    }
}

fn is_number(text: &str) -> bool {
    !text.chars().any(char::is_alphabetic)
}

/// A day with a year of four digits: "3/31/1984", "1984-03-31".
fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.trim().split(['/', '-', '.']).collect();
    let number = |part: &&str, most: u32| {
        (1..=2).contains(&part.len()) && part.parse().is_ok_and(|n: u32| (1..=most).contains(&n))
    };
    let year = |part: &&str| part.len() == 4 && (part.starts_with("19") || part.starts_with("20"));
    match parts.as_slice() {
        [y, m, d] if year(y) => number(m, 12) && number(d, 31),
        [a, b, y] if year(y) => number(a, 31) && number(b, 31) && (number(a, 12) || number(b, 12)),
        _ => false,
    }
}

/// Whether a stroke parts two ids: some countries write one within an id, "840331 / 1234".
fn are_several(text: &str) -> bool {
    let is_long = |part: &&str| part.chars().filter(|c| c.is_numeric()).count() >= LONG - 1;
    text.split(" / ").filter(is_long).count() > 1
}

/// Whether a text without its blanks is built like an id of Italy or Mexico, whose letters come from a name and may spell a label.
fn is_made_of_a_name(text: &str) -> bool {
    let signs: Vec<char> = text.chars().filter(|c| *c != ' ').collect();
    let letters =
        |range: std::ops::Range<usize>| signs[range].iter().all(|c| c.is_ascii_alphabetic());
    let digits = |range: std::ops::Range<usize>| signs[range].iter().all(char::is_ascii_digit);
    match signs.len() {
        16 => letters(0..6) && letters(8..9) && letters(11..12) && letters(15..16),
        length @ (12 | 13) => letters(0..length - 9) && digits(length - 9..length - 3),
        _ => false,
    }
}

/// A word that is no part of an id: a label in front of it, or one of small letters.
fn has_word(text: &str) -> bool {
    let words = text.split([' ', ':', '#']).filter(|word| !word.is_empty());
    let is_word = |word: &str| {
        let letters = |c: char| c.is_alphabetic() || matches!(c, '-' | '.');
        let small = word.chars().skip(1).filter(|c| c.is_lowercase()).count();
        word.chars().all(letters) && (small >= 2 || LABELS.contains(&fold(word).as_str()))
    };
    words.clone().count() > 1 && words.clone().any(is_word) && !is_made_of_a_name(text)
}

/// Whether the digits of a text are one id, so that they can be taken alone: digits and marks, with words beside them at most. A letter
/// within the id would be lost, and of several ids nobody knows which is meant.
pub fn holds_one_number(text: &str) -> bool {
    let marks = |c: char| matches!(c, '-' | '.' | '/' | '(' | ')' | '\u{2010}'..='\u{2013}');
    let mut words = text
        .split([' ', ':', '#', '\u{a0}'])
        .filter(|word| !word.is_empty());
    // Before the number, within it, behind it.
    let (mut has_begun, mut has_ended) = (false, false);
    // In a number of nine digits a bare mark parts nothing: "987 - 00 - 1234".
    let is_short = text.chars().filter(|c| c.is_numeric()).count() <= 9;
    let fits = words.all(|word| {
        let has_digit = word.contains(|c: char| c.is_numeric());
        let is_plain = word.chars().all(|c| c.is_numeric() || marks(c));
        let is_mark = is_short && word.chars().all(marks);
        // A bare "/" or "-" between two numbers parts them as well.
        has_ended |= has_begun && !is_mark && (!has_digit || !is_plain);
        has_begun |= has_digit;
        !has_digit || (is_plain && !has_ended)
    });
    fits && !is_masked(text) && !text.contains(is_mask_sign) && !text.contains([';', '|', ','])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_country_gives_out_is_none() {
        for text in [
            "****1234",
            "XXXX1234",
            "*******12",
            "XXX-XX-1234",
            "##1234",
            "applied for",
            "exempt",
            "see file",
            "n. v.",
            "mara@example.com",
            "3/31/1984",
            "31.03.1984",
            "1984-03-31",
            "Steuer-ID 12345678901",
            "CPF 123.456.789-09",
            "RFC: ABCD800101XX1",
            "12345678901 / 98765432109",
            "12345678901; 98765432109",
            "1 of 2: 12345678901",
            "00000000000",
            "111.111.111-11",
        ] {
            assert!(unfit(text).is_some(), "{text}");
        }
        for text in [
            "12345678901",
            "12 345 678 901",
            "123.456.789-09",
            "ABCD800101XX1",
            "ABCD 800101 XX1",
            "ABCD800101HDFRRN09",
            "RSSMRA84C31H501U",
            "RSS MRA 84C31 H501U",
            "rss mra 84c31 h501u",
            "DNI LRA 84C31 H501U",
            "RSS DNI 84C31 H501U",
            "PAN 800101 XX1",
            "NO 923 609 016 MVA",
            "840331 / 1234",
            "181 / 815 / 08155",
            "X1234567L",
            "12345678Z",
            "QQ 12 34 56 C",
            "181/815/08155",
            "840331/1234",
            "12.345.678-5",
            "756.1234.5678.97",
            "S1234567D",
            "12-34567890-1",
            "198403311234",
            "1234567T",
            "abcd800101xx1",
        ] {
            assert_eq!(unfit(text), None, "{text}");
        }
    }

    #[test]
    fn digits_are_taken_of_one_number_alone() {
        for text in [
            "987-00-1234",
            "987 - 00 - 1234",
            "123.456.789-09",
            "12 345 678 901",
            "Steuer-ID 12345678901",
            "SSN: 987-00-1234",
            "SSN#987001234",
            "987001234 (SSN)",
            "181/815/08155",
            "",
            "none",
        ] {
            assert!(holds_one_number(text), "{text}");
        }
        for text in [
            "XXXX1234",
            "****1234",
            "12345678901 / 98765432109",
            "12345678901;98765432109",
            "1 of 2: 12345678901",
            "ABCD800101XX1",
            "12345678Z",
            "X1234567L",
            "12345678901 or 98765432109",
        ] {
            assert!(!holds_one_number(text), "{text}");
        }
    }
}
