//! Accepted accounts whose agreements or owners in the new plan differ from those that Bakkt has.
//!
//! No update that changes agreements is planned until a person says that both sides acknowledged them, and that is kept. Of changed
//! owners of an entity the client must tell Bakkt: they are listed until an update has sent the owners as they are now.
//! Left out: how marks are made (`mapping::pipeline`) and compared (`contract::ownership`).

use rusqlite::params;
use serde::Serialize;

use crate::write::journal::Journal;
use crate::write::operator_log::{OperatorNote, target_of};
use bakkt_contract::ownership::{OwnerChanges, agreements_changed, owner_changes};

/// How many customers are named.
const NAMED: usize = 20;

/// Accepted accounts whose agreements changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChangedAgreements {
    /// How many accounts.
    pub accounts: u64,
    /// The first of their ids.
    pub first: Vec<String>,
}

impl ChangedAgreements {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.accounts == 0
    }
}

/// Accepted accounts of entities whose owners changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChangedOwners {
    /// How many accounts.
    pub accounts: u64,
    /// Owners who were not there.
    pub added: u64,
    /// Owners who are gone.
    pub removed: u64,
    /// Owners whose role, share or management is another.
    pub changed: u64,
    /// The first of the accounts' ids.
    pub first: Vec<String>,
}

impl ChangedOwners {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.accounts == 0
    }

    fn add(&mut self, client_id: &str, changes: OwnerChanges) {
        self.accounts += 1;
        self.added += changes.added;
        self.removed += changes.removed;
        self.changed += changes.changed;
        if self.first.len() < NAMED {
            self.first.push(client_id.to_owned());
        }
    }
}

impl Journal {
    /// Finds the accepted accounts whose agreements changed, except for changes that were acknowledged before.
    pub(crate) fn changed_agreements(&self) -> anyhow::Result<ChangedAgreements> {
        let mut found = ChangedAgreements::default();
        let mut statement = self.db.prepare(AGREEMENTS)?;
        let mut rows = statement.query([])?;
        let mut note = self
            .db
            .prepare("INSERT OR IGNORE INTO temp.agreements_changed VALUES (?, ?)")?;
        while let Some(row) = rows.next()? {
            let client_id = row.get_ref(0)?.as_str()?;
            let (before, after) = (row.get_ref(1)?.as_blob()?, row.get_ref(2)?.as_blob()?);
            if !agreements_changed(before, after) {
                continue;
            }
            found.accounts += 1;
            if found.first.len() < NAMED {
                found.first.push(client_id.to_owned());
            }
            note.execute(params![client_id, after])?;
        }
        Ok(found)
    }

    /// Records that the changed agreements in the updates that are planned now were acknowledged by both sides.
    pub(crate) fn acknowledge_agreements(
        &mut self,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<()> {
        let mut statement = self.db.prepare(ACKNOWLEDGED)?;
        let ids = statement.query_map([], |row| row.get(0))?;
        let ids: Vec<String> = ids.collect::<Result<_, _>>()?;
        drop(statement);
        if ids.is_empty() {
            return Ok(());
        }
        let OperatorNote { by, reason, at } = decided;
        let mut keep = self.db.prepare(
            "INSERT OR REPLACE INTO acknowledged SELECT client_id, agreements, ?2, ?3, ?4
             FROM temp.agreements_changed WHERE client_id = ?1",
        )?;
        for id in &ids {
            keep.execute(params![id, reason, by, at])?;
        }
        drop(keep);
        let target = target_of(&ids);
        self.log("acknowledge agreements", &target, decided, ids.len() as u64)
    }

    /// Accepted accounts of entities whose owners are others in a new plan.
    pub(crate) fn changed_owners(&self) -> anyhow::Result<ChangedOwners> {
        let mut found = ChangedOwners::default();
        let mut statement = self.db.prepare(OWNERS)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (before, after) = (row.get_ref(1)?.as_blob()?, row.get_ref(2)?.as_blob()?);
            let changes = owner_changes(before, after);
            if !changes.none() {
                found.add(row.get_ref(0)?.as_str()?, changes);
            }
        }
        Ok(found)
    }
}

/// An account that was there before and was left as it is gets no update whatever changes.
const AGREEMENTS: &str = sql!("SELECT w.client_id, w.agreements, r.agreements FROM temp.was w JOIN n.record r ON r.id = w.record
    WHERE w.state = {state.accepted} AND NOT w.untouched AND w.hash IS NOT r.hash AND w.agreements <> r.agreements
    AND NOT EXISTS (SELECT 1 FROM main.acknowledged a WHERE a.client_id = w.client_id AND a.agreements = r.agreements)
    ORDER BY w.client_id");

const ACKNOWLEDGED: &str = sql!("SELECT c.client_id FROM temp.agreements_changed c JOIN main.record r ON r.client_id = c.client_id
    JOIN main.task t ON t.record = r.id AND t.kind = {kind.update} ORDER BY c.client_id");

const OWNERS: &str =
    sql!("SELECT w.client_id, w.owners, r.owners FROM temp.was w JOIN n.record r ON r.id = w.record
    WHERE w.state = {state.accepted} AND NOT w.untouched AND w.owners <> r.owners ORDER BY w.client_id");
