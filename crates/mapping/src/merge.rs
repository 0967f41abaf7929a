//! Several rows that are one account: their account-level values, as one draft.
//!
//! Owner of the rule: the first value counts; a later row that says something else makes the field one on which the rows
//! disagree, which nobody but a person can settle. A constant or a default of the mapping gives way to a cell.

use super::Mapper;
use super::draft::{Draft, Slot};
use super::feed::Scratch;
use bakkt_source::Row;

/// What is wrong with a field on which rows of one account disagree.
pub const DISAGREE: &str = "the rows of the account say different things";

impl Mapper {
    /// Maps a further row of a record and merges it into the draft of the rows before it; `further` is overwritten.
    pub fn map_further(
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
enum Says {
    Nothing,
    Constant,
    Cell,
}

fn says(draft: &Draft, slot: usize) -> Says {
    match draft.slot(slot) {
        Slot::Missing => Says::Nothing,
        Slot::Value { constant: true, .. } | Slot::List { constant: true, .. } => Says::Constant,
        _ => Says::Cell,
    }
}

fn merge(slot: usize, draft: &mut Draft, further: &Draft) {
    match (says(draft, slot), says(further, slot)) {
        (_, Says::Nothing) | (Says::Constant | Says::Cell, Says::Constant) => {}
        (Says::Nothing, _) | (Says::Constant, Says::Cell) => draft.copy(slot, further),
        (Says::Cell, Says::Cell) if same(slot, draft, further) => {}
        (Says::Cell, Says::Cell) => draft.set(slot, Slot::Disagree),
    }
}

fn same(slot: usize, one: &Draft, other: &Draft) -> bool {
    match (one.slot(slot), other.slot(slot)) {
        (Slot::Value { .. }, Slot::Value { .. }) => one.value(slot) == other.value(slot),
        (
            Slot::List { first, last, .. },
            Slot::List {
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
        (Slot::Invalid(why), Slot::Invalid(reason)) => why == reason,
        (one, other) => one == other,
    }
}
