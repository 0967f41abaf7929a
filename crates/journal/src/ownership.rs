//! Accepted accounts whose agreements or owners are others in the plan than at Bakkt.
//!
//! Owner of two comparisons. Agreements that changed must have been acknowledged by both sides: no update that changes them
//! is planned until a person says that they were, and that is kept. Of changed owners of an entity Bakkt must be told by
//! the client: they are listed, in `replan` and in every report, until an update has sent the owners as they are now.
//! Left out on purpose: how marks are made and compared (`pipeline::owner_marks`, `contract::ownership`).

use rusqlite::params;
use serde::Serialize;

use super::open::Journal;
use super::person::{Decided, target_of};
use super::query::Reader;
use bakkt_contract::ownership::{OwnerChanges, agreements_changed, owner_changes};

/// Customers that are named.
const NAMED: usize = 20;

/// Accepted accounts whose agreements changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChangedAgreements {
    /// How many.
    pub accounts: u64,
    /// The first of their ids.
    pub first: Vec<String>,
}

impl ChangedAgreements {
    /// Whether there are none.
    pub fn none(&self) -> bool {
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
    pub fn none(&self) -> bool {
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
    /// Notes the accepted accounts whose agreements changed, but for changes that were acknowledged before.
    pub(super) fn changed_agreements(&self) -> anyhow::Result<ChangedAgreements> {
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
    pub(super) fn acknowledge_agreements(&mut self, decided: Decided<'_>) -> anyhow::Result<()> {
        let mut statement = self.db.prepare(ACKNOWLEDGED)?;
        let ids = statement.query_map([], |row| row.get(0))?;
        let ids: Vec<String> = ids.collect::<Result<_, _>>()?;
        drop(statement);
        if ids.is_empty() {
            return Ok(());
        }
        let Decided { by, reason, at } = decided;
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
    pub(super) fn changed_owners(&self) -> anyhow::Result<ChangedOwners> {
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

impl Reader {
    /// Every accepted account of an entity whose owners are others in the plan: its id, file and line, and the changes.
    pub fn each_changed_ownership(
        &self,
        mut each: impl FnMut(&str, &str, u64, OwnerChanges) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(sql::OWNERSHIP, |row| {
            let (before, after) = (row.get_ref(3)?.as_blob()?, row.get_ref(4)?.as_blob()?);
            let changes = owner_changes(before, after);
            if changes.none() {
                return Ok(());
            }
            let (client_id, file) = (row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
            each(
                client_id,
                file,
                super::query::unsigned(row.get(2)?),
                changes,
            )
        })
    }
}

/// An account that was there before and was left as it is gets no update whatever changes.
const AGREEMENTS: &str = "SELECT w.client_id, w.agreements, r.agreements FROM temp.was w JOIN n.record r ON r.id = w.record
    WHERE w.state = 4 AND NOT w.untouched AND w.hash IS NOT r.hash AND w.agreements <> r.agreements
    AND NOT EXISTS (SELECT 1 FROM main.acknowledged a WHERE a.client_id = w.client_id AND a.agreements = r.agreements)
    ORDER BY w.client_id";

const ACKNOWLEDGED: &str = "SELECT c.client_id FROM temp.agreements_changed c JOIN main.record r ON r.client_id = c.client_id
    JOIN main.task t ON t.record = r.id AND t.kind = 1 ORDER BY c.client_id";

const OWNERS: &str =
    "SELECT w.client_id, w.owners, r.owners FROM temp.was w JOIN n.record r ON r.id = w.record
    WHERE w.state = 4 AND NOT w.untouched AND w.owners <> r.owners ORDER BY w.client_id";

/// Statements over large tables.
pub(super) mod sql {
    pub const OWNERSHIP: &str = "SELECT r.client_id, f.name, r.row, t.owners, r.owners \
        FROM task t JOIN record r ON r.id = t.record JOIN file f ON f.id = r.file \
        WHERE t.kind = 0 AND t.state = 4 AND t.existed <> 2 AND t.owners <> r.owners ORDER BY t.id";
}
