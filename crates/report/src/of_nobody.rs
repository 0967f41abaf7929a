//! Files beside the accounts' own of which nothing belongs to any account.
//!
//! Owner of these sentences. A key that is taken from the wrong column fits no account, and everything would be sent without the owners
//! or documents in the file. Left out on purpose: single rows that fit none, which are usual where an export is a part of the customers.

use super::totals::Totals;
use bakkt_journal::read::FileRow;

/// Roles of files whose rows stand beside accounts, and the tables of settings that say their keys.
const BESIDE: [(&str, &str); 3] = [
    ("owners", "[source.owners]"),
    ("trusted contacts", "[source.trusted_contacts]"),
    ("recipients", "[custody.recipients]"),
];

impl Totals {
    /// Files beside the accounts' own of which nothing belongs to any account, as sentences: their keys are not those of the accounts.
    pub fn of_nobody(&self) -> Vec<String> {
        let mut told = Vec::new();
        for (role, table) in BESIDE {
            let files = || self.files.iter().filter(|file| file.role == role);
            let sum = |count: fn(&FileRow) -> u64| files().map(count).sum::<u64>();
            let (rows, unused) = (sum(|file| file.rows), sum(|file| file.unused));
            if rows > 0 && unused == rows {
                let names: Vec<&str> = files().map(|file| file.name.as_str()).collect();
                told.push(format!(
                    "no row of {} belongs to an account: compare its keys with those of the accounts (`key` and `account_key` under {table})",
                    names.join(", ")
                ));
            }
        }
        let documents = &self.documents;
        if documents.given > 0 && documents.no_account == documents.given {
            told.push(
                "no document belongs to an account: compare the ids that documents name with those of the accounts ([documents])".to_owned(),
            );
        }
        told
    }
}
