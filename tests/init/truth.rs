//! What is right: the samples' own mappings, in whatever names a style gives their columns.
//!
//! Owner of the comparison. A feed is right when it takes the same columns in the same order, or the same constant, and the
//! same part of a cell where the cell is cut.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// Old column name → new one.
pub type Style = BTreeMap<String, String>;

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn toml(path: &Path) -> Table {
    fs::read_to_string(path).unwrap().parse().unwrap()
}

/// The exports that the styles know: the style's table, the export, its mapping.
pub const EXPORTS: [(&str, &str, &str); 3] = [
    (
        "acme",
        "samples/acme/export.csv",
        "samples/acme/mapping.toml",
    ),
    (
        "harbor-accounts",
        "samples/harbor/accounts.csv",
        "samples/harbor/mapping.toml",
    ),
    (
        "harbor-owners",
        "samples/harbor/owners.csv",
        "samples/harbor/owners.toml",
    ),
];

/// The styles that the guesser was tuned on: the samples' own names, and others; how each came about stands on its page.
pub const STYLES: [&str; 8] = [
    "own", "crm", "core", "api", "held-out", "blind", "broker", "trust",
];

/// A style by somebody who has not read the guesser's words, never used to tune it, and the fields of 113 that it gets right
/// of it. Nine of ten are 102.
pub const BLIND: (&str, usize) = ("blind2", 109);

fn page(name: &str) -> PathBuf {
    root().join(format!("tests/guess/styles/{name}.toml"))
}

/// Every style that has a page.
pub fn styles() -> impl Iterator<Item = &'static str> {
    let blind = Some(BLIND.0).filter(|name| page(name).exists());
    STYLES.into_iter().chain(blind)
}

pub fn style(name: &str, export: &str) -> Style {
    if name == "own" {
        return Style::new();
    }
    let file = toml(&page(name));
    let names = file[export].as_table().unwrap();
    names
        .iter()
        .map(|(old, new)| (old.clone(), new.as_str().unwrap().to_owned()))
        .collect()
}

/// Copies an export with its columns renamed.
pub fn rename(export: &str, style: &Style, to: &Path) {
    let mut reader = csv::Reader::from_path(root().join(export)).unwrap();
    let mut writer = csv::Writer::from_path(to).unwrap();
    let header: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(|name| renamed(name, style))
        .collect();
    writer.write_record(&header).unwrap();
    for row in reader.byte_records() {
        writer.write_byte_record(&row.unwrap()).unwrap();
    }
    writer.flush().unwrap();
}

fn renamed(name: &str, style: &Style) -> String {
    style.get(name).cloned().unwrap_or_else(|| name.to_owned())
}

/// What a feed takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Takes {
    pub columns: Vec<String>,
    pub constant: Option<String>,
    pub part: Option<i64>,
}

/// The feeds of a mapping, its account type among them; what is unfed is left out.
pub fn feeds(mapping: &Table, style: &Style) -> BTreeMap<String, Takes> {
    let fields = mapping["fields"].as_table().unwrap();
    let own = mapping
        .get("account_type")
        .map(|value| ("account_type".to_owned(), value));
    let all = fields.iter().map(|(path, value)| (path.clone(), value));
    own.into_iter()
        .chain(all)
        .filter(|(_, value)| value.get("unfed").is_none())
        .map(|(path, value)| (path, takes(value, style)))
        .collect()
}

fn takes(value: &Value, style: &Style) -> Takes {
    let texts = |value: &Value| -> Vec<String> {
        match value {
            Value::Array(all) => all
                .iter()
                .map(|text| renamed(text.as_str().unwrap(), style))
                .collect(),
            text => vec![renamed(text.as_str().unwrap(), style)],
        }
    };
    let Value::Table(table) = value else {
        return Takes {
            columns: texts(value),
            constant: None,
            part: None,
        };
    };
    let source = ["column", "first", "columns"]
        .iter()
        .find_map(|key| table.get(*key));
    let constant = table
        .get("const")
        .map(|text| text.as_str().unwrap().to_owned());
    let when = table.get("when").filter(|_| constant.is_some());
    // Where a constant stands or falls with a column, the column is what it takes.
    Takes {
        columns: source.or(when).map(texts).unwrap_or_default(),
        constant: constant.filter(|_| when.is_none()),
        part: table
            .get("split")
            .and_then(|split| split.get("take")?.as_integer()),
    }
}

/// How sure the line of a field is, as its comment says.
pub fn confidence(text: &str, path: &str) -> String {
    let heads = [format!("{path} = "), format!("\"{path}\" = ")];
    let line = text
        .lines()
        .find(|line| heads.iter().any(|head| line.starts_with(head.as_str())))
        .unwrap_or("");
    let comment = line.rsplit_once("  # ").map_or("", |(_, comment)| comment);
    comment.split(':').next().unwrap_or("").trim().to_owned()
}
