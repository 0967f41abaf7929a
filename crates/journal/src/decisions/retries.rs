//! Sending refused and given-up tasks again.
//!
//! Left out: accounts and documents in doubt, which are settled by asking Bakkt.

use rusqlite::params;

use crate::write::journal::Journal;
use crate::write::operator_log::{OperatorNote, target_of};
use crate::write::task_history::RETRIED;
use crate::write::tasks::{Also, Selection};
use crate::write::transitions::TaskEvent;
use bakkt_model::task::FreedTasks;

/// Tasks that were refused or given up.
const STOPPED: &str = sql!(
    "SELECT t.id FROM task t JOIN record r ON r.id = t.record LEFT JOIN word c ON c.id = t.code
     WHERE t.state IN ({state.stopped})"
);

impl Journal {
    /// Opens refused and given-up tasks again: those selected, with this code if one is given. Returns how many.
    pub fn retry(
        &mut self,
        selection: &Selection,
        code: Option<&str>,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<u64> {
        let selected = if selection.only.is_some() {
            "AND r.client_id IN (SELECT client_id FROM only_these)"
        } else {
            ""
        };
        let coded = if code.is_some() {
            "AND c.text IN (?1, ?2)"
        } else {
            "AND ?1 IS NULL AND ?2 IS NULL"
        };
        let sql = format!("{STOPPED} {coded} {selected}");
        self.transaction(|journal| {
            let code = code.map(|code| journal.spellings(code)).transpose()?;
            let tasks: Vec<i64> = {
                let spelled = code
                    .as_ref()
                    .map(|code| (&code.plain, &code.hidden))
                    .unzip();
                let mut statement = journal.db.prepare(&sql)?;
                let rows = statement.query_map(params![spelled.0, spelled.1], |row| row.get(0))?;
                rows.collect::<Result<_, _>>()?
            };
            for task in &tasks {
                journal.revive(*task, RETRIED, decided)?;
            }
            let target = match (&selection.only, code) {
                (Some(ids), _) => target_of(ids),
                (None, Some(code)) => format!("code {}", code.shown),
                (None, None) => "all refused and given up".to_owned(),
            };
            journal.log("retry", &target, decided, tasks.len() as u64)?;
            Ok(tasks.len() as u64)
        })
    }

    /// Opens a task again: what depends on it waits again, and what it had come to is kept.
    pub(crate) fn revive(
        &mut self,
        task: i64,
        decision: &str,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<()> {
        let at = decided.at;
        self.set_aside(&[task], false, decision, decided)?;
        let before = self.advance(task, TaskEvent::Revive, at, Also::Reason(None))?;
        self.follow_account(before.record, at, &mut FreedTasks::default())
    }
}
