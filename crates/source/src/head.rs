//! The beginning of a file: what it is, which row is its header, and where its rows begin.
//!
//! Owner of everything that is found from a file's first bytes. Invariant: no cell is ever shown. Left out on purpose: opening it
//! (`place`), reading on (`export`), and how a dialect, an encoding or a header row are told (`dialect`, `encoding`).

mod start;

use std::io::Read;
use std::sync::Arc;

use super::bytes::Bytes;
use super::dialect;
use super::doubt;
use super::encoding::Encoding;
use super::export::{HeaderRow, Options};
use super::found::DetectedFile;
use super::lines::{MOST_COLUMNS, RowFormat, RowReader};
use super::place::{OpenedPlace, Place};
use super::wide::{self, DelimiterReplacer};
use super::{Cell, Flaw, Rows};
use bakkt_model::error::Failure;
use start::{Start, empty, start};

/// Rows in which the header is looked for.
const FIRST_ROWS: usize = dialect::HEADER_WITHIN;

/// The text of a file.
pub(super) enum FileText {
    /// It can be read at any place, and ends there.
    Bytes(Arc<Bytes>, u64),
    /// It still has to go into the spool: its beginning, and the rest.
    Stream(Vec<u8>, Box<dyn Read + Send>),
}

/// A file whose beginning was read: its text, layout and first row.
pub(super) struct FileHead {
    pub place: Place,
    pub text: FileText,
    /// Offset in the file, and line, of the first row behind the header.
    pub first: (u64, u64),
    pub form: RowFormat,
    pub found: DetectedFile,
}

/// Stands for a cell that is no text.
const UNREAD: &str = "\u{FFFD}";

/// The cells of the first rows, each with its line, and what stands behind it: offset and line.
type FirstRows = Vec<(Vec<String>, u64, (u64, u64))>;

fn first_rows(text: &[u8], form: RowFormat, line: u64) -> FirstRows {
    let mut lines = RowReader::new(text, form, 0, line);
    let (mut all, mut rows) = (Vec::new(), Rows::default());
    // Reading from memory cannot fail.
    while all.len() < FIRST_ROWS && lines.next(&mut rows).unwrap_or(false) {
        for (at, row) in rows.iter() {
            let cells = row.cells().map(|cell| match cell {
                Cell::Text(text) => text.to_owned(),
                Cell::Broken(_) => UNREAD.to_owned(),
            });
            all.push((cells.collect(), at.row, lines.next_at()));
        }
        rows.clear();
    }
    all
}

/// Refuses a text without an end of a line that has other characters at the ends of its rows: read on, it would be one row.
fn refuse_line_ends(text: &[u8], encoding: Option<Encoding>, name: &str) -> anyhow::Result<()> {
    /// Those characters, what they are called, and whether only Windows-1252 makes them of such a byte.
    const ENDS: [(&str, &str, bool); 6] = [
        ("\u{85}", "U+0085", false),
        ("…", "the byte 85, which is U+0085 in ISO-8859-1", true),
        ("\u{2028}", "U+2028", false),
        ("\u{2029}", "U+2029", false),
        ("\u{1e}", "U+001E", false),
        ("\u{b}", "U+000B", false),
    ];
    let text = text.trim_ascii_end();
    if memchr::memchr2(b'\n', b'\r', text).is_some() {
        return Ok(());
    }
    let is_end = |(end, _, western): &&(&str, &str, bool)| {
        let fits = !western || encoding == Some(Encoding::Windows1252);
        fits && memchr::memmem::find_iter(text, end.as_bytes())
            .take(2)
            .count()
            > 1
    };
    match ENDS.iter().find(is_end) {
        Some((_, called, _)) => Err(Failure::configuration(
            format!("the lines of {name} end with {called}, which is no end of a line here"),
            "export it again with usual ends of lines (LF or CRLF), or replace that character with them",
        )),
        None => Ok(()),
    }
}

/// Whether rows have apostrophes around their cells, two in each at least.
fn are_in_apostrophes(rows: &[(Vec<String>, u64, (u64, u64))]) -> bool {
    let is_quoted =
        |cell: &&String| cell.len() > 2 && cell.starts_with('\'') && cell.ends_with('\'');
    let mut rows = rows
        .iter()
        .take(20)
        .filter(|(cells, ..)| cells.iter().any(|cell| !cell.is_empty()));
    let mut count = 0;
    rows.all(|(cells, ..)| {
        count += 1;
        cells.iter().filter(is_quoted).count() > 1
    }) && count > 0
}

