//! What people ask about gaps, and what they decide about customers.

use std::path::PathBuf;

use bakkt_contract::unfit_id::{IdRules, unfit};
use clap::Args;

use super::{ReplaceArgs, TargetArgs, ViewArgs};

/// The person who decides.
#[derive(Debug, Default, Args)]
pub struct ByArgs {
    /// The name of the person who decides, for the report; that in BAKKT_OPERATOR or git's user.name unless given.
    #[arg(long = "by", value_name = "NAME")]
    pub name: Option<String>,
}

/// The customers that a command is about.
#[derive(Debug, Args)]
pub struct WhoseArgs {
    /// These clientAccountIds.
    #[arg(long, value_name = "ID", num_args = 1.., conflicts_with = "from")]
    pub id: Vec<String>,
    /// The clientAccountIds in this file, one per line.
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
}

/// `gaps`.
#[derive(Debug, Args)]
pub struct GapsArgs {
    /// The migration to look at.
    #[command(flatten)]
    pub view: ViewArgs,
    /// Only those that are past due or will be within so many days.
    #[arg(long, value_name = "DAYS")]
    pub due_within: Option<u32>,
    /// Only those that are past due; exit code 3 when there are any.
    #[arg(long, conflicts_with = "due_within")]
    pub past_due: bool,
    /// Only of this field or inside it, such as owners[].identity.
    #[arg(long, value_name = "PATH")]
    pub field: Vec<String>,
    /// Only those that stand in this source file.
    #[arg(long, value_name = "FILE")]
    pub source: Option<String>,
    /// Those that were waived instead of the open ones.
    #[arg(long, conflicts_with_all = ["due_within", "past_due", "sheet", "with_known"])]
    pub waived: bool,
    /// Write every line to this CSV file.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Write a workbook to this file in which what is missing can be filled in; `backfill` takes it.
    #[arg(long, value_name = "FILE")]
    pub sheet: Option<PathBuf>,
    /// What --csv and --sheet do with files that are there.
    #[command(flatten)]
    pub replacing: ReplaceArgs,
    /// Put name, e-mail address and phone number beside each customer of the workbook. It holds customer data then.
    #[arg(long, requires = "sheet")]
    pub with_known: bool,
}

/// `waive`.
#[derive(Debug, Args)]
pub struct WaiveArgs {
    /// The migration to look at.
    #[command(flatten)]
    pub view: ViewArgs,
    /// The customers concerned.
    #[command(flatten)]
    pub whose: WhoseArgs,
    /// This field or what is inside it, such as `owners[0].phoneNumber`.
    #[arg(long, value_name = "PATH", required = true)]
    pub field: Vec<String>,
    /// The reason, which the report repeats.
    #[arg(long)]
    pub reason: String,
    /// The person who decides.
    #[command(flatten)]
    pub by: ByArgs,
    /// Take it back: the gaps are open again.
    #[arg(long)]
    pub undo: bool,
}

/// `exclude`.
#[derive(Debug, Args)]
pub struct ExcludeArgs {
    /// The migration to look at.
    #[command(flatten)]
    pub view: ViewArgs,
    /// The customers concerned.
    #[command(flatten)]
    pub whose: WhoseArgs,
    /// Those whose account was refused or given up with this code.
    #[arg(long, value_name = "CODE", conflicts_with_all = ["id", "from", "undo"])]
    pub code: Option<String>,
    /// The reason, which the report repeats.
    #[arg(long)]
    pub reason: String,
    /// The person who decides.
    #[command(flatten)]
    pub by: ByArgs,
    /// Take it back: the next `replan` has them again.
    #[arg(long)]
    pub undo: bool,
}

/// `retry`: by id, by code, or all that were refused or given up.
#[derive(Debug, Args)]
pub struct RetryArgs {
    /// The migration to look at.
    #[command(flatten)]
    pub view: ViewArgs,
    /// The customers concerned.
    #[command(flatten)]
    pub whose: WhoseArgs,
    /// Those with this refusal code.
    #[arg(long, value_name = "CODE", conflicts_with_all = ["id", "from"])]
    pub code: Option<String>,
    /// The reason, which the report repeats.
    #[arg(long)]
    pub reason: String,
    /// The person who decides.
    #[command(flatten)]
    pub by: ByArgs,
}

