//! A lane whose rate several processes share: the times at which its requests leave come from a quota server.
//!
//! Owner of what a lane does with its times. A task of its own leases them, ahead, for the requests that wait and for those on
//! their way that will wait again by then; a request takes the next one and leaves when it comes. A time that nobody took, or that
//! came while this process was late, is lost. The times lie further apart than the rate allows, by the headroom: half of that
//! is what a request may be late, a quarter what the clocks may differ, the rest is left for its way.
//!
//! What the server of the requests answers is counted by one controller for all processes (`pressure`): its state lies in the quota
//! server; each process adds what it heard, and takes over what others made of it. A lane that has times or wants some asks at least
//! every fifth of a second, and gives up the times that a lower rate or a pause leaves no room for; so all processes follow one
//! another within a second. Left out on purpose: granting (`quota`).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use super::{Answer, Pressure, PressureNotice, SendSlot, full_rate, tell_change};
use crate::quota::clock::ServerClock;
use crate::quota::{ControllerUpdate, LEASE, LeaseReply, LeaseRequest, QuotaLink};
use bakkt_model::limits::{Limits, Rate, Retry};

/// The least that two windows' worth of times lie further apart than the rate allows, however small the headroom.
const LEAST_SLACK: Duration = Duration::from_millis(4);
/// No request is later than this, however long the window.
const LATEST: Duration = Duration::from_millis(250);
/// Time between two questions, in milliseconds: at random, so that no process is always just behind another one.
const BETWEEN_MS: (u64, u64) = (60, 190);
/// The same where times are wanted and the server has given all that were asked for.
const SOONEST: Duration = Duration::from_millis(5);
/// First wait after a failed question, and the longest.
const AFTER_FAILURE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));
/// Over how many seconds the rate of the times that were used is taken.
const LATELY: f64 = 0.5;
/// A lane without a limit leases no more at once.
const MOST_AT_ONCE: u32 = 20_000;
/// Time between two tellings of what came of requests, as long as none was refused: each process that tells something keeps
/// the others waiting a little.
const TELLS_EVERY: Duration = Duration::from_millis(500);
/// So many answers are tried for a better estimate of the server's clock.
const CLOCK_TRIES: u32 = 8;

/// The lane, and the task that leases for it.
pub(super) struct SharedLane {
    lane: Arc<Lane>,
    leasing: JoinHandle<()>,
}

struct Lane {
    name: &'static str,
    /// Time between two sends by the configured rate, in microseconds; 0 without a limit.
    interval: u64,
    /// By how much a request may be late.
    tolerance: u64,
    /// By how much the estimate of the server's clock may be wrong, before another answer is tried.
    clock_error: Duration,
    full: Option<f64>,
    longest_pause: Duration,
    link: Arc<QuotaLink>,
    /// Those who wait, in the order of their coming.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<LaneState>,
    /// Times are wanted.
    wants: Notify,
    /// Something has to be told at once.
    urgent: Notify,
    /// Times came, or went.
    changed: Notify,
}

struct LaneState {
    clock: Option<ServerClock>,
    clock_tries: u32,
    times: VecDeque<SendTime>,
    waiting: u32,
    /// Requests on their way.
    sent: u32,
    /// Times that were used since `asked`, and how many a second were lately.
    used: u32,
    asked: Instant,
    lately: f64,
    /// The first time that is free, as the server last said.
    free: u64,
    /// Times that were missed.
    missed: u64,
    pressure: Pressure,
    version: u64,
    /// What came of requests, and was not yet told; and when something was told last.
    answers: Vec<Answer>,
    told_at: Instant,
}

/// A time at which a request may leave, by the server's clock, and the time to the next one.
#[derive(Clone, Copy)]
struct SendTime {
    at: u64,
    interval: u64,
}

/// A question that is on its way, and the controller's state that it tells.
struct Question {
    request: LeaseRequest,
    sent: Instant,
    /// The server's clock is known well enough to want times.
    is_sure: bool,
    /// A refusal is among what it tells.
    is_refused: bool,
    pressure: Option<Pressure>,
    answers: usize,
}

/// When to ask again.
struct NextQuestion {
    wait: Duration,
    /// A request that waits does not wait for that.
    may_hurry: bool,
}

impl SharedLane {
    pub(super) fn start(
        name: &'static str,
        rate: Rate,
        limits: &Limits,
        retry: &Retry,
        link: Arc<QuotaLink>,
    ) -> SharedLane {
        let (interval, slack) = spacing(rate, limits);
        let full = full_rate(rate, limits);
        let lane = Arc::new(Lane {
            name,
            interval,
            tolerance: micros((slack / 2).min(LATEST)),
            clock_error: slack / 8,
            full,
            longest_pause: retry.longest_pause,
            link,
            turn: tokio::sync::Mutex::new(()),
            state: Mutex::new(LaneState {
                clock: None,
                clock_tries: 0,
                times: VecDeque::new(),
                waiting: 0,
                sent: 0,
                used: 0,
                asked: Instant::now(),
                lately: 0.0,
                free: 0,
                missed: 0,
                pressure: Pressure::new(full, retry.longest_pause),
                version: 0,
                answers: Vec::new(),
                told_at: Instant::now(),
            }),
            wants: Notify::new(),
            urgent: Notify::new(),
            changed: Notify::new(),
        });
        let leasing = tokio::spawn(lane.clone().lease());
        SharedLane { lane, leasing }
    }

