//! The create call: what is decided about it, and what is answered.
//!
//! Owner: the service. Invariant: faults that leave nothing behind come first, then the contract, then refusals, and
//! only a good request meets the faults that leave an account. Left out on purpose: how the answer travels.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use super::answer::{self, Answer, Reply};
use super::check::{self, Finding};
use super::config::Config;
use super::faults::{self, After, Before};
use super::ledger::{Effect, Kind};
use super::service::{Handled, Late, Service, internal_error, unauthorised};
use super::store::Slot;

/// What became of a create call.
enum Verdict {
    Unauthorised,
    Limited(u64),
    NotJson,
    Before(Before),
    Refused(Vec<Finding>),
    Late,
    Made {
        effect: Effect,
        created_at: Timestamp,
        fault: Option<After>,
        number: u32,
    },
}

impl Verdict {
    /// The ledger's word for the answer, the effect, and whether the answer stalls.
    fn shown(&self) -> (&'static str, Effect, bool) {
        match self {
            Verdict::Unauthorised => ("401", Effect::None, false),
            Verdict::Limited(_) => ("429", Effect::None, false),
            Verdict::NotJson => ("400", Effect::None, false),
            Verdict::Before(Before::Forbid) => ("403", Effect::None, false),
            Verdict::Before(Before::Unavailable) => ("503", Effect::None, false),
            Verdict::Before(Before::Reset) => ("reset", Effect::None, false),
            Verdict::Before(Before::Error) => ("500", Effect::None, false),
            Verdict::Refused(_) => ("422", Effect::None, false),
            Verdict::Late => ("reset", Effect::Later, false),
            Verdict::Made { effect, fault, .. } => match fault {
                None => ("200", *effect, false),
                Some(After::Late | After::Reset) => ("reset", *effect, false),
                Some(After::Error) => ("500", *effect, false),
                Some(After::Truncated) => ("truncated", *effect, false),
                Some(After::Unreadable) => ("unreadable", *effect, false),
                Some(After::Stall) => ("stalled-200", *effect, true),
            },
        }
    }
}

impl Service {
    /// Creates or updates an account, or not.
    pub(super) fn create(&self, authorization: Option<&str>, body: Bytes) -> Handled {
        let config = &self.config;
        let hash = *blake3::hash(&body).as_bytes();
        let request: Option<Value> = serde_json::from_slice(&body).ok();
        let id = request
            .as_ref()
            .and_then(|r| r.get("clientAccountId")?.as_str())
            .filter(|id| !id.is_empty());
        let mut findings = request
            .as_ref()
            .map(|r| check::check(r, config.dialect))
            .unwrap_or_default();
        if let (true, Some(request), Some(id)) = (findings.is_empty(), &request, id) {
            findings = faults::refusals(config, id, request);
        }

        let mut known = None;
        let mut number = 0;
        let mut guard = self.lock();
        let inner = &mut *guard;
        let verdict = if !inner.gate.authorised(config, authorization) {
            Verdict::Unauthorised
        } else if let Some(wait) = inner.gate.limited(config.rate.as_ref()) {
            known = id.map(Arc::from);
            Verdict::Limited(wait)
        } else if request.is_none() {
            Verdict::NotJson
        } else if let Some(id) = id {
            let slot = inner.store.slot(id, config);
            number = slot.posts_seen;
            slot.posts_seen += 1;
            known = Some(slot.id.clone());
            decide(config, slot, number, findings, &body)
        } else {
            Verdict::Refused(findings)
        };
        let (answer, effect, stalls) = verdict.shown();
        let mut delay = self.latency(known.as_deref().unwrap_or_default(), number);
        if stalls {
            delay = delay.saturating_add(Duration::from_millis(config.stall_ms));
        }
        let open = !delay.is_zero();
        let entry =
            inner
                .ledger
                .record(Kind::Post, known.clone(), Some(hash), answer, effect, open);
        drop(guard);

        let late = match (&verdict, &known) {
            (Verdict::Late, Some(id)) => Some(Late {
                after: Duration::from_millis(config.late_ms),
                id: id.clone(),
                body,
                hash,
            }),
            _ => None,
        };
        let reply = self.reply(
            verdict,
            known.as_deref().unwrap_or_default(),
            request.as_ref().unwrap_or(&Value::Null),
        );
        Handled {
            reply,
            delay,
            open: open.then_some(entry),
            late,
        }
    }

    /// What the client is answered.
    fn reply(&self, verdict: Verdict, id: &str, request: &Value) -> Reply {
        Reply::Whole(match verdict {
            Verdict::Unauthorised => unauthorised(),
            Verdict::Limited(wait) => self.too_many(wait),
            Verdict::NotJson => answer::error(400, "The body is not JSON"),
            Verdict::Before(Before::Forbid) => answer::page(403, "403 Forbidden"),
            Verdict::Before(Before::Unavailable) => Answer {
                retry_after: Some(1),
                ..answer::error(503, "Unavailable, try again later")
            },
            Verdict::Before(Before::Error) => internal_error(),
            Verdict::Refused(findings) => answer::validation_errors(findings),
            Verdict::Before(Before::Reset) | Verdict::Late => return Reply::Cut,
            Verdict::Made {
                created_at,
                fault,
                number,
                ..
            } => match fault {
                Some(After::Late | After::Reset) => return Reply::Cut,
                Some(After::Error) => internal_error(),
                Some(After::Truncated) => {
                    return Reply::Truncated(answer::json_answer(
                        200,
                        answer::account(id, created_at, request),
                    ));
                }
                Some(After::Unreadable) => {
                    let kind = faults::turn(&self.config, id, number, "unreadable_kind", 3);
                    answer::json_answer(200, answer::unreadable(kind, id, created_at, request))
                }
                None | Some(After::Stall) => {
                    answer::json_answer(200, answer::account(id, created_at, request))
                }
            },
        })
    }
}

/// Decides on a create call of a known id and carries it out.
fn decide(
    config: &Config,
    slot: &mut Slot,
    number: u32,
    findings: Vec<Finding>,
    body: &[u8],
) -> Verdict {
    let faulty = slot.faults < config.max_faults_per_id;
    if let Some(fault) = faulty
        .then(|| faults::before(config, &slot.id, number))
        .flatten()
    {
        slot.faults += 1;
        return Verdict::Before(fault);
    }
    if !findings.is_empty() {
        return Verdict::Refused(findings);
    }
    let fault = faulty
        .then(|| faults::after(config, &slot.id, number))
        .flatten();
    slot.faults += u32::from(fault.is_some());
    if fault == Some(After::Late) {
        return Verdict::Late;
    }
    let now = Timestamp::now();
    let effect = slot.make(Box::from(body), now);
    let created_at = slot
        .account
        .as_ref()
        .map_or(now, |account| account.created_at);
    Verdict::Made {
        effect,
        created_at,
        fault,
        number,
    }
}
