//! Opening: folder, lock, key, schema.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};

use bakkt_files::state_folder;
use bakkt_model::error::{Failure, ShownPath};

/// Version of the schema that this program writes.
pub const VERSION: i64 = 5;

const SCHEMA: &[&str] = &[
    include_str!("schema_v1.sql"),
    include_str!("schema_v2.sql"),
    include_str!("schema_v3.sql"),
    include_str!("schema_v4.sql"),
    include_str!("schema_v5.sql"),
];

/// The journal, open for writing.
pub struct Journal {
    pub(super) db: Connection,
    /// Key of the payload hashes and fingerprints.
    pub key: [u8; 32],
    pub(super) words: HashMap<String, i64>,
    /// Whether tasks can wait for others; not looked up yet: `None`.
    pub(super) followers: Option<bool>,
    _lock: File,
}

impl Journal {
    /// Path of the database in a state folder.
    pub fn path(folder: &Path) -> PathBuf {
        folder.join("journal.db")
    }

    /// Opens or creates the journal of a state folder, and takes its lock.
    pub fn open(folder: &Path) -> anyhow::Result<Journal> {
        state_folder::open(folder)?;
        let lock = lock(folder, "journal.lock", || {
            Failure::cannot(
                "another bakkt-migrate is working on this migration",
                "wait for it to end, or look at it with `bakkt-migrate status`",
            )
        })?;
        let path = Self::path(folder);
        let fresh = is_fresh(folder);
        let key = key(folder, fresh)?;
        state_folder::open_file(&path)?;
        let mut db = Connection::open(&path)
            .with_context(|| format!("cannot open the journal {}", path.shown()))?;
        // Before anything is changed: this may be a newer journal, or none.
        check_version(&db)?;
        prepare(&mut db, SCHEMA).map_err(|error| refused("written", &error))?;
        Ok(Journal {
            db,
            key,
            words: HashMap::new(),
            followers: None,
            _lock: lock,
        })
    }

    /// The state folder.
    pub fn folder(&self) -> Option<PathBuf> {
        let path = self.db.path().filter(|path| !path.is_empty())?;
        Path::new(path).parent().map(Path::to_owned)
    }

    /// A fact of the migration.
    pub fn meta(&self, key: &str) -> anyhow::Result<Option<String>> {
        let mut statement = self
            .db
            .prepare_cached("SELECT value FROM meta WHERE key = ?")?;
        Ok(statement.query_row([key], |row| row.get(0)).optional()?)
    }

