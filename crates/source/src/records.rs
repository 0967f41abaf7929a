//! Rows of files that are no delimited text, such as fixed width and JSON, as text that is read like one.
//!
//! Owner of that text: one line a row, which begins with the row's number in its file and a letter for what is wrong with it;
//! each cell follows behind [`CELL`]. What would end a cell or a line is escaped, so that every cell comes back byte for byte.
//! Invariants: a row has as many cells as there are columns, or a flaw; no line is longer than [`MAX_ROW`].
//! Left out on purpose: what the rows were made from (`fixed`, `json`).

use super::Flaw;
use super::lines::MAX_ROW;

/// Stands before each cell.
pub(crate) const CELL: u8 = 0x1F;

/// Stands before the letter of a byte that would end a cell or a line.
const ESCAPE: u8 = 0x1E;

/// The bytes that are escaped, and the letter for each.
const ESCAPED: &[(u8, u8)] = &[(CELL, b'c'), (ESCAPE, b'e'), (b'\n', b'n')];

/// The letter of each flaw that such a row can have.
const FLAWS: &[(Flaw, u8)] = &[
    (Flaw::ShortRecord, b's'),
    (Flaw::LongRecord, b'l'),
    (Flaw::WideLetters, b'w'),
    (Flaw::TooLong, b'b'),
    (Flaw::NotJson, b'j'),
    (Flaw::NoNumber, b'i'),
    (Flaw::Comment, b'/'),
    (Flaw::LastComma, b','),
    (Flaw::TwiceNamed, b't'),
    (Flaw::NoObject, b'o'),
    (Flaw::TooDeep, b'd'),
];

/// Writes rows, one after the other.
#[derive(Debug, Default)]
pub(crate) struct RecordWriter {
    /// What was written since all was taken, and how much of it was.
    out: Vec<u8>,
    taken: usize,
    /// Where the row that is being written begins, and where its cells do.
    start: usize,
    cells: usize,
}

impl RecordWriter {
    /// Whether all that was written was taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.taken == self.out.len()
    }

    /// Hands over as much as there is room for, in the way of `Read`. When all is taken, its place is used again.
    pub(crate) fn take(&mut self, buffer: &mut [u8]) -> usize {
        let rest = &self.out[self.taken..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        if self.is_empty() {
            self.out.clear();
            self.taken = 0;
        }
        count
    }

    /// Begins the row of a number.
    pub(crate) fn begin(&mut self, number: u64) {
        self.start = self.out.len();
        self.out.extend_from_slice(number.to_string().as_bytes());
        self.cells = self.out.len();
    }

    /// Adds a cell.
    pub(crate) fn cell(&mut self, bytes: &[u8]) {
        self.begin_cell();
        self.text(bytes);
    }

    /// Begins a cell.
    pub(crate) fn begin_cell(&mut self) {
        self.out.push(CELL);
    }

    /// Adds to the cell that was begun last.
    pub(crate) fn text(&mut self, bytes: &[u8]) {
        // Without a branch for each byte, which the compiler makes wide instructions of.
        if bytes.iter().fold(true, |all, byte| all & (*byte >= b' ')) {
            self.out.extend_from_slice(bytes);
            return;
        }
        for byte in bytes {
            match ESCAPED.iter().find(|(escaped, _)| escaped == byte) {
                Some((_, letter)) => self.out.extend_from_slice(&[ESCAPE, *letter]),
                None => self.out.push(*byte),
            }
        }
    }

    /// Ends the row. One that is too long keeps no cell.
    pub(crate) fn end(&mut self, flaw: Option<Flaw>) {
        let too_long = self.out.len() - self.start >= MAX_ROW - 1;
        let flaw = if too_long { Some(Flaw::TooLong) } else { flaw };
        if too_long {
            self.out.truncate(self.cells);
        }
        let letter = flaw.and_then(|flaw| FLAWS.iter().find(|(known, _)| *known == flaw));
        if let Some((_, letter)) = letter {
            self.out.insert(self.cells, *letter);
        }
        self.out.push(b'\n');
    }
}

/// The number of a row, what is wrong with it, and its cells, from its line without the line end.
pub(super) fn parts(line: &[u8]) -> (u64, Option<Flaw>, Option<&[u8]>) {
    let end = memchr::memchr(CELL, line);
    let start = &line[..end.unwrap_or(line.len())];
    let digits = start.iter().take_while(|byte| byte.is_ascii_digit());
    let digits = &start[..digits.count()];
    let number = digits.iter().fold(0u64, |number, digit| {
        number
            .wrapping_mul(10)
            .wrapping_add(u64::from(digit - b'0'))
    });
    let letter = start.get(digits.len());
    let flaw = letter.and_then(|letter| FLAWS.iter().find(|(_, known)| known == letter));
    let cells = end.map(|end| &line[end + 1..]);
    (number, flaw.map(|(flaw, _)| *flaw), cells)
}

/// Whether cells hold an escaped byte.
pub(super) fn is_escaped(cells: &[u8]) -> bool {
    memchr::memchr(ESCAPE, cells).is_some()
}

/// Adds a cell as it was.
pub(super) fn unescape(cell: &[u8], to: &mut Vec<u8>) {
    let mut parts = cell.split(|byte| *byte == ESCAPE);
    to.extend_from_slice(parts.next().unwrap_or_default());
    for part in parts {
        let letter = part.first();
        let known = ESCAPED.iter().find(|(_, known)| Some(known) == letter);
        to.extend(known.map(|(escaped, _)| *escaped));
        to.extend_from_slice(part.get(1..).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rows;
    use crate::lines::{RowFormat, RowReader};

    /// By row: number, flaw, cells.
    type Read = Vec<(u64, Option<Flaw>, Vec<Vec<u8>>)>;

    fn read(text: &[u8]) -> Read {
        let mut reader = RowReader::new(text, RowFormat::records(3), 0, 1);
        let (mut rows, mut all) = (Rows::default(), Vec::new());
        while reader.next(&mut rows).unwrap() {}
        for (at, row) in rows.iter() {
            let cells = (0..row.len()).map(|cell| row.bytes_of(cell).to_vec());
            all.push((at.row, row.flaw(), cells.collect()));
        }
        all
    }

    #[test]
    fn rows_come_back_as_they_were_written() {
        let mut writer = RecordWriter::default();
        let cells: [&[u8]; 3] = [b"a\nb\r\x1e\x1f\"", b"", b"\xFEan error"];
        for number in [7, 7, 12] {
            writer.begin(number);
            cells.iter().for_each(|cell| writer.cell(cell));
            writer.end(None);
        }
        writer.begin(13);
        writer.cell(b"A-1");
        writer.end(Some(Flaw::ShortRecord));
        writer.begin(14);
        writer.cell(&vec![b'x'; MAX_ROW]);
        writer.end(None);
        writer.begin(15);
        cells.iter().for_each(|cell| writer.cell(cell));
        writer.end(None);
        let whole: Vec<Vec<u8>> = cells.iter().map(|cell| cell.to_vec()).collect();
        let expected = vec![
            (7, None, whole.clone()),
            (7, None, whole.clone()),
            (12, None, whole.clone()),
            (13, Some(Flaw::ShortRecord), vec![b"A-1".to_vec()]),
            (14, Some(Flaw::TooLong), Vec::new()),
            (15, None, whole),
        ];
        assert!(read(&writer.out) == expected);
    }
}
