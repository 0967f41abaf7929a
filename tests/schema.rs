//! The schemas, the program and the files that are there say the same.
//!
//! Owner of three comparisons. The program is asked in every table which keys it knows: those are the schema's. Every file
//! that the program takes is valid: samples, templates, cases, examples of the documentation. What cases have that is
//! told as an unknown key, an unknown field or a wrong word is not valid.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use bakkt_files::toml_file::TomlFile;
use bakkt_folder::documents::claim;
use bakkt_folder::schema;
use bakkt_mapping::compile::{MappingPart, Targets, compile, compile_for};
use bakkt_model::error::Diagnostics;
use boon::{Compiler, SchemaIndex, ValidationError};
use serde_json::{Value, json};

/// A key that is like no other.
const UNKNOWN: &str = "zzqq";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A schema that is one itself, by that of its draft, to compare values with.
struct Validator {
    schemas: boon::Schemas,
    own: SchemaIndex,
}

impl Validator {
    fn is_valid(&self, instance: &Value) -> bool {
        self.schemas.validate(instance, self.own).is_ok()
    }

    /// What is wrong, each with its place and what stands there.
    fn errors(&self, instance: &Value) -> Vec<String> {
        let mut told = Vec::new();
        if let Err(error) = self.schemas.validate(instance, self.own) {
            tell(&error, instance, &mut told);
        }
        told
    }
}

fn tell(error: &ValidationError<'_, '_>, instance: &Value, told: &mut Vec<String>) {
    let place = error.instance_location.to_string();
    let there = instance.pointer(&place).unwrap_or(&Value::Null);
    // A whole table holds every word: only a word itself is shown.
    let word = Some(there).filter(|there| !there.is_object() && !there.is_array());
    let word = word.map(ToString::to_string).unwrap_or_default();
    told.push(format!("{place}: {word}: {}", error.kind));
    for cause in &error.causes {
        tell(cause, instance, told);
    }
}

fn validator(schema: &Value) -> Validator {
    let (mut compiler, mut schemas) = (Compiler::new(), boon::Schemas::new());
    let place = "file:///schema.json";
    compiler.add_resource(place, schema.clone()).unwrap();
    let own = compiler.compile(place, &mut schemas);
    let own = own.unwrap_or_else(|error| panic!("{error:#}"));
    Validator { schemas, own }
}

/// What the program says of a file.
type Ask = fn(&Path, &str) -> String;

fn settings(dir: &Path, text: &str) -> String {
    std::fs::write(dir.join("migration.toml"), text).unwrap();
    let settings = bakkt_folder::migration::settings(dir);
    settings.map_or_else(|error| error.to_string(), |_| String::new())
}

fn mapping(dir: &Path, text: &str) -> String {
    let mut found = Diagnostics::default();
    let headers = ["C".to_owned()];
    compile(&[file(dir, text)], &headers, &mut found);
    found
        .into_result()
        .map_or_else(|error| error.to_string(), |()| String::new())
}

fn documents(dir: &Path, text: &str) -> String {
    let mut found = Diagnostics::default();
    let types = bakkt_contract::documents::TYPE_NAMES;
    let targets = Targets {
        account_type: false,
        rows: false,
        part: MappingPart::Whole,
        day_epochs: &[],
        resolve: &|target, _| claim::resolve(target, types),
    };
    compile_for(&targets, &[file(dir, text)], &["C".to_owned()], &mut found);
    found
        .into_result()
        .map_or_else(|error| error.to_string(), |()| String::new())
}

fn file(dir: &Path, text: &str) -> TomlFile {
    std::fs::write(dir.join("mapping.toml"), text).unwrap();
    TomlFile::load(&dir.join("mapping.toml"), "mapping.toml").unwrap()
}

/// Every table of a schema: where it stands, and its keys. Of the many fields of a mapping only the first is looked into,
/// they are all alike.
fn tables(schema: &Value) -> BTreeMap<Vec<String>, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    walk(schema, schema, &mut Vec::new(), &mut found);
    found
}

fn walk(
    whole: &Value,
    at: &Value,
    path: &mut Vec<String>,
    found: &mut BTreeMap<Vec<String>, BTreeSet<String>>,
) {
    if let Some(reference) = at["$ref"].as_str() {
        walk(whole, whole.pointer(&reference[1..]).unwrap(), path, found);
    }
    for branch in at["anyOf"].as_array().into_iter().flatten() {
        walk(whole, branch, path, found);
    }
    let Some(properties) = at["properties"].as_object() else {
        return;
    };
    if at["additionalProperties"] == json!(false) {
        found.insert(path.clone(), properties.keys().cloned().collect());
    } else {
        return;
    }
    let many = matches!(
        path.last().map(String::as_str),
        Some("fields" | "policy" | "owed_if")
    );
    for (key, inner) in properties.iter().take(if many { 1 } else { usize::MAX }) {
        path.push(key.clone());
        walk(whole, inner, path, found);
        path.pop();
    }
}

