//! [`Journal`]: opening it, the facts of the migration, runs, repeated texts, transactions.
//!
//! Opening takes the lock, reads or makes the key, and brings the schema up to date. Left out: the tables of the plan and the
//! tasks, which the other files of this folder write.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use anyhow::Context;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;

use crate::chain::EntryKind;
use crate::events::last_events::LastEvents;
use crate::schema;
use crate::schema::counters::Counters;
use crate::schema::hidden_codes::{CodeKey, HiddenKind};
use crate::schema::seal::SealPurpose;
use crate::schema::seal::seal;
use crate::schema::state_files::{foreign_key, is_fresh, journal_path, key};
use crate::schema::tombstone::refuse_closed;
use crate::schema::{check_version, prepare, refused};
use crate::write::alteration::checkpoint_before;
use crate::write::comparison::Comparison;
use crate::write::entries::enter_schema;
use crate::write::gap_sets::GapSets;
use bakkt_files::lock::Lock;
use bakkt_files::state_folder;
use bakkt_model::error::{Failure, ShownPath};

/// So many batches of a plan are committed together.
const AT_ONCE: u32 = 16;

/// The journal, open for writing.
pub struct Journal {
    pub(crate) db: Connection,
    /// Key of the payload hashes and fingerprints.
    pub key: [u8; 32],
    pub(crate) words: HashMap<String, i64>,
    /// The numbers of sets of gaps; `None` until they were read.
    pub(crate) gap_sets: Option<GapSets>,
    /// While a plan is made: how many transactions are done and not committed.
    pub(crate) planning: Option<u32>,
    /// When the plan that is being made was begun: the gaps that it finds are open since then.
    pub(crate) plan_begun_at: i64,
    /// What the open transaction changes in the counters.
    pub(crate) counters: Counters,
    /// Whether tasks can wait for others; `None` until it was looked up.
    pub(crate) followers: Option<bool>,
    /// While a plan is made: the names of customers who were forgotten.
    pub(crate) forgotten: BTreeSet<String>,
    /// With the last checkpoint, while it goes on.
    pub(crate) comparison: Option<Comparison>,
    _lock: Lock,
}

impl Journal {
    /// Path of the database in a state folder.
    pub fn path(folder: &Path) -> PathBuf {
        journal_path(folder)
    }

    /// Opens or creates the journal of a state folder, and takes its lock. That of a closed migration is refused.
    pub fn open(folder: &Path) -> anyhow::Result<Journal> {
        refuse_closed(folder)?;
        Journal::open_with(folder, |folder| key(folder, is_fresh(folder)).map(Some))
    }

    /// Opens the journal of a migration that is being closed; its key may be gone.
    pub(crate) fn open_closing(folder: &Path) -> anyhow::Result<Journal> {
        Journal::open_with(folder, |_| Ok(None))
    }

    fn open_with(
        folder: &Path,
        key: impl FnOnce(&Path) -> anyhow::Result<Option<[u8; 32]>>,
    ) -> anyhow::Result<Journal> {
        state_folder::open(folder)?;
        // What is attached to the database, and lies beside it, is named by its path.
        if folder
            .canonicalize()
            .is_ok_and(|path| path.to_str().is_none())
        {
            return Err(Failure::configuration(
                format!("the path of {} is not UTF-8", folder.shown()),
                "rename the folders that it leads through, or move the migration elsewhere",
            ));
        }
        let lock = Lock::take(&folder.join("journal.lock"))?.ok_or_else(|| {
            Failure::cannot(
                "another bakkt-migrate is working on this migration",
                "wait for it to end, or look at it with `bakkt-migrate status`",
            )
        })?;
        let path = Self::path(folder);
        let key = key(folder)?;
        state_folder::open_file(&path)?;
        let mut db = Connection::open(&path)
            .with_context(|| format!("cannot open the journal {}", path.shown()))?;
        // Before anything is changed: this may be a newer journal, or none.
        check_version(&db)?;
        // Or that of another key, which an upgrade would make a journal of neither.
        if let Some(key) = &key
            && marked_key(&db).is_some_and(|mark| mark != key_mark(key))
        {
            return Err(foreign_key(folder));
        }
        let key = key.unwrap_or_default();
        // An older version has no counters.
        let count = |db: &Connection, version: i64| {
            if version > 0 {
                note_differing(db)?;
                Counters::count_again(db)?;
            } else {
                let mark = [KEY_MARK, &key_mark(&key)];
                db.execute("INSERT INTO meta (key, value) VALUES (?, ?)", mark)?;
            }
            enter_schema(db, &key, version, schema::VERSION)
        };
        prepare(&mut db, schema::JOURNAL, count).map_err(|error| refused("written", &error))?;
        Ok(Journal {
            db,
            key,
            words: HashMap::new(),
            gap_sets: None,
            planning: None,
            plan_begun_at: 0,
            counters: Counters::default(),
            followers: None,
            forgotten: BTreeSet::new(),
            comparison: None,
            _lock: lock,
        })
    }

