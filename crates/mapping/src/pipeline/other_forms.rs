//! Keys of joined rows that fit no account as they are, and would fit one in another form.
//!
//! Owner of [`OtherForms`]. A spreadsheet takes the zeros in front of ids away, and programs write ids with and without
//! capitals and punctuation: the rows of an owners' export whose ids were changed so fit no account, and their owners would
//! be missing without a word. Keys are kept as hashes with a seed of the moment; only keys that no account has stay.
//! Left out on purpose: what an account with such rows is refused for (`record`).

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use bakkt_model::text::ids;

/// The keys of the accounts while a joined export is read; then the forms of the keys that fit none of them.
#[derive(Debug, Default)]
pub struct OtherForms {
    seed: RandomState,
    accounts: HashSet<u64>,
    forms: HashSet<u64>,
}

impl OtherForms {
    /// A row of the accounts' export has this key.
    pub fn add_account(&mut self, key: &str) {
        self.accounts.insert(self.seed.hash_one(key));
    }

    /// A joined row has this key.
    pub(crate) fn add_row(&mut self, key: &str) {
        if !self.accounts.contains(&self.seed.hash_one(key)) {
            self.forms.insert(self.form(key));
        }
    }

    /// Forgets the keys of the accounts: every joined row was added.
    pub(crate) fn finish(&mut self) {
        self.accounts = HashSet::new();
    }

    /// Whether rows have the key of an account in another form.
    pub(crate) fn has(&self, key: &str) -> bool {
        !self.forms.is_empty() && self.forms.contains(&self.form(key))
    }

    fn form(&self, key: &str) -> u64 {
        let mut form = String::with_capacity(key.len());
        ids::form(key, &mut form);
        self.seed.hash_one(form)
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
            assert!(keys.has(found), "{found}");
        }
        for other in ["001", "1", "200", "Z", "A-10", "0", "A-0-1x"] {
            assert!(!keys.has(other), "{other}");
        }
    }
}
