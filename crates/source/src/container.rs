//! What a file is, by its first bytes, and the bytes that a compressed one holds.
//!
//! Owner of [`Container`] and of the table of formats that no export is read from, each with what to do about it.
//! Invariants: the name of a file decides nothing; memory does not grow with the file: a zstd frame may ask for a
//! window of at most 128 MB. Left out on purpose: how much comes out of a compressed file, which whoever spools it
//! bounds, and what a workbook holds.

mod refused;

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use refused::{
    ARROW, BZIP2, COMMENT, DBF, EMPTY_ARCHIVE, OPEN_DOCUMENT, ORC, REFUSED, REFUSED_TEXTS, SQL, TAR,
};

/// How many bytes of a file's beginning [`of`] wants to see; a shorter file gives what it has.
pub const START: usize = 512;

/// Base-2 logarithm of the largest window that a zstd frame may ask for.
const WINDOW_LOG: u32 = 27;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// Text, as far as its first bytes say.
    Plain,
    /// Objects of JSON.
    Json,
    /// One gzip member or several.
    Gzip,
    /// One zstd frame or several.
    Zstd,
    /// A zip archive of any files.
    Zip,
    /// Encrypted or signed with OpenPGP.
    OpenPgp,
    /// A zip or OLE file with the parts of a workbook.
    Workbook,
}

/// Such beginnings of JSON: of objects, of an array of them, and of arrays of something else, which are refused as what they are.
const JSON: &[&[u8]] = &[b"{\"", b"{}", b"[{", b"[[", b"[\""];
/// An array without anything in it. A header may begin so.
const EMPTY_JSON: &[u8] = b"[]";

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
        return Err(EMPTY_ARCHIVE);
    }
    if is_openpgp(start) {
        return Ok(Container::OpenPgp);
    }
    if start.get(257..262) == Some(b"ustar") {
        return Err(TAR);
    }
    // Three letters alone may be the beginning of a name.
    if start.starts_with(b"BZh") && start.get(4..10) == Some(b"1AY&SY") {
        return Err(BZIP2);
    }
    if is_dbf(start) {
        return Err(DBF);
    }
    // Three letters alone may be the beginning of a name.
    let is_binary = |part: &[u8]| {
        part.iter()
            .any(|byte| *byte < b'\t' || (14..27).contains(byte))
    };
    if start.starts_with(b"ORC") && start.get(3..12).is_some_and(is_binary) {
        return Err(ORC);
    }
    // A message begins with FFFFFFFF, its length, and the place of its table. So may a record of fixed width, but for the zeros.
    if let [0xFF, 0xFF, 0xFF, 0xFF, _, _, 0, 0, _, 0, 0, 0, ..] = start {
        return Err(ARROW);
    }
    let magic = REFUSED.iter().find(|(magic, _)| start.starts_with(magic));
    let text = beginning(start);
    let has_single_quotes = text.starts_with(b"[{'");
    if text == EMPTY_JSON || (!has_single_quotes && JSON.iter().any(|json| text.starts_with(json)))
    {
        return Ok(Container::Json);
    }
    if text.starts_with(b"/")
        && JSON
            .iter()
            .any(|json| behind_comments(start).starts_with(json))
    {
        return Err(COMMENT);
    }
    if text.starts_with(b"copy") && memchr::memmem::find(&text, b")fromstdin;").is_some() {
        return Err(SQL);
    }
    let refused = magic.or_else(|| {
        REFUSED_TEXTS
            .iter()
            .find(|(from, _)| text.starts_with(from))
    });
    refused.map_or(Ok(Container::Plain), |(_, what)| Err(*what))
}

/// A message of OpenPGP: armoured, or one that begins with the packet of a key that it is encrypted for, of a passphrase, or of a
/// signature. Their bytes are no text in any encoding.
fn is_openpgp(start: &[u8]) -> bool {
    let armour: [&[u8]; 2] = [
        b"-----BEGIN PGP MESSAGE-----",
        b"-----BEGIN PGP SIGNED MESSAGE-----",
    ];
    if armour.iter().any(|armour| start.starts_with(armour)) {
        return true;
    }
    // The tag, then a length of one or two bytes, then the version.
    let version = |at: usize| start.get(at).copied().unwrap_or(0);
    match start.first() {
        Some(0x84 | 0xc1) => matches!(version(2), 3 | 6),
        Some(0x85) => version(3) == 3,
        Some(0x8c | 0xc3) => matches!(version(2), 4..=6),
        Some(0x90 | 0xc4) => matches!(version(2), 3 | 6),
        // Compressed packets of a signed message: of no known length, zip, zlib or bzip2.
        Some(0xa3) => matches!(version(1), 1..=3),
        _ => false,
    }
}

