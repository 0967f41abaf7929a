//! The service itself: one call in, one reply out, and a line in the ledger.
//!
//! Owner: the sandbox. Invariants: a call is decided, carried out and written down under one short hold of one lock,
//! without an await in between, so a client that dies cannot leave it half done; parsing, hashing and checking happen
//! before the lock, writing the answer after it. Left out on purpose: the connection (see
//! `server`) and the create call (see `create`).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::body::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::{self, Answer, Reply};
use super::config::{Config, Dialect};
use super::faults::{self, Lookup};
use super::gate::Gate;
use super::ledger::{Effect, Kind, Ledger, LedgerSummary};
use super::routes::Call;
use super::store::Store;

/// A running service, whatever carries its bytes.
pub(super) struct Service {
    pub(super) config: Config,
    inner: Mutex<Inner>,
}

/// What the lock guards.
#[derive(Default)]
pub(super) struct Inner {
    pub(super) store: Store,
    pub(super) ledger: Ledger,
    pub(super) gate: Gate,
}

/// A call that was carried out; what is left is to answer.
pub(super) struct Handled {
    pub(super) reply: Reply,
    pub(super) delay: Duration,
    /// The ledger entry to close when the delay is over.
    pub(super) open: Option<usize>,
    pub(super) late: Option<Late>,
}

/// An account still to be made.
pub(super) struct Late {
    pub(super) after: Duration,
    pub(super) id: Arc<str>,
    pub(super) body: Bytes,
    pub(super) hash: [u8; 32],
}

