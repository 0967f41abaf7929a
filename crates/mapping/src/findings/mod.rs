//! Findings: values that every rule accepts and that a careful person would question all the same.
//!
//! Owner of the checks of one record ([`Checks`], run on the scanning threads) and of those that compare records
//! ([`Gathering`]). A finding never changes a value; at most it keeps a customer from being sent, where the settings say
//! `block`. The kinds, their words and what may be done about each stand in `model`.
//! Invariants: pure; a finding holds positions, field names and masked shapes, never a value; what is compared between
//! records are hashes of eight bytes under a key that this process alone has and that is gone with it.
//! Left out on purpose: documents (`documents::conflicts`), and where findings go (`commands`, `journal`, `report`).

pub mod address;
pub(crate) mod amounts;
pub(crate) mod birth;
pub mod checks;
pub mod date_cells;
pub mod entities;
pub(crate) mod free_texts;
pub mod gather;
pub mod groups;
pub mod ids;
mod letters;
mod name_slots;
mod other_field;
pub(crate) mod people;
mod places;
mod shares;
pub mod text;

pub use checks::{Checks, ComparisonKeys, RecordFindings};
pub use gather::{GatheredFindings, Gathering};
