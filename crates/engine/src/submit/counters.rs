//! What a run has done so far: numbers that the loop writes and the progress display reads.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::requests::counter::Counter;
use crate::requests::limiter::Limiter;
use crate::requests::steering::Steering;

/// Counters of one run; all start at zero.
#[derive(Default)]
pub struct RunCounters {
    /// Tasks to do in this run.
    pub total: Counter,
    /// Accepted.
    pub accepted: Counter,
    /// Refused.
    pub refused: Counter,
    /// Given up.
    pub gave_up: Counter,
    /// Held, because what was planned is not there any more.
    pub held: Counter,
    /// In doubt now.
    pub in_doubt: Counter,
    /// Waiting for the rate now.
    pub waiting: Counter,
    /// Those in doubt that rest until they are asked about.
    resting: Mutex<Option<RestingTasks>>,
    /// What the requests pass.
    lanes: Mutex<Vec<Arc<Limiter>>>,
    /// What a person and the clock say.
    steering: Mutex<Option<Steering>>,
}

/// Tasks in doubt that rest until they are asked about.
#[derive(Clone, Copy, Debug)]
pub struct RestingTasks {
    /// How many tasks rest.
    pub count: u64,
    /// When the first is asked about.
    pub first: Instant,
    /// When the last is asked about.
    pub last: Instant,
}

impl RunCounters {
    /// Those in doubt that rest, if any do.
    pub fn resting(&self) -> Option<RestingTasks> {
        *self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says which rest.
    pub fn rest(&self, resting: Option<RestingTasks>) {
        *self.resting.lock().unwrap_or_else(PoisonError::into_inner) = resting;
    }

    /// Names the limiters whose back-pressure is told.
    pub fn watch(&self, lanes: Vec<Arc<Limiter>>) {
        *self.lanes.lock().unwrap_or_else(PoisonError::into_inner) = lanes;
    }

    /// What the server does about the rates, in words; empty when it takes everything.
    pub fn back_pressure(&self) -> String {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let words: Vec<String> = lanes.iter().filter_map(|lane| lane.words()).collect();
        words.join("; ")
    }

    /// Names what a person and the clock say of the run.
    pub fn steer(&self, steering: &Steering) {
        *self.steering.lock().unwrap_or_else(PoisonError::into_inner) = Some(steering.clone());
    }

    /// Why less is sent than the settings allow, in words; empty when all is.
    pub fn held_back(&self) -> String {
        let steering = self.steering.lock().unwrap_or_else(PoisonError::into_inner);
        let steered = steering.as_ref().map(Steering::words).unwrap_or_default();
        let words = [steered, self.back_pressure()];
        let words: Vec<String> = words
            .into_iter()
            .filter(|words| !words.is_empty())
            .collect();
        words.join("; ")
    }

    /// How long nothing can be sent yet because it is not the time; zero where nobody knows.
    pub fn closed_for(&self) -> std::time::Duration {
        let steering = self.steering.lock().unwrap_or_else(PoisonError::into_inner);
        let closed = steering
            .as_ref()
            .and_then(|steering| steering.state().closed);
        let until = closed.and_then(|(_, until)| until);
        let left = until.map(|until| until.duration_since(jiff::Timestamp::now()));
        left.and_then(|left| left.try_into().ok())
            .unwrap_or_default()
    }

    /// Tasks that are done with.
    pub fn done(&self) -> u64 {
        self.accepted.get() + self.refused.get() + self.gave_up.get() + self.held.get()
    }
}
