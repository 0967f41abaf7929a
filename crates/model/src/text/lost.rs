//! Numbers that lost digits on their way through a spreadsheet or a database.
//!
//! Owner of how such a number looks: `1.90000E+18`, `12345.0`. Where a cell holds an id, a phone number or any other digits
//! that are no amount, nobody can tell what they were before. Left out on purpose: zeros that were lost in front, which can be put
//! back (`pad`), and which fields hold such digits (`contract::Form`).

use super::errors::is_error;

/// What is wrong with a number in scientific notation.
pub const SCIENTIFIC: &str = "a number in scientific notation: its last digits are lost";

/// What is wrong with an id that ends in `.0`.
pub const FRACTION: &str = "a number with decimals, as a spreadsheet writes it: digits may be lost";

/// Whether a text is a number in scientific notation, with a point or a comma: `1.9E+18`, `1,90000e+18`, `2E+09`. Without a
/// sign and a fraction it may be a code: `12E3`.
pub(crate) fn is_scientific(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let Some((number, exponent)) = text.split_once(['e', 'E']) else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = match number.split_once(['.', ',']) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    let (signed, exponent) = match exponent.strip_prefix(['+', '-']) {
        Some(rest) => (true, rest),
        None => (false, exponent),
    };
    digits(whole)
        && digits(exponent)
        && exponent.len() <= 3
        && fraction.is_none_or(|fraction| fraction.is_empty() || digits(fraction))
        && (signed || fraction.is_some())
}

/// Whether a text is a whole number with decimals that say nothing: `12345.0`, `12345,00`.
pub(crate) fn has_empty_fraction(text: &str) -> bool {
    let Some((whole, fraction)) = text.split_once(['.', ',']) else {
        return false;
    };
    let all = |text: &str, fits: fn(&u8) -> bool| text.as_bytes().iter().all(fits);
    !whole.is_empty()
        && !fraction.is_empty()
        && all(whole, u8::is_ascii_digit)
        && all(fraction, |byte| *byte == b'0')
}

/// The whole number that a spreadsheet wrote with decimals or an exponent, as its digits: `1001` for `1001.0`, `1,001.00` and
/// `1.001E+03`. None for any other text, and for `7.000`, which may be seven thousand. Digits that are lost stay lost.
pub fn whole_number(text: &str) -> Option<String> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if is_scientific(text) {
        let (number, exponent) = text.split_once(['e', 'E'])?;
        let (whole, fraction) = number.split_once(['.', ',']).unwrap_or((number, ""));
        let fraction = fraction.trim_end_matches('0');
        let zeros = exponent.trim_start_matches('+').parse::<usize>().ok()?;
        let zeros = zeros.checked_sub(fraction.len())?;
        // The longest id has no more.
        return (zeros <= 256).then(|| format!("{whole}{fraction}{}", "0".repeat(zeros)));
    }
    let (whole, decimals) = text.rsplit_once(['.', ','])?;
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '\'' | ' ');
    let last = whole.rsplit(['.', ',', '\'', ' ']).next()?;
    let may_be_thousands = decimals.len() == 3 && last.len() <= 3;
    let is_empty = !decimals.is_empty() && decimals.bytes().all(|byte| byte == b'0');
    let is_number = is_empty && !may_be_thousands && whole.chars().all(is_part);
    is_number.then(|| whole.chars().filter(char::is_ascii_digit).collect())
}

/// What is wrong with a cell of a column that was too narrow when it was saved.
pub const NARROW: &str = "nothing but #: the spreadsheet's column was too narrow for the value";

/// What is wrong with an error of a spreadsheet that was written out as text.
pub const ERROR: &str = "the error of a spreadsheet or a program instead of a value";

/// Why a text is what a spreadsheet shows instead of a value, if it is.
pub fn why_shown(text: &str) -> Option<&'static str> {
    let narrow = text.len() > 2 && text.bytes().all(|byte| byte == b'#');
    match (is_error(text), narrow) {
        (true, _) => Some(ERROR),
        (_, true) => Some(NARROW),
        _ => None,
    }
}

/// Why a text cannot be believed as an id, if it cannot.
pub fn why_lost(text: &str) -> Option<&'static str> {
    // A look at the first byte settles most.
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-')) {
        return None;
    }
    // Both have a mark between their digits, and most numbers have none.
    let mark = |byte: &u8| matches!(byte, b'.' | b',' | b'e' | b'E');
    match () {
        () if !text.as_bytes().iter().any(mark) => None,
        () if is_scientific(text) => Some(SCIENTIFIC),
        () if has_empty_fraction(text) => Some(FRACTION),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_spreadsheets() {
        for text in [
            "1.90000E+18",
            "1,90000E+18",
            "1.9e18",
            "2E+09",
            "-1.5E-7",
            "1.E+5",
        ] {
            assert_eq!(why_lost(text), Some(SCIENTIFIC), "{text}");
        }
        for text in ["12345.0", "12345,0", "0.00", "7,000"] {
            assert_eq!(why_lost(text), Some(FRACTION), "{text}");
        }
        for text in [
            "",
            "12345",
            "12E3",
            "1E5",
            "A1.0",
            "1.5",
            "1.0.0",
            "12345.",
            ".0",
            "E+5",
            "1.9E",
            "C-1E+5",
            "1.9E+1x",
            "1.9E+1234",
        ] {
            assert_eq!(why_lost(text), None, "{text}");
        }
        for (text, whole) in [
            ("1001.0", Some("1001")),
            ("1001,00", Some("1001")),
            ("1001.000", Some("1001")),
            ("1,001.00", Some("1001")),
            ("1.001E+03", Some("1001")),
            ("1,00100e+3", Some("1001")),
            ("1E+05", Some("100000")),
            ("1.90000E+18", Some("1900000000000000000")),
            ("7.000", None),
            ("1,001", None),
            ("1001", None),
            ("1001.5", None),
            ("1.0015E+03", None),
            ("1.5E-7", None),
            ("12E3", None),
            ("A1.0", None),
            ("1.5E+999", None),
        ] {
            assert_eq!(whole_number(text).as_deref(), whole, "{text}");
        }
        assert_eq!(why_shown("########"), Some(NARROW));
        assert_eq!(why_shown("#ref!"), Some(ERROR));
        for text in ["#", "##", "#5", "# 5", "#N/A1", "C#", ""] {
            assert_eq!(why_shown(text), None, "{text}");
        }
    }
}
