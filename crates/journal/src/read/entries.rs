//! The chain as it stands in the journal, and the rows that it vouches for.
//!
//! Nothing here is believed: `report::audit` compares. Left out: the form (`chain`), and the sheets of a report.

use std::collections::BTreeMap;

use anyhow::Context;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;

use crate::chain::{ChainHead, EntryKind, EntryRow, NO_ENTRY, RowHashes, canonical, hex};
use crate::read::reader::Reader;
use crate::schema;
use crate::write::entries::{ENTRY, entry, log_hashes};

/// Tables whose rows a checkpoint hashes as they are, with the columns that give them an order: what people decided, what was
/// set aside, what Bakkt told, and the runs.
const TABLES: [(&str, &str); 18] = [
    ("acknowledged", "client_id, agreements"),
    ("closed_gap", "id"),
    ("custody_task", "id"),
    ("difference", "task, document, path, kind"),
    ("fingerprint", "name"),
    ("former", "task"),
    ("former_task", "task"),
    ("gap_set", "id, path, reason, file, row"),
    ("layer", "id"),
    ("link", "task"),
    ("manual_kyb", "client_id"),
    ("operator_log", "id"),
    ("person", "client_id"),
    ("policy", "path"),
    ("run", "id"),
    ("set_aside", "id"),
    ("verification", "task"),
    ("waiver", "client_id, path"),
];

/// Without how often one was repeated, which grows, and without its sealed body, which may be deleted.
const EVENTS: &str = "SELECT id, at, request_id, hash, client_id, type, status, reason, expires_at, linked, source FROM event ORDER BY id";
const PARTIES: &str =
    "SELECT client_id, events, status, reason, documents, expires_at FROM party ORDER BY client_id";

impl Reader {
    /// Every entry of the chain, oldest first, as it is stored.
    pub fn each_entry(
        &self,
        mut each: impl FnMut(EntryRow) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(&format!("{ENTRY} ORDER BY id"), |row| {
            each(
                entry(row).context(
                    "an entry of the chain has something else in it than its columns hold",
                )?,
            )
        })
    }

    /// The last entry of a kind.
    pub fn last_entry(&self, kind: EntryKind) -> anyhow::Result<Option<EntryRow>> {
        let sql = format!("{ENTRY} WHERE kind = ? ORDER BY id DESC LIMIT 1");
        Ok(self
            .journal
            .query_row(&sql, [kind.word()], entry)
            .optional()?)
    }

    /// The number and hash of the last entry, as they are stored.
    pub fn chain_head(&self) -> anyhow::Result<ChainHead> {
        let last = self
            .journal
            .query_row(&format!("{ENTRY} ORDER BY id DESC LIMIT 1"), [], entry)
            .optional()?;
        Ok(match last {
            Some(last) => ChainHead::new(last.id.unsigned_abs(), &last.hash),
            None => ChainHead::new(0, &NO_ENTRY),
        })
    }

    /// The hashes of the rows that the last checkpoint saw, by sheet.
    pub fn checkpoint_rows(&self) -> anyhow::Result<BTreeMap<String, RowHashes>> {
        let mut sheets: BTreeMap<String, RowHashes> = BTreeMap::new();
        let sql = "SELECT sheet, hashes FROM checkpoint_row ORDER BY sheet, part";
        self.walk(sql, |row| {
            let hashes: Vec<u8> = row.get(1)?;
            let sheet = sheets.entry(row.get(0)?).or_default();
            sheet.add_hashes(&hashes);
            Ok(())
        })?;
        Ok(sheets)
    }

    /// Every row of the small tables that a checkpoint covers, as canonical JSON: the table, then the row.
    pub fn each_vouched_row(
        &self,
        mut each: impl FnMut(&'static str, &str) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        for (table, order) in TABLES {
            let sql = format!("SELECT * FROM {table} ORDER BY {order}");
            self.walk(&sql, |row| each(table, &row_text(row)?))?;
        }
        Ok(())
    }

    /// The names of those tables.
    pub fn vouched_tables() -> impl Iterator<Item = &'static str> {
        TABLES.iter().map(|(table, _)| *table)
    }

    /// Every event that came, oldest first, as canonical JSON; and what they come to for each customer. Both come from the
    /// database of the receiver, which adds to it beside everything else.
    pub fn each_event_row(
        &self,
        mut each: impl FnMut(&'static str, &str) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(EVENTS, |row| each("event", &row_text(row)?))?;
        self.walk(PARTIES, |row| each("party", &row_text(row)?))
    }

    /// The hashes of the first lines of the operator log, as the entry of an upgrade has them.
    pub fn log_hashes(&self, key: &[u8; 32], lines: u64) -> anyhow::Result<RowHashes> {
        Ok(log_hashes(&self.journal, key, lines.cast_signed())?)
    }

    /// Tables, indexes, views and triggers that are not as this program makes them: each with what is wrong.
    pub fn schema_flaws(&self) -> anyhow::Result<Vec<String>> {
        let mut new = Connection::open_in_memory()?;
        schema::prepare(&mut new, schema::JOURNAL, |_, _| Ok(()))?;
        let (made, found) = (parts(&new)?, parts(&self.journal)?);
        let mut flaws = Vec::new();
        for (name, sql) in &made {
            match found.get(name) {
                None => flaws.push(format!("the {name} is missing")),
                Some(other) if other != sql => flaws.push(format!("the {name} was changed")),
                Some(_) => {}
            }
        }
        let added = found.keys().filter(|name| !made.contains_key(*name));
        flaws.extend(added.map(|name| format!("the {name} was added")));
        Ok(flaws)
    }
}

/// What a database is made of, by kind and name.
fn parts(db: &Connection) -> anyhow::Result<BTreeMap<String, String>> {
    let sql = "SELECT type || ' ' || name, sql FROM main.sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'";
    let mut statement = db.prepare(sql)?;
    let rows = statement.query_map(params![], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A row as canonical JSON: an array of its columns, bytes as an object.
fn row_text(row: &Row<'_>) -> anyhow::Result<String> {
    let mut columns = Vec::new();
    for place in 0..row.as_ref().column_count() {
        columns.push(match row.get_ref(place)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => number.into(),
            // No column holds one; somebody put it there.
            ValueRef::Real(number) => serde_json::json!({"real": number.to_string()}),
            ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
            ValueRef::Blob(bytes) => serde_json::json!({"hex": hex(bytes)}),
        });
    }
    canonical(&Value::Array(columns)).context("a row cannot be written as canonical JSON")
}
