//! The end of a migration, and of what is kept of one customer.

use clap::Args;

use super::{ByArgs, ViewArgs};

/// `close`.
#[derive(Debug, Args)]
pub struct CloseArgs {
    /// The migration to close; of shards, all of them.
    #[command(flatten)]
    pub view: ViewArgs,
    /// The reason, which the report repeats.
    #[arg(long)]
    pub reason: String,
    /// The person who decides.
    #[command(flatten)]
    pub by: ByArgs,
    /// Do not ask before anything is deleted.
    #[arg(long)]
    pub yes: bool,
}

/// `forget`.
#[derive(Debug, Args)]
pub struct ForgetArgs {
    /// The migration; of shards, all of them.
    #[command(flatten)]
    pub view: ViewArgs,
    /// The clientAccountId of the customer who asked.
    #[arg(long, value_name = "ID")]
    pub id: String,
    /// Only say what is here and what Bakkt has; nothing changes, and nobody has to be named.
    #[arg(long)]
    pub dry_run: bool,
    /// Also note somebody of whom nothing is known here, so that no later plan sends them.
    #[arg(long)]
    pub in_no_plan: bool,
    /// The reason, which the report repeats; without the id, which would stay in the chain.
    #[arg(long, required_unless_present = "dry_run")]
    pub reason: Option<String>,
    /// The person who decides.
    #[command(flatten)]
    pub by: ByArgs,
}
