//! One file per command: wiring only.
//!
//! Owner of the order in which the parts are put together. A command returns what is to be printed and the exit code;
//! `main` prints.

mod approval_end;
pub mod audit;
pub mod backfill;
pub mod backfill_copy;
pub mod backfill_turn;
mod before_shards;
pub mod check;
pub mod checkpoint;
pub mod close;
pub mod control;
pub mod custody;
pub mod custody_stage;
pub mod deciding;
pub mod events;
pub mod every;
pub mod exclude;
pub mod forget;
pub mod forget_text;
pub mod gaps;
pub mod init;
pub mod inspect;
pub mod kyb_form;
mod link_file;
pub mod links;
pub mod manual_kyb;
pub mod metrics;
mod notify;
pub mod other_forms;
mod outputs;
pub mod owner;
pub mod place;
pub mod plan;
pub mod pressure_file;
pub mod rates;
pub mod read_workbook;
pub mod replan;
mod replan_text;
pub mod report;
pub mod resolve;
pub mod retry;
pub mod run;
mod run_arguments;
pub mod run_control;
pub mod run_record;
pub mod sandbox;
pub mod scheduler;
pub mod schema;
pub mod seal;
pub mod send;
pub mod session;
pub mod sessions;
mod shell_help;
pub mod signals;
pub mod so_far;
mod taken_ids;
pub mod target;
pub mod telemetry;
pub mod uploads;
pub mod variables;
pub mod verify;
pub mod verify_text;
pub mod waive;
pub mod watch;

use crate::cli::{Cli, Command};
use bakkt_files::progress::{self, Mode};
use bakkt_report::Totals;

/// What a command ends with.
#[derive(Debug)]
pub struct CommandOutput {
    /// For stdout; without a line break at the end. Empty: nothing is printed.
    pub text: String,
    /// Exit code, as documented in the README.
    pub code: u8,
}

/// Exit code of a migration that is done as far as it goes. What a report of an altered journal says is not to be relied on, like that
/// of one that does not balance.
pub fn code(totals: &Totals) -> u8 {
    if !totals.balanced || !totals.altered.is_empty() {
        1
    } else if totals.needs_person() {
        3
    } else {
        0
    }
}

/// Runs the command.
pub fn run(cli: Cli) -> anyhow::Result<CommandOutput> {
    signals::end_at_once()?;
    every::run(cli.command, progress::mode(cli.quiet))
}

/// Runs the command once.
fn one(command: &Command, mode: Mode) -> anyhow::Result<CommandOutput> {
    match command {
        Command::Inspect(args) => inspect::run(args, mode),
        Command::Init(args) => init::run(args, mode),
        Command::Check(args) => check::run(args, mode),
        Command::Plan(args) => plan::run(args, mode),
        Command::Approve(args) => plan::approve(args),
        Command::Run(args) => run::run(args, mode),
        Command::Control(args) => control::run(args),
        Command::Status(args) if args.watch => watch::run(args),
        Command::Status(args) => report::status(&args.view),
        Command::Report(args) => report::run(args),
        Command::Audit(args) => audit::run(args),
        Command::VerifyReport(args) => audit::verify_report(args),
        Command::Replan(args) => replan::run(args, mode),
        Command::Gaps(args) => gaps::run(args, mode),
        Command::Waive(args) => waive::run(args),
        Command::Exclude(args) => exclude::run(args),
        Command::Resolve(args) => resolve::run(args, mode),
        Command::Backfill(args) => backfill::run(args, mode),
        Command::Retry(args) => retry::run(args),
        Command::Forget(args) => forget::run(args, mode),
        Command::Close(args) => close::run(args, mode),
        Command::Verify(args) => verify::run(args, mode),
        Command::Links(args) => links::run(args, mode),
        Command::ManualKyb(args) => manual_kyb::run(args, mode),
        Command::Events(args) => events::run(args, mode),
        Command::Sessions(args) => sessions::run(args, mode),
        Command::Custody(args) => custody::run(args, mode),
        Command::Schema(args) => schema::run(args),
        Command::Completions(args) => shell_help::completions(args),
        Command::Man(args) => shell_help::man(args),
        Command::Sandbox(args) => sandbox::run(args, mode),
        Command::ReadWorkbook(args) => read_workbook::run(args),
    }
}
