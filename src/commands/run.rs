//! `run`: plan (or find the plan), ask, send, report. The same command resumes.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use secrecy::SecretString;

use super::approval_end::ApprovalEnd;
use super::metrics::RunWatchers;
use super::metrics::numbers::RunNumbers;
use super::run_control::RunControl;
use super::session::{Destination, Session};
use super::signals::Signals;
use super::telemetry::{RunTelemetry, WantedTelemetry};
use super::{
    CommandOutput, checkpoint, code, custody_stage, deciding, notify, outputs, owner, plan, report,
    send, target,
};
use crate::cli::RunArgs;
use crate::process::runtime;
use bakkt_engine::api::{Credentials, Login};
use bakkt_engine::requests::RunEnd;
use bakkt_files::progress::{Mode, ask, note};
use bakkt_files::signatures::Signer;
use bakkt_folder::migration::Migration;
use bakkt_folder::settings::Settings;
use bakkt_journal::Journal;
use bakkt_model::error::Failure;
use bakkt_model::number::thousands;
use bakkt_model::target::Dialect;
use bakkt_planning::approval::{self, WantedRun};
use bakkt_planning::forecast;
use bakkt_sandbox::{Config, Sandbox};

/// Plans unless there is a plan, asks for a confirmation, sends, and writes the report.
pub fn run(args: &RunArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    let signals = Signals::listen(mode)?;
    let wanted = WantedTelemetry::from_variables()?;
    let mut destination = Destination::resolve(&args.dir, &args.target)?;
    let given = if args.target.sandbox {
        None
    } else {
        let custody = target::custody_key(&destination.settings)?;
        Some((target::credentials(&destination.settings)?, custody))
    };
    let runtime = runtime()?;
    runtime.block_on(async {
        let (sandbox, (credentials, custody)) = match given {
            Some(given) => (None, given),
            None => {
                let config = args.sandbox_config.as_deref();
                let settings = &mut destination.settings;
                let (sandbox, credentials) = start_sandbox(config, settings).await?;
                let custody = SecretString::from(sandbox.custody_secret());
                (Some(sandbox), (credentials, Some(custody)))
            }
        };
        let news = notify::News::of(&destination);
        let numbers = RunNumbers::new(report::View::at(destination.place.clone()));
        let numbers = Arc::new(numbers);
        let telemetry = wanted.start(&destination.place, &numbers)?;
        let observers = RunObservers {
            news: &news,
            numbers,
            telemetry: &telemetry,
        };
        let keys = (credentials, custody);
        let place = destination.place.clone();
        let output = prepared(args, destination, keys, &signals, observers, mode).await;
        let mut output = checkpoint::end_failed(&place, "run", output);
        if let Some(sandbox) = sandbox {
            sandbox.stop().await;
        }
        news.tell(&output);
        if let Ok(output) = &mut output
            && output.code == 3
            && args.done_is_zero
        {
            output.code = 0;
        }
        telemetry.end(&output, &signals).await;
        output
    })
}

/// Who is told how the run gets on.
struct RunObservers<'a> {
    news: &'a notify::News,
    numbers: Arc<RunNumbers>,
    telemetry: &'a RunTelemetry,
}

