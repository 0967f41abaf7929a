//! Taking the custody part of a new plan over.
//!
//! Tasks are matched by what they make. What Bakkt has, or may have, is never touched; what was refused and says something
//! else now is sent as a new generation; a task that the plan has no longer goes, unless Bakkt may have what it makes.

use crate::write::journal::Journal;
use crate::write::operator_log::OperatorNote;
use crate::write::task_history::{CHANGED, REPLANNED};

use super::tasks::owned;
use super::{ACCOUNT_OPEN, USER_OPEN};

/// The tasks of the new plan beside ours. `n` is the scratch journal.
const MATCH: &str = "
    UPDATE main.custody_task SET record = NULL, file = 0, row = 0;
    CREATE TEMP TABLE was_custody (task INTEGER PRIMARY KEY, record INTEGER, file INTEGER, row INTEGER, hash BLOB, changed INTEGER);
    INSERT INTO temp.was_custody SELECT c.id, n.record, n.file, n.row, n.hash, n.hash IS NOT c.hash
        FROM main.custody_task c JOIN n.custody_task n ON n.client_id = c.client_id AND n.kind = c.kind AND n.item = c.item;
    UPDATE main.custody_task SET record = w.record, file = w.file, row = w.row FROM temp.was_custody w WHERE w.task = custody_task.id;";

/// What was sent and is about to be opened again, or to go: task, and whether it goes. As long as the records are the old ones.
const ENDING: &str = sql!(
    "SELECT c.id, n.id IS NULL FROM main.custody_task c
     LEFT JOIN n.custody_task n ON n.client_id = c.client_id AND n.kind = c.kind AND n.item = c.item
     WHERE c.attempts > 0 AND (n.id IS NULL AND c.state NOT IN ({state.perhaps_at_bakkt})
        OR n.hash IS NOT c.hash AND c.state IN ({state.stopped})) ORDER BY c.id"
);

const STOPPED: &str = sql!(
    "SELECT c.id FROM main.custody_task c JOIN temp.was_custody w ON w.task = c.id WHERE w.changed AND c.state IN ({state.stopped})"
);

/// Known not to be at Bakkt: another body needs another key.
const SENT_BEFORE: &str = sql!(
    "SELECT c.id FROM main.custody_task c JOIN temp.was_custody w ON w.task = c.id
     WHERE w.changed AND c.state IN ({state.waiting}) AND c.first_at IS NOT NULL"
);

const TAKE: &str = sql!("
    UPDATE main.custody_task SET hash = w.hash FROM temp.was_custody w
        WHERE w.task = custody_task.id AND w.changed AND custody_task.state <> {state.accepted};
    DELETE FROM main.custody_task WHERE record IS NULL AND state NOT IN ({state.perhaps_at_bakkt});
    INSERT INTO main.custody_task (client_id, record, kind, item, file, row, hash, state)
        SELECT n.client_id, n.record, n.kind, n.item, n.file, n.row, n.hash, {state.held} FROM n.custody_task n
        WHERE NOT EXISTS (SELECT 1 FROM main.custody_task c WHERE c.client_id = n.client_id AND c.kind = n.kind AND c.item = n.item);
    DELETE FROM main.custody_gap;
    INSERT INTO main.custody_gap SELECT g.record, p.old, r.old, g.file, g.row
        FROM n.custody_gap g JOIN temp.words p ON p.new = g.path JOIN temp.words r ON r.new = g.reason;
    DELETE FROM main.custody_name;
    INSERT INTO main.custody_name SELECT g.record, p.old FROM n.custody_name g JOIN temp.words p ON p.new = g.path;
    DROP TABLE temp.was_custody;");

const WITHOUT_REASON: &str = sql!(
    "SELECT id, kind = {custody.user} FROM main.custody_task WHERE state = {state.held} AND state < {state.first_finished} AND code IS NULL"
);

impl Journal {
    /// Keeps what custody tasks had come to that the attached scratch journal opens again, or has no longer.
    pub(crate) fn set_ending_custody_aside(
        &mut self,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<()> {
        let ending: Vec<(i64, bool)> = {
            let mut statement = self.db.prepare(ENDING)?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<Result<_, _>>()?
        };
        for (task, gone) in ending {
            let decision = if gone { REPLANNED } else { CHANGED };
            self.set_aside_custody(&[task], gone, decision, decided)?;
        }
        Ok(())
    }

    /// Takes the custody tasks of the attached scratch journal over; the records are those of the new plan already.
    pub(crate) fn take_over_custody(&mut self, at: i64) -> anyhow::Result<()> {
        self.db.execute_batch(MATCH)?;
        let (stopped, sent) = (self.ids(STOPPED)?, self.ids(SENT_BEFORE)?);
        for task in &stopped {
            self.revive_custody(*task, at)?;
        }
        for task in sent {
            self.next_generation(task)?;
        }
        self.db.execute_batch(TAKE)?;
        let held: Vec<(i64, bool)> = {
            let mut statement = self.db.prepare(WITHOUT_REASON)?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<Result<_, _>>()?
        };
        for (task, is_user) in held {
            let reason = owned(if is_user { ACCOUNT_OPEN } else { USER_OPEN });
            self.explain(task, &super::tasks::refusal(&reason))?;
        }
        Ok(())
    }
}
