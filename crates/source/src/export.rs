//! An export: one file or several that are one, whatever they are made of, as rows that can be read at any place.
//!
//! Owner of [`Export`], of what is found out about each file ([`DetectedFile`]), and of the passes over them. A CSV file in UTF-8
//! is read where it lies. Whatever cannot seek (packed, in another encoding, a workbook) is read once, in sequence, into a
//! `Spool`, and from there like a CSV. Invariants: offsets count through all files, so that a row is known by one number
//! whatever file it stands in; what is found depends on the files and the settings only; opening looks at the beginnings of the files,
//! so that mistakes in a mapping are told before anything is unpacked.
//! Left out on purpose: what the beginning of a file tells (`head`).

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use glob::Pattern;
use regex::Regex;

use super::bytes::{Bytes, BytesReader};
use super::encoding::Encoding;
use super::fixed::Layout;
use super::found::DetectedFile;
use super::head::{FileHead, FileText, head};
use super::json::JsonRows;
use super::lines::{RowFormat, RowReader};
use super::openpgp::OpenPgp;
use super::place::{self, Place};
use super::shape::shape;
use super::spool::Spool;
use super::workbook::serial::DayEpoch;
use super::{Cell, RereadRow, Row, Rows, header};
use bakkt_model::error::{Failure, visible};
use bakkt_model::position::Position;

/// Which row is the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeaderRow {
    /// It is found.
    #[default]
    Find,
    /// The line of the file, or the row of the sheet, from 1.
    At(u64),
    /// There is none: columns have positions only.
    None,
    /// The first row that begins with this cell; found where none does.
    Led(&'static str),
}

/// Which sheet of a workbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SheetSetting {
    /// By its name.
    Name(String),
    /// By its number, from 1.
    Number(usize),
}

/// Where a person sets how an export is read: what messages tell them to change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SetBy {
    /// Under `[source]` in migration.toml.
    #[default]
    Settings,
    /// By options of the command.
    Arguments,
}

impl SetBy {
    /// What to do where no header is found.
    pub(super) fn no_header(self) -> &'static str {
        match self {
            SetBy::Settings => {
                "set `header` under [source]: the number of the header's line, or false where there is none, and name columns by position (`#1`)"
            }
            SetBy::Arguments => {
                "add --no-header where there is none, or --header LINE with the number of its line"
            }
        }
    }

    /// What to do where a file reads equally well in two encodings.
    pub(super) fn encoding(self, one: &str, other: &str) -> String {
        match self {
            SetBy::Settings => format!(
                "see which letter is right and set `encoding = \"{one}\"` or `encoding = \"{other}\"` beside `file`, or another encoding that you know it is written in"
            ),
            SetBy::Arguments => format!(
                "see which letter is right and add --encoding {one} or --encoding {other}, or another encoding that you know it is written in"
            ),
        }
    }

    /// How a person says which sheet is read.
    pub(super) fn sheet(self) -> &'static str {
        match self {
            SetBy::Settings => "`sheet`",
            SetBy::Arguments => "--sheet NAME",
        }
    }

    /// How a person says what a file is written in.
    pub(super) fn encoding_is(self, name: &str) -> String {
        match self {
            SetBy::Settings => format!("`encoding = \"{name}\"`"),
            SetBy::Arguments => format!("--encoding {name}"),
        }
    }

    /// What to do where the header is not where it is said to be.
    pub(super) fn other_header(self) -> &'static str {
        match self {
            SetBy::Settings => "check `header` under [source] in migration.toml",
            SetBy::Arguments => "check the LINE of --header",
        }
    }
}

