//! How the sandbox behaves: its dialect, its credentials, its rate limit and the faults it makes.
//!
//! Owner: whoever starts a sandbox (a command, a test). Invariant: the default is a well-behaved service without
//! faults or limits, so a test names only what it is about. Left out on purpose: any setting of the client.

use std::io;

use serde::Deserialize;

use super::config_after::check_shares;
pub use super::config_after::{Decide, Links, Webhook};
use super::custody::Custody;

/// Which of the two spellings of the contract is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// `Authorization: API-Key <key>`, `NATIONALID`.
    #[default]
    Guide,
    /// Log in first, then `Authorization: <token>`, `NATIONAL_ID`.
    Reference,
}

/// A sliding window: at most `requests` requests are let through in any `per_ms` milliseconds; beyond that, 429.
/// A request that was answered 429 does not use up the window.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// How many requests one window lets through.
    pub requests: u32,
    /// The length of the window.
    pub per_ms: u64,
    /// Whether a 429 says `Retry-After` (whole seconds).
    #[serde(default)]
    pub retry_after: bool,
    /// Whether lookups (GET) count and are limited as well.
    #[serde(default)]
    pub count_lookups: bool,
}

/// Faults and behaviour. Shares are 0 to 1 and are decided by a hash of the seed, the clientAccountId or
/// clientDocumentId, the number of this request for that id and the fault's name: a run is reproducible whatever the
/// order of its requests. Accounts, uploads and KYB triggers meet the same shares.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Moves every decision at once.
    pub seed: u64,
    /// The dialect spoken.
    pub dialect: Dialect,
    /// What lets a caller see and change what the sandbox holds, and the key of its API unless that has one of its own.
    /// None: a random one for each process.
    pub key: Option<String>,
    /// The one key that the API accepts. None: `key`.
    pub api_key: Option<String>,
    /// Reference dialect: the one logon id that is accepted. None: any.
    pub logon_id: Option<String>,
    /// Reference dialect: the one password that is accepted. None: `key`.
    pub password: Option<String>,
    /// Reference dialect: a token is answered 401 after so many uses. None: it never expires.
    pub token_uses: Option<u32>,
    /// Every answer comes so much later.
    pub latency_ms: u64,
    /// And up to so much later still.
    pub latency_jitter_ms: u64,
    /// The rate limit over everything that is sent: account POSTs, uploads and KYB triggers.
    pub rate: Option<Rate>,
    /// A limit of their own for uploads, instead of `rate`.
    pub upload_rate: Option<Rate>,
    /// A limit of their own for KYB triggers, instead of `rate`.
    pub kyb_rate: Option<Rate>,
    /// 422 for a good account. Sticky: depends on the id only, so a retry is refused again.
    pub refuse: f64,
    /// 404 for a good upload. Sticky as `refuse` is.
    pub refuse_documents: f64,
    /// 422 for a good KYB trigger. Sticky as `refuse` is.
    pub refuse_kyb: f64,
    /// 403 with a page of HTML; not taken.
    pub forbid: f64,
    /// 429, whatever the rate; not taken.
    pub limited: f64,
    /// The `Retry-After` of those. None: they have none. `date+200` is the date in 200 seconds.
    pub limited_retry_after: Option<String>,
    /// 503; not taken.
    pub unavailable: f64,
    /// The `Retry-After` of those; empty: they have none. `date+200` is the date in 200 seconds.
    pub unavailable_retry_after: String,
    /// The connection is cut before the account is made, the document stored, the screening started.
    pub reset_before: f64,
    /// The connection is cut after that.
    pub reset_after: f64,
    /// An upload's connection is cut in the middle of its body; nothing is stored.
    pub upload_cut: f64,
    /// The connection is cut at once and the effect comes only `late_ms` later.
    pub late: f64,
    /// See `late`.
    pub late_ms: u64,
    /// 500 without an effect.
    pub error_before: f64,
    /// 500 after the effect.
    pub error_after: f64,
    /// 200 with a body shorter than its Content-Length, after the effect.
    pub truncated: f64,
    /// 200 after the effect, with a body that is not JSON, JSON of another shape, or about another id.
    pub unreadable: f64,
    /// The effect comes at once, the answer only after `stall_ms`.
    pub stall: f64,
    /// See `stall`.
    pub stall_ms: u64,
    /// A surplus answer 422 on a kept connection, around the effect and the good answer to the request: before it, right behind
    /// it, or a moment later, in turn.
    pub surplus: f64,
    /// A lookup of an account, of a document's metadata or of a verification link is answered 500, cut, or answered 404 with HTML, in turn.
    pub lookup_fail: f64,
    /// After so many faults for one id (requests and lookups together) the service behaves for it. Refusals are not counted.
    pub max_faults_per_id: u32,
    /// Share of ids that have had an account since 2019.
    pub existing: f64,
    /// 422 for every id that contains this text.
    pub refuse_id_containing: Option<String>,
    /// Whether documents can be downloaded: their content is kept, up to 64 MB of all together.
    pub keep_documents: bool,
    /// Accounts are decided after a delay. None: they stay as they were taken.
    pub decide: Option<Decide>,
    /// Decisions are told by webhook. None: they are not.
    pub webhook: Option<Webhook>,
    /// Links for accounts that are asked for documents.
    pub links: Option<Links>,
    /// Fiat custody.
    pub custody: Custody,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            seed: 0,
            dialect: Dialect::Guide,
            key: None,
            api_key: None,
            logon_id: None,
            password: None,
            token_uses: None,
            latency_ms: 0,
            latency_jitter_ms: 0,
            rate: None,
            upload_rate: None,
            kyb_rate: None,
            refuse: 0.0,
            refuse_documents: 0.0,
            refuse_kyb: 0.0,
            forbid: 0.0,
            limited: 0.0,
            limited_retry_after: None,
            unavailable: 0.0,
            unavailable_retry_after: "1".to_owned(),
            reset_before: 0.0,
            reset_after: 0.0,
            upload_cut: 0.0,
            late: 0.0,
            late_ms: 1000,
            error_before: 0.0,
            error_after: 0.0,
            truncated: 0.0,
            unreadable: 0.0,
            stall: 0.0,
            stall_ms: 5000,
            surplus: 0.0,
            lookup_fail: 0.0,
            max_faults_per_id: 3,
            existing: 0.0,
            refuse_id_containing: None,
            keep_documents: true,
            decide: None,
            webhook: None,
            links: None,
            custody: Custody::default(),
        }
    }
}

