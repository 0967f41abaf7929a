//! Backfill files line by line, for reports.
//!
//! Left out on purpose: how they are taken (`layers`).

use serde::Serialize;

use super::layers::RESTRICTED;
use super::query::{Reader, unsigned};

/// A taken file, for reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayerLine {
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
pub struct LeftLine<'a> {
    /// The file.
    pub file: &'a str,
    /// Its line.
    pub row: u64,
    /// The field; empty for the whole row.
    pub path: &'a str,
    /// Why.
    pub outcome: &'a str,
    /// clientAccountId, when the plan knows it.
    pub client_id: Option<&'a str>,
}

impl Reader {
    /// The taken backfill files, in the order of their numbers.
    pub fn layers(&self) -> anyhow::Result<Vec<LayerLine>> {
        self.all(
            "SELECT id, at, name, form, rows, changed, reason FROM layer ORDER BY id",
            |row| {
                Ok(LayerLine {
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
        mut each: impl FnMut(LeftLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(LEFT, |row| {
            each(LeftLine {
                file: row.get_ref(0)?.as_str()?,
                row: unsigned(row.get(1)?),
                path: row.get_ref(2)?.as_str()?,
                outcome: row.get_ref(3)?.as_str()?,
                client_id: row.get_ref(4)?.as_str_or_null()?,
            })
        })
    }

    /// What an update may not change, and a row of a backfill file would have, or the export has by now: a line for each
    /// field, for Bakkt's Operations or Compliance.
    pub fn each_restricted(
        &self,
        mut each: impl FnMut(LeftLine<'_>) -> anyhow::Result<()>,
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
