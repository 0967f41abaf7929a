//! Settling an account that was answered with the bakktId of another one: nobody can be asked by program whose it is, so a person says.
//! And which ids accounts have, so that a run can tell such an answer.

use rusqlite::{Connection, OptionalExtension, params};

use crate::read::reader::Reader;
use crate::write::journal::Journal;
use crate::write::operator_log::OperatorNote;
use crate::write::tasks::{Also, count_shared_ids};
use crate::write::transitions::TaskEvent;
use bakkt_model::error::Failure;
use bakkt_model::number::thousands;
use bakkt_model::state::State;
use bakkt_model::task::{
    AccountFacts, Change, FreedTasks, ID_OF_ANOTHER, PriorAccount, Transition,
};

/// What a person found out about such an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountResolution<'a> {
    /// Bakkt has it as it was sent; under this id, where they name one.
    Accepted(Option<&'a str>),
    /// Bakkt does not have it, or not as it was sent.
    NotTaken,
}

/// The tasks of an account that may wait for a person: number, state, attempts, code.
const THEIR_TASKS: &str = sql!(
    "SELECT t.id, t.state, t.attempts, w.text FROM record r JOIN task t ON t.record = r.id AND t.kind IN ({kind.account_or_update})
     LEFT JOIN word w ON w.id = t.code WHERE r.client_id = ? ORDER BY t.kind"
);

/// Every id under which Bakkt has an account, those of earlier plans too.
const IDS: &str = sql!(
    "SELECT bakkt_id FROM task NOT INDEXED WHERE kind IN ({kind.any_account}) AND bakkt_id <> ''"
);

/// Whose account an id is.
const HOLDER: &str = sql!(
    "SELECT coalesce(r.client_id, f.client_id, '') FROM task t NOT INDEXED LEFT JOIN record r ON r.id = t.record LEFT JOIN former f ON f.task = t.id
     WHERE t.kind IN ({kind.any_account}) AND t.bakkt_id = ? COLLATE NOCASE"
);

/// An account that Bakkt has, and under which id; of an earlier plan too.
const OWN: &str = sql!(
    "SELECT t.id, t.bakkt_id FROM task t WHERE t.bakkt_id <> '' AND (
       t.kind = {kind.account} AND t.state = {state.accepted} AND t.record = (SELECT id FROM record WHERE client_id = ?1)
       OR t.kind = {kind.former_account} AND t.id IN (SELECT task FROM former WHERE client_id = ?1))"
);

/// Whether another customer stands under an id.
const IS_ANOTHERS: &str = sql!(
    "SELECT EXISTS (SELECT 1 FROM task t NOT INDEXED LEFT JOIN record r ON r.id = t.record LEFT JOIN former f ON f.task = t.id
     WHERE t.kind IN ({kind.any_account}) AND t.bakkt_id = ?1 COLLATE NOCASE AND coalesce(r.client_id, f.client_id) IS NOT ?2)"
);

