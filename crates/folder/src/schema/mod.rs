//! JSON Schemas of the files that people write, so that editors complete and check them.
//!
//! Owner of the draft and of how a table of keys ([`Key`]) becomes a schema. The keys stand in two tables, [`settings`] and
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
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it may hold.
    pub takes: Takes,
    /// What it means, for a person who points at it.
    pub says: &'static str,
}

/// What a key may hold.
#[derive(Debug)]
pub enum Takes {
    /// A text.
    Text,
    /// A text of a form, as a regular expression.
    Form(&'static str),
    /// One of the words.
    Words(&'static [&'static str]),
    /// A text, or a list of texts.
    Texts,
    /// One of something, or a list of it.
    OneOrMore(&'static Takes),
    /// One of the words, or a list of them.
    WordList(&'static [&'static str]),
    /// True or false.
    Boolean,
    /// Only this one of the two.
    Only(bool),
    /// A whole number in its limits.
    Whole(i64, i64),
    /// A text, a number, or true or false, as the text that is written.
    Scalar,
    /// A table of these keys.
    Table(&'static [Key]),
    /// A table of these keys, or a list of such tables.
    Tables(&'static [Key]),
    /// A table with keys of the person's own, all of which hold this.
    Each(&'static Takes),
    /// Any of these.
    Any(&'static [Takes]),
    /// Nothing: the key is known, and refused.
    Never,
    /// What the schema defines elsewhere, by name.
    Defined(&'static str),
}

impl Takes {
    /// The schema of such a value.
    pub fn schema(&self) -> Value {
        match self {
            Takes::Text => json!({ "type": "string" }),
            Takes::Form(pattern) => json!({ "type": "string", "pattern": pattern }),
            Takes::Words(words) => json!({ "enum": words }),
            Takes::Texts => texts(json!({ "type": "string" })),
            Takes::OneOrMore(one) => texts(one.schema()),
            Takes::WordList(words) => texts(json!({ "enum": words })),
            Takes::Boolean => json!({ "type": "boolean" }),
            Takes::Only(value) => json!({ "const": value }),
            Takes::Whole(low, high) => {
                json!({ "type": "integer", "minimum": low, "maximum": high })
            }
            Takes::Scalar => json!({ "type": ["string", "number", "boolean"] }),
            Takes::Table(keys) => table(keys),
            Takes::Tables(keys) => {
                let one = table(keys);
                json!({ "anyOf": [one, { "type": "array", "items": one }] })
            }
            Takes::Each(takes) => {
                json!({ "type": "object", "additionalProperties": takes.schema() })
            }
            Takes::Any(all) => {
                let all: Vec<Value> = all.iter().map(Takes::schema).collect();
                json!({ "anyOf": all })
            }
            Takes::Never => json!({ "not": {} }),
            Takes::Defined(name) => json!({ "$ref": format!("#/$defs/{name}") }),
        }
    }
}

/// One of something, or a list of it.
fn texts(one: Value) -> Value {
    json!({ "anyOf": [one, { "type": "array", "items": one }] })
}

/// A table of these keys and no others.
fn table(keys: &[Key]) -> Value {
    let properties: Map<String, Value> = keys
        .iter()
        .map(|key| (key.name.to_owned(), described(key.takes.schema(), key.says)))
        .collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
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