async fn prepared(
    args: &RunArgs,
    destination: Destination,
    (credentials, custody_key): (Credentials, Option<SecretString>),
    signals: &Signals,
    observers: RunObservers<'_>,
    mode: Mode,
) -> anyhow::Result<CommandOutput> {
    let RunObservers {
        news,
        numbers,
        telemetry,
    } = observers;
    let view = report::View::at(destination.place.clone());
    let protected = outputs::protected(&destination.settings);
    let must_ask = target::must_ask(&args.target, &destination.settings) && !args.yes;
    let target = destination.target.clone();
    // Not after everything was sent.
    report::look(&view, &protected)?;
    let only = args.only.as_deref();
    let only = only.map(|path| deciding::read_ids(path, "--only", &args.dir));
    let only = only.transpose()?;
    let selected = only.is_some();
    let shard = destination.place.shard;
    let watchers = RunWatchers::new(numbers, args.metrics_listen)?;
    let stage = telemetry.stage("plan");
    let (mut journal, migration, ownership) = planned(args, destination, signals, mode)?;
    drop(stage);
    let (_, unknown) = deciding::select(&mut journal, only, &view.place)?;
    if let Some(unknown) = &unknown {
        unknown.tell();
    }
    let work = send::work(&journal, args.limit, selected)?;
    let doubts = journal.doubts()?;
    let found = bakkt_planning::findings::in_short(&view.reader()?.finding_counts()?);
    note(
        mode,
        &format!(
            "{} to send, {} to settle, to {target}\n{}",
            work.words(),
            thousands(doubts),
            forecast::describe(&migration.settings, work)
        ),
    );
    for sentence in view.totals()?.of_nobody() {
        note(mode, &sentence);
    }
    let window = migration.settings.window_in_force();
    let now = jiff::Timestamp::now();
    if let Some(text) = forecast::closed_hours(&migration.settings, &window, work, now) {
        note(mode, &text);
    }
    if let Some(shard) = shard {
        let rates = match &migration.settings.shared {
            Some(address) => format!("shared, by way of {address}"),
            None => format!("divided by {}", shard.count()),
        };
        note(
            mode,
            &format!("shard {shard}: the rates under [limits] are {rates}"),
        );
    }
    if let Some(text) = found {
        note(mode, &text);
    }
    let ends = must_be_approved(args, &migration.settings, &mut journal, &target, mode)?;
    let approval_end = ends.map(|ends| ApprovalEnd::follow(ends, signals, mode));
    let custody = match &migration.custody {
        Some(_) => custody_stage::unfinished(&journal)?,
        None => 0,
    };
    if must_ask && work.sum() + doubts + custody > 0 {
        let also = match custody {
            0 => String::new(),
            tasks => format!(" and up to {} custody tasks", thousands(tasks)),
        };
        let question = format!("Send {}{also} to {target}?", work.words());
        confirm(&question, || signals.stopping())?;
    }
    news.begin();
    let fence = ownership.as_ref().and_then(owner::ShardClaim::fence);
    let watch = match ownership {
        Some(ownership) => {
            owner::wait_for_predecessor(&ownership, signals).await;
            Some(owner::OwnerWatch::start(ownership, signals)?)
        }
        None => None,
    };
    let grace = migration.settings.grace.clone();
    let (mut sources, settings) = send::sources(migration)?;
    let state = journal.folder().unwrap_or_else(|| view.place.folder());
    let control = RunControl::start(&settings, &state, signals, mode);
    let scope = send::SendScope {
        limit: args.limit,
        selected,
        settle_only: false,
        watchers: Some(watchers),
        fence: fence.clone(),
        control: Some(&control),
        place: Some(&view.place),
    };
    let custody = sources.custody.take();
    let stage = telemetry.stage("send");
    let (mut journal, mut ended) = send::send(
        journal,
        &settings,
        credentials,
        sources,
        scope,
        signals,
        mode,
    )
    .await?;
    drop(stage);
    if let (RunEnd::Finished, Some(source), Some(key)) = (&ended, custody, custody_key) {
        let _stage = telemetry.stage("custody");
        let to = custody_target(&settings, &target);
        let scope = custody_stage::CustodyScope {
            target: &to,
            place: &view.place,
            selected,
            fence,
            control: &control,
        };
        (journal, ended) =
            custody_stage::send(journal, &settings, key, source, scope, signals, mode).await?;
    }
    control.end(&mut journal)?;
    // The report says what was altered before this run.
    journal.end_comparison()?;
    let folder = view.folder();
    let how = (&protected, &grace);
    let stage = telemetry.stage("report");
    let written = report::several(&view).and_then(|journals| {
        report::write_with(journals, &view, how, &folder, Some(&mut journal), "run")
    });
    drop(journal);
    if let Some(told) = watch.as_ref().and_then(owner::OwnerWatch::told) {
        note(Mode::Lines, told);
    }
    drop(watch);
    drop(stage);
    let written = written?;
    let totals = &written.totals;
    let sent = checkpoint::send_heads(
        &written.heads,
        &args.dir,
        args.head.to.as_ref(),
        &protected,
        &settings.target.way_out,
    );
    news.note(&ended, totals.json());
    let done = match code(totals) {
        0 if unknown.is_some() || !sent => 3,
        done => done,
    };
    let text = if args.json {
        let mut object = totals.json();
        if let Some(unknown) = &unknown {
            object["unknown_ids"] = serde_json::to_value(unknown)?;
        }
        object.to_string()
    } else {
        report::describe(&view, totals)
    };
    match ended {
        // What is open still was not asked for, and the same command would not send it either.
        RunEnd::Finished if totals.open() > 0 && (selected || args.limit.is_some()) => {
            let open = thousands(totals.open());
            note(
                mode,
                &format!(
                    "{open} tasks are still open, beyond what was asked for; a run without --only and --limit sends them"
                ),
            );
            Ok(CommandOutput { text, code: done })
        }
        RunEnd::Finished if totals.open() > 0 && done != 1 => Ok(CommandOutput { text, code: 4 }),
        RunEnd::Finished => Ok(CommandOutput { text, code: done }),
        RunEnd::Interrupted => {
            let ended = approval_end.as_ref().and_then(ApprovalEnd::told);
            let why = ended.unwrap_or_else(|| "stopped; run the same command to go on".to_owned());
            note(Mode::Lines, &why);
            Ok(CommandOutput { text, code: 4 })
        }
        RunEnd::Stopped(error) => {
            note(
                Mode::Lines,
                &bakkt_model::error::describe(&error, bakkt_model::error::Style::PLAIN),
            );
            Ok(CommandOutput {
                text,
                code: bakkt_model::error::exit_code(&error),
            })
        }
    }
}

