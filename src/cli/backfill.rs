//! `backfill`: syntax only.

use std::path::PathBuf;

use clap::Args;

use super::{ByArgs, TargetArgs};

/// `backfill`.
#[derive(Debug, Args)]
pub struct BackfillArgs {
    /// The migration folder.
    pub dir: PathBuf,
    /// A sheet with a column clientAccountId and fields, as a workbook or CSV; or a corrected accounts' export.
    pub file: PathBuf,
    /// Of a workbook: the sheet; "Backfill" or the only one unless given.
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// Target: what is in doubt there is settled first.
    #[command(flatten)]
    pub target: TargetArgs,
    /// The reason, which the report repeats.
    #[arg(long)]
    pub reason: Option<String>,
    /// The person who decides.
    #[command(flatten)]
    pub by: ByArgs,
    /// Both sides have acknowledged the agreements of accepted accounts that it changes: their updates may be sent.
    #[arg(long)]
    pub agreements_acknowledged: bool,
    /// Only show what it would do. Nothing is kept, nobody is asked.
    #[arg(long)]
    pub dry_run: bool,
    /// Print the summary as one JSON object.
    #[arg(long)]
    pub json: bool,
}
