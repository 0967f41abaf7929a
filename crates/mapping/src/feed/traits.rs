//! What can be told of a feed before any row is read.
//!
//! Owner of the questions that laying out a mapping asks: which columns a feed looks at, which texts it can give, and whether
//! they always fit. Left out on purpose: how a feed is evaluated (`feed`).

use super::{FieldMapping, TextSource};
use crate::dates::ordered::SerialEpoch;
use crate::lookup::Otherwise;
use crate::step::{Dates, Transform};
use bakkt_contract::Form;

impl FieldMapping {
    /// Whether it has to be evaluated behind the country of its address.
    pub(crate) fn needs_country(&self) -> bool {
        self.steps.iter().any(Transform::needs_country)
    }

    /// Whether reading is what tells one of several columns from another: dates, phone numbers and e-mail addresses.
    pub(crate) fn tells_readable(&self, form: Form) -> bool {
        let reads = |step: &Transform| matches!(step, Transform::Date(..) | Transform::Phone(_));
        form == Form::Email || self.steps.iter().any(reads)
    }

    /// From what the numbers count that it reads as dates, where it reads such.
    pub fn counts_from(&self) -> Option<SerialEpoch> {
        self.steps.iter().find_map(|step| match step {
            Transform::Date(Dates::Ordered(style), _) => style.excel,
            _ => None,
        })
    }

    /// Whether nothing of the mapping fills it.
    pub fn is_open(&self) -> bool {
        matches!(self.source, TextSource::Open)
    }

    /// Every column that it looks at.
    pub fn looks_at(&self) -> impl Iterator<Item = usize> {
        let regions = self.steps.iter().filter_map(Transform::region_column);
        self.reads.iter().copied().chain(self.when).chain(regions)
    }

    /// Whether it can give a value without any cell.
    pub(crate) fn may_be_constant(&self) -> bool {
        matches!(self.source, TextSource::Const(_)) || self.default.is_some()
    }

    /// Whether it takes a name out of a cell, which judges the cell.
    pub(crate) fn judges_names(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step, Transform::Name(..)))
    }

    /// Every text that it can give, where the mapping lists them all; besides, words that its field takes anyway.
    pub(crate) fn listed_words(&self) -> Option<Vec<&str>> {
        let mut words: Vec<&str> = match (&self.source, self.steps.last()) {
            (TextSource::Const(text), _) => vec![text],
            (_, Some(Transform::Lookup(table, otherwise))) => {
                let word = otherwise.as_ref().map(Otherwise::word);
                table.meanings().chain(word).collect()
            }
            _ => return None,
        };
        words.extend(self.default.as_deref());
        Some(words)
    }

    /// The form that all it gives has by the way in which it is made, but for its default.
    pub(crate) fn made_form(&self) -> Option<Form> {
        self.steps.last().and_then(Transform::made_form)
    }
}
