//! Texts of which nobody can tell what the cell was meant to say.
//!
//! Owner of [`why`], for cells that decide on something and are no value themselves: `when`, an expression, `[exclude]`. A
//! value is judged by the form of its field. Left out on purpose: bytes that are no text, which the reader of rows finds.

use bakkt_model::text::lost;

/// What is wrong with a formula.
const FORMULA: &str = "begins like a formula of a spreadsheet";

/// Why a trimmed text says nothing: a formula, or what a spreadsheet or a program shows instead of a value. One byte settles most.
#[inline]
pub(crate) fn why(text: &str) -> Option<&'static str> {
    match text.as_bytes().first() {
        Some(b'=') => Some(FORMULA),
        Some(b'#' | b'+' | b'-' | b'1' | b'i' | b'E') => lost::why_shown(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_and_formulas_say_nothing() {
        for text in [
            "=A1", "#N/A", "#REF!", "#WERT!", "Err:502", "1.#IND", "-1.#INF", "-inf", "+NaN",
            "inf", "####",
        ] {
            assert!(why(text).is_some(), "{text}");
        }
        for text in ["", "A", "N/A", "#5", "-", "1", "Error", "info", "+1"] {
            assert_eq!(why(text), None, "{text}");
        }
    }
}
