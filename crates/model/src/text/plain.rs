//! Texts that need no second look: most cells hold nothing but printable ASCII, and most others Latin letters with accents.
//!
//! Owner of the two questions, which the checks of every value ask first. Both are a pass over the bytes.

/// Whether a text is printable ASCII: no control characters, nothing beyond.
#[inline]
pub fn is_plain(text: &str) -> bool {
    is_plain_bytes(text.as_bytes())
}

/// The same of bytes that may be no text.
#[inline]
pub fn is_plain_bytes(bytes: &[u8]) -> bool {
    // Without a branch for each byte, which the compiler makes wide instructions of.
    let all_fit = |bytes: &[u8]| {
        let fits = |byte: &u8| matches!(byte, b' '..=b'~');
        bytes.iter().fold(true, |all, byte| all & fits(byte))
    };
    bytes.chunks(64).all(all_fit)
}

/// Whether a text is made of printable ASCII and of the characters from U+00C0 to U+027F, the letters of most Latin
/// alphabets: none of them is a control character, invisible, or what stands for a lost character.
pub fn is_latin(text: &str) -> bool {
    let fits = |byte: u8| matches!(byte, b' '..=b'~' | 0x80..0xc0 | 0xc3..=0xc9);
    // Without a branch for each byte, which the compiler makes wide instructions of.
    let all_fit = |bytes: &[u8]| bytes.iter().fold(true, |all, byte| all & fits(*byte));
    is_plain(text) || text.as_bytes().chunks(32).all(all_fit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{cell, is_invisible};
    use proptest::prelude::*;

    #[test]
    fn every_character_is_judged_by_itself() {
        for c in '\0'..=char::MAX {
            let plain = (' '..'\u{7f}').contains(&c);
            let latin = plain || ('\u{c0}'..='\u{27f}').contains(&c);
            for around in ["", "a", "abcdefg", "12345678", "a b c d e f g h i"] {
                let text = format!("{around}{c}{around}");
                assert_eq!(is_plain(&text), plain, "{text:?}");
                assert_eq!(is_latin(&text), latin, "{text:?}");
            }
            if latin {
                assert!(!c.is_control() && !is_invisible(c) && !cell::has_lost(&c.to_string()));
            }
        }
    }

    proptest! {
        #[test]
        fn is_the_same_as_byte_by_byte(text in any::<String>(), near in "[ -\u{7f}\u{0}\u{80}]{0,40}") {
            for text in [&text, &near] {
                prop_assert_eq!(is_plain(text), text.bytes().all(|byte| (b' '..0x7f).contains(&byte)));
            }
        }
    }
}
