//! The rate of a lane that no other process uses.
//!
//! Owner of when requests of one kind of call leave. Two rules meet here. The even schedule is governor's GCRA, at the
//! configured rate less the headroom or at the lower one that the server bears (`pressure`); for another
//! rate there is another GCRA, which goes on where the one before it was. It reads a clock of ours, which is set before
//! every question: a send that is late by a little is booked at the time it was due, so the sends after it are not
//! put off. And the times at which the last sends really left are kept: a send waits until the one that is a whole quota
//! before it is longer ago than the window. So a timer that wakes late, a schedule that catches up and a burst are all
//! paid for inside of every window. Three quarters of the headroom lengthen that window, for what happens between here
//! and the socket. The limiter starts empty: a restart adds nothing to what the process before it sent.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::{Instant, sleep_until};

use super::{Answer, Moment, Pressure, SendSlot, full_rate, tell_change};
use bakkt_model::limits::{Limits, Rate, Retry};

/// A send that is late by no more than this is booked at the time it was due; one that is later, at this much before the
/// time it leaves.
const CATCHES_UP: Duration = Duration::from_millis(10);

/// A rate that no other process uses.
pub(super) struct OwnLane {
    most: Option<WindowLimit>,
    burst: NonZeroU32,
    started: Instant,
    queue: tokio::sync::Mutex<Pace>,
    pressure: std::sync::Mutex<Pressure>,
}

/// What no window of time may exceed.
#[derive(Clone, Copy)]
struct WindowLimit {
    count: usize,
    /// The window, with its share of the headroom.
    window: Duration,
}

struct Pace {
    schedule: Schedule,
    /// When the last sends left, no more of them than one window takes.
    left: VecDeque<Instant>,
}

/// The even schedule.
struct Schedule {
    gcra: Option<Gcra>,
    /// The rate of the GCRA, in requests a second.
    rate: Option<f64>,
    clock: SetClock,
    start: Instant,
    /// The time at which the last send is booked.
    last: Instant,
}

type Gcra = RateLimiter<NotKeyed, InMemoryState, SetClock, NoOpMiddleware<Nanos>>;

/// Nanoseconds since the limiter's start. It stands still until it is set.
#[derive(Clone, Default)]
struct SetClock(Arc<AtomicU64>);

impl Clock for SetClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(self.0.load(Ordering::Relaxed))
    }
}

