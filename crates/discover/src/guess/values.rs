//! The right-hand sides: how a column becomes the value of its field.
//!
//! Owner of the choice of transforms, by what the values look like. Each function gives TOML text. Left out on purpose:
//! lookup tables (`tables`) and which column it is (`columns`).

use std::collections::HashMap;

use super::date_order::DateHabits;
use super::fields::ValueKind;
use crate::inspect::Profile;
use crate::inspect::classes::Class;
use crate::inspect::column::ColumnProfile;
use crate::inspect::shapes;
use bakkt_model::error::{is_hidden, visible};

pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if is_hidden(c) => out.push_str(&format!("\\U{:08X}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// What may stand in a comment: a text of one line, whatever name it came from.
pub(crate) fn comment(text: &str) -> String {
    visible(text)
}

/// A key of a TOML table.
pub(crate) fn key(text: &str) -> String {
    let bare = !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if bare { text.to_owned() } else { quoted(text) }
}

/// How a mapping names a column: by its header, or by its number where the header does not tell it from others.
pub(crate) fn name(profile: &Profile, column: usize) -> String {
    let own = &profile.columns[column].name;
    let same = profile
        .columns
        .iter()
        .filter(|other| other.name == *own)
        .count();
    if own.is_empty() || same > 1 {
        format!("#{}", column + 1)
    } else {
        own.clone()
    }
}

/// The same of every column of a file.
pub(crate) fn names(profile: &Profile) -> Vec<String> {
    let mut same: HashMap<&str, usize> = HashMap::new();
    for column in &profile.columns {
        *same.entry(&column.name).or_default() += 1;
    }
    let one = |(place, column): (usize, &ColumnProfile)| {
        if column.name.is_empty() || same[column.name.as_str()] > 1 {
            format!("#{}", place + 1)
        } else {
            column.name.clone()
        }
    };
    profile.columns.iter().enumerate().map(one).collect()
}

/// A column with transforms; without any, the short form.
pub(crate) fn from(name: &str, transforms: &[String]) -> String {
    match transforms.is_empty() {
        true => quoted(name),
        false => format!("{{ column = {}, {} }}", quoted(name), transforms.join(", ")),
    }
}

pub(crate) fn from_all(key: &str, names: &[String], transforms: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    let mut parts = vec![format!("{key} = [{}]", names.join(", "))];
    parts.extend(transforms.iter().cloned());
    format!("{{ {} }}", parts.join(", "))
}

/// How a column's text becomes a value of its kind, and what a person should know about that.
pub struct Conversion {
    /// Transforms.
    pub transforms: Vec<String>,
    /// A remark; empty when there is none.
    pub note: String,
    /// A decision that only a person can make: the guess is not sure.
    pub open: bool,
}

fn made(transforms: &[&str]) -> Conversion {
    Conversion {
        transforms: transforms.iter().map(|text| (*text).to_owned()).collect(),
        note: String::new(),
        open: false,
    }
}

/// The transforms of one column for a kind.
pub(crate) fn transforms(
    kind: ValueKind,
    column: &ColumnProfile,
    habits: DateHabits,
) -> Conversion {
    match kind {
        ValueKind::Date | ValueKind::DateTime => dates(kind, column, habits),
        ValueKind::TaxId if column.count(Class::Mixed) > 0 => Conversion {
            // `tax_id` takes the place of this where most values are of the U.S.
            note: "some hold letters: `digits = true` would drop them".into(),
            ..made(&[])
        },
        ValueKind::FirmTaxId if column.share(Class::Ein) + column.share(Class::Nine) > 0.9 => {
            made(&["tax_id = { part = \"number\", entity = true }"])
        }
        ValueKind::TaxId | ValueKind::FirmTaxId => made(&["digits = true"]),
        ValueKind::State => made(&["us_state = true"]),
        ValueKind::Country => made(&["country = true"]),
        ValueKind::Amount => made(&["usd_range = true"]),
        ValueKind::Integer if column.count(Class::Percent) > 0 => {
            made(&["digits = true", "integer = true"])
        }
        ValueKind::Integer => made(&["integer = true"]),
        ValueKind::YesNo => made(&["yes_no = true"]),
        ValueKind::Percent if column.count(Class::Percent) > 0 => made(&["regex = '^[0-9.]+'"]),
        ValueKind::Countries => {
            let split = format!("split = {{ by = {} }}", quoted(&column.parts.1.to_string()));
            Conversion {
                transforms: vec![split, "country = true".into()],
                note: String::new(),
                open: false,
            }
        }
        _ => made(&[]),
    }
}

/// The order that the values have, or that such files usually have.
fn dates(kind: ValueKind, column: &ColumnProfile, habits: DateHabits) -> Conversion {
    let count = |class| column.count(class);
    let (month_first, day_first) = (count(Class::OnlyMdy), count(Class::OnlyDmy));
    let others = count(Class::Date) - count(Class::Ymd);
    let open = others > 0 && month_first == day_first && count(Class::MonthWord) == 0;
    let expected = if open {
        expected_day_first(column, habits)
    } else {
        None
    };
    let order = match (others, day_first > month_first || expected.is_some()) {
        (0, _) => "ymd",
        (_, true) => "dmy",
        _ => "mdy",
    };
    let mut notes: Vec<String> = Vec::new();
    match (open, expected) {
        (true, Some(why)) => notes.push(format!(
            "no value tells day and month apart, and {why}: decide which comes first"
        )),
        (true, None) => {
            notes.push("no value tells day and month apart: decide which comes first".into());
        }
        (false, _) if month_first > 0 && day_first > 0 => {
            notes.push(
                "some values have day and month the other way round: they are invalid".into(),
            );
        }
        _ => {}
    }
    let short = count(Class::ShortYear) > 0;
    let pivot = habits.pivot;
    if short {
        notes.push(format!(
            "two-digit years up to {pivot:02} are read as 20.., the others as 19.."
        ));
    }
    // A time without a zone is a moment only when somebody says where it is from.
    let unzoned = kind == ValueKind::DateTime && count(Class::Time) > count(Class::Zone);
    if unzoned {
        notes.push(
            "its times have no zone and are read as UTC: say where they are from with `zone`"
                .into(),
        );
    }
    let transform = match short {
        true => format!("date = {{ order = \"{order}\", pivot = {pivot} }}"),
        false => format!("date = \"{order}\""),
    };
    Conversion {
        transforms: vec![transform],
        note: notes.join("; "),
        open: open || short || unzoned,
    }
}

/// Why the day comes first in a column that does not tell: full stops between the parts, or what the file says.
fn expected_day_first(column: &ColumnProfile, habits: DateHabits) -> Option<&'static str> {
    let dotted = column.shapes.top(1).first().is_some_and(|(shape, _)| {
        shape
            .split(' ')
            .next()
            .is_some_and(|date| date.matches('.').count() == 2)
    });
    match dotted {
        true => Some("full stops stand between its parts"),
        false => habits.day_first,
    }
}

/// The parts of an address that stands in one cell, in their order, where the usual shapes show which is which.
pub(crate) fn address_parts(column: &ColumnProfile) -> Option<Vec<&'static str>> {
    let separator = column.parts.1;
    let whole = column
        .shapes
        .top(shapes::MOST)
        .into_iter()
        .map(|(shape, _)| shape)
        .find(|shape| {
            shape.matches(separator).count() as u64 + 1 >= column.parts.0
                && shape.split(separator).take(4).all(|part| !part.is_empty())
        })?;
    let zip = whole
        .split(separator)
        .position(|part| part.trim().starts_with("99999"))?;
    match (zip, column.parts.0) {
        (3, 5) => Some(vec![
            "streetAddress",
            "city",
            "state",
            "postalCode",
            "country",
        ]),
        (3, 4) => Some(vec!["streetAddress", "city", "state", "postalCode"]),
        (2, 4) => Some(vec!["streetAddress", "city", "postalCode", "country"]),
        _ => None,
    }
}
