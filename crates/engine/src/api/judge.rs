//! What an answer means: pure functions, apart from sending and waiting.
//!
//! Owner of the table of answers. A 200 counts only with an id and our own clientAccountId; a 404 to a question counts
//! only with an Error body; everything that leaves room for "perhaps it was taken" is in doubt (invariant 1).

use std::time::Duration;

use serde_json::Value;

use super::client::Reply;
use super::mask::{self, KnownValues};
use bakkt_model::task::{AccountFacts, Refusal};

/// What the answer to a creation means.
#[derive(Debug, PartialEq)]
pub enum Judgement {
    /// Bakkt has it.
    Accepted(AccountFacts),
    /// Bakkt refused it; not sent again until a person says so.
    Refused(String, Refusal),
    /// 403: refused, or a wrong key; depends on what happened before.
    Forbidden(Refusal),
    /// Not taken: wait (at least so long, if Bakkt said so), slow down, send again.
    NotTaken(String, Option<Duration>),
    /// It never left: back off, send again.
    NotSent(String),
    /// Nobody knows; says what came back.
    InDoubt(String),
    /// A 404 that is not Bakkt's Error: the address is wrong, or a refusal in few words. What else was answered tells.
    NoService,
    /// Going on makes no sense: message and hint.
    Stop(String, String),
}

impl Judgement {
    /// The word for logs.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Judgement::Accepted(_) => "accepted",
            Judgement::Refused(..) => "refused",
            Judgement::Forbidden(_) => "forbidden",
            Judgement::NotTaken(..) => "not taken",
            Judgement::NotSent(_) => "not sent",
            Judgement::InDoubt(_) => "in doubt",
            Judgement::NoService => "no service",
            Judgement::Stop(..) => "stop",
        }
    }
}

/// What the answer to a question means.
#[derive(Debug, PartialEq)]
pub enum LookupAnswer<T> {
    /// It is there, and this is what Bakkt has.
    There(T),
    /// It is not there: a 404 with an Error body.
    NotThere,
    /// The question failed, to be asked again; with Bakkt's wish for a pause.
    Unknown(String, Option<Duration>),
    /// Going on makes no sense: message and hint.
    Stop(String, String),
}

impl<T> LookupAnswer<T> {
    /// The same of something else.
    pub(crate) fn map<U>(self, made: impl FnOnce(T) -> U) -> LookupAnswer<U> {
        match self {
            LookupAnswer::There(found) => LookupAnswer::There(made(found)),
            LookupAnswer::NotThere => LookupAnswer::NotThere,
            LookupAnswer::Unknown(why, after) => LookupAnswer::Unknown(why, after),
            LookupAnswer::Stop(message, hint) => LookupAnswer::Stop(message, hint),
        }
    }
}

/// Judges the answer to a creation of `client_id`; `known` is what no kept word may repeat.
pub(crate) fn creation(reply: &Reply, client_id: &str, known: &KnownValues<'_>) -> Judgement {
    let there = |body: &[u8]| account(body, client_id, known).map(|(facts, _)| facts);
    // A creation names its id in the body, so no 404 is about it.
    judge(reply, there, |_| false, known)
}

/// Judges the answer to an upload of the document `uuid`. A 404 is a refusal of the metadata when it is Bakkt's own
/// (contract, section 1); any other says that the address is wrong.
pub(crate) fn upload(reply: &Reply, uuid: &str, known: &KnownValues<'_>) -> Judgement {
    let there = |body: &[u8]| document(body, uuid, known);
    judge(reply, there, is_error, known)
}

/// Judges the answer to a KYB trigger: a 200 says the text `success`.
pub(crate) fn kyb(reply: &Reply, known: &KnownValues<'_>) -> Judgement {
    let there = |body: &[u8]| {
        let text = String::from_utf8_lossy(body);
        (text.trim().trim_matches('"') == "success").then(AccountFacts::default)
    };
    judge(reply, there, is_error, known)
}

