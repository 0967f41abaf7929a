//! `[exclude]`: records that are left out, by id list or by a condition on columns, each with a reason.

use std::path::Path;

use crate::error::{Diagnostic, Diagnostics};
use crate::mapping::exclude::{ColumnRule, Exclude, Test, Word};
use crate::source::header;
use crate::toml_file::{Table, Value};

/// The rules as written; columns are still names.
#[derive(Debug, Default)]
pub struct ExcludeSettings {
    ids: Vec<(Vec<String>, String)>,
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
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

/// Reads the table.
pub fn read(dir: &Path, root: &Table<'_>, found: &mut Diagnostics) -> ExcludeSettings {
    let mut settings = ExcludeSettings::default();
    let Some(table) = root.table("exclude", found) else {
        return settings;
    };
    for entry in one_or_many(&table, "ids", found) {
        let mut ids: Vec<String> = entry
            .texts("list", found)
            .unwrap_or_default()
            .into_iter()
            .map(|(id, _)| id.trim().to_owned())
            .collect();
        if let Some(value) = entry.get("file")
            && let Some(name) = value.text(found)
        {
            match std::fs::read_to_string(dir.join(name)) {
                Ok(text) => ids.extend(text.lines().map(|id| id.trim().to_owned())),
                Err(error) => value.wrong(
                    found,
                    format!("cannot read \"{name}\": {error}"),
                    "one id per line",
                ),
            }
        }
        ids.retain(|id| !id.is_empty());
        if entry.get("list").is_none() && entry.get("file").is_none() {
            entry.wrong(
                found,
                "`ids` has neither `list` nor `file`",
                "ids = { list = [\"A-1\"], reason = \"..\" }",
            );
        }
        let reason = reason(&entry, found);
        settings.ids.push((ids, reason));
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

fn rule(entry: &Table<'_>, found: &mut Diagnostics) -> Option<Rule> {
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
    Some(Rule {
        column: name.to_owned(),
        place: column.place(),
        test: test.clone(),
        reason,
    })
}

impl ExcludeSettings {
    /// Whether nothing is left out.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.rules.is_empty()
    }

    /// Everything that decides who is left out, as one text for the fingerprint.
    pub fn canonical(&self) -> String {
        format!(
            "{:?} {:?}",
            self.ids,
            self.rules
                .iter()
                .map(|rule| (&rule.column, &rule.test, &rule.reason))
                .collect::<Vec<_>>()
        )
    }

    /// Columns become indexes; unknown ones are reported.
    pub fn compile(&self, headers: &[String], found: &mut Diagnostics) -> Exclude {
        let mut exclude = Exclude::default();
        let number = |reason: &String, exclude: &mut Exclude| {
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
        for (ids, reason) in &self.ids {
            let reason = number(reason, &mut exclude);
            for id in ids {
                exclude.add_id(id, reason);
            }
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
                RuleTest::Equals(values) => Test::Equals(words(values)),
                RuleTest::NotEquals(values) => Test::NotEquals(words(values)),
                RuleTest::Empty(empty) => Test::Empty(*empty),
            };
            exclude.rules.push(ColumnRule {
                column,
                test,
                reason,
            });
        }
        exclude.finish();
        exclude
    }
}
