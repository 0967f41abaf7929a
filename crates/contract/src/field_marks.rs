//! What the journal keeps of the fields that an update may change, to tell later which of them it changes.
//!
//! Owner of the form of these marks, and of comparing them. They are one byte that tells the list of fields that they are about,
//! one for how many bytes follow with a bit for each of its fields, these, and one byte for each field that has a value: seven bits of its value, and whether there are several
//! values (of several owners), whose number follows behind. Of accounts with several owners there is a last part: how many owners, and for
//! each field of owners that not each of them has once, the field and how many values each has. Owners go by their number, which is the
//! same before and after an update: no update changes their ids. Invariant: a value that is gone is always seen, also where another
//! owner has one now; one change of a value in 128 is not, so that the number of changed values is about right, and the bytes say next
//! to nothing of a value.
//! Left out on purpose: how a value becomes seven bits (`mapping::pipeline::field_marks`), and the fields that go by hand, whose
//! longer marks stand in front (`changes`).

use std::sync::LazyLock;

use super::changes::{self, BY_HAND, FIXED_MARKS};

/// What an update does to a field of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldChange {
    /// It gets a value where there was none.
    Added,
    /// It gets another value.
    Changed,
    /// Its value is gone, or that of one of its owners.
    Removed,
}

/// The values of one field: how many, and seven bits of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Mark {
    count: u8,
    bits: u8,
}

const SEVERAL: u8 = 0x80;

/// Gathers the marks of one account.
#[derive(Debug, Default)]
pub struct FieldMarks {
    marks: Vec<Mark>,
    /// The fields of owners that have a value, by their place among the marks, and whose it is.
    given: Vec<(u8, u8)>,
}

/// Which owner has how many values of the fields of owners.
#[derive(Debug)]
struct OwnerCounts<'k> {
    owners: usize,
    /// The place of a field, then how many values each owner has; of the fields that not each owner has once.
    uneven: Vec<&'k [u8]>,
}

/// What the journal keeps, read again.
struct KeptMarks<'k> {
    marks: Vec<Mark>,
    /// `None` for an only owner, and of an earlier version.
    owners: Option<OwnerCounts<'k>>,
}

impl FieldMarks {
    /// Adds one value of a field, by its number: whose it is, and bits of a keyed hash of it.
    pub fn add(&mut self, number: u8, owner: u32, bits: u64) {
        let Some(place) = usize::from(number).checked_sub(BY_HAND.len()) else {
            return;
        };
        if self.marks.len() <= place {
            self.marks.resize(place + 1, Mark::default());
        }
        let mark = &mut self.marks[place];
        mark.count = mark.count.saturating_add(1);
        mark.bits = mark.bits.wrapping_add(bits as u8);
        if is_of_owner(place) {
            let owner = owner.min(MOST_OWNERS - 1) as u8;
            self.given.push((place as u8, owner));
        }
    }

    /// Writes them, with the number of owners of the account, and forgets them.
    pub fn write(&mut self, owners: usize, out: &mut Vec<u8>) {
        let bytes = self.marks.len().div_ceil(8);
        out.extend([edition(), bytes as u8]);
        let bitmap = out.len();
        out.resize(bitmap + bytes, 0);
        let filled = || {
            self.marks
                .iter()
                .enumerate()
                .filter(|(_, mark)| mark.count > 0)
        };
        for (place, mark) in filled() {
            out[bitmap + place / 8] |= 1 << (place % 8);
            let several = if mark.count > 1 { SEVERAL } else { 0 };
            out.push(mark.bits & !SEVERAL | several);
        }
        out.extend(
            filled()
                .map(|(_, mark)| mark.count)
                .filter(|count| *count > 1),
        );
        self.write_owners(owners, out);
        self.marks.clear();
        self.given.clear();
    }

    fn write_owners(&mut self, owners: usize, out: &mut Vec<u8>) {
        let last = self.given.iter().map(|(_, owner)| usize::from(*owner) + 1);
        let owners = owners
            .min(MOST_OWNERS as usize)
            .max(last.max().unwrap_or(0));
        if owners < 2 {
            return;
        }
        out.push(owners as u8);
        self.given.sort_unstable();
        for of_field in self.given.chunk_by(|(one, _), (other, _)| one == other) {
            let is_even = of_field.len() == owners
                && (0..)
                    .zip(of_field)
                    .all(|(place, (_, owner))| place == *owner);
            if is_even {
                continue;
            }
            out.push(of_field[0].0);
            let start = out.len();
            out.resize(start + owners, 0);
            for (_, owner) in of_field {
                let count = &mut out[start + usize::from(*owner)];
                *count = count.saturating_add(1);
            }
        }
    }

