//! Of whom a row of a backfill file speaks.
//!
//! A column says `owners[1]`: the second owner as the export had them when the file was taken. Where owners or contacts are
//! rows of an export, their order is that of the rows, and a later export may have another. Owner of what keeps a value
//! with the person it was filled in for: who an element is, noted when the file is taken, and found again in every later
//! mapping. Invariant: what was filled in for one person is laid over nobody else; where the person is gone, over nobody.
//! Left out on purpose: elements that columns of the account's own row make: their place is the column.

use std::borrow::Cow;

use super::{Element, Field, Layer};
use crate::mapping::Mapper;
use crate::pipeline::{Hash, Pipeline, Worker};
use crate::source::List;

/// A line, a list (1 owner, 2 trusted contact) and the index in the column's name.
pub type Spoken = (u64, u8, u8);

/// Who an element is: keyed hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// Of its own id.
    pub id: Option<Hash>,
    /// Of its names and birth date.
    pub named: Option<Hash>,
}

impl Who {
    /// Whether two are the same person: by their ids where both have one, else by name.
    fn is(&self, other: &Who) -> bool {
        match (self.id, other.id) {
            (Some(id), Some(other)) => id == other,
            _ => self.named.is_some() && self.named == other.named,
        }
    }

    fn is_nobody(&self) -> bool {
        *self == Who::default()
    }
}

/// What tells one element of a list from another: slots of the first of them.
#[derive(Clone, Debug, Default)]
pub struct Tells {
    list: u8,
    stride: usize,
    id: Option<usize>,
    named: Vec<usize>,
}

/// Where the field of an element of a list with rows of its own stands.
#[derive(Clone, Debug)]
pub struct Places {
    /// List of the mapping.
    pub each: usize,
    /// Place among its rows.
    pub place: usize,
    /// Elements before them.
    pub base: usize,
    /// Slots between one row's and the next one's.
    pub stride: usize,
    /// By place: the number of the path in the plan, for gaps.
    pub gaps: Vec<Option<u32>>,
}

/// By list of the mapping: what tells its elements apart.
pub fn tells(mapper: &Mapper) -> Vec<Tells> {
    let fed = mapper.fed();
    let each = mapper.each().iter().enumerate();
    each.map(|(number, each)| {
        let slot = |field: &str| {
            let path = format!("{}[{}].{field}", each.list, each.base);
            fed.iter()
                .find(|fed| fed.target == path)
                .map(|fed| fed.slot)
        };
        let (list, named) = match each.list {
            "owners" => (
                List::Owners,
                &[
                    "identity.givenName",
                    "identity.familyName",
                    "identity.dateOfBirth",
                ][..],
            ),
            _ => (List::Contacts, &["givenName", "familyName"][..]),
        };
        Tells {
            list: list as u8,
            stride: mapper.stride(number),
            id: slot("clientOwnerId"),
            named: named.iter().filter_map(|field| slot(field)).collect(),
        }
    })
    .collect()
}

impl Worker {
    /// Who the elements of the record are that was mapped last.
    pub(super) fn who(&self, pipeline: &Pipeline, tells: &[Tells]) -> Vec<Vec<Who>> {
        let lists = tells.iter().enumerate();
        lists
            .map(|(each, tells)| {
                let rows = 0..self.draft.rows(each);
                rows.map(|row| self.who_is(pipeline, tells, row)).collect()
            })
            .collect()
    }

    fn who_is(&self, pipeline: &Pipeline, tells: &Tells, row: usize) -> Who {
        let value = |slot: usize| self.draft.value(slot + row * tells.stride);
        let names: Vec<&str> = tells.named.iter().filter_map(|slot| value(*slot)).collect();
        Who {
            id: tells
                .id
                .and_then(value)
                .map(|id| pipeline.hash(id.as_bytes())),
            named: (!names.is_empty()).then(|| pipeline.hash(names.join("\n").as_bytes())),
        }
    }

    /// The field of the person of whom the row spoke when its file was taken; none when that person is gone.
    pub(super) fn meant<'f>(
        &self,
        layer: &Layer,
        row: u64,
        field: &'f Field,
    ) -> Option<Cow<'f, Field>> {
        let Element::Row(at) = &field.element else {
            return Some(Cow::Borrowed(field));
        };
        let spoken = layer
            .tells
            .get(at.each)
            .map(|tells| (row, tells.list, at.index()));
        let Some(who) = spoken.and_then(|spoken| layer.who.get(&spoken)) else {
            return Some(Cow::Borrowed(field));
        };
        let all = self.laying.who.get(at.each).map_or(&[][..], Vec::as_slice);
        if all.get(at.place).is_some_and(|here| here.is(who)) {
            return Some(Cow::Borrowed(field));
        }
        let place = all.iter().position(|one| one.is(who))?;
        Some(Cow::Owned(field.at(at, place)))
    }

    /// Of whom a field speaks, where a row says something of it.
    pub(super) fn spoken(&self, field: &Field) -> Option<((u8, u8), Who)> {
        let Element::Row(at) = &field.element else {
            return None;
        };
        let who = self.laying.who.get(at.each)?.get(at.place)?;
        let list = match field.path.starts_with("owners") {
            true => List::Owners,
            false => List::Contacts,
        };
        let says = self.laying.draft.has_data(field.from) && !who.is_nobody();
        says.then_some(((list as u8, at.index()), *who))
    }
}

impl Places {
    /// The index in the column's name.
    fn index(&self) -> u8 {
        (self.base + self.place) as u8
    }
}

impl Field {
    /// The same field of another element of its list.
    fn at(&self, here: &Places, place: usize) -> Field {
        let moved = |slot: usize| slot - here.place * here.stride + place * here.stride;
        let path = |index: usize| format!("[{}]", here.base + index);
        Field {
            from: self.from,
            to: self.to.map(moved),
            path: self.path.replacen(&path(here.place), &path(place), 1),
            gap: here.gaps.get(place).copied().flatten(),
            form: self.form,
            element: Element::Row(Places {
                place,
                ..here.clone()
            }),
            country: self.country.map(moved),
            tax_id_type: self.tax_id_type.map(moved),
        }
    }
}
