//! Resolves which owner or contact a row of a backfill file refers to.
//!
//! A column says `owners[1]`: the second owner as the export had them when the file was taken. Where owners or contacts are
//! rows of an export, their order is that of the rows, and a later export may have another. Owner of what keeps a value
//! with the person it was filled in for: who an element is, noted when the file is taken, and found again in every later
//! mapping. Invariant: what was filled in for one person is laid over nobody else; where the person is gone, over nobody.
//! A row may name whom it means by itself, in a column such as `owners[1].clientOwnerId`: then that one is meant.
//! Left out on purpose: elements that columns of the account's own row make: their place is the column.

use std::borrow::Cow;

use super::{Element, Overlay, OverlayField, PhoneCountries};
use crate::Mapper;
use crate::pipeline::{Hash, Pipeline, Worker};
use bakkt_model::position::JoinedList;

/// The owner or contact that a row refers to: its line, the list (1 owner, 2 trusted contact) and the index in the column's name.
pub type OwnerRef = (u64, u8, u8);

/// Bytes of half a mark.
const HALF: usize = 8;

/// What the journal keeps of an owner or contact, to know them again.
pub type PersonMark = [u8; 2 * HALF];

/// The identity of an owner or contact, as keyed hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnerIdentity {
    /// Hash of its own id.
    pub id: Option<Hash>,
    /// Hash of its names and birth date.
    pub named: Option<Hash>,
}

impl OwnerIdentity {
    /// Whether two are the same person: by their ids where both have one, else by name.
    fn is(&self, other: &OwnerIdentity) -> bool {
        match (self.id, other.id) {
            (Some(id), Some(other)) => id == other,
            _ => self.named.is_some() && self.named == other.named,
        }
    }

    fn is_nobody(&self) -> bool {
        *self == OwnerIdentity::default()
    }

    /// What the journal keeps of somebody with a gap: eight bytes of the id, eight of the names, zeros for what is not there; of
    /// this customer alone. None of somebody of whom nothing is known.
    pub(in crate::pipeline) fn mark(
        &self,
        pipeline: &Pipeline,
        client_id: &str,
    ) -> Option<PersonMark> {
        if self.is_nobody() {
            return None;
        }
        let mut mark = PersonMark::default();
        for (half, hash) in mark.chunks_exact_mut(HALF).zip([self.id, self.named]) {
            if let Some(hash) = hash {
                let own = pipeline.hash(&[client_id.as_bytes(), b"\n", &hash].concat());
                half.copy_from_slice(&own[..HALF]);
            }
        }
        Some(mark)
    }
}

/// The fields that identify an owner or contact, by their slots in the first element of the list.
#[derive(Clone, Debug, Default)]
pub struct IdentityFields {
    stride: usize,
    id: Option<usize>,
    named: Vec<usize>,
}

/// Where the field of an element of a list with rows of its own stands.
#[derive(Clone, Debug)]
pub struct ElementPlaces {
    /// List of the mapping.
    pub each: usize,
    /// Place among its rows.
    pub place: usize,
    /// Elements before them.
    pub base: usize,
    /// Slots between one row's and the next one's.
    pub stride: usize,
    /// Where the row says the element's own id.
    pub id: Option<usize>,
    /// By place: the number of the path in the plan, for gaps.
    pub gaps: Vec<Option<u32>>,
}

/// By list of the mapping: what tells its elements apart.
pub fn tells(mapper: &Mapper) -> Vec<IdentityFields> {
    let fed = mapper.fed();
    let each = mapper.each().iter().enumerate();
    each.map(|(number, each)| {
        let slot = |field: &str| {
            let path = format!("{}[{}].{field}", each.list, each.base);
            fed.iter()
                .find(|fed| fed.target == path)
                .map(|fed| fed.slot)
        };
        let named = match each.list {
            "owners" => &[
                "identity.givenName",
                "identity.familyName",
                "identity.dateOfBirth",
            ][..],
            _ => &["givenName", "familyName"][..],
        };
        IdentityFields {
            stride: mapper.stride(number),
            id: slot("clientOwnerId"),
            named: named.iter().filter_map(|field| slot(field)).collect(),
        }
    })
    .collect()
}

