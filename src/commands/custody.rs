//! `custody numbers`, and reading custody back for `verify`.
//!
//! Owner of the file with the new accounts' numbers. Invariants: numbers are in that file and nowhere else, and only when a
//! person asked for it. Left out on purpose: what is asked (`engine::custody::reading`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use secrecy::SecretString;
use serde_json::Value;

use super::rates::Rates;
use super::report::View;
use super::run::custody_target;
use super::session::{Destination, Session};
use super::signals::Signals;
use super::{CommandOutput, custody_stage, outputs, target};
use crate::cli::{CustodyArgs, CustodyCommand, CustodyNumbersArgs};
use crate::process::runtime;
use bakkt_engine::custody::reading::{CustodyReading, ReadOutcome, run as read};
use bakkt_engine::requests::RunEnd;
use bakkt_engine::requests::counter::Counter;
use bakkt_engine::requests::gate::SendGate;
use bakkt_files::output::cells::CellWriter;
use bakkt_files::output::{FileStart, NewFile};
use bakkt_files::progress::{Mode, note};
use bakkt_folder::settings::Settings;
use bakkt_journal::custody::MadeCustody;
use bakkt_journal::{Journal, now};
use bakkt_model::custody::CustodyKind;
use bakkt_model::error::{Failure, ShownPath, Style, describe, exit_code};
use bakkt_model::limits::Retry;
use bakkt_model::number::thousands;

/// The columns of the file of `custody numbers`.
const COLUMNS: [&str; 9] = [
    "clientAccountId",
    "kind",
    "currency",
    "uuid",
    "iban",
    "bic",
    "accountNumber",
    "routingNumber",
    "sortCode",
];
/// The keys of an answer for the last five of them.
const KEYS: [&str; 5] = [
    "iban",
    "bic",
    "account_number",
    "routing_number",
    "sort_code",
];

/// Does what is asked of custody.
pub fn run(args: &CustodyArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    match &args.what {
        CustodyCommand::Numbers(args) => numbers(args, mode),
    }
}

/// How what was read is counted.
#[derive(Debug, Default, Clone, serde::Serialize)]
pub struct ReadCounts {
    /// Bakkt has it.
    pub there: u64,
    /// Bakkt does not have it.
    pub gone: u64,
    /// It was not read, for its customer has no session.
    pub needs_session: u64,
    /// No answer that counts.
    pub failed: u64,
    /// Users by status.
    pub statuses: BTreeMap<String, u64>,
}

impl ReadCounts {
    fn add(&mut self, outcome: &ReadOutcome) {
        match outcome {
            ReadOutcome::There(_) => self.there += 1,
            ReadOutcome::Gone => self.gone += 1,
            ReadOutcome::NeedsSession => self.needs_session += 1,
            ReadOutcome::Failed(_) => self.failed += 1,
        }
        if let Some(status) = outcome.status() {
            *self.statuses.entry(status).or_default() += 1;
        }
    }

    /// One line of text about what a command, `numbers` or `verify`, has read.
    pub fn words(&self, command: &str) -> String {
        let unread = format!(
            "not read: their customers have to log in (`sessions wanted --for {command}` lists them)"
        );
        let counts = [
            (self.there, "there"),
            (self.gone, "not known to Bakkt"),
            (self.needs_session, unread.as_str()),
            (self.failed, "could not be read"),
        ];
        let told = counts.iter().filter(|(count, _)| *count > 0);
        let told: Vec<String> = told
            .map(|(count, what)| format!("{} {what}", thousands(*count)))
            .collect();
        let statuses: Vec<String> = self
            .statuses
            .iter()
            .map(|(status, count)| format!("{status} {}", thousands(*count)))
            .collect();
        let mut text = if told.is_empty() {
            "nothing is made yet".to_owned()
        } else {
            told.join(", ")
        };
        if !statuses.is_empty() {
            text.push_str(&format!("; users: {}", statuses.join(", ")));
        }
        text
    }
}

/// Reads what custody has made; `each` is handed what came.
async fn read_made(
    made: Vec<MadeCustody>,
    journal: &Journal,
    settings: &Settings,
    key: SecretString,
    signals: &Signals,
    each: impl FnMut(Vec<(MadeCustody, ReadOutcome)>) -> anyhow::Result<()> + Send + 'static,
) -> anyhow::Result<RunEnd> {
    let custody = settings
        .custody
        .as_ref()
        .context("a migration with custody")?;
    let mut users = journal.made_custody()?.into_iter();
    let user = users.find(|one| one.kind == CustodyKind::User);
    let client = custody_stage::client(settings, custody, key)?;
    let rates = Rates::of_custody(settings, custody, None, signals.stop.clone()).await?;
    let reading = CustodyReading {
        gate: SendGate::new(client, Counter::default(), signals.stop.subscribe()),
        limiter: rates.custody(&custody.rates).lookup,
        sessions: custody_stage::sessions(journal, custody)?,
        retry: Retry {
            settle_after: custody.settle_after,
            ..settings.retry
        },
        in_flight: custody.in_flight,
        user,
        stop: signals.stop.clone(),
        read: Counter::default(),
    };
    tokio::select! {
        ended = read(made, reading, each) => ended.map(|ended| rates.ended(ended)),
        () = signals.aborted() => Err(Failure::stopped("stopped at once", "run the same command")),
    }
}