/// `resolve`: what a person found out.
#[derive(Debug, Args)]
#[group(id = "what", required = true, multiple = false, args = ["kyb", "manual", "account", "document", "user", "custody_task", "duplicate"])]
#[group(id = "has_bakkt_id", multiple = false, args = ["account", "document"])]
pub struct ResolveArgs {
    /// The migration folder.
    pub dir: PathBuf,
    /// Target: with --duplicate, what is in doubt there is settled first.
    #[command(flatten)]
    pub target: TargetArgs,
    /// The clientAccountId of an account whose KYB trigger is in doubt.
    #[arg(long, value_name = "ID", requires = "outcome")]
    pub kyb: Option<String>,
    /// The clientAccountId of an account for manual KYB.
    #[arg(long, value_name = "ID", requires = "outcome")]
    pub manual: Option<String>,
    /// The clientAccountId of an account that was answered with the bakktId of another one.
    #[arg(long, value_name = "ID", requires = "outcome")]
    pub account: Option<String>,
    /// The clientDocumentId of a document that stands under the id of another one; shared-ids.csv lists them.
    #[arg(long, value_name = "ID", requires = "outcome", requires = "bakkt_id")]
    pub document: Option<String>,
    /// With --account or --document, and --as accepted: the id under which Bakkt has it.
    #[arg(long, value_name = "BAKKT_ID", requires = "has_bakkt_id", value_parser = bakkt_id)]
    pub bakkt_id: Option<String>,
    /// The clientAccountId of a customer whose custody user is in doubt, or stands under the uuid of another one.
    #[arg(long, value_name = "ID", requires = "outcome")]
    pub user: Option<String>,
    /// The number of a custody task in doubt, or under the uuid of another one, as custody.csv has it.
    #[arg(long, value_name = "TASK", requires = "outcome")]
    pub custody_task: Option<i64>,
    /// What became of it: an outcome, or with --user and --custody-task Bakkt's uuid. With --account, Bakkt has the account, or has not; with --kyb, Bakkt has started the screening, or has not; with --manual, how manual KYB ended.
    #[arg(
        long = "as",
        value_name = "OUTCOME",
        requires = "what",
        conflicts_with = "duplicate"
    )]
    pub outcome: Option<ResolvedAs>,
    /// A clientAccountId that several rows have, with different data.
    #[arg(long, value_name = "ID", requires = "take")]
    pub duplicate: Option<String>,
    /// The row that is right: its file and line, as reconciliation.csv names them.
    #[arg(long, value_name = "FILE:ROW", requires = "duplicate")]
    pub take: Option<String>,
    /// The reason, which the report repeats.
    #[arg(long)]
    pub reason: String,
    /// The person who decides.
    #[command(flatten)]
    pub by: ByArgs,
    /// Print the summary as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// A bakktId as Bakkt makes them: never something that names a customer.
fn bakkt_id(text: &str) -> Result<String, String> {
    let is_of_id = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    let fits = (1..=64).contains(&text.len()) && text.bytes().all(is_of_id);
    match fits && unfit(text, IdRules::default()).is_none() {
        true => Ok(text.to_owned()),
        false => Err("is not an id that Bakkt makes".to_owned()),
    }
}

/// What a person found out: an outcome, or a uuid of Bakkt's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResolvedAs {
    /// An outcome.
    Outcome(Resolution),
    /// Bakkt has it, under this uuid.
    Uuid(String),
}

impl std::str::FromStr for ResolvedAs {
    type Err = String;

    fn from_str(text: &str) -> Result<ResolvedAs, String> {
        if let Ok(outcome) = <Resolution as clap::ValueEnum>::from_str(text, false) {
            return Ok(ResolvedAs::Outcome(outcome));
        }
        match uuid::Uuid::try_parse(text)
            .ok()
            .filter(|_| text.len() == 36)
        {
            Some(uuid) => Ok(ResolvedAs::Uuid(uuid.hyphenated().to_string())),
            None => Err(
                "is neither accepted, not-taken, refused, approved, rejected nor a uuid".to_owned(),
            ),
        }
    }
}

/// What became of a trigger, or of manual KYB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Resolution {
    /// Bakkt took it.
    Accepted,
    /// Bakkt forbids it to this customer: of custody tasks that are held as forbidden.
    Refused,
    /// Bakkt did not take it: the next run triggers again.
    NotTaken,
    /// Bakkt approved the customer by manual KYB.
    Approved,
    /// Bakkt rejected the customer by manual KYB.
    Rejected,
}
