//! What a run does about answers of 403 ([`ForbiddenSeries`]): it goes on while others may confirm them, and stops when they are
//! about more than single customers. When nothing is left that could confirm, it asks, and sends each once more.

use super::coordinator::{NextStep, SubmitLoop};
use super::stage::LookupOutcome;
use crate::api::judge::{self, Judgement};
use crate::requests::forbidden::{ForbiddenSeries, is_read_by_bakkt};
use crate::requests::{RunEnd, Work};
use bakkt_model::error::Failure;
use bakkt_model::task::{Refusal, Task, TaskKind};

impl SubmitLoop {
    /// A request of a kind was answered: when Bakkt read it, what was forbidden before it left are refusals.
    pub(super) fn confirm(&mut self, kind: TaskKind, judgement: &Judgement, number: Option<u64>) {
        let is_read = match judgement {
            Judgement::Accepted(_) => true,
            Judgement::Refused(answer, _) => is_read_by_bakkt(answer),
            _ => false,
        };
        if is_read {
            let confirmed = self.lane(kind).forbidden.confirmed_by(number);
            for held in confirmed {
                self.refuse(&held.task, held.answer, held.refusal);
            }
        }
    }

    /// Until it shows whether a 403 is about its customer, its task is open.
    pub(super) fn forbidden(&mut self, task: Task, refusal: Refusal) {
        self.postpone(task.id, "403", "not taken");
        let is_first = !self.has_succeeded_before && !self.engine.has_answered();
        let (kind, id, client_id) = (task.kind, task.id, task.client_id.clone());
        let series = &mut self.lane(kind).forbidden;
        series.hold(task, id, &client_id, "403", refusal);
        let is_about_all = series.is_about_all();
        // Before the first success, what left together with it may still be the first success.
        if is_first && (is_about_all || series.is_nothing_on_way()) {
            let (message, hint) = judge::forbidden();
            let failure = Failure::stopped(message, hint);
            self.engine.end(RunEnd::Stopped(failure));
        } else if is_about_all {
            self.stop_forbidden(kind);
        }
    }

    /// Starts the question that tells the key and the address from the customers, when nothing is left that could.
    pub(super) fn ask_about_forbidden(&mut self) {
        let first = self.lanes.iter().find_map(|lane| lane.forbidden.first());
        if let Some(task) = first.filter(|_| self.is_at_the_end()) {
            let task = task.clone();
            self.probe(task);
        }
    }

    pub(super) fn probe(&mut self, task: Task) {
        self.engine.spawn(self.run.tools.clone().probe(task));
    }

    /// The question was answered.
    pub(super) fn probed(&mut self, task: Task, found: LookupOutcome) {
        match found {
            LookupOutcome::NotThere | LookupOutcome::There(_) => {
                self.engine.answered();
                self.judge_forbidden(task.kind);
            }
            LookupOutcome::Unknown(why, _) if why == "403" => self.stop_forbidden(task.kind),
            LookupOutcome::Unknown(why, after) => {
                self.question_again(task, NextStep::Probe, &why, after);
            }
            LookupOutcome::Stop(message, hint) => self.engine.misdirected(message, hint),
        }
    }

    /// Key and address are good: each leaves once more, and who is forbidden again is refused.
    fn judge_forbidden(&mut self, kind: TaskKind) {
        let (again, refused) = self.lane(kind).forbidden.judged();
        for held in refused {
            self.refuse(&held.task, held.answer, held.refusal);
        }
        for task in again {
            self.queue_send(task);
        }
    }

    fn stop_forbidden(&mut self, kind: TaskKind) {
        let customers = self.lane(kind).forbidden.customers_in_words();
        let (what, others) = match kind {
            TaskKind::Account | TaskKind::Update => (
                "accounts",
                "leave out under [exclude] whom Bakkt truly forbids",
            ),
            TaskKind::Document => ("documents", "ask Bakkt about documents that stay forbidden"),
            TaskKind::Kyb => ("KYB", "ask Bakkt about customers who stay forbidden"),
        };
        self.engine.end(RunEnd::Stopped(Failure::stopped(
            format!(
                "Bakkt forbids {what} of {customers} (403), and nothing of the kind that left afterwards has succeeded"
            ),
            format!(
                "check that the key still may do this, that your address is on the list of your gateway, and that no filter stands in front; {others}; then run the same command"
            ),
        )));
    }

    /// Whether nothing is left to do, so that nothing can confirm any more what a 403 said.
    fn is_at_the_end(&self) -> bool {
        self.engine.is_idle() && !self.has_unrecorded() && !self.has_more()
    }
}

/// The 403s of a lane.
pub(super) type ForbiddenTasks = ForbiddenSeries<Task>;
