//! What a person, or the clock, says about work that goes on: pause, slower, fewer at once.
//!
//! Owner of what is in force at present ([`SteeringState`]), and of the decisions that wait to be recorded: the thread that owns
//! the journal takes them with its next batch, so that they are durable, in order, and written by the one writer. A decision
//! is in force at once, and whoever made it hears when it is recorded. Invariants: nothing passes the gate while it is shut; no
//! rate is raised above the one in the settings, which the limiter keeps beside this one. Left out on purpose: how decisions come
//! here (`control`), and how a rate is kept (`limiter`).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::limiter::Limiter;
use bakkt_model::limits::Rate;
use bakkt_model::window::{ClosedBy, SendingWindow};

/// The window is looked at this often, whatever the clock did meanwhile.
const LOOK: Duration = Duration::from_secs(1);

/// What is in force.
#[derive(Clone, Debug, Default)]
pub struct SteeringState {
    /// Who paused the work.
    pub paused_by: Option<String>,
    /// Why it is not the time to send, and when it is again.
    pub closed: Option<(ClosedBy, Option<Timestamp>)>,
    /// No more requests of a kind on their way at once, and who said so.
    pub in_flight: Option<(usize, String)>,
    /// Who asked the work to stop.
    pub stopped_by: Option<String>,
    /// Raised by each decision, so that the work looks for it.
    decisions: u64,
}

impl SteeringState {
    /// Nothing may leave.
    pub fn is_shut(&self) -> bool {
        self.paused_by.is_some() || self.closed.is_some()
    }
}

/// A decision of a person about the work.
#[derive(Clone, Debug)]
pub struct Decision {
    /// What is to be done.
    pub what: SteeringChange,
    /// Who decided.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When, in milliseconds since 1970.
    pub at: i64,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SteeringChange {
    /// Nothing leaves any more.
    Pause,
    /// It goes on.
    Resume,
    /// As the first Ctrl-C.
    Stop,
    /// Another rate of a lane; none: that of the settings.
    Rate(String, Option<Rate>),
    /// So many at once; none: as the settings have it.
    InFlight(Option<usize>),
}

impl SteeringChange {
    /// The words of the operator log.
    pub fn words(&self) -> String {
        match self {
            SteeringChange::Pause => "pause".to_owned(),
            SteeringChange::Resume => "resume".to_owned(),
            SteeringChange::Stop => "stop".to_owned(),
            SteeringChange::Rate(lane, Some(rate)) => format!("rate {lane}={rate}"),
            SteeringChange::Rate(lane, None) => format!("rate {lane}=limits"),
            SteeringChange::InFlight(Some(count)) => format!("in-flight {count}"),
            SteeringChange::InFlight(None) => "in-flight limits".to_owned(),
        }
    }
}

/// A decision that waits to be recorded.
#[derive(Debug)]
pub struct PendingDecision {
    /// The decision.
    pub decision: Decision,
    recorded: oneshot::Sender<()>,
}

impl PendingDecision {
    /// It is durable.
    pub fn recorded(self) {
        // Whoever decided may be gone.
        let _ = self.recorded.send(());
    }
}

/// Why a decision is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotSteered {
    /// What is wrong.
    pub why: String,
    /// What to do.
    pub hint: String,
}

/// A lane that can be steered.
#[derive(Clone)]
struct SteeredLane {
    name: &'static str,
    configured: Rate,
    steered: Option<(Rate, String)>,
    limiter: Option<Arc<Limiter>>,
}

/// How a lane stands, for whoever watches.
#[derive(Clone, Debug)]
pub struct LaneView {
    /// Its name: that of the rate in the settings.
    pub name: &'static str,
    /// The rate in the settings.
    pub configured: Rate,
    /// The rate that a person set, and who.
    pub steered: Option<(Rate, String)>,
    /// What left in the last seconds, per second; none before the lane is in use.
    pub per_second: Option<f64>,
    /// What the server does about the rate.
    pub pressure: Option<String>,
}

/// An answer, for whoever watches.
#[derive(Clone, Debug)]
pub struct AnswerView {
    /// What was asked, in the plural.
    pub what: &'static str,
    /// The HTTP status; none: no answer came.
    pub status: Option<u16>,
    /// How long it took.
    pub took: Duration,
    /// When it came.
    pub at: Timestamp,
}

/// So many answers are kept for whoever watches.
const ANSWERS: usize = 12;

/// Steers work; a clone steers the same.
#[derive(Clone)]
pub struct Steering(Arc<Inner>);

struct Inner {
    state: watch::Sender<SteeringState>,
    lanes: Mutex<Vec<SteeredLane>>,
    answers: Mutex<std::collections::VecDeque<AnswerView>>,
    inbox: Mutex<Inbox>,
    /// The most that may be on its way, by the settings.
    in_flight: usize,
    stop: Arc<watch::Sender<bool>>,
}

