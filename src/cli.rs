//! The command line: syntax only.

mod audit;
mod backfill;
mod control;
mod custody;
mod ending;
mod events;
mod links;
mod people;
mod plan;
mod shards;
mod verify;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use audit::{AuditArgs, HeadArgs, VerifyReportArgs};
pub use backfill::BackfillArgs;
pub use control::{ControlArgs, ControlVerb};
pub use custody::{
    CustodyArgs, CustodyCommand, CustodyNumbersArgs, SessionPurpose, SessionsArgs, SessionsCommand,
    SessionsImportArgs, SessionsServeArgs, SessionsWantedArgs,
};
pub use ending::{CloseArgs, ForgetArgs};
pub use events::{EventsArgs, EventsCommand, ImportArgs, ServeArgs};
pub use links::LinksArgs;
pub use people::{
    ByArgs, ExcludeArgs, GapsArgs, Resolution, ResolveArgs, ResolvedAs, RetryArgs, WaiveArgs,
    WhoseArgs,
};

pub use plan::{ApproveArgs, PlanArgs};
pub use shards::{ShardArgs, ShardChoice};
pub use verify::VerifyArgs;

/// Moves a firm's existing customers to Bakkt: checked before, resumable during, accounted for afterwards.
#[derive(Debug, Parser)]
#[command(name = "bakkt-migrate", version = crate::built::TEXT, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// No progress on the terminal; errors only.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Log to stderr: -v what happens, -vv every request.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// How the log on stderr is written.
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub log_format: LogFormat,
}

/// How the log on stderr is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// A line that people read.
    Text,
    /// A JSON object a line.
    Json,
}

const EXIT_CODES: &str = "Exit codes: 0 all done and balanced · 1 could not go on · 2 wrong arguments or configuration · \
3 done, but records need a person · 4 interrupted or stopped: run the same command to go on";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// What exports hold, column by column: shapes and counts, never a value.
    Inspect(InspectArgs),
    /// A first migration.toml and mapping, guessed from exports. Nothing that exists is overwritten.
    Init(InitArgs),
    /// Dry run: what would be sent, and what is missing. No network, no journal.
    Check(CheckArgs),
    /// Make the plan, and print its hash, totals and forecast; with a page for those who approve it.
    Plan(PlanArgs),
    /// Sign an approval of a plan.
    Approve(ApproveArgs),
    /// Plan (or find the plan), send, and write the report. The same command resumes.
    Run(RunArgs),
    /// Steer a run that goes on: pause, resume, stop, lower rates.
    Control(ControlArgs),
    /// Where a migration stands; works beside a running run.
    Status(StatusArgs),
    /// Write the report again from the journal.
    Report(ReportArgs),
    /// Check that the record of what was done was not altered: its chain, and the rows that it vouches for.
    Audit(AuditArgs),
    /// Check a sealed report by its signature, without the journal.
    VerifyReport(VerifyReportArgs),
    /// After a changed export, mapping or policy: plan anew what was not accepted.
    Replan(ReplanArgs),
    /// The open gaps by the day they are due; with --sheet, a workbook for those who ask the customers.
    Gaps(GapsArgs),
    /// Let gaps go that will not be closed.
    Waive(WaiveArgs),
    /// Leave customers out that Bakkt does not have.
    Exclude(ExcludeArgs),
    /// Take a filled sheet or a corrected export, and plan what it changes: creations and updates for the next run.
    Backfill(BackfillArgs),
    /// Send refused or given-up records again.
    Retry(RetryArgs),
    /// Forget a customer who asks for erasure: what is here of them goes, and no plan sends them again.
    Forget(ForgetArgs),
    /// The end of a migration: deletes what must not outlive it, keeps the record of what was done, and lets nothing run here again.
    Close(CloseArgs),
    /// Settle what only a person can: a KYB trigger or a user whose answer was lost, or which of several rows with one id is right.
    Resolve(ResolveArgs),
    /// Read back what Bakkt has and compare it with what was sent; says where each account stands.
    Verify(VerifyArgs),
    /// Verification links of the customers who are asked for documents, in a new file for your own mailing.
    Links(LinksArgs),
    /// The accounts with an owner that is an entity: what Bakkt's form asks, what is known, what to ask for.
    ManualKyb(ManualKybArgs),
    /// What Bakkt decides about customers: receive its webhooks, or take events from a file.
    Events(EventsArgs),
    /// Customers' sessions for fiat custody: take them from a file, receive them, or list for whom one is needed.
    Sessions(SessionsArgs),
    /// Fiat custody: read the numbers of new bank accounts back.
    Custody(CustodyArgs),
    /// Print the JSON Schema of a file that you write, for an editor that completes and checks it.
    Schema(SchemaArgs),
    /// A stand-in for Bakkt on loopback.
    Sandbox(SandboxArgs),
    /// Print what makes a shell complete commands, options and files.
    Completions(CompletionsArgs),
    /// Write the manual pages, one for each command, into a new folder.
    Man(ManArgs),
    /// Parses a workbook in a process of its own; started by the commands that read exports.
    #[command(hide = true)]
    ReadWorkbook(ReadWorkbookArgs),
}

