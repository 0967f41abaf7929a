//! bakkt-migrate: batch migration of a firm's existing customers to Bakkt.
//!
//! The way through, and the modules in its order:
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

pub mod cli;
pub mod commands;
pub mod migration;
pub mod settings;

pub mod error;
pub mod logging;
pub mod output;
pub mod process;
pub mod sensitive;
pub mod small_files;
pub mod state_folder;
pub mod terminal;
pub mod toml_file;

pub mod model;
pub mod text;

pub mod contract;
pub mod masking;
pub mod source;

pub mod mapping;

pub mod assess;

pub mod findings;

pub mod pipeline;

pub mod planning;

pub mod documents;

pub mod inspect;

pub mod guess;

pub mod try_out;

pub mod journal;

pub mod api;

pub mod submit;

pub mod verify;

pub mod events;
pub mod links;

pub mod schema;

pub mod report;

pub mod sandbox;

pub mod progress;
