//! Events as prompts: what Bakkt says unasked about an account in doubt lets it be asked about at once.
//!
//! Owner of asking before its time. Invariant: an event proves nothing about what was sent, and a question that it
//! prompted can only settle what waiting would settle the same way: it accepts, or it counts for nothing, and the task is
//! asked about when it would have been (invariant 1 keeps its two asks, each after `settle_after`).
//! Left out on purpose: where events come from: the run is handed a function.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::coordinator::{NextStep, SubmitLoop};
use super::settle::SettleVerdict;
use super::stage::{LookupOutcome, RequestEnd};
use bakkt_model::task::{PriorAccount, Task};

/// Time between two looks for events.
const EVERY: Duration = Duration::from_secs(1);

/// What was asked about early.
#[derive(Default)]
pub(super) struct Prompts {
    /// When to look again; None before the first look.
    next: Option<Instant>,
    /// A look is on its way.
    looking: bool,
    /// When the event arrived that last prompted a question, of tasks that are still in doubt.
    answered: HashMap<i64, i64>,
    /// When the tasks that are being asked about early are due.
    due: HashMap<i64, Instant>,
    /// Parked tasks that an event could prompt.
    pub(super) doubted: usize,
}

impl Prompts {
    /// When a task that was asked about early would have been asked about.
    pub(super) fn due(&mut self, task: i64) -> Option<Instant> {
        self.due.remove(&task)
    }
}

impl SubmitLoop {
    /// Accounts that wait to be asked about.
    fn doubted(&self) -> impl Iterator<Item = &Task> {
        let parked = self.engine.waiting.iter();
        parked
            .filter(|parked| parked.may_be_prompted())
            .map(|parked| &parked.task)
    }

    /// When to look for events again; never while nothing waits for them.
    pub(super) fn next_listening(&self) -> Option<Instant> {
        let waits = !self.prompts.looking && self.prompts.doubted > 0;
        waits.then(|| self.prompts.next.unwrap_or_else(Instant::now))
    }

    /// Looks for events, when it is time to.
    pub(super) fn listen(&mut self) {
        if self.next_listening().is_none_or(|at| at > Instant::now()) {
            return;
        }
        self.prompts.looking = true;
        let accounts: Vec<String> = self.doubted().map(|task| task.client_id.clone()).collect();
        let heard = self.run.heard.clone();
        self.engine
            .spawn_blocking(move || RequestEnd::Heard(heard(&accounts)));
    }

    /// Asks at once about accounts of which an event was heard since they were sent, and since the last such question.
    pub(super) fn heard(&mut self, last: &HashMap<String, i64>) {
        self.prompts.looking = false;
        self.prompts.next = Some(Instant::now() + EVERY);
        let prompted: Vec<(i64, i64)> = self
            .doubted()
            .filter_map(|task| {
                let at = *last.get(&task.client_id)?;
                let since = self.prompts.answered.get(&task.id).copied();
                let news = since.map_or(task.first_at <= Some(at), |since| since < at);
                news.then_some((task.id, at))
            })
            .collect();
        for (id, at) in prompted {
            if let Some((due, parked)) = self.engine.waiting.take(id) {
                self.left_waiting(due, &parked);
                tracing::debug!(id = %parked.task.client_id, "an event prompts the question");
                self.prompts.answered.insert(id, at);
                self.prompts.due.insert(id, due);
                self.to_ask.push(parked.task);
            }
        }
    }

    /// The answer to a question before its time.
    pub(super) fn asked_early(&mut self, task: Task, found: LookupOutcome, due: Instant) {
        tracing::debug!(id = %task.client_id, there = matches!(found, LookupOutcome::There(..)), "asked early");
        if let Some(id) = self.found_id_of_another(&task, &found) {
            self.prompts.answered.remove(&task.id);
            return self.doubt_for_person(&task, "asked", &id, true);
        }
        match found {
            LookupOutcome::There((account, equal)) => {
                match self.judge_there(&task, &account, equal) {
                    // What was sent is there, or as good as that. Anything else may yet be on its way.
                    SettleVerdict::Accepted(existed) if existed != PriorAccount::Different => {
                        self.prompts.answered.remove(&task.id);
                        self.settle(&task, account, existed);
                    }
                    _ => self.park_until(task, due, NextStep::Ask),
                }
            }
            LookupOutcome::NotThere => self.park_until(task, due, NextStep::Ask),
            // A refused question does not leave again before its time.
            LookupOutcome::Unknown(_, after) => {
                let earliest = Instant::now() + self.engine.pause(after);
                self.park_until(task, due.max(earliest), NextStep::Ask);
            }
            LookupOutcome::Stop(message, hint) => self.engine.misdirected(message, hint),
        }
    }
}
