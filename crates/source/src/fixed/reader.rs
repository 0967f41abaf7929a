//! Records of a file as rows of text.
//!
//! Owner of [`FixedReader`]. Memory is bounded by the longest record, whatever the file holds. Invariant: a file whose length is
//! no whole number of records ends in an error, and a line that does not fit its layout is a row with a flaw.

use std::io::{self, Read};
use std::sync::Arc;

use bakkt_model::error::{Failure, FailureKind, Mistakes};

use super::decode::Characters;
use super::{LONGEST_RECORD, Layout, RecordForm};
use crate::Flaw;
use crate::carried::carried;
use crate::records::RecordWriter;
use crate::transcode::CharacterTable;

const BUFFER: usize = 4 * LONGEST_RECORD;

/// The mark with which DOS ends a file.
const END_MARK: u8 = 0x1A;

/// Reads records, and gives the text that `records` writes.
pub(crate) struct FixedReader<R> {
    input: R,
    name: String,
    layout: Arc<Layout>,
    characters: Characters,
    buffer: Vec<u8>,
    /// The bytes that are not used yet: from `at` to `filled`.
    at: usize,
    filled: usize,
    ended: bool,
    /// Records so far.
    number: u64,
    /// Of records without ends: the further bytes of letters that have several, and whether there plainly are such letters.
    further_bytes: usize,
    has_wide: bool,
    writer: RecordWriter,
    field: Vec<u8>,
}

/// The failure of a file that does not hold whole records.
pub(crate) fn not_whole(name: &str, bytes: u64, length: usize) -> Failure {
    Failure {
        kind: FailureKind::CannotGoOn,
        message: format!(
            "{name} ends inside of a record: {bytes} bytes are no whole number of records of {length} bytes"
        ),
        hint: "copy the file again, as binary, or have it exported again; and check `record_length` in the layout, which counts line ends as well".to_owned(),
        mistakes: Mistakes::default(),
    }
}

/// The failure of a file whose letters of several bytes may have moved its records.
fn moved(name: &str) -> Failure {
    Failure {
        kind: FailureKind::Configuration,
        message: format!(
            "{name} has letters of several bytes, and as many of their bytes as make whole records: nobody can tell where the records behind them begin"
        ),
        hint: "export it in an encoding of one byte a letter (`iconv -f utf-8 -t windows-1252`), and name it with `encoding`".to_owned(),
        mistakes: Mistakes::default(),
    }
}

impl<R: Read> FixedReader<R> {
    pub(crate) fn new(
        input: R,
        name: &str,
        layout: Arc<Layout>,
        table: Box<CharacterTable>,
    ) -> FixedReader<R> {
        FixedReader {
            input,
            name: name.to_owned(),
            layout,
            characters: Characters::new(table),
            buffer: vec![0; BUFFER],
            at: 0,
            filled: 0,
            ended: false,
            number: 0,
            further_bytes: 0,
            has_wide: false,
            writer: RecordWriter::default(),
            field: Vec::new(),
        }
    }

    /// Fills the text that was used up; it stays empty only at the end.
    fn fill(&mut self) -> io::Result<()> {
        while self.writer.is_empty() && !(self.ended && self.at == self.filled) {
            self.read_on()?;
            match self.layout.form {
                RecordForm::Length(length) => self.by_length(length)?,
                RecordForm::Lines { length, fill } => self.by_line(length, fill),
            }
        }
        Ok(())
    }

