//! One row of a backfill file over one record: which cells say something, whether that fits, and what it changes.
//!
//! Owner of the rule what a cell does: nothing where it is empty or says what is known; the new value where it fits; where
//! it does not fit, a gap if there was nothing, and nothing at all if there was something.

use super::{
    Element, NEVER_SENT, NO_ELEMENT, Overlay, OverlayField, PhoneCountries, StatedValue,
    TYPE_OF_MAPPING, TriedRow,
};
use crate::assess::value::{self, SiblingValues};
use crate::assess::walk::derived_owner_id;
use crate::draft::SlotValue;
use crate::merge::DISAGREE;
use crate::pipeline::{Pipeline, Worker};
use crate::{phones, postal};
use bakkt_contract::{Form, changes, countries, path, postal_codes, us_states};
use bakkt_model::position::Position;
use bakkt_model::text::without_invisible;
use bakkt_source::keys::KeyFate;

/// Where a phone number without a country code is from when nothing else says it.
const HOME: &str = "US";

/// What a cell comes to.
enum CellChange {
    Nothing,
    Same,
    Text(String),
    Texts(Vec<String>),
    Unfit(&'static str),
}

impl Worker {
    /// Lays the rows of the layers over the record that was mapped last.
    pub(in crate::pipeline) fn lay(&mut self, pipeline: &Pipeline) -> anyhow::Result<()> {
        self.laying.who.clear();
        for (place, layer) in pipeline.layers.iter().enumerate() {
            let Some(id) = self.id(pipeline) else { break };
            let entries = layer.keys.find(id);
            if entries.is_empty() {
                continue;
            }
            let id = id.to_owned();
            // Before anything is laid over them: a layer may change what tells them apart.
            if self.laying.who.is_empty() {
                self.laying.who = self.who(pipeline, &layer.tells);
            }
            for entry in entries {
                let at = layer.keys.at(entry);
                let tried = self.laying.trial.as_ref();
                let is_out = tried.is_some_and(|trial| trial.is_out(place, at.row));
                if layer.refused.contains(&at.row) || is_out {
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
                        layer.keys.note(entry, KeyFate::Used);
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
    pub(in crate::pipeline) fn leave_layers(&self, pipeline: &Pipeline) {
        let Some(id) = self.id(pipeline) else { return };
        for layer in &pipeline.layers {
            for entry in layer.keys.find(id) {
                layer.keys.note(entry, KeyFate::Beyond);
            }
        }
    }

    fn lay_row(
        &mut self,
        pipeline: &Pipeline,
        (place, layer): (usize, &Overlay),
        at: Position,
        id: &str,
    ) {
        let trial = self.laying.trial.take_if(|trial| trial.layer == place);
        let mut tried = TriedRow {
            row: at.row,
            ..TriedRow::default()
        };
        let locked = trial.as_ref().is_some_and(|trial| trial.locked);
        if locked {
            tried.restricted = self.restricted(pipeline, (layer, at.row), id);
        }
        if tried.restricted.is_empty() {
            self.laying.rows.push((place, at));
            for field in &layer.fields {
                let Some(meant) = self.meant(pipeline, (layer, at.row), field) else {
                    continue;
                };
                if trial.is_some() {
                    tried.who.extend(self.spoken(field, &meant));
                }
                let field = meant.as_ref();
                let had = trial.is_some() && self.is_known(pipeline, field);
                match self.lay_cell(pipeline, field, id) {
                    Ok(changed) => {
                        tried.changed += usize::from(changed);
                        if had && changed {
                            tried.replaced.push(field.path.clone());
                        }
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
            // Behind the laying: what a cell means may hang on the country that stands beside it.
            tried.stated = self.stated_fields(pipeline, (layer, at.row));
            trial.rows.push(tried);
            self.laying.trial = Some(trial);
        }
    }

    /// What of a row would change and may not, by path.
    fn restricted(&self, pipeline: &Pipeline, at: (&Overlay, u64), id: &str) -> Vec<String> {
        let fields = at.0.fields.iter();
        let by_hand = fields.filter(|field| changes::by_hand(&field.path));
        let changes = |field: &&OverlayField| {
            let meant = self.meant(pipeline, at, field);
            meant.is_some_and(|field| {
                let says = || self.says(pipeline, &field, id);
                self.is_there(&field)
                    && matches!(says(), CellChange::Text(_) | CellChange::Texts(_))
            })
        };
        by_hand
            .filter(changes)
            .map(|field| field.path.clone())
            .collect()
    }

    /// What a row says of each field, whether that is new or not.
    fn stated_fields(&self, pipeline: &Pipeline, at: (&Overlay, u64)) -> Vec<StatedValue> {
        let fields = at.0.fields.iter();
        let stated = fields.filter_map(|field| {
            let meant = self.meant(pipeline, at, field)?;
            let texts = match self.fits(pipeline, &meant) {
                CellChange::Text(text) => vec![text],
                CellChange::Texts(texts) => texts,
                CellChange::Nothing | CellChange::Same | CellChange::Unfit(_) => return None,
            };
            Some(StatedValue {
                slot: meant.to?,
                path: meant.path.clone(),
                texts,
            })
        });
        stated.collect()
    }

    /// Whether the record has a value for a field that is no gap.
    fn is_known(&self, pipeline: &Pipeline, field: &OverlayField) -> bool {
        let Some(slot) = field.to else { return false };
        let beside = self.beside(pipeline, field);
        let fits = |text: &str| value::check(field.form, text, &beside).is_ok();
        match self.draft.slot(slot) {
            SlotValue::Value { span, .. } => fits(self.draft.text(span)),
            SlotValue::List { first, last, .. } => {
                (first..last).all(|item| self.draft.item(item).is_ok_and(fits))
            }
            _ => false,
        }
    }

    /// Lays one cell over the draft: whether that changed it. The error is why not, and whether the field is a gap for it.
    fn lay_cell(
        &mut self,
        pipeline: &Pipeline,
        field: &OverlayField,
        id: &str,
    ) -> Result<bool, (&'static str, bool)> {
        let says = self.says(pipeline, field, id);
        if matches!(says, CellChange::Nothing | CellChange::Same) {
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
            CellChange::Nothing | CellChange::Same => return Ok(false),
            CellChange::Text(text) => SlotValue::Value {
                span: self.draft.keep(&text),
                constant: false,
            },
            CellChange::Texts(texts) => {
                let first = self.draft.items();
                texts.iter().for_each(|text| self.draft.keep_item(text));
                SlotValue::List {
                    first,
                    last: self.draft.items(),
                    constant: false,
                }
            }
            CellChange::Unfit(why) => {
                let known = matches!(
                    self.draft.slot(to),
                    SlotValue::Value { .. } | SlotValue::List { .. } | SlotValue::Disagree
                );
                if !known {
                    self.draft.set(to, SlotValue::Invalid(why));
                }
                return Err((why, !known));
            }
        };
        self.draft.set(to, value);
        Ok(true)
    }

    /// Whether the element is there that a field belongs to.
    fn is_there(&self, field: &OverlayField) -> bool {
        match &field.element {
            Element::Any => true,
            Element::Row(at) => at.place < self.draft.rows(at.each),
            Element::Slots(slots) => slots.iter().any(|slot| self.draft.has_data(*slot)),
        }
    }

    /// What the row says of a field, against what the record says.
    fn says(&self, pipeline: &Pipeline, field: &OverlayField, id: &str) -> CellChange {
        match self.fits(pipeline, field) {
            CellChange::Text(text) if self.same(pipeline, field, &text, id) => CellChange::Same,
            CellChange::Texts(texts) if self.same_texts(field, &texts) => CellChange::Same,
            cell => cell,
        }
    }

    /// What the row says of a field, by itself.
    fn fits(&self, pipeline: &Pipeline, field: &OverlayField) -> CellChange {
        let row = &self.laying.draft;
        match row.slot(field.from) {
            SlotValue::Missing | SlotValue::Value { constant: true, .. } => CellChange::Nothing,
            SlotValue::List { constant: true, .. } => CellChange::Nothing,
            SlotValue::Invalid(why) => CellChange::Unfit(why),
            SlotValue::Disagree => CellChange::Unfit(DISAGREE),
            SlotValue::Value { span, .. } => {
                let text = match self.tidy(field, row.text(span)) {
                    Ok(text) => text,
                    Err(why) => return CellChange::Unfit(why),
                };
                match value::check(field.form, &text, &self.beside(pipeline, field)) {
                    Ok(()) => CellChange::Text(text),
                    Err(why) => CellChange::Unfit(why),
                }
            }
            SlotValue::List { first, last, .. } => {
                let beside = self.beside(pipeline, field);
                let fit = |item| {
                    let text = row.item(item)?;
                    value::check(field.form, text, &beside).map(|()| text.to_owned())
                };
                match (first..last).map(fit).collect::<Result<Vec<_>, _>>() {
                    Ok(texts) => CellChange::Texts(texts),
                    Err(why) => CellChange::Unfit(why),
                }
            }
        }
    }

    fn beside<'w>(&'w self, pipeline: &Pipeline, field: &OverlayField) -> SiblingValues<'w> {
        SiblingValues {
            country: field.country.and_then(|slot| self.draft.value(slot)),
            tax_id_type: field.tax_id_type.and_then(|slot| self.draft.value(slot)),
            unissued: pipeline.plan.ids.allow_unissued,
            as_of: pipeline.plan.as_of,
            is_latin: false,
        }
    }

    /// What needs the fields beside it to be read as people write it: the fields of a row are in such an order that
    /// those come first.
    fn tidy(&self, field: &OverlayField, text: &str) -> Result<String, &'static str> {
        if let Some(phone) = &field.phone {
            return self.phone(phone, text);
        }
        let country = field.country.and_then(|slot| self.draft.value(slot));
        let country = country.and_then(countries::alpha2_of);
        if field.form == Form::State && country.is_some_and(postal_codes::has_zips) {
            return Ok(us_states::two_letters(text).unwrap_or(text).to_owned());
        }
        if field.path.ends_with(".postalCode") {
            let mut code = String::new();
            return postal::write(country, text, &mut code).map(|()| code);
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

    /// A phone number in its form. Without a country code it is one of the person's country, and of the U.S. only where it cannot be
    /// from there.
    fn phone(&self, countries: &PhoneCountries, text: &str) -> Result<String, &'static str> {
        let known = |slot: Option<usize>| {
            let country = slot.and_then(|slot| self.draft.value(slot))?;
            countries::alpha2_of(country)
        };
        let region = known(countries.own).or_else(|| known(countries.owners));
        let mut number = String::new();
        let region = region.or(Some(HOME));
        phones::write(&without_invisible(text), region, Some(HOME), &mut number).map(|()| number)
    }

    fn same(&self, pipeline: &Pipeline, field: &OverlayField, text: &str, id: &str) -> bool {
        let now = field.to.and_then(|slot| self.draft.value(slot));
        match (field.form, now) {
            (Form::AccountType, None) if pipeline.plan.type_slot.is_none() => {
                pipeline.mapper.account_types.as_slice() == [text]
            }
            (Form::OwnerId, None) => {
                let owner = path::index(&field.path, "owners");
                owner.is_some_and(|owner| derived_owner_id(id, owner).to_string() == text)
            }
            // Written the way in which the row is, it is the same number.
            (Form::TaxId, Some(now)) => self.tidy(field, now).as_deref() == Ok(text),
            (_, now) => now == Some(text),
        }
    }

    fn same_texts(&self, field: &OverlayField, texts: &[String]) -> bool {
        match field.to.map(|slot| self.draft.slot(slot)) {
            Some(SlotValue::List { first, last, .. }) => {
                (last - first) as usize == texts.len()
                    && (first..last)
                        .zip(texts)
                        .all(|(item, text)| self.draft.item(item) == Ok(text))
            }
            _ => false,
        }
    }
}
