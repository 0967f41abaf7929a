//! TOML as people write it: values with their place in the file, so that every mistake can be shown with file,
//! line and text, all of them at once.
//!
//! Owner of reading `migration.toml` and mapping files down to typed values. Invariant: a key that nobody asked for
//! is a mistake ([`Table::finish`]), with the nearest right name beside it.
//! Left out on purpose: what the keys mean (`folder/settings`, `mapping`).

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::small_files;
use bakkt_model::address::{shown_address, without_secrets};
use bakkt_model::error::{Diagnostic, Diagnostics, Failure, ShownPath, Snippet, nearest};

/// One TOML file: its text, and the name under which it is spoken of.
#[derive(Clone, Debug)]
pub struct TomlFile {
    /// As the person would type it, relative to the migration folder.
    pub name: String,
    /// The whole text.
    pub text: String,
}

impl TomlFile {
    /// Reads a file. A missing one is a configuration error that says what to do.
    pub fn load(path: &Path, name: &str) -> anyhow::Result<Self> {
        // Opening a pipe waits for a writer, and what is read from it is gone.
        if std::fs::metadata(path).is_ok_and(|facts| !facts.is_file() && !facts.is_dir()) {
            return Err(Failure::configuration(
                format!("cannot read {}: it is a pipe or a device", path.shown()),
                "give a regular file",
            ));
        }
        match small_files::read(path) {
            Ok(text) => Ok(Self {
                name: name.into(),
                text,
            }),
            Err(error) => Err(error.failure(
                &format!("read {}", path.shown()),
                "check the name, and that the file is readable UTF-8 text",
            )),
        }
    }

    /// Parses; a syntax error becomes a diagnostic.
    pub fn parse(&self, found: &mut Diagnostics) -> Option<Document<'_>> {
        match DeTable::parse(&self.text) {
            Ok(root) => Some(Document { file: self, root }),
            Err(error) => {
                let at = error.span().unwrap_or_default();
                let message = error.message().trim().to_owned();
                let help = self
                    .bare_path(at.start)
                    .map(|key| format!("a path stands in quotes: \"{key}\" = .."));
                found.push(self.diagnostic((at.start, at.end), message, help));
                None
            }
        }
    }

    /// The key of the line around a byte, where it is a path with brackets that has no quotes around it.
    fn bare_path(&self, at: usize) -> Option<&str> {
        let first = self.text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
        let (key, _) = self.text[first..].lines().next()?.split_once('=')?;
        let key = key.trim();
        let is_path = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '[' | ']');
        let has_brackets = key.find('[').is_some_and(|at| at > 0);
        (has_brackets && key.chars().all(is_path)).then_some(key)
    }

    /// A mistake about some bytes of the file; of several lines the first is shown.
    fn diagnostic(
        &self,
        (start, end): ByteRange,
        message: String,
        help: Option<String>,
    ) -> Diagnostic {
        let at = (0..=start.min(self.text.len()))
            .rev()
            .find(|&i| self.text.is_char_boundary(i))
            .unwrap_or(0);
        let before = &self.text[..at];
        let first = before.rfind('\n').map_or(0, |i| i + 1);
        let line = self.text[first..].lines().next().unwrap_or("");
        let marked = at - first..end.max(at) - first;
        Diagnostic {
            file: self.name.clone(),
            line: before.matches('\n').count() + 1,
            column: before[first..].chars().count() + 1,
            message,
            help,
            snippet: Some(Snippet::new(&without_key(line), marked)),
        }
    }
}

/// The bytes that a mistake is about: the first, and one past the last.
type ByteRange = (usize, usize);

/// A key or password that somebody wrote into a file, where it does not belong, is not shown.
fn without_key(line: &str) -> Cow<'_, str> {
    let equals = line.find("api_key").and_then(|at| {
        let behind = line[at..].find('=')?;
        Some(at + behind)
    });
    match equals {
        Some(at) => format!("{}= …", &line[..at]).into(),
        None => without_password(line),
    }
}

/// Keys whose values are addresses, also where somebody has left the scheme away.
const ADDRESSES: [&str; 3] = ["base_url", "proxy", "shared"];

/// What may be a password of an address is not shown either.
fn without_password(line: &str) -> Cow<'_, str> {
    let value = line.split_once('=').filter(|(key, value)| {
        let is_address = ADDRESSES.contains(&key.trim().trim_matches(['"', '\'']));
        is_address && !value.contains("://")
    });
    match value {
        Some((key, value)) => format!("{key}={}", shown_address(value)).into(),
        None => without_secrets(line),
    }
}

fn marked<T>(spanned: &Spanned<T>) -> ByteRange {
    let span = spanned.span();
    (span.start, span.end)
}

