//! CSV files: one sequential pass that hands out batches, and single rows again by position.
//!
//! Owner of [`CsvFile`] (the pass) and [`CsvRow`] (a row read again). The parser is csv-core, fed from our own
//! buffer, because only the raw bytes tell exact offsets, blank lines and line numbers apart. Invariants: rows come
//! in file order; reading the bytes at a row's position again gives the same cells; memory is bounded by
//! [`MAX_ROW`] whatever the file holds.
//! Left out on purpose: finding out dialect and encoding; a comma, double quotes and UTF-8 are expected.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::Context;
use csv_core::{ReadRecordResult, Reader};

use super::{Extent, Position, Row, Rows, spool};
use crate::error::Failure;

/// Bytes of the longest row that is accepted; a quote that never closes makes longer ones.
pub const MAX_ROW: usize = (1 << 20) - 1;

const BUFFER: usize = 256 << 10;

/// A CSV export, open for one pass.
#[derive(Debug)]
pub struct CsvFile {
    name: String,
    file: File,
    core: Reader,
    buffer: Vec<u8>,
    at: usize,
    filled: usize,
    /// File offset of `buffer[0]`.
    base: u64,
    line: u64,
    after_cr: bool,
    blank_lines: u64,
    headers: Vec<String>,
    size: u64,
}

/// The error of an export that cannot be opened, which a table of migration.toml names.
pub fn cannot_open(path: &Path, table: &str, error: &io::Error) -> anyhow::Error {
    Failure::configuration(
        format!("cannot open the export {}: {error}", path.display()),
        format!("check `file` under [{table}] in migration.toml"),
    )
}

impl CsvFile {
    /// Opens a file and reads its header row. `name` is how messages speak of it.
    pub fn open(path: &Path, name: &str) -> anyhow::Result<Self> {
        let file = spool::plain_file(path).map_err(|error| cannot_open(path, "source", &error))?;
        Self::of(file, name)
    }

    /// The same of a file that is open, from its beginning.
    pub fn of(file: File, name: &str) -> anyhow::Result<Self> {
        let size = file
            .metadata()
            .with_context(|| format!("cannot read {name}"))?
            .len();
        let mut csv = CsvFile {
            name: name.into(),
            file,
            core: Reader::new(),
            buffer: vec![0; BUFFER],
            at: 0,
            filled: 0,
            base: 0,
            line: 1,
            after_cr: false,
            blank_lines: 0,
            headers: Vec::new(),
            size,
        };
        csv.fill().with_context(|| format!("cannot read {name}"))?;
        if csv.buffer[..csv.filled].starts_with(b"\xEF\xBB\xBF") {
            csv.at = 3;
        }
        csv.read_headers()?;
        Ok(csv)
    }

    fn read_headers(&mut self) -> anyhow::Result<()> {
        let mut rows = Rows::default();
        if !self.read_row(&mut rows)? {
            return Err(Failure::configuration(
                format!("the export {} is empty: not even a header row", self.name),
                "check that the export ran to its end",
            ));
        }
        self.blank_lines = 0;
        let decoded = rows.iter().next().and_then(|(_, row)| {
            (0..row.len())
                .map(|i| match row.cell(i) {
                    super::Cell::Text(text) => Some(text.to_owned()),
                    super::Cell::Undecodable => None,
                })
                .collect()
        });
        self.headers = decoded.ok_or_else(|| {
            Failure::configuration(
                format!("the header row of {} is not UTF-8", self.name),
                "save the export as UTF-8",
            )
        })?;
        Ok(())
    }

    /// The column names, trimmed.
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// Blank lines seen so far.
    pub fn blank_lines(&self) -> u64 {
        self.blank_lines
    }

    /// Size of the file in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Reads up to `most` rows into `rows`; false at the end of the file when none were left.
    pub fn read_batch(&mut self, rows: &mut Rows, most: usize) -> anyhow::Result<bool> {
        rows.clear();
        while rows.len() < most && self.read_row(rows)? {}
        Ok(!rows.is_empty())
    }

    fn read_row(&mut self, rows: &mut Rows) -> anyhow::Result<bool> {
        if !self.skip_blank_lines()? {
            return Ok(false);
        }
        let (data, ends) = rows
            .rows
            .last()
            .map_or((0, 0), |last| (last.data_end, last.ends_end));
        let (start, row) = (self.base + self.at as u64, self.line);
        let (mut out, mut end) = (data, ends);
        let mut ended = false;
        loop {
            if rows.data.len() < out + 256 {
                rows.data.resize((out + 4096).max(rows.data.len() * 2), 0);
            }
            if rows.ends.len() < end + 8 {
                rows.ends.resize((end + 256).max(rows.ends.len() * 2), 0);
            }
            let input = &self.buffer[self.at..self.filled];
            let (result, nin, nout, nend) =
                self.core
                    .read_record(input, &mut rows.data[out..], &mut rows.ends[end..]);
            self.at += nin;
            out += nout;
            end += nend;
            // Also a whole record: a buffer may end it beyond the bound.
            if self.base + self.at as u64 - start > MAX_ROW as u64 {
                return Err(self.too_long(row));
            }
            match result {
                ReadRecordResult::InputEmpty => {
                    if !self
                        .fill()
                        .with_context(|| format!("cannot read {}", self.name))?
                    {
                        ended = true;
                    }
                }
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {}
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Ok(false),
            }
        }
        self.after_cr = !ended && self.at > 0 && self.buffer[self.at - 1] == b'\r';
        self.line += 1 + memchr::memchr_iter(b'\n', &rows.data[data..out]).count() as u64;
        rows.rows.push(Extent {
            data,
            data_end: out,
            ends,
            ends_end: end,
            at: Position {
                row,
                offset: start,
                length: u32::try_from(self.base + self.at as u64 - start).unwrap_or(u32::MAX),
            },
        });
        Ok(true)
    }

