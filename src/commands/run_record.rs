//! What the chain says of a run: the program, the machine, the person's arguments, the target, and how many tasks there are.
//!
//! Owner of which facts these are. Invariant: no secret and no customer's id is among them. Left out on purpose: which arguments
//! are kept (`run_arguments`), what a run sends (the plan's own entry), and how it is kept (`journal::chain`).

use clap::CommandFactory;
use serde_json::{Value, json};

use super::run_arguments;
use crate::built;
use crate::cli::Cli;
use bakkt_files::{checksums, machine};
use bakkt_journal::chain::EntryKind;
use bakkt_journal::{Journal, now};
use bakkt_model::address::shown_address;

/// Records that a run begins; `what` it is: sending, settling, custody. Returns its number.
pub fn begin(journal: &mut Journal, what: &str) -> anyhow::Result<i64> {
    let arguments = std::env::args_os().skip(1);
    let arguments = arguments.map(|argument| argument.to_string_lossy().into_owned());
    let facts = json!({
        "what": what,
        "program": program(),
        "host": machine::host(),
        "user": machine::user(),
        "arguments": run_arguments::kept(&Cli::command(), arguments),
        "target": journal.meta("target")?,
        "dialect": journal.meta("dialect")?,
        "tasks": journal.task_counts()?,
    });
    journal.begin_run(now(), facts)
}

/// Records that a command begins which writes what Bakkt tells, so that an audit beside it, or after it was killed, knows why rows
/// are others.
pub fn work(journal: &Journal, what: &str) -> anyhow::Result<()> {
    let body = json!({"what": what, "program": program()});
    journal
        .append_entry(EntryKind::Work, now(), &body)
        .map(drop)
}

/// Records how a run has ended.
pub fn end(journal: &mut Journal, number: i64, outcome: &str) -> anyhow::Result<()> {
    let facts = json!({"tasks": journal.task_counts()?});
    journal.end_run(number, now(), outcome, facts)
}

/// Which program this is: as it says of itself, and its own file's SHA-256.
pub fn program() -> Value {
    let own = checksums::of_this_program();
    json!({
        "version": built::VERSION,
        "commit": built::COMMIT,
        "build": built::BUILD,
        "sha256": own.map(|own| own.sha256),
    })
}

/// An address without what may be a login or a token of it; whatever else an argument is stays as it is.
pub fn without_login(argument: String) -> String {
    match argument.contains("://") {
        true => shown_address(&argument).replace("://…@", "://"),
        false => argument,
    }
}
