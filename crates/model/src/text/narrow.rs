//! Characters that are a plain one in another width or another script: full-width letters, digits and signs, the digits of
//! Arabic and Devanagari, and the dashes that a word processor writes for a hyphen.
//!
//! Owner of [`narrow`], for texts of which the meaning counts: dates, numbers, codes of states and countries, postal codes,
//! tax ids. Left out on purpose: names and streets, which stay as they are written, and comparing (`fold`).

use std::borrow::Cow;

/// The text with the plain characters.
#[inline]
pub fn narrow(text: &str) -> Cow<'_, str> {
    match text.is_ascii() {
        true => Cow::Borrowed(text),
        false => narrow_any(text),
    }
}

fn narrow_any(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| plain(c) != c) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(plain).collect())
}

/// The plain digit that a character is or is a form of.
pub fn digit(c: char) -> Option<char> {
    Some(plain(c)).filter(char::is_ascii_digit)
}

/// The plain character that another one is a form of; any other as it is.
fn plain(c: char) -> char {
    let from =
        |first: u32, to: u8| u8::try_from(u32::from(c) - first).map(|place| char::from(to + place));
    let plain = match c {
        '\u{ff01}'..='\u{ff5e}' => from(0xff01, b'!'),
        '\u{660}'..='\u{669}' => from(0x660, b'0'),
        '\u{6f0}'..='\u{6f9}' => from(0x6f0, b'0'),
        '\u{966}'..='\u{96f}' => from(0x966, b'0'),
        '\u{3000}' => Ok(' '),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => Ok('-'),
        _ => Ok(c),
    };
    plain.unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn other_forms_of_plain_characters_are_plain() {
        for (text, wanted) in [
            ("ＴＸ", "TX"),
            ("７８７０１－１２３４", "78701-1234"),
            ("1984–03—31", "1984-03-31"),
            ("987−65−4320", "987-65-4320"),
            ("３／３１／１９８４", "3/31/1984"),
            ("١٩٨٤", "1984"),
            ("۱۹۸۴", "1984"),
            ("१९८४", "1984"),
            ("NEW\u{3000}YORK", "NEW YORK"),
            ("～", "~"),
            ("Zoë", "Zoë"),
            ("東京都", "東京都"),
        ] {
            assert_eq!(narrow(text), wanted);
        }
    }

    proptest! {
        #[test]
        fn is_idempotent_and_leaves_ascii(any in any::<String>(), ascii in "[ -~]*") {
            let once = narrow(&any).into_owned();
            prop_assert_eq!(narrow(&once), once.as_str());
            prop_assert_eq!(narrow(&ascii), ascii.as_str());
        }
    }
}
