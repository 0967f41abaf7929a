//! What the owners of an entity own, added up.
//!
//! Owner of [`SharesCheck`]. Left out on purpose: whether one share can be read, which is a gap (`assess`), and accounts of other
//! types, whose owners may each own all of it.

use crate::assess::AssessPlan;
use crate::draft::Draft;
use bakkt_contract::shares::{Share, exceed_the_whole};

/// The end of the path of a share.
pub(super) const SHARE: &str = "ownership_percent";

/// The type of accounts whose shares are parts of one whole.
const ENTITY: &str = "ENTITY";

/// The shares of an account, and how its type is known.
#[derive(Debug)]
pub(super) struct SharesCheck {
    /// By owner; each with the number of its field.
    shares: Vec<(usize, u16)>,
    type_slot: Option<usize>,
    /// The type of all accounts, where no column says it.
    only_type: &'static str,
}

impl SharesCheck {
    pub(super) fn new(plan: &AssessPlan) -> SharesCheck {
        SharesCheck {
            shares: Vec::new(),
            type_slot: plan.type_slot,
            only_type: plan.trees.first().map_or("", |tree| tree.account_type),
        }
    }

    pub(super) fn add(&mut self, slot: usize, field: u16) {
        self.shares.push((slot, field));
    }

    /// The field of the first share, when those of the owners are more than the whole. `fits` says which are no gap.
    pub(super) fn too_much(&self, draft: &Draft, fits: &impl Fn(u16) -> bool) -> Option<u16> {
        if self.shares.len() < 2 {
            return None;
        }
        let account_type = match self.type_slot {
            Some(slot) => draft.value(slot),
            None => Some(self.only_type),
        };
        let known = self.shares.iter().filter(|(slot, field)| {
            *slot < draft.len() && draft.value(*slot).is_some() && fits(*field)
        });
        let shares = known
            .clone()
            .filter_map(|(slot, _)| Share::read(draft.value(*slot)?));
        let is_too_much = account_type == Some(ENTITY) && exceed_the_whole(shares);
        known
            .map(|(_, field)| *field)
            .next()
            .filter(|_| is_too_much)
    }
}
