//! The loop of the custody stage, as the request engine's [`Work`].
//!
//! A task's way: picked → the rate is about to let it leave → (session looked for) → intent recorded with its key → sent → outcome
//! recorded. Users, bank accounts, savings and recipients go in lanes of their own beside each other; what is freed by a user is the journal's business.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::lane::{CustodyLane, CustodyPick, QueuedTask};
use super::stage::{CustodyEnd, CustodyTools, KnownUuids};
use crate::requests::limiter::ClaimPermit;
use crate::requests::outage::FailureWords;
use crate::requests::steering::{PendingDecision, Steering};
use crate::requests::taken::TakenIds;
use crate::requests::{RequestEngine, RunEnd, Work, record_decisions};
use bakkt_journal::custody::NEEDS_SESSION;
use bakkt_journal::{Journal, now};
use bakkt_model::custody::{CustodyChange, CustodyKind, CustodyTask, CustodyTransition};
use bakkt_model::limits::Retry;
use bakkt_model::state::State;

/// Everything that the custody stage of a run needs to start.
pub struct CustodySetup {
    /// For every request.
    pub tools: Arc<CustodyTools>,
    /// Tells the requests that the run stops.
    pub stop: Arc<watch::Sender<bool>>,
    /// What a person and the clock say about the run.
    pub steering: Steering,
    /// Waits and bounds; `settle_after` is that of custody.
    pub retry: Retry,
    /// Requests of each kind on their way at once.
    pub in_flight: usize,
    /// Picking is limited by [`Journal::select`].
    pub selected: bool,
    /// How long a key is kept, as the settings state it: a lost user is sent again within it, and never without it.
    pub window: Option<Duration>,
    /// Users are made whether or not the account is accepted.
    pub independent: bool,
    /// The uuids that the journals beside this one have; those of this one are added.
    pub taken: TakenIds,
}

/// So many users may vouch for key and address: more than may be forbidden themselves.
pub(super) const WITNESSES: usize = 32;

/// What to do with a task when its wait ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextStep {
    Send,
    Repeat,
    Ask,
    /// To learn whether the key and the address are good, after it was forbidden.
    Vouch,
}

/// A task that waits.
pub(super) struct ParkedTask {
    task: CustodyTask,
    next: NextStep,
}

/// How a task has fared in this run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tries {
    pub(super) sends: u32,
    pub(super) questions: u32,
    pub(super) absent: u8,
}

/// What the recorder is handed.
pub(super) struct CustodyBatch {
    changes: Vec<CustodyChange>,
    picks: Vec<CustodyPick>,
    /// Customers of whom something ended.
    ended: Vec<String>,
    /// Tasks that are to be asked about.
    asking: Vec<CustodyTask>,
    decisions: Vec<PendingDecision>,
}

/// What the recorder answers.
pub(super) struct CustodyRecorded {
    freed: u64,
    picked: Vec<Vec<CustodyTask>>,
    asking: Vec<(CustodyTask, KnownUuids)>,
}

pub(super) struct CustodyLoop {
    pub(super) run: CustodySetup,
    pub(super) engine: RequestEngine<CustodyLoop>,
    lanes: [CustodyLane; 4],
    /// To be asked about once the recorder has said which uuids are known.
    asking: Vec<CustodyTask>,
    pub(super) tries: HashMap<i64, Tries>,
    changes: Vec<CustodyChange>,
    finished: Vec<(CustodyKind, i64)>,
    leaving: Vec<(CustodyKind, i64)>,
    pub(super) ended: Vec<String>,
    intended: Vec<(CustodyTask, ClaimPermit)>,
    durable: Vec<(CustodyTask, ClaimPermit)>,
    picking: Vec<usize>,
    /// A call with the key alone has succeeded in this run.
    pub(super) key_is_good: bool,
    /// Some users that Bakkt has, with their customers: reading one of them shows that key and address are good.
    pub(super) witnesses: Vec<(String, String)>,
}

