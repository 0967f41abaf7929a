//! What Bakkt has decided about a customer, told from its webhooks and its answers (contract, sections 1 and 6).
//!
//! Owner of [`Decision`] and of the two tables behind it: which event, and which read-back, means which decision; the docs
//! repeat them. Events carry no time, so of two that contradict each other neither counts, nor one that comes after a
//! reading which says otherwise: reading the account settles them. `cipClearanceState` decides nothing (it is deprecated). Pure.

use Decision::{Approved, Closed, Documents, Rejected, Review, Suspended, Undecided, Unsettled};

/// The words of `partyStatus`.
pub const PARTY_STATUSES: &[&str] = &[
    "ACTIVE",
    "INACTIVE",
    "SUSPENDED",
    "LIQUIDATED",
    "UNDER_REVIEW",
    "CLOSED",
];

/// The words of `reasonCode`, those that want most of a person first.
pub const REASON_CODES: &[&str] = &[
    "DOCUMENT_VERIFICATION",
    "RISK_OFAC",
    "RISK_KYC",
    "COMPLIANCE_LOCKED",
    "PENDING_REVIEW",
    "ACCOUNT_CLOSURE_REQUESTED",
    "LIQUIDATED",
    "CLOSED",
    "ENROLLMENT",
    "OTHER",
];

/// The words of an account's `status`.
pub const ACCOUNT_STATUSES: &[&str] = &[
    "PENDING",
    "ACCEPTED",
    "IN_PROGRESS",
    "REJECTED",
    "CANCELLED",
    "COMPLETE",
];

/// The words of an account's `mode`.
pub const MODES: &[&str] = &["OPEN", "CLOSED", "LOCKED", "CLOSING_ONLY"];

/// The type of the events that tell of accounts.
pub const PARTY_EVENT: &str = "PARTY_EVENT";

/// Other types of events that are known to come to the same address. They decide nothing.
pub const OTHER_EVENT_TYPES: &[&str] = &["BANK_ACCOUNT_LINK", "FIAT_EVENT"];

/// Where a customer stands with Bakkt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    /// Received, and nothing said yet.
    Undecided,
    /// Being looked at.
    Review,
    /// The customer is to verify a document by the link.
    Documents,
    /// May trade.
    Approved,
    /// Turned down.
    Rejected,
    /// Locked, or may only close.
    Suspended,
    /// Closed or cancelled.
    Closed,
    /// Events contradict each other or what was read back before them, and the account was not read back since.
    Unsettled,
}

impl Decision {
    /// All of them, in the order of reports.
    pub const ALL: [Decision; 8] = [
        Undecided, Review, Documents, Approved, Rejected, Suspended, Closed, Unsettled,
    ];

    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Undecided => "undecided",
            Review => "in review",
            Documents => "documents wanted",
            Approved => "approved",
            Rejected => "rejected",
            Suspended => "suspended",
            Closed => "closed",
            Unsettled => "unsettled",
        }
    }

    /// Whether Bakkt has made up its mind.
    pub fn is_made(self) -> bool {
        matches!(self, Approved | Rejected | Suspended | Closed)
    }
}

/// Stands for a `partyStatus` that the contract does not have, where only what decides something is kept.
pub const UNKNOWN_STATUS: &str = "?";

/// What an event says: its `partyStatus` and `reasonCode`. A status that the contract does not have says nothing, whatever
/// its reason is.
pub fn of_event(status: &str, reason: &str) -> Decision {
    match (status, reason) {
        (unknown, _) if !PARTY_STATUSES.contains(&unknown) => Undecided,
        ("ACTIVE", _) => Approved,
        ("CLOSED" | "LIQUIDATED", _) => Closed,
        (_, "DOCUMENT_VERIFICATION") => Documents,
        ("UNDER_REVIEW", _) | (_, "PENDING_REVIEW") => Review,
        ("INACTIVE", "RISK_KYC" | "RISK_OFAC" | "COMPLIANCE_LOCKED") => Rejected,
        ("INACTIVE", "ACCOUNT_CLOSURE_REQUESTED" | "CLOSED" | "LIQUIDATED") => Closed,
        ("SUSPENDED", _) => Suspended,
        // Not active, for a reason that decides nothing.
        _ => Undecided,
    }
}

/// Whether two events of one `partyStatus` contradict each other by their reasons: one of them made up Bakkt's mind, and the other
/// says something else. One that asks for documents behind one that says "being looked at" goes further, and contradicts nothing.
pub fn contradict(status: &str, one: &str, other: &str) -> bool {
    let (one, other) = (of_event(status, one), of_event(status, other));
    let says_something = one != Undecided && other != Undecided;
    one != other && says_something && (one.is_made() || other.is_made())
}

