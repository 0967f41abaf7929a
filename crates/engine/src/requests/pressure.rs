//! Finds the rate that the server bears, from its answers 429 and 503.
//!
//! Owner of back-pressure for one kind of call; pure, it is told the time, on whatever clock: that of the process, or that of the
//! quota server, where its state lies when several processes share one quota. Answers are judged in windows of a few seconds.
//! When the share of refusals in a window is too high, the rate is cut to what the server took. The next window
//! shows whether that helped: if the server refuses the same share at the lower rate, then its refusals have nothing to do
//! with the rate, the old rate comes back and this share is put up with for a while. If it helped, the rate stays just below
//! the one that was too much, for half a minute at first, and is then tried again in growing steps. All times and steps
//! are the same for every configured rate, so a slow migration recovers as soon as a fast one.
//!
//! Besides, the whole lane pauses after refusals that cluster, and when the server asks for a long pause.
//! Left out on purpose: when each request leaves (`limiter`), and what becomes of a refused one (`outcomes`).

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A time on the clock that is told: the time since its beginning.
pub(super) type Moment = Duration;

/// Length of a window of answers.
const WINDOW: Duration = Duration::from_secs(5);
/// A window with refusals waits for so many answers, but no longer than three times its length.
const ANSWERS: u32 = 100;
/// A share of refusals that is not worth slowing down for.
const TOLERATED: f64 = 0.015;
/// From this share on the decision does not wait for the end of the window, only for so many answers; the larger the share,
/// the fewer.
const FLOOD: [(f64, u32); 2] = [(0.3, 20), (0.6, 10)];
/// A larger share of refusals is never taken for one that has nothing to do with the rate.
const LARGEST_BASE: f64 = 0.25;
/// How long a share that slowing down did not change is put up with.
const BASE_LASTS: Duration = Duration::from_secs(120);
/// What is left of a rate that the server has just borne, to stay below its limit.
const BELOW: f64 = 0.98;
/// What one cut takes at most, first and when the one before it was far from enough. A server that wants requests evenly
/// apart refuses far more of them than are too many, so the first cut is a small one.
const DEEPEST: (f64, f64) = (0.15, 0.5);
/// How long the rate stays below one that was too much, at first and at most.
const HOLD: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(240));
/// First and largest step up; each step is twice the one before.
const STEP: (f64, f64) = (0.02, 0.5);
/// The rate never falls below this part of the configured one.
const LOWEST: f64 = 1.0 / 32.0;
/// Where no rate is configured, it never falls below this, in requests a second.
const LOWEST_WITHOUT_ONE: f64 = 1.0;
/// The last answers that are looked at for refusals that cluster, and how many refusals among them make a pause.
const RECENT: (usize, usize) = (20, 4);
/// So many refusals one after the other make a pause.
const IN_A_ROW: u32 = 3;
/// A `Retry-After` from here on holds for the whole lane.
const LONG: Duration = Duration::from_secs(10);
/// First pause where the server does not say how long, and the longest that doubling makes of it.
const OWN_PAUSE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));
/// So long after the last refusal there is still a word about it.
const REMEMBERED: Duration = Duration::from_secs(30);

/// When a request left, as far as judging its answer goes: at which rate, and after which pause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendSlot {
    rate: u32,
    pause: u32,
}

/// How the server slows a lane down, for a person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PressureNotice {
    /// 429 or 503: what the server last refused with.
    pub status: u16,
    /// Requests a second that are held at present, where they are fewer than configured.
    pub held: Option<f64>,
    /// How much longer the lane pauses.
    pub pause: Option<Duration>,
}

/// What a lane has to keep to at present.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PressureState {
    /// The rate in requests a second; none without a limit.
    pub(super) rate: Option<f64>,
    /// Until when nothing leaves.
    pub(super) paused_until: Option<Moment>,
}

/// What answers have made of the rate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Pressure {
    /// The configured rate in requests a second; none without a limit.
    full: Option<f64>,
    held: Option<f64>,
    longest_pause: Duration,
    slot: SendSlot,
    window: Window,
    /// The share of refusals that has nothing to do with the rate, and until when that is believed.
    base: Option<(f64, Moment)>,
    trial: Option<CutTrial>,
    ceiling: Option<Ceiling>,
    hold: Duration,
    step: f64,
    /// The rate of the last window, if nothing was refused in it.
    clean: Option<f64>,
    recent: VecDeque<bool>,
    row: u32,
    /// Longest `Retry-After` of the refusals that may yet make a pause.
    asked: Duration,
    paused_until: Option<Moment>,
    /// Pauses of our own length that followed each other.
    own_pauses: u32,
    last: Option<(u16, Moment)>,
}

