//! The request engine: the one loop for everything that is asked of Bakkt.
//!
//! Owner of what submit, verify and links share: the requests on their way (`queue` has their places), what waits without
//! a place (`waiting`), the thread that records ([`recorder`]), when failures end the work (`outage`), and how a stop
//! drains. `gate` is the one way by which a request leaves, `limiter` and `pressure` say when, [`steering`] has what a person or the
//! clock says about that, `forbidden` whom a 403 is about, `disk` reads beside the async workers. What to ask, and what an answer
//! means, is the [`Work`]'s.
//! Invariants: 6 and 7 (what waits holds no place; every attempt passes the gate), 11 (a stop lets what is on its
//! way end, starts nothing new, and records what came).
//! Left out on purpose: what is asked and what follows from it; the journal, which the recorder's function knows.

mod backoff;
pub mod counter;
pub mod disk;
pub(crate) mod forbidden;
pub mod gate;
pub mod limiter;
pub(crate) mod outage;
mod pressure;
pub(crate) mod queue;
pub(crate) mod recorder;
pub mod steering;
pub mod taken;
mod waiting;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use bakkt_journal::Journal;
use bakkt_journal::decisions::OperatorNote;
use bakkt_model::error::Failure;
use bakkt_model::limits::Retry;
use bakkt_model::sensitive::Sensitive;
use bakkt_model::task::Task;
use outage::{FailureWords, Outage};
use recorder::Recorder;
use steering::{Decision, PendingDecision, Steering, SteeringState};
use waiting::WaitingItems;

/// Maps the row of a task's account again; fails when the bytes are not the planned ones.
pub type PayloadFn = Arc<dyn Fn(&Task) -> anyhow::Result<Sensitive<Bytes>> + Send + Sync>;

/// How the work ended.
#[derive(Debug)]
pub enum RunEnd {
    /// Nothing is left to do.
    Finished,
    /// Asked to stop.
    Interrupted,
    /// Stopped by itself; the error says why and what to do.
    Stopped(anyhow::Error),
}

/// What is asked of Bakkt, and how its answers are judged. The engine calls; the work starts requests and lets items wait.
pub(crate) trait Work: Sized {
    /// What can wait.
    type Item;
    /// How a request ended.
    type End: Send + 'static;
    /// What the recorder is handed at once.
    type Batch: Send + 'static;
    /// What the recorder answers.
    type Recorded: Send + 'static;
    /// What the recorder's thread owns meanwhile.
    type Owner: Send + 'static;

    /// The engine that carries this work.
    fn engine(&mut self) -> &mut RequestEngine<Self>;

    /// Takes back an item that was due then.
    fn resume(&mut self, due: Instant, item: Self::Item);

    /// Starts what there are places for.
    fn launch(&mut self);

    /// What is to be recorded, and picked, now; the recorder is free.
    fn batch(&mut self) -> Option<Self::Batch>;

    /// The batch is durable.
    fn recorded(&mut self, recorded: Self::Recorded);

    /// Judges how a request ended.
    fn ended(&mut self, end: Self::End);

    /// Whether something is queued, or can still be picked.
    fn has_more(&self) -> bool;

    /// When there is something to launch although nothing ended.
    fn next_launch(&self) -> Option<Instant> {
        None
    }
}

/// What carries a work's requests.
pub(crate) struct RequestEngine<W: Work> {
    recorder: Recorder<W::Owner, W::Batch, W::Recorded>,
    requests: JoinSet<W::End>,
    /// What waits, without a place.
    pub(crate) waiting: WaitingItems<W::Item>,
    outage: Outage,
    retry: Retry,
    stop: Arc<watch::Sender<bool>>,
    stopping: watch::Receiver<bool>,
    steered: Option<watch::Receiver<SteeringState>>,
    ending: Option<RunEnd>,
}

/// What the engine waited for.
enum Event<W: Work> {
    Recorded(W::Recorded),
    Ended(W::End),
    Due,
    Stop,
}

/// Records what was decided about the work, and tells those who decided.
pub fn record_decisions(
    journal: &mut Journal,
    decisions: Vec<PendingDecision>,
) -> anyhow::Result<()> {
    for pending in decisions {
        let Decision {
            what,
            by,
            reason,
            at,
        } = &pending.decision;
        let note = OperatorNote {
            by,
            reason: Some(reason),
            at: *at,
        };
        journal.log_steering(&what.words(), note)?;
        pending.recorded();
    }
    Ok(())
}

/// Works until nothing is left, or until stopped. What the recorder owned comes back, unless recording failed.
pub(crate) async fn run<W: Work>(mut work: W) -> anyhow::Result<(W, RunEnd)> {
    loop {
        if !work.engine().is_ending() {
            while let Some((due, item)) = work.engine().waiting.pop_due() {
                work.resume(due, item);
            }
            work.launch();
        }
        if !work.engine().recorder.is_busy()
            && let Some(batch) = work.batch()
        {
            work.engine().recorder.ask(batch)?;
        }
        if work.engine().is_quiet() && (work.engine().is_ending() || !is_left(&mut work)) {
            let ended = work.engine().ending.take().unwrap_or(RunEnd::Finished);
            return Ok((work, ended));
        }
        let next_launch = work.next_launch();
        match work.engine().next(next_launch).await? {
            Event::Recorded(recorded) => work.recorded(recorded),
            Event::Ended(end) => {
                work.ended(end);
                while let Some(end) = work.engine().requests.try_join_next() {
                    work.ended(end?);
                }
            }
            Event::Due => {}
            Event::Stop => work.engine().end(RunEnd::Interrupted),
        }
    }
}