/// A table of dBase, FoxPro and their like: a version, the day of its last change, and the table of its columns, whose length and first
/// entry must be possible. No text begins with such bytes.
fn is_dbf(start: &[u8]) -> bool {
    const VERSIONS: [u8; 8] = [0x02, 0x03, 0x30, 0x31, 0x32, 0x83, 0x8b, 0xf5];
    const TYPES: &[u8] = b"CNDLMFIBTYGP@O+";
    let [version, _, 1..=12, 1..=31, _, _, _, _, low, high, ..] = start else {
        return false;
    };
    let length = usize::from(*low) | usize::from(*high) << 8;
    let kind = start.get(32 + 11).is_some_and(|kind| TYPES.contains(kind));
    // FoxPro keeps the name of a database behind the columns.
    let is_table = |length: usize| length >= 65 && (length - 1).is_multiple_of(32);
    VERSIONS.contains(version) && kind && (is_table(length) || is_table(length.saturating_sub(263)))
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
    // Some programs write the paths of Windows.
    let name: Vec<u8> = name
        .iter()
        .map(|byte| if *byte == b'\\' { b'/' } else { *byte })
        .collect();
    if parts.iter().any(|part| name.starts_with(part)) {
        Ok(Container::Workbook)
    } else {
        Ok(Container::Zip)
    }
}

/// The first characters of a text in whatever UTF, without its byte order mark and blanks, in small letters.
fn beginning(start: &[u8]) -> Vec<u8> {
    let blank = |byte: &u8| {
        byte.is_ascii_whitespace() || matches!(byte, 0 | 0xEF | 0xBB | 0xBF | 0xFE | 0xFF)
    };
    let bytes = start.iter().filter(|byte| !blank(byte));
    bytes.map(u8::to_ascii_lowercase).collect()
}

/// What follows the comments that a text begins with, in the way of [`beginning`].
fn behind_comments(start: &[u8]) -> Vec<u8> {
    let mut rest = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    loop {
        rest = rest.trim_ascii_start();
        let end: &[u8] = match rest {
            [b'/', b'/', ..] => b"\n",
            [b'/', b'*', ..] => b"*/",
            _ => return beginning(rest),
        };
        match memchr::memmem::find(rest, end) {
            Some(at) => rest = &rest[at + end.len()..],
            None => return Vec::new(),
        }
    }
}

/// The bytes that a packed file holds. A workbook has none to read in this way.
pub(crate) fn reader(
    file: impl Read + Send + 'static,
    container: Container,
) -> io::Result<Box<dyn Read + Send>> {
    Ok(match container {
        Container::Plain | Container::Json => Box::new(file),
        Container::Gzip => {
            let file = BufReader::with_capacity(64 << 10, file);
            Box::new(UnpackedReader(GzipMembers(Some(GzDecoder::new(file)))))
        }
        Container::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::new(file)?;
            decoder.window_log_max(WINDOW_LOG)?;
            Box::new(UnpackedReader(decoder))
        }
        Container::Zip | Container::OpenPgp | Container::Workbook => {
            let what = "it is not read as text";
            return Err(io::Error::new(io::ErrorKind::Unsupported, what));
        }
    })
}

/// The members of a gzip file, one after the other. NULs behind one fill up the block of a tape or a disk, and are no member.
struct GzipMembers<R>(Option<GzDecoder<R>>);

impl<R: BufRead> Read for GzipMembers<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.0 {
            let count = member.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let padding = member.get_mut().fill_buf()?;
            let count = padding.iter().take_while(|byte| **byte == 0).count();
            match padding.len() {
                0 => self.0 = None,
                _ if count > 0 => member.get_mut().consume(count),
                _ => {
                    self.0 = self
                        .0
                        .take()
                        .map(|member| GzDecoder::new(member.into_inner()))
                }
            }
        }
        Ok(0)
    }
}

