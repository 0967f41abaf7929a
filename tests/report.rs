//! The report, from journals written by hand.

mod accounts;
mod after;
mod beside;
pub mod case;
mod findings;
mod workbook;
