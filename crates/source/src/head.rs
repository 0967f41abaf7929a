//! The beginning of a file: what it is, which row is its header, and where its rows begin.
//!
//! Owner of opening the files that a name of the settings means, and of everything that is found from their first bytes.
//! Invariants: a pipe or a folder is refused without being opened; no cell is ever shown. Left out on purpose: reading on
//! (`export`), and how a dialect, an encoding or a header row are told (`dialect`, `encoding`).

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;

use super::bytes::Bytes;
use super::container::Container;
use super::dialect;
use super::doubt;
use super::encoding::Encoding;
use super::export::{HeaderRow, Options, SheetSetting};
use super::fixed::reader::{FixedReader, not_whole};
use super::fixed::{Layout, RecordForm};
use super::found::DetectedFile;
use super::json::{self, JsonReader, PieceForm};
use super::lines::{MOST_COLUMNS, RowFormat, RowReader};
use super::packed::{self, UnpackedFile};
use super::transcode::{self, Transcode};
use super::wide::{self, DelimiterReplacer};
use super::workbook::{SheetChoice, Workbook};
use super::{Cell, Flaw, Rows};
use bakkt_model::error::{Failure, ShownPath, unreadable};

/// Bytes at a file's beginning from which everything is found.
const SAMPLE: usize = 1 << 20;
/// Further blocks that the encoding is found from, and their size.
const BLOCKS: u64 = 16;
const BLOCK: usize = 64 << 10;
/// Rows in which the header is looked for.
const FIRST_ROWS: usize = dialect::HEADER_WITHIN;
/// The most files of one export: each stays open.
const MOST_FILES: usize = 500;

/// The text of a file.
pub(super) enum FileText {
    /// It can be read at any place, and ends there.
    Bytes(Arc<Bytes>, u64),
    /// It still has to go into the spool: its beginning, and the rest.
    Stream(Vec<u8>, Box<dyn Read + Send>),
}

/// A file whose beginning was read: its text, layout and first row.
pub(super) struct FileHead {
    pub path: PathBuf,
    pub text: FileText,
    /// Offset in the file, and line, of the first row behind the header.
    pub first: (u64, u64),
    pub form: RowFormat,
    pub found: DetectedFile,
}

/// The error of a file that cannot be opened.
fn cannot_open(path: &Path, error: &io::Error) -> anyhow::Error {
    unreadable(
        &format!("open {}", path.shown()),
        error,
        "check the name of the file, and who may read it",
    )
}

/// Opens a plain file; a pipe or a folder is refused without being opened.
fn plain_file(path: &Path) -> io::Result<File> {
    // Looked at before it is opened: opening a pipe would wait for a writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is a folder, a pipe or a device; give a regular file",
        ));
    }
    File::open(path)
}

