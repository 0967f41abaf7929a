//! Accepted accounts of which the plan has other values than Bakkt in fields that no update may change.
//!
//! Owner of that comparison: `task.fixed` (as Bakkt has them) against `record.fixed` (as the plan has them), a mark for each
//! field. Invariant: no update is planned for such an account, for none of its fields; the comparison is made where it is
//! read, so it ends by itself when the export is put back or Bakkt's side is known to be the same.
//! Left out on purpose: how marks are made (`pipeline::fixed`), what backfill files ask for (`layers`).

use serde::Serialize;

use crate::read::backfills::differing_fields;
use crate::write::journal::Journal;
use bakkt_contract::changes::BY_HAND;

/// Customers that are named; `restricted.csv` has all of them.
const NAMED: usize = 20;

/// Accepted accounts that get no update, because it would change what it may not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RestrictedAccounts {
    /// How many.
    pub accounts: u64,
    /// By field, those of which it changed.
    pub fields: Vec<RestrictedField>,
    /// The first of their ids.
    pub first: Vec<String>,
}

/// One field of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RestrictedField {
    /// The field's pattern.
    pub path: &'static str,
    /// Accounts.
    pub accounts: u64,
}

impl RestrictedAccounts {
    /// Whether there are none.
    pub fn none(&self) -> bool {
        self.accounts == 0
    }
}

impl Journal {
    /// Those of a comparison of two plans.
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
