//! Links by which customers verify documents.

use std::path::PathBuf;

use clap::Args;

use super::{ByArgs, ReplaceArgs, TargetArgs};

/// `links`.
#[derive(Debug, Args)]
pub struct LinksArgs {
    /// The migration folder.
    pub dir: PathBuf,
    /// Target.
    #[command(flatten)]
    pub target: TargetArgs,
    /// The new CSV file to write; DIR/links-DATE-TIME.csv unless given. It holds customers' own links.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// What --out does with a file that is there.
    #[command(flatten)]
    pub replacing: ReplaceArgs,
    /// Leave out those whose link was fetched before and is good for longer than this.
    #[arg(long, value_name = "TIME", default_value = "24h")]
    pub renew_within: jiff::SignedDuration,
    /// Leave nobody out.
    #[arg(long)]
    pub all: bool,
    /// The reason, which the report repeats.
    #[arg(long)]
    pub reason: Option<String>,
    /// The person who decides.
    #[command(flatten)]
    pub by: ByArgs,
    /// Print the summary as one JSON object.
    #[arg(long)]
    pub json: bool,
}
