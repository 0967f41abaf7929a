//! Addresses of a record: of owners, employers, trusted contacts and entities, all judged alike.
//!
//! Owner of the table of address fields, and of what is found of one address. Left out on purpose: what a doubtful street, city,
//! state or country is (`address`, `places`).

use super::{Checks, RecordFindings, cell};
use crate::draft::{Draft, SlotValue};
use crate::findings::address::{self, Beside, StreetProblem};
use crate::findings::places;
use bakkt_contract::path;
use bakkt_model::finding::FindingKind;
use bakkt_source::shape::shape;

/// The fields that hold an address, by the ends of their paths, and whether somebody has to live there, so that no P.O. box may
/// stand in it.
const ADDRESSES: [(&str, bool); 5] = [
    ("personalAddress", true),
    ("mailingAddress", false),
    ("employerAddress", false),
    ("registeredAddress", false),
    ("operatingAddress", false),
];

/// The slots of an address; each that a finding names with the number of its field.
#[derive(Debug)]
pub(super) struct AddressSlots {
    /// The path of the address.
    path: String,
    is_residential: bool,
    /// The first of its slots: a record with fewer slots does not have them.
    first: usize,
    street: Option<(usize, u16)>,
    city: Option<(usize, u16)>,
    state: Option<(usize, u16)>,
    postal_code: Option<usize>,
    country: Option<(usize, u16)>,
    /// Of the owner whose address it is.
    names: Option<[usize; 2]>,
}

/// The path of the address that a field belongs to, whether it is residential, and the name of the field.
fn part(target: &str) -> Option<(&str, bool, &str)> {
    let (path, name) = target.rsplit_once('.')?;
    let object = path.rsplit('.').next().unwrap_or(path);
    let (_, is_residential) = ADDRESSES.iter().find(|(known, _)| *known == object)?;
    Some((path, *is_residential, name))
}

/// Whether a field is of an address and can have a finding.
pub(super) fn is_named(target: &str) -> bool {
    part(target).is_some_and(|(.., name)| name != "postalCode")
}

/// Adds a field of an address; any other is left alone.
pub(super) fn add(addresses: &mut Vec<AddressSlots>, target: &str, slot: usize, field: u16) {
    let Some((path, is_residential, name)) = part(target) else {
        return;
    };
    let known = addresses.iter().position(|address| address.path == path);
    let place = known.unwrap_or_else(|| {
        addresses.push(AddressSlots {
            path: path.to_owned(),
            is_residential,
            first: slot,
            street: None,
            city: None,
            state: None,
            postal_code: None,
            country: None,
            names: None,
        });
        addresses.len() - 1
    });
    let address = &mut addresses[place];
    address.first = address.first.min(slot);
    match name {
        "streetAddress" => address.street = Some((slot, field)),
        "city" => address.city = Some((slot, field)),
        "state" => address.state = Some((slot, field)),
        "postalCode" => address.postal_code = Some(slot),
        "country" => address.country = Some((slot, field)),
        _ => {}
    }
}

/// Says whose addresses they are; `names` gives the slots of an owner's given and family name.
pub(super) fn name(addresses: &mut [AddressSlots], names: impl Fn(usize) -> Option<[usize; 2]>) {
    for address in addresses {
        address.names = path::index(&address.path, "owners").and_then(&names);
    }
}

/// Puts them into the order of their slots, in which those that a record has come first.
pub(super) fn in_order(addresses: &mut [AddressSlots]) {
    addresses.sort_by_key(|address| address.first);
}

impl AddressSlots {
    /// Whether the street is a single line that belongs somewhere else, or has the rest of the address in it once more.
    fn has_slipped<'a>(&self, lines: impl Iterator<Item = &'a str> + Clone, draft: &Draft) -> bool {
        let value = |slot: Option<(usize, u16)>| draft.value(slot?.0);
        let beside = Beside {
            city: value(self.city),
            state: value(self.state),
            postal_code: self.postal_code.and_then(|slot| draft.value(slot)),
            country: value(self.country),
            names: self
                .names
                .and_then(|[given, family]| Some([draft.value(given)?, draft.value(family)?])),
        };
        let is_single = lines.clone().nth(1).is_none();
        lines.enumerate().any(|(place, line)| {
            is_single && address::slipped(line, &beside)
                || address::repeats_rest(line, place > 0, &beside)
        })
    }
}

