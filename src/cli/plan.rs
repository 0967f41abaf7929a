//! `plan` and `approve`: syntax.

use std::path::PathBuf;

use clap::Args;

use super::TargetArgs;

/// `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// The migration folder.
    pub dir: PathBuf,
    /// Target.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Read the exports to their end to see whether they changed, also where their files say that they did not.
    #[arg(long)]
    pub rehash: bool,
    /// Print everything as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `approve`.
#[derive(Debug, Args)]
pub struct ApproveArgs {
    /// The migration folder.
    pub dir: PathBuf,
    /// Target.
    #[command(flatten)]
    pub target: TargetArgs,
    /// The hash of the plan, as `plan` prints it; of a migration in shards, those of all of them.
    #[arg(long, value_name = "HASH", required = true, num_args = 1..)]
    pub plan: Vec<String>,
    /// A pilot: no more than so many accounts, of each plan.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
    /// Your key: a private key (Ed25519, mode 0600), or the .pub of one that an SSH agent has.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
}
