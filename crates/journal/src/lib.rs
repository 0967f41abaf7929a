//! The journal: what a migration plans, sends and learns, kept so that the program may be killed at any instant.
//!
//! The crate owns the two databases of a state folder, their key and their locks, and is the only user of SQLite:
//! `journal.db`, which [`Journal`] alone writes, and `events.db`, which [`events::Events`] alone writes. [`Reader`] reads
//! both beside them.
//!
//! It promises:
//! - a commit is durable (WAL, `synchronous=FULL`) before anybody acts on it;
//! - no customer value is in either database: ids, positions, codes and keyed hashes only, and what must be kept is sealed;
//! - each database has one writer at a time, by a lock that the operating system drops when the process dies;
//! - a database of a newer program is refused, one of an older program is brought up to date and goes on;
//! - a disk error ends the run and is never retried in place.
//!
//! Left out: what a state means to a run (`engine`), and whether the totals balance (`report`).
//!
//! # Folders
//!
//! Each uses only those above it.
//!
//! - `schema`: what is stored and in what form: tables, versions, codes, counters, sealed and hidden texts, files
//! - `chain`: the form of the chain of entries that says what was done
//! - `events`: the database of Bakkt's webhooks: its writer, and how others see it
//! - `write`: [`Journal`]: the plan, the tasks and every change of their state, what was read back, the operator log
//! - `read`: [`Reader`]: counts and lines for reports, as of one instant
//! - `custody`: fiat custody: its plan, its tasks, customers' sessions, what a person says of it
//! - `decisions`: what a person decides: exclusions, choices between rows, retries, waivers, outcomes of KYB
//! - `journals`: [`Journals`]: the journals of a migration's shards, read as one
//! - `registry`: which journal each shard has, and who works on it: a file that all machines reach
//! - `replan`: taking a new plan over, with or without a backfill file
//!
//! # Codes
//!
//! SQL names states, kinds, verdicts and outcomes: `state = {state.accepted}`. The numbers stand in one table,
//! `schema::codes`, and the macro `sql!` puts them in when the program is compiled. A test reads every file of SQL and every
//! statement in the sources and finds bare numbers.

#[macro_use]
mod schema;

pub mod chain;
pub mod custody;
pub mod decisions;
pub mod events;
pub mod journals;
pub mod read;
pub mod registry;
pub mod replan;
pub mod write;

#[cfg(test)]
mod tests;

pub use journals::Journals;
pub use read::{Reader, explained};
pub use schema::hidden_codes::{CodeKey, HiddenKind, is_hidden_id};
pub use schema::seal::open_sealed;
pub use schema::state_files::{known_key, share_key};
pub use schema::tombstone::{Tombstone, refuse_closed};
pub use schema::{EVENTS as EVENTS_SCHEMA, JOURNAL as JOURNAL_SCHEMA};
pub use write::Journal;
pub use write::closing::finish_closing;
pub use write::comparison::FoundAlteration;

/// UTC milliseconds since 1970.
pub fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
