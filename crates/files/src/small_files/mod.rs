//! Small text files that people write: lists of ids, keys, settings, events.
//!
//! Owner of the one way in which such a file becomes text, whatever an editor or a spreadsheet made of it: a byte order
//! mark, UTF-16, any line ends, surrounding and invisible blanks. Line numbers are those of the file. What is binary, or
//! does not decode, is refused with its line and never guessed at.
//! Left out on purpose: exports, which have their own reader (`source`), and what the texts mean.

mod blanks;
mod id_list;
mod plain;
mod secret;

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use bakkt_model::error::{self, Failure};

pub use blanks::{is_blank, trim};
pub use id_list::{IdList, ListedId};
pub use plain::PlainLines;
pub use secret::{odd_key, one_line, open_private, read_secret};

/// A list of a few million ids is smaller than this.
const LARGEST: u64 = 256 << 20;

/// Why a file could not be read as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadFailure {
    /// The line of the file, from 1, where one line is to blame.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
    /// The system could not read it; nothing in the file or its name is wrong.
    is_system: bool,
}

impl ReadFailure {
    fn at(line: usize, what: impl Into<String>) -> ReadFailure {
        let what = what.into();
        ReadFailure {
            line: Some(line),
            what,
            is_system: false,
        }
    }

    fn whole(what: impl Into<String>) -> ReadFailure {
        let what = what.into();
        ReadFailure {
            line: None,
            what,
            is_system: false,
        }
    }

    fn system(error: &io::Error) -> ReadFailure {
        ReadFailure {
            line: None,
            what: error.to_string(),
            is_system: !error::is_wrong_name(error),
        }
    }

    /// What a person is told; `doing` is such as "read ids.txt".
    pub fn failure(&self, doing: &str, hint: impl Into<String>) -> anyhow::Error {
        let text = format!("cannot {doing}: {self}");
        match self.is_system {
            true => Failure::cannot(text, error::SYSTEM_HINT),
            false => Failure::configuration(text, hint),
        }
    }
}

impl fmt::Display for ReadFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

/// Reads a file as text.
pub fn read(path: &Path) -> Result<String, ReadFailure> {
    let open = || File::open(path);
    let file = open().map_err(|error| ReadFailure::system(&error))?;
    read_from(file, LARGEST)
}

/// Reads an open file as text, if it is no larger than `largest` bytes.
fn read_from(file: impl Read, largest: u64) -> Result<String, ReadFailure> {
    let mut bytes = Vec::new();
    file.take(largest + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| ReadFailure::system(&error))?;
    if bytes.len() as u64 > largest {
        return Err(ReadFailure::whole("it is too large for such a file"));
    }
    text_of(bytes)
}

/// The text that some bytes are, without a byte order mark.
pub(crate) fn text_of(bytes: Vec<u8>) -> Result<String, ReadFailure> {
    let mut text = match bytes.as_slice() {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => {
            return Err(ReadFailure::whole(
                "it is written in UTF-32; save it as UTF-8",
            ));
        }
        [b'P', b'K', 3, 4, ..] | [0xD0, 0xCF, 0x11, 0xE0, ..] => {
            return Err(ReadFailure::whole(
                "it is a workbook or another packed file; save it as text or CSV",
            ));
        }
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        bare if is_utf16(bare, 1) => utf16(bare, u16::from_le_bytes)?,
        bare if is_utf16(bare, 0) => utf16(bare, u16::from_be_bytes)?,
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest.to_vec())?,
        _ => utf8(bytes)?,
    };
    // Where old programs end a text.
    if text.ends_with('\u{1A}') {
        text.pop();
    }
    let binary = |c: char| c.is_ascii_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{C}');
    match text.find(binary) {
        Some(at) => Err(ReadFailure::at(
            line_of(&text.as_bytes()[..at]),
            "it holds control characters, so it is no text",
        )),
        None => Ok(text),
    }
}

