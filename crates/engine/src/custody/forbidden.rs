//! What custody does about answers of 403 and 404 (`requests::forbidden`): a kind that is not in the agreement, or forbidden to all,
//! stops alone and is tried again by the next run. When nothing is left that could confirm a customer's, a user is read with the key alone, and each
//! is sent once more.

use super::coordinator::{CustodyLoop, NextStep};
use super::stage::Vouched;
use crate::api::custody::CustodyJudgement;
use crate::requests::Work;
use crate::requests::forbidden::{ForbiddenSeries, is_read_by_bakkt};
use bakkt_journal::custody::{FORBIDDEN, NOT_IN_AGREEMENT};
use bakkt_model::custody::{CustodyKind, CustodyTask};
use bakkt_model::task::Refusal;

impl CustodyLoop {
    /// A request of a kind was answered: when Bakkt read it, what was forbidden before it left are refusals.
    pub(super) fn confirm(
        &mut self,
        kind: CustodyKind,
        judgement: &CustodyJudgement,
        number: Option<u64>,
    ) {
        let is_read = match judgement {
            CustodyJudgement::Made(..) => true,
            CustodyJudgement::Refused(answer, ..) => is_read_by_bakkt(answer),
            _ => false,
        };
        if is_read {
            let confirmed = self.lane(kind).forbidden.confirmed_by(number);
            for held in confirmed {
                self.refuse(&held.task, held.answer, held.refusal);
            }
        }
    }

    /// Before a kind has succeeded it is not in the agreement; afterwards it waits for what shows whom it is about.
    pub(super) fn forbidden(&mut self, task: CustodyTask, status: u16, refusal: Refusal) {
        let (kind, answer) = (task.kind, status.to_string());
        self.postpone(&task, &answer, "not taken");
        if let Some(reason) = self.lane(kind).gated.clone() {
            return self.hold(&task, reason);
        }
        if !self.lane(kind).has_succeeded {
            let words = gated_words(kind, &format!(" ({answer} before any succeeded)"));
            self.gate(kind, (NOT_IN_AGREEMENT, gated_words(kind, "")), &words);
            return self.hold(&task, (NOT_IN_AGREEMENT, words));
        }
        self.engine.answered();
        let (id, client_id) = (task.id, task.client_id.clone());
        let series = &mut self.lane(kind).forbidden;
        series.hold(task, id, &client_id, &answer, refusal);
        if series.is_about_all() {
            let words = forbidden_words(kind, series);
            self.gate(kind, (FORBIDDEN, words.clone()), &words);
        }
    }

    /// Nothing more of a kind is sent in this run; the next one tries again.
    fn gate(&mut self, kind: CustodyKind, reason: (&'static str, String), words: &str) {
        tracing::warn!("{words}");
        for held in self.lane(kind).forbidden.take() {
            self.hold(&held.task, reason.clone());
        }
        self.lane(kind).gated = Some(reason);
    }

    /// Starts the question that tells the key and the address from the customers, when nothing is left that could.
    pub(super) fn ask_about_forbidden(&mut self) {
        if !self.is_at_the_end() {
            return;
        }
        let mut kinds = CustodyKind::ALL.into_iter();
        let first = kinds.find_map(|kind| self.lane(kind).forbidden.first().cloned());
        if let Some(task) = first {
            self.ask_for_forbidden(task);
        }
    }

    /// Reads a user of a customer who is not forbidden; where there is none, that of the task's own customer.
    pub(super) fn ask_for_forbidden(&mut self, task: CustodyTask) {
        let user = self.witness().or_else(|| task.user_uuid.clone());
        match user {
            Some(user) => {
                let question = self.run.tools.clone().vouch(task, user);
                self.start_probe(question);
            }
            None => self.hold_forbidden(task.kind),
        }
    }

    fn witness(&mut self) -> Option<String> {
        let witnesses = std::mem::take(&mut self.witnesses);
        let mut is_forbidden = |id: &str| {
            let mut kinds = CustodyKind::ALL.into_iter();
            kinds.any(|kind| self.lane(kind).forbidden.holds(id))
        };
        let free = witnesses.iter().find(|(id, _)| !is_forbidden(id));
        let user = free.map(|(_, user)| user.clone());
        self.witnesses = witnesses;
        user
    }

    /// The question was answered.
    pub(super) fn vouched(&mut self, task: CustodyTask, vouched: Vouched) {
        match vouched {
            Vouched::Good => {
                self.engine.answered();
                self.judge_forbidden(task.kind);
            }
            Vouched::Forbidden => self.hold_forbidden(task.kind),
            Vouched::WrongKey => self.wrong_key(),
            Vouched::Unknown(why, after) => {
                let tries = self.tries.entry(task.id).or_default();
                tries.questions += 1;
                let due = self.engine.next_try(tries.questions, after);
                self.park_until(task, due, NextStep::Vouch);
                self.engine.question_failed(&why);
            }
            Vouched::NotAsked => {}
        }
    }

    /// Key and address are good: each leaves once more, and who is forbidden again is refused.
    fn judge_forbidden(&mut self, kind: CustodyKind) {
        let (again, refused) = self.lane(kind).forbidden.judged();
        for held in refused {
            self.refuse(&held.task, held.answer, held.refusal);
        }
        for task in again {
            self.lane(kind).push(task, false);
        }
    }

    /// Holds what is forbidden for the next run: nothing shows whether it is about the customers.
    fn hold_forbidden(&mut self, kind: CustodyKind) {
        let series = &mut self.lane(kind).forbidden;
        let words = forbidden_words(kind, series);
        let held = series.take();
        tracing::warn!("{words}");
        for held in held {
            self.hold(&held.task, (FORBIDDEN, words.clone()));
        }
    }

    fn is_at_the_end(&self) -> bool {
        self.engine.is_idle() && !self.has_unrecorded() && !self.has_more()
    }
}

fn gated_words(kind: CustodyKind, answer: &str) -> String {
    format!(
        "{} are not in your agreement with Bakkt{answer}: ask your Bakkt account manager whether they are enabled; the next run tries again",
        kind.plural()
    )
}

fn forbidden_words(kind: CustodyKind, series: &ForbiddenSeries<CustodyTask>) -> String {
    let customers = series.customers_in_words();
    format!(
        "Bakkt forbids {} of {customers}, and none that left afterwards has succeeded: check the custody key, your address on the list of your gateway, and your agreement; of whom Bakkt truly forbids, say `resolve --custody-task` with `--as refused`; the next run tries the others again",
        kind.plural()
    )
}
