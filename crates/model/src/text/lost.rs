//! Numbers that lost digits on their way through a spreadsheet or a database.
//!
//! Owner of how such a number looks: `1.90000E+18`, `12345.0`. Where a cell holds an id, a phone number or any other digits
//! that are no amount, nobody can tell what they were before. Left out on purpose: zeros that were lost in front, which can be put
//! back (`pad`), and which fields hold such digits (`contract::Form`).

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

/// What is wrong with a cell of a column that was too narrow when it was saved.
pub const NARROW: &str = "nothing but #: the spreadsheet's column was too narrow for the value";

/// What is wrong with an error of a spreadsheet that was written out as text.
pub const ERROR: &str = "the error of a spreadsheet instead of a value";

const ERRORS: [&str; 8] = [
    "#N/A", "#REF!", "#VALUE!", "#NULL!", "#DIV/0!", "#NAME?", "#NUM!", "#SPILL!",
];

/// Why a text is what a spreadsheet shows instead of a value, if it is.
pub fn why_shown(text: &str) -> Option<&'static str> {
    if !text.starts_with('#') {
        return None;
    }
    let error = ERRORS.iter().any(|error| error.eq_ignore_ascii_case(text));
    let narrow = text.len() > 2 && text.bytes().all(|byte| byte == b'#');
    match (error, narrow) {
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
        assert_eq!(why_shown("########"), Some(NARROW));
        assert_eq!(why_shown("#ref!"), Some(ERROR));
        for text in ["#", "##", "#5", "# 5", "#N/A1", "C#", ""] {
            assert_eq!(why_shown(text), None, "{text}");
        }
    }
}
