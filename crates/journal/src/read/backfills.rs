//! Backfill files for reports: the files, and the rows and cells that were not taken.
//!
//! Left out: taking a file (`replan`).

use crate::read::columns::unsigned;
use crate::read::reader::Reader;
use bakkt_contract::changes::differing;
use rusqlite::Row;
use serde::Serialize;

/// The outcome of a row that would change what no update may change; the whole row is left out for good.
pub const RESTRICTED: &str = "restricted";
/// The outcome of a row with which an account that Bakkt has could no longer be sent; it is left out for good too.
pub const UNSENDABLE: &str = "the account could not be sent with it";
/// The outcome of rows that contradict each other in a field of one customer: nobody can tell which is right.
pub const DISAGREEING: &str = "another row of this customer says something else";

/// A taken file, for reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BackfillLine {
    /// Its number.
    pub number: u64,
    /// When it was taken, milliseconds since 1970.
    pub at: i64,
    /// As it was called.
    pub name: String,
    /// 'fields' or 'export'.
    pub form: String,
    /// Rows read.
    pub rows: u64,
    /// Accounts whose payload it changed.
    pub changed: u64,
    /// Why it was taken.
    pub reason: Option<String>,
}

/// A row of a backfill file that was not taken, or a cell of it.
#[derive(Clone, Copy, Debug)]
pub struct SkippedRowLine<'a> {
    /// The name of the file.
    pub file: &'a str,
    /// The line where its row starts.
    pub row: u64,
    /// The field; empty for the whole row.
    pub path: &'a str,
    /// Why it was not taken.
    pub outcome: &'a str,
    /// clientAccountId, when the plan knows it.
    pub client_id: Option<&'a str>,
}

impl Reader {
    /// The taken backfill files, in the order of their numbers.
    pub fn layers(&self) -> anyhow::Result<Vec<BackfillLine>> {
        self.all(
            "SELECT id, at, name, form, rows, changed, reason FROM layer ORDER BY id",
            |row| {
                Ok(BackfillLine {
                    number: unsigned(row.get(0)?),
                    at: row.get(1)?,
                    name: row.get(2)?,
                    form: row.get(3)?,
                    rows: unsigned(row.get(4)?),
                    changed: unsigned(row.get(5)?),
                    reason: row.get(6)?,
                })
            },
        )
    }

    /// Rows and cells of backfill files that were not taken, by file and line.
    pub fn each_left(
        &self,
        mut each: impl FnMut(SkippedRowLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(LEFT, |row| {
            each(SkippedRowLine {
                file: row.get_ref(0)?.as_str()?,
                row: unsigned(row.get(1)?),
                path: row.get_ref(2)?.as_str()?,
                outcome: row.get_ref(3)?.as_str()?,
                client_id: row.get_ref(4)?.as_str_or_null()?,
            })
        })
    }

    /// Rows of backfill files that would have changed what no update may.
    pub fn restricted_rows(&self) -> anyhow::Result<u64> {
        let mut rows = 0;
        self.each_left(|line| {
            rows += u64::from(line.outcome == RESTRICTED);
            Ok(())
        })?;
        Ok(rows)
    }

    /// What an update may not change, and a row of a backfill file would have, or the export has by now: a line for each
    /// field, for Bakkt's Operations or Compliance.
    pub fn each_restricted(
        &self,
        mut each: impl FnMut(SkippedRowLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.each_left(|line| match line.outcome == RESTRICTED {
            true => each(line),
            false => Ok(()),
        })?;
        self.each_differing(each)
    }
}

const LEFT: &str = "SELECT l.name, r.row, p.text, o.text, r.client_id FROM layer_row r
    JOIN layer l ON l.id = r.layer JOIN word p ON p.id = r.path JOIN word o ON o.id = r.outcome
    ORDER BY r.layer, r.row, r.path";

impl Reader {
    /// A line for each such account and field, with the row of the export that the plan has of it.
    pub(crate) fn each_differing(
        &self,
        mut each: impl FnMut(SkippedRowLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(sql::DIFFERING, |row| {
            differing_fields(row, 3)?.try_for_each(|path| {
                each(SkippedRowLine {
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
pub(crate) fn differing_fields<'r>(
    row: &'r Row<'_>,
    first: usize,
) -> anyhow::Result<impl Iterator<Item = &'static str> + 'r> {
    let (one, other) = (
        row.get_ref(first)?.as_blob()?,
        row.get_ref(first + 1)?.as_blob()?,
    );
    Ok(differing(one, other))
}

/// Statements over large tables.
pub(crate) mod sql {
    /// An account that was there before and was left as it is gets no update whatever changes.
    pub const DIFFERING: &str = sql!(
        "SELECT r.client_id, f.name, r.row, t.fixed, r.fixed \
        FROM task t JOIN record r ON r.id = t.record JOIN file f ON f.id = r.file \
        WHERE t.kind = {kind.account} AND t.state = {state.accepted} AND t.existed <> {existed.different} AND t.hash IS NOT r.hash \
        AND substr(t.fixed, 1, {fixed_marks}) <> substr(r.fixed, 1, {fixed_marks}) ORDER BY t.id"
    );
}
