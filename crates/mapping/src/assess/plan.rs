//! The contract's tree, instantiated for one mapping with its account types, one policy and one dialect.
//!
//! Owner of [`AssessPlan`]: one [`Tree`] for each account type that can occur, over one table of paths. List elements are laid out as far as the mapping feeds them, every leaf knows its slot in the
//! draft, every conditional level the slots that it looks at. A required field that nothing feeds is found here,
//! before the first row.

use std::collections::BTreeMap;

use super::GapReason;
use super::layout::Layout;
use super::policy::{KYB, Policy};
use super::walk::PatternLooks;
use crate::Mapper;
use crate::draft::{Draft, SlotValue};
use crate::merge::DISAGREE;
use crate::target::ACCOUNT_TYPE;
use bakkt_contract::shares::Share;
use bakkt_contract::unfit_id::{self, IdRules};
use bakkt_contract::{Form, Level};

/// How names are spelled on the wire (contract, section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// The guide's.
    Guide,
    /// The reference's: NATIONAL_ID.
    Reference,
}

/// The compiled tree and what walking it needs.
#[derive(Debug)]
pub struct AssessPlan {
    /// One for each account type that can occur.
    pub trees: Vec<Tree>,
    /// Patterns of `[policy]` that change nothing for any record.
    pub idle_moves: Vec<String>,
    /// Every path that a gap can name, with the columns that feed it.
    pub paths: Vec<PathInfo>,
    /// The day of the plan.
    pub as_of: jiff::civil::Date,
    /// Spelling on the wire.
    pub spelling: Spelling,
    /// What ids may look like.
    pub ids: IdRules,
    /// The slot that says which tree a record has, where the mapping itself does not.
    pub type_slot: Option<usize>,
    /// The path of a gap about that.
    pub type_path: u32,
    /// Slot of clientAccountId.
    pub client_id: Option<usize>,
    /// Slots of the tax ids of all owners and of the entity.
    pub tax_ids: Vec<usize>,
    /// Slots of all their phone numbers, and of those of trusted contacts.
    pub phones: Vec<usize>,
    /// Slots of what each owner owns.
    pub shares: Vec<usize>,
    /// The path of a gap that concerns the whole row.
    pub row_path: u32,
    /// Owners have ids of their own in the export.
    pub feeds_owner_ids: bool,
}

/// The contract's tree on accounts of one type.
#[derive(Debug)]
pub struct Tree {
    /// The type.
    pub account_type: &'static str,
    /// Its place among the trees.
    pub number: u8,
    /// Top-level nodes in contract order.
    pub nodes: Vec<Node>,
    /// What tells the pattern of a record.
    pub looks: PatternLooks,
}

/// A required path that nothing feeds, and the account types that cannot be sent without it.
pub type UnfedPath = (String, Vec<&'static str>);

/// A path and where it comes from.
#[derive(Clone, Debug)]
pub struct PathInfo {
    /// Such as `owners[0].identity.taxId`.
    pub path: String,
    /// Column names, empty when nothing feeds it.
    pub columns: Vec<String>,
    /// Their indexes.
    pub reads: Vec<usize>,
    /// File and line of the mapping; empty when nothing feeds it.
    pub written: String,
    /// Of an element that is a row of its own: the list, by its number in the mapping, and the row's place.
    pub element: Option<(usize, usize)>,
}

/// One node.
#[derive(Debug)]
pub struct Node {
    /// `"name":`, ready to be written; empty for list elements.
    pub key: Vec<u8>,
    /// Index into [`AssessPlan::paths`].
    pub path: u32,
    /// Its level inside its object.
    pub level: NodeLevel,
    /// `[policy]` makes it H: a customer who lacks it is not sent, however optional its object is.
    pub demanded: bool,
    /// The slot that says whether a record owes it; none: every record does.
    pub owed: Option<usize>,
    /// What stands there.
    pub body: NodeBody,
}

impl Node {
    /// Whether this record need not have it: the mapping's condition says so. One that cannot be read says nothing.
    pub(super) fn is_not_owed(&self, draft: &Draft) -> bool {
        self.owed
            .is_some_and(|slot| draft.value(slot) == Some("false"))
    }

    /// Its level for this draft, inside the object.
    #[inline]
    pub(super) fn level_on(&self, draft: &Draft) -> Level {
        match &self.level {
            NodeLevel::Is(level) if self.owed.is_none() => *level,
            _ if self.is_not_owed(draft) => Level::O,
            level => level.on(draft),
        }
    }

    /// Whether its object is not whole without it, at its level inside. What `[policy]` demands stops the customer instead: its
    /// object stays whole.
    pub(super) fn breaks_object(&self, own: Level) -> bool {
        own.breaks() && !self.demanded
    }

    /// The level that counts, in an object of a level that counts: no field matters more than its object, but for what
    /// `[policy]` demands.
    pub(super) fn level_in(&self, own: Level, object: Level) -> Level {
        match own {
            Level::W => object,
            Level::H if self.demanded => own,
            _ => own.min(object),
        }
    }

    /// Without it its object is never whole.
    pub(super) fn always_needed(&self) -> bool {
        matches!(self.level, NodeLevel::Is(level) if self.breaks_object(level))
    }

    /// Optional and fed by nothing: neither a value nor a gap can come of it.
    pub(super) fn never_matters(&self) -> bool {
        let optional = matches!(self.level, NodeLevel::Is(Level::O));
        optional
            && match &self.body {
                NodeBody::Leaf(leaf) => leaf.slot.is_none() && leaf.partner.is_none(),
                NodeBody::Lines(slot, ..) => slot.is_none(),
                NodeBody::Object { inside, .. } => inside.slots.is_empty(),
                NodeBody::List { elements, .. } => elements.is_empty(),
            }
    }
}

/// A level whose conditions are resolved to slots.
#[derive(Debug)]
pub enum NodeLevel {
    /// Always the same.
    Is(Level),
    /// The level if any of the slots holds one of the words, else O.
    When(Vec<SlotCondition>, Level),
}

impl NodeLevel {
    /// The level for this draft, inside the object.
    pub(crate) fn on(&self, draft: &Draft) -> Level {
        match self {
            NodeLevel::Is(level) => *level,
            NodeLevel::When(conditions, level) => {
                let holds = conditions.iter().any(|condition| condition.holds(draft));
                if holds { *level } else { Level::O }
            }
        }
    }
}

/// One condition of a level.
#[derive(Debug)]
pub struct SlotCondition {
    /// The slot that is looked at.
    pub(super) slot: usize,
    /// The words that it is looked at for.
    pub(super) words: &'static [&'static str],
    /// A constant in `slot` says nothing while this one is empty: a default tax id type makes nobody a U.S. person.
    pub(super) partner: Option<usize>,
    /// Nor does a cell: a tax id of a U.S. kind that is not there still tells a U.S. person, a national one nothing.
    pub(super) needs_partner: bool,
}