    fn read_on(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.at..self.filled, 0);
        self.filled -= self.at;
        self.at = 0;
        while !self.ended && self.filled < self.buffer.len() {
            match self.input.read(&mut self.buffer[self.filled..]) {
                Ok(0) => self.ended = true,
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn by_length(&mut self, length: usize) -> io::Result<()> {
        while self.filled - self.at >= length {
            let record = &self.buffer[self.at..self.at + length];
            self.further_bytes += self.characters.further_bytes(record);
            self.has_wide |= self.characters.has_wide(record);
            self.record(self.at..self.at + length, None);
            self.at += length;
        }
        let rest = self.filled - self.at;
        if self.ended && rest > 0 {
            let bytes = self.number * length as u64 + rest as u64;
            return Err(carried(&self.name, not_whole(&self.name, bytes, length)));
        }
        // With any other number of further bytes, records that they had moved would not be whole.
        let may_have_moved = self.has_wide && self.further_bytes.is_multiple_of(length);
        if self.ended && may_have_moved && !self.layout.has_packed() {
            return Err(carried(&self.name, moved(&self.name)));
        }
        Ok(())
    }

    fn by_line(&mut self, length: Option<usize>, fill: bool) {
        while self.at < self.filled {
            let rest = &self.buffer[self.at..self.filled];
            let (line, used) = match self.characters.line_end(rest) {
                Some(end) => (end, end + 1),
                None if self.ended => (rest.len(), rest.len()),
                // A line that is longer than the buffer is cut; its rest is one more that is too long or too short.
                None if rest.len() >= LONGEST_RECORD => (rest.len(), rest.len()),
                None => return,
            };
            let is_last = self.ended && self.at + used == self.filled;
            let text = &rest[..line];
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            let is_end = is_last && text.iter().all(|byte| matches!(*byte, END_MARK | 0));
            if !(is_end && used > 0 && !text.is_empty()) {
                let short = text.len() < length.unwrap_or(self.layout.needed());
                let long = length.is_some_and(|length| text.len() > length);
                let blank = self.characters.is_blank(text);
                // A line of just the right bytes was padded by bytes: its fields stand where they should.
                let is_exact = !fill && text.len() == length.unwrap_or(self.layout.needed());
                let flaw = match (long, short && !fill && !blank) {
                    _ if !is_exact && self.characters.has_wide(text) => Some(Flaw::WideLetters),
                    (true, _) => Some(Flaw::LongRecord),
                    (_, true) => Some(Flaw::ShortRecord),
                    _ => None,
                };
                let end = self.at + text.len();
                self.record(self.at..end, flaw);
            }
            self.at += used;
        }
    }

    /// Writes a record of the buffer. One with a flaw has the cells that are whole.
    fn record(&mut self, place: std::ops::Range<usize>, flaw: Option<Flaw>) {
        let FixedReader {
            buffer,
            layout,
            characters,
            writer,
            field: text,
            ..
        } = self;
        let record = &buffer[place];
        self.number += 1;
        writer.begin(self.number);
        for field in &layout.fields {
            let start = field.start.min(record.len());
            let end = (field.start + field.length).min(record.len());
            characters.read(&record[start..end], field.kind, text);
            writer.cell(text);
        }
        writer.end(flaw);
    }
}

impl<R: Read> Read for FixedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.writer.is_empty() && !buffer.is_empty() {
            self.fill()?;
        }
        Ok(self.writer.take(buffer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::Encoding;
    use crate::fixed::{FieldKind, LayoutField};
    use crate::lines::{RowFormat, RowReader};
    use crate::transcode::characters;
    use crate::{Cell, Rows};

    fn layout(form: RecordForm) -> Arc<Layout> {
        let field = |name: &str, start, length, kind| LayoutField {
            name: name.to_owned(),
            start,
            length,
            kind,
        };
        let digits = FieldKind::Zoned {
            signed: false,
            decimals: 0,
        };
        let fields = vec![
            field("ID", 0, 3, digits),
            field("NAME", 3, 4, FieldKind::Text),
        ];
        let files = Vec::new();
        Arc::new(Layout {
            fields,
            form,
            files,
        })
    }

    fn rows(form: RecordForm, bytes: &[u8]) -> io::Result<Vec<String>> {
        let table = characters(Encoding::Utf8).unwrap();
        let reader = FixedReader::new(bytes, "a.dat", layout(form), table);
        let mut reader = RowReader::new(reader, RowFormat::records(2), 0, 1);
        let mut rows = Rows::default();
        while reader.next(&mut rows)? {}
        let shown = rows.iter().map(|(at, row)| {
            let cells = row.cells().map(|cell| match cell {
                Cell::Text(text) => text.to_owned(),
                Cell::Broken(_) => "!".to_owned(),
            });
            let cells: Vec<String> = cells.collect();
            let flaw = row.flaw().map_or("", |flaw| match flaw {
                Flaw::ShortRecord => " short",
                Flaw::LongRecord => " long",
                Flaw::WideLetters => " wide",
                _ => " other",
            });
            format!("{}:{}{flaw}", at.row, cells.join("|"))
        });
        Ok(shown.collect())
    }

    #[test]
    fn a_line_that_does_not_fit_is_told() {
        let text = b"001Ann \r\n002Bo\n\n003Carla\n004Dan \x1A\n\x1A";
        let lines = |length, fill| RecordForm::Lines { length, fill };
        let read = rows(lines(None, false), text).unwrap();
        let all = ["1:001|Ann", "2:002|Bo short", "4:003|Carl", "5:004|Dan"];
        assert_eq!(read, all);
        let read = rows(lines(Some(7), true), text).unwrap();
        let all = ["1:001|Ann", "2:002|Bo", "4:003|Carl long", "5:004|Dan long"];
        assert_eq!(read, all);
    }

    #[test]
    fn letters_of_several_bytes_move_what_stands_behind_them() {
        let lines = |length, fill| RecordForm::Lines { length, fill };
        let text = "001Ann \n002Bé \n003Bé  \n004B\u{20ac}n x\n".as_bytes();
        // The second line has the bytes of the layout, the third its letters.
        for length in [None, Some(7)] {
            let read = rows(lines(length, false), text).unwrap();
            let all = ["1:001|Ann", "2:002|!", "3:003|! wide", "4:004|! wide"];
            assert_eq!(read, all);
        }
        // Where blanks at the end may be gone, nobody can tell which it is.
        let read = rows(lines(None, true), text).unwrap();
        assert_eq!(read[1], "2:002|! wide");
        // Bytes that are no UTF-8 are letters of one byte each in an encoding that nobody named.
        let read = rows(lines(None, false), b"001Ann\xE9  \n").unwrap();
        assert_eq!(read, ["1:001|!"]);
    }

    #[test]
    fn a_length_that_does_not_divide_the_file_ends_the_reading() {
        let read = rows(RecordForm::Length(7), b"001Ann 0x2Bo  ").unwrap();
        assert_eq!(read, ["1:001|Ann", "2:!|Bo"]);
        assert!(rows(RecordForm::Length(7), b"001Ann 0").is_err());
        // One letter in the right bytes, as its file is whole; seven may have moved a record by all of its bytes.
        let one = rows(RecordForm::Length(7), "001Bé 002Ann ".as_bytes()).unwrap();
        assert_eq!(one, ["1:001|!", "2:002|Ann"]);
        let seven = "001éé002éé003éé004é  ".as_bytes();
        assert_eq!(seven.len(), 28);
        let why = rows(RecordForm::Length(7), seven).unwrap_err();
        let why = format!("{:?}", anyhow::Error::from(why));
        assert!(why.contains("letters of several bytes"), "{why}");
    }
}
