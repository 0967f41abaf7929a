//! The loop of a run, as the request engine's [`Work`].
//!
//! A task's way: picked → (looked up) → intent recorded → sent → outcome recorded. Bakkt offers no question about KYB, so that the intent
//! of a trigger is recorded only when the rate is about to let it leave. Accounts, documents and KYB go in
//! lanes of their own beside each other, each with its places; which task is open when is the journal's. An intent and the outcomes of others
//! share transactions; a request leaves only when the recorder has answered for its intent. What must wait (backoff,
//! settling) waits with the engine and holds no place.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::HeardFn;
use super::counters::RestingTasks;
use super::lane::{Lane, TaskPick};
use super::prompts::Prompts;
use super::stage::{RequestEnd, SendTools};
use crate::requests::limiter::ClaimPermit;
use crate::requests::outage::FailureWords;
use crate::requests::queue::RequestQueue;
use crate::requests::steering::{PendingDecision, Steering};
use crate::requests::taken::TakenIds;
use crate::requests::{RequestEngine, RunEnd, Work, record_decisions};
use bakkt_journal::{Journal, Reader, now};
use bakkt_model::limits::{OnExisting, Retry};
use bakkt_model::state::State;
use bakkt_model::task::{Change, FreedTasks, Task, TaskKind, Transition};

/// Everything that a run needs to start.
pub struct RunSetup {
    /// For every request.
    pub tools: Arc<SendTools>,
    /// Tells the requests that the run stops.
    pub stop: Arc<watch::Sender<bool>>,
    /// What a person and the clock say about the run.
    pub steering: Steering,
    /// `on_existing`.
    pub on_existing: OnExisting,
    /// Waits and bounds.
    pub retry: Retry,
    /// Requests about accounts, and about KYB, on their way at once.
    pub in_flight: usize,
    /// Uploads on their way at once.
    pub uploads_in_flight: usize,
    /// Start no more than so many account tasks; their documents follow.
    pub limit: Option<u64>,
    /// Picking is limited by [`Journal::select`].
    pub selected: bool,
    /// Ask about what is in doubt, and send nothing.
    pub settle_only: bool,
    /// What Bakkt said unasked about accounts.
    pub heard: HeardFn,
    /// The ids of accounts in the journals beside this one; those of this one are added.
    pub taken: TakenIds,
}

/// What to do with a task when its wait ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextStep {
    Look,
    Send,
    Ask,
    /// To learn whether key and address are good.
    Probe,
}

/// A task that waits.
pub(super) struct ParkedTask {
    pub(super) task: Task,
    pub(super) next: NextStep,
}

impl ParkedTask {
    /// Whether an event lets it be asked about at once: one says nothing about documents.
    pub(super) fn may_be_prompted(&self) -> bool {
        self.next == NextStep::Ask && self.task.kind != TaskKind::Document
    }
}

pub(super) struct SubmitLoop {
    pub(super) run: RunSetup,
    pub(super) engine: RequestEngine<SubmitLoop>,
    pub(super) lanes: [Lane; 3],
    pub(super) to_ask: RequestQueue<Task>,
    /// The waiting tasks that rest in doubt, by when they are asked about.
    resting: BTreeSet<(Instant, i64)>,
    pub(super) prompts: Prompts,
    /// Of tasks that did not go straight through: tries in this run, and asks that found nothing.
    pub(super) tries: HashMap<i64, Tries>,
    changes: Vec<Change>,
    /// Done with, by what is among `changes`, and by what is with the recorder: until that is durable, the journal may
    /// still give them out as open.
    pub(super) finished: Vec<(TaskKind, i64)>,
    leaving: Vec<(TaskKind, i64)>,
    /// Their intents are among `changes`.
    intended: Vec<(Task, Option<ClaimPermit>)>,
    /// Their intents are with the recorder.
    durable: Vec<(Task, Option<ClaimPermit>)>,
    /// The lanes whose picks are with the recorder.
    picking: Vec<usize>,
    /// Accounts in a row that were answered with the bakktId of another one.
    pub(super) shared_in_a_row: u32,
    /// Bakkt has accepted something in an earlier run.
    pub(super) has_succeeded_before: bool,
}

/// What the recorder is handed: changes, in one transaction, and what to pick then.
pub(super) struct RecorderBatch {
    changes: Vec<Change>,
    picks: Vec<TaskPick>,
    decisions: Vec<PendingDecision>,
}

/// How a task has fared in this run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tries {
    /// Failed tries to send.
    pub(super) sends: u32,
    /// Failed questions.
    pub(super) questions: u32,
    /// Asks since it was last sent that found nothing.
    pub(super) absent: u8,
}

