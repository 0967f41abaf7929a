//! What tasks that were sent had come to when a decision ended them or opened them again.
//!
//! Whoever is left out of the plan after a refusal was sent all the same, and the report says so for ever: when, how
//! often, what Bakkt answered, and which decision came later. Owner of the table `set_aside`, which is only ever added to.
//! Invariant: no task with attempts leaves `task`, and no refusal is wiped off it, without a line here, in the transaction
//! of the decision. Left out on purpose: accepted tasks of an earlier plan, which stay tasks (`former`).

use rusqlite::params;
use serde::Serialize;

use super::lines::{Origin, TaskPart, count, origin, task, text};
use super::open::Journal;
use super::person::Decided;
use super::query::{KINDS, Reader, index, unsigned, word_of};

/// A customer was left out by a person.
pub(super) const EXCLUDED: &str = "excluded";
/// A new plan has the task no longer.
pub(super) const REPLANNED: &str = "no longer in the plan";
/// A person had it sent again.
pub(super) const RETRIED: &str = "sent again";
/// A new plan has other data for it.
pub(super) const CHANGED: &str = "changed and planned again";

/// What was sent by tasks that the plan has no longer, and that Bakkt did not accept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// Tasks.
    pub tasks: u64,
    /// Those of them that Bakkt had refused.
    pub refused: u64,
    /// Those of them that were given up.
    pub gave_up: u64,
    /// Times that they were sent, all together.
    pub attempts: u64,
}

impl Dropped {
    /// Whether there are none.
    pub fn none(&self) -> bool {
        self.tasks == 0
    }
}

/// A refusal or a give-up that a later decision ended.
#[derive(Clone, Copy, Debug)]
pub struct SetAsideLine<'a> {
    /// Where its row stood then.
    pub origin: Origin<'a>,
    /// What it sent: account, update, document, KYB.
    pub kind: &'static str,
    /// The task as it was.
    pub task: TaskPart<'a>,
    /// The masked message.
    pub message: Option<&'a str>,
    /// The later decision.
    pub decision: &'a str,
    /// Why.
    pub reason: Option<&'a str>,
    /// Who decided.
    pub by: Option<&'a str>,
    /// When.
    pub at: i64,
}

/// The state of a task that was sent and that the plan has no longer, as a report shows it.
pub(super) fn dropped_word(state: i64) -> &'static str {
    match state {
        5 => "refused, then dropped",
        6 => "gave up, then dropped",
        _ => "not taken, then dropped",
    }
}

impl Journal {
    /// Keeps what these tasks have come to, as far as they were sent. `gone`: the plan has them no longer.
    pub(super) fn set_aside(
        &mut self,
        tasks: &[i64],
        gone: bool,
        decision: &str,
        decided: Decided<'_>,
    ) -> anyhow::Result<()> {
        let mut keep = self.db.prepare_cached(KEEP)?;
        let Decided { by, reason, at } = decided;
        for task in tasks {
            keep.execute(params![task, decision, reason, by, at, gone])?;
        }
        Ok(())
    }

    /// Tasks that a new plan has no longer; the tables of the comparison are there, and the old plan still is.
    pub(super) fn ending_tasks(&self) -> anyhow::Result<Vec<i64>> {
        self.ids(ENDING)
    }
}

impl Reader {
    /// Every refusal and give-up that a later decision ended, in the order of the decisions.
    pub fn each_set_aside(
        &self,
        mut each: impl FnMut(SetAsideLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(sql::SET_ASIDE_LINES, |row| {
            each(SetAsideLine {
                origin: origin(row)?,
                task: task(row, 3)?,
                message: text(row, 9)?,
                kind: word_of(&KINDS, index(row, 10)?),
                decision: text(row, 11)?.unwrap_or_default(),
                reason: text(row, 12)?,
                by: text(row, 13)?,
                at: row.get(14)?,
            })
        })
    }

    /// What was sent by tasks that the plan has no longer.
    pub fn dropped(&self) -> anyhow::Result<Dropped> {
        let mut dropped = Dropped::default();
        self.walk(sql::DROPPED, |row| {
            dropped.tasks += 1;
            dropped.refused += u64::from(unsigned(row.get(0)?) == 5);
            dropped.gave_up += u64::from(unsigned(row.get(0)?) == 6);
            dropped.attempts += count(row, 1)?;
            Ok(())
        })?;
        Ok(dropped)
    }
}

const KEEP: &str = "INSERT INTO set_aside (task, kind, client_id, file, row, document, state, attempts, first_at, last_at, code, field, message, decision, reason, by, at, gone)
    SELECT t.id, t.kind, coalesce(r.client_id, f.client_id), coalesce(d.shown, n.name), coalesce(d.row, r.row, 0), d.uuid,
        t.state, t.attempts, t.first_at, t.last_at, t.code, t.field, t.message, ?2, ?3, ?4, ?5, ?6
    FROM task t LEFT JOIN record r ON r.id = t.record LEFT JOIN former_task f ON f.task = t.id
    LEFT JOIN document d ON d.id = t.document AND t.kind = 3 LEFT JOIN file n ON n.id = coalesce(d.file, r.file)
    WHERE t.id = ?1 AND t.attempts > 0";

/// The tasks that taking a new plan over deletes, whether they were sent or not; accepted updates have a table of their own.
const ENDING: &str = "
    SELECT id FROM main.task WHERE attempts > 0 AND (
        (kind = 1 AND state <> 4 AND id NOT IN (SELECT u.task FROM temp.was_update u JOIN n.record r ON r.id = u.record WHERE u.hash IS r.hash))
        OR id IN (SELECT task FROM temp.was WHERE record IS NULL AND state <> 4)
        OR id IN (SELECT task FROM temp.was_document WHERE document IS NULL AND state <> 4)
        OR id IN (SELECT task FROM temp.was_kyb WHERE record IS NULL AND state NOT IN (2, 3, 4)))
    ORDER BY id";

/// Statements over large tables.
pub(super) mod sql {
    pub const SET_ASIDE_LINES: &str = "SELECT s.file, s.row, s.client_id, s.state, s.attempts, s.first_at, s.last_at, \
        c.text, d.text, m.text, s.kind, s.decision, s.reason, s.by, s.at FROM set_aside s \
        LEFT JOIN word c ON c.id = s.code LEFT JOIN word d ON d.id = s.field LEFT JOIN word m ON m.id = s.message \
        WHERE s.state IN (5, 6) ORDER BY s.id";
    pub const DROPPED: &str = "SELECT state, attempts FROM set_aside WHERE gone = 1";
    pub const DROPPED_STOPS: &str = "SELECT kind, state, code, field, message FROM set_aside WHERE gone = 1 AND state IN (5, 6)";
}
