//! Setting the engine up: client, limiters, the function from task to payload.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::custody_stage::{self, CustodySource};
use super::metrics::RunWatchers;
use super::metrics::numbers::RunSources;
use super::place::StatePlace;
use super::pressure_file::PressureFile;
use super::rates::Rates;
use super::run_control::{self, RunControl};
use super::signals::Signals;
use super::so_far::so_far;
use super::{taken_ids, uploads};
use bakkt_engine::api::{AnswerCounts, Client, Credentials};
use bakkt_engine::quota::server::Fence;
use bakkt_engine::requests::disk::DiskReads;
use bakkt_engine::requests::gate::SendGate;
use bakkt_engine::requests::{PayloadFn, RunEnd};
use bakkt_engine::submit::stage::{Limiters, SendTools};
use bakkt_engine::submit::{DocumentFn, HeardFn, RunCounters, RunSetup, run};
use bakkt_files::progress::{Mode, WorkProgress, note};
use bakkt_folder::migration::Migration;
use bakkt_folder::settings::Settings;
use bakkt_journal::Journal;
use bakkt_journal::write::HeldTasks;
use bakkt_mapping::pipeline::reread::RecordReader;
use bakkt_mapping::pipeline::{JoinedRowSource, Pipeline};
use bakkt_model::error::Failure;
use bakkt_model::number::thousands;
use bakkt_model::sensitive::Sensitive;
use bakkt_model::state::State;
use bakkt_model::task::TaskKind;
use bakkt_planning::drift::read_again_failed;
use bakkt_planning::forecast::PlannedWork;

/// What to send in this run.
#[derive(Default)]
pub struct SendScope<'a> {
    /// No more than so many accounts.
    pub limit: Option<u64>,
    /// Picking is limited to some ids.
    pub selected: bool,
    /// Ask about what is in doubt, and send nothing.
    pub settle_only: bool,
    /// Who watches the run.
    pub watchers: Option<RunWatchers>,
    /// Whom the quota server has to know as the shard's owner.
    pub fence: Option<Fence>,
    /// What steers the run.
    pub control: Option<&'a RunControl>,
    /// Where the journal lies, and those of other shards beside it.
    pub place: Option<&'a StatePlace>,
}

/// Where what is sent comes from.
pub struct Sources {
    /// From task to the payload of its account.
    pub payload: PayloadFn,
    /// From document task to what is uploaded.
    pub document: DocumentFn,
    /// From custody task to body, where there is custody.
    pub custody: Option<CustodySource>,
}

/// Sends until done or stopped, and notes the run in the journal.
pub async fn send(
    mut journal: Journal,
    settings: &Settings,
    credentials: Credentials,
    sources: Sources,
    scope: SendScope<'_>,
    signals: &Signals,
    mode: Mode,
) -> anyhow::Result<(Journal, RunEnd)> {
    let limits = settings.limits;
    let client = Client::new(
        &settings.target,
        credentials,
        settings.retry.request_timeout,
        limits.in_flight + limits.uploads_in_flight,
    )?;
    let rates = Rates::of(settings, scope.fence, signals.stop.clone()).await?;
    let what = if scope.settle_only {
        "settling"
    } else {
        "sending"
    };
    let number = super::run_record::begin(&mut journal, what)?;
    let counters = Arc::new(RunCounters::default());
    counters
        .in_doubt
        .set(journal.recover(bakkt_journal::now())?);
    let open = if scope.settle_only {
        0
    } else {
        let now = |kind| journal.count(kind, State::Open, scope.selected);
        // What is freed on the way is added then.
        work(&journal, scope.limit, scope.selected)?.accounts
            + now(TaskKind::Document)?
            + now(TaskKind::Kyb)?
    };
    counters.total.set(open + counters.in_doubt.get());
    let limiters = Limiters {
        create: rates.create(),
        lookup: rates.lookup(),
        upload: rates.upload(),
        kyb: rates.kyb(),
    };
    let Limiters {
        create,
        lookup,
        upload,
        kyb,
    } = limiters.clone();
    let steering = match scope.control {
        Some(control) => {
            control.show("accounts", &counters);
            control.steering.clone()
        }
        None => run_control::steering(settings, signals),
    };
    let lanes = [
        ("create", &create),
        ("lookup", &lookup),
        ("upload", &upload),
        ("kyb", &kyb),
    ];
    for (name, limiter) in lanes {
        steering.attach(name, limiter.clone());
    }
    counters.watch(vec![create, lookup, upload, kyb]);
    let pressure_file = PressureFile::start(journal.folder(), counters.clone());
    let answers = client.answers();
    let sources_of_numbers = RunSources {
        counters: counters.clone(),
        answers: answers.clone(),
        limits,
    };
    let watched = scope
        .watchers
        .map(|watchers| watchers.begin(sources_of_numbers))
        .transpose()?;
    let setup = RunSetup {
        tools: Arc::new(SendTools {
            gate: SendGate::new(client, counters.waiting.clone(), signals.stop.subscribe())
                .steered_by(&steering),
            limiters,
            upload_timeout: settings.retry.upload_timeout,
            clock_tolerance: settings.retry.clock_tolerance,
            payload: sources.payload,
            document: sources.document,
            disk: DiskReads::start()?,
            codes: journal.code_key(),
            beginnings: match scope.settle_only {
                // Nothing is mapped again: the values of who is in doubt are not known.
                true => journal.id_beginnings()?,
                false => Vec::new(),
            },
            counters: counters.clone(),
        }),
        stop: signals.stop.clone(),
        steering: steering.clone(),
        on_existing: settings.on_existing,
        retry: settings.retry,
        in_flight: limits.in_flight,
        uploads_in_flight: limits.uploads_in_flight,
        limit: scope.limit,
        selected: scope.selected,
        settle_only: scope.settle_only,
        heard: heard(&journal),
        taken: scope
            .place
            .map(|place| taken_ids::of_accounts(place, mode))
            .unwrap_or_default(),
    };
    tracing::info!(open, in_doubt = counters.in_doubt.get(), "sending");
    let shown = WorkProgress::watch(mode, "sending", move || so_far(&counters));
    let ended = tokio::select! {
        ended = run(journal, setup) => ended,
        () = signals.aborted() => {
            Err(Failure::stopped("stopped at once; what was on its way is in doubt", "run the same command: it asks about those first"))
        }
    };
    shown.finish();
    tell_clock(&answers);
    drop(pressure_file);
    drop(watched);
    let (mut journal, ended) = ended?;
    let ended = rates.ended(ended);
    let outcome = RunControl::outcome(&steering, &ended);
    tracing::info!(%outcome, "run ended");
    super::run_record::end(&mut journal, number, &outcome)?;
    Ok((journal, ended))
}

