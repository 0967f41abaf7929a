//! Events: what they say, in which order they go out, and what is counted of them.
//!
//! Owner: the service. Invariants: an event has the same bytes whenever it is sent; the events of one account go out one
//! after the other, in the order that the draws give them, and the next waits until the one before is answered or given
//! up; nothing waits for a receiver but the senders. Left out on purpose: connections (see `sender`).

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use sha2::Sha256;
use tokio::time::Instant;

use super::answer::given_uuid;
use super::config::{Config, Webhook};
use super::decide::DrawnOutcome;
use super::faults;
use super::service::{Inner, Service};

/// The longest wait before an event is sent again.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// One event of an account.
#[derive(Clone, Debug)]
pub(super) struct AccountEvent {
    id: Arc<str>,
    /// The how-manieth of its account, from 1.
    number: u32,
    says: DrawnOutcome,
    /// The link that it carries.
    link: Option<(String, Timestamp)>,
}

/// An event on its way.
#[derive(Debug)]
pub(super) struct Delivery {
    event: AccountEvent,
    /// How often it was sent and not answered.
    failed: u32,
    /// It was answered before: this is the repetition.
    again: bool,
}

/// Counters of the events.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct EventCounters {
    made: u64,
    /// Sent at least once.
    sent: u64,
    answered: u64,
    /// Never sent, by the `lose` share.
    lost: u64,
    /// Sent once more by the `repeat` share.
    repeats: u64,
    /// Not answered 200 after all retries; repetitions as well.
    given_up: u64,
    /// POSTs to the receiver.
    requests: u64,
    /// Events and decisions to come.
    pending: u64,
}

/// Events that are on their way.
#[derive(Default)]
pub(super) struct Outbox {
    due: DeliveryAgenda,
    /// Per account with an event on its way: those that come behind it.
    behind: HashMap<Arc<str>, VecDeque<AccountEvent>>,
    /// First events that wait until the second is made, to come behind it.
    held: HashMap<Arc<str>, AccountEvent>,
    counts: EventCounters,
}

type DeliveryAgenda = super::agenda::Agenda<Delivery>;

impl Outbox {
    /// The event goes out, behind those of its account that are on their way.
    fn post(&mut self, event: AccountEvent) {
        self.counts.pending += 1;
        match self.behind.get_mut(&event.id) {
            Some(behind) => behind.push_back(event),
            None => {
                self.behind.insert(event.id.clone(), VecDeque::new());
                self.start(event);
            }
        }
    }

    fn start(&mut self, event: AccountEvent) {
        let first = Delivery {
            event,
            failed: 0,
            again: false,
        };
        self.due.put(Instant::now(), first);
    }

    /// The event of this account that was on its way has ended.
    fn ended(&mut self, id: &Arc<str>) {
        match self.behind.get_mut(id).and_then(VecDeque::pop_front) {
            Some(next) => self.start(next),
            None => {
                self.behind.remove(id);
            }
        }
    }

    /// The account is gone: what was held back of it never comes.
    pub(super) fn forget(&mut self, id: &str) {
        self.counts.lost += u64::from(self.held.remove(id).is_some());
    }

    /// The counters; `deciding` decisions are to come.
    pub(super) fn counts(&self, deciding: usize) -> EventCounters {
        EventCounters {
            pending: self.counts.pending + deciding as u64,
            ..self.counts
        }
    }
}

impl Service {
    /// Makes the event that tells of a decision, or loses it.
    pub(super) fn tell(&self, inner: &mut Inner, id: &Arc<str>, says: DrawnOutcome) {
        let config = &self.config;
        let slot = inner.store.slot(id, config);
        let link = (says == DrawnOutcome::Documents).then(|| slot.first_link(config));
        let Some(webhook) = &config.webhook else {
            return;
        };
        let outbox = &mut inner.outbox;
        slot.events += 1;
        outbox.counts.made += 1;
        let event = AccountEvent {
            id: id.clone(),
            number: slot.events,
            says,
            link,
        };
        let before = outbox.held.remove(id);
        let swapped = || faults::fraction(config, id, 0, "webhook_swap") < webhook.swap;
        if faults::fraction(config, id, event.number, "webhook_lose") < webhook.lose {
            slot.events_lost += 1;
            outbox.counts.lost += 1;
        } else if says == DrawnOutcome::Review && swapped() {
            outbox.held.insert(id.clone(), event);
        } else {
            outbox.post(event);
        }
        if let Some(before) = before {
            outbox.post(before);
        }
        self.sending.notify_one();
    }

