//! What the columns of a backfill file say of a record: which slots they fill, whose they are, and what reads them.
//!
//! Owner of the way from a path in a column's name to an [`OverlayField`]. Left out on purpose: opening the file and which form it has
//! (`layers`), and how rows are laid over records (`pipeline::layers`).

use std::collections::BTreeMap;

use super::layers::KEY;
use bakkt_contract::{Form, path};
use bakkt_mapping::Mapper;
use bakkt_mapping::assess::AssessPlan;
use bakkt_mapping::pipeline::layers::{Element, ElementPlaces, OverlayField, PhoneCountries};
use bakkt_mapping::target::{ACCOUNT_TYPE, resolve};

/// Where the country of whoever has a phone number stands, seen from the object with the number.
const HOMES: &[&str] = &[
    "identity.personalAddress.country",
    "registeredAddress.country",
    "mailingAddress.country",
];

/// The same of the main owner, for a contact who has no address.
const OWNERS_COUNTRY: &str = "owners[0].identity.personalAddress.country";

/// What the rows of a layer can say, in the order in which it is laid over a record: what others are read by comes first.
/// Of a sheet of fields, nothing else has read the phone numbers.
pub(super) fn fields(
    says: Vec<(usize, String)>,
    mapper: &Mapper,
    plan: &AssessPlan,
    is_sheet: bool,
) -> Vec<OverlayField> {
    let fed = mapper.fed();
    let slots: BTreeMap<&str, usize> = fed
        .iter()
        .map(|fed| (fed.target.as_str(), fed.slot))
        .collect();
    let paths = plan.paths.iter().zip(0u32..);
    let paths: BTreeMap<&str, u32> = paths.map(|(info, at)| (info.path.as_str(), at)).collect();
    let ids = says
        .iter()
        .filter(|(_, path)| path.ends_with("].clientOwnerId"));
    let ids: BTreeMap<String, usize> = ids.map(|(from, path)| (path.clone(), *from)).collect();
    let mut fields: Vec<OverlayField> = says
        .into_iter()
        .filter(|(_, path)| path != KEY)
        .map(|(from, path)| {
            let beside = |name: &str| {
                let (parent, _) = path.rsplit_once('.')?;
                slots.get(path::join(parent, name).as_str()).copied()
            };
            let form = match resolve(&path, &[]) {
                Ok(takes) => takes.form(),
                Err(_) if path == ACCOUNT_TYPE => Form::AccountType,
                Err(_) => Form::Text,
            };
            OverlayField {
                from,
                to: slots
                    .get(path.as_str())
                    .copied()
                    .filter(|_| path != ACCOUNT_TYPE || plan.type_slot.is_some()),
                gap: paths.get(path.as_str()).copied(),
                form,
                element: element(&path, mapper, (&slots, &paths, &ids)),
                country: match form {
                    Form::EntityTaxId => beside("registeredAddress.country"),
                    _ => beside("country"),
                },
                tax_id_type: beside("taxIdType"),
                phone: (is_sheet && form == Form::Phone).then(|| PhoneCountries {
                    own: HOMES.iter().find_map(|home| beside(home)),
                    owners: slots.get(OWNERS_COUNTRY).copied(),
                }),
                path,
            }
        })
        .collect();
    let read_by = |field: &OverlayField| matches!(field.form, Form::Country | Form::TaxIdType);
    fields.sort_by_key(|field| !read_by(field));
    fields
}

/// By path: its slot, its number in the plan, and where a row says an owner's id.
type KnownPaths<'k> = (
    &'k BTreeMap<&'k str, usize>,
    &'k BTreeMap<&'k str, u32>,
    &'k BTreeMap<String, usize>,
);

fn element(at: &str, mapper: &Mapper, (slots, paths, ids): KnownPaths<'_>) -> Element {
    for (number, each) in mapper.each().iter().enumerate() {
        if let Some(index) = path::index(at, each.list)
            && index >= each.base
        {
            let place = index - each.base;
            let at = |place: usize| {
                let head = format!("{}[{index}]", each.list);
                let head_of = format!("{}[{}]", each.list, each.base + place);
                paths.get(at.replacen(&head, &head_of, 1).as_str()).copied()
            };
            return Element::Row(ElementPlaces {
                each: number,
                place,
                base: each.base,
                stride: mapper.stride(number),
                id: ids
                    .get(&format!("{}[{index}].clientOwnerId", each.list))
                    .copied(),
                gaps: (0..each.room()).map(at).collect(),
            });
        }
    }
    match path::index(at, "owners") {
        None | Some(0) => Element::Any,
        Some(index) => {
            let head = format!("owners[{index}].");
            let below = slots.range(head.as_str()..);
            let below = below.take_while(|(target, _)| target.starts_with(&head));
            let tells =
                |target: &str| path::find(target).is_none_or(|found| found.field.tells_presence());
            let telling = below.filter(|(target, _)| tells(target));
            Element::Slots(telling.map(|(_, slot)| *slot).collect())
        }
    }
}
