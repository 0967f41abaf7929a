//! Who an owner is: name, birth date and tax id, folded, so that one person is found in several spellings.
//!
//! Owner of what counts of a person. Left out on purpose: the keyed hash that the journal keeps (`pipeline::person`), and what
//! follows from two owners who are the same.

use crate::Mapper;
use crate::draft::Draft;
use bakkt_contract::fold::fold_bytes_into;

/// Where one owner says who they are: slots of the draft.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OwnerSlots {
    pub(crate) role: Option<usize>,
    pub(crate) share: Option<usize>,
    pub(crate) manages: Option<usize>,
    pub(crate) given_name: Option<usize>,
    pub(crate) family_name: Option<usize>,
    pub(crate) birth_date: Option<usize>,
    pub(crate) tax_id: Option<usize>,
}

impl OwnerSlots {
    /// Whether anything is known of who the owner is.
    pub(crate) fn names_somebody(&self, draft: &Draft) -> bool {
        let slots = [
            self.given_name,
            self.family_name,
            self.birth_date,
            self.tax_id,
        ];
        slots
            .into_iter()
            .flatten()
            .any(|slot| draft.value(slot).is_some())
    }
}

/// Adds who an owner is, folded; returns how many of names, birth date and tax id are known.
pub(crate) fn fold_person(owner: &OwnerSlots, draft: &Draft, text: &mut Vec<u8>) -> usize {
    let value = |slot: Option<usize>| slot.and_then(|slot| draft.value(slot));
    let given = add_folded(text, value(owner.given_name));
    let family = add_folded(text, value(owner.family_name));
    let born = add_folded(text, value(owner.birth_date));
    let taxed = add_number(text, value(owner.tax_id));
    let known = [given || family, born, taxed];
    known.into_iter().filter(|part| *part).count()
}

/// Stands for a part that is missing; no folded text has it.
const MISSING: u8 = 0;
/// Ends each part; no folded text has it.
const END: u8 = 1;

/// Adds a part without accents, blanks, punctuation and capitals; false when nothing is left of it.
fn add_folded(text: &mut Vec<u8>, value: Option<&str>) -> bool {
    let start = text.len();
    fold_bytes_into(value.unwrap_or_default(), text);
    end_part(text, start)
}

/// Adds a number; its leading zeros do not count, because a spreadsheet takes them away.
fn add_number(text: &mut Vec<u8>, value: Option<&str>) -> bool {
    let start = text.len();
    let value = value.unwrap_or_default();
    fold_bytes_into(
        value.trim_start_matches(|c: char| c == '0' || !c.is_alphanumeric()),
        text,
    );
    end_part(text, start)
}

fn end_part(text: &mut Vec<u8>, start: usize) -> bool {
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
