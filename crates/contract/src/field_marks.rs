//! What the journal keeps of the fields that an update may change, to tell later which of them it changes.
//!
//! Owner of the form of these marks, and of comparing them. They are one byte that tells the list of fields that they are about,
//! one for how many bytes follow with a bit for each of its fields, these, and one byte for each field that has a value: seven bits of its value, and whether there are several
//! values (of several owners), whose number follows behind. Invariant: a value that is gone is always seen; one change of a value
//! in 128 is not, so that the number of changed values is about right, and the bytes say next to nothing of a value.
//! Left out on purpose: how a value becomes seven bits (`mapping::pipeline::field_marks`), and the fields that go by hand, whose
//! longer marks stand in front (`changes`).

use std::cmp::Ordering;
use std::sync::LazyLock;

use super::changes::{self, BY_HAND, FIXED_MARKS};

/// What an update does to a field of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldChange {
    /// It gets a value where there was none.
    Added,
    /// It gets another value.
    Changed,
    /// Its value is gone, or those of some of its owners.
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
}

impl FieldMarks {
    /// Adds one value of a field, by its number: bits of a keyed hash of it.
    pub fn add(&mut self, number: u8, bits: u64) {
        let Some(place) = usize::from(number).checked_sub(BY_HAND.len()) else {
            return;
        };
        if self.marks.len() <= place {
            self.marks.resize(place + 1, Mark::default());
        }
        let mark = &mut self.marks[place];
        mark.count = mark.count.saturating_add(1);
        mark.bits = mark.bits.wrapping_add(bits as u8);
    }

    /// Writes them, and forgets them.
    pub fn write(&mut self, out: &mut Vec<u8>) {
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
        self.marks.clear();
    }

    /// Those behind the marks of the fields that go by hand; none where an earlier version kept none, or kept them of other fields.
    fn read(kept: &[u8]) -> Option<FieldMarks> {
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
        Some(FieldMarks { marks })
    }
}

/// What an update does to which field, from what the journal keeps of an account before and after it; none where that is not
/// known. Each field has its place in the order of the contract, and its pattern.
pub fn changes(
    before: &[u8],
    after: &[u8],
) -> Option<impl Iterator<Item = (usize, &'static str, FieldChange)> + use<>> {
    let (before, after) = (FieldMarks::read(before)?, FieldMarks::read(after)?);
    let fields = changes::changeable().iter().enumerate();
    Some(fields.filter_map(move |(place, field)| {
        let of = |marks: &FieldMarks| marks.marks.get(place).copied().unwrap_or_default();
        let (before, after) = (of(&before), of(&after));
        let change = match before.count.cmp(&after.count) {
            Ordering::Greater => FieldChange::Removed,
            Ordering::Less if before.count == 0 => FieldChange::Added,
            Ordering::Equal if before == after => return None,
            Ordering::Less | Ordering::Equal => FieldChange::Changed,
        };
        Some((place, field.as_str(), change))
    }))
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
                marks.add(number, *bits);
            }
        }
        let mut out = vec![0; FIXED_MARKS];
        marks.write(&mut out);
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
