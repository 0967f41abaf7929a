//! An export: one file or several that are one, whatever they are made of, as rows that can be read at any place.
//!
//! Owner of [`Export`], of what is found out about each file ([`Found`]), and of the passes over them. A CSV file in UTF-8
//! is read where it lies. Whatever cannot seek (packed, in another encoding, a workbook) is read once, in sequence, into a
//! [`Spool`], and from there like a CSV. Invariants: offsets count through all files, so that a row is known by one number
//! whatever file it stands in; what is found depends on the files and the settings only; opening looks at the beginnings of the files,
//! so that mistakes in a mapping are told before anything is unpacked.
//! Left out on purpose: how a dialect, an encoding or a header row are told (`dialect`, `encoding`).

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use regex::Regex;

use super::container::{self, Container};
use super::dialect;
use super::encoding::Encoding;
use super::found::Found;
use super::lines::{Form, Lines};
use super::shape::shape;
use super::spool::Spool;
use super::transcode::Transcode;
use super::workbook::{Choice, Workbook};
use super::{Again, Cell, Position, Row, Rows, header};
use crate::error::Failure;

/// Bytes at a file's beginning from which everything is found.
const SAMPLE: usize = 1 << 20;
/// Further blocks that the encoding is found from, and their size.
const BLOCKS: u64 = 16;
const BLOCK: usize = 64 << 10;
/// Rows in which the header is looked for.
const FIRST_ROWS: usize = dialect::HEADER_WITHIN;
/// The most files of one export: each stays open.
const MOST_FILES: usize = 500;

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
}

/// Which sheet of a workbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sheet {
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
    fn no_header(self) -> &'static str {
        match self {
            SetBy::Settings => {
                "set `header` under [source]: the number of the header's line, or false where there is none, and name columns by position (`#1`)"
            }
            SetBy::Arguments => {
                "add --no-header where there is none, or --header LINE with the number of its line"
            }
        }
    }

    /// What to do where the header is not where it is said to be.
    fn other_header(self) -> &'static str {
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
    /// Between cells.
    pub delimiter: Option<u8>,
    /// Around cells; `Some(None)`: there are no quotes.
    pub quote: Option<Option<u8>>,
    /// Header.
    pub header: HeaderRow,
    /// Of a workbook.
    pub sheet: Option<Sheet>,
    /// Rows whose first cell that is not empty fits one of these are left out.
    pub skip_if: Vec<Regex>,
    /// Where all this is set.
    pub set_by: SetBy,
}

/// Why a row is left out before anything is read of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// It repeats the header row.
    Header,
    /// It is one of those that `skip_if` names.
    Named,
}

impl Skipped {
    /// All of them, in order.
    pub const ALL: [Skipped; 2] = [Skipped::Header, Skipped::Named];

    /// The reason.
    pub fn text(self) -> &'static str {
        match self {
            Skipped::Header => "repeats the header row",
            Skipped::Named => "`skip_if` names it",
        }
    }
}

/// Bytes that can be read at any place.
#[derive(Debug)]
enum Bytes {
    File(File),
    Spool(Arc<Spool>, u64),
}

impl Bytes {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Bytes::File(file) => file.read_at(buffer, offset),
            Bytes::Spool(spool, start) => spool.read_at(buffer, start + offset),
        }
    }
}

/// A reader from a place on.
#[derive(Debug)]
struct At {
    bytes: Arc<Bytes>,
    offset: u64,
    end: u64,
}

impl Read for At {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.end - self.offset).unwrap_or(usize::MAX);
        let most = most.min(buffer.len());
        let count = self.bytes.read_at(&mut buffer[..most], self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}

/// The text of a file.
enum Text {
    /// It lies there, and is so long.
    File(File, u64),
    /// It still has to go into the spool: its beginning, and the rest.
    Stream(Vec<u8>, Box<dyn Read + Send>),
}

/// One file whose beginning was looked at.
struct Head {
    path: PathBuf,
    text: Text,
    /// Offset in the file, and line, of the first row behind the header.
    first: (u64, u64),
    form: Form,
    found: Found,
}

/// An export whose beginning was looked at: enough to compile a mapping.
pub struct Opened {
    name: String,
    heads: Vec<Head>,
    headers: Vec<String>,
    has_header: bool,
    skip_if: Vec<Regex>,
}