/// Whether a table is looked into elsewhere: the feeds of `account_type` and of a condition are like every other.
fn is_repeated(path: &[String]) -> bool {
    path.len() > 1 && path[0] == "account_type" || path.len() > 2 && path[0] == "owed_if"
}

/// A field that takes a range; a document has none.
const RANGE: &str = "investmentProfile.customerProfile.annualIncomeRangeUsd";

fn is_range(path: &[String]) -> bool {
    path.last().is_some_and(|key| key == "usd_range")
}

/// A file with a line in the table at a path, and what the table needs before the program looks at its keys.
fn with_line(path: &[String], line: &str) -> String {
    let mut text = line.to_owned();
    if path == ["account_type"]
        || (path.len() == 2 && matches!(path[0].as_str(), "fields" | "owed_if"))
    {
        text.push_str(", lookup = { A = \"B\" }");
    }
    let range = is_range(path);
    for (place, key) in path.iter().enumerate().rev() {
        let key = match (place, range) {
            (1, true) => RANGE,
            _ => key,
        };
        text = format!("\"{key}\" = {{ {text} }}");
    }
    text
}

/// The names behind "known here:".
fn known(message: &str) -> BTreeSet<String> {
    let list = message.split("known here: ").nth(1);
    let list = list.unwrap_or_else(|| panic!("{message}"));
    let names = list.lines().next().unwrap().split(", ");
    names.map(str::to_owned).collect()
}

#[test]
fn every_table_has_the_keys_that_the_program_knows() {
    let dir = tempfile::tempdir().unwrap();
    let schemas: [(Value, Ask); 3] = [
        (schema::settings::schema(), settings),
        (schema::mapping::schema(), mapping),
        (schema::mapping::documents(), documents),
    ];
    let mut count = 0;
    for (schema, ask) in schemas {
        let validator = validator(&schema);
        for (path, keys) in tables(&schema) {
            // Fields have names of their own; they are compared with the contract.
            let named = matches!(
                path.last().map(String::as_str),
                Some("fields" | "policy" | "owed_if")
            );
            let fields = &schema["properties"]["fields"]["properties"];
            let ranged = !is_range(&path) || fields.get(RANGE).is_some();
            if named || is_repeated(&path) || !ranged {
                continue;
            }
            let text = with_line(&path, &format!("{UNKNOWN} = 1"));
            let message = ask(dir.path(), &text);
            let knows = known(&message);
            assert_eq!(keys, knows, "{path:?}: {message}");
            let instance: Value = toml::from_str(&text).unwrap();
            assert!(!validator.is_valid(&instance), "{text}");
            count += 1;
        }
    }
    assert!(count >= 25, "{count} tables");
}

/// Every list of words of a schema, and where its key stands.
fn words(
    whole: &Value,
    at: &Value,
    path: &mut Vec<String>,
    found: &mut BTreeMap<Vec<String>, BTreeSet<String>>,
) {
    if let Some(reference) = at["$ref"].as_str() {
        words(whole, whole.pointer(&reference[1..]).unwrap(), path, found);
    }
    let branches = at["anyOf"].as_array().into_iter().flatten();
    for branch in branches.chain(at.get("items")) {
        words(whole, branch, path, found);
    }
    if let Some(list) = at["enum"].as_array() {
        let list = list.iter().map(|word| word.as_str().unwrap().to_owned());
        found.entry(path.clone()).or_default().extend(list);
    }
    let many = matches!(
        path.last().map(String::as_str),
        Some("fields" | "policy" | "owed_if")
    );
    let properties = at["properties"].as_object().into_iter().flatten();
    for (key, inner) in properties.take(if many { 1 } else { usize::MAX }) {
        path.push(key.clone());
        words(whole, inner, path, found);
        path.pop();
    }
}

