//! Choosing which of several rows with one id is sent.
//!
//! The choice is tried in a scratch journal, and taken with the plan that follows it (`replan`).

use crate::decisions::customers::{CustomerAction, CustomerDecision};
use crate::write::journal::Journal;
use crate::write::operator_log::OperatorNote;
use crate::write::tasks::Selection;
use bakkt_model::verdict::Verdict;
use rusqlite::OptionalExtension;

/// A choice between rows with one id.
#[derive(Clone, Copy, Debug)]
pub struct DuplicateChoice<'a> {
    /// The id that they have.
    pub client_id: &'a str,
    /// The file of the chosen row.
    pub file: &'a str,
    /// The line where its row starts.
    pub row: u64,
}

impl DuplicateChoice<'_> {
    fn decided(&self, decided: OperatorNote<'_>) -> CustomerDecision {
        CustomerDecision {
            client_id: self.client_id.to_owned(),
            action: CustomerAction::Take {
                file: self.file.to_owned(),
                row: self.row,
            },
            reason: decided.why().to_owned(),
            by: decided.by.to_owned(),
            at: decided.at,
        }
    }
}

/// One of several rows with one id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateRow {
    /// Number of the record in this plan.
    pub record: u32,
    /// The name of its file.
    pub file: String,
    /// The line where its row starts.
    pub row: u64,
    /// Ready, grace, blocked, excluded or duplicate.
    pub verdict: i64,
}

impl Journal {
    /// Refuses a choice about a customer whom Bakkt has, or may have, while the plan has a row of them: else the row that Bakkt
    /// has moved to another line, or got a second one beside it, and only a choice brings the account back into the plan.
    pub fn may_choose(&mut self, client_id: &str) -> anyhow::Result<()> {
        let is_planned: bool = self.db.query_row(
            sql!("SELECT EXISTS (SELECT 1 FROM record r JOIN task t ON t.record = r.id WHERE r.client_id = ? AND t.kind = {kind.account})"),
            [client_id],
            |row| row.get(0),
        )?;
        if !is_planned {
            return Ok(());
        }
        let only = Some(vec![client_id.to_owned()]);
        self.select(&Selection { only })?;
        self.refuse_at_bakkt("chosen anew", "a change of its data goes as a backfill")
    }

    /// Records a choice in a scratch journal, so that its plan follows it.
    pub fn try_choice(
        &mut self,
        choice: DuplicateChoice<'_>,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<()> {
        self.transaction(|journal| journal.note_person(&choice.decided(decided)))
    }

    /// Records a choice, with the plan that follows it.
    pub(crate) fn take(
        &mut self,
        choice: DuplicateChoice<'_>,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<()> {
        self.note_person(&choice.decided(decided))?;
        let DuplicateChoice {
            client_id,
            file,
            row,
        } = choice;
        let target = format!("{client_id} {file}:{row}");
        self.log("resolve duplicate", &target, decided, 1)
    }

    /// The rows of an id, in the order of the export.
    pub fn rivals(&self, client_id: &str) -> anyhow::Result<Vec<DuplicateRow>> {
        let mut statement = self.db.prepare_cached(
            "SELECT r.id, f.name, r.row, r.verdict FROM record r JOIN file f ON f.id = r.file
             WHERE r.client_id = ? ORDER BY r.id",
        )?;
        let rows = statement.query_map([client_id], |row| {
            Ok(DuplicateRow {
                record: row.get(0)?,
                file: row.get(1)?,
                row: row.get::<_, i64>(2)? as u64,
                verdict: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The chosen row of an id in this plan, and the others; `None` when the plan does not have the chosen row.
    pub fn choice(
        &self,
        person: &CustomerDecision,
    ) -> anyhow::Result<Option<(DuplicateRow, Vec<DuplicateRow>)>> {
        let CustomerAction::Take { file, row } = &person.action else {
            return Ok(None);
        };
        let mut rivals = self.rivals(&person.client_id)?;
        rivals.retain(|rival| rival.verdict != Verdict::Excluded as i64);
        let chosen = rivals
            .iter()
            .position(|rival| rival.file == *file && rival.row == *row);
        Ok(chosen.map(|place| (rivals.remove(place), rivals)))
    }

    /// Whether a record is one of several with one id between which nobody has chosen.
    pub fn is_contested(&self, record: u32, reasons: &[&str]) -> anyhow::Result<bool> {
        let reason: Option<String> = self
            .db
            .query_row(
                sql!("SELECT w.text FROM record r JOIN word w ON w.id = r.reason WHERE r.id = ? AND r.verdict = {verdict.duplicate}"),
                [record],
                |row| row.get(0),
            )
            .optional()?;
        Ok(reason.is_some_and(|reason| reasons.iter().any(|known| reason.starts_with(known))))
    }
}
