//! Keys of joined rows that fit no account as they are, and would fit one in another form.
//!
//! Owner of [`OtherForms`]. The rows of an owners' export whose ids some program changed fit no account, and their owners would be
//! missing without a word. Marks of keys are kept as hashes with a seed of the moment; only those of keys that no account has stay.
//! When a key means an account all the same, `bakkt_model::text::key_marks` says.
//! Left out on purpose: what an account with such rows is refused for (`record`).

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use bakkt_model::text::key_marks::{self, KeyMark};

/// The keys of the accounts while a joined export is read; then the marks of the keys that fit none of them.
#[derive(Debug, Default)]
pub struct OtherForms {
    seed: RandomState,
    accounts: HashSet<u64>,
    marks: HashSet<u64>,
}

impl OtherForms {
    /// A row of the accounts' export has this key.
    pub fn add_account(&mut self, key: &str) {
        self.accounts.insert(self.seed.hash_one(key));
    }

    /// A joined row has this key.
    pub(crate) fn add_row(&mut self, key: &str) {
        if self.accounts.contains(&self.seed.hash_one(key)) {
            return;
        }
        for mark in key_marks::of_row(key) {
            let is_of_none = |part: &str| !self.accounts.contains(&self.seed.hash_one(part));
            if !matches!(mark, KeyMark::Within(part) if is_of_none(part)) {
                self.marks.insert(self.seed.hash_one(&mark));
            }
        }
    }

    /// Forgets the keys of the accounts: every joined row was added.
    pub(crate) fn finish(&mut self) {
        self.accounts = HashSet::new();
    }

    /// Whether rows have the key of an account in another form. Where the account has rows of its own, longer and shorter keys are
    /// taken for those of others.
    pub(crate) fn has(&self, key: &str, has_rows: impl FnOnce() -> bool) -> bool {
        if self.marks.is_empty() {
            return false;
        }
        let marks = key_marks::of_account(key);
        let is_there = |mark: &KeyMark<'_>| self.marks.contains(&self.seed.hash_one(mark));
        is_there(&marks.always) || marks.without_rows.iter().any(is_there) && !has_rows()
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
}
