//! Folding: the one spelling by which names of countries and states are compared.
//!
//! Owner: `contract`. Names of months are compared so, too. It goes further than the folding of every other text
//! (`text::fold`), on which it stands: folded text has no accents, and keeps letters and digits only. Invariants: folding is idempotent, never fails, and
//! ASCII text takes no allocation on the short route. Left out on purpose: transliteration of other scripts;
//! their letters stay as they are.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use bakkt_model::text;

/// Folds `text` into a new string.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(text, &mut out);
    out
}

/// Folds `text` onto the end of `out`, so that a caller in a loop can keep one buffer.
pub fn fold_into(text: &str, out: &mut String) {
    // Most names are letters alone. Without a branch for each byte.
    if text
        .bytes()
        .fold(true, |all, byte| all & is_letter_or_digit(byte))
    {
        let start = out.len();
        out.push_str(text);
        if let Some(added) = out.get_mut(start..) {
            added.make_ascii_lowercase();
        }
        return;
    }
    if text.is_ascii() {
        // In pieces, since a character at a time takes several times as long.
        for piece in text.as_bytes().chunks(64) {
            let mut buffer = [0u8; 64];
            let folded = fold_ascii(piece, &mut buffer);
            out.push_str(std::str::from_utf8(folded).unwrap_or_default());
        }
        return;
    }
    fold_pieces(text, |piece| out.push_str(piece));
}

/// The same onto the end of bytes, for what is only hashed or compared. It costs less: bytes need not be shown to be text.
pub fn fold_bytes_into(text: &str, out: &mut Vec<u8>) {
    if !text.is_ascii() {
        fold_pieces(text, |piece| out.extend_from_slice(piece.as_bytes()));
        return;
    }
    let start = out.len();
    out.resize(start + text.len(), 0);
    let buffer = out.get_mut(start..).unwrap_or_default();
    let used = fold_ascii(text.as_bytes(), buffer).len();
    out.truncate(start + used);
}

/// Folds text with letters beyond ASCII, piece by piece.
fn fold_pieces(text: &str, mut add: impl FnMut(&str)) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c.is_ascii() {
            if c.is_ascii_alphanumeric() {
                add(c.to_ascii_lowercase().encode_utf8(&mut [0; 4]));
            }
            rest = &rest[1..];
        } else if let Some(folded) = letter(c) {
            add(folded);
            rest = &rest[c.len_utf8()..];
        } else if IDEOGRAPHS.contains(&c) {
            add(c.encode_utf8(&mut [0; 4]));
            rest = &rest[c.len_utf8()..];
        } else {
            let is_known = |c: char| c.is_ascii() || letter(c).is_some() || IDEOGRAPHS.contains(&c);
            let (other, behind) = rest.split_at(rest.find(is_known).unwrap_or(rest.len()));
            let mut folded = String::new();
            fold_any(other, &mut folded);
            add(&folded);
            rest = behind;
        }
    }
}

/// Letters beyond ASCII: those of Europe with accents, Greek and Cyrillic ones, those of Vietnam, and those of Japan.
const LETTERS: [std::ops::RangeInclusive<char>; 4] = [
    '\u{c0}'..='\u{24f}',
    '\u{370}'..='\u{52f}',
    '\u{1e00}'..='\u{1eff}',
    '\u{3041}'..='\u{30ff}',
];

/// Characters of Chinese and Japanese, which have neither accents nor small forms.
const IDEOGRAPHS: std::ops::RangeInclusive<char> = '\u{4e00}'..='\u{9fff}';

/// What each of [`LETTERS`] folds to: no character's folding depends on those beside it.
static FOLDED: LazyLock<[Vec<String>; 4]> = LazyLock::new(|| {
    let fold = |c: char| {
        let mut out = String::new();
        fold_any(c.encode_utf8(&mut [0; 4]), &mut out);
        out
    };
    LETTERS.map(|letters| letters.map(fold).collect())
});

/// What one of [`LETTERS`] folds to.
fn letter(c: char) -> Option<&'static str> {
    let range = match c {
        '\u{c0}'..='\u{24f}' => 0,
        '\u{370}'..='\u{52f}' => 1,
        '\u{1e00}'..='\u{1eff}' => 2,
        '\u{3041}'..='\u{30ff}' => 3,
        _ => return None,
    };
    let place = c as usize - *LETTERS[range].start() as usize;
    FOLDED[range].get(place).map(String::as_str)
}

