//! Bytes in any encoding → UTF-8, as a stream.
//!
//! Owner of [`Transcode`]. Invariant: what did not decode is the single byte 0xFF, which no UTF-8 has, and never a
//! replacement character: a cell with one cannot be sent. Nothing else is changed: NULs and line ends stay as they are.
//! Runs of ASCII, which most exports are, are copied as they stand.

use std::io::{self, Read};

use super::encoding::Encoding;

/// What stands for a byte or a unit that did not decode.
pub const BROKEN: u8 = 0xFF;

const BUFFER: usize = 64 << 10;

/// Windows-1252 from 80 to 9F; the five that it leaves open are NUL here.
const WINDOWS_1252: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', //
    '\0', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];

/// Where ISO-8859-15 differs from ISO-8859-1.
const ISO_8859_15: [(u8, char); 8] = [
    (0xA4, '€'),
    (0xA6, 'Š'),
    (0xA8, 'š'),
    (0xB4, 'Ž'),
    (0xB8, 'ž'),
    (0xBC, 'Œ'),
    (0xBD, 'œ'),
    (0xBE, 'Ÿ'),
];

/// A reader of UTF-8 over a reader of another encoding.
pub struct Transcode<R> {
    inner: R,
    encoding: Encoding,
    /// Bytes still to be passed over: the byte order mark.
    skip: usize,
    /// What was read and is not decoded yet: at its end a character may be cut.
    input: Vec<u8>,
    output: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> Transcode<R> {
    /// Reads `inner` in an encoding, after the bytes of its byte order mark.
    pub fn new(inner: R, encoding: Encoding, skip_bom: usize) -> Self {
        Transcode {
            inner,
            encoding,
            skip: skip_bom,
            input: Vec::with_capacity(BUFFER),
            output: Vec::with_capacity(BUFFER),
            given: 0,
            ended: false,
        }
    }

    /// Fills an exhausted output; it stays empty only at the end.
    fn fill(&mut self) -> io::Result<()> {
        self.output.clear();
        self.given = 0;
        while self.output.is_empty() && !self.ended {
            let kept = self.input.len();
            self.input.resize(BUFFER, 0);
            let read = loop {
                match self.inner.read(&mut self.input[kept..]) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => break other,
                }
            };
            // Also after an error: what was kept is all that the input holds.
            self.input
                .truncate(kept + read.as_ref().map_or(0, |read| *read));
            self.ended = read? == 0;
            let skipped = self.skip.min(self.input.len());
            self.input.drain(..skipped);
            self.skip -= skipped;
            let used = decode(self.encoding, &self.input, self.ended, &mut self.output);
            self.input.drain(..used);
        }
        Ok(())
    }
}

impl<R: Read> Read for Transcode<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.given == self.output.len() {
            self.fill()?;
        }
        let rest = &self.output[self.given..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}

/// The same of a whole text in memory.
pub fn whole(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(bytes.len());
    decode(encoding, bytes, true, &mut output);
    output
}

/// Decodes what is whole of `input`, and all of it at the end; the number of bytes used.
fn decode(encoding: Encoding, input: &[u8], ended: bool, output: &mut Vec<u8>) -> usize {
    match encoding {
        Encoding::Utf8 => utf8(input, ended, output),
        Encoding::Utf16Le => utf16(input, ended, u16::from_le_bytes, output),
        Encoding::Utf16Be => utf16(input, ended, u16::from_be_bytes, output),
        Encoding::Windows1252 => single(input, windows_1252, output),
        Encoding::Iso8859_1 => single(input, iso_8859_1, output),
        Encoding::Iso8859_15 => single(input, iso_8859_15, output),
    }
}

fn utf8(input: &[u8], ended: bool, output: &mut Vec<u8>) -> usize {
    let mut used = 0;
    for chunk in input.utf8_chunks() {
        output.extend_from_slice(chunk.valid().as_bytes());
        let broken = chunk.invalid();
        let last = used + chunk.valid().len() + broken.len() == input.len();
        if last && !ended && std::str::from_utf8(broken).is_err_and(|e| e.error_len().is_none()) {
            return input.len() - broken.len();
        }
        if !broken.is_empty() {
            output.push(BROKEN);
        }
        used += chunk.valid().len() + broken.len();
    }
    input.len()
}

fn utf16(input: &[u8], ended: bool, unit: fn([u8; 2]) -> u16, output: &mut Vec<u8>) -> usize {
    let units = input.chunks_exact(2).map(|two| unit([two[0], two[1]]));
    let mut used = 0;
    for decoded in char::decode_utf16(units) {
        match decoded {
            Ok(c) => {
                push(c, output);
                used += 2 * c.len_utf16();
            }
            Err(half) => {
                let first = matches!(half.unpaired_surrogate(), 0xD800..0xDC00);
                // Its second half may come with the next bytes.
                if first && !ended && used + 4 > input.len() {
                    return used;
                }
                output.push(BROKEN);
                used += 2;
            }
        }
    }
    if ended && used < input.len() {
        output.push(BROKEN);
        used = input.len();
    }
    used
}

fn single(input: &[u8], beyond: fn(u8) -> Option<char>, output: &mut Vec<u8>) -> usize {
    let mut rest = input;
    while !rest.is_empty() {
        let ascii = rest
            .iter()
            .position(|byte| *byte >= 0x80)
            .unwrap_or(rest.len());
        output.extend_from_slice(&rest[..ascii]);
        rest = &rest[ascii..];
        if let Some((&byte, more)) = rest.split_first() {
            match beyond(byte) {
                Some(c) => push(c, output),
                None => output.push(BROKEN),
            }
            rest = more;
        }
    }
    input.len()
}

fn push(c: char, output: &mut Vec<u8>) {
    if c.is_ascii() {
        output.push(c as u8);
    } else {
        output.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

fn windows_1252(byte: u8) -> Option<char> {
    match byte {
        0x80..=0x9F => Some(WINDOWS_1252[usize::from(byte - 0x80)]).filter(|c| *c != '\0'),
        _ => Some(char::from(byte)),
    }
}

fn iso_8859_1(byte: u8) -> Option<char> {
    Some(char::from(byte)).filter(|c| !c.is_control())
}

fn iso_8859_15(byte: u8) -> Option<char> {
    let other = ISO_8859_15.iter().find(|(at, _)| *at == byte);
    other.map_or_else(|| iso_8859_1(byte), |(_, c)| Some(*c))
}
