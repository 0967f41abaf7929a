//! Tasks: picking them, and every change of their state.
//!
//! [`Journal::commit`] is the one way in which a task changes: any number of [`Change`]s in one durable transaction, each
//! through [`next`].

use rusqlite::{OptionalExtension, Row, params};

use crate::write::journal::Journal;
use crate::write::transitions::{TaskEvent, next};
use bakkt_model::error::Failure;
use bakkt_model::position::{JoinedList, JoinedRow, Position};
use bakkt_model::state::State;
use bakkt_model::task::{
    Change, DocumentFacts, FreedTasks, PriorAccount, Refusal, Task, TaskKind, Transition,
};

/// The transition that a change makes.
fn event(what: &Transition) -> TaskEvent {
    match what {
        Transition::Intend { .. } => TaskEvent::Intend,
        Transition::Postpone { .. } => TaskEvent::Postpone,
        Transition::Accept { .. } => TaskEvent::Accept,
        Transition::Refuse { .. } => TaskEvent::Refuse,
        Transition::Doubt { .. } => TaskEvent::Doubt,
        Transition::Absent => TaskEvent::Absent,
        Transition::GiveUp { .. } => TaskEvent::GiveUp,
        Transition::Hold { .. } => TaskEvent::Hold,
    }
}

/// Sets what Bakkt has to what was planned.
const HASH_AS_PLANNED: &str = sql!(
    "UPDATE task SET hash = (SELECT hash FROM record r WHERE r.id = task.record) WHERE id = ? AND kind IN ({kind.account_or_update})"
);

