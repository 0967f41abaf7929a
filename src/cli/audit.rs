//! `audit` and `verify-report`: syntax. Sealing, and sending heads away, for the commands that can.

use std::path::PathBuf;

use clap::Args;

use super::ViewArgs;
use crate::commands::checkpoint::HeadTarget;

/// `audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// The migration to look at.
    #[command(flatten)]
    pub view: ViewArgs,
    /// A head that was kept outside of the journal: a file of --head-to, a manifest, or the folder of a sealed report. Without
    /// one, a chain that was computed anew as a whole does not show.
    #[arg(long, value_name = "FILE")]
    pub head: Vec<PathBuf>,
    /// The allowed_signers file by which sealed reports are believed whose heads are taken.
    #[arg(long, value_name = "FILE", requires = "head")]
    pub signers: Option<PathBuf>,
}

/// `verify-report`.
#[derive(Debug, Args)]
pub struct VerifyReportArgs {
    /// The folder of the sealed report.
    pub folder: PathBuf,
    /// The allowed_signers file: whose keys are believed.
    #[arg(long, value_name = "FILE")]
    pub signers: PathBuf,
    /// Print what was found as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Where the head of the chain goes.
#[derive(Debug, Default, Args)]
pub struct HeadArgs {
    /// Write the head of the chain to this file, or post it to this address (https), so that it is kept outside of the journal;
    /// `audit` compares with it.
    #[arg(long = "head-to", value_name = "FILE|URL")]
    pub to: Option<HeadTarget>,
}
