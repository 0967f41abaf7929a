//! The integration tests: the program as its users meet it, and the library as the program uses it.
//!
//! One binary, so that the program is linked once; one module for each command or subject, and `support` for what they
//! share. The tests are threads of one process: none changes its environment or its current folder, and each has folders,
//! ports and child processes of its own. `cargo test --test program replan::` runs one module.

#[path = "../examples/generate/export/mod.rs"]
mod export;
mod support;

// For its features: Cargo.toml.
use regex_automata as _;

mod account_types;
mod all_the_way;
mod approval;
mod architecture;
mod at_bakkt;
mod audit;
mod backfill;
mod bytes;
mod canary;
mod cases;
mod claims;
mod commands;
mod control;
mod crash;
mod crash_entities;
mod csv_tables;
mod custody;
mod delivered;
mod dependencies;
mod deploy;
mod detect;
mod docs;
mod documents;
mod ending;
mod events;
mod events_crash;
mod follow;
mod forbidden;
mod formats;
mod gaps;
mod generator;
mod harbor;
mod hostile_workbooks;
mod init;
mod interrupt;
mod joins;
mod judge;
mod links;
mod manual_kyb;
mod mutations;
#[cfg(feature = "object-storage")]
mod objects;
mod owner_facts;
mod people;
mod properties;
mod replan;
mod report;
mod sandbox;
mod sandbox_decisions;
mod sandbox_documents;
mod sandbox_entity;
mod schema;
mod shards;
mod shared_ids;
mod templates;
mod uploads;
mod verify;
mod workbooks;
