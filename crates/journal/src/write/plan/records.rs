//! Writing a plan: one record per row, its gaps, and one task per record that is sent.
//!
//! Owner of the planning transactions, one per batch. A plan that was cut off is thrown away and made again: nothing
//! was sent from it, because `meta.plan` says `planned` only after the last batch.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, params};

use crate::schema::codes::kind;
use crate::schema::counters::{self, Counted, CountedTask};
use crate::schema::refused;
use crate::write::gap_sets::KeptGap;
use crate::write::journal::Journal;
use crate::write::plan::documents::PlannedJoinedRow;
use crate::write::plan::elements::PlannedElement;
use bakkt_model::state::State;
use bakkt_model::task::PayloadHash;
use bakkt_model::verdict::Verdict;

/// The keyed hash of something that changes payloads or verdicts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// The name under which a person knows it.
    pub name: String,
    /// The keyed hash.
    pub hash: [u8; 32],
    /// Keyed hash of the state of the file that has this hash, where it is known.
    pub state: Option<[u8; 32]>,
}

/// A task that nothing has happened to yet.
pub(crate) fn new_task(kind: i64, state: State, code: Option<i64>) -> CountedTask {
    CountedTask {
        kind,
        state: state as i64,
        code,
        existed: 0,
        last_at: None,
    }
}

/// What the rows of a batch add to the counters.
#[derive(Default)]
struct BatchCounts {
    verdicts: [i64; Verdict::ALL.len()],
    tasks: i64,
    files: HashMap<i64, i64>,
    sets: HashMap<i64, i64>,
}

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
    pub hash: Option<&'a PayloadHash>,
    /// With the hash: a mark for each field that no update may change, and behind them those of all others
    /// (`contract::field_marks`).
    pub fixed: Option<&'a [u8]>,
    /// Keyed hash of the primary owner.
    pub person: Option<&'a [u8; 16]>,
    /// With the hash: marks of the agreements.
    pub agreements: Option<&'a [u8]>,
    /// With the hash: marks of the owners of an entity.
    pub owners: Option<&'a [u8]>,
    /// With the hash: how many agreements have a name, a version, a date.
    pub carried: Option<&'a [u8; 3]>,
    /// Gaps: path, reason, level; file and row, 0 and 0 for the record's own row.
    pub gaps: &'a [(&'a str, &'a str, &'static str, (i64, u64))],
    /// Its joined rows.
    pub parts: &'a [PlannedJoinedRow],
    /// Who stands where, in lists whose elements are rows.
    pub elements: &'a [PlannedElement],
}

impl Journal {
    /// Whether a plan was finished.
    pub fn is_planned(&self) -> anyhow::Result<bool> {
        Ok(self.meta("plan")?.as_deref() == Some("planned"))
    }

    /// Starts a plan; what an earlier attempt left is thrown away. Until it is finished its batches do not wait for the disk:
    /// after a power cut some are missing, and the plan is made again.
    pub fn begin_plan(&mut self, as_of: &str) -> anyhow::Result<()> {
        self.commit_batches()?;
        self.planning = None;
        self.db.pragma_update(None, "synchronous", "NORMAL")?;
        self.followers = None;
        self.gap_sets = None;
        self.transaction(|journal| {
            journal.set_meta("plan", "planning")?;
            journal.set_meta("as_of", as_of)?;
            journal.plan_begun_at = crate::now();
            for table in [
                "other_shard",
                "counter",
                "custody_task",
                "custody_attempt",
                "custody_gap",
                "custody_name",
                "custody_difference",
                "finding",
                "gap_set",
                "gap_element",
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
        })?;
        self.forgotten = self.erased()?;
        self.planning = Some(0);
        Ok(())
    }

    /// The name under which a customer stays who was forgotten.
    fn forgotten_name(&self, client_id: Option<&str>) -> Option<String> {
        let client_id = client_id.filter(|_| !self.forgotten.is_empty())?;
        Some(self.erased_name(client_id)).filter(|name| self.forgotten.contains(name))
    }

    /// Adds a batch of rows, each with the number of its record.
    pub fn add_rows<'a>(
        &mut self,
        rows: impl Iterator<Item = (u64, PlannedRow<'a>)>,
    ) -> anyhow::Result<()> {
        self.transaction(|journal| {
            let mut counts = BatchCounts::default();
            for (record, row) in rows {
                journal.add_row(record, &row, &mut counts)?;
            }
            journal.count_batch(&counts)
        })
    }

    fn add_row(
        &mut self,
        record: u64,
        row: &PlannedRow<'_>,
        counts: &mut BatchCounts,
    ) -> anyhow::Result<()> {
        let record = record as i64;
        let reason = row.reason.map(|reason| self.word(reason)).transpose()?;
        let set = self.planned_gaps(record, row.gaps)?;
        let forgotten = self.forgotten_name(row.client_id);
        self.db
            .prepare_cached(
                "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                record,
                row.file,
                row.row as i64,
                row.offset as i64,
                row.length,
                forgotten.as_deref().or(row.client_id),
                row.verdict as i64,
                reason,
                row.hash,
                row.gaps.len() as i64,
                row.fixed,
                row.person,
                row.agreements,
                row.owners,
                set,
                row.carried
            ])?;
        for part in row.parts {
            self.add_part(part)?;
        }
        self.add_elements(record, row.elements)?;
        counts.verdicts[row.verdict as usize] += 1;
        *counts.files.entry(row.file).or_default() += 1;
        if let Some(set) = set {
            *counts.sets.entry(set).or_default() += 1;
        }
        if row.verdict.sendable() {
            self.db
                .prepare_cached(sql!("INSERT INTO task (id, record, kind, state) VALUES (?, ?, {kind.account}, {state.open})"))?
                .execute(params![record, record])?;
            counts.tasks += 1;
        }
        Ok(())
    }

