//! Fiat custody: user → bank accounts, savings and recipients, as work for the request engine.
//!
//! Owner of what is asked and what follows. [`coordinator`] is the loop with one owner of all state, `lane` its queue of one kind,
//! [`stage`] one request, `outcomes` and `forbidden` what an end means, `lists` what Bakkt's lists say of something in doubt. Invariants: an
//! intent is durable, with its key, before its request leaves; every POST of a generation has one key and one body; a user
//! whose answer was lost is sent again only within the window that a setting states; what a kind of call is not allowed
//! stops that kind alone. Left out on purpose: which customers get what (`planning`), and where bodies come from.

mod coordinator;
mod forbidden;
mod keys;
mod lane;
mod lists;
mod outcomes;
pub mod reading;
pub mod stage;

use std::sync::Arc;

use bytes::Bytes;

pub use coordinator::{CustodySetup, run};

use bakkt_model::custody::CustodyTask;
use bakkt_model::sensitive::Sensitive;

/// What is sent for a custody task.
#[derive(Clone, Debug)]
pub struct CustodyBody {
    /// The bytes that were planned.
    pub body: Sensitive<Bytes>,
    /// The bodies of the customer's other recipients, so that lists which mask numbers are not misread.
    pub siblings: Vec<Sensitive<Bytes>>,
}

/// Makes the body of a custody task again; fails when the bytes are not the planned ones.
pub type CustodyBodyFn = Arc<dyn Fn(&CustodyTask) -> anyhow::Result<CustodyBody> + Send + Sync>;
