//! What the custody loop does about each way in which a request can end.

use std::time::Duration;

use super::coordinator::{CustodyLoop, NextStep, WITNESSES};
use super::lists::Listed;
use super::stage::{AskOutcome, CustodyEnd, ProbeCause};
use crate::api::custody::CustodyJudgement;
use crate::requests::RunEnd;
use bakkt_journal::custody::{FOR_A_PERSON, NEEDS_SESSION};
use bakkt_journal::now;
use bakkt_model::custody::{CustodyKind, CustodyTask, CustodyTransition};
use bakkt_model::task::Refusal;

/// Looks at a list that must agree that something is not there.
const ASKS: u8 = 2;

const WRONG_KEY: (&str, &str) = (
    "Bakkt does not know the custody key (401)",
    "check BAKKT_CUSTODY_KEY or [custody] key_file, and [custody] header_prefix: by default the key goes without a prefix",
);

impl CustodyLoop {
    pub(super) fn done(&mut self, end: CustodyEnd) {
        match end {
            CustodyEnd::Sent(task, judgement) => {
                self.lane(task.kind).free();
                self.sent(task, judgement);
            }
            CustodyEnd::Due(queued, Some(permit)) if !self.engine.is_ending() => {
                self.intend(queued, permit);
            }
            CustodyEnd::Due(queued, _) => self.lane(queued.task.kind).free(),
            CustodyEnd::NotSent(task) => {
                self.lane(task.kind).free();
                self.postpone(&task, "stopped before", "not sent");
                // Nothing may leave for a while; it is claimed anew once something may.
                match (self.engine.is_ending(), task.lost) {
                    (true, _) => {}
                    (false, true) => self.repeat(task),
                    (false, false) => self.lane(task.kind).push(task, false),
                }
            }
            CustodyEnd::NoSession(task) => {
                self.lane(task.kind).free();
                self.postpone(&task, "no session", "not sent");
                self.hold(&task, needs_session());
            }
            CustodyEnd::Broken(task, error) => {
                self.lane(task.kind).free();
                self.postpone(&task, "not mapped", "not sent");
                self.engine.end(RunEnd::Stopped(error));
            }
            CustodyEnd::Asked(task, outcome) => self.asked(task, outcome),
            CustodyEnd::Probed(task, cause, Some(true)) => {
                self.key_is_good = true;
                match cause {
                    ProbeCause::Sent => self.session_ended(&task),
                    ProbeCause::Asked => self.session_ended_in_doubt(&task),
                }
            }
            CustodyEnd::Probed(_, _, Some(false)) => self.wrong_key(),
            CustodyEnd::Probed(task, ProbeCause::Sent, None) => self.send_again(task, "401", None),
            CustodyEnd::Probed(task, ProbeCause::Asked, None) => self.ask_again(task, "401", None),
            CustodyEnd::Vouched(task, vouched) => self.vouched(task, vouched),
        }
    }

    fn sent(&mut self, task: CustodyTask, judgement: CustodyJudgement) {
        tracing::debug!(id = %task.client_id, kind = task.kind.word(), "custody answered");
        let number = self.lane(task.kind).forbidden.ends(task.id);
        self.confirm(task.kind, &judgement, number);
        match judgement {
            CustodyJudgement::Made(uuid, status) => {
                self.key_is_good |= task.kind == CustodyKind::User;
                self.accept(&task, "200", uuid, status);
            }
            // The key replays what it was answered, so the address is taken by the one that was sent before, or by another.
            CustodyJudgement::Refused(answer, _, true) if task.lost => {
                self.change(task.id, CustodyTransition::Doubt { answer });
                self.for_a_person(
                    &task,
                    "its answer was lost, and then Bakkt said that the e-mail address is taken",
                );
            }
            // The person who said that it was not taken may have been wrong: then nobody but them can tell.
            CustodyJudgement::Refused(answer, _, true) if task.was_lost => {
                self.run.tools.counters.in_doubt.up();
                self.change(task.id, CustodyTransition::Doubt { answer });
                self.engine.answered();
                self.for_a_person(
                    &task,
                    "its answer was lost before, and now Bakkt says that the e-mail address is taken: find out whose user has it, then `resolve --user` with its uuid; or correct the address, plan again, and say `not-taken`",
                );
            }
            // A refusal that is about anything but this request says nothing about the one that was sent before.
            CustodyJudgement::Forbidden(status, _) if task.lost => {
                let answer = status.to_string();
                self.change(task.id, CustodyTransition::Doubt { answer });
                self.for_a_person(
                    &task,
                    "its answer was lost, and then Bakkt forbade the request",
                );
            }
            CustodyJudgement::Refused(answer, refusal, _) => {
                self.key_is_good |= task.kind == CustodyKind::User;
                self.succeeded(&task);
                self.refuse(&task, answer, refusal);
            }
            CustodyJudgement::Unauthorised => self.unauthorised(task),
            CustodyJudgement::Forbidden(status, refusal) => self.forbidden(task, status, refusal),
            CustodyJudgement::NotTaken(answer, after) => {
                self.postpone(&task, &answer, "not taken");
                self.send_again(task, &answer, after);
            }
            CustodyJudgement::NotSent(why) => {
                self.postpone(&task, &why, "not sent");
                self.send_again(task, &why, None);
            }
            CustodyJudgement::InDoubt(answer) => {
                tracing::info!(id = %task.client_id, %answer, "custody in doubt");
                if !task.lost {
                    self.run.tools.counters.in_doubt.up();
                }
                let doubt = CustodyTransition::Doubt {
                    answer: answer.clone(),
                };
                self.change(task.id, doubt);
                let task = CustodyTask {
                    lost: true,
                    sent: Some(task.hash),
                    ..task
                };
                self.tries.entry(task.id).or_default().absent = 0;
                self.after_doubt(task);
                self.engine.failed(&answer);
            }
            CustodyJudgement::Stop(message, hint) => {
                self.postpone(&task, "wrong target or key", "not taken");
                self.engine.misdirected(message, hint);
            }
        }
    }

