//! Rows that are not as the last checkpoint saw them, although nothing was done since that changes them.
//!
//! Owner of when that is an alteration. Whoever writes to the journal notes it in the chain; whoever reads it alone asks the same
//! question ([`crate::Reader::alteration`]).

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::chain::{CheckpointRows, EntryKind, EntryRow, EventComparison, RowHashes, is_table};
use crate::write::entries::{ENTRY, entry};

/// The last checkpoint, where nothing was done since that changes something.
pub(crate) fn checkpoint_before(
    db: &Connection,
    changes: fn(EntryKind) -> bool,
) -> anyhow::Result<Option<EntryRow>> {
    let mut statement = db.prepare(&format!("{ENTRY} ORDER BY id DESC"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let found = entry(row)?;
        match EntryKind::of(&found.kind) {
            Some(EntryKind::Checkpoint) => return Ok(Some(found)),
            Some(kind) if !changes(kind) => {}
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// Whether anything can be compared with the last checkpoint. Its events can, whatever else was done since.
pub(crate) fn can_compare(db: &Connection) -> anyhow::Result<bool> {
    Ok(checkpoint_before(db, EntryKind::changes_events)?.is_some())
}

/// The sheets that are others than the last checkpoint saw, although nothing was done since that changes them; `None`: there are
/// none. The lines of files are compared only where the same program wrote them.
pub(crate) fn altered_since(
    db: &Connection,
    rows: &CheckpointRows,
    roots: &Value,
    program: &Value,
) -> anyhow::Result<Option<Value>> {
    let Some(before) = checkpoint_before(db, EntryKind::changes_events)? else {
        return Ok(None);
    };
    let seen = before.value();
    let differs = |name: &str| {
        let root = &seen["sheets"][name]["root"];
        root.is_string() && *root != roots[name]["root"]
    };
    let same_lines = seen["program"]["sha256"] == *program;
    let is_at_checkpoint = checkpoint_before(db, EntryKind::changes_rows)?.is_some();
    let is_altered = |name: &str| {
        let is_compared = is_at_checkpoint && (is_table(name) || same_lines);
        is_compared && !EventComparison::is_about(name) && differs(name)
    };
    let names = rows.sheets.iter().map(|(name, _)| name.clone());
    let mut altered: Vec<String> = names.filter(|name| is_altered(name)).collect();
    if let Some(events) = &rows.events {
        altered.extend(events.altered().map(str::to_owned));
    }
    altered.sort_unstable();
    Ok((!altered.is_empty()).then(|| json!({"since": before.id, "sheets": altered})))
}

/// The number of rows and the root of each sheet.
pub(crate) fn roots_of(sheets: &[(String, RowHashes)]) -> anyhow::Result<Value> {
    let mut roots = serde_json::Map::new();
    for (name, hashes) in sheets {
        let root = json!({"rows": hashes.count(), "root": hashes.root()?});
        roots.insert(name.clone(), root);
    }
    Ok(Value::Object(roots))
}