/// Runs until nothing is left, or until stopped.
pub async fn run(
    mut journal: Journal,
    mut setup: CustodySetup,
) -> anyhow::Result<(Journal, RunEnd)> {
    journal.begin_custody(setup.independent, now())?;
    let sessions = setup.tools.sessions.clone();
    journal.free_sessions(|id| sessions.get(id, now()).is_some(), now())?;
    let mut doubts = Vec::new();
    let mut lanes = Vec::new();
    for kind in CustodyKind::ALL {
        let all = i64::MAX as usize;
        doubts.extend(journal.pick_custody(kind, State::InDoubt, 0, all, setup.selected)?);
        let has_succeeded = journal.custody_succeeded(kind)?;
        lanes.push(CustodyLane::new(kind, setup.in_flight, has_succeeded));
    }
    let Ok(lanes) = <[CustodyLane; 4]>::try_from(lanes) else {
        anyhow::bail!("every kind has a lane");
    };
    let mut witnesses = Vec::new();
    for made in journal.made_custody()? {
        setup.taken.take(&made.uuid);
        if made.kind == CustodyKind::User && witnesses.len() < WITNESSES {
            witnesses.push((made.client_id, made.uuid));
        }
    }
    let selected = setup.selected;
    let kept = setup.tools.sessions.clone();
    let record = move |journal: &mut Journal, batch: CustodyBatch| {
        record_decisions(journal, batch.decisions)?;
        let freed = journal.commit_custody(&batch.changes)?;
        for client_id in &batch.ended {
            if !journal.uses_session(client_id)? {
                kept.delete(client_id);
            }
        }
        let pick = |pick: &CustodyPick| {
            journal.pick_custody(pick.kind, State::Open, pick.after, pick.most, selected)
        };
        let picked = batch
            .picks
            .iter()
            .map(pick)
            .collect::<anyhow::Result<_>>()?;
        let known = |task: CustodyTask| {
            let mut known = journal.custody_uuids(&task.client_id, task.kind)?;
            if task.kind != CustodyKind::Recipient {
                known.extend(journal.custody_uuids(&task.client_id, CustodyKind::BankAccount)?);
                known.extend(journal.custody_uuids(&task.client_id, CustodyKind::Savings)?);
            }
            Ok((task, known))
        };
        let asking = batch
            .asking
            .into_iter()
            .map(known)
            .collect::<anyhow::Result<_>>()?;
        Ok(CustodyRecorded {
            freed,
            picked,
            asking,
        })
    };
    let words = FailureWords {
        failures: "custody requests failed in a row and not one succeeded between them; the last was",
        names_address: false,
    };
    let mut run = CustodyLoop {
        engine: RequestEngine::new(journal, record, setup.retry, setup.stop.clone(), words)?,
        lanes,
        asking: Vec::new(),
        tries: HashMap::new(),
        changes: Vec::new(),
        finished: Vec::new(),
        leaving: Vec::new(),
        ended: Vec::new(),
        intended: Vec::new(),
        durable: Vec::new(),
        picking: Vec::new(),
        key_is_good: false,
        witnesses,
        run: setup,
    };
    run.engine.heed(&run.run.steering);
    for task in doubts {
        run.lane(task.kind).own(task.id);
        run.run.tools.counters.in_doubt.up();
        run.after_doubt(task);
    }
    let (run, ended) = crate::requests::run(run).await?;
    Ok((run.engine.into_owner()?, ended))
}

impl Work for CustodyLoop {
    type Item = ParkedTask;
    type End = CustodyAnswer;
    type Batch = CustodyBatch;
    type Recorded = CustodyRecorded;
    type Owner = Journal;

    fn engine(&mut self) -> &mut RequestEngine<CustodyLoop> {
        &mut self.engine
    }

    fn resume(&mut self, _: Instant, parked: ParkedTask) {
        let ParkedTask { task, next } = parked;
        match next {
            NextStep::Send => self.lane(task.kind).push(task, false),
            NextStep::Repeat => self.repeat(task),
            NextStep::Ask => self.asking.push(task),
            NextStep::Vouch => self.ask_for_forbidden(task),
        }
    }

    fn launch(&mut self) {
        self.ask_about_forbidden();
        let most = self.run.steering.in_flight();
        for place in 0..self.lanes.len() {
            while let Some(queued) = self.lanes[place].start(most) {
                let due = self.run.tools.clone().claim(queued);
                self.engine.spawn(async { CustodyAnswer(due.await) });
            }
        }
    }

    fn batch(&mut self) -> Option<CustodyBatch> {
        let is_ending = self.engine.is_ending();
        let lanes = self.lanes.iter().enumerate();
        let (lanes, picks): (Vec<usize>, Vec<CustodyPick>) = lanes
            .filter_map(|(number, lane)| Some((number, lane.pick().filter(|_| !is_ending)?)))
            .unzip();
        let asking = match is_ending {
            true => Vec::new(),
            false => std::mem::take(&mut self.asking),
        };
        let decisions = self.run.steering.take_decisions();
        let is_idle = self.changes.is_empty() && self.ended.is_empty();
        if is_idle && picks.is_empty() && asking.is_empty() && decisions.is_empty() {
            return None;
        }
        self.picking = lanes;
        self.durable = std::mem::take(&mut self.intended);
        self.leaving = std::mem::take(&mut self.finished);
        Some(CustodyBatch {
            changes: std::mem::take(&mut self.changes),
            picks,
            ended: std::mem::take(&mut self.ended),
            asking,
            decisions,
        })
    }

