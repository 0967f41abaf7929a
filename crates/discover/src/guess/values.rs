//! The right-hand sides: how a column becomes the value of its field.
//!
//! Owner of the choice of transforms, by what the values look like. Each function gives TOML text. Left out on purpose:
//! lookup tables (`tables`) and which column it is (`columns`).

use std::collections::HashMap;

use super::date_order::DateHabits;
use super::fields::ValueKind;
use super::name_order::NameOrder;
use super::unfit;
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

/// How a mapping names the columns of a file: by their headers, or by number where the header does not tell one from others.
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
        ValueKind::Amount => match unfit::unit(column) {
            Some(unit) => Conversion {
                note: format!("its header speaks of {unit}: confirm it"),
                open: true,
                ..made(&[&format!("usd_range = {{ unit = \"{unit}\" }}")])
            },
            None => made(&["usd_range = true"]),
        },
        ValueKind::Integer if column.count(Class::Percent) > 0 => {
            made(&["digits = true", "integer = true"])
        }
        ValueKind::Integer => made(&["integer = true"]),
        ValueKind::YesNo => made(&["yes_no = true"]),
        ValueKind::Countries => {
            let split = format!("split = {{ by = {} }}", quoted(&column.parts.1.to_string()));
            made(&[&split, "country = true"])
        }
        _ => made(&[]),
    }
}

/// The order that the values have, or that such files usually have.
fn dates(kind: ValueKind, column: &ColumnProfile, habits: DateHabits) -> Conversion {
    let count = |class| column.count(class);
    if count(Class::Date) == 0 && kind == ValueKind::Date && are_counted_days(column) {
        return Conversion {
            note: "its numbers seem to be days that a spreadsheet counts: decide from which year, \"1900\" or \"1904\"".into(),
            open: true,
            ..made(&["date = { order = \"ymd\", excel = \"1900\" }"])
        };
    }
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
    let because = expected.map_or(String::new(), |why| format!(", and {why}"));
    if open {
        notes.push(format!(
            "no value tells day and month apart{because}: decide which comes first"
        ));
    } else if month_first > 0 && day_first > 0 {
        notes.push("some values have day and month the other way round: they are invalid".into());
    }
    let swapped = column.date_forms.swapped() > 0;
    if swapped {
        notes.push(
            "a spreadsheet seems to have exchanged day and month of its date cells: export again with dates as text"
                .into(),
        );
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
        open: open || short || unzoned || swapped,
    }
}

/// The day that a spreadsheet counts as the 55,000th lies in 2050.
const LAST_DAY: f64 = 55_000.0;

/// Whether the values are numbers of five digits, as a spreadsheet counts the days since 1927.
pub(crate) fn are_counted_days(column: &ColumnProfile) -> bool {
    let top = column.shapes.top(1);
    let are_numbers =
        |(shape, count): &(&str, u64)| *shape == "99999" && column.part(*count) > 0.95;
    column.greatest < LAST_DAY && top.first().is_some_and(are_numbers)
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

/// A field, and the transforms that cut its value out of a cell.
pub(crate) type CellPart = (&'static str, Vec<String>);

/// What the cells of a column hold several fields of, with how each is cut out; none where they hold one thing, or where
/// the parts cannot be told apart.
pub(crate) fn cell_parts(kind: ValueKind, column: &ColumnProfile) -> Option<Vec<CellPart>> {
    let split = |by: &str, take: usize| format!("split = {{ by = {}, take = {take} }}", quoted(by));
    Some(match kind {
        ValueKind::FullName => {
            let order = NameOrder::of(column);
            let part = |field, part| (field, vec![order.transform(part)]);
            vec![
                part("givenName", "given"),
                part("middleNames", "middle"),
                part("familyName", "family"),
            ]
        }
        ValueKind::CityState => vec![
            ("city", vec![split(", ", 0)]),
            ("state", vec![split(", ", 1), "us_state = true".into()]),
        ],
        ValueKind::Agreement if column.share(Class::Version) > 0.5 => vec![
            ("agreements[0].name", vec![split(" v", 0)]),
            (
                "agreements[0].version",
                vec!["regex = ' v([0-9.]+)$'".into()],
            ),
        ],
        ValueKind::Agreement => vec![("agreements[0].name", Vec::new())],
        ValueKind::WholeAddress => {
            let by = column.parts.1.to_string();
            let parts = address_parts(column)?.iter().enumerate();
            let cut = |(take, part): (usize, &&'static str)| {
                let read = match *part {
                    "state" => Some("us_state = true"),
                    "country" => Some("country = true"),
                    _ => None,
                };
                let steps = [split(&by, take)].into_iter();
                (*part, steps.chain(read.map(str::to_owned)).collect())
            };
            parts.map(cut).collect()
        }
        _ => return None,
    })
}

/// The parts of an address that stands in one cell, in their order, where the usual shapes show which is which.
fn address_parts(column: &ColumnProfile) -> Option<&'static [&'static str]> {
    let separator = column.parts.1;
    let shapes = column.shapes.top(shapes::MOST);
    let (whole, _) = shapes.into_iter().find(|(shape, _)| {
        shape.matches(separator).count() as u64 + 1 >= column.parts.0
            && shape.split(separator).take(4).all(|part| !part.is_empty())
    })?;
    let zip = whole
        .split(separator)
        .position(|part| part.trim().starts_with("99999"))?;
    let all = &["streetAddress", "city", "state", "postalCode", "country"];
    match (zip, column.parts.0) {
        (3, 5) => Some(all),
        (3, 4) => Some(&all[..4]),
        (2, 4) => Some(&["streetAddress", "city", "postalCode", "country"]),
        _ => None,
    }
}
