//! What people decided about customers: to exclude one, or which of several rows with one id to send.
//!
//! Owner of the table `person`, which every later plan follows. A customer whom Bakkt has, or may have, is never excluded and
//! never chosen anew.

use crate::write::journal::Journal;
use bakkt_model::error::Failure;
use bakkt_model::state::State;
use rusqlite::{Connection, params};

/// What a person decided about a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerDecision {
    /// The clientAccountId.
    pub client_id: String,
    /// What was decided.
    pub action: CustomerAction,
    /// Why it was decided.
    pub reason: String,
    /// Who decided.
    pub by: String,
    /// When, in milliseconds since 1970.
    pub at: i64,
}

/// A decision about a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerAction {
    /// The customer is not sent.
    Exclude,
    /// Somebody else than the forgotten customer whose id is the same but for what programs write differently.
    Keep,
    /// Of several rows with one id, the one in this file at this line is sent.
    Take {
        /// The file, as the plan knows it.
        file: String,
        /// The line where the row starts.
        row: u64,
    },
}

/// What people decided, by customer.
pub(crate) fn people(db: &Connection) -> anyhow::Result<Vec<CustomerDecision>> {
    let mut statement = db.prepare(
        "SELECT client_id, action, file, row, reason, by, at FROM person ORDER BY client_id",
    )?;
    let rows = statement.query_map([], |row| {
        let action = match row.get_ref(1)?.as_str()? {
            "take" => CustomerAction::Take {
                file: row.get(2)?,
                row: row.get::<_, i64>(3)? as u64,
            },
            "keep" => CustomerAction::Keep,
            _ => CustomerAction::Exclude,
        };
        Ok(CustomerDecision {
            client_id: row.get(0)?,
            action,
            reason: row.get(4)?,
            by: row.get(5)?,
            at: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl Journal {
    /// What people decided, by customer.
    pub fn people(&self) -> anyhow::Result<Vec<CustomerDecision>> {
        people(&self.db)
    }

    /// Copies decisions into a scratch journal, so that its plan follows them.
    pub(crate) fn follow_people(&mut self, people: &[CustomerDecision]) -> anyhow::Result<()> {
        self.transaction(|journal| people.iter().try_for_each(|one| journal.note_person(one)))
    }

    pub(crate) fn note_person(&mut self, person: &CustomerDecision) -> anyhow::Result<()> {
        let (action, file, row) = match &person.action {
            CustomerAction::Exclude => ("exclude", "", 0),
            CustomerAction::Keep => ("keep", "", 0),
            CustomerAction::Take { file, row } => ("take", file.as_str(), *row),
        };
        let CustomerDecision {
            client_id,
            reason,
            by,
            at,
            ..
        } = person;
        self.db
            .prepare_cached("INSERT OR REPLACE INTO person VALUES (?, ?, ?, ?, ?, ?, ?)")?
            .execute(params![client_id, action, file, row as i64, reason, by, at])?;
        Ok(())
    }

    /// Refuses a decision about selected customers whom Bakkt has, or may have.
    pub(crate) fn refuse_at_bakkt(&self, what: &str, instead: &str) -> anyhow::Result<()> {
        let mut statement = self.db.prepare(
            sql!("SELECT o.client_id, t.state FROM temp.only_these o JOIN record r ON r.client_id = o.client_id
             JOIN task t ON t.record = r.id AND t.kind = {kind.account} WHERE t.state IN ({state.perhaps_at_bakkt})
             UNION SELECT f.client_id, {state.accepted} FROM former f WHERE f.client_id IN (SELECT client_id FROM temp.only_these)"),
        )?;
        let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let found: Vec<(String, i64)> = found.collect::<Result<_, _>>()?;
        let Some((first, _)) = found.first() else {
            return Ok(());
        };
        let doubt = found
            .iter()
            .filter(|(_, state)| *state != State::Accepted as i64)
            .count();
        let settle = if doubt > 0 {
            "; `bakkt-migrate run` settles what is in doubt"
        } else {
            ""
        };
        Err(Failure::configuration(
            format!(
                "{} of these customers cannot be {what}, {first} for one: Bakkt has the account{}",
                found.len(),
                if doubt > 0 { ", or may have it" } else { "" }
            ),
            format!("nothing was changed; {instead}{settle}"),
        ))
    }
}
