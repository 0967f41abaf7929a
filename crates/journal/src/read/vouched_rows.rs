//! The rows of the journal that a checkpoint covers, as canonical JSON.
//!
//! Owner of which tables those are. Small ones, and those that name their row when it was altered, have a hash for each row; those
//! with as many rows as customers have one for several ([`chain::packs`](crate::chain)). Invariant: they hold all that a line of the
//! report's files is made of, so that no line can change while all of them stay as they are. Not covered: `entry`, which is the chain;
//! `checkpoint_row`, whose hashes the chain has; `counter`, which is compared with the rows; `known_file` and the states of
//! `fingerprint`, which spare reading a file twice and say nothing of the migration; of `meta` a few facts, each with its reason
//! ([`UNCOVERED_FACTS`]). Left out: who compares (`report::audit`).

use std::fmt::Write;
use std::ops::Range;

use rusqlite::Row;
use rusqlite::types::ValueRef;
use serde_json::Value;

use crate::chain::PackedRows;
use crate::read::reader::Reader;

/// Tables with a hash for each row, and the columns that give them an order: what people decided, what was set aside, what Bakkt
/// told, the runs, who was forgotten, and the texts that other rows name by number.
const TABLES: [(&str, &str); 22] = [
    ("acknowledged", "client_id, agreements"),
    ("closed_gap", "id"),
    ("custody_difference", "task"),
    ("custody_task", "id"),
    ("difference", "task, document, path, kind"),
    ("erased", "name"),
    ("file", "id"),
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
    ("waiver_element", "client_id, path"),
    ("word", "id"),
];

/// What a plan says of itself. They have a sheet of their own, because checkpoints of earlier versions saw these alone.
const PLAN_FACTS: [&str; 13] = [
    "as_of",
    "blank_lines",
    "findings_block",
    "inputs",
    "lost_rows",
    "mapper",
    "parts",
    "plan",
    "planned_at",
    "rows_read",
    "unused_exclusions",
    "whole_files",
    "whole_rows_read",
];
/// The sheet of all other facts, those of later versions too: what somebody added is none that the program wrote.
const OTHER_FACTS: &str = "meta (other facts)";
/// Facts that no checkpoint covers, and why not.
const UNCOVERED_FACTS: [(&str, &str); 6] = [
    (
        "target",
        "set before a run begins; it is compared with the entry of the last run",
    ),
    ("dialect", "the same"),
    (
        "journal_id",
        "made when a registry first asks for it, and known there",
    ),
    (
        "registered",
        "set when a registry is asked, beside what is done",
    ),
    ("registry_epoch", "the same, and compared with the registry"),
    (
        "links_unfinished",
        "which lines the file of links keeps; of a report it says nothing",
    ),
];

/// Without the state of the file that has it, which a look at the plan may renew.
const FINGERPRINTS: &str = "SELECT name, hash FROM fingerprint ORDER BY name";

/// Without how often one was repeated, which grows, and without its sealed body, which may be deleted.
const EVENTS: &str = "SELECT id, at, request_id, hash, client_id, type, status, reason, expires_at, linked, source FROM event ORDER BY id";
/// With the times of the first and the last, by which a decision is weighed against what was read back.
const PARTIES: &str = "SELECT client_id, events, first_at, last_at, status, reason, documents, expires_at FROM party ORDER BY client_id";

impl Reader {
    /// Every row of the tables that a checkpoint covers row by row: the table, then the row.
    pub fn each_vouched_row(
        &self,
        mut each: impl FnMut(&'static str, &str) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        for (table, order) in TABLES {
            let sql = format!("SELECT * FROM {table} ORDER BY {order}");
            self.each_text(&sql, |row| each(table, row))?;
        }
        self.each_text(FINGERPRINTS, |row| each("fingerprint", row))?;
        self.each_text(&facts("IN", plan_facts()), |row| each("meta", row))?;
        let elsewhere = plan_facts().chain(UNCOVERED_FACTS.map(|(key, _)| key));
        let others = facts("NOT IN", elsewhere);
        self.each_text(&others, |row| each(OTHER_FACTS, row))
    }

