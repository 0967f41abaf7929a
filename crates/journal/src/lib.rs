//! The journal: the only owner of truth about a run, and the only user of rusqlite.
//!
//! Owner of `journal.db` (schema, migrations), of its key and its lock. [`Journal`] is the one writer; [`query`] reads
//! beside it. Of `events.db` beside it too, which has a writer of its own ([`events`]). Invariants: commits are durable (WAL, synchronous=FULL) before they are acted on; the file holds no
//! customer value (see `schema_v1.sql`); one writer at a time, by a lock that the operating system drops when the
//! process dies; a journal that is newer than the program is refused; an error of the disk ends the run and is never
//! retried in place.
//! Left out on purpose: what a state means to a run (`submit`), and totals (`report`).

pub mod behind;
pub mod beside;
pub mod chosen;
pub mod codes;
pub mod counts;
pub mod document_counts;
pub mod document_lines;
pub mod documents;
pub mod event_lines;
pub mod events;
pub mod files;
pub mod finding_lines;
pub mod findings;
pub mod follow;
pub mod gap_lines;
pub mod known_files;
pub mod kyb_lines;
pub mod layer_lines;
pub mod layers;
pub mod lines;
pub mod links;
pub mod manual_kyb;
pub mod open;
pub mod ownership;
pub mod passes;
pub mod person;
pub mod plan;
pub mod query;
pub mod reappeared;
pub mod replan;
pub mod restricted;
pub mod seal;
pub mod set_aside;
pub mod state;
pub mod tasks;
pub mod unread;
pub mod verification;
pub mod verification_lines;
pub mod waive;

pub use open::{Journal, check_version};

/// UTC milliseconds since 1970.
pub fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
