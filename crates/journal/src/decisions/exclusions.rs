//! Excluding customers from the migration, and taking that back.
//!
//! An excluded record loses its tasks and gaps in the transaction of the decision, and later plans leave it out as well. One whose
//! exclusion was taken back says so as its reason until a new plan has it, so that nobody takes the migration for done.

use super::forgotten_ids::LIKE_FORGOTTEN;
use super::retries::no_such_code;
use crate::read::reader::Reader;
use crate::write::journal::{Journal, Spellings};
use crate::write::operator_log::{OperatorNote, target_of};
use crate::write::task_history::EXCLUDED;
use crate::write::tasks::Selection;
use bakkt_model::verdict::Verdict;
use rusqlite::params;

/// What the reason of an excluded record begins with.
pub const LEFT_OUT: &str = "left out by a person: ";

/// What the reason of an excluded record begins with whose exclusion was taken back: the next plan has it.
pub const PUT_BACK: &str = "put back by a person: ";

/// Why the documents of an excluded record are not sent.
const ACCOUNT_OUT: &str = "its account is excluded";

/// The codes of accounts that were refused or given up, each once.
const CODES: &str = sql!(
    "SELECT DISTINCT c.text FROM task t JOIN word c ON c.id = t.code
     WHERE t.kind = {kind.account} AND t.state IN ({state.stopped}) ORDER BY c.text"
);

/// Those of the selected who are left out because their id is like that of a forgotten customer are somebody else.
const KEEP: &str = sql!(
    "INSERT OR REPLACE INTO person SELECT DISTINCT r.client_id, 'keep', '', 0, ?1, ?2, ?3 FROM temp.only_these o
     JOIN record r ON r.client_id = o.client_id JOIN word w ON w.id = r.reason WHERE r.verdict = {verdict.excluded} AND w.text = ?4"
);

const EXCLUDED_FOR: &str = sql!(
    "SELECT r.id FROM temp.only_these o JOIN record r ON r.client_id = o.client_id JOIN word w ON w.id = r.reason
     WHERE r.verdict = {verdict.excluded} AND (substr(w.text, 1, length(?1)) = ?1 OR substr(w.text, 1, length(?2)) = ?2) ORDER BY r.id"
);

/// The reasons of those whose exclusion was taken back; a text more than there are rows of it.
macro_rules! put_back_reasons {
    () => {
        "SELECT id FROM word WHERE substr(text, 1, length(?1)) = ?1"
    };
}
const WAS_PUT_BACK: &str = concat!("SELECT EXISTS (", put_back_reasons!(), ")");
pub(crate) const PUT_BACK_ROWS: &str = sql!(concat!(
    "SELECT count(*) FROM record WHERE verdict = {verdict.excluded} AND reason IN (",
    put_back_reasons!(),
    ")"
));

impl Reader {
    /// Rows of customers whose exclusion was taken back, and whom the plan does not have yet.
    pub fn put_back(&self) -> anyhow::Result<u64> {
        let ask = |sql: &str| -> anyhow::Result<i64> {
            Ok(self.journal.query_row(sql, [PUT_BACK], |row| row.get(0))?)
        };
        // Few migrations ever put anybody back, and rows are many.
        let rows = match ask(WAS_PUT_BACK)? {
            0 => 0,
            _ => ask(PUT_BACK_ROWS)?,
        };
        Ok(rows.unsigned_abs())
    }
}

