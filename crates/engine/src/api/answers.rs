//! How often the server answered with what, for whoever watches a run, and how far its clock is from ours.
//!
//! Owner of [`AnswerCounts`]. It counts whatever came back, proven or not. A clock that is far off is noted once, by the `Date` of the
//! first answer that shows it. Left out on purpose: what an answer means (`judge`).

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use reqwest::header::{DATE, HeaderMap};

use super::client::Reply;
use super::retry_after::date;

/// In place of a status: no answer came.
const NONE: u16 = 0;
/// In place of a status: the request did not leave.
const UNSENT: u16 = 1;

/// A clock that is less far off is not worth a word: an answer may have been on its way, or come from a cache.
const FAR: i64 = 120;

/// Answers by HTTP status, and requests without one.
#[derive(Debug, Default)]
pub struct AnswerCounts {
    counts: Mutex<BTreeMap<u16, u64>>,
    /// Seconds by which our clock is ahead of the server's.
    ahead: OnceLock<i64>,
}

impl AnswerCounts {
    /// Notes a clock that is far off.
    pub(super) fn note_clock(&self, headers: &HeaderMap, now: SystemTime) {
        let Some(date) = headers.get(DATE).and_then(date) else {
            return;
        };
        let seconds = |time: SystemTime| match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => since.as_secs().cast_signed(),
            Err(before) => -before.duration().as_secs().cast_signed(),
        };
        let ahead = seconds(now) - seconds(date);
        if ahead.abs() >= FAR {
            // The first one stays.
            let _ = self.ahead.set(ahead);
        }
    }

    /// Seconds by which our clock is ahead of the server's, where that is far.
    pub fn clock_ahead(&self) -> Option<i64> {
        self.ahead.get().copied()
    }

    pub(super) fn count(&self, reply: &Reply) {
        let code = match (reply.status(), reply) {
            (Some((status, _)), _) => status,
            (None, Reply::NotSent(_) | Reply::NotTrusted(_) | Reply::NoLogIn(_)) => UNSENT,
            (None, _) => NONE,
        };
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(code).or_default() += 1;
    }

    /// Each status, `none` where no answer came, and `unsent` where no connection was made; with its number.
    pub fn all(&self) -> Vec<(String, u64)> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
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
