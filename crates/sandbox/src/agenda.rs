//! What is to happen at a time: a queue in the order of the times.
//!
//! Owner: the service, under its lock. Invariant: of two things of the same time, the one that was put first comes
//! first. Left out on purpose: the waiting (see [`Agenda::take`]'s callers), and taking something back.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use tokio::time::Instant;

/// Things that are due at some time.
pub(super) struct Agenda<T> {
    heap: BinaryHeap<Reverse<AgendaEntry<T>>>,
    /// How many were ever put.
    put: u64,
}

struct AgendaEntry<T> {
    at: Instant,
    number: u64,
    what: T,
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Agenda {
            heap: BinaryHeap::new(),
            put: 0,
        }
    }
}

impl<T> Agenda<T> {
    /// Something is to happen at `at`.
    pub(super) fn put(&mut self, at: Instant, what: T) {
        let number = self.put;
        self.put += 1;
        self.heap.push(Reverse(AgendaEntry { at, number, what }));
    }

    /// What is due first; or when it will be; or None while there is nothing.
    pub(super) fn take(&mut self, now: Instant) -> Result<T, Option<Instant>> {
        match self.heap.pop() {
            None => Err(None),
            Some(Reverse(entry)) if entry.at <= now => Ok(entry.what),
            Some(entry) => {
                let at = entry.0.at;
                self.heap.push(entry);
                Err(Some(at))
            }
        }
    }

    /// How much is to come.
    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }
}

impl<T> AgendaEntry<T> {
    fn key(&self) -> (Instant, u64) {
        (self.at, self.number)
    }
}

impl<T> PartialEq for AgendaEntry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<T> Eq for AgendaEntry<T> {}

impl<T> PartialOrd for AgendaEntry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for AgendaEntry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}
