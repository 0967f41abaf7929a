//! Writing the findings of a plan, and blocking the records that they block.
//!
//! A finding is a kind, a field and a position, never a value or anything made of one. Left out: reading findings
//! (`read::findings`).

use rusqlite::params;

use crate::write::journal::Journal;
use bakkt_model::finding::FindingKind;
use bakkt_model::verdict::Verdict;

/// Why a document of a blocked account is not sent.
const ITS_ACCOUNT: &str = "its account is blocked";

/// One finding of the plan.
#[derive(Clone, Copy, Debug)]
pub struct PlannedFinding<'a> {
    /// The record; 0: none.
    pub record: u64,
    /// What was found.
    pub kind: FindingKind,
    /// The field, where it is one.
    pub path: Option<&'a str>,
    /// Where it stands: the file and the row; 0 and 0 for the record's own row.
    pub at: (i64, u64),
    /// The record that its group begins with; 0: none.
    pub first: u64,
}

impl Journal {
    /// Adds findings.
    pub fn add_findings<'a>(
        &mut self,
        findings: impl Iterator<Item = PlannedFinding<'a>>,
    ) -> anyhow::Result<()> {
        let mut findings = findings.peekable();
        if findings.peek().is_none() {
            return Ok(());
        }
        self.transaction(|journal| {
            for finding in findings {
                let kind = journal.word(finding.kind.name())?;
                let path = match finding.path {
                    Some(path) => journal.word(path)?,
                    None => 0,
                };
                let (file, row) = finding.at;
                journal
                    .db
                    .prepare_cached("INSERT OR IGNORE INTO finding VALUES (?, ?, ?, ?, ?, ?)")?
                    .execute(params![
                        finding.record as i64,
                        kind,
                        path,
                        file,
                        row as i64,
                        finding.first as i64
                    ])?;
            }
            Ok(())
        })
    }

    /// Leaves out the documents of records that were blocked; they count as no gaps.
    pub fn leave_documents(&mut self, records: impl Iterator<Item = u32>) -> anyhow::Result<()> {
        let mut records = records.peekable();
        if records.peek().is_none() {
            return Ok(());
        }
        self.transaction(|journal| {
            let reason = journal.word(ITS_ACCOUNT)?;
            for record in records {
                journal
                    .db
                    .prepare_cached(sql!("UPDATE document SET verdict = {document.account_not_sent}, reason = ?, hash = NULL, uuid = NULL WHERE record = ?"))?
                    .execute(params![reason, record])?;
                let record = i64::from(record);
                let gaps = journal.gaps_of(record)?;
                let mut is_of_document = journal.db.prepare_cached(
                    "SELECT 1 FROM word WHERE id = ? AND text LIKE 'documents%'",
                )?;
                let mut left = Vec::new();
                for gap in gaps {
                    if !is_of_document.exists([gap.path])? {
                        left.push(gap);
                    }
                }
                drop(is_of_document);
                journal.set_gaps(record, left)?;
            }
            Ok(())
        })
    }

    /// Blocks records that were to be sent, because of a finding: their tasks and owners go, their gaps stay.
    pub fn block(
        &mut self,
        records: impl Iterator<Item = (u32, FindingKind)>,
    ) -> anyhow::Result<()> {
        let mut records = records.peekable();
        if records.peek().is_none() {
            return Ok(());
        }
        self.transaction(|journal| {
            for (record, kind) in records {
                let reason = journal.word(&kind.reason())?;
                journal.count_record(record.into(), -1)?;
                journal
                    .db
                    .prepare_cached(sql!("UPDATE record SET verdict = ?, reason = ?, hash = NULL, fixed = NULL WHERE id = ? AND verdict IN ({verdict.sendable})"))?
                    .execute(params![Verdict::Blocked as i64, reason, record])?;
                for table in ["task", "owner"] {
                    journal
                        .db
                        .prepare_cached(&format!("DELETE FROM {table} WHERE record = ?"))?
                        .execute([record])?;
                }
                journal.count_record(record.into(), 1)?;
            }
            Ok(())
        })
    }
}
