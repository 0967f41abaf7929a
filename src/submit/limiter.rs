//! The rate: no window of time sees more sends than configured, and hardly fewer.
//!
//! Owner of when requests of one kind of call leave. Two rules meet here. A schedule spaces the sends evenly, at the
//! configured rate less the headroom or at the lower one that the server bears ([`pressure`](super::pressure)). And
//! the times at which the last sends really left are kept: a send waits until the one that is a whole quota before it is
//! longer ago than the window. So a timer that wakes late, a schedule that catches up and a burst are all paid for
//! inside of every window. Three quarters of the headroom lengthen that window, for what happens between here and
//! the socket. The limiter starts empty: a restart adds nothing to what the process before it sent.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

pub use super::pressure::{Slot, Told};

use super::pressure::Pressure;
use crate::settings::amounts::Rate;
use crate::settings::{Limits, Retry};

/// A schedule that is behind by no more than this catches up; what is more is lost.
const CATCHES_UP: Duration = Duration::from_millis(10);

/// The limiter of one kind of call.
pub struct Limiter {
    /// What it carries, in the plural: "accounts", "look-ups".
    name: &'static str,
    quota: Option<Quota>,
    burst: u32,
    queue: tokio::sync::Mutex<Pace>,
    pressure: std::sync::Mutex<Pressure>,
}

/// What no window of time may exceed.
#[derive(Clone, Copy)]
struct Quota {
    count: usize,
    /// The window, with its share of the headroom.
    window: Duration,
}

struct Pace {
    /// When the next send is due.
    next: Instant,
    /// When the last sends left, no more of them than one window takes.
    left: VecDeque<Instant>,
}

impl Limiter {
    /// A limiter that starts empty. `name` says what it carries, in the plural.
    pub fn new(name: &'static str, rate: Rate, limits: &Limits, retry: &Retry) -> Limiter {
        let headroom = f64::from(limits.headroom_percent) / 100.0;
        let (quota, full) = match rate {
            Rate::Unlimited => (None, None),
            Rate::Per { count, per } => (
                Some(Quota {
                    count: count as usize,
                    // Longer than the window itself even without headroom: its two ends belong to it.
                    window: per + per.mul_f64(headroom * 0.75) + Duration::from_micros(1),
                }),
                Some(f64::from(count) * (1.0 - headroom) / per.as_secs_f64()),
            ),
        };
        let now = Instant::now();
        let first = full.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(1.0 / rate));
        Limiter {
            name,
            quota,
            burst: limits.burst.max(1),
            queue: tokio::sync::Mutex::new(Pace {
                next: now + first,
                left: VecDeque::new(),
            }),
            pressure: std::sync::Mutex::new(Pressure::new(full, retry.longest_pause)),
        }
    }

    /// Waits for the next slot. Those who wait are served in the order of their coming; dropping the future is safe.
    /// What comes of the request is to be told with the slot.
    pub async fn acquire(&self) -> Slot {
        let mut pace = self.queue.lock().await;
        loop {
            let (rate, paused_until, slot) =
                self.with(|it| (it.rate(), it.paused_until(), it.slot()));
            let now = Instant::now();
            if let Some(until) = paused_until.filter(|until| *until > now) {
                sleep_until(until).await;
                continue;
            }
            let Some(rate) = rate else { return slot };
            let earliest = pace.earliest(self.quota);
            if earliest > now {
                // A pause may begin meanwhile, or another rate.
                sleep_until(earliest).await;
                continue;
            }
            pace.leave(
                now,
                Duration::from_secs_f64(1.0 / rate),
                self.burst,
                self.quota,
            );
            return slot;
        }
    }

    /// The server took the request that left in this slot, or said what is wrong with it.
    pub fn answered(&self, slot: Slot) {
        self.told_by(|it, now| it.answered(now, slot));
    }

    /// The server answered 429 or 503, with its wish for a pause if it has one.
    pub fn refused(&self, slot: Slot, status: u16, retry_after: Option<Duration>) {
        self.told_by(|it, now| it.refused(now, slot, status, retry_after));
    }

    /// What a person should know, if the server slows this lane down.
    pub fn told(&self) -> Option<Told> {
        self.with(|it| it.told(Instant::now()))
    }

    /// The same in words.
    pub fn words(&self) -> Option<String> {
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

    fn told_by(&self, work: impl FnOnce(&mut Pressure, Instant)) {
        let now = Instant::now();
        let (before, after) = self.with(|it| {
            let before = (it.rate(), it.paused_until());
            work(it, now);
            (before, (it.rate(), it.paused_until()))
        });
        if before.0 != after.0 {
            let rate = after.0.map_or("no limit".to_owned(), per_second);
            tracing::info!(lane = self.name, %rate, "another rate is held, by what the server answers");
        }
        if before.1 != after.1
            && let Some(until) = after.1
        {
            let pause = until.saturating_duration_since(now);
            tracing::info!(
                lane = self.name,
                ?pause,
                "pausing, by what the server answers"
            );
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Pressure) -> T) -> T {
        let lock = self.pressure.lock();
        work(&mut lock.unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl Pace {
    /// When the next send may leave.
    fn earliest(&self, quota: Option<Quota>) -> Instant {
        let full = |quota: &Quota| self.left.len() >= quota.count;
        match (quota.filter(full), self.left.front()) {
            (Some(quota), Some(first)) => self.next.max(*first + quota.window),
            _ => self.next,
        }
    }

    fn leave(&mut self, now: Instant, interval: Duration, burst: u32, quota: Option<Quota>) {
        let saved = CATCHES_UP + interval.saturating_mul(burst - 1);
        let due = now
            .checked_sub(saved)
            .map_or(self.next, |at| self.next.max(at));
        self.next = due + interval;
        if let Some(quota) = quota {
            if self.left.len() >= quota.count {
                self.left.pop_front();
            }
            self.left.push_back(now);
        }
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
