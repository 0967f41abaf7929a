//! The quota server's clock, as far as its answers tell.
//!
//! Owner of the estimate. An answer left the server between the times at which its question was sent and it came; so each
//! bounds how far the server's clock is ahead of ours, and all of them together do so closely. The bounds widen slowly, because clocks
//! drift. Left out on purpose: what is done at a time.

use std::time::Duration;

use tokio::time::Instant;

/// How far two clocks drift apart, in millionths.
const DRIFT: i64 = 500;

/// Where the server's clock stands, in microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServerClock {
    base: Instant,
    /// Bounds of what the server's clock is ahead of the time since `base`.
    low: i64,
    high: i64,
    /// When the bounds were last set.
    set: Instant,
}

impl ServerClock {
    /// The clock after its first answer.
    pub(crate) fn new(sent: Instant, came: Instant, now: u64) -> ServerClock {
        let mut clock = ServerClock {
            base: sent,
            low: 0,
            high: 0,
            set: came,
        };
        (clock.low, clock.high) = clock.bounds(sent, came, now);
        clock
    }

    /// Learns from an answer. False when it does not fit what was known: one of the clocks was set.
    pub(crate) fn learn(&mut self, sent: Instant, came: Instant, now: u64) -> bool {
        let elapsed = micros(came.saturating_duration_since(self.set));
        let drift = elapsed.saturating_mul(DRIFT) / 1_000_000 + 1;
        let (low, high) = self.bounds(sent, came, now);
        self.set = came;
        let (known_low, known_high) = (self.low - drift, self.high + drift);
        if low > known_high || high < known_low {
            (self.low, self.high) = (low, high);
            return false;
        }
        (self.low, self.high) = (low.max(known_low), high.min(known_high));
        true
    }

    /// By how much the estimate may be wrong, one way or the other.
    pub(crate) fn error(&self) -> Duration {
        Duration::from_micros(u64::try_from((self.high - self.low) / 2).unwrap_or(0))
    }

    /// The server's time at an instant.
    pub(crate) fn at(&self, instant: Instant) -> u64 {
        let local = micros(instant.saturating_duration_since(self.base));
        u64::try_from(local + self.ahead()).unwrap_or(0)
    }

    /// The instant of a time of the server.
    pub(crate) fn instant(&self, time: u64) -> Instant {
        let local = i64::try_from(time).unwrap_or(i64::MAX) - self.ahead();
        self.base + Duration::from_micros(u64::try_from(local).unwrap_or(0))
    }

    fn ahead(&self) -> i64 {
        self.low + (self.high - self.low) / 2
    }

    fn bounds(&self, sent: Instant, came: Instant, now: u64) -> (i64, i64) {
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let local = |at: Instant| micros(at.saturating_duration_since(self.base));
        (now - local(came), now - local(sent))
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_narrow_the_estimate_and_a_clock_that_was_set_is_noticed() {
        let begin = Instant::now();
        let at = |ms: u64| begin + Duration::from_millis(ms);
        // The server's clock shows 1,000,000 µs more than the time since `begin`.
        let server = |ms: u64| 1_000_000 + ms * 1000;
        let mut clock = ServerClock::new(at(0), at(40), server(10));
        assert_eq!(clock.error(), Duration::from_millis(20));
        assert!(clock.learn(at(100), at(102), server(101)));
        assert!(clock.error() < Duration::from_micros(1100));
        let shown = clock.at(at(200));
        assert!(shown.abs_diff(server(200)) < 1100, "{shown}");
        let instant = clock.instant(server(300));
        assert!(instant.duration_since(at(298)) < Duration::from_millis(4));
        // A slow answer takes nothing away.
        assert!(clock.learn(at(400), at(600), server(401)));
        assert!(clock.error() < Duration::from_micros(1500));
        assert!(!clock.learn(at(700), at(702), server(9000)));
        assert!(clock.at(at(800)).abs_diff(server(9099)) < 1100);
    }
}
