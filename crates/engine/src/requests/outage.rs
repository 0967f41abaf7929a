//! When failures end the work: nothing but failures for too long, or nothing of Bakkt at the address at all.

use crate::api::judge;
use bakkt_model::error::Failure;

/// Answers 404 without an Error body, and no other answer in this run: the address is wrong.
const STRANGE_404S: u32 = 8;

/// What an outage is told with: what failed, and what did not come between the failures.
pub(crate) struct FailureWords {
    /// Behind the number of failures: "failures in a row and not one success between them; the last was".
    pub(crate) failures: &'static str,
    /// Whether a 404 that is not Bakkt's says that the address is wrong.
    pub(crate) names_address: bool,
}

/// How requests have fared.
pub(super) struct Outage {
    /// Failures in a row, and how many of them end the work.
    failures: u32,
    breaker: u32,
    words: FailureWords,
    /// Bakkt has answered as Bakkt does.
    answered: bool,
    strange_404s: u32,
}

impl Outage {
    pub(super) fn new(breaker: u32, words: FailureWords) -> Outage {
        Outage {
            failures: 0,
            breaker,
            words,
            answered: false,
            strange_404s: 0,
        }
    }

    pub(super) fn answered(&mut self) {
        self.failures = 0;
        self.answered = true;
    }

    pub(super) fn has_answered(&self) -> bool {
        self.answered
    }

    /// A request failed; the error with which the work ends, if it does.
    pub(super) fn failed(&mut self, why: &str) -> Option<anyhow::Error> {
        self.failures += 1;
        (self.failures >= self.breaker).then(|| {
            Failure::stopped(
                format!("{} {}: {why}", self.failures, self.words.failures),
                "when Bakkt can be reached again, run the same command: it goes on where it stopped",
            )
        })
    }

    /// The same of a question.
    pub(super) fn question_failed(&mut self, why: &str) -> Option<anyhow::Error> {
        let strange = self.words.names_address && why == "404";
        self.strange_404s = if strange { self.strange_404s + 1 } else { 0 };
        if self.answered {
            return self.failed(why);
        }
        if self.strange_404s >= STRANGE_404S {
            let (message, hint) = judge::no_service();
            return Some(Failure::configuration(message, hint));
        }
        if why == "403" {
            let (message, hint) = judge::forbidden();
            return Some(Failure::stopped(message, hint));
        }
        self.failed(why)
    }
}