/// The table of answers. `there` reads a 200, `refuses` says whether the body of a 404 makes it a refusal; `known` is what
/// no kept word may repeat.
fn judge(
    reply: &Reply,
    there: impl Fn(&[u8]) -> Option<AccountFacts>,
    refuses: impl Fn(&[u8]) -> bool,
    known: &KnownValues<'_>,
) -> Judgement {
    let (status, retry_after, body) = match reply {
        Reply::NotSent(why) => return Judgement::NotSent((*why).to_owned()),
        Reply::Lost(why) => return Judgement::InDoubt((*why).to_owned()),
        Reply::NotTrusted(_) | Reply::NoLogIn(_) => return stopping(reply),
        // Nobody showed whose answer it is.
        Reply::Unproven(_) => return Judgement::InDoubt("an unproven answer".to_owned()),
        Reply::Answer {
            status,
            retry_after,
            body,
        } => (*status, *retry_after, body.reveal()),
    };
    let answer = status.to_string();
    match status {
        200 => match there(body) {
            Some(facts) => Judgement::Accepted(facts),
            None => Judgement::InDoubt("200, not ours".to_owned()),
        },
        // 425: it came too early, and nothing was done with it.
        425 | 429 => Judgement::NotTaken(answer, retry_after),
        // Who forbids for a time holds requests back.
        403 | 503 if retry_after.is_some() => Judgement::NotTaken(answer, retry_after),
        404 if refuses(body) => Judgement::Refused(answer, known.refusal(status, body)),
        404 => Judgement::NoService,
        401 | 300..=399 => stop(status),
        403 => Judgement::Forbidden(known.refusal(status, body)),
        408 => Judgement::InDoubt(answer),
        400..=499 => Judgement::Refused(answer, known.refusal(status, body)),
        _ => Judgement::InDoubt(answer),
    }
}

/// Judges the answer to a question about the document `uuid`.
pub(crate) fn document_question(
    reply: &Reply,
    uuid: &str,
    known: &KnownValues<'_>,
) -> LookupAnswer<AccountFacts> {
    ask(reply, |body| document(body, uuid, known))
}

/// Judges the answer to a question about `client_id`; with the request as Bakkt has it.
pub(crate) fn question(
    reply: &Reply,
    client_id: &str,
    known: &KnownValues<'_>,
) -> LookupAnswer<(AccountFacts, Value)> {
    ask(reply, |body| account(body, client_id, known))
}

/// The table of answers to questions. `there` reads a 200.
pub(super) fn ask<T>(reply: &Reply, there: impl Fn(&[u8]) -> Option<T>) -> LookupAnswer<T> {
    let (status, retry_after, body) = match reply {
        Reply::NotSent(why) | Reply::Lost(why) => {
            return LookupAnswer::Unknown((*why).to_owned(), None);
        }
        Reply::NotTrusted(_) | Reply::NoLogIn(_) => {
            return match stopping(reply) {
                Judgement::Stop(message, hint) => LookupAnswer::Stop(message, hint),
                _ => LookupAnswer::Unknown("no connection".to_owned(), None),
            };
        }
        Reply::Unproven(_) => return LookupAnswer::Unknown("an unproven answer".to_owned(), None),
        Reply::Answer {
            status,
            retry_after,
            body,
        } => (*status, *retry_after, body.reveal()),
    };
    match status {
        200 => match there(body) {
            Some(found) => LookupAnswer::There(found),
            None => LookupAnswer::Unknown("200, not ours".to_owned(), None),
        },
        404 if is_error(body) => LookupAnswer::NotThere,
        401 | 300..=399 => match stop(status) {
            Judgement::Stop(message, hint) => LookupAnswer::Stop(message, hint),
            _ => LookupAnswer::Unknown(status.to_string(), None),
        },
        _ => LookupAnswer::Unknown(status.to_string(), retry_after),
    }
}

fn stop(status: u16) -> Judgement {
    let (what, hint) = match status {
        401 => (
            "Bakkt does not know the key (401)",
            "check BAKKT_API_KEY or [target] key_file; of the reference dialect, [target] logon_id and the password",
        ),
        404 => no_service(),
        _ => (
            "the address points elsewhere (a redirect), which is not followed with customers' data",
            "check [target] base_url, or --base-url",
        ),
    };
    Judgement::Stop(what.to_owned(), hint.to_owned())
}

/// Why no request can leave at all.
pub(super) fn stopping(reply: &Reply) -> Judgement {
    match reply {
        Reply::NotTrusted(why) => Judgement::Stop(
            format!("the server's certificate is refused: {why}"),
            "check [target] base_url and the clock; where a proxy of your firm opens TLS, name the certificate of its authority as `ca_file` under [target]"
                .to_owned(),
        ),
        Reply::NoLogIn(403) => {
            let (message, hint) = forbidden();
            Judgement::Stop(message.to_owned(), hint.to_owned())
        }
        _ => stop(401),
    }
}

/// Message and hint when a request is forbidden before one has succeeded. A gateway belongs to one client and lets in
/// listed addresses only, so that is the first thing to look at.
pub(crate) fn forbidden() -> (&'static str, &'static str) {
    (
        "Bakkt's gateway forbids the request (403), and nothing has succeeded before",
        "most likely the IP address that your requests come from is not on the address list of your gateway: ask your contact at Bakkt to add it; if it is there, check that the key is right and may open accounts; then run the same command",
    )
}

