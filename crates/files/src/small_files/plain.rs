//! Lines of a file of any size, as UTF-8 and ended by LF, whatever the file is written in.
//!
//! Owner of that reading for files that are too long to hold, such as events to import. A byte order mark is left out,
//! UTF-16 is decoded, CR and CRLF become LF: line numbers stay those of the file.
//! Left out on purpose: whether the bytes of a file without a mark are UTF-8, which its readers find out.

use std::collections::VecDeque;
use std::io::{self, Read};

/// How many bytes are read at once.
const BLOCK: usize = 1 << 14;

#[derive(Clone, Copy, Debug)]
enum TextEncoding {
    Bytes,
    Utf16(fn([u8; 2]) -> u16),
}

/// Reads a file so that every line ends with LF.
#[derive(Debug)]
pub struct PlainLines<R> {
    from: R,
    written: Option<TextEncoding>,
    /// Bytes that were read and are no whole unit yet.
    left: Vec<u8>,
    /// The first half of a character of UTF-16.
    half: Option<u16>,
    /// The last byte was CR: an LF behind it ends no line.
    returned: bool,
    ready: VecDeque<u8>,
}

impl<R: Read> PlainLines<R> {
    /// Begins at the first byte of a file.
    pub fn new(from: R) -> PlainLines<R> {
        PlainLines {
            from,
            written: None,
            left: Vec::new(),
            half: None,
            returned: false,
            ready: VecDeque::new(),
        }
    }

    /// Reads one block; whether the file is over.
    fn fill(&mut self) -> io::Result<bool> {
        let mut block = [0; BLOCK];
        let count = loop {
            match self.from.read(&mut block) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                count => break count?,
            }
        };
        self.left.extend_from_slice(&block[..count]);
        // Three bytes tell every mark.
        if self.written.is_none() && (self.left.len() >= 3 || count == 0) {
            let (written, mark) = match self.left.as_slice() {
                [0xFF, 0xFE, ..] => (TextEncoding::Utf16(u16::from_le_bytes), 2),
                [0xFE, 0xFF, ..] => (TextEncoding::Utf16(u16::from_be_bytes), 2),
                [0xEF, 0xBB, 0xBF, ..] => (TextEncoding::Bytes, 3),
                _ => (TextEncoding::Bytes, 0),
            };
            self.left.drain(..mark);
            self.written = Some(written);
        }
        let bytes = std::mem::take(&mut self.left);
        match self.written {
            None => self.left = bytes,
            Some(TextEncoding::Bytes) => bytes.into_iter().for_each(|byte| self.push(byte)),
            Some(TextEncoding::Utf16(unit)) => self.decode(&bytes, unit),
        }
        if count == 0 && (self.half.take().is_some() || !self.left.is_empty()) {
            self.left.clear();
            self.push_char(char::REPLACEMENT_CHARACTER);
        }
        Ok(count == 0)
    }

    fn decode(&mut self, bytes: &[u8], unit: fn([u8; 2]) -> u16) {
        let (pairs, rest) = bytes.as_chunks::<2>();
        self.left = rest.to_vec();
        let units: Vec<u16> = self
            .half
            .take()
            .into_iter()
            .chain(pairs.iter().map(|pair| unit(*pair)))
            .collect();
        let (whole, half) = match units.split_last() {
            Some((last, whole)) if (0xD800..0xDC00).contains(last) => (whole, Some(*last)),
            _ => (units.as_slice(), None),
        };
        self.half = half;
        for c in char::decode_utf16(whole.iter().copied()) {
            self.push_char(c.unwrap_or(char::REPLACEMENT_CHARACTER));
        }
    }

    fn push_char(&mut self, c: char) {
        let mut bytes = [0; 4];
        for byte in c.encode_utf8(&mut bytes).bytes() {
            self.push(byte);
        }
    }

    fn push(&mut self, byte: u8) {
        let after_return = std::mem::replace(&mut self.returned, byte == b'\r');
        match byte {
            b'\n' if after_return => {}
            b'\r' => self.ready.push_back(b'\n'),
            byte => self.ready.push_back(byte),
        }
    }
}

impl<R: Read> Read for PlainLines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.ready.is_empty() {
            if self.fill()? {
                break;
            }
        }
        self.ready.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> String {
        let mut text = String::new();
        PlainLines::new(bytes).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn every_file_comes_out_as_lines_of_utf_8() {
        let plain = "{\"a\":\"ü𝄞\"}\n\n{}\n";
        let text = plain.replace('\n', "\r\n");
        assert_eq!(read(text.as_bytes()), plain);
        assert_eq!(read(plain.replace('\n', "\r").as_bytes()), plain);
        assert_eq!(read(&[b"\xEF\xBB\xBF", text.as_bytes()].concat()), plain);
        let units = || std::iter::once(0xFEFF).chain(text.encode_utf16());
        let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
        assert_eq!(read(&little), plain);
        assert_eq!(read(&big), plain);
        assert_eq!(read(b""), "");
        assert_eq!(read(b"x"), "x");
    }

    #[test]
    fn long_files_are_decoded_across_blocks() {
        // An odd number of bytes before pairs that take two units each.
        let plain = format!("x{}\n", "𝄞".repeat(2 * BLOCK));
        let units = std::iter::once(0xFEFF).chain(plain.encode_utf16());
        let bytes: Vec<u8> = units.flat_map(u16::to_be_bytes).collect();
        assert_eq!(read(&bytes), plain);
    }
}