#[derive(Default)]
struct Inbox {
    pending: Vec<PendingDecision>,
    is_closed: bool,
}

impl Steering {
    /// Steers work that `stop` ends, of which no more than `in_flight` requests of a kind are on their way.
    pub fn new(in_flight: usize, stop: Arc<watch::Sender<bool>>) -> Steering {
        Steering(Arc::new(Inner {
            state: watch::Sender::new(SteeringState::default()),
            lanes: Mutex::default(),
            answers: Mutex::default(),
            inbox: Mutex::default(),
            in_flight,
            stop,
        }))
    }

    /// Names a lane and its rate in the settings. It may be steered before it has a limiter.
    pub fn add_lane(&self, name: &'static str, configured: Rate) {
        self.lanes().push(SteeredLane {
            name,
            configured,
            steered: None,
            limiter: None,
        });
    }

    /// The limiter of a lane, which keeps to what was said of the lane before.
    pub fn attach(&self, name: &str, limiter: Arc<Limiter>) {
        if let Some(lane) = self.lanes().iter_mut().find(|lane| lane.name == name) {
            limiter.steer(lane.steered.as_ref().map(|(rate, _)| *rate));
            lane.limiter = Some(limiter);
        }
    }

    /// What is in force.
    pub fn state(&self) -> SteeringState {
        self.0.state.borrow().clone()
    }

    /// Tells when something changes.
    pub(crate) fn changes(&self) -> watch::Receiver<SteeringState> {
        self.0.state.subscribe()
    }

    /// The most requests of a kind on their way at once.
    pub(crate) fn in_flight(&self) -> usize {
        let state = self.0.state.borrow();
        state
            .in_flight
            .as_ref()
            .map_or(usize::MAX, |(count, _)| *count)
    }

    /// Ends when something may leave.
    pub(crate) async fn opened(&self) {
        // The sender lives as long as `self`.
        let _ = self.changes().wait_for(|state| !state.is_shut()).await;
    }

    /// Ends when nothing may leave.
    pub(crate) async fn shut(&self) {
        let _ = self.changes().wait_for(SteeringState::is_shut).await;
    }

    /// Takes a decision: it is in force when this returns. The receiver hears when it is recorded.
    ///
    /// # Errors
    ///
    /// It asks for more than the settings allow, or the work has ended.
    pub fn decide(&self, decision: Decision) -> Result<oneshot::Receiver<()>, NotSteered> {
        let (recorded, hears) = oneshot::channel();
        let mut inbox = self.inbox();
        if inbox.is_closed {
            return Err(NotSteered {
                why: "the run has just ended".to_owned(),
                hint: String::new(),
            });
        }
        self.apply(&decision)?;
        let Decision { what, by, .. } = &decision;
        tracing::info!(what = %what.words(), %by, "steered");
        inbox.pending.push(PendingDecision { decision, recorded });
        self.0.state.send_modify(|state| state.decisions += 1);
        Ok(hears)
    }

    fn apply(&self, decision: &Decision) -> Result<(), NotSteered> {
        let by = || decision.by.clone();
        let set =
            |change: &dyn Fn(&mut SteeringState)| self.0.state.send_modify(|state| change(state));
        match &decision.what {
            SteeringChange::Pause => set(&|state| state.paused_by = Some(by())),
            SteeringChange::Resume => set(&|state| state.paused_by = None),
            SteeringChange::Stop => {
                set(&|state| state.stopped_by = Some(by()));
                self.0.stop.send_replace(true);
            }
            SteeringChange::Rate(lane, rate) => self.set_rate(lane, *rate, &decision.by)?,
            SteeringChange::InFlight(Some(count)) => {
                let most = self.0.in_flight;
                if *count == 0 || *count > most {
                    return Err(NotSteered {
                        why: format!(
                            "{count} requests at once are not among 1 to {most}, which the settings allow"
                        ),
                        hint: "`in_flight` under [limits] is the most; `pause` holds everything"
                            .to_owned(),
                    });
                }
                set(&|state| state.in_flight = Some((*count, by())));
            }
            SteeringChange::InFlight(None) => set(&|state| state.in_flight = None),
        }
        Ok(())
    }

