//! What the loop does about each way in which a request can end.
//!
//! Owner of the step from judgement to change and to what comes next; see [`coordinator`](super::coordinator) for the
//! loop itself.

use std::time::Duration;

use super::coordinator::{NextStep, SubmitLoop};
use super::settle::{self, ASKS, SettleVerdict};
use super::stage::{LookupOutcome, RequestEnd};
use crate::api::judge::{self, Judgement};
use crate::requests::RunEnd;
use bakkt_journal::now;
use bakkt_journal::write::DOCUMENT_CHANGED;
use bakkt_model::error::Failure;
use bakkt_model::task::{AccountFacts, PriorAccount, Refusal, Task, TaskKind, Transition};

impl SubmitLoop {
    /// One request ended.
    pub(super) fn done(&mut self, done: RequestEnd) {
        match done {
            RequestEnd::Sent(task, judgement) => {
                self.lane(task.kind).to_send.free(1);
                self.sent(task, judgement);
            }
            RequestEnd::Due(task, Some(permit)) if !self.engine.is_ending() => {
                self.intend(task, Some(permit));
            }
            RequestEnd::Due(task, _) => self.lane(task.kind).to_send.free(1),
            RequestEnd::NotSent(task) => {
                self.lane(task.kind).to_send.free(1);
                self.postpone(task.id, "stopped before", "not sent");
                // Nothing may leave for a while; it is claimed anew once something may.
                if !self.engine.is_ending() {
                    self.queue_send(task);
                }
            }
            RequestEnd::Unfit(task, why) => {
                self.lane(task.kind).to_send.free(1);
                self.hold(&task, why);
            }
            RequestEnd::Looked(task, found) => {
                self.lane(task.kind).to_look.free(1);
                self.looked(task, found);
            }
            RequestEnd::Asked(task, found) => {
                self.to_ask.free(1);
                match self.prompts.due(task.id) {
                    Some(due) => self.asked_early(task, found, due),
                    None => self.asked(task, found),
                }
            }
            RequestEnd::Probed(task, found) => self.probed(task, found),
            RequestEnd::Heard(last) => self.heard(&last),
            // The run is stopping; these are open or in doubt, as the journal says.
            RequestEnd::NotAsked => {}
            RequestEnd::Unread(error) => self.engine.end(RunEnd::Stopped(error)),
            RequestEnd::Broken(task, error) => {
                self.lane(task.kind).to_send.free(1);
                self.postpone(task.id, "not mapped", "not sent");
                self.engine.end(RunEnd::Stopped(error));
            }
        }
    }

