//! Whether the plan knows an id: the receiver asks the journal beside a run.
//!
//! A question holds no transaction, so nobody waits for it. A journal that does not exist yet knows no ids.

use std::path::PathBuf;

use crate::schema::open_read_only;
use rusqlite::Connection;

/// Looks ids up in the journal, once there is one.
#[derive(Debug)]
pub(crate) struct KnownIds {
    path: PathBuf,
    db: Option<Connection>,
}

impl KnownIds {
    pub(crate) fn new(path: PathBuf) -> KnownIds {
        KnownIds { path, db: None }
    }

    /// Whether an id is one of the plan's. A journal that cannot be read knows none, and is opened again the next time.
    pub(crate) fn has(&mut self, client_id: &str) -> bool {
        if self.db.is_none() && self.path.exists() {
            self.db = open_read_only(&self.path).ok();
        }
        let Some(db) = &self.db else { return false };
        let found = db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM record WHERE client_id = ?1) OR EXISTS (SELECT 1 FROM former WHERE client_id = ?1)",
            )
            .and_then(|mut known| known.query_row([client_id], |row| row.get(0)));
        found.unwrap_or_else(|_| {
            self.db = None;
            false
        })
    }

    /// Whether a customer was forgotten under this name. A journal of an earlier version has forgotten nobody.
    pub(crate) fn has_forgotten(&mut self, name: &str) -> bool {
        if self.db.is_none() && self.path.exists() {
            self.db = open_read_only(&self.path).ok();
        }
        let found = self.db.as_ref().and_then(|db| {
            let mut known = db
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM erased WHERE name = ?1)")
                .ok()?;
            known.query_row([name], |row| row.get(0)).ok()
        });
        found.unwrap_or(false)
    }
}
