//! Tables from a legacy code to the contract's word.
//!
//! Owner of [`Lookup`]. A code is found as it stands, else without regard to case; two codes that differ only in
//! case and mean different things are therefore told apart when they are spelled exactly.

use std::collections::HashMap;

/// A compiled table.
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    pairs: Vec<(String, String)>,
    exact: HashMap<String, usize>,
    folded: HashMap<String, usize>,
}

/// Tables up to this size are searched in order, which is faster than hashing.
const SMALL: usize = 12;

impl Lookup {
    /// Adds a code; its key is trimmed as cells are.
    pub fn add(&mut self, code: &str, meaning: String) {
        let place = self.pairs.len();
        let code = code.trim();
        self.exact.insert(code.to_owned(), place);
        self.folded.entry(code.to_lowercase()).or_insert(place);
        self.pairs.push((code.to_owned(), meaning));
    }

    /// Every word that a code can mean.
    pub fn meanings(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|(_, meaning)| meaning.as_str())
    }

    /// What a code means.
    pub fn find(&self, code: &str) -> Option<&str> {
        if self.pairs.len() <= SMALL {
            return self
                .pairs
                .iter()
                // Codes are short: a loop takes less than a call of `memcmp` for each.
                .find(|(key, _)| key.bytes().eq(code.bytes()))
                .or_else(|| {
                    self.pairs
                        .iter()
                        .find(|(key, _)| key.eq_ignore_ascii_case(code))
                })
                .map(|(_, meaning)| meaning.as_str());
        }
        let place = self
            .exact
            .get(code)
            .or_else(|| self.folded.get(&code.to_lowercase()))?;
        Some(&self.pairs[*place].1)
    }
}
