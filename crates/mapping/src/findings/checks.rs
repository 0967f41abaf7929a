//! The checks of one record, on the thread that mapped it.
//!
//! Owner of [`Checks`], made once for a mapping, and of [`RecordFindings`], a thread's buffers. It runs for every row of an export,
//! so a look at the bytes of a value comes first, and names and odd texts are remembered. Constants of the mapping are not looked at, nor are values that are a gap already.
//! Left out on purpose: comparing records (`gather`).

mod addresses;
mod look;
mod texts;

use std::hash::{BuildHasher, Hasher};

use foldhash::quality::RandomState;
use jiff::civil::Date;

use super::amounts::{AmountColumn, AmountsOfRecord};
use super::date_cells::DateForm;
use super::free_texts::{FreeTextSlot, is_free_text, is_mailbox};
use super::ids::DigitsBehind;
use super::name_slots::{self, NameSlot};
use super::people::{OwnerSlots, owner_slots};
use super::shares::{SHARE, SharesCheck};
use crate::Mapper;
use crate::assess::AssessPlan;
use crate::draft::{Draft, SlotValue};
use crate::memo::Memo;
use addresses::AddressSlots;
use bakkt_contract::{FieldShape, Form, path};
use bakkt_model::finding::{FindingKind, FindingRules};
use bakkt_model::position::{JoinedList, Position};
use bakkt_source::{Cell, Row};

/// Fields of which every word is a name or a place: the ends of their paths.
const NAMES: &[&str] = &[
    "givenName",
    "middleNames",
    "familyName",
    "entityLegalName",
    "employerName",
    "streetAddress",
    "city",
    "state",
];

/// Those that are names of people.
const PEOPLE: [&str; 3] = ["givenName", "middleNames", "familyName"];

/// Every check that a mapping can need.
#[derive(Debug)]
pub struct Checks {
    /// What the settings say.
    pub rules: FindingRules,
    /// The kinds that block, as a set.
    pub blocking: u32,
    /// The fields that findings can name.
    pub fields: Vec<FindingField>,
    /// Texts, by slot.
    texts: Vec<TextSlot>,
    /// Names that a column holds alone.
    names: Vec<NameSlot>,
    /// Texts that are neither names of people nor places.
    free_texts: Vec<FreeTextSlot>,
    /// Ids of owners, each with the number of its field.
    owner_ids: Vec<(usize, u16)>,
    shares: SharesCheck,
    owners: Vec<CheckedOwner>,
    addresses: Vec<AddressSlots>,
    /// Who they are, by place.
    people: Vec<OwnerSlots>,
    entity: Entity,
    /// The column of the accounts' own export that gives the first owner's birth date as it stands there.
    born_column: Option<usize>,
    /// The columns of the accounts' own export that give amounts in a unit that nobody says.
    amounts: Vec<AmountColumn>,
    as_of: Date,
    key: RandomState,
}

/// A field that a finding can name.
#[derive(Clone, Debug)]
pub struct FindingField {
    /// Its path; of a row that is an element of a list, with empty brackets.
    pub path: String,
    /// Of such an element: the list, by its number in the mapping, and its place.
    pub element: Option<(usize, usize)>,
    /// Its number among the paths of gaps.
    gap: Option<u32>,
}

#[derive(Debug)]
struct TextSlot {
    slot: usize,
    field: u16,
    is_name: bool,
    /// Full-width letters are usual in it.
    is_wide_usual: bool,
}

/// Slots of an owner; each with the number of its field.
#[derive(Debug, Default)]
struct CheckedOwner {
    /// The first slot of the owner: a record with fewer slots does not have them.
    first: Option<usize>,
    role: Option<usize>,
    born: Option<(usize, u16)>,
    /// When something happened to the owner.
    events: Vec<(usize, u16)>,
    tax_id: Option<(usize, u16)>,
    email: Option<(usize, u16)>,
    given: Option<usize>,
    family: Option<usize>,
}

#[derive(Debug, Default)]
struct Entity {
    name: Option<usize>,
    tax_id: Option<(usize, u16)>,
    email: Option<(usize, u16)>,
}

/// What is compared between records: keyed hashes, 0 where there is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ComparisonKeys {
    /// Of the id as a person sees it.
    pub id: u64,
    /// Of the entity, on an account that has one.
    pub entity: u64,
    /// Of the tax id of the primary owner, or of the entity.
    pub tax_id: u64,
    /// Of their e-mail address.
    pub email: u64,
    /// The primary owner's birth date, see [`super::birth::number`].
    pub born: u16,
    /// Digits of an id that has nothing else.
    pub digits: u8,
    /// What stands behind the digits of the id that a spreadsheet would keep.
    pub behind: DigitsBehind,
    /// The first byte of the id.
    pub first: u8,
    /// How the cell of the first owner's birth date writes it.
    pub date: DateForm,
    /// Day and month of that cell may have been exchanged.
    pub may_be_swapped: bool,
    /// What its amounts say about the units of their columns.
    pub amounts: AmountsOfRecord,
}

