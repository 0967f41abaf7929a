//! What of an account's state, beside what was sent, is worth a line.
//!
//! Owner of two questions: is it the account that was made (id, creation, clientAccountId), and is its state one that
//! nobody has told of. Pure.

use crate::api::compare::DifferenceKind;
use crate::api::read_back;
use bakkt_contract::decision::Decision::{Closed, Rejected, Suspended};
use bakkt_contract::decision::{ACCOUNT_STATUSES, MODES};
use bakkt_journal::is_hidden_id;
use bakkt_journal::write::{AccountState, AccountToVerify, Difference};

/// What of an account's state a person has to see: words that the contract does not have, and a state that is a surprise.
pub(crate) fn remarkable(account: &AccountToVerify, named: &AccountState) -> Vec<Difference> {
    let words = [
        ("mode", &named.mode, MODES),
        ("status", &named.status, ACCOUNT_STATUSES),
    ];
    let unknown = words
        .into_iter()
        .filter(|(_, word, known)| !word.is_empty() && !known.contains(&word.as_str()))
        .map(|(path, ..)| Difference {
            document: String::new(),
            path: path.to_owned(),
            kind: "unknown word",
        });
    unknown.chain(unexpected(account, named)).collect()
}

/// The state of an account where it is a surprise: closed or locked without an event that says so, or rejected after
/// something else was decided. It stays one until an event says the same.
fn unexpected(account: &AccountToVerify, named: &AccountState) -> Vec<Difference> {
    let decision = named.decision();
    let surprise = match decision {
        _ if account.heard == Some(decision) => false,
        Closed | Suspended => account.told || account.known != decision,
        Rejected => account.told || account.known.is_made() && account.known != decision,
        _ => false,
    };
    if !surprise {
        return Vec::new();
    }
    let mode = match named.mode.as_str() {
        "CLOSED" => Some("closed"),
        "LOCKED" => Some("locked"),
        "CLOSING_ONLY" => Some("closing only"),
        _ => None,
    };
    let status = match named.status.as_str() {
        "REJECTED" => Some("rejected"),
        "CANCELLED" => Some("cancelled"),
        _ => None,
    };
    let off = mode.is_none() && status.is_none();
    let of = |path: &str, kind: Option<&'static str>| {
        let line = |kind| Difference {
            document: String::new(),
            path: path.to_owned(),
            kind,
        };
        kind.map(line)
    };
    [
        of("mode", mode),
        of("status", status),
        of("canTradeCrypto", off.then_some("turned off")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Whether it is the account that was made at acceptance.
pub(crate) fn identity(
    account: &AccountToVerify,
    theirs: &read_back::BakktAccount,
    differences: &mut Vec<Difference>,
) {
    let time = |text: &str| text.parse::<jiff::Timestamp>().ok();
    let named = theirs.request.get("clientAccountId");
    let named = named.and_then(serde_json::Value::as_str);
    let made = time(&account.created_at);
    let same = [
        (
            "id",
            // What stands for an id that held a value cannot be compared with one.
            account.bakkt_id.is_empty()
                || is_hidden_id(&account.bakkt_id)
                || account.bakkt_id == theirs.id,
        ),
        (
            "createdAt",
            made.is_none() || made == time(&theirs.created_at),
        ),
        // Where it is compared with what was sent, that says so.
        (
            "clientAccountId",
            account.unlike.is_none() || named.is_none_or(|named| named == account.task.client_id),
        ),
    ];
    let wrong = same.iter().filter(|(_, same)| !same);
    differences.extend(wrong.map(|(path, _)| Difference {
        document: String::new(),
        path: (*path).to_owned(),
        kind: DifferenceKind::Different.word(),
    }));
}
