//! The custody stage of a run: client, limiters, the function from task to body.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use secrecy::SecretString;

use super::place::StatePlace;
use super::pressure_file::PressureFile;
use super::rates::Rates;
use super::run_control::RunControl;
use super::signals::Signals;
use super::so_far::so_far;
use super::{taken_ids, target};
use bakkt_engine::api::Client;
use bakkt_engine::custody::stage::{CustodyLimiters, CustodyTools};
use bakkt_engine::custody::{CustodyBody, CustodyBodyFn, CustodySetup, run};
use bakkt_engine::quota::server::Fence;
use bakkt_engine::requests::RunEnd;
use bakkt_engine::requests::disk::DiskReads;
use bakkt_engine::requests::gate::SendGate;
use bakkt_engine::submit::RunCounters;
use bakkt_files::progress::{Mode, WorkProgress, note};
use bakkt_folder::migration::custody::Custody;
use bakkt_folder::settings::Settings;
use bakkt_folder::settings::custody::CustodySettings;
use bakkt_journal::Journal;
use bakkt_journal::custody::sessions::Sessions;
use bakkt_mapping::custody::CustodyWorker;
use bakkt_mapping::pipeline::reread::RecordReader;
use bakkt_mapping::pipeline::{JoinedRowSource, Pipeline};
use bakkt_model::custody::{CustodyKind, CustodyTask};
use bakkt_model::error::Failure;
use bakkt_model::limits::Retry;
use bakkt_model::number::thousands;
use bakkt_model::sensitive::Sensitive;
use bakkt_model::state::State;
use bakkt_model::target::Target;
use bakkt_planning::custody::{item_name, outcome_of};
use bakkt_planning::drift::read_again_failed;

/// What the custody stage needs of a migration.
pub struct CustodySource {
    /// From task to body.
    pub body: CustodyBodyFn,
}

/// The function from task to body. Reads the export of recipients once.
pub fn source(pipeline: Arc<Pipeline>, mut custody: Custody) -> anyhow::Result<CustodySource> {
    if let Some(recipients) = &mut custody.recipients {
        recipients.index(&mut |_, _| Ok(()))?;
    }
    let spare: Mutex<Vec<(RecordReader, CustodyWorker)>> = Mutex::default();
    let body = move |task: &CustodyTask| {
        let lock = || spare.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut reread, mut worker) = lock().pop().unwrap_or_default();
        let made = body(&pipeline, &custody, task, &mut reread, &mut worker);
        lock().push((reread, worker));
        made
    };
    Ok(CustodySource {
        body: Arc::new(body),
    })
}

fn body(
    pipeline: &Pipeline,
    custody: &Custody,
    task: &CustodyTask,
    reread: &mut RecordReader,
    worker: &mut CustodyWorker,
) -> anyhow::Result<CustodyBody> {
    let drift = || {
        Failure::stopped(
            format!(
                "the row of {} does not give what was planned for custody; the export changed while it was sent",
                task.client_id
            ),
            "put the exports back as they were and run again, or run `bakkt-migrate replan`",
        )
    };
    let at = task.at.context("the plan has this customer no longer")?;
    let prepared = reread
        .prepare(pipeline, at, JoinedRowSource::Noted(&task.parts))
        .map_err(|error| read_again_failed(error, drift))?;
    let payload = prepared.payload.to_vec();
    let customer = (task.client_id.as_str(), at, payload.as_slice());
    let (outcome, _) = outcome_of(pipeline, custody, customer, worker)
        .map_err(|error| read_again_failed(error, drift))?;
    let is_ours = |kind, name: &str| kind == task.kind && name == task.item;
    let (mut ours, mut siblings) = (None, Vec::new());
    for item in outcome.items {
        let name = item_name(pipeline, &task.client_id, &item);
        let is_planned = pipeline.hash(&item.body) == task.hash;
        let (kind, bytes) = (item.kind, Sensitive::new(item.body.into()));
        match is_ours(kind, &name) {
            true if is_planned => ours = Some(bytes),
            true => return Err(drift()),
            false if kind == CustodyKind::Recipient => siblings.push(bytes),
            false => {}
        }
    }
    let body = ours.ok_or_else(drift)?;
    Ok(CustodyBody { body, siblings })
}

/// Customers' sessions of a migration, without those that are too old.
pub fn sessions(journal: &Journal, settings: &CustodySettings) -> anyhow::Result<Sessions> {
    let folder = journal.folder().context("the journal's folder")?;
    let lives = i64::try_from(settings.session_lives.as_millis()).unwrap_or(i64::MAX);
    let sessions = Sessions::of(&folder, journal.key, lives);
    sessions.delete_old(bakkt_journal::now());
    Ok(sessions)
}