/// An owner whose tax id the record is not compared by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaxedOwner {
    /// Keyed hash of the tax id, as [`ComparisonKeys::tax_id`]; 0: none.
    pub tax_id: u64,
    /// Of who the owner is; 0: not known.
    pub person: u64,
}

/// A finding of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFinding {
    /// The kind of finding.
    pub kind: FindingKind,
    /// The field, by its number in [`Checks::fields`].
    pub field: Option<u16>,
    /// What the value looks like, masked, and what is meant by it; empty unless asked for.
    pub shape: String,
    /// Where it stands, when that is not the row that the record begins with; filled in by the scan.
    pub at: Option<(JoinedList, Position)>,
}

/// What was found of the last record, and a thread's buffers.
#[derive(Debug, Default)]
pub struct RecordFindings {
    /// Describe what values look like.
    pub shapes: bool,
    /// The findings.
    pub found: Vec<RecordFinding>,
    /// What other records are compared by.
    pub keys: ComparisonKeys,
    /// The owners whose tax ids are not among these: their places, and keyed hashes of the tax ids.
    pub(crate) further: Vec<(usize, u64)>,
    /// What was found of names before.
    judged: Memo<Option<&'static str>>,
    /// What was found of free texts before.
    judged_texts: Memo<Option<&'static str>>,
    /// Texts whose characters were looked at before, with nothing wrong.
    sound: Memo<()>,
    scratch: String,
    folded: Vec<u8>,
}

impl Checks {
    /// Lays the checks out for a mapping.
    pub fn new(mapper: &Mapper, plan: &AssessPlan, rules: FindingRules) -> Checks {
        let mut checks = Checks {
            blocking: rules.blocking(),
            rules,
            fields: Vec::new(),
            texts: Vec::new(),
            names: Vec::new(),
            free_texts: Vec::new(),
            owner_ids: Vec::new(),
            shares: SharesCheck::new(plan),
            owners: Vec::new(),
            addresses: Vec::new(),
            people: owner_slots(mapper),
            entity: Entity::default(),
            born_column: None,
            amounts: Vec::new(),
            as_of: plan.as_of,
            key: RandomState::default(),
        };
        for fed in mapper.fed() {
            if checks.rules.looks_for(FindingKind::AmountUnit) {
                checks.amounts.extend(AmountColumn::of(fed.feed));
            }
            let column = match fed.feed.reads.as_slice() {
                [column] => Some(*column),
                _ => None,
            };
            checks.add(
                plan,
                (fed.slot, column),
                &fed.target,
                fed.feed.judges_names(),
            );
        }
        checks.texts.sort_by_key(|text| text.slot);
        checks.names.sort_by_key(|name| name.slot);
        let fields = &checks.fields;
        name_slots::pair(&mut checks.names, |field| &fields[usize::from(field)].path);
        addresses::in_order(&mut checks.addresses);
        addresses::name(&mut checks.addresses, |owner| {
            let owner = checks.owners.get(owner)?;
            Some([owner.given?, owner.family?])
        });
        checks
    }

