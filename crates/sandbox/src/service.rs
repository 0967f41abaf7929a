//! The service itself: one call in, one reply out, and a line in the ledger.
//!
//! Owner: the sandbox. Invariants: a call is decided, carried out and written down under one short hold of one lock,
//! without an await in between, so a client that dies cannot leave it half done; parsing, hashing and checking happen
//! before the lock, writing the answer after it. Left out on purpose: the connection (see
//! `server`), the calls that have an effect (`create`, `upload`, `kyb`), and asking for documents (`document_calls`).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::body::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::agenda::Agenda;
use super::answer::{self, Answer, ReplyAction};
use super::config::{Config, Dialect};
use super::custody::{CustodyStore, LateCustody};
use super::documents::{Budget, DocumentStore, StoredDocument};
use super::faults;
use super::gate::{Admission, Gate, RateClass};
use super::ledger::{Effect, Ledger, LedgerSummary, RequestKind, RequestRecord};
use super::routes::Call;
use super::store::Store;
use super::tamper::reworded;
use super::verdict::{too_many, unauthorised};
use super::webhook::Outbox;

/// A running service, whatever carries its bytes.
pub(super) struct Service {
    pub(super) config: Config,
    /// How much content of documents may be kept.
    pub(super) budget: Budget,
    inner: Mutex<Inner>,
    /// There may be a decision, or an event, that is due before the one that is waited for.
    pub(super) deciding: Notify,
    pub(super) sending: Notify,
}

/// What the lock guards.
#[derive(Default)]
pub(super) struct Inner {
    pub(super) store: Store,
    pub(super) documents: DocumentStore,
    pub(super) ledger: Ledger,
    pub(super) gate: Gate,
    pub(super) custody: CustodyStore,
    /// The accounts that are to be decided.
    pub(super) decisions: Agenda<Arc<str>>,
    pub(super) outbox: Outbox,
}

/// A call that was carried out; what is left is to answer.
pub(super) struct HandledCall {
    pub(super) reply: ReplyAction,
    pub(super) delay: Duration,
    /// The ledger entry to close when the delay is over.
    pub(super) open: Option<usize>,
    pub(super) late: Option<PendingEffect>,
}

impl HandledCall {
    /// The entry is open exactly when there is a delay.
    pub(super) fn new(reply: ReplyAction, delay: Duration, entry: usize) -> HandledCall {
        HandledCall {
            reply,
            delay,
            open: (!delay.is_zero()).then_some(entry),
            late: None,
        }
    }

    /// What is not in the ledger, or needs no closing there.
    pub(super) fn at_once(answer: Answer) -> HandledCall {
        HandledCall::new(ReplyAction::Whole(answer), Duration::ZERO, 0)
    }

    pub(super) fn later(self, late: Option<PendingEffect>) -> HandledCall {
        HandledCall { late, ..self }
    }
}

/// An effect still to come.
pub(super) struct PendingEffect {
    pub(super) after: Duration,
    effect: LateEffect,
}

/// What it is.
pub(super) enum LateEffect {
    Account {
        id: Arc<str>,
        body: Bytes,
        hash: [u8; 32],
    },
    Document(Arc<str>, StoredDocument),
    Kyb(Arc<str>),
    Custody(Box<LateCustody>),
}

impl PendingEffect {
    pub(super) fn new(config: &Config, effect: LateEffect) -> PendingEffect {
        PendingEffect {
            after: Duration::from_millis(config.late_ms),
            effect,
        }
    }
}