    /// A user is sent again within the window that a setting states; everything else is asked about.
    pub(super) fn after_doubt(&mut self, task: CustodyTask) {
        let wait = self.run.retry.settle_after;
        if task.kind != CustodyKind::User {
            return self.park(task, wait, NextStep::Ask);
        }
        match self.may_repeat(&task, wait) {
            true => self.park(task, wait, NextStep::Repeat),
            false => self.for_a_person(
                &task,
                "its answer was lost, and Bakkt has no call that finds a user by an id of ours: find out, then `resolve --user`",
            ),
        }
    }

    /// Whether a user may be sent again, with the same key and bytes, after so long.
    pub(super) fn may_repeat(&self, task: &CustodyTask, wait: Duration) -> bool {
        let Some(window) = self.run.window else {
            return false;
        };
        let age = now().saturating_sub(task.first_at.unwrap_or(i64::MIN));
        let age =
            Duration::from_millis(u64::try_from(age).unwrap_or(u64::MAX)).saturating_add(wait);
        age.saturating_add(self.run.retry.request_timeout) < window && task.sent == Some(task.hash)
    }

    pub(super) fn repeat(&mut self, task: CustodyTask) {
        match self.may_repeat(&task, Duration::ZERO) {
            true => self.lane(task.kind).push(task, true),
            false => self.for_a_person(
                &task,
                "its answer was lost, and the time is over for which its key is kept: find out, then `resolve --user`",
            ),
        }
    }

    /// It stays in doubt until a person says what became of it.
    fn for_a_person(&mut self, task: &CustodyTask, why: &str) {
        let reason = (FOR_A_PERSON, why.to_owned());
        self.change(task.id, CustodyTransition::Explain { reason });
        self.finish(task);
    }

    fn asked(&mut self, task: CustodyTask, outcome: AskOutcome) {
        match outcome {
            AskOutcome::Listed(Listed::There(uuid)) => {
                self.accept(&task, "listed", uuid, String::new());
            }
            AskOutcome::Listed(Listed::Absent) => self.absent(task),
            AskOutcome::Listed(Listed::Ambiguous) => {
                self.engine.answered();
                self.for_a_person(
                    &task,
                    "its answer was lost, and Bakkt's list does not tell for certain whether it is there: find out, then `resolve --custody-task`",
                );
            }
            AskOutcome::NoSession => self.waits_for_session(&task),
            AskOutcome::Unauthorised if self.key_is_good => self.session_ended_in_doubt(&task),
            AskOutcome::Unauthorised => {
                let probe = self.run.tools.clone().probe(task, ProbeCause::Asked);
                self.start_probe(probe);
            }
            AskOutcome::Unread => self.for_a_person(
                &task,
                "its answer was lost, and the export does not have it any more: find out, then `resolve --custody-task`",
            ),
            AskOutcome::Unknown(why, after) => self.ask_again(task, &why, after),
            AskOutcome::Stop(message, hint) => self.engine.misdirected(message, hint),
            AskOutcome::NotAsked => {}
        }
    }

    /// The question failed, and says nothing about what was asked.
    fn ask_again(&mut self, task: CustodyTask, why: &str, after: Option<Duration>) {
        let tries = self.tries.entry(task.id).or_default();
        tries.questions += 1;
        let due = self.engine.next_try(tries.questions, after);
        self.park_until(task, due, NextStep::Ask);
        self.engine.question_failed(why);
    }

    /// Not in the list: after two looks that agree it is sent again, as a new generation.
    fn absent(&mut self, mut task: CustodyTask) {
        self.engine.answered();
        let tries = self.tries.entry(task.id).or_default();
        tries.absent += 1;
        if tries.absent < ASKS {
            let wait = self.run.retry.settle_after;
            return self.park(task, wait, NextStep::Ask);
        }
        tries.absent = 0;
        self.run.tools.counters.in_doubt.down();
        self.change(task.id, CustodyTransition::Absent);
        task.generation += 1;
        (task.lost, task.first_at) = (false, None);
        self.send_again(task, "lost", None);
    }

