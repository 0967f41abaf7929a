//! Characters that nobody sees: format characters, fillers, and blanks other than the plain one.
//!
//! Owner of the table. It covers what Unicode calls default-ignorable, the format characters that are not drawn, the white
//! space beyond ASCII, and the empty Braille cell; a test holds it against Unicode's own properties.
//! Left out on purpose: control characters, which are never text (`contract::forms`).

use std::borrow::Cow;

use super::plain::is_latin;

/// First and last of each run, in order.
#[rustfmt::skip]
const RUNS: [(char, char); 23] = [
    ('\u{a0}', '\u{a0}'), ('\u{ad}', '\u{ad}'), ('\u{34f}', '\u{34f}'), ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'), ('\u{1680}', '\u{1680}'), ('\u{17b4}', '\u{17b5}'), ('\u{180b}', '\u{180f}'),
    ('\u{2000}', '\u{200f}'), ('\u{2028}', '\u{202f}'), ('\u{205f}', '\u{206f}'), ('\u{2800}', '\u{2800}'),
    ('\u{3000}', '\u{3000}'), ('\u{3164}', '\u{3164}'), ('\u{fe00}', '\u{fe0f}'), ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'), ('\u{fff0}', '\u{fff8}'), ('\u{fff9}', '\u{fffb}'), ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'), ('\u{1d173}', '\u{1d17a}'), ('\u{e0000}', '\u{e0fff}'),
];

/// Whether a character is not seen, or looks like the plain blank without being it.
pub fn is_invisible(c: char) -> bool {
    if c < '\u{a0}' {
        return false;
    }
    let place = RUNS.partition_point(|(_, last)| *last < c);
    RUNS.get(place).is_some_and(|(first, _)| *first <= c)
}

/// Whether a text holds such a character.
pub fn has_invisible(text: &str) -> bool {
    !is_latin(text) && text.chars().any(is_invisible)
}

/// The text without the characters that are not seen; blanks that look like one become the plain blank.
pub fn without_invisible(text: &str) -> Cow<'_, str> {
    if !has_invisible(text) {
        return Cow::Borrowed(text);
    }
    let plain = |c: char| match is_invisible(c) {
        false => Some(c),
        true => c.is_whitespace().then_some(' '),
    };
    Cow::Owned(text.chars().filter_map(plain).collect())
}

/// The text without blanks and invisible characters at its ends; `str::trim` leaves the invisible ones.
#[inline]
pub fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [] => text,
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => trim_slowly(text),
    }
}

fn trim_slowly(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Unicode's own properties, from the tables of the `regex` crate.
    #[test]
    fn the_table_is_unicodes() {
        let invisible = regex::Regex::new(concat!(
            r"^(?:\p{Default_Ignorable_Code_Point}|[\p{Cf}--\p{Prepended_Concatenation_Mark}]",
            r"|[\p{White_Space}--[\x00-\x{9f}]]|\x{2800})$"
        ))
        .unwrap();
        for c in '\0'..=char::MAX {
            let wanted = invisible.is_match(c.encode_utf8(&mut [0; 4]));
            assert_eq!(is_invisible(c), wanted, "U+{:04X}", c as u32);
        }
        assert!(RUNS.is_sorted_by(|one, next| one.1 < next.0));
    }

    #[test]
    fn ends_are_cleaned_and_the_inside_stays() {
        for (text, trimmed) in [
            ("\u{feff}C2", "C2"),
            ("\u{200b}", ""),
            ("\u{a0} \u{ad}\t", ""),
            ("\u{3164}\u{2800}", ""),
            ("\u{202a}Ann\u{202c}\u{200f}", "Ann"),
            ("a\u{200b}b", "a\u{200b}b"),
            (" a ", "a"),
            ("", ""),
        ] {
            assert_eq!(trim(text), trimmed, "{text:?}");
        }
        assert_eq!(without_invisible("9\u{ad}87\u{a0}65"), "987 65");
    }

    proptest! {
        #[test]
        fn nothing_invisible_stays(text in any::<String>()) {
            prop_assert!(!has_invisible(&without_invisible(&text)));
            prop_assert_eq!(trim(trim(&text)), trim(&text));
        }
    }
}
