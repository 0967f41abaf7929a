//! What of a server's answer may be kept (invariant 8).
//!
//! Owner of masking. Of a refusal we keep code, field (only where it is a path of the contract) and message. In the
//! message digits, quoted parts and every value that we sent are masked: a value, or a word of it, is found in any
//! case, without accents, and however it is cut by spaces, dots or dashes. `rejectedValue` is never read.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::contract::fold::fold;
use crate::contract::{forms, path};
use crate::journal::tasks::Refusal;

/// Longest message that is kept, in characters.
const LONGEST: usize = 240;
/// Values and words from this length on are searched for.
const SHORTEST: usize = 4;
/// A character that stands for masked text.
const MASK: char = '*';

/// Code, field and masked message of a refusal. `sent`: JSON whose values no kept text may repeat.
pub fn refusal(status: u16, body: &[u8], sent: &[&[u8]]) -> Refusal {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let first = value
        .get("validationErrors")
        .and_then(|list| list.get(0))
        .unwrap_or(&value);
    let text = |key: &str| {
        first
            .get(key)
            .or_else(|| value.get(key))
            .and_then(Value::as_str)
            .unwrap_or("")
    };
    let code = first
        .get("code")
        .or_else(|| value.get("code"))
        .map(code_text)
        .unwrap_or_default();
    let masker = Masker::new(sent);
    Refusal {
        code: if code.is_empty() {
            status.to_string()
        } else {
            masker.keep_code(&code, status)
        },
        field: field(text("field")),
        message: masker.mask(text("message")),
    }
}

fn code_text(code: &Value) -> String {
    match code {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => String::new(),
    }
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

/// An id of Bakkt's, when it looks like one.
pub fn fit_id(value: &Value) -> Option<String> {
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

/// A status word as Bakkt named it, known or not; anything that is not a word is not kept.
pub fn fit_word(text: &str) -> String {
    let fits =
        (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    if fits { text.to_owned() } else { String::new() }
}

/// A time, when it is one.
pub fn fit_time(text: &str) -> String {
    if text.parse::<jiff::Timestamp>().is_ok() {
        text.to_owned()
    } else {
        String::new()
    }
}

/// Everything that was sent, folded.
struct Masker {
    values: BTreeSet<String>,
}

impl Masker {
    fn new(sent: &[&[u8]]) -> Masker {
        let mut values = BTreeSet::new();
        for json in sent {
            collect(
                &serde_json::from_slice(json).unwrap_or_default(),
                &mut values,
            );
        }
        Masker { values }
    }

    /// A code is a number, or a word that holds nothing of what was sent.
    fn keep_code(&self, code: &str, status: u16) -> String {
        let word = code.len() <= 60
            && code
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
        let number = code.len() <= 5 && code.bytes().all(|b| b.is_ascii_digit());
        if number || (word && self.mask(code) == code) {
            code.to_owned()
        } else {
            status.to_string()
        }
    }

    fn mask(&self, message: &str) -> String {
        let mut shown: Vec<char> = message.chars().take(4096).collect();
        mask_quoted(&mut shown);
        self.mask_values(&mut shown);
        let mut kept = String::new();
        for c in shown {
            let c = if c.is_numeric() {
                MASK
            } else if c.is_control() {
                ' '
            } else {
                c
            };
            if !(c == MASK && kept.ends_with(MASK)) {
                kept.push(c);
            }
        }
        kept.chars()
            .take(LONGEST)
            .collect::<String>()
            .trim()
            .to_owned()
    }

    /// Searches the message with everything but letters and digits taken out.
    fn mask_values(&self, shown: &mut [char]) {
        let (mut squeezed, mut places) = (String::new(), Vec::new());
        for (place, c) in shown.iter().enumerate() {
            for folded in fold(&c.to_string()).chars() {
                for _ in 0..folded.len_utf8() {
                    places.push(place);
                }
                squeezed.push(folded);
            }
        }
        for value in &self.values {
            for (start, _) in squeezed.match_indices(value.as_str()) {
                let end = places[start + value.len() - 1];
                shown[places[start]..=end].fill(MASK);
            }
        }
    }
}

fn mask_quoted(shown: &mut [char]) {
    const PAIRS: &[(char, char)] = &[
        ('"', '"'),
        ('\'', '\''),
        ('`', '`'),
        ('“', '”'),
        ('‘', '’'),
        ('«', '»'),
        ('<', '>'),
    ];
    let mut at = 0;
    while at < shown.len() {
        let close = PAIRS
            .iter()
            .find(|(open, _)| *open == shown[at])
            .map(|(_, close)| *close);
        // An apostrophe inside a word opens nothing.
        let inside = shown[at] == '\'' && at > 0 && shown[at - 1].is_alphanumeric();
        if let Some(close) = close.filter(|_| !inside)
            && let Some(length) = shown[at + 1..].iter().position(|c| *c == close)
        {
            shown[at + 1..at + 1 + length].fill(MASK);
            at += length + 1;
        }
        at += 1;
    }
}

/// Every value from four characters on, folded: whole, and its words.
fn collect(value: &Value, values: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let mut add = |part: &str| {
                let folded = fold(part);
                if folded.chars().count() >= SHORTEST {
                    values.insert(folded);
                }
            };
            add(text);
            // A date may come back with its month in words.
            if let Some(date) = forms::is_date(text) {
                add(&date.strftime("%B").to_string());
            }
            text.split(|c: char| !c.is_alphanumeric())
                .for_each(&mut add);
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, values)),
        Value::Object(object) => object.values().for_each(|value| collect(value, values)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: &str = r#"{"owners":[{"identity":{"givenName":"Zoë-Maria","familyName":"O'Brannigan","dateOfBirth":"1970-01-31"},
        "emailAddress":"zoe.m@example.com","identityAddress":{"streetAddress":["12 Elm Grove Rd"]}}]}"#;

    #[test]
    fn nothing_that_was_sent_is_kept() {
        let body = r#"{"code":"INVALID","message":"no","validationErrors":[{"code":"BAD_NAME","field":"owners[0].identity.givenName",
            "message":"customer OBRANNIGAN, ZOE MARIA (\"ZM\") of 12-Elm-Grove rd. born 31.01.1970 or January 31 <x@y>, mail ZOE.M@EXAMPLE.COM is not known","rejectedValue":"Zoë-Maria"}]}"#;
        let kept = refusal(422, body.as_bytes(), &[SENT.as_bytes()]);
        assert_eq!(kept.code, "BAD_NAME");
        assert_eq!(kept.field, "owners[0].identity.givenName");
        let lower = kept.message.to_lowercase();
        for value in [
            "brannigan",
            "zoe",
            "maria",
            "zm",
            "elm",
            "grove",
            "1970",
            "x@y",
            "example",
        ] {
            assert!(!lower.contains(value), "{value} in {}", kept.message);
        }
        assert!(
            kept.message.starts_with("customer ") && kept.message.ends_with("is not known"),
            "{}",
            kept.message
        );
    }

    #[test]
    fn a_field_or_code_that_is_none_is_not_kept() {
        let body = r#"{"code":"O'Brannigan","field":"Elm Grove","message":"x"}"#;
        let kept = refusal(400, body.as_bytes(), &[SENT.as_bytes()]);
        assert_eq!((kept.code.as_str(), kept.field.as_str()), ("400", ""));
        assert_eq!(refusal(413, b"<html>", &[b"{"]).code, "413");
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
}
