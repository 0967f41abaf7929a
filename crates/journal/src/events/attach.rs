//! The events seen from a connection to the journal: attached read-only, or something empty in their place, so that no
//! question needs to know whether there are any.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::schema::state_files::events_path_beside;
use crate::schema::{check_events_version, unreadable_events};
use anyhow::Context;
use rusqlite::Connection;

/// Attaches the events to a journal that is open for reading; empty views stand in for a missing database.
pub(crate) fn attach_for_reader(journal: &Connection, journal_path: &Path) -> anyhow::Result<()> {
    let path = events_path_beside(journal_path);
    if path.exists() {
        let name = path.as_os_str().as_bytes();
        // An attached database opens with the rights of the connection: read-only.
        let damaged = |error| unreadable_events(&path, &error);
        journal
            .execute("ATTACH DATABASE CAST(?1 AS TEXT) AS events", [name])
            .map_err(damaged)?;
        if check_events_version(journal, Some("events"), &path)? > 0 {
            let looked = journal.prepare("SELECT 1 FROM events.event LIMIT 1");
            let looked = looked.and_then(|mut look| look.exists([]));
            return looked.map(drop).map_err(damaged);
        }
        // It is being made this very moment.
        journal.execute_batch("DETACH DATABASE events")?;
    }
    Ok(journal.execute_batch(NO_EVENTS)?)
}

/// Attaches the events to the journal's writer as `ev`, read-only; an empty table stands in for a missing database.
pub(crate) fn attach_for_writer(journal: &Connection, events: Option<&Path>) -> anyhow::Result<()> {
    if let Some(file) = events.filter(|path| path.exists()) {
        let path = file
            .to_str()
            .context("the migration folder's name is not UTF-8")?;
        // Read-only: its writer may be at work, and a transaction here must not lock it.
        journal
            .execute("ATTACH DATABASE ? AS ev", [read_only(path)])
            .map_err(|error| unreadable_events(file, &error))?;
        if check_events_version(journal, Some("ev"), file)? > 0 {
            return Ok(());
        }
        // It is being made this very moment.
        journal.execute_batch("DETACH DATABASE ev")?;
    }
    journal.execute_batch(
        "ATTACH DATABASE ':memory:' AS ev;
         CREATE TABLE ev.party (client_id TEXT PRIMARY KEY, status TEXT, reason TEXT, documents INTEGER, last_at INTEGER) WITHOUT ROWID;",
    )?;
    Ok(())
}

/// The URI that opens a database for reading only.
fn read_only(path: &str) -> String {
    let mut uri = String::from("file:");
    for c in path.chars() {
        match c {
            '%' => uri.push_str("%25"),
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            c => uri.push(c),
        }
    }
    uri + "?mode=ro"
}

/// The empty views: of `events_v1.sql`, the columns that statements use.
const NO_EVENTS: &str = "CREATE TEMP VIEW event AS SELECT 0 AS id, '' AS client_id, '' AS type, '' AS status, \
    '' AS reason, 0 AS repeats, 0 AS at, '' AS request_id, x'' AS hash, 0 AS expires_at, 0 AS linked, 0 AS source WHERE 0; \
    CREATE TEMP VIEW party AS SELECT '' AS client_id, 0 AS events, 0 AS last_at, '' AS status, '' AS reason, \
    0 AS documents, 0 AS expires_at WHERE 0;";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_folder_is_no_address() {
        assert_eq!(
            read_only("/a b/c?d#e%/x"),
            "file:/a b/c%3fd%23e%25/x?mode=ro"
        );
    }
}
