//! The report, from journals written by hand.

mod accounts;
mod beside;
mod case;
