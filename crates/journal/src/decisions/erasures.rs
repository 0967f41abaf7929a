//! Forgetting a customer who asks for it while the migration is under way.
//!
//! The record stays under a keyed hash of its id (`erased:` and 32 hexadecimal digits), as excluded, so that every count still
//! balances; everything else that names the customer, or says something of them, goes. The table `erased` keeps the hash, so
//! that no later plan sends the customer, whatever an export says (`forgotten_ids`). A customer of whom something is in doubt is not forgotten:
//! nobody could find out what became of it. Append-only tables are opened for exactly the rows of the customer, in the same
//! transaction, and closed as they were.
//!
//! Left out: files (`write::forgotten_files`, `planning::erase`), and events (`events::writer`).

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, params};
use serde_json::json;

use crate::chain::{EntryKind, erased_name, target_without, without_word};
use crate::decisions::held_by_bakkt::{HeldAccount, HeldByBakkt, HeldCustody, HeldDocument};
use crate::schema::counters::{self, Counters};
use crate::write::journal::Journal;
use crate::write::operator_log::OperatorNote;
use bakkt_model::custody::CustodyKind;
use bakkt_model::error::Failure;
use bakkt_model::verdict::Verdict;

/// The reason of a record whose customer was forgotten.
pub const FORGOTTEN: &str = "erased at the customer's request";
/// What a report says of a task that was sent and is forgotten.
const DECISION: &str = "erased";
/// Why the documents of a forgotten customer are not sent.
const ACCOUNT_OUT: &str = "its account is erased";

/// What a journal knows of a customer.
#[derive(Clone, Debug, Default)]
pub struct KnownCustomer {
    /// Rows of the export: file and line.
    pub rows: Vec<(String, u64)>,
    /// Rows of backfill files that belong to the customer: the file's number and the line.
    pub overlays: BTreeSet<(i64, u64)>,
    /// What Bakkt has.
    pub at_bakkt: HeldByBakkt,
    /// Anything at all stands under the id.
    pub is_known: bool,
    /// When it was forgotten before, in milliseconds since 1970; `None`: it was not.
    pub forgotten_at: Option<i64>,
    /// Entries of the chain that name the id in a reason, which nobody can change.
    pub entries: Vec<i64>,
}

/// A table and its column with the id. Rows stay under the hash.
const RENAMED: [(&str, &str); 9] = [
    ("set_aside", "client_id"),
    ("closed_gap", "client_id"),
    ("waiver", "client_id"),
    ("layer_row", "client_id"),
    ("sent_update", "client_id"),
    ("acknowledged", "client_id"),
    ("manual_kyb", "client_id"),
    ("person", "client_id"),
    ("record", "client_id"),
];

/// Actions of the operator log that are for no customer in particular: a file, or all.
const NAME_NO_ID: [&str; 5] = ["backfill", "close", "control", "links", "replan"];

/// Tables of which whole rows go.
const DROPPED: [&str; 5] = [
    "former",
    "former_task",
    "other_shard",
    "custody_task",
    "waiver_element",
];

/// The tasks of the customer, of this plan and of earlier ones.
const TASKS: &str =
    "DROP TABLE IF EXISTS temp.forgotten_record; CREATE TEMP TABLE forgotten_record (id INTEGER PRIMARY KEY);
     DROP TABLE IF EXISTS temp.forgotten_task; CREATE TEMP TABLE forgotten_task (id INTEGER PRIMARY KEY);
     DROP TABLE IF EXISTS temp.forgotten_custody; CREATE TEMP TABLE forgotten_custody (id INTEGER PRIMARY KEY);";

const FILL: [&str; 5] = [
    "INSERT INTO temp.forgotten_record SELECT id FROM record WHERE client_id = ?1",
    "INSERT INTO temp.forgotten_task SELECT id FROM task WHERE record IN (SELECT id FROM temp.forgotten_record)",
    "INSERT OR IGNORE INTO temp.forgotten_task SELECT task FROM former WHERE client_id = ?1",
    "INSERT OR IGNORE INTO temp.forgotten_task SELECT task FROM former_task WHERE client_id = ?1",
    "INSERT INTO temp.forgotten_custody SELECT id FROM custody_task WHERE client_id = ?1",
];

