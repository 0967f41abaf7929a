//! What is stored, and in what form: tables, versions, codes, counters, sealed and hidden texts, files.
//!
//! Each version of a database is a file of SQL that is never changed once it has shipped: `journal_v1.sql` and on,
//! `events_v1.sql`. A database is brought up to date by the files that it lacks, in one transaction.

#[macro_use]
pub(crate) mod codes;
pub(crate) mod counters;
pub(crate) mod hidden_codes;
pub(crate) mod seal;
pub(crate) mod state_files;
pub(crate) mod tombstone;

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use bakkt_files::state_folder::is_frozen;
use bakkt_model::error::{Failure, ShownPath};

/// The version of the journal's schema that this program writes.
pub(crate) const VERSION: i64 = 9;

/// The journal's schema: one file of SQL for each version.
pub const JOURNAL: &[&str] = &[
    sql!(include_str!("journal_v1.sql")),
    sql!(include_str!("journal_v2.sql")),
    sql!(include_str!("journal_v3.sql")),
    sql!(include_str!("journal_v4.sql")),
    sql!(include_str!("journal_v5.sql")),
    sql!(include_str!("journal_v6.sql")),
    sql!(include_str!("journal_v7.sql")),
    sql!(include_str!("journal_v8.sql")),
    sql!(include_str!("journal_v9.sql")),
];

/// The version of the events' schema that this program writes.
const EVENTS_VERSION: i64 = 1;

/// The schema of the events' database, in the same way.
pub const EVENTS: &[&str] = &[sql!(include_str!("events_v1.sql"))];

/// Refuses a file that is not a journal, or one that a newer program wrote.
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

/// Opens a database beside its writer, for reading only. Where nobody can write it, SQLite could not make the files by which readers and
/// writers know of each other, and needs none ([`read_only_uri`]).
pub(crate) fn open_read_only(path: &Path) -> anyhow::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let db = Connection::open_with_flags(read_only_uri(path), flags)?;
    db.busy_timeout(Duration::from_secs(10))?;
    Ok(db)
}

/// The URI that opens a database for reading only; on a file system that takes no changes as a file that stays as it is, unless
/// its log has something that the file does not.
pub(crate) fn read_only_uri(path: &Path) -> String {
    // An empty authority, so that two slashes at the beginning of a path are none; a relative path has none at all.
    let mut uri = String::from(if path.is_absolute() {
        "file://"
    } else {
        "file:./"
    });
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => {
                uri.push(char::from(*byte));
            }
            byte => uri.push_str(&format!("%{byte:02x}")),
        }
    }
    let is_immutable = is_frozen(path) && !has_log(path);
    uri + if is_immutable {
        "?mode=ro&immutable=1"
    } else {
        "?mode=ro"
    }
}

/// Whether the log of a database has something that its file may not have yet.
pub(crate) fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|facts| facts.len() > 0)
}

/// Prepares a database for writing, and brings its schema up to date. `upgraded` is told the version before, 0 of a new
/// database, within the transaction that changes it.
pub(crate) fn prepare(
    db: &mut Connection,
    schema: &[&str],
    upgraded: impl FnOnce(&Connection, i64) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    // FULL: a commit is on the disk before the request that it speaks of leaves (invariant 1).
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    db.pragma_update(None, "cache_size", -16_000)?;
    db.set_prepared_statement_cache_capacity(64);
    // Else SQLite plans cached statements anew whenever a bound value might make another plan better; none here could.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let is_old = version < schema.len() as i64;
    if is_old {
        // What is put together of a million customers does not belong into memory.
        db.pragma_update(None, "temp_store", "FILE")?;
    }
    // In one transaction: whoever reads beside this, or after a kill, sees all of the schema or none.
    let change = db.transaction()?;
    for sql in schema.iter().skip(version as usize) {
        change.execute_batch(sql)?;
    }
    if is_old {
        upgraded(&change, version)?;
        change.pragma_update(None, "user_version", schema.len() as i64)?;
    }
    change.commit()?;
    match is_old {
        true => db.pragma_update(None, "temp_store", "MEMORY"),
        false => Ok(()),
    }
}

/// The error for a person when SQLite refuses; the hint depends on whether the file is damaged or the disk is full.
pub(crate) fn refused(what: &str, error: &rusqlite::Error) -> anyhow::Error {
    let hint = if is_damage(error) {
        "it may be damaged, or not a journal; restore it from a backup before going on"
    } else {
        "make room on the disk, or give it back its rights; then run the same command: it goes on where it stopped"
    };
    Failure::cannot(format!("the journal cannot be {what}: {error}"), hint)
}

/// The same of the events' database beside it.
pub(crate) fn refused_events(what: &str, error: &rusqlite::Error) -> anyhow::Error {
    let hint = if is_damage(error) {
        "it may be damaged; restore this file alone from a backup, and leave journal.db as it is: that has what was sent"
    } else {
        "make room on the disk, give the file back its rights, or let the system read it; then run the same command again"
    };
    Failure::cannot(format!("the events {what}: {error}"), hint)
}

/// The same where they are read beside the journal.
pub(crate) fn unreadable_events(path: &Path, error: &rusqlite::Error) -> anyhow::Error {
    refused_events(&format!("{} cannot be read", path.shown()), error)
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
    )
}

/// Empties the write-ahead log of a database, so that no earlier content is left in it.
pub(crate) fn empty_log(db: &Connection) -> anyhow::Result<()> {
    let is_busy: bool = db
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .map_err(|error| refused("written", &error))?;
    match is_busy {
        false => Ok(()),
        true => Err(Failure::cannot(
            "another process reads the journal, so that what was deleted is still in its log file",
            "let `status`, `report` or the receiver end, then run the same command again",
        )),
    }
}

/// Returns the version of an events' database, 0 while it is being made; refuses one that a newer program wrote.
pub(crate) fn check_events_version(
    db: &Connection,
    attached: Option<&str>,
    path: &Path,
) -> anyhow::Result<i64> {
    let version: i64 = db
        .pragma_query_value(attached, "user_version", |row| row.get(0))
        .map_err(|error| unreadable_events(path, &error))?;
    if version > EVENTS_VERSION {
        return Err(Failure::cannot(
            format!(
                "events.db has version {version}, which a newer bakkt-migrate wrote; this one knows {EVENTS_VERSION}"
            ),
            "run the newer bakkt-migrate",
        ));
    }
    Ok(version)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::read_only_uri;

    #[test]
    fn a_name_of_a_folder_is_no_address() {
        let of = |path: &str| read_only_uri(Path::new(path));
        assert_eq!(of("/a b/c?d#e%/x"), "file:///a%20b/c%3fd%23e%25/x?mode=ro");
        assert_eq!(of("file:x/é"), "file:./file%3ax/%c3%a9?mode=ro");
    }
}
