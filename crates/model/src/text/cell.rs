//! What a cell says, without what spreadsheets put around it.
//!
//! Owner of [`value`], through which every cell of every export goes: no blanks or invisible characters at the ends,
//! `="00124"` is 00124, and `'00124` is 00124, while 's-Hertogenbosch keeps its apostrophe. What a formula would give nobody
//! can tell from its text, so that is no value. Also of the two ways in which the inside of a text changes: composed accents
//! ([`compose`]) and line breaks ([`one_line`]).
//! Left out on purpose: characters that no text may hold, which the forms of the contract know.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::invisible::trim;
use super::plain::is_plain;

/// What is wrong with a cell that holds a formula.
pub(crate) const FORMULA: &str = "the cell holds a formula instead of its value";

/// What is wrong with a cell in which a character is lost.
pub const LOST: &str = "the cell holds a character that an earlier program could not read (U+FFFD)";

/// The text of a cell; the error says why there is none.
#[inline]
pub fn value(cell: &str) -> Result<&str, &'static str> {
    let text = trim(cell);
    match text.as_bytes().first() {
        Some(b'=') => unwrapped(text),
        Some(b'\'') => Ok(without_apostrophe(text)),
        _ => Ok(text),
    }
}

/// `="C1"`: how programs keep a spreadsheet from reading a number.
fn unwrapped(text: &str) -> Result<&str, &'static str> {
    let inside = text
        .strip_prefix('=')
        .and_then(|rest| rest.trim_start().strip_prefix('"')?.strip_suffix('"'));
    match inside {
        Some(inside) if !inside.contains('"') => Ok(trim(inside)),
        // `="a"&"b"`, `="say ""x"""`
        Some(_) => Err(FORMULA),
        None => Ok(text),
    }
}

/// An apostrophe that tells a spreadsheet to take digits as text, or a formula's first character as it is. Words that begin
/// with one, such as 't Hooft, keep it.
fn without_apostrophe(text: &str) -> &str {
    let rest = &text[1..];
    // '00124' is quoted on both sides, which is the dialect's affair.
    if rest.ends_with('\'') {
        return text;
    }
    let first = rest.bytes().next().unwrap_or(0);
    let marks = matches!(first, b'+' | b'-' | b'(' | b'.' | b'#' | b'@' | b'$' | b'=');
    let digits = rest.bytes().any(|byte| byte.is_ascii_digit());
    let one_word = !rest.contains(char::is_whitespace);
    if first.is_ascii_digit() || (digits && (marks || one_word)) || matches!(first, b'=' | b'@') {
        trim(rest)
    } else {
        text
    }
}

/// Whether a text holds what stands for a lost character, or what is no character.
pub fn has_lost(text: &str) -> bool {
    text.contains(['\u{fffd}', '\u{fffe}', '\u{ffff}'])
}

/// Bytes below this begin or continue characters that are composed already.
pub const FIRST_OPEN: u8 = 0xcc;

/// The text with composed accents (NFC), when it is not that already. Cheap for text of Western languages.
pub fn compose(text: &str) -> Option<String> {
    if text.bytes().all(|byte| byte < FIRST_OPEN) || is_nfc_quick(text.chars()) == IsNormalized::Yes
    {
        return None;
    }
    let composed: String = text.nfc().collect();
    (composed != text).then_some(composed)
}

/// Whether a character ends a line or jumps within it.
pub(crate) fn is_break(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

/// Whether a text has such a character.
pub fn has_break(text: &str) -> bool {
    !is_plain(text) && text.contains(is_break)
}

/// The text in one line: a run of line breaks and tabs, and the blanks around it, become one blank.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if !has_break(text) {
        return Cow::Borrowed(text);
    }
    let parts = text.split(is_break).map(str::trim);
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    Cow::Owned(parts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_spreadsheets_put_around_a_value_goes() {
        for (cell, text) in [
            ("=\"C1\"", "C1"),
            ("=\"00124\"", "00124"),
            (" = \" 00124 \" ", "00124"),
            ("=\"\"", ""),
            ("'00124", "00124"),
            ("'00124'", "'00124'"),
            ("'A-00124", "A-00124"),
            ("'+1 312 555 0123", "+1 312 555 0123"),
            ("'(312) 555-0123", "(312) 555-0123"),
            ("'-5", "-5"),
            ("'12 Sample Road", "12 Sample Road"),
            ("'s-Hertogenbosch", "'s-Hertogenbosch"),
            ("'t Hooft", "'t Hooft"),
            ("'Akana", "'Akana"),
            ("'s Gravenweg 12", "'s Gravenweg 12"),
            ("O'Neil", "O'Neil"),
            ("'", "'"),
            ("''", "''"),
            ("\u{feff}=\"C1\"\u{200b}", "C1"),
            ("=", "="),
            ("a=\"b\"", "a=\"b\""),
            ("1.5", "1.5"),
        ] {
            assert_eq!(value(cell), Ok(text), "{cell:?}");
        }
        for formula in ["=\"a\"&\"b\"", "=\"say \"\"x\"\"\""] {
            assert_eq!(value(formula), Err(FORMULA), "{formula}");
        }
    }

    #[test]
    fn accents_are_composed_and_lines_joined() {
        assert_eq!(compose("Zoe\u{308}").as_deref(), Some("Zoë"));
        assert_eq!(compose("Zoë Ångström"), None);
        assert_eq!(compose("Жанна"), None);
        assert_eq!(compose("Й"), None);
        assert_eq!(one_line("12 Main\r\nUnit\t5 \u{2028}"), "12 Main Unit 5");
        assert_eq!(one_line("plain text"), "plain text");
    }

    proptest! {
        #[test]
        fn never_panics(any in any::<String>(), near in "[='\" 0-9a\u{200b}]{0,8}") {
            for text in [&any, &near] {
                let _ = value(text);
                prop_assert!(!has_break(&one_line(text)));
                let composed = compose(text).unwrap_or_else(|| text.clone());
                prop_assert_eq!(compose(&composed), None);
            }
        }
    }
}