/// What a read-back says: the account's `status` and `mode`, and `canTradeCrypto` of its opening status. With a mode that the contract
/// does not have nobody is approved: it may say that the account is locked.
pub fn of_account(status: &str, mode: &str, can_trade: Option<bool>) -> Decision {
    match (mode, status, can_trade) {
        ("CLOSED", ..) | (_, "CANCELLED", _) => Closed,
        (_, "REJECTED", _) => Rejected,
        ("LOCKED" | "CLOSING_ONLY", ..) | (_, "COMPLETE", Some(false)) => Suspended,
        (mode, "COMPLETE" | "ACCEPTED", Some(true)) if mode.is_empty() || MODES.contains(&mode) => {
            Approved
        }
        _ => Undecided,
    }
}

/// What all events of an account say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventSummary<'a> {
    /// Their `partyStatus`, when they agree.
    pub status: Option<&'a str>,
    /// Their `reasonCode` that wants most of a person; empty without one.
    pub reason: &'a str,
    /// One of them asks for document verification.
    pub documents: bool,
    /// When the last one arrived, in milliseconds.
    pub last_at: i64,
}

/// The reasons that can stand behind a decision, the gravest first. None: any can.
fn explaining(decision: Decision) -> &'static [&'static str] {
    match decision {
        Rejected | Suspended => &["RISK_OFAC", "RISK_KYC", "COMPLIANCE_LOCKED"],
        Closed => &["LIQUIDATED", "ACCOUNT_CLOSURE_REQUESTED", "CLOSED"],
        Documents => &["DOCUMENT_VERIFICATION"],
        Review => &["PENDING_REVIEW", "DOCUMENT_VERIFICATION"],
        Approved => &["ENROLLMENT"],
        Undecided | Unsettled => &[],
    }
}

/// Of all reasons that events have named of an account, those behind what was decided: those that can stand behind it, or
/// else those that nobody can place. Nothing stands behind an approval but the reasons of an approval.
pub fn reasons<'a>(decision: Decision, named: &[&'a str]) -> Vec<&'a str> {
    let explaining = explaining(decision);
    let mut behind: Vec<&str> = named.to_vec();
    let place = |reason: &&str| explaining.iter().position(|known| known == reason);
    if decision == Approved || behind.iter().any(|reason| place(reason).is_some()) {
        behind.retain(|reason| place(reason).is_some());
    } else if !explaining.is_empty() {
        behind.retain(|reason| *reason == "OTHER" || !REASON_CODES.contains(reason));
    }
    behind.sort_by_key(|reason| (place(reason).unwrap_or(usize::MAX), *reason));
    behind
}

