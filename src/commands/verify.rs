//! `verify`: reads back what Bakkt has, and tells what differs.

use std::path::Path;
use std::sync::Arc;

use super::custody::ReadCounts;
use super::deciding::{UnknownLines, read_ids};
use super::other_forms::OtherForms;
use super::place::StatePlace;
use super::rates::Rates;
use super::report::View;
use super::session::{Destination, Session};
use super::signals::Signals;
use super::verify_text::{ReadBackFindings, describe, json};
use super::{CommandOutput, checkpoint, outputs, report, run_record, send, target, uploads};
use crate::cli::VerifyArgs;
use crate::process::runtime;
use bakkt_engine::api::Client;
use bakkt_engine::requests::disk::DiskReads;
use bakkt_engine::requests::gate::SendGate;
use bakkt_engine::requests::limiter::Limiter;
use bakkt_engine::requests::{PayloadFn, RunEnd};
use bakkt_engine::verify::{MetadataFn, ReadTools, Verify, VerifyCounters, run as read_back};
use bakkt_files::progress::{Mode, Progress, WorkProgress, note};
use bakkt_folder::settings::Settings;
use bakkt_journal::write::{VerificationRound, VerificationScope};
use bakkt_journal::{Journal, events, now};
use bakkt_model::error::Failure;
use bakkt_model::number::thousands;
use bakkt_planning::drift::Rehash;
use bakkt_planning::opening;

/// Reads accounts back, compares them with what was sent, and writes the report.
pub fn run(args: &VerifyArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    let signals = Signals::listen(mode)?;
    if args.target.sandbox {
        return Err(Failure::configuration(
            "the sandbox inside this process ended with the run that filled it: there is nothing to read back",
            "start `bakkt-migrate sandbox` and give its address as --base-url, to `run` and to `verify`",
        ));
    }
    let view = View::at(StatePlace::new(&args.dir, false, &args.target.shards)?);
    view.must_be_planned()?;
    let destination = Destination::resolve(&args.dir, &args.target)?;
    let grace = destination.settings.grace.clone();
    let protected = outputs::protected(&destination.settings);
    report::look(&view, &protected)?;
    let read = runtime()?.block_on(async {
        let session = Session::open_planned(destination)?;
        verified(args, session, &signals, mode).await
    });
    let (read, ended) = checkpoint::end_failed(&view.place, "verify", read)?;
    let totals = report::write_checked(&view, &protected, &grace, "verify")?;
    let findings = ReadBackFindings::read(&view.reader()?)?;
    let left = read.left > 0;
    let text = if args.json {
        let mut object = totals.json();
        object["verify"] = json(&findings, &read);
        if let Some(custody) = &read.custody {
            object["verify"]["custody"] = serde_json::to_value(custody)?;
        }
        object.to_string()
    } else {
        let custody = read.custody.as_ref();
        let custody = custody.map(|custody| format!("\ncustody: {}", custody.words("verify")));
        describe(&findings, &read, &view.folder()) + &custody.unwrap_or_default()
    };
    let code = match (&ended, left) {
        (RunEnd::Stopped(error), _) => {
            note(
                Mode::Lines,
                &bakkt_model::error::describe(error, bakkt_model::error::Style::PLAIN),
            );
            bakkt_model::error::exit_code(error)
        }
        (RunEnd::Interrupted, _) | (_, true) => {
            note(
                Mode::Lines,
                &format!(
                    "{} accounts are still to be read; run the same command to go on",
                    thousands(read.left)
                ),
            );
            4
        }
        (RunEnd::Finished, false)
            if findings.is_clean()
                && read.unknown.is_none()
                && read
                    .custody
                    .as_ref()
                    .is_none_or(|custody| custody.gone + custody.failed == 0) =>
        {
            0
        }
        (RunEnd::Finished, false) => 3,
    };
    Ok(CommandOutput { text, code })
}

/// What one call has done.
#[derive(Debug)]
pub struct Call {
    /// Accounts that it read.
    pub read: u64,
    /// Accounts that it was to read and that are still unread.
    pub left: u64,
    /// Lines of `--only` with ids that the plan does not have.
    pub unknown: Option<UnknownLines>,
    /// What reading custody back showed; none without custody.
    pub custody: Option<ReadCounts>,
}