/// Where the program lists the words that it takes, they are the schema's.
#[test]
fn every_list_of_words_is_the_programs() {
    let dir = tempfile::tempdir().unwrap();
    let schemas: [(Value, Ask); 2] = [
        (schema::settings::schema(), settings),
        (schema::mapping::schema(), mapping),
    ];
    let mut told = BTreeSet::new();
    for (schema, ask) in schemas {
        let mut found = BTreeMap::new();
        words(&schema, &schema, &mut Vec::new(), &mut found);
        for (path, words) in found {
            let (key, table) = path.split_last().unwrap();
            if is_repeated(&path) {
                continue;
            }
            let text = with_line(table, &format!("\"{key}\" = \"{UNKNOWN}\""));
            let message = ask(dir.path(), &text);
            let quoted = format!("\"{UNKNOWN}\"");
            let mut parts = message.split("\n\n");
            let mine = parts.find(|part| {
                part.lines()
                    .next()
                    .is_some_and(|line| line.contains(&quoted))
            });
            let Some(list) = mine.and_then(|part| part.split(" one of: ").nth(1)) else {
                continue;
            };
            let list = list.lines().next().unwrap().split(", ");
            let mut taken: BTreeSet<String> = list.map(str::to_owned).collect();
            if key == "level" {
                // W is known, and refused: it is Bakkt's to give.
                taken.remove("W");
                taken.retain(|level| words.contains(level));
            }
            assert_eq!(words, taken, "{path:?}: {message}");
            told.insert(key.clone());
        }
    }
    assert!(told.len() >= 12, "{told:?}");
}

/// Every field of the contract and every index is there, and no other.
#[test]
fn every_field_that_a_mapping_may_feed_is_there() {
    use bakkt_contract::{FieldShape, path};
    let validator = validator(&schema::mapping::schema());
    let is_valid = |field: &str| {
        let mut fields = serde_json::Map::new();
        fields.insert(field.to_owned(), "C".into());
        validator.is_valid(&json!({ "fields": fields }))
    };
    for pattern in path::patterns() {
        let found = path::find_pattern(&pattern).unwrap();
        let fed = matches!(
            found.field.shape,
            FieldShape::Leaf(_) | FieldShape::Lines(_)
        );
        let fed = fed && pattern != "accountType";
        for index in ["[0]", "[1]", "[63]"] {
            assert_eq!(
                is_valid(&pattern.replace("[]", index)),
                fed,
                "{pattern} {index}"
            );
        }
        // One list is that of the rows, no more.
        if pattern.matches("[]").count() > 1 {
            assert!(!is_valid(&pattern), "{pattern}");
            assert!(!is_valid(&pattern.replacen("].", "].x", 1)));
        } else {
            assert_eq!(is_valid(&pattern), fed, "{pattern}");
        }
        assert!(!is_valid(&format!("{pattern}x")), "{pattern}");
        if pattern.contains("[]") {
            assert!(!is_valid(&pattern.replace("[]", "[64]")), "{pattern}");
        }
    }
    let dir = tempfile::tempdir().unwrap();
    for pattern in path::patterns()
        .iter()
        .filter(|pattern| *pattern != "accountType")
    {
        let field = pattern.replace("[]", "[0]");
        let mut owed = serde_json::Map::new();
        owed.insert(field.clone(), json!({ "const": true }));
        let text = format!("owed_if.\"{field}\" = {{ const = true }}\n");
        let takes = !mapping(dir.path(), &text).contains("is always owed");
        let valid = validator.is_valid(&json!({ "owed_if": owed }));
        assert_eq!(valid, takes, "{pattern}");
    }
    let policy = self::validator(&schema::settings::schema());
    let moved = |field: &str| {
        let mut policy = serde_json::Map::new();
        policy.insert(field.to_owned(), json!({ "level": "O", "reason": "x" }));
        json!({ "source": { "file": "a", "mapping": "b" }, "policy": policy })
    };
    let dir = tempfile::tempdir().unwrap();
    for pattern in path::patterns() {
        let text = format!(
            "source = {{ file = \"a\", mapping = \"b\" }}\npolicy.\"{pattern}\" = {{ level = \"O\", reason = \"x\" }}\n"
        );
        let takes = settings(dir.path(), &text).is_empty();
        assert_eq!(policy.is_valid(&moved(&pattern)), takes, "{pattern}");
    }
}

fn toml_files(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            toml_files(&path, all);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            all.push(path);
        }
    }
}

/// The schema that a file is written by: by its name, and for mappings of documents by what its migration.toml says.
struct Schemas {
    settings: Validator,
    mapping: Validator,
    documents: Validator,
}

impl Schemas {
    fn new() -> Schemas {
        Schemas {
            settings: validator(&schema::settings::schema()),
            mapping: validator(&schema::mapping::schema()),
            documents: validator(&schema::mapping::documents()),
        }
    }

    fn of(&self, path: &Path) -> &Validator {
        let name = path.file_name().unwrap();
        if name == "migration.toml" {
            return &self.settings;
        }
        let settings = std::fs::read_to_string(path.with_file_name("migration.toml"));
        let settings: Option<Value> = settings.ok().and_then(|text| toml::from_str(&text).ok());
        let manifest = settings
            .as_ref()
            .and_then(|all| all["documents"]["mapping"].as_str());
        match manifest {
            Some(mapping) if Path::new(mapping) == Path::new(name) => &self.documents,
            _ => &self.mapping,
        }
    }