impl SlotCondition {
    /// The slot that it looks at, and the words that it looks for.
    pub(crate) fn looks_at(&self) -> (usize, &'static [&'static str]) {
        (self.slot, self.words)
    }

    /// Whether the slot holds one of the words, and this says something about this draft.
    pub(crate) fn holds(&self, draft: &Draft) -> bool {
        match draft.slot(self.slot) {
            SlotValue::Value { constant, .. } if self.idle(draft, constant) => false,
            SlotValue::Value { span, .. } => self.words.contains(&draft.text(span)),
            _ => false,
        }
    }

    /// Whether a value in the slot, constant or not, says nothing about this draft.
    fn idle(&self, draft: &Draft, constant: bool) -> bool {
        (constant || self.needs_partner)
            && self
                .partner
                .is_some_and(|slot| draft.slot(slot) == SlotValue::Missing)
    }
}

/// The fields of an object.
#[derive(Debug)]
pub struct ObjectContents {
    /// In contract order.
    pub children: Vec<Node>,
    /// Every slot below.
    pub slots: Vec<usize>,
    /// Constants and defaults of the mapping alone can make it whole.
    pub constants_suffice: bool,
}

/// The contents of a node.
#[derive(Debug)]
pub enum NodeBody {
    /// One value.
    Leaf(Leaf),
    /// An object.
    Object {
        /// What is in it.
        inside: ObjectContents,
        /// This object's bytes are remembered, to stand in for another address.
        lends: bool,
        /// When absent or broken, the remembered bytes stand in.
        borrows: bool,
    },
    /// A list of objects.
    List {
        /// Laid out as far as the mapping feeds them; at least one for `owners`.
        elements: Vec<Node>,
        /// Elements that are rows of their own.
        joined: Option<JoinedElements>,
        /// Sent empty rather than left out.
        empty: bool,
        /// The account's owners: each that is present must be whole, and the first must be present.
        owners: bool,
        /// For owners, what each says beyond the request; else empty.
        about: Vec<OwnerSlots>,
    },
    /// A list of texts: its slot, the form of each, and the number of its field (`contract::changes`).
    Lines(Option<usize>, Form, Option<u8>),
}

/// Elements of a list that are rows of their own, behind those that are fed by the record's row.
#[derive(Clone, Copy, Debug)]
pub struct JoinedElements {
    /// Number of the list in the mapping.
    pub each: usize,
    /// Elements before them.
    pub base: usize,
    /// Every row is an element, whatever its cells hold.
    pub must: bool,
}

/// Slot and path of an owner's `kind`.
pub(crate) type OwnerKindSlot = (usize, u32);

/// Where an owner says what is not sent but counts.
#[derive(Debug, Default)]
pub struct OwnerSlots {
    /// Person or entity, where something feeds it.
    pub kind: Option<OwnerKindSlot>,
    /// `ownership_percent`.
    pub share: Option<usize>,
    /// `manages_entity`.
    pub manages: Option<usize>,
    /// Any of these makes a U.S. person.
    pub us_person: Vec<SlotCondition>,
}

