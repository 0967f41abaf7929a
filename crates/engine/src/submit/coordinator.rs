//! The loop of a run: one owner of all state, a closed set of events.
//!
//! A task's way: picked → (looked up) → intent recorded → sent → outcome recorded. Accounts, documents and KYB go in
//! lanes of their own beside each other, each with its places; which task is open when is the journal's. An intent and the outcomes of others
//! share transactions; a request leaves only when the recorder has answered for its intent. What must wait (backoff,
//! settling) waits in a heap and holds no place. A stop lets what is on its way finish and starts nothing new.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::HeardFn;
use super::counters::RestingTasks;
use super::lane::Lane;
use super::prompts::Prompts;
use super::recorder::{Recorder, Request, TaskPick};
use super::stage::{RequestEnd, SendTools};
use bakkt_journal::{Journal, now};
use bakkt_model::limits::{OnExisting, Retry};
use bakkt_model::state::State;
use bakkt_model::task::{Change, FreedTasks, Task, TaskKind, Transition};

/// Everything that a run needs to start.
pub struct RunSetup {
    /// For every request.
    pub tools: SendTools,
    /// Tells the requests that the run stops.
    pub stop: Arc<watch::Sender<bool>>,
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
}

/// How a run ended.
#[derive(Debug)]
pub enum RunEnd {
    /// Nothing is left to do.
    Finished,
    /// Asked to stop.
    Interrupted,
    /// Stopped by itself; the error says why and what to do.
    Stopped(anyhow::Error),
}

/// What to do with a task when its wait ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextStep {
    Look,
    Send,
    Ask,
}

/// A task that waits until it is due.
pub(super) struct ParkedTask {
    pub(super) task: Task,
    pub(super) due: Instant,
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
    recorder: Recorder,
    pub(super) stages: JoinSet<RequestEnd>,
    lanes: [Lane; 3],
    pub(super) asking: usize,
    pub(super) to_ask: VecDeque<Task>,
    /// When each parked task is due; one that was moved since has another time there, and this one means nothing.
    waiting: BinaryHeap<Reverse<(Instant, i64)>>,
    pub(super) parked: HashMap<i64, ParkedTask>,
    /// Those of them that rest in doubt, by when they are asked about.
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
    intended: Vec<Task>,
    /// Their intents are with the recorder.
    durable: Vec<Task>,
    recording: bool,
    /// The lanes whose picks are with the recorder.
    picking: Vec<usize>,
    pub(super) failures: u32,
    pub(super) succeeded_since_403: bool,
    /// Bakkt has answered as Bakkt does, in this run.
    pub(super) answered: bool,
    /// Answers 404 to questions without an Error body, in a row.
    pub(super) strange_404s: u32,
    pub(super) ending: Option<RunEnd>,
}

/// Ends when the run is asked to stop. The guard that the channel gives must not live on: it locks the channel.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone asks for nothing any more, but there is always one: the run's own.
    let _ = stop.wait_for(|stop| *stop).await;
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
pub async fn run(journal: Journal, setup: RunSetup) -> anyhow::Result<(Journal, RunEnd)> {
    let mut doubts = Vec::new();
    // Bakkt offers no question about KYB: what is in doubt there waits for a person.
    for kind in [TaskKind::Account, TaskKind::Update, TaskKind::Document] {
        doubts.extend(journal.pick(kind, State::InDoubt, 0, i64::MAX as usize, false)?);
    }
    let stop = setup.tools.stop.clone();
    let looks = setup.on_existing.looks_first();
    let all = if setup.settle_only { 0 } else { u64::MAX };
    let accounts = setup.limit.unwrap_or(u64::MAX).min(all);
    let mut run = SubmitLoop {
        recorder: Recorder::start(journal, setup.selected)?,
        stages: JoinSet::new(),
        lanes: [
            Lane::new(
                &[TaskKind::Account, TaskKind::Update],
                setup.in_flight,
                looks,
                accounts,
            ),
            Lane::new(&[TaskKind::Document], setup.uploads_in_flight, looks, all),
            Lane::new(&[TaskKind::Kyb], setup.in_flight, false, all),
        ],
        asking: 0,
        to_ask: VecDeque::new(),
        waiting: BinaryHeap::new(),
        parked: HashMap::new(),
        resting: BTreeSet::new(),
        prompts: Prompts::default(),
        tries: HashMap::new(),
        changes: Vec::new(),
        finished: Vec::new(),
        leaving: Vec::new(),
        intended: Vec::new(),
        durable: Vec::new(),
        recording: false,
        picking: Vec::new(),
        failures: 0,
        succeeded_since_403: false,
        answered: false,
        strange_404s: 0,
        ending: None,
        run: setup,
    };
    for task in doubts {
        // Counted again from the restart: the request of the process before may still be on its way.
        let wait = run.settle_after(task.kind);
        run.lane(task.kind).own(task.id);
        run.park(task, wait, NextStep::Ask);
    }
    run.work(stop).await?;
    let ended = run.ending.take().unwrap_or(RunEnd::Finished);
    Ok((run.recorder.finish()?, ended))
}

