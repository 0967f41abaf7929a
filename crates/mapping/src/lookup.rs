//! Tables from a legacy code to the contract's word.
//!
//! Owner of [`Lookup`]. A code is found as it stands, else by its folded spelling, whatever the size of the table; two codes
//! that fold alike and mean different things are therefore told apart when they are spelled exactly, and only then.

use std::collections::HashMap;

use crate::step::AMBIGUOUS_CODE;
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
    /// A later code folds alike and means something else.
    in_doubt: bool,
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
        let first = *self.folded.entry(folded.clone()).or_insert(place);
        if let Some(first) = self.pairs.get_mut(first) {
            first.in_doubt |= first.meaning != meaning;
        }
        self.pairs.push(Pair {
            code,
            folded,
            meaning,
            in_doubt: false,
        });
    }

    /// Every word that a code can mean.
    pub(crate) fn meanings(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|pair| pair.meaning.as_str())
    }

    /// What a code means; none: it is not in the table. The error: several codes could be meant.
    pub(crate) fn find(&self, code: &str) -> Result<Option<&str>, &'static str> {
        let is_small = self.pairs.len() <= SMALL;
        let exact = match is_small {
            // Codes are short: a loop takes less than a call of `memcmp` for each.
            true => {
                let mut pairs = self.pairs.iter();
                pairs.rposition(|pair| pair.code.bytes().eq(code.bytes()))
            }
            false => self.exact.get(code).copied(),
        };
        if let Some(exact) = exact {
            return Ok(Some(&self.pairs[exact].meaning));
        }
        let folded = match is_small {
            true => {
                let code = Folded::new(code);
                self.pairs.iter().position(|pair| code.is(&pair.folded))
            }
            false => self.folded.get(&fold(code)).copied(),
        };
        match folded.map(|place| &self.pairs[place]) {
            Some(pair) if pair.in_doubt => Err(AMBIGUOUS_CODE),
            pair => Ok(pair.map(|pair| pair.meaning.as_str())),
        }
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
            ("HAYIR", Some("6")),
            ("HAYİR", Some("6")),
            ("mar\u{ad}ié", Some("1")),
            ("marie", None),
            ("", None),
        ] {
            assert_eq!(small.find(code), Ok(meaning), "{code}");
            assert_eq!(large.find(code), Ok(meaning), "{code}");
        }
        // Neither m nor M.
        for table in [&small, &large] {
            assert_eq!(table.find("\u{ff2d}"), Err(AMBIGUOUS_CODE));
        }
    }
}