    pub(super) async fn acquire(&self) -> SendSlot {
        let lane = &self.lane;
        let _waiting = Waiting::new(lane);
        let _turn = lane.turn.lock().await;
        loop {
            let taken = lane.state().take(lane.tolerance);
            match taken {
                Taken::Slot(slot) => return slot,
                Taken::Due(due) => tokio::select! {
                    () = sleep_until(due) => {}
                    () = lane.changed.notified() => {}
                },
                Taken::None => {
                    lane.wants.notify_one();
                    lane.changed.notified().await;
                }
            }
        }
    }

    /// A request ended without a word about the rate.
    pub(super) fn ended(&self) {
        self.lane.state().ended();
    }

    pub(super) fn heard(&self, answer: Answer) {
        {
            let mut state = self.lane.state();
            state.ended();
            state.answers.push(answer);
        }
        if answer.refusal.is_some() {
            self.lane.urgent.notify_one();
        }
    }

    pub(super) fn told(&self) -> Option<PressureNotice> {
        let state = self.lane.state();
        let now = state.clock?.at(Instant::now());
        state.pressure.told(Duration::from_micros(now))
    }

    /// What a person should know of the quota server, where requests wait for it.
    pub(super) fn words(&self) -> Option<String> {
        let is_waiting = self.lane.state().waiting > 0;
        self.lane.link.words().filter(|_| is_waiting)
    }
}

impl Drop for SharedLane {
    fn drop(&mut self) {
        self.leasing.abort();
        let missed = self.lane.state().missed;
        tracing::debug!(lane = self.lane.name, missed, "times that were missed");
    }
}

/// One that waits for a time.
struct Waiting<'a>(&'a Lane);

impl Waiting<'_> {
    fn new(lane: &Lane) -> Waiting<'_> {
        let mut state = lane.state();
        state.waiting += 1;
        if state.times.len() < state.waiting as usize {
            lane.wants.notify_one();
        }
        Waiting(lane)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}

/// What `take` gave.
enum Taken {
    Slot(SendSlot),
    Due(Instant),
    None,
}

impl LaneState {
    fn ended(&mut self) {
        self.sent = self.sent.saturating_sub(1);
    }

    /// Takes the next time when it has come.
    fn take(&mut self, tolerance: u64) -> Taken {
        let Some(clock) = self.clock else {
            return Taken::None;
        };
        let now = clock.at(Instant::now());
        while let Some(time) = self.times.front().copied() {
            let latest = match time.interval {
                0 => micros(LEASE),
                _ => tolerance,
            };
            if now > time.at + latest {
                self.missed += 1;
                self.times.pop_front();
            } else if now < time.at {
                return Taken::Due(clock.instant(time.at));
            } else {
                self.times.pop_front();
                self.used += 1;
                self.sent += 1;
                return Taken::Slot(self.pressure.slot());
            }
        }
        Taken::None
    }
}

impl Lane {
    fn state(&self) -> MutexGuard<'_, LaneState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leases for as long as the lane lives.
    async fn lease(self: Arc<Self>) {
        let mut failures = 0;
        loop {
            let next = match self.question() {
                None => NextQuestion {
                    wait: between(),
                    may_hurry: true,
                },
                Some(question) => match self.link.lease(&question.request).await {
                    Some(reply) => {
                        failures = 0;
                        self.learn(question, reply)
                    }
                    None => {
                        failures += 1;
                        let wait = AFTER_FAILURE.0 * (1 << failures.min(5));
                        NextQuestion {
                            wait: wait.min(AFTER_FAILURE.1),
                            may_hurry: false,
                        }
                    }
                },
            };
            let soonest = Instant::now() + SOONEST.min(next.wait);
            tokio::select! {
                () = sleep(next.wait) => {}
                () = self.urgent.notified(), if failures == 0 => {}
                () = self.wants.notified(), if next.may_hurry => {}
            }
            sleep_until(soonest).await;
        }
    }

