//! What has been taken so far: numbers for the line on the terminal, the log and the end.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use bakkt_journal::events::{AddOutcome, ArrivedEvent};
use bakkt_model::shard::Shard;

/// Counters of a receiver; all start at zero.
#[derive(Debug, Default)]
pub struct ReceiverCounters {
    events: AtomicU64,
    repeats: AtomicU64,
    unreadable: AtomicU64,
    other_types: AtomicU64,
    refused: AtomicU64,
    invalid: AtomicU64,
    not_here: Mutex<BTreeMap<Shard, u64>>,
}

/// The counters as they were at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReceiverCounts {
    /// New events, the unreadable ones among them.
    pub events: u64,
    /// Events that were there.
    pub repeats: u64,
    /// Of the new ones, bodies that are no event.
    pub unreadable: u64,
    /// Of the new ones, events of other types than those of accounts.
    pub other_types: u64,
    /// Requests that did not prove that they are Bakkt's.
    pub refused: u64,
    /// Requests that were no delivery: another path or method, too long, or cut.
    pub invalid: u64,
    /// Events that were not kept, by the shard of their account, which is not here.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub not_here: BTreeMap<String, u64>,
}

impl ReceiverCounts {
    /// Number of events of shards that are not here.
    pub fn not_here(&self) -> u64 {
        self.not_here.values().sum()
    }
}

impl ReceiverCounters {
    /// Counts what became of an event.
    pub(crate) fn added(&self, arrived: &ArrivedEvent, added: AddOutcome) {
        match added {
            AddOutcome::New => {
                up(&self.events);
                if arrived.is_of_another_type() {
                    up(&self.other_types);
                } else if arrived.said.is_none() {
                    up(&self.unreadable);
                }
            }
            AddOutcome::Repeat => {
                up(&self.repeats);
            }
            // Not even counted: nothing of the customer is kept.
            AddOutcome::Forgotten => {}
            AddOutcome::NotHere(shard) => {
                let mut shards = self.shards_not_here();
                let count = shards.entry(shard).or_default();
                *count += 1;
                if is_tenth_power(*count) {
                    tracing::warn!(%shard, count = *count, "events of a shard that is not here were not kept");
                }
            }
        }
    }

    /// Counts a request that proved nothing. Whoever sends those must not fill the log: it has every tenth power.
    pub(super) fn refused(&self) {
        let count = up(&self.refused);
        if is_tenth_power(count) {
            tracing::warn!(
                count,
                "requests were refused: their proof is wrong or missing"
            );
        }
    }

    /// Counts a request that was no delivery.
    pub(super) fn count_invalid(&self) {
        let count = up(&self.invalid);
        if is_tenth_power(count) {
            tracing::info!(count, "requests were no deliveries");
        }
    }

    fn shards_not_here(&self) -> MutexGuard<'_, BTreeMap<Shard, u64>> {
        self.not_here.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All counters.
    pub fn taken(&self) -> ReceiverCounts {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ReceiverCounts {
            events: get(&self.events),
            repeats: get(&self.repeats),
            unreadable: get(&self.unreadable),
            other_types: get(&self.other_types),
            refused: get(&self.refused),
            invalid: get(&self.invalid),
            not_here: self
                .shards_not_here()
                .iter()
                .map(|(shard, count)| (shard.to_string(), *count))
                .collect(),
        }
    }
}

/// One more; how many it is then.
fn up(counter: &AtomicU64) -> u64 {
    counter.fetch_add(1, Ordering::Relaxed) + 1
}

fn is_tenth_power(count: u64) -> bool {
    count > 0 && 10_u64.pow(count.ilog10()) == count
}

impl fmt::Display for ReceiverCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} events, {} repeats", self.events, self.repeats)?;
        for (count, what) in [
            (self.other_types, "of other types"),
            (self.unreadable, "unreadable"),
            (self.refused, "refused"),
            (self.invalid, "no deliveries"),
            (self.not_here(), "of shards that are not here"),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}