    /// The next delivery that is due, with its bytes' maker; or when the next is.
    pub(super) fn next_delivery(&self) -> Result<Delivery, Option<Instant>> {
        let inner = &mut *self.lock();
        let delivery = inner.outbox.due.take(Instant::now())?;
        let counts = &mut inner.outbox.counts;
        counts.requests += 1;
        match (delivery.again, delivery.failed) {
            (true, 0) => counts.repeats += 1,
            (false, 0) => {
                counts.sent += 1;
                inner
                    .store
                    .slot(&delivery.event.id, &self.config)
                    .events_sent += 1;
            }
            _ => {}
        }
        Ok(delivery)
    }

    /// A delivery was answered 200, or was not.
    pub(super) fn delivered(&self, webhook: &Webhook, delivery: Delivery, answered: bool) {
        let inner = &mut *self.lock();
        let outbox = &mut inner.outbox;
        let Delivery {
            event,
            failed,
            again,
        } = delivery;
        if !answered && failed < webhook.retries {
            let wait = Duration::from_millis(webhook.retry_ms)
                .saturating_mul(1 << failed.min(16))
                .min(LONGEST_WAIT);
            let failed = failed + 1;
            let later = Delivery {
                event,
                failed,
                again,
            };
            outbox.due.put(Instant::now() + wait, later);
            self.sending.notify_one();
            return;
        }
        outbox.counts.pending -= 1;
        outbox.counts.given_up += u64::from(!answered);
        if !again {
            outbox.counts.answered += u64::from(answered);
            outbox.ended(&event.id);
            let repeat = || {
                let drawn =
                    faults::fraction(&self.config, &event.id, event.number, "webhook_repeat");
                drawn < webhook.repeat
            };
            if answered && repeat() {
                outbox.counts.pending += 1;
                let second = Delivery {
                    event,
                    failed: 0,
                    again: true,
                };
                outbox.due.put(Instant::now(), second);
            }
        }
        self.sending.notify_one();
    }
}

impl Delivery {
    /// The bytes that are posted: the same every time.
    pub(super) fn body(&self, config: &Config) -> String {
        let event = &self.event;
        let (status, reason) = match event.says {
            DrawnOutcome::Active => ("ACTIVE", "ENROLLMENT"),
            DrawnOutcome::RiskKyc => ("INACTIVE", "RISK_KYC"),
            DrawnOutcome::RiskOfac => ("INACTIVE", "RISK_OFAC"),
            DrawnOutcome::Documents => ("UNDER_REVIEW", "DOCUMENT_VERIFICATION"),
            DrawnOutcome::Review => ("UNDER_REVIEW", "PENDING_REVIEW"),
        };
        let request = format!("event {} {} {}", config.seed, event.number, event.id);
        let mut body = json!({
            "requestId": given_uuid(&request),
            "partnerPartyRef": &*event.id,
            "partnerWebhookType": "PARTY_EVENT",
            "partyStatus": status,
            "reasonCode": reason,
        });
        if let Some((url, expiry)) = &event.link {
            body["verificationURL"] = json!(url);
            body["verificationURLExpiry"] = json!(format!("{expiry:.3}"));
        }
        body.to_string()
    }
}

/// HMAC-SHA-256 of a body, as hexadecimal digits.
pub(super) fn signature(secret: &str, body: &[u8]) -> String {
    // A key of any length fits.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(body);
    data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes())
}