    /// The state folder.
    pub fn folder(&self) -> Option<PathBuf> {
        let path = self.db.path().filter(|path| !path.is_empty())?;
        Path::new(path).parent().map(Path::to_owned)
    }

    /// Returns a fact of the migration (`meta`).
    pub fn meta(&self, key: &str) -> anyhow::Result<Option<String>> {
        let mut statement = self
            .db
            .prepare_cached("SELECT value FROM meta WHERE key = ?")?;
        Ok(statement.query_row([key], |row| row.get(0)).optional()?)
    }

    /// Keeps a fact of the migration (`meta`).
    pub fn set_meta(&self, key: &str, value: &str) -> anyhow::Result<()> {
        self.db
            .prepare_cached("INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")?
            .execute(params![key, value])?;
        Ok(())
    }

    /// Seals the path of a document.
    pub(crate) fn seal(&self, text: &str) -> anyhow::Result<Vec<u8>> {
        seal(&self.key, SealPurpose::Path, text.as_bytes())
    }

    /// Looks up when events arrived, beside this journal.
    pub fn last_events(&self) -> LastEvents {
        LastEvents::beside(self.db.path().map(Path::new))
    }

    /// Keyed hash, for fingerprints.
    pub fn hash(&self, bytes: &[u8]) -> [u8; 32] {
        *blake3::keyed_hash(&self.key, bytes).as_bytes()
    }

    /// Binds a new journal to its target, or refuses one that is bound to another.
    pub fn bind(&self, target: &str, dialect: &str) -> anyhow::Result<()> {
        for (key, value) in [("target", target), ("dialect", dialect)] {
            match self.meta(key)? {
                None => self.set_meta(key, value)?,
                Some(bound) if bound == value => {}
                Some(bound) => {
                    return Err(Failure::configuration(
                        format!(
                            "this journal belongs to another migration: its {key} is {bound}, this run's is {value}"
                        ),
                        "use the same target as before, or move the folder .bakkt-migrate away to begin a new migration",
                    ));
                }
            }
        }
        Ok(())
    }

    /// Binds the custody of a journal to where it goes, which is part of every key; refuses another place.
    pub fn bind_custody(&self, target: &str) -> anyhow::Result<()> {
        match self.meta("custody_target")? {
            Some(bound) if bound == target => Ok(()),
            None => {
                // A checkpoint covers it, and nothing else may have an entry yet.
                if checkpoint_before(&self.db, EntryKind::changes_rows)?.is_some() {
                    let body = serde_json::json!({"what": "custody"});
                    self.append_entry(EntryKind::Work, crate::now(), &body)?;
                }
                self.set_meta("custody_target", target)
            }
            Some(bound) => Err(Failure::configuration(
                format!(
                    "the custody of this journal went to {bound}, and this run's goes to {target}"
                ),
                "use the same [custody] base_url as before: the keys that keep Bakkt from making anything twice are made of it",
            )),
        }
    }

