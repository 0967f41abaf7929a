//! What the answers about one task mean for it: pure decisions, apart from the loop.
//!
//! Owner of invariant 1's last part (when does "there" mean accepted, when may the same bytes go out again) and of
//! `on_existing`.

use std::time::Duration;

use crate::api::judge;
use bakkt_model::limits::OnExisting;
use bakkt_model::task::{AccountFacts, PriorAccount, Task, TaskKind};

/// Asks that must agree that an account is not there.
pub(crate) const ASKS: u8 = 2;

/// What to do about an account that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SettleVerdict {
    /// It counts as accepted.
    Accepted(PriorAccount),
    /// What we sent did not arrive: as if it were not there.
    NotApplied,
    /// `on_existing = "stop"`.
    Stop,
}

/// Whether an account was made before our first attempt, less the tolerance. One without a readable time was not:
/// it answers to an id that we chose.
pub(crate) fn older(facts: &AccountFacts, first_at: i64, tolerance: Duration) -> bool {
    let tolerance = i64::try_from(tolerance.as_millis()).unwrap_or(i64::MAX);
    judge::created_at(facts).is_some_and(|created| created < first_at.saturating_sub(tolerance))
}

/// Judges an account that was found when its task was in doubt; `equal` to what we sent?
pub(crate) fn after_doubt(
    task: &Task,
    older: bool,
    equal: bool,
    on_existing: OnExisting,
) -> SettleVerdict {
    match (task.kind != TaskKind::Account, older, equal, on_existing) {
        (true, _, true, _) | (false, false, _, _) => SettleVerdict::Accepted(PriorAccount::No),
        (true, _, false, _) => SettleVerdict::NotApplied,
        (false, true, true, OnExisting::Update) => {
            SettleVerdict::Accepted(PriorAccount::Overwritten)
        }
        (false, true, true, _) => SettleVerdict::Accepted(PriorAccount::Equal),
        (false, true, false, OnExisting::Update) => SettleVerdict::NotApplied,
        (false, true, false, OnExisting::Skip) => SettleVerdict::Accepted(PriorAccount::Different),
        (false, true, false, OnExisting::Stop) => SettleVerdict::Stop,
    }
}

/// Judges what was found by looking first. A document that is there is the same one: its id is made of its content.
pub(crate) fn after_look(kind: TaskKind, equal: bool, on_existing: OnExisting) -> SettleVerdict {
    match (on_existing, equal) {
        (OnExisting::Stop, _) if kind != TaskKind::Document => SettleVerdict::Stop,
        (_, true) => SettleVerdict::Accepted(PriorAccount::Equal),
        (_, false) => SettleVerdict::Accepted(PriorAccount::Different),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(update: bool) -> Task {
        Task {
            id: 1,
            kind: if update {
                TaskKind::Update
            } else {
                TaskKind::Account
            },
            client_id: "A".into(),
            at: Default::default(),
            hash: [0; 16],
            attempts: 1,
            first_at: Some(0),
            parts: Vec::new(),
            bakkt_id: None,
            document: None,
        }
    }

    #[test]
    fn an_account_that_is_there_means_what_its_age_says() {
        let facts = |text: &str| AccountFacts {
            created_at: text.into(),
            ..AccountFacts::default()
        };
        let first = 1_767_225_600_000; // 2026-01-01T00:00:00Z
        let tolerance = Duration::from_secs(60);
        assert!(older(&facts("2025-12-31T23:58:59Z"), first, tolerance));
        assert!(!older(&facts("2025-12-31T23:59:01Z"), first, tolerance));
        assert!(!older(&facts(""), first, tolerance));
        use OnExisting::{Skip, Stop, Update};
        assert_eq!(
            after_doubt(&task(false), false, false, Skip),
            SettleVerdict::Accepted(PriorAccount::No)
        );
        assert_eq!(
            after_doubt(&task(false), true, true, Skip),
            SettleVerdict::Accepted(PriorAccount::Equal)
        );
        assert_eq!(
            after_doubt(&task(false), true, false, Skip),
            SettleVerdict::Accepted(PriorAccount::Different)
        );
        assert_eq!(
            after_doubt(&task(false), true, false, Stop),
            SettleVerdict::Stop
        );
        assert_eq!(
            after_doubt(&task(false), true, false, Update),
            SettleVerdict::NotApplied
        );
        assert_eq!(
            after_doubt(&task(false), true, true, Update),
            SettleVerdict::Accepted(PriorAccount::Overwritten)
        );
        assert_eq!(
            after_doubt(&task(true), true, false, Update),
            SettleVerdict::NotApplied
        );
        assert_eq!(
            after_doubt(&task(true), true, true, Skip),
            SettleVerdict::Accepted(PriorAccount::No)
        );
        assert_eq!(
            after_look(TaskKind::Account, true, Skip),
            SettleVerdict::Accepted(PriorAccount::Equal)
        );
        assert_eq!(
            after_look(TaskKind::Account, false, Skip),
            SettleVerdict::Accepted(PriorAccount::Different)
        );
        assert_eq!(
            after_look(TaskKind::Account, true, Stop),
            SettleVerdict::Stop
        );
        assert_eq!(
            after_look(TaskKind::Document, true, Stop),
            SettleVerdict::Accepted(PriorAccount::Equal)
        );
    }
}