impl Journal {
    /// Gives an account that stands under the bakktId of another customer its own, which a person found out. `is_in_other_shard` says
    /// whether another shard has an id. Returns false, and changes nothing, where the account does not stand under such an id.
    pub fn correct_bakkt_id(
        &mut self,
        client_id: &str,
        own: &str,
        is_in_other_shard: impl FnOnce(&str) -> anyhow::Result<bool>,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<bool> {
        let found: Option<(i64, String)> = self
            .db
            .prepare_cached(OWN)?
            .query_row([client_id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((task, id)) = found else {
            return Ok(false);
        };
        let is_anothers: bool = self
            .db
            .prepare_cached(IS_ANOTHERS)?
            .query_row([id.as_str(), client_id], |row| row.get(0))?;
        if !is_anothers && !is_in_other_shard(&id)? {
            return Ok(false);
        }
        refuse_taken(&self.db, own, "")?;
        self.transaction(|journal| {
            journal
                .db
                .prepare_cached("UPDATE task SET bakkt_id = ?2 WHERE id = ?1")?
                .execute(params![task, own])?;
            journal.log("resolve account: its bakktId", client_id, decided, 1)
        })?;
        Ok(true)
    }

    /// Settles an account, or its update, that was answered with the bakktId of another one.
    pub fn resolve_account(
        &mut self,
        client_id: &str,
        outcome: AccountResolution<'_>,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<()> {
        if let AccountResolution::Accepted(Some(id)) = outcome {
            // Of an update, the id that the account has had all along.
            refuse_taken_by_others(&self.db, id, client_id)?;
        }
        self.transaction(|journal| {
            let at = decided.at;
            let (task, attempts) = journal.account_for_a_person(client_id)?;
            let action = match outcome {
                AccountResolution::Accepted(id) => {
                    let change = Change {
                        task,
                        at,
                        what: Transition::Accept {
                            answer: "resolve".to_owned(),
                            account: AccountFacts {
                                id: id.unwrap_or_default().to_owned(),
                                ..AccountFacts::default()
                            },
                            // What was found before anything was sent is nobody's from here.
                            existed: match attempts {
                                0 => PriorAccount::Different,
                                _ => PriorAccount::No,
                            },
                        },
                    };
                    let before = journal.change(&change)?;
                    journal.end_attempt(
                        task,
                        before.attempts,
                        Some(at),
                        "resolve",
                        "accepted, says a person",
                    )?;
                    journal.follow(&change, &before, &mut FreedTasks::default())?;
                    "resolve account: accepted"
                }
                AccountResolution::NotTaken => {
                    let before =
                        journal.advance(task, TaskEvent::Absent, at, Also::Reason(None))?;
                    journal.end_attempt(
                        task,
                        before.attempts,
                        Some(at),
                        "resolve",
                        "not taken, says a person",
                    )?;
                    "resolve account: not taken"
                }
            };
            journal.log(action, client_id, decided, 1)
        })
    }

    /// The task of an account that waits for a person, and how often it was sent.
    fn account_for_a_person(&self, client_id: &str) -> anyhow::Result<(i64, i64)> {
        let mut statement = self.db.prepare_cached(THEIR_TASKS)?;
        let tasks = statement.query_map([client_id], |row| {
            let code: Option<String> = row.get(3)?;
            let is_in_doubt = row.get::<_, i64>(1)? == State::InDoubt as i64;
            let waits = is_in_doubt && code.as_deref() == Some(ID_OF_ANOTHER);
            Ok((waits, row.get(0)?, row.get(2)?))
        })?;
        let tasks: Vec<(bool, i64, i64)> = tasks.collect::<Result<_, _>>()?;
        if tasks.is_empty() {
            return Err(Failure::configuration(
                "the plan sends no account with this id",
                "refused.csv lists the accounts that were answered with the bakktId of another one",
            ));
        }
        let waiting = tasks.into_iter().find(|(waits, ..)| *waits);
        let (_, task, attempts) = waiting.ok_or_else(|| {
            Failure::configuration(
                "this account is not in doubt for a person",
                format!(
                    "only one that was answered with the bakktId of another one is (refused.csv, code {ID_OF_ANOTHER}); about every other Bakkt is asked by `run`"
                ),
            )
        })?;
        Ok((task, attempts))
    }

    /// Refuses while an account waits for a person to say whose it is: a new plan would have to guess.
    pub fn refuse_shared_ids(&self) -> anyhow::Result<()> {
        match self.shared_ids()? {
            0 => Ok(()),
            count => Err(Failure::configuration(
                match count {
                    1 => "one account was answered with the bakktId of another one, and is in doubt; the plan is as it was".to_owned(),
                    count => format!(
                        "{} accounts were answered with the bakktId of another one, and are in doubt; the plan is as it was",
                        thousands(count)
                    ),
                },
                format!(
                    "settle each with `bakkt-migrate resolve --account`; refused.csv lists them, code {ID_OF_ANOTHER}"
                ),
            )),
        }
    }
}

impl Reader {
    /// Hands out every id under which Bakkt has an account.
    pub fn each_bakkt_id(&self, each: impl FnMut(&str)) -> anyhow::Result<()> {
        each_id(&self.journal, each)
    }

    /// Number of accounts that were answered with the bakktId of another one, updates included.
    pub fn shared_ids(&self) -> anyhow::Result<u64> {
        count_shared_ids(&self.journal)
    }

    /// Whether an account of this journal stands under an id.
    pub fn has_bakkt_id(&self, id: &str) -> anyhow::Result<bool> {
        Ok(self.journal.prepare_cached(HOLDER)?.exists([id])?)
    }

    /// Refuses the id of an account of this journal, which is that of another shard.
    pub fn refuse_taken_bakkt_id(&self, id: &str, shard: &str) -> anyhow::Result<()> {
        refuse_taken(&self.journal, id, &format!(" in shard {shard}"))
    }
}

fn each_id(db: &Connection, mut each: impl FnMut(&str)) -> anyhow::Result<()> {
    let mut statement = db.prepare(IDS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        each(row.get_ref(0)?.as_str()?);
    }
    Ok(())
}

/// Refuses an id under which Bakkt has the account of another customer already.
fn refuse_taken_by_others(db: &Connection, id: &str, client_id: &str) -> anyhow::Result<()> {
    let is_anothers: bool = db
        .prepare_cached(IS_ANOTHERS)?
        .query_row([id, client_id], |row| row.get(0))?;
    match is_anothers {
        true => refuse_taken(db, id, ""),
        false => Ok(()),
    }
}

/// Refuses an id under which Bakkt has an account already. `place` says where that stands, if not here.
fn refuse_taken(db: &Connection, id: &str, place: &str) -> anyhow::Result<()> {
    let holder: Option<String> = db
        .prepare_cached(HOLDER)?
        .query_row([id], |row| row.get(0))
        .optional()?;
    match holder {
        None => Ok(()),
        Some(holder) => Err(Failure::configuration(
            format!("that bakktId is that of {holder} already{place}"),
            "look again under which id Bakkt has this account; crosswalk.csv lists the ids that are taken",
        )),
    }
}
