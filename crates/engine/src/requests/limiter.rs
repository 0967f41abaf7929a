//! The rate: no window of time sees more sends than configured, and hardly fewer.
//!
//! Owner of when requests of one kind of call leave. A [`Limiter`] is one that no other process uses (`own`), or one whose times come
//! from a quota server, because several processes share a quota (`shared`). Left out on purpose: the rate that the server of
//! the requests bears (`pressure`).

mod own;
mod shared;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

pub use super::pressure::{PressureNotice, SendSlot};

use super::pressure::{Moment, Pressure, PressureState};
use crate::quota::QuotaLink;
use bakkt_model::limits::{Limits, Rate, Retry};
use own::OwnLane;
use shared::SharedLane;

/// The limiter of one kind of call.
pub struct Limiter {
    /// What it carries, in the plural: "accounts", "look-ups".
    name: &'static str,
    kind: LimiterKind,
    rate: Rate,
    limits: Limits,
    retry: Retry,
    /// The lower rate that a person set.
    steered: watch::Sender<Option<Arc<OwnLane>>>,
    /// When the last sends left.
    left: Mutex<VecDeque<Instant>>,
    /// Permits for claimed requests.
    claims: Arc<Semaphore>,
}

/// The permission to claim a request, from then until it leaves.
pub(crate) type ClaimPermit = OwnedSemaphorePermit;

/// Claimed requests that wait for the rate are no more than leave within so long at the configured rate, and at least one.
const CLAIMED_AHEAD: Duration = Duration::from_millis(250);
/// And no more than this.
const MOST_CLAIMED: f64 = 64.0;

/// Sends are remembered for so long, and no more of them than this.
const REMEMBERED: (Duration, usize) = (Duration::from_secs(60), 65_536);
/// Over how many seconds the rate is taken that is shown.
const LATELY: u64 = 5;

enum LimiterKind {
    /// The rate is this process's own.
    Own(Box<OwnLane>),
    /// It is shared with other processes, through a quota server.
    Shared(SharedLane),
}

impl Limiter {
    /// A limiter that starts empty. `name` says what it carries, in the plural.
    pub fn new(name: &'static str, rate: Rate, limits: &Limits, retry: &Retry) -> Limiter {
        let kind = LimiterKind::Own(Box::new(OwnLane::new(rate, limits, retry)));
        Limiter::of(name, kind, rate, limits, retry)
    }

    /// A limiter whose rate all processes with the same quota server share. `lane` is its name there.
    pub fn shared(
        name: &'static str,
        lane: &'static str,
        rate: Rate,
        limits: &Limits,
        retry: &Retry,
        link: Arc<QuotaLink>,
    ) -> Limiter {
        let kind = LimiterKind::Shared(SharedLane::start(lane, rate, limits, retry, link));
        Limiter::of(name, kind, rate, limits, retry)
    }

    fn of(
        name: &'static str,
        kind: LimiterKind,
        rate: Rate,
        limits: &Limits,
        retry: &Retry,
    ) -> Limiter {
        Limiter {
            name,
            kind,
            rate,
            limits: *limits,
            retry: *retry,
            steered: watch::Sender::new(None),
            left: Mutex::default(),
            claims: Arc::new(Semaphore::new(most_claimed(full_rate(rate, limits)))),
        }
    }

    /// What it carries, in the plural.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Keeps to a lower rate from now on, beside the one in the settings; none: to that one alone.
    pub(crate) fn steer(&self, rate: Option<Rate>) {
        let lane = rate.map(|rate| {
            let left = self.left();
            Arc::new(OwnLane::after(
                left.iter().copied(),
                rate,
                &self.limits,
                &self.retry,
            ))
        });
        if let LimiterKind::Own(own) = &self.kind {
            let in_force = rate.unwrap_or(self.rate);
            own.adopt(full_rate(in_force, &self.limits), self.retry.longest_pause);
        }
        self.steered.send_replace(lane);
    }

    /// Sends a second, lately.
    pub(crate) fn per_second_lately(&self) -> f64 {
        let since = Instant::now().checked_sub(Duration::from_secs(LATELY));
        let left = self.left();
        let lately = left
            .iter()
            .rev()
            .take_while(|at| since.is_none_or(|since| **at > since));
        lately.count() as f64 / LATELY as f64
    }

    /// Waits for the next slot. Those who wait are served in the order of their coming; dropping the future is safe.
    /// What comes of the request is to be told with the slot.
    pub(crate) async fn acquire(&self) -> SendSlot {
        let mut changes = self.steered.subscribe();
        loop {
            let steered = changes.borrow_and_update().clone();
            let slot = async {
                match &steered {
                    None => self.slot().await,
                    Some(lane) => lane.acquire_before(self.slot()).await.1,
                }
            };
            tokio::select! {
                biased;
                // Another rate is in force from now on, also for those who wait. (The sender lives as long as `self`.)
                _ = changes.changed() => {}
                slot = slot => {
                    self.leave();
                    return slot;
                }
            }
        }
    }

