//! Fiat custody: its calls, and what their answers mean.
//!
//! Owner of the table of answers of that family. A 2xx counts only with a uuid; a 401, a 403 and a 404 mean something only
//! beside what succeeded before, which the caller knows. Numbers of accounts are read where a person asked for them, and
//! are in nothing that is kept.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::HeaderValue;
use serde_json::Value;
use uuid::Uuid;

use super::address::secret_header;
use super::client::Reply;
use super::judge::{Judgement, LookupAnswer, ask, stopping};
use super::mask::{KnownValues, fit_word};
use bakkt_model::custody::{CustodyKind, USER_STATUSES};
use bakkt_model::sensitive::Sensitive;
use bakkt_model::task::Refusal;

/// A call below `/user`.
pub(crate) struct CustodyCall<'a> {
    /// Below `/user`, without a slash in front; empty for `/user` itself.
    pub(crate) path: &'a str,
    /// What is sent; without it the call is a question.
    pub(crate) body: Option<Sensitive<Bytes>>,
    /// On behalf of a user.
    pub(crate) session: Option<&'a str>,
    /// Names a user without a session, where a question takes that.
    pub(crate) user: Option<&'a str>,
    /// The Idempotency-Key.
    pub(crate) key: Option<&'a str>,
}

impl CustodyCall<'_> {
    /// The headers beside that of authentication; none when a session cannot stand in one.
    pub(super) fn headers(&self) -> Option<Vec<(&'static str, HeaderValue)>> {
        let named = [
            ("bakkt-session-id", self.session),
            ("user-uuid", self.user),
            ("Idempotency-Key", self.key),
        ];
        let given = named
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        given
            .map(|(name, value)| Some((name, secret_header(value).ok()?)))
            .collect()
    }
}

/// The path of the call that makes something.
pub(crate) fn path(kind: CustodyKind) -> &'static str {
    match kind {
        CustodyKind::User => "",
        CustodyKind::BankAccount => "bank-account/bakkt",
        CustodyKind::Savings => "purse",
        CustodyKind::Recipient => "bank-account/remote",
    }
}

/// What the answer to a call that makes something means.
#[derive(Debug)]
pub(crate) enum CustodyJudgement {
    /// Bakkt has it: uuid and status.
    Made(String, String),
    /// Bakkt refused it; `true`: because the e-mail address is taken.
    Refused(String, Refusal, bool),
    /// 401: the key, or the session.
    Unauthorised,
    /// 403 or 404: not in the merchant's agreement, or refused.
    Forbidden(u16, Refusal),
    /// Not taken: wait, slow down, send again.
    NotTaken(String, Option<Duration>),
    /// It never left.
    NotSent(String),
    /// Nobody knows.
    InDoubt(String),
    /// Going on makes no sense: message and hint.
    Stop(String, String),
}

/// Judges the answer to a call that makes something.
pub(crate) fn creation(
    reply: &Reply,
    kind: CustodyKind,
    known: &KnownValues<'_>,
) -> CustodyJudgement {
    let (status, retry_after, body) = match reply {
        Reply::NotSent(why) => return CustodyJudgement::NotSent((*why).to_owned()),
        Reply::Lost(why) => return CustodyJudgement::InDoubt((*why).to_owned()),
        Reply::Unproven(_) => return CustodyJudgement::InDoubt("an unproven answer".to_owned()),
        Reply::NotTrusted(_) | Reply::NoLogIn(_) => {
            return match stopping(reply) {
                Judgement::Stop(message, hint) => CustodyJudgement::Stop(message, hint),
                _ => CustodyJudgement::NotSent("no connection".to_owned()),
            };
        }
        Reply::Answer {
            status,
            retry_after,
            body,
        } => (*status, *retry_after, body.reveal()),
    };
    let answer = status.to_string();
    match status {
        200 | 201 => match made(body, kind) {
            Some((uuid, status)) => CustodyJudgement::Made(uuid, status),
            None => CustodyJudgement::InDoubt(format!("{answer}, without a uuid")),
        },
        425 | 429 => CustodyJudgement::NotTaken(answer, retry_after),
        403 | 503 if retry_after.is_some() => CustodyJudgement::NotTaken(answer, retry_after),
        300..=399 => CustodyJudgement::Stop(
            "the custody address points elsewhere (a redirect), which is not followed with customers' data".to_owned(),
            "check [custody] base_url".to_owned(),
        ),
        401 => CustodyJudgement::Unauthorised,
        403 | 404 => CustodyJudgement::Forbidden(status, known.refusal(status, body)),
        400..=499 if status != 408 => {
            let is_taken = kind == CustodyKind::User && says_taken(status, body);
            CustodyJudgement::Refused(answer, known.refusal(status, body), is_taken)
        }
        _ => CustodyJudgement::InDoubt(answer),
    }
}

/// Whether a refusal says that the e-mail address has a user already. Nothing is published of its words, so whatever speaks
/// of both is taken for it: the price is that a person looks once more.
fn says_taken(status: u16, body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).to_lowercase();
    let names = text.contains("email") || text.contains("e-mail");
    let says = [
        "taken",
        "exist",
        "already",
        "in use",
        "duplicate",
        "unique",
        "registered",
    ];
    status == 409 || (names && says.iter().any(|word| text.contains(word)))
}

/// uuid and status of what was made.
fn made(body: &[u8], kind: CustodyKind) -> Option<(String, String)> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let uuid = match kind {
        CustodyKind::User => value.get("user_uuid")?,
        _ => value.get("uuid").or_else(|| value.get("id"))?,
    };
    let status = value
        .get("status")
        .and_then(Value::as_str)
        .unwrap_or_default();
    Some((fit_uuid(uuid)?, fit_status(status)))
}