/// `inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// The exports.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Print everything as one JSON object.
    #[arg(long)]
    pub json: bool,
    /// How they are read.
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// How files are read, where that is not left to be found; it holds for every file that is named.
#[derive(Debug, Args)]
pub struct ReadingArgs {
    /// The files have no header row: columns are named by position, `#1`.
    #[arg(long, conflicts_with = "header")]
    pub no_header: bool,
    /// The header row stands at this line of each file.
    #[arg(long, value_name = "LINE", value_parser = clap::value_parser!(u64).range(1..))]
    pub header: Option<u64>,
    /// What the characters of the files are written in, such as windows-1250 or cp437.
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// Where the fields of fixed width stand: a TOML file with the keys of [source.layout], or a COBOL copybook.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["no_header", "header", "sheet"])]
    pub layout: Option<PathBuf>,
    /// Of zip archives: the member that is read, as a pattern such as "customers*.csv".
    #[arg(long, value_name = "PATTERN")]
    pub member: Option<String>,
    /// Of JSON files: the array of every object whose elements are rows.
    #[arg(long, value_name = "ARRAY")]
    pub rows: Option<String>,
    /// The sheet that is read of each workbook. (In `backfill` the same option names the sheet of the filled workbook, and in
    /// `gaps` the workbook to write.)
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
}

impl ReadingArgs {
    /// What to write into migration.toml about the header; none where it is found.
    pub fn header_setting(&self) -> Option<String> {
        match self.header {
            _ if self.no_header => Some("false".into()),
            line => line.map(|line| line.to_string()),
        }
    }
}

/// `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The migration folder to make.
    pub dir: PathBuf,
    /// The exports: that of the accounts, and those of owners or trusted contacts beside it. They stay where they are.
    #[arg(long = "from", value_name = "FILE", required = true, num_args = 1..)]
    pub files: Vec<PathBuf>,
    /// How they are read; written into migration.toml.
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The migration folder.
    pub dir: PathBuf,
    /// Write every gap to this CSV file.
    #[arg(long, value_name = "FILE")]
    pub gaps: Option<PathBuf>,
    /// Write every payload that would be sent to this file, one JSON per line. It holds customer data.
    #[arg(long, value_name = "FILE")]
    pub payloads: Option<PathBuf>,
    /// Write every finding to this CSV file.
    #[arg(long, value_name = "FILE")]
    pub findings: Option<PathBuf>,
    /// What --gaps and --payloads do with files that are there.
    #[command(flatten)]
    pub replacing: ReplaceArgs,
    /// The shard whose rows are counted; findings are those of the whole export.
    #[command(flatten)]
    pub shards: ShardArgs,
    /// Print the summary as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Files of output that are there already.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct ReplaceArgs {
    /// Replace earlier outputs of this command; any other file that is there stays as it is, and ends the command.
    #[arg(long)]
    pub replace: bool,
}

/// Which target, and so which journal.
#[derive(Debug, Args)]
pub struct TargetArgs {
    /// A stand-in for Bakkt inside this process, with a journal of its own.
    #[arg(long, conflicts_with = "base_url")]
    pub sandbox: bool,
    /// Instead of `target.base_url`; plain http to loopback only.
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// The shard.
    #[command(flatten)]
    pub shards: ShardArgs,
}

/// `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The migration folder.
    pub dir: PathBuf,
    /// Target.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Settings of the in-process sandbox: its faults, its rate.
    // What `--sandbox` excludes would stand in for it otherwise.
    #[arg(
        long,
        value_name = "FILE",
        requires = "sandbox",
        conflicts_with = "base_url"
    )]
    pub sandbox_config: Option<PathBuf>,
    /// Do not ask before sending.
    #[arg(long)]
    pub yes: bool,
    /// Send no more than so many accounts in this run.
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
    /// Send only the clientAccountIds in this file, one per line.
    #[arg(long, value_name = "FILE")]
    pub only: Option<PathBuf>,
    /// The file that says which journal each shard has and who works on it, the same for all shards; made by the first. Without
    /// it, the quota server of the settings says so, if they name one.
    #[arg(long, value_name = "FILE")]
    pub registry: Option<PathBuf>,
    /// Where the head of the chain goes, at the end.
    #[command(flatten)]
    pub head: HeadArgs,
    /// Serve what is known of the run at this address, for Prometheus: a port of this machine, or an address with a port.
    #[arg(long, value_name = "ADDRESS", value_parser = metrics_address)]
    pub metrics_listen: Option<SocketAddr>,
    /// The key with which you sign for the run, where `approval` is set; instead of `run_key` there.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Exit code 0 instead of 3, for schedulers that would repeat what is done.
    #[arg(long)]
    pub done_is_zero: bool,
    /// Read the exports to their end to see whether they changed, also where their files say that they did not.
    #[arg(long)]
    pub rehash: bool,
    /// Print the summary as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// What to look at.
    #[command(flatten)]
    pub view: ViewArgs,
    /// Fill the terminal with where it stands, once a second, until q is pressed.
    #[arg(long, conflicts_with = "json")]
    pub watch: bool,
}