/// Refuses a table that is wider than a sheet, before anything is made for each of its columns; and a first row that is so
/// long that it is none.
fn refuse_wide(text: &[u8], form: RowFormat, name: &str) -> anyhow::Result<()> {
    let (mut lines, mut rows) = (RowReader::new(text, form, 0, 1), Rows::default());
    let mut count = 0;
    // Reading from memory cannot fail.
    while count < FIRST_ROWS && lines.next(&mut rows).unwrap_or(false) {
        count += 1;
        for (at, row) in rows.iter() {
            let long = count == 1 && row.flaw() == Some(Flaw::TooLong);
            if row.len() > MOST_COLUMNS || long {
                let (line, columns) = (at.row, row.len());
                let what = match long {
                    true => "is longer than a megabyte".to_owned(),
                    false => format!("has {columns} columns; {MOST_COLUMNS} is the most"),
                };
                return Err(Failure::configuration(
                    format!("line {line} of {name} {what}"),
                    "export only the columns that are needed; where the cells are cut at the wrong character, say which it is: `delimiter`",
                ));
            }
        }
        rows.clear();
    }
    Ok(())
}

pub(super) fn head(
    opened: OpenedPlace,
    options: &Options,
) -> anyhow::Result<(FileHead, Vec<String>)> {
    let (lies, name) = (opened.place.clone(), opened.name.clone());
    let Start {
        mut file,
        mut rest,
        mut text,
        whole,
        mut skip,
        mut found,
        doubt,
        columns,
    } = start(opened, options)?;
    if let Some(headers) = columns {
        let head = FileHead {
            place: lies,
            text: FileText::Stream(text, rest),
            first: (0, 1),
            form: RowFormat::records(headers.len()),
            found,
        };
        return Ok((head, headers));
    }
    let sheet = found.sheet.is_some();
    let mut set = dialect::DialectSettings {
        delimiter: if sheet { Some(b',') } else { options.delimiter },
        quote: if sheet {
            Some(Some(b'"'))
        } else {
            options.quote
        },
    };
    let mut guess = dialect::find(&text, whole, set);
    let wide = options.wide_delimiter.filter(|_| !sheet).or_else(|| {
        let unknown = set.delimiter.is_none() && guess.columns < 2;
        wide::find(&text).filter(|_| unknown)
    });
    if let Some(delimiter) = wide {
        text = wide::replaced(&text, delimiter);
        rest = Box::new(DelimiterReplacer::new(rest, delimiter));
        (file, skip) = (None, 0);
        set.delimiter = Some(wide::STAND_IN);
        guess = dialect::find(&text, whole, set);
    }
    if guess.stray_quotes && !sheet && options.quote.is_none() {
        let what = "rows have quotes inside of their cells: `quote = \"none\"` under [source] takes quotes for text like any other";
        found.remarks.push(what.to_owned());
    }
    let mut form = RowFormat {
        delimiter: guess.dialect.delimiter,
        quote: guess.dialect.quote,
        width: 0,
        sheet,
        records: false,
    };
    // A first line like `sep=;` is a message to Excel, and no row.
    let skip = skip + guess.sep as u64;
    let first_line = 1 + u64::from(guess.sep > 0);
    if !sheet {
        refuse_line_ends(&text, found.encoding, &name)?;
    }
    refuse_wide(&text[guess.sep..], form, &name)?;
    if let Some((rival, other)) = &doubt {
        let readings = [
            (found.encoding.unwrap_or(Encoding::Utf8), text.as_slice()),
            (*rival, other.as_slice()),
        ];
        return Err(doubt::error(&name, readings, form, options.set_by));
    }
    let mut rows = first_rows(&text[guess.sep..], form, first_line);
    if sheet {
        // A cell of a header row that holds an error names no column.
        for (cells, ..) in &mut rows {
            let errors = cells.iter_mut().filter(|cell| **cell == UNREAD);
            errors.for_each(String::clear);
        }
    }
    if !sheet && options.header != HeaderRow::None && is_of_pairs(&rows) {
        return Err(Failure::configuration(
            format!(
                "{name} is no table: its lines are words with their values, as in YAML (`word: value`)"
            ),
            "export it as CSV, JSON or a workbook, with a row of its own for each customer",
        ));
    }
    if !sheet && dialect::are_printed(rows.iter().map(|(cells, ..)| cells.as_slice())) {
        return Err(Failure::configuration(
            format!(
                "{name} is a table as programs print it: its columns have fixed widths, and a line of dashes stands below their names"
            ),
            "export it as CSV (SQL*Plus: `set markup csv on`), or take that line away and say where columns begin with `layout` (docs/files.md)",
        ));
    }
    let place = header_place(&rows, guess.header, options, &name)?;
    let (mut headers, first) = match place {
        Some(place) => {
            let (cells, line, behind) = &rows[place];
            found.header = Some(*line);
            found.titles = place as u64;
            (cells.clone(), *behind)
        }
        None => (vec![String::new(); usual(&rows)], (0, first_line)),
    };
    if headers
        .iter()
        .any(|header| header.contains(char::REPLACEMENT_CHARACTER))
    {
        return Err(Failure::configuration(
            format!("the header row of {name} has a character that does not decode"),
            "set `encoding` under [source] to what the export is written in",
        ));
    }
    if !sheet
        && form.quote != Some(b'\'')
        && are_in_apostrophes(&rows[place.map_or(0, |place| place + 1)..])
    {
        let what =
            "cells stand within apostrophes ('…'): `quote = \"'\"` under [source] takes these off";
        found.remarks.push(what.to_owned());
    }
    let behind = &rows[place.map_or(0, |place| place + 1).min(rows.len())..];
    if whole && place.is_some() && behind.is_empty() {
        let what = "it has a header row and nothing else: check that it was written to its end";
        found.remarks.push(what.to_owned());
    }
    fit(&mut headers, behind, sheet);
    form.width = headers.len();
    found.form(form, &headers);
    if let Some(delimiter) = wide {
        found.delimiter = Some(format!("`{delimiter}`"));
    }
    let head = FileHead {
        text: match file {
            Some((bytes, length)) => FileText::Bytes(bytes, length),
            None => FileText::Stream(text, rest),
        },
        first: (skip + first.0, first.1),
        form,
        found,
        place: lies,
    };
    Ok((head, headers))
}

