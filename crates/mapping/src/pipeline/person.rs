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
use crate::Mapper;
use crate::draft::Draft;
use bakkt_contract::fold::fold_into;
use bakkt_contract::roles::PRIMARY_OWNER;

/// Keyed hash of a person.
pub type PersonHash = [u8; 16];

/// What the key is derived for: no other hash of the journal is made with it.
const CONTEXT: &str = "bakkt-migrate 2026-11 the same person under another id";

/// Where one owner says who they are: slots of the draft.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OwnerSlots {
    pub(super) role: Option<usize>,
    pub(super) share: Option<usize>,
    pub(super) manages: Option<usize>,
    given_name: Option<usize>,
    family_name: Option<usize>,
    birth_date: Option<usize>,
    tax_id: Option<usize>,
}

/// Makes the hashes; each thread has its own.
#[derive(Debug)]
pub(crate) struct PersonHasher {
    key: [u8; 32],
    /// By place among the owners.
    owners: Vec<OwnerSlots>,
    text: String,
}

impl PersonHasher {
    /// With the key and the mapping of a pipeline.
    pub(crate) fn new(pipeline: &Pipeline) -> PersonHasher {
        PersonHasher {
            key: blake3::derive_key(CONTEXT, &pipeline.key),
            owners: owner_slots(&pipeline.mapper),
            text: String::new(),
        }
    }

    /// The hash of the primary owner of a record; none when less than two of names, birth date and tax id are known.
    pub(crate) fn hash(&mut self, draft: &Draft) -> Option<PersonHash> {
        let value = |slot: Option<usize>| slot.and_then(|slot| draft.value(slot));
        let is_primary = |owner: &&OwnerSlots| value(owner.role) == Some(PRIMARY_OWNER);
        let owner = self.owners.iter().find(is_primary);
        let owner = *owner.or(self.owners.first())?;
        self.text.clear();
        if fold_person(&owner, draft, &mut self.text) < 2 {
            return None;
        }
        let hash = blake3::keyed_hash(&self.key, self.text.as_bytes());
        hash.as_bytes().first_chunk().copied()
    }
}

/// Adds who an owner is, folded; returns how many of names, birth date and tax id are known.
pub(crate) fn fold_person(owner: &OwnerSlots, draft: &Draft, text: &mut String) -> usize {
    let value = |slot: Option<usize>| slot.and_then(|slot| draft.value(slot));
    let given = add_folded(text, value(owner.given_name));
    let family = add_folded(text, value(owner.family_name));
    let born = add_folded(text, value(owner.birth_date));
    let taxed = add_number(text, value(owner.tax_id));
    let known = [given || family, born, taxed];
    known.into_iter().filter(|part| *part).count()
}

/// Stands for a part that is missing; no folded text has it.
const MISSING: char = '\u{0}';
/// Ends each part; no folded text has it.
const END: char = '\u{1}';

/// Adds a part without accents, blanks, punctuation and capitals; false when nothing is left of it.
fn add_folded(text: &mut String, value: Option<&str>) -> bool {
    let start = text.len();
    fold_into(value.unwrap_or_default(), text);
    end_part(text, start)
}

/// Adds a number; its leading zeros do not count, because a spreadsheet takes them away.
fn add_number(text: &mut String, value: Option<&str>) -> bool {
    let start = text.len();
    let value = value.unwrap_or_default();
    fold_into(
        value.trim_start_matches(|c: char| c == '0' || !c.is_alphanumeric()),
        text,
    );
    end_part(text, start)
}

fn end_part(text: &mut String, start: usize) -> bool {
    let known = text.len() > start;
    if !known {
        text.push(MISSING);
    }
    text.push(END);
    known
}

/// The slots of every owner that the mapping can make.
pub(crate) fn owner_slots(mapper: &Mapper) -> Vec<OwnerSlots> {
    let mut owners: Vec<OwnerSlots> = Vec::new();
    for fed in mapper.fed() {
        let found = fed.target.strip_prefix("owners[");
        let Some((place, field)) = found.and_then(|rest| rest.split_once("].")) else {
            continue;
        };
        let Ok(place) = place.parse::<usize>() else {
            continue;
        };
        if owners.len() <= place {
            owners.resize(place + 1, OwnerSlots::default());
        }
        let owner = &mut owners[place];
        let slot = match field {
            "role" => &mut owner.role,
            "ownership_percent" => &mut owner.share,
            "manages_entity" => &mut owner.manages,
            "identity.givenName" => &mut owner.given_name,
            "identity.familyName" => &mut owner.family_name,
            "identity.dateOfBirth" => &mut owner.birth_date,
            "identity.taxId" => &mut owner.tax_id,
            _ => continue,
        };
        *slot = Some(fed.slot);
    }
    owners
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
        let (owners, text) = (vec![owner], String::new());
        let mut hasher = PersonHasher {
            key: [7; 32],
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
