//! Phone numbers: what people type, to E.164.
//!
//! Owner: `mapping`. Invariants: what is written passes `is_e164`, and its length is possible for its country
//! (possible, not assigned: a fictitious or newly opened number is accepted; an area code 0xx or 1xx is not). The fast path for plain North
//! American numbers gives what the library gives, which a property test holds. Left out on purpose:
//! extensions (E.164 has none; they are dropped), numbers without their area code, and numbers spelt in
//! letters, but for toll-free ones: elsewhere they would turn a remark behind a short number into digits.
//!
//! The library writes numbers to the `log` facade at trace level. Whoever sets up logging must keep the
//! target `rlibphonenumber` off.

use crate::contract::forms::is_e164;
use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber, Region};
use std::fmt::Write;

/// Writes `text` onto `out` as E.164 and says whether it could; if not, `out` is as before.
///
/// `region` (ISO 3166-1 alpha-2) is where a number without a country code is taken to be from.
pub fn e164(text: &str, region: Option<&str>, out: &mut String) -> bool {
    if north_american(text, region, out) {
        return true;
    }
    // No cell of numbers needs so much room, and the library's patterns should not see a novel.
    if text.len() > LONGEST {
        return false;
    }
    // "2025550123.0" is how some programs write a number of a spreadsheet.
    let whole = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(number) = text.strip_suffix(".0").filter(whole) {
        return north_american(number, region, out) || one(number, region, out);
    }
    if one(text, region, out) || toll_free(text, region, out) {
        return true;
    }
    // Several in a cell: the first that is a number.
    let mut several = parts(text).filter(|part| part.len() < text.len());
    several.any(|part| north_american(part, region, out) || one(part, region, out))
}

/// The longest cell that is looked at.
const LONGEST: usize = 100;

fn one(text: &str, region: Option<&str>, out: &mut String) -> bool {
    let start = out.len();
    if by_library(text, region, out).is_some() && out.get(start..).is_some_and(is_e164) {
        return true;
    }
    out.truncate(start);
    false
}

/// What stands between two numbers of one cell.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let marks = text.split(['/', ';', ',', '|', '&', '\n']);
    let words = [" or ", " OR ", " Or ", " and ", " AND "];
    let cut = move |part| words.iter().find_map(|word| str::split_once(part, *word));
    marks
        .flat_map(move |part| match cut(part) {
            Some((first, second)) => [first, second],
            None => [part, ""],
        })
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// "1-800-FLOWERS": letters count only behind an area code under which nobody has a number of digits and a remark.
fn toll_free(text: &str, region: Option<&str>, out: &mut String) -> bool {
    let marks = |c: char| matches!(c, ' ' | '-' | '.' | '(' | ')' | '+');
    let plain: String = text.chars().filter(|c| !marks(*c)).collect();
    let north_american = text.starts_with('+') || matches!(region, Some("US" | "CA"));
    let rest = plain.strip_prefix('1').unwrap_or(&plain);
    let Some((area, word)) = rest.split_at_checked(3).filter(|_| north_american) else {
        return false;
    };
    let letters = word.chars().filter(char::is_ascii_alphabetic).count();
    let fits = TOLL_FREE.contains(&area)
        && (7..=9).contains(&word.len())
        && letters >= 3
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fits {
        out.push_str("+1");
        out.push_str(area);
        // Whoever dials more letters than seven is not heard.
        out.extend(word.chars().take(7).map(key));
    }
    fits
}

const TOLL_FREE: [&str; 7] = ["800", "833", "844", "855", "866", "877", "888"];

/// The key of a telephone that a letter is on.
fn key(c: char) -> char {
    match c.to_ascii_uppercase() {
        'A'..='C' => '2',
        'D'..='F' => '3',
        'G'..='I' => '4',
        'J'..='L' => '5',
        'M'..='O' => '6',
        'P'..='S' => '7',
        'T'..='V' => '8',
        'W'..='Z' => '9',
        digit => digit,
    }
}

/// Ten digits, or eleven from 1, that begin an area code with 2 to 9, with the usual punctuation between.
/// Only where country code 1 is certain: a plus, or a region that has no other reading of ten digits.
fn north_american(text: &str, region: Option<&str>, out: &mut String) -> bool {
    let plus = text.starts_with('+');
    if !(plus || region == Some("US") || region == Some("CA")) {
        return false;
    }
    let mut digits = [0u8; 11];
    let mut count = 0;
    for byte in text.bytes().skip(usize::from(plus)) {
        match (byte, digits.get_mut(count)) {
            (b'0'..=b'9', Some(digit)) => {
                *digit = byte;
                count += 1;
            }
            (b' ' | b'-' | b'.' | b'(' | b')', _) => {}
            _ => return false,
        }
    }
    let national = match (count, plus) {
        (11, _) => digits.strip_prefix(b"1"),
        (10, false) => digits.get(..10),
        _ => None,
    };
    let national = national.filter(|national| matches!(national.first(), Some(b'2'..=b'9')));
    let Some(national) = national.and_then(|national| str::from_utf8(national).ok()) else {
        return false;
    };
    out.push_str("+1");
    out.push_str(national);
    true
}

