//! What Bakkt shows of an account and its documents, read to be compared with what was sent.
//!
//! Owner of the shapes of those answers; [`judge`] says which answer is one at all.
//! Invariant: what is kept of an answer outside of the request fits the journal; the request itself stays with whoever
//! compares it.

use serde_json::Value;
use uuid::Uuid;

use super::client::Reply;
use super::judge::{self, LookupAnswer};
use super::mask;
use bakkt_contract::decision::UNKNOWN_STATUS;

/// An account as Bakkt shows it.
#[derive(Debug, PartialEq)]
pub struct BakktAccount {
    /// Bakkt's id.
    pub id: String,
    /// As Bakkt names it; empty when it names none, [`UNKNOWN_STATUS`] for what could be somebody's name.
    pub status: String,
    /// The same of its mode.
    pub mode: String,
    /// As Bakkt states it; empty when it is no time.
    pub created_at: String,
    /// What Bakkt says was sent.
    pub request: Value,
}

/// Reads the answer to a question about an account. One that names another clientAccountId is an answer too.
pub(crate) fn account(reply: &Reply) -> LookupAnswer<BakktAccount> {
    judge::ask(reply, |body| {
        let mut value: Value = serde_json::from_slice(body).ok()?;
        let word = |key: &str| {
            let text = value.get(key).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        // That there is one counts, whatever it is.
        let named = |key: &str| {
            let text = word(key);
            let fit = mask::fit_word(&text);
            match fit.is_empty() && !text.is_empty() {
                true => UNKNOWN_STATUS.to_owned(),
                false => fit,
            }
        };
        let account = BakktAccount {
            id: mask::fit_id(value.get("id")?)?,
            status: named("status"),
            mode: named("mode"),
            created_at: mask::fit_time(&word("createdAt")),
            request: Value::Null,
        };
        let request = value.get_mut("request").map(Value::take)?;
        request
            .is_object()
            .then_some(BakktAccount { request, ..account })
    })
}

/// Reads the answer to a question about an opening status: `canTradeCrypto`, if it is told.
pub(crate) fn can_trade(reply: &Reply) -> LookupAnswer<Option<bool>> {
    judge::ask(reply, |body| {
        let value: Value = serde_json::from_slice(body).ok()?;
        let object = value.as_object()?;
        Some(object.get("canTradeCrypto").and_then(Value::as_bool))
    })
}

/// Reads the answer to a question about all documents of an account: the metadata of each.
pub(crate) fn documents(reply: &Reply) -> LookupAnswer<Vec<Value>> {
    judge::ask(reply, |body| {
        let mut value: Value = serde_json::from_slice(body).ok()?;
        match value.get_mut("documentMetadata").map(Value::take)? {
            Value::Array(list) => Some(list),
            _ => None,
        }
    })
}

/// Reads the answer to a question about one document: its metadata.
pub(crate) fn document(reply: &Reply) -> LookupAnswer<Value> {
    judge::ask(reply, |body| {
        let mut value: Value = serde_json::from_slice(body).ok()?;
        let request = value.get_mut("request").map(Value::take)?;
        request.is_object().then_some(request)
    })
}

/// Reads the answer to a download whose content went elsewhere.
pub(crate) fn content(reply: &Reply) -> LookupAnswer<()> {
    judge::ask(reply, |_| Some(()))
}

/// The clientDocumentId of some metadata. It is a UUID; whatever else stands there may be anything.
pub(crate) fn document_id(metadata: &Value) -> Option<String> {
    let id = metadata.get("clientDocumentId")?.as_str()?;
    Uuid::parse_str(id).ok().map(|id| id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bakkt_model::sensitive::Sensitive;

    fn answer(status: u16, body: &str) -> Reply {
        Reply::Answer {
            status,
            retry_after: None,
            body: Sensitive::new(body.as_bytes().to_vec()),
        }
    }

    #[test]
    fn an_account_is_read_and_nothing_that_is_none() {
        let whole = r#"{"id":"b-1","status":"COMPLETE","mode":"OPEN","createdAt":"2026-01-01T00:00:00Z","request":{"clientAccountId":"A1"}}"#;
        let LookupAnswer::There(read) = account(&answer(200, whole)) else {
            panic!("it is an account");
        };
        assert_eq!(
            (&*read.status, &*read.mode, &*read.id),
            ("COMPLETE", "OPEN", "b-1")
        );
        // Words and times of nobody knows what are not kept; that there is a word is.
        let odd = whole
            .replace("OPEN", "open for Jane")
            .replace("2026-01-01T00:00:00Z", "yesterday");
        let LookupAnswer::There(read) = account(&answer(200, &odd)) else {
            panic!("it is an account");
        };
        assert_eq!((&*read.mode, &*read.created_at), (UNKNOWN_STATUS, ""));
        let without = whole.replace(r#""mode":"OPEN","#, "");
        let LookupAnswer::There(read) = account(&answer(200, &without)) else {
            panic!("it is an account");
        };
        assert_eq!(read.mode, "");
        for none in [
            "",
            "<html>",
            "[]",
            r#"{"id":"b-1"}"#,
            r#"{"id":"b-1","request":"x"}"#,
        ] {
            assert!(
                matches!(account(&answer(200, none)), LookupAnswer::Unknown(..)),
                "{none}"
            );
        }
        let error = answer(404, r#"{"code":404,"message":"none"}"#);
        assert_eq!(account(&error), LookupAnswer::NotThere);
        assert_eq!(
            can_trade(&answer(200, r#"{"canTradeCrypto":true}"#)),
            LookupAnswer::There(Some(true))
        );
        assert_eq!(can_trade(&answer(200, "{}")), LookupAnswer::There(None));
        assert_eq!(
            documents(&answer(200, r#"{"documentMetadata":[{}]}"#)),
            LookupAnswer::There(vec![serde_json::json!({})])
        );
        assert!(matches!(
            documents(&answer(200, "{}")),
            LookupAnswer::Unknown(..)
        ));
    }
}