    fn errors(&self, path: &Path, text: &str) -> Vec<String> {
        let instance: Value = toml::from_str(text).unwrap();
        self.of(path).errors(&instance)
    }
}

#[test]
fn every_file_that_the_program_takes_is_valid() {
    let schemas = Schemas::new();
    let mut files = Vec::new();
    for folder in ["samples", "mappings", "tests/cases"] {
        toml_files(&root().join(folder), &mut files);
    }
    let is_wrong = |path: &Path| {
        let cases = root().join("tests/cases");
        let case = path
            .strip_prefix(&cases)
            .ok()
            .and_then(|path| path.components().next());
        case.is_some_and(|case| cases.join(case).join("expected.error.txt").exists())
    };
    let mut count = 0;
    for path in files.iter().filter(|path| !is_wrong(path)) {
        let errors = schemas.errors(path, &std::fs::read_to_string(path).unwrap());
        assert!(
            errors.is_empty(),
            "{}:\n{}",
            path.display(),
            errors.join("\n")
        );
        count += 1;
    }
    assert!(count > 100, "{count} files");
}

#[test]
fn the_examples_of_the_documentation_are_valid() {
    let mut count = 0;
    for (page, schema) in [
        ("settings", schema::settings::schema()),
        ("documents", schema::settings::schema()),
        ("files", schema::settings::schema()),
        ("mapping", schema::mapping::schema()),
    ] {
        let validator = validator(&schema);
        let text = std::fs::read_to_string(root().join(format!("docs/{page}.md"))).unwrap();
        for block in text.split("```toml\n").skip(1) {
            let block = block.split("```").next().unwrap();
            for instance in instances(page, block) {
                let errors = validator.errors(&instance);
                assert!(errors.is_empty(), "{block}\n{}", errors.join("\n"));
                count += 1;
            }
        }
    }
    assert!(count > 25, "{count} examples");
}

/// What an example is part of: a file of settings, a mapping, or the fields of one, of which a page may show several feeds.
fn instances(page: &str, block: &str) -> Vec<Value> {
    if page != "mapping" {
        let mut settings: Value =
            toml::from_str(block).unwrap_or_else(|error| panic!("{block}\n{error}"));
        if settings.get("fields").is_some() {
            return Vec::new();
        }
        if settings["source"].is_null() {
            settings["source"] = json!({});
        }
        for key in ["file", "mapping"] {
            if settings["source"][key].is_null() {
                settings["source"][key] = "x".into();
            }
        }
        return vec![settings];
    }
    if block.contains("[fields]") || block.contains("account_type") {
        return vec![toml::from_str(block).unwrap()];
    }
    let lines = block
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| toml::from_str(&format!("[fields]\n{line}\n")).unwrap())
        .collect()
}

/// What messages begin with whose mistake a schema knows.
const TELLING: [&str; 2] = ["unknown key `", "the contract has no field `"];

#[test]
fn mistakes_of_cases_are_not_valid() {
    let schemas = Schemas::new();
    let mut count = 0;
    for case in std::fs::read_dir(root().join("tests/cases")).unwrap() {
        let folder = case.unwrap().path();
        let Ok(told) = std::fs::read_to_string(folder.join("expected.error.txt")) else {
            continue;
        };
        for mistake in told.split("\n\nerror: ").skip(1) {
            let Some((word, name)) = telling(mistake) else {
                continue;
            };
            let path = folder.join(name);
            let Ok(text) = std::fs::read_to_string(&path) else {
                continue;
            };
            if toml::from_str::<Value>(&text).is_err() {
                continue;
            }
            let errors = schemas.errors(&path, &text);
            let hit = errors.iter().any(|error| error.contains(&word));
            assert!(hit, "{}: {mistake}\n{}", path.display(), errors.join("\n"));
            count += 1;
        }
    }
    assert!(count > 30, "{count} mistakes");
}

/// The quoted word and the file of a mistake that a schema can know.
fn telling(mistake: &str) -> Option<(String, &str)> {
    let message = mistake.lines().next()?;
    let place = mistake.lines().nth(1)?.trim().strip_prefix("--> ")?;
    let name = place.split(':').next()?;
    let begins = TELLING.iter().any(|start| message.starts_with(*start));
    // A table of lookups does not know for which field it is.
    let word = message.ends_with("does not fit this field") && !message.starts_with("the lookup");
    let choice = message.contains(" cannot be \"") || message.contains(" cannot hold \"");
    // Which export a mapping is for stands in another file.
    if message.starts_with("unknown key `account_type`") {
        return None;
    }
    let quoted = |mark: char| message.split(mark).nth(1).map(str::to_owned);
    match (begins, word || choice) {
        (true, _) => Some((quoted('`')?, name)),
        (_, true) => Some((quoted('"')?, name)),
        _ => None,
    }
}
