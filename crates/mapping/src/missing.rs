//! The mapping's own words for an empty cell.
//!
//! Owner of [`Missing`]. Every cell of every row is asked about, and nearly none is one of the words: a look at its first
//! byte settles most. Owner of [`EmptyCells`] too: what counts as empty where a cell feeds no field. Left out on purpose: the
//! usual placeholders ([`bakkt_model::placeholder`]).

use bakkt_model::placeholder::is_placeholder;
use bakkt_model::text::{Folded, fold, may_fold_to_ascii, trim};

/// Which cells of an export count as empty where no field says more: those that decide who is left out.
#[derive(Clone, Debug, Default)]
pub struct EmptyCells {
    pub(crate) missing: Missing,
    pub(crate) placeholders: bool,
}

impl EmptyCells {
    /// Whether a trimmed cell is one.
    pub(crate) fn contains(&self, text: &str) -> bool {
        text.is_empty() || self.is_named(text) || (self.placeholders && is_placeholder(text))
    }

    /// Whether it is one because the mapping names it.
    pub(crate) fn is_named(&self, text: &str) -> bool {
        self.missing.contains(text)
    }
}

/// Words that count as an empty cell.
#[derive(Clone, Debug)]
pub struct Missing {
    /// Folded.
    words: Vec<String>,
    /// Whether one of the words begins with an ASCII character, in either case.
    first: [bool; 128],
    is_ascii: bool,
}

impl Default for Missing {
    fn default() -> Missing {
        Missing::new([])
    }
}

impl Missing {
    /// Takes words as people write them.
    pub(crate) fn new<'w>(words: impl IntoIterator<Item = &'w str>) -> Missing {
        let fold_word = |word: &str| fold(trim(word));
        let words: Vec<String> = words.into_iter().map(fold_word).collect();
        let mut first = [false; 128];
        for byte in words.iter().filter_map(|word| word.bytes().next()) {
            for byte in [byte, byte.to_ascii_uppercase()] {
                if let Some(known) = first.get_mut(usize::from(byte)) {
                    *known = true;
                }
            }
        }
        let is_ascii = words.iter().all(|word| word.is_ascii());
        Missing {
            words,
            first,
            is_ascii,
        }
    }

    /// Whether a trimmed cell is one of the words.
    #[inline]
    pub(crate) fn contains(&self, text: &str) -> bool {
        let first = text.bytes().next().map(usize::from);
        // Words of ASCII begin as the text does. Behind another first letter stands an accent, or another word.
        let may_begin = first.and_then(|byte| self.first.get(byte)) != Some(&false);
        (may_begin || !self.is_ascii) && self.holds(text)
    }

    #[inline(never)]
    fn holds(&self, text: &str) -> bool {
        // Most names with accents are told from words without any at a glance.
        if self.is_ascii && !may_fold_to_ascii(text) {
            return false;
        }
        let text = Folded::new(text);
        self.words.iter().any(|word| text.is(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_what_folding_says(
            words in proptest::collection::vec("[a-cA-CéÉß\u{131} ./]{0,3}", 0..4),
            text in "[a-cA-CéÉßſ\u{131}\u{130}\u{301}\u{ad}ＡＢ ./]{0,4}",
        ) {
            let missing = Missing::new(words.iter().map(String::as_str));
            let text = trim(&text);
            let wanted = words.iter().any(|word| fold(trim(word)) == fold(text));
            prop_assert_eq!(missing.contains(text), wanted, "{:?} {:?}", words, text);
        }
    }
}
