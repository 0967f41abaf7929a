//! What Bakkt says unasked: the receiver of its webhooks, and the import of events that came by another way.
//!
//! ```text
//!  connection ──▶ proof ──▶ body ──▶ writer ──▶ events.db (journal::events)
//!  places, time   whose     what     many events share one commit; then, and only then: 200
//! ```
//!
//! Invariants: 200 means that the event is on the disk; what does not prove that it is Bakkt's leaves no trace but a
//! count; what does is never thrown away, readable or not; no secret, header or body is logged.
//! Left out on purpose: TLS, which is for a proxy in front; what an event means for a customer (`contract::decision`);
//! and acting on it: a running `run` looks into `events.db` for itself.

pub mod body;
mod connection;
pub mod import;
pub mod naming;
pub mod proof;
pub mod receiver;
pub mod tally;
mod writer;

pub use proof::Proof;
pub use receiver::WebhookReceiver;
pub use tally::ReceiverCounters;

/// No body of an event is longer, in bytes.
pub(crate) const LONGEST_BODY: usize = 64 * 1024;
