//! When the last event of an account arrived: a run asks the events' database beside the receiver.
//!
//! A question holds no transaction, so nobody waits for it. A database that does not exist yet has no events.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::schema::state_files::events_path_beside;
use crate::schema::{check_events_version, open_read_only};
use rusqlite::{Connection, OptionalExtension};

/// Looks up when the last event of an account arrived.
#[derive(Debug)]
pub struct LastEvents {
    path: PathBuf,
    db: Option<Connection>,
}

impl LastEvents {
    /// Reads the events beside a journal.
    pub(crate) fn beside(journal: Option<&Path>) -> LastEvents {
        LastEvents {
            path: journal.map(events_path_beside).unwrap_or_default(),
            db: None,
        }
    }

    /// Returns when the last event arrived, for each of these accounts that has one.
    pub fn last(&mut self, accounts: &[String]) -> anyhow::Result<HashMap<String, i64>> {
        if self.db.is_none() && self.path.exists() {
            let db = open_read_only(&self.path)?;
            if check_events_version(&db, None, &self.path)? > 0 {
                self.db = Some(db);
            }
        }
        let Some(db) = &self.db else {
            return Ok(HashMap::new());
        };
        let mut question = db.prepare_cached("SELECT last_at FROM party WHERE client_id = ?")?;
        let mut last = HashMap::new();
        for account in accounts {
            if let Some(at) = question.query_row([account], |row| row.get(0)).optional()? {
                last.insert(account.clone(), at);
            }
        }
        Ok(last)
    }
}
