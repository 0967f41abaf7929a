//! `[exclude]`: records that are left out, by id list or by a condition on columns, each with a reason.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::id_columns::id_columns;
use bakkt_files::small_files::IdList;
use bakkt_files::toml_file::{Table, Value};
use bakkt_mapping::exclude::{ColumnRule, ColumnTest, Exclusions, Word, WrittenId, WrittenPlace};
use bakkt_model::error::{Diagnostic, Diagnostics};
use bakkt_source::header;

/// The rules as written; columns are still names.
#[derive(Debug, Default)]
pub struct ExcludeSettings {
    ids: Vec<Ids>,
    rules: Vec<ExcludeRule>,
}

/// One entry of `ids`.
#[derive(Debug, Default)]
struct Ids {
    /// Those of `list`, each with its place in migration.toml.
    written: Vec<(String, WrittenPlace)>,
    /// Those of `file`.
    file: Option<IdList>,
    reason: String,
}

impl Ids {
    fn all(&self) -> impl Iterator<Item = &str> {
        let written = self.written.iter().map(|(id, _)| id.as_str());
        let file = self.file.iter().flat_map(|list| &list.ids);
        written.chain(file.map(|listed| listed.id.as_str()))
    }
}

#[derive(Debug)]
struct ExcludeRule {
    column: String,
    place: Diagnostic,
    test: RuleTest,
    reason: String,
}

#[derive(Clone, Debug)]
enum RuleTest {
    Equals(Vec<String>),
    NotEquals(Vec<String>),
    Empty(bool),
}

pub(crate) fn read(dir: &Path, root: &Table<'_>, found: &mut Diagnostics) -> ExcludeSettings {
    let mut settings = ExcludeSettings::default();
    let Some(table) = root.table("exclude", found) else {
        return settings;
    };
    for entry in one_or_many(&table, "ids", found) {
        let ids = ids(dir, &entry, found);
        settings.ids.push(ids);
        entry.finish(found);
    }
    for entry in one_or_many(&table, "rules", found) {
        if let Some(rule) = rule(&entry, found) {
            settings.rules.push(rule);
        }
        entry.finish(found);
    }
    table.finish(found);
    settings
}

fn ids(dir: &Path, entry: &Table<'_>, found: &mut Diagnostics) -> Ids {
    let mut ids = Ids::default();
    for (id, value) in entry.texts("list", found).unwrap_or_default() {
        let id = bakkt_files::small_files::trim(id);
        if !id.is_empty() {
            ids.written.push((id.to_owned(), place(value.place())));
        }
    }
    if let Some(value) = entry.get("file")
        && let Some(name) = value.text(found)
    {
        match IdList::read(&dir.join(name), name, &id_columns(dir)) {
            Ok(list) if list.is_empty() => value.wrong(
                found,
                format!("\"{name}\" holds no id, so nobody is left out by it"),
                "a list has one clientAccountId on each line; take the setting out when it is not needed",
            ),
            Ok(list) => ids.file = Some(list),
            Err(error) => value.wrong(
                found,
                format!("cannot read \"{name}\": {error}"),
                "a list is a text file with one clientAccountId on each line",
            ),
        }
    } else if ids.written.is_empty()
        && let Some(list) = entry.get("list")
    {
        list.wrong(
            found,
            "`list` holds no id, so nobody is left out by it",
            "ids = { list = [\"A-1\"], reason = \"..\" }",
        );
    }
    if entry.get("list").is_none() && entry.get("file").is_none() {
        entry.wrong(
            found,
            "`ids` has neither `list` nor `file`",
            "ids = { list = [\"A-1\"], reason = \"..\" }",
        );
    }
    ids.reason = reason(entry, found);
    ids
}

fn place(at: Diagnostic) -> WrittenPlace {
    WrittenPlace {
        file: at.file,
        line: at.line,
    }
}

fn one_or_many<'a>(table: &Table<'a>, key: &str, found: &mut Diagnostics) -> Vec<Table<'a>> {
    let Some(value) = table.get(key) else {
        return Vec::new();
    };
    let values: Vec<Value<'a>> = if value.is_table() {
        vec![value]
    } else {
        value.list(found).unwrap_or_default()
    };
    values
        .into_iter()
        .filter_map(|value| value.table(key, found))
        .collect()
}