impl OwnLane {
    pub(super) fn new(rate: Rate, limits: &Limits, retry: &Retry) -> OwnLane {
        let headroom = f64::from(limits.headroom_percent) / 100.0;
        let most = match rate {
            Rate::Unlimited => None,
            Rate::Per { count, per } => Some(WindowLimit {
                count: count as usize,
                // Longer than the window itself even without headroom: its two ends belong to it.
                window: per + per.mul_f64(headroom * 0.75) + Duration::from_micros(1),
            }),
        };
        // No window takes more than its count at once, whatever burst is set.
        let burst = match rate {
            Rate::Unlimited => limits.burst,
            Rate::Per { count, .. } => limits.burst.min(count),
        };
        let now = Instant::now();
        let pressure = Pressure::new(full_rate(rate, limits), retry.longest_pause);
        OwnLane {
            most,
            burst: NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN),
            started: now,
            queue: tokio::sync::Mutex::new(Pace {
                schedule: Schedule {
                    gcra: None,
                    rate: None,
                    clock: SetClock::default(),
                    start: now,
                    last: now,
                },
                left: VecDeque::new(),
            }),
            pressure: std::sync::Mutex::new(pressure),
        }
    }

    /// A lane that goes on after sends that left before: no window that begins among them sees more than its rate.
    pub(super) fn after(
        left: impl DoubleEndedIterator<Item = Instant>,
        rate: Rate,
        limits: &Limits,
        retry: &Retry,
    ) -> OwnLane {
        let mut lane = OwnLane::new(rate, limits, retry);
        let most = lane.most.map_or(0, |most| most.count);
        let last: Vec<Instant> = left.rev().take(most).collect();
        lane.queue.get_mut().left = last.into_iter().rev().collect();
        lane
    }

    pub(super) async fn acquire(&self) -> SendSlot {
        self.acquire_before(std::future::ready(())).await.0
    }

    /// Waits for the next slot and then for something else, one after the other for all who wait; what leaves counts when that has
    /// come.
    pub(super) async fn acquire_before<T>(&self, then: impl Future<Output = T>) -> (SendSlot, T) {
        let mut pace = self.queue.lock().await;
        loop {
            let (state, slot) = self.with(|it| (it.state(), it.slot()));
            let now = Instant::now();
            let paused_until = state.paused_until.map(|until| self.started + until);
            if let Some(until) = paused_until.filter(|until| *until > now) {
                sleep_until(until).await;
                continue;
            }
            pace.schedule.follow(state.rate, self.burst);
            let free = pace.window_is_free(self.most);
            let due = match free.filter(|free| *free > now) {
                Some(free) => Err(free),
                None => pace.schedule.book(now),
            };
            match due {
                Ok(()) => {
                    let came = then.await;
                    pace.leave(Instant::now(), self.most);
                    return (slot, came);
                }
                // A pause may begin meanwhile, or another rate.
                Err(due) => sleep_until(due).await,
            }
        }
    }

    pub(super) fn heard(&self, name: &str, answer: Answer) {
        let now = self.now();
        self.with(|it| {
            let before = it.state();
            answer.count(it, now);
            tell_change(name, before, it.state(), now);
        });
    }

    /// Judges answers by another rate than the one in the settings.
    pub(super) fn adopt(&self, rate: Option<f64>, longest_pause: Duration) {
        self.with(|it| it.adopt(rate, longest_pause));
    }

    pub(super) fn now(&self) -> Moment {
        self.started.elapsed()
    }

    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Pressure) -> T) -> T {
        let lock = self.pressure.lock();
        work(&mut lock.unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl Pace {
    /// From when on the window has room for one more, if it ever was full.
    fn window_is_free(&self, most: Option<WindowLimit>) -> Option<Instant> {
        let most = most.filter(|most| self.left.len() >= most.count)?;
        self.left.front().map(|first| *first + most.window)
    }

    fn leave(&mut self, now: Instant, most: Option<WindowLimit>) {
        let Some(most) = most else { return };
        if self.left.len() >= most.count {
            self.left.pop_front();
        }
        self.left.push_back(now);
    }
}

impl Schedule {
    /// Keeps to this rate from the last send on. A burst that was saved up is lost when the rate changes.
    fn follow(&mut self, rate: Option<f64>, burst: NonZeroU32) {
        if self.rate == rate {
            return;
        }
        self.rate = rate;
        let period = rate.and_then(|rate| Duration::try_from_secs_f64(1.0 / rate).ok());
        let quota = period.and_then(Quota::with_period);
        self.set_clock(self.last);
        self.gcra = quota.map(|quota| {
            let gcra = Gcra::direct_with_clock(quota.allow_burst(burst), self.clock.clone());
            // Empty: the next send is due one period after the last.
            let _ = gcra.check_n(burst);
            gcra
        });
    }

    /// Books a send that leaves now, or says when it is due.
    fn book(&mut self, now: Instant) -> Result<(), Instant> {
        let Some(gcra) = &self.gcra else {
            self.last = now;
            return Ok(());
        };
        let latest = now.checked_sub(CATCHES_UP).unwrap_or(self.start);
        self.set_clock(latest);
        let Err(not_yet) = gcra.check() else {
            self.last = latest.max(self.start);
            return Ok(());
        };
        let due = not_yet.earliest_possible().duration_since(Nanos::new(0));
        let due = self.start + Duration::from_nanos(due.as_u64());
        if due > now {
            return Err(due);
        }
        self.set_clock(due);
        self.last = due;
        gcra.check()
            .map_err(|not_yet| now + not_yet.wait_time_from(self.clock.now()))
    }

    fn set_clock(&self, at: Instant) {
        let nanos = at.saturating_duration_since(self.start).as_nanos();
        let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
        self.clock.0.store(nanos, Ordering::Relaxed);
    }
}
