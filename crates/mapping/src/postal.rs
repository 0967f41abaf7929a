//! Postal codes: codes whose zeros a spreadsheet ate, and tidy codes of countries whose forms nobody knows.
//!
//! Owner: `mapping`. A U.S. code comes out as `12345` or `12345-6789`, one of another country in that country's form; where
//! the country's forms are not known, a code keeps its characters, in capitals, with single spaces. Invariants: what fits no
//! form is refused, never cut to fit; the output read again is itself. Left out on purpose: whether a code exists, and the
//! forms themselves ([`bakkt_contract::postal_codes`]).

use bakkt_contract::postal_codes::{self, PostalCodeMatch};

/// Writes a postal code of a country (ISO 3166-1 alpha-2; none: not known) onto `out`. The error says what is wrong.
pub(crate) fn write(
    country: Option<&str>,
    text: &str,
    out: &mut String,
) -> Result<(), &'static str> {
    let plain = without_fraction(text.trim());
    let reading = match country {
        Some(country) if postal_codes::has_zips(country) => {
            let start = out.len();
            if !zip(plain, out) {
                return Err("not a ZIP code");
            }
            if postal_codes::is_zip_of(country, &out[start..]) {
                PostalCodeMatch::Written
            } else {
                out.truncate(start);
                PostalCodeMatch::Misfit
            }
        }
        Some(country) => postal_codes::write(country, plain, true, out),
        None => PostalCodeMatch::NoRule,
    };
    match reading {
        PostalCodeMatch::Written => Ok(()),
        PostalCodeMatch::Misfit => Err("not a postal code of the country beside it"),
        PostalCodeMatch::NoRule if elsewhere(text, out) => Ok(()),
        PostalCodeMatch::NoRule => Err("not a postal code"),
    }
}

/// The longest code of any country, with room for its marks.
const LONGEST: usize = 20;

/// The ZIP with the lowest number: Holtsville, New York.
const LOWEST_ZIP: u32 = 501;

/// Writes the ZIP that `text` is onto `out` and says whether it is one.
///
/// Three and four digits lost zeros in front; so did seven and eight, which are a ZIP+4. Nobody writes five digits of a
/// ZIP+4's nine, so five stay five.
fn zip(text: &str, out: &mut String) -> bool {
    let text = without_fraction(text.trim());
    let (first, second) = match text.split_once('-').or_else(|| text.split_once(' ')) {
        Some((first, second)) => (first.trim(), second.trim_start_matches(['-', ' '])),
        None => (text, ""),
    };
    if !is_digits(first) || !(second.is_empty() || is_digits(second)) {
        return false;
    }
    let (code, more) = match (first.len(), second.len()) {
        // "12345-" is what a form writes whose second half is empty, "12345-0000" one that fills it.
        (3..=5, 0) => (first, ""),
        (3..=5, 4) => (first, second),
        (7..=9, 0) => first.split_at(first.len() - 4),
        _ => return false,
    };
    let padded = |code: &str| 5 - code.len();
    // Never given out, and what fingers type.
    let number: u32 = code.parse().unwrap_or(0);
    if number < LOWEST_ZIP || code == "99999" {
        return false;
    }
    out.extend(std::iter::repeat_n('0', padded(code)));
    out.push_str(code);
    if !more.is_empty() && more != "0000" {
        out.push('-');
        out.push_str(more);
    }
    true
}

/// Writes a postal code of a country whose forms are not known.
fn elsewhere(text: &str, out: &mut String) -> bool {
    let text = without_fraction(text.trim());
    if text.len() > LONGEST || !text.chars().any(char::is_alphanumeric) {
        return false;
    }
    for (place, part) in text.split_whitespace().enumerate() {
        if place > 0 {
            out.push(' ');
        }
        out.extend(part.chars().map(|c| c.to_ascii_uppercase()));
    }
    true
}

