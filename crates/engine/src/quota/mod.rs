//! One quota for several processes: a Redis or Valkey server says when requests may leave.
//!
//! Owner of what is asked of that server and what it answers. A lane (one kind of call to one target) leases times at which
//! requests may leave, by the server's clock. Invariants, which one script in the server keeps (`lease.lua`):
//!
//! - a time is granted once, for all processes together, and two times are never closer than the configured rate allows: of
//!   processes with different rates, the lowest holds for all, until ten seconds after the last of its processes asked;
//! - times are granted for the length of a lease ahead, no further, so a process that dies or loses the server holds none
//!   that are later;
//! - where the server does not know what it granted before (its key is gone, it was started anew, its clock was set back)
//!   it grants nothing until such times are over;
//! - a process that has lost its shard to another one, or whose shard the server has lost, gets no times ([`registry`]).
//!
//! [`server`] asks a real server; [`clock`] tells its time. [`QuotaLink`] is what the lanes of a process share: it counts
//! failures and ends the work after too many of them in a row. Left out on purpose: how a lane uses its times, and which rate the
//! answers allow (`requests::limiter`); the server keeps that state as a text that it does not read.

pub(crate) mod clock;
pub mod link;
#[cfg(test)]
pub(crate) mod memory;
pub mod registry;
pub mod server;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

pub use link::{QuotaEnd, QuotaLink};

/// The length of a lease: no time is granted that is further ahead.
pub const LEASE: Duration = Duration::from_millis(500);
/// A time that is granted is at least so far ahead, or it would be missed on its way here.
pub const LEAD: Duration = Duration::from_millis(10);

/// What a lane asks of the quota server. Times are microseconds, by the server's clock where they are instants.
#[derive(Clone, Debug, Default)]
pub struct LeaseRequest {
    /// The name of the lane.
    pub lane: &'static str,
    /// How many times are wanted.
    pub wanted: u32,
    /// Time between two sends by the configured rate; 0 without a limit.
    pub interval: u64,
    /// The version of the controller's state that is known.
    pub version: u64,
    /// What becomes of that state.
    pub update: Option<ControllerUpdate>,
}

/// A new state of the controller that all processes share.
#[derive(Clone, Debug, Default)]
pub struct ControllerUpdate {
    /// The state, as text.
    pub state: String,
    /// Time between two sends by the rate that is held; 0: the configured one.
    pub interval: u64,
    /// Nothing leaves before this time.
    pub paused_until: u64,
}

/// What the server answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaseReply {
    /// Its time.
    pub now: u64,
    /// The first time that is granted.
    pub first: u64,
    /// How many are granted.
    pub count: u32,
    /// The time between two of them.
    pub interval: u64,
    /// No time before this one is free.
    pub next: u64,
    /// The version of the controller's state.
    pub version: u64,
    /// The update was taken; otherwise another process was faster.
    pub stored: bool,
    /// The controller's state, where it is another one than the known; empty where there is none.
    pub state: Option<String>,
}

/// Why there is no lease.
#[derive(Debug)]
pub enum NoLease {
    /// The server does not answer, or not as it should.
    Failed(String),
    /// Another process has the shard.
    Taken,
    /// The registry does not know the shard any more.
    Forgotten,
}

/// What a server's answer comes in.
pub type Leasing<'a> = Pin<Box<dyn Future<Output = Result<LeaseReply, NoLease>> + Send + 'a>>;

/// A quota server.
pub trait QuotaServer: Send + Sync + 'static {
    /// Leases times.
    fn lease<'a>(&'a self, request: &'a LeaseRequest) -> Leasing<'a>;
}