/// A decoder whose errors say what they mean to a person who has only the file.
struct UnpackedReader<R>(R);

impl<R: Read> Read for UnpackedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => io::Error::new(error.kind(), CUT),
            // Of the file itself, such as a disk that fails.
            _ if error.raw_os_error().is_some() || error.kind() == io::ErrorKind::Interrupted => {
                error
            }
            kind => io::Error::new(kind, format!("{DAMAGED} ({error})")),
        })
    }
}

const CUT: &str = "the packed data end too early; copy the file again, or pack the export again";
const DAMAGED: &str =
    "the packed data cannot be unpacked; copy the file again, or pack the export again";

#[cfg(test)]
mod tests {
    use super::refused::{SEQUENCE, SINGLE_QUOTES};
    use super::*;
    use std::io::Write;

    /// A zip file's first bytes: one entry without anything special.
    fn zip_of(name: &str, content: &str) -> Vec<u8> {
        let mut bytes = b"PK\x03\x04\x14\0\0\0\0\0".to_vec();
        bytes.resize(26, 0);
        bytes.extend([name.len() as u8, 0, 0, 0]);
        bytes.extend(name.bytes().chain(content.bytes()));
        bytes
    }

    #[test]
    fn the_first_bytes_decide() {
        let plain: &[&[u8]] = &[
            b"",
            b"ID,NAME\n",
            b"\xEF\xBB\xBFID,NAME\n",
            b"\xFF\xFEI\0D\0",
            b"PAR1,PAR2\n",
            b"BZh,NAME\n",
            b"<ID>,<NAME>\n",
            b"[ID],[NAME]\n",
            b"[],[]\n",
            b"{ID};{NAME}\n",
            b"PK,NAME\n",
            b"\tID\tNAME\n",
        ];
        for start in plain {
            assert_eq!(of(start), Ok(Container::Plain), "{start:?}");
        }
        assert_eq!(of(b"[\n  {\"id\": 1}"), Ok(Container::Json));
        assert_eq!(
            of(b"// made today\n/* by us */ [{\"id\": 1}]"),
            Err(COMMENT)
        );
        assert_eq!(of(b"// made today\nid,name\n"), Ok(Container::Plain));
        assert_eq!(of(b"\x1E{\"id\": 1}\n"), Err(SEQUENCE));
        assert_eq!(of(b"[{'id': 1}]"), Err(SINGLE_QUOTES));
        assert_eq!(of(b"\xEF\xBB\xBF{\"id\": 1}\n"), Ok(Container::Json));
        for start in [&b"[]"[..], b" [\n]\n", b"[[1, 2]]", b"[\"a\"]"] {
            assert_eq!(of(start), Ok(Container::Json), "{start:?}");
        }
        for start in [
            &b"-----BEGIN PGP MESSAGE-----\n"[..],
            b"\x85\x01\x8c\x03",
            b"\x84\x5e\x03",
            b"\x8c\x0d\x04\x09",
            b"\xa3\x02\x78",
        ] {
            assert_eq!(of(start), Ok(Container::OpenPgp), "{start:?}");
        }
        assert_eq!(of(b"\x1F\x8B\x08\0"), Ok(Container::Gzip));
        assert_eq!(of(b"\x28\xB5\x2F\xFD\x04"), Ok(Container::Zstd));
        assert_eq!(of(b"\x50\x2A\x4D\x18\x04\0\0\0"), Ok(Container::Zstd));
        assert_eq!(
            of(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"),
            Ok(Container::Workbook)
        );
        assert_eq!(of(&zip_of("export.csv", "")), Ok(Container::Zip));
        let sheet = "application/vnd.oasis.opendocument.spreadsheet";
        for (name, content) in [
            ("[Content_Types].xml", ""),
            ("xl/workbook.xml", ""),
            ("_rels/.rels", ""),
            ("xl\\workbook.xml", ""),
            ("mimetype", sheet),
        ] {
            assert_eq!(
                of(&zip_of(name, content)),
                Ok(Container::Workbook),
                "{name}"
            );
        }
    }

    #[test]
    fn what_no_export_is_read_from_is_named_with_what_to_do() {
        let text = "application/vnd.oasis.opendocument.text";
        let mut tar = vec![0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        let wide: Vec<u8> = "\u{feff}<HTML>"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let refused: &[(&[u8], &str)] = &[
            (&zip_of("mimetype", text), "no spreadsheet"),
            (b"PK\x05\x06", "zip archive"),
            (&tar, "tar archive"),
            (b"BZh91AY&SY", "bzip2"),
            (b"\xFD7zXZ\0", "xz"),
            (b"%PDF-1.7", "PDF"),
            (b"PAR1\x15\x04", "Parquet"),
            (b"ORC\x0A\x06\x12\x04\x08\x02\x50\0\x0A", "ORC"),
            (b"\xFF\xFF\xFF\xFF\x98\0\0\0\x10\0\0\0\0\0", "Arrow"),
            (b"\xFF\x06\0\0sNaPpYabc", "snappy"),
            (b"$FL2@(#) SPSS DATA FILE", "SPSS"),
            (b"<stata_dta><header>", "Stata"),
            (b"\x72\x02\x01\0abc", "Stata"),
            (&[&[0; 12][..], b"\xC2\xEA\x81\x60\xB3\x14"].concat(), "SAS"),
            (b"HEADER RECORD*******LIBRARY HEADER", "SAS"),
            (b"\x03\0\x01EXPORT:V11.02.00\n", "Oracle"),
            (b"PGDMP\x01\x0E\0", "PostgreSQL"),
            (b"INSERT INTO `customers` VALUES (1,'Jane');", "SQL"),
            (b"-- MySQL dump 10.13  Distrib 8.0\n", "SQL"),
            (b"--\n-- PostgreSQL database dump\n--\n", "SQL"),
            (b"COPY public.c (id, name) FROM stdin;\n1\tJane\n", "SQL"),
            (b"SQLite format 3\0", "SQLite"),
            (b"\xEF\xBB\xBF\r\n <!DOCTYPE html>", "web page"),
            (b"<table border=1>", "web page"),
            (&wide, "web page"),
            (b"<?xml version=\"1.0\"?>", "XML"),
            (b"-----BEGIN PGP PUBLIC KEY BLOCK-----", "PGP"),
        ];
        for (start, what) in refused {
            let said = of(start).unwrap_err();
            assert!(said.contains(what) && said.contains("; "), "{said}");
        }
    }

    fn unpacked(bytes: &[u8], container: Container) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        reader(io::Cursor::new(bytes.to_vec()), container)?.read_to_end(&mut all)?;
        Ok(all)
    }

    #[test]
    fn members_and_frames_follow_each_other() -> io::Result<()> {
        let gzip = |text: &str| {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(text.as_bytes())?;
            encoder.finish()
        };
        let zstd = |text: &str| zstd::encode_all(text.as_bytes(), 1);
        let gz = [gzip("a,b\n1,")?, gzip("2\n")?].concat();
        assert_eq!(unpacked(&gz, Container::Gzip)?, b"a,b\n1,2\n");
        let zst = [zstd("a,b\n1,")?, zstd("2\n")?].concat();
        assert_eq!(unpacked(&zst, Container::Zstd)?, b"a,b\n1,2\n");
        // One that was cut is no shorter file but an error.
        assert!(unpacked(&gz[..gz.len() - 5], Container::Gzip).is_err());
        assert!(unpacked(&zst[..zst.len() - 5], Container::Zstd).is_err());
        assert!(unpacked(b"", Container::Workbook).is_err());
        Ok(())
    }

    #[test]
    fn a_window_of_more_than_128_mb_is_refused() {
        // The head of a frame with a window of 2^28 bytes, and an empty last block.
        let frame = |log: u8| {
            [
                0x28,
                0xB5,
                0x2F,
                0xFD,
                0x00,
                (log - 10) << 3,
                0x01,
                0x00,
                0x00,
            ]
        };
        assert!(unpacked(&frame(27), Container::Zstd).is_ok_and(|text| text.is_empty()));
        assert!(unpacked(&frame(28), Container::Zstd).is_err());
    }
}
