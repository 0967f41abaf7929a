//! A body of a webhook, read: the contract's flat PARTY_EVENT (contract, section 6).
//!
//! Owner of what is an event and what is unreadable. Unknown fields are let be. Pure.
//! Left out on purpose: which of its ids and words may be kept (`journal::events`).

use serde_json::{Map, Value};

use bakkt_contract::decision::PARTY_EVENT;
use bakkt_contract::expiry::expiry;
use bakkt_journal::events::{ArrivedEvent, EventStatement};

/// Reads a body that arrived. One that is no event keeps its bytes.
pub fn read(body: Vec<u8>, at: i64) -> ArrivedEvent {
    let object = match serde_json::from_slice(&body) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    };
    let Some(object) = object else {
        return ArrivedEvent {
            at,
            same: body.trim_ascii().to_vec(),
            body,
            request_id: String::new(),
            kind: None,
            said: None,
        };
    };
    let mut same = String::new();
    write_sorted(&Value::Object(object.clone()), &mut same);
    let kind = text(&object, "partnerWebhookType");
    let is_ours = kind.as_deref().is_none_or(|kind| kind == PARTY_EVENT);
    ArrivedEvent {
        at,
        body,
        same: same.into_bytes(),
        request_id: text(&object, "requestId").unwrap_or_default(),
        said: is_ours.then(|| said(&object)).flatten(),
        kind,
    }
}

fn said(object: &Map<String, Value>) -> Option<EventStatement> {
    Some(EventStatement {
        client_id: text(object, "partnerPartyRef")?,
        status: text(object, "partyStatus")?,
        reason: text(object, "reasonCode"),
        expires_at: object.get("verificationURLExpiry").and_then(expiry),
        linked: text(object, "verificationURL").is_some(),
    })
}

/// A text that is not empty.
fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    let text = object.get(key)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// One spelling of a value: no blanks, keys in order. An event that was printed anew on its way is still the same.
fn write_sorted(value: &Value, into: &mut String) {
    match value {
        Value::Object(object) => {
            let mut keys: Vec<&String> = object.keys().collect();
            keys.sort();
            into.push('{');
            for key in keys {
                into.push_str(&Value::from(key.as_str()).to_string());
                into.push(':');
                write_sorted(&object[key], into);
                into.push(',');
            }
            into.push('}');
        }
        Value::Array(values) => {
            into.push('[');
            for value in values {
                write_sorted(value, into);
                into.push(',');
            }
            into.push(']');
        }
        plain => into.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ArrivedEvent {
        super::read(text.as_bytes().to_vec(), 5)
    }

    #[test]
    fn an_event_says_what_the_contract_has() {
        let event = read(
            r#"{"requestId": "r1", "partnerPartyRef": "A1", "partnerWebhookType": "PARTY_EVENT", "partyStatus": "UNDER_REVIEW",
                "reasonCode": "DOCUMENT_VERIFICATION", "verificationURL": "https://verify.example/x",
                "verificationURLExpiry": "2026-11-24T10:00:00Z", "more": [1, {"b": 2, "a": null}]}"#,
        );
        assert_eq!((event.request_id.as_str(), event.at), ("r1", 5));
        let said = event.said.expect("an event");
        assert_eq!(said.client_id, "A1");
        assert_eq!(said.status, "UNDER_REVIEW");
        assert_eq!(said.reason.as_deref(), Some("DOCUMENT_VERIFICATION"));
        assert_eq!(said.expires_at, Some(1_795_514_400_000));
        assert!(said.linked);
        let bare = read(r#"{"partnerPartyRef": "A1", "partyStatus": "ACTIVE"}"#);
        assert!(
            bare.said
                .is_some_and(|said| said.reason.is_none() && !said.linked)
        );
    }

    #[test]
    fn what_is_no_event_keeps_its_bytes() {
        for text in [
            "",
            "\u{0}\u{1}",
            "[]",
            "\"PARTY_EVENT\"",
            "{}",
            r#"{"partnerPartyRef": "A1"}"#,
            r#"{"partnerPartyRef": 17, "partyStatus": "ACTIVE"}"#,
            r#"{"partnerPartyRef": " ", "partyStatus": "ACTIVE"}"#,
            r#"{"event": {"partnerPartyRef": "A1", "partyStatus": "ACTIVE"}}"#,
            r#"{"partnerPartyRef": "A1", "partyStatus": "ACTIVE", "partnerWebhookType": "TRADE_EVENT"}"#,
            r#"{"partnerPartyRef": "A1", "partyStatus": "ACTIVE""#,
        ] {
            let event = read(text);
            assert!(event.said.is_none(), "{text}");
            assert_eq!(event.body, text.as_bytes());
        }
        let deep = "[".repeat(60_000);
        assert!(read(&deep).said.is_none());
    }

    #[test]
    fn one_event_is_the_same_however_it_is_printed() {
        let one = read(r#"{"a": 1, "b": {"x": [1, 2], "y": "\u0041"}}"#);
        assert!(one.same == read("{\"b\":{\"y\":\"A\",\"x\":[1,2]},\n\"a\":1}\n").same);
        assert!(one.same != read(r#"{"a": 1, "b": {"x": [2, 1], "y": "A"}}"#).same);
        assert!(one.same != read(r#"{"a": "1", "b": {"x": [1, 2], "y": "A"}}"#).same);
        assert!(read(" no JSON \n").same == read("no JSON").same);
    }
}
