//! Rows that are not as the last checkpoint saw them, although nothing was done since.
//!
//! Owner of when that is an alteration. Whoever writes to the journal notes it in the chain; whoever reads it alone asks the same
//! question ([`crate::Reader::alteration`]).

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::chain::{EntryKind, EntryRow, RowHashes};
use crate::write::entries::{ENTRY, entry};

/// Sheets of the database of the receiver, which adds to it beside everything else.
const OF_EVENTS: [&str; 2] = ["table event", "table party"];

/// The last checkpoint, where nothing that changes rows was done since.
pub(crate) fn checkpoint_before(db: &Connection) -> anyhow::Result<Option<EntryRow>> {
    let mut statement = db.prepare(&format!("{ENTRY} ORDER BY id DESC"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let found = entry(row)?;
        match EntryKind::of(&found.kind) {
            Some(EntryKind::Checkpoint) => return Ok(Some(found)),
            Some(kind) if !kind.changes_rows() => {}
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// The sheets that are others than the last checkpoint saw, although nothing was done since; `None`: there are none. The lines of
/// files are compared only where the same program wrote them, and no event came.
pub(crate) fn altered_since(
    db: &Connection,
    roots: &Value,
    program: &Value,
) -> anyhow::Result<Option<Value>> {
    let Some(before) = checkpoint_before(db)? else {
        return Ok(None);
    };
    let seen = before.value();
    let differs = |name: &str| {
        let root = &seen["sheets"][name]["root"];
        root.is_string() && *root != roots[name]["root"]
    };
    let same_lines =
        seen["program"]["sha256"] == *program && !OF_EVENTS.iter().any(|name| differs(name));
    let names = roots.as_object().into_iter().flat_map(|roots| roots.keys());
    let altered: Vec<&String> = names
        .filter(|name| !OF_EVENTS.contains(&name.as_str()))
        .filter(|name| name.starts_with("table ") || same_lines)
        .filter(|name| differs(name))
        .collect();
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