    /// Keeps a fact of the migration.
    pub fn set_meta(&self, key: &str, value: &str) -> anyhow::Result<()> {
        self.db
            .prepare_cached("INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")?
            .execute(params![key, value])?;
        Ok(())
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

    /// Notes that a run began; returns its number.
    pub fn begin_run(&self, at: i64) -> anyhow::Result<i64> {
        self.db.execute("INSERT INTO run (at) VALUES (?)", [at])?;
        Ok(self.db.last_insert_rowid())
    }

    /// Notes how a run ended.
    pub fn end_run(&self, run: i64, at: i64, outcome: &str) -> anyhow::Result<()> {
        self.db.execute(
            "UPDATE run SET ended = ?, outcome = ? WHERE id = ?",
            params![at, outcome, run],
        )?;
        Ok(())
    }

    /// The number of a text that repeats.
    pub(super) fn word(&mut self, text: &str) -> anyhow::Result<i64> {
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

    /// One transaction; it is rolled back when `work` fails, and so are the words that it added.
    pub(super) fn transaction<T>(
        &mut self,
        work: impl FnOnce(&mut Journal) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        self.db.execute_batch("BEGIN IMMEDIATE")?;
        let done = work(self).and_then(|value| {
            self.db.execute_batch("COMMIT")?;
            Ok(value)
        });
        done.map_err(|error| {
            self.words.clear();
            // The error that counts is the first one; a failed rollback leaves nothing committed either.
            let _ = self.db.execute_batch("ROLLBACK");
            match error.downcast_ref::<rusqlite::Error>() {
                Some(cause) => refused("written", cause),
                None => error,
            }
        })
    }
}

/// Refuses a journal that is newer than the program, or that is none.
pub fn check_version(db: &Connection) -> anyhow::Result<()> {
    let version: i64 = db
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|error| refused("read", &error))?;
    if version > VERSION {
        return Err(Failure::cannot(
            format!(
                "the journal has version {version}, which a newer bakkt-migrate wrote; this one knows {VERSION}"
            ),
            "run the newer bakkt-migrate",
        ));
    }
    Ok(())
}

/// Sets a database up that this process writes, and brings its schema up to date.
pub(super) fn prepare(db: &mut Connection, schema: &[&str]) -> rusqlite::Result<()> {
    // FULL: a commit is on the disk before the request that it speaks of leaves (invariant 1).
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    db.pragma_update(None, "cache_size", -32_000)?;
    db.set_prepared_statement_cache_capacity(64);
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    // In one transaction: whoever reads beside this, or after a kill, sees all of the schema or none.
    let change = db.transaction()?;
    for sql in schema.iter().skip(version as usize) {
        change.execute_batch(sql)?;
    }
    if version < schema.len() as i64 {
        change.pragma_update(None, "user_version", schema.len() as i64)?;
    }
    change.commit()
}

/// What a person is told when SQLite refuses: a damaged file and a full disk want different things done.
pub(super) fn refused(what: &str, error: &rusqlite::Error) -> anyhow::Error {
    let damaged = matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
    );
    let hint = if damaged {
        "it may be damaged, or not a journal; restore it from a backup before going on"
    } else {
        "make room on the disk, or give it back its rights; then run the same command: it goes on where it stopped"
    };
    Failure::cannot(format!("the journal cannot be {what}: {error}"), hint)
}

/// Takes a lock of a state folder, which the operating system drops when the process dies.
pub(super) fn lock(
    folder: &Path,
    name: &str,
    taken: impl FnOnce() -> anyhow::Error,
) -> anyhow::Result<File> {
    let path = folder.join(name);
    let file = state_folder::open_file(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(taken()),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.shown()))
        }
    }
}

/// Whether a state folder has nothing yet that needs its key: neither a journal nor events.
pub(super) fn is_fresh(folder: &Path) -> bool {
    !Journal::path(folder).exists() && !super::events::path(folder).exists()
}

const LOST_KEY: &str =
    "restore it from a backup: without it the journal cannot be compared with the export";

/// The key of a journal that is there, to read beside a run.
pub fn known_key(folder: &Path) -> anyhow::Result<[u8; 32]> {
    key(folder, false)
}

/// Reads the key, or makes one for a new journal. A journal whose key is gone cannot be resumed.
pub(super) fn key(folder: &Path, fresh: bool) -> anyhow::Result<[u8; 32]> {
    let path = folder.join("journal.key");
    if fresh && !path.exists() {
        let mut key = [0; 32];
        random(&mut key)?;
        // A run and a receiver may begin at the same moment: the first one's key is that of both.
        write_key(folder, &key)?;
    }
    let lost = |what: &str| {
        let text = format!("the journal's key {} {what}", path.shown());
        Failure::cannot(text, LOST_KEY)
    };
    if !path.exists() {
        return Err(lost("is not there"));
    }
    let mut file = state_folder::read_file(&path)?;
    let mut key = [0; 32];
    file.read_exact(&mut key)
        .map_err(|error| lost(&format!("is damaged: {error}")))?;
    Ok(key)
}

/// Fills a buffer with random bytes of the operating system.
pub(super) fn random(bytes: &mut [u8]) -> anyhow::Result<()> {
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(bytes))
        .context("no random numbers")
}

/// Writes the key of a journal, durably, before the journal itself. One that is there already stays.
pub(super) fn write_key(folder: &Path, key: &[u8; 32]) -> anyhow::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(key)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(folder.join("journal.key")) {
        Ok(_) => {}
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.error.into()),
    }
    File::open(folder)?.sync_all()?;
    Ok(())
}
