//! What of a server's answer is kept: where in it a code, a field, a reason and a message stand.
//!
//! Owner of the shapes of refusals. What of their words may stay is decided by [`bakkt_contract::masking`] and nowhere else
//! (invariant 8). `rejectedValue` is never read.

use std::sync::{Mutex, PoisonError};

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use bakkt_contract::decision::{ACCOUNT_STATUSES, MODES, REASON_CODES};
use bakkt_contract::masking::{self, Masker, Personal};
use bakkt_contract::path;
use bakkt_journal::{CodeKey, HiddenKind};
use bakkt_model::task::Refusal;

/// Keys of a JSON answer under which words for people stand, the most telling ones first.
const MESSAGES: &[&str] = &[
    "message",
    "defaultMessage",
    "detail",
    "description",
    "error_description",
    "errorMessage",
    "faultstring",
    "reason",
    "title",
    "error",
    "msg",
];
/// Keys under which an answer holds another object, or a list of them, that says more.
const INNER: &[&str] = &[
    "validationErrors",
    "errors",
    "error",
    "fault",
    "violations",
    "fieldErrors",
];
/// Keys of a code, and of a reason that says more than a number does.
const CODES: &[&str] = &["code", "errorCode", "error_code"];
const REASONS: &[&str] = &["reasonCode", "reason_code", "reason"];

/// What an answer may not repeat, beside values: our credentials, and every token that we were given.
#[derive(Debug, Default)]
pub struct Secrets(Mutex<Vec<SecretString>>);

impl Secrets {
    pub(crate) fn add(&self, secret: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.iter().any(|known| known.expose_secret() == secret) {
            all.push(SecretString::from(secret.to_owned()));
        }
    }

    fn add_to(&self, personal: &mut Personal) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for secret in all.iter() {
            personal.add_secret(secret.expose_secret());
        }
    }
}

/// The customer's values that an answer may repeat, so that none of them is kept.
#[derive(Clone, Copy, Debug)]
pub struct KnownValues<'a> {
    /// What hides codes.
    pub key: &'a CodeKey,
    /// Our credentials.
    pub secrets: &'a Secrets,
    /// JSON that was sent of them.
    pub sent: &'a [&'a [u8]],
    /// Whether that is all that was sent.
    pub is_complete: bool,
    /// How many ids of other accounts begin: of nobody in particular. Heeded where not all that was sent is known.
    pub beginnings: &'a [String],
}

/// Characters in a row that an id shares with what was sent, where it may hold a value of it.
const PIECE: usize = 4;

