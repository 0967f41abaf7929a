//! What becomes of a call that may have an effect, the same for accounts, uploads and KYB triggers.
//!
//! Owner: the service. Invariant: faults that leave nothing behind come first, then refusals, and only a good call
//! meets the faults around an effect. Left out on purpose: what is good, what the effect is, and how the answer travels.

use std::time::Duration;

use super::answer::{self, Answer, Reply};
use super::config::Config;
use super::faults::{self, After, Before};
use super::gate::Door;
use super::ledger::Effect;

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Unauthorised,
    Limited(Option<u64>),
    /// Not what the call takes at all; why.
    Broken(&'static str),
    /// An upload's connection was cut in the middle of its body.
    CutShort,
    Before(Before),
    Refused,
    Late,
    Made {
        effect: Effect,
        fault: Option<After>,
    },
}

impl Verdict {
    /// The ledger's word for the answer, and the effect; `refused` is the status of a refusal.
    pub(super) fn shown(self, refused: &'static str) -> (&'static str, Effect) {
        match self {
            Verdict::Unauthorised => ("401", Effect::None),
            Verdict::Limited(_) => ("429", Effect::None),
            Verdict::Broken(_) => ("400", Effect::None),
            Verdict::Before(Before::Forbid) => ("403", Effect::None),
            Verdict::Before(Before::Limited) => ("429", Effect::None),
            Verdict::Before(Before::Unavailable) => ("503", Effect::None),
            Verdict::Before(Before::Reset) | Verdict::CutShort => ("reset", Effect::None),
            Verdict::Before(Before::Error) => ("500", Effect::None),
            Verdict::Refused => (refused, Effect::None),
            Verdict::Late => ("reset", Effect::Later),
            Verdict::Made { effect, fault } => match fault {
                None => ("200", effect),
                Some(After::Late | After::Reset) => ("reset", effect),
                Some(After::Error) => ("500", effect),
                Some(After::Truncated) => ("truncated", effect),
                Some(After::Unreadable) => ("unreadable", effect),
                Some(After::Stall) => ("stalled-200", effect),
                Some(After::Surplus(_)) => ("surplus-200", effect),
            },
        }
    }

    /// How much later the answer comes than others do.
    pub(super) fn stall(self, config: &Config) -> Duration {
        match self {
            Verdict::Made {
                fault: Some(After::Stall),
                ..
            } => Duration::from_millis(config.stall_ms),
            _ => Duration::ZERO,
        }
    }

    /// What the client is answered.
    pub(super) fn reply(self, config: &Config, answers: &impl Answers) -> Reply {
        Reply::Whole(match self {
            Verdict::Unauthorised => unauthorised(),
            Verdict::Limited(wait) => too_many(wait),
            Verdict::Broken(why) => answer::error(400, why),
            Verdict::Before(Before::Forbid) => answer::page(403, "403 Forbidden"),
            Verdict::Before(Before::Limited) => Answer {
                retry_after: config.limited_retry_after.as_deref().and_then(wish),
                ..too_many(None)
            },
            Verdict::Before(Before::Unavailable) => Answer {
                retry_after: wish(&config.unavailable_retry_after),
                ..answer::error(503, "Unavailable, try again later")
            },
            Verdict::Before(Before::Error) => internal_error(),
            Verdict::Before(Before::Reset) | Verdict::CutShort | Verdict::Late => {
                return Reply::Cut;
            }
            Verdict::Refused => answers.refused(),
            Verdict::Made { fault, .. } => match fault {
                Some(After::Late | After::Reset) => return Reply::Cut,
                Some(After::Error) => internal_error(),
                Some(After::Truncated) => return Reply::Truncated(answers.good()),
                Some(After::Unreadable) => answers.unreadable(),
                Some(After::Surplus(when)) => return Reply::Surplus(answers.good(), when),
                None | Some(After::Stall) => answers.good(),
            },
        })
    }
}

/// The answers that differ from one kind of call to the other.
pub(super) trait Answers {
    /// The call was good.
    fn good(&self) -> Answer;
    /// It is not.
    fn refused(&self) -> Answer;
    /// A 200 that a client cannot read.
    fn unreadable(&self) -> Answer;
}

/// A call that was let in, to be decided.
pub(super) struct Decision<'a> {
    pub(super) config: &'a Config,
    /// What the draws go by.
    pub(super) key: &'a str,
    /// The how-manieth call of its kind for this key.
    pub(super) number: u32,
    /// The faults that this key has had.
    pub(super) faults: &'a mut u32,
    pub(super) refused: bool,
}

impl Decision<'_> {
    /// Decides, and has the effect when there is one.
    pub(super) fn take(self, effect: impl FnOnce() -> Effect) -> Verdict {
        let faulty = *self.faults < self.config.max_faults_per_id;
        let before = faulty.then(|| faults::before(self.config, self.key, self.number));
        if let Some(fault) = before.flatten() {
            *self.faults += 1;
            return Verdict::Before(fault);
        }
        if self.refused {
            return Verdict::Refused;
        }
        let fault = faulty.then(|| faults::after(self.config, self.key, self.number));
        let fault = fault.flatten();
        *self.faults += u32::from(fault.is_some());
        if fault == Some(After::Late) {
            return Verdict::Late;
        }
        Verdict::Made {
            effect: effect(),
            fault,
        }
    }
}

/// The verdict on a call that is not let in.
pub(super) fn at_the_door(door: Door) -> Option<Verdict> {
    match door {
        Door::Open => None,
        Door::Unauthorised => Some(Verdict::Unauthorised),
        Door::Limited(wait) => Some(Verdict::Limited(wait)),
    }
}

pub(super) fn unauthorised() -> Answer {
    answer::error(401, "Not authorised")
}

pub(super) fn internal_error() -> Answer {
    answer::error(500, "Internal error")
}

pub(super) fn too_many(retry_after: Option<u64>) -> Answer {
    Answer {
        retry_after: retry_after.map(|seconds| seconds.to_string()),
        ..answer::error(429, "Too many requests")
    }
}

/// A `Retry-After` as configured; none when it is empty.
fn wish(text: &str) -> Option<String> {
    match text.strip_prefix("date+").map(str::parse) {
        Some(Ok(seconds)) => {
            let at = std::time::SystemTime::now() + Duration::from_secs(seconds);
            Some(httpdate::fmt_http_date(at))
        }
        _ => (!text.is_empty()).then(|| text.to_owned()),
    }
}