fn reason(entry: &Table<'_>, found: &mut Diagnostics) -> String {
    let reason = entry.text("reason", found).unwrap_or("").trim().to_owned();
    if reason.is_empty() {
        entry.wrong(
            found,
            "this exclusion has no reason",
            "add reason = \"..\": the report repeats it",
        );
    }
    reason
}

/// Words as cells are compared with them.
fn words(words: &[String]) -> Vec<Word> {
    words.iter().map(|word| Word::new(word)).collect()
}

fn rule(entry: &Table<'_>, found: &mut Diagnostics) -> Option<ExcludeRule> {
    let column = entry.get("column");
    let mut tests = Vec::new();
    let mut words = |key: &str, make: fn(Vec<String>) -> RuleTest, found: &mut Diagnostics| {
        if let Some(values) = entry.texts(key, found) {
            tests.push(make(
                values
                    .into_iter()
                    .map(|(text, _)| text.trim().to_owned())
                    .collect(),
            ));
        }
    };
    words("equals", RuleTest::Equals, found);
    words("not_equals", RuleTest::NotEquals, found);
    if let Some(empty) = entry.boolean("empty", found) {
        tests.push(RuleTest::Empty(empty));
    }
    let reason = reason(entry, found);
    let (Some(column), [test]) = (column, tests.as_slice()) else {
        entry.wrong(
            found,
            "a rule needs a `column` and one test",
            "one of: equals = [..], not_equals = [..], empty = true",
        );
        return None;
    };
    let name = column.text(found)?;
    Some(ExcludeRule {
        column: name.to_owned(),
        place: column.place(),
        test: test.clone(),
        reason,
    })
}

impl ExcludeSettings {
    /// The list files, as migration.toml names them.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        let files = self.ids.iter().filter_map(|ids| ids.file.as_ref());
        files.map(|list| list.name.as_str())
    }

    /// Everything that decides who is left out, as one text for the fingerprint.
    pub(crate) fn canonical(&self) -> String {
        format!(
            "{:?} {:?}",
            self.ids
                .iter()
                .map(|ids| (ids.all().collect::<Vec<_>>(), &ids.reason))
                .collect::<Vec<_>>(),
            self.rules
                .iter()
                .map(|rule| (&rule.column, &rule.test, &rule.reason))
                .collect::<Vec<_>>()
        )
    }

    /// Columns become indexes; unknown ones are reported.
    pub(crate) fn compile(&self, headers: &[String], found: &mut Diagnostics) -> Exclusions {
        let mut exclude = Exclusions::default();
        let number = |reason: &String, exclude: &mut Exclusions| {
            let place = exclude
                .reasons
                .iter()
                .position(|known| known == reason)
                .unwrap_or_else(|| {
                    exclude.reasons.push(reason.clone());
                    exclude.reasons.len() - 1
                });
            place as u16
        };
        for ids in &self.ids {
            let reason = number(&ids.reason, &mut exclude);
            let written = ids.written.iter().map(|(id, place)| WrittenId {
                id,
                place: place.clone(),
                may_be_header: false,
                may_be_words: false,
            });
            exclude.add_ids(written, reason, None);
            let Some(list) = &ids.file else { continue };
            let listed = list.ids.iter().map(|listed| WrittenId {
                id: &listed.id,
                place: WrittenPlace {
                    file: list.name.clone(),
                    line: listed.line,
                },
                may_be_header: listed.may_be_header,
                may_be_words: listed.may_be_words,
            });
            exclude.add_ids(listed, reason, Some(&list.name));
        }
        for rule in &self.rules {
            let reason = number(&rule.reason, &mut exclude);
            let column = match header::find("the export", headers, &rule.column) {
                Ok(column) => column,
                Err((message, help)) => {
                    found.push(Diagnostic {
                        message,
                        help: Some(help),
                        ..rule.place.clone()
                    });
                    continue;
                }
            };
            let test = match &rule.test {
                RuleTest::Equals(values) => ColumnTest::Equals(words(values)),
                RuleTest::NotEquals(values) => ColumnTest::NotEquals(words(values)),
                RuleTest::Empty(empty) => ColumnTest::Empty(*empty),
            };
            exclude.rules.push(ColumnRule {
                column,
                test,
                reason,
                place: place(rule.place.clone()),
                hit: AtomicBool::new(false),
            });
        }
        exclude.finish();
        exclude
    }
}