impl KnownValues<'_> {
    fn personal(&self) -> Personal {
        let mut personal = if self.is_complete {
            Personal::default()
        } else {
            Personal::unknown()
        };
        for json in self.sent {
            personal.add_sent(json);
        }
        self.secrets.add_to(&mut personal);
        personal
    }

    /// What an id may not hold. Of a UUID that is a credential alone, so that what was sent need not be taken apart.
    fn personal_for_id(&self, id: &str) -> Personal {
        if !masking::is_uuid(id) {
            return self.personal();
        }
        let mut secrets = Personal::default();
        self.secrets.add_to(&mut secrets);
        secrets
    }

    /// Code, field and masked message of a refusal.
    pub(crate) fn refusal(&self, status: u16, body: &[u8]) -> Refusal {
        let personal = self.personal();
        let masker = Masker::new(&personal);
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        let code = code(&answer).unwrap_or_else(|| status.to_string());
        let words = if answer.is_null() {
            // A page of a gateway, or plain text.
            String::from_utf8_lossy(body).into_owned()
        } else {
            said(&answer)
        };
        Refusal {
            code: masker
                .code(&code, Some(status))
                .unwrap_or_else(|| self.key.hide(HiddenKind::Code, &code)),
            field: field(
                first(&answer, &["field"])
                    .and_then(Value::as_str)
                    .unwrap_or(""),
            ),
            message: if self.is_complete {
                masker.message(&words)
            } else {
                // Without knowing what a message must not repeat, none of it is kept.
                String::new()
            },
        }
    }

    /// An id of Bakkt's, when it looks like one; hidden when it holds a value of the customer.
    pub(crate) fn id(&self, value: &Value) -> Option<String> {
        let text = fit_id(value)?;
        // Of most other ids no part stands in what was sent.
        if !masking::is_uuid(&text) && self.is_complete && self.is_unrelated(&text) {
            return Some(text);
        }
        let personal = self.personal_for_id(&text);
        let kept = Masker::new(&personal).id(self.own_part(&text));
        Some(if kept {
            text
        } else {
            self.key.hide(HiddenKind::Id, &text)
        })
    }

    /// What of an id is not the same in those of other accounts.
    fn own_part<'i>(&self, id: &'i str) -> &'i str {
        if self.is_complete {
            return id;
        }
        let mut own = self
            .beginnings
            .iter()
            .filter_map(|beginning| id.strip_prefix(beginning.as_str()));
        own.find(|own| !own.is_empty()).unwrap_or(id)
    }

    fn is_unrelated(&self, id: &str) -> bool {
        let secrets = self
            .secrets
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let secrets: Vec<String> = secrets
            .iter()
            .map(|secret| secret.expose_secret().to_ascii_lowercase())
            .collect();
        let secret = |part: &str| secrets.iter().any(|secret| secret.contains(part));
        // An accent or an escape: the folded value is another text.
        let is_plain = |json: &[u8]| json.is_ascii() && !json.contains(&b'\\');
        let sent: Vec<(Vec<u8>, bool)> = self
            .sent
            .iter()
            .map(|json| (json.to_ascii_lowercase(), is_plain(json)))
            .collect();
        let id = id.to_ascii_lowercase();
        let parts = || id.split(['-', '_', '.', ':']);
        // Several characters that stand alone may be a value that was cut apart.
        if parts().filter(|part| part.len() == 1).nth(1).is_some() {
            return false;
        }
        let parts = parts().filter(|part| part.len() > 1);
        // Of a long part any piece may be a value, with letters before or behind it.
        let mut parts = parts.flat_map(|part| {
            let pieces = part.as_bytes().windows(PIECE.min(part.len()));
            pieces.filter_map(|piece| std::str::from_utf8(piece).ok())
        });
        let names = |part: &str| part.bytes().any(|byte| byte.is_ascii_alphabetic());
        parts.all(|part| {
            !secret(part)
                && sent.iter().all(|(json, is_plain)| {
                    memchr::memmem::find(json, part.as_bytes()).is_none()
                        && (!names(part) || *is_plain)
                })
        }) && !id.bytes().all(|byte| byte.is_ascii_digit())
    }
}

/// The code: a reason where there is one and the code is a bare number or missing, else the code.
fn code(answer: &Value) -> Option<String> {
    let text = |keys: &[&str]| match first(answer, keys)? {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        _ => None,
    };
    let code = text(CODES);
    let is_number = |code: &String| code.bytes().all(|byte| byte.is_ascii_digit());
    let reason = text(REASONS).filter(|reason| {
        REASON_CODES.contains(&reason.as_str())
            || (reason
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
                && reason.contains('_'))
    });
    match code {
        Some(code) if !is_number(&code) => Some(code),
        code => reason.or(code),
    }
}

/// The value of the first of these keys that an inner object has, or else the answer itself.
fn first<'a>(answer: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    let of = |object: &'a Value| {
        keys.iter().find_map(|key| {
            let value = object.get(key)?;
            let empty = value.is_null() || value.as_str().is_some_and(str::is_empty);
            (!empty && !value.is_object() && !value.is_array()).then_some(value)
        })
    };
    inner(answer).and_then(of).or_else(|| of(answer))
}

/// The object in an answer that says more than the answer does.
fn inner(answer: &Value) -> Option<&Value> {
    INNER.iter().find_map(|key| match answer.get(key)? {
        Value::Array(list) => list.first().filter(|first| first.is_object()),
        object @ Value::Object(_) => Some(object),
        _ => None,
    })
}

/// The words for people.
fn said(answer: &Value) -> String {
    let listed = |key: &&str| match answer.get(*key)? {
        Value::Array(list) => list.first()?.as_str(),
        _ => None,
    };
    let text = first(answer, MESSAGES).and_then(Value::as_str);
    let text = text.or_else(|| INNER.iter().find_map(listed));
    text.or_else(|| answer.as_str())
        .unwrap_or_default()
        .to_owned()
}

