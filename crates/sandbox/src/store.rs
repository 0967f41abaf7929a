//! The accounts, and what the sandbox remembers of every id.
//!
//! Owner: the sandbox. Invariants: one account per id, whatever is sent; `createdAt` is that of the first request
//! that made it and never moves. Requests are kept as the bytes received (the most compact form there is) and are
//! parsed again for a lookup. Left out on purpose: durability: a sandbox that stops forgets everything.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use super::config::Config;
use super::decide::{DrawnOutcome, Stage};
use super::faults;
use super::ledger::Effect;
use super::links::VerificationLink;
use super::tamper::TamperedState;

/// An account as stored.
pub(super) struct StoredAccount {
    pub(super) created_at: Timestamp,
    pub(super) request: Arc<[u8]>,
}

/// What the sandbox knows of one clientAccountId.
pub(super) struct AccountSlot {
    pub(super) id: Arc<str>,
    /// Create calls seen that were looked at, also the refused ones.
    pub(super) posts_seen: u32,
    pub(super) lookups_seen: u32,
    pub(super) faults: u32,
    /// Create calls that created or updated.
    pub(super) posts_made: u32,
    /// Had an account before anything was sent.
    pub(super) existed: bool,
    /// KYB triggers seen that were looked at.
    pub(super) kyb_seen: u32,
    pub(super) kyb_faults: u32,
    /// KYB triggers that took effect.
    pub(super) triggered: u32,
    pub(super) account: Option<StoredAccount>,
    /// What became of it since.
    pub(super) stage: Stage,
    /// Events that were made, went out at least once, were lost.
    pub(super) events: u32,
    pub(super) events_sent: u32,
    pub(super) events_lost: u32,
    /// Once documents are asked for.
    pub(super) link: Option<VerificationLink>,
    pub(super) links_seen: u32,
    pub(super) link_faults: u32,
    /// Once a test had its hand in it.
    pub(super) tampered: Option<Box<TamperedState>>,
}

impl AccountSlot {
    /// The request that made the account what it is, if there is one.
    pub(super) fn request(&self) -> Option<Arc<[u8]>> {
        Some(self.account.as_ref()?.request.clone())
    }

    /// Starts a screening.
    pub(super) fn trigger(&mut self) -> Effect {
        self.triggered += 1;
        Effect::Triggered
    }

    /// Creates or updates the account.
    pub(super) fn make(&mut self, request: Arc<[u8]>, now: Timestamp) -> Effect {
        self.posts_made += 1;
        match &mut self.account {
            Some(account) => {
                account.request = request;
                Effect::Updated
            }
            None => {
                self.account = Some(StoredAccount {
                    created_at: now,
                    request,
                });
                Effect::Created
            }
        }
    }
}

/// Everything known, by id. A tree, which grows a node at a time: a table of 115,000 ids that doubles takes 50 ms under the one lock,
/// and whoever comes meanwhile would count as later than it came.
#[derive(Default)]
pub(super) struct Store(BTreeMap<Arc<str>, AccountSlot>);

impl Store {
    /// What is known of `id`, from now on if nothing was.
    pub(super) fn slot(&mut self, id: &str, config: &Config) -> &mut AccountSlot {
        let key: Arc<str> = Arc::from(id);
        self.0
            .entry(key)
            .or_insert_with_key(|key| fresh(key.clone(), config))
    }

    /// The `accounts` of the ledger: every id that a create call named or that has an account, sorted by id.
    pub(super) fn accounts(&self, id: Option<&str>) -> Vec<(Arc<str>, bool, u32, bool)> {
        self.0
            .values()
            .filter(|slot| id.is_none_or(|id| &*slot.id == id))
            .filter(|slot| slot.posts_seen > 0 || slot.account.is_some())
            .map(|slot| {
                (
                    slot.id.clone(),
                    slot.account.is_some() && !slot.existed,
                    slot.posts_made,
                    slot.existed,
                )
            })
            .collect()
    }

    /// Those with an account, of this id or all, sorted by id.
    pub(super) fn opened(&self, id: Option<&str>) -> Vec<&AccountSlot> {
        let slots = self.0.values();
        slots
            .filter(|slot| id.is_none_or(|id| &*slot.id == id) && slot.account.is_some())
            .collect()
    }

    /// The `kyb` of the ledger: every account that a trigger named, and how often it took effect; sorted.
    pub(super) fn kyb(&self, id: Option<&str>) -> Vec<(Arc<str>, u32)> {
        self.0
            .values()
            .filter(|slot| id.is_none_or(|id| &*slot.id == id) && slot.kyb_seen > 0)
            .map(|slot| (slot.id.clone(), slot.triggered))
            .collect()
    }
}

fn fresh(id: Arc<str>, config: &Config) -> AccountSlot {
    let existed = faults::existed(config, &id);
    let account = existed.then(|| older_account(&id, config)).flatten();
    AccountSlot {
        id,
        posts_seen: 0,
        lookups_seen: 0,
        faults: 0,
        posts_made: 0,
        existed,
        kyb_seen: 0,
        kyb_faults: 0,
        triggered: 0,
        // An account of former years was decided then.
        stage: match (&account, &config.decide) {
            (Some(_), Some(_)) => Stage::Decided(DrawnOutcome::Active),
            _ => Stage::Waiting,
        },
        account,
        events: 0,
        events_sent: 0,
        events_lost: 0,
        link: None,
        links_seen: 0,
        link_faults: 0,
        tampered: None,
    }
}

/// An account of 2019, with the least a request can hold, of invented data.
fn older_account(id: &str, config: &Config) -> Option<StoredAccount> {
    let pick = faults::draw(config.seed, id, 0, "older");
    // Any second of 2019, which began 1546300800 seconds after the epoch.
    let created_at = Timestamp::from_second(1_546_300_800 + (pick % 31_536_000) as i64).ok()?;
    let address = json!({"city": "Springfield", "country": "USA", "state": "IL", "postalCode": "62701",
        "streetAddress": ["1 Former Street"]});
    let request = json!({
        "clientAccountId": id,
        "accountType": "INDIVIDUAL",
        "owners": [{
            "role": "PRIMARY_OWNER",
            "clientOwnerId": format!("former-{}", pick % 1_000_000),
            "emailAddress": format!("former{}@example.com", pick % 1_000_000),
            "phoneNumber": format!("+1217555{:04}", pick % 10_000),
            "mailingAddress": address,
            "agreements": [],
            "identity": {"givenName": "Former", "familyName": "Customer", "dateOfBirth": "1971-03-04",
                "personalAddress": address},
        }],
    });
    Some(StoredAccount {
        created_at,
        request: request.to_string().into_bytes().into(),
    })
}
