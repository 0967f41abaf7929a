//! Backfill files: rows that are laid over what the exports say of a customer.
//!
//! Owner of [`Layer`], one such file with the index of its ids, and of how its cells become values of a record's draft.
//! Layers apply in the order of their numbers, in every mapping of a record: in planning, in sending, in comparing. An
//! empty cell changes nothing, and what cannot be read never takes the place of what can, so that no layer loses what the
//! export or an earlier layer has. Invariants: a record without rows in a layer is what it would be without the layer,
//! byte for byte; a row whose values may not change (`refused`) is not there; no layer makes an owner.
//! Left out on purpose: which files there are and how they are opened (`migration`), who may change what (`commands`).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Pipeline, Worker};
use crate::assess::value::{self, Beside};
use crate::assess::walk::derived_owner_id;
use crate::contract::{Form, changes};
use crate::mapping::draft::{Draft, Slot};
use crate::mapping::feed::Scratch;
use crate::mapping::merge::DISAGREE;
use crate::mapping::{Mapper, postal};
use crate::source::keys::{Fate, Keys};
use crate::source::{Again, Export, Position, Row, Rows};

/// Rows per batch of the pass that fills the index.
const BATCH: usize = 1024;

/// Why a cell of a row is not laid over the record.
pub const NO_ELEMENT: &str = "the account has no such owner or contact";
/// Why a cell says nothing that could be sent.
pub const NEVER_SENT: &str = "the field is never sent";
/// Why the type of an account cannot be laid over it.
pub const TYPE_OF_MAPPING: &str = "the mapping gives all accounts their type";
/// What is wrong with a row that names no customer.
pub const NO_ID: &str = "no clientAccountId";
/// What is wrong with a row whose customer the plan does not have.
pub const UNKNOWN: &str = "unknown account";
/// What is wrong with a row that would change what may not be changed.
pub const RESTRICTED: &str = "restricted";
/// What is wrong with a row of an account that is left out, or whose own row is broken.
pub const NOT_READ: &str = "its account is left out, or its row is broken";

/// How the rows of a file are read.
#[derive(Debug)]
pub enum Read {
    /// By a mapping of its own: its columns are fields.
    Fields(Mapper),
    /// By that of the accounts: by column of their export, the file's column.
    Export(Vec<Option<usize>>),
}

/// A backfill file.
#[derive(Debug)]
pub struct Layer {
    /// Its number in the journal.
    pub number: i64,
    /// The file.
    pub export: Arc<Export>,
    /// How its rows are read.
    pub read: Read,
    /// What its rows can say.
    pub fields: Vec<Field>,
    /// Slot of clientAccountId in what a row says.
    pub id: usize,
    /// Lines of rows that are not there: what they say may not be changed.
    pub refused: BTreeSet<u64>,
    /// Filled by [`Layer::index`].
    pub keys: Keys,
    /// Rows and blank lines.
    pub counts: (u64, u64),
}

/// One field that rows of a layer can say.
#[derive(Clone, Debug)]
pub struct Field {
    /// Slot in what the row says.
    pub from: usize,
    /// Slot of the record; none where there is nothing to lay it over.
    pub to: Option<usize>,
    /// Its path.
    pub path: String,
    /// The number of the path in the plan, for gaps.
    pub gap: Option<u32>,
    /// Form of its text or texts.
    pub form: Form,
    /// Where it belongs to an element of a list: what says that there is such a one.
    pub element: Element,
    /// Slot of `country` beside it.
    pub country: Option<usize>,
    /// Slot of `taxIdType` beside it.
    pub tax_id_type: Option<usize>,
}

/// What says that the element of a list is there.
#[derive(Clone, Debug)]
pub enum Element {
    /// It always is, or may be made.
    Any,
    /// A row of its own: list of the mapping, and place.
    Row(usize, usize),
    /// Data in any of these slots.
    Slots(Vec<usize>),
}

/// What a trial of one layer finds out.
#[derive(Debug, Default)]
pub struct Trial {
    /// Which, by its place in the pipeline.
    pub layer: usize,
    /// Bakkt has the account: what may not change stays as it is.
    pub locked: bool,
    /// The rows of the record, in order.
    pub rows: Vec<Tried>,
}