/// How an export is read; what is not set is found.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Encoding.
    pub encoding: Option<Encoding>,
    /// Another encoding counts where the bytes leave no doubt about it.
    pub certain_encoding: bool,
    /// Between cells.
    pub delimiter: Option<u8>,
    /// Between cells, where it is beyond ASCII.
    pub wide_delimiter: Option<char>,
    /// Around cells; `Some(None)`: there are no quotes.
    pub quote: Option<Option<u8>>,
    /// Header.
    pub header: HeaderRow,
    /// Of a workbook.
    pub sheet: Option<SheetSetting>,
    /// Rows whose first cell that is not empty fits one of these are left out.
    pub skip_if: Vec<Regex>,
    /// Where the fields of fixed width stand; none: it has no fixed width.
    pub layout: Option<Arc<Layout>>,
    /// Which member of a zip archive is read; none: its only one.
    pub member: Option<Pattern>,
    /// The array of a JSON object whose elements are rows; none: each object is a row.
    pub rows: Option<JsonRows>,
    /// With what it is decrypted, where it is encrypted.
    pub openpgp: OpenPgp,
    /// Where all this is set.
    pub set_by: SetBy,
}

/// The pattern of a member of an archive; else why it is none.
pub fn member_pattern(text: &str) -> Result<Pattern, &'static str> {
    Pattern::new(text).map_err(|error| error.msg)
}

/// Why a row is left out before anything is read of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// It repeats the header row.
    Header,
    /// It is one of those that `skip_if` names.
    Named,
}

impl SkipReason {
    /// All of them, in order.
    pub const ALL: [SkipReason; 2] = [SkipReason::Header, SkipReason::Named];

    /// The reason.
    pub fn text(self) -> &'static str {
        match self {
            SkipReason::Header => "repeats the header row",
            SkipReason::Named => "`skip_if` names it",
        }
    }
}

/// An export whose beginning was looked at: enough to compile a mapping.
pub struct OpenedExport {
    name: String,
    heads: Vec<FileHead>,
    headers: Vec<String>,
    has_header: bool,
    skip_if: Vec<Regex>,
}

/// One file of an export.
#[derive(Debug)]
struct ExportFile {
    place: Place,
    bytes: Arc<Bytes>,
    /// Bytes of its text.
    length: u64,
    /// Offset of its first byte among all files.
    base: u64,
    first: (u64, u64),
    form: RowFormat,
    found: DetectedFile,
}

/// An export.
#[derive(Debug)]
pub struct Export {
    name: String,
    parts: Vec<ExportFile>,
    headers: Vec<String>,
    has_header: bool,
    skip_if: Vec<Regex>,
}

impl OpenedExport {
    /// Looks at the beginnings of the files that a name of the settings means, in a folder.
    pub fn new(dir: &Path, name: &str, options: &Options) -> anyhow::Result<OpenedExport> {
        let mut heads: Vec<FileHead> = Vec::new();
        let mut headers: Vec<String> = Vec::new();
        for means in place::named(dir, name)? {
            let (head, names) = head(means.open(dir)?, options)?;
            if let Some(first) = heads.first()
                && named(&headers) != named(&names)
            {
                let (first, other) = (&first.found.file, &head.found.file);
                return Err(differs(first, &headers, other, &names));
            }
            if headers.len() < names.len() {
                headers = names;
            }
            heads.push(head);
        }
        Ok(OpenedExport {
            name: visible(name),
            heads,
            headers,
            has_header: options.header != HeaderRow::None,
            skip_if: options.skip_if.clone(),
        })
    }

    /// The column names, trimmed; empty where there is none.
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// The files that are workbooks, and from what their plain numbers count the days.
    pub fn day_epochs(&self) -> Vec<(String, DayEpoch)> {
        let found = self.heads.iter().map(|head| &head.found);
        found
            .filter_map(|found| Some((found.file.clone(), found.day_epoch?)))
            .collect()
    }

    /// The sheets with cells of a workbook of which nobody has said which one is read, that which is read first.
    pub fn sheets(&self) -> Vec<String> {
        let sheets = self.heads.iter().flat_map(|head| {
            let found = &head.found;
            found.sheet.iter().chain(&found.other_sheets).cloned()
        });
        sheets.collect()
    }

    /// Refuses a workbook of which nobody has said which sheet is read, where there are several.
    pub fn one_sheet(self) -> anyhow::Result<OpenedExport> {
        let mut all = self.heads.iter().map(|head| &head.found);
        let Some(found) = all.find(|found| !found.other_sheets.is_empty()) else {
            return Ok(self);
        };
        let first = found.sheet.as_deref().unwrap_or("");
        Err(Failure::configuration(
            format!(
                "{} has several sheets with cells: `{first}`, `{}`",
                found.file,
                found.other_sheets.join("`, `")
            ),
            format!("say which one is read: `sheet = \"{first}\"` beside `file` in migration.toml"),
        ))
    }