    /// Adds a field: its slot, and the column that gives it, where that is one.
    fn add(
        &mut self,
        plan: &AssessPlan,
        (slot, column): (usize, Option<usize>),
        target: &str,
        is_judged: bool,
    ) {
        let Some(found) = path::find(target) else {
            return;
        };
        let text = matches!(
            found.field.shape,
            FieldShape::Leaf(Form::Text | Form::Short(_) | Form::AgreementName(_))
                | FieldShape::Lines(Form::Text | Form::Short(_))
        );
        let name = target.rsplit('.').next().unwrap_or(target);
        if text || matches!(found.field.shape, FieldShape::Leaf(Form::State)) {
            let field = self.field(plan, target);
            self.texts.push(TextSlot {
                slot,
                field,
                is_name: NAMES.contains(&name),
                is_wide_usual: !PEOPLE.contains(&name),
            });
            if !is_judged {
                self.names.extend(NameSlot::of(name, slot, field));
            }
            if is_free_text(name) {
                self.free_texts.push(FreeTextSlot {
                    slot,
                    field,
                    is_mailbox: false,
                });
            }
        }
        if is_mailbox(name) {
            let field = self.field(plan, target);
            self.free_texts.push(FreeTextSlot {
                slot,
                field,
                is_mailbox: true,
            });
        }
        if name == "clientOwnerId" {
            let field = self.field(plan, target);
            self.owner_ids.push((slot, field));
        }
        match target {
            "entity.entityLegalName" => self.entity.name = Some(slot),
            "entity.entityTaxId" => {
                self.entity.tax_id = Some((slot, self.field(plan, target)));
            }
            "entity.entityEmailAddress" => {
                self.entity.email = Some((slot, self.field(plan, target)));
            }
            _ => {}
        }
        let in_address = match addresses::is_named(target) {
            true => self.field(plan, target),
            false => 0,
        };
        addresses::add(&mut self.addresses, target, slot, in_address);
        let Some(index) = path::index(target, "owners") else {
            return;
        };
        let Some((_, rest)) = target.split_once("].") else {
            return;
        };
        let is_event = matches!(found.field.shape, FieldShape::Leaf(form) if form.is_event());
        let numbered = is_event
            || matches!(
                rest,
                "identity.dateOfBirth" | "identity.taxId" | "emailAddress" | SHARE
            );
        let field = if numbered {
            self.field(plan, target)
        } else {
            0
        };
        if self.owners.len() <= index {
            self.owners.resize_with(index + 1, CheckedOwner::default);
        }
        let owner = &mut self.owners[index];
        owner.first = Some(owner.first.map_or(slot, |first| first.min(slot)));
        match rest {
            _ if is_event => owner.events.push((slot, field)),
            "role" => owner.role = Some(slot),
            "identity.dateOfBirth" => {
                owner.born = Some((slot, field));
                if index == 0 && self.fields[usize::from(field)].element.is_none() {
                    self.born_column = column;
                }
            }
            "identity.taxId" => owner.tax_id = Some((slot, field)),
            "emailAddress" => owner.email = Some((slot, field)),
            "identity.givenName" => owner.given = Some(slot),
            "identity.familyName" => owner.family = Some(slot),
            SHARE => self.shares.add(slot, field),
            _ => {}
        }
    }

    fn field(&mut self, plan: &AssessPlan, target: &str) -> u16 {
        let gap = plan.paths.iter().position(|info| info.path == target);
        let element = gap.and_then(|gap| plan.paths[gap].element);
        let path = match (element, target.split_once('['), target.split_once(']')) {
            (Some(_), Some((list, _)), Some((_, rest))) => format!("{list}[]{rest}"),
            _ => target.to_owned(),
        };
        self.fields.push(FindingField {
            path,
            element,
            gap: gap.map(|gap| gap as u32),
        });
        u16::try_from(self.fields.len() - 1).unwrap_or(u16::MAX)
    }

    /// The path of the field in which something was found, with the number of the element; of an id the account's.
    pub(crate) fn path_of<'a>(&'a self, found: &RecordFinding, plan: &'a AssessPlan) -> &'a str {
        let field = found
            .field
            .and_then(|field| self.fields.get(usize::from(field)));
        let Some(field) = field else {
            return "clientAccountId";
        };
        let gap = field.gap.and_then(|gap| plan.paths.get(gap as usize));
        gap.map_or(&field.path, |gap| &gap.path)
    }

    /// Notes how the first owner's birth date and the amounts are written in the row that a record begins with.
    pub(crate) fn note_cells(&self, row: &Row<'_>, keys: &mut ComparisonKeys) {
        keys.amounts = AmountsOfRecord::new(&self.amounts, row);
        let rules = &self.rules;
        if let Some(column) = self
            .born_column
            .filter(|_| rules.looks_for(FindingKind::SwappedDate))
            && let Cell::Text(text) = row.cell(column)
        {
            keys.date = DateForm::of(text);
            keys.may_be_swapped = keys.date.may_be_swapped(text);
        }
    }

    fn hash(&self, tag: u8, parts: &[&str]) -> u64 {
        let mut hasher = self.key.build_hasher();
        hasher.write_u8(tag);
        for part in parts {
            hasher.write_usize(part.len());
            hasher.write(part.as_bytes());
        }
        // 0 stands for nothing.
        hasher.finish().max(1)
    }
}

/// A value of a record that came from a cell.
pub(super) fn cell(draft: &Draft, slot: usize) -> Option<&str> {
    match draft.slot(slot) {
        SlotValue::Value {
            span,
            constant: false,
        } => Some(draft.text(span)),
        _ => None,
    }
}
