//! The KYB trigger: whether a screening starts.
//!
//! Owner: the service. Invariant: a trigger is counted each time it takes effect, whatever the client is answered.
//! Left out on purpose: the screening itself, and its outcome (see `decide`).

use serde_json::Value;

use super::answer::{self, Answer};
use super::config::Config;
use super::contract_document;
use super::faults;
use super::gate::RateClass;
use super::ledger::{Effect, RequestKind, RequestRecord};
use super::service::{HandledCall, LateEffect, PendingEffect, Service};
use super::verdict::{Answers, CallToDecide, CallVerdict, not_admitted};

/// Makes the answers to a KYB trigger.
struct TriggerAnswers<'a> {
    config: &'a Config,
    key: &'a str,
    number: u32,
    refusal: Option<(u16, String)>,
}

impl Answers for TriggerAnswers<'_> {
    fn good(&self) -> Answer {
        answer::plain("success")
    }

    fn refused(&self) -> Answer {
        match &self.refusal {
            Some((status, message)) => answer::error(*status, message),
            None => answer::error(422, "The screening cannot start"),
        }
    }

    fn unreadable(&self) -> Answer {
        match faults::turn(self.config, self.key, self.number, "unreadable_kind", 3) {
            0 => answer::plain("<OK/>"),
            1 => answer::json_answer(200, b"{\"started\":true}".to_vec()),
            _ => answer::plain(""),
        }
    }
}

impl Service {
    /// Starts the screening of an account, or not.
    pub(super) fn trigger_kyb(&self, id: &str, authorization: Option<&str>) -> HandledCall {
        let config = &self.config;
        let key = format!("kyb {id}");
        let request = self.lock().store.slot(id, config).request();
        let request: Option<Value> =
            request.map(|bytes| serde_json::from_slice(&bytes).unwrap_or_default());

        let mut guard = self.lock();
        let inner = &mut *guard;
        let refusal = match &request {
            None => Some((404, "No account of this id".to_owned())),
            Some(request) => {
                let documents = inner.documents.of(id);
                let documents: Vec<_> = documents.map(|one| one.about.clone()).collect();
                let lacks = contract_document::lacks(request, &documents);
                let refused = faults::refuses_kyb(config, &key);
                if !lacks.is_empty() {
                    Some((422, format!("The screening lacks: {}", lacks.join(", "))))
                } else {
                    refused.then(|| (422, format!("{id} cannot be screened")))
                }
            }
        };
        let admission = inner.gate.enter(RateClass::Kyb, config, authorization);
        let slot = inner.store.slot(id, config);
        let mut number = 0;
        let verdict = not_admitted(admission).unwrap_or_else(|| {
            number = slot.kyb_seen;
            slot.kyb_seen += 1;
            let mut had = slot.kyb_faults;
            let decision = CallToDecide {
                config,
                key: &key,
                number,
                faults: &mut had,
                refused: refusal.is_some(),
            };
            let verdict = decision.take(|| slot.trigger());
            slot.kyb_faults = had;
            verdict
        });
        let delay = self.latency(&key, number) + verdict.stall(config);
        let (answer, effect) = match &refusal {
            Some((404, _)) => verdict.shown("404"),
            _ => verdict.shown("422"),
        };
        let account = slot.id.clone();
        if effect == Effect::Triggered {
            self.decide_later(inner, &account);
        }
        let line = RequestRecord {
            effect,
            ..RequestRecord::plain(
                (verdict != CallVerdict::Unauthorised).then(|| account.clone()),
                answer,
                !delay.is_zero(),
            )
        };
        let entry = inner.ledger.record(RequestKind::Kyb, line);
        drop(guard);

        let said = TriggerAnswers {
            config,
            key: &key,
            number,
            refusal,
        };
        let late = (verdict == CallVerdict::Late).then(|| LateEffect::Kyb(account));
        HandledCall::new(verdict.reply(config, &said), delay, entry)
            .later(late.map(|effect| PendingEffect::new(config, effect)))
    }
}
