//! Laying the contract's tree out for one mapping: the work behind [`AssessPlan::new`](super::plan::AssessPlan::new).
//!
//! Owner of how far lists reach, of which slot feeds which leaf, and of the paths that gaps can name. Left out on purpose:
//! what the tree is (`plan`), and walking it (`walk`).

use std::collections::{BTreeMap, HashMap};

use super::plan::{
    JoinedElements, Leaf, Node, NodeBody, NodeLevel, ObjectContents, OwnerKindSlot, OwnerSlots,
    PathInfo, SlotCondition, Tree, UnfedPath,
};
use super::policy::Policy;
use super::value::{self, SiblingValues};
use super::walk::PatternLooks;
use crate::feed::FieldMapping;
use crate::target::OWED;
use crate::{FilledSlot, Mapper};
use bakkt_contract::Level;
use bakkt_contract::account::{ACCOUNT, US_PERSON, US_TAX_ID_TYPES};
use bakkt_contract::{Condition, Field, FieldShape, Form, LevelRule, changes, path};

pub(super) struct Layout<'a> {
    mapper: &'a Mapper,
    policy: &'a Policy,
    /// By slot.
    fed: &'a [FilledSlot<'a>],
    slots: &'a BTreeMap<&'a str, usize>,
    /// Of the tree that is being laid out.
    account_type: &'static str,
    pub(super) paths: Vec<PathInfo>,
    /// Indexes of the paths: trees share them.
    known: HashMap<String, u32>,
    pub(super) unfed: Vec<UnfedPath>,
    /// Patterns of `[policy]` that change something on some account type.
    pub(super) effective: Vec<String>,
    owner: usize,
    element: Option<(usize, usize)>,
}

impl<'a> Layout<'a> {
    pub(super) fn new(
        mapper: &'a Mapper,
        policy: &'a Policy,
        fed: &'a [FilledSlot<'a>],
        slots: &'a BTreeMap<&'a str, usize>,
    ) -> Layout<'a> {
        Layout {
            mapper,
            policy,
            fed,
            slots,
            account_type: "",
            paths: Vec::new(),
            known: HashMap::new(),
            unfed: Vec::new(),
            effective: Vec::new(),
            owner: 0,
            element: None,
        }
    }
}

/// What every record has of the objects above a field.
#[derive(Clone, Copy)]
struct Above {
    /// Each must be there.
    required: bool,
    /// Each is owed, if only as a gap.
    owed: bool,
}

impl Above {
    /// What a field of a rule adds for those below it.
    fn with(self, rule: LevelRule, always_owed: bool) -> Above {
        let LevelRule::Is(level) = rule else {
            return Above {
                required: false,
                owed: false,
            };
        };
        Above {
            required: self.required && level.breaks(),
            owed: self.owed && always_owed && level >= Level::G,
        }
    }
}

/// Whether whatever a feed gives fits a form, for which nothing beside the value counts.
fn always_fits(feed: &FieldMapping, form: Form) -> bool {
    // What ids may look like is a matter of settings, and what a share means shows beside the others.
    if form.depends_on_others() || matches!(form, Form::ClientId | Form::OwnerId | Form::Percent) {
        return false;
    }
    let fits = |word: &str| value::check(form, word, &SiblingValues::default()).is_ok();
    match feed.listed_words() {
        Some(words) => words.into_iter().all(fits),
        None => feed.made_form() == Some(form) && feed.default.as_deref().is_none_or(fits),
    }
}

