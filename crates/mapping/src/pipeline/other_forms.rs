//! Keys of joined rows that fit no account as they are, and would fit one in another form.
//!
//! Owner of [`OtherForms`]. A spreadsheet takes the zeros in front of ids away, and programs write ids with and without
//! capitals, punctuation and letters in front, with the number of an owner behind, or several in one cell: the rows of an owners'
//! export whose ids were changed so fit no account, and their owners would be missing without a word. Keys are kept as hashes with a
//! seed of the moment; only keys that no account has stay.
//! Left out on purpose: what an account with such rows is refused for (`record`).

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use bakkt_model::text::ids;

/// Digits of the shortest number that may be an id without its letters.
const LEAST_DIGITS: usize = 3;

/// The keys of the accounts while a joined export is read; then the forms of the keys that fit none of them.
#[derive(Debug, Default)]
pub struct OtherForms {
    seed: RandomState,
    accounts: HashSet<u64>,
    forms: HashSet<u64>,
    /// Keys of accounts that stand within longer keys.
    within: HashSet<u64>,
    /// The numbers of keys that have letters in front.
    lettered: HashSet<u64>,
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
        let form = form(key);
        self.forms.insert(self.seed.hash_one(&form));
        if let Some(number) = number_behind_letters(&form) {
            self.lettered.insert(self.seed.hash_one(number));
        }
        // Decimals and exponents are for `ids::form`.
        let is_mark = |c: char| !c.is_alphanumeric() && !matches!(c, '.' | '+');
        // `C100-1` and `A-7 (joint)` begin with an account's key; `C100;C101` has several.
        let begins = key
            .match_indices(is_mark)
            .map(|(at, _)| key[..at].trim_end());
        for part in key.split(is_mark).chain(begins) {
            let hash = self.seed.hash_one(part);
            if self.accounts.contains(&hash) {
                self.within.insert(hash);
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
        if self.forms.is_empty() {
            return false;
        }
        let form = form(key);
        if self.forms.contains(&self.seed.hash_one(&form)) {
            return true;
        }
        let number = number_behind_letters(&form);
        let is_there = |number: &str| self.forms.contains(&self.seed.hash_one(number));
        (self.within.contains(&self.seed.hash_one(key))
            || number.is_some_and(is_there)
            || self.lettered.contains(&self.seed.hash_one(&form)))
            && !has_rows()
    }
}

fn form(key: &str) -> String {
    let mut form = String::with_capacity(key.len());
    ids::form(key, &mut form);
    form
}

/// The number of an id that has nothing but letters in front of it.
fn number_behind_letters(form: &str) -> Option<&str> {
    let number = form.trim_start_matches(char::is_alphabetic);
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    (number.len() < form.len() && number.len() >= LEAST_DIGITS && is_number).then_some(number)
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