/// Folds text of any script.
fn fold_any(text: &str, out: &mut String) {
    // Accents go before the case is folded: a capital dotted I is one letter and one mark by then.
    let bare: String = text.nfkd().filter(|c| !is_combining_mark(*c)).collect();
    for c in text::fold(&bare).nfkd().filter(|c| !is_combining_mark(*c)) {
        match undecomposed(c) {
            Some(plain) => out.push_str(plain),
            // Modifier letters (the Hawaiian okina) are typed as an apostrophe as often as not.
            None if c.is_alphanumeric() && !('\u{2b0}'..='\u{2ff}').contains(&c) => out.push(c),
            None => {}
        }
    }
}

/// What each byte of ASCII text folds to; 0 for what goes, and for bytes beyond ASCII.
const BYTES: [u8; 256] = {
    let mut bytes = [0; 256];
    let mut byte = 0u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() {
            bytes[byte as usize] = byte.to_ascii_lowercase();
        }
        byte += 1;
    }
    bytes
};

/// A letter or a digit of ASCII: one look into a table, which costs less than comparing.
pub(super) fn is_letter_or_digit(byte: u8) -> bool {
    BYTES[usize::from(byte)] != 0
}

/// The letters and digits of ASCII text, in lower case; `buffer` has room for all of it.
fn fold_ascii<'b>(text: &[u8], buffer: &'b mut [u8]) -> &'b [u8] {
    let mut used = 0;
    for byte in text {
        let folded = BYTES[usize::from(*byte)];
        // Written before it is known to count: what does not is overwritten by the next.
        if let Some(slot) = buffer.get_mut(used) {
            *slot = folded;
        }
        used += usize::from(folded != 0);
    }
    buffer.get(..used).unwrap_or_default()
}

/// Letters that Unicode does not take apart, though a typist without that key writes them otherwise.
fn undecomposed(c: char) -> Option<&'static str> {
    Some(match c {
        'ø' => "o",
        'æ' => "ae",
        'œ' => "oe",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ħ' => "h",
        // The small sigma that ends a word.
        'ς' => "σ",
        _ => return None,
    })
}

/// Calls `look` with the folded bytes: on the stack for ASCII text that fits, on the heap for the rest.
/// Text longer than `LONGEST` bytes is no name of a place or a month, so it is not folded and the answer is `None`.
pub fn with_folded<T>(text: &str, look: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
    const LONGEST: usize = 128;
    if text.len() > LONGEST {
        return None;
    }
    if !text.is_ascii() {
        return look(fold(text).as_bytes());
    }
    look(fold_ascii(text.as_bytes(), &mut [0u8; LONGEST]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn folds_real_spellings() {
        for (text, folded) in [
            ("U.S.A.", "usa"),
            ("Côte d'Ivoire", "cotedivoire"),
            ("  Korea, Republic of ", "korearepublicof"),
            ("TÜRKİYE", "turkiye"),
            ("Straße", "strasse"),
            ("Łódź", "lodz"),
            ("Ærø", "aero"),
            ("日本", "日本"),
            ("ＵＳＡ", "usa"),
            ("--", ""),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn every_letter_folds_as_text_of_any_script_does() {
        for c in LETTERS.into_iter().chain([IDEOGRAPHS]).flatten() {
            for text in [format!("{c}"), format!("a{c}"), format!("{c}\u{301}{c}{c}")] {
                let mut slow = String::new();
                fold_any(&text, &mut slow);
                assert_eq!(fold(&text), slow, "{text}");
                let mut bytes = Vec::new();
                fold_bytes_into(&text, &mut bytes);
                assert_eq!(bytes, slow.as_bytes(), "{text}");
            }
        }
    }

    proptest! {
        #[test]
        fn is_idempotent(text in any::<String>()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn letters_fold_alone_as_they_do_in_words(text in "([a-z ıİiIŉǰßſĿŀ.]|[\\u{c0}-\\u{27f}]|[\\u{1e00}-\\u{1eff}]|[\\u{370}-\\u{52f}]|[\\u{3041}-\\u{30ff}]|[\\u{4e00}-\\u{9fff}]|\\PC){0,20}") {
            let mut slow = String::new();
            fold_any(&text, &mut slow);
            prop_assert_eq!(fold(&text), slow);
        }

        #[test]
        fn both_routes_agree(text in "[ -~]{0,128}") {
            let same = with_folded(&text, |bytes| Some(bytes == fold(&text).as_bytes()));
            prop_assert_eq!(same, Some(true));
        }
    }
}
