//! The create call: what is decided about it, and what is answered.
//!
//! Owner: the service. Invariant: what it is about is parsed and checked before anything is decided. Left out on
//! purpose: the faults (see `verdict`), and how the answer travels.

use std::sync::Arc;

use hyper::body::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use super::answer::{self, Answer};
use super::check::{self, Finding};
use super::config::Config;
use super::decide::{ShownState, Stage};
use super::faults;
use super::gate::RateClass;
use super::ledger::{Effect, RequestKind, RequestRecord};
use super::service::{HandledCall, LateEffect, PendingEffect, Service};
use super::verdict::{Answers, CallToDecide, CallVerdict, not_admitted};

/// Makes the answers to a create call.
struct CreateAnswers<'a> {
    config: &'a Config,
    id: &'a str,
    number: u32,
    created_at: Timestamp,
    standing: ShownState,
    request: &'a Value,
    findings: Vec<Finding>,
}

impl Answers for CreateAnswers<'_> {
    fn good(&self) -> Answer {
        let body = answer::account(self.id, self.created_at, &self.standing, self.request);
        answer::json_answer(200, body)
    }

    fn refused(&self) -> Answer {
        answer::validation_errors(&self.findings)
    }

    fn unreadable(&self) -> Answer {
        let kind = faults::turn(self.config, self.id, self.number, "unreadable_kind", 3);
        let (id, standing) = (self.id, &self.standing);
        let body = answer::unreadable(kind, id, self.created_at, standing, self.request);
        answer::json_answer(200, body)
    }
}

impl Service {
    /// Creates or updates an account, or not.
    pub(super) fn create(&self, authorization: Option<&str>, body: Bytes) -> HandledCall {
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
        let mut created_at = Timestamp::now();
        let mut standing = Stage::Waiting.standing();
        let mut guard = self.lock();
        let inner = &mut *guard;
        let admission = inner.gate.enter(RateClass::Account, config, authorization);
        let verdict = if let Some(verdict) = not_admitted(admission) {
            known = id
                .filter(|_| verdict != CallVerdict::Unauthorised)
                .map(Arc::from);
            verdict
        } else if request.is_none() {
            CallVerdict::Broken("The body is not JSON")
        } else if let Some(id) = id {
            let slot = inner.store.slot(id, config);
            number = slot.posts_seen;
            slot.posts_seen += 1;
            known = Some(slot.id.clone());
            let mut had = slot.faults;
            let decision = CallToDecide {
                config,
                key: id,
                number,
                faults: &mut had,
                refused: !findings.is_empty(),
            };
            let verdict = decision.take(|| slot.make(Arc::from(&body[..]), created_at));
            slot.faults = had;
            if let Some(account) = &slot.account {
                created_at = account.created_at;
            }
            standing = slot.standing();
            verdict
        } else {
            CallVerdict::Refused
        };
        let name = known.as_deref().unwrap_or_default();
        let delay = self.latency(name, number) + verdict.stall(config);
        let (answer, effect) = verdict.shown("422");
        if let (Effect::Created, Some(id), Some(request)) = (effect, &known, &request) {
            self.opened(inner, id, request);
        }
        let line = RequestRecord {
            id: known.clone(),
            body: Some(hash),
            about: None,
            answer,
            effect,
            open: !delay.is_zero(),
        };
        let entry = inner.ledger.record(RequestKind::Post, line);
        drop(guard);

        let said = CreateAnswers {
            config,
            id: name,
            number,
            created_at,
            standing,
            request: request.as_ref().unwrap_or(&Value::Null),
            findings,
        };
        let late = known.clone().filter(|_| verdict == CallVerdict::Late);
        HandledCall::new(verdict.reply(config, &said), delay, entry).later(late.map(|id| {
            let effect = LateEffect::Account { id, body, hash };
            PendingEffect::new(config, effect)
        }))
    }
}