/// The answers since the rate last changed.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Window {
    since: Option<Moment>,
    answers: u32,
    refused: u32,
}

/// A cut whose effect is not known yet.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct CutTrial {
    before: Option<f64>,
    rate: f64,
    share: f64,
    /// From this share on, beyond the base, the cut was no help.
    useless: f64,
}

/// A rate that was too much, and when it may be tried again.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Ceiling {
    rate: f64,
    until: Moment,
}

impl Pressure {
    pub(super) fn new(full: Option<f64>, longest_pause: Duration) -> Pressure {
        Pressure {
            full,
            held: None,
            longest_pause,
            slot: SendSlot::default(),
            window: Window::default(),
            base: None,
            trial: None,
            ceiling: None,
            hold: HOLD.0,
            step: STEP.0,
            clean: None,
            recent: VecDeque::with_capacity(RECENT.0),
            row: 0,
            asked: Duration::ZERO,
            paused_until: None,
            own_pauses: 0,
            last: None,
        }
    }

    /// Goes on with the limits of this process, where another one has left its own.
    pub(super) fn adopt(&mut self, full: Option<f64>, longest_pause: Duration) {
        self.full = full;
        self.longest_pause = longest_pause;
        self.held = self
            .held
            .filter(|held| full.is_none_or(|full| *held < full));
    }

    /// The rate that is held at present, where it is lower than the configured one.
    pub(super) fn held(&self) -> Option<f64> {
        self.held
    }

    /// What is to be kept to.
    pub(super) fn state(&self) -> PressureState {
        PressureState {
            rate: self.rate(),
            paused_until: self.paused_until,
        }
    }

    fn rate(&self) -> Option<f64> {
        self.held.or(self.full)
    }

    /// What a request that leaves now is marked with.
    pub(super) fn slot(&self) -> SendSlot {
        self.slot
    }

    /// What there is to tell, if the server refuses at present or has lately.
    pub(super) fn told(&self, now: Moment) -> Option<PressureNotice> {
        let (status, at) = self.last?;
        let pause = self
            .paused_until
            .and_then(|until| until.checked_sub(now))
            .filter(|pause| !pause.is_zero());
        let lately = now.saturating_sub(at) < REMEMBERED;
        (lately || self.held.is_some() || pause.is_some()).then_some(PressureNotice {
            status,
            held: self.held,
            pause,
        })
    }

    /// The server took a request, or refused it for what it says.
    pub(super) fn answered(&mut self, now: Moment, slot: SendSlot) {
        self.count(now, slot, false);
        self.decide(now);
    }

    /// The server answered 429 or 503.
    pub(super) fn refused(
        &mut self,
        now: Moment,
        slot: SendSlot,
        status: u16,
        retry_after: Option<Duration>,
    ) {
        self.last = Some((status, now));
        let asked = retry_after.unwrap_or_default().min(self.longest_pause);
        self.count(now, slot, true);
        if asked >= LONG {
            self.pause(now + asked);
        } else if slot.pause == self.slot.pause {
            self.asked = self.asked.max(asked);
            let refused = self.recent.iter().filter(|refused| **refused).count();
            if self.row >= IN_A_ROW || refused >= RECENT.1 {
                let own = OWN_PAUSE.0.saturating_mul(1 << self.own_pauses.min(16));
                self.own_pauses += 1;
                let own = own.min(OWN_PAUSE.1).min(self.longest_pause);
                self.pause(now + own.max(self.asked));
            }
        }
        self.decide(now);
    }

    fn count(&mut self, now: Moment, slot: SendSlot, refused: bool) {
        if slot.rate == self.slot.rate {
            self.window.since.get_or_insert(now);
            self.window.answers += 1;
            self.window.refused += u32::from(refused);
        }
        // What left before the present pause says nothing about the time after it.
        if slot.pause == self.slot.pause {
            if self.recent.len() == RECENT.0 {
                self.recent.pop_front();
                self.own_pauses = 0;
            }
            self.recent.push_back(refused);
            self.row = if refused { self.row + 1 } else { 0 };
        }
    }

    fn pause(&mut self, until: Moment) {
        self.paused_until = Some(self.paused_until.map_or(until, |paused| paused.max(until)));
        self.slot.pause = self.slot.pause.wrapping_add(1);
        self.recent.clear();
        self.row = 0;
        self.asked = Duration::ZERO;
    }

