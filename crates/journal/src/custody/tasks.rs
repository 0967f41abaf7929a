//! Custody tasks: picking them, freeing them, and every change of their state.

use rusqlite::{OptionalExtension, Row, params};

use super::{ACCOUNT_OPEN, FORBIDDEN, NEEDS_SESSION, NOT_IN_AGREEMENT, USER_OPEN, USER_REFUSED};
use crate::write::journal::Journal;
use crate::write::tasks::only_selected;
use crate::write::transitions::{TaskEvent, next};
use bakkt_model::custody::{CustodyChange, CustodyKind, CustodyTask, CustodyTransition};
use bakkt_model::error::Failure;
use bakkt_model::position::{JoinedRow, Position};
use bakkt_model::state::State;
use bakkt_model::task::Refusal;

const COLUMNS: &str = sql!(
    "c.id, c.kind, c.client_id, c.item, r.row, r.offset, r.length, c.hash, c.attempts, c.generation, c.first_at, c.lost,
     (SELECT u.uuid FROM custody_task u WHERE u.client_id = c.client_id AND u.kind = {custody.user} AND u.item = '' AND u.state = {state.accepted}), c.sent,
     EXISTS (SELECT 1 FROM custody_attempt a JOIN word w ON w.id = a.outcome WHERE a.task = c.id AND w.text = 'not taken, says a person')
     FROM custody_task c LEFT JOIN record r ON r.id = c.record"
);

const STATE: &str = "UPDATE custody_task SET state = ?2, last_at = ?3 WHERE id = ?1";
const REASON: &str = "UPDATE custody_task SET code = ?2, field = ?3, message = ?4 WHERE id = ?1";
const INTENT: &str = "UPDATE custody_task SET attempts = attempts + 1, first_at = coalesce(first_at, ?2), sent = ?3 WHERE id = ?1";
const ATTEMPT: &str = "INSERT INTO custody_attempt (task, number, generation, key, at, hash)
    SELECT id, attempts, generation, ?2, ?3, ?4 FROM custody_task WHERE id = ?1";
const END: &str = "UPDATE custody_attempt SET ended = ?2, answer = ?3, outcome = ?4
    WHERE task = ?1 AND number = (SELECT attempts FROM custody_task WHERE id = ?1)";
const ACCEPTED: &str = "UPDATE custody_task SET uuid = ?2, status = ?3, code = NULL, field = NULL, message = NULL WHERE id = ?1";
/// What a key was answered must not be replayed from now on.
const NEXT_GENERATION: &str =
    "UPDATE custody_task SET generation = generation + 1, lost = 0, first_at = NULL WHERE id = ?1";

