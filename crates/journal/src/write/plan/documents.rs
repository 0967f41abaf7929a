//! Writing the rest of a plan: its files, joined rows, owners, documents and KYB.
//!
//! All of it is written after the records, before the plan is finished. Document and KYB tasks are planned as held, because they
//! wait for their account. Left out: freeing them (`write::waiting_tasks`).

use rusqlite::{OptionalExtension, params};

use crate::schema::codes::{DocumentVerdict, kind};
use crate::schema::counters::Counted;
use crate::write::gap_sets::KeptGap;
use crate::write::journal::Journal;
use crate::write::plan::records::new_task;
use crate::write::waiting_tasks::ACCOUNT_OPEN;
use bakkt_model::state::State;
use bakkt_model::task::PayloadHash;
use bakkt_model::verdict::Verdict;

/// One document of the plan.
#[derive(Clone, Copy, Debug)]
pub struct PlannedDocument<'a> {
    /// The record of its account; 0 when the plan has none.
    pub record: u64,
    /// Number of the manifest or of the folder pattern, from [`Journal::add_file`].
    pub file: i64,
    /// Line of the manifest; 0 with a folder pattern.
    pub row: u64,
    /// Byte offset of the manifest's row.
    pub offset: u64,
    /// Bytes of the manifest's row.
    pub length: u32,
    /// With a folder pattern: the path below the documents folder.
    pub path: Option<&'a str>,
    /// The place as it may be shown: without what the pattern leaves open, which may be a name.
    pub shown: Option<&'a str>,
    /// The owner's place, from 0; none: the account's own document.
    pub place: Option<u32>,
    /// documentType, when it is one.
    pub document_type: Option<&'a str>,
    /// documentSide, when it is one.
    pub side: Option<&'a str>,
    /// Its side is FRONT by assumption: it needs one and nothing states it.
    pub side_assumed: bool,
    /// Bits of `contract::documents::proof`.
    pub proves: u32,
    /// SHA-256 of its content, where it was read.
    pub sha256: Option<[u8; 32]>,
    /// Its size in bytes.
    pub size: u64,
    /// clientDocumentId, when it can be sent.
    pub uuid: Option<&'a str>,
    /// Keyed hash of the metadata, when it can be sent.
    pub hash: Option<&'a PayloadHash>,
    /// What becomes of it; `Same` is found when it is added.
    pub verdict: DocumentVerdict,
    /// Why it is not sent.
    pub reason: Option<&'a str>,
}

/// A gap in another row than its record's own, or one that was found after the row was judged.
#[derive(Clone, Copy, Debug)]
pub struct LaterGap<'a> {
    /// The number of the record.
    pub record: u64,
    /// Path, reason and level, as those of a row.
    pub gap: (&'a str, &'a str, &'static str),
    /// File and row; 0 and 0: the record's own row.
    pub at: (i64, u64),
}

/// A joined row of a record.
#[derive(Clone, Copy, Debug)]
pub struct PlannedJoinedRow {
    /// The number of the record.
    pub record: u64,
    /// 0 further row of its group, 1 owner, 2 trusted contact, 3 row of a backfill file.
    pub list: u8,
    /// Its place in the order of mapping, from 0.
    pub place: u32,
    /// Number of the file, from [`Journal::add_file`].
    pub file: i64,
    /// Line, byte offset and bytes.
    pub at: bakkt_model::position::Position,
}

const SAME: &str = "the same file for the same owner, type and side as an earlier one";

impl Journal {
    /// Adds a file to the plan, and returns its number.
    pub fn add_file(&mut self, name: &str, role: &str) -> anyhow::Result<i64> {
        self.transaction(|journal| {
            journal.db.execute(
                "INSERT INTO file (name, role) VALUES (?, ?)",
                params![name, role],
            )?;
            Ok(journal.db.last_insert_rowid())
        })
    }

    /// Records how many rows a file had.
    pub fn count_file(&mut self, file: i64, rows: u64, blank_lines: u64) -> anyhow::Result<()> {
        self.transaction(|journal| {
            journal.db.execute(
                "UPDATE file SET rows = ?2, blank_lines = ?3 WHERE id = ?1",
                params![file, rows as i64, blank_lines as i64],
            )?;
            Ok(())
        })
    }