    fn recorded(&mut self, recorded: CustodyRecorded) {
        for (task, permit) in std::mem::take(&mut self.durable) {
            let request = self.run.tools.clone().send(task, permit);
            self.engine.spawn(async { CustodyAnswer(request.await) });
        }
        for (kind, task) in std::mem::take(&mut self.leaving) {
            self.lane(kind).forget(task);
        }
        if recorded.freed > 0 {
            self.run.tools.counters.total.add(recorded.freed);
            for lane in &mut self.lanes[1..] {
                lane.freed();
            }
        }
        for (lane, tasks) in std::mem::take(&mut self.picking)
            .into_iter()
            .zip(recorded.picked)
        {
            self.lanes[lane].take(tasks);
        }
        for (task, known) in recorded.asking {
            let request = self.run.tools.clone().ask(task, known);
            self.engine.spawn(async { CustodyAnswer(request.await) });
        }
    }

    fn ended(&mut self, CustodyAnswer(end): CustodyAnswer) {
        self.done(end);
    }

    fn has_more(&self) -> bool {
        !self.lanes.iter().all(CustodyLane::is_done) || !self.asking.is_empty()
    }
}

/// How a request ended, for the engine.
pub(super) struct CustodyAnswer(CustodyEnd);

impl CustodyLoop {
    /// The lane of a kind.
    pub(super) fn lane(&mut self, kind: CustodyKind) -> &mut CustodyLane {
        &mut self.lanes[kind as usize]
    }

    pub(super) fn change(&mut self, task: i64, what: CustodyTransition) {
        self.changes.push(CustodyChange {
            task,
            at: now(),
            what,
        });
    }

    /// Whether something is to be recorded.
    pub(super) fn has_unrecorded(&self) -> bool {
        !self.changes.is_empty() || !self.ended.is_empty()
    }

    /// A task is done with in this run.
    pub(super) fn finish(&mut self, task: &CustodyTask) {
        self.finished.push((task.kind, task.id));
        self.ended.push(task.client_id.clone());
    }

    pub(super) fn park(&mut self, task: CustodyTask, wait: Duration, next: NextStep) {
        self.park_until(task, Instant::now() + wait, next);
    }

    pub(super) fn park_until(&mut self, task: CustodyTask, due: Instant, next: NextStep) {
        self.engine
            .waiting
            .add(task.id, due, ParkedTask { task, next });
    }

    /// Starts the question that tells a wrong key from a session that ran out.
    pub(super) fn start_probe(&mut self, probe: impl Future<Output = CustodyEnd> + Send + 'static) {
        self.engine.spawn(async { CustodyAnswer(probe.await) });
    }

    /// Records that a task is about to be sent, where it may be sent now.
    pub(super) fn intend(&mut self, queued: QueuedTask, permit: ClaimPermit) {
        let QueuedTask {
            mut task,
            is_repeat,
        } = queued;
        // It may have waited for the hours of sending, and the time be over for which its key is kept.
        if is_repeat && !self.may_repeat(&task, Duration::ZERO) {
            self.lane(task.kind).free();
            return self.repeat(task);
        }
        if let Some(reason) = self.lane(task.kind).gated.clone().filter(|_| !is_repeat) {
            self.lane(task.kind).free();
            return self.hold(&task, reason);
        }
        let sessions = &self.run.tools.sessions;
        if task.kind.needs_session() && sessions.get(&task.client_id, now()).is_none() {
            self.lane(task.kind).free();
            return self.hold(&task, (NEEDS_SESSION.0, NEEDS_SESSION.1.to_owned()));
        }
        self.lane(task.kind).forbidden.leaves(task.id);
        task.first_at.get_or_insert_with(now);
        task.attempts += 1;
        let (hash, key) = (task.hash, self.run.tools.key(&task));
        let what = match is_repeat {
            true => CustodyTransition::Repeat { hash, key },
            false => CustodyTransition::Intend { hash, key },
        };
        self.change(task.id, what);
        self.intended.push((task, permit));
    }
}