    /// The names of those tables.
    pub fn vouched_tables() -> impl Iterator<Item = &'static str> {
        TABLES
            .iter()
            .map(|(table, _)| *table)
            .chain(["fingerprint", "meta", OTHER_FACTS])
    }

    /// The names of the tables that a checkpoint covers several rows at a time.
    pub fn packed_tables() -> impl Iterator<Item = &'static str> {
        sql::PACKED.iter().map(|(table, _)| *table)
    }

    /// Adds the rows of one of these tables.
    pub fn pack_table(&self, table: &str, packs: &mut PackedRows) -> anyhow::Result<()> {
        for (_, sql) in sql::PACKED.iter().filter(|(name, _)| *name == table) {
            self.each_text(sql, |row| {
                packs.add(row);
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Every event that came, oldest first; and what they come to for each customer. Both come from the database of the receiver,
    /// which adds to it beside everything else.
    pub fn each_event_row(
        &self,
        mut each: impl FnMut(&'static str, &str) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.each_text(EVENTS, |row| each("event", row))?;
        self.each_text(PARTIES, |row| each("party", row))
    }

    fn each_text(
        &self,
        sql: &str,
        mut each: impl FnMut(&str) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut text = String::new();
        self.walk(sql, |row| {
            text.clear();
            write_columns(row, 0..row.as_ref().column_count(), &mut text)?;
            each(&text)
        })
    }
}

fn plan_facts() -> impl Iterator<Item = &'static str> {
    PLAN_FACTS.into_iter()
}

/// The statement over the facts that are, or are not, among these.
fn facts(relation: &str, keys: impl Iterator<Item = &'static str>) -> String {
    let keys: Vec<String> = keys.map(|key| format!("'{key}'")).collect();
    let keys = keys.join(", ");
    format!("SELECT key, value FROM meta WHERE key {relation} ({keys}) ORDER BY key")
}

/// Adds columns of a row as canonical JSON: an array, bytes as an object.
pub(crate) fn write_columns(
    row: &Row<'_>,
    columns: Range<usize>,
    out: &mut String,
) -> anyhow::Result<()> {
    let first = columns.start;
    out.push('[');
    for place in columns {
        if place > first {
            out.push(',');
        }
        match row.get_ref(place)? {
            ValueRef::Null => out.push_str("null"),
            ValueRef::Integer(number) => write_number(number, out)?,
            // No column holds one; somebody put it there.
            ValueRef::Real(number) => write!(out, "{{\"real\":\"{number}\"}}")?,
            ValueRef::Text(text) => write_text(&String::from_utf8_lossy(text), out),
            ValueRef::Blob(bytes) => {
                out.push_str("{\"hex\":\"");
                data_encoding::HEXLOWER.encode_append(bytes, out);
                out.push_str("\"}");
            }
        }
    }
    out.push(']');
    Ok(())
}

/// Most columns are numbers of one digit, which need no formatting.
fn write_number(number: i64, out: &mut String) -> anyhow::Result<()> {
    match u8::try_from(number) {
        Ok(digit @ 0..=9) => out.push(char::from(b'0' + digit)),
        _ => write!(out, "{number}")?,
    }
    Ok(())
}

fn write_text(text: &str, out: &mut String) {
    let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if text.bytes().all(is_plain) {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&Value::from(text).to_string());
    }
}

/// The statements over tables with as many rows as customers, each in the order of its key.
pub(crate) mod sql {
    pub const PACKED: [(&str, &str); 16] = [
        ("attempt", "SELECT * FROM attempt ORDER BY task, number"),
        (
            "custody_attempt",
            "SELECT * FROM custody_attempt ORDER BY task, number",
        ),
        (
            "custody_gap",
            "SELECT * FROM custody_gap ORDER BY record, path, reason, file, row",
        ),
        (
            "custody_name",
            "SELECT * FROM custody_name ORDER BY record, path",
        ),
        // All but the sealed path, which closing a migration deletes.
        (
            "document",
            "SELECT id, record, file, row, offset, length, shown, place, type, side, proves, size, uuid, verdict, reason, hash, \
            side_assumed, sha256 FROM document ORDER BY id",
        ),
        (
            "finding",
            "SELECT * FROM finding ORDER BY record, kind, path, file, row",
        ),
        (
            "gap_element",
            "SELECT * FROM gap_element ORDER BY record, list, place",
        ),
        (
            "layer_element",
            "SELECT * FROM layer_element ORDER BY layer, row, list, place",
        ),
        (
            "layer_row",
            "SELECT * FROM layer_row ORDER BY layer, row, path",
        ),
        (
            "other_shard",
            "SELECT * FROM other_shard ORDER BY client_id",
        ),
        ("owner", "SELECT * FROM owner ORDER BY record, place"),
        ("part", "SELECT * FROM part ORDER BY record, list, place"),
        ("record", "SELECT * FROM record ORDER BY id"),
        ("sent_update", "SELECT * FROM sent_update ORDER BY id"),
        ("task", "SELECT * FROM task ORDER BY id"),
        ("unused", "SELECT * FROM unused ORDER BY file, row"),
    ];
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rusqlite::Connection;

    use super::*;
    use crate::chain::{canonical, hex};
    use crate::schema::JOURNAL;
    use crate::write::VerificationScope;
    use crate::write::journal::Journal;

    #[test]
    fn columns_are_written_as_canonical_json() {
        let db = Connection::open_in_memory().unwrap();
        let texts = [
            "plain ü",
            "a \"quoted\" one",
            "back\\slash",
            "tab\tand\u{7f}",
            "",
        ];
        for text in texts {
            let mut out = String::from("before ");
            db.query_row(
                "SELECT 'left out', NULL, -7, 0, 9, 10, ?1, x'00ff', x''",
                [text],
                |row| {
                    write_columns(row, 1..9, &mut out).unwrap();
                    Ok(())
                },
            )
            .unwrap();
            let (hex, none) = (hex(&[0, 255]), "");
            let value = serde_json::json!([null, -7, 0, 9, 10, text, {"hex": hex}, {"hex": none}]);
            let expected = canonical(&value).unwrap();
            assert_eq!(out, format!("before {expected}"));
        }
    }

    /// A column that is added to a document has to be covered.
    #[test]
    fn every_column_of_a_document_but_its_sealed_path_is_covered() {
        let db = Connection::open_in_memory().unwrap();
        for sql in JOURNAL {
            db.execute_batch(sql).unwrap();
        }
        let names = |sql: &str| {
            let statement = db.prepare(sql).unwrap();
            let names = statement.column_names().map(str::to_owned);
            names.collect::<BTreeSet<String>>()
        };
        let (_, covered) = sql::PACKED
            .iter()
            .find(|(name, _)| *name == "document")
            .unwrap();
        let mut all = names("SELECT * FROM document");
        assert!(all.remove("sealed"));
        assert_eq!(names(covered), all);
    }

    /// A table that is added to the journal has to be put somewhere.
    #[test]
    fn every_table_is_covered_or_left_out_on_purpose() {
        let db = Connection::open_in_memory().unwrap();
        for sql in JOURNAL {
            db.execute_batch(sql).unwrap();
        }
        let mut statement = db
            .prepare(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
            )
            .unwrap();
        let names = statement.query_map([], |row| row.get(0)).unwrap();
        let there: BTreeSet<String> = names.collect::<Result<_, _>>().unwrap();
        let left_out = ["entry", "checkpoint_row", "counter", "known_file"];
        let known = Reader::vouched_tables().chain(Reader::packed_tables());
        let known = known.chain(left_out);
        let known = known.filter(|name| *name != OTHER_FACTS);
        let known: BTreeSet<String> = known.map(str::to_owned).collect();
        assert_eq!(there, known);
    }

    /// Every fact that the program writes: what alters it shows, or it stands among the exceptions.
    #[test]
    fn every_fact_is_covered_or_left_out_on_purpose() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let mut journal = Journal::open(folder.path())?;
        journal.bind_shard(Some("1/3".parse()?))?;
        journal.id()?;
        journal.bind("https://api.example.com", "bakkt")?;
        journal.bind_custody("https://custody.example.com")?;
        journal.begin_plan("2026-12-01")?;
        let of_plan: Vec<(&str, String)> = PLAN_FACTS
            .into_iter()
            .filter(|key| !["plan", "as_of"].contains(key))
            .map(|key| (key, "1".to_owned()))
            .collect();
        journal.finish_plan(&of_plan, &[], &[])?;
        journal.note_differing()?;
        let part = VerificationScope {
            unsettled: true,
            ..VerificationScope::default()
        };
        journal.begin_verification(None, &VerificationScope::default(), 1)?;
        drop(journal);
        let mut journal = Journal::open(folder.path())?;
        journal.begin_verification(None, &part, 1)?;
        journal.note_links_unfinished(true)?;
        // As a registry sets them.
        journal.set_meta("registered", "yes")?;
        journal.set_meta("registry_epoch", "1")?;
        // As a later version may.
        journal.set_meta("a_new_fact", "1")?;
        drop(journal);

        let path = Journal::path(folder.path());
        let rows = || -> anyhow::Result<Vec<String>> {
            let mut rows = Vec::new();
            Reader::open(&path)?.each_vouched_row(|table, row| {
                rows.push(format!("{table} {row}"));
                Ok(())
            })?;
            Ok(rows)
        };
        let db = Connection::open(&path)?;
        let mut keys = db.prepare("SELECT key, value FROM meta")?;
        let keys = keys.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let keys: Vec<(String, String)> = keys.collect::<Result<_, _>>()?;
        let before = rows()?;
        let mut uncovered = BTreeSet::new();
        let set = |key: &str, value: &str| {
            db.execute("UPDATE meta SET value = ?2 WHERE key = ?1", [key, value])
        };
        for (key, value) in &keys {
            set(key, "altered")?;
            if rows()? == before {
                uncovered.insert(key.as_str());
            }
            set(key, value)?;
        }
        let exceptions = UNCOVERED_FACTS.iter().map(|(key, _)| *key);
        assert_eq!(uncovered, exceptions.collect());
        let known: BTreeSet<&str> = keys.iter().map(|(key, _)| key.as_str()).collect();
        let decisive = [
            "differing",
            "reopened",
            "key_mark",
            "shard",
            "custody_target",
        ];
        let of_verify = ["pass", "pass_of", "begun_at", "done_at", "part"];
        let of_verify = of_verify.map(|what| format!("verify_{what}"));
        let expected = PLAN_FACTS.iter().chain(&decisive).copied();
        for key in expected.chain(of_verify.iter().map(String::as_str)) {
            assert!(known.contains(key), "{key} was not written");
        }
        Ok(())
    }

    /// A journal of an earlier version would be told as altered if its checkpoints had seen others.
    #[test]
    fn the_facts_of_a_checkpoint_of_before_are_the_same() {
        let seen = facts("IN", plan_facts());
        assert!(seen.starts_with("SELECT key, value FROM meta WHERE key IN ('as_of', "));
        assert!(seen.ends_with("'whole_files', 'whole_rows_read') ORDER BY key"));
    }
}
