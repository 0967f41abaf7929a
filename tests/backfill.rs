//! `backfill`: filled sheets and corrected exports become updates and creations, and nothing else changes.
//!
//! The sandbox judges: what it holds, and how often it was written.

mod crash;
mod disagreeing;
mod documents;
mod export;
mod fields;
mod owners;
mod phones;
mod restricted;
mod same;
mod sheets;
mod silence;
pub mod world;