    fn too_long(&self, row: u64) -> anyhow::Error {
        Failure::cannot(
            format!(
                "{}: the row at line {row} is longer than {MAX_ROW} bytes; a quote that never closes looks like this",
                self.name
            ),
            "correct that row in the export",
        )
    }

    /// Moves to the first byte of the next row; false at the end of the file.
    fn skip_blank_lines(&mut self) -> anyhow::Result<bool> {
        loop {
            if self.at == self.filled
                && !self
                    .fill()
                    .with_context(|| format!("cannot read {}", self.name))?
            {
                return Ok(false);
            }
            match self.buffer[self.at] {
                b'\n' if self.after_cr => {}
                b'\n' | b'\r' => {
                    self.blank_lines += 1;
                    self.line += 1;
                }
                _ => return Ok(true),
            }
            self.after_cr = self.buffer[self.at] == b'\r';
            self.at += 1;
        }
    }

    /// Refills an exhausted buffer; false at the end of the file.
    fn fill(&mut self) -> io::Result<bool> {
        self.base += self.filled as u64;
        self.at = 0;
        self.filled = 0;
        loop {
            match self.file.read(&mut self.buffer) {
                Ok(count) => {
                    self.filled = count;
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// One row, read again by its position.
#[derive(Debug)]
pub struct CsvRow {
    core: Reader,
    bytes: Vec<u8>,
    data: Vec<u8>,
    ends: Vec<usize>,
    /// How much of `data` and `ends` the last row took.
    used: (usize, usize),
}

impl Default for CsvRow {
    fn default() -> Self {
        CsvRow {
            // Its own `Default` is a parser without tables.
            core: Reader::new(),
            bytes: Vec::new(),
            data: Vec::new(),
            ends: Vec::new(),
            used: (0, 0),
        }
    }
}

impl CsvRow {
    /// Reads the bytes at a position and parses them. A file that became shorter is an error.
    pub fn read(&mut self, file: &File, at: Position) -> io::Result<Row<'_>> {
        use std::os::unix::fs::FileExt;
        self.bytes.resize(at.length as usize, 0);
        file.read_exact_at(&mut self.bytes, at.offset)?;
        self.core.reset();
        self.data.resize(self.bytes.len() + 8, 0);
        self.ends.resize(self.ends.len().max(64), 0);
        let (mut used, mut out, mut end) = (0, 0, 0);
        loop {
            let (result, nin, nout, nend) = self.core.read_record(
                &self.bytes[used..],
                &mut self.data[out..],
                &mut self.ends[end..],
            );
            used += nin;
            out += nout;
            end += nend;
            match result {
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::OutputFull => self.data.resize(self.data.len() * 2, 0),
                // An exhausted input: the next call, with nothing left, ends the row.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        self.used = (out, end);
        Ok(self.row())
    }

    /// The row that was read last.
    pub fn row(&self) -> Row<'_> {
        Row::new(&self.data[..self.used.0], &self.ends[..self.used.1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Cell;
    use std::io::Write;

    /// Line and cells of every row.
    type Lines = Vec<(u64, Vec<String>)>;

    fn rows_of(bytes: &[u8]) -> anyhow::Result<(Lines, u64)> {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(bytes)?;
        let mut csv = CsvFile::open(file.path(), "x.csv")?;
        let (mut rows, mut all, mut again) = (Rows::default(), Vec::new(), CsvRow::default());
        while csv.read_batch(&mut rows, 2)? {
            for (at, row) in rows.iter() {
                let cells = |row: Row| -> Vec<String> {
                    (0..row.len())
                        .map(|i| match row.cell(i) {
                            Cell::Text(text) => text.to_owned(),
                            Cell::Undecodable => "?".to_owned(),
                        })
                        .collect()
                };
                assert_eq!(cells(row), cells(again.read(file.as_file(), at)?));
                all.push((at.row, cells(row)));
            }
        }
        Ok((all, csv.blank_lines()))
    }

    #[test]
    fn rows_know_their_lines_whatever_ends_them() -> anyhow::Result<()> {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["\u{feff}a,b", "1,x", "", "2,\"y\"", "3,z", "", ""].join(end);
            let (rows, blank) = rows_of(text.as_bytes())?;
            let lines: Vec<u64> = rows.iter().map(|(line, _)| *line).collect();
            assert_eq!((lines, blank), (vec![2, 4, 5], 2), "{end:?}");
        }
        let (rows, blank) = rows_of(b"a,b\n\"1\n2\",x\r\n\xFF,y,z\nlast")?;
        assert_eq!(blank, 0);
        assert_eq!(rows[0], (2, vec!["1\n2".into(), "x".into()]));
        assert_eq!(rows[1], (4, vec!["?".into(), "y".into(), "z".into()]));
        assert_eq!(rows[2], (5, vec!["last".into()]));
        Ok(())
    }

    #[test]
    fn an_empty_file_and_an_endless_quote_are_told() {
        assert!(rows_of(b"").is_err());
        let folder = CsvFile::open(&std::env::temp_dir(), "x.csv");
        assert!(folder.is_err_and(|e| e.to_string().contains("not a file")));
        let mut text = b"a\n\"".to_vec();
        text.resize(3 * MAX_ROW, b'x');
        assert!(rows_of(&text).is_err_and(|e| e.to_string().contains("line 2")));
    }
}
