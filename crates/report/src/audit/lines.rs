//! Hashing the lines of a CSV file while it is written.

use std::io::{self, Write};

use bakkt_journal::chain::RowHashes;

/// Hashes every line but the first, which has the names of the columns, and hands everything on. A line break within quotation
/// marks ends no line; that of a line is not part of it.
#[derive(Debug)]
pub struct LineHasher<W> {
    out: W,
    line: Vec<u8>,
    is_quoted: bool,
    has_columns: bool,
    hashes: RowHashes,
}

impl<W> LineHasher<W> {
    /// Begins a file.
    pub fn new(out: W) -> LineHasher<W> {
        LineHasher {
            out,
            line: Vec::new(),
            is_quoted: false,
            has_columns: false,
            hashes: RowHashes::default(),
        }
    }

    /// What it wrote to, and the hashes of the lines.
    pub fn end(mut self) -> (W, RowHashes) {
        if !self.line.is_empty() {
            self.end_line();
        }
        (self.out, self.hashes)
    }

    fn take(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let quotes = part.iter().filter(|byte| **byte == b'"').count();
            self.is_quoted ^= quotes % 2 == 1;
            match part.strip_suffix(b"\n") {
                Some(end) if !self.is_quoted => {
                    self.line.extend_from_slice(end);
                    self.end_line();
                }
                _ => self.line.extend_from_slice(part),
            }
        }
    }

    fn end_line(&mut self) {
        match self.has_columns {
            true => self.hashes.add(&self.line),
            false => self.has_columns = true,
        }
        self.line.clear();
    }
}

impl<W: Write> Write for LineHasher<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.take(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::LineHasher;
    use bakkt_journal::chain::RowHashes;

    #[test]
    fn each_line_but_that_of_the_columns_is_hashed_wherever_writes_part_it() {
        let text = "a,b\n1,\"x\ny\"\n2,\"\"\"\"\n";
        let mut expected = RowHashes::default();
        expected.add(b"1,\"x\ny\"");
        expected.add(b"2,\"\"\"\"");
        for part in 1..text.len() {
            let mut hasher = LineHasher::new(Vec::new());
            for bytes in text.as_bytes().chunks(part) {
                hasher.write_all(bytes).unwrap();
            }
            let (written, hashes) = hasher.end();
            assert_eq!(written, text.as_bytes());
            assert_eq!(hashes.root().unwrap(), expected.root().unwrap());
        }
    }
}
