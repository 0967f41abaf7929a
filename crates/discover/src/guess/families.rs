//! Addresses whose headers differ by one word: `OtherStreet`, `OtherCity` beside `MailingStreet`, `MailingCity`.
//!
//! Owner of [`one_address_each`]: no address of the mapping is made of two of the export. Left out on purpose: which place
//! an address belongs to (`columns`).

use super::columns::{ConceptSlot, Confidence, Pick};
use super::elements;
use super::fields::Group;
use super::score::{ColumnView, Fit};
use super::words::WordSet;

/// Parts of an address; a family has three of them or more.
const PARTS: [&str; 5] = ["street/address/line", "city", "state", "zip", "country"];
const LEAST_PARTS: usize = 3;

/// The columns of one address of the export.
struct Family {
    /// The words that all its headers share beside those of the parts.
    shared: String,
    /// Rows of `seen`.
    rows: Vec<usize>,
    /// Filled cells of its street.
    filled: u64,
    /// Its headers say that it is for mail.
    is_mail: bool,
}

/// Keeps of each address of the mapping the columns of one address of the export: of that which most rows have.
pub(crate) fn one_address_each(
    picks: &mut Vec<Pick>,
    seen: &[ColumnView<'_>],
    slots: &[ConceptSlot],
    fits: &[Vec<Fit>],
) {
    let families = families(seen);
    if families.len() < 2 {
        return;
    }
    let family_of = |column: usize| {
        families
            .iter()
            .position(|family| family.rows.iter().any(|row| seen[*row].index == column))
    };
    let of_address = |pick: &Pick| pick.concept.group == Group::Address;
    let mut prefixes: Vec<&'static str> = picks.iter().map(|pick| pick.place.prefix).collect();
    prefixes.sort_by_key(|prefix| slots.iter().position(|slot| slot.place.prefix == *prefix));
    prefixes.dedup();
    // Which addresses each place is made of, where there are several.
    let mixed: Vec<(&'static str, Vec<usize>)> = prefixes
        .into_iter()
        .map(|prefix| {
            let here = picks
                .iter()
                .filter(|pick| of_address(pick) && pick.place.prefix == prefix);
            let mut found: Vec<usize> = here.filter_map(|pick| family_of(pick.column)).collect();
            found.sort_unstable();
            found.dedup();
            (prefix, found)
        })
        .filter(|(_, found)| found.len() > 1)
        .collect();
    let (mut given, mut left_out): (Vec<usize>, Vec<String>) = (Vec::new(), Vec::new());
    for (prefix, found) in mixed {
        let free: Vec<usize> = found
            .into_iter()
            .filter(|family| !given.contains(family))
            .collect();
        // The first of those that as many rows have.
        let most = |free: &[usize]| {
            let free = free.iter().copied().rev();
            free.max_by_key(|family| families[*family].filled)
        };
        let Some(mut kept) = most(&free) else {
            picks.retain(|pick| {
                !(of_address(pick)
                    && pick.place.prefix == prefix
                    && family_of(pick.column).is_some())
            });
            continue;
        };
        // Where mail goes is where somebody lives only while hardly any row says where that is.
        if prefix.ends_with("identity.personalAddress.") && families[kept].is_mail {
            let others: Vec<usize> = free
                .iter()
                .copied()
                .filter(|family| !families[*family].is_mail)
                .collect();
            let usual = |other: &usize| families[*other].filled * 2 >= families[kept].filled;
            match most(&others).filter(usual) {
                Some(other) => kept = other,
                None => left_out.push(prefix.replace("identity.personalAddress", "mailingAddress")),
            }
        }
        given.push(kept);
        picks.retain(|pick| {
            let here = pick.place.prefix == prefix;
            !of_address(pick)
                || family_of(pick.column).is_none_or(|family| (family == kept) == here)
        });
        fill(picks, &families[kept], prefix, (seen, slots, fits));
    }
    picks.retain(|pick| {
        !(of_address(pick) && left_out.iter().any(|place| place == pick.place.prefix))
    });
}

/// Gives a place all columns of an address; none of them is sure.
fn fill(
    picks: &mut Vec<Pick>,
    family: &Family,
    prefix: &str,
    (seen, slots, fits): (&[ColumnView<'_>], &[ConceptSlot], &[Vec<Fit>]),
) {
    let here = |pick: &Pick| pick.concept.group == Group::Address && pick.place.prefix == prefix;
    for pick in picks.iter_mut().filter(|pick| here(pick)) {
        pick.confidence = pick.confidence.min(Confidence::Medium);
    }
    for row in &family.rows {
        if picks.iter().any(|pick| pick.column == seen[*row].index) {
            continue;
        }
        let taken = |slot: &ConceptSlot| {
            picks
                .iter()
                .any(|pick| here(pick) && pick.concept.field == slot.concept.field)
        };
        let best = slots
            .iter()
            .enumerate()
            .filter(|(_, slot)| slot.place.prefix == prefix && slot.concept.group == Group::Address)
            .filter(|(_, slot)| slot.turn > 0 || !taken(slot))
            .max_by(|(a, _), (b, _)| fits[*row][*a].total.total_cmp(&fits[*row][*b].total));
        if let Some((_, slot)) = best.filter(|(number, _)| fits[*row][*number].name > 0.2) {
            picks.push(Pick {
                column: seen[*row].index,
                concept: slot.concept,
                place: slot.place,
                number: 0,
                confidence: Confidence::Medium,
            });
        }
    }
}

/// The addresses that headers tell apart by a word of their own.
fn families(seen: &[ColumnView<'_>]) -> Vec<Family> {
    let parts = PARTS.map(WordSet::of);
    let beside = WordSet::of("code/name/text/number/unit/of")
        .and(parts.iter().copied().fold(WordSet::default(), WordSet::and));
    // A number counts lines of one address, unless a city or the like has one as well.
    let whole = WordSet::of("city/state/zip/country");
    let numbered = seen
        .iter()
        .filter(|seen| seen.words().meet(whole) && number_of(seen) == Some(2))
        .count()
        > 1;
    let mut all: Vec<(Family, [bool; PARTS.len()])> = Vec::new();
    for (row, column) in seen.iter().enumerate() {
        let words = column.words();
        let said: [bool; PARTS.len()] = std::array::from_fn(|part| parts[part].meet(words));
        if !said.contains(&true) {
            continue;
        }
        let own = column
            .tokens
            .iter()
            .filter(|token| !token.words.meet(beside));
        let shared: Vec<&str> = own.map(|token| token.spelled.as_str()).collect();
        let mut shared = shared.join(" ");
        if let Some(number) = number_of(column).filter(|_| numbered) {
            shared.push_str(&format!(" {number}"));
        }
        // Each element of an array is an address of its own.
        shared.push_str(elements::outermost(&column.column.name).unwrap_or_default());
        let street = if said[0] { column.column.filled } else { 0 };
        match all.iter_mut().find(|(family, _)| family.shared == shared) {
            Some((family, parts)) => {
                family.rows.push(row);
                family.filled = family.filled.max(street);
                parts
                    .iter_mut()
                    .zip(said)
                    .for_each(|(part, said)| *part |= said);
            }
            None => all.push((
                Family {
                    shared,
                    rows: vec![row],
                    filled: street,
                    is_mail: column
                        .tokens
                        .iter()
                        .any(|token| token.is("mail") && !token.words.meet(beside)),
                },
                said,
            )),
        }
    }
    let whole = |parts: &[bool; PARTS.len()]| {
        parts[0] && parts[1] && parts.iter().filter(|part| **part).count() >= LEAST_PARTS
    };
    all.into_iter()
        .filter(|(_, parts)| whole(parts))
        .map(|(family, _)| family)
        .collect()
}

fn number_of(seen: &ColumnView<'_>) -> Option<u32> {
    seen.tokens.iter().find_map(|token| token.number)
}
