//! `layout` of an export: where the fields of fixed width stand.
//!
//! Owner of its keys, which stand in migration.toml or in a file of their own, and of their limits; a copybook is read by
//! `source::fixed::copybook`. All mistakes are reported together. Paths in a file of its own are relative to that file.

use std::path::Path;
use std::sync::Arc;

use bakkt_files::small_files;
use bakkt_files::toml_file::{Table, TomlFile, Value};
use bakkt_model::error::{Diagnostic, Diagnostics};
use bakkt_source::fixed::{
    FieldKind, LONGEST_RECORD, Layout, LayoutField, MOST_DIGITS, RecordForm, copybook,
};

/// The words of `type`.
const TYPES: [(&str, WrittenType); 4] = [
    ("text", WrittenType::Text),
    ("digits", WrittenType::Digits),
    ("zoned", WrittenType::Zoned),
    ("packed", WrittenType::Packed),
];

#[derive(Clone, Copy, PartialEq)]
enum WrittenType {
    Text,
    Digits,
    Zoned,
    Packed,
}

/// Keys that say how cells are told apart, which a layout does.
const OTHER_KEYS: [&str; 4] = ["delimiter", "quote", "header", "sheet"];

/// Reads `layout` in the table of an export.
pub(crate) fn read(dir: &Path, export: &Table<'_>, found: &mut Diagnostics) -> Option<Arc<Layout>> {
    let value = export.get("layout")?;
    for key in OTHER_KEYS {
        if let Some(other) = export.get(key) {
            other.wrong_key(
                found,
                format!("`{key}` means nothing beside a layout"),
                "the layout says where the fields stand: take one of the two away",
            );
        }
    }
    let layout = match value.as_text() {
        Some(name) => named(dir, name, found),
        None if value.is_table() => {
            let name = match export.name.as_str() {
                "" => "layout".to_owned(),
                export => format!("{export}.layout"),
            };
            let table = value.table(&name, found)?;
            let layout = of_table(dir, "", &table, found);
            table.finish(found);
            layout
        }
        None => {
            let help = "a table with `fields` or `copybook`, or the name of a file with one";
            value.wrong(found, "not a layout", help);
            None
        }
    };
    layout.map(Arc::new)
}

/// Reads the layout in a file: TOML with the keys of `[source.layout]`, or a copybook.
pub fn of_file(path: &Path) -> anyhow::Result<Layout> {
    let mut found = Diagnostics::default();
    let name = path.to_string_lossy();
    let layout = named(Path::new(""), &name, &mut found);
    found.into_result()?;
    layout.ok_or_else(|| anyhow::anyhow!("{name} could not be read"))
}

fn named(dir: &Path, name: &str, found: &mut Diagnostics) -> Option<Layout> {
    if !name.ends_with(".toml") {
        let (fields, length) = copied(dir, name, found)?;
        let form = usual_form(&fields, length);
        let files = vec![name.to_owned()];
        return Some(Layout {
            fields,
            form,
            files,
        });
    }
    let file = match TomlFile::load(&dir.join(name), name) {
        Ok(file) => file,
        Err(error) => {
            found.push(unread(name, &error));
            return None;
        }
    };
    let document = file.parse(found)?;
    let root = document.root();
    let parent = Path::new(name).parent().unwrap_or(Path::new(""));
    let mut layout = of_table(dir, &parent.to_string_lossy(), &root, found);
    root.finish(found);
    if let Some(layout) = &mut layout {
        layout.files.push(name.to_owned());
    }
    layout
}

fn unread(name: &str, error: &anyhow::Error) -> Diagnostic {
    let help = "check the name of the layout's file, and who may read it";
    Diagnostic::of_file(name, error.to_string(), help.to_owned())
}

/// The fields of a copybook, and the bytes that it describes.
fn copied(dir: &Path, name: &str, found: &mut Diagnostics) -> Option<(Vec<LayoutField>, usize)> {
    match small_files::read(&dir.join(name)) {
        Ok(text) => copybook::parse(name, &text, found),
        Err(error) => {
            let error = error.failure(&format!("read {name}"), "");
            found.push(unread(name, &error));
            None
        }
    }
}

fn is_packed(field: &LayoutField) -> bool {
    matches!(field.kind, FieldKind::Packed { .. })
}

/// How records are told apart where nobody says it: packed bytes may look like the end of a line.
fn usual_form(fields: &[LayoutField], length: usize) -> RecordForm {
    match fields.iter().any(is_packed) {
        true => RecordForm::Length(length),
        false => RecordForm::Lines {
            length: None,
            fill: false,
        },
    }
}

