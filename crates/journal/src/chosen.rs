//! Which records a person leaves out, and which of several rows with one id they chose.
//!
//! Owner of the table `person`. Invariants: a customer whom Bakkt has, or may have, is never left out and never chosen
//! anew; a record that is left out loses its tasks and gaps in the transaction of the decision, and every later plan leaves
//! it out again. Left out on purpose: how a plan follows (`commands::planning`).

use rusqlite::{OptionalExtension, params};

use super::codes::Spellings;
use super::open::Journal;
use super::person::{Decided, target_of};
use super::set_aside::EXCLUDED;
use super::tasks::Selection;
use bakkt_model::error::Failure;
use bakkt_model::verdict::Verdict;

/// What the reason of an excluded record begins with.
pub const LEFT_OUT: &str = "left out by a person: ";

/// Why the documents of a record that is left out are not sent.
const ACCOUNT_OUT: &str = "its account is excluded";

/// What a person decided about a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The customer.
    pub client_id: String,
    /// What.
    pub action: Action,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: i64,
}

/// What can be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Not to send the customer.
    Exclude,
    /// Of several rows with one id, to send the one in this file at this line.
    Take {
        /// The file, as the plan knows it.
        file: String,
        /// The line where the row starts.
        row: u64,
    },
}

/// A choice between rows.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// The id that they have.
    pub client_id: &'a str,
    /// The file of the one that counts.
    pub file: &'a str,
    /// Its line.
    pub row: u64,
}

impl Choice<'_> {
    fn decided(&self, decided: Decided<'_>) -> Person {
        Person {
            client_id: self.client_id.to_owned(),
            action: Action::Take {
                file: self.file.to_owned(),
                row: self.row,
            },
            reason: decided.why().to_owned(),
            by: decided.by.to_owned(),
            at: decided.at,
        }
    }
}

/// One row of an id that several rows have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rival {
    /// Number of the record in this plan.
    pub record: u32,
    /// Its file.
    pub file: String,
    /// Its line.
    pub row: u64,
    /// Ready, grace, blocked, excluded or duplicate.
    pub verdict: i64,
}

