//! How often the server answered with what, for whoever watches a run.
//!
//! Owner of [`AnswerCounts`]. It counts whatever came back, proven or not. Left out on purpose: what an answer means (`judge`).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::client::Reply;

/// Answers by HTTP status, and requests without one.
#[derive(Debug, Default)]
pub struct AnswerCounts(Mutex<BTreeMap<String, u64>>);

impl AnswerCounts {
    pub(super) fn count(&self, reply: &Reply) {
        let code = match (reply.status(), reply) {
            (Some((status, _)), _) => status.to_string(),
            (None, Reply::NotSent(_) | Reply::NotTrusted(_) | Reply::NoLogIn(_)) => {
                "unsent".to_owned()
            }
            (None, _) => "none".to_owned(),
        };
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(code).or_default() += 1;
    }

    /// Each status, `none` where no answer came, and `unsent` where no connection was made; with its number.
    pub fn all(&self) -> Vec<(String, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts
            .iter()
            .map(|(code, count)| (code.clone(), *count))
            .collect()
    }
}
