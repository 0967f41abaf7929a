//! Tasks that were sent or given up and that a later decision ended or opened again: counted, and line by line.
//!
//! Left out: keeping what they had come to (`write::task_history`).

use crate::read::columns::{Origin, TaskPart, count, index, origin, task, text};
use crate::read::reader::Reader;
use crate::schema::codes::set_aside_word;
use bakkt_model::state::State;
use serde::Serialize;

/// Tasks that were sent, not accepted, and are no longer in the plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DroppedTasks {
    /// How many tasks.
    pub tasks: u64,
    /// Tasks that Bakkt had refused.
    pub refused: u64,
    /// Tasks that were given up.
    pub gave_up: u64,
    /// How often they were sent, all together.
    pub attempts: u64,
}

impl DroppedTasks {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tasks == 0
    }
}

/// A refusal or a give-up that a later decision ended.
#[derive(Clone, Copy, Debug)]
pub struct EndedTaskLine<'a> {
    /// Where its row was then.
    pub origin: Origin<'a>,
    /// What it sent: account, update, document, KYB, or something of custody.
    pub kind: &'static str,
    /// The task as it was.
    pub task: TaskPart<'a>,
    /// The masked message.
    pub message: Option<&'a str>,
    /// The later decision.
    pub decision: &'a str,
    /// The reason, in the operator's words.
    pub reason: Option<&'a str>,
    /// Who decided.
    pub by: Option<&'a str>,
    /// When, in milliseconds since 1970.
    pub at: i64,
}

/// The state of a task that was sent and that the plan has no longer, as a report shows it.
pub(crate) fn dropped_word(state: i64) -> &'static str {
    match State::from_number(state) {
        Some(State::Refused) => "refused, then dropped",
        Some(State::GaveUp) => "gave up, then dropped",
        _ => "not taken, then dropped",
    }
}

impl Reader {
    /// Every refusal and give-up that a later decision ended, in the order of the decisions. Of one that was to be sent again, and was
    /// taken out before it was, that is the second decision.
    pub fn each_set_aside(
        &self,
        mut each: impl FnMut(EndedTaskLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(sql::SET_ASIDE_LINES, |row| {
            each(EndedTaskLine {
                origin: origin(row)?,
                task: task(row, 3)?,
                message: text(row, 9)?,
                kind: set_aside_word(index(row, 10)?),
                decision: text(row, 11)?.unwrap_or_default(),
                reason: text(row, 12)?,
                by: text(row, 13)?,
                at: row.get(14)?,
            })
        })
    }

    /// Counts the tasks that were sent and are no longer in the plan.
    pub fn dropped(&self) -> anyhow::Result<DroppedTasks> {
        let mut dropped = DroppedTasks::default();
        self.walk(sql::DROPPED, |row| {
            dropped.tasks += 1;
            let state = State::from_number(row.get(0)?);
            dropped.refused += u64::from(state == Some(State::Refused));
            dropped.gave_up += u64::from(state == Some(State::GaveUp));
            dropped.attempts += count(row, 1)?;
            Ok(())
        })?;
        Ok(dropped)
    }
}

/// Statements over large tables.
pub(crate) mod sql {
    pub const SET_ASIDE_LINES: &str = sql!(
        "SELECT s.file, s.row, s.client_id, s.state, s.attempts, s.first_at, s.last_at, \
        c.text, d.text, m.text, s.kind, s.decision, s.reason, s.by, s.at FROM set_aside s \
        LEFT JOIN word c ON c.id = s.code LEFT JOIN word d ON d.id = s.field LEFT JOIN word m ON m.id = s.message \
        WHERE s.state IN ({state.stopped}) AND (s.gone = 1 OR NOT EXISTS (SELECT 1 FROM set_aside g \
            WHERE g.client_id = s.client_id AND g.kind = s.kind AND g.gone = 1 AND g.task = s.task AND g.id > s.id \
            AND g.state = s.state AND g.attempts = s.attempts AND g.last_at IS s.last_at)) ORDER BY s.id"
    );
    pub const DROPPED: &str =
        "SELECT state, attempts FROM set_aside WHERE gone = 1 AND attempts > 0";
    pub const DROPPED_STOPS: &str = sql!(
        "SELECT kind, state, code, field, message FROM set_aside WHERE gone = 1 AND state IN ({state.stopped}) AND kind < {kind.first_custody}"
    );
}
