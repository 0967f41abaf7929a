//! What the journal keeps of owners and of their agreements, to see later that they changed.
//!
//! Owner of two lists of marks (`contract::ownership`): of the agreements as they are sent, and of the owners of an entity
//! with what they own, which is never sent. Invariants: marks are keyed and of one customer alone, so that neither a share
//! nor a person can be counted or tried without the journal's key; the order of owners does not count.
//! Left out on purpose: comparing marks (`contract::ownership`).

use super::Pipeline;
use crate::assess::kept::KeptValue;
use crate::draft::Draft;
use crate::findings::people::{OwnerSlots, fold_person, owner_slots};
use bakkt_contract::changes::{self, OWNER_ID};
use bakkt_contract::documents::KYB_ACCOUNT_TYPES;
use bakkt_contract::ownership::MARK;
use bakkt_contract::shares::Share;

/// What the key is derived for: no other hash of the journal is made with it.
const CONTEXT: &str = "bakkt-migrate 2026-11 owners and their agreements";

/// How many agreements of a payload have a name (all have one), a version, and a date.
pub type CarriedAgreements = [u8; 3];

/// Makes the marks; each thread has its own.
#[derive(Debug)]
pub(crate) struct OwnerMarker {
    key: [u8; 32],
    /// By place among the owners.
    owners: Vec<OwnerSlots>,
    text: Vec<u8>,
}

impl OwnerMarker {
    /// With the key and the mapping of a pipeline.
    pub(crate) fn new(pipeline: &Pipeline) -> OwnerMarker {
        OwnerMarker {
            key: blake3::derive_key(CONTEXT, &pipeline.key),
            owners: owner_slots(&pipeline.mapper),
            text: Vec::new(),
        }
    }

    /// The hasher that all marks of one customer begin with.
    fn customer(&self, client_id: &str) -> blake3::Hasher {
        let mut hash = blake3::Hasher::new_keyed(&self.key);
        add(&mut hash, client_id.as_bytes());
        hash
    }

    /// Adds the marks of the agreements in a payload.
    pub(crate) fn add_agreements(
        &self,
        client_id: &str,
        payload: &[u8],
        kept: &[KeptValue],
        out: &mut Vec<u8>,
    ) {
        if !kept.iter().any(|value| changes::is_agreement(value.field)) {
            return;
        }
        let customer = self.customer(client_id);
        let bytes = |value: &KeptValue| payload.get(value.start..value.end).unwrap_or_default();
        let is_id = |value: &&KeptValue| value.field == OWNER_ID;
        for owner in kept.iter().filter(is_id) {
            let values = || {
                let all = kept
                    .iter()
                    .filter(|value| changes::is_agreement(value.field));
                all.filter(|value| value.place == owner.place)
            };
            if values().next().is_none() {
                continue;
            }
            out.extend(mark(&customer, "owner", [bytes(owner)]));
            out.extend(mark(&customer, "agreements", values().map(bytes)));
        }
    }

    /// Counts the agreements in a payload, and how many of them have a version and a date.
    pub(crate) fn carried(payload: &[u8], kept: &[KeptValue]) -> CarriedAgreements {
        let mut carried = CarriedAgreements::default();
        for value in kept
            .iter()
            .filter(|value| changes::is_agreement(value.field))
        {
            // What a value is, the key before it says.
            let before = payload.get(..value.start).unwrap_or_default();
            let is = |key: &str| {
                let before = before.strip_suffix(b"\"").unwrap_or(before);
                before.ends_with(key.as_bytes())
            };
            let places = [r#""name":"#, r#""version":"#, r#""eSignedDate":"#];
            if let Some(place) = places.iter().position(|key| is(key)) {
                carried[place] = carried[place].saturating_add(1);
            }
        }
        carried
    }

    /// Adds the marks of the owners of an account that is an entity's: their places and their ids as sent.
    pub(crate) fn add_owners<'o>(
        &mut self,
        client_id: &str,
        account_type: Option<&str>,
        draft: &Draft,
        owners: impl Iterator<Item = (u32, &'o str)>,
        out: &mut Vec<u8>,
    ) {
        if !account_type.is_some_and(|name| KYB_ACCOUNT_TYPES.contains(&name)) {
            return;
        }
        let customer = self.customer(client_id);
        for (place, id) in owners {
            let slots = self.owners.get(place as usize).copied().unwrap_or_default();
            let value =
                |slot: Option<usize>| slot.and_then(|slot| draft.value(slot)).unwrap_or_default();
            self.text.clear();
            fold_person(&slots, draft, &mut self.text);
            let share = value(slots.share);
            let share = Share::read(share).map_or_else(|| share.to_owned(), Share::shortest);
            let does = [value(slots.role), &share, value(slots.manages)];
            out.extend(mark(&customer, "id", [id.as_bytes()]));
            out.extend(mark(&customer, "person", [self.text.as_slice()]));
            out.extend(mark(&customer, "owns", does.map(str::as_bytes)));
        }
    }
}

fn mark<'v>(
    customer: &blake3::Hasher,
    what: &str,
    values: impl IntoIterator<Item = &'v [u8]>,
) -> [u8; MARK] {
    let mut hash = customer.clone();
    add(&mut hash, what.as_bytes());
    values.into_iter().for_each(|value| add(&mut hash, value));
    let mut short = [0; MARK];
    short.copy_from_slice(&hash.finalize().as_bytes()[..MARK]);
    short
}

/// With its length, so that no two lists of texts are the same bytes.
fn add(hash: &mut blake3::Hasher, bytes: &[u8]) {
    hash.update(&(bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}