/// Which journal to look at.
#[derive(Debug, Args)]
pub struct ViewArgs {
    /// The migration folder.
    pub dir: PathBuf,
    /// Of the sandbox's journal.
    #[arg(long)]
    pub sandbox: bool,
    /// The shard.
    #[command(flatten)]
    pub shards: ShardArgs,
    /// Print the summary as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// What to look at.
    #[command(flatten)]
    pub view: ViewArgs,
    /// The folder to write to; DIR/report (DIR/report/sandbox) unless given. An earlier report in it is replaced.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// One report of all shards, balanced against the whole export.
    #[arg(long)]
    pub merge: bool,
    /// Seal the report: a manifest of every file, signed with this key (Ed25519; a private key of mode 0600, or a public key whose
    /// private half an SSH agent has). It gets a folder of its own, named by the time, and is never replaced.
    #[arg(long, value_name = "KEY")]
    pub seal_with: Option<PathBuf>,
    /// Where the head of the chain goes.
    #[command(flatten)]
    pub head: HeadArgs,
}

/// `replan`.
#[derive(Debug, Args)]
pub struct ReplanArgs {
    /// The migration folder.
    pub dir: PathBuf,
    /// Target: what is in doubt there is settled first.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Why, for the report.
    #[arg(long)]
    pub reason: Option<String>,
    /// Who.
    #[command(flatten)]
    pub by: ByArgs,
    /// Send changed payloads of accepted accounts as updates with the next run.
    #[arg(long)]
    pub update_accepted: bool,
    /// Fields, or objects with all of theirs, of which updates may take values away, or change the values of most accounts.
    #[arg(long, value_name = "FIELD", value_delimiter = ',', value_parser = changeable_field)]
    pub accept_changes: Vec<String>,
    /// Customers whom Bakkt has under ids that are gone, and who come back under new ids, get further accounts on purpose.
    #[arg(long)]
    pub accept_new_ids: bool,
    /// Both sides have acknowledged the changed agreements of accepted accounts: their updates may be sent.
    #[arg(long)]
    pub agreements_acknowledged: bool,
    /// Only show what would change.
    #[arg(long)]
    pub dry_run: bool,
    /// Print the summary as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `manual-kyb`.
#[derive(Debug, Args)]
pub struct ManualKybArgs {
    /// The migration folder.
    pub dir: PathBuf,
    /// Write the list to this CSV file instead of stdout.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write the filled form of every account on the list to this new CSV file. It holds customer data.
    #[arg(long, value_name = "FILE")]
    pub with_values: Option<PathBuf>,
    /// What --out and --with-values do with files that are there.
    #[command(flatten)]
    pub replacing: ReplaceArgs,
    /// The shard whose accounts are listed.
    #[command(flatten)]
    pub shards: ShardArgs,
}

/// A port alone is one of loopback.
fn metrics_address(text: &str) -> Result<SocketAddr, String> {
    let port = text
        .parse()
        .map(|port: u16| (Ipv4Addr::LOCALHOST, port).into());
    port.or_else(|_| text.parse())
        .map_err(|_| "neither a port such as 9464 nor an address such as 10.0.0.5:9464".to_owned())
}

/// The pattern of a field that an update may change.
fn changeable_field(text: &str) -> Result<String, String> {
    match bakkt_contract::changes::is_changeable(text) {
        true => Ok(text.to_owned()),
        false => {
            Err("no field that an update changes; write it as in owners[].phoneNumber".to_owned())
        }
    }
}

/// `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The folder to make.
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
}

/// `schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Of which file.
    #[arg(value_name = "FILE")]
    pub of: SchemaOf,
}

/// Files that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SchemaOf {
    /// migration.toml.
    Migration,
    /// A mapping of accounts, owners or contacts.
    Mapping,
    /// The mapping of a manifest of documents.
    Documents,
}

/// `sandbox`.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// The port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Faults, rate, seed, dialect (see docs/sandbox.md).
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// `read-workbook`: the workbook is standard input.
#[derive(Debug, Args)]
pub struct ReadWorkbookArgs {
    /// The sheet of this name.
    #[arg(long)]
    pub sheet_name: Option<String>,
    /// The sheet of this number, from 1.
    #[arg(long, conflicts_with = "sheet_name")]
    pub sheet_number: Option<usize>,
}
