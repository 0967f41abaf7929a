//! Verification links: which one is good, and when they have run out.
//!
//! Owner: the service. Invariants: an account has a link once documents are asked for; the one after it is made when it
//! is asked for and the last has run out, and after three that ran out there is none; the partner's id has to look like
//! one, and which it is does not count. Left out on purpose: anything behind a link.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::answer::{self, ReplyAction};
use super::check::is_uuid;
use super::config::Config;
use super::faults;
use super::gate::RateClass;
use super::ledger::{RequestKind, RequestRecord};
use super::service::{HandledCall, Service};
use super::store::AccountSlot;
use super::verdict::{CallVerdict, not_admitted, too_many, unauthorised};

/// How many links of an account may run out.
const MOST_EXPIRATIONS: u32 = 3;

/// The link of an account.
#[derive(Clone, Copy, Debug)]
pub(super) struct VerificationLink {
    /// How many ran out before it.
    expirations: u32,
    expiry: Timestamp,
}

impl VerificationLink {
    fn new(config: &Config, expirations: u32) -> VerificationLink {
        let lifetime = config.links.clone().unwrap_or_default().lifetime_ms;
        let now = Timestamp::now();
        let expiry = now.checked_add(Duration::from_millis(lifetime));
        VerificationLink {
            expirations,
            expiry: expiry.unwrap_or(Timestamp::MAX),
        }
    }

    /// As the customer gets it.
    fn url(self, config: &Config, id: &str) -> String {
        let name = format!("link {} {} {id}", config.seed, self.expirations);
        let hash = blake3::hash(name.as_bytes()).to_hex();
        format!("https://verify.example.com/documents/{hash}")
    }
}

impl AccountSlot {
    /// The link that goes out with the request for documents.
    pub(super) fn first_link(&mut self, config: &Config) -> (String, Timestamp) {
        let link = VerificationLink::new(config, 0);
        self.link = Some(link);
        (link.url(config, &self.id), link.expiry)
    }

    /// The link that is good now.
    fn good_link(&mut self, config: &Config) -> Result<VerificationLink, &'static str> {
        let Some(mut link) = self.link.filter(|_| self.account.is_some()) else {
            return Err("No documents are asked for");
        };
        if link.expiry <= Timestamp::now() {
            let expirations = link.expirations + 1;
            if expirations >= MOST_EXPIRATIONS {
                return Err("All links have expired");
            }
            link = VerificationLink::new(config, expirations);
            self.link = Some(link);
        }
        Ok(link)
    }
}

impl Service {
    /// Looks up the link of an account.
    pub(super) fn look_up_link(
        &self,
        partner: &str,
        id: &str,
        authorization: Option<&str>,
    ) -> HandledCall {
        let config = &self.config;
        let key = format!("link {id}");
        let inner = &mut *self.lock();
        let admission = inner.gate.enter(RateClass::Lookup, config, authorization);
        let mut number = 0;
        let mut named = Some(Arc::from(id));
        let (shown, reply) = match not_admitted(admission) {
            Some(CallVerdict::Limited(wait)) => ("429", ReplyAction::Whole(too_many(wait))),
            Some(_) => {
                named = None;
                ("401", ReplyAction::Whole(unauthorised()))
            }
            None => {
                let slot = inner.store.slot(id, config);
                number = slot.links_seen;
                slot.links_seen += 1;
                let fault = (slot.link_faults < config.max_faults_per_id)
                    .then(|| faults::lookup(config, &key, number))
                    .flatten();
                slot.link_faults += u32::from(fault.is_some());
                match fault {
                    Some(fault) => fault.shown(),
                    None => current(slot, config, partner),
                }
            }
        };
        let delay = self.latency(&key, number);
        let line = RequestRecord::plain(named, shown, !delay.is_zero());
        let entry = inner.ledger.record(RequestKind::Link, line);
        HandledCall::new(reply, delay, entry)
    }
}

fn current(slot: &mut AccountSlot, config: &Config, partner: &str) -> (&'static str, ReplyAction) {
    let link = if is_uuid(partner) {
        slot.good_link(config)
    } else {
        Err("The partner's id is not a UUID")
    };
    match link {
        Ok(link) => {
            let body = json!({"verificationURL": link.url(config, &slot.id),
                "verificationURLExpiry": format!("{:.3}", link.expiry)});
            let answer = answer::json_answer(200, body.to_string().into_bytes());
            ("200", ReplyAction::Whole(answer))
        }
        Err(why) => ("400", ReplyAction::Whole(answer::error(400, why))),
    }
}