    fn set_rate(&self, name: &str, rate: Option<Rate>, by: &str) -> Result<(), NotSteered> {
        let mut lanes = self.lanes();
        let names: Vec<&str> = lanes.iter().map(|lane| lane.name).collect();
        let names = names.join(", ");
        let Some(lane) = lanes.iter_mut().find(|lane| lane.name == name) else {
            return Err(NotSteered {
                why: format!("this run has no rate `{name}`"),
                hint: format!("it has: {names}"),
            });
        };
        if let Some(rate) = rate.filter(|rate| rate.exceeds(lane.configured)) {
            return Err(NotSteered {
                why: format!("{name}={rate} is more than {}, which the settings allow this process", lane.configured),
                hint: "a rate can be lowered while a run goes on; what it may be at most stands in migration.toml".to_owned(),
            });
        }
        let rate = rate.filter(|rate| *rate != Rate::Unlimited);
        lane.steered = rate.map(|rate| (rate, by.to_owned()));
        if let Some(limiter) = &lane.limiter {
            limiter.steer(rate);
        }
        Ok(())
    }

    /// The decisions that wait to be recorded.
    pub fn take_decisions(&self) -> Vec<PendingDecision> {
        std::mem::take(&mut self.inbox().pending)
    }

    /// Takes no more decisions; those that are not recorded come back.
    pub fn close(&self) -> Vec<PendingDecision> {
        let mut inbox = self.inbox();
        inbox.is_closed = true;
        std::mem::take(&mut inbox.pending)
    }

    /// Follows the hours in which sending is allowed, for as long as what comes back lives.
    pub fn follow(
        &self,
        window: SendingWindow,
        now: impl Fn() -> Timestamp + Send + 'static,
    ) -> FollowedWindow {
        let steering = self.clone();
        steering.look(&window, now());
        FollowedWindow(tokio::spawn(async move {
            loop {
                let at = now();
                let until = steering.look(&window, at);
                let left =
                    until.and_then(|until| Duration::try_from(until.duration_since(at)).ok());
                tokio::time::sleep(left.unwrap_or(LOOK).min(LOOK)).await;
            }
        }))
    }

    /// Sets how the window stands; returns when that changes.
    fn look(&self, window: &SendingWindow, at: Timestamp) -> Option<Timestamp> {
        let state = window.state(at);
        let closed = state.closed.map(|why| (why, state.until));
        let has_changed = self.0.state.send_if_modified(|state| {
            let changes = state.closed != closed;
            state.closed = closed;
            changes
        });
        match closed {
            _ if !has_changed => {}
            Some((why, until)) => tracing::info!("{}", closed_words(why, until)),
            None => tracing::info!("it is the time to send again"),
        }
        state.until
    }

    /// An answer came, for whoever watches.
    pub(crate) fn heard(&self, what: &'static str, status: Option<u16>, took: Duration) {
        let mut answers = self
            .0
            .answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if answers.len() == ANSWERS {
            answers.pop_front();
        }
        answers.push_back(AnswerView {
            what,
            status,
            took,
            at: Timestamp::now(),
        });
    }

    /// The last answers, the newest last.
    pub fn answers(&self) -> Vec<AnswerView> {
        let answers = self
            .0
            .answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        answers.iter().cloned().collect()
    }

    /// How the lanes stand.
    pub fn lanes_now(&self) -> Vec<LaneView> {
        let lanes = self.lanes();
        let view = |lane: &SteeredLane| LaneView {
            name: lane.name,
            configured: lane.configured,
            steered: lane.steered.clone(),
            per_second: lane
                .limiter
                .as_ref()
                .map(|limiter| limiter.per_second_lately()),
            pressure: lane.limiter.as_ref().and_then(|limiter| limiter.words()),
        };
        lanes.iter().map(view).collect()
    }

    /// What a person should know of it, in words; empty when nothing is steered.
    pub fn words(&self) -> String {
        let state = self.state();
        let mut words = Vec::new();
        words.extend(
            state
                .stopped_by
                .map(|by| format!("stopping, asked by {by}")),
        );
        words.extend(state.paused_by.map(|by| format!("paused by {by}")));
        words.extend(state.closed.map(|(why, until)| closed_words(why, until)));
        for lane in self.lanes().iter() {
            if let Some((rate, by)) = &lane.steered {
                words.push(format!("{} at {rate} by {by}", lane.name));
            }
        }
        let in_flight = state.in_flight;
        words.extend(in_flight.map(|(count, by)| format!("{count} at once by {by}")));
        words.join("; ")
    }

    fn lanes(&self) -> MutexGuard<'_, Vec<SteeredLane>> {
        self.0.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.0.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why nothing is sent at present, in words.
fn closed_words(why: ClosedBy, until: Option<Timestamp>) -> String {
    let until = until.map_or_else(String::new, |at| format!(" until {at:.0}"));
    format!("nothing is sent{until}: {why}")
}

/// A window that is followed.
#[derive(Debug)]
pub struct FollowedWindow(JoinHandle<()>);

impl Drop for FollowedWindow {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests;
