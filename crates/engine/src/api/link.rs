//! What an answer to the question for a verification link means.
//!
//! Owner of its shape. Invariants: the link is a customer's own way into Bakkt, so it is held as customers' data are; what
//! does not look like a link is none. Left out on purpose: what follows from there being none (`journal::links`).

use serde_json::Value;

use super::client::Reply;
use super::judge::{self, LookupAnswer};
use bakkt_contract::expiry::expiry;
use bakkt_model::sensitive::Sensitive;

/// No link comes near this, in bytes.
const LONGEST: usize = 2048;

/// Bakkt's answer to a question for a verification link.
#[derive(Debug, PartialEq)]
pub enum LinkAnswer {
    /// The link, and when it runs out, in milliseconds, if Bakkt says so.
    Given(Sensitive<String>, Option<i64>),
    /// There is none: a 400 with an Error body.
    None,
}

pub(crate) fn link(reply: &Reply) -> LookupAnswer<LinkAnswer> {
    match reply {
        Reply::Answer {
            status: 400, body, ..
        } if judge::is_error(body.reveal()) => LookupAnswer::There(LinkAnswer::None),
        reply => judge::ask(reply, given),
    }
}

fn given(body: &[u8]) -> Option<LinkAnswer> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let url = value.get("verificationURL")?.as_str()?.trim();
    let clean = url.bytes().all(|byte| byte.is_ascii_graphic());
    if !url.starts_with("https://") || url.len() > LONGEST || !clean {
        return None;
    }
    let expiry = value.get("verificationURLExpiry").and_then(expiry);
    Some(LinkAnswer::Given(Sensitive::new(url.to_owned()), expiry))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Reply {
        Reply::Answer {
            status,
            retry_after: None,
            body: Sensitive::new(body.as_bytes().to_vec()),
        }
    }

    #[test]
    fn every_answer_has_one_meaning() {
        let url = "https://verify.example.com/a?b=1";
        let given =
            |expiry| LookupAnswer::There(LinkAnswer::Given(Sensitive::new(url.to_owned()), expiry));
        for (expiry, expected) in [
            ("\"2026-11-21T20:00:00.5Z\"", Some(1_795_291_200_500)),
            ("1795291200", Some(1_795_291_200_000)),
            ("\"tomorrow\"", None),
            ("null", None),
        ] {
            let body =
                format!("{{\"verificationURL\":\"{url}\",\"verificationURLExpiry\":{expiry}}}");
            assert_eq!(link(&answer(200, &body)), given(expected), "{expiry}");
        }
        for body in [
            "{}",
            "nothing",
            "{\"verificationURL\":\"http://verify.example.com/\"}",
            "{\"verificationURL\":\"https://verify.example.com/a b\"}",
            "{\"verificationURL\":\"=1+1\"}",
            "{\"verificationURL\":7}",
        ] {
            let unknown = LookupAnswer::Unknown("200, not ours".to_owned(), None);
            assert_eq!(link(&answer(200, body)), unknown, "{body}");
        }
        let error = "{\"code\":400,\"message\":\"no\"}";
        assert_eq!(
            link(&answer(400, error)),
            LookupAnswer::There(LinkAnswer::None)
        );
        let unknown = |status: &str| LookupAnswer::Unknown(status.to_owned(), None);
        assert_eq!(link(&answer(400, "<html>")), unknown("400"));
        assert_eq!(link(&answer(404, error)), LookupAnswer::NotThere);
        assert_eq!(link(&answer(404, "")), unknown("404"));
        assert_eq!(link(&answer(500, error)), unknown("500"));
        assert!(matches!(link(&answer(401, error)), LookupAnswer::Stop(..)));
    }
}
