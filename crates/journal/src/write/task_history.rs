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
    /// Keeps what these tasks had come to, if they were sent. `gone`: the plan no longer has them.
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
        let mut keep = self.db.prepare_cached(sql)?;
        let OperatorNote { by, reason, at } = decided;
        for task in tasks {
            keep.execute(params![task, decision, reason, by, at, gone])?;
        }
        Ok(())
    }
}

/// `task` is the number of the custody task, and its kind says so.
const KEEP_CUSTODY: &str = sql!(concat!("INSERT INTO set_aside (task, kind, client_id, file, row, document, state, attempts, first_at, last_at, code, field, message, decision, reason, by, at, gone)
    SELECT c.id, {kind.first_custody} + c.kind, c.client_id, n.name, coalesce(CASE c.row WHEN 0 THEN r.row ELSE c.row END, 0), NULL,
        c.state, ", times_sent!("c", "custody_attempt"), ", c.first_at, c.last_at, c.code, c.field, c.message, ?2, ?3, ?4, ?5, ?6
    FROM custody_task c LEFT JOIN record r ON r.id = c.record
    LEFT JOIN file n ON n.id = CASE c.file WHEN 0 THEN r.file ELSE c.file END
    WHERE c.id = ?1 AND (", times_sent!("c", "custody_attempt"), " > 0 OR c.attempts > 0 AND c.state IN ({state.stopped}))"));

const KEEP: &str = sql!(concat!("INSERT INTO set_aside (task, kind, client_id, file, row, document, state, attempts, first_at, last_at, code, field, message, decision, reason, by, at, gone)
    SELECT t.id, t.kind, coalesce(r.client_id, f.client_id), coalesce(d.shown, n.name), coalesce(d.row, r.row, 0), d.uuid,
        t.state, ", times_sent!("t", "attempt"), ", t.first_at, t.last_at, t.code, t.field, t.message, ?2, ?3, ?4, ?5, ?6
    FROM task t LEFT JOIN record r ON r.id = t.record LEFT JOIN former_task f ON f.task = t.id
    LEFT JOIN document d ON d.id = t.document AND t.kind = {kind.document} LEFT JOIN file n ON n.id = coalesce(d.file, r.file)
    WHERE t.id = ?1 AND (", times_sent!("t", "attempt"), " > 0 OR t.attempts > 0 AND t.state IN ({state.stopped}))"));
