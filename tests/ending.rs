//! The end: closing a migration, and forgetting one customer in the middle of it.

mod close;
mod evidence;
mod forget;
mod forgotten_ids;
mod questions;
mod read_only;
mod rehearsal;
mod shards;
mod workbook;
mod world;
