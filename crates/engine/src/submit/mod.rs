//! Sending a plan: claim → limiter → api → judge → record.
//!
//! Owner of what a run asks and what follows. [`coordinator`] is the run's work for the request engine, with one owner of all
//! state; `lane` its queue of one kind; [`stage`] is one request in a task of its own, which shares nothing; `outcomes`,
//! `forbidden`, `prompts`, `shared_ids` and [`settle`] say what an end means. Invariants: 1 (an intent is durable before its request leaves; what is in doubt is settled by
//! asking, twice, after `settle_after`), 6 (one customer's trouble holds up nobody else).
//! Knows the journal and the api, not the sources: it is handed a function from task to payload.

pub(crate) mod coordinator;
pub mod counters;
mod forbidden;
mod lane;
mod outcomes;
mod prompts;
pub mod settle;
mod shared_ids;
pub mod stage;

use std::collections::HashMap;
use std::sync::Arc;

pub use coordinator::{RunSetup, run};
pub use counters::RunCounters;

use crate::api::Upload;
pub use crate::requests::PayloadFn;
use bakkt_model::task::Task;

/// When Bakkt's last event about each of some accounts arrived, in milliseconds; an account without one is left out.
pub type HeardFn = Arc<dyn Fn(&[String]) -> HashMap<String, i64> + Send + Sync>;

/// Opens the document of a task; the error says why it is held: it is gone, or not what was planned.
pub type DocumentFn = Arc<dyn Fn(&Task) -> Result<Upload, String> + Send + Sync>;