impl Journal {
    /// The name under which the record of a forgotten customer stays.
    pub fn erased_name(&self, client_id: &str) -> String {
        erased_name(&self.key, client_id)
    }

    /// What is known of a customer, before they are forgotten. Refuses while something of them is in doubt.
    pub fn look_at_customer(&mut self, client_id: &str) -> anyhow::Result<KnownCustomer> {
        self.fill_forgotten(client_id)?;
        self.refuse_doubt(client_id)?;
        let name = self.erased_name(client_id);
        let exists = |sql: &str, value: &str| -> anyhow::Result<bool> {
            Ok(self.db.prepare(sql)?.exists([value])?)
        };
        let forgotten_at = self
            .db
            .query_row("SELECT at FROM erased WHERE name = ?", [&name], |row| {
                row.get(0)
            })
            .optional()?;
        let mut is_known = false;
        for table in RENAMED.iter().map(|(table, _)| *table).chain(DROPPED) {
            let sql = format!("SELECT 1 FROM {table} WHERE client_id = ?");
            is_known |= exists(&sql, client_id)?;
        }
        // Of somebody who was forgotten before, the export may still have the row.
        let mut rows = self.db.prepare(
            "SELECT f.name, r.row FROM record r JOIN file f ON f.id = r.file
             WHERE r.client_id IN (?, ?) ORDER BY r.id",
        )?;
        let rows = rows.query_map([client_id, &name], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()))
        })?;
        let rows = rows.collect::<rusqlite::Result<_>>()?;
        Ok(KnownCustomer {
            rows,
            overlays: self.overlay_rows(client_id)?,
            at_bakkt: self.held_by_bakkt(client_id)?,
            is_known,
            forgotten_at,
            entries: self.entries_naming(client_id)?,
        })
    }

    /// Forgets a customer. `layers` are backfill files that were written anew without their rows: number, name below `layers`,
    /// keyed hash, sheet, and the name of their fingerprint. Returns how many records there were.
    pub fn forget(
        &mut self,
        client_id: &str,
        layers: &[RewrittenLayer],
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<u64> {
        let name = self.erased_name(client_id);
        // What is deleted is overwritten, and not only marked as free.
        self.db.pragma_update(None, "secure_delete", "ON")?;
        self.transaction(|journal| {
            journal.fill_forgotten(client_id)?;
            journal.refuse_doubt(client_id)?;
            for layer in layers {
                journal.replace_layer(layer)?;
            }
            let records = journal.drop_all(decided)?;
            journal.rename(client_id, &name)?;
            journal.db.execute(
                "INSERT OR IGNORE INTO erased (name, at) VALUES (?, ?)",
                params![name, decided.at],
            )?;
            let form = journal.erased_form(client_id)?;
            journal.db.execute(
                "INSERT OR IGNORE INTO erased (name, at) VALUES (?, ?)",
                params![form, decided.at],
            )?;
            journal.log("forget", &name, decided, records)?;
            let body = json!({
                "customer": journal.id_hash(client_id),
                "form": form,
                "records": records,
            });
            journal.append_entry(EntryKind::Forget, decided.at, &body)?;
            Ok(records)
        })
    }

    /// The rows of `erased`: of the customers who were forgotten the names, and the forms of their ids.
    pub fn erased(&self) -> anyhow::Result<BTreeSet<String>> {
        let names = self.all_of("SELECT name FROM erased", |row| row.get(0))?;
        Ok(names.into_iter().collect())
    }

    /// Notes in a scratch journal whom its plan must not know.
    pub(crate) fn follow_erased(&mut self, names: &BTreeSet<String>) -> anyhow::Result<()> {
        let mut add = self
            .db
            .prepare("INSERT OR IGNORE INTO erased (name, at) VALUES (?, 0)")?;
        for name in names {
            add.execute([name])?;
        }
        Ok(())
    }

    /// Makes the files of the journal hold nothing that was deleted. Fails while another process reads it.
    pub fn scrub(&mut self) -> anyhow::Result<()> {
        // A copy of the whole journal does not belong into memory.
        self.db.pragma_update(None, "temp_store", "FILE")?;
        self.db.execute_batch("VACUUM")?;
        self.db.pragma_update(None, "temp_store", "MEMORY")?;
        crate::schema::empty_log(&self.db)
    }

    fn all_of<T>(
        &self,
        sql: &str,
        each: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> anyhow::Result<Vec<T>> {
        let mut statement = self.db.prepare(sql)?;
        let rows = statement.query_map([], each)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn fill_forgotten(&self, client_id: &str) -> anyhow::Result<()> {
        self.db.execute_batch(TASKS)?;
        for sql in FILL {
            let mut fill = self.db.prepare(sql)?;
            match fill.parameter_count() {
                0 => fill.execute([])?,
                _ => fill.execute([client_id])?,
            };
        }
        Ok(())
    }

    fn refuse_doubt(&self, client_id: &str) -> anyhow::Result<()> {
        let tasks: i64 = self.db.query_row(
            sql!("SELECT count(*) FROM task WHERE state IN ({state.unknown_outcome}) AND id IN (SELECT id FROM temp.forgotten_task)"),
            [],
            |row| row.get(0),
        )?;
        let custody: i64 = self.db.query_row(
            sql!("SELECT count(*) FROM custody_task WHERE state IN ({state.unknown_outcome}) AND client_id = ?"),
            [client_id],
            |row| row.get(0),
        )?;
        match tasks + custody {
            0 => Ok(()),
            count => Err(Failure::configuration(
                format!(
                    "{count} {} of this customer in doubt: Bakkt may have what was sent, or not",
                    if count == 1 { "task is" } else { "tasks are" }
                ),
                "`bakkt-migrate run` settles it (of a KYB trigger `resolve --kyb`, of custody `resolve --user` or `--custody-task`); nothing was changed",
            )),
        }
    }

    fn overlay_rows(&self, client_id: &str) -> anyhow::Result<BTreeSet<(i64, u64)>> {
        let mut all = BTreeSet::new();
        let pair = |row: &rusqlite::Row<'_>| -> rusqlite::Result<(i64, u64)> {
            Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()))
        };
        all.extend(self.all_of(
            sql!("SELECT l.id, p.row FROM part p JOIN file f ON f.id = p.file
                  JOIN layer l ON f.name = l.name || ' (backfill ' || l.id || ')'
                  WHERE p.list = {list.backfill} AND p.record IN (SELECT id FROM temp.forgotten_record)"),
            pair,
        )?);
        let mut statement = self
            .db
            .prepare("SELECT layer, row FROM layer_row WHERE client_id = ?")?;
        let rows = statement.query_map([client_id], pair)?;
        for row in rows {
            all.insert(row?);
        }
        Ok(all)
    }

    fn held_by_bakkt(&self, client_id: &str) -> anyhow::Result<HeldByBakkt> {
        let mut accounts = self.all_of(
            sql!("SELECT coalesce(bakkt_id, ''), coalesce(status, '') FROM task WHERE kind IN ({kind.any_account})
                  AND state = {state.accepted} AND id IN (SELECT id FROM temp.forgotten_task) ORDER BY id"),
            |row| Ok(HeldAccount { bakkt_id: row.get(0)?, status: row.get(1)? }),
        )?;
        // Bakkt has such an account without this program having sent it.
        let mut by_hand = self
            .db
            .prepare("SELECT outcome FROM manual_kyb WHERE client_id = ?")?;
        let by_hand = by_hand.query_map([client_id], |row| {
            Ok(HeldAccount {
                bakkt_id: String::new(),
                status: format!("manual KYB: {}", row.get::<_, String>(0)?),
            })
        })?;
        for account in by_hand {
            accounts.push(account?);
        }
        let documents = self.all_of(
            sql!("SELECT coalesce(d.uuid, f.uuid, ''), coalesce(w.text, '') FROM task t
                  LEFT JOIN document d ON d.id = t.document AND t.kind = {kind.document} LEFT JOIN word w ON w.id = d.type
                  LEFT JOIN former_task f ON f.task = t.id
                  WHERE t.kind IN ({kind.document}, {kind.former_document}) AND t.state = {state.accepted}
                  AND t.id IN (SELECT id FROM temp.forgotten_task) ORDER BY t.id"),
            |row| {
                Ok(HeldDocument {
                    client_document_id: row.get(0)?,
                    document_type: row.get(1)?,
                })
            },
        )?;
        let kyb: bool = self.db.query_row(
            sql!("SELECT EXISTS (SELECT 1 FROM task WHERE kind IN ({kind.any_kyb}) AND state = {state.accepted}
                  AND id IN (SELECT id FROM temp.forgotten_task))"),
            [],
            |row| row.get(0),
        )?;
        let mut statement = self.db.prepare(sql!(
            "SELECT kind, coalesce(uuid, '') FROM custody_task WHERE client_id = ? AND state = {state.accepted} ORDER BY id"
        ))?;
        let custody = statement.query_map([client_id], |row| {
            let kind: i64 = row.get(0)?;
            Ok(HeldCustody {
                kind: CustodyKind::from_number(kind)
                    .unwrap_or(CustodyKind::User)
                    .word()
                    .to_owned(),
                uuid: row.get(1)?,
            })
        })?;
        Ok(HeldByBakkt {
            accounts,
            documents,
            kyb,
            custody: custody.collect::<rusqlite::Result<_>>()?,
        })
    }

    /// Entries whose text holds the id: a person wrote it into a reason.
    fn entries_naming(&self, client_id: &str) -> anyhow::Result<Vec<i64>> {
        let mut statement = self
            .db
            .prepare("SELECT id, body FROM entry WHERE instr(body, ?) ORDER BY id")?;
        let rows = statement.query_map([client_id], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })?;
        let mut entries = Vec::new();
        for row in rows {
            let (id, body) = row?;
            if without_word(&body, client_id, "").is_some() {
                entries.push(id);
            }
        }
        Ok(entries)
    }

    /// Takes everything of the customer's records and tasks out. Returns how many records there were.
    fn drop_all(&mut self, decided: OperatorNote<'_>) -> anyhow::Result<u64> {
        // What was sent and not accepted stays in every report, under the hash.
        let sent = self.ids(sql!(
            "SELECT id FROM task WHERE attempts > 0 AND state <> {state.accepted} AND record > 0
             AND id IN (SELECT id FROM temp.forgotten_task) ORDER BY id"
        ))?;
        self.set_aside(&sent, true, DECISION, decided)?;
        let sent = self.ids(sql!(
            "SELECT id FROM custody_task WHERE attempts > 0 AND state <> {state.accepted}
             AND id IN (SELECT id FROM temp.forgotten_custody) ORDER BY id"
        ))?;
        self.set_aside_custody(&sent, true, DECISION, decided)?;
        let records = self.ids("SELECT id FROM temp.forgotten_record")?;
        for record in &records {
            self.count_record(*record, -1)?;
            self.drop_gaps(*record)?;
        }
        let former = self.all_of(
            "SELECT kind, state, code, existed, last_at FROM task
             WHERE record < 0 AND id IN (SELECT id FROM temp.forgotten_task)",
            counters::task,
        )?;
        for task in former {
            self.counters.add_task(task, -1);
        }
        if Counters::stored(&self.db)?.have_findings() {
            let findings = counters::sql::FORGOTTEN_FINDINGS;
            self.counters.add_findings(&self.db, findings, -1)?;
        }
        self.db.execute_batch(
            "UPDATE attempt SET hash = x'' WHERE task IN (SELECT id FROM temp.forgotten_task);
             DELETE FROM verification WHERE task IN (SELECT id FROM temp.forgotten_task);
             DELETE FROM difference WHERE task IN (SELECT id FROM temp.forgotten_task);
             DELETE FROM link WHERE task IN (SELECT id FROM temp.forgotten_task);
             DELETE FROM task WHERE id IN (SELECT id FROM temp.forgotten_task);
             DELETE FROM owner WHERE record IN (SELECT id FROM temp.forgotten_record);
             DELETE FROM finding WHERE record IN (SELECT id FROM temp.forgotten_record);
             DELETE FROM custody_gap WHERE record IN (SELECT id FROM temp.forgotten_record);
             DELETE FROM custody_name WHERE record IN (SELECT id FROM temp.forgotten_record);
             DELETE FROM custody_attempt WHERE task IN (SELECT id FROM temp.forgotten_custody);
             DELETE FROM custody_difference WHERE task IN (SELECT id FROM temp.forgotten_custody);",
        )?;
        let reason = self.word(ACCOUNT_OUT)?;
        self.db.execute(
            sql!("UPDATE document SET verdict = {document.account_not_sent}, reason = ?, sealed = NULL, shown = NULL, place = NULL,
                  size = 0, uuid = NULL, hash = NULL, sha256 = NULL WHERE record IN (SELECT id FROM temp.forgotten_record)"),
            [reason],
        )?;
        let reason = self.word(FORGOTTEN)?;
        self.db.execute(
            "UPDATE record SET verdict = ?1, reason = ?2, hash = NULL, fixed = NULL, person = NULL, agreements = NULL, owners = NULL
             WHERE id IN (SELECT id FROM temp.forgotten_record)",
            params![Verdict::Excluded as i64, reason],
        )?;
        for record in &records {
            self.count_record(*record, 1)?;
        }
        Ok(records.len() as u64)
    }

    /// Puts the hash in the place of the id, wherever a row has to stay.
    fn rename(&mut self, client_id: &str, name: &str) -> anyhow::Result<()> {
        let closed = self.open_append_only()?;
        for (table, column) in RENAMED {
            let sql = format!("UPDATE OR REPLACE {table} SET {column} = ?2 WHERE {column} = ?1");
            self.db.execute(&sql, [client_id, name])?;
        }
        // A row that a person chose is none any more; where a document stood may hold the id.
        self.db.execute(
            "DELETE FROM person WHERE action IN ('take', 'keep') AND client_id = ?",
            [name],
        )?;
        self.db.execute(
            sql!("UPDATE set_aside SET document = NULL, file = CASE WHEN kind IN ({kind.document}, {kind.former_document}) THEN NULL ELSE file END
                  WHERE client_id = ?"),
            [name],
        )?;
        self.db.execute(
            "UPDATE sent_update SET hash = x'' WHERE client_id = ?",
            [name],
        )?;
        for table in DROPPED {
            self.db.execute(
                &format!("DELETE FROM {table} WHERE client_id = ?"),
                [client_id],
            )?;
        }
        for (table, columns) in [
            ("set_aside", &["reason"][..]),
            ("waiver", &["reason"]),
            ("person", &["reason"]),
            ("acknowledged", &["reason"]),
            ("manual_kyb", &["reason"]),
            ("layer", &["reason"]),
        ] {
            for column in columns {
                self.rename_words(table, column, client_id, name)?;
            }
        }
        self.rename_reasons(client_id, name)?;
        self.rename_targets(client_id)?;
        for sql in closed {
            self.db.execute_batch(&sql)?;
        }
        Ok(())
    }

    /// Takes the triggers of append-only tables away; returns the statements that make them again, word for word.
    fn open_append_only(&self) -> anyhow::Result<Vec<String>> {
        let triggers: Vec<(String, String)> = self.all_of(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name IN ('operator_log', 'set_aside', 'closed_gap')",
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        for (name, _) in &triggers {
            self.db.execute_batch(&format!("DROP TRIGGER {name}"))?;
        }
        Ok(triggers.into_iter().map(|(_, sql)| sql).collect())
    }

    /// Replaces the id where it stands as a word of its own in what people wrote.
    fn rename_words(
        &self,
        table: &str,
        column: &str,
        client_id: &str,
        name: &str,
    ) -> anyhow::Result<()> {
        let sql = format!("SELECT DISTINCT {column} FROM {table} WHERE instr({column}, ?)");
        let mut statement = self.db.prepare(&sql)?;
        let texts = statement.query_map([client_id], |row| row.get::<_, String>(0))?;
        let texts = texts.collect::<rusqlite::Result<Vec<_>>>()?;
        for text in texts {
            if let Some(renamed) = without_word(&text, client_id, name) {
                let sql = format!("UPDATE {table} SET {column} = ?2 WHERE {column} = ?1");
                self.db.execute(&sql, [&text, &renamed])?;
            }
        }
        Ok(())
    }

    /// Takes the id out of what decisions were for, as far as the chain has the same. A line's reason stands in the chain as it is,
    /// and both have to agree.
    fn rename_targets(&self, client_id: &str) -> anyhow::Result<()> {
        let lines: Vec<(i64, String, String)> = self
            .all_of("SELECT id, action, target FROM operator_log", |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
        for (id, action, target) in lines {
            let names_no_id = NAME_NO_ID.contains(&action.as_str());
            if let (false, Some(target)) =
                (names_no_id, target_without(&self.key, &target, client_id))
            {
                self.db.execute(
                    "UPDATE operator_log SET target = ?2 WHERE id = ?1",
                    params![id, target],
                )?;
            }
        }
        Ok(())
    }

    /// The same of reasons of exclusions, which are kept as repeated texts.
    fn rename_reasons(&mut self, client_id: &str, name: &str) -> anyhow::Result<()> {
        let texts: Vec<(i64, String)> = self.all_of(
            "SELECT id, text FROM word WHERE id IN (SELECT reason FROM record WHERE reason IS NOT NULL)",
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        for (id, text) in texts {
            if let Some(renamed) = without_word(&text, client_id, name) {
                self.db.execute(
                    "UPDATE OR IGNORE word SET text = ?2 WHERE id = ?1",
                    params![id, renamed],
                )?;
                self.words.clear();
            }
        }
        Ok(())
    }

    fn replace_layer(&self, layer: &RewrittenLayer) -> anyhow::Result<()> {
        let RewrittenLayer {
            number,
            kept,
            hash,
            sheet,
            fingerprint,
            rows,
        } = layer;
        self.db.execute(
            "UPDATE layer SET kept = ?2, hash = ?3, sheet = coalesce(?4, sheet) WHERE id = ?1",
            params![number, kept, hash, sheet],
        )?;
        self.db.execute(
            "UPDATE fingerprint SET hash = ?2, state = NULL WHERE name = ?1",
            params![fingerprint, hash],
        )?;
        for row in rows {
            self.db.execute(
                "DELETE FROM layer_element WHERE layer = ?1 AND row = ?2",
                params![number, *row as i64],
            )?;
        }
        Ok(())
    }
}

/// A backfill file that was written anew without a customer's rows.
#[derive(Clone, Debug)]
pub struct RewrittenLayer {
    /// Its number.
    pub number: i64,
    /// Its name below `layers`.
    pub kept: String,
    /// Keyed hash of its bytes.
    pub hash: [u8; 32],
    /// The sheet that is read, where that is another now.
    pub sheet: Option<String>,
    /// The name of its fingerprint.
    pub fingerprint: String,
    /// Lines that are gone.
    pub rows: BTreeSet<u64>,
}
