//! Taking a new plan over into a journal that has sent some of the old one (invariant 9), and reviving tasks.
//!
//! Owner of that merge. The new plan is made in a scratch journal beside the old one and taken over in one transaction:
//! a program that dies before leaves the old plan, one that dies after leaves the new one. Records are matched by
//! clientAccountId. What was accepted is never touched; its task only follows its record, or becomes a *former* one
//! (kind 2) when the new plan no longer sends that customer.

use std::path::{Path, PathBuf};

use anyhow::Context;
use rusqlite::params;

use super::open::Journal;
use super::state::Event;
use super::tasks::Selection;

/// How the new plan differs from the old one, in records.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Changes {
    /// Sent or to be sent with the same bytes.
    pub unchanged: u64,
    /// To be sent with other bytes; never accepted.
    pub changed_not_sent: u64,
    /// Accepted with other bytes than the new plan has.
    pub changed_accepted: u64,
    /// To be sent, and not so before.
    pub added: u64,
    /// No longer to be sent; never accepted.
    pub dropped: u64,
    /// Accepted, and no longer sent by the new plan.
    pub former: u64,
    /// Updates that were planned for `changed_accepted`.
    pub updates: u64,
}

/// What to do besides taking the plan over.
#[derive(Clone, Copy, Debug)]
pub struct Adopt<'a> {
    /// Plan updates for changed payloads of accepted accounts.
    pub update_accepted: bool,
    /// Only count; nothing changes.
    pub dry_run: bool,
    /// For the operator log.
    pub reason: Option<&'a str>,
    /// When.
    pub at: i64,
}

impl Journal {
    /// Where the scratch journal of a state folder lies.
    pub fn scratch_folder(folder: &Path) -> PathBuf {
        folder.join("replan")
    }

    /// Makes an empty scratch journal with this one's key.
    pub fn scratch(&self, folder: &Path) -> anyhow::Result<Journal> {
        let scratch = Self::scratch_folder(folder);
        remove(&scratch)?;
        super::open::private_folder(&scratch)?;
        super::open::write_key(&scratch, &self.key)?;
        Journal::open(&scratch)
    }

    /// Takes the plan of a scratch journal over, and removes it.
    pub fn adopt(&mut self, folder: &Path, how: Adopt<'_>) -> anyhow::Result<Changes> {
        let scratch = Self::scratch_folder(folder);
        let path = Self::path(&scratch);
        let path = path
            .to_str()
            .context("the migration folder's name is not UTF-8")?;
        self.db.execute("ATTACH DATABASE ? AS n", [path])?;
        let done = self.transaction(|journal| {
            journal.db.execute_batch(COMPARE)?;
            let mut changes = journal.changes()?;
            if !how.dry_run {
                journal.take_over(how, &mut changes)?;
            }
            journal
                .db
                .execute_batch("DROP TABLE temp.was; DROP TABLE temp.words;")?;
            Ok(changes)
        });
        self.words.clear();
        self.db.execute_batch("DETACH DATABASE n")?;
        remove(&scratch)?;
        done
    }

    fn changes(&self) -> anyhow::Result<Changes> {
        let count = |sql: &str| -> anyhow::Result<u64> {
            let sql = format!(
                "SELECT count(*) FROM temp.was w LEFT JOIN n.record r ON r.id = w.record WHERE {sql}"
            );
            Ok(self.db.query_row(&sql, [], |row| row.get::<_, i64>(0))? as u64)
        };
        let added = "SELECT count(*) FROM n.record r WHERE r.verdict < 2 AND r.client_id NOT IN (SELECT client_id FROM temp.was)";
        Ok(Changes {
            unchanged: count("w.record IS NOT NULL AND (w.hash IS r.hash OR w.untouched)")?,
            changed_not_sent: count(
                "w.record IS NOT NULL AND w.hash IS NOT r.hash AND w.state <> 4",
            )?,
            changed_accepted: count(
                "w.record IS NOT NULL AND w.hash IS NOT r.hash AND w.state = 4",
            )?,
            added: self.db.query_row(added, [], |row| row.get::<_, i64>(0))? as u64,
            dropped: count("w.record IS NULL AND w.state <> 4")?,
            former: count("w.record IS NULL AND w.state = 4")?,
            updates: 0,
        })
    }

    fn take_over(&mut self, how: Adopt<'_>, changes: &mut Changes) -> anyhow::Result<()> {
        let revived = self.ids(
            "SELECT w.task FROM temp.was w JOIN n.record r ON r.id = w.record WHERE w.state IN (5, 6) AND w.hash IS NOT r.hash",
        )?;
        self.db.execute_batch(TAKE_OVER)?;
        for task in revived {
            self.revive(task, how.at)?;
        }
        if how.update_accepted {
            changes.updates = self.db.execute(PLAN_UPDATES, [])? as u64;
        }
        let count = changes.changed_not_sent
            + changes.added
            + changes.dropped
            + changes.former
            + changes.updates;
        self.log(
            "replan",
            "all that was not accepted",
            how.reason,
            how.at,
            count,
        )
    }

