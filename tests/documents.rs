//! Documents through the program: what is planned, what is refused and in which words, and what reaches the sandbox.
//!
//! The sandbox's ledger says what was uploaded, the journal what was planned, `check` what a person is told.

mod hostile;
mod rules;
mod sending;
mod sides;
mod spelling;
pub mod world;
