//! The report, from journals written by hand.

mod accounts;
mod after;
mod beside;
mod case;
mod findings;
mod workbook;