/// "2134.0" is how some programs write a number of a spreadsheet.
fn without_fraction(text: &str) -> &str {
    text.strip_suffix(".0")
        .or_else(|| text.strip_suffix(".00"))
        .filter(|whole| is_digits(whole))
        .unwrap_or(text)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<String> {
        let mut out = String::new();
        zip(text, &mut out).then_some(out)
    }

    #[test]
    fn real_zips() {
        for (text, wanted) in [
            ("02134", "02134"),
            ("2134", "02134"),
            ("601", "00601"),
            ("501", "00501"),
            ("2134.0", "02134"),
            (" 73301 ", "73301"),
            ("73301.00", "73301"),
            ("12345-6789", "12345-6789"),
            ("12345 6789", "12345-6789"),
            ("12345 - 6789", "12345-6789"),
            ("123456789", "12345-6789"),
            ("21341234", "02134-1234"),
            ("6011234", "00601-1234"),
            ("2134-1234", "02134-1234"),
            ("123456789.0", "12345-6789"),
            ("12345-", "12345"),
            ("12345-0000", "12345"),
            ("123450000", "12345"),
        ] {
            assert_eq!(read(text).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn no_zips() {
        for text in [
            "",
            "-",
            "1",
            "12",
            "123456",
            "1234567890",
            "12345-678",
            "12345-67890",
            "1234A",
            "K1A 0B1",
            "SW1A 1AA",
            "00000",
            "000",
            "99999",
            "100",
            "340",
            "00500",
            "1234567",
            "100-1234",
            "00000-0000",
            "99999-9999",
            "2134.5",
            "12345-6789-0",
            "-12345",
            "123-45-6789",
            "é",
            "１２３４５",
            "12345,6789",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_territory_has_its_own_zips() {
        for (country, text, wanted) in [
            ("PR", "601", Some("00601")),
            ("PR", "926.0", Some("00926")),
            ("PR", "9261234", Some("00926-1234")),
            ("PR", "78701", None),
            ("PR", "2134", None),
            ("PR", "802", None),
            ("VI", "802", Some("00802")),
            ("GU", "96910", Some("96910")),
            ("GU", "969101234", Some("96910-1234")),
            ("GU", "10001", None),
            ("FM", "2000", None),
            ("FM", "96941", Some("96941")),
            ("US", "96910", Some("96910")),
            ("US", "2000", Some("02000")),
        ] {
            let mut out = "before".to_owned();
            let read = write(Some(country), text, &mut out).map(|()| &out["before".len()..]);
            assert_eq!(read.ok(), wanted, "{country} {text}");
        }
    }

    #[test]
    fn codes_of_elsewhere_are_tidied_and_nothing_else() {
        for (text, wanted) in [
            ("k1a  0b1", Some("K1A 0B1")),
            (" sw1a 1aa ", Some("SW1A 1AA")),
            ("80331", Some("80331")),
            ("80331.0", Some("80331")),
            ("1010", Some("1010")),
            ("d-80331", Some("D-80331")),
            ("1017 ab", Some("1017 AB")),
            ("〒100-0001", Some("〒100-0001")),
            ("", None),
            ("-", None),
            ("see the letter of last week", None),
        ] {
            let mut out = String::new();
            let read = elsewhere(text, &mut out).then_some(out);
            assert_eq!(read.as_deref(), wanted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_zip_has_its_form_and_stays(any in any::<String>(), near in "[0-9]{1,9}[-. ]{0,2}[0-9]{0,5}") {
            for text in [&any, &near] {
                if let Some(code) = read(text) {
                    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
                    prop_assert!(code.len() == 5 || (code.len() == 10 && code.as_bytes()[5] == b'-'));
                    prop_assert!(digits(&code[..5]) && (code.len() == 5 || digits(&code[6..])));
                    prop_assert_eq!(read(&code), Some(code));
                }
                let mut out = String::new();
                if elsewhere(text, &mut out) {
                    let mut again = String::new();
                    prop_assert!(elsewhere(&out, &mut again));
                    prop_assert_eq!(again, out);
                }
            }
        }

        #[test]
        fn lost_zeros_come_back(number in 501u32..99_999, more in 1u32..9_999) {
            let plain = format!("{number:05}");
            prop_assert_eq!(read(&number.to_string()), Some(plain.clone()));
            let long = format!("{plain}-{more:04}");
            prop_assert_eq!(read(&long), Some(long.clone()));
            let as_number: u32 = long.replace('-', "").parse().unwrap();
            prop_assert_eq!(read(&as_number.to_string()), Some(long));
        }
    }
}
