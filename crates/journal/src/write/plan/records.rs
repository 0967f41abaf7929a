//! Writing a plan: one record per row, its gaps, and one task per record that is sent.
//!
//! Owner of the planning transactions, one per batch. A plan that was cut off is thrown away and made again: nothing
//! was sent from it, because `meta.plan` says `planned` only after the last batch.

use rusqlite::params;

use crate::write::journal::Journal;
use crate::write::plan::documents::PlannedJoinedRow;
use bakkt_model::verdict::Verdict;

/// One row of the plan.
#[derive(Clone, Copy, Debug)]
pub struct PlannedRow<'a> {
    /// Number of its file, from [`Journal::add_file`].
    pub file: i64,
    /// Line where the row starts.
    pub row: u64,
    /// Its byte offset in the file.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u32,
    /// clientAccountId, when it may be kept.
    pub client_id: Option<&'a str>,
    /// What becomes of the record.
    pub verdict: Verdict,
    /// Reason of an exclusion, or the finding that blocks it.
    pub reason: Option<&'a str>,
    /// Keyed payload hash, when it can be sent.
    pub hash: Option<&'a [u8; 32]>,
    /// With the hash: a mark for each field that no update may change.
    pub fixed: Option<&'a [u8]>,
    /// Keyed hash of the primary owner.
    pub person: Option<&'a [u8; 16]>,
    /// With the hash: marks of the agreements.
    pub agreements: Option<&'a [u8]>,
    /// With the hash: marks of the owners of an entity.
    pub owners: Option<&'a [u8]>,
    /// Gaps: path, reason, level; file and row, 0 and 0 for the record's own row.
    pub gaps: &'a [(&'a str, &'a str, &'static str, (i64, u64))],
    /// Its joined rows.
    pub parts: &'a [PlannedJoinedRow],
}

impl Journal {
    /// Whether a plan was finished.
    pub fn is_planned(&self) -> anyhow::Result<bool> {
        Ok(self.meta("plan")?.as_deref() == Some("planned"))
    }

    /// Starts a plan; what an earlier attempt left is thrown away.
    pub fn begin_plan(&mut self, as_of: &str) -> anyhow::Result<()> {
        self.followers = None;
        self.transaction(|journal| {
            journal.set_meta("plan", "planning")?;
            journal.set_meta("as_of", as_of)?;
            for table in [
                "elsewhere",
                "finding",
                "gap",
                "task",
                "attempt",
                "part",
                "unused",
                "owner",
                "document",
                "record",
                "file",
                "policy",
                "fingerprint",
            ] {
                journal.db.execute(&format!("DELETE FROM {table}"), [])?;
            }
            Ok(())
        })
    }

    /// Adds a batch of rows, each with the number of its record.
    pub fn add_rows<'a>(
        &mut self,
        rows: impl Iterator<Item = (u64, PlannedRow<'a>)>,
    ) -> anyhow::Result<()> {
        let at = crate::now();
        self.transaction(|journal| {
            for (record, row) in rows {
                journal.add_row(record, &row, at)?;
            }
            Ok(())
        })
    }

    fn add_row(&mut self, record: u64, row: &PlannedRow<'_>, at: i64) -> anyhow::Result<()> {
        let record = record as i64;
        let reason = row.reason.map(|reason| self.word(reason)).transpose()?;
        self.db
            .prepare_cached("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?
            .execute(params![
                record,
                row.file,
                row.row as i64,
                row.offset as i64,
                row.length,
                row.client_id,
                row.verdict as i64,
                reason,
                row.hash,
                row.gaps.len() as i64,
                row.fixed,
                row.person,
                row.agreements,
                row.owners
            ])?;
        for (path, reason, level, (file, line)) in row.gaps {
            let (path, reason) = (self.word(path)?, self.word(reason)?);
            self.db
                .prepare_cached("INSERT OR IGNORE INTO gap VALUES (?, ?, ?, ?, 'open', ?, ?, ?)")?
                .execute(params![record, path, reason, level, file, *line as i64, at])?;
        }
        for part in row.parts {
            self.add_part(part)?;
        }
        if row.verdict.sendable() {
            self.db
                .prepare_cached(sql!("INSERT INTO task (id, record, kind, state) VALUES (?, ?, {kind.account}, {state.open})"))?
                .execute(params![record, record])?;
        }
        Ok(())
    }

    /// Marks records as duplicates, and removes their gaps and tasks.
    pub fn mark_duplicates<'a>(
        &mut self,
        duplicates: impl Iterator<Item = (u32, &'a str)>,
    ) -> anyhow::Result<()> {
        self.transaction(|journal| {
            for (record, reason) in duplicates {
                let reason = journal.word(reason)?;
                journal
                    .db
                    .prepare_cached("UPDATE record SET verdict = ?, reason = ?, hash = NULL, fixed = NULL, agreements = NULL, owners = NULL, gaps = 0 WHERE id = ?")?
                    .execute(params![Verdict::Duplicate as i64, reason, record])?;
                journal.db.prepare_cached("DELETE FROM gap WHERE record = ?")?.execute([record])?;
                journal.db.prepare_cached("DELETE FROM finding WHERE record = ?")?.execute([record])?;
                journal.db.prepare_cached("DELETE FROM task WHERE record = ?")?.execute([record])?;
            }
            Ok(())
        })
    }

    /// Finishes a plan: from here on it can be sent.
    pub fn finish_plan(
        &mut self,
        facts: &[(&str, String)],
        fingerprints: &[(String, [u8; 32])],
        policy: &[(String, String, String)],
    ) -> anyhow::Result<()> {
        self.transaction(|journal| {
            for (key, value) in facts {
                journal.set_meta(key, value)?;
            }
            for (name, hash) in fingerprints {
                journal.db.execute(
                    "INSERT OR REPLACE INTO fingerprint VALUES (?, ?)",
                    params![name, hash],
                )?;
            }
            for (path, level, reason) in policy {
                journal.db.execute(
                    "INSERT OR REPLACE INTO policy VALUES (?, ?, ?)",
                    params![path, level, reason],
                )?;
            }
            journal.set_meta("plan", "planned")
        })
    }

    /// The fingerprints of the plan, by name.
    pub fn fingerprints(&self) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
        let mut statement = self
            .db
            .prepare("SELECT name, hash FROM fingerprint ORDER BY name")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
