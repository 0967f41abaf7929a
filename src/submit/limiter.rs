//! The rate: no window of time sees more sends than configured, and hardly fewer.
//!
//! Owner of pacing for one kind of call, on top of governor's GCRA. Governor reads a clock of ours that stands still
//! at the slot it gave out, so that a timer that wakes a few milliseconds late moves that one send and not all after
//! it; `TOLERANCE` bounds how late may count as in time, and the headroom setting keeps such sends inside the window.
//! The limiter starts empty: a restart adds nothing to what the process before it sent. `slow_down` lowers the rate
//! after 429 or 503 and pauses; successes raise it again step by step.

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

use crate::settings::amounts::Rate;

/// A send that is late by no more than this keeps its slot.
const TOLERANCE: Duration = Duration::from_millis(5);
/// Cuts of the rate are at least so far apart: answers to requests that were already on their way count once.
const CUT_EVERY: Duration = Duration::from_secs(1);
/// The rate never falls below this part of the configured one.
const LOWEST: f64 = 1.0 / 64.0;
/// Longest pause that a server's answers add up to without a `Retry-After`.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The limiter of one kind of call.
pub struct Limiter {
    rate: Rate,
    burst: NonZeroU32,
    headroom: f64,
    start: Instant,
    queue: tokio::sync::Mutex<Pace>,
    mood: std::sync::Mutex<Mood>,
}

struct Pace {
    gcra: Option<Gcra>,
    clock: SlotClock,
    slot: Instant,
    factor: f64,
}

/// What answers have made of the rate.
struct Mood {
    factor: f64,
    paused_until: Option<Instant>,
    last_cut: Option<Instant>,
    cuts: u32,
    successes: u32,
}

type Gcra = RateLimiter<NotKeyed, InMemoryState, SlotClock, NoOpMiddleware<Nanos>>;

/// Nanoseconds since the limiter's start, set before every question.
#[derive(Clone, Default)]
struct SlotClock(Arc<AtomicU64>);

impl Clock for SlotClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(self.0.load(Ordering::Relaxed))
    }
}

