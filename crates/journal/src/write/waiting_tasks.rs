//! Documents that wait for their account, and KYB that waits for both (invariant 6).
//!
//! They are held and freed in the transaction of the change that they waited for, so no crash can separate the two. KYB is freed
//! when no document of its account is unfinished and the accepted ones prove the whole checklist.

use crate::schema::codes::kind;
use crate::write::journal::Journal;
use crate::write::tasks::{Also, TaskBefore};
use crate::write::transitions::TaskEvent;
use bakkt_contract::documents::{OwnerFlags, checklist};
use bakkt_model::state::State;
use bakkt_model::task::{Change, FreedTasks, PriorAccount, Refusal, Transition};

/// The account is neither accepted nor refused yet.
pub const ACCOUNT_OPEN: (&str, &str) = ("account", "waits until its account is accepted");
/// The account was refused or given up.
pub const ACCOUNT_REFUSED: (&str, &str) = ("account refused", "its account was not accepted");
/// The account was there before, with other data, and was left as it is.
pub const ACCOUNT_LEFT_ALONE: (&str, &str) = (
    "left alone",
    "its account existed before with other data and was left as it is",
);
/// A document of the account is unfinished.
pub const DOCUMENTS_OPEN: (&str, &str) = ("documents", "waits until its documents are done");
/// The checklist lacks something.
pub const KYB_INCOMPLETE: (&str, &str) = (
    "incomplete",
    "the KYB checklist lacks something: kyb.csv says what",
);
/// The document's file is not the planned one.
pub const DOCUMENT_CHANGED: &str = "changed";

const HELD_DOCUMENTS: &str = sql!(
    "SELECT t.id FROM task t JOIN word w ON w.id = t.code
     WHERE t.state = {state.held} AND t.state < {state.first_finished} AND t.kind = {kind.document}"
);

impl Journal {
    /// Frees or holds the tasks that wait for a change.
    pub(crate) fn follow(
        &mut self,
        change: &Change,
        task: &TaskBefore,
        freed: &mut FreedTasks,
    ) -> anyhow::Result<()> {
        let ends = matches!(
            change.what,
            Transition::Accept { .. }
                | Transition::Refuse { .. }
                | Transition::GiveUp { .. }
                | Transition::Hold { .. }
        );
        if !ends || !self.has_followers()? {
            return Ok(());
        }
        match task.counted.kind {
            kind::ACCOUNT | kind::UPDATE => self.follow_account(task.record, change.at, freed),
            kind::DOCUMENT => self.settle_kyb(task.record, change.at, freed),
            _ => Ok(()),
        }
    }

    /// Whether any task waits for another or could; most migrations of individuals have no documents.
    fn has_followers(&mut self) -> anyhow::Result<bool> {
        if let Some(known) = self.followers {
            return Ok(known);
        }
        let sql = sql!(
            "SELECT EXISTS (SELECT 1 FROM document) OR EXISTS (SELECT 1 FROM owner) OR EXISTS (SELECT 1 FROM task WHERE state = {state.held} AND state < {state.first_finished})"
        );
        let any = self.db.query_row(sql, [], |row| row.get(0))?;
        self.followers = Some(any);
        Ok(any)
    }

    /// Frees or holds what follows an account, whatever its state is now.
    pub(crate) fn follow_account(
        &mut self,
        record: i64,
        at: i64,
        freed: &mut FreedTasks,
    ) -> anyhow::Result<()> {
        match self.account_waits(record)? {
            None => self.account_accepted(record, at, freed),
            Some(reason) => self.account_stopped(record, reason, at),
        }
    }

    /// Documents that were held because their files had changed are tried again: the files may be as planned by now.
    pub(crate) fn free_changed(&mut self, at: i64) -> anyhow::Result<()> {
        let changed = self.ids(&format!(
            "{HELD_DOCUMENTS} AND w.text = '{DOCUMENT_CHANGED}'"
        ))?;
        for task in changed {
            self.hold_reason(task, ACCOUNT_OPEN)?;
            let record = self.record_of(task)?;
            self.follow_account(record, at, &mut FreedTasks::default())?;
        }
        Ok(())
    }

    pub(crate) fn record_of(&self, task: i64) -> anyhow::Result<i64> {
        let mut statement = self
            .db
            .prepare_cached("SELECT record FROM task WHERE id = ?")?;
        Ok(statement.query_row([task], |row| row.get(0))?)
    }