impl Service {
    pub(super) fn new(config: Config) -> Service {
        Service {
            config,
            inner: Mutex::default(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing under the lock can leave the maps half changed, so a panic elsewhere does not spoil them.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out one call.
    pub(super) fn handle(&self, call: Call, authorization: Option<&str>, body: Bytes) -> Handled {
        match call {
            Call::Create => self.create(authorization, body),
            Call::Read(id) => self.look_up(Kind::Get, &id, authorization),
            Call::Status(id) => self.look_up(Kind::Status, &id, authorization),
            Call::Login if self.config.dialect == Dialect::Reference => self.log_in(&body),
            Call::Health => self.other(
                "200",
                answer::json_answer(200, b"{\"status\":\"UP\"}".to_vec()),
            ),
            Call::Garbled => self.other("400", answer::error(400, "The path cannot be decoded")),
            Call::Login | Call::Unknown => {
                self.other("404", answer::error(404, "No such resource"))
            }
            Call::Ledger(id) => at_once(answer::json_answer(200, self.ledger_json(id.as_deref()))),
            Call::LedgerSummary => at_once(answer::json_answer(
                200,
                json!(self.summary()).to_string().into_bytes(),
            )),
        }
    }

    /// An open call's answer is about to be seen.
    pub(super) fn close(&self, entry: usize) {
        self.lock().ledger.close(entry);
    }

    /// The account of a cut request appears.
    pub(super) fn appear(&self, late: &Late) {
        let inner = &mut *self.lock();
        let effect = inner
            .store
            .slot(&late.id, &self.config)
            .make(Box::from(&late.body[..]), Timestamp::now());
        inner.ledger.record(
            Kind::Appeared,
            Some(late.id.clone()),
            Some(late.hash),
            "",
            effect,
            false,
        );
    }

    pub(super) fn summary(&self) -> LedgerSummary {
        self.lock().ledger.summary()
    }

    fn ledger_json(&self, id: Option<&str>) -> Vec<u8> {
        let (accounts, entries) = {
            let inner = self.lock();
            (inner.store.accounts(id), inner.ledger.entries(id))
        };
        let accounts = accounts.into_iter().map(|(id, created, posts_made, existed)| {
            json!({"id": &*id, "created": created, "posts_made": posts_made, "existed": existed})
        });
        let mut out = Vec::with_capacity(256 * entries.len() + 64);
        out.extend_from_slice(b"{\"accounts\":[");
        write_list(&mut out, accounts);
        out.extend_from_slice(b"],\"requests\":[");
        write_list(&mut out, entries.iter().map(super::ledger::Entry::json));
        out.extend_from_slice(b"]}\n");
        out
    }

    fn look_up(&self, kind: Kind, id: &str, authorization: Option<&str>) -> Handled {
        let config = &self.config;
        let mut guard = self.lock();
        let inner = &mut *guard;
        let limit = config.rate.as_ref().filter(|rate| rate.count_lookups);
        let mut named = Some(Arc::from(id));
        let mut number = 0;
        let mut found = None;
        let (shown, reply) = if !inner.gate.authorised(config, authorization) {
            named = None;
            ("401", Reply::Whole(unauthorised()))
        } else if let Some(wait) = inner.gate.limited(limit) {
            ("429", Reply::Whole(self.too_many(wait)))
        } else {
            let slot = inner.store.slot(id, config);
            number = slot.lookups_seen;
            slot.lookups_seen += 1;
            let fault = (slot.faults < config.max_faults_per_id)
                .then(|| faults::lookup(config, id, number))
                .flatten();
            slot.faults += u32::from(fault.is_some());
            match (fault, &slot.account) {
                (Some(Lookup::Error), _) => ("500", Reply::Whole(internal_error())),
                (Some(Lookup::Reset), _) => ("reset", Reply::Cut),
                (Some(Lookup::Page), _) => {
                    ("404-html", Reply::Whole(answer::page(404, "404 Not Found")))
                }
                (None, None) => (
                    "404",
                    Reply::Whole(answer::error(404, "No account of this id")),
                ),
                (None, Some(account)) => {
                    found = Some((account.created_at, account.request.clone()));
                    // Stands in until the account is written out below.
                    ("200", Reply::Cut)
                }
            }
        };
        let delay = self.latency(id, number);
        let open = !delay.is_zero();
        let entry = inner
            .ledger
            .record(kind, named, None, shown, Effect::None, open);
        drop(guard);

        // What is stored was parsed before; it is parsed again here, outside the lock.
        let reply = match found {
            Some((created_at, bytes)) => {
                let request: Value = serde_json::from_slice(&bytes).unwrap_or_default();
                let body = match kind {
                    Kind::Status => answer::opening_status(&request),
                    _ => answer::account(id, created_at, &request),
                };
                Reply::Whole(answer::json_answer(200, body))
            }
            None => reply,
        };
        Handled {
            reply,
            delay,
            open: open.then_some(entry),
            late: None,
        }
    }

    fn log_in(&self, body: &[u8]) -> Handled {
        let config = &self.config;
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let fits = |name: &str, wanted: &Option<String>| {
            let given = request
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default();
            !given.is_empty() && wanted.as_ref().is_none_or(|wanted| wanted == given)
        };
        let good = fits("logonId", &config.logon_id) && fits("password", &config.password);
        let mut inner = self.lock();
        let shown = if good { "200" } else { "401" };
        let delay = self.latency("", 0);
        let entry = inner.ledger.record(
            Kind::Login,
            None,
            None,
            shown,
            Effect::None,
            !delay.is_zero(),
        );
        let answer = if good {
            let token = inner.gate.token(config.seed);
            answer::json_answer(200, json!({"token": token}).to_string().into_bytes())
        } else {
            unauthorised()
        };
        let open = (!delay.is_zero()).then_some(entry);
        Handled {
            reply: Reply::Whole(answer),
            delay,
            open,
            late: None,
        }
    }

    fn other(&self, shown: &'static str, answer: Answer) -> Handled {
        self.lock()
            .ledger
            .record(Kind::Other, None, None, shown, Effect::None, false);
        at_once(answer)
    }

    pub(super) fn too_many(&self, wait: u64) -> Answer {
        let says = self
            .config
            .rate
            .as_ref()
            .is_some_and(|rate| rate.retry_after);
        Answer {
            retry_after: says.then_some(wait),
            ..answer::error(429, "Too many requests")
        }
    }

    pub(super) fn latency(&self, id: &str, number: u32) -> Duration {
        let jitter = match self.config.latency_jitter_ms {
            0 => 0,
            most => faults::draw(self.config.seed, id, number, "jitter") % most.saturating_add(1),
        };
        Duration::from_millis(self.config.latency_ms.saturating_add(jitter))
    }
}

fn at_once(answer: Answer) -> Handled {
    Handled {
        reply: Reply::Whole(answer),
        delay: Duration::ZERO,
        open: None,
        late: None,
    }
}

pub(super) fn unauthorised() -> Answer {
    answer::error(401, "Not authorised")
}

pub(super) fn internal_error() -> Answer {
    answer::error(500, "Internal error")
}

fn write_list(out: &mut Vec<u8>, items: impl Iterator<Item = Value>) {
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(item.to_string().as_bytes());
    }
}
