//! `events`: syntax.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ShardArgs;

/// `events`.
#[derive(Debug, Args)]
pub struct EventsArgs {
    /// The subcommand.
    #[command(subcommand)]
    pub what: EventsCommand,
}

/// Ways for events to come in.
#[derive(Debug, Subcommand)]
pub enum EventsCommand {
    /// Receive webhooks until Ctrl-C. TLS is for a proxy in front.
    Serve(ServeArgs),
    /// Take events from a file, one JSON body a line. Taking it again adds nothing.
    Import(ImportArgs),
}

/// `events serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The migration folder.
    pub dir: PathBuf,
    /// Where to listen; port 0 takes a free one. Beyond this machine only with a secret.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8787")]
    pub listen: SocketAddr,
    /// Take events that nothing proves to be Bakkt's. For trials; only on an address of this machine.
    #[arg(long)]
    pub without_proof: bool,
    /// Beside the sandbox's journal.
    #[arg(long)]
    pub sandbox: bool,
    /// The shards for which events are kept: one, or all, each event with the shard of its account.
    #[command(flatten)]
    pub shards: ShardArgs,
    /// Print what was taken as one JSON object at the end; the address goes to stderr.
    #[arg(long)]
    pub json: bool,
}

/// `events import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The migration folder.
    pub dir: PathBuf,
    /// The file; - is standard input.
    pub file: PathBuf,
    /// Beside the sandbox's journal.
    #[arg(long)]
    pub sandbox: bool,
    /// The shards for which events are kept: one, or all, each event with the shard of its account.
    #[command(flatten)]
    pub shards: ShardArgs,
    /// Print what was taken as one JSON object.
    #[arg(long)]
    pub json: bool,
}
