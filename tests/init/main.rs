//! `init` and `inspect`, driven as a process.

#[path = "../support/mod.rs"]
mod support;

mod count;
mod truth;
