//! The contract's tree, instantiated for one mapping with its account types, one policy and one dialect.
//!
//! Owner of [`Plan`]: one [`Tree`] for each account type that can occur, over one table of paths. List elements are laid out as far as the mapping feeds them, every leaf knows its slot in the
//! draft, every conditional level the slots that it looks at. A required field that nothing feeds is found here,
//! before the first row.

use std::collections::{BTreeMap, HashMap};

use super::Reason;
use super::policy::Policy;
use super::unfit_id::IdRules;
use crate::contract::account::{ACCOUNT, US_PERSON, US_TAX_ID_TYPES};
use crate::contract::{Condition, Field, Form, Level, Rule, Shape, changes, path};
use crate::mapping::draft::{Draft, Slot};
use crate::mapping::merge::DISAGREE;
use crate::mapping::target::ACCOUNT_TYPE;
use crate::mapping::{Fed, Mapper};

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
pub struct Plan {
    /// One for each account type that can occur.
    pub trees: Vec<Tree>,
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
    /// Top-level nodes in contract order.
    pub nodes: Vec<Node>,
}

/// A required path that nothing feeds, and the account types that cannot be sent without it.
pub type Unfed = (String, Vec<&'static str>);

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
    /// Index into [`Plan::paths`].
    pub path: u32,
    /// Its level inside its object.
    pub level: NodeLevel,
    /// What stands there.
    pub body: Body,
}

impl Node {
    /// Without it its object is never whole.
    fn always_needed(&self) -> bool {
        matches!(self.level, NodeLevel::Is(level) if level.breaks())
    }