    /// Judges the window, once there is enough of it.
    fn decide(&mut self, now: Moment) {
        let Some(since) = self.window.since else {
            return;
        };
        let (answers, refused) = (self.window.answers, self.window.refused);
        let elapsed = now.saturating_sub(since);
        let share = f64::from(refused) / f64::from(answers.max(1));
        let flood = FLOOD
            .iter()
            .any(|flood| share >= flood.0 && answers >= flood.1);
        let enough = if refused == 0 { 2 } else { ANSWERS };
        let whole = elapsed >= WINDOW && (answers >= enough || elapsed >= 3 * WINDOW);
        if !flood && !whole {
            return;
        }
        let taken = f64::from(answers - refused) / elapsed.as_secs_f64().max(0.001);
        let base = self.base.filter(|(_, until)| now < *until);
        let base = base.map_or(0.0, |(share, _)| share);
        let excess = share - base;
        let trial = self.trial.take();
        if let Some(trial) = trial {
            if excess >= trial.useless && share <= LARGEST_BASE {
                return self.undo(now, trial, share);
            }
            if trial.share < 0.5 {
                self.ceiling = Some(Ceiling {
                    rate: trial.rate,
                    until: now + self.hold,
                });
            }
        }
        if refused >= 3 && excess > TOLERATED {
            let sent = f64::from(answers) / elapsed.as_secs_f64().max(0.001);
            self.cut(sent, share, excess, trial.is_some());
        } else {
            self.clean = self.held.filter(|_| refused == 0);
            self.rise(now, taken);
        }
        self.window = Window::default();
    }

    /// Slowing down has not helped: these refusals have nothing to do with the rate.
    fn undo(&mut self, now: Moment, trial: CutTrial, share: f64) {
        self.base = Some(((share + trial.share) / 2.0, now + BASE_LASTS));
        self.ceiling = None;
        self.hold(trial.before);
    }

    fn cut(&mut self, sent: f64, share: f64, excess: f64, again: bool) {
        let deepest = if again && share >= 0.5 {
            DEEPEST.1
        } else {
            DEEPEST.0
        };
        let before = self.held;
        let lowest = self.full.map_or(LOWEST_WITHOUT_ONE, |full| full * LOWEST);
        let rate = self.rate().unwrap_or(sent.max(lowest));
        let mut lower = rate * (1.0 - excess).max(1.0 - deepest) * BELOW;
        // What was fine a moment ago will be again.
        lower = lower.max(
            self.clean
                .take()
                .filter(|clean| *clean < rate)
                .unwrap_or(0.0),
        );
        lower = lower.max(lowest.min(rate));
        // Too many requests: what the server took stays the same. Nothing to do with the rate: the share does.
        let if_too_many = (1.0 - (1.0 - excess) * rate / lower).max(0.0);
        self.trial = Some(CutTrial {
            before,
            rate,
            share,
            useless: (if_too_many + excess) / 2.0,
        });
        // A rate that was too much once more is tried again later than the last time.
        let again = self.ceiling.is_some_and(|last| rate > last.rate * 0.9);
        self.hold = if again {
            (self.hold * 2).min(HOLD.1)
        } else {
            HOLD.0
        };
        self.step = STEP.0;
        if lower < rate {
            self.own_pauses = 0;
        }
        self.hold(Some(lower));
    }

    fn rise(&mut self, now: Moment, taken: f64) {
        let Some(rate) = self.held else { return };
        let mut higher = rate * (1.0 + self.step);
        match self.ceiling {
            // Far below it there is nothing to be careful about.
            Some(ceiling) if rate < ceiling.rate * 0.8 => {
                higher = (rate * (1.0 + STEP.1)).min(ceiling.rate * 0.9);
            }
            Some(ceiling) if now < ceiling.until => return,
            Some(_) => self.step = (self.step * 2.0).min(STEP.1),
            None => higher = rate * (1.0 + STEP.1),
        }
        if self
            .ceiling
            .is_some_and(|ceiling| rate > ceiling.rate * 1.1)
        {
            self.ceiling = None;
        }
        // Without a configured rate, one far above what there is to send holds nothing back.
        let free = self.full.map_or(taken * 4.0, |full| full);
        if higher >= free {
            self.ceiling = None;
            self.hold(None);
        } else {
            self.hold(Some(higher));
        }
    }

    fn hold(&mut self, rate: Option<f64>) {
        self.held = rate;
        self.slot.rate = self.slot.rate.wrapping_add(1);
        self.window = Window::default();
    }
}
