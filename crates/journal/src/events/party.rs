//! What the events of an account come to.
//!
//! Owner of that rule: the writer keeps the row of `party` true by it, and whoever checks the database computes the row anew.
//! The order of events decides nothing. Left out: what a status and a reason mean (`contract::decision`).

use bakkt_contract::decision::{PARTY_STATUSES, REASON_CODES, UNKNOWN_STATUS, contradict};

/// The row of an account in `party`, without its id and its repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PartySummary {
    pub(crate) events: i64,
    /// When the first event came.
    pub(crate) first_at: i64,
    /// When the last one came whose status the contract has; without any, the last of all.
    pub(crate) last_at: i64,
    /// The status on which they agree; `None` where they contradict each other.
    pub(crate) status: Option<String>,
    /// The reason that wants most of a person.
    pub(crate) reason: Option<String>,
    /// Events that ask for the verification of documents.
    pub(crate) documents: i64,
    /// The latest expiry of a link.
    pub(crate) expires_at: Option<i64>,
}

/// What one event says, in the words that are kept of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PartyEvent<'a> {
    pub(crate) at: i64,
    pub(crate) status: &'a str,
    pub(crate) reason: Option<&'a str>,
    pub(crate) expires_at: Option<i64>,
}

impl PartySummary {
    /// Takes one more event. Contradictions stay contradictions, whatever arrives after them, and a status that the contract does
    /// not have changes nothing but the count.
    pub(crate) fn take(&mut self, event: PartyEvent<'_>) {
        let is_known = PARTY_STATUSES.contains(&event.status);
        let (status, reason) = match is_known {
            true => (event.status, event.reason),
            false => (UNKNOWN_STATUS, None),
        };
        let is_first = self.events == 0;
        let was_unknown = is_first || self.status.as_deref() == Some(UNKNOWN_STATUS);
        self.last_at = match (is_known, was_unknown) {
            (false, false) => self.last_at,
            // Those before it say nothing.
            (true, true) => event.at,
            _ => self.last_at.max(event.at),
        };
        self.first_at = match is_first {
            true => event.at,
            false => self.first_at.min(event.at),
        };
        if was_unknown {
            self.status = Some(status.to_owned());
        } else if is_known {
            let other = self.reason.as_deref().unwrap_or_default();
            let agrees = self.status.as_deref() == Some(status)
                && !contradict(status, other, reason.unwrap_or_default());
            if !agrees {
                self.status = None;
            }
        }
        if let Some(reason) = reason
            && self
                .reason
                .as_deref()
                .is_none_or(|kept| (strength(reason), reason) < (strength(kept), kept))
        {
            self.reason = Some(reason.to_owned());
        }
        self.events += 1;
        self.documents += i64::from(reason == Some("DOCUMENT_VERIFICATION"));
        self.expires_at = self.expires_at.max(event.expires_at);
    }
}

/// The rank of a reason: those that ask most of a person first, words that the contract does not have last.
fn strength(reason: &str) -> usize {
    let place = REASON_CODES.iter().position(|known| *known == reason);
    place.unwrap_or(REASON_CODES.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What events come to, with the number of each as the time at which it came.
    fn of(events: &[(i64, &str, &str)]) -> PartySummary {
        let mut party = PartySummary::default();
        for (at, status, reason) in events {
            party.take(PartyEvent {
                at: *at,
                status,
                reason: Some(*reason).filter(|reason| !reason.is_empty()),
                expires_at: None,
            });
        }
        party
    }

    #[test]
    fn the_order_of_events_decides_nothing() {
        let events = [
            (1, "INACTIVE", "PENDING_REVIEW"),
            (2, "INACTIVE", "CLOSED"),
            (3, "?", ""),
            (4, "INACTIVE", "OTHER"),
            (5, "code-1", "RISK_OFAC"),
            (6, "ACTIVE", ""),
        ];
        for some in 1u32..64 {
            let picked = (0..6).filter(|place| some & (1 << place) > 0);
            let mut picked: Vec<_> = picked.map(|place| events[place]).collect();
            let expected = of(&picked);
            for _ in 0..picked.len() {
                picked.rotate_left(1);
                assert_eq!(of(&picked), expected, "{picked:?}");
                let backwards: Vec<_> = picked.iter().rev().copied().collect();
                assert_eq!(of(&backwards), expected, "{backwards:?}");
            }
        }
    }

    #[test]
    fn a_status_that_the_contract_does_not_have_decides_nothing() {
        let party = of(&[(1, "ACTIVE", "ENROLLMENT"), (2, "STRANGE", "RISK_OFAC")]);
        assert_eq!(party.status.as_deref(), Some("ACTIVE"));
        assert_eq!(party.reason.as_deref(), Some("ENROLLMENT"));
        assert_eq!((party.events, party.last_at), (2, 1));
        let party = of(&[(1, "STRANGE", ""), (2, "STRANGE", "")]);
        assert_eq!((party.status.as_deref(), party.last_at), (Some("?"), 2));
    }
}