/// Lines with their numbers, whatever ends them.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = Some(text);
    let next = move || {
        let now = rest?;
        let end = now.find(['\r', '\n']);
        let line = end.map_or(now, |end| &now[..end]);
        rest = end.map(|end| {
            let behind = &now[end..];
            behind
                .strip_prefix("\r\n")
                .unwrap_or_else(|| &now[end + 1..])
        });
        Some(line)
    };
    (1..).zip(std::iter::from_fn(next))
}

/// The line in which the byte behind some bytes stands.
fn line_of(before: &[u8]) -> usize {
    let returns = before.iter().filter(|byte| **byte == b'\r').count();
    let feeds = before.iter().filter(|byte| **byte == b'\n').count();
    let pairs = before.windows(2).filter(|two| two == b"\r\n").count();
    1 + returns + feeds - pairs
}

fn utf8(bytes: Vec<u8>) -> Result<String, ReadFailure> {
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = line_of(&error.as_bytes()[..good]);
        ReadFailure::at(line, "it is not UTF-8; save the file as UTF-8")
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, ReadFailure> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let mut text = String::with_capacity(pairs.len());
    for c in char::decode_utf16(units) {
        text.push(c.map_err(|_| {
            let line = line_of(text.as_bytes());
            ReadFailure::at(line, "it is not whole UTF-16; save the file as UTF-8")
        })?);
    }
    match rest {
        [] => Ok(text),
        _ => Err(ReadFailure::at(
            line_of(text.as_bytes()),
            "it ends in the middle of a character; save the file as UTF-8",
        )),
    }
}

/// Whether bytes without a mark are plain letters in UTF-16: every byte at these places is zero, and no other.
fn is_utf16(bytes: &[u8], zeros: usize) -> bool {
    let zero = |(place, byte): (usize, &u8)| (*byte == 0) == (place % 2 == zeros);
    bytes.len() >= 2 && bytes.len().is_multiple_of(2) && bytes.iter().enumerate().all(zero)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16_bytes(text: &str, mark: bool, big: bool) -> Vec<u8> {
        let units = mark
            .then_some(0xFEFF)
            .into_iter()
            .chain(text.encode_utf16());
        let bytes = |unit: u16| match big {
            true => unit.to_be_bytes(),
            false => unit.to_le_bytes(),
        };
        units.flat_map(bytes).collect()
    }

    #[test]
    fn every_way_of_saving_a_text_gives_the_text() {
        let text = "A1\r\nMüller\n";
        let marked = [b"\xEF\xBB\xBF", text.as_bytes()].concat();
        assert_eq!(text_of(marked).as_deref(), Ok(text));
        assert_eq!(text_of(text.into()).as_deref(), Ok(text));
        for big in [false, true] {
            let bytes = utf16_bytes(text, true, big);
            assert_eq!(text_of(bytes).as_deref(), Ok(text), "{big}");
            let bare = utf16_bytes("A1\nA2", false, big);
            assert_eq!(text_of(bare).as_deref(), Ok("A1\nA2"), "{big}");
        }
        assert_eq!(text_of(b"A1\x1A".to_vec()).as_deref(), Ok("A1"));
        assert_eq!(text_of(Vec::new()).as_deref(), Ok(""));
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_line() {
        let line = |bytes: &[u8]| text_of(bytes.to_vec()).unwrap_err().line;
        assert_eq!(line(b"A1\r\nA2\rA\xFC3\n"), Some(3));
        assert_eq!(line(b"A1\n\nA\x003\n"), Some(3));
        assert_eq!(line(b"PK\x03\x04 and more"), None);
        assert_eq!(line(b"\xFF\xFE\0\0A\0\0\0"), None);
        assert_eq!(line(b"\xFF\xFEA\0\n\0B"), Some(2));
        // Half of a pair.
        assert_eq!(line(b"\xFF\xFEA\0\n\0\x3D\xD8A\0"), Some(2));
    }

    #[test]
    fn lines_are_numbered_as_an_editor_numbers_them() {
        let all: Vec<(usize, &str)> = lines("a\r\nb\rc\n\nd").collect();
        assert_eq!(all, [(1, "a"), (2, "b"), (3, "c"), (4, ""), (5, "d")]);
        assert_eq!(line_of(b"a\r\nb\rc\n\n"), 5);
    }
}
