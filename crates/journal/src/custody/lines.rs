//! Custody in reports: counts, and line by line.

use std::collections::BTreeMap;

use super::super::read::Reader;
use crate::schema::codes::STATES;
use bakkt_model::custody::CustodyKind;

/// One custody task.
#[derive(Debug)]
pub struct CustodyLine<'a> {
    /// Number of the task, for `resolve`.
    pub task: i64,
    /// clientAccountId.
    pub client_id: &'a str,
    /// What it makes.
    pub kind: CustodyKind,
    /// Of a bank account its currency, of a recipient a keyed hash.
    pub item: &'a str,
    /// File and row of the customer, or of a recipient's own row; none: the plan has it no longer.
    pub at: Option<(String, u64)>,
    /// The word of its state.
    pub state: &'static str,
    /// Of a user, as Bakkt named it.
    pub status: Option<&'a str>,
    /// Bakkt's uuid.
    pub uuid: Option<&'a str>,
    /// Attempts, and the generation of its key.
    pub attempts: (i64, i64),
    /// Last change, in milliseconds since 1970.
    pub last_at: Option<i64>,
    /// Why it is held, in doubt, refused or given up: code and message.
    pub reason: (Option<&'a str>, Option<&'a str>),
    /// What the last reading showed.
    pub verified: Option<&'a str>,
}

/// Why something of a customer's custody is not made.
#[derive(Debug)]
pub struct CustodyGapLine<'a> {
    /// File and row.
    pub at: (Option<&'a str>, u64),
    /// clientAccountId.
    pub client_id: Option<&'a str>,
    /// The field.
    pub path: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// A name that goes transliterated.
#[derive(Debug)]
pub struct CustodyNameLine<'a> {
    /// clientAccountId.
    pub client_id: Option<&'a str>,
    /// The field.
    pub path: &'a str,
}

/// Custody tasks that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustodyCount {
    /// What they make.
    pub kind: CustodyKind,
    /// By number.
    pub state: usize,
    /// The code of what holds or stopped them; empty without one.
    pub code: String,
    /// Of users, as Bakkt named it; else empty.
    pub status: String,
    /// The plan has them no longer.
    pub is_former: bool,
    /// How many.
    pub count: u64,
}

pub(crate) mod sql {
    pub const LINES: &str = concat!(
        "SELECT c.id, c.client_id, c.kind, c.item, f.name, CASE c.row WHEN 0 THEN r.row ELSE c.row END, c.state,
        c.status, c.uuid, ",
        times_sent!("c", "custody_attempt"),
        ", c.generation, c.last_at, w.text, m.text, d.text
        FROM custody_task c LEFT JOIN record r ON r.id = c.record
        LEFT JOIN file f ON f.id = CASE c.file WHEN 0 THEN r.file ELSE c.file END
        LEFT JOIN word w ON w.id = c.code LEFT JOIN word m ON m.id = c.message
        LEFT JOIN custody_difference v ON v.task = c.id LEFT JOIN word d ON d.id = v.what ORDER BY c.id"
    );
    pub const GAPS: &str =
        "SELECT f.name, CASE g.row WHEN 0 THEN r.row ELSE g.row END, r.client_id, p.text, w.text
        FROM custody_gap g JOIN record r ON r.id = g.record
        LEFT JOIN file f ON f.id = CASE g.file WHEN 0 THEN r.file ELSE g.file END
        JOIN word p ON p.id = g.path JOIN word w ON w.id = g.reason ORDER BY g.record";
    pub const NAMES: &str =
        "SELECT r.client_id, p.text FROM custody_name g JOIN record r ON r.id = g.record
        JOIN word p ON p.id = g.path ORDER BY g.record";
    pub const COUNTS: &str = "SELECT kind, state, code, status, record IS NULL FROM custody_task";
}

impl Reader {
    /// Whether there is anything of custody.
    pub fn has_custody(&self) -> anyhow::Result<bool> {
        let sql =
            "SELECT EXISTS (SELECT 1 FROM custody_task) OR EXISTS (SELECT 1 FROM custody_gap)";
        Ok(self.journal.query_row(sql, [], |row| row.get(0))?)
    }

    /// Every custody task, in the order of the plan.
    pub fn each_custody(
        &self,
        mut each: impl FnMut(CustodyLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(sql::LINES, |row| {
            let text = |column: usize| -> anyhow::Result<Option<&str>> {
                Ok(row.get_ref(column)?.as_str_or_null()?)
            };
            let line: Option<i64> = row.get(5)?;
            let kind: i64 = row.get(2)?;
            let state: i64 = row.get(6)?;
            each(CustodyLine {
                task: row.get(0)?,
                client_id: text(1)?.unwrap_or_default(),
                kind: CustodyKind::from_number(kind).unwrap_or(CustodyKind::User),
                item: text(3)?.unwrap_or_default(),
                at: text(4)?
                    .zip(line)
                    .map(|(file, line)| (file.to_owned(), line.unsigned_abs())),
                state: STATES.get(state as usize).copied().unwrap_or_default(),
                status: text(7)?,
                uuid: text(8)?,
                attempts: (row.get(9)?, row.get(10)?),
                last_at: row.get(11)?,
                reason: (text(12)?, text(13)?),
                verified: text(14)?,
            })
        })
    }

    /// Everything of custody that is not made.
    pub fn each_custody_gap(
        &self,
        mut each: impl FnMut(CustodyGapLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(sql::GAPS, |row| {
            let text = |column: usize| -> anyhow::Result<Option<&str>> {
                Ok(row.get_ref(column)?.as_str_or_null()?)
            };
            let line: i64 = row.get(1)?;
            each(CustodyGapLine {
                at: (text(0)?, line.unsigned_abs()),
                client_id: text(2)?,
                path: text(3)?.unwrap_or_default(),
                reason: text(4)?.unwrap_or_default(),
            })
        })
    }

    /// Every name that goes transliterated.
    pub fn each_custody_name(
        &self,
        mut each: impl FnMut(CustodyNameLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(sql::NAMES, |row| {
            each(CustodyNameLine {
                client_id: row.get_ref(0)?.as_str_or_null()?,
                path: row.get_ref(1)?.as_str()?,
            })
        })
    }

    /// The custody tasks, counted.
    pub fn custody_counts(&self) -> anyhow::Result<Vec<CustodyCount>> {
        let mut counts: BTreeMap<(i64, i64, Option<i64>, String, bool), u64> = BTreeMap::new();
        self.walk(sql::COUNTS, |row| {
            let status: Option<String> = row.get(3)?;
            let key = (
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                status.unwrap_or_default(),
                row.get(4)?,
            );
            *counts.entry(key).or_default() += 1;
            Ok(())
        })?;
        let count = |((kind, state, code, status, is_former), count): (
            (i64, i64, Option<i64>, String, bool),
            u64,
        )| {
            Ok(CustodyCount {
                kind: CustodyKind::from_number(kind).unwrap_or(CustodyKind::User),
                state: state as usize,
                code: self.word(code)?,
                status,
                is_former,
                count,
            })
        };
        counts.into_iter().map(count).collect()
    }

    /// Number of gaps of the custody stage.
    pub fn custody_gaps(&self) -> anyhow::Result<u64> {
        let sql = "SELECT count(*) FROM custody_gap";
        let count: i64 = self.journal.query_row(sql, [], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }
}
