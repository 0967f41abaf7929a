//! Settling a KYB trigger whose answer was lost: Bakkt has no call that tells whether it was taken, so a person says.

use rusqlite::OptionalExtension;

use crate::write::journal::Journal;
use crate::write::operator_log::OperatorNote;
use crate::write::tasks::Also;
use crate::write::transitions::TaskEvent;
use bakkt_model::error::Failure;
use bakkt_model::state::State;
use bakkt_model::task::FreedTasks;

/// The KYB trigger of an account, of this plan or left over from an earlier one.
const THEIR_KYB: &str = sql!("SELECT t.id, t.state FROM task t
    LEFT JOIN record r ON r.id = t.record AND t.kind = {kind.kyb} LEFT JOIN former_task f ON f.task = t.id AND t.kind = {kind.former_kyb}
    WHERE t.kind IN ({kind.any_kyb}) AND coalesce(r.client_id, f.client_id) = ? ORDER BY t.kind");

impl Journal {
    /// Settles a KYB trigger in doubt: Bakkt took it, or it did not and may be triggered again.
    pub fn resolve_kyb(
        &mut self,
        client_id: &str,
        accepted: bool,
        decided: OperatorNote<'_>,
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
                journal.advance(task, TaskEvent::Doubt, at, Also::Nothing)?;
            } else if state != State::InDoubt as i64 {
                return Err(Failure::configuration(
                    "the KYB screening of this account is not in doubt",
                    "only one whose answer was lost is for a person to settle; see kyb.csv",
                ));
            }
            let (event, outcome) = if accepted {
                (TaskEvent::Accept, "accepted, says a person")
            } else {
                (TaskEvent::Absent, "not taken, says a person")
            };
            let before = journal.advance(task, event, at, Also::Nothing)?;
            journal.end_attempt(task, before.attempts, Some(at), "resolve", outcome)?;
            if !accepted {
                // Documents may have come since: the checklist counts anew.
                journal.settle_kyb(before.record, at, &mut FreedTasks::default())?;
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
