//! What was asked and made, for the judge: ids, keys and hashes, and no value of a customer.

use serde_json::{Value, json};

use super::Made;
use super::store::Inner;
use crate::ledger::hex;

/// One request.
pub(super) struct CustodyEntry {
    pub(super) made: Option<Made>,
    pub(super) client: String,
    pub(super) key: String,
    pub(super) body: [u8; 32],
    pub(super) answer: String,
    pub(super) has_session: bool,
    pub(super) is_replay: bool,
}

/// Everything of custody, as the owner sees it.
pub(super) fn json(inner: &Inner) -> Value {
    let users: Vec<Value> = inner
        .users
        .iter()
        .map(|user| {
            let accounts: Vec<Value> = user.accounts.iter().map(|account| {
                json!({"uuid": account.uuid, "kind": account.made.word(), "currency": account.currency})
            }).collect();
            let recipients: Vec<Value> = user.recipients.iter().map(|recipient| {
                let details = recipient.body.get("account_details").cloned().unwrap_or_default();
                let hash = blake3::hash(recipient.body.to_string().as_bytes());
                json!({"uuid": recipient.uuid, "currency": details["currency"], "body": hex(*hash.as_bytes())})
            }).collect();
            json!({"client": user.client, "uuid": user.uuid, "status": user.status,
                "accounts": accounts, "recipients": recipients})
        })
        .collect();
    let requests: Vec<Value> = inner
        .entries
        .iter()
        .map(|entry| {
            json!({"call": entry.made.map_or("read", Made::word), "client": entry.client, "key": entry.key,
                "body": hex(entry.body), "answer": entry.answer, "session": entry.has_session,
                "replay": entry.is_replay})
        })
        .collect();
    json!({"users": users, "requests": requests, "key_conflicts": inner.conflicts})
}