/// A parsed file.
pub struct Document<'a> {
    file: &'a TomlFile,
    root: Spanned<DeTable<'a>>,
}

impl<'a> Document<'a> {
    /// The top level.
    pub fn root(&'a self) -> Table<'a> {
        Table::new(self.file, "", (0, 0), self.root.get_ref())
    }
}

/// A table, and which of its keys were asked for.
pub struct Table<'a> {
    file: &'a TomlFile,
    /// What the table is called in messages; empty at the top.
    pub name: String,
    at: ByteRange,
    entries: &'a DeTable<'a>,
    known: RefCell<BTreeSet<String>>,
}

impl<'a> Table<'a> {
    fn new(file: &'a TomlFile, name: &str, at: ByteRange, entries: &'a DeTable<'a>) -> Self {
        Table {
            file,
            name: name.into(),
            at,
            entries,
            known: RefCell::default(),
        }
    }

    /// The value of a key; asking makes the key a known one.
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        self.known.borrow_mut().insert(key.to_owned());
        let (key, value) = self.entries.get_key_value(key)?;
        Some(Value {
            file: self.file,
            key_at: marked(key),
            value,
        })
    }

    /// Every key with its value, in the order of the keys; all of them become known.
    pub fn all(&self) -> Vec<(&'a str, Value<'a>)> {
        let mut all: Vec<_> = self
            .entries
            .iter()
            .map(|(key, value)| {
                self.known.borrow_mut().insert(key.get_ref().to_string());
                let value = Value {
                    file: self.file,
                    key_at: marked(key),
                    value,
                };
                (&**key.get_ref(), value)
            })
            .collect();
        all.sort_by_key(|(_, value)| value.key_at);
        all
    }

    /// A sub-table; one of another type is a mistake.
    pub fn table(&self, key: &str, found: &mut Diagnostics) -> Option<Table<'a>> {
        self.get(key)?.table(key, found)
    }

    /// A text.
    pub fn text(&self, key: &str, found: &mut Diagnostics) -> Option<&'a str> {
        self.get(key)?.text(found)
    }

    /// A whole number of at least `low` and at most `high`.
    pub fn integer(&self, key: &str, low: i64, high: i64, found: &mut Diagnostics) -> Option<i64> {
        self.get(key)?.integer(low, high, found)
    }

    /// True or false.
    pub fn boolean(&self, key: &str, found: &mut Diagnostics) -> Option<bool> {
        self.get(key)?.boolean(found)
    }

    /// A list of texts; one text stands for a list of one.
    pub fn texts(&self, key: &str, found: &mut Diagnostics) -> Option<Vec<(&'a str, Value<'a>)>> {
        self.get(key)?.texts(found)
    }

    /// One of several words.
    pub fn choice<T: Copy>(
        &self,
        key: &str,
        choices: &[(&str, T)],
        found: &mut Diagnostics,
    ) -> Option<T> {
        self.get(key)?.choice(key, choices, found)
    }

    /// Reports a mistake at the place of the table itself.
    pub fn wrong(
        &self,
        found: &mut Diagnostics,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        found.push(
            self.file
                .diagnostic(self.at, message.into(), Some(help.into())),
        );
    }

    /// Reports every key that nobody asked for.
    pub fn finish(self, found: &mut Diagnostics) {
        let known = self.known.borrow();
        for key in self
            .entries
            .keys()
            .filter(|key| !known.contains(&**key.get_ref()))
        {
            let wrong: &str = key.get_ref();
            let help = match nearest(wrong, known.iter().map(String::as_str)) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!(
                    "known here: {}",
                    known.iter().cloned().collect::<Vec<_>>().join(", ")
                ),
            };
            let place = if self.name.is_empty() {
                String::new()
            } else {
                format!(" in [{}]", self.name)
            };
            let message = format!("unknown key `{wrong}`{place}");
            found.push(self.file.diagnostic(marked(key), message, Some(help)));
        }
    }
}

