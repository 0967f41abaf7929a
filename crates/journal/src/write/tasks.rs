//! Tasks: picking them, and every change of their state.
//!
//! [`Journal::commit`] is the one way in which a task changes: any number of [`Change`]s in one durable transaction, each
//! through [`next`].

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::schema::codes::kind;
use crate::schema::counters::{self, Counted, CountedTask, Counters};
use crate::write::journal::Journal;
use crate::write::transitions::{TaskEvent, next};
use bakkt_model::error::Failure;
use bakkt_model::position::{JoinedList, JoinedRow, Position};
use bakkt_model::state::State;
use bakkt_model::task::{
    AccountFacts, Change, DocumentFacts, FreedTasks, ID_OF_ANOTHER, PayloadHash, PriorAccount,
    Refusal, Task, TaskKind, Transition,
};

/// The transition that a change makes.
fn event(what: &Transition) -> TaskEvent {
    match what {
        Transition::Intend { .. } => TaskEvent::Intend,
        Transition::Postpone { .. } => TaskEvent::Postpone,
        Transition::Accept { .. } => TaskEvent::Accept,
        Transition::Refuse { .. } => TaskEvent::Refuse,
        Transition::Doubt { .. } | Transition::DoubtForPerson { .. } => TaskEvent::Doubt,
        Transition::Absent => TaskEvent::Absent,
        Transition::GiveUp { .. } => TaskEvent::GiveUp,
        Transition::Hold { .. } => TaskEvent::Hold,
    }
}