impl Config {
    /// Reads a configuration from TOML and checks its shares.
    pub fn from_toml(text: &str) -> io::Result<Config> {
        let config: Config = toml::from_str(text).map_err(|error| invalid(error.to_string()))?;
        config.check()?;
        Ok(config)
    }

    /// The key, or password, of the API; empty only before a sandbox has made its own.
    pub fn api_secret(&self) -> &str {
        let own = match self.dialect {
            Dialect::Guide => &self.api_key,
            Dialect::Reference => &self.password,
        };
        own.as_ref()
            .or(self.key.as_ref())
            .map_or("", String::as_str)
    }

    /// Whether a secret is the one that lets a caller use the API. Takes the same time wherever they differ.
    pub(super) fn knows(&self, given: &str) -> bool {
        is_same(self.api_secret(), given)
    }

    /// The same of what the sandbox tells about itself.
    pub(super) fn is_owner(&self, given: &str) -> bool {
        is_same(self.key.as_deref().unwrap_or_default(), given)
    }

    /// Refuses shares outside 0 to 1 and a rate that lets nothing through.
    pub fn check(&self) -> io::Result<()> {
        let shares = [
            ("refuse", self.refuse),
            ("refuse_documents", self.refuse_documents),
            ("refuse_kyb", self.refuse_kyb),
            ("forbid", self.forbid),
            ("limited", self.limited),
            ("unavailable", self.unavailable),
            ("reset_before", self.reset_before),
            ("reset_after", self.reset_after),
            ("upload_cut", self.upload_cut),
            ("late", self.late),
            ("error_before", self.error_before),
            ("error_after", self.error_after),
            ("truncated", self.truncated),
            ("unreadable", self.unreadable),
            ("stall", self.stall),
            ("surplus", self.surplus),
            ("lookup_fail", self.lookup_fail),
            ("existing", self.existing),
        ];
        check_shares(&shares).map_err(invalid)?;
        let secrets = [&self.key, &self.api_key, &self.password];
        if secrets
            .into_iter()
            .flatten()
            .any(|secret| secret.trim().is_empty())
        {
            return Err(invalid(
                "a key or password that is empty lets anybody in".to_owned(),
            ));
        }
        let wishes = [
            self.limited_retry_after.as_deref().unwrap_or_default(),
            self.unavailable_retry_after.as_str(),
        ];
        if let Some(wish) = wishes
            .iter()
            .find(|wish| wish.bytes().any(|byte| byte.is_ascii_control()))
        {
            return Err(invalid(format!("{wish:?} cannot stand in a header")));
        }
        let decide = self.decide.as_ref().map_or(Ok(()), Decide::check);
        let webhook = self.webhook.as_ref().map_or(Ok(()), Webhook::check);
        let custody = self.custody.check();
        decide.and(webhook).and(custody).map_err(invalid)?;
        let mut rates = [&self.rate, &self.upload_rate, &self.kyb_rate]
            .into_iter()
            .flatten();
        match rates.find(|rate| rate.requests == 0 || rate.per_ms == 0) {
            Some(_) => Err(invalid(
                "rate: requests and per_ms are at least 1".to_owned(),
            )),
            None => Ok(()),
        }
    }
}

fn is_same(wanted: &str, given: &str) -> bool {
    !wanted.is_empty() && blake3::hash(wanted.as_bytes()) == blake3::hash(given.as_bytes())
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}
