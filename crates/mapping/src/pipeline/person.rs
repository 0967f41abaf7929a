//! A keyed hash that tells whether two records are about the same person.
//!
//! Owner of [`PersonHash`]: sixteen bytes made of the primary owner's given and family name, birth date and tax id
//! together. `replan` uses it to see that an account which Bakkt has comes back under another id; the findings use it to
//! see one person under several ids. Invariants: the hash has a key of its own, derived from that of the journal; no hash
//! of a single field is ever made, because tax ids and birth dates can be enumerated by whoever has the key; a record
//! that says too little about its owner has no hash, so that no two strangers share one.
//! Left out on purpose: middle names, which often stand in only one of two records of the same person; the other owners;
//! what follows from two equal hashes (`journal::reappeared`, the findings).

use super::Pipeline;
use super::moment::MomentHasher;
use crate::draft::Draft;
use crate::findings::people::{OwnerSlots, fold_person, owner_slots};
use bakkt_contract::roles::PRIMARY_OWNER;

/// Keyed hash of a person.
pub type PersonHash = [u8; 16];

/// Half of a person's hash, which is enough to compare the records of one export; never 0.
pub fn half(person: PersonHash) -> u64 {
    let mut half = [0; 8];
    half.copy_from_slice(&person[..8]);
    u64::from_le_bytes(half).max(1)
}

/// What the key is derived for: no other hash of the journal is made with it.
const CONTEXT: &str = "bakkt-migrate 2026-11 the same person under another id";

/// Makes the hashes; each thread has its own.
#[derive(Debug)]
pub(crate) struct PersonHasher {
    key: [u8; 32],
    /// Instead of the keyed hash, where nothing is kept.
    moment: Option<MomentHasher>,
    /// By place among the owners.
    owners: Vec<OwnerSlots>,
    text: Vec<u8>,
}

impl PersonHasher {
    /// With the key and the mapping of a pipeline.
    pub(crate) fn new(pipeline: &Pipeline, moment: Option<MomentHasher>) -> PersonHasher {
        PersonHasher {
            key: blake3::derive_key(CONTEXT, &pipeline.key),
            moment,
            owners: owner_slots(&pipeline.mapper),
            text: Vec::new(),
        }
    }

    /// The hash of the primary owner of a record; none when less than two of names, birth date and tax id are known.
    pub(crate) fn hash(&mut self, draft: &Draft) -> Option<PersonHash> {
        let value = |slot: Option<usize>| slot.and_then(|slot| draft.value(slot));
        let is_primary = |owner: &&OwnerSlots| value(owner.role) == Some(PRIMARY_OWNER);
        let owner = self.owners.iter().find(is_primary);
        let owner = *owner.or(self.owners.first())?;
        self.hash_of(&owner, draft)
    }

    /// The same of the owner at a place.
    pub(crate) fn hash_at(&mut self, place: usize, draft: &Draft) -> Option<PersonHash> {
        let owner = *self.owners.get(place)?;
        self.hash_of(&owner, draft)
    }

    fn hash_of(&mut self, owner: &OwnerSlots, draft: &Draft) -> Option<PersonHash> {
        self.text.clear();
        if fold_person(owner, draft, &mut self.text) < 2 {
            return None;
        }
        let hash = match &self.moment {
            None => *blake3::keyed_hash(&self.key, &self.text).as_bytes(),
            Some(moment) => moment.hash(&self.text),
        };
        hash.first_chunk().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::SlotValue;

    /// Given name, family name, birth date, tax id; `-` is missing.
    fn hash_of(parts: [&str; 4]) -> Option<PersonHash> {
        let mut draft = Draft::default();
        draft.reset(4);
        for (slot, part) in parts.into_iter().enumerate() {
            if part != "-" {
                let span = draft.keep(part);
                let constant = false;
                draft.set(slot, SlotValue::Value { span, constant });
            }
        }
        let owner = OwnerSlots {
            role: None,
            share: None,
            manages: None,
            given_name: Some(0),
            family_name: Some(1),
            birth_date: Some(2),
            tax_id: Some(3),
        };
        let (owners, text) = (vec![owner], Vec::new());
        let mut hasher = PersonHasher {
            key: [7; 32],
            moment: None,
            owners,
            text,
        };
        hasher.hash(&draft)
    }

    #[test]
    fn spelling_does_not_count_and_every_part_does() {
        let jose = hash_of(["José María", "O'Neill-Łuk", "1980-02-03", "000121234"]);
        assert!(jose.is_some());
        for same in [
            ["JOSE MARIA", "ONEILL LUK", "1980-02-03", "000-12-1234"],
            [
                "Jose\u{301}  Maria\u{301}",
                "O\u{2019}neill Łuk",
                "1980-02-03",
                "121234",
            ],
            ["ＪＯＳＥ maria", "o neill luk", "1980-02-03", " 00012 1234"],
        ] {
            assert_eq!(hash_of(same), jose, "{same:?}");
        }
        for other in [
            ["Jose", "O'Neill-Luk", "1980-02-03", "000121234"],
            ["José María", "O'Neill", "1980-02-03", "000121234"],
            ["José María", "O'Neill-Luk", "1980-02-04", "000121234"],
            ["José María", "O'Neill-Luk", "1980-02-03", "000121235"],
            ["José María", "O'Neill-Luk", "1980-02-03", "-"],
            ["José María", "O'Neill-Luk", "-", "000121234"],
            // What one part ends with is not what the next begins with.
            ["José MaríaO", "'Neill-Luk", "1980-02-03", "000121234"],
        ] {
            assert_ne!(hash_of(other), jose, "{other:?}");
        }
        assert_eq!(
            hash_of(["Νίκος", "Α", "1980-02-03", "-"]),
            hash_of(["ΝΙΚΟΣ", "α", "1980-02-03", "-"])
        );
    }

    #[test]
    fn who_says_too_little_has_none() {
        for nobody in [
            ["-", "-", "-", "-"],
            ["Ann", "Ash", "-", "-"],
            ["-", "-", "1980-02-03", "-"],
            ["-", "-", "-", "000121234"],
            ["Ann", "Ash", "-", "000-00-0000"],
            ["..", "-", "1980-02-03", "-"],
        ] {
            assert_eq!(hash_of(nobody), None, "{nobody:?}");
        }
        for somebody in [
            ["Ann", "Ash", "1980-02-03", "-"],
            ["-", "Ash", "-", "000121234"],
            ["-", "-", "1980-02-03", "000121234"],
        ] {
            assert!(hash_of(somebody).is_some(), "{somebody:?}");
        }
    }
}