    /// Those behind the marks of the fields that go by hand; none where an earlier version kept none, or kept them of other fields.
    fn read(kept: &[u8]) -> Option<KeptMarks<'_>> {
        let (head, rest) = kept.get(FIXED_MARKS..)?.split_first_chunk::<2>()?;
        let [about, bytes] = *head;
        let (bitmap, rest) = rest.split_at_checked(usize::from(bytes))?;
        if about != edition() {
            return None;
        }
        let is_filled = |place: usize| bitmap[place / 8] & (1 << (place % 8)) != 0;
        let filled = (0..bitmap.len() * 8)
            .filter(|place| is_filled(*place))
            .count();
        let (bits, counts) = rest.split_at_checked(filled)?;
        let (mut bits, mut counts) = (bits.iter(), counts.iter());
        let mut marks = vec![Mark::default(); bitmap.len() * 8];
        for (_, mark) in marks
            .iter_mut()
            .enumerate()
            .filter(|(place, _)| is_filled(*place))
        {
            let byte = *bits.next()?;
            let count = if byte & SEVERAL == 0 {
                1
            } else {
                *counts.next()?
            };
            let bits = byte & !SEVERAL;
            *mark = Mark { count, bits };
        }
        let owners = match counts.as_slice() {
            [] => None,
            [owners, uneven @ ..] => Some(OwnerCounts::read(usize::from(*owners), uneven)?),
        };
        Some(KeptMarks { marks, owners })
    }
}

