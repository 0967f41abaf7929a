//! Talking to Bakkt: the only user of reqwest.
//!
//! Owner of [`client`] (requests, authentication, time limits), [`judge`] (what an answer means, as pure functions),
//! [`mask`] (what of an answer may be kept), [`pieces`] (the body of an upload), [`compare`] (what Bakkt shows otherwise
//! than we sent it) and [`read_back`] (answers read for that). Invariants: the HTTP library
//! follows no redirect and repeats nothing; a key or a payload appears in no error; `rejectedValue` is never read.
//! Left out on purpose: when to send and what follows (`submit`).

pub mod client;
pub mod compare;
pub mod judge;
pub mod link;
pub mod mask;
pub mod pieces;
pub mod read_back;

pub use client::{Client, Credentials, Reply};
pub use pieces::Upload;