/// One row that was tried.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Its line.
    pub row: u64,
    /// What it would change and may not, by path: nothing of it was taken.
    pub restricted: Vec<String>,
    /// Cells that were not taken: path, why.
    pub left: Vec<(String, &'static str)>,
    /// Fields that it changed.
    pub changed: usize,
}

/// What a thread needs to lay rows over records.
#[derive(Debug, Default)]
pub struct Laying {
    row: Again,
    arranged: Again,
    scratch: Scratch,
    /// What the row says.
    draft: Draft,
    /// Of the last record: path of the plan, layer by its place, row.
    pub laid: Vec<(u32, usize, Position)>,
    /// Of the last record: rows that were laid over it.
    pub rows: Vec<(usize, Position)>,
    /// Look instead of only doing.
    pub trial: Option<Trial>,
}

/// What a cell comes to.
enum Cell {
    Nothing,
    Same,
    Text(String),
    Texts(Vec<String>),
    Unfit(&'static str),
}

impl Layer {
    /// Reads the file once and fills the index; `each_batch` hears how many rows there were, and may stop it.
    pub fn index(
        &mut self,
        mapper: &Mapper,
        mut each_batch: impl FnMut(u64) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let (mut pass, mut rows) = (self.export.pass(), Rows::default());
        let mut laying = Laying::default();
        while pass.read_batch(&mut rows, BATCH)? {
            for (at, row) in rows.iter() {
                if let Some(skipped) = self.export.skipped(&row) {
                    self.keys.add_keyless(at, skipped.text());
                } else if let Some(flaw) = row.flaw() {
                    self.keys.add_keyless(at, flaw.text());
                } else {
                    self.map(mapper, &row, &mut laying);
                    match laying.draft.value(self.id) {
                        Some(id) => self.keys.add(id, at)?,
                        None => self.keys.add_keyless(at, NO_ID),
                    }
                }
            }
            each_batch(self.keys.rows())?;
        }
        self.counts = pass
            .counts()
            .iter()
            .fold((0, 0), |sum, (rows, blank)| (sum.0 + rows, sum.1 + blank));
        self.keys.finish();
        Ok(())
    }

    fn map(&self, mapper: &Mapper, row: &Row<'_>, laying: &mut Laying) {
        let (draft, scratch) = (&mut laying.draft, &mut laying.scratch);
        match &self.read {
            Read::Fields(own) => own.map(row, draft, scratch),
            Read::Export(columns) => {
                mapper.map(&laying.arranged.arrange(row, columns), draft, scratch);
            }
        }
    }

    /// The id of the customer of whom a row speaks.
    pub fn id_of<'l>(
        &self,
        mapper: &Mapper,
        row: &Row<'_>,
        laying: &'l mut Laying,
    ) -> Option<&'l str> {
        self.map(mapper, row, laying);
        laying.draft.value(self.id)
    }

    /// Rows that were laid over no record, in file order, and why.
    pub fn unused(&self) -> Vec<(Position, &'static str)> {
        let keyed = self.keys.unused().into_iter().map(|(at, fate)| {
            let refused = self.refused.contains(&at.row);
            let why = match fate {
                _ if refused => RESTRICTED,
                Fate::Beyond => NOT_READ,
                _ => UNKNOWN,
            };
            (at, why)
        });
        let mut all: Vec<_> = keyed.chain(self.keys.keyless().iter().copied()).collect();
        all.sort_unstable_by_key(|(at, _)| at.offset);
        all
    }
}

impl Worker {
    /// Lays the rows of the layers over the record that was mapped last.
    pub(super) fn lay(&mut self, pipeline: &Pipeline) -> anyhow::Result<()> {
        for (place, layer) in pipeline.layers.iter().enumerate() {
            let Some(id) = self.id(pipeline) else { break };
            let entries = layer.keys.find(id);
            if entries.is_empty() {
                continue;
            }
            let id = id.to_owned();
            for entry in entries {
                let at = layer.keys.at(entry);
                if layer.refused.contains(&at.row) {
                    continue;
                }
                let mut row = std::mem::take(&mut self.laying.row);
                layer.map(
                    &pipeline.mapper,
                    &layer.export.read(at, &mut row)?,
                    &mut self.laying,
                );
                self.laying.row = row;
                if self.laying.draft.value(layer.id) == Some(&id) {
                    // What is only tried was not laid yet.
                    if self.laying.trial.is_none() {
                        layer.keys.note(entry, Fate::Used);
                    }
                    self.lay_row(pipeline, (place, layer), at, &id);
                }
            }
        }
        Ok(())
    }