impl<'k> OwnerCounts<'k> {
    fn read(owners: usize, uneven: &'k [u8]) -> Option<OwnerCounts<'k>> {
        let fields = uneven.chunks_exact(owners + 1);
        fields.remainder().is_empty().then(|| OwnerCounts {
            owners,
            uneven: fields.collect(),
        })
    }

    /// How many values of a field that has any an owner has.
    fn of(&self, place: usize, owner: usize) -> u8 {
        if owner >= self.owners {
            return 0;
        }
        let is_field = |field: &&&[u8]| usize::from(field[0]) == place;
        match self.uneven.iter().find(is_field) {
            Some(field) => field[owner + 1],
            None => 1,
        }
    }

    /// Whether an owner has fewer values of a field than before, although there are as many or more altogether.
    fn takes_away(&self, after: &OwnerCounts<'_>, place: usize) -> bool {
        is_of_owner(place)
            && (0..self.owners).any(|owner| self.of(place, owner) > after.of(place, owner))
    }
}

/// Most owners that are told apart; those behind count as the last of them.
const MOST_OWNERS: u32 = 200;

/// Whether a field is one of owners, by its place.
fn is_of_owner(place: usize) -> bool {
    let field = changes::changeable().get(place);
    field.is_some_and(|field| field.starts_with("owners["))
}

/// What an update does to which field, from what the journal keeps of an account before and after it; none where that is not
/// known. Each field has its place in the order of the contract, and its pattern.
pub fn changes(
    before: &[u8],
    after: &[u8],
) -> Option<impl Iterator<Item = (usize, &'static str, FieldChange)> + use<>> {
    let (before, after) = (FieldMarks::read(before)?, FieldMarks::read(after)?);
    let owners = before.owners.as_ref().zip(after.owners.as_ref());
    let mut found = Vec::new();
    for (place, field) in changes::changeable().iter().enumerate() {
        let of = |kept: &KeptMarks<'_>| kept.marks.get(place).copied().unwrap_or_default();
        let (before, after) = (of(&before), of(&after));
        let is_taken = before.count > after.count
            || before.count > 0
                && owners.is_some_and(|(before, after)| before.takes_away(after, place));
        let change = match is_taken {
            true => FieldChange::Removed,
            false if before == after => continue,
            false if before.count == 0 => FieldChange::Added,
            false => FieldChange::Changed,
        };
        found.push((place, field.as_str(), change));
    }
    Some(found.into_iter())
}

/// Tells one list of fields from another, of another version of this program.
fn edition() -> u8 {
    static EDITION: LazyLock<u8> = LazyLock::new(|| {
        let names = changes::changeable().iter().flat_map(|name| name.bytes());
        names.fold(0, |sum: u8, byte| sum.wrapping_mul(31).wrapping_add(byte))
    });
    *EDITION
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(values: &[(&str, u64)]) -> Vec<u8> {
        let mut marks = FieldMarks::default();
        for (at, bits) in values {
            if let Some(number) = changes::number(at) {
                let owner = at
                    .strip_prefix("owners[")
                    .and_then(|rest| rest.split_once(']'));
                let owner = owner.map_or(0, |(place, _)| place.parse().unwrap_or(0));
                marks.add(number, owner, *bits);
            }
        }
        let mut out = vec![0; FIXED_MARKS];
        marks.write(1, &mut out);
        out
    }

    fn between(before: &[(&str, u64)], after: &[(&str, u64)]) -> Vec<(&'static str, FieldChange)> {
        let told = changes(&kept(before), &kept(after)).into_iter().flatten();
        told.map(|(_, path, change)| (path, change)).collect()
    }

    #[test]
    fn what_is_new_other_or_gone_is_told_by_field() {
        let phone = ("owners[0].phoneNumber", 7);
        let second = ("owners[1].phoneNumber", 9);
        let email = ("owners[0].emailAddress", 3);
        let tax = ("entity.entityLegalName", 3);
        assert_eq!(between(&[phone, email, tax], &[phone, email, tax]), []);
        assert_eq!(
            between(&[phone, email], &[("owners[0].phoneNumber", 8), tax]),
            [
                ("owners[].emailAddress", FieldChange::Removed),
                ("owners[].phoneNumber", FieldChange::Changed),
                ("entity.entityLegalName", FieldChange::Added),
            ]
        );
        // Of two owners one has none any more; one of two has another; a second one has one now.
        let one = [phone, second];
        assert_eq!(
            between(&one, &[phone]),
            [("owners[].phoneNumber", FieldChange::Removed)]
        );
        assert_eq!(
            between(&one, &[phone, ("owners[1].phoneNumber", 10)]),
            [("owners[].phoneNumber", FieldChange::Changed)]
        );
        assert_eq!(
            between(&[phone], &one),
            [("owners[].phoneNumber", FieldChange::Changed)]
        );
    }

    #[test]
    fn a_value_that_one_owner_loses_is_gone_though_another_has_one_now() {
        let phone = |owner: usize| match owner {
            0 => ("owners[0].phoneNumber", 7),
            1 => ("owners[1].phoneNumber", 8),
            _ => ("owners[2].phoneNumber", 9),
        };
        let names = [
            ("owners[0].emailAddress", 1),
            ("owners[1].emailAddress", 2),
            ("owners[2].emailAddress", 3),
        ];
        let of = |owners: &[usize]| {
            let phones = owners.iter().map(|owner| phone(*owner));
            kept(&names.into_iter().chain(phones).collect::<Vec<_>>())
        };
        let told = |before: &[usize], after: &[usize]| {
            let told = changes(&of(before), &of(after)).into_iter().flatten();
            told.map(|(_, _, change)| change).collect::<Vec<_>>()
        };
        assert_eq!(told(&[0, 1], &[0, 2]), [FieldChange::Removed]);
        assert_eq!(told(&[0], &[1, 2]), [FieldChange::Removed]);
        assert_eq!(told(&[0], &[0, 2]), [FieldChange::Changed]);
        assert_eq!(told(&[], &[2]), [FieldChange::Added]);
        assert_eq!(told(&[0, 1, 2], &[0, 2]), [FieldChange::Removed]);
        assert_eq!(told(&[0, 2], &[0, 1, 2]), [FieldChange::Changed]);
        assert_eq!(told(&[1, 2], &[1, 2]), []);
        // One of an earlier version has no last part: then the number of values counts, as before.
        let last = 1 + 4;
        let earlier = |owners: &[usize]| {
            let mut kept = of(owners);
            kept.truncate(kept.len() - last);
            kept
        };
        let told = |before: &[u8], after: &[u8]| {
            let told = changes(before, after).into_iter().flatten();
            told.map(|(_, _, change)| change).collect::<Vec<_>>()
        };
        assert_eq!(
            told(&earlier(&[0, 1]), &of(&[0, 2])),
            [FieldChange::Changed]
        );
        assert_eq!(told(&earlier(&[0, 1]), &of(&[0])), [FieldChange::Removed]);
    }

    #[test]
    fn nothing_is_told_of_what_is_not_known() {
        let known = kept(&[("owners[0].phoneNumber", 7)]);
        assert!(changes(&known[..FIXED_MARKS], &known).is_none());
        assert!(changes(&known, &[]).is_none());
        let mut other = known.clone();
        other[FIXED_MARKS] ^= 1;
        assert!(changes(&other, &known).is_none());
        for cut in FIXED_MARKS..known.len() {
            assert!(changes(&known[..cut], &known).is_none(), "{cut}");
        }
    }
}