impl RecordFindings {
    pub(super) fn look_at_addresses(
        &mut self,
        checks: &Checks,
        draft: &Draft,
        fits: &impl Fn(u16) -> bool,
    ) {
        let slots = draft.len();
        let addresses = checks.addresses.iter();
        for address in addresses.take_while(|address| address.first < slots) {
            self.look_at_street(checks, draft, address, fits);
            self.look_at_place(checks, draft, address, fits);
        }
    }

    /// Looks at the country, the city and the state.
    fn look_at_place(
        &mut self,
        checks: &Checks,
        draft: &Draft,
        address: &AddressSlots,
        fits: &impl Fn(u16) -> bool,
    ) {
        let state = address.state.and_then(|(slot, _)| draft.value(slot));
        let postal_code = address.postal_code.and_then(|slot| draft.value(slot));
        let country = address.country.and_then(|(slot, _)| draft.value(slot));
        if let (Some((slot, field)), Some(state)) = (address.country, state)
            && let Some(country) = cell(draft, slot)
            && let Some(code) = match address.postal_code.map(|slot| draft.slot(slot)) {
                Some(SlotValue::Invalid(_)) => Some(Err(())),
                _ => postal_code.map(Ok),
            }
            && places::is_state_for_country(country, state, code)
            && fits(field)
        {
            self.add(
                &checks.rules,
                FindingKind::DoubtfulCountry,
                Some(field),
                || "the code of the state beside it".to_owned(),
            );
        }
        if let (Some((_, field)), Some(country)) = (address.country, country)
            && let Some(city) = address.city.and_then(|(slot, _)| draft.value(slot))
            && country != "USA"
            && places::is_military_post(city, state, postal_code)
            && fits(field)
        {
            self.add(
                &checks.rules,
                FindingKind::DoubtfulCountry,
                Some(field),
                || "the address is a post office of the U.S. forces".to_owned(),
            );
        }
        if let Some((slot, field)) = address.city
            && let Some(city) = cell(draft, slot)
            && let Some(why) =
                places::doubtful_city(city, state, postal_code, country, &mut self.scratch)
            && fits(field)
        {
            self.add(
                &checks.rules,
                FindingKind::DoubtfulCity,
                Some(field),
                || format!("{}: {why}", shape(city)),
            );
        }
        if let (Some((_, field)), Some(state), Some(code)) = (address.state, state, postal_code)
            && let Some(country) = country
            && places::is_doubtful_state(country, state, code)
            && fits(field)
        {
            self.add(
                &checks.rules,
                FindingKind::DoubtfulState,
                Some(field),
                || "the postal code is of another one".to_owned(),
            );
        }
    }

    fn look_at_street(
        &mut self,
        checks: &Checks,
        draft: &Draft,
        address: &AddressSlots,
        fits: &impl Fn(u16) -> bool,
    ) {
        let Some((slot, field)) = address.street else {
            return;
        };
        let SlotValue::List {
            first,
            last,
            constant: false,
        } = draft.slot(slot)
        else {
            return;
        };
        let lines = (first..last).filter_map(|item| draft.item(item).ok());
        let country = address.country.and_then(|(slot, _)| draft.value(slot));
        let kind = match address::doubt(lines.clone(), country, &mut self.scratch) {
            Some(StreetProblem::Box) if address.is_residential => FindingKind::PoBox,
            Some(StreetProblem::NoStreet) => FindingKind::PlaceholderStreet,
            Some(StreetProblem::Box) => return,
            None if address.has_slipped(lines.clone(), draft) => FindingKind::PlaceholderStreet,
            None => return,
        };
        if fits(field) {
            self.add(&checks.rules, kind, Some(field), || {
                lines.map(shape).collect::<Vec<_>>().join(" | ")
            });
        }
    }
}
