//! Appending to the chain, in the transaction of what an entry is about.
//!
//! Invariant: the one way into the table `entry`, so that each holds the hash of the one before. Left out: the form (`chain`).

use anyhow::Context;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Value, json};

use crate::chain::{
    ALTERED, ChainHead, CheckpointRows, EntryKind, EntryRow, NO_ENTRY, RowHashes, canonical,
    entry_hash, hashed_target, hex, is_table,
};
use crate::write::alteration::{altered_since, can_compare, roots_of};
use crate::write::journal::Journal;
use bakkt_model::state::State;
use bakkt_model::task::TaskKind;

/// Kinds of tasks, as entries name them.
const KINDS: [(&str, TaskKind); 4] = [
    ("account", TaskKind::Account),
    ("update", TaskKind::Update),
    ("document", TaskKind::Document),
    ("kyb", TaskKind::Kyb),
];
/// States in the order of their numbers, as entries name them.
const STATES: [&str; 7] = [
    "open", "held", "sending", "in_doubt", "accepted", "refused", "gave_up",
];

/// The fact that holds the inputs of the plan, as a JSON array.
pub const INPUTS: &str = "inputs";

/// Every entry, in the columns that [`entry`] takes.
pub(crate) const ENTRY: &str = "SELECT id, at, kind, body, before, hash FROM entry";

/// An entry as it is stored.
pub(crate) fn entry(row: &Row<'_>) -> rusqlite::Result<EntryRow> {
    Ok(EntryRow {
        id: row.get(0)?,
        at: row.get(1)?,
        kind: row.get(2)?,
        body: row.get(3)?,
        before: row.get(4)?,
        hash: row.get(5)?,
    })
}

impl Journal {
    /// Appends an entry; within a transaction it comes or goes with it. The body holds no fraction, no value of a customer
    /// and no id.
    pub fn append_entry(
        &self,
        kind: EntryKind,
        at: i64,
        body: &Value,
    ) -> anyhow::Result<ChainHead> {
        let text = canonical(body).context("an entry of the chain holds a fraction")?;
        Ok(append(&self.db, kind, at, &text)?)
    }

    /// The number and hash of the last entry.
    pub fn chain_head(&self) -> anyhow::Result<ChainHead> {
        let (id, hash) = last(&self.db)?;
        Ok(ChainHead::new(id.unsigned_abs(), &hash))
    }

    /// The last entry, as it is stored.
    pub fn last_entry(&self) -> anyhow::Result<Option<EntryRow>> {
        let sql = format!("{ENTRY} ORDER BY id DESC LIMIT 1");
        Ok(self.db.query_row(&sql, [], entry).optional()?)
    }

    /// The keyed hash of a customer's id, as entries have it.
    pub fn id_hash(&self, id: &str) -> String {
        crate::chain::id_hash(&self.key, id)
    }

    /// How many tasks of each kind are in each state, for what the chain says of a run.
    pub fn task_counts(&self) -> anyhow::Result<Value> {
        let mut kinds = serde_json::Map::new();
        for (word, kind) in KINDS {
            let mut states = serde_json::Map::new();
            for (state, word) in State::ALL.into_iter().zip(STATES) {
                match self.count(kind, state, false)? {
                    0 => {}
                    count => drop(states.insert(word.to_owned(), count.into())),
                }
            }
            kinds.insert(word.to_owned(), Value::Object(states));
        }
        Ok(Value::Object(kinds))
    }

    /// Appends the entry of a whole plan: the day and the mapper that it is made for, how many rows it has, its inputs with size
    /// and SHA-256 as the planner noted them, and a root over the fingerprints of all that decides what is sent.
    pub(crate) fn append_plan(&self, how: &str, at: i64) -> anyhow::Result<()> {
        let mut prints = RowHashes::default();
        for print in self.fingerprints()? {
            prints.add(format!("{} {}", hex(&print.hash), print.name).as_bytes());
        }
        let rows: i64 = self
            .db
            .query_row("SELECT count(*) FROM record", [], |row| row.get(0))?;
        let inputs = self.meta(INPUTS)?;
        let inputs = inputs.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        let body = json!({
            "how": how,
            "as_of": self.meta("as_of")?,
            "mapper": self.meta("mapper")?,
            "rows": rows,
            "inputs": inputs,
            "fingerprints": {"rows": prints.count(), "root": prints.root()?},
        });
        self.append_entry(EntryKind::Plan, at, &body).map(drop)
    }

    /// Appends a checkpoint, unless the last entry is one that saw the same, and returns the head: `body` with the number of rows
    /// and the root of each sheet. The hashes of tables replace those of the checkpoint before; a line of a file is found by the
    /// rows that it is made of.
    pub fn append_checkpoint(
        &mut self,
        at: i64,
        mut body: Value,
        rows: &CheckpointRows,
    ) -> anyhow::Result<ChainHead> {
        self.end_comparison_if_needed()?;
        let roots = roots_of(&rows.sheets)?;
        if let Some(last) = self.last_entry()?
            && EntryKind::of(&last.kind) == Some(EntryKind::Checkpoint)
            && last.value()["sheets"] == roots
        {
            return self.chain_head();
        }
        if let Some(altered) = altered_since(&self.db, rows, &roots, &body["program"]["sha256"])? {
            body[ALTERED] = altered;
        }
        self.write_checkpoint(at, body, roots, &rows.sheets)
    }

