//! What was made, and the answers that keys replay.

use std::collections::HashMap;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::ledger::CustodyEntry;
use super::sessions::SessionUses;
use super::{Made, text};
use crate::faults;

/// Everything of custody.
#[derive(Default)]
pub(super) struct Inner {
    pub(super) users: Vec<StoredUser>,
    pub(super) keys: HashMap<String, KeptAnswer>,
    /// By what is asked for: calls and faults so far.
    pub(super) slots: HashMap<String, (u32, u32)>,
    pub(super) sessions: SessionUses,
    pub(super) entries: Vec<CustodyEntry>,
    pub(super) conflicts: u64,
    /// Whether a refusal was lost already, by key.
    pub(super) lost: HashMap<String, ()>,
}

/// What the service's lock guards of custody.
#[derive(Default)]
pub(crate) struct CustodyStore(pub(super) Inner);

impl CustodyStore {
    /// How many calls of custody came.
    pub(crate) fn calls(&self) -> u64 {
        self.0.entries.len() as u64
    }
}

/// A user.
pub(super) struct StoredUser {
    /// external_id, or a hash of the e-mail address.
    pub(super) client: String,
    pub(super) uuid: String,
    pub(super) email: String,
    pub(super) status: &'static str,
    pub(super) accounts: Vec<StoredAccount>,
    pub(super) recipients: Vec<StoredRecipient>,
}

pub(super) struct StoredAccount {
    pub(super) uuid: String,
    pub(super) made: Made,
    pub(super) currency: String,
}

pub(super) struct StoredRecipient {
    pub(super) uuid: String,
    pub(super) body: Value,
}

/// The answer that was given to a key.
pub(super) struct KeptAnswer {
    pub(super) body: [u8; 32],
    pub(super) status: u16,
    pub(super) answer: Value,
    pub(super) since: Instant,
}

/// A uuid that only depends on what it is of.
pub(super) fn uuid(seed: u64, name: &str, number: usize) -> String {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    let (high, low) = (
        faults::draw(seed, name, number, "high"),
        faults::draw(seed, name, number, "low"),
    );
    let hex = format!("{high:016x}{low:016x}");
    format!(
        "{}-{}-4{}-a{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..32]
    )
}

impl Inner {
    pub(super) fn by_client(&mut self, client: &str) -> Option<usize> {
        self.users.iter().position(|user| user.client == client)
    }

    pub(super) fn by_uuid(&self, uuid: &str) -> Option<usize> {
        self.users.iter().position(|user| user.uuid == uuid)
    }

    /// Makes what a good call asks for; `user` is who asks, where somebody does.
    pub(super) fn make(
        &mut self,
        seed: u64,
        made: Made,
        user: Option<usize>,
        body: &Value,
    ) -> Value {
        if made == Made::User {
            return self.make_user(seed, body);
        }
        let Some(user) = user.and_then(|place| self.users.get_mut(place)) else {
            return json!({});
        };
        match made {
            Made::Recipient => {
                let name = format!("{} recipient", user.client);
                let uuid = uuid(seed, &name, user.recipients.len());
                user.recipients.push(StoredRecipient {
                    uuid: uuid.clone(),
                    body: body.clone(),
                });
                json!({"uuid": uuid})
            }
            _ => {
                let name = format!("{} account", user.client);
                let uuid = uuid(seed, &name, user.accounts.len());
                let currency = match made {
                    Made::Savings => "USD".to_owned(),
                    _ => text(body, "currency").to_owned(),
                };
                user.accounts.push(StoredAccount {
                    uuid: uuid.clone(),
                    made,
                    currency,
                });
                let last = user.accounts.len() - 1;
                user.accounts[last].shown(seed)
            }
        }
    }

    fn make_user(&mut self, seed: u64, body: &Value) -> Value {
        let email = text(body, "email").to_lowercase();
        let client = match text(body, "external_id") {
            "" => blake3::hash(email.as_bytes()).to_hex()[..16].to_owned(),
            id => id.to_owned(),
        };
        let status = match text(body, "country") {
            "US" => "PHONE_VERIFICATION_NEEDED",
            _ => "KYC_NEEDED",
        };
        let times = self
            .users
            .iter()
            .filter(|user| user.client == client)
            .count();
        let uuid = uuid(seed, &format!("{client} user"), times);
        self.users.push(StoredUser {
            client,
            uuid: uuid.clone(),
            email,
            status,
            accounts: Vec::new(),
            recipients: Vec::new(),
        });
        json!({"user_uuid": uuid, "status": status})
    }
}

impl StoredAccount {
    /// With its numbers, which are invented and always the same.
    pub(super) fn shown(&self, seed: u64) -> Value {
        let digits = |name: &str, count: usize| {
            let number = faults::draw(seed, &self.uuid, 0, name);
            format!("{number:020}")[20 - count..].to_owned()
        };
        let kind = match self.made {
            Made::Savings => "savings",
            _ => "checking",
        };
        let mut shown = json!({"uuid": self.uuid, "type": kind, "currency": self.currency});
        match self.currency.as_str() {
            "EUR" => {
                shown["iban"] = json!(format!("LT00{}", digits("iban", 16)));
                shown["bic"] = json!("SANDBOX1XXX");
            }
            "GBP" => {
                shown["account_number"] = json!(digits("account", 8));
                shown["sort_code"] = json!(digits("sort", 6));
            }
            "USD" => {
                shown["account_number"] = json!(digits("account", 12));
                shown["routing_number"] = json!(digits("routing", 9));
            }
            _ => shown["account_number"] = json!(digits("account", 10)),
        }
        shown
    }
}

impl StoredRecipient {
    /// As lists show it: numbers masked but for their last four characters.
    pub(super) fn shown(&self) -> Value {
        let details = self
            .body
            .get("account_details")
            .cloned()
            .unwrap_or_default();
        let masked = |key: &str| {
            let number = text(&details, key);
            let shown = number.len().saturating_sub(4);
            (!number.is_empty()).then(|| format!("****{}", &number[shown..]))
        };
        let mut shown = json!({"uuid": self.uuid, "account_name": text(&self.body, "account_name"),
            "account_details": {"currency": text(&details, "currency")}});
        for key in ["iban", "account_number"] {
            if let Some(number) = masked(key) {
                shown["account_details"][key] = json!(number);
            }
        }
        shown
    }
}
