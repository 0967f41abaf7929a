//! Tables from a legacy code to the contract's word.
//!
//! Owner of [`Lookup`]. A code is found as it stands, else by its folded spelling, whatever the size of the table; two codes
//! that fold alike and mean different things are therefore told apart when they are spelled exactly.

use std::collections::HashMap;

use bakkt_model::text::{Folded, cell, fold, trim};

/// A compiled table.
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    pairs: Vec<Pair>,
    exact: HashMap<String, usize>,
    folded: HashMap<String, usize>,
}

#[derive(Clone, Debug)]
struct Pair {
    code: String,
    folded: String,
    meaning: String,
}

/// Tables up to this size are searched in order, which is faster than hashing.
const SMALL: usize = 12;

impl Lookup {
    /// Adds a code; its key is read as cells are.
    pub(crate) fn add(&mut self, code: &str, meaning: String) {
        let place = self.pairs.len();
        let code = trim(code);
        let code = cell::compose(code).unwrap_or_else(|| code.to_owned());
        let folded = fold(&code);
        self.exact.insert(code.clone(), place);
        self.folded.entry(folded.clone()).or_insert(place);
        self.pairs.push(Pair {
            code,
            folded,
            meaning,
        });
    }

    /// Every word that a code can mean.
    pub(crate) fn meanings(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|pair| pair.meaning.as_str())
    }

    /// What a code means.
    pub(crate) fn find(&self, code: &str) -> Option<&str> {
        let place = match self.pairs.len() <= SMALL {
            true => self.find_small(code)?,
            false => self
                .exact
                .get(code)
                .or_else(|| self.folded.get(&fold(code)))
                .copied()?,
        };
        Some(&self.pairs[place].meaning)
    }

    fn find_small(&self, code: &str) -> Option<usize> {
        let mut pairs = self.pairs.iter();
        // Codes are short: a loop takes less than a call of `memcmp` for each.
        let exact = pairs.rposition(|pair| pair.code.bytes().eq(code.bytes()));
        exact.or_else(|| {
            let code = Folded::new(code);
            self.pairs.iter().position(|pair| code.is(&pair.folded))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_table_changes_no_answer() {
        let codes = [
            ("marié", "1"),
            ("Женат", "2"),
            ("STRASSE", "3"),
            ("m", "4"),
            ("M", "5"),
            ("hayır", "6"),
        ];
        let mut small = Lookup::default();
        for (code, meaning) in codes {
            small.add(code, meaning.to_owned());
        }
        let mut large = small.clone();
        for more in 0..SMALL {
            large.add(&format!("more {more}"), "more".to_owned());
        }
        for (code, meaning) in [
            ("MARIÉ", Some("1")),
            ("MARIE\u{301}", Some("1")),
            ("ЖЕНАТ", Some("2")),
            ("straße", Some("3")),
            ("m", Some("4")),
            ("M", Some("5")),
            ("\u{ff2d}", Some("4")),
            ("HAYIR", Some("6")),
            ("HAYİR", Some("6")),
            ("mar\u{ad}ié", Some("1")),
            ("marie", None),
            ("", None),
        ] {
            assert_eq!(small.find(code), meaning, "{code}");
            assert_eq!(large.find(code), meaning, "{code}");
        }
    }
}
