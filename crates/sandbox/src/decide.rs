//! What becomes of an account after it was taken: the delay, the decision, and what a look-up shows of it.
//!
//! Owner: the service. Invariants: what is decided depends on the seed and the id only, but for the vendor's test person,
//! who is always turned down; an account is decided once, and
//! an update leaves it decided; one that is no individual's waits for its KYB trigger. Left out on purpose: the events
//! that tell of it (see `webhook`), and any look at what the request holds but its account type.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::config::Config;
use super::faults;
use super::service::{Inner, Service};
use super::store::AccountSlot;

/// What an account is drawn to become; also what one event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DrawnOutcome {
    Active,
    RiskKyc,
    RiskOfac,
    /// Documents are asked for.
    Documents,
    /// First looked at, then active.
    Review,
}

/// How far an account has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// Not taken, or waits for its KYB trigger.
    #[default]
    Waiting,
    /// To be decided at a time.
    Due,
    Review,
    Decided(DrawnOutcome),
}

/// The state of an account as a look-up shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ShownState {
    pub(super) status: String,
    pub(super) mode: String,
    pub(super) can_trade: bool,
}

impl Stage {
    /// Word of the ledger.
    pub(super) fn word(self) -> &'static str {
        match self {
            Stage::Waiting | Stage::Due => "pending",
            Stage::Review => "review",
            Stage::Decided(DrawnOutcome::RiskKyc) => "risk_kyc",
            Stage::Decided(DrawnOutcome::RiskOfac) => "risk_ofac",
            Stage::Decided(DrawnOutcome::Documents) => "documents",
            Stage::Decided(DrawnOutcome::Active | DrawnOutcome::Review) => "active",
        }
    }

    pub(super) fn standing(self) -> ShownState {
        let (status, can_trade) = match self {
            Stage::Waiting | Stage::Due => ("PENDING", false),
            Stage::Review | Stage::Decided(DrawnOutcome::Documents) => ("IN_PROGRESS", false),
            Stage::Decided(DrawnOutcome::RiskKyc | DrawnOutcome::RiskOfac) => ("REJECTED", false),
            Stage::Decided(DrawnOutcome::Active | DrawnOutcome::Review) => ("COMPLETE", true),
        };
        ShownState {
            status: status.to_owned(),
            mode: "OPEN".to_owned(),
            can_trade,
        }
    }
}

/// The names by which Bakkt's test environment knows a customer who fails KYC: family name, given name.
const TEST_PERSON: (&str, &str) = ("Dawn", "Maggic");

/// Whether an owner in this request has the names of the vendor's test person.
fn is_test_person(request: &[u8]) -> bool {
    let (family, given) = TEST_PERSON;
    // Nearly no request has these names, and only those are parsed.
    let has = |name: &str| memchr::memmem::find(request, name.as_bytes()).is_some();
    if !has(family) || !has(given) {
        return false;
    }
    let request: Value = serde_json::from_slice(request).unwrap_or_default();
    let owners = request.get("owners").and_then(Value::as_array);
    owners.into_iter().flatten().any(|owner| {
        let identity = &owner["identity"];
        identity["familyName"] == family && identity["givenName"] == given
    })
}

/// What becomes of an account: the test person's, or what the seed has in store for its id.
fn outcome(config: &Config, slot: &AccountSlot) -> DrawnOutcome {
    let Some(decide) = &config.decide else {
        return DrawnOutcome::Active;
    };
    let request = slot.account.as_ref().map(|account| &account.request);
    if request.is_some_and(|request| is_test_person(request)) {
        return DrawnOutcome::RiskKyc;
    }
    let id = &*slot.id;
    let drawn = faults::fraction(config, id, 0, "decide");
    let mut upto = 0.0;
    let shares = [
        (decide.risk_kyc, DrawnOutcome::RiskKyc),
        (decide.risk_ofac, DrawnOutcome::RiskOfac),
        (decide.documents, DrawnOutcome::Documents),
        (decide.review, DrawnOutcome::Review),
    ];
    let hit = shares.into_iter().find(|(share, _)| {
        upto += share;
        drawn < upto
    });
    hit.map_or(DrawnOutcome::Active, |(_, outcome)| outcome)
}

/// Whether the account waits for a screening that the client starts.
fn needs_kyb(request: &Value) -> bool {
    let of = request.get("accountType").and_then(Value::as_str);
    matches!(of, Some("ENTITY" | "CUSTODIAL" | "ENTITY_PERSONAL_TRUST"))
}

impl Service {
    /// An account was made by this request.
    pub(super) fn opened(&self, inner: &mut Inner, id: &Arc<str>, request: &Value) {
        if !needs_kyb(request) {
            self.decide_later(inner, id);
        }
    }

    /// An account is to be decided from now on, unless it is or will be.
    pub(super) fn decide_later(&self, inner: &mut Inner, id: &Arc<str>) {
        let slot = inner.store.slot(id, &self.config);
        if self.config.decide.is_some() && slot.stage == Stage::Waiting && slot.account.is_some() {
            slot.stage = Stage::Due;
            self.put_step(inner, id.clone(), 0);
        }
    }

    fn put_step(&self, inner: &mut Inner, id: Arc<str>, number: u32) {
        let Some(decide) = &self.config.decide else {
            return;
        };
        let draw = faults::draw(self.config.seed, &id, number, "decide_jitter");
        let jitter = draw % decide.jitter_ms.saturating_add(1);
        let delay = Duration::from_millis(decide.after_ms.saturating_add(jitter));
        inner.decisions.put(Instant::now() + delay, id);
        self.deciding.notify_one();
    }

    /// One step of an account whose time has come.
    fn step(&self, inner: &mut Inner, id: Arc<str>) {
        let slot = inner.store.slot(&id, &self.config);
        let outcome = outcome(&self.config, slot);
        let said = match (slot.stage, outcome) {
            // Forgotten since.
            _ if slot.account.is_none() => return,
            (Stage::Due, DrawnOutcome::Review) => {
                slot.stage = Stage::Review;
                self.put_step(inner, id.clone(), 1);
                DrawnOutcome::Review
            }
            (Stage::Due, outcome) => {
                slot.stage = Stage::Decided(outcome);
                outcome
            }
            (Stage::Review, _) => {
                slot.stage = Stage::Decided(DrawnOutcome::Active);
                DrawnOutcome::Active
            }
            (Stage::Waiting | Stage::Decided(_), _) => return,
        };
        self.tell(inner, &id, said);
    }

    /// Decides what is due; returns when the next is, if there is one.
    fn decide_due(&self) -> Option<Instant> {
        loop {
            // One hold of the lock per account, so that no request waits for many.
            let inner = &mut *self.lock();
            match inner.decisions.take(Instant::now()) {
                Ok(id) => self.step(inner, id),
                Err(next) => return next,
            }
        }
    }
}

/// Decides accounts until it is dropped.
pub(super) async fn decide(service: Arc<Service>) {
    loop {
        let next = service.decide_due();
        let notified = service.deciding.notified();
        match next {
            None => notified.await,
            Some(at) => tokio::select! {
                () = notified => {}
                () = tokio::time::sleep_until(at) => {}
            },
        }
    }
}

impl AccountSlot {
    /// What a look-up shows of its account.
    pub(super) fn standing(&self) -> ShownState {
        let standing = self.stage.standing();
        match &self.tampered {
            Some(tampered) => tampered.over(standing),
            None => standing,
        }
    }
}