    /// Why documents and KYB of an account must wait; `None`: Bakkt has the account as the plan has it. An update that
    /// is planned comes first: it may bring the owner whom a document names.
    fn account_waits(&self, record: i64) -> anyhow::Result<Option<(&'static str, &'static str)>> {
        let mut statement = self.db.prepare_cached(
            sql!("SELECT kind, state, existed FROM task WHERE record = ? AND kind IN ({kind.account_or_update}) ORDER BY kind"),
        )?;
        let rows = statement.query_map([record], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, i64>(2)?,
            ))
        })?;
        let mut waits = Some(ACCOUNT_OPEN);
        for row in rows {
            let (kind, state, existed) = row?;
            waits = match State::from_number(state) {
                Some(State::Accepted)
                    if kind == kind::ACCOUNT && existed == PriorAccount::Different as i64 =>
                {
                    Some(ACCOUNT_LEFT_ALONE)
                }
                Some(State::Accepted) => None,
                Some(State::Refused | State::GaveUp) => Some(ACCOUNT_REFUSED),
                _ => Some(ACCOUNT_OPEN),
            };
            // Without the account itself, its update says nothing.
            if kind == kind::ACCOUNT && state != State::Accepted as i64 {
                break;
            }
        }
        Ok(waits)
    }

    /// Document and KYB tasks of a record in a state.
    fn tasks_in(&self, record: i64, state: State) -> anyhow::Result<Vec<i64>> {
        let mut statement = self.db.prepare_cached(
            sql!("SELECT id FROM task WHERE record = ? AND kind IN ({kind.document_or_kyb}) AND state = ?"),
        )?;
        let rows = statement.query_map([record, state as i64], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The documents may go; KYB may be next.
    fn account_accepted(
        &mut self,
        record: i64,
        at: i64,
        freed: &mut FreedTasks,
    ) -> anyhow::Result<()> {
        for (task, code) in self.held(record, kind::DOCUMENT)? {
            if [ACCOUNT_OPEN.0, ACCOUNT_REFUSED.0, ACCOUNT_LEFT_ALONE.0].contains(&code.as_str()) {
                self.free(task, at)?;
                freed.documents += 1;
            }
        }
        self.settle_kyb(record, at, freed)
    }

    /// Documents and KYB stay held with another reason, or are held: an update may have come before them.
    fn account_stopped(
        &mut self,
        record: i64,
        reason: (&str, &str),
        at: i64,
    ) -> anyhow::Result<()> {
        let open = self.tasks_in(record, State::Open)?;
        for task in open {
            self.stop(task, TaskEvent::Hold, at, &refusal(reason))?;
        }
        for kind in [kind::DOCUMENT, kind::KYB] {
            for (task, code) in self.held(record, kind)? {
                if kind == kind::KYB || code != DOCUMENT_CHANGED {
                    self.hold_reason(task, reason)?;
                }
            }
        }
        Ok(())
    }

    /// Frees the KYB task of a record, holds it, or says anew why it is held.
    pub(crate) fn settle_kyb(
        &mut self,
        record: i64,
        at: i64,
        freed: &mut FreedTasks,
    ) -> anyhow::Result<()> {
        let mut statement = self.db.prepare_cached(
            sql!("SELECT id, state FROM task WHERE record = ? AND kind = {kind.kyb} AND state IN ({state.waiting})"),
        )?;
        let tasks = statement.query_map([record], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
        })?;
        let tasks: Vec<(i64, i64)> = tasks.collect::<Result<_, _>>()?;
        drop(statement);
        let Some(&(task, state)) = tasks.first() else {
            return Ok(());
        };
        let open = state == State::Open as i64;
        match self.kyb_waits_for(record)? {
            None if open => Ok(()),
            None => {
                freed.kyb += 1;
                self.free(task, at)
            }
            Some(reason) => {
                if open {
                    self.stop(task, TaskEvent::Hold, at, &refusal(reason))?;
                    return Ok(());
                }
                self.hold_reason(task, reason)
            }
        }
    }

    /// Why KYB of a record must wait; `None`: it may be triggered.
    fn kyb_waits_for(
        &mut self,
        record: i64,
    ) -> anyhow::Result<Option<(&'static str, &'static str)>> {
        if let Some(reason) = self.account_waits(record)? {
            return Ok(Some(reason));
        }
        let unfinished: bool = self
            .db
            .prepare_cached(
                sql!("SELECT EXISTS (SELECT 1 FROM task WHERE record = ? AND kind = {kind.document} AND state < {state.first_finished})"),
            )?
            .query_row([record], |row| row.get(0))?;
        if unfinished {
            return Ok(Some(DOCUMENTS_OPEN));
        }
        let owners = self.pairs("SELECT place, flags FROM owner WHERE record = ?", record)?;
        let owners: Vec<OwnerFlags> = owners
            .into_iter()
            .filter_map(|(place, flags)| {
                Some(OwnerFlags {
                    place: place?,
                    flags,
                })
            })
            .collect();
        let accepted = self.pairs(
            sql!("SELECT d.place, d.proves FROM task t JOIN document d ON d.id = t.document WHERE t.record = ? AND t.kind = {kind.document} AND t.state = {state.accepted}"),
            record,
        )?;
        let whole = checklist(&owners, &accepted).iter().all(|item| item.there);
        Ok((!whole).then_some(KYB_INCOMPLETE))
    }

    fn pairs(&self, sql: &str, record: i64) -> anyhow::Result<Vec<(Option<u32>, u32)>> {
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map([record], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Held tasks of a kind, with the codes of their reasons.
    fn held(&self, record: i64, kind: i64) -> anyhow::Result<Vec<(i64, String)>> {
        let mut statement = self.db.prepare_cached(
            sql!("SELECT t.id, coalesce(w.text, '') FROM task t LEFT JOIN word w ON w.id = t.code WHERE t.record = ? AND t.kind = ? AND t.state = {state.held}"),
        )?;
        let rows = statement.query_map([record, kind], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn free(&mut self, task: i64, at: i64) -> anyhow::Result<()> {
        self.advance(task, TaskEvent::Free, at, Also::Reason(None))?;
        Ok(())
    }

    fn hold_reason(&mut self, task: i64, reason: (&str, &str)) -> anyhow::Result<()> {
        self.give_reason(task, &refusal(reason))
    }
}

/// A code and a message, as the reason of a task.
fn refusal((code, message): (&str, &str)) -> Refusal {
    Refusal {
        code: code.to_owned(),
        field: String::new(),
        message: message.to_owned(),
    }
}
