//! What a run has done so far: numbers that the loop writes and the progress display reads.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of one run; all start at zero.
#[derive(Debug, Default)]
pub struct Counters {
    /// Tasks to do in this run.
    pub total: Count,
    /// Accepted.
    pub accepted: Count,
    /// Refused.
    pub refused: Count,
    /// Given up.
    pub gave_up: Count,
    /// Held, because what was planned is not there any more.
    pub held: Count,
    /// In doubt now.
    pub in_doubt: Count,
    /// Waiting for the rate now.
    pub waiting: Count,
}

/// One counter.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Its value.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Sets it.
    pub fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// So many more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// One more.
    pub fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One less.
    pub fn down(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Counters {
    /// Tasks that are done with.
    pub fn done(&self) -> u64 {
        self.accepted.get() + self.refused.get() + self.gave_up.get() + self.held.get()
    }
}
