//! What tasks that were sent had come to when a decision ended them or opened them again.
//!
//! Whoever is left out of the plan after a refusal was sent all the same, and the report says so for ever: when, how
//! often, what Bakkt answered, and which decision came later. Owner of the table `set_aside`, which is only ever added to.
//! Invariant: no task with attempts leaves `task`, and no refusal is wiped off it, without a line here, in the transaction
//! of the decision. Left out on purpose: accepted tasks of an earlier plan, which stay tasks (`former`).

use crate::write::journal::Journal;
use crate::write::operator_log::OperatorNote;
use rusqlite::params;

/// A customer was left out by a person.
pub(crate) const EXCLUDED: &str = "excluded";
/// A new plan has the task no longer.
pub(crate) const REPLANNED: &str = "no longer in the plan";
/// A person had it sent again.
pub(crate) const RETRIED: &str = "sent again";
/// A new plan has other data for it.
pub(crate) const CHANGED: &str = "changed and planned again";

impl Journal {
    /// Keeps what these tasks have come to, as far as they were sent. `gone`: the plan has them no longer.
    pub(crate) fn set_aside(
        &mut self,
        tasks: &[i64],
        gone: bool,
        decision: &str,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<()> {
        let mut keep = self.db.prepare_cached(KEEP)?;
        let OperatorNote { by, reason, at } = decided;
        for task in tasks {
            keep.execute(params![task, decision, reason, by, at, gone])?;
        }
        Ok(())
    }
}

const KEEP: &str = sql!("INSERT INTO set_aside (task, kind, client_id, file, row, document, state, attempts, first_at, last_at, code, field, message, decision, reason, by, at, gone)
    SELECT t.id, t.kind, coalesce(r.client_id, f.client_id), coalesce(d.shown, n.name), coalesce(d.row, r.row, 0), d.uuid,
        t.state, t.attempts, t.first_at, t.last_at, t.code, t.field, t.message, ?2, ?3, ?4, ?5, ?6
    FROM task t LEFT JOIN record r ON r.id = t.record LEFT JOIN former_task f ON f.task = t.id
    LEFT JOIN document d ON d.id = t.document AND t.kind = {kind.document} LEFT JOIN file n ON n.id = coalesce(d.file, r.file)
    WHERE t.id = ?1 AND t.attempts > 0");