impl Limiter {
    /// A limiter that starts empty.
    pub fn new(rate: Rate, burst: u32, headroom_percent: u32) -> Limiter {
        let start = Instant::now();
        let clock = SlotClock::default();
        let mut limiter = Limiter {
            rate,
            burst: NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN),
            headroom: 1.0 - f64::from(headroom_percent) / 100.0,
            start,
            queue: tokio::sync::Mutex::new(Pace {
                gcra: None,
                clock: clock.clone(),
                slot: start,
                factor: 1.0,
            }),
            mood: std::sync::Mutex::new(Mood {
                factor: 1.0,
                paused_until: None,
                last_cut: None,
                cuts: 0,
                successes: 0,
            }),
        };
        let gcra = limiter.gcra(1.0, clock);
        limiter.queue.get_mut().gcra = gcra;
        limiter
    }

    fn gcra(&self, factor: f64, clock: SlotClock) -> Option<Gcra> {
        let Rate::Per { count, per } = self.rate else {
            return None;
        };
        let period = per.div_f64(f64::from(count) * self.headroom * factor);
        let gcra = RateLimiter::direct_with_clock(
            Quota::with_period(period)?.allow_burst(self.burst),
            clock,
        );
        while gcra.check().is_ok() {}
        Some(gcra)
    }

    /// Waits for the next slot. Those who wait are served in the order of their coming; dropping the future is safe.
    pub async fn acquire(&self) {
        let mut pace = self.queue.lock().await;
        loop {
            let (factor, paused_until) = self.with_mood(|mood| (mood.factor, mood.paused_until));
            let now = Instant::now();
            if let Some(until) = paused_until.filter(|until| *until > now) {
                sleep_until(until).await;
                continue;
            }
            if pace.factor != factor {
                pace.factor = factor;
                pace.clock.0.store(self.nanos(now), Ordering::Relaxed);
                pace.gcra = self.gcra(factor, pace.clock.clone());
            }
            let Some(gcra) = &pace.gcra else { return };
            let in_time = now >= pace.slot && now - pace.slot <= TOLERANCE;
            let at = if in_time { pace.slot } else { now };
            pace.clock.0.store(self.nanos(at), Ordering::Relaxed);
            match gcra.check() {
                Ok(()) => return,
                Err(not_yet) => {
                    let nanos = not_yet
                        .earliest_possible()
                        .duration_since(Nanos::new(0))
                        .as_u64();
                    pace.slot = self.start + Duration::from_nanos(nanos);
                    sleep_until(pace.slot).await;
                }
            }
        }
    }

    fn nanos(&self, at: Instant) -> u64 {
        u64::try_from((at - self.start).as_nanos()).unwrap_or(u64::MAX)
    }

    /// Bakkt did not take a request: pause as it asks, and halve the rate (once a second at most).
    pub fn slow_down(&self, retry_after: Option<Duration>) {
        let now = Instant::now();
        self.with_mood(|mood| {
            mood.successes = 0;
            let again = mood.last_cut.is_none_or(|cut| now - cut >= CUT_EVERY);
            if again {
                mood.last_cut = Some(now);
                mood.cuts += 1;
                mood.factor = (mood.factor / 2.0).max(LOWEST);
            }
            let own = Duration::from_millis(250)
                .saturating_mul(1 << mood.cuts.min(8))
                .min(LONGEST_PAUSE);
            let until = now + retry_after.unwrap_or(own);
            mood.paused_until = Some(mood.paused_until.map_or(until, |paused| paused.max(until)));
        });
    }

    /// Bakkt took a request: after a second's worth of them the rate rises by a tenth of the configured one.
    pub fn speed_up(&self) {
        let step = match self.rate {
            Rate::Unlimited => 20,
            Rate::Per { count, per } => (f64::from(count) / per.as_secs_f64()).ceil() as u32,
        };
        self.with_mood(|mood| {
            if mood.factor < 1.0 || mood.cuts > 0 {
                mood.successes += 1;
                if mood.successes >= step.max(5) {
                    mood.successes = 0;
                    mood.cuts = mood.cuts.saturating_sub(1);
                    mood.factor = (mood.factor + 0.1).min(1.0);
                }
            }
        });
    }

    fn with_mood<T>(&self, work: impl FnOnce(&mut Mood) -> T) -> T {
        work(
            &mut self
                .mood
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn send_times(limiter: &Limiter, count: usize) -> Vec<Instant> {
        let mut times = Vec::new();
        for _ in 0..count {
            limiter.acquire().await;
            times.push(Instant::now());
        }
        times
    }

    /// The most sends in any window of `per` that begins with a send.
    fn most_in_window(times: &[Instant], per: Duration) -> usize {
        let mut end = 0;
        let in_window = |start: usize| {
            while end < times.len() && times[end] - times[start] < per {
                end += 1;
            }
            end - start
        };
        (0..times.len()).map(in_window).max().unwrap_or(0)
    }

    #[tokio::test(start_paused = true)]
    async fn no_window_is_exceeded_and_little_is_left_unused() {
        for (count, per) in [
            (50, 1),
            (7, 1),
            (33, 1),
            (400, 1),
            (1000, 1),
            (90, 60),
            (1, 1),
        ] {
            let per = Duration::from_secs(per);
            let limiter = Limiter::new(Rate::Per { count, per }, 1, 1);
            let windows = 20;
            let begin = Instant::now();
            let times = send_times(&limiter, count as usize * windows).await;
            assert!(
                most_in_window(&times, per) <= count as usize,
                "{count} per {per:?}"
            );
            let used = per.as_secs_f64() * windows as f64 / (Instant::now() - begin).as_secs_f64();
            assert!(used >= 0.98, "{count} per {per:?}: {used}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_slows_down_pauses_and_is_forgotten_in_time() {
        let limiter = Limiter::new(Rate::per_second(50), 1, 1);
        send_times(&limiter, 50).await;
        let cut = Instant::now();
        for _ in 0..16 {
            limiter.slow_down(Some(Duration::from_secs(3)));
        }
        let times = send_times(&limiter, 100).await;
        assert!(times[0] - cut >= Duration::from_secs(3));
        let slow = most_in_window(&times, Duration::from_secs(1));
        assert!((20..=25).contains(&slow), "{slow}");
        for _ in 0..2000 {
            limiter.speed_up();
        }
        let times = send_times(&limiter, 100).await;
        assert!(most_in_window(&times, Duration::from_secs(1)) >= 49);
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_time_is_not_saved_up() {
        let limiter = Limiter::new(Rate::per_second(50), 1, 1);
        tokio::time::sleep(Duration::from_secs(60)).await;
        let times = send_times(&limiter, 200).await;
        assert!(most_in_window(&times, Duration::from_secs(1)) <= 50);
    }
}
