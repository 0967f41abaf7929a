//! Sending a plan: claim → limiter → api → judge → record.
//!
//! Owner of the run's loop. [`coordinator`] is one loop with one owner of all state, `lane` its queue of
//! one kind; [`stage`] is one request in a task
//! of its own, which shares nothing; [`recorder`] is the thread that owns the journal meanwhile; [`limiter`], `pressure` and
//! [`backoff`] say when. Invariants: 1 (an intent is durable before its request leaves; what is in doubt is settled by
//! asking, twice, after `settle_after`), 6 (one customer's trouble holds up nobody else), 7 (every attempt passes the
//! limiter; nothing sleeps for a retry while it holds a place), 11 (a stop drains).
//! Knows the journal and the api, not the sources: it is handed a function from task to payload.

pub(crate) mod backoff;
pub(crate) mod coordinator;
pub mod counters;
mod lane;
pub mod limiter;
mod outcomes;
mod pressure;
mod prompts;
pub(crate) mod recorder;
pub mod settle;
pub mod stage;

use std::collections::HashMap;
use std::sync::Arc;

pub use coordinator::{RunEnd, RunSetup, run};
pub use counters::RunCounters;

use crate::api::Upload;
use bakkt_model::sensitive::Sensitive;
use bakkt_model::task::Task;

/// Maps the row of a task's account again; fails when the bytes are not the planned ones.
pub type PayloadFn = Arc<dyn Fn(&Task) -> anyhow::Result<Sensitive<Vec<u8>>> + Send + Sync>;

/// When Bakkt's last event about each of some accounts arrived, in milliseconds; an account without one is left out.
pub type HeardFn = Arc<dyn Fn(&[String]) -> HashMap<String, i64> + Send + Sync>;

/// Opens the document of a task; the error says why it is held: it is gone, or not what was planned.
pub type DocumentFn = Arc<dyn Fn(&Task) -> Result<Upload, String> + Send + Sync>;