    /// Adds a joined row, inside a transaction.
    pub(crate) fn add_part(&mut self, part: &PlannedJoinedRow) -> anyhow::Result<()> {
        let at = part.at;
        self.db
            .prepare_cached("INSERT INTO part VALUES (?, ?, ?, ?, ?, ?, ?)")?
            .execute(params![
                part.record as i64,
                part.list,
                part.place,
                part.file,
                at.row as i64,
                at.offset as i64,
                at.length
            ])?;
        Ok(())
    }

    /// Adds rows that nothing uses: file, row, why.
    pub fn add_unused<'a>(
        &mut self,
        rows: impl Iterator<Item = (i64, u64, &'a str)>,
    ) -> anyhow::Result<()> {
        self.transaction(|journal| {
            for (file, row, reason) in rows {
                let reason = journal.word(reason)?;
                journal
                    .db
                    .prepare_cached("INSERT OR IGNORE INTO unused VALUES (?, ?, ?)")?
                    .execute(params![file, row as i64, reason])?;
            }
            Ok(())
        })
    }

    /// Adds owners of records that need KYB or have documents: record, place, clientOwnerId, bits of `contract::documents::owner`.
    pub fn add_owners<'a>(
        &mut self,
        owners: impl Iterator<Item = (u64, u32, &'a str, u32)>,
    ) -> anyhow::Result<()> {
        self.transaction(|journal| {
            for (record, place, id, flags) in owners {
                journal
                    .db
                    .prepare_cached("INSERT INTO owner VALUES (?, ?, ?, ?)")?
                    .execute(params![record as i64, place, id, flags])?;
            }
            Ok(())
        })
    }

    /// Removes the owners of records that turned out not to be sent.
    pub fn drop_owners(&mut self, records: impl Iterator<Item = u32>) -> anyhow::Result<()> {
        self.transaction(|journal| {
            for record in records {
                journal
                    .db
                    .prepare_cached("DELETE FROM owner WHERE record = ?")?
                    .execute([record])?;
            }
            Ok(())
        })
    }

