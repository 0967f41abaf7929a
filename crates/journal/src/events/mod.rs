//! `events.db`: what Bakkt's webhooks said, in a database of its own beside the journal, so that a receiver and a run never
//! wait for each other.

pub(crate) mod attach;
pub(crate) mod known_ids;
pub(crate) mod last_events;
pub(crate) mod party;
pub(crate) mod routed;
pub(crate) mod writer;

pub use crate::schema::state_files::events_path as path;
pub use last_events::LastEvents;
pub use routed::{OpenShard, RoutedEvents};
pub use writer::{AddOutcome, ArrivedEvent, EventSource, EventStatement, Events};