    /// Reads what cannot seek into a spool in a folder; `each_block` hears bytes so far, and may stop it.
    pub fn ready(
        self,
        folder: &Path,
        each_block: &mut dyn FnMut(u64) -> anyhow::Result<()>,
    ) -> anyhow::Result<Export> {
        let mut spool: Option<Spool> = None;
        let mut lengths = Vec::new();
        let mut heads = Vec::new();
        for head in self.heads {
            let FileHead {
                place,
                text,
                first,
                form,
                found,
            } = head;
            let (file, length) = match text {
                FileText::Bytes(bytes, length) => (Ok(bytes), length),
                FileText::Stream(start, rest) => {
                    let spool = match &mut spool {
                        Some(spool) => spool,
                        none => {
                            none.insert(Spool::new(folder).context("cannot make a temporary file")?)
                        }
                    };
                    let from = spool.length();
                    spool
                        .append(io::Cursor::new(start).chain(rest), each_block)
                        .map_err(|error| unread(error, &found.file))?;
                    (Err(from), spool.length() - from)
                }
            };
            lengths.push(length);
            heads.push((place, file, first, form, found));
        }
        let spool = spool.map(Arc::new);
        let mut parts = Vec::with_capacity(heads.len());
        let mut base = 0;
        for ((place, file, first, form, found), length) in heads.into_iter().zip(lengths) {
            let bytes = match (file, &spool) {
                (Ok(bytes), _) => bytes,
                (Err(from), Some(spool)) => Arc::new(Bytes::Spool(spool.clone(), from)),
                (Err(_), None) => anyhow::bail!("{} was not unpacked", found.file),
            };
            parts.push(ExportFile {
                place,
                bytes,
                length,
                base,
                first,
                form,
                found,
            });
            base += length;
        }
        Ok(Export {
            name: self.name,
            parts,
            headers: self.headers,
            has_header: self.has_header,
            skip_if: self.skip_if,
        })
    }
}

/// An error of reading, with the file; one of whoever stopped it stays as it is.
fn unread(error: anyhow::Error, file: &str) -> anyhow::Error {
    match error.downcast::<io::Error>() {
        Ok(error) => anyhow::Error::new(error).context(format!("cannot read {file} to its end")),
        Err(error) => error,
    }
}

impl Export {
    /// As the settings have it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The column names, trimmed; empty where there is none.
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// Bytes of the text of all files.
    pub fn size(&self) -> u64 {
        self.parts.iter().map(|part| part.length).sum()
    }