    /// Adds gaps to records that are planned already; one that was ready is in grace then. Excluded and duplicate
    /// records have no gaps.
    pub fn add_gaps<'a>(&mut self, gaps: impl Iterator<Item = LaterGap<'a>>) -> anyhow::Result<()> {
        let opened_at = self.plan_begun_at;
        self.transaction(|journal| {
            for later in gaps {
                let record = later.record as i64;
                let (path, reason, level) = later.gap;
                let gap = KeptGap {
                    path: journal.word(path)?,
                    reason: journal.word(reason)?,
                    at: (later.at.0, later.at.1 as i64),
                    level: level.chars().next().unwrap_or('G'),
                    is_open: true,
                    opened_at,
                };
                journal.add_gap(record, gap)?;
            }
            Ok(())
        })
    }

    fn add_gap(&mut self, record: i64, gap: KeptGap) -> anyhow::Result<()> {
        let mut statement = self.db.prepare_cached(sql!(
            "SELECT verdict, gap_set FROM record WHERE id = ? AND verdict IN ({verdict.judged})"
        ))?;
        let found = statement.query_row([record], |row| Ok((row.get(0)?, row.get(1)?)));
        let found: Option<(i64, Option<i64>)> = found.optional()?;
        drop(statement);
        let Some((verdict, set)) = found else {
            return Ok(());
        };
        let Some(grown) = self.grown_set(record, set, gap)? else {
            return Ok(());
        };
        let mut now = verdict;
        if verdict == Verdict::Ready as i64 {
            now = Verdict::Grace as i64;
            self.counters.add(Counted::Verdict(verdict), -1);
            self.counters.add(Counted::Verdict(now), 1);
        }
        self.db
            .prepare_cached(
                "UPDATE record SET gap_set = ?2, gaps = ?3, verdict = ?4 WHERE id = ?1",
            )?
            .execute([record, grown.set, grown.gaps, now])?;
        Ok(())
    }

    /// Adds documents, and a held task for each that is sent.
    pub fn add_documents<'a>(
        &mut self,
        documents: impl Iterator<Item = PlannedDocument<'a>>,
    ) -> anyhow::Result<()> {
        self.transaction(|journal| {
            for document in documents {
                journal.add_document(&document)?;
            }
            Ok(())
        })
    }

    fn is_of_forgotten(&self, record: u64) -> anyhow::Result<bool> {
        if self.forgotten.is_empty() {
            return Ok(false);
        }
        let mut known = self.db.prepare_cached(
            "SELECT 1 FROM record r JOIN erased e ON e.name = r.client_id WHERE r.id = ?",
        )?;
        Ok(known.exists([record as i64])?)
    }

    fn add_document(&mut self, document: &PlannedDocument<'_>) -> anyhow::Result<()> {
        let (mut verdict, mut reason) = (document.verdict, document.reason);
        if let Some(uuid) = document.uuid
            && verdict == DocumentVerdict::Sent
            && self
                .db
                .prepare_cached(sql!(
                    "SELECT 1 FROM document WHERE uuid = ? AND verdict = {document.sent}"
                ))?
                .query_row([uuid], |_| Ok(()))
                .optional()?
                .is_some()
        {
            (verdict, reason) = (DocumentVerdict::Same, Some(SAME));
            // One file may be listed once for each thing that it is.
            self.db
                .prepare_cached(
                    sql!("UPDATE document SET proves = proves | ?2 WHERE uuid = ?1 AND verdict = {document.sent}"),
                )?
                .execute(params![uuid, document.proves])?;
        }
        let mut word = |text: Option<&str>| text.map(|text| self.word(text)).transpose();
        let (document_type, side, reason) = (
            word(document.document_type)?,
            word(document.side)?,
            word(reason)?,
        );
        // Where a document of a forgotten customer stands may name the customer.
        let is_forgotten = self.is_of_forgotten(document.record)?;
        let path = document.path.filter(|_| !is_forgotten);
        let sealed = path.map(|path| self.seal(path)).transpose()?;
        self.db
            .prepare_cached("INSERT INTO document (record, file, row, offset, length, sealed, shown, place, type, side, proves, size, uuid, verdict, reason, hash, side_assumed, sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?
            .execute(params![
                document.record as i64,
                document.file,
                document.row as i64,
                document.offset as i64,
                document.length,
                sealed,
                document.shown.filter(|_| !is_forgotten),
                document.place,
                document_type,
                side,
                document.proves,
                document.size as i64,
                document.uuid.filter(|_| !is_forgotten),
                verdict as i64,
                reason,
                document.hash,
                document.side_assumed && verdict == DocumentVerdict::Sent,
                document.sha256
            ])?;
        if verdict == DocumentVerdict::Sent {
            let id = self.db.last_insert_rowid();
            let (code, message) = (self.word(ACCOUNT_OPEN.0)?, self.word(ACCOUNT_OPEN.1)?);
            self.db
                .prepare_cached(sql!("INSERT INTO task (record, kind, state, document, code, message) VALUES (?, {kind.document}, {state.held}, ?, ?, ?)"))?
                .execute(params![document.record as i64, id, code, message])?;
            self.counters
                .add_task(new_task(kind::DOCUMENT, State::Held, Some(code)), 1);
        }
        Ok(())
    }

    /// Plans a held KYB task for each of these records.
    pub fn add_kyb(&mut self, records: impl Iterator<Item = u64>) -> anyhow::Result<()> {
        self.transaction(|journal| {
            let (code, message) = (
                journal.word(ACCOUNT_OPEN.0)?,
                journal.word(ACCOUNT_OPEN.1)?,
            );
            for record in records {
                let added = journal
                    .db
                    .prepare_cached(sql!("INSERT INTO task (record, kind, state, code, message) SELECT id, {kind.kyb}, {state.held}, ?2, ?3 FROM record WHERE id = ?1 AND verdict IN ({verdict.sendable})"))?
                    .execute(params![record as i64, code, message])?;
                let held = new_task(kind::KYB, State::Held, Some(code));
                journal.counters.add_task(held, added as i64);
            }
            Ok(())
        })
    }
}
