//! `[source]`: the exports and their mappings, and how rows of several of them come together.

use std::path::Path;

use super::reading;
use bakkt_files::toml_file::{Table, Value};
use bakkt_model::error::{Diagnostic, Diagnostics};
use bakkt_model::position::JoinedList;
use bakkt_source::export::Options;
use bakkt_source::header;

/// `[source]`.
#[derive(Debug)]
pub struct SourceSettings {
    /// The export, as written.
    pub export: String,
    /// How it is read.
    pub reading: Options,
    /// Its mapping, as written.
    pub mapping: String,
    /// Rows with the same value here are one account.
    pub group_by: Option<NamedColumn>,
    /// Exports beside it, trusted contacts before owners.
    pub joins: Vec<JoinSettings>,
    /// The export of recipients, for custody.
    pub recipients: Option<BesideSettings>,
}

/// An export whose rows are elements of accounts.
#[derive(Debug)]
pub struct JoinSettings {
    /// What its rows are.
    pub list: JoinedList,
    /// The export and its key.
    pub beside: BesideSettings,
}

impl std::ops::Deref for JoinSettings {
    type Target = BesideSettings;

    fn deref(&self) -> &BesideSettings {
        &self.beside
    }
}

/// An export whose rows belong to accounts of the export.
#[derive(Debug)]
pub struct BesideSettings {
    /// The export, as written.
    pub file: String,
    /// How it is read.
    pub reading: Options,
    /// Its mapping, as written.
    pub mapping: String,
    /// Its column that says the account.
    pub key: NamedColumn,
    /// The column of the accounts' export that it equals.
    pub account_key: NamedColumn,
}

impl JoinSettings {
    /// The list of the contract that its rows are elements of.
    pub(crate) fn field(&self) -> &'static str {
        match self.list {
            JoinedList::Contacts => "trustedContacts",
            JoinedList::Owners | JoinedList::Group => "owners",
        }
    }
}

/// A column that a setting names, and where.
#[derive(Clone, Debug)]
pub struct NamedColumn {
    /// Its name.
    pub name: String,
    place: Diagnostic,
}

impl NamedColumn {
    fn new(name: &str, value: Value<'_>) -> NamedColumn {
        NamedColumn {
            name: name.trim().to_owned(),
            place: value.place(),
        }
    }

    /// Reports a mistake at the setting.
    pub(crate) fn wrong(&self, found: &mut Diagnostics, message: String, help: Option<String>) {
        found.push(Diagnostic {
            message,
            help,
            ..self.place.clone()
        });
    }

    /// Its index; an unknown column is reported.
    pub(crate) fn index(
        &self,
        export: &str,
        headers: &[String],
        found: &mut Diagnostics,
    ) -> Option<usize> {
        match header::find(export, headers, &self.name) {
            Ok(index) => Some(index),
            Err((message, help)) => {
                self.wrong(found, message, Some(help));
                None
            }
        }
    }
}

/// The tables of exports beside that of the accounts.
const JOINS: [(&str, JoinedList); 2] = [
    // Contacts first: see `Mapper::new`.
    ("trusted_contacts", JoinedList::Contacts),
    ("owners", JoinedList::Owners),
];

pub(crate) fn read(
    dir: &Path,
    root: &Table<'_>,
    found: &mut Diagnostics,
) -> Option<SourceSettings> {
    let Some(table) = root.table("source", found) else {
        root.wrong(
            found,
            "there is no [source]",
            "add [source] with `file` and `mapping`",
        );
        return None;
    };
    let export = need(&table, "source", "file", found).map(|(text, _)| text.to_owned());
    let mapping = need(&table, "source", "mapping", found).map(|(text, _)| text.to_owned());
    let group_by = column(&table, "group_by", found);
    let reading = reading::read(dir, &table, found);
    let mut joins = Vec::new();
    for (name, list) in JOINS {
        let whole = format!("source.{name}");
        if let Some(table) = table.get(name).and_then(|value| value.table(&whole, found)) {
            let beside = beside(dir, &table, &whole, found);
            joins.extend(beside.map(|beside| JoinSettings { list, beside }));
            table.finish(found);
        }
    }
    let recipients = table
        .get("recipients")
        .and_then(|value| value.table("source.recipients", found))
        .and_then(|table| {
            let recipients = beside(dir, &table, "source.recipients", found);
            table.finish(found);
            recipients
        });
    table.finish(found);
    Some(SourceSettings {
        export: export?,
        reading,
        mapping: mapping?,
        group_by,
        joins,
        recipients,
    })
}

fn beside(
    dir: &Path,
    table: &Table<'_>,
    name: &str,
    found: &mut Diagnostics,
) -> Option<BesideSettings> {
    let file = need(table, name, "file", found);
    let mapping = need(table, name, "mapping", found);
    let key = need(table, name, "key", found).map(|(text, value)| NamedColumn::new(text, value));
    let account_key = column(table, "account_key", found);
    let mut reading = reading::read(dir, table, found);
    // An account without elements is in the accounts' own export.
    if let Some(rows) = &mut reading.rows {
        rows.only_elements = true;
    }
    let key = key?;
    Some(BesideSettings {
        file: file?.0.to_owned(),
        reading,
        mapping: mapping?.0.to_owned(),
        account_key: account_key.unwrap_or_else(|| key.clone()),
        key,
    })
}

fn need<'a>(
    table: &Table<'a>,
    name: &str,
    key: &str,
    found: &mut Diagnostics,
) -> Option<(&'a str, Value<'a>)> {
    let Some(value) = table.get(key) else {
        table.wrong(
            found,
            format!("[{name}] has no `{key}`"),
            format!("add {key} = \"..\""),
        );
        return None;
    };
    Some((value.text(found)?, value))
}

fn column(table: &Table<'_>, key: &str, found: &mut Diagnostics) -> Option<NamedColumn> {
    let value = table.get(key)?;
    Some(NamedColumn::new(value.text(found)?, value))
}
