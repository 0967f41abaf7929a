//! [`Reader`]: opening the journal for reading, and the small questions.
//!
//! A reader holds one read transaction from `open` to drop, so all its answers are as of the same instant; it reads beside a run
//! and writes nothing (invariants 10 and 12). The transaction keeps the write-ahead log from being cleared, so a reader should
//! live no longer than one report takes.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;

use crate::events::attach::attach_for_reader;
use crate::read::columns::unsigned;
use crate::read::counts::SetUses;
use crate::read::explained::{named, unreadable_journal};
use crate::schema::{VERSION, check_version, open_read_only};
use crate::write::journal::DIFFERING;
use bakkt_model::error::Failure;

/// Refuses an older journal: it lacks tables, and a reader may not add them (invariant 12).
fn refuse_older(journal: &Connection) -> anyhow::Result<()> {
    let version: i64 = journal.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version == 0 {
        // The program was killed while it made the journal.
        return Err(nothing_planned());
    }
    if version < VERSION {
        return Err(Failure::cannot(
            format!("the journal has version {version}, which an earlier bakkt-migrate wrote"),
            "`bakkt-migrate run` brings it up to date; with --limit 0 it sends nothing new",
        ));
    }
    Ok(())
}

/// The error for a person who asks about a plan that does not exist.
pub fn nothing_planned() -> anyhow::Error {
    Failure::configuration(
        "nothing is planned yet",
        "`bakkt-migrate run` plans the migration, or goes on where planning was interrupted; `bakkt-migrate plan` does the same and sends nothing",
    )
}

/// A journal opened for reading.
#[derive(Debug)]
pub struct Reader {
    pub(crate) journal: Connection,
    /// The file, for a person.
    pub(crate) path: PathBuf,
    /// How often shared sets of gaps are used, once it was counted.
    pub(crate) set_uses: OnceCell<SetUses>,
}

/// One start of the program that could send.
#[derive(Debug)]
pub struct RunRow {
    /// 1, 2, 3 …
    pub id: u64,
    /// Milliseconds since 1970.
    pub at: i64,
    /// `None` when it was killed or still runs.
    pub ended: Option<i64>,
    /// How it ended.
    pub outcome: Option<String>,
}

/// One setting of the policy.
#[derive(Debug, Serialize)]
pub struct PolicyRow {
    /// The contract path.
    pub path: String,
    /// The level it was moved to.
    pub level: String,
    /// Why, in the operator's words.
    pub reason: String,
}

/// One decision of a person.
#[derive(Debug)]
pub struct DecisionRow {
    /// Its line in the operator log, from 1.
    pub line: u64,
    /// Milliseconds since 1970.
    pub at: i64,
    /// retry, replan, …
    pub action: String,
    /// What it was for.
    pub target: String,
    /// The reason, in the operator's words.
    pub reason: Option<String>,
    /// How many tasks or records.
    pub count: u64,
    /// Who; `None` for decisions from before names were kept.
    pub by: Option<String>,
}

impl Reader {
    /// Opens the journal read-only, and fixes the instant that every question will see.
    pub fn open(path: &Path) -> anyhow::Result<Reader> {
        let open = || -> anyhow::Result<Connection> {
            let journal = open_read_only(path)?;
            check_version(&journal)?;
            Ok(journal)
        };
        let begin = |journal: &Connection| {
            // A deferred transaction takes its picture with its first read, of each database.
            journal.execute_batch(
                "BEGIN; SELECT count(*) FROM sqlite_schema; SELECT 1 FROM event LIMIT 1;",
            )
        };
        let journal = open().map_err(|error| unreadable_journal(path, error))?;
        refuse_older(&journal)?;
        // The events are another file, and say so themselves.
        named(path, attach_for_reader(&journal, path))?;
        begin(&journal).map_err(|error| unreadable_journal(path, error.into()))?;
        Ok(Reader {
            journal,
            path: path.to_owned(),
            set_uses: OnceCell::new(),
        })
    }

    /// Opens several readers of one instant, each for a thread of its own. While a run commits without a pause it may be one
    /// alone.
    pub fn open_several(path: &Path, most: usize) -> anyhow::Result<Vec<Reader>> {
        /// How often it is tried to open them between two commits.
        const TRIES: usize = 100;
        // Of a third connection, which holds no transaction: the numbers change when anybody commits.
        let watch = open_read_only(path)?;
        named(path, attach_for_reader(&watch, path))?;
        let commits = || -> anyhow::Result<(i64, Option<i64>)> {
            let of = |schema: Option<&str>| {
                watch.pragma_query_value(schema, "data_version", |row| row.get(0))
            };
            Ok((of(None)?, of(Some("events")).ok()))
        };
        for _ in 0..TRIES {
            let before = commits()?;
            let readers = (0..most.max(1)).map(|_| Reader::open(path));
            let readers = readers.collect::<anyhow::Result<Vec<Reader>>>()?;
            if readers.len() == 1 || commits()? == before {
                return Ok(readers);
            }
        }
        Ok(vec![Reader::open(path)?])
    }