fn by_library(text: &str, region: Option<&str>, out: &mut String) -> Option<()> {
    let region = region.and_then(|region| Region::try_from(region).ok());
    let text = without_tail(text)?;
    let number = international(text).or_else(|| possible(text, region))?;
    let PhoneNumber {
        country_code,
        national_number,
        ..
    } = number;
    write!(out, "+{country_code}").ok()?;
    if number.italian_leading_zero() {
        // Italian numbers keep their zeros behind the country code.
        for _ in 0..number.number_of_leading_zeros() {
            out.push('0');
        }
    }
    write!(out, "{national_number}").ok()
}

/// "00" is how most of the world dials abroad, and how exports from there write a plus.
fn international(text: &str) -> Option<PhoneNumber> {
    let digits = text.trim_start_matches(|c: char| !c.is_numeric() && !is_plus(c));
    let rest = digits.strip_prefix("00")?;
    possible(&format!("+{rest}"), None)
}

fn possible(text: &str, region: Option<Region>) -> Option<PhoneNumber> {
    let number = PHONE_NUMBER_UTIL.parse(text, region).ok()?;
    let length = PHONE_NUMBER_UTIL.is_possible_number_with_reason(&number);
    // A number that only works inside its town has no E.164 form, and no North American area code ever begins
    // with 0 or 1: that is "000-000-0000", typed to get past a form.
    let placeholder = number.country_code == 1 && number.national_number < 2_000_000_000;
    (matches!(length, Ok(NumberLengthType::IsPossible)) && !placeholder).then_some(number)
}

/// What an extension begins with. A tail of letters without digits is a remark ("home") and goes as well.
const EXTENSION: [&str; 9] = [
    "extension",
    "extn",
    "ext",
    "ex",
    "xtn",
    "x",
    "anexo",
    "poste",
    "int",
];

/// The number without an extension or a remark behind it; `None` when letters there mean something else.
fn without_tail(text: &str) -> Option<&str> {
    let first = text.find(char::is_numeric)?;
    let in_number = |c: char| c.is_alphabetic() || matches!(c, '#' | ';');
    let Some(tail_at) = text.get(first..)?.find(in_number) else {
        return Some(text);
    };
    let (head, tail) = text.split_at_checked(first + tail_at)?;
    let word = tail.trim_start_matches(|c: char| !c.is_alphanumeric());
    let letters = word
        .find(|c: char| !c.is_alphabetic())
        .unwrap_or(word.len());
    let mark = word.get(..letters)?;
    let extension = EXTENSION.iter().any(|known| known.eq_ignore_ascii_case(mark))
        // "#12" is an extension too, but ";" without a word parts two numbers.
        || (mark.is_empty() && tail.starts_with('#'));
    // Behind the mark come a few digits at most: more is a second number.
    let digits = tail.chars().filter(|c| c.is_numeric()).count();
    let fits = if extension { digits <= 7 } else { digits == 0 };
    fits.then_some(head)
}