/// One file.
#[derive(Debug)]
struct Part {
    path: PathBuf,
    bytes: Arc<Bytes>,
    /// Bytes of its text.
    length: u64,
    /// Offset of its first byte among all files.
    base: u64,
    first: (u64, u64),
    form: Form,
    found: Found,
}

/// An export.
#[derive(Debug)]
pub struct Export {
    name: String,
    parts: Vec<Part>,
    headers: Vec<String>,
    has_header: bool,
    skip_if: Vec<Regex>,
}

/// The error of a file that cannot be opened.
fn cannot_open(path: &Path, error: &io::Error) -> anyhow::Error {
    Failure::configuration(
        format!("cannot open {}: {error}", path.display()),
        "check the name of the file, and who may read it",
    )
}

/// Opens a plain file; a pipe or a folder is refused without being opened.
fn plain_file(path: &Path) -> io::Result<File> {
    // Looked at before it is opened: opening a pipe would wait for a writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a file that can be read twice"));
    }
    File::open(path)
}

/// The files that a name of the settings means, in the order of their names.
fn files(dir: &Path, name: &str) -> anyhow::Result<Vec<PathBuf>> {
    let path = dir.join(name);
    if path.exists() || !name.contains(['*', '?', '[']) {
        return Ok(vec![path]);
    }
    let wrong = |why: String| {
        Failure::configuration(
            why,
            "`*` stands for any part of a name; check `file` in migration.toml",
        )
    };
    // The folder is no pattern, whatever its name.
    let folder = glob::Pattern::escape(&dir.to_string_lossy());
    let all = glob::glob(&Path::new(&folder).join(name).to_string_lossy())
        .map_err(|error| wrong(format!("\"{name}\" is no pattern: {error}")))?;
    let mut files = Vec::new();
    for path in all {
        let path = path.map_err(|error| cannot_open(error.path(), error.error()))?;
        if path.is_file() {
            files.push(path);
        }
    }
    match files.len() {
        0 => Err(wrong(format!("no file fits \"{name}\""))),
        count if count > MOST_FILES => Err(wrong(format!(
            "{count} files fit \"{name}\"; {MOST_FILES} is the most"
        ))),
        _ => Ok(files),
    }
}

/// What the beginning of a file tells.
struct Start {
    /// Where the text is read when it need not be made first.
    file: Option<(File, u64)>,
    rest: Box<dyn Read + Send>,
    /// The text, from its first byte on.
    text: Vec<u8>,
    /// Whether that is all of it.
    whole: bool,
    /// Bytes before the text.
    skip: u64,
    found: Found,
}

/// Reads until the buffer is full or nothing is left.
fn read_start(reader: &mut impl Read, most: usize) -> io::Result<(Vec<u8>, bool)> {
    let mut start = Vec::new();
    reader.take(most as u64).read_to_end(&mut start)?;
    let whole = start.len() < most;
    Ok((start, whole))
}