/// The files that a name of the settings means, in the order of their names.
pub(super) fn files(dir: &Path, name: &str) -> anyhow::Result<Vec<PathBuf>> {
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
    file: Option<(Arc<Bytes>, u64)>,
    rest: Box<dyn Read + Send>,
    /// The text, from its first byte on.
    text: Vec<u8>,
    /// Whether that is all of it.
    whole: bool,
    /// Bytes before the text.
    skip: u64,
    found: DetectedFile,
    /// The text in another encoding in which it reads as well, and which that is.
    doubt: Option<(Encoding, Vec<u8>)>,
    /// The names of its columns, where the format says them; the text is that of `records` then.
    columns: Option<Vec<String>>,
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
    let workbook = file.try_clone().with_context(unreadable)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let unpacked = packed::unpack(file, name, options, folder)?;
    let mut found = DetectedFile::new(name, unpacked.format("CSV"));
    if unpacked.container == Container::Workbook {
        if !unpacked.containers.is_empty() {
            return Err(packed::refused(
                name,
                "it is a packed workbook; unpack it and name the workbook",
            ));
        }
        let choice = match &options.sheet {
            None => SheetChoice::First,
            Some(SheetSetting::Name(name)) => SheetChoice::Name(name.clone()),
            Some(SheetSetting::Number(number)) => SheetChoice::Number(*number),
        };
        let mut workbook = Workbook::open(workbook, name, &choice)?;
        found.workbook(workbook.head(), options.sheet.is_none(), options.set_by);
        let (text, whole) = read_start(&mut workbook, SAMPLE)?;
        return Ok(Start {
            file: None,
            rest: Box::new(workbook),
            text,
            whole,
            skip: 0,
            found,
            doubt: None,
            columns: None,
        });
    }
    if options.sheet.is_some() {
        return Err(Failure::configuration(
            format!("{name} is no workbook and has no sheets"),
            "take `sheet` away, or name another file",
        ));
    }
    if unpacked.container == Container::Json && options.layout.is_none() {
        return json_start(&unpacked, name, options);
    }
    if let Some(rows) = &options.rows {
        return Err(Failure::configuration(
            format!("{name} is not JSON and has no array `{}`", rows.array),
            "take `rows` away, or name another file",
        ));
    }
    if let Some(layout) = &options.layout {
        return fixed_start(&unpacked, name, layout, options.encoding);
    }
    let plain = unpacked.stream.bytes();
    let mut reader = unpacked.stream.open().with_context(unreadable)?;
    let (text, whole) = read_start(&mut reader, SAMPLE).with_context(unreadable)?;
    let mut blocks = vec![text];
    if let Some((bytes, size)) = plain.filter(|_| !whole) {
        for number in 1..=BLOCKS {
            let mut block = vec![0; BLOCK];
            // Even, or UTF-16 would be cut inside of a character.
            let step = size.saturating_sub(SAMPLE as u64) / BLOCKS;
            let offset = SAMPLE as u64 + ((step * (number - 1)) & !1);
            let count = bytes.read_at(&mut block, offset).with_context(unreadable)?;
            block.truncate(count);
            blocks.push(block);
        }
    }
    refuse_utf32(&blocks[0], name)?;
    let parts: Vec<&[u8]> = blocks.iter().map(Vec::as_slice).collect();
    let guess = Encoding::find(&parts);
    let set = options.encoding;
    let set = set.filter(|_| !(options.certain_encoding && guess.is_confident));
    let encoding = set.unwrap_or(guess.encoding);
    let bom = encoding.bom(&blocks[0]);
    found.encoding = Some(encoding);
    found.is_encoding_found = set.is_none();
    if set.is_none() && !guess.is_confident && guess.rival.is_none() && encoding != Encoding::Utf8 {
        found.remarks.push(format!(
            "the encoding is found to be {} ({}): {} confirms it",
            encoding.word(),
            guess.why,
            options.set_by.encoding_is(encoding.word())
        ));
    }
    let mut text = blocks.swap_remove(0);
    let doubt = guess.rival.filter(|_| set.is_none());
    let doubt = doubt.map(|rival| (rival, transcode::whole(rival, &text)));
    if encoding == Encoding::Utf8 {
        text.drain(..bom);
        return Ok(Start {
            file: plain.map(|(bytes, size)| (bytes.clone(), size)),
            rest: reader,
            text,
            whole,
            skip: if plain.is_some() { bom as u64 } else { 0 },
            found,
            doubt,
            columns: None,
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
        doubt,
        columns: None,
    })
}

/// The beginning of a file of fixed width.
fn fixed_start(
    unpacked: &UnpackedFile,
    name: &str,
    layout: &Arc<Layout>,
    encoding: Option<Encoding>,
) -> anyhow::Result<Start> {
    let encoding = encoding.unwrap_or(Encoding::Utf8);
    let Some(table) = transcode::characters(encoding) else {
        return Err(Failure::configuration(
            format!(
                "{name} has a layout, which counts bytes, and characters of {} may take several",
                encoding.word()
            ),
            "say what its single bytes are with `encoding`, such as cp037, windows-1252 or utf-8 (for ASCII)",
        ));
    };
    let size = unpacked.stream.bytes().map(|(_, size)| size);
    if let (RecordForm::Length(length), Some(size)) = (layout.form, size)
        && size % length as u64 > 0
    {
        return Err(not_whole(name, size, length).into());
    }
    let mut found = DetectedFile::new(name, unpacked.format("fixed width"));
    found.encoding = Some(encoding);
    found.layout = Some(layout.clone());
    let reader = unpacked.stream.open();
    let reader = reader.with_context(|| format!("cannot read {name}"))?;
    let reader = FixedReader::new(reader, name, layout.clone(), table);
    records_start(Box::new(reader), name, layout.names(), found)
}

/// The beginning of a JSON file, which is read through for its columns.
fn json_start(unpacked: &UnpackedFile, name: &str, options: &Options) -> anyhow::Result<Start> {
    let unreadable = || format!("cannot read {name}");
    let other = options.encoding.filter(|it| *it != Encoding::Utf8);
    let start = unpacked.stream.start().with_context(unreadable)?;
    if other.is_some() || start.contains(&0) {
        return Err(Failure::configuration(
            format!("{name} is JSON and not written in UTF-8"),
            "JSON is written in UTF-8: export it so, and set no other `encoding`",
        ));
    }
    let bom = Encoding::Utf8.bom(&start);
    let open = || -> io::Result<Box<dyn Read + Send>> {
        let mut reader = unpacked.stream.open()?;
        reader.read_exact(&mut [0; 3][..bom])?;
        Ok(reader)
    };
    let form = PieceForm::of(&start[bom..]);
    let rows = options.rows.clone();
    let columns = json::columns(open().with_context(unreadable)?, name, form, rows.as_ref());
    let columns = columns.with_context(unreadable)?;
    let names = columns.names();
    if names.is_empty() {
        return Err(empty(name, "it has no object with a key"));
    }
    if let Some(rows) = &rows {
        json::refuse_unknown_array(name, rows, &names)?;
    }
    let word = match form {
        PieceForm::Lines => "JSON lines",
        PieceForm::Objects | PieceForm::Array => "JSON",
    };
    let mut found = DetectedFile::new(name, unpacked.format(word));
    found.rows_of = rows.as_ref().map(|rows| rows.array.clone());
    if rows.is_none() {
        found.remarks.extend(json::arrays_remark(&names));
    }
    let reader = open().with_context(unreadable)?;
    let reader = JsonReader::new(reader, name, form, Arc::new(columns), rows);
    records_start(Box::new(reader), name, names, found)
}

/// The beginning of a text that `records` writes.
fn records_start(
    mut reader: Box<dyn Read + Send>,
    name: &str,
    columns: Vec<String>,
    mut found: DetectedFile,
) -> anyhow::Result<Start> {
    let (text, whole) =
        read_start(&mut reader, SAMPLE).with_context(|| format!("cannot read {name}"))?;
    if text.is_empty() {
        return Err(empty(name, "it has no records"));
    }
    found.named(&columns);
    Ok(Start {
        file: None,
        rest: reader,
        text,
        whole,
        skip: 0,
        found,
        doubt: None,
        columns: Some(columns),
    })
}

/// The error of a file without anything to read.
fn empty(name: &str, why: &str) -> anyhow::Error {
    Failure::configuration(
        format!("{name} is empty: {why}"),
        "check that the export ran to its end",
    )
}

/// Refuses what has the byte order mark of UTF-32: that of UTF-16, and two NULs.
fn refuse_utf32(start: &[u8], name: &str) -> anyhow::Result<()> {
    let marks: [&[u8]; 2] = [b"\xFF\xFE\0\0", b"\0\0\xFE\xFF"];
    match marks.iter().any(|mark| start.starts_with(mark)) {
        true => Err(Failure::configuration(
            format!("{name} is written in UTF-32, which is not read here"),
            "save the export as UTF-8",
        )),
        false => Ok(()),
    }
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
    path: PathBuf,
    name: String,
    options: &Options,
) -> anyhow::Result<(FileHead, Vec<String>)> {
    let Start {
        mut file,
        mut rest,
        mut text,
        whole,
        mut skip,
        mut found,
        doubt,
        columns,
    } = start(&path, &name, options)?;
    if let Some(headers) = columns {
        let head = FileHead {
            path,
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