/// A status of a user, when it is one.
fn fit_status(status: &str) -> String {
    match USER_STATUSES.iter().any(|(known, _)| *known == status) {
        true => status.to_owned(),
        false => fit_word(status),
    }
}

/// A uuid as a server spells it.
pub(crate) fn fit_uuid(value: &Value) -> Option<String> {
    let uuid = Uuid::try_parse(value.as_str()?).ok()?;
    Some(uuid.hyphenated().to_string())
}

/// What a question that needs a session or a uuid is answered with; `None`: 401 or 403, which the caller judges.
pub(crate) fn told<T>(
    reply: &Reply,
    read: impl Fn(&Value) -> Option<T>,
) -> Option<LookupAnswer<T>> {
    if let Reply::Answer {
        status: 401 | 403, ..
    } = reply
    {
        return None;
    }
    let read = |body: &[u8]| serde_json::from_slice(body).ok().as_ref().and_then(&read);
    Some(ask(reply, read))
}

/// The elements of a list, which stands alone or under one of these keys.
pub(crate) fn list<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a Vec<Value>> {
    value
        .as_array()
        .or_else(|| keys.iter().find_map(|key| value.get(*key)?.as_array()))
}

/// Whether an answer says that its list of so many elements is a part of a longer one. The contract knows no pages, so these are the usual
/// names for them.
pub(crate) fn has_more(value: &Value, elements: usize) -> bool {
    let says_so = |key: &str| match value.get(key) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(next)) => !next.is_empty(),
        Some(_) => true,
    };
    let counts_more = |key: &str| {
        let count = value.get(key).and_then(Value::as_u64);
        count.is_some_and(|count| count > elements as u64)
    };
    const MORE: [&str; 8] = [
        "has_more",
        "hasMore",
        "next",
        "next_page",
        "nextPage",
        "next_cursor",
        "nextCursor",
        "next_token",
    ];
    const COUNTS: [&str; 6] = [
        "total",
        "count",
        "total_count",
        "totalCount",
        "total_items",
        "totalItems",
    ];
    value.is_object() && (MORE.into_iter().any(says_so) || COUNTS.into_iter().any(counts_more))
}

/// The status of a user.
pub(crate) fn status(value: &Value) -> Option<String> {
    let status = value.get("status")?.as_str()?;
    Some(fit_status(status)).filter(|status| !status.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::mask::Secrets;
    use super::*;
    use bakkt_journal::CodeKey;
    use serde_json::json;

    #[test]
    fn a_list_that_goes_on_elsewhere_is_no_whole_list() {
        let whole = [
            json!([1]),
            json!({"data": [1], "total": 1, "next": null, "has_more": false}),
            json!({"accounts": [1], "nextPage": ""}),
        ];
        let parts = [
            json!({"data": [1], "total": 2}),
            json!({"data": [1], "has_more": true}),
            json!({"items": [1], "next_cursor": "abc"}),
        ];
        assert!(!whole.iter().any(|list| has_more(list, 1)));
        assert!(parts.iter().all(|list| has_more(list, 1)));
    }

    fn word(status: u16, body: &str, kind: CustodyKind) -> &'static str {
        let reply = Reply::Answer {
            status,
            retry_after: None,
            body: Sensitive::new(body.as_bytes().to_vec()),
        };
        let known = KnownValues {
            key: &CodeKey::new(&[0; 32]),
            secrets: &Secrets::default(),
            sent: &[b"{}"],
            is_complete: true,
            beginnings: &[],
        };
        match creation(&reply, kind, &known) {
            CustodyJudgement::Made(..) => "made",
            CustodyJudgement::Refused(_, _, true) => "taken",
            CustodyJudgement::Refused(..) => "refused",
            CustodyJudgement::Unauthorised => "unauthorised",
            CustodyJudgement::Forbidden(..) => "forbidden",
            CustodyJudgement::NotTaken(..) => "not taken",
            CustodyJudgement::NotSent(_) => "not sent",
            CustodyJudgement::InDoubt(_) => "in doubt",
            CustodyJudgement::Stop(..) => "stop",
        }
    }

    #[test]
    fn every_answer_has_one_meaning() {
        let uuid = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
        let user = format!("{{\"user_uuid\":\"{uuid}\",\"status\":\"KYC_NEEDED\"}}");
        let account = format!("{{\"uuid\":\"{uuid}\",\"iban\":\"DE89370400440532013000\"}}");
        for (status, body, kind, expected) in [
            (200, user.as_str(), CustodyKind::User, "made"),
            (201, &account, CustodyKind::BankAccount, "made"),
            (201, &account, CustodyKind::User, "in doubt"),
            (200, "<OK/>", CustodyKind::User, "in doubt"),
            (
                422,
                "{\"message\":\"This email is taken\"}",
                CustodyKind::User,
                "taken",
            ),
            (409, "{}", CustodyKind::User, "taken"),
            (
                422,
                "{\"message\":\"iban is not valid\"}",
                CustodyKind::Recipient,
                "refused",
            ),
            (401, "{}", CustodyKind::Recipient, "unauthorised"),
            (403, "<html>", CustodyKind::Savings, "forbidden"),
            (404, "{}", CustodyKind::Savings, "forbidden"),
            (429, "{}", CustodyKind::User, "not taken"),
            (500, "{}", CustodyKind::User, "in doubt"),
            (503, "{}", CustodyKind::User, "in doubt"),
            (302, "", CustodyKind::User, "stop"),
        ] {
            assert_eq!(word(status, body, kind), expected, "{status} {body}");
        }
    }
}