    /// Optional and fed by nothing: neither a value nor a gap can come of it.
    fn never_matters(&self) -> bool {
        let optional = matches!(self.level, NodeLevel::Is(Level::O));
        optional
            && match &self.body {
                Body::Leaf(leaf) => leaf.slot.is_none() && leaf.partner.is_none(),
                Body::Lines(slot, _) => slot.is_none(),
                Body::Object { inside, .. } => inside.slots.is_empty(),
                Body::List { elements, .. } => elements.is_empty(),
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
    pub fn on(&self, draft: &Draft) -> Level {
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
    slot: usize,
    /// The words that it is looked at for.
    words: &'static [&'static str],
    /// A constant in `slot` says nothing while this one is empty: a default tax id type makes nobody a U.S. person.
    partner: Option<usize>,
    /// Nor does a cell: a tax id of a U.S. kind that is not there still tells a U.S. person, a national one nothing.
    needs_partner: bool,
}

impl SlotCondition {
    /// Whether the slot holds one of the words, and this says something about this draft.
    pub fn holds(&self, draft: &Draft) -> bool {
        match draft.slot(self.slot) {
            Slot::Value { constant, .. } if self.idle(draft, constant) => false,
            Slot::Value { span, .. } => self.words.contains(&draft.text(span)),
            _ => false,
        }
    }

    /// Whether a value in the slot, constant or not, says nothing about this draft.
    fn idle(&self, draft: &Draft, constant: bool) -> bool {
        (constant || self.needs_partner)
            && self
                .partner
                .is_some_and(|slot| draft.slot(slot) == Slot::Missing)
    }
}

/// The inside of an object.
#[derive(Debug)]
pub struct Inside {
    /// In contract order.
    pub children: Vec<Node>,
    /// Every slot below.
    pub slots: Vec<usize>,
    /// Constants and defaults of the mapping alone can make it whole.
    pub constants_suffice: bool,
}

/// What stands at a node.
#[derive(Debug)]
pub enum Body {
    /// One value.
    Leaf(Leaf),
    /// An object.
    Object {
        /// What is in it.
        inside: Inside,
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
        joined: Option<Joined>,
        /// Sent empty rather than left out.
        empty: bool,
        /// The account's owners: each that is present must be whole, and the first must be present.
        owners: bool,
        /// For owners, what each says beyond the request; else empty.
        about: Vec<OwnerSlots>,
    },
    /// A list of texts: its slot, and the form of each.
    Lines(Option<usize>, Form),
}

/// Elements of a list that are rows of their own, behind those that are fed by the record's row.
#[derive(Clone, Copy, Debug)]
pub struct Joined {
    /// Number of the list in the mapping.
    pub each: usize,
    /// Elements before them.
    pub base: usize,
    /// Every row is an element, whatever its cells hold.
    pub must: bool,
}

/// Slot and path of an owner's `kind`.
pub type Kind = (usize, u32);

/// Where an owner says what is not sent but counts.
#[derive(Debug, Default)]
pub struct OwnerSlots {
    /// Person or entity, where something feeds it.
    pub kind: Option<Kind>,
    /// `ownership_percent`.
    pub share: Option<usize>,
    /// `manages_entity`.
    pub manages: Option<usize>,
    /// Any of these makes a U.S. person.
    pub us_person: Vec<SlotCondition>,
}

/// A value's place.
#[derive(Debug)]
pub struct Leaf {
    /// Form.
    pub form: Form,
    /// Slot in the draft; none when nothing feeds it.
    pub slot: Option<usize>,
    /// Slot and form of the field without which this one is not sent.
    pub partner: Option<(Option<usize>, Form)>,
    /// Slot of `country` in the same object.
    pub country: Option<usize>,
    /// Slot of `taxIdType` in the same object.
    pub tax_id_type: Option<usize>,
    /// Index of the owner that it belongs to.
    pub owner: usize,
    /// Never sent; an unfit value is a gap of at least this level.
    pub local: Option<Level>,
    /// Its place among the fields that no update may change.
    pub kept: Option<u8>,
}

impl Plan {
    /// Lays the trees out. The second value lists the required paths that nothing feeds.
    pub fn new(
        mapper: &Mapper,
        policy: &Policy,
        ids: IdRules,
        spelling: Spelling,
        as_of: jiff::civil::Date,
    ) -> (Plan, Vec<Unfed>) {
        let fed = mapper.fed();
        let slots: BTreeMap<&str, usize> = fed
            .iter()
            .map(|fed| (fed.target.as_str(), fed.slot))
            .collect();
        let mut layout = Layout {
            mapper,
            policy,
            fed: &fed,
            slots: &slots,
            account_type: "",
            paths: Vec::new(),
            known: HashMap::new(),
            unfed: Vec::new(),
            owner: 0,
            element: None,
        };
        let trees = mapper
            .account_types
            .iter()
            .map(|account_type| layout.tree(account_type))
            .collect();
        let type_path = layout.path(ACCOUNT_TYPE);
        let row_path = layout.path("(row)");
        let Layout { paths, unfed, .. } = layout;
        let plan = Plan {
            trees,
            paths,
            as_of,
            spelling,
            ids,
            type_slot: slots.get(ACCOUNT_TYPE).copied(),
            type_path,
            client_id: slots.get("clientAccountId").copied(),
            row_path,
            feeds_owner_ids: slots.keys().any(|path| path.ends_with(".clientOwnerId")),
        };
        (plan, unfed)
    }

    /// The tree that a draft has, or why none can be told.
    pub fn tree(&self, draft: &Draft) -> Result<&Tree, Reason> {
        let Some(slot) = self.type_slot else {
            return self.trees.first().ok_or(Reason::Missing);
        };
        match draft.slot(slot) {
            Slot::Value { span, .. } => {
                let named = |tree: &&Tree| tree.account_type == draft.text(span);
                let found = self.trees.iter().find(named);
                found.ok_or(Reason::Invalid("no account type"))
            }
            Slot::Invalid(why) => Err(Reason::Invalid(why)),
            Slot::Disagree => Err(Reason::Invalid(DISAGREE)),
            Slot::Missing | Slot::List { .. } => Err(Reason::Missing),
        }
    }
}

struct Layout<'a> {
    mapper: &'a Mapper,
    policy: &'a Policy,
    /// By slot.
    fed: &'a [Fed<'a>],
    slots: &'a BTreeMap<&'a str, usize>,
    /// Of the tree that is being laid out.
    account_type: &'static str,
    paths: Vec<PathInfo>,
    /// Indexes of the paths: trees share them.
    known: HashMap<String, u32>,
    unfed: Vec<Unfed>,
    owner: usize,
    element: Option<(usize, usize)>,
}

