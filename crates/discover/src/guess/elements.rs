//! Arrays of JSON whose elements are columns: `owners[0].street` and `owners[1].street` are of two people.
//!
//! Owner of [`one_element_each`], which makes no address and no phone of two elements, and of [`of_people`], the array whose
//! elements are the customers or their owners and must be rows. Left out on purpose: reading JSON (`bakkt-source`).

use super::columns::{Confidence, Pick, picks};
use super::fields::{Group, ValueKind};
use super::places::{FIRMS, ObjectPlace, PEOPLE};
use super::score::ColumnView;
use super::words::{is_foreign, tokens};
use super::{FIRM_FIELDS, OF_FIRM};
use crate::inspect::Profile;
use crate::inspect::column::ColumnProfile;

/// The steps of a column's name that choose an object of an array: where the number begins, and where it ends.
fn steps(name: &str) -> impl Iterator<Item = (usize, usize)> {
    name.match_indices('[').filter_map(|(at, _)| {
        let digits = name[at + 1..].find(|c: char| !c.is_ascii_digit())?;
        let end = at + 1 + digits;
        (digits > 0 && name[end..].starts_with("].")).then_some((at + 1, end))
    })
}

/// The outermost element that a column is of: `addresses[1]`.
pub(super) fn outermost(name: &str) -> Option<&str> {
    let (_, end) = steps(name).next()?;
    Some(&name[..=end])
}

/// The arrays of a file of which several elements are columns.
pub(super) fn arrays(profile: &Profile) -> Vec<&str> {
    let second = |column: &'_ ColumnProfile| column.name.contains("[1].");
    let columns = profile.columns.iter().filter(|column| second(column));
    let mut arrays: Vec<&str> = columns
        .filter_map(|column| outermost(&column.name)?.strip_suffix("[1]"))
        .collect();
    arrays.dedup();
    arrays
}

/// Whether two columns are of different elements of one array.
fn are_strangers(one: &str, other: &str) -> bool {
    steps(one)
        .zip(steps(other))
        .any(|((at, end), (to, until))| {
            one[..at] == other[..to] && one[at..end] != other[to..until]
        })
}

/// Leaves an address and a phone the columns of one element: of that whose column stands first. None of them is sure then.
pub(super) fn one_element_each(picks: &mut Vec<Pick>, seen: &[ColumnView<'_>]) {
    let name = |pick: &Pick| {
        let seen = seen.iter().find(|seen| seen.index == pick.column);
        seen.map_or("", |seen| seen.column.name.as_str())
    };
    let is_one_thing = |pick: &Pick, other: &Pick| {
        let is_address = pick.concept.group == Group::Address
            && other.concept.group == Group::Address
            && pick.place.prefix == other.place.prefix;
        is_address || pick.concept.kind == ValueKind::Phone && pick.path() == other.path()
    };
    if !seen
        .iter()
        .any(|seen| outermost(&seen.column.name).is_some())
    {
        return;
    }
    picks.sort_by_key(|pick| pick.column);
    let mut kept: Vec<Pick> = Vec::new();
    for pick in picks.iter() {
        let apart =
            |other: &Pick| is_one_thing(pick, other) && are_strangers(name(pick), name(other));
        if !kept.iter().any(apart) {
            kept.push(*pick);
            continue;
        }
        for other in kept.iter_mut().filter(|other| is_one_thing(pick, other)) {
            other.confidence = other.confidence.min(Confidence::Medium);
        }
    }
    *picks = kept;
}

/// What says that an element is a person: names, a birth date, a tax id.
fn of_person(pick: &Pick) -> bool {
    let is_name = matches!(pick.concept.kind, ValueKind::Name | ValueKind::FullName);
    let own = ["identity.dateOfBirth", "identity.taxId"];
    is_name || own.contains(&pick.concept.field)
}

/// Whether some columns plainly are a person's or a firm's.
pub(super) fn are_somebody(columns: &[ColumnProfile]) -> bool {
    let likely = |places: &'static [ObjectPlace], is: &dyn Fn(&Pick) -> bool| {
        let found = picks(columns, places, &[]);
        let likely = |pick: &&Pick| pick.confidence >= Confidence::Medium && is(pick);
        found.iter().filter(likely).count()
    };
    let of_firm = |pick: &Pick| OF_FIRM.contains(&pick.concept.field);
    likely(PEOPLE, &of_person) > 1 || likely(FIRMS, &of_firm) >= FIRM_FIELDS
}

/// The array of a file whose elements are the customers or the owners, several in an object, while the object itself is
/// nobody: its elements must be rows, or all but the first are left behind.
pub fn of_people(profile: &Profile) -> Option<String> {
    let is_others = |array: &&str| {
        let words = tokens(array);
        words
            .iter()
            .any(|word| is_foreign(word) || word.is("trusted"))
    };
    let found = arrays(profile)
        .into_iter()
        .filter(|array| !is_others(array))
        .find(|array| {
            let first = format!("{array}[0].");
            let element: Vec<ColumnProfile> = profile
                .columns
                .iter()
                .filter_map(|column| {
                    let mut own = column.clone();
                    own.name = column.name.strip_prefix(&first)?.to_owned();
                    Some(own)
                })
                .collect();
            let beside: Vec<ColumnProfile> = profile
                .columns
                .iter()
                .filter(|column| outermost(&column.name).is_none())
                .cloned()
                .collect();
            are_somebody(&element) && !are_somebody(&beside)
        });
    found.map(str::to_owned)
}
