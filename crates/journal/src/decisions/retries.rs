//! Sending refused and given-up tasks again.
//!
//! Left out: accounts and documents in doubt, which are settled by asking Bakkt.

use rusqlite::params;

use crate::write::journal::Journal;
use crate::write::operator_log::{OperatorNote, target_of};
use crate::write::task_history::RETRIED;
use crate::write::tasks::only_selected;
use crate::write::tasks::{Also, Selection};
use crate::write::transitions::TaskEvent;
use bakkt_model::error::Failure;
use bakkt_model::task::FreedTasks;

/// Their codes, each once.
const CODES: &str = sql!(
    "SELECT c.text FROM task t JOIN word c ON c.id = t.code WHERE t.state IN ({state.stopped})
     UNION SELECT c.text FROM custody_task t JOIN word c ON c.id = t.code WHERE t.state IN ({state.stopped}) ORDER BY 1"
);

/// Tasks that were refused or given up.
const STOPPED: &str = sql!(
    "SELECT t.id FROM task t JOIN record r ON r.id = t.record LEFT JOIN word c ON c.id = t.code
     WHERE t.state IN ({state.stopped})"
);

impl Journal {
    /// Opens refused and given-up tasks again, those of custody too: those selected, with this code if one is given. Returns how many. A code
    /// that none of them has is an error, which names those that there are.
    pub fn retry(
        &mut self,
        selection: &Selection,
        code: Option<&str>,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<u64> {
        let selected = only_selected("r.client_id", selection.only.is_some());
        let coded = if code.is_some() {
            "AND c.text IN (?1, ?2)"
        } else {
            "AND ?1 IS NULL AND ?2 IS NULL"
        };
        let sql = format!("{STOPPED} {coded} {selected}");
        self.transaction(|journal| {
            let code = code.map(|code| journal.spellings(code)).transpose()?;
            if let Some(code) = &code {
                let codes = journal.codes(CODES)?;
                if !codes.contains(&code.plain) && !codes.contains(&code.hidden) {
                    return Err(no_such_code("task", &codes));
                }
            }
            let custody = journal.retry_custody(selection, code.as_ref(), decided)?;
            let tasks: Vec<i64> = {
                let spelled = code
                    .as_ref()
                    .map(|code| (&code.plain, &code.hidden))
                    .unzip();
                let mut statement = journal.db.prepare(&sql)?;
                let rows = statement.query_map(params![spelled.0, spelled.1], |row| row.get(0))?;
                rows.collect::<Result<_, _>>()?
            };
            // A decision about custody alone is in the log already.
            if tasks.is_empty() && custody > 0 {
                return Ok(custody);
            }
            for task in &tasks {
                journal.revive(*task, RETRIED, decided)?;
            }
            let target = match (&selection.only, code) {
                (Some(ids), _) => target_of(ids),
                (None, Some(code)) => format!("code {}", code.shown),
                (None, None) => "all refused and given up".to_owned(),
            };
            journal.log("retry", &target, decided, tasks.len() as u64)?;
            Ok(tasks.len() as u64 + custody)
        })
    }

    /// Codes, by a statement that gives them.
    pub(super) fn codes(&self, sql: &str) -> anyhow::Result<Vec<String>> {
        let mut statement = self.db.prepare(sql)?;
        let codes = statement.query_map([], |row| row.get(0))?;
        Ok(codes.collect::<Result<_, _>>()?)
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

/// The error of a code that no refused or given-up task, or account, has. What was typed may be anything, and is not repeated.
pub(super) fn no_such_code(of: &str, codes: &[String]) -> anyhow::Error {
    let hint = match codes {
        [] => format!("no {of} is refused or given up"),
        codes => format!("one of: {}", codes.join(", ")),
    };
    Failure::configuration(
        format!("no refused or given-up {of} has the code that --code names"),
        hint,
    )
}
