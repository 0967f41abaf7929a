//! Ids that documents name, as programs write them that write ids differently.
//!
//! Owner of [`NamedForms`]. A spreadsheet takes the zeros in front of ids away, and file names lose capitals and punctuation: the
//! documents of a customer then name an account that the export does not have, and nothing would be uploaded without a word.
//! Marks are kept as hashes with a seed of the moment; when an id means another, `bakkt_model::text::key_marks` says. Left out on
//! purpose: which documents have no account (`survey`).

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use bakkt_model::text::key_marks::{self, KeyMark};

/// The marks of all ids that documents name, and whether a row of the export has one of them.
#[derive(Debug, Default)]
pub(crate) struct NamedForms {
    seed: RandomState,
    /// Ids that documents name.
    named: HashSet<u64>,
    marks: HashMap<u64, bool>,
}

impl NamedForms {
    /// A document names this id.
    pub(crate) fn add(&mut self, id: &str) {
        if self.named.insert(self.seed.hash_one(id)) {
            for mark in key_marks::of_row(id) {
                self.marks.entry(self.seed.hash_one(&mark)).or_insert(false);
            }
        }
    }

    /// A row of the export has this id.
    pub(crate) fn note(&mut self, id: &str) {
        if self.marks.is_empty() {
            return;
        }
        let has_documents = self.named.contains(&self.seed.hash_one(id));
        let marks = key_marks::of_account(id);
        let others = marks.without_rows.iter().filter(|_| !has_documents);
        for mark in others.chain([&marks.always]) {
            if let Some(seen) = self.marks.get_mut(&self.seed.hash_one(mark)) {
                *seen = true;
            }
        }
    }

    /// Whether a row of the export has an id that this one may mean.
    pub(crate) fn has_row(&self, id: &str) -> bool {
        let is_seen = |mark: &KeyMark<'_>| self.marks.get(&self.seed.hash_one(mark)) == Some(&true);
        key_marks::of_row(id).iter().any(is_seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_a_row_is_found_in_every_form() {
        let mut forms = NamedForms::default();
        let named = [
            "1234", "c0001", "C-7", "9", "1001.0", "2001", "D3001-1", "E4001-1", "E4001",
        ];
        for id in named {
            forms.add(id);
        }
        for row in [
            "0001234", "C0001", "c7", "99", "1001", "C2001", "D3001", "E4001", "unnamed",
        ] {
            forms.note(row);
        }
        let found = named.map(|id| forms.has_row(id));
        // Of `E4001`, which has documents of its own, `E4001-1` is another.
        assert_eq!(
            found,
            [true, true, true, false, true, true, true, false, true]
        );
        assert!(!forms.has_row("unnamed"));
    }
}
