//! The templates under mappings/: every line works, and every field of the account type stands in one.
//!
//! A line that is commented out is tried alone in a mapping of its type, because a field may have several suggestions.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use bakkt_contract::account::ACCOUNT_TYPES;
use bakkt_contract::unfit_id::IdRules;
use bakkt_contract::{FieldShape, path};
use bakkt_files::toml_file::TomlFile;
use bakkt_mapping::Mapper;
use bakkt_mapping::assess::AssessPlan;
use bakkt_mapping::assess::plan::Spelling;
use bakkt_mapping::assess::policy::Policy;
use bakkt_mapping::compile::{FORMS, compile};
use bakkt_model::error::Diagnostics;
use regex::Regex;

fn templates() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
    let entries = fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut all: Vec<PathBuf> = paths.filter(|path| path.is_file()).collect();
    all.sort();
    all
}

/// Everything that could be a column: a template shows no export.
fn headers(text: &str) -> Vec<String> {
    let words = Regex::new(r#""([A-Z][A-Z0-9_]*)"|row\.([A-Z0-9_]+)"#).unwrap();
    let names: BTreeSet<String> = words
        .captures_iter(text)
        .map(|found| found.get(1).or(found.get(2)).unwrap().as_str().to_owned())
        .collect();
    names.into_iter().collect()
}

fn compiled(text: &str, headers: &[String]) -> Result<Mapper, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mapping.toml");
    fs::write(&path, text).unwrap();
    let mut found = Diagnostics::default();
    let file = TomlFile::load(&path, "mapping.toml").unwrap();
    let mapper = compile(&[file], headers, &mut found);
    found.into_result().map_err(|error| error.to_string())?;
    Ok(mapper.unwrap())
}

/// The feeds that are commented out.
fn suggestions(text: &str) -> Vec<&str> {
    let feed = Regex::new(r#"^# ("[A-Za-z_\[\]0-9.]+"|[a-zA-Z]+) = ["{]"#).unwrap();
    let lines = text.split("[fields]\n").nth(1).unwrap().lines();
    lines
        .filter(|line| feed.is_match(line))
        .map(|line| &line[2..])
        .collect()
}

#[test]
fn there_is_one_for_every_account_type() {
    let types: BTreeSet<String> = templates()
        .iter()
        .map(|path| {
            let text = fs::read_to_string(path).unwrap();
            compiled(&text, &headers(&text)).unwrap().account_types[0].to_owned()
        })
        .collect();
    assert_eq!(
        types,
        ACCOUNT_TYPES
            .iter()
            .map(|name| (*name).to_owned())
            .collect()
    );
}

#[test]
fn every_template_is_enough_to_begin_with() {
    for template in templates() {
        let text = fs::read_to_string(&template).unwrap();
        let mapper = compiled(&text, &headers(&text)).unwrap();
        let today = jiff::civil::date(2026, 6, 1);
        let (policy, ids) = (Policy::default(), IdRules::default());
        let (_, unfed) = AssessPlan::new(&mapper, &policy, ids, Spelling::Guide, today);
        assert_eq!(unfed, [], "{}", template.display());
    }
}

/// At the top of each template.
#[test]
fn every_transform_that_reads_a_form_is_named() {
    for path in templates() {
        let text = fs::read_to_string(&path).unwrap();
        let (_, list) = text.split_once("#   one of: ").unwrap();
        let (list, _) = list.split_once("#   default = ").unwrap();
        let named: Vec<&str> = list
            .split_whitespace()
            .zip(list.split_whitespace().skip(1))
            .filter_map(|(word, next)| (next == "=").then_some(word))
            .collect();
        assert_eq!(named, FORMS, "{}", path.display());
    }
}

#[test]
fn every_suggestion_works() {
    for template in templates() {
        let text = fs::read_to_string(&template).unwrap();
        let headers = headers(&text);
        let account_type = compiled(&text, &headers).unwrap().account_types[0];
        let lines = suggestions(&text);
        assert!(lines.len() > 40, "{}: {}", template.display(), lines.len());
        for line in lines {
            let alone = format!("account_type = \"{account_type}\"\n[fields]\n{line}\n");
            if let Err(why) = compiled(&alone, &headers) {
                panic!("{}: {why}", template.display());
            }
        }
    }
}

#[test]
fn every_field_stands_in_the_templates_of_its_types() {
    let name = Regex::new(r#"(?m)^(?:# )?"?([a-zA-Z_\[\]0-9.]+)"? = ["{]"#).unwrap();
    for template in templates() {
        let text = fs::read_to_string(&template).unwrap();
        let account_type = compiled(&text, &headers(&text)).unwrap().account_types[0];
        let shown: BTreeSet<String> = name
            .captures_iter(&text)
            .map(|found| path::pattern(&found[1]))
            .collect();
        for pattern in path::patterns() {
            let found = path::find_pattern(&pattern).unwrap();
            let value = matches!(
                found.field.shape,
                FieldShape::Leaf(_) | FieldShape::Lines(_)
            );
            let should = value && found.is_on(account_type) && pattern != "accountType";
            let name = template.file_name().unwrap().display();
            match should {
                true => assert!(
                    shown.contains(&pattern),
                    "mappings/{name} has no line for `{pattern}`: add one, commented out where the field may be absent"
                ),
                false => assert!(
                    !shown.contains(&pattern),
                    "mappings/{name} has a line for `{pattern}`, which no {account_type} account has"
                ),
            }
        }
    }
}
