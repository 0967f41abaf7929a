//! JSON Schemas of the files that people write, so that editors complete and check them.
//!
//! Owner of the draft and of how a table of keys ([`SchemaKey`]) becomes a schema. The keys stand in two tables, [`settings`] and
//! [`mapping`]; fields, their words and their levels come from the contract itself. Invariant: what the program takes is
//! valid, and a key that it does not know is not; `tests/schema.rs` asks the program about every table.
//! Left out on purpose: what only the export can say (columns), and rules between keys that a message tells better.

pub mod mapping;
pub mod settings;

use serde_json::{Map, Value, json};

/// The draft that the schemas are written in.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// A key of a table.
#[derive(Debug)]
pub(crate) struct SchemaKey {
    pub name: &'static str,
    /// What it is where it is not set, as TOML; empty: nothing.
    pub default: &'static str,
    /// What it may hold.
    pub takes: KeyType,
    /// What it means, for a person who points at it: Markdown, with links within docs/.
    pub says: &'static str,
}

/// The type of the value that a key takes.
#[derive(Debug)]
pub(crate) enum KeyType {
    Text,
    /// A text of a form, as a regular expression.
    Form(&'static str),
    /// One of the words.
    Words(&'static [&'static str]),
    /// A text, or a list of texts.
    Texts,
    /// One of something, or a list of it.
    OneOrMore(&'static KeyType),
    /// One of the words, or a list of them.
    WordList(&'static [&'static str]),
    /// True or false.
    Boolean,
    /// A whole number in its limits.
    Whole(i64, i64),
    /// A text, a number, or true or false, as the text that is written.
    Scalar,
    /// A table of these keys.
    Table(&'static [SchemaKey]),
    /// A table of these keys, or a list of such tables.
    Tables(&'static [SchemaKey]),
    /// A table with keys of the person's own, all of which hold this.
    Each(&'static KeyType),
    /// Any of these.
    Any(&'static [KeyType]),
    /// Nothing: the key is known, and refused.
    Never,
    /// What the schema defines elsewhere, by name.
    Defined(&'static str),
    /// A value without which its table is nothing.
    Needed(&'static KeyType),
    /// A value, and what the documentation calls it.
    Said(&'static str, &'static KeyType),
}

impl KeyType {
    /// The schema of such a value.
    pub(crate) fn schema(&self) -> Value {
        match self {
            KeyType::Text => json!({ "type": "string" }),
            KeyType::Form(pattern) => json!({ "type": "string", "pattern": pattern }),
            KeyType::Words(words) => json!({ "enum": words }),
            KeyType::Texts => texts(json!({ "type": "string" })),
            KeyType::OneOrMore(one) => texts(one.schema()),
            KeyType::WordList(words) => texts(json!({ "enum": words })),
            KeyType::Boolean => json!({ "type": "boolean" }),
            KeyType::Whole(low, high) => {
                json!({ "type": "integer", "minimum": low, "maximum": high })
            }
            KeyType::Scalar => json!({ "type": ["string", "number", "boolean"] }),
            KeyType::Table(keys) => table(keys),
            KeyType::Tables(keys) => {
                let one = table(keys);
                json!({ "anyOf": [one, { "type": "array", "items": one }] })
            }
            KeyType::Each(takes) => {
                json!({ "type": "object", "additionalProperties": takes.schema() })
            }
            KeyType::Any(all) => {
                let all: Vec<Value> = all.iter().map(KeyType::schema).collect();
                json!({ "anyOf": all })
            }
            KeyType::Never => json!({ "not": {} }),
            KeyType::Defined(name) => json!({ "$ref": format!("#/$defs/{name}") }),
            KeyType::Needed(takes) | KeyType::Said(_, takes) => takes.schema(),
        }
    }

    /// The keys of a table; none of anything else.
    pub(crate) fn keys(&self) -> &'static [SchemaKey] {
        match self {
            KeyType::Table(keys) | KeyType::Tables(keys) => keys,
            KeyType::Needed(takes) => takes.keys(),
            _ => &[],
        }
    }

    /// What the documentation says of such a value.
    pub(crate) fn words(&self) -> String {
        match self {
            KeyType::Text | KeyType::Form(_) | KeyType::Scalar => "text".into(),
            KeyType::Words(words) => quoted(words),
            KeyType::Texts => "list of texts".into(),
            KeyType::OneOrMore(one) => format!("{}, or a list of them", one.words()),
            KeyType::WordList(words) => format!("list of {}", quoted(words)),
            KeyType::Boolean => "`true`, `false`".into(),
            KeyType::Whole(low, high) => format!("{low} to {high}"),
            KeyType::Table(_) | KeyType::Tables(_) | KeyType::Each(_) | KeyType::Defined(_) => {
                "table".into()
            }
            KeyType::Any(all) => {
                let all = all.iter().map(KeyType::words);
                let told: Vec<String> = all.filter(|words| !words.is_empty()).collect();
                told.join(" or ")
            }
            KeyType::Never => "never".into(),
            KeyType::Needed(takes) => format!("{}; required", takes.words()),
            KeyType::Said(words, _) => (*words).to_owned(),
        }
    }
}

/// Words as TOML has them.
fn quoted(words: &[&str]) -> String {
    let quoted = words.iter().map(|word| match word.contains('"') {
        true => format!("`'{word}'`"),
        false => format!("`\"{word}\"`"),
    });
    quoted.collect::<Vec<_>>().join(", ")
}

/// One of something, or a list of it.
fn texts(one: Value) -> Value {
    json!({ "anyOf": [one, { "type": "array", "items": one }] })
}

/// A table of these keys and no others.
fn table(keys: &[SchemaKey]) -> Value {
    let properties: Map<String, Value> = keys
        .iter()
        .map(|key| {
            let schema = described(key.takes.schema(), &unlinked(key.says));
            (key.name.to_owned(), schema)
        })
        .collect();
    let needed = keys
        .iter()
        .filter(|key| matches!(key.takes, KeyType::Needed(_)));
    let needed: Vec<&str> = needed.map(|key| key.name).collect();
    let mut table =
        json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !needed.is_empty() {
        table["required"] = json!(needed);
    }
    table
}

/// A text with the pages that it links to in place of the links.
fn unlinked(says: &str) -> String {
    let mut pieces = says.split("](");
    let mut text = pieces.next().unwrap_or("").to_owned();
    for piece in pieces {
        let (page, rest) = piece.split_once(')').unwrap_or((piece, ""));
        text.truncate(text.rfind('[').unwrap_or(text.len()));
        text.push_str(&format!("docs/{page}{rest}"));
    }
    text
}

/// A schema with a text for people.
fn described(mut schema: Value, says: &str) -> Value {
    if let Some(object) = schema.as_object_mut() {
        object.insert("description".to_owned(), says.into());
    }
    schema
}

/// A whole schema: its title, and what it refers to.
fn document(title: &str, mut schema: Value, definitions: Map<String, Value>) -> Value {
    if let Some(object) = schema.as_object_mut() {
        object.insert("$schema".to_owned(), DRAFT.into());
        object.insert("title".to_owned(), title.into());
        if !definitions.is_empty() {
            object.insert("$defs".to_owned(), definitions.into());
        }
    }
    schema
}
