//! What a shared lane knows: the times that it has leased, who waits for them, and the controller's state.
//!
//! Owner of how a time is taken, and of how far times lie apart. Left out on purpose: asking for them (`shared`).

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::super::{Answer, Pressure, SendSlot};
use crate::quota::LEASE;
use crate::quota::clock::ServerClock;
use bakkt_model::limits::{Limits, Rate};

/// The least that two windows' worth of times lie further apart than the rate allows, however small the headroom.
const LEAST_SLACK: Duration = Duration::from_millis(4);
/// What a lane knows, and the times that it has.
pub(super) struct LaneState {
    pub(super) clock: Option<ServerClock>,
    pub(super) clock_tries: u32,
    pub(super) times: VecDeque<SendTime>,
    pub(super) waiting: u32,
    /// Requests on their way.
    pub(super) sent: u32,
    /// Times that were used since `asked`, and how many a second were lately.
    pub(super) used: u32,
    pub(super) asked: Instant,
    pub(super) lately: f64,
    /// The first time that is free, as the server last said.
    pub(super) free: u64,
    /// Times that were missed.
    pub(super) missed: u64,
    pub(super) pressure: Pressure,
    pub(super) version: u64,
    /// What came of requests, and was not yet told; and when something was told last.
    pub(super) answers: Vec<Answer>,
    pub(super) told_at: Instant,
}

/// A time at which a request may leave, by the server's clock, and the time to the next one.
#[derive(Clone, Copy)]
pub(super) struct SendTime {
    pub(super) at: u64,
    pub(super) interval: u64,
}

/// What `take` gave.
pub(super) enum Taken {
    Slot(SendSlot),
    Due(Instant),
    None,
}

impl LaneState {
    pub(super) fn new(pressure: Pressure) -> LaneState {
        let now = Instant::now();
        LaneState {
            clock: None,
            clock_tries: 0,
            times: VecDeque::new(),
            waiting: 0,
            sent: 0,
            used: 0,
            asked: now,
            lately: 0.0,
            free: 0,
            missed: 0,
            pressure,
            version: 0,
            answers: Vec::new(),
            told_at: now,
        }
    }

    /// A request ended.
    pub(super) fn ended(&mut self) {
        self.sent = self.sent.saturating_sub(1);
    }

    /// Takes the next time when it has come.
    pub(super) fn take(&mut self, tolerance: u64) -> Taken {
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

/// Time between two sends, in microseconds, and what it adds to a window.
pub(super) fn spacing(rate: Rate, limits: &Limits) -> (u64, Duration) {
    let Rate::Per { count, per } = rate else {
        return (0, LEAST_SLACK);
    };
    let headroom = f64::from(limits.headroom_percent) / 100.0;
    let slack = per.mul_f64(headroom / (1.0 - headroom)).max(LEAST_SLACK);
    let interval = (per + slack).as_secs_f64() * 1_000_000.0 / f64::from(count.max(1));
    (interval.ceil() as u64, slack)
}

pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