/// Tells that this machine's clock is far from the server's.
fn tell_clock(answers: &AnswerCounts) {
    let Some(ahead) = answers.clock_ahead() else {
        return;
    };
    let which = if ahead > 0 { "ahead of" } else { "behind" };
    note(
        Mode::Lines,
        &format!(
            "this machine's clock is {} s {which} the server's: set it. By a clock that is further ahead than retry.clock_tolerance, accounts that a run makes count as there before it",
            thousands(ahead.unsigned_abs())
        ),
    );
}

/// What the receiver has heard. An event only prompts a question, so one that cannot be read is no reason to stop.
fn heard(journal: &Journal) -> HeardFn {
    let listener = Mutex::new(journal.last_events());
    Arc::new(move |accounts| {
        let mut listener = listener
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        listener.last(accounts).unwrap_or_else(|error| {
            tracing::debug!(%error, "no events");
            HashMap::new()
        })
    })
}

/// What a run will send: what is open, accounts no more than the limit, and what waits for those.
pub fn work(journal: &Journal, limit: Option<u64>, selected: bool) -> anyhow::Result<PlannedWork> {
    let open = |kind| journal.count(kind, State::Open, selected);
    let held = |kind| journal.count(kind, State::Held, selected);
    let accounts = open(TaskKind::Account)? + open(TaskKind::Update)?;
    let behind = match limit {
        Some(limit) if limit < accounts => journal.behind(limit, selected)?,
        _ => HeldTasks {
            documents: held(TaskKind::Document)?,
            kyb: held(TaskKind::Kyb)?,
        },
    };
    Ok(PlannedWork {
        accounts: accounts.min(limit.unwrap_or(u64::MAX)),
        documents: open(TaskKind::Document)? + behind.documents,
        kyb: open(TaskKind::Kyb)? + behind.kyb,
    })
}

/// The payload of a task: its row, mapped again. Fails when the bytes are not the planned ones. The settings come back.
pub fn sources(migration: Migration) -> anyhow::Result<(Sources, Settings)> {
    let key = migration.pipeline.key;
    let pipeline = Arc::new(migration.pipeline);
    let custody = migration.custody;
    let custody = custody.map(|custody| custody_stage::source(pipeline.clone(), custody));
    let sources = Sources {
        payload: payloads(pipeline),
        document: uploads::source(migration.documents, key),
        custody: custody.transpose()?,
    };
    Ok((sources, migration.settings))
}

/// The payload of an account's task.
pub fn payloads(pipeline: Arc<Pipeline>) -> PayloadFn {
    let spare: Mutex<Vec<RecordReader>> = Mutex::default();
    Arc::new(move |task| {
        let lock = || {
            spare
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
        };
        let mut reread = lock().pop().unwrap_or_default();
        let drift = || {
            Failure::stopped(
                format!(
                    "{}, line {}: the row does not give what was planned; the export changed while it was sent",
                    pipeline.export.file_name(task.at),
                    task.at.row
                ),
                "put the export back as it was and run again, or run `bakkt-migrate replan`",
            )
        };
        let prepared = reread
            .prepare(&pipeline, task.at, JoinedRowSource::Noted(&task.parts))
            .map_err(|error| read_again_failed(error, drift))?;
        let same =
            prepared.verdict.sendable() && pipeline.payload_hash(prepared.payload) == task.hash;
        let payload = same
            .then(|| Sensitive::new(prepared.payload.to_vec().into()))
            .ok_or_else(drift);
        lock().push(reread);
        payload
    })
}
