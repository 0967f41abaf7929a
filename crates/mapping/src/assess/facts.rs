//! What KYB and documents need to know of the owners that are sent.
//!
//! Owner of [`OwnerFacts`], a list in two flat buffers that is reused from record to record. Collected only when asked
//! for. Invariant: it holds ids and bits, never a share or another value of a customer.
//! Left out on purpose: what follows from the bits (`contract::documents`).

use super::plan::{AssessPlan, OwnerSlots, SlotCondition};
use crate::draft::Draft;
use bakkt_contract::documents::owner;
use bakkt_contract::shares::Share;

/// Facts about owners, in their order.
#[derive(Debug, Default)]
pub struct OwnerFacts {
    facts: Vec<Fact>,
    ids: String,
}

#[derive(Clone, Copy, Debug)]
struct Fact {
    place: u32,
    flags: u32,
    id_end: usize,
}

/// One owner: their place in the paths of the account (`owners[0]` is 0), clientOwnerId as sent, and the bits of
/// `contract::documents::owner`.
pub(crate) type OwnerFact<'a> = (u32, &'a str, u32);

impl OwnerFacts {
    pub(crate) fn clear(&mut self) {
        self.facts.clear();
        self.ids.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.facts.len()
    }

    pub(crate) fn push(&mut self, (place, id, flags): OwnerFact<'_>) {
        self.ids.push_str(id);
        self.facts.push(Fact {
            place,
            flags,
            id_end: self.ids.len(),
        });
    }

    /// Those with numbers from `first` to before `last`.
    pub(crate) fn range(&self, first: usize, last: usize) -> impl Iterator<Item = OwnerFact<'_>> {
        (first..last).map(|number| {
            let fact = self.facts[number];
            let start = number
                .checked_sub(1)
                .map_or(0, |before| self.facts[before].id_end);
            (fact.place, &self.ids[start..fact.id_end], fact.flags)
        })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = OwnerFact<'_>> {
        self.range(0, self.len())
    }
}

/// The bits of one owner.
pub(crate) fn flags(plan: &AssessPlan, slots: &OwnerSlots, draft: &Draft) -> u32 {
    let value = |slot: Option<usize>| slot.and_then(|slot| draft.value(slot));
    let share = match value(slots.share).and_then(Share::read) {
        None => owner::SHARE_UNKNOWN,
        Some(share) if plan.fraction_doubt(draft, share).is_some() => owner::SHARE_UNKNOWN,
        Some(share) if share.is_above_quarter() => owner::ABOVE_25,
        Some(_) => 0,
    };
    let manages = match value(slots.manages) {
        Some("true") => owner::MANAGES,
        _ => 0,
    };
    let at_home = |condition: &SlotCondition| condition.holds(draft);
    let foreign = match slots.us_person.iter().any(at_home) {
        true => 0,
        false => owner::FOREIGN,
    };
    share | manages | foreign
}