    /// Whether rows can be compared with those that the last checkpoint saw.
    pub fn can_compare(&self) -> anyhow::Result<bool> {
        can_compare(&self.db)
    }

    /// Appends a checkpoint where rows are not as the last one saw them although nothing was done since that changes them, which the next entry would
    /// cover up. Returns whether that is so.
    pub fn note_alteration(
        &mut self,
        at: i64,
        mut body: Value,
        rows: &CheckpointRows,
    ) -> anyhow::Result<bool> {
        let roots = roots_of(&rows.sheets)?;
        let Some(altered) = altered_since(&self.db, rows, &roots, &body["program"]["sha256"])?
        else {
            return Ok(false);
        };
        body[ALTERED] = altered;
        self.write_checkpoint(at, body, roots, &rows.sheets)?;
        Ok(true)
    }

    pub(crate) fn write_checkpoint(
        &mut self,
        at: i64,
        mut body: Value,
        roots: Value,
        sheets: &[(String, RowHashes)],
    ) -> anyhow::Result<ChainHead> {
        body["sheets"] = roots;
        self.transaction(|journal| {
            journal.db.execute("DELETE FROM checkpoint_row", [])?;
            let mut insert = journal.db.prepare_cached(
                "INSERT INTO checkpoint_row (sheet, part, hashes) VALUES (?, ?, ?)",
            )?;
            for (name, hashes) in sheets.iter().filter(|(name, _)| is_table(name)) {
                for (number, part) in hashes.parts().enumerate() {
                    insert.execute(params![name, number as i64, part?])?;
                }
            }
            drop(insert);
            journal.append_entry(EntryKind::Checkpoint, at, &body)
        })
    }
}

fn last(db: &Connection) -> rusqlite::Result<(i64, Vec<u8>)> {
    let last = db
        .prepare_cached("SELECT id, hash FROM entry ORDER BY id DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(last.unwrap_or((0, NO_ENTRY.to_vec())))
}

fn append(db: &Connection, kind: EntryKind, at: i64, body: &str) -> rusqlite::Result<ChainHead> {
    let (before_id, before) = last(db)?;
    let (id, kind) = (before_id + 1, kind.word());
    let hash = entry_hash(&before, id, at, kind, body);
    db.prepare_cached(
        "INSERT INTO entry (id, at, kind, body, before, hash) VALUES (?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![id, at, kind, body, before, hash])?;
    Ok(ChainHead::new(id.unsigned_abs(), &hash))
}

/// The version of the journal's schema from which on a journal has a chain.
const FIRST_WITH_CHAIN: i64 = 8;

/// The entry of a journal that was made or brought up to date just now; `version` is the one before, 0 of a new one. It begins the
/// chain of one that had none. What cannot be compared from here on is covered by the hash of the operator log as it is now.
pub(crate) fn enter_schema(
    db: &Connection,
    key: &[u8; 32],
    version: i64,
    to: i64,
) -> rusqlite::Result<()> {
    let at = crate::now();
    let (kind, body) = match version {
        0 => (EntryKind::Begin, json!({"schema": to})),
        _ => {
            let log = log_hashes(db, key, i64::MAX)?;
            let runs: i64 = db.query_row("SELECT count(*) FROM run", [], |row| row.get(0))?;
            let says = if version < FIRST_WITH_CHAIN {
                "what happened before this entry is not in the chain; the operator log is hashed as it was found"
            } else {
                "rows have another form from here on and are not compared with a checkpoint before this entry; the operator log is hashed as it was found"
            };
            let body = json!({
                "schema": to,
                "from": version,
                "operator_log": {"rows": log.count(), "root": log.root().map_err(beside)?},
                "runs": runs,
                "says": says,
            });
            (EntryKind::Upgrade, body)
        }
    };
    // Neither holds a fraction.
    append(db, kind, at, &canonical(&body).unwrap_or_default()).map(drop)
}

/// The hashes of the first lines of the operator log: each is the canonical form of an array, with the target hashed.
pub(crate) fn log_hashes(
    db: &Connection,
    key: &[u8; 32],
    first: i64,
) -> rusqlite::Result<RowHashes> {
    let mut hashes = RowHashes::default();
    let sql =
        "SELECT id, at, action, target, reason, count, by FROM operator_log ORDER BY id LIMIT ?";
    let mut statement = db.prepare(sql)?;
    let mut rows = statement.query([first])?;
    while let Some(row) = rows.next()? {
        let (id, at, action): (i64, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let target = hashed_target(key, &row.get::<_, String>(3)?);
        let (reason, by): (Option<String>, Option<String>) = (row.get(4)?, row.get(6)?);
        let line = json!([id, at, action, target, reason, row.get::<_, i64>(5)?, by]);
        hashes.add(canonical(&line).unwrap_or_default().as_bytes());
    }
    Ok(hashes)
}

/// A failure beside the database, for callers that know those of the database alone.
fn beside(error: std::io::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}
