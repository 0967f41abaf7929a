//! What the journal keeps of the values of a payload, to tell later which fields of an account changed.
//!
//! Owner of the marks of fields: for each field of [`BY_HAND`] four bytes that tell whether its values in the payload of a
//! customer are still the same, and behind them one byte for each other field (`contract::field_marks`). Invariants: all values of
//! a field count, with the owner whose they are; without the journal's key nothing can be tried against them, and the same birth
//! date of two customers gives different bytes, so that nothing can be counted either.
//! Left out on purpose: comparing them (`journal::replan`).

use super::Pipeline;
use crate::assess::kept::KeptValue;
use bakkt_contract::changes::{BY_HAND, MARK, OWNER_ID};
use bakkt_contract::field_marks::FieldMarks;

/// What the key is derived for: no other hash of the journal is made with it.
const CONTEXT: &str = "bakkt-migrate 2026-11 what no update changes";

/// Makes the marks of fields, with the key of a pipeline.
#[derive(Debug)]
pub(crate) struct FixedMarker {
    key: [u8; 32],
    /// Of the account at hand.
    fields: FieldMarks,
}

impl FixedMarker {
    /// With the key of a pipeline.
    pub(crate) fn new(pipeline: &Pipeline) -> FixedMarker {
        FixedMarker {
            key: blake3::derive_key(CONTEXT, &pipeline.key),
            fields: FieldMarks::default(),
        }
    }

    /// Adds those of one customer's payload.
    pub(crate) fn add(
        &mut self,
        client_id: &str,
        payload: &[u8],
        kept: &[KeptValue],
        out: &mut Vec<u8>,
    ) {
        let mut customer = blake3::Hasher::new_keyed(&self.key);
        add(&mut customer, client_id.as_bytes());
        for (number, field) in (0..).zip(BY_HAND) {
            let mut hash = customer.clone();
            add(&mut hash, field.as_bytes());
            let values = kept.iter().filter(|kept| kept.field == number);
            let mut values: Vec<_> = values
                .map(|value| {
                    // How many owners stand before the account's own fields says nothing about those.
                    let owner = field
                        .starts_with("owners")
                        .then(|| whose(payload, kept, value));
                    (owner, bytes(payload, value))
                })
                .collect();
            // In which order an export has the owners is no change.
            values.sort_unstable();
            for (owner, value) in values {
                hash.update(&owner.unwrap_or_default().to_le_bytes());
                add(&mut hash, value);
            }
            out.extend_from_slice(&hash.finalize().as_bytes()[..MARK]);
        }
        let key = ValueKey::new(&customer);
        let mut owner = (u32::MAX, 0);
        for value in kept
            .iter()
            .filter(|value| usize::from(value.field) >= BY_HAND.len())
        {
            if owner.0 != value.place {
                owner = (value.place, whose(payload, kept, value));
            }
            let bits = key.bits(owner.1, bytes(payload, value));
            self.fields.add(value.field, owner.1, bits);
        }
        let owners = kept.iter().filter(|kept| kept.field == OWNER_ID);
        self.fields.write(owners.count(), out);
    }
}

/// The owner to whom a value belongs: by the order of ids. While these stay the same it tells one owner from another; when
/// one of them does not, its own mark says so, and those of the fields of an only owner stay.
fn whose(payload: &[u8], kept: &[KeptValue], value: &KeptValue) -> u32 {
    let ids = || kept.iter().filter(|kept| kept.field == OWNER_ID);
    let Some(own) = ids().find(|id| id.place == value.place) else {
        return value.place;
    };
    let before = ids().filter(|id| bytes(payload, id) < bytes(payload, own));
    before.count() as u32
}

/// A key of one customer for values of which only a few bits are kept: a keyed hash of each would take as long as the rest.
struct ValueKey([u64; 2]);

impl ValueKey {
    fn new(customer: &blake3::Hasher) -> ValueKey {
        let hash = customer.finalize();
        let (words, _) = hash.as_bytes().as_chunks::<8>();
        let word = |place: usize| words.get(place).map_or(0, |word| u64::from_le_bytes(*word));
        ValueKey([word(0), word(1) | 1])
    }

    /// Bits of one value of an owner.
    fn bits(&self, owner: u32, value: &[u8]) -> u64 {
        let start = self.0[0] ^ u64::from(owner) ^ (value.len() as u64) << 32;
        let (words, rest) = value.as_chunks::<8>();
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        let words = words.iter().chain([&last]);
        words.fold(self.mixed(start), |bits, word| {
            self.mixed(bits ^ u64::from_le_bytes(*word))
        })
    }

    fn mixed(&self, word: u64) -> u64 {
        let wide = u128::from(word ^ self.0[0]) * u128::from(self.0[1]);
        (wide >> 64) as u64 ^ wide as u64
    }
}

fn bytes<'p>(payload: &'p [u8], value: &KeptValue) -> &'p [u8] {
    payload.get(value.start..value.end).unwrap_or_default()
}