    /// A fact of the migration (`meta`).
    pub fn meta(&self, key: &str) -> anyhow::Result<Option<String>> {
        let sql = "SELECT value FROM meta WHERE key = ?1";
        Ok(self
            .journal
            .query_row(sql, [key], |row| row.get(0))
            .optional()?)
    }

    /// Whether the plan has a row with this clientAccountId.
    pub fn has_customer(&self, client_id: &str) -> anyhow::Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM record WHERE client_id = ?)";
        let mut statement = self.journal.prepare_cached(sql)?;
        Ok(statement.query_row([client_id], |row| row.get(0))?)
    }

    /// Hands over the id of every record of the plan.
    pub fn each_client_id(&self, mut each: impl FnMut(&str)) -> anyhow::Result<()> {
        let sql = "SELECT client_id FROM record WHERE client_id IS NOT NULL";
        let mut statement = self.journal.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            each(row.get_ref(0)?.as_str()?);
        }
        Ok(())
    }

    /// Whether updates were asked for that Bakkt has not accepted.
    pub fn has_updates(&self) -> anyhow::Result<bool> {
        let sql = sql!(
            "SELECT EXISTS (SELECT 1 FROM task WHERE kind = {kind.update} AND state <> {state.accepted})"
        );
        Ok(self.journal.query_row(sql, [], |row| row.get(0))?)
    }

    /// Whether Bakkt may have an account with other bytes than the plan; else nothing is restricted, and no owner changed.
    pub fn may_differ(&self) -> anyhow::Result<bool> {
        Ok(self.meta(DIFFERING)?.as_deref() == Some("1"))
    }

    /// A fact of the migration that is a number; `None` when it is absent or not a number.
    pub fn meta_count(&self, key: &str) -> anyhow::Result<Option<u64>> {
        Ok(self.meta(key)?.and_then(|value| value.parse().ok()))
    }

    /// The fingerprints of the plan, by name.
    pub(crate) fn fingerprints(&self) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
        let sql = "SELECT name, hash FROM fingerprint";
        let all = self.all(sql, |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(all.into_iter().collect())
    }

    /// All runs, oldest first.
    pub fn runs(&self) -> anyhow::Result<Vec<RunRow>> {
        self.all(
            "SELECT id, at, ended, outcome FROM run ORDER BY id",
            |row| {
                Ok(RunRow {
                    id: unsigned(row.get(0)?),
                    at: row.get(1)?,
                    ended: row.get(2)?,
                    outcome: row.get(3)?,
                })
            },
        )
    }

    /// All policy moves, by path.
    pub fn policy(&self) -> anyhow::Result<Vec<PolicyRow>> {
        self.all(
            "SELECT path, level, reason FROM policy ORDER BY path",
            |row| {
                Ok(PolicyRow {
                    path: row.get(0)?,
                    level: row.get(1)?,
                    reason: row.get(2)?,
                })
            },
        )
    }

    /// What people decided, oldest first.
    pub fn decisions(&self) -> anyhow::Result<Vec<DecisionRow>> {
        let sql = "SELECT at, action, target, reason, count, by, id FROM operator_log ORDER BY id";
        self.all(sql, |row| {
            let (at, action, target) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(DecisionRow {
                line: unsigned(row.get(6)?),
                at,
                action,
                target,
                reason: row.get(3)?,
                count: unsigned(row.get(4)?),
                by: row.get(5)?,
            })
        })
    }

    pub(crate) fn all<T>(
        &self,
        sql: &str,
        each: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> anyhow::Result<Vec<T>> {
        let mut statement = self.journal.prepare(sql)?;
        let rows = statement.query_map([], each)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    pub(crate) fn walk(
        &self,
        sql: &str,
        mut each: impl FnMut(&Row<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk_rows(sql, &mut each)
    }

    /// Compiled once, and not for each of those who walk.
    fn walk_rows(
        &self,
        sql: &str,
        each: &mut dyn FnMut(&Row<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut statement = self.journal.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            each(row)?;
        }
        Ok(())
    }

    pub(crate) fn word(&self, id: Option<i64>) -> anyhow::Result<String> {
        let Some(id) = id else {
            return Ok(String::new());
        };
        let mut statement = self
            .journal
            .prepare_cached("SELECT text FROM word WHERE id = ?1")?;
        let text = statement.query_row([id], |row| row.get(0)).optional()?;
        Ok(text.unwrap_or_else(|| format!("(word {id} is not in the journal)")))
    }
}