fn start(path: &Path, name: &str, options: &Options) -> anyhow::Result<Start> {
    let file = plain_file(path).map_err(|error| cannot_open(path, &error))?;
    let unreadable = || format!("cannot read {name}");
    let mut magic = [0; 512];
    let count = file.read_at(&mut magic, 0).with_context(unreadable)?;
    let container = container::of(&magic[..count])
        .map_err(|why| Failure::configuration(format!("{name} cannot be read: {why}"), ""))?;
    let mut found = Found::new(name, container);
    if container == Container::Workbook {
        let choice = match &options.sheet {
            None => Choice::First,
            Some(Sheet::Name(name)) => Choice::Name(name.clone()),
            Some(Sheet::Number(number)) => Choice::Number(*number),
        };
        let mut workbook = Workbook::open(file, name, &choice)?;
        found.workbook(workbook.head(), options.sheet.is_none());
        let (text, whole) = read_start(&mut workbook, SAMPLE)?;
        return Ok(Start {
            file: None,
            rest: Box::new(workbook),
            text,
            whole,
            skip: 0,
            found,
        });
    }
    if options.sheet.is_some() {
        return Err(Failure::configuration(
            format!("{name} is no workbook and has no sheets"),
            "take `sheet` away, or name another file",
        ));
    }
    let plain = container == Container::Plain;
    let size = file.metadata().with_context(unreadable)?.len();
    let mut reader: Box<dyn Read + Send> = match plain {
        true => Box::new(file.try_clone().with_context(unreadable)?),
        false => container::reader(file.try_clone().with_context(unreadable)?, container)
            .with_context(unreadable)?,
    };
    let (text, whole) = read_start(&mut reader, SAMPLE).with_context(unreadable)?;
    let mut blocks = vec![text];
    if plain && !whole {
        for number in 1..=BLOCKS {
            let mut block = vec![0; BLOCK];
            // Even, or UTF-16 would be cut inside of a character.
            let step = size.saturating_sub(SAMPLE as u64) / BLOCKS;
            let offset = SAMPLE as u64 + ((step * (number - 1)) & !1);
            let count = file.read_at(&mut block, offset).with_context(unreadable)?;
            block.truncate(count);
            blocks.push(block);
        }
    }
    let parts: Vec<&[u8]> = blocks.iter().map(Vec::as_slice).collect();
    let guess = Encoding::find(&parts);
    let encoding = options.encoding.unwrap_or(guess.encoding);
    let bom = encoding.bom(&blocks[0]);
    found.encoding = Some(encoding);
    let mut text = blocks.swap_remove(0);
    if encoding == Encoding::Utf8 {
        text.drain(..bom);
        return Ok(Start {
            file: plain.then_some((file, size)),
            rest: reader,
            text,
            whole,
            skip: if plain { bom as u64 } else { 0 },
            found,
        });
    }
    let mut decoded = Transcode::new(io::Cursor::new(text).chain(reader), encoding, bom);
    let (text, whole) = read_start(&mut decoded, SAMPLE).with_context(unreadable)?;
    Ok(Start {
        file: None,
        rest: Box::new(decoded),
        text,
        whole,
        skip: 0,
        found,
    })
}

/// The cells of the first rows, each with its line, and what stands behind it: offset and line.
type FirstRows = Vec<(Vec<String>, u64, (u64, u64))>;

fn first_rows(text: &[u8], form: Form, line: u64) -> FirstRows {
    let mut lines = Lines::new(text, form, 0, line);
    let (mut all, mut rows) = (Vec::new(), Rows::default());
    // Reading from memory cannot fail.
    while all.len() < FIRST_ROWS && lines.next(&mut rows).unwrap_or(false) {
        for (at, row) in rows.iter() {
            let cells = row.cells().map(|cell| match cell {
                Cell::Text(text) => text.to_owned(),
                Cell::Broken(_) => char::REPLACEMENT_CHARACTER.to_string(),
            });
            all.push((cells.collect(), at.row, lines.next_at()));
        }
        rows.clear();
    }
    all
}