/// Users whose account Bakkt has, or all of them.
const READY_USERS: &str = sql!("SELECT c.id FROM custody_task c JOIN word w ON w.id = c.code
    WHERE c.state = {state.held} AND c.state < {state.first_finished} AND c.kind = {custody.user} AND w.text = ?1
    AND (?2 OR EXISTS (SELECT 1 FROM task t WHERE t.record = c.record AND t.kind = {kind.account} AND t.state = {state.accepted}))");

const HELD_FOR: &str = sql!("SELECT c.id FROM custody_task c JOIN word w ON w.id = c.code
    WHERE c.state = {state.held} AND c.state < {state.first_finished} AND w.text = ?1 ORDER BY c.id");

const FOLLOWERS: &str = sql!("SELECT c.id, w.text FROM custody_task c LEFT JOIN word w ON w.id = c.code
    WHERE c.client_id = ?1 AND c.kind <> {custody.user} AND c.state = {state.held} AND c.record IS NOT NULL");

impl Journal {
    /// Applies changes of custody tasks in one durable transaction. Returns how many tasks were freed.
    pub fn commit_custody(&mut self, changes: &[CustodyChange]) -> anyhow::Result<u64> {
        if changes.is_empty() {
            return Ok(0);
        }
        self.transaction(|journal| {
            let mut freed = 0;
            for change in changes {
                journal.change_custody(change)?;
                freed += journal.follow_user(change)?;
            }
            Ok(freed)
        })
    }

    fn change_custody(&mut self, change: &CustodyChange) -> anyhow::Result<()> {
        let (task, at) = (change.task, change.at);
        match &change.what {
            CustodyTransition::Intend { hash, key } => {
                self.intend(task, TaskEvent::Intend, at, (hash, key))
            }
            CustodyTransition::Repeat { hash, key } => {
                self.intend(task, TaskEvent::Repeat, at, (hash, key))
            }
            CustodyTransition::Postpone { answer, outcome } => {
                self.advance_custody(task, TaskEvent::Postpone, at)?;
                self.end_custody_attempt(task, Some(at), answer, outcome)
            }
            CustodyTransition::Accept {
                answer,
                uuid,
                status,
            } => {
                self.advance_custody(task, TaskEvent::Accept, at)?;
                self.db
                    .prepare_cached(ACCEPTED)?
                    .execute(params![task, uuid, status])?;
                self.end_custody_attempt(task, Some(at), answer, "accepted")
            }
            CustodyTransition::Refuse { answer, refusal } => {
                self.advance_custody(task, TaskEvent::Refuse, at)?;
                self.explain(task, refusal)?;
                self.end_custody_attempt(task, Some(at), answer, "refused")
            }
            CustodyTransition::Doubt { answer } => {
                self.advance_custody(task, TaskEvent::Doubt, at)?;
                self.db
                    .prepare_cached("UPDATE custody_task SET lost = 1 WHERE id = ?")?
                    .execute([task])?;
                self.end_custody_attempt(task, None, answer, "in doubt")
            }
            CustodyTransition::Explain { reason } => self.explain(task, &refusal(reason)),
            CustodyTransition::Absent => {
                self.advance_custody(task, TaskEvent::Absent, at)?;
                self.clear_reason(task)?;
                self.end_custody_attempt(task, Some(at), "not listed", "not there")?;
                self.next_generation(task)
            }
            CustodyTransition::GiveUp { answer } => {
                self.advance_custody(task, TaskEvent::GiveUp, at)?;
                let message = "tried as often as [retry] attempts allows".to_owned();
                self.explain(
                    task,
                    &Refusal {
                        code: answer.clone(),
                        message,
                        ..Refusal::default()
                    },
                )
            }
            CustodyTransition::Hold { reason } => {
                self.advance_custody(task, TaskEvent::Hold, at)?;
                self.explain(task, &refusal(reason))
            }
        }
    }

    fn intend(
        &mut self,
        task: i64,
        event: TaskEvent,
        at: i64,
        (hash, key): (&[u8; 32], &str),
    ) -> anyhow::Result<()> {
        self.advance_custody(task, event, at)?;
        self.db
            .prepare_cached(INTENT)?
            .execute(params![task, at, hash])?;
        self.db
            .prepare_cached(ATTEMPT)?
            .execute(params![task, key, at, hash])?;
        Ok(())
    }

    /// The transition function, applied to a custody task: the only place that writes its state.
    pub(super) fn advance_custody(
        &mut self,
        task: i64,
        event: TaskEvent,
        at: i64,
    ) -> anyhow::Result<()> {
        let state: Option<i64> = self
            .db
            .prepare_cached("SELECT state FROM custody_task WHERE id = ?")?
            .query_row([task], |row| row.get(0))
            .optional()?;
        let before = state.and_then(State::from_number);
        let Some(after) = before.and_then(|state| next(state, event)) else {
            return Err(Failure::cannot(
                format!(
                    "custody task {task} cannot go from {before:?} by {event:?}: the journal and the program disagree"
                ),
                "this is a defect of bakkt-migrate; keep the folder .bakkt-migrate as it is and report it",
            ));
        };
        self.db
            .prepare_cached(STATE)?
            .execute(params![task, after as i64, at])?;
        Ok(())
    }

    pub(super) fn explain(&mut self, task: i64, refusal: &Refusal) -> anyhow::Result<()> {
        let [code, field, message] = [
            self.word(&refusal.code)?,
            self.word(&refusal.field)?,
            self.word(&refusal.message)?,
        ];
        self.db
            .prepare_cached(REASON)?
            .execute(params![task, code, field, message])?;
        Ok(())
    }

    pub(super) fn clear_reason(&mut self, task: i64) -> anyhow::Result<()> {
        let nothing: Option<i64> = None;
        self.db
            .prepare_cached(REASON)?
            .execute(params![task, nothing, nothing, nothing])?;
        Ok(())
    }

    pub(super) fn next_generation(&mut self, task: i64) -> anyhow::Result<()> {
        self.db.prepare_cached(NEXT_GENERATION)?.execute([task])?;
        Ok(())
    }

    pub(super) fn end_custody_attempt(
        &mut self,
        task: i64,
        ended: Option<i64>,
        answer: &str,
        outcome: &str,
    ) -> anyhow::Result<()> {
        let (answer, outcome) = (self.word(answer)?, self.word(outcome)?);
        self.db
            .prepare_cached(END)?
            .execute(params![task, ended, answer, outcome])?;
        Ok(())
    }

    /// Frees what waited for a user, or says that there will be none.
    fn follow_user(&mut self, change: &CustodyChange) -> anyhow::Result<u64> {
        let is_there = match &change.what {
            CustodyTransition::Accept { .. } => true,
            CustodyTransition::Refuse { .. } | CustodyTransition::GiveUp { .. } => false,
            _ => return Ok(0),
        };
        let (client_id, kind): (String, i64) = self
            .db
            .prepare_cached("SELECT client_id, kind FROM custody_task WHERE id = ?")?
            .query_row([change.task], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if kind != CustodyKind::User as i64 {
            return Ok(0);
        }
        self.user_became(&client_id, is_there, change.at)
    }

    pub(super) fn user_became(
        &mut self,
        client_id: &str,
        is_there: bool,
        at: i64,
    ) -> anyhow::Result<u64> {
        let mut freed = 0;
        for (task, code) in self.followers(client_id)? {
            if ![USER_OPEN.0, USER_REFUSED.0].contains(&code.as_str()) {
                continue;
            }
            match is_there {
                true => {
                    self.advance_custody(task, TaskEvent::Free, at)?;
                    self.clear_reason(task)?;
                    freed += 1;
                }
                false => self.explain(task, &refusal(&owned(USER_REFUSED)))?,
            }
        }
        Ok(freed)
    }

    fn followers(&self, client_id: &str) -> anyhow::Result<Vec<(i64, String)>> {
        let mut statement = self.db.prepare_cached(FOLLOWERS)?;
        let rows = statement.query_map([client_id], |row| {
            Ok((
                row.get(0)?,
                row.get::<_, Option<String>>(1)?.unwrap_or_default(),
            ))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Those who wait for a user again, because it is sent again.
    pub(super) fn user_again(&mut self, client_id: &str) -> anyhow::Result<()> {
        for (task, code) in self.followers(client_id)? {
            if code == USER_REFUSED.0 {
                self.explain(task, &refusal(&owned(USER_OPEN)))?;
            }
        }
        Ok(())
    }

    /// After a start: what was being sent is in doubt; users whose account is accepted (all of them, when `independent`) may be
    /// made; what was not in the agreement, or forbidden, is tried again.
    pub fn begin_custody(&mut self, independent: bool, at: i64) -> anyhow::Result<()> {
        self.transaction(|journal| {
            let sending = journal.ids(sql!(
                "SELECT id FROM custody_task WHERE state = {state.sending} AND state < {state.first_finished}"
            ))?;
            for task in sending {
                let answer = "the program ended".to_owned();
                journal.change_custody(&CustodyChange { task, at, what: CustodyTransition::Doubt { answer } })?;
            }
            let ready: Vec<i64> = {
                let mut statement = journal.db.prepare_cached(READY_USERS)?;
                let rows = statement.query_map(params![ACCOUNT_OPEN.0, independent], |row| row.get(0))?;
                rows.collect::<Result<_, _>>()?
            };
            let mut gated = journal.held_for(NOT_IN_AGREEMENT)?;
            gated.extend(journal.held_for(FORBIDDEN)?);
            for task in ready.into_iter().chain(gated) {
                journal.advance_custody(task, TaskEvent::Free, at)?;
                journal.clear_reason(task)?;
            }
            // The user came while these were still to be planned.
            for client_id in journal.users_there()? {
                journal.user_became(&client_id, true, at)?;
            }
            Ok(())
        })
    }

    /// Customers whose user is there and of whom something waits for it.
    fn users_there(&self) -> anyhow::Result<Vec<String>> {
        let mut statement = self.db.prepare(sql!(
            "SELECT DISTINCT c.client_id FROM custody_task c JOIN word w ON w.id = c.code
             JOIN custody_task u ON u.client_id = c.client_id AND u.kind = {custody.user} AND u.item = '' AND u.state = {state.accepted}
             WHERE c.state = {state.held} AND c.state < {state.first_finished} AND w.text IN (?1, ?2)"
        ))?;
        let rows = statement.query_map([USER_OPEN.0, USER_REFUSED.0], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn held_for(&self, code: &str) -> anyhow::Result<Vec<i64>> {
        let mut statement = self.db.prepare_cached(HELD_FOR)?;
        let rows = statement.query_map([code], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Frees what waits for a session of customers who have one now.
    pub fn free_sessions(
        &mut self,
        has_session: impl Fn(&str) -> bool,
        at: i64,
    ) -> anyhow::Result<u64> {
        self.transaction(|journal| {
            let mut freed = 0;
            for task in journal.held_for(NEEDS_SESSION.0)? {
                let client_id: String = journal
                    .db
                    .prepare_cached("SELECT client_id FROM custody_task WHERE id = ?")?
                    .query_row([task], |row| row.get(0))?;
                if has_session(&client_id) {
                    journal.advance_custody(task, TaskEvent::Free, at)?;
                    journal.clear_reason(task)?;
                    freed += 1;
                }
            }
            Ok(freed)
        })
    }

    /// Whether anything of a kind was ever accepted: then it is in the merchant's agreement.
    pub fn custody_succeeded(&self, kind: CustodyKind) -> anyhow::Result<bool> {
        let sql = sql!(
            "SELECT EXISTS (SELECT 1 FROM custody_task WHERE kind = ? AND state = {state.accepted})"
        );
        Ok(self.db.query_row(sql, [kind as i64], |row| row.get(0))?)
    }

    /// Up to `most` custody tasks of a kind and a state with a number above `after`, in order.
    pub fn pick_custody(
        &self,
        kind: CustodyKind,
        state: State,
        after: i64,
        most: usize,
        selected: bool,
    ) -> anyhow::Result<Vec<CustodyTask>> {
        let filter = only_selected("c.client_id", selected);
        let indexed = sql!("c.state < {state.first_finished}");
        let sql = format!(
            "SELECT {COLUMNS} WHERE c.state = ?1 AND c.kind = ?2 AND {indexed} AND c.id > ?3 {filter} ORDER BY c.id LIMIT ?4"
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map(
            params![state as i64, kind as i64, after, most as i64],
            custody_task,
        )?;
        let mut tasks = rows.collect::<Result<Vec<_>, _>>()?;
        if self.meta("parts")?.as_deref() == Some("1") {
            for task in &mut tasks {
                task.parts = self.custody_parts(&task.client_id)?;
            }
        }
        Ok(tasks)
    }

    /// The uuids of what was made for a customer, by kind.
    pub fn custody_uuids(&self, client_id: &str, kind: CustodyKind) -> anyhow::Result<Vec<String>> {
        let mut statement = self.db.prepare_cached(
            "SELECT uuid FROM custody_task WHERE client_id = ? AND kind = ? AND uuid IS NOT NULL",
        )?;
        let rows = statement.query_map(params![client_id, kind as i64], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether a session of a customer is of use: something waits for it, or was made that only it can read.
    pub fn uses_session(&self, client_id: &str) -> anyhow::Result<bool> {
        let mut statement = self.db.prepare_cached(sql!(
            "SELECT EXISTS (SELECT 1 FROM custody_task WHERE client_id = ? AND kind <> {custody.user}
             AND (state IN ({state.waiting}, {state.unknown_outcome}) OR (state = {state.accepted} AND uuid IS NOT NULL)))"
        ))?;
        Ok(statement.query_row([client_id], |row| row.get(0))?)
    }

    /// The rows beside the record's own of the account of a custody task, as they are mapped.
    fn custody_parts(&self, client_id: &str) -> anyhow::Result<Vec<JoinedRow>> {
        let task: Option<i64> = self
            .db
            .prepare_cached(sql!(
                "SELECT t.id FROM record r JOIN task t ON t.record = r.id AND t.kind = {kind.account} WHERE r.client_id = ?"
            ))?
            .query_row([client_id], |row| row.get(0))
            .optional()?;
        match task {
            Some(task) => self.parts(task),
            None => Ok(Vec::new()),
        }
    }
}

fn custody_task(row: &Row<'_>) -> rusqlite::Result<CustodyTask> {
    let line: Option<i64> = row.get(4)?;
    let at = match line {
        Some(line) => Some(Position {
            row: line as u64,
            offset: row.get::<_, i64>(5)? as u64,
            length: row.get(6)?,
        }),
        None => None,
    };
    let kind: i64 = row.get(1)?;
    Ok(CustodyTask {
        id: row.get(0)?,
        kind: CustodyKind::from_number(kind).unwrap_or(CustodyKind::User),
        client_id: row.get(2)?,
        item: row.get(3)?,
        at,
        hash: row.get(7)?,
        attempts: row.get(8)?,
        generation: row.get(9)?,
        first_at: row.get(10)?,
        lost: row.get(11)?,
        user_uuid: row.get(12)?,
        sent: row.get(13)?,
        was_lost: row.get(14)?,
        parts: Vec::new(),
    })
}

pub(super) fn owned((code, message): (&'static str, &str)) -> (&'static str, String) {
    (code, message.to_owned())
}

pub(super) fn refusal((code, message): &(&'static str, String)) -> Refusal {
    Refusal {
        code: (*code).to_owned(),
        field: String::new(),
        message: message.clone(),
    }
}