/// Sets what Bakkt has of an account to its accepted update.
const UPDATED: &str = sql!("UPDATE task SET hash = u.hash FROM task u
    WHERE u.id = ? AND u.kind = {kind.update} AND task.record = u.record AND task.kind = {kind.account}");

/// So are the values that no later update may change, if the plan has what was sent.
const FIXED: &str = sql!("UPDATE task SET fixed = r.fixed, agreements = r.agreements, owners = r.owners FROM task t JOIN record r ON r.id = t.record
    WHERE t.id = ? AND t.kind IN ({kind.account_or_update}) AND task.record = t.record AND task.kind = {kind.account} AND task.hash IS r.hash");

/// Keeps that an update was accepted, because its task makes room for a later one.
const SENT_UPDATE: &str = sql!("INSERT INTO sent_update (client_id, at, hash)
    SELECT r.client_id, ?2, t.hash FROM task t JOIN record r ON r.id = t.record WHERE t.id = ?1 AND t.kind = {kind.update}");

/// SQLite uses the partial index of unfinished tasks only when a statement repeats its condition.
const INDEXED: &str = sql!("AND state < {state.first_finished}");

/// Which tasks of a run may be sent.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only these clientAccountIds; `None` selects all.
    pub only: Option<Vec<String>>,
}

impl Journal {
    /// Applies changes in one durable transaction.
    ///
    /// What waited for a change (documents for their account, KYB for both) is freed or held in the same transaction.
    pub fn commit(&mut self, changes: &[Change]) -> anyhow::Result<FreedTasks> {
        if changes.is_empty() {
            return Ok(FreedTasks::default());
        }
        self.transaction(|journal| {
            let mut freed = FreedTasks::default();
            for change in changes {
                journal.change(change)?;
                journal.follow(change, &mut freed)?;
            }
            Ok(freed)
        })
    }

    fn change(&mut self, change: &Change) -> anyhow::Result<()> {
        let state = self.advance(change.task, event(&change.what), change.at)?;
        let (task, at) = (change.task, change.at);
        match &change.what {
            Transition::Intend { hash } => {
                self.db
                    .prepare_cached("UPDATE task SET attempts = attempts + 1, first_at = coalesce(first_at, ?2), hash = ?3 WHERE id = ?1")?
                    .execute(params![task, at, hash])?;
                self.db
                    .prepare_cached("INSERT INTO attempt (task, number, at, hash) SELECT id, attempts, ?2, ?3 FROM task WHERE id = ?1")?
                    .execute(params![task, at, hash])?;
            }
            Transition::Postpone { answer, outcome } => {
                self.end_attempt(task, Some(at), answer, outcome)?
            }
            Transition::Accept {
                answer,
                account,
                existed,
            } => {
                self.db
                    .prepare_cached("UPDATE task SET bakkt_id = ?2, status = ?3, created_at = ?4, existed = ?5, code = NULL, field = NULL, message = NULL WHERE id = ?1")?
                    .execute(params![task, account.id, account.status, account.created_at, *existed as i64])?;
                if state != State::Open {
                    self.end_attempt(task, Some(at), answer, "accepted")?;
                }
                if *existed == PriorAccount::Equal {
                    self.db.prepare_cached(HASH_AS_PLANNED)?.execute([task])?;
                }
                self.db.prepare_cached(UPDATED)?.execute([task])?;
                self.db.prepare_cached(FIXED)?.execute([task])?;
                self.db
                    .prepare_cached(SENT_UPDATE)?
                    .execute(params![task, at])?;
            }
            Transition::Refuse { answer, refusal } => {
                self.give_reason(task, refusal)?;
                self.end_attempt(task, Some(at), answer, "refused")?;
            }
            Transition::Doubt { answer } => self.end_attempt(task, None, answer, "in doubt")?,
            Transition::Absent => self.end_attempt(task, Some(at), "404", "not there")?,
            Transition::GiveUp { answer } => {
                let message = "tried as often as [retry] attempts allows".to_owned();
                self.give_reason(
                    task,
                    &Refusal {
                        code: answer.clone(),
                        field: String::new(),
                        message,
                    },
                )?;
            }
            Transition::Hold {
                reason: (code, message),
            } => self.give_reason(
                task,
                &Refusal {
                    code: (*code).to_owned(),
                    field: String::new(),
                    message: message.clone(),
                },
            )?,
        }
        Ok(())
    }

    /// The transition function: the only place that writes `task.state`. Returns the state before.
    pub(crate) fn advance(
        &mut self,
        task: i64,
        event: TaskEvent,
        at: i64,
    ) -> anyhow::Result<State> {
        let number: Option<i64> = self
            .db
            .prepare_cached("SELECT state FROM task WHERE id = ?")?
            .query_row([task], |row| row.get(0))
            .optional()?;
        let state = number.and_then(State::from_number);
        let Some((before, after)) = state.and_then(|state| Some((state, next(state, event)?)))
        else {
            return Err(Failure::cannot(
                format!(
                    "task {task} cannot go from {state:?} by {event:?}: the journal and the program disagree"
                ),
                "this is a defect of bakkt-migrate; keep the folder .bakkt-migrate as it is and report it",
            ));
        };
        self.db
            .prepare_cached("UPDATE task SET state = ?2, last_at = ?3 WHERE id = ?1")?
            .execute(params![task, after as i64, at])?;
        Ok(before)
    }

    pub(crate) fn end_attempt(
        &mut self,
        task: i64,
        ended: Option<i64>,
        answer: &str,
        outcome: &str,
    ) -> anyhow::Result<()> {
        let (answer, outcome) = (self.word(answer)?, self.word(outcome)?);
        self.db
            .prepare_cached("UPDATE attempt SET ended = ?2, answer = ?3, outcome = ?4 WHERE task = ?1 AND number = (SELECT attempts FROM task WHERE id = ?1)")?
            .execute(params![task, ended, answer, outcome])?;
        Ok(())
    }

    pub(crate) fn give_reason(&mut self, task: i64, refusal: &Refusal) -> anyhow::Result<()> {
        let (code, field, message) = (
            self.word(&refusal.code)?,
            self.word(&refusal.field)?,
            self.word(&refusal.message)?,
        );
        self.db
            .prepare_cached("UPDATE task SET code = ?2, field = ?3, message = ?4 WHERE id = ?1")?
            .execute(params![task, code, field, message])?;
        Ok(())
    }

    /// After a start: what was being sent when the program died is in doubt, and changed documents are tried again.
    /// Returns how many are in doubt now that can be asked about.
    pub fn recover(&mut self, at: i64) -> anyhow::Result<u64> {
        let sending = self.ids(sql!(
            "SELECT id FROM task WHERE state = {state.sending} AND state < {state.first_finished}"
        ))?;
        let doubts: Vec<Change> = sending
            .into_iter()
            .map(|task| Change {
                task,
                at,
                what: Transition::Doubt {
                    answer: "the program ended".into(),
                },
            })
            .collect();
        self.commit(&doubts)?;
        self.transaction(|journal| journal.free_changed(at))?;
        self.doubts()
    }

    pub(crate) fn ids(&self, sql: &str) -> anyhow::Result<Vec<i64>> {
        let mut statement = self.db.prepare(sql)?;
        let ids = statement.query_map([], |row| row.get(0))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }

    /// Limits picking to some clientAccountIds; returns those that no record of the plan has.
    pub fn select(&mut self, selection: &Selection) -> anyhow::Result<Vec<String>> {
        self.db
            .execute_batch("DROP TABLE IF EXISTS temp.only_these")?;
        let Some(only) = &selection.only else {
            return Ok(Vec::new());
        };
        self.db.execute_batch(
            "CREATE TEMP TABLE only_these (client_id TEXT PRIMARY KEY) WITHOUT ROWID",
        )?;
        let mut unknown = Vec::new();
        let mut insert = self
            .db
            .prepare("INSERT OR IGNORE INTO only_these VALUES (?)")?;
        let mut known = self
            .db
            .prepare("SELECT count(*) FROM record WHERE client_id = ?")?;
        for id in only {
            if known.query_row([id], |row| row.get::<_, i64>(0))? == 0 {
                unknown.push(id.clone());
            }
            insert.execute([id])?;
        }
        Ok(unknown)
    }

    /// Up to `most` tasks of a kind and a state with a number above `after`, in order.
    pub fn pick(
        &self,
        kind: TaskKind,
        state: State,
        after: i64,
        most: usize,
        selected: bool,
    ) -> anyhow::Result<Vec<Task>> {
        let filter = if selected {
            "AND r.client_id IN (SELECT client_id FROM only_these)"
        } else {
            ""
        };
        let (columns, tables) = if kind == TaskKind::Document {
            (
                ", d.uuid, d.hash, d.row, d.offset, d.length, d.sealed, d.place, o.id",
                "JOIN document d ON d.id = t.document LEFT JOIN owner o ON o.record = t.record AND o.place = d.place",
            )
        } else {
            ("", "")
        };
        let sql = format!(
            "SELECT t.id, r.client_id, r.row, r.offset, r.length, r.hash, t.attempts, t.first_at {columns}
             FROM task t JOIN record r ON r.id = t.record {tables}
             WHERE t.state = {} AND t.kind = {} {INDEXED} AND t.id > ?1 {filter} ORDER BY t.id LIMIT ?2",
            state as i64,
            kind as i64
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let tasks = statement.query_map(params![after, most as i64], |row| {
            Ok(Task {
                id: row.get(0)?,
                kind,
                client_id: row.get(1)?,
                at: position(row, 2)?,
                hash: row.get(5)?,
                attempts: row.get(6)?,
                first_at: row.get(7)?,
                parts: Vec::new(),
                document: (kind == TaskKind::Document)
                    .then(|| document(row).map(Box::new))
                    .transpose()?,
            })
        })?;
        let mut tasks = tasks.collect::<Result<Vec<_>, _>>()?;
        // Of documents and KYB as well: a refusal may repeat what the account's rows say.
        if self.meta("parts")?.as_deref() == Some("1") {
            for task in &mut tasks {
                task.parts = self.parts(task.id)?;
            }
        }
        Ok(tasks)
    }

    /// The joined rows of a task's record, in the order in which they are mapped.
    pub(crate) fn parts(&self, task: i64) -> anyhow::Result<Vec<JoinedRow>> {
        let mut statement = self.db.prepare_cached(
            sql!("SELECT p.row, p.offset, p.length, p.list FROM task t JOIN part p ON p.record = t.record
             WHERE t.id = ? AND p.list < {list.backfill} ORDER BY p.list, p.place"),
        )?;
        let parts = statement.query_map([task], |row| {
            let list = JoinedList::ALL
                .get(usize::from(row.get::<_, u8>(3)?))
                .copied();
            Ok(JoinedRow {
                list: list.unwrap_or(JoinedList::Group),
                at: position(row, 0)?,
            })
        })?;
        Ok(parts.collect::<Result<_, _>>()?)
    }

    /// Number of tasks of a kind in a state.
    pub fn count(&self, kind: TaskKind, state: State, selected: bool) -> anyhow::Result<u64> {
        let filter = if selected {
            "AND record IN (SELECT id FROM record WHERE client_id IN (SELECT client_id FROM only_these))"
        } else {
            ""
        };
        let indexed = if (state as i64) < State::Accepted as i64 {
            INDEXED
        } else {
            ""
        };
        let sql = format!(
            "SELECT count(*) FROM task WHERE state = {} AND kind = {} {indexed} {filter}",
            state as i64, kind as i64
        );
        Ok(self.db.query_row(&sql, [], |row| row.get::<_, i64>(0))? as u64)
    }

    /// Number of tasks with an unknown outcome that Bakkt can be asked about; KYB cannot.
    pub fn doubts(&self) -> anyhow::Result<u64> {
        let mut sum = 0;
        for kind in [TaskKind::Account, TaskKind::Update, TaskKind::Document] {
            sum += self.count(kind, State::Sending, false)?
                + self.count(kind, State::InDoubt, false)?;
        }
        Ok(sum)
    }

    /// Number of rows in the plan.
    pub fn rows(&self) -> anyhow::Result<u64> {
        Ok(self
            .db
            .query_row("SELECT count(*) FROM record", [], |row| {
                row.get::<_, i64>(0)
            })? as u64)
    }
}

pub(crate) fn position(row: &Row<'_>, first: usize) -> rusqlite::Result<Position> {
    Ok(Position {
        row: row.get::<_, i64>(first)? as u64,
        offset: row.get::<_, i64>(first + 1)? as u64,
        length: row.get(first + 2)?,
    })
}

/// The document's columns of [`Journal::pick`], behind those of every task.
fn document(row: &Row<'_>) -> rusqlite::Result<DocumentFacts> {
    let place: Option<u32> = row.get(14)?;
    Ok(DocumentFacts {
        uuid: row.get(8)?,
        hash: row.get(9)?,
        at: position(row, 10)?,
        sealed: row.get(13)?,
        owner: match place {
            Some(place) => Some((place, row.get(15)?)),
            None => None,
        },
    })
}