/// The name of where the custody calls go: that of the accounts' target, unless the settings name another address.
pub fn custody_target(settings: &Settings, target: &str) -> String {
    let own = settings.custody.as_ref();
    let own = own.and_then(|custody| custody.base_url.clone());
    own.unwrap_or_else(|| target.to_owned())
}

/// The journal with a whole plan of the export as it is now.
fn planned(
    args: &RunArgs,
    destination: Destination,
    signals: &Signals,
    mode: Mode,
) -> anyhow::Result<(Journal, Migration, Option<owner::ShardClaim>)> {
    let target = destination.target.clone();
    let folder = destination.place.folder();
    let is_new = destination.place.shard.is_some() && !folder.exists();
    let session = Session::open(destination)?;
    // An empty journal in the place of another one is refused before it is filled.
    let settings = &session.settings;
    let ownership = match owner::claim(args, settings, &session.journal, &target, signals, mode) {
        Err(error) if is_new => {
            // Else every command about all shards would come upon a shard without a plan.
            drop(session);
            let _ = bakkt_files::state_folder::remove_folder(&folder);
            return Err(error);
        }
        claimed => claimed?,
    };
    let (journal, migration) = plan::planned(session, args.rehash, signals, mode)?;
    Ok((journal, migration, ownership))
}

/// Refuses a run to anything but the sandbox of this process that is not approved, where that is asked for. Returns when the
/// approval ends.
fn must_be_approved(
    args: &RunArgs,
    settings: &Settings,
    journal: &mut Journal,
    target: &str,
    mode: Mode,
) -> anyhow::Result<Option<jiff::Timestamp>> {
    let Some(asked) = settings.approval.as_ref().filter(|_| !args.target.sandbox) else {
        return Ok(None);
    };
    let signers = approval::signers(asked)?;
    let key = args.key.as_ref().or(asked.run_key.as_ref());
    let key = key.map(|path| Signer::open(path)).transpose()?;
    let subject = approval::subject(journal, settings, target, &signers)?;
    let wanted = WantedRun {
        subject: &subject,
        limit: args.limit,
        key: key.as_ref(),
        at: jiff::Timestamp::now(),
    };
    let granted = approval::must_be_approved(journal, asked, &signers, &wanted)?;
    tracing::info!(plan = %subject.plan, "{}", granted.text);
    note(mode, &granted.text);
    Ok(Some(granted.ends))
}

/// Asks before sending; without a terminal to ask on, `--yes` must have said so.
pub fn confirm(question: &str, stopping: impl Fn() -> bool) -> anyhow::Result<()> {
    match ask(question, stopping) {
        Some(true) => Ok(()),
        Some(false) => Err(Failure::stopped("nothing was sent", "")),
        None => Err(Failure::configuration(
            "there is no terminal to ask on before sending",
            "add --yes when this run may send without asking",
        )),
    }
}

/// Credentials that the in-process sandbox takes.
fn sandbox_credentials(dialect: Dialect, logon_id: String, sandbox: &Sandbox) -> Login {
    let secret = SecretString::from(sandbox.api_secret());
    match dialect {
        Dialect::Guide => Login::Key(secret),
        Dialect::Reference => Login::Logon {
            id: logon_id,
            password: secret,
        },
    }
}

/// Starts the sandbox and points the settings at it; with what it asks for.
pub async fn start_sandbox(
    config: Option<&Path>,
    settings: &mut Settings,
) -> anyhow::Result<(Sandbox, Credentials)> {
    let mut config = match config {
        Some(path) => super::sandbox::read_config(path)?,
        None => Config::default(),
    };
    config.dialect = match settings.target.dialect {
        Dialect::Guide => bakkt_sandbox::Dialect::Guide,
        Dialect::Reference => bakkt_sandbox::Dialect::Reference,
    };
    // It ends with the run, and sessions may come only then.
    config.custody.forgets_users = true;
    let logon_id = config
        .logon_id
        .clone()
        .unwrap_or_else(|| "sandbox".to_owned());
    let sandbox = Sandbox::start(config, 0)
        .await
        .context("cannot start the sandbox")?;
    settings.target.base_url = sandbox.base_url();
    target::stand_in_for_custody(settings);
    let credentials = sandbox_credentials(settings.target.dialect, logon_id, &sandbox);
    Ok((sandbox, credentials.into()))
}
