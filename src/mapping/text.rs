//! Text transforms: folding for forgiving lookups, and names out of capitals.
//!
//! Owner: `mapping`. Invariants: both are idempotent and never fail. Left out on purpose: knowledge of names;
//! "MCDONALD" becomes "Mcdonald", because nobody can tell it from "MACHADO".

pub use crate::contract::fold::{fold, fold_into};

/// Writes `text` onto `out` with a capital at the start of each word, and after a hyphen or "O'".
///
/// A word which already mixes cases after its capital ("McDonald", "DeVito") was typed by somebody who knew,
/// so it stays.
pub fn title_case(text: &str, out: &mut String) {
    out.reserve(text.len());
    // Whatever is no letter ends a word, except an apostrophe and a digit: "O'Brien", "3rd".
    for piece in text.split_inclusive(|c: char| !in_word(c)) {
        let end = piece.trim_end_matches(|c: char| !in_word(c)).len();
        let (word, after) = piece.split_at(end);
        title_word(word, out);
        out.push_str(after);
    }
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || is_apostrophe(c) || unicode_normalization::char::is_combining_mark(c)
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2bb}')
}

fn title_word(word: &str, out: &mut String) {
    let mut letters = word.chars().filter(|c| c.is_alphabetic());
    let capital_first = letters.next().is_some_and(char::is_uppercase);
    if capital_first && letters.any(char::is_lowercase) {
        out.push_str(word);
        return;
    }
    let (mut start, mut before) = (true, 0);
    let mut rest = word.chars();
    while let Some(c) = rest.next() {
        if is_apostrophe(c) {
            // "O'BRIEN" and "D'ANGELO", but not the "s" of "JOHN'S".
            start = before == 1 && rest.as_str().chars().nth(1).is_some();
            before = 0;
            out.push(c);
            continue;
        }
        match (start, c.is_ascii()) {
            (true, true) => out.push(c.to_ascii_uppercase()),
            (false, true) => out.push(c.to_ascii_lowercase()),
            // A letter whose capital is two letters ("ß") is left alone at the start.
            (true, false) => push_single(c, c.to_uppercase(), out),
            (false, false) => push_single(c, c.to_lowercase(), out),
        }
        start = false;
        before += 1;
    }
}

fn push_single(c: char, mut changed: impl ExactSizeIterator<Item = char>, out: &mut String) {
    let single = changed.len() == 1;
    out.push(changed.next().filter(|_| single).unwrap_or(c));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn title(text: &str) -> String {
        let mut out = String::new();
        title_case(text, &mut out);
        out
    }

    #[test]
    fn real_names() {
        for (text, wanted) in [
            ("MCDONALD", "Mcdonald"),
            ("McDonald", "McDonald"),
            ("O'BRIEN", "O'Brien"),
            ("O'Brien", "O'Brien"),
            ("o’neill", "O’Neill"),
            ("JOHN'S BAR", "John's Bar"),
            ("MARY-JANE VAN DER BERG", "Mary-Jane Van Der Berg"),
            ("JOSÉ ÁLVAREZ", "José Álvarez"),
            ("érik", "Érik"),
            ("ST. LOUIS", "St. Louis"),
            ("42ND STREET", "42nd Street"),
            ("a", "A"),
            ("", ""),
            ("  two  spaces ", "  Two  Spaces "),
        ] {
            assert_eq!(title(text), wanted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_ascii_is_idempotent(any in any::<String>(), ascii in "[ -~]{0,40}") {
            title(&any);
            let once = title(&ascii);
            prop_assert_eq!(title(&once), once.clone());
            prop_assert!(once.eq_ignore_ascii_case(&ascii));
        }
    }
}
