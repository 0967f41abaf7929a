//! Verification links: which one is good, and when they have run out.
//!
//! Owner: the service. Invariants: an account has a link once documents are asked for; the one after it comes when it
//! has run out, and after three that ran out there is none. Left out on purpose: anything behind a link.

use std::time::Duration;

use jiff::Timestamp;

use super::config::Config;
use super::store::Slot;

/// The link of an account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    /// How many ran out before it.
    pub(super) expirations: u32,
    pub(super) expiry: Timestamp,
}

impl Link {
    fn new(config: &Config, expirations: u32) -> Link {
        let lifetime = config.links.clone().unwrap_or_default().lifetime_ms;
        let now = Timestamp::now();
        Link {
            expirations,
            expiry: now
                .checked_add(Duration::from_millis(lifetime))
                .unwrap_or(now),
        }
    }

    /// As the customer gets it.
    pub(super) fn url(self, config: &Config, id: &str) -> String {
        let name = format!("link {} {} {id}", config.seed, self.expirations);
        let hash = blake3::hash(name.as_bytes()).to_hex();
        format!("https://verify.example.com/documents/{hash}")
    }
}

impl Slot {
    /// The link that goes out with the request for documents.
    pub(super) fn first_link(&mut self, config: &Config) -> (String, Timestamp) {
        let link = Link::new(config, 0);
        self.link = Some(link);
        (link.url(config, &self.id), link.expiry)
    }
}
