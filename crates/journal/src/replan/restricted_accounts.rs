//! Accepted accounts whose fields that no update may change differ between the new plan and Bakkt.
//!
//! No update is planned for such an account. The comparison is made whenever it is read, so it ends by itself when the export is put
//! back or Bakkt's side is known to be the same. Left out: how the marks of fields are made (`mapping::pipeline`).

use serde::Serialize;

use crate::read::backfills::differing_fields;
use crate::write::journal::Journal;
use bakkt_contract::changes::BY_HAND;

/// How many customers are named; `restricted.csv` has all of them.
const NAMED: usize = 20;

/// Accepted accounts that get no update, because it would change what it may not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RestrictedAccounts {
    /// How many accounts.
    pub accounts: u64,
    /// Fields that changed, each with its number of accounts.
    pub fields: Vec<RestrictedField>,
    /// The first of their ids.
    pub first: Vec<String>,
}

/// One field of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RestrictedField {
    /// The field's pattern.
    pub path: &'static str,
    /// How many accounts.
    pub accounts: u64,
}

impl RestrictedAccounts {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.accounts == 0
    }
}

impl Journal {
    /// Finds those of a comparison of two plans.
    pub(crate) fn restricted(&self) -> anyhow::Result<RestrictedAccounts> {
        let mut found = RestrictedAccounts::default();
        let mut counts = [0; BY_HAND.len()];
        let mut statement = self.db.prepare(COMPARED)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            found.accounts += 1;
            if found.first.len() < NAMED {
                found.first.push(row.get(0)?);
            }
            for field in differing_fields(row, 1)? {
                let counted = BY_HAND.iter().zip(&mut counts);
                let same = counted.filter(|(known, _)| **known == field);
                same.for_each(|(_, count)| *count += 1);
            }
        }
        let counted = BY_HAND.iter().zip(counts).filter(|(_, count)| *count > 0);
        found.fields = counted
            .map(|(path, accounts)| RestrictedField { path, accounts })
            .collect();
        Ok(found)
    }
}

const COMPARED: &str =
    "SELECT w.client_id, w.fixed, r.fixed FROM temp.was w JOIN n.record r ON r.id = w.record
    WHERE w.restricted ORDER BY w.client_id";
