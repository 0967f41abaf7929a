//! An account that was answered with the bakktId of another one, by a proxy or a cache that went wrong, or by Bakkt.
//!
//! Owner of telling such an answer, to whatever was asked. Nothing in it says whose account it is, so it proves nothing: the task is in
//! doubt, and for a person. It is neither asked about nor sent again.

use super::coordinator::SubmitLoop;
use super::stage::LookupOutcome;
use crate::api::judge::Judgement;
use crate::requests::RunEnd;
use bakkt_model::error::Failure;
use bakkt_model::task::{AccountFacts, ID_OF_ANOTHER, Task, TaskKind, Transition};

/// So many accounts in a row, and the answers are not Bakkt's: no more customers are sent into them.
const SEVERAL: u32 = 5;

impl SubmitLoop {
    /// The id of another account with which something that was sent was answered.
    pub(super) fn sent_id_of_another(
        &mut self,
        task: &Task,
        judgement: &Judgement,
    ) -> Option<String> {
        match judgement {
            Judgement::Accepted(account) => self.id_of_another(task, account),
            _ => None,
        }
    }

    /// The same of a question.
    pub(super) fn found_id_of_another(
        &mut self,
        task: &Task,
        found: &LookupOutcome,
    ) -> Option<String> {
        match found {
            LookupOutcome::There((account, _)) => self.id_of_another(task, account),
            _ => None,
        }
    }

    fn id_of_another(&mut self, task: &Task, account: &AccountFacts) -> Option<String> {
        if let Err(error) = self.run.taken.wait() {
            self.engine.end(RunEnd::Stopped(error));
        }
        let is_own = match task.kind {
            TaskKind::Account => false,
            TaskKind::Update => {
                let own = task.bakkt_id.as_deref().unwrap_or_default();
                own.eq_ignore_ascii_case(&account.id)
            }
            // These name no account.
            TaskKind::Document | TaskKind::Kyb => return None,
        };
        (!is_own && self.run.taken.has(&account.id)).then(|| account.id.clone())
    }

    /// An account is accepted under its id: nobody else may be answered with it from now on.
    pub(super) fn take_id(&mut self, task: &Task, account: &AccountFacts) {
        if matches!(task.kind, TaskKind::Account | TaskKind::Update) {
            self.run.taken.take(&account.id);
            self.shared_in_a_row = 0;
        }
    }

    /// Whose account it is nobody can tell. `answer` is what it was told by; `was_in_doubt` before.
    pub(super) fn doubt_for_person(
        &mut self,
        task: &Task,
        answer: &str,
        id: &str,
        was_in_doubt: bool,
    ) {
        let message = format!(
            "Bakkt answered with the bakktId {id} of another account, which crosswalk.csv lists (that of its shard, where there are several): ask Bakkt under which id it has this one, then `resolve --account`"
        );
        tracing::warn!(id = %task.client_id, "{message}");
        if !was_in_doubt {
            self.run.tools.counters.in_doubt.up();
        }
        let answer = answer.to_owned();
        let reason = (ID_OF_ANOTHER, message);
        self.change(task.id, Transition::DoubtForPerson { answer, reason });
        self.tries.remove(&task.id);
        self.finished.push((task.kind, task.id));
        self.shared_in_a_row += 1;
        if self.shared_in_a_row >= SEVERAL {
            self.engine.end(RunEnd::Stopped(Failure::stopped(
                format!("{SEVERAL} accounts in a row were answered with the bakktId of another one"),
                "most likely a proxy or a cache between you and Bakkt gives one answer for another: have it taken out of the way, settle those accounts with `bakkt-migrate resolve --account` (refused.csv lists them), then run the same command",
            )));
        }
    }
}
