//! `sessions` and `custody`: syntax.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{ReplaceArgs, ShardArgs, TargetArgs};

/// `sessions`.
#[derive(Debug, Args)]
pub struct SessionsArgs {
    /// The subcommand.
    #[command(subcommand)]
    pub what: SessionsCommand,
}

/// What is done with customers' sessions.
#[derive(Debug, Subcommand)]
pub enum SessionsCommand {
    /// Take sessions from a file, one JSON object a line: clientAccountId or user_uuid, session, issued_at.
    Import(SessionsImportArgs),
    /// Receive sessions until Ctrl-C, each with a signed proof. TLS is for a proxy in front.
    Serve(SessionsServeArgs),
    /// The customers for whom a session is needed, in a new file for your own mailing.
    Wanted(SessionsWantedArgs),
}

/// `sessions import`.
#[derive(Debug, Args)]
pub struct SessionsImportArgs {
    /// The migration folder.
    pub dir: PathBuf,
    /// The file; only its owner may read it (chmod 600). - is standard input.
    pub file: PathBuf,
    /// Beside the sandbox's journal.
    #[arg(long)]
    pub sandbox: bool,
    /// The shard.
    #[command(flatten)]
    pub shards: ShardArgs,
    /// Print what was taken as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `sessions serve`.
#[derive(Debug, Args)]
pub struct SessionsServeArgs {
    /// The migration folder.
    pub dir: PathBuf,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8788")]
    pub listen: SocketAddr,
    /// Beside the sandbox's journal.
    #[arg(long)]
    pub sandbox: bool,
    /// The shard.
    #[command(flatten)]
    pub shards: ShardArgs,
}

/// `sessions wanted`.
#[derive(Debug, Args)]
pub struct SessionsWantedArgs {
    /// The migration folder.
    pub dir: PathBuf,
    /// The new CSV file to write.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// What they have to log in for.
    #[arg(long = "for", value_enum, value_name = "WHAT", default_value = "run")]
    pub purpose: SessionPurpose,
    /// What --out does with a file that is there.
    #[command(flatten)]
    pub replacing: ReplaceArgs,
    /// Of the sandbox's journal.
    #[arg(long)]
    pub sandbox: bool,
    /// The shard.
    #[command(flatten)]
    pub shards: ShardArgs,
    /// Print the counts as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// What customers have to log in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SessionPurpose {
    /// The next run: tasks that wait for a session.
    Run,
    /// `custody numbers`: bank accounts and savings accounts that were made.
    Numbers,
    /// `verify`: these, and recipients.
    Verify,
}

/// `custody`.
#[derive(Debug, Args)]
pub struct CustodyArgs {
    /// The subcommand.
    #[command(subcommand)]
    pub what: CustodyCommand,
}

/// What is asked of custody.
#[derive(Debug, Subcommand)]
pub enum CustodyCommand {
    /// Read the numbers of the new bank accounts back, into a new file for your own systems. It holds customer data.
    Numbers(CustodyNumbersArgs),
}

/// `custody numbers`.
#[derive(Debug, Args)]
pub struct CustodyNumbersArgs {
    /// The migration folder.
    pub dir: PathBuf,
    /// Target.
    #[command(flatten)]
    pub target: TargetArgs,
    /// The new CSV file to write. It holds customer data; only you can read it.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// What --out does with a file that is there.
    #[command(flatten)]
    pub replacing: ReplaceArgs,
    /// Print the counts as one JSON object.
    #[arg(long)]
    pub json: bool,
}
