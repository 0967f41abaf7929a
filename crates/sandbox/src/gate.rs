//! Who is let in, and how many: keys, tokens and the rate window.
//!
//! Owner: the service, under its lock. Invariants: a request that is turned away uses up nothing of the window; the
//! window slides, so no span of its length ever holds more than it lets through. Left out on purpose: per-client limits.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::config::{Config, Dialect, Rate};

/// The calls that share a rate window. Uploads and KYB triggers have a window of their own when the configuration gives them one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RateClass {
    Account,
    Lookup,
    Upload,
    Kyb,
    /// What custody makes.
    Custody,
}

impl RateClass {
    /// The limit that holds for it, and which window that is.
    fn limit(self, config: &Config) -> (Option<&Rate>, usize) {
        let common = config.rate.as_ref();
        match self {
            RateClass::Account => (common, 0),
            RateClass::Lookup => (common.filter(|rate| rate.count_lookups), 0),
            RateClass::Upload if config.upload_rate.is_some() => (config.upload_rate.as_ref(), 1),
            RateClass::Kyb if config.kyb_rate.is_some() => (config.kyb_rate.as_ref(), 2),
            RateClass::Custody => (config.custody.rate.as_ref(), 3),
            RateClass::Upload | RateClass::Kyb => (common, 0),
        }
    }
}

/// Whether a call is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Open,
    Unauthorised,
    /// Too many requests; after how many seconds to come again, when it says so.
    Limited(Option<u64>),
}

/// Tokens given out, and the present windows.
#[derive(Default)]
pub(super) struct Gate {
    /// How often each token was used.
    tokens: HashMap<String, u32>,
    /// When the requests of each present window were let through.
    windows: [VecDeque<Instant>; 4],
}

impl Gate {
    /// Whether a call with this Authorization header is let in; its token's use and its place in the window are counted.
    pub(super) fn enter(
        &mut self,
        line: RateClass,
        config: &Config,
        header: Option<&str>,
    ) -> Admission {
        if !self.authorised(config, header) {
            return Admission::Unauthorised;
        }
        let (rate, window) = line.limit(config);
        match rate.and_then(|rate| Some((rate, limited(&mut self.windows[window], rate)?))) {
            Some((rate, wait)) => Admission::Limited(rate.retry_after.then_some(wait)),
            None => Admission::Open,
        }
    }

    /// When a call of somebody who is let in goes beyond the rate: after how many seconds to come again, if it says so.
    pub(super) fn limited(&mut self, line: RateClass, config: &Config) -> Option<Option<u64>> {
        let (rate, window) = line.limit(config);
        let rate = rate?;
        let wait = limited(&mut self.windows[window], rate)?;
        Some(rate.retry_after.then_some(wait))
    }

    fn authorised(&mut self, config: &Config, header: Option<&str>) -> bool {
        let header = header.unwrap_or_default();
        if config.dialect == Dialect::Guide {
            let key = header.strip_prefix("API-Key ").unwrap_or_default();
            return config.knows(key);
        }
        match self.tokens.get_mut(header) {
            Some(uses) if config.token_uses.is_none_or(|most| *uses < most) => {
                *uses += 1;
                true
            }
            _ => false,
        }
    }

    /// A new token, which nobody can guess who does not know the key.
    pub(super) fn token(&mut self, config: &Config) -> String {
        let number = self.tokens.len() + 1;
        let name = format!(
            "token {number} {}",
            config.key.as_deref().unwrap_or_default()
        );
        let token = format!(
            "tk-{}-{number}",
            &blake3::hash(name.as_bytes()).to_hex()[..32]
        );
        self.tokens.insert(token.clone(), 0);
        token
    }
}

/// None when the request is let through; else after how many seconds the window has room.
fn limited(window: &mut VecDeque<Instant>, rate: &Rate) -> Option<u64> {
    let (now, length) = (Instant::now(), Duration::from_millis(rate.per_ms));
    while window
        .front()
        .is_some_and(|first| now.duration_since(*first) >= length)
    {
        window.pop_front();
    }
    match window.front() {
        Some(first) if window.len() >= rate.requests as usize => {
            let wait = length.saturating_sub(now.duration_since(*first));
            Some(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
        }
        _ => {
            window.push_back(now);
            None
        }
    }
}