/// The task whose item was read back, how it compares, and the status that it shows.
type Reading = (i64, &'static str, Option<String>);

/// Reads everything back that custody has made, and keeps what that shows. Nothing without `[custody]`.
pub async fn verify(
    mut journal: Journal,
    settings: &Settings,
    target: &str,
    signals: &Signals,
) -> anyhow::Result<(Journal, Option<ReadCounts>)> {
    let made = journal.made_custody()?;
    let Some(key) = target::custody_key(settings)?.filter(|_| !made.is_empty()) else {
        return Ok((journal, None));
    };
    journal.bind_custody(&custody_target(settings, target))?;
    let found: Arc<Mutex<Vec<Reading>>> = Arc::default();
    let counts: Arc<Mutex<ReadCounts>> = Arc::default();
    let (keep, count) = (found.clone(), counts.clone());
    let each = move |read: Vec<(MadeCustody, ReadOutcome)>| {
        let mut kept = keep.lock().unwrap_or_else(PoisonError::into_inner);
        let mut counts = count.lock().unwrap_or_else(PoisonError::into_inner);
        for (made, outcome) in read {
            counts.add(&outcome);
            let what = match &outcome {
                ReadOutcome::There(value) if differs(&made, value.reveal()) => "different",
                ReadOutcome::There(_) => "same",
                ReadOutcome::Gone => "unknown to Bakkt",
                ReadOutcome::NeedsSession => "not read: needs a session",
                ReadOutcome::Failed(_) => "not read",
            };
            kept.push((made.task, what, outcome.status()));
        }
        Ok(())
    };
    let ended = read_made(made, &journal, settings, key, signals, each).await?;
    let found = std::mem::take(&mut *found.lock().unwrap_or_else(PoisonError::into_inner));
    journal.note_custody_reading(&found, now())?;
    if let RunEnd::Stopped(error) = ended {
        return Err(error);
    }
    let counts = counts
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    Ok((journal, Some(counts)))
}

/// Whether a bank account is not of the currency that was asked for.
fn differs(made: &MadeCustody, value: &Value) -> bool {
    let currency = value.get("currency").and_then(Value::as_str);
    made.kind == CustodyKind::BankAccount && currency.is_some_and(|currency| currency != made.item)
}

fn numbers(args: &CustodyNumbersArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    let signals = Signals::listen(mode)?;
    if args.target.sandbox {
        return Err(Failure::configuration(
            "the sandbox inside this process ended with the run that filled it: there is nothing to read back",
            "start `bakkt-migrate sandbox` and give its address as --base-url, to `run` and to `custody numbers`",
        ));
    }
    let destination = Destination::resolve(&args.dir, &args.target)?;
    // Looking for a journal makes none.
    View::at(destination.place.clone()).must_be_planned()?;
    let to = destination.target.clone();
    let Some(key) = target::custody_key(&destination.settings)? else {
        return Err(Failure::configuration(
            "migration.toml has no [custody]",
            "add it; docs/custody.md says how",
        ));
    };
    let begins = FileStart::columns(&COLUMNS);
    let protected = outputs::protected(&destination.settings);
    let (counts, ended) = runtime()?.block_on(async {
        let Session {
            settings, journal, ..
        } = Session::open_planned(destination)?;
        journal.bind_custody(&custody_target(&settings, &to))?;
        let mut made = journal.made_custody()?;
        made.retain(|one| matches!(one.kind, CustodyKind::BankAccount | CustodyKind::Savings));
        let file = protected.open(&args.out, &begins, args.replacing.replace)?;
        let cells = Arc::new(Mutex::new(Some(CellWriter::new(file, &COLUMNS)?)));
        let counts: Arc<Mutex<ReadCounts>> = Arc::default();
        let (writing, count) = (cells.clone(), counts.clone());
        let each = move |read: Vec<(MadeCustody, ReadOutcome)>| {
            let mut cells = writing.lock().unwrap_or_else(PoisonError::into_inner);
            for (made, outcome) in read {
                count
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .add(&outcome);
                if let (ReadOutcome::There(value), Some(cells)) = (&outcome, cells.as_mut()) {
                    line(cells, &made, value.reveal())?;
                }
            }
            Ok(())
        };
        let ended = read_made(made, &journal, &settings, key, &signals, each).await?;
        let cells = cells.lock().unwrap_or_else(PoisonError::into_inner).take();
        cells
            .context("the file is written once")?
            .into_inner()?
            .finish()?;
        let counts = counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        anyhow::Ok((counts, ended))
    })?;
    note(
        mode,
        &format!(
            "{} holds customers' account numbers. Only you can read it; delete it when your systems have them",
            args.out.shown()
        ),
    );
    let code = match &ended {
        RunEnd::Stopped(error) => {
            note(Mode::Lines, &describe(error, Style::PLAIN));
            exit_code(error)
        }
        RunEnd::Interrupted => 4,
        RunEnd::Finished if counts.gone + counts.needs_session + counts.failed > 0 => 3,
        RunEnd::Finished => 0,
    };
    let text = match args.json {
        true => serde_json::json!({"numbers": counts}).to_string(),
        false => format!("accounts: {}", counts.words("numbers")),
    };
    Ok(CommandOutput { text, code })
}

fn line(cells: &mut CellWriter<NewFile>, made: &MadeCustody, value: &Value) -> anyhow::Result<()> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    cells.text(&made.client_id)?;
    cells.text(made.kind.word())?;
    cells.text(text("currency"))?;
    cells.text(&made.uuid)?;
    for key in KEYS {
        cells.text(text(key))?;
    }
    cells.end()
}