impl Journal {
    /// Excludes customers: those selected, or those whose account was refused or given up with a code. Returns how many
    /// records. A code with which nobody's account was is an error, which names those that there are.
    pub fn exclude(
        &mut self,
        selection: &Selection,
        code: Option<&str>,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<u64> {
        self.transaction(|journal| {
            let code = code.map(|code| journal.spellings(code)).transpose()?;
            if let Some(code) = &code {
                journal.select_refused(code)?;
            }
            journal.refuse_at_bakkt("left out", "closing an account goes by Bakkt")?;
            journal.db.execute(
                "INSERT OR REPLACE INTO person
                 SELECT client_id, 'exclude', '', 0, ?1, ?2, ?3 FROM temp.only_these",
                params![decided.why(), decided.by, decided.at],
            )?;
            let count = journal.take_out(decided)?
                + journal.give_exclusion_reason([PUT_BACK, PUT_BACK], LEFT_OUT, decided)?;
            let target = match (&selection.only, code) {
                (_, Some(code)) => format!("code {}", code.shown),
                (Some(ids), None) => target_of(ids),
                (None, None) => String::new(),
            };
            journal.log("exclude", &target, decided, count)?;
            Ok(count)
        })
    }

    /// Takes the exclusion of the selected customers back, so that the next plan has them again. Returns how many.
    pub fn include(
        &mut self,
        selection: &Selection,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<u64> {
        self.transaction(|journal| {
            let count = journal.db.execute(
                "DELETE FROM person WHERE action = 'exclude' AND client_id IN (SELECT client_id FROM temp.only_these)",
                [],
            )? as u64;
            let count = count + journal.db.execute(KEEP, params![decided.why(), decided.by, decided.at, LIKE_FORGOTTEN])? as u64;
            journal.give_exclusion_reason([LEFT_OUT, LIKE_FORGOTTEN], PUT_BACK, decided)?;
            let target = target_of(selection.only.as_deref().unwrap_or_default());
            journal.log("exclude: taken back", &target, decided, count)?;
            Ok(count)
        })
    }

    /// Gives excluded records of the selected customers another reason, those whose own begins with one of two. Returns how many.
    fn give_exclusion_reason(
        &mut self,
        [one, other]: [&str; 2],
        reason: &str,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<u64> {
        let mut statement = self.db.prepare_cached(EXCLUDED_FOR)?;
        let records = statement.query_map([one, other], |row| row.get::<_, i64>(0))?;
        let records = records.collect::<rusqlite::Result<Vec<_>>>()?;
        drop(statement);
        if records.is_empty() {
            return Ok(0);
        }
        let reason = self.word(&format!("{reason}{}", decided.why()))?;
        for record in &records {
            self.count_record(*record, -1)?;
            self.db
                .prepare_cached("UPDATE record SET reason = ?2 WHERE id = ?1")?
                .execute([*record, reason])?;
            self.count_record(*record, 1)?;
        }
        Ok(records.len() as u64)
    }

    fn select_refused(&mut self, code: &Spellings) -> anyhow::Result<()> {
        self.select(&Selection {
            only: Some(Vec::new()),
        })?;
        self.db.execute(
            sql!("INSERT INTO temp.only_these SELECT DISTINCT r.client_id FROM task t JOIN record r ON r.id = t.record
             JOIN word c ON c.id = t.code WHERE t.kind = {kind.account} AND t.state IN ({state.stopped}) AND c.text IN (?, ?)"),
            [&code.plain, &code.hidden],
        )?;
        if self
            .db
            .prepare("SELECT 1 FROM temp.only_these")?
            .exists([])?
        {
            return Ok(());
        }
        let codes: Vec<String> = self.codes(CODES)?;
        Err(no_such_code("account", &codes))
    }

    /// Excludes the selected records from the plan, as the next plan would.
    fn take_out(&mut self, decided: OperatorNote<'_>) -> anyhow::Result<u64> {
        let reason = self.word(&format!("{LEFT_OUT}{}", decided.why()))?;
        let documents = self.word(ACCOUNT_OUT)?;
        self.db.execute_batch(
            sql!("DROP TABLE IF EXISTS temp.taken_out; CREATE TEMP TABLE taken_out (record INTEGER PRIMARY KEY);
             INSERT INTO temp.taken_out SELECT r.id FROM temp.only_these o JOIN record r ON r.client_id = o.client_id
                 WHERE r.verdict <> {verdict.excluded};"),
        )?;
        // What was sent of them stays in every report.
        let sent = self.ids(
            "SELECT id FROM task WHERE attempts > 0 AND record IN (SELECT record FROM temp.taken_out) ORDER BY id",
        )?;
        self.set_aside(&sent, true, EXCLUDED, decided)?;
        let records = self.ids("SELECT record FROM temp.taken_out")?;
        for record in &records {
            self.count_record(*record, -1)?;
            self.drop_gaps(*record)?;
        }
        self.db.execute_batch(
            "DELETE FROM task WHERE record IN (SELECT record FROM temp.taken_out);
             DELETE FROM owner WHERE record IN (SELECT record FROM temp.taken_out);",
        )?;
        self.db.execute(
            sql!("UPDATE document SET verdict = {document.account_not_sent}, reason = ?, place = NULL, size = 0, uuid = NULL, hash = NULL, sha256 = NULL
             WHERE record IN (SELECT record FROM temp.taken_out)"),
            [documents],
        )?;
        let count = self.db.execute(
            "UPDATE record SET verdict = ?1, reason = ?2, hash = NULL, fixed = NULL, person = NULL, agreements = NULL, owners = NULL
             WHERE id IN (SELECT record FROM temp.taken_out)",
            params![Verdict::Excluded as i64, reason],
        )?;
        for record in &records {
            self.count_record(*record, 1)?;
        }
        Ok(count as u64)
    }
}