fn is_plus(c: char) -> bool {
    matches!(c, '+' | '＋')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rlibphonenumber::PhoneNumberFormat;

    fn read(text: &str, region: Option<&str>) -> Option<String> {
        let mut out = String::from("kept");
        let done = e164(text, region, &mut out);
        assert!(done || out == "kept");
        done.then(|| out["kept".len()..].to_owned())
    }

    #[test]
    fn real_numbers() {
        for (text, region, wanted) in [
            ("(202) 555-0123", Some("US"), "+12025550123"),
            ("202.555.0123", Some("US"), "+12025550123"),
            ("1-202-555-0123", Some("US"), "+12025550123"),
            ("+1 202 555 0123", None, "+12025550123"),
            ("2025550123 x45", Some("US"), "+12025550123"),
            ("202-555-0123 ext. 45", Some("US"), "+12025550123"),
            ("202-555-0123, Extension 4567", Some("US"), "+12025550123"),
            ("202-555-0123 #12", Some("US"), "+12025550123"),
            ("202-555-0123;ext=12", Some("US"), "+12025550123"),
            ("tel:+1-202-555-0123", None, "+12025550123"),
            ("Cell: 202-555-0123", Some("US"), "+12025550123"),
            ("202-555-0123 (home)", Some("US"), "+12025550123"),
            ("011 44 20 7946 0018", Some("US"), "+442079460018"),
            ("0044 20 7946 0018", Some("US"), "+442079460018"),
            ("0044 20 7946 0018", None, "+442079460018"),
            ("020 7946 0018", Some("GB"), "+442079460018"),
            ("+44 (0)20 7946 0018", Some("US"), "+442079460018"),
            ("030 123456", Some("DE"), "+4930123456"),
            ("06 12345678", Some("IT"), "+390612345678"),
            ("+39 06 1234 5678", None, "+390612345678"),
            ("04 12 34 56 78", Some("FR"), "+33412345678"),
            ("0011 44 20 7946 0018", Some("AU"), "+442079460018"),
            ("604 555 0123", Some("CA"), "+16045550123"),
            ("＋１２０２５５５０１２３", None, "+12025550123"),
            ("55 1234 5678", Some("MX"), "+525512345678"),
            ("202-555-0123 / 202-555-0124", Some("US"), "+12025550123"),
            ("202-555-0123/0124", Some("US"), "+12025550123"),
            ("202-555-0123; 202-555-0124", Some("US"), "+12025550123"),
            ("202-555-0123, 202-555-0124", Some("US"), "+12025550123"),
            ("202-555-0123 or 202-555-0124", Some("US"), "+12025550123"),
            ("555-0123, 202-555-0124", Some("US"), "+12025550124"),
            ("n/a / 202-555-0124", Some("US"), "+12025550124"),
            ("202-555-0123 x4; 202-555-0124", Some("US"), "+12025550123"),
            (
                "H: 202-555-0123 / C: 202-555-0124",
                Some("US"),
                "+12025550123",
            ),
            ("2025550123.0", Some("US"), "+12025550123"),
            ("202-555-0123 #12", Some("US"), "+12025550123"),
            ("202-555-0123 ext 5 or 6", Some("US"), "+12025550123"),
            ("1-800-FLOWERS", Some("US"), "+18003569377"),
            ("(888) 555-HELP", Some("US"), "+18885554357"),
            ("1-800-GO-FEDEX", Some("US"), "+18004633339"),
        ] {
            assert_eq!(read(text, region).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn no_numbers() {
        for (text, region) in [
            ("", Some("US")),
            ("n/a", Some("US")),
            ("555-0123", Some("US")),
            ("202 555 0123", None),
            ("202 555 0123", Some("")),
            ("202 555 0123", Some("QQ")),
            ("202 555 0123", Some("USA")),
            ("202 555 0123", Some("é")),
            ("555 123 cell", Some("US")),
            ("202-FLOWERS", Some("US")),
            ("1-800-FLOWERS", Some("GB")),
            ("555-0123 / 555-0124", Some("US")),
            ("+999 123456789", Some("US")),
            ("000-000-0000", Some("US")),
            ("+1 202 555 01234", Some("US")),
            ("2025550", Some("US")),
        ] {
            assert_eq!(read(text, region), None, "{text}");
        }
        assert_eq!(read(&"1".repeat(5000), Some("US")), None);
    }

    fn library(text: &str, region: Option<&str>) -> Option<String> {
        let region = region.and_then(|region| Region::try_from(region).ok());
        let number = possible(text, region)?;
        Some(
            PHONE_NUMBER_UTIL
                .format(&number, PhoneNumberFormat::E164)
                .into_owned(),
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn fast_path_agrees_with_the_library(
            text in r"\+?[ (.-]{0,2}1?[ (.-]{0,2}[0-9]{3}[ ).-]{0,2}[0-9]{3}[ .-]{0,2}[0-9]{4}[ )]?",
            region in 0..2usize,
        ) {
            let region = Some(["US", "CA"][region]);
            let mut fast = String::new();
            if north_american(&text, region, &mut fast) {
                prop_assert_eq!(Some(fast), library(&text, region));
            }
        }

        #[test]
        fn writes_what_the_library_writes(text in r"\+[1-9][0-9 ]{4,16}") {
            prop_assert_eq!(read(&text, None), library(&text, None).filter(|number| is_e164(number)));
        }

        #[test]
        fn never_panics_and_is_idempotent(any in any::<String>(), near in "[-+0-9 ()./x#;,ext＋１éor8A-F]{0,24}") {
            for text in [&any, &near] {
                for region in [None, Some("US"), Some("GB"), Some("IT"), Some("AR"), Some("BR")] {
                    if let Some(number) = read(text, region) {
                        prop_assert!(is_e164(&number));
                        prop_assert_eq!(read(&number, None), Some(number));
                    }
                }
            }
        }
    }
}
