//! The two databases of a state folder, each read by the other's writer: the receiver asks the plan for ids, a run asks the
//! events who was spoken of.
//!
//! Invariant: a question holds no transaction, so it keeps nobody waiting; what is not there (yet) knows nothing.
//! Left out on purpose: reading for reports (`query`, `event_lines`).

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::Journal;
use super::events::{check_version, path_beside};

/// The plan, as far as it knows ids: the journal, read beside a run, once there is one.
#[derive(Debug)]
pub(super) struct Plan {
    path: PathBuf,
    db: Option<Connection>,
}

impl Plan {
    pub(super) fn new(path: PathBuf) -> Plan {
        Plan { path, db: None }
    }

    /// Whether an id is one of the plan's. A journal that cannot be read knows none, and is opened again the next time.
    pub(super) fn has(&mut self, client_id: &str) -> bool {
        if self.db.is_none() && self.path.exists() {
            self.db = read_only(&self.path).ok();
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

fn read_only(path: &Path) -> anyhow::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(Duration::from_secs(10))?;
    Ok(db)
}

/// When the last event of some accounts arrived, read beside receiver and run.
#[derive(Debug)]
pub struct Listener {
    path: PathBuf,
    db: Option<Connection>,
}

impl Journal {
    /// Listens to the events beside this journal.
    pub fn listener(&self) -> Listener {
        let path = self.db.path().map(|path| path_beside(Path::new(path)));
        Listener {
            path: path.unwrap_or_default(),
            db: None,
        }
    }
}

impl Listener {
    /// For each account that an event has named, when the last one arrived.
    pub fn last(&mut self, accounts: &[String]) -> anyhow::Result<HashMap<String, i64>> {
        if self.db.is_none() && self.path.exists() {
            let db = read_only(&self.path)?;
            if check_version(&db, None)? > 0 {
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
