//! What is left: columns that feed nothing yet, and fields that have no column.
//!
//! Owner of the last look. Where most of a file is clear, little is enough for the rest: a word of the field's usual
//! name, values that suit it, and neighbours of the same object. Invariants: what is chosen already stays as it is, and
//! nothing that is found here is sure.

use super::assign;
use super::columns::{ConceptSlot, Confidence, near};
use super::fields::{PHRASES, ValueKind};
use super::places::PlaceWords;
use super::score::{ColumnView, Fit};
use super::words::{HeaderToken, is_foreign};

/// Below this a column is left out.
const LEAST: f64 = 0.3;

/// The least share of a field's usual name that counts.
const HINT: f64 = 0.2;

/// What being the key of the rows is worth.
const BY_PLACE: f64 = 0.36;

/// A field that a column may feed beside what another file's word says of it.
pub(crate) struct FieldCandidate {
    /// The column's row among those seen.
    pub row: usize,
    /// What it feeds.
    pub slot: usize,
    /// How sure that is.
    pub confidence: Confidence,
}

/// Columns for fields that have none. `free` says which slots are.
pub(crate) fn found(
    seen: &[ColumnView<'_>],
    slots: &[ConceptSlot],
    fits: &[Vec<Fit>],
    chosen: &[Option<usize>],
    free: &[bool],
) -> Vec<FieldCandidate> {
    let rows: Vec<usize> = (0..seen.len())
        .filter(|row| chosen[*row].is_none() && !is_not_asked(&seen[*row]))
        .collect();
    let open: Vec<usize> = (0..slots.len()).filter(|slot| free[*slot]).collect();
    let table: Vec<Vec<f64>> = rows
        .iter()
        .map(|row| {
            let near = near(seen, slots, chosen, *row);
            // What is named for a field that has a column already is a second one of it.
            let second =
                (0..slots.len()).any(|slot| !free[slot] && fits[*row][slot].total >= LEAST);
            let one = |slot: &usize| {
                let beside = near(slots[*slot].place.prefix);
                let worth = worth(
                    &seen[*row],
                    &slots[*slot],
                    fits[*row][*slot].value,
                    beside,
                    second,
                );
                if worth >= LEAST { worth } else { 0.0 }
            };
            open.iter().map(one).collect()
        })
        .collect();
    let best = assign::best(&table);
    let chosen = best.iter().enumerate();
    chosen
        .filter_map(|(place, slot)| {
            let (row, slot) = (rows[place], (*slot)?);
            let own = table[place][slot];
            let others = table[place].iter().enumerate();
            let rival = others
                .filter(|(other, _)| *other != slot)
                .map(|(_, worth)| *worth)
                .fold(0.0, f64::max);
            let clear = own - rival > 0.05 && own > 0.33;
            Some(FieldCandidate {
                row,
                slot: open[slot],
                confidence: if clear {
                    Confidence::Medium
                } else {
                    Confidence::Low
                },
            })
        })
        .collect()
}

/// Whether a column is someone else's, or what a system notes about its own rows: when they were made, and by whom.
fn is_not_asked(seen: &ColumnView<'_>) -> bool {
    let of_system = |token: &HeaderToken| token.is("system") && token.weight >= 1.0;
    seen.tokens
        .iter()
        .any(|token| is_foreign(token) || of_system(token))
}

/// What a column is worth for a field, from 0 to 1.
fn worth(seen: &ColumnView<'_>, slot: &ConceptSlot, value: f64, beside: f64, second: bool) -> f64 {
    // The first column, with a value of its own in each row, is what the rows are known by.
    if slot.concept.field == "clientAccountId" && seen.index == 0 && seen.column.all_distinct() {
        return BY_PLACE;
    }
    let hint = if second {
        0.0
    } else {
        hint(&seen.tokens, slot)
    };
    let silent = silent(&seen.tokens, &slot.ground) && slot.concept.kind.has_form();
    if seen.names_an_id() && slot.concept.kind.reads_numbers() {
        return 0.0;
    }
    if value <= 0.0 || hint < HINT && !(silent && beside >= 1.0) {
        return 0.0;
    }
    0.5 * hint + 0.25 * value.min(1.0) + 0.0625 * beside.min(4.0)
}

/// The header says at most whose it is.
fn silent(tokens: &[HeaderToken], ground: &PlaceWords) -> bool {
    tokens.iter().all(|token| {
        let place = || {
            let marks = ground.marks.iter().any(|marks| token.words.meet(*marks));
            marks || token.words.meet(ground.may)
        };
        let short = token.words.is_empty() && token.spelled.len() < 4;
        token.weight < 1.0 || short || place()
    })
}

/// The share of one of a field's names that a header has, by as much of the header as that explains.
fn hint(tokens: &[HeaderToken], slot: &ConceptSlot) -> f64 {
    let all: f64 = tokens.iter().map(|token| token.weight).sum();
    let ground = &slot.ground;
    let marked = |words| tokens.iter().any(|token| token.words.meet(words));
    if all == 0.0 || !ground.marks.iter().all(|marks| marked(*marks)) {
        return 0.0;
    }
    let shares = PHRASES[slot.row].iter().map(|phrase| {
        let has = |token: &&HeaderToken| phrase.words.iter().any(|words| token.words.meet(*words));
        let said: f64 = tokens.iter().filter(has).map(|token| token.weight).sum();
        let words = phrase.words.iter().filter(|words| marked(**words)).count();
        let may: f64 = tokens
            .iter()
            .filter(|token| !has(token))
            .filter(|token| token.words.meet(phrase.may) || token.words.meet(ground.may))
            .map(|token| token.weight)
            .sum();
        // Light words hint at nothing, unless they are the whole name.
        if said < 1.0 && words < phrase.words.len() {
            return 0.0;
        }
        words as f64 / phrase.words.len() as f64 * (said + may) / all
    });
    shares.fold(0.0, f64::max)
}

impl ValueKind {
    /// Whether plain digits are a value of it that an id's digits could be taken for.
    pub(crate) fn reads_numbers(self) -> bool {
        matches!(
            self,
            ValueKind::Phone
                | ValueKind::TaxId
                | ValueKind::FirmTaxId
                | ValueKind::PostalCode
                | ValueKind::Date
                | ValueKind::DateTime
                | ValueKind::Integer
                | ValueKind::Amount
        )
    }

    /// Whether values of it look like nothing else.
    fn has_form(self) -> bool {
        !matches!(
            self,
            ValueKind::Text
                | ValueKind::Name
                | ValueKind::FullName
                | ValueKind::Aside
                | ValueKind::Amount
                | ValueKind::Integer
                | ValueKind::Percent
                | ValueKind::YesNo
        )
    }
}
