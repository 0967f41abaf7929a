//! Writing the custody part of a plan.

use rusqlite::params;

use super::{ACCOUNT_OPEN, USER_OPEN};
use crate::schema::codes::LIST_RECIPIENTS;
use crate::write::PlannedJoinedRow;
use crate::write::journal::Journal;
use bakkt_model::custody::CustodyKind;
use bakkt_model::position::Position;
use bakkt_model::state::State;

/// One thing to make for a customer.
#[derive(Clone, Debug)]
pub struct PlannedCustodyTask {
    /// What.
    pub kind: CustodyKind,
    /// Of a bank account its currency, of a recipient a keyed hash; else empty.
    pub item: String,
    /// Keyed hash of its body.
    pub hash: [u8; 32],
    /// File and row of a recipient that stands in a row of its own; 0 and 0: the record's own.
    pub at: (i64, u64),
}

/// What custody makes of one record.
#[derive(Clone, Debug, Default)]
pub struct PlannedCustody {
    /// The number of the record.
    pub record: u64,
    /// What is to be made.
    pub tasks: Vec<PlannedCustodyTask>,
    /// What is not, and why: path, reason, file and row.
    pub gaps: Vec<(String, String, (i64, u64))>,
    /// Names that go transliterated: their paths.
    pub names: Vec<&'static str>,
    /// Rows of its recipients: number of the file, and where.
    pub rows: Vec<(i64, Position)>,
}

const TASK: &str = sql!(
    "INSERT OR IGNORE INTO custody_task (client_id, record, kind, item, file, row, hash, state, code, message)
     SELECT client_id, id, ?2, ?3, ?4, ?5, ?6, {state.held}, ?7, ?8 FROM record
     WHERE id = ?1 AND client_id IS NOT NULL AND verdict IN ({verdict.sendable})"
);

/// Only of records that are sent: what stands against the others is the account's own trouble.
const GAP: &str = sql!(
    "INSERT OR IGNORE INTO custody_gap SELECT id, ?2, ?3, ?4, ?5 FROM record WHERE id = ?1 AND verdict IN ({verdict.sendable})"
);

impl Journal {
    /// Adds what custody makes of some records. All tasks are held: a user waits for the account, the rest for the user.
    pub fn add_custody(&mut self, planned: &[PlannedCustody]) -> anyhow::Result<()> {
        self.transaction(|journal| {
            let reasons = [ACCOUNT_OPEN, USER_OPEN].map(|(code, message)| {
                Ok::<_, anyhow::Error>((journal.word(code)?, journal.word(message)?))
            });
            let [account, user] = reasons;
            let (account, user) = (account?, user?);
            for one in planned {
                let record = one.record as i64;
                for task in &one.tasks {
                    let (code, message) = match task.kind {
                        CustodyKind::User => account,
                        _ => user,
                    };
                    journal.db.prepare_cached(TASK)?.execute(params![
                        record,
                        task.kind as i64,
                        task.item,
                        task.at.0,
                        task.at.1 as i64,
                        task.hash,
                        code,
                        message
                    ])?;
                }
                for (path, reason, (file, row)) in &one.gaps {
                    let (path, reason) = (journal.word(path)?, journal.word(reason)?);
                    journal.db.prepare_cached(GAP)?.execute(params![
                        record,
                        path,
                        reason,
                        file,
                        *row as i64
                    ])?;
                }
                for path in &one.names {
                    let path = journal.word(path)?;
                    journal
                        .db
                        .prepare_cached("INSERT OR IGNORE INTO custody_name VALUES (?, ?)")?
                        .execute(params![record, path])?;
                }
                for (place, (file, at)) in (0..).zip(&one.rows) {
                    journal.add_part(&PlannedJoinedRow {
                        record: one.record,
                        list: LIST_RECIPIENTS,
                        place,
                        file: *file,
                        at: *at,
                    })?;
                }
            }
            Ok(())
        })
    }

    /// Takes all custody tasks of some records back, for a reason that only the whole export shows, and keeps the reason.
    pub fn drop_custody(
        &mut self,
        records: &[u64],
        (path, reason): (&str, &str),
    ) -> anyhow::Result<()> {
        self.transaction(|journal| {
            let (path, reason) = (journal.word(path)?, journal.word(reason)?);
            for record in records {
                let record = *record as i64;
                journal
                    .db
                    .prepare_cached("DELETE FROM custody_task WHERE record = ?")?
                    .execute([record])?;
                journal
                    .db
                    .prepare_cached(GAP)?
                    .execute(params![record, path, reason, 0, 0])?;
            }
            Ok(())
        })
    }

    /// Whether the plan has custody at all.
    pub fn has_custody(&self) -> anyhow::Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM custody_task)";
        Ok(self.db.query_row(sql, [], |row| row.get(0))?)
    }

    /// Number of custody tasks in a state.
    pub fn count_custody(&self, state: State) -> anyhow::Result<u64> {
        let sql = "SELECT count(*) FROM custody_task WHERE state = ?";
        let count: i64 = self.db.query_row(sql, [state as i64], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }
}
