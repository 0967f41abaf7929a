//! What a file is, by its first bytes, and the bytes that a compressed one holds.
//!
//! Owner of [`Container`] and of the table of formats that no export is read from, each with what to do about it.
//! Invariants: the name of a file decides nothing; memory does not grow with the file: a zstd frame may ask for a
//! window of at most 128 MB. Left out on purpose: how much comes out of a compressed file, which whoever spools it
//! bounds, and what a workbook holds.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};

use flate2::bufread::MultiGzDecoder;

/// How many bytes of a file's beginning [`of`] wants to see; a shorter file gives what it has.
pub const START: usize = 512;

/// Base-2 logarithm of the largest window that a zstd frame may ask for.
const WINDOW_LOG: u32 = 27;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// Text, as far as its first bytes say.
    Plain,
    /// One gzip member or several.
    Gzip,
    /// One zstd frame or several.
    Zstd,
    /// A zip or OLE file with the parts of a workbook.
    Workbook,
}

/// First bytes that say what a file is, and what to do about it.
const REFUSED: &[(&[u8], &str)] = &[
    (
        b"BZh",
        "it is a bzip2 file; unpack it, or pack it as .gz or .zst",
    ),
    (
        b"\xFD7zXZ\0",
        "it is an xz file; unpack it, or pack it as .gz or .zst",
    ),
    (
        b"7z\xBC\xAF\x27\x1C",
        "it is a 7z archive; unpack it and name what is in it",
    ),
    (
        b"Rar!\x1A\x07",
        "it is a RAR archive; unpack it and name what is in it",
    ),
    (
        b"\x04\x22\x4D\x18",
        "it is an lz4 file; unpack it, or pack it as .gz or .zst",
    ),
    (
        b"\x1F\x9D",
        "it is a file of compress (.Z); unpack it, or pack it as .gz or .zst",
    ),
    (
        b"%PDF-",
        "it is a PDF; ask for the data as CSV or as a workbook",
    ),
    (b"PAR1", "it is a Parquet file; export it as CSV"),
    (b"ARROW1\0\0", "it is an Arrow file; export it as CSV"),
    (b"Obj\x01", "it is an Avro file; export it as CSV"),
    (
        b"SQLite format 3\0",
        "it is an SQLite database; export the table as CSV",
    ),
    (
        b"\0\x01\0\0Standard Jet DB",
        "it is an Access database; export the table as CSV",
    ),
    (
        b"\0\x01\0\0Standard ACE DB",
        "it is an Access database; export the table as CSV",
    ),
    (
        b"{\\rtf",
        "it is a rich text document; save the table as CSV or as a workbook",
    ),
    (
        b"-----BEGIN PGP",
        "it is encrypted with PGP; decrypt it first",
    ),
    (b"\x09\x00\x04\x00", OLD_EXCEL),
    (b"\x09\x02\x06\x00", OLD_EXCEL),
    (b"\x09\x04\x06\x00", OLD_EXCEL),
    (b"\x09\x08\x08\x00", OLD_EXCEL),
    (b"\x09\x08\x10\x00", OLD_EXCEL),
];

const OLD_EXCEL: &str = "it is a workbook of an Excel before 1995; open it and save it as .xlsx";

/// Beginnings of a text file, after blanks and in any case, that say what it is.
const REFUSED_TEXTS: &[(&[u8], &str)] = &[
    (b"<!doctype html", WEB_PAGE),
    (b"<html", WEB_PAGE),
    (b"<head", WEB_PAGE),
    (b"<meta ", WEB_PAGE),
    (b"<body", WEB_PAGE),
    (b"<style", WEB_PAGE),
    (b"<table", WEB_PAGE),
    (b"<div", WEB_PAGE),
    (
        b"<?xml",
        "it is an XML file; open it in a spreadsheet program and save it as .xlsx or CSV",
    ),
    (b"{\"", JSON),
    (b"[{", JSON),
];

const WEB_PAGE: &str = "it is a web page, whatever its name says; open it in a spreadsheet program and save it as .xlsx or CSV";
const JSON: &str = "it is a JSON file; export the table as CSV";
const ARCHIVE: &str = "it is a zip archive and no workbook; unpack it and name what is in it";
const OPEN_DOCUMENT: &str =
    "it is an OpenDocument file and no spreadsheet; save the table as CSV or as a workbook";