impl Service {
    pub(super) fn new(config: Config) -> Service {
        Service {
            budget: Budget::new(config.keep_documents),
            config,
            inner: Mutex::default(),
            deciding: Notify::new(),
            sending: Notify::new(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing under the lock can leave the maps half changed, so a panic elsewhere does not spoil them.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out one call.
    pub(super) fn handle(
        &self,
        call: Call,
        authorization: Option<&str>,
        body: Bytes,
    ) -> HandledCall {
        match call {
            Call::Create => self.create(authorization, body),
            Call::Read(id) => self.look_up(RequestKind::Get, &id, authorization),
            Call::Status(id) => self.look_up(RequestKind::Status, &id, authorization),
            Call::Kyb(id) => self.trigger_kyb(&id, authorization),
            Call::Metadata(id) => self.look_up_documents(RequestKind::Metadata, &id, authorization),
            Call::Download(id) => self.look_up_documents(RequestKind::Document, &id, authorization),
            Call::Documents(id) => {
                self.look_up_documents(RequestKind::Documents, &id, authorization)
            }
            Call::Link(partner, id) => self.look_up_link(&partner, &id, authorization),
            // An upload has its own way in, for its body is not held.
            Call::Upload => {
                HandledCall::at_once(answer::error(500, "An upload came without its body"))
            }
            Call::Login if self.config.dialect == Dialect::Reference => self.log_in(&body),
            Call::Health => self.other(
                "200",
                answer::json_answer(200, b"{\"status\":\"UP\"}".to_vec()),
            ),
            Call::Garbled => self.other("400", answer::error(400, "The path cannot be decoded")),
            Call::Login | Call::Unknown => {
                self.other("404", answer::error(404, "No such resource"))
            }
            Call::Ledger(id) => {
                HandledCall::at_once(answer::json_answer(200, self.ledger_json(id.as_deref())))
            }
            // It has a way in of its own, for its headers.
            Call::Custody(_) => HandledCall::at_once(answer::error(
                500,
                "A custody call came without its headers",
            )),
            Call::CustodyLedger => self.custody_ledger(),
            Call::Tamper => HandledCall::at_once(self.tamper(&body)),
            Call::Decisions(id) => {
                let body = self.decisions_json(id.as_deref());
                HandledCall::at_once(answer::json_answer(200, body))
            }
            Call::LedgerSummary => HandledCall::at_once(answer::json_answer(
                200,
                json!(self.summary()).to_string().into_bytes(),
            )),
        }
    }

    /// An open call's answer is about to be seen.
    pub(super) fn close(&self, entry: usize) {
        self.lock().ledger.close(entry);
    }

    /// What a cut request had left under way comes.
    pub(super) fn appear(&self, late: PendingEffect) {
        let late = match late.effect {
            LateEffect::Custody(custody) => return self.custody_appears(*custody),
            effect => effect,
        };
        let inner = &mut *self.lock();
        let mut line = RequestRecord::plain(None, "", false);
        let kind = match late {
            LateEffect::Account { id, body, hash } => {
                let slot = inner.store.slot(&id, &self.config);
                line.effect = slot.make(Arc::from(&body[..]), Timestamp::now());
                if line.effect == Effect::Created {
                    let request = serde_json::from_slice(&body).unwrap_or_default();
                    self.opened(inner, &id, &request);
                }
                (line.id, line.body) = (Some(id), Some(hash));
                RequestKind::Post
            }
            LateEffect::Document(id, document) => {
                line.about = Some(document.about.clone());
                line.effect = inner.documents.store(&id, document);
                line.id = Some(id);
                RequestKind::Upload
            }
            LateEffect::Custody(_) => return,
            LateEffect::Kyb(id) => {
                line.effect = inner.store.slot(&id, &self.config).trigger();
                self.decide_later(inner, &id);
                line.id = Some(id);
                RequestKind::Kyb
            }
        };
        inner.ledger.appear(kind, line);
    }

    pub(super) fn summary(&self) -> LedgerSummary {
        let inner = self.lock();
        LedgerSummary {
            custody_calls: inner.custody.calls(),
            ..inner.ledger.summary()
        }
    }

    fn ledger_json(&self, id: Option<&str>) -> Vec<u8> {
        let (accounts, documents, kyb, entries) = {
            let inner = self.lock();
            (
                inner.store.accounts(id),
                inner.documents.list(id),
                inner.store.kyb(id),
                inner.ledger.entries(id),
            )
        };
        let accounts = accounts.into_iter().map(|(id, created, posts_made, existed)| {
            json!({"id": &*id, "created": created, "posts_made": posts_made, "existed": existed})
        });
        let documents = documents.into_iter().map(|(id, about, uploads_made)| {
            let mut document = about.json();
            document["id"] = json!(&*id);
            document["uploads_made"] = json!(uploads_made);
            document
        });
        let kyb = kyb.into_iter();
        let kyb = kyb.map(|(id, triggered)| json!({"account": &*id, "triggered": triggered}));
        let mut out = Vec::with_capacity(256 * entries.len() + 64);
        out.extend_from_slice(b"{\"accounts\":[");
        write_list(&mut out, accounts);
        out.extend_from_slice(b"],\"documents\":[");
        write_list(&mut out, documents);
        out.extend_from_slice(b"],\"kyb\":[");
        write_list(&mut out, kyb);
        out.extend_from_slice(b"],\"requests\":[");
        write_list(
            &mut out,
            entries.iter().map(super::ledger::LedgerEntry::json),
        );
        out.extend_from_slice(b"]}\n");
        out
    }

    fn decisions_json(&self, id: Option<&str>) -> Vec<u8> {
        let (accounts, counts) = {
            let inner = self.lock();
            let accounts = inner.store.opened(id).into_iter().map(|slot| {
                let events = (slot.events_sent, slot.events_lost);
                (slot.id.clone(), slot.stage, slot.standing(), events)
            });
            let accounts: Vec<_> = accounts.collect();
            (accounts, inner.outbox.counts(inner.decisions.len()))
        };
        let accounts = accounts.into_iter();
        let accounts = accounts.map(|(id, stage, standing, (sent, lost))| {
            json!({"id": &*id, "status": standing.status, "mode": standing.mode,
                "canTradeCrypto": standing.can_trade, "decision": stage.word(),
                "events_sent": sent, "events_lost": lost})
        });
        let mut out = b"{\"accounts\":[".to_vec();
        write_list(&mut out, accounts);
        out.extend_from_slice(b"],\"events\":");
        out.extend_from_slice(json!(counts).to_string().as_bytes());
        out.extend_from_slice(b"}\n");
        out
    }

    fn look_up(&self, kind: RequestKind, id: &str, authorization: Option<&str>) -> HandledCall {
        let config = &self.config;
        let mut guard = self.lock();
        let inner = &mut *guard;
        let admission = inner.gate.enter(RateClass::Lookup, config, authorization);
        let mut named = Some(Arc::from(id));
        let mut number = 0;
        let mut found = None;
        let (shown, reply) = if admission == Admission::Unauthorised {
            named = None;
            ("401", ReplyAction::Whole(unauthorised()))
        } else if let Admission::Limited(wait) = admission {
            ("429", ReplyAction::Whole(too_many(wait)))
        } else {
            let slot = inner.store.slot(id, config);
            number = slot.lookups_seen;
            slot.lookups_seen += 1;
            let fault = (slot.faults < config.max_faults_per_id)
                .then(|| faults::lookup(config, id, number))
                .flatten();
            slot.faults += u32::from(fault.is_some());
            match (fault, &slot.account) {
                (Some(fault), _) => fault.shown(),
                (None, None) => (
                    "404",
                    ReplyAction::Whole(answer::error(404, "No account of this id")),
                ),
                (None, Some(account)) => {
                    let request = account.request.clone();
                    let benign = slot.tampered.as_ref().is_some_and(|by| by.benign);
                    found = Some((account.created_at, slot.standing(), benign, request));
                    // Stands in until the account is written out below.
                    ("200", ReplyAction::Cut)
                }
            }
        };
        let delay = self.latency(id, number);
        let line = RequestRecord::plain(named, shown, !delay.is_zero());
        let entry = inner.ledger.record(kind, line);
        drop(guard);

        // What is stored was parsed before; it is parsed again here, outside the lock.
        let reply = match found {
            Some((created_at, standing, benign, bytes)) => {
                let mut request: Value = serde_json::from_slice(&bytes).unwrap_or_default();
                if benign {
                    reworded(&mut request, id);
                }
                let body = match kind {
                    RequestKind::Status => answer::opening_status(&standing, &request),
                    _ => answer::account(id, created_at, &standing, &request),
                };
                ReplyAction::Whole(answer::json_answer(200, body))
            }
            None => reply,
        };
        HandledCall::new(reply, delay, entry)
    }

    fn log_in(&self, body: &[u8]) -> HandledCall {
        let config = &self.config;
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let given = |name: &str| {
            request
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let logon = given("logonId");
        let known = !logon.is_empty()
            && config
                .logon_id
                .as_ref()
                .is_none_or(|wanted| wanted == logon);
        let good = known && config.knows(given("password"));
        let mut inner = self.lock();
        let shown = if good { "200" } else { "401" };
        let delay = self.latency("", 0);
        let line = RequestRecord::plain(None, shown, !delay.is_zero());
        let entry = inner.ledger.record(RequestKind::Login, line);
        let answer = if good {
            let token = inner.gate.token(config);
            answer::json_answer(200, json!({"token": token}).to_string().into_bytes())
        } else {
            unauthorised()
        };
        HandledCall::new(ReplyAction::Whole(answer), delay, entry)
    }

    fn other(&self, shown: &'static str, answer: Answer) -> HandledCall {
        let line = RequestRecord::plain(None, shown, false);
        self.lock().ledger.record(RequestKind::Other, line);
        HandledCall::at_once(answer)
    }

    pub(super) fn latency(&self, id: &str, number: u32) -> Duration {
        let jitter = match self.config.latency_jitter_ms {
            0 => 0,
            most => faults::draw(self.config.seed, id, number, "jitter") % most.saturating_add(1),
        };
        Duration::from_millis(self.config.latency_ms.saturating_add(jitter))
    }
}

fn write_list(out: &mut Vec<u8>, items: impl Iterator<Item = Value>) {
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(item.to_string().as_bytes());
    }
}
