//! What the loop does about each way in which a request can end.
//!
//! Owner of the step from judgement to change and to what comes next; see [`coordinator`](super::coordinator) for the
//! loop itself.

use std::time::Duration;

use super::backoff;
use super::coordinator::{Ended, Loop, Next};
use super::settle::{self, ASKS, Verdict};
use super::stage::{Done, Found};
use crate::api::judge::{self, Judgement};
use bakkt_journal::now;
use bakkt_journal::write::DOCUMENT_CHANGED;
use bakkt_model::error::Failure;
use bakkt_model::task::{AccountFacts, Existed, Kind, Refusal, Task, What};

/// Answers 404 without an Error body, and no other answer in this run: the address is wrong.
const STRANGE_404S: u32 = 8;

impl Loop {
    /// One request ended.
    pub(super) fn done(&mut self, done: Done) {
        match done {
            Done::Sent(task, judgement) => {
                self.lane(task.kind).sending -= 1;
                self.sent(task, judgement);
            }
            Done::NotSent(task) => {
                self.lane(task.kind).sending -= 1;
                self.postpone(task.id, "stopped before", "not sent");
            }
            Done::Unfit(task, why) => {
                self.lane(task.kind).sending -= 1;
                self.hold(&task, why);
            }
            Done::Looked(task, found) => {
                self.lane(task.kind).looking -= 1;
                self.looked(task, found);
            }
            Done::Asked(task, found) => {
                self.asking -= 1;
                match self.prompts.due(task.id) {
                    Some(due) => self.asked_early(task, found, due),
                    None => self.asked(task, found),
                }
            }
            Done::Heard(last) => self.heard(&last),
            // The run is stopping; these are open or in doubt, as the journal says.
            Done::NotAsked => {}
            Done::Broken(task, error) => {
                self.lane(task.kind).sending -= 1;
                self.postpone(task.id, "not mapped", "not sent");
                self.end(Ended::Stopped(error));
            }
        }
    }