async fn verified(
    args: &VerifyArgs,
    session: Session,
    signals: &Signals,
    mode: Mode,
) -> anyhow::Result<(Call, RunEnd)> {
    let Session {
        settings,
        mut journal,
        state,
    } = session;
    let credentials = target::credentials(&settings)?;
    let (limits, retry, to) = (settings.limits, settings.retry, settings.target.clone());
    let rates = Rates::of(&settings, None, signals.stop.clone()).await?;
    let (scope, unknown) = scope(args, &mut journal)?;
    if let Some(unknown) = &unknown {
        unknown.tell();
    }
    let with_custody = match settings.custody {
        Some(_) => Some(bakkt_folder::migration::settings(&args.dir)?),
        None => None,
    };
    let with_custody = with_custody.map(|mut own| {
        own.target.base_url.clone_from(&to.base_url);
        // As they were resolved: a shard's share, and where a sandbox stands in.
        own.custody.clone_from(&settings.custody);
        own.shared.clone_from(&settings.shared);
        own
    });
    let (payload, metadata) = if scope.status_only {
        nothing()
    } else {
        sources(settings, &journal, &state, mode, signals)?
    };
    let events = events::path(&state);
    run_record::work(&journal, "verify")?;
    let round = journal.begin_verification(Some(&events), &scope, now())?;
    let counters = Arc::new(VerifyCounters::default());
    let unread = journal.count_unread(&round)?;
    // What this call reads, not what is left for later ones.
    let asked = unread.min(args.limit.unwrap_or(u64::MAX));
    counters.total.set(asked);
    note(mode, &announced(&round, &scope, asked, &to.base_url));
    let client = Client::new(&to, credentials, retry.request_timeout, limits.in_flight)?;
    let limiter = rates.lookup();
    let verify = Verify {
        tools: Arc::new(ReadTools {
            gate: SendGate::new(client, counters.waiting.clone(), signals.stop.subscribe()),
            limiter: limiter.clone(),
            download_timeout: retry.upload_timeout,
            payload,
            metadata,
            disk: DiskReads::start()?,
            codes: journal.code_key(),
            status_only: scope.status_only,
            content: scope.content,
            counters: counters.clone(),
        }),
        stop: signals.stop.clone(),
        round,
        retry,
        in_flight: limits.in_flight,
        limit: args.limit,
    };
    let shown = shown(mode, counters.clone(), limiter);
    let ended = tokio::select! {
        ended = read_back(journal, verify) => ended,
        () = signals.aborted() => {
            Err(Failure::stopped("stopped at once", "run the same command: it goes on where it stopped"))
        }
    };
    shown.finish();
    let (mut journal, mut ended) = ended?;
    let mut custody = None;
    if let (RunEnd::Finished, Some(settings)) = (&ended, &with_custody) {
        (journal, custody) =
            match super::custody::verify(journal, settings, &to.base_url, signals).await {
                Ok(read) => read,
                Err(error) => return Err(error),
            };
    }
    if signals.stopping() && matches!(ended, RunEnd::Finished) {
        ended = RunEnd::Interrupted;
    }
    let left = journal.count_unread(&round)?;
    if left == 0 {
        journal.end_verification(&round, now())?;
    }
    let read = counters.read.get();
    tracing::info!(read, left, pass = round.pass, "read back");
    let call = Call {
        read,
        left,
        unknown,
        custody,
    };
    Ok((call, rates.ended(ended)))
}

fn scope(
    args: &VerifyArgs,
    journal: &mut Journal,
) -> anyhow::Result<(VerificationScope, Option<UnknownLines>)> {
    let place = StatePlace::new(&args.dir, args.target.sandbox, &args.target.shards)?;
    let only = args.only.as_deref();
    let only = only.map(|path| read_ids(path, "--only", &args.dir));
    let only = only.transpose()?;
    let forms = only.as_ref().map(|named| OtherForms::of(named, &place));
    let only = only.map(|named| named.of_place(&place)).transpose()?;
    let mut lines = None;
    if let Some(named) = &only {
        let unknown = journal.select_accounts(&named.ids)?;
        if let Some(forms) = &forms {
            forms.refuse(&unknown, &place, |each| journal.each_client_id(each))?;
        }
        lines = named.without(&unknown)?;
    }
    let scope = VerificationScope {
        only: only.map(|named| named.ids),
        unsettled: args.unsettled,
        status_only: args.status_only,
        content: args.content,
        again: args.again,
    };
    Ok((scope, lines))
}

/// What was sent, made again from the export as it was planned.
fn sources(
    settings: Settings,
    journal: &Journal,
    state: &Path,
    mode: Mode,
    signals: &Signals,
) -> anyhow::Result<(PayloadFn, MetadataFn)> {
    let migration =
        opening::open_planned(settings, journal, state, mode, Rehash::Changed, &|| {
            signals.stopping()
        })?;
    let payload = send::payloads(Arc::new(migration.pipeline));
    Ok((payload, uploads::metadata(migration.documents, journal.key)))
}

/// What was sent is not asked for.
fn nothing() -> (PayloadFn, MetadataFn) {
    (
        Arc::new(|_: &_| anyhow::bail!("nothing is compared")),
        Arc::new(|_: &_, _: &_| None),
    )
}

fn announced(
    round: &VerificationRound,
    scope: &VerificationScope,
    asked: u64,
    target: &str,
) -> String {
    let what = match (&scope.only, scope.unsettled) {
        (Some(_), false) => "those of --only".to_owned(),
        (Some(_), true) => "those of --only that are not decided".to_owned(),
        (None, true) => "those that are not decided".to_owned(),
        (None, false) if scope.status_only => "the status alone".to_owned(),
        (None, false) => format!("pass {}", round.pass),
    };
    format!(
        "{} accounts to read back from {target}: {what}",
        thousands(asked)
    )
}

fn shown(mode: Mode, counters: Arc<VerifyCounters>, limiter: Arc<Limiter>) -> WorkProgress {
    WorkProgress::watch(mode, "verifying", move || {
        let mut state = format!(
            "{} with differences · {} waiting for the rate",
            thousands(counters.wrong.get()),
            thousands(counters.waiting.get())
        );
        if let Some(words) = limiter.words() {
            state += &format!(" · {words}");
        }
        Progress {
            done: counters.read.get(),
            total: counters.total.get(),
            detail: state,
            minimum_time: std::time::Duration::ZERO,
        }
    })
}
