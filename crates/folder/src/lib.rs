//! A migration folder: what a person writes down about one migration, read and opened.
//!
//! Owner of [`settings`] (`migration.toml`), [`documents`] (the documents folder), [`schema`] (JSON Schemas of what people
//! write) and [`migration`] (all of it opened together with export and mapping, and its fingerprints).

pub mod documents;
pub mod migration;
pub mod schema;
pub mod settings;