impl SubmitLoop {
    async fn work(&mut self, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
        loop {
            if self.ending.is_none() {
                self.wake();
                self.listen();
                self.launch();
            }
            self.record()?;
            if self.idle() {
                return Ok(());
            }
            let due = self.waiting.peek().map(|Reverse((at, _))| *at);
            let alarm = [due, self.next_listening()].into_iter().flatten().min();
            let alarm = alarm
                .filter(|_| self.ending.is_none())
                .unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
            tokio::select! {
                answer = self.recorder.answer(), if self.recording => {
                    let (freed, picked) = answer?;
                    self.recorded(freed, picked);
                }
                Some(done) = self.stages.join_next() => {
                    self.done(done?);
                    while let Some(done) = self.stages.try_join_next() {
                        self.done(done?);
                    }
                }
                () = tokio::time::sleep_until(alarm) => {}
                () = stopped(&mut stop), if self.ending.is_none() => self.end(RunEnd::Interrupted),
            }
        }
    }

    fn idle(&self) -> bool {
        let busy = self.recording || !self.stages.is_empty() || !self.changes.is_empty();
        let more = !self.lanes.iter().all(Lane::is_done)
            || !self.parked.is_empty()
            || !self.to_ask.is_empty();
        !busy && (self.ending.is_some() || !more)
    }

    /// Moves what has waited long enough into its queue.
    fn wake(&mut self) {
        let now = Instant::now();
        while let Some(Reverse((at, id))) = self.waiting.peek().copied() {
            if at > now {
                return;
            }
            self.waiting.pop();
            if self.parked.get(&id).is_none_or(|parked| parked.due != at) {
                continue;
            }
            let Some(ParkedTask { task, next, .. }) = self.unpark(id) else {
                continue;
            };
            match next {
                NextStep::Look => self.lane(task.kind).to_look.push_back(task),
                NextStep::Send => self.lane(task.kind).to_send.push_back(task),
                NextStep::Ask => self.to_ask.push_back(task),
            }
        }
    }

    fn launch(&mut self) {
        while self.asking < self.run.in_flight
            && let Some(task) = self.to_ask.pop_front()
        {
            self.asking += 1;
            self.stages.spawn(self.run.tools.clone().ask(task));
        }
        for lane in 0..self.lanes.len() {
            while let Some(task) = self.lanes[lane].next_look() {
                self.stages.spawn(self.run.tools.clone().look(task));
            }
            while let Some(mut task) = self.lanes[lane].next_send() {
                // What an account's age is compared with when the answer gets lost.
                task.first_at.get_or_insert_with(now);
                task.attempts += 1;
                let hash = task.intent();
                self.change(task.id, Transition::Intend { hash });
                self.intended.push(task);
            }
        }
    }

    /// Hands the recorder what has gathered, and asks for more tasks where there is room.
    fn record(&mut self) -> anyhow::Result<()> {
        if self.recording {
            return Ok(());
        }
        let wanted = |lane: &Lane| self.ending.is_none().then(|| lane.pick()).flatten();
        let (lanes, picks): (Vec<usize>, Vec<TaskPick>) = self
            .lanes
            .iter()
            .enumerate()
            .filter_map(|(number, lane)| Some((number, wanted(lane)?)))
            .unzip();
        if self.changes.is_empty() && picks.is_empty() {
            return Ok(());
        }
        self.recording = true;
        self.picking = lanes;
        self.durable = std::mem::take(&mut self.intended);
        self.leaving = std::mem::take(&mut self.finished);
        self.recorder.ask(Request {
            changes: std::mem::take(&mut self.changes),
            picks,
        })
    }

    /// The recorder's answer: the intents that it was given are durable now.
    fn recorded(&mut self, freed: FreedTasks, picked: Vec<Vec<Task>>) {
        self.recording = false;
        for task in std::mem::take(&mut self.durable) {
            self.stages.spawn(self.run.tools.clone().send(task));
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

    pub(super) fn change(&mut self, task: i64, what: Transition) {
        self.changes.push(Change {
            task,
            at: now(),
            what,
        });
    }

    /// Lets a task wait.
    pub(super) fn park(&mut self, task: Task, wait: Duration, next: NextStep) {
        self.park_until(task, Instant::now() + wait, next);
    }

    /// Lets a task wait until a certain time.
    pub(super) fn park_until(&mut self, task: Task, due: Instant, next: NextStep) {
        self.waiting.push(Reverse((due, task.id)));
        let parked = ParkedTask { task, due, next };
        self.prompts.doubted += usize::from(parked.may_be_prompted());
        if next == NextStep::Ask {
            self.resting.insert((due, parked.task.id));
            self.tell_resting();
        }
        self.parked.insert(parked.task.id, parked);
    }

    /// Takes a task that waits.
    pub(super) fn unpark(&mut self, task: i64) -> Option<ParkedTask> {
        let parked = self.parked.remove(&task)?;
        self.prompts.doubted -= usize::from(parked.may_be_prompted());
        if self.resting.remove(&(parked.due, task)) {
            self.tell_resting();
        }
        Some(parked)
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

    /// Ends the run, unless it is ending already.
    pub(super) fn end(&mut self, why: RunEnd) {
        if self.ending.is_none() {
            self.ending = Some(why);
            // Nobody left to tell only means that no request waits for the rate.
            let _ = self.run.stop.send(true);
        }
    }
}