/// A value's place.
#[derive(Clone, Copy, Debug)]
pub struct Leaf {
    /// Form.
    pub form: Form,
    /// Slot in the draft; none when nothing feeds it.
    pub slot: Option<usize>,
    /// Slot and form of the field without which this one is not sent.
    pub partner: Option<(Option<usize>, Form)>,
    /// Slot of `country` in the same object; of an entity's tax id, in its registered address.
    pub country: Option<usize>,
    /// Slot of `taxIdType` in the same object.
    pub tax_id_type: Option<usize>,
    /// Index of the owner that it belongs to.
    pub owner: usize,
    /// Never sent; an unfit value is a gap of at least this level.
    pub local: Option<Level>,
    /// The number of its field among all that are sent (`contract::changes`); none: never sent.
    pub number: Option<u8>,
}

impl AssessPlan {
    /// Lays the trees out. The second value lists the required paths that nothing feeds.
    pub fn new(
        mapper: &Mapper,
        policy: &Policy,
        ids: IdRules,
        spelling: Spelling,
        as_of: jiff::civil::Date,
    ) -> (AssessPlan, Vec<UnfedPath>) {
        let fed = mapper.fed();
        let slots: BTreeMap<&str, usize> = fed
            .iter()
            .map(|fed| (fed.target.as_str(), fed.slot))
            .collect();
        let mut layout = Layout::new(mapper, policy, &fed, &slots);
        let trees = mapper
            .account_types
            .iter()
            .enumerate()
            .map(|(number, account_type)| layout.tree(number, account_type))
            .collect();
        let type_path = layout.path(ACCOUNT_TYPE);
        let row_path = layout.path("(row)");
        let Layout {
            paths,
            unfed,
            effective,
            ..
        } = layout;
        let idle = policy.moves().map(|(pattern, _)| pattern);
        let idle = idle.filter(|pattern| match pattern.strip_prefix(KYB) {
            Some(account_type) => !mapper.account_types.contains(&account_type),
            None => !effective.iter().any(|known| known == pattern),
        });
        let idle_moves = idle.map(str::to_owned).collect();
        let ending_in = |ends: &[&str]| {
            let meant = slots
                .iter()
                .filter(|(path, _)| ends.iter().any(|end| path.ends_with(end)));
            meant.map(|(_, slot)| *slot).collect()
        };
        let plan = AssessPlan {
            trees,
            idle_moves,
            paths,
            as_of,
            spelling,
            ids,
            type_slot: slots.get(ACCOUNT_TYPE).copied(),
            type_path,
            client_id: slots.get("clientAccountId").copied(),
            tax_ids: ending_in(&["taxId", "TaxId"]),
            phones: ending_in(&["phoneNumber", "PhoneNumber"]),
            shares: ending_in(&["ownership_percent"]),
            row_path,
            feeds_owner_ids: slots.keys().any(|path| path.ends_with(".clientOwnerId")),
        };
        (plan, unfed)
    }

    /// Why an id of a record, the account's or an owner's, is unfit, if it is.
    pub(crate) fn unfit_id(&self, draft: &Draft, id: &str) -> Option<&'static str> {
        unfit_id::unfit(id, self.ids).or_else(|| self.own_data(draft, id))
    }

    /// What an id of a record holds of what stands in the record beside it, where the settings do not allow that.
    pub(crate) fn own_data(&self, draft: &Draft, id: &str) -> Option<&'static str> {
        let holds = |slots: &[usize], holds: fn(&str, &str) -> bool| {
            let mut values = slots.iter().filter_map(|slot| draft.value(*slot));
            values.any(|value| holds(id, value))
        };
        if !self.ids.allow_tax_id && holds(&self.tax_ids, unfit_id::has_digits_of) {
            Some(unfit_id::OWN_TAX_ID)
        } else if !self.ids.allow_phone && holds(&self.phones, unfit_id::has_phone_of) {
            Some(unfit_id::OWN_PHONE)
        } else {
            None
        }
    }

    /// Why what an owner owns may be a fraction, by what all owners of the record own.
    pub(crate) fn fraction_doubt(&self, draft: &Draft, share: Share) -> Option<&'static str> {
        let values = self.shares.iter().filter_map(|slot| draft.value(*slot));
        share.fraction_doubt(values.filter_map(Share::read))
    }

    /// The tree that a draft has, or why none can be told.
    pub(crate) fn tree(&self, draft: &Draft) -> Result<&Tree, GapReason> {
        let Some(slot) = self.type_slot else {
            return self.trees.first().ok_or(GapReason::Missing);
        };
        match draft.slot(slot) {
            SlotValue::Value { span, .. } => {
                let named = |tree: &&Tree| tree.account_type == draft.text(span);
                let found = self.trees.iter().find(named);
                found.ok_or(GapReason::Invalid("no account type"))
            }
            SlotValue::Invalid(why) => Err(GapReason::Invalid(why)),
            SlotValue::Disagree => Err(GapReason::Invalid(DISAGREE)),
            SlotValue::Missing | SlotValue::List { .. } => Err(GapReason::Missing),
        }
    }
}
