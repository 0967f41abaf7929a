//! `control`: syntax.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ByArgs, ShardArgs};

/// `control`.
#[derive(Debug, Args)]
pub struct ControlArgs {
    /// The migration folder.
    pub dir: PathBuf,
    /// What to do.
    #[arg(value_enum, value_name = "WHAT")]
    pub what: ControlVerb,
    /// Of `rate`: a kind of call and its rate, such as create=20/s, or create=limits for that of the settings. Of `in-flight`: a
    /// number, or limits.
    #[arg(value_name = "VALUE")]
    pub values: Vec<String>,
    /// Of the run that sends to the sandbox inside its process.
    #[arg(long)]
    pub sandbox: bool,
    /// The shard.
    #[command(flatten)]
    pub shards: ShardArgs,
    /// Why, for the report.
    #[arg(long)]
    pub reason: String,
    /// The person who decides.
    #[command(flatten)]
    pub by: ByArgs,
}

/// What to do with a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ControlVerb {
    /// Hold everything: requests on their way end, and nothing more leaves.
    Pause,
    /// Go on.
    Resume,
    /// End the run, as Ctrl-C does: requests on their way end first.
    Stop,
    /// Send at lower rates.
    Rate,
    /// No more requests of a kind on their way at once.
    InFlight,
}