/// Events and read-back (what it says, and when it was made) together.
pub fn of(heard: Option<EventSummary<'_>>, read: Option<(Decision, i64)>) -> Decision {
    // Words that the contract does not have decide nothing.
    let heard = heard.filter(|heard| heard.status != Some(UNKNOWN_STATUS));
    let said = |heard: &EventSummary<'_>| heard.status.map(|status| of_event(status, heard.reason));
    match (heard, read) {
        (None, None) => Undecided,
        (None, Some((read, _))) => read,
        (Some(heard), Some((read, at))) if at >= heard.last_at => match read {
            // The account says no more than that it is there: what the events want still stands.
            Undecided if heard.documents => Documents,
            Undecided => said(&heard).unwrap_or(Review),
            read => read,
        },
        (Some(heard), Some((read, _))) => match said(&heard) {
            Some(said) if said == read || !read.is_made() => said,
            // It came later; whether it happened later nobody knows.
            _ => Unsettled,
        },
        (Some(heard), None) => said(&heard).unwrap_or(Unsettled),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_has_the_reasons_that_fit_it() {
        let all = [
            "DOCUMENT_VERIFICATION",
            "ENROLLMENT",
            "RISK_KYC",
            "RISK_OFAC",
        ];
        assert_eq!(reasons(Rejected, &all), ["RISK_OFAC", "RISK_KYC"]);
        assert_eq!(reasons(Approved, &all), ["ENROLLMENT"]);
        assert_eq!(reasons(Documents, &all), ["DOCUMENT_VERIFICATION"]);
        assert_eq!(reasons(Unsettled, &all), all);
        // What the contract does not have may be the reason; what it has for another decision is not.
        assert_eq!(reasons(Rejected, &["ENROLLMENT", "RISK_AML"]), ["RISK_AML"]);
        assert_eq!(reasons(Approved, &["RISK_KYC"]), [""; 0]);
    }

    #[test]
    fn words_that_the_contract_does_not_have_decide_nothing() {
        assert_eq!(of_event("FROZEN", "DOCUMENT_VERIFICATION"), Undecided);
        assert_eq!(of_event("ACTIVE", "BIRTHDAY"), Approved);
        assert_eq!(of_event("INACTIVE", "BIRTHDAY"), Undecided);
        let unknown = heard(Some(UNKNOWN_STATUS), "");
        assert_eq!(of(unknown, None), Undecided);
        assert_eq!(of(unknown, Some((Approved, 5))), Approved);
    }

    fn heard(status: Option<&'static str>, reason: &'static str) -> Option<EventSummary<'static>> {
        Some(EventSummary {
            status,
            reason,
            documents: reason == "DOCUMENT_VERIFICATION",
            last_at: 100,
        })
    }

    #[test]
    fn every_word_of_the_contract_says_something() {
        for (status, reason, decision) in [
            ("ACTIVE", "ENROLLMENT", Approved),
            ("INACTIVE", "RISK_KYC", Rejected),
            ("INACTIVE", "RISK_OFAC", Rejected),
            ("INACTIVE", "ENROLLMENT", Undecided),
            ("INACTIVE", "ACCOUNT_CLOSURE_REQUESTED", Closed),
            ("SUSPENDED", "COMPLIANCE_LOCKED", Suspended),
            ("SUSPENDED", "DOCUMENT_VERIFICATION", Documents),
            ("UNDER_REVIEW", "RISK_KYC", Review),
            ("UNDER_REVIEW", "DOCUMENT_VERIFICATION", Documents),
            ("LIQUIDATED", "OTHER", Closed),
            ("CLOSED", "", Closed),
            ("?", "OTHER", Undecided),
        ] {
            assert_eq!(of_event(status, reason), decision, "{status} {reason}");
        }
        for (status, mode, can_trade, decision) in [
            ("PENDING", "OPEN", Some(false), Undecided),
            ("IN_PROGRESS", "OPEN", None, Undecided),
            ("ACCEPTED", "OPEN", Some(true), Approved),
            ("COMPLETE", "OPEN", Some(true), Approved),
            ("COMPLETE", "OPEN", Some(false), Suspended),
            ("COMPLETE", "LOCKED", Some(true), Suspended),
            ("REJECTED", "OPEN", Some(false), Rejected),
            ("CANCELLED", "OPEN", None, Closed),
            ("COMPLETE", "CLOSED", None, Closed),
        ] {
            assert_eq!(
                of_account(status, mode, can_trade),
                decision,
                "{status} {mode}"
            );
        }
    }

    #[test]
    fn reasons_contradict_each_other_as_statuses_do() {
        for (status, one, other, is_so) in [
            ("INACTIVE", "DOCUMENT_VERIFICATION", "RISK_OFAC", true),
            ("INACTIVE", "PENDING_REVIEW", "CLOSED", true),
            ("INACTIVE", "ACCOUNT_CLOSURE_REQUESTED", "RISK_KYC", true),
            (
                "SUSPENDED",
                "COMPLIANCE_LOCKED",
                "DOCUMENT_VERIFICATION",
                true,
            ),
            ("INACTIVE", "RISK_KYC", "RISK_OFAC", false),
            ("INACTIVE", "ENROLLMENT", "RISK_OFAC", false),
            (
                "UNDER_REVIEW",
                "PENDING_REVIEW",
                "DOCUMENT_VERIFICATION",
                false,
            ),
            ("ACTIVE", "ENROLLMENT", "DOCUMENT_VERIFICATION", false),
            ("FROZEN", "RISK_OFAC", "CLOSED", false),
        ] {
            assert_eq!(
                contradict(status, one, other),
                is_so,
                "{status} {one} {other}"
            );
            assert_eq!(
                contradict(status, other, one),
                is_so,
                "{status} {other} {one}"
            );
        }
    }

    #[test]
    fn contradictions_wait_for_a_read_back() {
        assert_eq!(of(heard(None, "OTHER"), None), Unsettled);
        assert_eq!(of(heard(None, "OTHER"), Some((Approved, 99))), Unsettled);
        assert_eq!(of(heard(None, "OTHER"), Some((Approved, 100))), Approved);
        assert_eq!(of(heard(None, "OTHER"), Some((Undecided, 100))), Review);
        let wanted = heard(None, "DOCUMENT_VERIFICATION");
        assert_eq!(of(wanted, Some((Undecided, 101))), Documents);
        assert_eq!(of(wanted, Some((Approved, 101))), Approved);
    }

    #[test]
    fn an_event_that_came_later_need_not_have_happened_later() {
        let active = heard(Some("ACTIVE"), "");
        assert_eq!(of(active, Some((Rejected, 99))), Unsettled);
        assert_eq!(of(active, Some((Suspended, 99))), Unsettled);
        assert_eq!(of(active, Some((Approved, 99))), Approved);
        assert_eq!(of(active, Some((Undecided, 99))), Approved);
        assert_eq!(of(active, Some((Rejected, 100))), Rejected);
        let review = heard(Some("UNDER_REVIEW"), "PENDING_REVIEW");
        assert_eq!(of(review, Some((Approved, 99))), Unsettled);
        assert_eq!(of(review, Some((Undecided, 99))), Review);
    }

    #[test]
    fn a_read_back_stands_in_for_events_that_never_came() {
        assert_eq!(of(None, None), Undecided);
        assert_eq!(of(None, Some((Rejected, 5))), Rejected);
        assert_eq!(of(heard(Some("ACTIVE"), ""), None), Approved);
        assert_eq!(
            of(heard(Some("ACTIVE"), ""), Some((Undecided, 5))),
            Approved
        );
        assert_eq!(
            of(heard(Some("ACTIVE"), ""), Some((Suspended, 500))),
            Suspended
        );
    }
}
