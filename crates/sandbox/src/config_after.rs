//! How the sandbox behaves after an account was taken: decisions, webhooks, verification links.
//!
//! Owner: `config`. Invariant: without these tables nothing is decided and nothing is sent, as before there were any.
//! Left out on purpose: what an event says (see `webhook`), and what a decision means to a client.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use hyper::Uri;
use serde::Deserialize;

/// Accounts are decided after a delay. The shares are drawn from the seed and the id; what is left of 1 is ACTIVE.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Decide {
    /// So long after the POST that made the account, or the KYB trigger where one is needed.
    pub after_ms: u64,
    /// And up to so much later still.
    pub jitter_ms: u64,
    /// INACTIVE for RISK_KYC.
    pub risk_kyc: f64,
    /// INACTIVE for RISK_OFAC.
    pub risk_ofac: f64,
    /// UNDER_REVIEW for DOCUMENT_VERIFICATION; stays so.
    pub documents: f64,
    /// UNDER_REVIEW for PENDING_REVIEW, and ACTIVE after the same delay once more.
    pub review: f64,
}

impl Decide {
    pub(super) fn check(&self) -> Result<(), String> {
        let shares = [
            ("decide.risk_kyc", self.risk_kyc),
            ("decide.risk_ofac", self.risk_ofac),
            ("decide.documents", self.documents),
            ("decide.review", self.review),
        ];
        check_shares(&shares)?;
        let all: f64 = shares.iter().map(|(_, share)| share).sum();
        if all > 1.0 {
            return Err("decide: its shares are more than 1 together".to_owned());
        }
        Ok(())
    }
}

/// Events are posted to a receiver on loopback.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where to: `http://127.0.0.1:PORT/path`.
    pub url: String,
    /// Key of the HMAC-SHA-256 over the raw body. None: no signature.
    #[serde(default)]
    pub secret: Option<String>,
    /// The header that carries it, as hexadecimal digits.
    #[serde(default = "signature_header")]
    pub header: String,
    /// Share of events that are sent once more after they were answered, with the same bytes.
    #[serde(default)]
    pub repeat: f64,
    /// Share of the accounts with two events whose events come in the wrong order.
    #[serde(default)]
    pub swap: f64,
    /// Share of events that are never sent.
    #[serde(default)]
    pub lose: f64,
    /// An event that was not answered 200 is sent again so often.
    #[serde(default = "retries")]
    pub retries: u32,
    /// The first time so much later, then twice as much, up to two seconds.
    #[serde(default = "retry_ms")]
    pub retry_ms: u64,
    /// Connections at once.
    #[serde(default = "senders")]
    pub senders: usize,
}

fn signature_header() -> String {
    "X-Bakkt-Signature".to_owned()
}

fn retries() -> u32 {
    5
}

fn retry_ms() -> u64 {
    100
}

fn senders() -> usize {
    16
}

impl Webhook {
    pub(super) fn check(&self) -> Result<(), String> {
        check_shares(&[
            ("webhook.repeat", self.repeat),
            ("webhook.swap", self.swap),
            ("webhook.lose", self.lose),
        ])?;
        if !(1..=1024).contains(&self.senders) {
            return Err("webhook.senders is a number from 1 to 1024".to_owned());
        }
        if hyper::header::HeaderName::from_bytes(self.header.as_bytes()).is_err() {
            return Err("webhook.header is not the name of a header".to_owned());
        }
        self.target().map(|_| ())
    }

    /// The address and the path that the URL names.
    pub(super) fn target(&self) -> Result<(SocketAddr, String), String> {
        let wrong = || {
            "webhook.url is http://127.0.0.1:PORT/ with a path of your own: loopback only"
                .to_owned()
        };
        let uri: Uri = self.url.parse().map_err(|_| wrong())?;
        let host = uri.host().unwrap_or_default();
        let host = match host.trim_start_matches('[').trim_end_matches(']') {
            "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
            address => address.parse().map_err(|_| wrong())?,
        };
        if uri.scheme_str() != Some("http") || !host.is_loopback() {
            return Err(wrong());
        }
        let address = SocketAddr::new(host, uri.port_u16().unwrap_or(80));
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok((address, path.to_owned()))
    }
}

/// Links for the verification of documents.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Links {
    /// How long one lives; three of an account may run out.
    pub lifetime_ms: u64,
}

impl Default for Links {
    fn default() -> Self {
        Links {
            lifetime_ms: 259_200_000,
        }
    }
}

/// Refuses shares outside 0 to 1.
pub(super) fn check_shares(shares: &[(&str, f64)]) -> Result<(), String> {
    let wrong = |(_, share): &&(&str, f64)| !(0.0..=1.0).contains(share);
    match shares.iter().find(wrong) {
        Some((name, value)) => Err(format!("{name} = {value}: a share is a number from 0 to 1")),
        None => Ok(()),
    }
}
