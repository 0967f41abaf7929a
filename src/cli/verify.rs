//! What is to be read back.

use std::path::PathBuf;

use clap::Args;

use super::TargetArgs;

/// `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The migration folder.
    pub dir: PathBuf,
    /// Target.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Only the clientAccountIds in this file, one per line.
    #[arg(long, value_name = "FILE")]
    pub only: Option<PathBuf>,
    /// Only accounts that Bakkt has not decided about, as far as it is known, or whose events contradict each other.
    #[arg(long)]
    pub unsettled: bool,
    /// Only whether accounts are there, and their status; reads no export and compares nothing.
    #[arg(long, conflicts_with = "content")]
    pub status_only: bool,
    /// Download every document too, and compare its content.
    #[arg(long)]
    pub content: bool,
    /// Begin a new pass, also when the last one is not over.
    #[arg(long)]
    pub again: bool,
    /// Read no more than so many accounts in this call.
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
    /// Print the summary as one JSON object.
    #[arg(long)]
    pub json: bool,
}
