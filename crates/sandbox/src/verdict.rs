//! What becomes of a call that may have an effect, the same for accounts, uploads and KYB triggers.
//!
//! Owner: the service. Invariant: faults that leave nothing behind come first, then refusals, and only a good call
//! meets the faults around an effect. Left out on purpose: what is good, what the effect is, and how the answer travels.

use std::time::Duration;

use super::answer::{self, Answer, ReplyAction};
use super::config::Config;
use super::faults::{self, FaultAfter, FaultBefore};
use super::gate::Admission;
use super::ledger::Effect;

/// What the sandbox decided about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallVerdict {
    Unauthorised,
    Limited(Option<u64>),
    /// Not what the call takes at all; why.
    Broken(&'static str),
    /// An upload's connection was cut in the middle of its body.
    CutShort,
    Before(FaultBefore),
    Refused,
    Late,
    Made {
        effect: Effect,
        fault: Option<FaultAfter>,
    },
}

impl CallVerdict {
    /// The ledger's word for the answer, and the effect; `refused` is the status of a refusal.
    pub(super) fn shown(self, refused: &'static str) -> (&'static str, Effect) {
        match self {
            CallVerdict::Unauthorised => ("401", Effect::None),
            CallVerdict::Limited(_) => ("429", Effect::None),
            CallVerdict::Broken(_) => ("400", Effect::None),
            CallVerdict::Before(FaultBefore::Forbid) => ("403", Effect::None),
            CallVerdict::Before(FaultBefore::Limited) => ("429", Effect::None),
            CallVerdict::Before(FaultBefore::Unavailable) => ("503", Effect::None),
            CallVerdict::Before(FaultBefore::Reset) | CallVerdict::CutShort => {
                ("reset", Effect::None)
            }
            CallVerdict::Before(FaultBefore::Error) => ("500", Effect::None),
            CallVerdict::Refused => (refused, Effect::None),
            CallVerdict::Late => ("reset", Effect::Later),
            CallVerdict::Made { effect, fault } => match fault {
                None => ("200", effect),
                Some(FaultAfter::Late | FaultAfter::Reset) => ("reset", effect),
                Some(FaultAfter::Error) => ("500", effect),
                Some(FaultAfter::Truncated) => ("truncated", effect),
                Some(FaultAfter::Unreadable) => ("unreadable", effect),
                Some(FaultAfter::Stall) => ("stalled-200", effect),
                Some(FaultAfter::Surplus(_)) => ("surplus-200", effect),
            },
        }
    }

    /// How much later the answer comes than others do.
    pub(super) fn stall(self, config: &Config) -> Duration {
        match self {
            CallVerdict::Made {
                fault: Some(FaultAfter::Stall),
                ..
            } => Duration::from_millis(config.stall_ms),
            _ => Duration::ZERO,
        }
    }

    /// What the client is answered.
    pub(super) fn reply(self, config: &Config, answers: &impl Answers) -> ReplyAction {
        ReplyAction::Whole(match self {
            CallVerdict::Unauthorised => unauthorised(),
            CallVerdict::Limited(wait) => too_many(wait),
            CallVerdict::Broken(why) => answer::error(400, why),
            CallVerdict::Before(FaultBefore::Forbid) => answer::page(403, "403 Forbidden"),
            CallVerdict::Before(FaultBefore::Limited) => Answer {
                retry_after: config.limited_retry_after.as_deref().and_then(wish),
                ..too_many(None)
            },
            CallVerdict::Before(FaultBefore::Unavailable) => Answer {
                retry_after: wish(&config.unavailable_retry_after),
                ..answer::error(503, "Unavailable, try again later")
            },
            CallVerdict::Before(FaultBefore::Error) => internal_error(),
            CallVerdict::Before(FaultBefore::Reset) | CallVerdict::CutShort | CallVerdict::Late => {
                return ReplyAction::Cut;
            }
            CallVerdict::Refused => answers.refused(),
            CallVerdict::Made { fault, .. } => match fault {
                Some(FaultAfter::Late | FaultAfter::Reset) => return ReplyAction::Cut,
                Some(FaultAfter::Error) => internal_error(),
                Some(FaultAfter::Truncated) => return ReplyAction::Truncated(answers.good()),
                Some(FaultAfter::Unreadable) => answers.unreadable(),
                Some(FaultAfter::Surplus(when)) => {
                    return ReplyAction::Surplus(answers.good(), when);
                }
                None | Some(FaultAfter::Stall) => answers.good(),
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
pub(super) struct CallToDecide<'a> {
    pub(super) config: &'a Config,
    /// What the draws go by.
    pub(super) key: &'a str,
    /// The how-manieth call of its kind for this key.
    pub(super) number: u32,
    /// The faults that this key has had.
    pub(super) faults: &'a mut u32,
    pub(super) refused: bool,
}

impl CallToDecide<'_> {
    /// Decides, and has the effect when there is one.
    pub(super) fn take(self, effect: impl FnOnce() -> Effect) -> CallVerdict {
        let faulty = *self.faults < self.config.max_faults_per_id;
        let before = faulty.then(|| faults::before(self.config, self.key, self.number));
        if let Some(fault) = before.flatten() {
            *self.faults += 1;
            return CallVerdict::Before(fault);
        }
        if self.refused {
            return CallVerdict::Refused;
        }
        let fault = faulty.then(|| faults::after(self.config, self.key, self.number));
        let fault = fault.flatten();
        *self.faults += u32::from(fault.is_some());
        if fault == Some(FaultAfter::Late) {
            return CallVerdict::Late;
        }
        CallVerdict::Made {
            effect: effect(),
            fault,
        }
    }
}

/// The verdict on a call that is not let in.
pub(super) fn not_admitted(admission: Admission) -> Option<CallVerdict> {
    match admission {
        Admission::Open => None,
        Admission::Unauthorised => Some(CallVerdict::Unauthorised),
        Admission::Limited(wait) => Some(CallVerdict::Limited(wait)),
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