    /// What is to be asked now; `None` when there is nothing.
    fn question(&self) -> Option<Question> {
        let mut state = self.state();
        let sent = Instant::now();
        if state.waiting == 0 && state.times.is_empty() && state.answers.is_empty() {
            return None;
        }
        let elapsed = sent.saturating_duration_since(state.asked).as_secs_f64();
        let rate = f64::from(state.used) / elapsed.max(0.001);
        state.lately += (rate - state.lately) * (1.0 - (-elapsed / LATELY).exp());
        (state.used, state.asked) = (0, sent);
        let is_sure = state.clock.is_some_and(|clock| {
            clock.error() <= self.clock_error || state.clock_tries >= CLOCK_TRIES
        });
        let mut wanted = 0;
        if let Some(clock) = state.clock.filter(|_| state.waiting > 0 && is_sure) {
            // Of the requests on their way, as many wait again as end before the first free time.
            let ahead = state.free.saturating_sub(clock.at(sent)) as f64 / 1_000_000.0;
            let back = state.sent.min((ahead * state.lately) as u32);
            wanted = (state.waiting + back).saturating_sub(state.times.len() as u32);
        }
        let answers = state.answers.len();
        let is_refused = state.answers.iter().any(|answer| answer.refusal.is_some());
        let is_time = sent.saturating_duration_since(state.told_at) >= TELLS_EVERY;
        let tells = is_refused || (answers > 0 && is_time);
        let pressure = state.clock.filter(|_| tells).map(|clock| {
            let now = Duration::from_micros(clock.at(sent));
            let mut pressure = state.pressure.clone();
            for answer in &state.answers {
                answer.count(&mut pressure, now);
            }
            pressure
        });
        Some(Question {
            request: LeaseRequest {
                lane: self.name,
                wanted: wanted.min(MOST_AT_ONCE),
                interval: self.interval,
                version: state.version,
                update: pressure.as_ref().map(update),
            },
            sent,
            is_sure,
            is_refused,
            pressure,
            answers,
        })
    }

    /// Takes an answer over, and says when to ask again.
    fn learn(&self, question: Question, reply: LeaseReply) -> NextQuestion {
        let came = Instant::now();
        let mut state = self.state();
        let fits = match &mut state.clock {
            Some(clock) => clock.learn(question.sent, came, reply.now),
            empty => {
                *empty = Some(ServerClock::new(question.sent, came, reply.now));
                true
            }
        };
        state.clock_tries += 1;
        if !fits {
            // The server's clock or ours was set: what the times mean is not known any more.
            state.times.clear();
            state.clock_tries = 0;
        }
        let before = state.pressure.state();
        match (question.pressure, reply.state) {
            (Some(pressure), _) if reply.stored => {
                state.pressure = pressure;
                state.answers.drain(..question.answers);
                state.told_at = came;
            }
            (_, Some(text)) => {
                let known: Option<Pressure> = serde_json::from_str(&text).ok();
                state.pressure =
                    known.unwrap_or_else(|| Pressure::new(self.full, self.longest_pause));
                state.pressure.adopt(self.full, self.longest_pause);
            }
            _ => {}
        }
        (state.version, state.free) = (reply.version, reply.next);
        let now = Duration::from_micros(reply.now);
        tell_change(self.name, before, state.pressure.state(), now);
        if fits {
            let times = (0..u64::from(reply.count)).map(|number| SendTime {
                at: reply.first + number * reply.interval,
                interval: reply.interval,
            });
            state.times.extend(times);
        }
        let slowest = self.interval.max(held_interval(&state.pressure));
        let paused_until = paused_until(&state.pressure);
        state
            .times
            .retain(|time| time.interval >= slowest && time.at >= paused_until);
        self.changed.notify_one();
        // Others were faster with what they had to tell, or one more answer tells the time better.
        if (question.is_refused && !reply.stored) || !question.is_sure {
            return NextQuestion {
                wait: Duration::from_millis(fastrand::u64(1..5)),
                may_hurry: false,
            };
        }
        let mut wait = between();
        if state.times.is_empty() && reply.count == 0 {
            // Nothing can be had before then.
            let lease = micros(LEASE);
            wait = wait.max(Duration::from_micros(
                reply.next.saturating_sub(lease + reply.now),
            ));
        }
        NextQuestion {
            wait,
            may_hurry: reply.count >= question.request.wanted,
        }
    }
}

/// The controller's state, for the server.
fn update(pressure: &Pressure) -> ControllerUpdate {
    ControllerUpdate {
        state: serde_json::to_string(pressure).unwrap_or_default(),
        interval: held_interval(pressure),
        paused_until: paused_until(pressure),
    }
}

/// Time between two sends by the rate that is held; 0: as configured.
fn held_interval(pressure: &Pressure) -> u64 {
    let rate = pressure.held().filter(|rate| *rate > 0.0);
    rate.map_or(0, |rate| (1_000_000.0 / rate).ceil() as u64)
}

fn paused_until(pressure: &Pressure) -> u64 {
    pressure.state().paused_until.map_or(0, micros)
}

/// Time between two sends, in microseconds, and what it adds to a window.
fn spacing(rate: Rate, limits: &Limits) -> (u64, Duration) {
    let Rate::Per { count, per } = rate else {
        return (0, LEAST_SLACK);
    };
    let headroom = f64::from(limits.headroom_percent) / 100.0;
    let slack = per.mul_f64(headroom / (1.0 - headroom)).max(LEAST_SLACK);
    let interval = (per + slack).as_secs_f64() * 1_000_000.0 / f64::from(count.max(1));
    (interval.ceil() as u64, slack)
}

fn between() -> Duration {
    Duration::from_millis(fastrand::u64(BETWEEN_MS.0..BETWEEN_MS.1))
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