impl Journal {
    /// What people decided, by customer.
    pub fn people(&self) -> anyhow::Result<Vec<Person>> {
        let mut statement = self.db.prepare(
            "SELECT client_id, action, file, row, reason, by, at FROM person ORDER BY client_id",
        )?;
        let rows = statement.query_map([], |row| {
            let action = match row.get_ref(1)?.as_str()? {
                "take" => Action::Take {
                    file: row.get(2)?,
                    row: row.get::<_, i64>(3)? as u64,
                },
                _ => Action::Exclude,
            };
            Ok(Person {
                client_id: row.get(0)?,
                action,
                reason: row.get(4)?,
                by: row.get(5)?,
                at: row.get(6)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Notes decisions as they are: a scratch plan follows those of the journal that it is made for.
    pub(super) fn follow_people(&mut self, people: &[Person]) -> anyhow::Result<()> {
        self.transaction(|journal| people.iter().try_for_each(|one| journal.note_person(one)))
    }

    fn note_person(&mut self, person: &Person) -> anyhow::Result<()> {
        let (action, file, row) = match &person.action {
            Action::Exclude => ("exclude", "", 0),
            Action::Take { file, row } => ("take", file.as_str(), *row),
        };
        let Person {
            client_id,
            reason,
            by,
            at,
            ..
        } = person;
        self.db
            .prepare_cached("INSERT OR REPLACE INTO person VALUES (?, ?, ?, ?, ?, ?, ?)")?
            .execute(params![client_id, action, file, row as i64, reason, by, at])?;
        Ok(())
    }

    /// Leaves customers out: those selected, or those whose account was refused or given up with a code. Returns how many
    /// records.
    pub fn exclude(
        &mut self,
        selection: &Selection,
        code: Option<&str>,
        decided: Decided<'_>,
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
            let count = journal.take_out(decided)?;
            let target = match (&selection.only, code) {
                (_, Some(code)) => format!("code {}", code.shown),
                (Some(ids), None) => target_of(ids),
                (None, None) => String::new(),
            };
            journal.log("exclude", &target, decided, count)?;
            Ok(count)
        })
    }

    /// Takes the decision back for the selected customers; the next plan has them again. Returns how many.
    pub fn include(&mut self, selection: &Selection, decided: Decided<'_>) -> anyhow::Result<u64> {
        self.transaction(|journal| {
            let count = journal.db.execute(
                "DELETE FROM person WHERE action = 'exclude' AND client_id IN (SELECT client_id FROM temp.only_these)",
                [],
            )? as u64;
            let target = target_of(selection.only.as_deref().unwrap_or_default());
            journal.log("exclude: taken back", &target, decided, count)?;
            Ok(count)
        })
    }

    /// Refuses a choice about a customer whom Bakkt has, or may have.
    pub fn may_choose(&mut self, client_id: &str) -> anyhow::Result<()> {
        let only = Some(vec![client_id.to_owned()]);
        self.select(&Selection { only })?;
        self.refuse_at_bakkt("chosen anew", "a change of its data goes as a backfill")
    }

    /// Notes a choice in a scratch journal, so that its plan follows it.
    pub fn try_choice(&mut self, choice: Choice<'_>, decided: Decided<'_>) -> anyhow::Result<()> {
        self.transaction(|journal| journal.note_person(&choice.decided(decided)))
    }

    /// Notes a choice, with the plan that follows it.
    pub(super) fn take(&mut self, choice: Choice<'_>, decided: Decided<'_>) -> anyhow::Result<()> {
        self.note_person(&choice.decided(decided))?;
        let Choice {
            client_id,
            file,
            row,
        } = choice;
        let target = format!("{client_id}: {file}:{row}");
        self.log("resolve duplicate", &target, decided, 1)
    }

    /// The rows of an id, in the order of the export.
    pub fn rivals(&self, client_id: &str) -> anyhow::Result<Vec<Rival>> {
        let mut statement = self.db.prepare_cached(
            "SELECT r.id, f.name, r.row, r.verdict FROM record r JOIN file f ON f.id = r.file
             WHERE r.client_id = ? ORDER BY r.id",
        )?;
        let rows = statement.query_map([client_id], |row| {
            Ok(Rival {
                record: row.get(0)?,
                file: row.get(1)?,
                row: row.get::<_, i64>(2)? as u64,
                verdict: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn select_refused(&mut self, code: &Spellings) -> anyhow::Result<()> {
        self.select(&Selection {
            only: Some(Vec::new()),
        })?;
        self.db.execute(
            "INSERT INTO temp.only_these SELECT DISTINCT r.client_id FROM task t JOIN record r ON r.id = t.record
             JOIN word c ON c.id = t.code WHERE t.kind = 0 AND t.state IN (5, 6) AND c.text IN (?, ?)",
            [&code.plain, &code.hidden],
        )?;
        Ok(())
    }

    /// Refuses a decision about selected customers whom Bakkt has, or may have.
    fn refuse_at_bakkt(&self, what: &str, instead: &str) -> anyhow::Result<()> {
        let mut statement = self.db.prepare(
            "SELECT o.client_id, t.state FROM temp.only_these o JOIN record r ON r.client_id = o.client_id
             JOIN task t ON t.record = r.id AND t.kind = 0 WHERE t.state IN (2, 3, 4)
             UNION SELECT f.client_id, 4 FROM former f WHERE f.client_id IN (SELECT client_id FROM temp.only_these)",
        )?;
        let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let found: Vec<(String, i64)> = found.collect::<Result<_, _>>()?;
        let Some((first, _)) = found.first() else {
            return Ok(());
        };
        let doubt = found.iter().filter(|(_, state)| *state != 4).count();
        let settle = if doubt > 0 {
            "; `bakkt-migrate run` settles what is in doubt"
        } else {
            ""
        };
        Err(Failure::configuration(
            format!(
                "{} of these customers cannot be {what}, {first} for one: Bakkt has the account{}",
                found.len(),
                if doubt > 0 { ", or may have it" } else { "" }
            ),
            format!("nothing was changed; {instead}{settle}"),
        ))
    }

    /// Takes the selected records out of the plan, as a plan that leaves them out would have them.
    fn take_out(&mut self, decided: Decided<'_>) -> anyhow::Result<u64> {
        let reason = self.word(&format!("{LEFT_OUT}{}", decided.why()))?;
        let documents = self.word(ACCOUNT_OUT)?;
        self.db.execute_batch(
            "DROP TABLE IF EXISTS temp.taken_out; CREATE TEMP TABLE taken_out (record INTEGER PRIMARY KEY);
             INSERT INTO temp.taken_out SELECT r.id FROM temp.only_these o JOIN record r ON r.client_id = o.client_id
                 WHERE r.verdict <> 3;",
        )?;
        // What was sent of them stays in every report.
        let sent = self.ids(
            "SELECT id FROM task WHERE attempts > 0 AND record IN (SELECT record FROM temp.taken_out) ORDER BY id",
        )?;
        self.set_aside(&sent, true, EXCLUDED, decided)?;
        self.db.execute_batch(
            "DELETE FROM gap WHERE record IN (SELECT record FROM temp.taken_out);
             DELETE FROM task WHERE record IN (SELECT record FROM temp.taken_out);
             DELETE FROM owner WHERE record IN (SELECT record FROM temp.taken_out);",
        )?;
        self.db.execute(
            "UPDATE document SET verdict = 3, reason = ?, place = NULL, size = 0, uuid = NULL, hash = NULL
             WHERE record IN (SELECT record FROM temp.taken_out)",
            [documents],
        )?;
        let count = self.db.execute(
            "UPDATE record SET verdict = ?1, reason = ?2, hash = NULL, fixed = NULL, person = NULL, agreements = NULL, owners = NULL, gaps = 0
             WHERE id IN (SELECT record FROM temp.taken_out)",
            params![Verdict::Excluded as i64, reason],
        )?;
        Ok(count as u64)
    }

    /// The chosen row of an id among those of this plan, and the others; none when the choice does not fit the plan.
    pub fn choice(&self, person: &Person) -> anyhow::Result<Option<(Rival, Vec<Rival>)>> {
        let Action::Take { file, row } = &person.action else {
            return Ok(None);
        };
        let mut rivals = self.rivals(&person.client_id)?;
        rivals.retain(|rival| rival.verdict != Verdict::Excluded as i64);
        let chosen = rivals
            .iter()
            .position(|rival| rival.file == *file && rival.row == *row);
        Ok(chosen.map(|place| (rivals.remove(place), rivals)))
    }

    /// Whether a record is one of several that nobody has chosen between.
    pub fn is_contested(&self, record: u32, reasons: &[&str]) -> anyhow::Result<bool> {
        let reason: Option<String> = self
            .db
            .query_row(
                "SELECT w.text FROM record r JOIN word w ON w.id = r.reason WHERE r.id = ? AND r.verdict = 4",
                [record],
                |row| row.get(0),
            )
            .optional()?;
        Ok(reason.is_some_and(|reason| reasons.iter().any(|known| reason.starts_with(known))))
    }
}
