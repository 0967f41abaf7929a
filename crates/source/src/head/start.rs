//! What kind of file it is, by its first bytes, and its text from there on.
//!
//! Owner of [`Start`] and of opening what is packed, a workbook, of fixed width, JSON or plain text. Left out on purpose: what is
//! found in the text (`head`).

use std::io::{self, Read};
use std::sync::Arc;

use anyhow::Context;

use crate::bytes::Bytes;
use crate::container::Container;
use crate::encoding::Encoding;
use crate::export::{Options, SheetSetting};
use crate::fixed::reader::{FixedReader, not_whole};
use crate::fixed::{Layout, RecordForm};
use crate::found::DetectedFile;
use crate::json::{self, JsonReader, PieceForm};
use crate::packed::{self, UnpackedFile};
use crate::place::OpenedPlace;
use crate::transcode::{self, Transcode};
use crate::workbook::{SheetChoice, Workbook};
use bakkt_model::error::Failure;

/// Bytes at a file's beginning from which everything is found.
const SAMPLE: usize = 1 << 20;
/// Further blocks that the encoding is found from, and their size.
const BLOCKS: u64 = 16;
const BLOCK: usize = 64 << 10;

/// What the beginning of a file tells.
pub(super) struct Start {
    /// Where the text is read when it need not be made first.
    pub file: Option<(Arc<Bytes>, u64)>,
    pub rest: Box<dyn Read + Send>,
    /// The text, from its first byte on.
    pub text: Vec<u8>,
    /// Whether that is all of it.
    pub whole: bool,
    /// Bytes before the text.
    pub skip: u64,
    pub found: DetectedFile,
    /// The text in another encoding in which it reads as well, and which that is.
    pub doubt: Option<(Encoding, Vec<u8>)>,
    /// The names of its columns, where the format says them; the text is that of `records` then.
    pub columns: Option<Vec<String>>,
}

/// Reads until the buffer is full or nothing is left.
fn read_start(reader: &mut impl Read, most: usize) -> io::Result<(Vec<u8>, bool)> {
    let mut start = Vec::new();
    reader.take(most as u64).read_to_end(&mut start)?;
    let whole = start.len() < most;
    Ok((start, whole))
}

pub(super) fn start(opened: OpenedPlace, options: &Options) -> anyhow::Result<Start> {
    let name = opened.name.as_str();
    let unreadable = || format!("cannot read {name}");
    let unpacked = packed::unpack(opened.bytes, name, options, &opened.folder)?;
    let mut found = DetectedFile::new(name, unpacked.format("CSV"));
    if unpacked.container == Container::Workbook {
        let choice = match &options.sheet {
            None => SheetChoice::First,
            Some(SheetSetting::Name(name)) => SheetChoice::Name(name.clone()),
            Some(SheetSetting::Number(number)) => SheetChoice::Number(*number),
        };
        let file = packed::as_file(&unpacked.stream, name)?;
        let mut workbook = Workbook::open(file, name, &choice)?;
        found.workbook(workbook.head(), options.sheet.is_none(), options.set_by);
        found.format = unpacked.format(&found.format);
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
    let mut decoded =
        Transcode::new(io::Cursor::new(text).chain(reader), encoding, bom).whole_file(name);
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
    let unreadable = || format!("cannot read {name}");
    // A mark of UTF-8 before the first record belongs to none, also where the records are ASCII.
    let bom = match table[usize::from(b'A')] {
        Some('A') => Encoding::Utf8.bom(&unpacked.stream.start().with_context(unreadable)?),
        _ => 0,
    };
    let size = unpacked.stream.bytes();
    let size = size.map(|(_, size)| size.saturating_sub(bom as u64));
    if let (RecordForm::Length(length), Some(size)) = (layout.form, size)
        && size % length as u64 > 0
    {
        return Err(not_whole(name, size, length).into());
    }
    let mut found = DetectedFile::new(name, unpacked.format("fixed width"));
    found.encoding = Some(encoding);
    found.layout = Some(layout.clone());
    let mut reader = unpacked.stream.open().with_context(unreadable)?;
    reader
        .read_exact(&mut [0; 3][..bom])
        .with_context(unreadable)?;
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
        if let Some((line, flaw)) = columns.first_broken() {
            return Err(Failure::configuration(
                format!(
                    "no object of {name} can be read; line {line}: {}",
                    flaw.text()
                ),
                "export again in JSON as RFC 8259 has it: one object for each customer, in an array or one a line",
            ));
        }
        let why = match form {
            PieceForm::Array => "its array holds no object with a key, so it has no rows",
            PieceForm::Lines | PieceForm::Objects => "it has no object with a key",
        };
        return Err(empty(name, why));
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
    found.remarks.extend(match &rows {
        Some(rows) => json::array_beside_remark(rows, &names),
        None => json::arrays_remark(&names),
    });
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
pub(super) fn empty(name: &str, why: &str) -> anyhow::Error {
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
