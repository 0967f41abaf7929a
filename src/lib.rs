//! bakkt-migrate: batch migration of a firm's existing customers to Bakkt.
//!
//! The program: arguments, commands, logs. The stages are crates of their own, below `crates/`, in the order of the way
//! through:
//!
//! ```text
//!  export ──source──▶ rows ──mapping──▶ draft ──assess──▶ verdict + gaps + payload     (threads; pure: pipeline)
//!                                                               │
//!                                          plan: one transaction per batch
//!                                                               ▼
//!                                                            JOURNAL   ◀── the only owner of truth
//!                                                               │
//!              submit: claim → limiter → api → judge → record   │                        (tokio)
//!              verify: pick → limiter → api → compare → record  │
//!                                                               ▼
//!                                             report, status: the journal, nothing else
//! ```
//!
//! The invariants are in ARCHITECTURE.md.

pub mod built;
pub mod cli;
pub mod commands;
pub mod logging;
pub mod process;
