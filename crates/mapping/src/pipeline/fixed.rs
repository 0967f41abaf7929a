//! What the journal keeps of the values that no update may change.
//!
//! Owner of [`FixedMarks`]: for each field of [`BY_HAND`] four bytes that tell, later, whether its values in the payload of a
//! customer are still the same, and so which field changed. Invariants: all values of a field count, with the owner whose
//! they are; without the journal's key nothing can be tried against them, and the same birth date of two customers gives
//! different bytes, so that nothing can be counted either.
//! Left out on purpose: comparing them (`journal::restricted`).

use super::Pipeline;
use crate::assess::kept::KeptValue;
use bakkt_contract::changes::{BY_HAND, MARK};

/// One mark for each field of [`BY_HAND`], in its order.
pub(crate) type FixedMarks = [u8; MARK * BY_HAND.len()];

/// What the key is derived for: no other hash of the journal is made with it.
const CONTEXT: &str = "bakkt-migrate 2026-11 what no update changes";

/// What tells one owner from another.
const OWNER_ID: &str = "owners[].clientOwnerId";

/// Makes the marks of fields that no update may change, with the key of a pipeline.
#[derive(Debug)]
pub(crate) struct FixedMarker {
    key: [u8; 32],
}

impl FixedMarker {
    /// With the key of a pipeline.
    pub(crate) fn new(pipeline: &Pipeline) -> FixedMarker {
        FixedMarker {
            key: blake3::derive_key(CONTEXT, &pipeline.key),
        }
    }

    /// Those of one customer's payload.
    pub(crate) fn of(&self, client_id: &str, payload: &[u8], kept: &[KeptValue]) -> FixedMarks {
        let mut fixed: FixedMarks = [0; MARK * BY_HAND.len()];
        let mut customer = blake3::Hasher::new_keyed(&self.key);
        add(&mut customer, client_id.as_bytes());
        for ((number, field), mark) in (0..).zip(BY_HAND).zip(fixed.chunks_exact_mut(MARK)) {
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
            mark.copy_from_slice(&hash.finalize().as_bytes()[..MARK]);
        }
        fixed
    }
}

/// The owner to whom a value belongs: by the order of ids. While these stay the same it tells one owner from another; when
/// one of them does not, its own mark says so, and those of the fields of an only owner stay.
fn whose(payload: &[u8], kept: &[KeptValue], value: &KeptValue) -> u32 {
    let is_id = |kept: &&KeptValue| BY_HAND.get(usize::from(kept.field)) == Some(&OWNER_ID);
    let ids = || kept.iter().filter(is_id);
    let Some(own) = ids().find(|id| id.place == value.place) else {
        return value.place;
    };
    let before = ids().filter(|id| bytes(payload, id) < bytes(payload, own));
    before.count() as u32
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

    fn marks(fixed: &FixedMarks) -> Vec<&[u8]> {
        fixed.chunks_exact(MARK).collect()
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
        let fixing = FixedMarker { key: [7; 32] };
        let first = fixing.of("A", payload, &[born(0, 0), citizen]);
        assert_eq!(first, fixing.of("A", payload, &[born(0, 0), citizen]));
        let differ = |other: &FixedMarks| -> Vec<usize> {
            let pairs = marks(&first).into_iter().zip(marks(other)).enumerate();
            let differ = pairs.filter(|(_, (one, other))| one != other);
            differ.map(|(place, _)| place).collect()
        };
        assert_eq!(
            differ(&fixing.of("A", payload, &[born(0, 13), citizen])),
            [2]
        );
        assert_eq!(
            differ(&fixing.of("A", payload, &[born(1, 0), citizen])),
            [2]
        );
        assert_eq!(differ(&fixing.of("A", payload, &[born(0, 0)])), [3]);
        let both = [born(0, 0), citizen, born(1, 0)];
        assert_eq!(differ(&fixing.of("A", payload, &both)), [2]);
        let all: Vec<usize> = (0..BY_HAND.len()).collect();
        assert_eq!(
            differ(&fixing.of("B", payload, &[born(0, 0), citizen])),
            all
        );
        // Owners with ids may change places, but not their values.
        let own = b"ab1980-02-031981-02-03";
        let id = |place: u32, start: usize| value(1, place, start, start + 1);
        let of = |all: &[KeptValue]| fixing.of("A", own, all);
        let birth = |place: u32, start: usize| value(2, place, start, start + 10);
        let ordered = of(&[id(0, 0), birth(0, 2), id(1, 1), birth(1, 12)]);
        assert_eq!(
            ordered,
            of(&[id(0, 1), birth(0, 12), id(1, 0), birth(1, 2)])
        );
        assert_ne!(
            ordered,
            of(&[id(0, 0), birth(0, 12), id(1, 1), birth(1, 2)])
        );
        let other = FixedMarker { key: [8; 32] };
        assert_eq!(differ(&other.of("A", payload, &[born(0, 0), citizen])), all);
    }
}
