//! The events seen from a connection to the journal: attached read-only, or something empty in their place, so that no
//! question needs to know whether there are any.

use std::path::Path;

use crate::schema::state_files::events_path_beside;
use crate::schema::{check_events_version, read_only_uri, unreadable_events};
use rusqlite::Connection;

/// Attaches the events to a journal that is open for reading; empty views stand in for a missing database.
pub(crate) fn attach_for_reader(journal: &Connection, journal_path: &Path) -> anyhow::Result<()> {
    let path = events_path_beside(journal_path);
    if path.exists() {
        let name = read_only_uri(&path);
        let damaged = |error| unreadable_events(&path, &error);
        journal
            .execute("ATTACH DATABASE ?1 AS events", [name])
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
        // Read-only: its writer may be at work, and a transaction here must not lock it.
        journal
            .execute("ATTACH DATABASE ? AS ev", [read_only_uri(file)])
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

/// The empty views: of `events_v1.sql`, the columns that statements use.
const NO_EVENTS: &str = "CREATE TEMP VIEW event AS SELECT 0 AS id, '' AS client_id, '' AS type, '' AS status, \
    '' AS reason, 0 AS repeats, 0 AS at, '' AS request_id, x'' AS hash, 0 AS expires_at, 0 AS linked, 0 AS source, x'' AS body WHERE 0; \
    CREATE TEMP VIEW party AS SELECT '' AS client_id, 0 AS events, 0 AS first_at, 0 AS last_at, '' AS status, '' AS reason, \
    0 AS documents, 0 AS expires_at WHERE 0;";
