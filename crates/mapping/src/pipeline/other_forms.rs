//! Keys of joined rows and of documents that are no account's as they are, and would be one's in another form.
//!
//! Owner of [`OtherForms`]. The rows of an owners' export whose ids some program changed fit no account, and their owners would be
//! missing without a word; so would documents whose names lost capitals and punctuation. Marks of keys are kept as hashes with a
//! seed of the moment; when a key means an account all the same, `bakkt_model::text::key_marks` says.
//! Left out on purpose: what an account with such rows is refused for (`record`), and what becomes of such a document (`survey`).

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};

use bakkt_model::text::key_marks;

/// The marks of keys that belong to no account, and whether an account has one of them.
#[derive(Debug, Default)]
pub struct OtherForms {
    seed: RandomState,
    /// Keys that belong to accounts, as far as they are known before the others.
    accounts: HashSet<u64>,
    marks: HashMap<u64, AtomicBool>,
}

impl OtherForms {
    /// An account has this key: nobody else's rows have it.
    pub fn add_account(&mut self, key: &str) {
        self.accounts.insert(self.seed.hash_one(key));
    }

    /// Whether accounts are known, and this key is none's.
    pub(crate) fn is_of_none(&self, key: &str) -> bool {
        !self.accounts.is_empty() && !self.accounts.contains(&self.seed.hash_one(key))
    }

    /// A row or a document has this key.
    pub fn add_row(&mut self, key: &str) {
        if self.accounts.contains(&self.seed.hash_one(key)) {
            return;
        }
        for mark in key_marks::of_row(key) {
            self.marks.entry(self.seed.hash_one(&mark)).or_default();
        }
    }

    /// Forgets the keys of the accounts: every row was added.
    pub(crate) fn finish(&mut self) {
        self.accounts = HashSet::new();
    }

    /// Whether rows have the key of an account in another form, which is noted. Where the account has rows of its own, longer and
    /// shorter keys are taken for those of others.
    pub fn has(&self, account: &str, has_rows: impl FnOnce() -> bool) -> bool {
        if self.marks.is_empty() || self.is_of_none(account) {
            return false;
        }
        let mut found = false;
        for mark in key_marks::of_account(account, has_rows()) {
            if let Some(seen) = self.marks.get(&self.seed.hash_one(&mark)) {
                seen.store(true, Ordering::Relaxed);
                found = true;
            }
        }
        found
    }

    /// Whether one of the accounts that were asked about has this key of a row in another form.
    pub fn has_account(&self, key: &str) -> bool {
        let marks = key_marks::of_row(key).into_iter();
        let mut seen = marks.filter_map(|mark| self.marks.get(&self.seed.hash_one(&mark)));
        seen.any(|seen| seen.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_another_form_is_found_unless_an_account_has_it() {
        let mut keys = OtherForms::default();
        for account in ["001", "1", "0020", "A-1", "Z", "0", "-", "1001", "1002"] {
            keys.add_account(account);
        }
        for row in [
            "1",
            "20",
            "a1",
            "００３",
            "B\u{200b}4",
            "--",
            "1001.0",
            "1.002E+03",
        ] {
            keys.add_row(row);
        }
        keys.finish();
        for found in ["0020", "A-1", "003", "B4", "b-004", "3", "1001", "1002"] {
            assert!(keys.has(found, || true), "{found}");
        }
        for other in ["001", "1", "200", "Z", "A-10", "0", "A-0-1x"] {
            assert!(!keys.has(other, || false), "{other}");
        }
    }

    #[test]
    fn a_key_with_something_before_or_behind_it_is_found_where_the_account_has_no_rows() {
        let mut keys = OtherForms::default();
        for account in [
            "C1000001", "C1000002", "C1000003", "A-7", "2000", "C300", "C12", "D5000", "E6",
        ] {
            keys.add_account(account);
        }
        for row in [
            "1000001",
            "C1000002;C1000003",
            "A-7 (joint)",
            "K2000",
            "C300-1",
            "12",
            "D50001",
            "XE6",
        ] {
            keys.add_row(row);
        }
        keys.finish();
        for found in ["C1000001", "C1000002", "C1000003", "A-7", "2000", "C300"] {
            assert!(keys.has(found, || false), "{found}");
            assert!(!keys.has(found, || true), "{found}");
        }
        for other in ["C12", "D5000", "E6", "C1000004"] {
            assert!(!keys.has(other, || false), "{other}");
        }
    }

    #[test]
    fn a_row_whose_account_has_another_form_is_told() {
        let mut keys = OtherForms::default();
        let named = [
            "1234", "c0001", "C-7", "9", "1001.0", "2001", "D3001-1", "E4001-1", "E4001",
        ];
        for id in named {
            keys.add_row(id);
        }
        for row in [
            "0001234", "C0001", "c7", "99", "1001", "C2001", "D3001", "E4001", "unnamed",
        ] {
            keys.has(row, || named.contains(&row));
        }
        let found = named.map(|id| keys.has_account(id));
        // Of `E4001`, which has documents of its own, `E4001-1` is another.
        assert_eq!(
            found,
            [true, true, true, false, true, true, true, false, true]
        );
        assert!(!keys.has_account("unnamed"));
    }
}