/// How custody waits.
fn retry(settings: &Settings, custody: &CustodySettings) -> Retry {
    Retry {
        settle_after: custody.settle_after,
        ..settings.retry
    }
}

/// A client of the custody calls.
pub fn client(
    settings: &Settings,
    custody: &CustodySettings,
    key: SecretString,
) -> anyhow::Result<Client> {
    let to = Target {
        base_url: target::custody_url(settings, custody),
        ..settings.target.clone()
    };
    let timeout: Duration = settings.retry.request_timeout;
    let prefix = custody.header_prefix.as_str();
    let proxy = target::proxy_credentials(settings)?;
    Client::for_custody(&to, (prefix, key), proxy, timeout, 4 * custody.in_flight)
}

/// What one call of the stage is about.
pub struct CustodyScope<'a> {
    /// The name of where it goes, part of every key.
    pub target: &'a str,
    /// Where the journal lies, and those of other shards beside it.
    pub place: &'a StatePlace,
    /// Picking is limited to some ids.
    pub selected: bool,
    /// Whom the quota server has to know as the shard's owner.
    pub fence: Option<Fence>,
    /// What steers the run.
    pub control: &'a RunControl,
}

/// Custody tasks that are not done, those in doubt among them.
pub fn unfinished(journal: &Journal) -> anyhow::Result<u64> {
    let states = [State::Open, State::Held, State::Sending, State::InDoubt];
    let counts = states.map(|state| journal.count_custody(state));
    counts.into_iter().sum()
}

/// Makes what custody has to make, until done or stopped.
pub async fn send(
    mut journal: Journal,
    settings: &Settings,
    key: SecretString,
    source: CustodySource,
    scope: CustodyScope<'_>,
    signals: &Signals,
    mode: Mode,
) -> anyhow::Result<(Journal, RunEnd)> {
    let custody = settings
        .custody
        .as_ref()
        .context("a migration with custody")?;
    journal.bind_custody(scope.target)?;
    let sessions = sessions(&journal, custody)?;
    let waiting = journal.count_custody(State::Open)? + journal.count_custody(State::Held)?;
    let doubts = journal.count_custody(State::Sending)? + journal.count_custody(State::InDoubt)?;
    if waiting + doubts == 0 {
        return Ok((journal, RunEnd::Finished));
    }
    note(
        mode,
        &format!(
            "custody: {} tasks are not done, {} in doubt, to {}",
            thousands(waiting),
            thousands(doubts),
            scope.target
        ),
    );
    let counters = Arc::new(RunCounters::default());
    counters.total.set(waiting + doubts);
    let stop = signals.stop.clone();
    let rates = Rates::of_custody(settings, custody, scope.fence, stop).await?;
    let limiters = rates.custody(&custody.rates);
    let CustodyLimiters {
        user,
        account,
        recipient,
        lookup,
    } = limiters.clone();
    scope.control.show("custody", &counters);
    let steering = &scope.control.steering;
    for (name, limiter) in [
        ("custody.users", &user),
        ("custody.accounts", &account),
        ("custody.recipients", &recipient),
        ("custody.lookup", &lookup),
    ] {
        steering.attach(name, limiter.clone());
    }
    counters.watch(vec![user, account, recipient, lookup]);
    let client = client(settings, custody, key)?;
    let setup = CustodySetup {
        tools: Arc::new(CustodyTools {
            gate: SendGate::new(client, counters.waiting.clone(), signals.stop.subscribe())
                .steered_by(steering),
            limiters,
            body: source.body,
            disk: DiskReads::start()?,
            sessions,
            codes: journal.code_key(),
            base_url: scope.target.to_owned(),
            counters: counters.clone(),
        }),
        stop: signals.stop.clone(),
        steering: steering.clone(),
        retry: retry(settings, custody),
        in_flight: custody.in_flight,
        selected: scope.selected,
        window: custody.window,
        independent: !custody.after_acceptance,
        taken: taken_ids::of_custody(scope.place, mode),
    };
    let pressure_file = PressureFile::start(journal.folder(), counters.clone());
    let number = super::run_record::begin(&mut journal, "custody")?;
    let shown = WorkProgress::watch(mode, "custody", move || so_far(&counters));
    let ended = tokio::select! {
        ended = run(journal, setup) => ended,
        () = signals.aborted() => {
            Err(Failure::stopped("stopped at once; what was on its way is in doubt", "run the same command: it settles those first"))
        }
    };
    shown.finish();
    drop(pressure_file);
    let (mut journal, ended) = ended?;
    let ended = rates.ended(ended);
    let outcome = format!("custody {}", RunControl::outcome(steering, &ended));
    super::run_record::end(&mut journal, number, &outcome)?;
    Ok((journal, ended))
}
