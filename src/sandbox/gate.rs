//! Who is let in, and how many: keys, tokens and the rate window.
//!
//! Owner: the service, under its lock. Invariants: a request that is turned away uses up nothing of the window; the
//! window slides, so no span of its length ever holds more than it lets through. Left out on purpose: per-client limits.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::config::{Config, Dialect, Rate};
use super::faults;

/// Tokens given out, and the present window.
#[derive(Default)]
pub(super) struct Gate {
    /// How often each token was used.
    tokens: HashMap<String, u32>,
    /// When the requests of the present window were let through.
    window: VecDeque<Instant>,
}

impl Gate {
    /// Whether this Authorization header opens the door; a token's use is counted.
    pub(super) fn authorised(&mut self, config: &Config, header: Option<&str>) -> bool {
        let header = header.unwrap_or_default();
        if config.dialect == Dialect::Guide {
            let key = header.strip_prefix("API-Key ").unwrap_or_default();
            return !key.is_empty() && config.api_key.as_ref().is_none_or(|wanted| wanted == key);
        }
        match self.tokens.get_mut(header) {
            Some(uses) if config.token_uses.is_none_or(|most| *uses < most) => {
                *uses += 1;
                true
            }
            _ => false,
        }
    }

    /// None when the request is let through; else after how many seconds the window has room.
    pub(super) fn limited(&mut self, rate: Option<&Rate>) -> Option<u64> {
        let rate = rate?;
        let (now, length) = (Instant::now(), Duration::from_millis(rate.per_ms));
        while self
            .window
            .front()
            .is_some_and(|first| now.duration_since(*first) >= length)
        {
            self.window.pop_front();
        }
        match self.window.front() {
            Some(first) if self.window.len() >= rate.requests as usize => {
                let wait = length.saturating_sub(now.duration_since(*first));
                Some(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
            }
            _ => {
                self.window.push_back(now);
                None
            }
        }
    }

    /// A new token.
    pub(super) fn token(&mut self, seed: u64) -> String {
        let token = format!(
            "tk-{:016x}-{}",
            faults::draw(seed, "", 0, "token"),
            self.tokens.len() + 1
        );
        self.tokens.insert(token.clone(), 0);
        token
    }
}
