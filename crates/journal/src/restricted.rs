//! Accepted accounts of which the plan has other values than Bakkt in fields that no update may change.
//!
//! Owner of that comparison: `task.fixed` (as Bakkt has them) against `record.fixed` (as the plan has them), a mark for each
//! field. Invariant: no update is planned for such an account, for none of its fields; the comparison is made where it is
//! read, so it ends by itself when the export is put back or Bakkt's side is known to be the same.
//! Left out on purpose: how marks are made (`pipeline::fixed`), what backfill files ask for (`layers`).

use rusqlite::Row;
use serde::Serialize;

use super::layer_lines::LeftLine;
use super::layers::RESTRICTED;
use super::open::Journal;
use super::query::{Reader, unsigned};
use bakkt_contract::changes::{BY_HAND, differing};

/// Customers that are named; `restricted.csv` has all of them.
const NAMED: usize = 20;

/// Accepted accounts that get no update, because it would change what it may not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Restricted {
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

impl Restricted {
    /// Whether there are none.
    pub fn none(&self) -> bool {
        self.accounts == 0
    }
}

impl Journal {
    /// Those of a comparison of two plans.
    pub(super) fn restricted(&self) -> anyhow::Result<Restricted> {
        let mut found = Restricted::default();
        let mut counts = [0; BY_HAND.len()];
        let mut statement = self.db.prepare(COMPARED)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            found.accounts += 1;
            if found.first.len() < NAMED {
                found.first.push(row.get(0)?);
            }
            for field in fields(row, 1)? {
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

impl Reader {
    /// A line for each such account and field, with the row of the export that the plan has of it.
    pub(super) fn each_differing(
        &self,
        mut each: impl FnMut(LeftLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(sql::DIFFERING, |row| {
            fields(row, 3)?.try_for_each(|path| {
                each(LeftLine {
                    file: row.get_ref(1)?.as_str()?,
                    row: unsigned(row.get(2)?),
                    path,
                    outcome: RESTRICTED,
                    client_id: row.get_ref(0)?.as_str_or_null()?,
                })
            })
        })
    }
}

/// The fields whose marks differ in two columns of a row.
fn fields<'r>(
    row: &'r Row<'_>,
    first: usize,
) -> anyhow::Result<impl Iterator<Item = &'static str> + 'r> {
    let (one, other) = (
        row.get_ref(first)?.as_blob()?,
        row.get_ref(first + 1)?.as_blob()?,
    );
    Ok(differing(one, other))
}

const COMPARED: &str =
    "SELECT w.client_id, w.fixed, r.fixed FROM temp.was w JOIN n.record r ON r.id = w.record
    WHERE w.restricted ORDER BY w.client_id";

/// Statements over large tables.
pub(super) mod sql {
    /// An account that was there before and was left as it is gets no update whatever changes.
    pub const DIFFERING: &str = "SELECT r.client_id, f.name, r.row, t.fixed, r.fixed \
        FROM task t JOIN record r ON r.id = t.record JOIN file f ON f.id = r.file \
        WHERE t.kind = 0 AND t.state = 4 AND t.existed <> 2 AND t.hash IS NOT r.hash AND t.fixed <> r.fixed ORDER BY t.id";
}
