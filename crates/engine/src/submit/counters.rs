//! What a run has done so far: numbers that the loop writes and the progress display reads.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::requests::counter::Counter;
use crate::requests::limiter::Limiter;

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

    /// Tasks that are done with.
    pub fn done(&self) -> u64 {
        self.accepted.get() + self.refused.get() + self.gave_up.get() + self.held.get()
    }
}