    fn id(&self, pipeline: &Pipeline) -> Option<&str> {
        self.draft.value(pipeline.plan.client_id?)
    }

    /// Notes that the rows of the layers for the record that was mapped last are laid over nothing.
    pub(super) fn leave_layers(&self, pipeline: &Pipeline) {
        let Some(id) = self.id(pipeline) else { return };
        for layer in &pipeline.layers {
            for entry in layer.keys.find(id) {
                layer.keys.note(entry, Fate::Beyond);
            }
        }
    }

    fn lay_row(
        &mut self,
        pipeline: &Pipeline,
        (place, layer): (usize, &Layer),
        at: Position,
        id: &str,
    ) {
        let trial = self.laying.trial.take_if(|trial| trial.layer == place);
        let mut tried = Tried {
            row: at.row,
            ..Tried::default()
        };
        let locked = trial.as_ref().is_some_and(|trial| trial.locked);
        if locked {
            tried.restricted = self.restricted(pipeline, layer, id);
        }
        if tried.restricted.is_empty() {
            self.laying.rows.push((place, at));
            for field in &layer.fields {
                match self.lay_cell(pipeline, field, id) {
                    Ok(changed) => {
                        tried.changed += usize::from(changed);
                        let gap = field.gap.filter(|_| changed);
                        self.laying.laid.extend(gap.map(|gap| (gap, place, at)));
                    }
                    Err((why, set)) => {
                        tried.left.push((field.path.clone(), why));
                        let gap = field.gap.filter(|_| set);
                        self.laying.laid.extend(gap.map(|gap| (gap, place, at)));
                    }
                }
            }
        }
        if let Some(mut trial) = trial {
            trial.rows.push(tried);
            self.laying.trial = Some(trial);
        }
    }

    /// What of a row would change and may not, by path.
    fn restricted(&self, pipeline: &Pipeline, layer: &Layer, id: &str) -> Vec<String> {
        let by_hand = layer
            .fields
            .iter()
            .filter(|field| changes::by_hand(&field.path));
        by_hand
            .filter(|field| self.is_there(field))
            .filter(|field| {
                matches!(
                    self.says(pipeline, field, id),
                    Cell::Text(_) | Cell::Texts(_)
                )
            })
            .map(|field| field.path.clone())
            .collect()
    }

    /// Lays one cell over the draft: whether that changed it. The error is why not, and whether the field is a gap for it.
    fn lay_cell(
        &mut self,
        pipeline: &Pipeline,
        field: &Field,
        id: &str,
    ) -> Result<bool, (&'static str, bool)> {
        let says = self.says(pipeline, field, id);
        if matches!(says, Cell::Nothing | Cell::Same) {
            return Ok(false);
        }
        let Some(to) = field.to else {
            let of_type = matches!(field.form, Form::AccountType);
            return Err((if of_type { TYPE_OF_MAPPING } else { NEVER_SENT }, false));
        };
        if !self.is_there(field) {
            return Err((NO_ELEMENT, false));
        }
        self.draft.grow(to + 1);
        let value = match says {
            Cell::Nothing | Cell::Same => return Ok(false),
            Cell::Text(text) => Slot::Value {
                span: self.draft.keep(&text),
                constant: false,
            },
            Cell::Texts(texts) => {
                let first = self.draft.items();
                texts.iter().for_each(|text| self.draft.keep_item(text));
                Slot::List {
                    first,
                    last: self.draft.items(),
                    constant: false,
                }
            }
            Cell::Unfit(why) => {
                let known = matches!(
                    self.draft.slot(to),
                    Slot::Value { .. } | Slot::List { .. } | Slot::Disagree
                );
                if !known {
                    self.draft.set(to, Slot::Invalid(why));
                }
                return Err((why, !known));
            }
        };
        self.draft.set(to, value);
        Ok(true)
    }

