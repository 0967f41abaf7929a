//! Delimiters beyond ASCII, such as `§` and `¦`.
//!
//! Rows are cut at single bytes. Owner of finding out that a text has a delimiter of several bytes, and of [`DelimiterReplacer`], which
//! puts one byte in its place that no text has. Left out on purpose: delimiters of several characters.

use std::io::{self, Read};

/// What stands for the delimiter: the unit separator of ASCII.
pub(crate) const STAND_IN: u8 = 0x1F;

/// The delimiters that are found.
const FOUND: [char; 6] = ['§', '¦', '¬', '¤', '¶', '·'];

/// Lines that are looked at.
const LINES: usize = 200;

/// The delimiter of a text in which none of ASCII cuts the rows: one that nearly every line has as often as the first.
pub fn find(text: &[u8]) -> Option<char> {
    let lines = text.split(|byte| matches!(byte, b'\n' | b'\r'));
    let lines: Vec<&[u8]> = lines.filter(|line| !line.is_empty()).take(LINES).collect();
    FOUND.into_iter().find(|delimiter| {
        let sign = delimiter.to_string();
        let count = |line: &&[u8]| memchr::memmem::find_iter(line, &sign).count();
        let first = lines.first().map_or(0, count);
        let same = lines.iter().filter(|line| count(line) == first).count();
        first > 0 && same * 10 >= lines.len() * 8
    })
}

/// The same text with [`STAND_IN`] for a delimiter.
pub(crate) fn replaced(text: &[u8], delimiter: char) -> Vec<u8> {
    let sign = delimiter.to_string();
    let mut out = Vec::with_capacity(text.len());
    let mut done = 0;
    for at in memchr::memmem::find_iter(text, &sign) {
        out.extend_from_slice(&text[done..at]);
        out.push(STAND_IN);
        done = at + sign.len();
    }
    out.extend_from_slice(&text[done..]);
    out
}

/// A reader that hands out the same text with a delimiter of one byte.
pub(crate) struct DelimiterReplacer<R> {
    inner: R,
    delimiter: char,
    /// Read, and perhaps cut inside of the delimiter.
    input: Vec<u8>,
    output: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> DelimiterReplacer<R> {
    /// Replaces a delimiter in what a reader gives.
    pub(crate) fn new(inner: R, delimiter: char) -> Self {
        DelimiterReplacer {
            inner,
            delimiter,
            input: Vec::new(),
            output: Vec::new(),
            given: 0,
            ended: false,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut block = vec![0; 64 << 10];
        while self.given == self.output.len() && !self.ended {
            match self.inner.read(&mut block) {
                Ok(count) => {
                    self.ended = count == 0;
                    self.input.extend_from_slice(&block[..count]);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            let sign = self.delimiter.to_string();
            let cut = (1..sign.len())
                .rev()
                .find(|length| !self.ended && self.input.ends_with(&sign.as_bytes()[..*length]));
            let rest = self.input.split_off(self.input.len() - cut.unwrap_or(0));
            self.output = replaced(&self.input, self.delimiter);
            self.given = 0;
            self.input = rest;
        }
        Ok(())
    }
}

impl<R: Read> Read for DelimiterReplacer<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
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

#[cfg(test)]
mod tests {
    use super::*;

    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn one_byte_stands_for_the_delimiter_however_the_text_comes_in() -> io::Result<()> {
        let text = "ID§NAME§\u{a9}\n§§1§Zo\u{eb}§\u{c2}";
        for step in 1..8 {
            let mut given = String::new();
            DelimiterReplacer::new(Drip(text.as_bytes(), step), '§').read_to_string(&mut given)?;
            assert_eq!(given, text.replace('§', "\u{1f}"), "{step}");
        }
        Ok(())
    }

    #[test]
    fn a_delimiter_stands_in_every_line_as_often_as_in_the_first() {
        assert_eq!(
            find("ID¦NAME¦CITY\n1¦Ann¦Austin\n2¦Bo¦Waco\n".as_bytes()),
            Some('¦')
        );
        assert_eq!(find("ID§NAME\r\n1§Ann\r\n".as_bytes()), Some('§'));
        assert_eq!(find("ID\n1 §2\n3 § 4\n".as_bytes()), None);
        assert_eq!(find(b""), None);
    }
}
