//! Records that the operator leaves out, with a reason (`[exclude]`).
//!
//! Owner of the compiled rules. They are tested before everything else (contract, section 4).

use std::collections::HashMap;

use crate::source::export::Skipped;
use crate::source::{Cell, Row};
use crate::text::{Folded, cell, fold};

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

/// An id as the cell of an export that holds the same would be read.
fn as_cell(id: &str) -> String {
    let id = cell::value(id).unwrap_or(id);
    cell::compose(id).unwrap_or_else(|| id.to_owned())
}

/// Whether a cell is one of some words: as it stands, or, where no rule of its column spells it so, without regard to case.
fn is_one_of(text: &str, words: &[Word], exact: impl FnOnce() -> bool) -> bool {
    if words.iter().any(|word| word.exact == text) {
        return true;
    }
    let folded = Folded::new(text);
    words.iter().any(|word| folded.is(&word.folded)) && !exact()
}

/// A word that cells are compared with.
#[derive(Debug)]
pub struct Word {
    exact: String,
    folded: String,
}

impl Word {
    /// A word of the settings, read as a cell is.
    pub fn new(word: &str) -> Word {
        let exact = as_cell(word);
        Word {
            folded: fold(&exact),
            exact,
        }
    }
}

/// What a cell is tested for.
#[derive(Debug)]
pub enum Test {
    /// One of these.
    Equals(Vec<Word>),
    /// None of these.
    NotEquals(Vec<Word>),
    /// Empty (true) or not empty (false).
    Empty(bool),
}

impl Exclude {
    /// Adds the reasons for which no rule is needed; after all others.
    pub fn finish(&mut self) {
        let skips = Skipped::ALL.map(|skipped| skipped.text().to_owned());
        self.reasons.extend(skips);
    }

    /// Leaves an id out, which is read as a cell is.
    pub fn add_id(&mut self, id: &str, reason: u16) {
        self.ids.insert(as_cell(id), reason);
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
        self.ids.entry(as_cell(id)).or_insert(place as u16);
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
            let exact = || self.is_spelled_out(rule.column, text);
            match &rule.test {
                Test::Equals(words) => is_one_of(text, words, exact),
                Test::NotEquals(words) => !is_one_of(text, words, exact),
                Test::Empty(empty) => text.is_empty() == *empty,
            }
        });
        hit.map(|rule| rule.reason)
    }

    /// Whether a rule of a column has a word that is spelled just so.
    fn is_spelled_out(&self, column: usize, text: &str) -> bool {
        let mut rules = self.rules.iter().filter(|rule| rule.column == column);
        rules.any(|rule| match &rule.test {
            Test::Equals(words) | Test::NotEquals(words) => {
                words.iter().any(|word| word.exact == text)
            }
            Test::Empty(_) => false,
        })
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
