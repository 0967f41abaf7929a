//! Waiving gaps that will not be closed, and taking that back.
//!
//! Only gaps that block nobody can be waived: those of level G and O of customers who are sent. A waiver is for a customer and a
//! path; it stands until it is taken back, and later plans keep to it. Where the path leads to an owner or a contact who is a row of an
//! export, it is for that person's gap, and a later plan finds them again (`replan`). Owner of the tables `waiver` and `waiver_element`.

use rusqlite::params;

use crate::write::journal::Journal;
use crate::write::operator_log::{OperatorNote, target_of};
use crate::write::tasks::Selection;
use bakkt_contract::path::covers;

/// What a waiver changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct WaiverResult {
    /// Gaps that were waived, or are open again.
    pub gaps: u64,
    /// Customers who had them.
    pub customers: u64,
    /// Customers with such a gap that cannot be waived, because it blocks them.
    pub blocked: u64,
    /// Customers without such a gap.
    pub without: u64,
    /// Customers without such a gap any more whose waiver was taken back: it does not cover a later gap.
    #[serde(skip_serializing_if = "bakkt_model::number::is_zero")]
    pub gone: u64,
}

impl Journal {
    /// Waives the open gaps of the selected customers at these fields or inside them; `undo` opens them again.
    pub fn waive(
        &mut self,
        selection: &Selection,
        fields: &[String],
        undo: bool,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<WaiverResult> {
        self.transaction(|journal| {
            journal.covered_words(fields)?;
            let count = |sql: &str| -> anyhow::Result<u64> {
                let found: i64 = journal.db.query_row(sql, [], |row| row.get(0))?;
                Ok(found as u64)
            };
            let status = if undo { "waived" } else { "open" };
            let these = format!(
                "FROM temp.only_these o JOIN record r ON r.client_id = o.client_id JOIN gap g ON g.record = r.id
                 WHERE g.path IN (SELECT id FROM temp.covered) AND g.status = '{status}'"
            );
            let soft = sql!("r.verdict IN ({verdict.sendable}) AND g.level IN ('G', 'O')");
            let customers = count(&format!(
                "SELECT count(DISTINCT o.client_id) {these} AND {soft}"
            ))?;
            let blocked = count(&format!(
                "SELECT count(DISTINCT o.client_id) {these} AND NOT ({soft})"
            ))?;
            let named = count("SELECT count(*) FROM temp.only_these")?;
            let with = count(&format!("SELECT count(DISTINCT o.client_id) {these}"))?;
            let of_these = "waiver WHERE client_id IN (SELECT client_id FROM temp.only_these)
                AND path IN (SELECT id FROM temp.covered)";
            let gone = match undo {
                true => count(&format!(
                    "SELECT count(DISTINCT client_id) FROM {of_these} AND client_id NOT IN (SELECT o.client_id {these})"
                ))?,
                false => 0,
            };
            if undo {
                let elements = of_these.replacen("waiver", "waiver_element", 1);
                journal
                    .db
                    .execute(&format!("DELETE FROM {elements}"), [])?;
                journal.db.execute(&format!("DELETE FROM {of_these}"), [])?;
            } else {
                journal.note_whose(&these, soft)?;
                let sql = format!(
                    "INSERT OR REPLACE INTO waiver SELECT DISTINCT r.client_id, g.path, ?1, ?2, ?3 {these} AND {soft}"
                );
                journal
                    .db
                    .execute(&sql, params![decided.by, decided.why(), decided.at])?;
            }
            let records =
                journal.ids(&format!("SELECT DISTINCT r.id {these} AND {soft} ORDER BY r.id"))?;
            let mut gaps = 0;
            for record in records {
                gaps += journal.waive_gaps(record, undo)?;
            }
            let ids = selection.only.as_deref().unwrap_or_default();
            let target = format!("{} of {}", fields.join(" "), target_of(ids));
            let action = if undo { "waive: taken back" } else { "waive" };
            journal.log(action, &target, decided, gaps)?;
            Ok(WaiverResult {
                gaps,
                customers,
                blocked,
                without: named.saturating_sub(with + gone),
                gone,
            })
        })
    }

    /// Whether a waiver stands for a customer, of this plan or of an earlier one.
    pub fn has_waiver(&self, client_id: &str) -> anyhow::Result<bool> {
        let sql = "SELECT 1 FROM waiver WHERE client_id = ?";
        Ok(self.db.prepare_cached(sql)?.exists([client_id])?)
    }

    /// Notes whose gaps are waived, where those stand in rows of an export: in another order the places are those of others.
    fn note_whose(&self, these: &str, soft: &str) -> anyhow::Result<()> {
        self.fill_element_paths()?;
        // Whoever stood there when it was waived before is another one.
        self.db.execute(
            &format!("DELETE FROM waiver_element WHERE (client_id, path) IN (SELECT r.client_id, g.path {these} AND {soft})"),
            [],
        )?;
        self.db.execute(
            &format!(
                "INSERT OR REPLACE INTO waiver_element SELECT DISTINCT w.client_id, w.path, e.mark
                 FROM (SELECT r.id AS record, r.client_id, g.path {these} AND {soft}) w
                 JOIN temp.element_path p ON p.path = w.path
                 JOIN gap_element e ON e.record = w.record AND e.list = p.list AND e.place = p.place"
            ),
            [],
        )?;
        Ok(())
    }

    /// Waives the open gaps of a record whose paths are covered and that may be waived, or opens the waived ones again.
    fn waive_gaps(&mut self, record: i64, undo: bool) -> anyhow::Result<u64> {
        let mut gaps = self.gaps_of(record)?;
        let mut covered = self
            .db
            .prepare_cached("SELECT 1 FROM temp.covered WHERE id = ?")?;
        let mut changed = 0;
        for gap in &mut gaps {
            let is_soft = matches!(gap.level, 'G' | 'O');
            if gap.is_open != undo && is_soft && covered.exists([gap.path])? {
                gap.is_open = undo;
                changed += 1;
            }
        }
        drop(covered);
        self.set_gaps(record, gaps)?;
        Ok(changed)
    }

    /// Selects the words that are paths at or inside these fields.
    fn covered_words(&mut self, fields: &[String]) -> anyhow::Result<()> {
        self.db.execute_batch(
            "DROP TABLE IF EXISTS temp.covered; CREATE TEMP TABLE covered (id INTEGER PRIMARY KEY)",
        )?;
        let mut words = self.db.prepare("SELECT id, text FROM word")?;
        let mut insert = self.db.prepare("INSERT INTO temp.covered VALUES (?)")?;
        let mut rows = words.query([])?;
        while let Some(row) = rows.next()? {
            let word = row.get_ref(1)?.as_str()?;
            if fields.iter().any(|field| covers(field, word)) {
                insert.execute([row.get::<_, i64>(0)?])?;
            }
        }
        Ok(())
    }
}