    /// The files: the name of each as a person would write it, and where it lies.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Place)> {
        let parts = self.parts.iter();
        parts.map(|part| (part.found.file.as_str(), &part.place))
    }

    /// What was found out about each file.
    pub fn found(&self) -> impl Iterator<Item = &DetectedFile> {
        self.parts.iter().map(|part| &part.found)
    }

    /// The number, from 0, of the file that holds an offset.
    pub fn file_of(&self, offset: u64) -> usize {
        let beyond = self.parts.partition_point(|part| part.base <= offset);
        beyond.saturating_sub(1)
    }

    /// The name of the file in which a row stands.
    pub fn file_name(&self, at: Position) -> &str {
        &self.parts[self.file_of(at.offset)].found.file
    }

    /// The sheet in which a row stands, where its file is a workbook.
    pub fn sheet(&self, at: Position) -> Option<&str> {
        self.parts[self.file_of(at.offset)].found.sheet.as_deref()
    }

    /// Starts a pass over all rows.
    pub fn pass(&self) -> ExportPass {
        let files = self.parts.iter().map(|part| {
            let at = BytesReader::new(part.bytes.clone(), part.first.0, part.length);
            let offset = part.base + part.first.0;
            let lines = RowReader::new(at, part.form, offset, part.first.1);
            (part.found.file.clone(), lines)
        });
        ExportPass {
            files: files.collect(),
            counts: vec![(0, 0); self.parts.len()],
            current: 0,
        }
    }

    /// Reads the row at a place again.
    pub fn read<'r>(&self, at: Position, again: &'r mut RereadRow) -> io::Result<Row<'r>> {
        let part = &self.parts[self.file_of(at.offset)];
        again.bytes.resize(at.length as usize, 0);
        let (mut done, offset) = (0, at.offset - part.base);
        while done < again.bytes.len() {
            match part
                .bytes
                .read_at(&mut again.bytes[done..], offset + done as u64)?
            {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => done += count,
            }
        }
        Ok(again.split(&part.form))
    }

    /// Why a row is left out, whatever its cells mean.
    pub fn skipped(&self, row: &Row<'_>) -> Option<SkipReason> {
        let (mut cells, mut headers) = (row.cells(), self.headers.iter());
        let first = match cells.next() {
            // Before the header of a file that was joined to another stands the mark with which DOS ended the other.
            Some(Cell::Text(text)) => Some(text.trim_start_matches('\u{1a}')),
            _ => None,
        };
        if self.has_header
            && first.is_some_and(|first| headers.next().is_some_and(|header| first == header))
            && cells
                .zip(headers)
                .all(|(cell, header)| cell == Cell::Text(header))
        {
            return Some(SkipReason::Header);
        }
        if self.skip_if.is_empty() {
            return None;
        }
        let text = row.cells().find_map(|cell| match cell {
            Cell::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        })?;
        let named = self.skip_if.iter().any(|pattern| pattern.is_match(text));
        named.then_some(SkipReason::Named)
    }
}

/// The columns up to the last one that has a name.
fn named(headers: &[String]) -> &[String] {
    let last = headers.iter().rposition(|header| !header.is_empty());
    &headers[..last.map_or(0, |last| last + 1)]
}

/// The error of files whose columns are not the same. What stands in the second file is no header that anybody has
/// agreed to: it may be a customer's.
fn differs(first: &str, headers: &[String], other: &str, names: &[String]) -> anyhow::Error {
    let place = (0..headers.len().max(names.len()))
        .find(|place| headers.get(*place) != names.get(*place))
        .unwrap_or(0);
    let shown = |name: &Option<String>| match name {
        Some(name) => format!("`{name}`"),
        None => "nothing".to_owned(),
    };
    Failure::configuration(
        format!(
            "{other} has other columns than {first}: column {} is {} there and looks like {} here",
            header::position(place),
            shown(&headers.get(place).cloned()),
            shown(&names.get(place).map(|name| shape(name)))
        ),
        "files of one export have the same header row; migrate others by themselves",
    )
}

/// Bytes of a batch, of which the last row may be one more: broken rows may be of any length.
const MOST_BYTES: usize = 8 << 20;

/// A pass over all rows of an export.
#[derive(Debug)]
pub struct ExportPass {
    files: Vec<(String, RowReader<BytesReader>)>,
    counts: Vec<(u64, u64)>,
    current: usize,
}

impl ExportPass {
    /// Reads up to `most` rows into `rows`; false at the end when none were left.
    pub fn read_batch(&mut self, rows: &mut Rows, most: usize) -> anyhow::Result<bool> {
        rows.clear();
        while let Some((name, lines)) = self.files.get_mut(self.current) {
            let before = rows.len();
            let mut more = true;
            while more && rows.len() < most && rows.data.len() < MOST_BYTES {
                more = lines
                    .next(rows)
                    .with_context(|| format!("cannot read {name}"))?;
            }
            let (count, blank) = &mut self.counts[self.current];
            *count += (rows.len() - before) as u64;
            *blank = lines.blank_lines();
            if more {
                break;
            }
            self.current += 1;
        }
        Ok(!rows.is_empty())
    }

    /// By file: rows and blank lines so far.
    pub fn counts(&self) -> &[(u64, u64)] {
        &self.counts
    }

    /// Blank lines of all files so far.
    pub fn blank_lines(&self) -> u64 {
        self.counts.iter().map(|(_, blank)| blank).sum()
    }
}