    /// Whether the element is there that a field belongs to.
    fn is_there(&self, field: &Field) -> bool {
        match &field.element {
            Element::Any => true,
            Element::Row(each, place) => *place < self.draft.rows(*each),
            Element::Slots(slots) => slots.iter().any(|slot| self.draft.has_data(*slot)),
        }
    }

    /// What the row says of a field, against what the record says.
    fn says(&self, pipeline: &Pipeline, field: &Field, id: &str) -> Cell {
        let row = &self.laying.draft;
        match row.slot(field.from) {
            Slot::Missing | Slot::Value { constant: true, .. } => Cell::Nothing,
            Slot::List { constant: true, .. } => Cell::Nothing,
            Slot::Invalid(why) => Cell::Unfit(why),
            Slot::Disagree => Cell::Unfit(DISAGREE),
            Slot::Value { span, .. } => {
                let text = match self.tidy(field, row.text(span)) {
                    Ok(text) => text,
                    Err(why) => return Cell::Unfit(why),
                };
                if let Err(why) = value::check(field.form, &text, self.beside(pipeline, field)) {
                    return Cell::Unfit(why);
                }
                match self.same(pipeline, field, &text, id) {
                    true => Cell::Same,
                    false => Cell::Text(text),
                }
            }
            Slot::List { first, last, .. } => {
                let beside = self.beside(pipeline, field);
                let fit = |item| {
                    let text = row.item(item)?;
                    value::check(field.form, text, beside).map(|()| text.to_owned())
                };
                match (first..last).map(fit).collect::<Result<Vec<_>, _>>() {
                    Err(why) => Cell::Unfit(why),
                    Ok(texts) if self.same_texts(field, &texts) => Cell::Same,
                    Ok(texts) => Cell::Texts(texts),
                }
            }
        }
    }

    fn beside<'w>(&'w self, pipeline: &Pipeline, field: &Field) -> Beside<'w> {
        Beside {
            country: field.country.and_then(|slot| self.draft.value(slot)),
            tax_id_type: field.tax_id_type.and_then(|slot| self.draft.value(slot)),
            as_of: pipeline.plan.as_of,
        }
    }

    /// What needs the fields beside it to be read as people write it: the fields of a row are in such an order that
    /// those come first.
    fn tidy(&self, field: &Field, text: &str) -> Result<String, &'static str> {
        let country = field.country.and_then(|slot| self.draft.value(slot));
        if field.path.ends_with(".postalCode") {
            let mut code = String::new();
            return match country {
                Some("USA") if postal::zip(text, &mut code) => Ok(code),
                Some("USA") => Err("not a ZIP code"),
                _ if postal::elsewhere(text, &mut code) => Ok(code),
                _ => Err("not a postal code"),
            };
        }
        let kind = field.tax_id_type.and_then(|slot| self.draft.value(slot));
        let number = matches!(field.form, Form::TaxId) && kind != Some("NATIONALID")
            || field.path == "entity.entityTaxId";
        let bare: String = text.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
        if number && bare.len() == 9 && bare.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(bare);
        }
        Ok(text.to_owned())
    }

    fn same(&self, pipeline: &Pipeline, field: &Field, text: &str, id: &str) -> bool {
        let now = field.to.and_then(|slot| self.draft.value(slot));
        match (field.form, now) {
            (Form::AccountType, None) if pipeline.plan.type_slot.is_none() => {
                pipeline.mapper.account_types.as_slice() == [text]
            }
            (Form::OwnerId, None) => {
                let owner = crate::contract::path::index(&field.path, "owners");
                owner.is_some_and(|owner| derived_owner_id(id, owner).to_string() == text)
            }
            // Written the way in which the row is, it is the same number.
            (Form::TaxId, Some(now)) => self.tidy(field, now).as_deref() == Ok(text),
            (_, now) => now == Some(text),
        }
    }

    fn same_texts(&self, field: &Field, texts: &[String]) -> bool {
        match field.to.map(|slot| self.draft.slot(slot)) {
            Some(Slot::List { first, last, .. }) => {
                (last - first) as usize == texts.len()
                    && (first..last)
                        .zip(texts)
                        .all(|(item, text)| self.draft.item(item) == Ok(text))
            }
            _ => false,
        }
    }
}
