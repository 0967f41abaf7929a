//! The states of a task.

/// The state of a task; the numbers stand in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// To be sent.
    Open = 0,
    /// Waits for something other than its turn.
    Held = 1,
    /// The intent is durable; an outcome is not.
    Sending = 2,
    /// Sent, and nobody knows whether it was taken.
    InDoubt = 3,
    /// Bakkt has it.
    Accepted = 4,
    /// Bakkt refused it.
    Refused = 5,
    /// Known not to be there, and tried often enough.
    GaveUp = 6,
}

impl State {
    /// All of them, in the order of their numbers.
    pub const ALL: [State; 7] = [
        State::Open,
        State::Held,
        State::Sending,
        State::InDoubt,
        State::Accepted,
        State::Refused,
        State::GaveUp,
    ];

    /// From the number in the journal.
    pub fn from_number(number: i64) -> Option<State> {
        usize::try_from(number)
            .ok()
            .and_then(|place| State::ALL.get(place))
            .copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_round() {
        for state in State::ALL {
            assert_eq!(State::from_number(state as i64), Some(state));
        }
        assert_eq!(State::from_number(7), None);
        assert_eq!(State::from_number(-1), None);
    }
}
