//! What a person decided about a run while it went on: pause, another rate, stop.

use crate::write::journal::Journal;
use crate::write::operator_log::OperatorNote;

impl Journal {
    /// Notes such a decision, in words.
    pub fn log_steering(&mut self, what: &str, decided: OperatorNote<'_>) -> anyhow::Result<()> {
        self.log("control", what, decided, 0)
    }
}