    fn sent(&mut self, task: Task, judgement: Judgement) {
        tracing::debug!(id = %task.client_id, meaning = judgement.word(), "sent");
        let number = self.lane(task.kind).forbidden.ends(task.id);
        if let Some(id) = self.sent_id_of_another(&task, &judgement) {
            return self.doubt_for_person(&task, "200", &id, false);
        }
        self.confirm(task.kind, &judgement, number);
        match judgement {
            Judgement::Accepted(account) => {
                let first_at = task.first_at.unwrap_or_else(now);
                let older = task.kind == TaskKind::Account
                    && settle::older(&account, first_at, self.run.retry.clock_tolerance);
                let existed = if older {
                    PriorAccount::Overwritten
                } else {
                    PriorAccount::No
                };
                self.accept(&task, "200", account, existed);
            }
            Judgement::Refused(answer, refusal) => {
                self.succeeded(&task);
                self.refuse(&task, answer, refusal);
            }
            Judgement::Forbidden(refusal) => self.forbidden(task, refusal),
            Judgement::NotTaken(answer, after) => {
                self.postpone(task.id, &answer, "not taken");
                self.send_again(task, &answer, after);
            }
            Judgement::NotSent(why) => {
                self.postpone(task.id, &why, "not sent");
                self.send_again(task, &why, None);
            }
            Judgement::InDoubt(answer) => {
                tracing::info!(id = %task.client_id, %answer, "in doubt");
                self.run.tools.counters.in_doubt.up();
                self.change(
                    task.id,
                    Transition::Doubt {
                        answer: answer.clone(),
                    },
                );
                // Bakkt offers no question about KYB: it stays in doubt until a person says what became of it.
                if task.kind != TaskKind::Kyb {
                    self.tries.entry(task.id).or_default().absent = 0;
                    let wait = self.settle_after(task.kind);
                    self.park(task, wait, NextStep::Ask);
                }
                self.engine.failed(&answer);
            }
            // Where accounts are answered as Bakkt does, the address is right, and this is what it says of the document.
            Judgement::NoService
                if self.engine.has_answered()
                    && matches!(task.kind, TaskKind::Document | TaskKind::Kyb) =>
            {
                let refusal = Refusal {
                    code: "404".into(),
                    ..Refusal::default()
                };
                self.refuse(&task, "404".into(), refusal);
            }
            Judgement::NoService => {
                self.postpone(task.id, "wrong target or key", "not taken");
                let (message, hint) = judge::no_service();
                self.engine.misdirected(message, hint);
            }
            Judgement::Stop(message, hint) => {
                self.postpone(task.id, "wrong target or key", "not taken");
                self.engine.misdirected(message, hint);
            }
        }
    }

    fn looked(&mut self, task: Task, found: LookupOutcome) {
        if let Some(id) = self.found_id_of_another(&task, &found) {
            return self.doubt_for_person(&task, "looked up", &id, false);
        }
        self.heed(&found);
        match found {
            LookupOutcome::NotThere => self.queue_send(task),
            LookupOutcome::There((account, equal)) => {
                match settle::after_look(task.kind, equal, self.run.on_existing) {
                    SettleVerdict::Accepted(existed) => self.accept(&task, "", account, existed),
                    SettleVerdict::NotApplied => self.queue_send(task),
                    SettleVerdict::Stop => self.stop_for_existing(&task),
                }
            }
            LookupOutcome::Unknown(why, after) => {
                self.question_again(task, NextStep::Look, &why, after)
            }
            LookupOutcome::Stop(message, hint) => self.engine.misdirected(message, hint),
        }
    }

    fn asked(&mut self, task: Task, found: LookupOutcome) {
        if let Some(id) = self.found_id_of_another(&task, &found) {
            return self.doubt_for_person(&task, "asked", &id, true);
        }
        self.heed(&found);
        tracing::debug!(id = %task.client_id, there = matches!(found, LookupOutcome::There(..)), "asked");
        match found {
            LookupOutcome::NotThere => self.absent(task),
            LookupOutcome::There((account, equal)) => {
                match self.judge_there(&task, &account, equal) {
                    SettleVerdict::Accepted(existed) => self.settle(&task, account, existed),
                    SettleVerdict::NotApplied => self.absent(task),
                    SettleVerdict::Stop => self.stop_for_existing(&task),
                }
            }
            // Stays in doubt for as long as asking fails (invariant 1).
            LookupOutcome::Unknown(why, after) => {
                self.question_again(task, NextStep::Ask, &why, after)
            }
            LookupOutcome::Stop(message, hint) => self.engine.misdirected(message, hint),
        }
    }

    /// A look-up that was answered says that Bakkt is there, whatever it found.
    fn heed(&mut self, found: &LookupOutcome) {
        if matches!(found, LookupOutcome::NotThere | LookupOutcome::There(_)) {
            self.engine.answered();
        }
    }

    /// What an account that was found says about a task in doubt.
    pub(super) fn judge_there(
        &self,
        task: &Task,
        account: &AccountFacts,
        equal: bool,
    ) -> SettleVerdict {
        let first_at = task.first_at.unwrap_or(i64::MIN);
        let older = settle::older(account, first_at, self.run.retry.clock_tolerance);
        settle::after_doubt(task, older, equal, self.run.on_existing)
    }