/// Runs until nothing is left, or until stopped. The journal comes back in any case but a failure of the journal.
pub async fn run(journal: Journal, mut setup: RunSetup) -> anyhow::Result<(Journal, RunEnd)> {
    let mut doubts = Vec::new();
    // Bakkt offers no question about KYB: what is in doubt there waits for a person.
    for kind in [TaskKind::Account, TaskKind::Update, TaskKind::Document] {
        doubts.extend(journal.pick(kind, State::InDoubt, 0, i64::MAX as usize, false)?);
    }
    let mut accepted = 0;
    for kind in [
        TaskKind::Account,
        TaskKind::Update,
        TaskKind::Document,
        TaskKind::Kyb,
    ] {
        accepted += journal.count(kind, State::Accepted, false)?;
    }
    setup.taken.sort();
    let known = journal.count(TaskKind::Account, State::Accepted, false)?;
    if let (1.., Some(folder)) = (accepted, journal.folder()) {
        setup.taken.read_beside(known, move |each| {
            Reader::open(&Journal::path(&folder))?.each_bakkt_id(each)
        })?;
    }
    let looks = setup.on_existing.looks_first();
    let all = if setup.settle_only { 0 } else { u64::MAX };
    let accounts = setup.limit.unwrap_or(u64::MAX).min(all);
    let lane = |kinds, places, looks, budget| Lane::new(kinds, places, looks, budget);
    let lanes = [
        lane(
            &[TaskKind::Account, TaskKind::Update],
            setup.in_flight,
            looks,
            accounts,
        ),
        lane(&[TaskKind::Document], setup.uploads_in_flight, looks, all),
        lane(&[TaskKind::Kyb], setup.in_flight, false, all),
    ];
    let selected = setup.selected;
    let record = move |journal: &mut Journal, batch: RecorderBatch| {
        record_decisions(journal, batch.decisions)?;
        let freed = journal.commit(&batch.changes)?;
        let pick =
            |pick: &TaskPick| journal.pick(pick.kind, State::Open, pick.after, pick.most, selected);
        let picked = batch
            .picks
            .iter()
            .map(pick)
            .collect::<anyhow::Result<_>>()?;
        Ok((freed, picked))
    };
    let words = FailureWords {
        failures: "failures in a row and not one success between them; the last was",
        names_address: true,
    };
    let mut run = SubmitLoop {
        engine: RequestEngine::new(journal, record, setup.retry, setup.stop.clone(), words)?,
        lanes,
        to_ask: RequestQueue::new(setup.in_flight),
        resting: BTreeSet::new(),
        prompts: Prompts::default(),
        tries: HashMap::new(),
        changes: Vec::new(),
        finished: Vec::new(),
        leaving: Vec::new(),
        intended: Vec::new(),
        durable: Vec::new(),
        picking: Vec::new(),
        shared_in_a_row: 0,
        has_succeeded_before: accepted > 0,
        run: setup,
    };
    run.engine.heed(&run.run.steering);
    for task in doubts {
        // Counted again from the restart: the request of the process before may still be on its way.
        let wait = run.settle_after(task.kind);
        run.lane(task.kind).own(task.id);
        run.park(task, wait, NextStep::Ask);
    }
    let (run, ended) = crate::requests::run(run).await?;
    Ok((run.engine.into_owner()?, ended))
}

impl Work for SubmitLoop {
    type Item = ParkedTask;
    type End = RequestEnd;
    type Batch = RecorderBatch;
    type Recorded = (FreedTasks, Vec<Vec<Task>>);
    type Owner = Journal;

    fn engine(&mut self) -> &mut RequestEngine<SubmitLoop> {
        &mut self.engine
    }

    fn resume(&mut self, due: Instant, parked: ParkedTask) {
        self.left_waiting(due, &parked);
        let ParkedTask { task, next } = parked;
        match next {
            NextStep::Look => self.lane(task.kind).to_look.push(task),
            NextStep::Send => self.lane(task.kind).to_send.push(task),
            NextStep::Ask => self.to_ask.push(task),
            NextStep::Probe => self.probe(task),
        }
    }

    fn launch(&mut self) {
        self.listen();
        self.ask_about_forbidden();
        let most = self.run.steering.in_flight();
        let mut starting = Vec::new();
        while let Some(task) = self.to_ask.start_within(most) {
            self.engine.spawn(self.run.tools.clone().ask(task));
        }
        for lane in &mut self.lanes {
            while let Some(task) = lane.next_look(most) {
                self.engine.spawn(self.run.tools.clone().look(task));
            }
            while let Some(task) = lane.to_send.start_within(most) {
                match task.kind {
                    TaskKind::Kyb => self.engine.spawn(self.run.tools.clone().claim(task)),
                    _ => starting.push(task),
                }
            }
        }
        for task in starting {
            self.intend(task, None);
        }
    }

    fn next_launch(&self) -> Option<Instant> {
        self.next_listening()
    }