    fn planned_gaps(
        &mut self,
        record: i64,
        gaps: &[(&str, &str, &'static str, (i64, u64))],
    ) -> anyhow::Result<Option<i64>> {
        let opened_at = self.plan_begun_at;
        let kept = gaps.iter().map(|(path, reason, level, (file, row))| {
            Ok(KeptGap {
                path: self.word(path)?,
                reason: self.word(reason)?,
                at: (*file, *row as i64),
                level: level.chars().next().unwrap_or('G'),
                is_open: true,
                opened_at,
            })
        });
        let kept = kept.collect::<anyhow::Result<Vec<KeptGap>>>()?;
        self.gap_set(record, kept)
    }

    fn count_batch(&mut self, counts: &BatchCounts) -> anyhow::Result<()> {
        for (verdict, count) in Verdict::ALL.into_iter().zip(counts.verdicts) {
            self.counters.add(Counted::Verdict(verdict as i64), count);
        }
        for (file, count) in &counts.files {
            self.counters.add(Counted::RecordsOf(*file), *count);
        }
        for (set, count) in &counts.sets {
            self.count_gaps(Some(*set), *count)?;
        }
        let open = new_task(kind::ACCOUNT, State::Open, None);
        self.counters.add_task(open, counts.tasks);
        Ok(())
    }

    /// Counts a record with its gaps and tasks once more (1) or less (-1): before and after it is changed as a whole.
    pub(crate) fn count_record(&mut self, record: i64, by: i64) -> anyhow::Result<()> {
        let mut statement = self
            .db
            .prepare_cached("SELECT verdict, gap_set FROM record WHERE id = ?")?;
        let found = statement.query_row([record], |row| Ok((row.get(0)?, row.get(1)?)));
        let Some((verdict, set)) = found.optional()? else {
            return Ok(());
        };
        drop(statement);
        self.counters.add(Counted::Verdict(verdict), by);
        self.count_gaps(set, by)?;
        let mut statement = self.db.prepare_cached(
            "SELECT kind, state, code, existed, last_at FROM task WHERE record = ?",
        )?;
        let mut rows = statement.query([record])?;
        while let Some(row) = rows.next()? {
            self.counters.add_task(counters::task(row)?, by);
        }
        Ok(())
    }

    /// Takes all gaps of a record away; they are counted elsewhere.
    pub(crate) fn drop_gaps(&mut self, record: i64) -> anyhow::Result<()> {
        self.db
            .prepare_cached("DELETE FROM gap_set WHERE id = ?")?
            .execute([-record])?;
        self.db
            .prepare_cached("DELETE FROM gap_element WHERE record = ?")?
            .execute([record])?;
        self.db
            .prepare_cached("UPDATE record SET gap_set = NULL, gaps = 0 WHERE id = ?")?
            .execute([record])?;
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
                journal.count_record(record.into(), -1)?;
                journal.drop_gaps(record.into())?;
                journal
                    .db
                    .prepare_cached("UPDATE record SET verdict = ?, reason = ?, hash = NULL, fixed = NULL, agreements = NULL, owners = NULL WHERE id = ?")?
                    .execute(params![Verdict::Duplicate as i64, reason, record])?;
                journal.db.prepare_cached("DELETE FROM finding WHERE record = ?")?.execute([record])?;
                journal.db.prepare_cached("DELETE FROM task WHERE record = ?")?.execute([record])?;
                journal.count_record(record.into(), 1)?;
            }
            Ok(())
        })
    }

    /// Finishes a plan: from here on it can be sent.
    pub fn finish_plan(
        &mut self,
        facts: &[(&str, String)],
        fingerprints: &[Fingerprint],
        policy: &[(String, String, String)],
    ) -> anyhow::Result<()> {
        self.commit_batches()?;
        self.planning = None;
        // This commit is durable, and all before it with it.
        self.db.pragma_update(None, "synchronous", "FULL")?;
        self.transaction(|journal| {
            for (key, value) in facts {
                journal.set_meta(key, value)?;
            }
            journal.keep_elements_with_gaps()?;
            journal.counters.add_joined(&journal.db)?;
            journal
                .counters
                .add_findings(&journal.db, counters::sql::FINDINGS, 1)?;
            for Fingerprint { name, hash, state } in fingerprints {
                journal.db.execute(
                    "INSERT OR REPLACE INTO fingerprint VALUES (?, ?, ?)",
                    params![name, hash, state],
                )?;
            }
            for (path, level, reason) in policy {
                journal.db.execute(
                    "INSERT OR REPLACE INTO policy VALUES (?, ?, ?)",
                    params![path, level, reason],
                )?;
            }
            journal.set_meta("plan", "planned")?;
            journal.append_plan("planned", crate::now())
        })
    }

    /// The fingerprints of the plan, by name.
    pub fn fingerprints(&self) -> anyhow::Result<Vec<Fingerprint>> {
        let mut statement = self
            .db
            .prepare("SELECT name, hash, state FROM fingerprint ORDER BY name")?;
        let rows = statement.query_map([], |row| {
            Ok(Fingerprint {
                name: row.get(0)?,
                hash: row.get(1)?,
                state: row.get(2)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Keeps in which states files have the fingerprints that the plan has of them.
    pub fn know_states(&self, prints: &[Fingerprint]) -> anyhow::Result<()> {
        let mut keep = self.db.prepare_cached(
            "UPDATE fingerprint SET state = ?3 WHERE name = ?1 AND hash = ?2 AND state IS NOT ?3",
        )?;
        for Fingerprint { name, hash, state } in prints {
            if state.is_some() {
                keep.execute(params![name, hash, state])
                    .map_err(|error| refused("written", &error))?;
            }
        }
        Ok(())
    }
}
