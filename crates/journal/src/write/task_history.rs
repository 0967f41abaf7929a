//! Keeping what a sent task had come to before a decision ended or reopened it.
//!
//! Owner of the table `set_aside`, which is append only, so the report can always show that a customer was sent, what Bakkt
//! answered and which decision followed. A task that was sent or given up leaves `task` only after a line was added here in the same
//! transaction. Left out: accepted tasks of earlier plans, which stay in `task` as former tasks.

use crate::write::journal::Journal;
use crate::write::operator_log::OperatorNote;
use rusqlite::params;

/// A person excluded the customer.
pub(crate) const EXCLUDED: &str = "excluded";
/// A new plan no longer has the task.
pub(crate) const REPLANNED: &str = "no longer in the plan";
/// A person had it sent again.
pub(crate) const RETRIED: &str = "sent again";
/// A new plan has other data for it.
pub(crate) const CHANGED: &str = "changed and planned again";

impl Journal {
    /// Keeps what these tasks had come to, if they were sent. `gone`: the plan no longer has them. Of a task that was to be sent again
    /// and never was, that is what it had come to before.
    pub(crate) fn set_aside(
        &mut self,
        tasks: &[i64],
        gone: bool,
        decision: &str,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<()> {
        self.keep(KEEP, tasks, gone, decision, decided)
    }

    /// The same of custody tasks.
    pub(crate) fn set_aside_custody(
        &mut self,
        tasks: &[i64],
        gone: bool,
        decision: &str,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<()> {
        self.keep(KEEP_CUSTODY, tasks, gone, decision, decided)
    }

    fn keep(
        &self,
        sql: &str,
        tasks: &[i64],
        gone: bool,
        decision: &str,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<()> {
        // What is opened again now is kept as it is.
        self.db.execute_batch(REOPENED)?;
        if gone {
            self.db.execute_batch(FILL_REOPENED)?;
        }
        let mut keep = self.db.prepare_cached(sql)?;
        let OperatorNote { by, reason, at } = decided;
        for task in tasks {
            keep.execute(params![task, decision, reason, by, at, gone])?;
        }
        Ok(())
    }
}

/// The last refusal or give-up of tasks that a decision opened again, by kind and number.
const REOPENED: &str = "CREATE TEMP TABLE IF NOT EXISTS reopened (kind INTEGER, task INTEGER, line INTEGER, PRIMARY KEY (kind, task)) WITHOUT ROWID";
const FILL_REOPENED: &str = sql!(
    "DELETE FROM temp.reopened;
    INSERT INTO temp.reopened SELECT kind, task, max(id) FROM set_aside
        WHERE gone = 0 AND state IN ({state.stopped}) GROUP BY kind, task"
);

/// Joins, as `b`, what a task had come to before a decision opened it again, if nothing of it was sent since. `$kind` is its kind in
/// `set_aside`, `$attempts` the table of its attempts.
macro_rules! join_reopened {
    ($task:literal, $kind:literal, $attempts:literal) => {
        concat!(
            "LEFT JOIN set_aside b ON b.id = (SELECT o.line FROM temp.reopened o WHERE o.kind = ",
            $kind,
            " AND o.task = ",
            $task,
            ".id) AND ",
            $task,
            ".state NOT IN ({state.stopped}) AND b.attempts = ",
            times_sent!($task, $attempts)
        )
    };
}

/// What it had come to, from its state on: as the task `$task` says, or as `b` does.
macro_rules! came_to {
    ($task:literal, $attempts:literal) => {
        concat!(
            "coalesce(b.state, ",
            $task,
            ".state), ",
            times_sent!($task, $attempts),
            ", coalesce(",
            $task,
            ".first_at, b.first_at), coalesce(b.last_at, ",
            $task,
            ".last_at), ",
            "CASE WHEN b.id IS NULL THEN ",
            $task,
            ".code ELSE b.code END, ",
            "CASE WHEN b.id IS NULL THEN ",
            $task,
            ".field ELSE b.field END, ",
            "CASE WHEN b.id IS NULL THEN ",
            $task,
            ".message ELSE b.message END, ?2, ?3, ?4, ?5, ?6"
        )
    };
}

/// Whether there is something to keep: it was sent, or it was given up.
macro_rules! came_to_something {
    ($task:literal, $attempts:literal) => {
        concat!(
            "(",
            times_sent!($task, $attempts),
            " > 0 OR b.id IS NOT NULL OR ",
            $task,
            ".attempts > 0 AND ",
            $task,
            ".state IN ({state.stopped}))"
        )
    };
}

/// `task` is the number of the custody task, and its kind says so.
const KEEP_CUSTODY: &str = sql!(concat!(
    "INSERT INTO set_aside (task, kind, client_id, file, row, document, state, attempts, first_at, last_at, code, field, message, decision, reason, by, at, gone)
    SELECT c.id, {kind.first_custody} + c.kind, c.client_id, n.name, coalesce(CASE c.row WHEN 0 THEN r.row ELSE c.row END, 0), NULL, ",
    came_to!("c", "custody_attempt"),
    " FROM custody_task c LEFT JOIN record r ON r.id = c.record
    LEFT JOIN file n ON n.id = CASE c.file WHEN 0 THEN r.file ELSE c.file END ",
    join_reopened!("c", "{kind.first_custody} + c.kind", "custody_attempt"),
    " WHERE c.id = ?1 AND ",
    came_to_something!("c", "custody_attempt")
));

const KEEP: &str = sql!(concat!(
    "INSERT INTO set_aside (task, kind, client_id, file, row, document, state, attempts, first_at, last_at, code, field, message, decision, reason, by, at, gone)
    SELECT t.id, t.kind, coalesce(r.client_id, f.client_id), coalesce(d.shown, n.name), coalesce(d.row, r.row, 0), d.uuid, ",
    came_to!("t", "attempt"),
    " FROM task t LEFT JOIN record r ON r.id = t.record LEFT JOIN former_task f ON f.task = t.id
    LEFT JOIN document d ON d.id = t.document AND t.kind = {kind.document} LEFT JOIN file n ON n.id = coalesce(d.file, r.file) ",
    join_reopened!("t", "t.kind", "attempt"),
    " WHERE t.id = ?1 AND ",
    came_to_something!("t", "attempt")
));
