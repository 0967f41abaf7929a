//! Records that the operator leaves out, with a reason (`[exclude]`).
//!
//! Owner of the compiled rules. They are tested before everything else (contract, section 4).

use std::collections::HashMap;

use crate::source::export::Skipped;
use crate::source::{Cell, Row};

/// The compiled rules.
#[derive(Debug, Default)]
pub struct Exclude {
    /// clientAccountId → index of the reason.
    pub ids: HashMap<String, u16>,
    /// Conditions on columns.
    pub rules: Vec<ColumnRule>,
    /// The reasons of these rules, then those for which no rule is needed.
    pub reasons: Vec<String>,
}

/// One condition on a column.
#[derive(Debug)]
pub struct ColumnRule {
    /// Index of the column.
    pub column: usize,
    /// The test.
    pub test: Test,
    /// Index of the reason.
    pub reason: u16,
}

/// What a cell is tested for; cells are trimmed.
#[derive(Debug)]
pub enum Test {
    /// One of these.
    Equals(Vec<String>),
    /// None of these.
    NotEquals(Vec<String>),
    /// Empty (true) or not empty (false).
    Empty(bool),
}

impl Exclude {
    /// Adds the reasons for which no rule is needed; after all others.
    pub fn finish(&mut self) {
        let skips = Skipped::ALL.map(|skipped| skipped.text().to_owned());
        self.reasons.extend(skips);
    }

    /// Leaves an id out as well, after [`Exclude::finish`]. A reason beyond those that can be told apart is that of the last.
    pub fn leave_out(&mut self, id: &str, reason: &str) {
        let end = self.reasons.len().saturating_sub(Skipped::ALL.len());
        let known = self.reasons[..end]
            .iter()
            .rposition(|known| known == reason);
        let place = known
            .unwrap_or(end)
            .min(usize::from(u16::MAX) - Skipped::ALL.len());
        if known.is_none() && place == end {
            self.reasons.insert(end, reason.to_owned());
        }
        self.ids.entry(id.to_owned()).or_insert(place as u16);
    }

    /// The index of the reason why a row is left out whatever its cells mean.
    pub fn skipped(&self, skipped: Skipped) -> u16 {
        let first = self.reasons.len().saturating_sub(Skipped::ALL.len());
        (first + skipped as usize) as u16
    }

    /// The index of the reason why a row is left out by its columns.
    pub fn by_columns(&self, row: &Row<'_>) -> Option<u16> {
        let hit = self.rules.iter().find(|rule| {
            let Cell::Text(text) = row.cell(rule.column) else {
                return false;
            };
            match &rule.test {
                Test::Equals(values) => values.iter().any(|value| value == text),
                Test::NotEquals(values) => !values.iter().any(|value| value == text),
                Test::Empty(empty) => text.is_empty() == *empty,
            }
        });
        hit.map(|rule| rule.reason)
    }

    /// The index of the reason why an id is left out.
    pub fn by_id(&self, id: &str) -> Option<u16> {
        if self.ids.is_empty() {
            None
        } else {
            self.ids.get(id).copied()
        }
    }
}