    /// What was in doubt is there.
    pub(super) fn settle(&mut self, task: &Task, account: AccountFacts, existed: PriorAccount) {
        self.run.tools.counters.in_doubt.down();
        self.accept(task, "asked", account, existed);
    }

    /// Not there: after two asks that agree, the same bytes may go out again.
    fn absent(&mut self, task: Task) {
        let tries = self.tries.entry(task.id).or_default();
        tries.absent += 1;
        if tries.absent < ASKS {
            let wait = self.settle_after(task.kind);
            self.park(task, wait, NextStep::Ask);
            return;
        }
        tries.absent = 0;
        self.run.tools.counters.in_doubt.down();
        self.change(task.id, Transition::Absent);
        if !self.run.settle_only {
            self.send_again(task, "lost", None);
        }
    }

    fn send_again(&mut self, task: Task, answer: &str, after: Option<Duration>) {
        let tries = self.tries.entry(task.id).or_default();
        tries.sends += 1;
        let sends = tries.sends;
        if sends >= self.run.retry.attempts {
            self.change(
                task.id,
                Transition::GiveUp {
                    answer: answer.to_owned(),
                },
            );
            self.run.tools.counters.gave_up.up();
            self.finished.push((task.kind, task.id));
        } else {
            let due = self.engine.next_try(sends, after);
            self.park_until(task, due, NextStep::Send);
        }
        if answer != "lost" {
            self.engine.failed(answer);
        }
    }

    pub(super) fn question_again(
        &mut self,
        task: Task,
        next: NextStep,
        why: &str,
        after: Option<Duration>,
    ) {
        let tries = self.tries.entry(task.id).or_default();
        tries.questions += 1;
        let due = self.engine.next_try(tries.questions, after);
        self.park_until(task, due, next);
        self.engine.question_failed(why);
    }

    pub(super) fn queue_send(&mut self, task: Task) {
        self.lane(task.kind).to_send.push(task);
    }

    fn accept(&mut self, task: &Task, answer: &str, account: AccountFacts, existed: PriorAccount) {
        self.succeeded(task);
        self.take_id(task, &account);
        self.change(
            task.id,
            Transition::Accept {
                answer: answer.to_owned(),
                account,
                existed,
            },
        );
        self.run.tools.counters.accepted.up();
        self.finished.push((task.kind, task.id));
    }

    pub(super) fn refuse(&mut self, task: &Task, answer: String, refusal: Refusal) {
        self.change(task.id, Transition::Refuse { answer, refusal });
        self.run.tools.counters.refused.up();
        self.finished.push((task.kind, task.id));
    }

    /// The document is not what was planned: its task waits for a person, and nothing else does.
    fn hold(&mut self, task: &Task, why: String) {
        tracing::info!(id = %task.client_id, "a document is held: {why}");
        self.postpone(task.id, DOCUMENT_CHANGED, "not sent");
        let reason = (DOCUMENT_CHANGED, why);
        self.change(task.id, Transition::Hold { reason });
        self.run.tools.counters.held.up();
        self.finished.push((task.kind, task.id));
    }

    pub(super) fn postpone(&mut self, task: i64, answer: &str, outcome: &'static str) {
        self.change(
            task,
            Transition::Postpone {
                answer: answer.to_owned(),
                outcome,
            },
        );
    }

    fn stop_for_existing(&mut self, task: &Task) {
        self.engine.end(RunEnd::Stopped(Failure::stopped(
            format!(
                "the account {} existed before this migration, and on_existing is \"stop\"",
                task.client_id
            ),
            "leave it out under [exclude], or set [accounts] on_existing to \"skip\" or \"update\"",
        )));
    }

    fn succeeded(&mut self, task: &Task) {
        self.engine.answered();
        self.tries.remove(&task.id);
    }
}
