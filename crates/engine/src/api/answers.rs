//! How often the server answered with what, for whoever watches a run.
//!
//! Owner of [`AnswerCounts`]. It counts whatever came back, proven or not. Left out on purpose: what an answer means (`judge`).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::client::Reply;

/// In place of a status: no answer came.
const NONE: u16 = 0;
/// In place of a status: the request did not leave.
const UNSENT: u16 = 1;

/// Answers by HTTP status, and requests without one.
#[derive(Debug, Default)]
pub struct AnswerCounts(Mutex<BTreeMap<u16, u64>>);

impl AnswerCounts {
    pub(super) fn count(&self, reply: &Reply) {
        let code = match (reply.status(), reply) {
            (Some((status, _)), _) => status,
            (None, Reply::NotSent(_) | Reply::NotTrusted(_) | Reply::NoLogIn(_)) => UNSENT,
            (None, _) => NONE,
        };
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(code).or_default() += 1;
    }

    /// Each status, `none` where no answer came, and `unsent` where no connection was made; with its number.
    pub fn all(&self) -> Vec<(String, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let word = |code: &u16| match *code {
            NONE => "none".to_owned(),
            UNSENT => "unsent".to_owned(),
            status => status.to_string(),
        };
        counts
            .iter()
            .map(|(code, count)| (word(code), *count))
            .collect()
    }
}