impl Worker {
    /// Who the elements of the record are that was mapped last.
    pub(super) fn who(
        &self,
        pipeline: &Pipeline,
        tells: &[IdentityFields],
    ) -> Vec<Vec<OwnerIdentity>> {
        let lists = tells.iter().enumerate();
        lists
            .map(|(each, tells)| {
                let rows = 0..self.draft.rows(each);
                rows.map(|row| self.who_is(pipeline, tells, row)).collect()
            })
            .collect()
    }

    pub(in crate::pipeline) fn who_is(
        &self,
        pipeline: &Pipeline,
        tells: &IdentityFields,
        row: usize,
    ) -> OwnerIdentity {
        let value = |slot: usize| self.draft.value(slot + row * tells.stride);
        let names: Vec<&str> = tells.named.iter().filter_map(|slot| value(*slot)).collect();
        OwnerIdentity {
            id: tells
                .id
                .and_then(value)
                .map(|id| pipeline.hash(id.as_bytes())),
            named: (!names.is_empty()).then(|| pipeline.hash(names.join("\n").as_bytes())),
        }
    }

    /// The field of the person of whom the row that was mapped last speaks; none when that person is gone.
    pub(super) fn meant<'f>(
        &self,
        pipeline: &Pipeline,
        (layer, row): (&Overlay, u64),
        field: &'f OverlayField,
    ) -> Option<Cow<'f, OverlayField>> {
        let here = Some(Cow::Borrowed(field));
        let Element::Row(at) = &field.element else {
            return here;
        };
        let all = self.laying.who.get(at.each).map_or(&[][..], Vec::as_slice);
        let is_at = |who: &OwnerIdentity| {
            let stays = all.get(at.place).is_some_and(|one| one.is(who));
            let place = || all.iter().position(|one| one.is(who));
            if stays { Some(at.place) } else { place() }
        };
        let spoken = (row, at.list(field), at.index());
        let place = match layer.who.get(&spoken) {
            Some(who) => is_at(who)?,
            // The row itself may say whom it means.
            None => self
                .said(pipeline, at)
                .and_then(|who| is_at(&who))
                .unwrap_or(at.place),
        };
        match place == at.place {
            true => here,
            false => Some(Cow::Owned(field.at(at, place))),
        }
    }

    /// The owner whose id the row names in a column of its own.
    fn said(&self, pipeline: &Pipeline, at: &ElementPlaces) -> Option<OwnerIdentity> {
        let id = self.laying.draft.value(at.id?)?;
        Some(OwnerIdentity {
            id: Some(pipeline.hash(id.as_bytes())),
            named: None,
        })
    }

    /// Of whom a field speaks, where a row says something of it; `meant` is that field where it belongs.
    pub(super) fn spoken(
        &self,
        field: &OverlayField,
        meant: &OverlayField,
    ) -> Option<((u8, u8), OwnerIdentity)> {
        let (Element::Row(at), Element::Row(there)) = (&field.element, &meant.element) else {
            return None;
        };
        let who = self.laying.who.get(there.each)?.get(there.place)?;
        let says = self.laying.draft.has_data(field.from) && !who.is_nobody();
        says.then_some(((at.list(field), at.index()), *who))
    }
}

impl ElementPlaces {
    fn list(&self, field: &OverlayField) -> u8 {
        match field.path.starts_with("owners") {
            true => JoinedList::Owners as u8,
            false => JoinedList::Contacts as u8,
        }
    }

    /// The index in the column's name.
    fn index(&self) -> u8 {
        (self.base + self.place) as u8
    }
}

impl OverlayField {
    /// The same field of another element of its list.
    fn at(&self, here: &ElementPlaces, place: usize) -> OverlayField {
        let moved = |slot: usize| slot - here.place * here.stride + place * here.stride;
        let path = |index: usize| format!("[{}]", here.base + index);
        OverlayField {
            from: self.from,
            to: self.to.map(moved),
            path: self.path.replacen(&path(here.place), &path(place), 1),
            gap: here.gaps.get(place).copied().flatten(),
            form: self.form,
            element: Element::Row(ElementPlaces {
                place,
                ..here.clone()
            }),
            country: self.country.map(moved),
            tax_id_type: self.tax_id_type.map(moved),
            phone: self.phone.map(|phone| PhoneCountries {
                own: phone.own.map(moved),
                ..phone
            }),
        }
    }
}