    fn unauthorised(&mut self, task: CustodyTask) {
        self.postpone(&task, "401", "not taken");
        match (task.kind, self.key_is_good) {
            (CustodyKind::User, _) => self.wrong_key(),
            (_, true) => self.session_ended(&task),
            (_, false) => {
                let probe = self.run.tools.clone().probe(task, ProbeCause::Sent);
                self.start_probe(probe);
            }
        }
    }

    pub(super) fn wrong_key(&mut self) {
        let (message, hint) = WRONG_KEY;
        self.engine.misdirected(message, hint);
    }

    /// The session ran out: it is deleted, and what needs one waits.
    fn session_ended(&mut self, task: &CustodyTask) {
        self.engine.answered();
        self.run.tools.sessions.delete(&task.client_id);
        self.hold(task, needs_session());
    }

    /// The same of one in doubt, which stays so.
    fn session_ended_in_doubt(&mut self, task: &CustodyTask) {
        self.engine.answered();
        self.run.tools.sessions.delete(&task.client_id);
        self.waits_for_session(task);
    }

    /// In doubt, until there is a session with which it can be asked about.
    fn waits_for_session(&mut self, task: &CustodyTask) {
        let reason = needs_session();
        self.change(task.id, CustodyTransition::Explain { reason });
        self.finish(task);
    }

    pub(super) fn hold(&mut self, task: &CustodyTask, reason: (&'static str, String)) {
        self.change(task.id, CustodyTransition::Hold { reason });
        self.run.tools.counters.held.up();
        self.finish(task);
    }

    fn send_again(&mut self, task: CustodyTask, answer: &str, after: Option<Duration>) {
        if task.lost && task.kind == CustodyKind::User {
            // It is in doubt as before: only the window decides whether it leaves once more.
            let wait = self.run.retry.settle_after.max(self.engine.pause(after));
            self.engine.failed(answer);
            return match self.may_repeat(&task, wait) {
                true => self.park(task, wait, NextStep::Repeat),
                false => self.after_doubt(task),
            };
        }
        let tries = self.tries.entry(task.id).or_default();
        tries.sends += 1;
        let sends = tries.sends;
        if sends >= self.run.retry.attempts {
            let answer = answer.to_owned();
            self.change(task.id, CustodyTransition::GiveUp { answer });
            self.run.tools.counters.gave_up.up();
            self.finish(&task);
        } else {
            let due = self.engine.next_try(sends, after);
            self.park_until(task, due, NextStep::Send);
        }
        if answer != "lost" {
            self.engine.failed(answer);
        }
    }

    fn accept(&mut self, task: &CustodyTask, answer: &str, uuid: String, status: String) {
        if !self.run.taken.take(&uuid) {
            return self.answered_with_anothers(task, answer, &uuid);
        }
        self.succeeded(task);
        if task.kind == CustodyKind::User && self.witnesses.len() < WITNESSES {
            self.witnesses.push((task.client_id.clone(), uuid.clone()));
        }
        let answer = answer.to_owned();
        if task.lost {
            self.run.tools.counters.in_doubt.down();
        }
        let accepted = CustodyTransition::Accept {
            answer,
            uuid,
            status,
        };
        self.change(task.id, accepted);
        self.run.tools.counters.accepted.up();
        self.finish(task);
    }

    /// Whose the answer is nobody can tell, and nothing may be made on another customer's user.
    fn answered_with_anothers(&mut self, task: &CustodyTask, answer: &str, uuid: &str) {
        if !task.lost {
            self.run.tools.counters.in_doubt.up();
        }
        // What a list told is in doubt already; what was sent, also once more, is not.
        if answer != "listed" {
            let answer = answer.to_owned();
            self.change(task.id, CustodyTransition::Doubt { answer });
        }
        self.engine.answered();
        self.for_a_person(
            task,
            &format!(
                "Bakkt answered with the uuid of another one, {uuid}, which custody-crosswalk.csv lists (that of its shard, where there are several): find out under which uuid it has this one, then `resolve`"
            ),
        );
    }

    pub(super) fn refuse(&mut self, task: &CustodyTask, answer: String, refusal: Refusal) {
        if task.lost {
            self.run.tools.counters.in_doubt.down();
        }
        self.change(task.id, CustodyTransition::Refuse { answer, refusal });
        self.run.tools.counters.refused.up();
        self.finish(task);
    }

    /// Bakkt did not take it. A user whose answer was lost before stays in doubt: this attempt says nothing about that one.
    pub(super) fn postpone(&mut self, task: &CustodyTask, answer: &str, outcome: &'static str) {
        let answer = answer.to_owned();
        let what = match task.lost {
            true => CustodyTransition::Doubt { answer },
            false => CustodyTransition::Postpone { answer, outcome },
        };
        self.change(task.id, what);
    }

    /// A call of this kind was looked at: it is in the agreement.
    fn succeeded(&mut self, task: &CustodyTask) {
        self.lane(task.kind).has_succeeded = true;
        self.engine.answered();
        self.tries.remove(&task.id);
    }
}

fn needs_session() -> (&'static str, String) {
    (NEEDS_SESSION.0, NEEDS_SESSION.1.to_owned())
}