/// The number of the header among the first rows; none when there is none.
fn header_place(
    rows: &FirstRows,
    found: Option<usize>,
    options: &Options,
    name: &str,
) -> anyhow::Result<Option<usize>> {
    if rows.is_empty() {
        return Err(empty(name, "not even a header row"));
    }
    match options.header {
        HeaderRow::None => Ok(None),
        HeaderRow::Led(word) => {
            let leads = |cells: &Vec<String>| cells.first().is_some_and(|cell| cell.trim() == word);
            let place = rows.iter().position(|(cells, ..)| leads(cells));
            Ok(place
                .or(found.filter(|place| *place < rows.len()))
                .or(Some(0)))
        }
        HeaderRow::At(wanted) => match rows.iter().position(|(_, line, _)| *line == wanted) {
            // Names of columns are printed, and what a customer's row holds is not.
            Some(place) if !is_header(&rows[place..]) => Err(Failure::configuration(
                format!("line {wanted} of {name} looks like a customer and not like a header"),
                "set `header = false` under [source], and name columns by position (`#1`); `skip_if` leaves a row out",
            )),
            Some(place) => Ok(Some(place)),
            None => Err(Failure::configuration(
                format!(
                    "{name} has no row at line {wanted}, where `header` says that the header is"
                ),
                options.set_by.other_header(),
            )),
        },
        HeaderRow::Find => match found.filter(|place| *place < rows.len()) {
            Some(place) => Ok(Some(place)),
            None => Err(Failure::configuration(
                format!("{name} seems to have no header row: its first rows look like customers"),
                options.set_by.no_header(),
            )),
        },
    }
}

/// Whether the first of some rows may be their header.
fn is_header(rows: &[(Vec<String>, u64, (u64, u64))]) -> bool {
    let cells: Vec<Vec<String>> = rows.iter().map(|(cells, ..)| cells.clone()).collect();
    dialect::may_be_header(&cells)
}

/// Whether rows are `word: value` lines.
fn is_of_pairs(rows: &FirstRows) -> bool {
    let cells: Vec<Vec<String>> = rows.iter().map(|(cells, ..)| cells.clone()).collect();
    dialect::are_pairs(&cells)
}

/// How many cells most rows have.
fn usual(rows: &FirstRows) -> usize {
    let count = |width: usize| rows.iter().filter(move |(cells, ..)| cells.len() == width);
    let widths = rows.iter().map(|(cells, ..)| cells.len());
    widths
        .max_by_key(|width| count(*width).count())
        .unwrap_or(0)
}

/// Columns that only the rows have: all of a sheet; of a CSV file one that is empty, behind a delimiter at the end of most
/// rows. The other way round, a delimiter at the end of the header alone makes no column.
fn fit(headers: &mut Vec<String>, rows: &[(Vec<String>, u64, (u64, u64))], sheet: bool) {
    let width = headers.len();
    let trailing = |(cells, ..): &(Vec<String>, u64, (u64, u64))| {
        cells.len() == width + 1 && cells.last().is_some_and(String::is_empty)
    };
    let wanted = if sheet {
        rows.iter()
            .map(|(cells, ..)| cells.len())
            .max()
            .unwrap_or(0)
    } else if 2 * rows.iter().filter(|row| trailing(row)).count() > rows.len() {
        width + 1
    } else {
        width
    };
    headers.resize(wanted.max(width), String::new());
    let shorter = |width| !rows.is_empty() && rows.iter().all(|(cells, ..)| cells.len() < width);
    while headers.last().is_some_and(String::is_empty) && shorter(headers.len()) {
        headers.pop();
    }
}