fn of_table(
    dir: &Path,
    parent: &str,
    table: &Table<'_>,
    found: &mut Diagnostics,
) -> Option<Layout> {
    let most = LONGEST_RECORD as i64;
    let mut length = |key: &str| {
        let value = table.get(key)?;
        Some((value.integer(1, most, found)? as usize, value))
    };
    let record = length("record_length");
    let line = length("line_length");
    let fill = table.boolean("fill_lines", found) == Some(true);
    if record.is_some() && (line.is_some() || fill) {
        table.wrong(
            found,
            "`record_length` is for records without line ends, and `line_length` and `fill_lines` are for lines",
            "keep what the file has",
        );
    }
    let mut files = Vec::new();
    let (fields, length) = match (table.get("fields"), table.get("copybook")) {
        (Some(fields), None) => {
            let fields = written(fields, found)?;
            let ends = fields.iter().map(|field| field.start + field.length);
            let needed = ends.max().unwrap_or(0);
            (fields, needed)
        }
        (None, Some(file)) => {
            let name = Path::new(parent).join(file.text(found)?);
            let name = name.to_string_lossy().into_owned();
            files.push(name.clone());
            copied(dir, &name, found)?
        }
        _ => {
            table.wrong(
                found,
                "a layout has either `fields` or `copybook`",
                "fields = [{ name = \"CUST_NO\", start = 1, length = 9 }, ..]",
            );
            return None;
        }
    };
    let form = match (record, line) {
        (Some((bytes, _)), _) => RecordForm::Length(bytes),
        (None, None) if !fill && table.get("copybook").is_some() => usual_form(&fields, length),
        (None, line) => RecordForm::Lines {
            length: line.map(|(bytes, _)| bytes),
            fill,
        },
    };
    if let Some((bytes, value)) = record.or(line)
        && bytes < length
    {
        let message = format!("the fields need {length} bytes");
        value.wrong(found, message, "count the bytes of a record again");
    }
    if let RecordForm::Lines { .. } = form
        && let Some(packed) = fields.iter().find(|field| is_packed(field))
    {
        let message = format!(
            "`{}` is packed, and its bytes may look like the end of a line",
            packed.name
        );
        let help =
            "set `record_length` to the bytes of a record, its line end among them if it has one";
        table.wrong(found, message, help);
    }
    Some(Layout {
        fields,
        form,
        files,
    })
}

/// The fields of a list. One that is wrong is left out.
fn written(list: Value<'_>, found: &mut Diagnostics) -> Option<Vec<LayoutField>> {
    let mut fields: Vec<(LayoutField, Value<'_>)> = Vec::new();
    let all = match list.is_table() {
        true => vec![list],
        false => list.list(found)?,
    };
    for value in all {
        let Some(table) = value.table("fields", found) else {
            continue;
        };
        let field = field(&table, found);
        table.finish(found);
        let Some(field) = field else { continue };
        let overlaps = |(other, _): &&(LayoutField, Value<'_>)| {
            field.start < other.start + other.length && other.start < field.start + field.length
        };
        if let Some((other, _)) = fields.iter().find(|(other, _)| other.name == field.name) {
            let message = format!("`{}` is the name of two fields", other.name);
            value.wrong(found, message, "give one of the two another name");
        } else if let Some((other, _)) = fields.iter().find(overlaps) {
            let (first, last) = (other.start + 1, other.start + other.length);
            let message = format!(
                "`{}` overlaps `{}`, which has the bytes {first} to {last}",
                field.name, other.name
            );
            value.wrong(found, message, "count its start and length again");
        }
        fields.push((field, value));
    }
    if fields.is_empty() {
        list.wrong(
            found,
            "the layout has no field",
            "{ name = \"CUST_NO\", start = 1, length = 9 }",
        );
    }
    Some(fields.into_iter().map(|(field, _)| field).collect())
}

fn field(table: &Table<'_>, found: &mut Diagnostics) -> Option<LayoutField> {
    let most = LONGEST_RECORD as i64;
    let mut need = |key: &str| {
        let there = table.get(key).is_some();
        if !there {
            let help = "name, start (from 1) and length, in bytes";
            table.wrong(found, format!("a field has no `{key}`"), help);
        }
        there
    };
    let whole = ["name", "start", "length"].map(&mut need) == [true; 3];
    let name = table.text("name", found);
    let start = table.integer("start", 1, most, found);
    let length = table.integer("length", 1, most, found);
    let written = match table.get("type") {
        Some(_) => table.choice("type", &TYPES, found),
        None => Some(WrittenType::Text),
    };
    let most = MOST_DIGITS as i64;
    let decimals = table.integer("decimals", 0, most, found);
    let digits = table.integer("digits", 1, most, found);
    let written = written?;
    if decimals.is_some() && written == WrittenType::Text {
        table.wrong(
            found,
            "`decimals` is for numbers",
            "set `type` to digits, zoned or packed",
        );
    }
    if digits.is_some() && written != WrittenType::Packed {
        table.wrong(
            found,
            "`digits` is for packed numbers",
            "others have as many digits as bytes",
        );
    }
    let (name, start, length) = (name?, start? as usize, length? as usize);
    if !whole {
        return None;
    }
    if name.trim().is_empty() {
        table.wrong(
            found,
            "a field has no name",
            "the name of its column in the mapping",
        );
    }
    let decimals = decimals.unwrap_or(0) as usize;
    let held = match written {
        WrittenType::Text => 0,
        WrittenType::Digits | WrittenType::Zoned => length,
        WrittenType::Packed => 2 * length - 1,
    };
    let digits = digits.map_or(held, |digits| digits as usize);
    if held > MOST_DIGITS {
        let message = format!("`{name}` has {held} digits");
        table.wrong(
            found,
            message,
            format!("{MOST_DIGITS} is the most; text reads more"),
        );
    } else if digits > held || digits + 1 < held {
        let message = format!("`digits` does not fit a packed number of {length} bytes");
        table.wrong(
            found,
            message,
            format!(
                "{held}, or {} where the first half byte is unused",
                held - 1
            ),
        );
    }
    let kind = match written {
        WrittenType::Text => FieldKind::Text,
        WrittenType::Digits | WrittenType::Zoned => FieldKind::Zoned {
            signed: written == WrittenType::Zoned,
            decimals,
        },
        WrittenType::Packed => FieldKind::Packed {
            digits: digits.clamp(1, MOST_DIGITS),
            signed: true,
            decimals,
        },
    };
    Some(LayoutField {
        name: name.trim().to_owned(),
        start: start - 1,
        length,
        kind,
    })
}
