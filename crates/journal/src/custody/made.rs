//! What custody has made, to be read back; and who needs a session.

use rusqlite::{OptionalExtension, Row, params};

use super::NEEDS_SESSION;
use crate::read::Reader;
use crate::write::journal::Journal;
use bakkt_model::custody::CustodyKind;

/// Something that Bakkt has made.
#[derive(Clone, Debug)]
pub struct MadeCustody {
    /// Number of its task.
    pub task: i64,
    /// clientAccountId.
    pub client_id: String,
    /// What it is.
    pub kind: CustodyKind,
    /// Of a bank account its currency.
    pub item: String,
    /// Bakkt's.
    pub uuid: String,
}

impl Journal {
    /// Everything that custody has made, in the order of the plan.
    pub fn made_custody(&self) -> anyhow::Result<Vec<MadeCustody>> {
        let mut statement = self.db.prepare(sql!(
            "SELECT id, client_id, kind, item, uuid FROM custody_task WHERE state = {state.accepted} AND uuid IS NOT NULL ORDER BY id"
        ))?;
        let rows = statement.query_map([], |row| {
            let kind: i64 = row.get(2)?;
            Ok(MadeCustody {
                task: row.get(0)?,
                client_id: row.get(1)?,
                kind: CustodyKind::from_number(kind).unwrap_or(CustodyKind::User),
                item: row.get(3)?,
                uuid: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Keeps what reading showed, in words: task, what, and of a user its status.
    pub fn note_custody_reading(
        &mut self,
        read: &[(i64, &str, Option<String>)],
        at: i64,
    ) -> anyhow::Result<()> {
        self.transaction(|journal| {
            for (task, what, status) in read {
                let what = journal.word(what)?;
                journal
                    .db
                    .prepare_cached("INSERT OR REPLACE INTO custody_difference VALUES (?, ?, ?)")?
                    .execute(params![task, what, at])?;
                if let Some(status) = status {
                    journal
                        .db
                        .prepare_cached("UPDATE custody_task SET status = ?2 WHERE id = ?1")?
                        .execute(params![task, status])?;
                }
            }
            Ok(())
        })
    }
}

impl Reader {
    /// Every uuid under which Bakkt has something of custody.
    pub fn each_custody_uuid(&self, mut each: impl FnMut(&str)) -> anyhow::Result<()> {
        let sql = "SELECT uuid FROM custody_task WHERE uuid IS NOT NULL";
        self.walk(sql, |row| {
            each(row.get_ref(0)?.as_str()?);
            Ok(())
        })
    }

    /// The clientAccountId of a user's uuid.
    pub fn client_of_user(&self, uuid: &str) -> anyhow::Result<Option<String>> {
        let mut statement = self.journal.prepare_cached(sql!(
            "SELECT client_id FROM custody_task WHERE kind = {custody.user} AND uuid = ?"
        ))?;
        Ok(statement
            .query_row([uuid.to_lowercase()], |row| row.get(0))
            .optional()?)
    }

    /// Whether a customer is one of this migration's custody.
    pub fn is_of_custody(&self, client_id: &str) -> anyhow::Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM custody_task WHERE client_id = ?)";
        Ok(self
            .journal
            .prepare_cached(sql)?
            .query_row([client_id], |row| row.get(0))?)
    }

    /// Customers of whom something was made that only a session can read, with their user's uuid and how many: what has
    /// numbers, or recipients too.
    pub fn sessions_to_read(
        &self,
        with_recipients: bool,
    ) -> anyhow::Result<Vec<(String, String, u64)>> {
        let mut statement = self.journal.prepare(sql!(
            "SELECT c.client_id, u.uuid, count(*) FROM custody_task c
             JOIN custody_task u ON u.client_id = c.client_id AND u.kind = {custody.user} AND u.item = '' AND u.state = {state.accepted}
             WHERE c.kind <> {custody.user} AND (?1 OR c.kind <> {custody.recipient})
             AND c.state = {state.accepted} AND c.uuid IS NOT NULL GROUP BY c.client_id, u.uuid ORDER BY min(c.id)"
        ))?;
        let rows = statement.query_map([with_recipients], wanted_session)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Customers for whom a session is needed, with their user's uuid and how many tasks wait for it.
    pub fn sessions_wanted(&self) -> anyhow::Result<Vec<(String, String, u64)>> {
        let mut statement = self.journal.prepare(sql!(
            "SELECT c.client_id, u.uuid, count(*) FROM custody_task c JOIN word w ON w.id = c.code
             JOIN custody_task u ON u.client_id = c.client_id AND u.kind = {custody.user} AND u.item = '' AND u.state = {state.accepted}
             WHERE w.text = ? AND c.state IN ({state.held}, {state.in_doubt}) GROUP BY c.client_id, u.uuid ORDER BY min(c.id)"
        ))?;
        let rows = statement.query_map([NEEDS_SESSION.0], wanted_session)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// A customer, the uuid of their user, and how many things are about them.
fn wanted_session(row: &Row<'_>) -> rusqlite::Result<(String, String, u64)> {
    let count: i64 = row.get(2)?;
    Ok((row.get(0)?, row.get(1)?, count.unsigned_abs()))
}