fn is_left<W: Work>(work: &mut W) -> bool {
    !work.engine().waiting.is_empty() || work.has_more()
}

impl<W: Work> RequestEngine<W> {
    /// An engine whose recorder works with what `owner` is. `words` tell an outage; `stop` tells the requests that the work
    /// stops, and the work that it is to stop.
    pub(crate) fn new(
        owner: W::Owner,
        record: impl FnMut(&mut W::Owner, W::Batch) -> anyhow::Result<W::Recorded> + Send + 'static,
        retry: Retry,
        stop: Arc<watch::Sender<bool>>,
        words: FailureWords,
    ) -> anyhow::Result<RequestEngine<W>> {
        Ok(RequestEngine {
            recorder: Recorder::start(owner, record)?,
            requests: JoinSet::new(),
            waiting: WaitingItems::default(),
            outage: Outage::new(retry.breaker, words),
            retry,
            stopping: stop.subscribe(),
            stop,
            steered: None,
            ending: None,
        })
    }

    /// Looks for something to launch and to record whenever the steering changes.
    pub(crate) fn heed(&mut self, steering: &Steering) {
        self.steered = Some(steering.changes());
    }

    /// Starts a request.
    pub(crate) fn spawn(&mut self, request: impl Future<Output = W::End> + Send + 'static) {
        self.requests.spawn(request);
    }

    /// Starts something that is no request and takes its time.
    pub(crate) fn spawn_blocking(&mut self, work: impl FnOnce() -> W::End + Send + 'static) {
        self.requests.spawn_blocking(work);
    }

    /// Ends the work, unless it is ending already.
    pub(crate) fn end(&mut self, why: RunEnd) {
        if self.ending.is_none() {
            self.ending = Some(why);
            self.stop.send_replace(true);
        }
    }

    /// Ends the work, because target or key are wrong.
    pub(crate) fn misdirected(&mut self, message: impl Into<String>, hint: impl Into<String>) {
        self.end(RunEnd::Stopped(Failure::configuration(message, hint)));
    }

    /// Whether nothing new is started any more.
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.is_some()
    }

    /// Gives back what the recorder owned.
    pub(crate) fn into_owner(self) -> anyhow::Result<W::Owner> {
        self.recorder.finish()
    }

    /// When the next try is due after so many failed ones: no sooner than the server asked for, as far as that is honoured.
    pub(crate) fn next_try(&self, tries: u32, after: Option<Duration>) -> Instant {
        Instant::now() + backoff::wait(tries, &self.retry).max(self.pause(after))
    }

    /// The pause that the server asked for, as far as it is honoured.
    pub(crate) fn pause(&self, after: Option<Duration>) -> Duration {
        after.unwrap_or_default().min(self.retry.longest_pause)
    }

    /// Bakkt has answered as Bakkt does.
    pub(crate) fn answered(&mut self) {
        self.outage.answered();
    }

    /// Whether it has, in this work.
    pub(crate) fn has_answered(&self) -> bool {
        self.outage.has_answered()
    }

    /// A request failed; ends the work after too many failures in a row.
    pub(crate) fn failed(&mut self, why: &str) {
        if let Some(error) = self.outage.failed(why) {
            self.end(RunEnd::Stopped(error));
        }
    }

    /// A question failed: as a request does, and besides, before anything was answered, the address or the key may be wrong.
    pub(crate) fn question_failed(&mut self, why: &str) {
        if let Some(error) = self.outage.question_failed(why) {
            self.end(RunEnd::Stopped(error));
        }
    }

    /// Whether nothing is on its way, nothing waits, and nothing is being recorded.
    pub(crate) fn is_idle(&self) -> bool {
        self.is_quiet() && self.waiting.is_empty()
    }

    fn is_quiet(&self) -> bool {
        !self.recorder.is_busy() && self.requests.is_empty()
    }

    async fn next(&mut self, next_launch: Option<Instant>) -> anyhow::Result<Event<W>> {
        let alarm = [self.waiting.next_due(), next_launch];
        let alarm = alarm.into_iter().flatten().min();
        let alarm = alarm.filter(|_| self.ending.is_none());
        let due = async {
            match alarm {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let steered = &mut self.steered;
        let is_steered = async {
            let is_gone = match steered {
                Some(changes) => changes.changed().await.is_err(),
                None => true,
            };
            if is_gone {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            answer = self.recorder.answer(), if self.recorder.is_busy() => answer.map(Event::Recorded),
            Some(end) = self.requests.join_next() => Ok(Event::Ended(end?)),
            () = due => Ok(Event::Due),
            () = is_steered => Ok(Event::Due),
            () = gate::stopped(&mut self.stopping), if self.ending.is_none() => Ok(Event::Stop),
        }
    }
}
