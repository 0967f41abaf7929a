//! Several rows that are one account: their account-level values, as one draft.
//!
//! Owner of the rule: the first value counts; a later row that says something else makes the field one on which the rows
//! disagree, which nobody but a person can settle. A constant or a default of the mapping gives way to a cell.

use super::Mapper;
use super::draft::{Draft, SlotValue};
use super::feed::Scratch;
use bakkt_source::Row;

/// What is wrong with a field on which rows of one account disagree.
pub(crate) const DISAGREE: &str = "the rows of the account say different things";

impl Mapper {
    /// Maps a further row of a record and merges it into the draft of the rows before it; `further` is overwritten.
    pub(crate) fn map_further(
        &self,
        row: &Row<'_>,
        draft: &mut Draft,
        further: &mut Draft,
        scratch: &mut Scratch,
    ) {
        self.map(row, further, scratch);
        for slot in 0..self.sheets[0].feeds.len() {
            merge(slot, draft, further);
        }
        draft.take_strays(further);
    }
}

/// What a draft says about a field.
enum FieldStatement {
    Nothing,
    Constant,
    Cell,
}

fn says(draft: &Draft, slot: usize) -> FieldStatement {
    match draft.slot(slot) {
        SlotValue::Missing => FieldStatement::Nothing,
        SlotValue::Value { constant: true, .. } | SlotValue::List { constant: true, .. } => {
            FieldStatement::Constant
        }
        _ => FieldStatement::Cell,
    }
}

fn merge(slot: usize, draft: &mut Draft, further: &Draft) {
    match (says(draft, slot), says(further, slot)) {
        (_, FieldStatement::Nothing)
        | (FieldStatement::Constant | FieldStatement::Cell, FieldStatement::Constant) => {}
        (FieldStatement::Nothing, _) | (FieldStatement::Constant, FieldStatement::Cell) => {
            draft.copy(slot, further)
        }
        (FieldStatement::Cell, FieldStatement::Cell) if same(slot, draft, further) => {}
        (FieldStatement::Cell, FieldStatement::Cell) => draft.set(slot, SlotValue::Disagree),
    }
}

fn same(slot: usize, one: &Draft, other: &Draft) -> bool {
    match (one.slot(slot), other.slot(slot)) {
        (SlotValue::Value { .. }, SlotValue::Value { .. }) => one.value(slot) == other.value(slot),
        (
            SlotValue::List { first, last, .. },
            SlotValue::List {
                first: start,
                last: end,
                ..
            },
        ) => {
            last - first == end - start
                && (first..last)
                    .zip(start..end)
                    .all(|(a, b)| one.item(a) == other.item(b))
        }
        (SlotValue::Invalid(why), SlotValue::Invalid(reason)) => why == reason,
        (one, other) => one == other,
    }
}