impl Layout<'_> {
    fn tree(&mut self, account_type: &'static str) -> Tree {
        self.account_type = account_type;
        Tree {
            account_type,
            nodes: self.fields(ACCOUNT, "", true),
        }
    }

    fn fields(&mut self, fields: &'static [Field], prefix: &str, required: bool) -> Vec<Node> {
        let account_type = self.account_type;
        fields
            .iter()
            .filter_map(|field| Some((field, field.rule.on(account_type)?)))
            .map(|(field, rule)| self.node(field, rule, prefix, required))
            .filter(|node| !node.never_matters())
            .collect()
    }

    /// `required`: every object above is one that must be there.
    fn node(&mut self, field: &'static Field, rule: Rule, prefix: &str, required: bool) -> Node {
        let at = path::join(prefix, field.name);
        let rule = self.policy.rule(&path::pattern(&at), rule);
        let required = required && matches!(rule, Rule::Is(level) if level.breaks());
        let body = match field.shape {
            Shape::Leaf(form) => Body::Leaf(self.leaf(field, form, prefix, &at, required)),
            Shape::Lines(form) => {
                let slot = self.slot(&at);
                self.note_unfed(&at, required && self.is_unfed(slot));
                Body::Lines(slot, form)
            }
            Shape::Object(inner) => Body::Object {
                inside: self.inside(inner, &at, required),
                lends: at.ends_with("identity.personalAddress"),
                borrows: field.stand_in.is_some(),
            },
            Shape::List(inner) => self.list((field, rule), inner, &at, required),
        };
        Node {
            key: format!("\"{}\":", field.name).into_bytes(),
            path: self.path(&at),
            level: self.level(rule, prefix),
            body,
        }
    }

    fn leaf(&mut self, field: &Field, form: Form, prefix: &str, at: &str, required: bool) -> Leaf {
        let slot = self.slot(at);
        let own = matches!(form, Form::OwnerId | Form::AccountType);
        self.note_unfed(at, required && self.is_unfed(slot) && !own);
        let beside = |name: &str| self.slot(&path::join(prefix, name));
        Leaf {
            form,
            slot,
            partner: field.partner.map(|name| {
                let form = if name == "taxId" {
                    Form::TaxId
                } else {
                    Form::TaxIdType
                };
                (beside(name), form)
            }),
            country: beside("country"),
            tax_id_type: beside("taxIdType"),
            owner: self.owner,
            local: field.local,
            kept: changes::place(at).map(|place| place as u8),
        }
    }

    fn list(
        &mut self,
        (field, rule): (&Field, Rule),
        inner: &'static [Field],
        at: &str,
        required: bool,
    ) -> Body {
        let owners = at == "owners";
        let head = format!("{at}[");
        let index = |(target, _): (&str, usize)| {
            let index = target.strip_prefix(&head)?.split(']').next()?;
            index.parse::<usize>().ok()
        };
        let fed = self
            .below(&head)
            .filter_map(index)
            .max()
            .map_or(0, |highest| highest + 1);
        let joined = self.mapper.each().iter().position(|each| each.list == at);
        let joined = joined.map(|each| Joined {
            each,
            base: self.mapper.each()[each].base,
            must: self.mapper.each()[each].must,
        });
        let count = if owners { fed.max(1) } else { fed };
        let elements: Vec<Node> = (0..count)
            .map(|index| {
                let at = format!("{at}[{index}]");
                if owners {
                    self.owner = index;
                }
                if let Some(joined) = joined {
                    let place = index.checked_sub(joined.base);
                    self.element = place.map(|place| (joined.each, place));
                }
                // What a second owner lacks blocks the rows that have one; what the first lacks blocks them all.
                let inside = self.inside(inner, &at, required && index == 0);
                Node {
                    key: Vec::new(),
                    path: self.path(&at),
                    level: NodeLevel::Is(Level::W),
                    body: Body::Object {
                        inside,
                        lends: false,
                        borrows: false,
                    },
                }
            })
            .collect();
        if joined.is_some() {
            self.element = None;
        }
        let about = match owners {
            true => (0..count)
                .map(|index| self.about(index, &elements[index]))
                .collect(),
            false => Vec::new(),
        };
        // An optional one that only backfill files may have is not there until one has it.
        let open = rule == Rule::Is(Level::O)
            && self.below(&head).all(|(_, slot)| self.is_unfed(Some(slot)));
        Body::List {
            about,
            joined,
            elements,
            empty: field.empty_list && !open,
            owners,
        }
    }

    fn level(&self, rule: Rule, prefix: &str) -> NodeLevel {
        match rule {
            // By account type: settled when the field was laid out.
            Rule::Is(_) | Rule::Of(_) => NodeLevel::Is(rule.strongest()),
            Rule::When(conditions, level) => {
                NodeLevel::When(self.conditions(conditions, prefix), level)
            }
        }
    }

    fn conditions(&self, conditions: &'static [Condition], prefix: &str) -> Vec<SlotCondition> {
        let beside = |name: &str| self.slot(&path::join(prefix, name));
        let partner = |name: &str| match name {
            "taxIdType" => beside("taxId"),
            _ => None,
        };
        conditions
            .iter()
            .filter_map(|(name, words)| {
                Some(SlotCondition {
                    slot: beside(name)?,
                    words,
                    partner: partner(name),
                    needs_partner: !words.iter().any(|word| US_TAX_ID_TYPES.contains(word)),
                })
            })
            .collect()
    }

    fn about(&self, index: usize, element: &Node) -> OwnerSlots {
        let local = |name: &str| self.slot(&format!("owners[{index}].{name}"));
        OwnerSlots {
            kind: kind(element),
            share: local("ownership_percent"),
            manages: local("manages_entity"),
            us_person: self.conditions(US_PERSON, &format!("owners[{index}].identity")),
        }
    }

    fn slot(&self, at: &str) -> Option<usize> {
        self.slots.get(at).copied()
    }

    /// Whether the mapping gives nothing there, whatever backfill files do.
    fn is_unfed(&self, slot: Option<usize>) -> bool {
        slot.is_none_or(|slot| self.fed[slot].feed.is_open())
    }

    fn inside(&mut self, fields: &'static [Field], at: &str, required: bool) -> Inside {
        let children = self.fields(fields, at, required);
        let constants_suffice = children
            .iter()
            .all(|child| !child.always_needed() || self.constant(child));
        Inside {
            slots: self.slots_below(at),
            children,
            constants_suffice,
        }
    }

    /// Whether a node can be whole without any cell.
    fn constant(&self, node: &Node) -> bool {
        let fed =
            |slot: &Option<usize>| slot.is_some_and(|slot| self.fed[slot].feed.may_be_constant());
        match &node.body {
            Body::Leaf(leaf) => {
                matches!(leaf.form, Form::OwnerId | Form::AccountType) || fed(&leaf.slot)
            }
            Body::Lines(slot, _) => fed(slot),
            Body::Object { inside, .. } => inside.constants_suffice,
            Body::List { .. } => true,
        }
    }

    fn slots_below(&self, at: &str) -> Vec<usize> {
        let mut slots: Vec<usize> = self
            .below(&format!("{at}."))
            .filter(|(target, _)| telling(target))
            .map(|(_, slot)| slot)
            .collect();
        slots.sort_unstable();
        slots
    }

    /// What is fed below a path that ends in a dot or a bracket.
    fn below<'b>(&'b self, head: &'b str) -> impl Iterator<Item = (&'b str, usize)> {
        let range = self.slots.range(head..);
        range
            .map(|(target, slot)| (*target, *slot))
            .take_while(move |(target, _)| target.starts_with(head))
    }

    fn note_unfed(&mut self, at: &str, unfed: bool) {
        if !unfed {
            return;
        }
        match self.unfed.iter_mut().find(|(path, _)| path == at) {
            Some((_, types)) => types.push(self.account_type),
            None => self.unfed.push((at.to_owned(), vec![self.account_type])),
        }
    }

    fn path(&mut self, at: &str) -> u32 {
        if let Some(known) = self.known.get(at) {
            return *known;
        }
        let feed = self.slot(at).map(|slot| self.fed[slot].feed);
        self.paths.push(PathInfo {
            path: at.to_owned(),
            columns: feed.map_or_else(Vec::new, |feed| feed.columns.clone()),
            reads: feed.map_or_else(Vec::new, |feed| feed.reads.clone()),
            written: feed.map_or_else(String::new, |feed| feed.written.clone()),
            element: self.element,
        });
        let path = (self.paths.len() - 1) as u32;
        self.known.insert(at.to_owned(), path);
        path
    }
}

/// Whether a value there says that its object is there.
fn telling(target: &str) -> bool {
    path::find(target).is_none_or(|found| found.field.tells_presence())
}

/// The `kind` of an owner, where something feeds it.
fn kind(element: &Node) -> Option<Kind> {
    let Body::Object { inside, .. } = &element.body else {
        return None;
    };
    inside.children.iter().find_map(|child| match &child.body {
        Body::Leaf(leaf) if leaf.form == Form::OwnerKind => Some((leaf.slot?, child.path)),
        _ => None,
    })
}
