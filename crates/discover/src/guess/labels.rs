//! Words that no table knows and that several headers share: each names an object of this file's own.
//!
//! Owner of [`labels`]. Left out on purpose: what the known words of such headers say (`score`).

use super::columns::ConceptSlot;
use super::fields::Group;
use super::places::ObjectPlace;
use super::score::{ColumnView, Fit, bases, fit};

/// Words that no table knows and that three headers or more share: each names a place where no other header says the same.
/// The first such group of addresses is where there is no other, the next the mailing address, and so on, in the order of
/// the places.
pub(crate) fn labels(
    seen: &[ColumnView<'_>],
    slots: &[ConceptSlot],
    fits: &[Vec<Fit>],
    chosen: &[Option<usize>],
    places: &'static [ObjectPlace],
) -> Vec<(String, usize)> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for column in seen {
        for token in column.tokens.iter().filter(|token| token.words.is_empty()) {
            match counts.iter_mut().find(|(name, _)| *name == token.spelled) {
                Some((_, count)) => *count += 1,
                None => counts.push((&token.spelled, 1)),
            }
        }
    }
    let mut found: Vec<(String, usize)> = Vec::new();
    for (name, count) in counts {
        if count < 3 || name.len() < 2 {
            continue;
        }
        let Some((group, said)) = group_of(name, seen, slots) else {
            continue;
        };
        let free = places.iter().enumerate().position(|(number, place)| {
            let fits_group = place.groups.contains(&group);
            let marked = chosen.iter().enumerate().any(|(row, slot)| {
                slot.is_some_and(|slot| {
                    let fit = &fits[row][slot];
                    let own = seen[row].tokens.iter().any(|token| token.spelled == name);
                    let same = slots[slot].number == number && said.contains(&slots[slot].row);
                    same && fit.marked && fit.name > 0.6 && !own
                })
            });
            fits_group && !marked && found.iter().all(|(_, taken)| *taken != number)
        });
        if let Some(place) = free {
            found.push((name.to_owned(), place));
        }
    }
    found
}

/// What the headers with a word say without it: parts of an address, or of a person.
fn group_of(
    name: &str,
    seen: &[ColumnView<'_>],
    slots: &[ConceptSlot],
) -> Option<(Group, Vec<usize>)> {
    let (mut address, mut person) = (0, 0);
    let mut said = Vec::new();
    for column in seen
        .iter()
        .filter(|column| column.tokens.iter().any(|token| token.spelled == name))
    {
        let others = column.tokens.iter().filter(|token| token.spelled != name);
        let without = ColumnView::new(column.column, others.cloned().collect(), column.index);
        let bases = bases(&without);
        let best = slots
            .iter()
            .filter(|slot| slot.place.marks.is_empty() || slot.concept.group == Group::Address)
            .map(|slot| {
                let mut fit = fit(&without, bases[slot.row], &slot.ground, slot.number, &[]);
                if slot.concept.group == Group::Address && !fit.marked {
                    fit.name /= 0.35;
                }
                (fit.name, slot)
            })
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let Some((_, best)) = best.filter(|(name, _)| *name > 0.6) else {
            continue;
        };
        said.push(best.row);
        match best.concept.group {
            Group::Address => address += 1,
            Group::Person | Group::Anyone => person += 1,
            _ => {}
        }
    }
    match (address, person) {
        (address, person) if address >= 3 && address > person => Some((Group::Address, said)),
        (_, person) if person >= 2 => Some((Group::Anyone, said)),
        _ => None,
    }
}