/// Sets what Bakkt has of an account to its accepted update. What no later update may change is the record's then, if the
/// plan still has what was sent; else nobody knows which other fields it changed.
const UPDATED: &str = sql!("UPDATE task SET hash = u.hash, fixed = CASE WHEN u.hash IS NOT r.hash THEN substr(task.fixed, 1, {fixed_marks}) END,
    agreements = CASE WHEN u.hash IS NOT r.hash THEN task.agreements END, owners = CASE WHEN u.hash IS NOT r.hash THEN task.owners END
    FROM task u JOIN record r ON r.id = u.record WHERE u.id = ? AND task.record = u.record AND task.kind = {kind.account}");

/// Keeps that an update was accepted, because its task makes room for a later one.
const SENT_UPDATE: &str = "INSERT INTO sent_update (client_id, at, hash)
    SELECT r.client_id, ?2, t.hash FROM task t JOIN record r ON r.id = t.record WHERE t.id = ?1";

/// The statements of the transition function. Bakkt has an equal account: what it has is what was planned.
mod change {
    pub const TASK: &str =
        "SELECT kind, state, code, existed, last_at, record, attempts FROM task WHERE id = ?";
    pub const STATE: &str = "UPDATE task SET state = ?2, last_at = ?3 WHERE id = ?1";
    pub const REASON: &str = "UPDATE task SET state = ?2, last_at = ?3, code = ?4, field = ?5, message = ?6 WHERE id = ?1";
    pub const INTENT: &str = "UPDATE task SET state = ?2, last_at = ?3, attempts = ?4, first_at = coalesce(first_at, ?3), hash = ?5 WHERE id = ?1";
    pub const ATTEMPT: &str = "INSERT INTO attempt (task, number, at, hash) VALUES (?, ?, ?, ?)";
    pub const ACCEPTED: &str = sql!(
        "UPDATE task SET state = ?2, last_at = ?3, bakkt_id = ?4, status = ?5, created_at = ?6, existed = ?7, code = NULL, field = NULL, message = NULL, \
        hash = CASE WHEN ?8 AND kind IN ({kind.account_or_update}) THEN (SELECT r.hash FROM record r WHERE r.id = task.record) ELSE hash END WHERE id = ?1"
    );
    pub const END_ATTEMPT: &str =
        "UPDATE attempt SET ended = ?3, answer = ?4, outcome = ?5 WHERE task = ?1 AND number = ?2";
}

/// What a transition writes beside the state.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Also<'a> {
    /// Nothing.
    Nothing,
    /// Why it is held, refused or given up: the words of code, field and message. `None`: it is not any more.
    Reason(Option<[i64; 3]>),
    /// A new attempt, with the keyed hash of its bytes.
    Intent(&'a PayloadHash),
    /// What Bakkt has.
    Accepted(&'a AccountFacts, PriorAccount),
}

/// A task as it was before a transition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TaskBefore {
    pub(crate) counted: CountedTask,
    pub(crate) record: i64,
    /// So far.
    pub(crate) attempts: i64,
}

/// SQLite uses the partial index of unfinished tasks only when a statement repeats its condition.
const INDEXED: &str = sql!("AND state < {state.first_finished}");

/// Of tasks `t` in doubt, those that no person has to settle. A code that a task has had before it came in doubt says nothing.
const NOT_FOR_A_PERSON: &str =
    "(t.code IS NULL OR t.code IS NOT (SELECT id FROM word WHERE text = 'id of another'))";

/// Accounts and updates that were answered with the id of another account, by way of the index of unfinished tasks.
pub(crate) const SHARED_IDS: &str = sql!(
    "SELECT count(*) FROM task WHERE state = {state.in_doubt} AND state < {state.first_finished} AND kind IN ({kind.account_or_update})
     AND code = (SELECT id FROM word WHERE text = ?)"
);

/// Their number.
pub(crate) fn count_shared_ids(db: &Connection) -> anyhow::Result<u64> {
    let count: i64 = db
        .prepare_cached(SHARED_IDS)?
        .query_row([ID_OF_ANOTHER], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// Which tasks of a run may be sent.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only these clientAccountIds; `None` selects all.
    pub only: Option<Vec<String>>,
}

/// Limits a query to the customers that [`Journal::select`] was given, where it was given some; `client_id` is the column with
/// the id.
pub(crate) fn only_selected(client_id: &str, selected: bool) -> String {
    match selected {
        true => format!("AND {client_id} IN (SELECT client_id FROM only_these)"),
        false => String::new(),
    }
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
                let task = journal.change(change)?;
                journal.follow(change, &task, &mut freed)?;
            }
            Ok(freed)
        })
    }

    pub(crate) fn change(&mut self, change: &Change) -> anyhow::Result<TaskBefore> {
        let (task, at, event) = (change.task, change.at, event(&change.what));
        match &change.what {
            Transition::Intend { hash } => self.advance(task, event, at, Also::Intent(hash)),
            Transition::Postpone { answer, outcome } => {
                let before = self.advance(task, event, at, Also::Nothing)?;
                self.end_attempt(task, before.attempts, Some(at), answer, outcome)?;
                Ok(before)
            }
            Transition::Accept {
                answer,
                account,
                existed,
            } => {
                let before = self.advance(task, event, at, Also::Accepted(account, *existed))?;
                if before.counted.state != State::Open as i64 {
                    self.end_attempt(task, before.attempts, Some(at), answer, "accepted")?;
                }
                if before.counted.kind == kind::UPDATE {
                    self.db.prepare_cached(UPDATED)?.execute([task])?;
                    self.show_id(task, &account.id)?;
                    self.db
                        .prepare_cached(SENT_UPDATE)?
                        .execute(params![task, at])?;
                }
                Ok(before)
            }
            Transition::Refuse { answer, refusal } => {
                let before = self.stop(task, event, at, refusal)?;
                self.end_attempt(task, before.attempts, Some(at), answer, "refused")?;
                Ok(before)
            }
            Transition::Doubt { answer } => {
                let before = self.advance(task, event, at, Also::Nothing)?;
                self.end_attempt(task, before.attempts, None, answer, "in doubt")?;
                Ok(before)
            }
            Transition::DoubtForPerson { answer, reason } => {
                self.doubt_for_person(task, at, answer, reason)
            }
            Transition::Absent => {
                let before = self.advance(task, event, at, Also::Nothing)?;
                self.end_attempt(task, before.attempts, Some(at), "404", "not there")?;
                Ok(before)
            }
            Transition::GiveUp { answer } => {
                let message = "tried as often as [retry] attempts allows".to_owned();
                let refusal = Refusal {
                    code: answer.clone(),
                    field: String::new(),
                    message,
                };
                self.stop(task, event, at, &refusal)
            }
            Transition::Hold {
                reason: (code, message),
            } => {
                let refusal = Refusal {
                    code: (*code).to_owned(),
                    field: String::new(),
                    message: message.clone(),
                };
                self.stop(task, event, at, &refusal)
            }
        }
    }

    /// In doubt, and nothing but a person can say what became of it. It may be in doubt already.
    fn doubt_for_person(
        &mut self,
        task: i64,
        at: i64,
        answer: &str,
        (code, message): &(&'static str, String),
    ) -> anyhow::Result<TaskBefore> {
        let refusal = Refusal {
            code: (*code).to_owned(),
            field: String::new(),
            message: message.clone(),
        };
        let found = self.task(task)?;
        let in_doubt = State::InDoubt as i64;
        let Some(before) = found.filter(|before| before.counted.state == in_doubt) else {
            let before = self.stop(task, TaskEvent::Doubt, at, &refusal)?;
            if before.counted.state == State::Sending as i64 {
                self.end_attempt(task, before.attempts, None, answer, "in doubt")?;
            }
            return Ok(before);
        };
        self.give_reason(task, &refusal)?;
        Ok(before)
    }

    /// A transition into a state that has a reason.
    pub(crate) fn stop(
        &mut self,
        task: i64,
        event: TaskEvent,
        at: i64,
        refusal: &Refusal,
    ) -> anyhow::Result<TaskBefore> {
        let words = self.reason_words(refusal)?;
        self.advance(task, event, at, Also::Reason(Some(words)))
    }

    /// The transition function: the only place that writes `task.state`, and its counters. Returns the task before.
    pub(crate) fn advance(
        &mut self,
        task: i64,
        event: TaskEvent,
        at: i64,
        also: Also<'_>,
    ) -> anyhow::Result<TaskBefore> {
        let found = self.task(task)?;
        let state = found.and_then(|before| State::from_number(before.counted.state));
        let after = state.and_then(|state| next(state, event));
        let Some((before, after)) = found.zip(after) else {
            return Err(Failure::cannot(
                format!(
                    "task {task} cannot go from {state:?} by {event:?}: the journal and the program disagree"
                ),
                "this is a defect of bakkt-migrate; keep the folder .bakkt-migrate as it is and report it",
            ));
        };
        let mut now = CountedTask {
            state: after as i64,
            last_at: Some(at),
            ..before.counted
        };
        match also {
            Also::Nothing => self
                .db
                .prepare_cached(change::STATE)?
                .execute(params![task, now.state, at])?,
            Also::Reason(words) => {
                now.code = words.map(|[code, ..]| code);
                let [code, field, message] = words.map_or([None; 3], |words| words.map(Some));
                self.db
                    .prepare_cached(change::REASON)?
                    .execute(params![task, now.state, at, code, field, message])?
            }
            Also::Intent(hash) => {
                let number = before.attempts + 1;
                self.db
                    .prepare_cached(change::INTENT)?
                    .execute(params![task, now.state, at, number, hash])?;
                self.db
                    .prepare_cached(change::ATTEMPT)?
                    .execute(params![task, number, at, hash])?
            }
            Also::Accepted(account, existed) => {
                (now.code, now.existed) = (None, existed as i64);
                let AccountFacts {
                    id,
                    status,
                    created_at,
                } = account;
                let is_equal = existed == PriorAccount::Equal;
                self.db.prepare_cached(change::ACCEPTED)?.execute(params![
                    task,
                    now.state,
                    at,
                    id,
                    status,
                    created_at,
                    now.existed,
                    is_equal
                ])?
            }
        };
        self.counters.add_task(before.counted, -1);
        self.counters.add_task(now, 1);
        Ok(before)
    }

    /// A task as it is; `None`: there is none with this number.
    pub(crate) fn task(&self, task: i64) -> anyhow::Result<Option<TaskBefore>> {
        let mut statement = self.db.prepare_cached(change::TASK)?;
        let row = statement.query_row([task], |row| {
            Ok(TaskBefore {
                counted: counters::task(row)?,
                record: row.get(5)?,
                attempts: row.get(6)?,
            })
        });
        Ok(row.optional()?)
    }

    pub(crate) fn end_attempt(
        &mut self,
        task: i64,
        number: i64,
        ended: Option<i64>,
        answer: &str,
        outcome: &str,
    ) -> anyhow::Result<()> {
        let (answer, outcome) = (self.word(answer)?, self.word(outcome)?);
        self.db
            .prepare_cached(change::END_ATTEMPT)?
            .execute(params![task, number, ended, answer, outcome])?;
        Ok(())
    }

    fn reason_words(&mut self, refusal: &Refusal) -> anyhow::Result<[i64; 3]> {
        Ok([
            self.word(&refusal.code)?,
            self.word(&refusal.field)?,
            self.word(&refusal.message)?,
        ])
    }

    /// Says anew why a task is held or in doubt; its state stays.
    pub(crate) fn give_reason(&mut self, task: i64, refusal: &Refusal) -> anyhow::Result<()> {
        let [code, field, message] = self.reason_words(refusal)?;
        let Some(before) = self.task(task)? else {
            return Ok(());
        };
        let counted = before.counted;
        self.db
            .prepare_cached("UPDATE task SET code = ?2, field = ?3, message = ?4 WHERE id = ?1")?
            .execute(params![task, code, field, message])?;
        let now = CountedTask {
            code: Some(code),
            ..counted
        };
        self.counters.add_task(counted, -1);
        self.counters.add_task(now, 1);
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

    /// Up to `most` tasks of a kind and a state with a number above `after`, in order. Of those in doubt, the ones that Bakkt can be
    /// asked about.
    pub fn pick(
        &self,
        kind: TaskKind,
        state: State,
        after: i64,
        most: usize,
        selected: bool,
    ) -> anyhow::Result<Vec<Task>> {
        let filter = only_selected("r.client_id", selected);
        let (columns, tables) = if kind == TaskKind::Document {
            (
                ", d.uuid, d.hash, d.row, d.offset, d.length, d.sealed, d.place, o.id",
                "JOIN document d ON d.id = t.document LEFT JOIN owner o ON o.record = t.record AND o.place = d.place",
            )
        } else if kind == TaskKind::Update {
            (
                sql!(
                    ", (SELECT a.bakkt_id FROM task a WHERE a.record = t.record AND a.kind = {kind.account})"
                ),
                "",
            )
        } else {
            ("", "")
        };
        let askable = match state {
            State::InDoubt => format!("AND {NOT_FOR_A_PERSON}"),
            _ => String::new(),
        };
        let sql = format!(
            "SELECT t.id, r.client_id, r.row, r.offset, r.length, r.hash, t.attempts, t.first_at {columns}
             FROM task t JOIN record r ON r.id = t.record {tables}
             WHERE t.state = {} AND t.kind = {} {INDEXED} {askable} AND t.id > ?1 {filter} ORDER BY t.id LIMIT ?2",
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
                bakkt_id: match kind {
                    TaskKind::Update => row.get(8)?,
                    _ => None,
                },
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
        let (kind, state) = (kind as i64, state as i64);
        let count: i64 = if selected {
            let sql = "SELECT count(*) FROM only_these o JOIN record r ON r.client_id = o.client_id \
                JOIN task t ON t.record = r.id AND t.kind = ?1 AND t.state = ?2";
            self.db.query_row(sql, [kind, state], |row| row.get(0))?
        } else {
            let counters = Counters::stored(&self.db)?;
            let ours = counters.iter().filter(|(counted, _)| {
                matches!(counted, Counted::Task { kind: k, state: s, .. } if (*k, *s) == (kind, state))
            });
            ours.map(|(_, count)| count).sum()
        };
        Ok(count.unsigned_abs())
    }

    /// Number of tasks with an unknown outcome that Bakkt can be asked about; KYB cannot, nor what waits for a person.
    pub fn doubts(&self) -> anyhow::Result<u64> {
        let mut sum = 0;
        for kind in [TaskKind::Account, TaskKind::Update, TaskKind::Document] {
            sum += self.count(kind, State::Sending, false)?
                + self.count(kind, State::InDoubt, false)?;
        }
        Ok(sum - self.shared_ids()?)
    }

    /// Number of accounts that were answered with the bakktId of another one, updates included.
    pub fn shared_ids(&self) -> anyhow::Result<u64> {
        count_shared_ids(&self.db)
    }

    /// Number of rows in the plan.
    pub fn rows(&self) -> anyhow::Result<u64> {
        let counters = Counters::stored(&self.db)?;
        let records = counters
            .iter()
            .filter(|(counted, _)| matches!(counted, Counted::Verdict(_)));
        Ok(records.map(|(_, count)| count.unsigned_abs()).sum())
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
