//! The chain as it stands in the journal, and the hashes that the last checkpoint kept.
//!
//! Nothing here is believed: `report::audit` compares. Left out: the form (`chain`), the rows that a checkpoint covers
//! (`vouched_rows`), and the sheets of a report.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;

use crate::chain::{ALTERED, ChainHead, CheckpointRows, EntryKind, EntryRow, NO_ENTRY, RowHashes};
use crate::read::reader::Reader;
use crate::schema;
use crate::write::alteration::{altered_since, can_compare, roots_of};
use crate::write::entries::{ENTRY, entry, log_hashes};

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

    /// The names of those who were forgotten.
    pub fn forgotten(&self) -> anyhow::Result<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        self.walk("SELECT name FROM erased", |row| {
            names.insert(row.get(0)?);
            Ok(())
        })?;
        Ok(names)
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

    /// Whether rows can be compared with those that the last checkpoint saw.
    pub fn can_compare(&self) -> anyhow::Result<bool> {
        can_compare(&self.journal)
    }

    /// What a checkpoint of these rows would say was altered since the last one; `program` is the SHA-256 of the file of the program
    /// that hashed them.
    pub fn alteration(
        &self,
        rows: &CheckpointRows,
        program: &Value,
    ) -> anyhow::Result<Option<Value>> {
        altered_since(&self.journal, rows, &roots_of(&rows.sheets)?, program)
    }

    /// Every checkpoint that says that rows were altered, oldest first.
    pub fn each_noted_alteration(
        &self,
        mut each: impl FnMut(EntryRow, Value),
    ) -> anyhow::Result<()> {
        // The key stands in few bodies, and to parse all of them would take long where somebody watches.
        let sql = format!(
            "{ENTRY} WHERE kind = 'checkpoint' AND instr(body, '\"{ALTERED}\":') > 0 ORDER BY id"
        );
        self.walk(&sql, |row| {
            let found = entry(row)?;
            let mut body = found.value();
            if body[ALTERED].is_object() {
                each(found, body[ALTERED].take());
            }
            Ok(())
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
