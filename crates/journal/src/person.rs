//! What a person decides about tasks: to send again, or what became of a KYB trigger whose answer was lost.
//!
//! Owner of the operator log, which is only ever added to; the report repeats it. Every decision of a person comes through
//! [`Decided`].
//! Left out on purpose: a decision about accounts and documents in doubt: those are settled by asking Bakkt; which records
//! are sent at all (`chosen`), and which gaps are let go (`waive`).

use rusqlite::{OptionalExtension, params};

use super::open::Journal;
use super::set_aside::RETRIED;
use super::state::Event;
use super::tasks::Selection;
use bakkt_model::error::Failure;
use bakkt_model::state::State;
use bakkt_model::task::FreedTasks;

/// The KYB trigger of an account, of this plan or left over from an earlier one.
const THEIR_KYB: &str = "SELECT t.id, t.state FROM task t
    LEFT JOIN record r ON r.id = t.record AND t.kind = 4 LEFT JOIN former_task f ON f.task = t.id AND t.kind = 6
    WHERE t.kind IN (4, 6) AND coalesce(r.client_id, f.client_id) = ? ORDER BY t.kind";

/// Who decided, why and when.
#[derive(Clone, Copy, Debug)]
pub struct Decided<'a> {
    /// Who.
    pub by: &'a str,
    /// Why.
    pub reason: Option<&'a str>,
    /// When, in milliseconds since 1970.
    pub at: i64,
}

impl Decided<'_> {
    /// The reason, where a decision needs one.
    pub(super) fn why(&self) -> &str {
        self.reason.unwrap_or_default()
    }
}

/// Ids that a line of the operator log names one by one.
const NAMED: usize = 20;

/// What a decision was for, in the words of the operator log.
pub(super) fn target_of(ids: &[String]) -> String {
    match ids.len() {
        many if many > NAMED => format!("{many} ids, from {}", ids[0]),
        _ => ids.join(" "),
    }
}

impl Journal {
    /// Opens refused and given-up tasks again: those selected, with this code if one is given. Returns how many.
    pub fn retry(
        &mut self,
        selection: &Selection,
        code: Option<&str>,
        decided: Decided<'_>,
    ) -> anyhow::Result<u64> {
        let selected = if selection.only.is_some() {
            "AND r.client_id IN (SELECT client_id FROM only_these)"
        } else {
            ""
        };
        let coded = if code.is_some() {
            "AND c.text IN (?1, ?2)"
        } else {
            "AND ?1 IS NULL AND ?2 IS NULL"
        };
        let sql = format!(
            "SELECT t.id FROM task t JOIN record r ON r.id = t.record LEFT JOIN word c ON c.id = t.code
             WHERE t.state IN (5, 6) {coded} {selected}"
        );
        self.transaction(|journal| {
            let code = code.map(|code| journal.spellings(code)).transpose()?;
            let tasks: Vec<i64> = {
                let spelled = code
                    .as_ref()
                    .map(|code| (&code.plain, &code.hidden))
                    .unzip();
                let mut statement = journal.db.prepare(&sql)?;
                let rows = statement.query_map(params![spelled.0, spelled.1], |row| row.get(0))?;
                rows.collect::<Result<_, _>>()?
            };
            for task in &tasks {
                journal.revive(*task, RETRIED, decided)?;
            }
            let target = match (&selection.only, code) {
                (Some(ids), _) => target_of(ids),
                (None, Some(code)) => format!("code {}", code.shown),
                (None, None) => "all refused and given up".to_owned(),
            };
            journal.log("retry", &target, decided, tasks.len() as u64)?;
            Ok(tasks.len() as u64)
        })
    }

    /// Opens a task again; what follows it waits again, and what it had come to is kept.
    pub(super) fn revive(
        &mut self,
        task: i64,
        decision: &str,
        decided: Decided<'_>,
    ) -> anyhow::Result<()> {
        let at = decided.at;
        self.set_aside(&[task], false, decision, decided)?;
        self.advance(task, Event::Revive, at)?;
        self.db
            .prepare_cached(
                "UPDATE task SET code = NULL, field = NULL, message = NULL WHERE id = ?",
            )?
            .execute([task])?;
        let record = self.record_of(task)?;
        self.follow_account(record, at, &mut FreedTasks::default())
    }

    pub(super) fn log(
        &mut self,
        action: &str,
        target: &str,
        decided: Decided<'_>,
        count: u64,
    ) -> anyhow::Result<()> {
        let Decided { by, reason, at } = decided;
        self.db.execute(
            "INSERT INTO operator_log (at, action, target, reason, count, by) VALUES (?, ?, ?, ?, ?, ?)",
            params![at, action, target, reason, count as i64, by],
        )?;
        Ok(())
    }

    /// Settles a KYB trigger in doubt: Bakkt took it, or it did not and may be triggered again.
    pub fn resolve_kyb(
        &mut self,
        client_id: &str,
        accepted: bool,
        decided: Decided<'_>,
    ) -> anyhow::Result<()> {
        let at = decided.at;
        self.transaction(|journal| {
            let found: Option<(i64, i64)> = journal
                .db
                .prepare_cached(THEIR_KYB)?
                .query_row([client_id], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((task, state)) = found else {
                return Err(Failure::configuration(
                    "the plan has no KYB screening for this id",
                    "kyb.csv lists the accounts that need it, by clientAccountId",
                ));
            };
            // One that was being sent when the program died is in doubt as well.
            if state == State::Sending as i64 {
                journal.advance(task, Event::Doubt, at)?;
            } else if state != State::InDoubt as i64 {
                return Err(Failure::configuration(
                    "the KYB screening of this account is not in doubt",
                    "only one whose answer was lost is for a person to settle; see kyb.csv",
                ));
            }
            let (event, outcome) = if accepted {
                (Event::Accept, "accepted, says a person")
            } else {
                (Event::Absent, "not taken, says a person")
            };
            journal.advance(task, event, at)?;
            journal.end_attempt(task, Some(at), "resolve", outcome)?;
            if !accepted {
                // Documents may have come since: the checklist counts anew.
                let record = journal.record_of(task)?;
                journal.settle_kyb(record, at, &mut FreedTasks::default())?;
            }
            let action = if accepted {
                "resolve KYB: accepted"
            } else {
                "resolve KYB: not taken"
            };
            journal.log(action, client_id, decided, 1)
        })
    }
}
