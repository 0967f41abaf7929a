//! Answers for a run that goes on.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::place;
use super::protocol::{
    AnswerLine, ControlAction, ControlReply, ControlRequest, LaneLine, RunView, TaskCounts,
};
use crate::requests::steering::{Decision, NotSteered, Steering, SteeringChange};
use crate::submit::RunCounters;

/// A request has no more bytes.
const LONGEST_REQUEST: u64 = 16 * 1024;
/// How long a request may take to come, and an answer to go.
const LONGEST_EXCHANGE: Duration = Duration::from_secs(5);
/// How long an answer waits until the decision is durable.
const LONGEST_RECORDING: Duration = Duration::from_secs(20);
/// So many are heard at once.
const AT_ONCE: usize = 16;

/// The socket of a run; it ends with this.
pub struct ControlServer {
    shown: Arc<Shown>,
    state: PathBuf,
    socket: PathBuf,
    task: JoinHandle<()>,
}

struct Shown {
    steering: Steering,
    /// The stage, and what it counts.
    stage: Mutex<Option<(&'static str, Arc<RunCounters>)>>,
}

impl ControlServer {
    /// Opens the socket for the run that works on a state folder.
    ///
    /// # Errors
    ///
    /// No socket can be made.
    pub fn start(state: &Path, steering: &Steering) -> anyhow::Result<ControlServer> {
        let socket = place::prepare(state)?;
        let listener = UnixListener::bind(&socket).context("cannot open the control socket")?;
        std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o600))?;
        place::tell(state, &socket)?;
        let shown = Arc::new(Shown {
            steering: steering.clone(),
            stage: Mutex::default(),
        });
        Ok(ControlServer {
            task: tokio::spawn(serve(listener, shown.clone())),
            shown,
            state: state.to_owned(),
            socket,
        })
    }

    /// The stage that the run is in, and what counts there.
    pub fn show(&self, stage: &'static str, counters: Arc<RunCounters>) {
        let mut shown = self
            .shown
            .stage
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *shown = Some((stage, counters));
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        self.task.abort();
        place::forget(&self.state, &self.socket);
    }
}

async fn serve(listener: UnixListener, shown: Arc<Shown>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, say: it may be better in a moment.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let shown = shown.clone();
        tokio::spawn(async move {
            let _place = place;
            let _ = exchange(stream, &shown).await;
        });
    }
}

async fn exchange(stream: UnixStream, shown: &Shown) -> anyhow::Result<()> {
    let peer = stream.peer_cred()?;
    anyhow::ensure!(
        peer.uid() == rustix::process::geteuid().as_raw(),
        "somebody else"
    );
    let (reading, mut writing) = stream.into_split();
    let mut line = String::new();
    let mut reader = BufReader::new(reading.take(LONGEST_REQUEST));
    timeout(LONGEST_EXCHANGE, reader.read_line(&mut line)).await??;
    let reply = match serde_json::from_str(&line) {
        Ok(ControlRequest::Look) => ControlReply::Stands(Box::new(shown.view())),
        Ok(ControlRequest::Decide { what, by, reason }) => shown.decide(what, by, reason).await,
        Err(_) => ControlReply::Refused {
            why: "the run does not understand this".to_owned(),
            hint: "use the same version of the program as the run".to_owned(),
        },
    };
    let mut text = serde_json::to_string(&reply)?;
    text.push('\n');
    timeout(LONGEST_EXCHANGE, writing.write_all(text.as_bytes())).await??;
    Ok(())
}

impl Shown {
    async fn decide(&self, what: ControlAction, by: String, reason: String) -> ControlReply {
        let refused = |NotSteered { why, hint }| ControlReply::Refused { why, hint };
        let what = match change(what) {
            Ok(what) => what,
            Err(why) => return refused(why),
        };
        let decision = Decision {
            what,
            by,
            reason,
            at: bakkt_journal::now(),
        };
        match self.steering.decide(decision) {
            Err(why) => refused(why),
            Ok(hears) => ControlReply::Done {
                recorded: matches!(timeout(LONGEST_RECORDING, hears).await, Ok(Ok(()))),
                now: self.steering.words(),
            },
        }
    }

    fn view(&self) -> RunView {
        let state = self.steering.state();
        let stage = self
            .stage
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let (stage, counters) = stage.unzip();
        let lanes = self.steering.lanes_now().into_iter().map(|lane| LaneLine {
            name: lane.name.to_owned(),
            configured: lane.configured.to_string(),
            steered: lane.steered.map(|(rate, by)| (rate.to_string(), by)),
            per_second: lane.per_second,
            pressure: lane.pressure,
        });
        let now = jiff::Timestamp::now();
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let answers = self
            .steering
            .answers()
            .into_iter()
            .map(|answer| AnswerLine {
                what: answer.what.to_owned(),
                status: answer.status,
                took_ms: millis(answer.took),
                ago_ms: u64::try_from(now.duration_since(answer.at).as_millis()).unwrap_or(0),
            });
        RunView {
            stage: stage.unwrap_or("begins").to_owned(),
            paused_by: state.paused_by,
            closed: state.closed.map(|(why, _)| why.to_string()),
            closed_until: state
                .closed
                .and_then(|(_, until)| until)
                .map(|until| format!("{until:.0}")),
            words: self.steering.words(),
            in_flight: state.in_flight,
            lanes: lanes.collect(),
            tasks: counters.as_deref().map(counts).unwrap_or_default(),
            resting: counters.as_deref().and_then(resting),
            answers: answers.collect(),
        }
    }
}

fn change(what: ControlAction) -> Result<SteeringChange, NotSteered> {
    Ok(match what {
        ControlAction::Pause => SteeringChange::Pause,
        ControlAction::Resume => SteeringChange::Resume,
        ControlAction::Stop => SteeringChange::Stop,
        ControlAction::InFlight { count } => SteeringChange::InFlight(count),
        ControlAction::Rate { lane, rate } => {
            let rate = rate.map(|rate| {
                rate.parse().map_err(|_| NotSteered {
                    why: format!("{lane}: not a rate"),
                    hint: "such as create=20/s, create=300/min or create=limits".to_owned(),
                })
            });
            SteeringChange::Rate(lane, rate.transpose()?)
        }
    })
}

fn counts(counters: &RunCounters) -> TaskCounts {
    TaskCounts {
        total: counters.total.get(),
        accepted: counters.accepted.get(),
        refused: counters.refused.get(),
        gave_up: counters.gave_up.get(),
        held: counters.held.get(),
        in_doubt: counters.in_doubt.get(),
        waiting: counters.waiting.get(),
    }
}

fn resting(counters: &RunCounters) -> Option<(u64, u64, u64)> {
    let resting = counters.resting()?;
    let now = std::time::Instant::now();
    let left = |at: std::time::Instant| at.saturating_duration_since(now).as_secs();
    Some((resting.count, left(resting.first), left(resting.last)))
}