/// A value with its place.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    file: &'a TomlFile,
    key_at: ByteRange,
    value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Value<'a> {
    /// Reports a mistake at this value.
    pub fn wrong(
        &self,
        found: &mut Diagnostics,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let at = marked(self.value);
        found.push(self.file.diagnostic(at, message.into(), Some(help.into())));
    }

    /// Reports a mistake at this value's key.
    pub fn wrong_key(
        &self,
        found: &mut Diagnostics,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        found.push(
            self.file
                .diagnostic(self.key_at, message.into(), Some(help.into())),
        );
    }

    /// The place of the value, for a mistake that is only found later.
    pub fn place(&self) -> Diagnostic {
        self.file
            .diagnostic(marked(self.value), String::new(), None)
    }

    /// Whether it is `false`.
    pub fn is_false(&self) -> bool {
        matches!(self.value.get_ref(), DeValue::Boolean(false))
    }

    /// The text, if it is one; nothing is reported.
    pub fn as_text(&self) -> Option<&'a str> {
        match self.value.get_ref() {
            DeValue::String(text) => Some(text),
            _ => None,
        }
    }

    /// The text; another type is a mistake.
    pub fn text(&self, found: &mut Diagnostics) -> Option<&'a str> {
        let text = self.as_text();
        if text.is_none() {
            self.wrong(found, "expected a text", "write it in double quotes");
        }
        text
    }

    /// A text, a number or true/false, as the text that was written.
    pub fn scalar(&self, found: &mut Diagnostics) -> Option<String> {
        match self.value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Integer(number) => Some(number.as_str().to_owned()),
            DeValue::Boolean(yes) => Some(yes.to_string()),
            _ => {
                self.wrong(found, "expected a text", "write it in double quotes");
                None
            }
        }
    }

    /// The whole number, if it is one; nothing is reported.
    pub fn as_integer(&self) -> Option<i64> {
        match self.value.get_ref() {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        }
    }

    /// The whole number, inside its limits.
    pub fn integer(&self, low: i64, high: i64, found: &mut Diagnostics) -> Option<i64> {
        let fits = self.as_integer().filter(|n| (low..=high).contains(n));
        if fits.is_none() {
            self.wrong(
                found,
                "not a fitting whole number",
                format!("a number from {low} to {high}"),
            );
        }
        fits
    }

    /// True or false.
    pub fn boolean(&self, found: &mut Diagnostics) -> Option<bool> {
        match self.value.get_ref() {
            DeValue::Boolean(yes) => Some(*yes),
            _ => {
                self.wrong(found, "expected true or false", "without quotes");
                None
            }
        }
    }

    /// A list of texts; one text stands for a list of one.
    pub fn texts(&self, found: &mut Diagnostics) -> Option<Vec<(&'a str, Value<'a>)>> {
        if let Some(text) = self.as_text() {
            return Some(vec![(text, *self)]);
        }
        self.list(found)?
            .into_iter()
            .map(|value| value.text(found).map(|text| (text, value)))
            .collect()
    }

    /// One of several words, the value of `key`.
    pub fn choice<T: Copy>(
        &self,
        key: &str,
        choices: &[(&str, T)],
        found: &mut Diagnostics,
    ) -> Option<T> {
        let text = self.text(found)?;
        let hit = choices.iter().find(|(word, _)| *word == text);
        if hit.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            self.wrong(
                found,
                format!("`{key}` cannot be \"{text}\""),
                format!("one of: {}", words.join(", ")),
            );
        }
        hit.map(|(_, choice)| *choice)
    }

    /// A list.
    pub fn list(&self, found: &mut Diagnostics) -> Option<Vec<Value<'a>>> {
        match self.value.get_ref() {
            DeValue::Array(values) => Some(
                values
                    .iter()
                    .map(|value| Value {
                        file: self.file,
                        key_at: marked(value),
                        value,
                    })
                    .collect(),
            ),
            _ => {
                self.wrong(found, "expected a list", "write it as [ .. , .. ]");
                None
            }
        }
    }

    /// Whether it is a table.
    pub fn is_table(&self) -> bool {
        matches!(self.value.get_ref(), DeValue::Table(_))
    }

    /// The table.
    pub fn table(&self, name: &str, found: &mut Diagnostics) -> Option<Table<'a>> {
        match self.value.get_ref() {
            DeValue::Table(entries) => Some(Table::new(self.file, name, self.key_at, entries)),
            _ => {
                self.wrong(
                    found,
                    format!("`{name}` must be a table"),
                    "write it as { .. } or under a [heading]",
                );
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::without_key;

    #[test]
    fn a_line_is_shown_without_passwords() {
        for (line, shown) in [
            ("api_key = \"sesame\"", "api_key = …"),
            (
                "shared = \"redis://127.0.0.1?password=sesame\"",
                "shared = \"redis://127.0.0.1?…\"",
            ),
            ("shared = \"me:sesame@127.0.0.1\"", "shared =…@127.0.0.1\""),
            ("base_url = 'host?sesame'", "base_url = 'host?…"),
            (
                "proxy = \"http://me:sesame@proxy:8080#sesame\"",
                "proxy = \"http://…@proxy:8080#…\"",
            ),
            (
                "files = [\"s3://a:sesame@b/c\", \"s3://b/c?sesame\"]",
                "files = [\"s3://…@b/c\", \"s3://b/c?…\"]",
            ),
            ("column = \"a@b?\" # why", "column = \"a@b?\" # why"),
        ] {
            assert_eq!(without_key(line), shown);
        }
    }
}