/// The field, when it is a path of the contract; else nothing, for it may hold anything.
fn field(text: &str) -> String {
    let mut path = String::new();
    for step in text.trim_start_matches("$.").split(['.', '/']) {
        if step.bytes().all(|byte| byte.is_ascii_digit()) {
            // A JSON pointer's index; the empty step before its first slash adds nothing.
            path.push_str(&if step.is_empty() {
                String::new()
            } else {
                format!("[{step}]")
            });
        } else {
            path = path::join(&path, step);
        }
    }
    // One line of a list of texts: the list is the field.
    let list = path
        .strip_suffix(']')
        .and_then(|path| Some(path.rsplit_once('[')?.0));
    let list = list.filter(|list| path::find(list).is_some());
    let name = path.bytes().all(|byte| byte.is_ascii_alphabetic());
    let named = || {
        path::patterns()
            .iter()
            .any(|known| known.ends_with(&format!(".{path}")))
    };
    if path::find(&path).is_some() || (name && named()) {
        path
    } else {
        list.unwrap_or("").to_owned()
    }
}

/// An id of Bakkt's, when it looks like one. It may still hold a value: what is to be kept goes through [`KnownValues::id`].
pub(crate) fn fit_id(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let fits = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
    fits.then_some(text)
}

/// A status word as Bakkt named it, when the contract has it or the vocabulary does; anything else is not kept.
pub(crate) fn fit_word(text: &str) -> String {
    if ACCOUNT_STATUSES.contains(&text) || MODES.contains(&text) {
        return text.to_owned();
    }
    let is_word = text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    if is_word {
        masking::word(text)
    } else {
        String::new()
    }
}