    /// Records that a run began, and returns its number. `facts` are what the chain says of it, an object.
    pub fn begin_run(&mut self, at: i64, mut facts: Value) -> anyhow::Result<i64> {
        self.transaction(|journal| {
            journal
                .db
                .execute("INSERT INTO run (at) VALUES (?)", [at])?;
            let run = journal.db.last_insert_rowid();
            facts["run"] = run.into();
            journal.append_entry(EntryKind::Run, at, &facts)?;
            Ok(run)
        })
    }

    /// Records how a run ended; `facts` as at its begin.
    pub fn end_run(
        &mut self,
        run: i64,
        at: i64,
        outcome: &str,
        mut facts: Value,
    ) -> anyhow::Result<()> {
        self.transaction(|journal| {
            journal.db.execute(
                "UPDATE run SET ended = ?, outcome = ? WHERE id = ?",
                params![at, outcome, run],
            )?;
            facts["run"] = run.into();
            facts["outcome"] = outcome.into();
            journal.append_entry(EntryKind::RunEnd, at, &facts)?;
            Ok(())
        })
    }

    /// Returns the number of a text that repeats (`word`).
    pub(crate) fn word(&mut self, text: &str) -> anyhow::Result<i64> {
        if let Some(id) = self.words.get(text) {
            return Ok(*id);
        }
        self.db
            .prepare_cached("INSERT OR IGNORE INTO word (text) VALUES (?)")?
            .execute([text])?;
        let id = self
            .db
            .prepare_cached("SELECT id FROM word WHERE text = ?")?
            .query_row([text], |row| row.get(0))?;
        // Masked messages could be many; the cache need not hold them all.
        if self.words.len() < 10_000 {
            self.words.insert(text.to_owned(), id);
        }
        Ok(id)
    }

    /// Does `work` in one transaction, with the counters of what it changes. When it fails it is rolled back, and what it added
    /// to words and sets with it. While a plan is made, several are one.
    pub(crate) fn transaction<T>(
        &mut self,
        work: impl FnOnce(&mut Journal) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        self.begin()?;
        match work(self) {
            Ok(value) => self.end_batch().map(|()| value),
            Err(error) => Err(error),
        }
        .map_err(|error| self.roll_back(error))
    }

    fn begin(&mut self) -> anyhow::Result<()> {
        if self.db.is_autocommit() {
            self.note_if_compared()?;
            self.db.execute_batch("BEGIN IMMEDIATE")?;
        }
        Ok(())
    }

    fn end_batch(&mut self) -> anyhow::Result<()> {
        match &mut self.planning {
            Some(batches) if *batches < AT_ONCE => *batches += 1,
            _ => self.commit_batches()?,
        }
        Ok(())
    }

    fn roll_back(&mut self, error: anyhow::Error) -> anyhow::Error {
        self.words.clear();
        self.gap_sets = None;
        self.counters.clear();
        // The error that counts is the first one; a failed rollback leaves nothing committed either.
        let _ = self.db.execute_batch("ROLLBACK");
        match error.downcast_ref::<rusqlite::Error>() {
            Some(cause) => refused("written", cause),
            None => error,
        }
    }
}

/// The fact by which a journal knows its key; journals that were made before there was one do not have it.
const KEY_MARK: &str = "key_mark";

/// What a key is known by. It says nothing of the key itself.
fn key_mark(key: &[u8; 32]) -> String {
    let mark = blake3::derive_key("bakkt-migrate 2026-12 mark of a journal's key", key);
    blake3::hash(&mark).to_hex()[..32].to_owned()
}

/// The mark of the key that a journal was made with, where it has one: not in a new journal, which has no tables yet.
fn marked_key(db: &Connection) -> Option<String> {
    db.query_row("SELECT value FROM meta WHERE key = ?", [KEY_MARK], |row| {
        row.get(0)
    })
    .ok()
}

