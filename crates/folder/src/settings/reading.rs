//! How an export is read, where it is not left to be found: keys of `[source]` and of the tables of exports beside it.

use std::path::Path;

use glob::Pattern;
use regex::Regex;

use super::layout;
use crate::schema::settings::{LAST_ROW, LAST_SHEET};
use bakkt_files::toml_file::{Table, Value};
use bakkt_model::error::Diagnostics;
use bakkt_source::encoding::Encoding;
use bakkt_source::export::{HeaderRow, Options, SetBy, SheetSetting, member_pattern};
use bakkt_source::json::JsonRows;
use bakkt_source::openpgp::OpenPgp;

/// Words for delimiters that are hard to see.
const DELIMITERS: &[(&str, u8)] = &[
    ("comma", b','),
    ("semicolon", b';'),
    ("tab", b'\t'),
    ("pipe", b'|'),
];

pub(crate) fn read(
    dir: &Path,
    table: &Table<'_>,
    openpgp: &OpenPgp,
    found: &mut Diagnostics,
) -> Options {
    let between = table
        .get("delimiter")
        .and_then(|value| delimiter(value, found));
    Options {
        encoding: table
            .get("encoding")
            .and_then(|value| encoding(value, found)),
        certain_encoding: false,
        delimiter: between.and_then(|between| u8::try_from(between).ok().filter(u8::is_ascii)),
        wide_delimiter: between.filter(|between| !between.is_ascii()),
        quote: table.get("quote").and_then(|value| quote(value, found)),
        header: table
            .get("header")
            .map_or(HeaderRow::Find, |value| header(value, found)),
        sheet: table.get("sheet").and_then(|value| sheet(value, found)),
        skip_if: table
            .texts("skip_if", found)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|(text, value)| pattern(text, value, found))
            .collect(),
        member: table.get("member").and_then(|value| member(value, found)),
        rows: table.text("rows", found).map(|array| JsonRows {
            array: array.to_owned(),
            only_elements: false,
        }),
        layout: layout::read(dir, table, found),
        openpgp: openpgp.clone(),
        set_by: SetBy::Settings,
    }
}

fn encoding(value: Value<'_>, found: &mut Diagnostics) -> Option<Encoding> {
    let text = value.text(found)?;
    let encoding = Encoding::from_word(text);
    if encoding.is_none() {
        value.wrong(
            found,
            format!("\"{text}\" is no encoding that is known here"),
            format!("one of: {}", Encoding::NAMES.join(", ")),
        );
    }
    encoding
}

fn member(value: Value<'_>, found: &mut Diagnostics) -> Option<Pattern> {
    match member_pattern(value.text(found)?) {
        Ok(pattern) => Some(pattern),
        Err(why) => {
            value.wrong(
                found,
                format!("not a pattern: {why}"),
                "such as \"customers*.csv\"",
            );
            None
        }
    }
}

fn delimiter(value: Value<'_>, found: &mut Diagnostics) -> Option<char> {
    let text = value.text(found)?;
    let word = DELIMITERS.iter().find(|(word, _)| *word == text);
    let mut characters = text.chars();
    match (word, characters.next(), characters.next()) {
        (Some((_, byte)), ..) => Some(char::from(*byte)),
        (None, Some(one), None) if parts_cells(one) => Some(one),
        _ => {
            value.wrong(
                found,
                "not a delimiter",
                "comma, semicolon, tab, pipe, or one character: a mark, or a control character such as \"\\u001F\"",
            );
            None
        }
    }
}

/// Whether cells can be told apart by a character: no letter, digit, blank, quote or line end.
fn parts_cells(c: char) -> bool {
    let ends_lines = matches!(c, '\0' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
    !c.is_alphanumeric() && c != ' ' && c != '"' && c != '\'' && !ends_lines
}

fn quote(value: Value<'_>, found: &mut Diagnostics) -> Option<Option<u8>> {
    match value.text(found)? {
        "none" => Some(None),
        "\"" => Some(Some(b'"')),
        "'" => Some(Some(b'\'')),
        _ => {
            value.wrong(found, "not a quote", "'\"', \"'\" or \"none\"");
            None
        }
    }
}

fn header(value: Value<'_>, found: &mut Diagnostics) -> HeaderRow {
    if let Some(number) = value.as_integer() {
        if (1..=LAST_ROW).contains(&number) {
            return HeaderRow::At(number as u64);
        }
        value.wrong(found, "not the number of a line", "the first line is 1");
        return HeaderRow::Find;
    }
    if value.boolean(&mut Diagnostics::default()) == Some(false) {
        return HeaderRow::None;
    }
    value.wrong(
        found,
        "`header` is the number of a line, or false where there is none",
        "leave it out to have the header found",
    );
    HeaderRow::Find
}

fn sheet(value: Value<'_>, found: &mut Diagnostics) -> Option<SheetSetting> {
    match value.as_integer() {
        Some(_) => value
            .integer(1, LAST_SHEET, found)
            .map(|number| SheetSetting::Number(number as usize)),
        None => value
            .text(found)
            .map(|name| SheetSetting::Name(name.to_owned())),
    }
}

fn pattern(text: &str, value: Value<'_>, found: &mut Diagnostics) -> Option<Regex> {
    let pattern = Regex::new(text).ok();
    if pattern.is_none() {
        value.wrong(
            found,
            "the regex does not compile",
            "a pattern such as \"^TOTAL\", for the first cell that is not empty",
        );
    }
    pattern
}