    /// Opens refused and given-up tasks again: those selected, with this code if one is given. Returns how many.
    pub fn retry(
        &mut self,
        selection: &Selection,
        code: Option<&str>,
        reason: Option<&str>,
        at: i64,
    ) -> anyhow::Result<u64> {
        let selected = if selection.only.is_some() {
            "AND r.client_id IN (SELECT client_id FROM only_these)"
        } else {
            ""
        };
        let coded = if code.is_some() {
            "AND c.text = ?1"
        } else {
            "AND ?1 IS NULL"
        };
        let sql = format!(
            "SELECT t.id FROM task t JOIN record r ON r.id = t.record LEFT JOIN word c ON c.id = t.code
             WHERE t.state IN (5, 6) {coded} {selected}"
        );
        self.transaction(|journal| {
            let tasks: Vec<i64> = {
                let mut statement = journal.db.prepare(&sql)?;
                let rows = statement.query_map([code], |row| row.get(0))?;
                rows.collect::<Result<_, _>>()?
            };
            for task in &tasks {
                journal.revive(*task, at)?;
            }
            let target = match (&selection.only, code) {
                (Some(ids), _) => ids.join(" "),
                (None, Some(code)) => format!("code {code}"),
                (None, None) => "all refused and given up".to_owned(),
            };
            journal.log("retry", &target, reason, at, tasks.len() as u64)?;
            Ok(tasks.len() as u64)
        })
    }

    fn revive(&mut self, task: i64, at: i64) -> anyhow::Result<()> {
        self.advance(task, Event::Revive, at)?;
        self.db
            .prepare_cached(
                "UPDATE task SET code = NULL, field = NULL, message = NULL WHERE id = ?",
            )?
            .execute([task])?;
        Ok(())
    }

    fn log(
        &mut self,
        action: &str,
        target: &str,
        reason: Option<&str>,
        at: i64,
        count: u64,
    ) -> anyhow::Result<()> {
        self.db.execute(
            "INSERT INTO operator_log (at, action, target, reason, count) VALUES (?, ?, ?, ?, ?)",
            params![at, action, target, reason, count as i64],
        )?;
        Ok(())
    }
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// `was`: every account task, with its customer's record in the new plan (none: no longer sent) and the hash of what
/// Bakkt has, or of what was planned; an account that existed before with other data and was left alone is `untouched`,
/// and stays so. `words`: the new plan's word numbers → ours.
const COMPARE: &str = "
    CREATE TEMP TABLE was (client_id TEXT PRIMARY KEY, task INTEGER, state INTEGER, hash BLOB, untouched INTEGER, record INTEGER) WITHOUT ROWID;
    INSERT INTO temp.was
        SELECT r.client_id, t.id, t.state, CASE t.state WHEN 4 THEN t.hash ELSE r.hash END, t.existed = 2, NULL
        FROM main.task t JOIN main.record r ON r.id = t.record WHERE t.kind = 0;
    INSERT OR IGNORE INTO temp.was
        SELECT f.client_id, t.id, t.state, t.hash, t.existed = 2, NULL FROM main.former f JOIN main.task t ON t.id = f.task;
    UPDATE temp.was SET record =
        (SELECT r.id FROM n.record r WHERE r.client_id = was.client_id AND r.verdict < 2);
    INSERT OR IGNORE INTO main.word (text) SELECT text FROM n.word;
    CREATE TEMP TABLE words (new INTEGER PRIMARY KEY, old INTEGER);
    INSERT INTO temp.words SELECT n.id, w.id FROM n.word n JOIN main.word w ON w.text = n.text;
";

const TAKE_OVER: &str = "
    DELETE FROM main.former;
    INSERT INTO main.former SELECT task, client_id FROM temp.was WHERE record IS NULL AND state = 4;
    DELETE FROM main.task WHERE kind = 1;
    DELETE FROM main.task WHERE id IN (SELECT task FROM temp.was WHERE record IS NULL AND state <> 4);
    -- Out of each other's way first: a record's number may belong to another customer now.
    UPDATE main.task SET record = -id;
    UPDATE main.task SET kind = 2 WHERE id IN (SELECT task FROM main.former);
    UPDATE main.task SET kind = 0, record = w.record FROM temp.was w WHERE w.task = task.id AND w.record IS NOT NULL;
    DELETE FROM main.gap; DELETE FROM main.record; DELETE FROM main.file; DELETE FROM main.policy; DELETE FROM main.fingerprint;
    INSERT INTO main.record
        SELECT r.id, r.file, r.row, r.offset, r.length, r.client_id, r.verdict, w.old, r.hash, r.gaps
        FROM n.record r LEFT JOIN temp.words w ON w.new = r.reason;
    INSERT INTO main.gap
        SELECT g.record, p.old, w.old, g.level, g.status, g.file, g.row
        FROM n.gap g JOIN temp.words p ON p.new = g.path JOIN temp.words w ON w.new = g.reason;
    INSERT INTO main.file SELECT * FROM n.file;
    INSERT INTO main.policy SELECT * FROM n.policy;
    INSERT INTO main.fingerprint SELECT * FROM n.fingerprint;
    INSERT INTO main.meta SELECT key, value FROM n.meta WHERE true
        ON CONFLICT (key) DO UPDATE SET value = excluded.value;
    INSERT INTO main.task (record, kind, state)
        SELECT id, 0, 0 FROM main.record r WHERE r.verdict < 2
        AND NOT EXISTS (SELECT 1 FROM main.task t WHERE t.record = r.id AND t.kind = 0) ORDER BY id;
";

const PLAN_UPDATES: &str = "
    INSERT INTO main.task (record, kind, state)
        SELECT w.record, 1, 0 FROM temp.was w JOIN main.record r ON r.id = w.record
        WHERE w.state = 4 AND w.hash IS NOT r.hash AND NOT w.untouched ORDER BY w.record
";