/// The fact that is "1" when Bakkt may have an account with other bytes than the plan. Only a new plan makes one so.
pub(crate) const DIFFERING: &str = "differing";

/// The fact that is "0" when no gap that left a plan was in a later one again, or came after its account was accepted. Only a new
/// plan makes one so.
pub(crate) const REOPENED: &str = "reopened";

/// Keeps whether Bakkt may have an account with other bytes than the plan, and whether a gap came back.
fn note_differing(db: &Connection) -> rusqlite::Result<()> {
    db.execute(
        sql!("INSERT INTO meta SELECT ?1, EXISTS (SELECT 1 FROM task t JOIN record r ON r.id = t.record
              WHERE t.kind = {kind.account} AND t.state IN ({state.perhaps_at_bakkt}) AND (t.hash IS NOT r.hash OR t.owners <> r.owners))
              WHERE true ON CONFLICT (key) DO UPDATE SET value = excluded.value"),
        [DIFFERING],
    )?;
    db.execute(
        sql!("INSERT INTO meta SELECT ?1, EXISTS (SELECT 1 FROM closed_gap c WHERE
             EXISTS (SELECT 1 FROM record r JOIN task t ON t.record = r.id WHERE r.client_id = c.client_id AND t.kind = {kind.account}
                 AND t.state = {state.accepted} AND t.last_at < c.opened_at)
             OR EXISTS (SELECT 1 FROM closed_gap d WHERE d.client_id = c.client_id AND d.path = c.path AND d.id > c.id)
             OR EXISTS (SELECT 1 FROM record r JOIN gap g ON g.record = r.id WHERE r.client_id = c.client_id AND g.path = c.path))
             WHERE true ON CONFLICT (key) DO UPDATE SET value = excluded.value"),
        [REOPENED],
    )?;
    Ok(())
}

impl Journal {
    /// Commits what the last transactions changed, with the counters of it.
    pub(crate) fn commit_batches(&mut self) -> anyhow::Result<()> {
        if self.db.is_autocommit() {
            return Ok(());
        }
        self.counters
            .flush(&self.db)
            .and_then(|()| self.db.execute_batch("COMMIT"))
            .map_err(|error| refused("written", &error))?;
        if let Some(batches) = &mut self.planning {
            *batches = 0;
        }
        Ok(())
    }

    /// Commits the batches of a plan, and gives back the memory of pages that were read and written: something else needs it now.
    pub fn release_memory(&mut self) -> anyhow::Result<()> {
        self.commit_batches()?;
        Ok(self.db.execute_batch("PRAGMA shrink_memory")?)
    }

    /// Keeps, after a new plan, whether Bakkt may have an account with other bytes than the plan.
    pub(crate) fn note_differing(&self) -> anyhow::Result<()> {
        Ok(note_differing(&self.db)?)
    }

    /// The key of the stand-ins for codes that may not be kept.
    pub fn code_key(&self) -> CodeKey {
        CodeKey::new(&self.key)
    }

    /// The spellings under which refusals with a code stand in the journal: as a person names it, which may be the code as
    /// Bakkt wrote it or what stands for it.
    pub(crate) fn spellings(&self, code: &str) -> anyhow::Result<Spellings> {
        let hidden = self.code_key().hide(HiddenKind::Code, code);
        let is_kept: Option<i64> = self
            .db
            .query_row("SELECT id FROM word WHERE text = ?", [code], |row| {
                row.get(0)
            })
            .optional()?;
        Ok(Spellings {
            // A code that was never kept may be a name, and is not kept now either.
            shown: if is_kept.is_some() {
                code.to_owned()
            } else {
                hidden.clone()
            },
            plain: code.to_owned(),
            hidden,
        })
    }
}

/// How a refusal's code may be spelled in the journal.
pub(crate) struct Spellings {
    pub(crate) plain: String,
    pub(crate) hidden: String,
    /// The spelling for the operator log.
    pub(crate) shown: String,
}