    fn sent(&mut self, task: Task, judgement: Judgement) {
        tracing::debug!(id = %task.client_id, meaning = judgement.word(), "sent");
        match judgement {
            Judgement::Accepted(account) => {
                let first_at = task.first_at.unwrap_or_else(now);
                let older = task.kind == Kind::Account
                    && settle::older(&account, first_at, self.run.retry.clock_tolerance);
                let existed = if older {
                    Existed::Overwritten
                } else {
                    Existed::No
                };
                self.accept(&task, "200", account, existed);
            }
            Judgement::Refused(answer, refusal) => {
                self.succeeded(&task);
                self.refuse(&task, answer, refusal);
            }
            Judgement::Forbidden(refusal) if self.succeeded_since_403 => {
                self.succeeded_since_403 = false;
                self.refuse(&task, "403".into(), refusal);
            }
            Judgement::Forbidden(_) if !self.answered => {
                self.postpone(task.id, "403", "not taken");
                self.forbidden();
            }
            Judgement::Forbidden(_) => {
                self.postpone(task.id, "403", "not taken");
                self.end(Ended::Stopped(Failure::stopped(
                    "Bakkt forbids the request (403), and nothing has succeeded since it last did",
                    "check that the key may open accounts, and whether a filter stands in front; then run the same command",
                )));
            }
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
                    What::Doubt {
                        answer: answer.clone(),
                    },
                );
                // Bakkt offers no question about KYB: it stays in doubt until a person says what became of it.
                if task.kind != Kind::Kyb {
                    self.tries.entry(task.id).or_default().absent = 0;
                    let wait = self.settle_after(task.kind);
                    self.park(task, wait, Next::Ask);
                }
                self.failed(&answer);
            }
            // Where accounts are answered as Bakkt does, the address is right, and this is what it says of the document.
            Judgement::NoService
                if self.answered && matches!(task.kind, Kind::Document | Kind::Kyb) =>
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
                self.end(Ended::Stopped(Failure::configuration(message, hint)));
            }
            Judgement::Stop(message, hint) => {
                self.postpone(task.id, "wrong target or key", "not taken");
                self.end(Ended::Stopped(Failure::configuration(message, hint)));
            }
        }
    }

    fn looked(&mut self, task: Task, found: Found) {
        self.answered |= matches!(found, Found::NotThere | Found::There(..));
        match found {
            Found::NotThere => {
                self.failures = 0;
                self.queue_send(task);
            }
            Found::There(account, equal) => {
                match settle::after_look(task.kind, equal, self.run.on_existing) {
                    Verdict::Accepted(existed) => self.accept(&task, "", account, existed),
                    Verdict::NotApplied => self.queue_send(task),
                    Verdict::Stop => self.stop_for_existing(&task),
                }
            }
            Found::Unknown(why, after) => self.question_again(task, Next::Look, &why, after),
            Found::Stop(message, hint) => {
                self.end(Ended::Stopped(Failure::configuration(message, hint)))
            }
        }
    }

    fn asked(&mut self, task: Task, found: Found) {
        self.answered |= matches!(found, Found::NotThere | Found::There(..));
        tracing::debug!(id = %task.client_id, there = matches!(found, Found::There(..)), "asked");
        match found {
            Found::NotThere => self.absent(task),
            Found::There(account, equal) => match self.judge_there(&task, &account, equal) {
                Verdict::Accepted(existed) => self.settle(&task, account, existed),
                Verdict::NotApplied => self.absent(task),
                Verdict::Stop => self.stop_for_existing(&task),
            },
            // Stays in doubt for as long as asking fails (invariant 1).
            Found::Unknown(why, after) => self.question_again(task, Next::Ask, &why, after),
            Found::Stop(message, hint) => {
                self.end(Ended::Stopped(Failure::configuration(message, hint)))
            }
        }
    }

    /// What an account that was found says about a task in doubt.
    pub(super) fn judge_there(&self, task: &Task, account: &AccountFacts, equal: bool) -> Verdict {
        let first_at = task.first_at.unwrap_or(i64::MIN);
        let older = settle::older(account, first_at, self.run.retry.clock_tolerance);
        settle::after_doubt(task, older, equal, self.run.on_existing)
    }

    /// What was in doubt is there.
    pub(super) fn settle(&mut self, task: &Task, account: AccountFacts, existed: Existed) {
        self.run.tools.counters.in_doubt.down();
        self.accept(task, "asked", account, existed);
    }

    /// Not there: after two asks that agree, the same bytes may go out again.
    fn absent(&mut self, task: Task) {
        self.failures = 0;
        let tries = self.tries.entry(task.id).or_default();
        tries.absent += 1;
        if tries.absent < ASKS {
            let wait = self.settle_after(task.kind);
            self.park(task, wait, Next::Ask);
            return;
        }
        tries.absent = 0;
        self.run.tools.counters.in_doubt.down();
        self.change(task.id, What::Absent);
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
                What::GiveUp {
                    answer: answer.to_owned(),
                },
            );
            self.run.tools.counters.gave_up.up();
            self.finished.push((task.kind, task.id));
        } else {
            let wait = backoff::wait(
                sends,
                self.run.retry.backoff_first,
                self.run.retry.backoff_most,
            );
            self.park(task, self.no_sooner(after, wait), Next::Send);
        }
        if answer != "lost" {
            self.failed(answer);
        }
    }

    fn question_again(&mut self, task: Task, next: Next, why: &str, after: Option<Duration>) {
        self.strange_404s = if why == "404" {
            self.strange_404s + 1
        } else {
            0
        };
        if self.strange_404s >= STRANGE_404S && !self.answered {
            let (message, hint) = judge::no_service();
            self.end(Ended::Stopped(Failure::configuration(message, hint)));
        }
        if why == "403" && !self.answered {
            self.forbidden();
        }
        let tries = self.tries.entry(task.id).or_default();
        tries.questions += 1;
        let wait = backoff::wait(
            tries.questions,
            self.run.retry.backoff_first,
            self.run.retry.backoff_most,
        );
        self.park(task, self.no_sooner(after, wait), next);
        self.failed(why);
    }

    /// A wait that is no shorter than what the server asked for, as far as that is honoured.
    fn no_sooner(&self, after: Option<Duration>, wait: Duration) -> Duration {
        wait.max(after.unwrap_or_default().min(self.run.retry.longest_pause))
    }

    fn queue_send(&mut self, task: Task) {
        self.lane(task.kind).to_send.push_back(task);
    }

    fn accept(&mut self, task: &Task, answer: &str, account: AccountFacts, existed: Existed) {
        self.succeeded(task);
        self.change(
            task.id,
            What::Accept {
                answer: answer.to_owned(),
                account,
                existed,
            },
        );
        self.run.tools.counters.accepted.up();
        self.finished.push((task.kind, task.id));
    }

    fn refuse(&mut self, task: &Task, answer: String, refusal: Refusal) {
        self.change(task.id, What::Refuse { answer, refusal });
        self.run.tools.counters.refused.up();
        self.finished.push((task.kind, task.id));
    }

    /// The document is not what was planned: its task waits for a person, and nothing else does.
    fn hold(&mut self, task: &Task, why: String) {
        tracing::info!(id = %task.client_id, "a document is held: {why}");
        self.postpone(task.id, DOCUMENT_CHANGED, "not sent");
        let reason = (DOCUMENT_CHANGED, why);
        self.change(task.id, What::Hold { reason });
        self.run.tools.counters.held.up();
        self.finished.push((task.kind, task.id));
    }

    fn postpone(&mut self, task: i64, answer: &str, outcome: &'static str) {
        self.change(
            task,
            What::Postpone {
                answer: answer.to_owned(),
                outcome,
            },
        );
    }

    /// Forbidden before anything has succeeded.
    fn forbidden(&mut self) {
        let (message, hint) = judge::forbidden();
        self.end(Ended::Stopped(Failure::stopped(message, hint)));
    }

    fn stop_for_existing(&mut self, task: &Task) {
        self.end(Ended::Stopped(Failure::stopped(
            format!(
                "the account {} existed before this migration, and on_existing is \"stop\"",
                task.client_id
            ),
            "leave it out under [exclude], or set [accounts] on_existing to \"skip\" or \"update\"",
        )));
    }

    fn succeeded(&mut self, task: &Task) {
        self.failures = 0;
        self.succeeded_since_403 = true;
        self.answered = true;
        self.tries.remove(&task.id);
    }

    /// The breaker: nothing but failures, so often in a row, stops the run.
    fn failed(&mut self, answer: &str) {
        self.failures += 1;
        if self.failures >= self.run.retry.breaker {
            self.end(Ended::Stopped(Failure::stopped(
                format!("{} failures in a row and not one success between them; the last was: {answer}", self.failures),
                "when Bakkt can be reached again, run the same command: it goes on where it stopped",
            )));
        }
    }
}