    /// Waits until one more request may be claimed, whose outcome cannot be looked up: a process that is killed leaves
    /// every claimed request in doubt, and what only waits for the rate need not be. `None` only if the semaphore is closed, which never happens.
    pub(crate) async fn claim(&self) -> Option<ClaimPermit> {
        self.claims.clone().acquire_owned().await.ok()
    }

    async fn slot(&self) -> SendSlot {
        match &self.kind {
            LimiterKind::Own(lane) => lane.acquire().await,
            LimiterKind::Shared(lane) => lane.acquire().await,
        }
    }

    fn leave(&self) {
        let now = Instant::now();
        let mut left = self.left();
        let is_old = |at: &Instant| now.saturating_duration_since(*at) > REMEMBERED.0;
        while left.len() >= REMEMBERED.1 || left.front().is_some_and(is_old) {
            left.pop_front();
        }
        left.push_back(now);
    }

    fn left(&self) -> std::sync::MutexGuard<'_, VecDeque<Instant>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server took the request that left in this slot, or said what is wrong with it.
    pub(crate) fn answered(&self, slot: SendSlot) {
        self.heard(Answer {
            slot,
            refusal: None,
        });
    }

    /// The server answered 429 or 503, with its wish for a pause if it has one.
    pub(crate) fn refused(&self, slot: SendSlot, status: u16, retry_after: Option<Duration>) {
        self.heard(Answer {
            slot,
            refusal: Some((status, retry_after)),
        });
    }

    /// What came of the request that left in this slot says nothing about the rate.
    pub(crate) fn ended(&self) {
        if let LimiterKind::Shared(lane) = &self.kind {
            lane.ended();
        }
    }

    fn heard(&self, answer: Answer) {
        match &self.kind {
            LimiterKind::Own(lane) => lane.heard(self.name, answer),
            LimiterKind::Shared(lane) => lane.heard(answer),
        }
    }

    /// What a person should know, if the server slows this lane down.
    pub(crate) fn told(&self) -> Option<PressureNotice> {
        match &self.kind {
            LimiterKind::Own(lane) => lane.with(|it| it.told(lane.now())),
            LimiterKind::Shared(lane) => lane.told(),
        }
    }

    /// The same in words.
    pub fn words(&self) -> Option<String> {
        if let LimiterKind::Shared(lane) = &self.kind
            && let Some(words) = lane.words()
        {
            return Some(words);
        }
        let told = self.told()?;
        let mut words = format!("the server answers {} to {}", told.status, self.name);
        if let Some(rate) = told.held {
            words += &format!(", {} held", per_second(rate));
        }
        if let Some(pause) = told.pause {
            let until = jiff::Timestamp::now().checked_add(pause);
            let until = until.map_or_else(|_| String::new(), |at| format!("{at:.0}"));
            words += &format!(", paused until {until}");
        }
        Some(words)
    }
}

/// What came of a request, as far as the rate is concerned.
#[derive(Clone, Copy)]
struct Answer {
    slot: SendSlot,
    /// 429 or 503, and the wish for a pause.
    refusal: Option<(u16, Option<Duration>)>,
}

impl Answer {
    fn count(self, pressure: &mut Pressure, now: Moment) {
        match self.refusal {
            None => pressure.answered(now, self.slot),
            Some((status, retry_after)) => pressure.refused(now, self.slot, status, retry_after),
        }
    }
}

/// The configured rate in requests a second, less the headroom; none without a limit.
fn full_rate(rate: Rate, limits: &Limits) -> Option<f64> {
    match rate {
        Rate::Unlimited => None,
        Rate::Per { count, per } => {
            let headroom = f64::from(limits.headroom_percent) / 100.0;
            Some(f64::from(count) * (1.0 - headroom) / per.as_secs_f64())
        }
    }
}

/// How many requests may be claimed and wait for the rate at once.
fn most_claimed(rate: Option<f64>) -> usize {
    let ahead = rate.map_or(MOST_CLAIMED, |rate| rate * CLAIMED_AHEAD.as_secs_f64());
    ahead.clamp(1.0, MOST_CLAIMED) as usize
}

/// Says that the rate or the pause has changed, if they have.
fn tell_change(name: &str, before: PressureState, after: PressureState, now: Moment) {
    if before.rate != after.rate {
        let rate = after.rate.map_or("no limit".to_owned(), per_second);
        tracing::info!(lane = name, %rate, "another rate is held, by what the server answers");
    }
    if before.paused_until != after.paused_until
        && let Some(until) = after.paused_until
    {
        let pause = until.saturating_sub(now);
        tracing::info!(lane = name, ?pause, "pausing, by what the server answers");
    }
}

/// A rate for people.
fn per_second(rate: f64) -> String {
    if rate < 1.0 {
        format!("{:.1}/min", rate * 60.0)
    } else {
        format!("{rate:.1}/s")
    }
}

#[cfg(test)]
mod tests;
