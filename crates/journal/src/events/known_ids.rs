//! The two databases of a state folder, each read by the other's writer: the receiver asks the plan for ids, a run asks the
//! events who was spoken of.
//!
//! Invariant: a question holds no transaction, so it keeps nobody waiting; what is not there (yet) knows nothing.
//! Left out on purpose: reading for reports (`query`, `event_lines`).

use std::path::PathBuf;

use crate::schema::open_read_only;
use rusqlite::Connection;

/// The plan, as far as it knows ids: the journal, read beside a run, once there is one.
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
}
