//! Names that a column holds alone, which no transform has judged.
//!
//! Owner of which fields are such names. What makes one doubtful stands in `names::field`. Left out on purpose: constants of the
//! mapping, and names that the transform `name` takes out of a cell.

use super::checks::cell;
use crate::draft::Draft;
use crate::memo::Memo;
use crate::names::field::{self, NameField};

/// A slot that holds a name, with the number of its field.
#[derive(Debug)]
pub(super) struct NameSlot {
    pub slot: usize,
    field: u16,
    holds: NameField,
    /// Of a family name: the slot of the given name in front of it.
    given: Option<usize>,
}

impl NameSlot {
    /// The slot of a field with this name, the end of its path, if it holds one.
    pub(super) fn of(name: &str, slot: usize, field: u16) -> Option<NameSlot> {
        let holds = match name {
            "givenName" | "middleNames" => NameField::Given,
            "familyName" => NameField::Family,
            _ => return None,
        };
        Some(NameSlot {
            slot,
            field,
            holds,
            given: None,
        })
    }
}

/// Tells family names which given name is the same person's. `path` gives the path of a field by its number.
pub(super) fn pair<'p>(slots: &mut [NameSlot], path: impl Fn(u16) -> &'p str) {
    let given: Vec<(&str, usize)> = slots
        .iter()
        .filter_map(|name| Some((path(name.field).strip_suffix("givenName")?, name.slot)))
        .collect();
    for name in slots {
        let person = path(name.field).strip_suffix("familyName");
        // The rows of one list have the same paths, and the slots of a row follow each other.
        let own = given.iter().filter(|(given, _)| Some(*given) == person);
        let near = own.min_by_key(|(_, slot)| slot.abs_diff(name.slot));
        name.given = near.map(|(_, slot)| *slot);
    }
}

/// The doubtful names of a record, each with what is wrong and its field. `slots` are in order; `judged`
/// remembers what was found of a name before.
pub(super) fn doubts<'a>(
    slots: &'a [NameSlot],
    draft: &'a Draft,
    judged: &'a mut Memo<Option<&'static str>>,
) -> impl Iterator<Item = (&'a str, &'static str, u16)> {
    let present = slots.iter().take_while(|name| name.slot < draft.len());
    present.filter_map(|name| {
        let text = cell(draft, name.slot)?;
        let question = name.holds as u32;
        let why = match judged.find(question, text) {
            Some(known) => *known,
            None => {
                let why = field::doubt(text, name.holds);
                judged.keep(question, text, why);
                why
            }
        };
        let of_both = || {
            let given = cell(draft, name.given.filter(|slot| *slot < draft.len())?)?;
            field::doubt_of_both(given, text)
        };
        Some((text, why.or_else(of_both)?, name.field))
    })
}