/// Message and hint when nothing of Bakkt answers at the address.
pub(crate) fn no_service() -> (&'static str, &'static str) {
    (
        "there is no account service at this address (404)",
        "check [target] base_url, or --base-url: it ends before /apex-crypto",
    )
}

/// An Account whose request is ours: its facts and its request.
fn account(body: &[u8], client_id: &str, known: &KnownValues<'_>) -> Option<(AccountFacts, Value)> {
    let mut value: Value = serde_json::from_slice(body).ok()?;
    let id = known.id(value.get("id")?)?;
    let request = value
        .get_mut("request")
        .map(Value::take)
        .unwrap_or_default();
    let named = request
        .get("clientAccountId")
        .or_else(|| value.get("clientAccountId"))?;
    if named.as_str()? != client_id {
        return None;
    }
    let text = |key: &str| {
        value
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned()
    };
    let facts = AccountFacts {
        id,
        status: mask::fit_word(&text("status")),
        created_at: mask::fit_time(&text("createdAt")),
    };
    Some((facts, request))
}

/// `Error` = `{code, message}`, code an integer.
pub(super) fn is_error(body: &[u8]) -> bool {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    value.get("code").is_some_and(Value::is_i64)
        && value.get("message").is_some_and(Value::is_string)
}

/// A Document whose request is ours.
fn document(body: &[u8], uuid: &str, known: &KnownValues<'_>) -> Option<AccountFacts> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let id = known.id(value.get("id")?)?;
    let named = value.get("request")?.get("clientDocumentId")?.as_str()?;
    named.eq_ignore_ascii_case(uuid).then(|| AccountFacts {
        id,
        status: String::new(),
        created_at: value
            .get("createdAt")
            .and_then(Value::as_str)
            .map(mask::fit_time)
            .unwrap_or_default(),
    })
}