impl Layout<'_> {
    pub(super) fn tree(&mut self, number: usize, account_type: &'static str) -> Tree {
        self.account_type = account_type;
        let above = Above {
            required: true,
            owed: true,
        };
        let nodes = self.fields(ACCOUNT, "", above);
        Tree {
            account_type,
            // There are fewer types than a byte has values.
            number: number as u8,
            looks: PatternLooks::of(&nodes, &|slot, form| {
                let fed = self.fed.get(slot);
                fed.is_some_and(|fed| always_fits(fed.feed, form))
            }),
            nodes,
        }
    }

    fn fields(&mut self, fields: &'static [Field], prefix: &str, above: Above) -> Vec<Node> {
        let account_type = self.account_type;
        let mut nodes = Vec::new();
        for field in fields {
            let Some(rule) = field.rule.on(account_type) else {
                continue;
            };
            let before = self.effective.len();
            let node = self.node(field, rule, prefix, above);
            if !node.never_matters() {
                nodes.push(node);
            } else {
                // No record has what is below; that the field itself is owed no more may still count.
                self.effective.truncate(before);
            }
            self.note_effect(&path::pattern(&path::join(prefix, field.name)), rule);
        }
        nodes
    }

    fn node(&mut self, field: &'static Field, rule: LevelRule, prefix: &str, above: Above) -> Node {
        let at = path::join(prefix, field.name);
        let pattern = path::pattern(&at);
        let demanded = self.policy.demands(&pattern);
        let rule = self.policy.rule(&pattern, rule);
        let owed = self.slot(&format!("{OWED}{at}"));
        let mut inner = above.with(rule, owed.is_none() && field.stand_in.is_none());
        inner.required |= demanded && inner.owed;
        let required = inner.required;
        let body = match field.shape {
            FieldShape::Leaf(form) => NodeBody::Leaf(self.leaf(field, form, prefix, &at, required)),
            FieldShape::Lines(form) => {
                let slot = self.slot(&at);
                self.note_unfed(&at, required && self.is_unfed(slot));
                NodeBody::Lines(slot, form, changes::number(&at))
            }
            FieldShape::Object(fields) => NodeBody::Object {
                inside: self.inside(fields, &at, inner),
                lends: at.ends_with("identity.personalAddress"),
                borrows: field.stand_in.is_some(),
            },
            FieldShape::List(fields) => self.list((field, rule), fields, &at, inner),
        };
        Node {
            key: format!("\"{}\":", field.name).into_bytes(),
            path: self.path(&at),
            level: self.level(rule, prefix),
            demanded,
            owed,
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
            country: match form {
                Form::EntityTaxId => beside("registeredAddress.country"),
                _ => beside("country"),
            },
            tax_id_type: beside("taxIdType"),
            owner: self.owner,
            local: field.local,
            number: field.local.is_none().then(|| changes::number(at)).flatten(),
        }
    }

    fn list(
        &mut self,
        (field, rule): (&Field, LevelRule),
        inner: &'static [Field],
        at: &str,
        above: Above,
    ) -> NodeBody {
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
        let joined = joined.map(|each| JoinedElements {
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
                let first = owners && index == 0;
                let above = Above {
                    required: above.required && index == 0,
                    owed: above.owed && first,
                };
                let inside = self.inside(inner, &at, above);
                Node {
                    key: Vec::new(),
                    path: self.path(&at),
                    level: NodeLevel::Is(Level::W),
                    demanded: false,
                    owed: None,
                    body: NodeBody::Object {
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
        let open = rule == LevelRule::Is(Level::O)
            && self.below(&head).all(|(_, slot)| self.is_unfed(Some(slot)));
        NodeBody::List {
            about,
            joined,
            elements,
            empty: field.empty_list && !open,
            owners,
        }
    }

    fn level(&self, rule: LevelRule, prefix: &str) -> NodeLevel {
        match rule {
            // By account type: settled when the field was laid out.
            LevelRule::Is(_) | LevelRule::Of(_) => NodeLevel::Is(rule.strongest()),
            LevelRule::When(conditions, level) => {
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

    fn inside(&mut self, fields: &'static [Field], at: &str, above: Above) -> ObjectContents {
        let children = self.fields(fields, at, above);
        let constants_suffice = children
            .iter()
            .all(|child| !child.always_needed() || self.constant(child));
        ObjectContents {
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
            NodeBody::Leaf(leaf) => {
                matches!(leaf.form, Form::OwnerId | Form::AccountType) || fed(&leaf.slot)
            }
            NodeBody::Lines(slot, ..) => fed(slot),
            NodeBody::Object { inside, .. } => inside.constants_suffice,
            NodeBody::List { .. } => true,
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

    /// Notes that a line of `[policy]` changes something on the account type at hand, whose field has this rule without it.
    fn note_effect(&mut self, pattern: &str, rule: LevelRule) {
        let moved = self.policy.moves().find(|(moved, _)| *moved == pattern);
        if moved
            .is_some_and(|(_, moved)| moved.level != rule.strongest() || moved.level == Level::H)
        {
            self.effective.push(pattern.to_owned());
        }
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

    pub(super) fn path(&mut self, at: &str) -> u32 {
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
fn kind(element: &Node) -> Option<OwnerKindSlot> {
    let NodeBody::Object { inside, .. } = &element.body else {
        return None;
    };
    inside.children.iter().find_map(|child| match &child.body {
        NodeBody::Leaf(leaf) if leaf.form == Form::OwnerKind => Some((leaf.slot?, child.path)),
        _ => None,
    })
}