/// With its length, so that no two lists of texts are the same bytes.
fn add(hash: &mut blake3::Hasher, bytes: &[u8]) {
    hash.update(&(bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use bakkt_contract::changes::{FIXED_MARKS, number};
    use bakkt_contract::field_marks::{FieldChange, changes};

    fn of(key: u8, client_id: &str, payload: &[u8], kept: &[KeptValue]) -> Vec<u8> {
        let (key, fields) = ([key; 32], FieldMarks::default());
        let mut out = Vec::new();
        FixedMarker { key, fields }.add(client_id, payload, kept, &mut out);
        out
    }

    fn marks(fixed: &[u8]) -> Vec<&[u8]> {
        fixed[..FIXED_MARKS].chunks_exact(MARK).collect()
    }

    #[test]
    fn only_the_mark_of_the_field_changes_and_no_two_customers_share_one() {
        let payload = b"1980-02-03USA1981-02-03";
        let value = |field: u8, place: u32, start: usize, end: usize| KeptValue {
            field,
            place,
            start,
            end,
        };
        let born = |place: u32, start: usize| value(2, place, start, start + 10);
        let citizen = value(3, 0, 10, 13);
        let first = of(7, "A", payload, &[born(0, 0), citizen]);
        assert_eq!(first, of(7, "A", payload, &[born(0, 0), citizen]));
        let differ = |other: &[u8]| -> Vec<usize> {
            let pairs = marks(&first).into_iter().zip(marks(other)).enumerate();
            let differ = pairs.filter(|(_, (one, other))| one != other);
            differ.map(|(place, _)| place).collect()
        };
        assert_eq!(differ(&of(7, "A", payload, &[born(0, 13), citizen])), [2]);
        assert_eq!(differ(&of(7, "A", payload, &[born(1, 0), citizen])), [2]);
        assert_eq!(differ(&of(7, "A", payload, &[born(0, 0)])), [3]);
        let both = [born(0, 0), citizen, born(1, 0)];
        assert_eq!(differ(&of(7, "A", payload, &both)), [2]);
        let all: Vec<usize> = (0..BY_HAND.len()).collect();
        assert_eq!(differ(&of(7, "B", payload, &[born(0, 0), citizen])), all);
        // Owners with ids may change places, but not their values.
        let own = b"ab1980-02-031981-02-03";
        let id = |place: u32, start: usize| value(1, place, start, start + 1);
        let owned = |all: &[KeptValue]| of(7, "A", own, all);
        let birth = |place: u32, start: usize| value(2, place, start, start + 10);
        let ordered = owned(&[id(0, 0), birth(0, 2), id(1, 1), birth(1, 12)]);
        assert_eq!(
            ordered,
            owned(&[id(0, 1), birth(0, 12), id(1, 0), birth(1, 2)])
        );
        assert_ne!(
            ordered,
            owned(&[id(0, 0), birth(0, 12), id(1, 1), birth(1, 2)])
        );
        let other = of(8, "A", payload, &[born(0, 0), citizen]);
        assert_eq!(differ(&other), all);
    }

    #[test]
    fn which_field_changed_is_told_and_the_order_of_owners_is_no_change() {
        let payload = b"ab555-0001555-0002mail";
        let value = |at: &str, place: u32, start: usize, end: usize| KeptValue {
            field: number(at).unwrap_or(u8::MAX),
            place,
            start,
            end,
        };
        let id =
            |place: u32, start: usize| value("owners[0].clientOwnerId", place, start, start + 1);
        let phone =
            |place: u32, start: usize| value("owners[0].phoneNumber", place, start, start + 8);
        let before = of(
            7,
            "A",
            payload,
            &[id(0, 0), phone(0, 2), id(1, 1), phone(1, 10)],
        );
        let told = |kept: &[KeptValue]| -> Vec<(&str, FieldChange)> {
            let told = changes(&before, &of(7, "A", payload, kept));
            let told = told.into_iter().flatten();
            told.map(|(_, path, change)| (path, change)).collect()
        };
        assert_eq!(told(&[id(0, 1), phone(0, 10), id(1, 0), phone(1, 2)]), []);
        let changed = |change| [("owners[].phoneNumber", change)];
        assert_eq!(
            told(&[id(0, 0), phone(0, 10), id(1, 1), phone(1, 2)]),
            changed(FieldChange::Changed)
        );
        assert_eq!(
            told(&[id(0, 0), phone(0, 2), id(1, 1)]),
            changed(FieldChange::Removed)
        );
        let of_one = |owner: u32| [id(0, 0), phone(owner, 2), id(1, 1)];
        let told_of = |before: &[KeptValue], after: &[KeptValue]| -> Vec<FieldChange> {
            let of = |kept: &[KeptValue]| of(7, "A", payload, kept);
            let told = changes(&of(before), &of(after)).into_iter().flatten();
            told.map(|(_, _, change)| change).collect()
        };
        let mails = |owner: u32| value("owners[0].emailAddress", owner, 18, 22);
        let with_mail = |kept: [KeptValue; 3]| -> Vec<KeptValue> {
            [&kept[..2], &[mails(0)], &kept[2..], &[mails(1)]].concat()
        };
        assert_eq!(
            told_of(&with_mail(of_one(0)), &with_mail(of_one(1))),
            [FieldChange::Removed]
        );
        let mail = value("owners[0].emailAddress", 0, 18, 22);
        assert_eq!(
            told(&[id(0, 0), phone(0, 2), mail, id(1, 1), phone(1, 10)]),
            [("owners[].emailAddress", FieldChange::Added)]
        );
    }
}