/// When an account was made, in milliseconds since 1970.
pub(crate) fn created_at(facts: &AccountFacts) -> Option<i64> {
    facts
        .created_at
        .parse::<jiff::Timestamp>()
        .ok()
        .map(|time| time.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::super::mask::Secrets;
    use super::*;
    use bakkt_journal::CodeKey;
    use bakkt_model::sensitive::Sensitive;

    /// Nothing is known that could be repeated.
    fn knowing<T>(judge: impl FnOnce(&KnownValues<'_>) -> T) -> T {
        judge(&KnownValues {
            key: &CodeKey::new(&[0; 32]),
            secrets: &Secrets::default(),
            sent: &[b"{}"],
            is_complete: true,
            beginnings: &[],
        })
    }

    fn question(reply: &Reply, client_id: &str) -> LookupAnswer<(AccountFacts, Value)> {
        knowing(|known| super::question(reply, client_id, known))
    }

    fn answer(status: u16, retry_after: Option<u64>, body: &str) -> Reply {
        Reply::Answer {
            status,
            retry_after: retry_after.map(Duration::from_secs),
            body: Sensitive::new(body.as_bytes().to_vec()),
        }
    }

    const OURS: &str = r#"{"id":"b-1","status":"PENDING","createdAt":"2026-01-01T00:00:00Z","request":{"clientAccountId":"A1"}}"#;

    #[test]
    fn every_answer_to_a_creation_has_one_meaning() {
        let kind = |reply: &Reply| knowing(|known| creation(reply, "A1", known)).word();
        for (reply, expected) in [
            (answer(200, None, OURS), "accepted"),
            (
                answer(
                    200,
                    None,
                    r#"{"id":"b-1","request":{"clientAccountId":"A2"}}"#,
                ),
                "in doubt",
            ),
            (
                answer(200, None, r#"{"request":{"clientAccountId":"A1"}}"#),
                "in doubt",
            ),
            (answer(200, None, "<html>"), "in doubt"),
            (answer(201, None, OURS), "in doubt"),
            (answer(204, None, ""), "in doubt"),
            (answer(400, None, "{}"), "refused"),
            (answer(409, None, "{}"), "refused"),
            (answer(413, None, ""), "refused"),
            (answer(422, None, "{}"), "refused"),
            (answer(451, None, ""), "refused"),
            (answer(401, None, ""), "stop"),
            (answer(404, None, ""), "no service"),
            (answer(301, None, ""), "stop"),
            (answer(403, None, ""), "forbidden"),
            (answer(403, Some(3), ""), "not taken"),
            (answer(425, None, ""), "not taken"),
            (answer(408, None, ""), "in doubt"),
            (answer(429, None, ""), "not taken"),
            (answer(503, Some(2), ""), "not taken"),
            (answer(503, None, ""), "in doubt"),
            (answer(500, None, ""), "in doubt"),
            (Reply::NotSent("connection refused"), "not sent"),
            (Reply::NotTrusted("it has expired"), "stop"),
            (Reply::NoLogIn(401), "stop"),
            (Reply::NoLogIn(403), "stop"),
            (Reply::Lost("timeout"), "in doubt"),
        ] {
            assert_eq!(kind(&reply), expected, "{reply:?}");
        }
    }

    #[test]
    fn what_stops_says_what_is_wrong_and_what_to_look_at() {
        let said = |reply: &Reply| match knowing(|known| creation(reply, "A1", known)) {
            Judgement::Stop(message, hint) => format!("{message}; {hint}"),
            other => panic!("{other:?}"),
        };
        let certificate = said(&Reply::NotTrusted("it has expired"));
        assert!(certificate.contains("certificate is refused: it has expired"));
        assert!(certificate.contains("ca_file"));
        let forbidden = said(&Reply::NoLogIn(403));
        let (address, key) = (forbidden.find("address list"), forbidden.find("key"));
        assert!(address < key && address.is_some(), "{forbidden}");
        assert!(said(&Reply::NoLogIn(401)).contains("does not know the key"));
    }

    #[test]
    fn a_404_to_an_upload_is_a_refusal_only_when_bakkt_says_so() {
        const DOCUMENT: &str = r#"{"id":"d-1","createdAt":"2026-01-01T00:00:00Z","request":{"clientDocumentId":"U-1","account":"A1"}}"#;
        let error = r#"{"code":404,"message":"unknown document type"}"#;
        let upload = |reply: &Reply| knowing(|known| upload(reply, "u-1", known)).word();
        let kyb = |reply: &Reply| knowing(|known| kyb(reply, known)).word();
        for (reply, of_upload, of_kyb) in [
            (answer(200, None, DOCUMENT), "accepted", "in doubt"),
            (answer(200, None, "success"), "in doubt", "accepted"),
            (answer(200, None, "\"success\"\n"), "in doubt", "accepted"),
            (
                answer(200, None, &DOCUMENT.replace("U-1", "U-2")),
                "in doubt",
                "in doubt",
            ),
            (answer(200, None, ""), "in doubt", "in doubt"),
            (answer(404, None, error), "refused", "refused"),
            (
                answer(404, None, "<html>not found"),
                "no service",
                "no service",
            ),
            (
                answer(404, None, r#"{"error":"no route"}"#),
                "no service",
                "no service",
            ),
            (answer(413, None, ""), "refused", "refused"),
            (answer(422, None, error), "refused", "refused"),
            (answer(401, None, ""), "stop", "stop"),
            (answer(302, None, ""), "stop", "stop"),
            (answer(403, None, ""), "forbidden", "forbidden"),
            (answer(408, None, ""), "in doubt", "in doubt"),
            (answer(429, None, ""), "not taken", "not taken"),
            (answer(503, Some(1), ""), "not taken", "not taken"),
            (answer(502, None, ""), "in doubt", "in doubt"),
            (Reply::Lost("timeout"), "in doubt", "in doubt"),
            (Reply::NotSent("connection refused"), "not sent", "not sent"),
        ] {
            assert_eq!(
                (upload(&reply), kyb(&reply)),
                (of_upload, of_kyb),
                "{reply:?}"
            );
        }
    }

    #[test]
    fn only_an_error_body_says_that_an_account_is_not_there() {
        assert_eq!(
            question(&answer(404, None, r#"{"code":404,"message":"none"}"#), "A1"),
            LookupAnswer::NotThere
        );
        for body in [
            "",
            "<html>",
            r#"{"code":"404","message":"x"}"#,
            r#"{"message":"x"}"#,
        ] {
            assert!(
                matches!(
                    question(&answer(404, None, body), "A1"),
                    LookupAnswer::Unknown(..)
                ),
                "{body}"
            );
        }
        assert!(matches!(
            question(&answer(200, None, OURS), "A1"),
            LookupAnswer::There(..)
        ));
        assert!(matches!(
            question(&answer(200, None, OURS), "A2"),
            LookupAnswer::Unknown(..)
        ));
        assert!(matches!(
            question(&answer(500, None, ""), "A1"),
            LookupAnswer::Unknown(..)
        ));
        assert!(matches!(
            question(&Reply::Lost("timeout"), "A1"),
            LookupAnswer::Unknown(..)
        ));
        assert!(matches!(
            question(&answer(401, None, ""), "A1"),
            LookupAnswer::Stop(..)
        ));
    }
}
