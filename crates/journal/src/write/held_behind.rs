//! Which held tasks a limited run will free.
//!
//! A run sends accounts before updates, each in the order of the plan, so the first ones are known beforehand. Left out: tasks
//! that wait for accounts which the run does not reach.

use rusqlite::params;

use crate::write::journal::Journal;
use bakkt_model::state::State;
use bakkt_model::task::TaskKind;

/// Held tasks that the accounts of a run will free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldTasks {
    /// Documents of these accounts.
    pub documents: u64,
    /// KYB of these accounts, and of accounts whose documents are open already.
    pub kyb: u64,
}

impl Journal {
    /// Counts the held tasks that the first `accounts` open creations and updates will free.
    pub fn behind(&self, accounts: u64, selected: bool) -> anyhow::Result<HeldTasks> {
        let filter = if selected {
            "AND record IN (SELECT id FROM record WHERE client_id IN (SELECT client_id FROM only_these))"
        } else {
            ""
        };
        let (open, held) = (State::Open as i64, State::Held as i64);
        let (document, kyb) = (TaskKind::Document as i64, TaskKind::Kyb as i64);
        let (account, update) = (TaskKind::Account as i64, TaskKind::Update as i64);
        let first = format!(
            "SELECT record FROM (SELECT record FROM task WHERE state = {open} AND kind IN ({account}, {update}) {filter}
             ORDER BY kind, id LIMIT ?1)"
        );
        let with_documents =
            format!("SELECT record FROM task WHERE state = {open} AND kind = {document} {filter}");
        let count = |kind: i64, records: &str| -> anyhow::Result<u64> {
            let sql = format!(
                "SELECT count(*) FROM task WHERE state = {held} AND kind = {kind} AND record IN ({records})"
            );
            let most = i64::try_from(accounts).unwrap_or(i64::MAX);
            let count: i64 = self.db.query_row(&sql, params![most], |row| row.get(0))?;
            Ok(count as u64)
        };
        Ok(HeldTasks {
            documents: count(document, &first)?,
            kyb: count(kyb, &format!("{first} UNION {with_documents}"))?,
        })
    }
}
