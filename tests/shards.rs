//! Shards: several processes, each with a journal of its own, are together one migration.
//!
//! The sandbox's ledger judges what was sent; a run of the whole migration judges what shards count together.

mod all;
mod backfills;
mod customers;
mod merged;
mod once;
mod quota;
mod wide_changes;
pub mod world;
