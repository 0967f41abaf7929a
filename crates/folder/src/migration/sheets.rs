//! Sheets of fields: the mapping of a file whose columns are named as fields of the contract.
//!
//! Owner of how people may write a value in such a file. The mapping is made from the form of each field, as text, and
//! compiled as every other. Dates are read with the year in front, by a month's name or as a date cell: what could be
//! two days is none.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;

use bakkt_contract::account::NEVER_SENT;
use bakkt_contract::{Form, path};
use bakkt_files::toml_file::TomlFile;
use bakkt_mapping::Mapper;
use bakkt_mapping::compile::{MappingPart, Targets, compile_sheet};
use bakkt_mapping::dates::ordered::{EPOCHS, SerialEpoch};
use bakkt_mapping::target::{ACCOUNT_TYPE, TargetForm, resolve, words};
use bakkt_model::error::{Diagnostic, Diagnostics};
use bakkt_source::header;

/// Columns that only show what is known begin so.
const KNOWN: &str = "known:";
/// What stands in cells that are not to be filled.
const NOT_HERE: [&str; 2] = ["\u{2013}", "\u{2014}"];

/// The field of each column, of a file that has fields. All mistakes are told together.
pub(super) fn targets(name: &str, headers: &[String]) -> anyhow::Result<Vec<Option<String>>> {
    let (mut found, mut seen) = (Diagnostics::default(), BTreeSet::new());
    let mut targets = Vec::new();
    for header in headers {
        if header.is_empty() || header.starts_with(KNOWN) {
            targets.push(None);
            continue;
        }
        let known = header == ACCOUNT_TYPE || NEVER_SENT.contains(&path::pattern(header).as_str());
        if !known && let Err((what, help)) = resolve(header, &[]) {
            found.push(Diagnostic::of_file(name, what, help));
        }
        if !seen.insert(header) {
            found.push(Diagnostic::of_file(
                name,
                format!("the column `{header}` is there more than once"),
                "keep the one that counts".to_owned(),
            ));
        }
        targets.push(Some(header.clone()));
    }
    found.into_result()?;
    Ok(targets)
}

/// The mapping of a file that has fields, compiled.
pub(super) fn written(
    name: &str,
    headers: &[String],
    (fields, epoch): (&[Option<String>], SerialEpoch),
    mapper: &Mapper,
) -> anyhow::Result<Mapper> {
    let takes = |target: &str| match resolve(target, &[]) {
        Ok(takes) => takes,
        Err(_) if target == ACCOUNT_TYPE => TargetForm::One(Form::AccountType),
        Err(_) => TargetForm::One(Form::Text),
    };
    // Paths and marks: nothing in them has to be escaped.
    let quoted = |text: &str| format!("\"{text}\"");
    let mut text = format!(
        "placeholders = true\nmissing = [{}]\n[fields]\n",
        NOT_HERE.map(quoted).join(", ")
    );
    for (place, target) in fields.iter().enumerate() {
        let Some(target) = target else { continue };
        let column = header::position(place);
        text.push_str(&format!(
            "{} = {{ column = \"{column}\"{} }}\n",
            quoted(target),
            transforms(takes(target), epoch)
        ));
    }
    let file = TomlFile {
        name: name.to_owned(),
        text,
    };
    let of_field = |target: &str, _: &[&str]| Ok(takes(target));
    let targets = Targets {
        day_epochs: &[],
        account_type: false,
        rows: true,
        part: MappingPart::Whole,
        resolve: &of_field,
    };
    // Positions are meant, whatever the headers are.
    let positions = vec![String::new(); headers.len()];
    let mut found = Diagnostics::default();
    let sheet = compile_sheet(
        &targets,
        std::slice::from_ref(&file),
        &positions,
        &mut found,
    );
    found.into_result()?;
    let (_, sheet) = sheet.context("the mapping of a backfill file")?;
    Ok(Mapper::new(
        mapper.account_types.clone(),
        sheet,
        Vec::new(),
        &[],
    ))
}

/// What reads the cells of a column as people write them, by the form of its field.
fn transforms(takes: TargetForm, epoch: SerialEpoch) -> String {
    let lines = match takes {
        TargetForm::Lines(Form::Text | Form::Short(_)) => ", split = { by = [\"\\n\", \"|\"] }",
        TargetForm::Lines(_) => ", split = { by = [\"\\n\", \"|\", \",\", \";\"] }",
        TargetForm::One(_) => "",
    };
    let form = takes.form();
    let step = match form {
        Form::PastDate | Form::EventDate(_) | Form::EventTime(_) | Form::DateTime => {
            let word = EPOCHS.iter().find(|(_, known)| *known == epoch);
            let word = word.map_or("", |(word, _)| word);
            format!(", date = {{ order = \"ymd\", excel = \"{word}\" }}")
        }
        // A phone number is read where it is laid over its record, which says in what country the person is.
        Form::Country => ", country = true".to_owned(),
        Form::Usd(_) => ", case = \"upper\", usd_range = true".to_owned(),
        Form::Integer(..) => ", integer = true".to_owned(),
        Form::Boolean => ", yes_no = true".to_owned(),
        form => match words(form) {
            [] => String::new(),
            words => lookup(words),
        },
    };
    format!("{lines}{step}")
}

/// The words of a form, in any case and with spaces for underscores.
fn lookup(words: &[&str]) -> String {
    let mut codes: BTreeMap<String, &str> = BTreeMap::new();
    for word in words {
        codes.insert((*word).to_owned(), word);
        codes.insert(word.replace('_', " "), word);
        codes.insert(word.replace('_', "-"), word);
    }
    let pairs = codes
        .iter()
        .map(|(code, word)| format!("\"{code}\" = \"{word}\""));
    format!(", lookup = {{ {} }}", pairs.collect::<Vec<_>>().join(", "))
}