const TAR: &str = "it is a tar archive; unpack it and name what is in it";

const GZIP: &[u8] = b"\x1F\x8B";
const ZSTD: &[u8] = b"\x28\xB5\x2F\xFD";
const ZIP: &[u8] = b"PK\x03\x04";
const EMPTY_ZIP: &[u8] = b"PK\x05\x06";
const OLE: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

/// What a file is, by its first [`START`] bytes. The error says what it is instead, and what to do.
pub fn of(start: &[u8]) -> Result<Container, &'static str> {
    if start.starts_with(GZIP) {
        return Ok(Container::Gzip);
    }
    if start.starts_with(ZSTD) || skippable_frame(start) {
        return Ok(Container::Zstd);
    }
    if start.starts_with(OLE) {
        return Ok(Container::Workbook);
    }
    if start.starts_with(ZIP) {
        return zip(start);
    }
    if start.starts_with(EMPTY_ZIP) {
        return Err(ARCHIVE);
    }
    if start.get(257..262) == Some(b"ustar") {
        return Err(TAR);
    }
    let refused = |table: &[(&[u8], &'static str)], start: &[u8]| {
        let hit = table.iter().find(|(magic, _)| {
            start.len() >= magic.len() && start[..magic.len()].eq_ignore_ascii_case(magic)
        });
        hit.map_or(Ok(()), |(_, what)| Err(*what))
    };
    let exact: Vec<_> = REFUSED
        .iter()
        .filter(|(magic, _)| start.starts_with(magic))
        .copied()
        .collect();
    refused(&exact, start)?;
    refused(REFUSED_TEXTS, &beginning(start))?;
    Ok(Container::Plain)
}

/// Metadata that a packer may put before the first frame of a zstd file.
fn skippable_frame(start: &[u8]) -> bool {
    start.get(1..4) == Some(b"\x2A\x4D\x18") && start[0] & 0xF0 == 0x50
}

/// A workbook is a zip file whose first entry has a name that workbooks have.
fn zip(start: &[u8]) -> Result<Container, &'static str> {
    let number = |at: usize| {
        start
            .get(at..at + 2)
            .map_or(0, |two| usize::from(two[0]) | usize::from(two[1]) << 8)
    };
    let (name_length, extra_length) = (number(26), number(28));
    let name = start.get(30..30 + name_length).unwrap_or_default();
    if name == b"mimetype" {
        let content = &start[(30 + name_length + extra_length).min(start.len())..];
        let sheet = content.starts_with(b"application/vnd.oasis.opendocument.spreadsheet");
        return if sheet {
            Ok(Container::Workbook)
        } else {
            Err(OPEN_DOCUMENT)
        };
    }
    let parts: [&[u8]; 5] = [
        b"[Content_Types].xml",
        b"_rels/",
        b"docProps/",
        b"xl/",
        b"customXml/",
    ];
    if parts.iter().any(|part| name.starts_with(part)) {
        Ok(Container::Workbook)
    } else {
        Err(ARCHIVE)
    }
}

/// The first characters of a text in whatever UTF, without a byte order mark and blanks.
fn beginning(start: &[u8]) -> Vec<u8> {
    let text = start
        .strip_prefix(b"\xEF\xBB\xBF".as_slice())
        .unwrap_or(start);
    let wide = [b"\xFF\xFE".as_slice(), b"\xFE\xFF"]
        .iter()
        .find_map(|mark| text.strip_prefix(*mark));
    let bytes = wide.unwrap_or(text).iter().copied();
    bytes
        .filter(|byte| wide.is_none() || *byte != 0)
        .skip_while(u8::is_ascii_whitespace)
        .collect()
}

/// The bytes that a file holds, from its beginning. A workbook has none to read in this way.
pub fn reader(mut file: File, container: Container) -> io::Result<Box<dyn Read + Send>> {
    file.rewind()?;
    Ok(match container {
        Container::Plain => Box::new(file),
        Container::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(
            64 << 10,
            file,
        ))),
        Container::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::new(file)?;
            decoder.window_log_max(WINDOW_LOG)?;
            Box::new(decoder)
        }
        Container::Workbook => {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "a workbook is not read as text",
            ));
        }
    })
}