    /// What has gathered, and more tasks where there is room.
    fn batch(&mut self) -> Option<RecorderBatch> {
        let is_ending = self.engine.is_ending();
        let wanted = |lane: &Lane| (!is_ending).then(|| lane.pick()).flatten();
        let lanes = self.lanes.iter().enumerate();
        let (lanes, picks): (Vec<usize>, Vec<TaskPick>) = lanes
            .filter_map(|(number, lane)| Some((number, wanted(lane)?)))
            .unzip();
        let decisions = self.run.steering.take_decisions();
        if self.changes.is_empty() && picks.is_empty() && decisions.is_empty() {
            return None;
        }
        self.picking = lanes;
        self.durable = std::mem::take(&mut self.intended);
        self.leaving = std::mem::take(&mut self.finished);
        let changes = std::mem::take(&mut self.changes);
        Some(RecorderBatch {
            changes,
            picks,
            decisions,
        })
    }

    /// The intents that the recorder was given are durable now: their requests may leave.
    fn recorded(&mut self, (freed, picked): (FreedTasks, Vec<Vec<Task>>)) {
        for (task, permit) in std::mem::take(&mut self.durable) {
            self.engine.spawn(self.run.tools.clone().send(task, permit));
        }
        for (kind, task) in std::mem::take(&mut self.leaving) {
            self.lane(kind).forget(task);
        }
        for (kind, count) in [
            (TaskKind::Document, freed.documents),
            (TaskKind::Kyb, freed.kyb),
        ] {
            if count > 0 {
                self.lane(kind).freed();
                self.run.tools.counters.total.add(count);
            }
        }
        for (lane, tasks) in std::mem::take(&mut self.picking).into_iter().zip(picked) {
            self.lanes[lane].take(tasks);
        }
    }

    fn ended(&mut self, end: RequestEnd) {
        self.done(end);
    }

    fn has_more(&self) -> bool {
        !self.lanes.iter().all(Lane::is_done) || !self.to_ask.is_empty()
    }
}

fn change(task: i64, what: Transition) -> Change {
    Change {
        task,
        at: now(),
        what,
    }
}

impl SubmitLoop {
    /// The lane of a kind of task.
    pub(super) fn lane(&mut self, kind: TaskKind) -> &mut Lane {
        let place = self.lanes.iter().position(|lane| lane.is_of(kind));
        &mut self.lanes[place.unwrap_or(0)]
    }

    /// How long a lost outcome waits before it is asked for: uploads may be on their way for longer.
    pub(super) fn settle_after(&self, kind: TaskKind) -> Duration {
        let retry = &self.run.retry;
        match kind {
            TaskKind::Document => {
                let longer = self.run.tools.upload_timeout;
                retry.settle_after + longer.saturating_sub(retry.request_timeout)
            }
            TaskKind::Account | TaskKind::Update | TaskKind::Kyb => retry.settle_after,
        }
    }

    /// Whether something is to be recorded.
    pub(super) fn has_unrecorded(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Records that a task is about to be sent; it is, once that is durable.
    pub(super) fn intend(&mut self, mut task: Task, permit: Option<ClaimPermit>) {
        self.lane(task.kind).forbidden.leaves(task.id);
        // What an account's age is compared with when the answer gets lost.
        task.first_at.get_or_insert_with(now);
        task.attempts += 1;
        let hash = task.intent();
        self.change(task.id, Transition::Intend { hash });
        self.intended.push((task, permit));
    }

    pub(super) fn change(&mut self, task: i64, what: Transition) {
        self.changes.push(change(task, what));
    }

    /// Lets a task wait.
    pub(super) fn park(&mut self, task: Task, wait: Duration, next: NextStep) {
        self.park_until(task, Instant::now() + wait, next);
    }

    /// Lets a task wait until a certain time.
    pub(super) fn park_until(&mut self, task: Task, due: Instant, next: NextStep) {
        let (id, parked) = (task.id, ParkedTask { task, next });
        self.prompts.doubted += usize::from(parked.may_be_prompted());
        if next == NextStep::Ask {
            self.resting.insert((due, id));
            self.tell_resting();
        }
        self.engine.waiting.add(id, due, parked);
    }

    /// A task waits no more that was to wait until then.
    pub(super) fn left_waiting(&mut self, due: Instant, parked: &ParkedTask) {
        self.prompts.doubted -= usize::from(parked.may_be_prompted());
        if self.resting.remove(&(due, parked.task.id)) {
            self.tell_resting();
        }
    }

    /// For the progress display.
    fn tell_resting(&self) {
        let ends = self.resting.first().zip(self.resting.last());
        let resting = ends.map(|((first, _), (last, _))| RestingTasks {
            count: self.resting.len() as u64,
            first: first.into_std(),
            last: last.into_std(),
        });
        self.run.tools.counters.rest(resting);
    }
}