fn head(path: PathBuf, name: String, options: &Options) -> anyhow::Result<(Head, Vec<String>)> {
    let Start {
        file,
        rest,
        text,
        whole,
        skip,
        mut found,
    } = start(&path, &name, options)?;
    let sheet = found.sheet.is_some();
    let set = dialect::Set {
        delimiter: if sheet { Some(b',') } else { options.delimiter },
        quote: if sheet {
            Some(Some(b'"'))
        } else {
            options.quote
        },
    };
    let guess = dialect::find(&text, whole, set);
    let mut form = Form {
        delimiter: guess.dialect.delimiter,
        quote: guess.dialect.quote,
        width: 0,
        sheet,
    };
    // A first line like `sep=;` is a message to Excel, and no row.
    let skip = skip + guess.sep as u64;
    let first_line = 1 + u64::from(guess.sep > 0);
    let rows = first_rows(&text[guess.sep..], form, first_line);
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
    let behind = &rows[place.map_or(0, |place| place + 1).min(rows.len())..];
    fit(&mut headers, behind, sheet);
    form.width = headers.len();
    found.form(form, &headers);
    let head = Head {
        text: match file {
            Some((file, length)) => Text::File(file, length),
            None => Text::Stream(text, rest),
        },
        first: (skip + first.0, first.1),
        form,
        found,
        path,
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
        return Err(Failure::configuration(
            format!("{name} is empty: not even a header row"),
            "check that the export ran to its end",
        ));
    }
    match options.header {
        HeaderRow::None => Ok(None),
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
    dialect::header_row(&cells) == Some(0)
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

impl Opened {
    /// Looks at the beginnings of the files that a name of the settings means, in a folder.
    pub fn new(dir: &Path, name: &str, options: &Options) -> anyhow::Result<Opened> {
        let mut heads: Vec<Head> = Vec::new();
        let mut headers: Vec<String> = Vec::new();
        for path in files(dir, name)? {
            let own = path
                .strip_prefix(dir)
                .unwrap_or(&path)
                .display()
                .to_string();
            let (head, names) = head(path, own, options)?;
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
        Ok(Opened {
            name: name.to_owned(),
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

    /// Refuses a workbook of which nobody has said which sheet is read, where there are several.
    pub fn one_sheet(self) -> anyhow::Result<Opened> {
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
        mut each_block: impl FnMut(u64) -> anyhow::Result<()>,
    ) -> anyhow::Result<Export> {
        let mut spool: Option<Spool> = None;
        let mut lengths = Vec::new();
        let mut heads = Vec::new();
        for head in self.heads {
            let Head {
                path,
                text,
                first,
                form,
                found,
            } = head;
            let (file, length) = match text {
                Text::File(file, length) => (Ok(file), length),
                Text::Stream(start, rest) => {
                    let spool = match &mut spool {
                        Some(spool) => spool,
                        none => {
                            none.insert(Spool::new(folder).context("cannot make a temporary file")?)
                        }
                    };
                    let from = spool.length();
                    spool
                        .append(io::Cursor::new(start).chain(rest), &mut each_block)
                        .map_err(|error| unread(error, &found.file))?;
                    (Err(from), spool.length() - from)
                }
            };
            lengths.push(length);
            heads.push((path, file, first, form, found));
        }
        let spool = spool.map(Arc::new);
        let mut parts = Vec::with_capacity(heads.len());
        let mut base = 0;
        for ((path, file, first, form, found), length) in heads.into_iter().zip(lengths) {
            let bytes = match (file, &spool) {
                (Ok(file), _) => Bytes::File(file),
                (Err(from), Some(spool)) => Bytes::Spool(spool.clone(), from),
                (Err(_), None) => anyhow::bail!("{} was not unpacked", found.file),
            };
            parts.push(Part {
                path,
                bytes: Arc::new(bytes),
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

    /// The files: the name of each as a person would write it, and its path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Path)> {
        let parts = self.parts.iter();
        parts.map(|part| (part.found.file.as_str(), part.path.as_path()))
    }

    /// What was found out about each file.
    pub fn found(&self) -> impl Iterator<Item = &Found> {
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
    pub fn pass(&self) -> Pass {
        let files = self.parts.iter().map(|part| {
            let at = At {
                bytes: part.bytes.clone(),
                offset: part.first.0,
                end: part.length,
            };
            let offset = part.base + part.first.0;
            let lines = Lines::new(at, part.form, offset, part.first.1);
            (part.found.file.clone(), lines)
        });
        Pass {
            files: files.collect(),
            counts: vec![(0, 0); self.parts.len()],
            current: 0,
        }
    }

    /// Reads the row at a place again.
    pub fn read<'r>(&self, at: Position, again: &'r mut Again) -> io::Result<Row<'r>> {
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
    pub fn skipped(&self, row: &Row<'_>) -> Option<Skipped> {
        let first = row.cell(0);
        if self.has_header
            && self
                .headers
                .first()
                .is_some_and(|header| first == Cell::Text(header))
            && (row.cells().zip(&self.headers)).all(|(cell, header)| cell == Cell::Text(header))
        {
            return Some(Skipped::Header);
        }
        if self.skip_if.is_empty() {
            return None;
        }
        let text = row.cells().find_map(|cell| match cell {
            Cell::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        })?;
        let named = self.skip_if.iter().any(|pattern| pattern.is_match(text));
        named.then_some(Skipped::Named)
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

/// One pass over an export.
#[derive(Debug)]
pub struct Pass {
    files: Vec<(String, Lines<At>)>,
    counts: Vec<(u64, u64)>,
    current: usize,
}

impl Pass {
    /// Reads up to `most` rows into `rows`; false at the end when none were left.
    pub fn read_batch(&mut self, rows: &mut Rows, most: usize) -> anyhow::Result<bool> {
        rows.clear();
        while let Some((name, lines)) = self.files.get_mut(self.current) {
            let before = rows.len();
            let mut more = true;
            while more && rows.len() < most {
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
