//! The one state machine of every task (invariant 5): [`next`] alone decides what a state may become.

use bakkt_model::state::State;

/// A change of a task's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskEvent {
    /// It is about to be sent.
    Intend,
    /// It was not sent after all, or Bakkt did not take it.
    Postpone,
    /// Bakkt has it.
    Accept,
    /// Bakkt refused it.
    Refuse,
    /// No answer says whether it was taken.
    Doubt,
    /// Bakkt was asked, and it is not there.
    Absent,
    /// It was tried as often as it may be.
    GiveUp,
    /// It must wait for something else.
    Hold,
    /// What it waited for is there.
    Free,
    /// A person has it sent again.
    Revive,
    /// Its answer was lost, and it is sent again with a key that replays the answer (custody alone).
    Repeat,
}

/// The state after an event; `None` when the pair is illegal.
pub(crate) fn next(state: State, event: TaskEvent) -> Option<State> {
    use State as S;
    use TaskEvent as E;
    match (state, event) {
        (S::Open, E::Intend) => Some(S::Sending),
        (S::Sending, E::Postpone) => Some(S::Open),
        // From `open`: it was looked up before sending, and was there.
        (S::Open | S::Sending | S::InDoubt, E::Accept) => Some(S::Accepted),
        // From `open`: what was answered 403 is open until something shows that its customer is refused.
        (S::Open | S::Sending, E::Refuse) => Some(S::Refused),
        // From `open`: it was looked up before sending, and the answer was about another account.
        (S::Open | S::Sending, E::Doubt) => Some(S::InDoubt),
        (S::InDoubt, E::Absent) => Some(S::Open),
        (S::Open, E::GiveUp) => Some(S::GaveUp),
        (S::Open, E::Hold) => Some(S::Held),
        (S::Held, E::Free) => Some(S::Open),
        (S::Refused | S::GaveUp, E::Revive) => Some(S::Open),
        (S::InDoubt, E::Repeat) => Some(S::Sending),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [TaskEvent; 11] = [
        TaskEvent::Intend,
        TaskEvent::Postpone,
        TaskEvent::Accept,
        TaskEvent::Refuse,
        TaskEvent::Doubt,
        TaskEvent::Absent,
        TaskEvent::GiveUp,
        TaskEvent::Hold,
        TaskEvent::Free,
        TaskEvent::Revive,
        TaskEvent::Repeat,
    ];

    /// One line per state: what each transition makes of it, in the order of [`ALL`].
    const TABLE: &str = "
        Open     Sending  -    Accepted Refused InDoubt -    GaveUp Held -    -    -
        Held     -        -    -        -       -       -    -      -    Open -    -
        Sending  -        Open Accepted Refused InDoubt -    -      -    -    -    -
        InDoubt  -        -    Accepted -       -       Open -      -    -    -    Sending
        Accepted -        -    -        -       -       -    -      -    -    -    -
        Refused  -        -    -        -       -       -    -      -    -    Open -
        GaveUp   -        -    -        -       -       -    -      -    -    Open -";

    #[test]
    fn every_pair_is_as_the_table_says() {
        let rows: Vec<Vec<&str>> = TABLE
            .trim()
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(rows.len(), State::ALL.len());
        for (state, row) in State::ALL.into_iter().zip(&rows) {
            assert_eq!(row[0], format!("{state:?}"));
            assert_eq!(row.len(), ALL.len() + 1);
            for (event, expected) in ALL.into_iter().zip(&row[1..]) {
                let got = next(state, event).map_or("-".to_owned(), |state| format!("{state:?}"));
                assert_eq!(got, *expected, "{state:?} {event:?}");
            }
        }
    }
}