/// A time, when it is one; without what may stand behind it.
pub(crate) fn fit_time(text: &str) -> String {
    match text.parse::<jiff::Timestamp>() {
        Ok(_)
            if text
                .bytes()
                .all(|b| b.is_ascii_digit() || b"TtZz:+-. ".contains(&b)) =>
        {
            text.to_owned()
        }
        Ok(time) => time.to_string(),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: &str = r#"{"owners":[{"identity":{"givenName":"Zoë-Maria","familyName":"O'Brannigan","dateOfBirth":"1970-01-31",
        "employment":{"employerName":"IBM","position":"Clerk"},"disclosures":{"ofacSanctioned":"NO_MATCH"},
        "personalAddress":{"streetAddress":["12 Elm Grove Rd"],"city":"Reno","postalCode":"89501","state":"NV","country":"USA"}},
        "agreements":[{"name":"Customer Agreement","version":"3"}],"emailAddress":"zoe.m@example.com"}]}"#;

    fn kept(status: u16, body: &str) -> Refusal {
        let (key, secrets) = (CodeKey::new(&[7; 32]), Secrets::default());
        secrets.add("q7Xz-Secret99");
        let known = KnownValues {
            key: &key,
            secrets: &secrets,
            sent: &[SENT.as_bytes()],
            is_complete: true,
            beginnings: &[],
        };
        known.refusal(status, body.as_bytes())
    }

    #[test]
    fn nothing_that_was_sent_is_kept() {
        let kept = kept(
            422,
            r#"{"code":"INVALID","message":"no","validationErrors":[{"code":"BAD_NAME","field":"owners[0].identity.givenName",
            "message":"customer OBRANNIGAN, ZOE MARIA (\"ZM\") of 12-Elm-Grove rd. born 31.01.1970 or January 31 <x@y>, mail ZOE.M@EXAMPLE.COM is not known","rejectedValue":"Zoë-Maria"}]}"#,
        );
        assert_eq!(kept.code, "BAD_NAME");
        assert_eq!(kept.field, "owners[0].identity.givenName");
        assert_eq!(
            kept.message,
            "customer *, * (\"*\") of *-*-*. born *.*.* or * , mail *.*@*.* is not known"
        );
    }

    #[test]
    fn codes_that_hold_a_value_are_hidden_and_the_others_stay() {
        let code = |code: &str| kept(422, &format!(r#"{{"code":"{code}","message":"x"}}"#)).code;
        for same in [
            "422",
            "1042",
            "RISK_KYC",
            "INVALID_SSN",
            "NO_MATCH",
            "E1042",
            "invalidRequest",
            "error.validation.field",
            "CUSTOMER_NOT_FOUND",
            "FROM_25K_TO_50K",
        ] {
            assert_eq!(code(same), same);
        }
        for hidden in [
            "Li",
            "IBM",
            "ANA_LI",
            "ZOE",
            "89501",
            "1970",
            "IBM_REJECTED",
            "Clerk",
            "q7Xz-Secret99",
            "Secret99",
            "O'Brannigan",
        ] {
            let code = code(hidden);
            assert!(
                code.starts_with("code-") && code.len() == 15,
                "{hidden}: {code}"
            );
        }
    }

    #[test]
    fn a_field_or_code_that_is_none_is_not_kept() {
        assert_eq!(
            kept(400, r#"{"code":400,"field":"Elm Grove","message":"x"}"#).field,
            ""
        );
        assert_eq!(kept(413, "<html>").code, "413");
        for (given, kept) in [
            ("/owners/0/emailAddress", "owners[0].emailAddress"),
            ("$.owners[1].identity.taxId", "owners[1].identity.taxId"),
            (
                "owners[0].mailingAddress.streetAddress[1]",
                "owners[0].mailingAddress.streetAddress",
            ),
            ("emailAddress", "emailAddress"),
            ("owners[666121234].role", ""),
            ("666121234", ""),
            ("Grove", ""),
            ("", ""),
        ] {
            assert_eq!(field(given), kept, "{given}");
        }
    }

    #[test]
    fn words_are_found_wherever_services_put_them() {
        for (body, code, message) in [
            (
                r#"{"errors":[{"code":"NotBlank","defaultMessage":"must not be blank"}],"message":"Validation failed"}"#,
                "NotBlank",
                "must not be blank",
            ),
            (
                r#"{"error":{"code":"quota","message":"limit reached"}}"#,
                "quota",
                "limit reached",
            ),
            (
                r#"{"type":"about:blank","title":"Bad Request","detail":"unknown field"}"#,
                "400",
                "unknown field",
            ),
            (
                r#"{"errors":["the date is in the future"]}"#,
                "400",
                "the date is in the future",
            ),
            (
                r#"{"code":400,"message":"rejected","reasonCode":"RISK_OFAC"}"#,
                "RISK_OFAC",
                "rejected",
            ),
            (
                "<html><head><title>400 Bad Request</title></head><body>The request is too large</body></html>",
                "400",
                "* Bad Request The request is too large",
            ),
            ("upstream connect error", "400", "upstream connect error"),
        ] {
            let kept = kept(400, body);
            assert_eq!(
                (kept.code.as_str(), kept.message.as_str()),
                (code, message),
                "{body}"
            );
        }
    }

    #[test]
    fn ids_statuses_and_times_hold_no_value() {
        let (key, secrets) = (CodeKey::new(&[7; 32]), Secrets::default());
        let known = KnownValues {
            key: &key,
            secrets: &secrets,
            sent: &[SENT.as_bytes()],
            is_complete: true,
            beginnings: &[],
        };
        let id = |id: &str| known.id(&Value::from(id)).unwrap_or_default();
        for same in [
            "bk-00fa12cd",
            "5b1f4c1e-0a52-4c55-9a55-1b2c3d4e5f60",
            "1048576",
            "acct_9f3b2a",
            "3fa85f64-5717-4562-b3fc-2c9689501970",
            "00ed12ana9f3b2a4",
            "acct-7-f-93b2a4",
        ] {
            assert_eq!(id(same), same);
        }
        for hidden in [
            "zoe-maria",
            "IBM",
            "obrannigan.1",
            "89501",
            "1970-01-31",
            "elm12",
            "xobrannigan",
            "b19700131",
            "O-B-r-a-n-n-i-g-a-n",
            "1-9-7-0---0-1---3-1",
            "8_9_5_0_1",
            "R.e:n-o",
            "bk-I.B.M",
        ] {
            assert!(id(hidden).starts_with("id-"), "{hidden}");
        }
        assert_eq!(fit_word("COMPLETE"), "COMPLETE");
        assert_eq!(fit_word("PARTIALLY_REJECTED"), "PARTIALLY_REJECTED");
        assert_eq!(
            (fit_word("ANA_LI"), fit_word("MARK"), fit_word("Ana")),
            Default::default()
        );
        assert_eq!(fit_time("2026-01-01T00:00:00Z"), "2026-01-01T00:00:00Z");
        assert_eq!(
            fit_time("2026-01-01T00:00:00Z[UTC]"),
            "2026-01-01T00:00:00Z"
        );
        assert_eq!(fit_time("Ana"), "");
    }
}
