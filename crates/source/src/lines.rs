//! CSV text → rows, broken ones included.
//!
//! Owner of [`RowReader`], one sequential pass over text that is UTF-8 but for the marks of what did not decode, and of
//! [`RereadRow`], a row read again. Invariants: whatever the bytes, every one of them belongs to one row or one blank line, but
//! for the marks at the end of a file; reading a row's bytes again gives the same cells; where the quotes of a row make no sense, the row is its first line
//! and reading goes on behind that, so a quote that never closes costs one line and not the rest of the file; the outcome
//! does not depend on how the bytes came in; memory is bounded by [`MAX_ROW`].
//! The splitting is our own because csv parsers read on through a stray quote, and only the raw bytes tell where that was.
//! Left out on purpose: finding out the dialect (`dialect`), and what the bytes were before (`export`).

mod buffer;
mod marks;

use std::cmp::Ordering;
use std::io::{self, Read};

use buffer::RowBuffer;
use marks::{END_MARK, breaks, is_end, line, spaces, unread};

use super::read_ahead::ReadAhead;
use super::{Extent, Flaw, Row, Rows, records};
use bakkt_model::position::Position;
use bakkt_model::text::trim;

/// Bytes of the longest line that is read; a longer one is a broken row.
pub(crate) const MAX_ROW: usize = (1 << 20) - 1;

/// How far the end of a quoted cell is looked for. The longest cell that a spreadsheet holds is a quarter of it.
const QUOTE_REACH: usize = 128 << 10;

/// Cells of a row that lines of a text inside of a cell do not have by chance: they would need as many delimiters.
const SURE_WIDTH: usize = 6;

/// The most columns of a table, as in a spreadsheet.
pub(crate) const MOST_COLUMNS: usize = 1 << 14;

/// What the rows of a text are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowFormat {
    /// Between cells.
    pub delimiter: u8,
    /// Around cells; none: quotes are text like any other.
    pub quote: Option<u8>,
    /// Cells of a row that is whole; 0: any number.
    pub width: usize,
    /// The text stands for a sheet, whose cells have their columns: rows are counted instead of lines, and rows may differ
    /// in length.
    pub sheet: bool,
    /// The text was written by `records`, whose rows say their numbers themselves.
    pub records: bool,
}

/// How much of the text a row takes up.
struct RowSize {
    /// Bytes, its line end included.
    length: usize,
    /// Line ends.
    breaks: u64,
    /// Its number, where the text says it.
    number: Option<u64>,
    flaw: Option<Flaw>,
}

impl RowFormat {
    /// The format of the text that `records` writes.
    pub(super) fn records(width: usize) -> RowFormat {
        RowFormat {
            delimiter: records::CELL,
            quote: None,
            width,
            sheet: false,
            records: true,
        }
    }

    /// Takes one row off the front; none when that needs more input. `ended`: there is no more.
    fn take(&self, input: &[u8], ended: bool, cells: &mut RowBuffer<'_>) -> Option<RowSize> {
        if self.records {
            return take_record(input, ended, cells);
        }
        let (before, behind) = unread(input, ended);
        let whole = input.len();
        let input = &input[before..whole - behind];
        let mut taken = self.take_text(input, ended, cells)?;
        taken.length += before;
        if taken.length == whole - behind {
            taken.length = whole;
        }
        Some(taken)
    }

    fn take_text(&self, input: &[u8], ended: bool, cells: &mut RowBuffer<'_>) -> Option<RowSize> {
        let (line, length) = match line(input, ended) {
            Some(found) => found,
            None if input.len() >= MAX_ROW => {
                return Some(RowSize {
                    length: MAX_ROW,
                    breaks: 0,
                    number: None,
                    flaw: Some(Flaw::TooLong),
                });
            }
            None => return None,
        };
        if length > MAX_ROW {
            return Some(RowSize {
                length: MAX_ROW,
                breaks: 0,
                number: None,
                flaw: Some(Flaw::TooLong),
            });
        }
        let quote = self
            .quote
            .filter(|quote| memchr::memchr(*quote, line).is_some());
        let mut taken = RowSize {
            length,
            breaks: u64::from(length > line.len()),
            number: None,
            flaw: None,
        };
        match quote {
            None => cells.add_plain(line, self.delimiter),
            Some(quote) => match self.take_quoted(input, ended, quote, cells)? {
                Ok(end) if self.swallowed(&input[..end], length, cells.count()) => {
                    cells.forget();
                    self.add_broken(line, quote, cells);
                    taken.flaw = Some(Flaw::OpenQuote);
                }
                // The usual row is its first line, whose break is counted.
                Ok(end) if end == length => {}
                Ok(end) => {
                    taken.length = end;
                    taken.breaks = breaks(&input[..end]);
                }
                Err(flaw) => {
                    cells.forget();
                    self.add_broken(line, quote, cells);
                    taken.flaw = Some(flaw);
                }
            },
        }
        if taken.flaw.is_none() {
            taken.flaw = self.flaw(&input[..taken.length], cells.count());
        }
        if taken.flaw.is_some() {
            cells.keep(MOST_COLUMNS + 1);
        }
        cells.compose();
        Some(taken)
    }

    /// A row with quotes in its first line: its length, or why it makes no sense.
    fn take_quoted(
        &self,
        input: &[u8],
        ended: bool,
        quote: u8,
        cells: &mut RowBuffer<'_>,
    ) -> Option<Result<usize, Flaw>> {
        // The same whatever the buffer holds beyond.
        let reach = input.get(..QUOTE_REACH);
        let (input, cut) = (reach.unwrap_or(input), reach.is_some());
        let ran_out = |end: Result<usize, Flaw>| match (cut, ended) {
            (true, _) => Some(Err(Flaw::OpenQuote)),
            (false, true) => Some(end),
            (false, false) => None,
        };
        let mut at = 0;
        // Where the line that is being read ends, without and with its break: only a cell with breaks leads beyond it.
        let mut ends: Option<(usize, usize)> = None;
        loop {
            let Some((end, after)) = ends.filter(|(end, _)| at <= *end).or_else(|| {
                let (rest, length) = line(&input[at..], ended && !cut)?;
                Some((at + rest.len(), at + length))
            }) else {
                return ran_out(Ok(at));
            };
            ends = Some((end, after));
            let rest = &input[at..end];
            let Some(next) = memchr::memchr(quote, rest) else {
                cells.add_plain(rest, self.delimiter);
                return Some(Ok(after));
            };
            // Most cells of most rows have no quotes: those before the next quoted one are taken at once.
            let before = memchr::memrchr(self.delimiter, &rest[..next]);
            if let Some(end) = before {
                cells.add_plain(&rest[..end], self.delimiter);
            }
            let start = before.map_or(0, |end| end + 1);
            let first = start + spaces(&rest[start..]);
            // ="00124", written without quotes around it, as `text::cell` reads it with them.
            let wrapped = quote == b'"' && first + 1 == next && rest[first] == b'=';
            if first != next && !wrapped {
                let open = breaks(&input[..at]) > 0;
                return Some(Err(if open {
                    Flaw::OpenQuote
                } else {
                    Flaw::StrayQuote
                }));
            }
            at += next + 1;
            loop {
                let Some(found) = memchr::memchr(quote, &input[at..]) else {
                    return ran_out(Err(Flaw::OpenQuote));
                };
                cells.data.extend_from_slice(&input[at..at + found]);
                at += found + 1;
                if input.get(at) != Some(&quote) {
                    break;
                }
                cells.data.push(quote);
                at += 1;
            }
            at += spaces(&input[at..]);
            // Behind a quote it stands for no letter.
            let marks = input[at..].iter().take_while(|byte| **byte == END_MARK);
            let marks = marks.count();
            if matches!(input.get(at + marks), None | Some(b'\n' | b'\r')) {
                at += marks;
            }
            cells.end_cell();
            match input.get(at) {
                Some(next) if *next == self.delimiter => at += 1,
                Some(b'\n') => return Some(Ok(at + 1)),
                Some(b'\r') => match input.get(at + 1) {
                    Some(b'\n') => return Some(Ok(at + 2)),
                    Some(_) => return Some(Ok(at + 1)),
                    None => return ran_out(Ok(at + 1)),
                },
                None => return ran_out(Ok(at)),
                // Of two quotes on different lines, the first is the one that was left open.
                Some(_) if breaks(&input[..at]) > 0 => return Some(Err(Flaw::OpenQuote)),
                Some(_) => return Some(Err(Flaw::StrayQuote)),
            }
        }
    }

    /// Whether a row over several lines holds whole rows of others: a quote that was left open closes at the next one,
    /// wherever that is. One of its further lines then is a row by itself. A row that has the right number of cells all the
    /// same is believed, unless both its first and its last line are rows, or, where rows have so many cells that this is no
    /// chance, a line within. Where it cannot be known, two blocked rows are better than one customer less.
    fn swallowed(&self, row: &[u8], first: usize, cells: usize) -> bool {
        if first >= row.len() || self.width < 2 {
            return false;
        }
        let whole = |line: &[u8]| self.delimiters(line) + 1 == self.width;
        let row = row.strip_suffix(b"\n").unwrap_or(row);
        let row = row.strip_suffix(b"\r").unwrap_or(row);
        let mut lines = row.split(|byte| matches!(byte, b'\n' | b'\r'));
        // Quotes come in pairs, counted from the end where the row would begin or end.
        let first = lines.next().is_some_and(whole);
        let last = lines.next_back().is_some_and(|line| {
            let turned: Vec<u8> = line.iter().rev().copied().collect();
            whole(&turned)
        });
        let within = lines.any(whole);
        if cells == self.width {
            (first && last) || (self.width >= SURE_WIDTH && within)
        } else {
            within || last
        }
    }

    /// Delimiters of a line that stand in no pair of quotes.
    fn delimiters(&self, line: &[u8]) -> usize {
        let (mut count, mut rest) = (0, line);
        let all = |text: &[u8]| memchr::memchr_iter(self.delimiter, text).count();
        while let Some(open) = self.quote.and_then(|quote| memchr::memchr(quote, rest)) {
            let behind = &rest[open + 1..];
            let Some(close) = self.quote.and_then(|quote| memchr::memchr(quote, behind)) else {
                break;
            };
            count += all(&rest[..open]);
            rest = &behind[close + 1..];
        }
        count + all(rest)
    }

    /// The cells of a line whose quotes make no sense, as far as that can be told.
    fn add_broken(&self, line: &[u8], quote: u8, cells: &mut RowBuffer<'_>) {
        for cell in line.split(|byte| *byte == self.delimiter) {
            let cell = cell.trim_ascii();
            let cell = cell.strip_prefix(&[quote]).unwrap_or(cell);
            let cell = cell.strip_suffix(&[quote]).unwrap_or(cell);
            cells.data.extend_from_slice(cell);
            cells.end_cell();
        }
    }

    fn flaw(&self, bytes: &[u8], count: usize) -> Option<Flaw> {
        if memchr::memchr(0, bytes).is_some() {
            return Some(Flaw::Nul);
        }
        match count.cmp(&self.width) {
            _ if self.width == 0 || self.sheet => None,
            Ordering::Less => Some(Flaw::TooFew),
            Ordering::Greater => Some(Flaw::TooMany),
            Ordering::Equal => None,
        }
    }
}

/// Takes a row that `records` wrote.
fn take_record(input: &[u8], ended: bool, cells: &mut RowBuffer<'_>) -> Option<RowSize> {
    let end = memchr::memchr(b'\n', input).or(ended.then_some(input.len()))?;
    let (number, mut flaw, text) = records::parts(&input[..end]);
    match text {
        None => {}
        Some(text) if records::is_escaped(text) => {
            for cell in text.split(|byte| *byte == records::CELL) {
                records::unescape(cell, cells.data);
                cells.end_cell();
            }
        }
        Some(text) => cells.add_plain(text, records::CELL),
    }
    if flaw.is_none() && text.is_some_and(|text| memchr::memchr(0, text).is_some()) {
        flaw = Some(Flaw::Nul);
    }
    cells.compose();
    Some(RowSize {
        length: (end + 1).min(input.len()),
        breaks: 1,
        number: Some(number),
        flaw,
    })
}

/// Reads the rows of a text from its beginning to its end.
#[derive(Debug)]
pub struct RowReader<R> {
    input: ReadAhead<R>,
    form: RowFormat,
    /// Offset of the next byte of the input.
    offset: u64,
    line: u64,
    /// The rest of a line that was too long is still to come.
    inside: bool,
    blank: u64,
}

impl<R: Read> RowReader<R> {
    /// Starts; `offset` and `line` are those of the first byte.
    pub fn new(input: R, form: RowFormat, offset: u64, line: u64) -> RowReader<R> {
        RowReader {
            input: ReadAhead::new(input),
            form,
            offset,
            line,
            inside: false,
            blank: 0,
        }
    }

    /// Lines so far that were empty, or whose cells were.
    pub(crate) fn blank_lines(&self) -> u64 {
        self.blank
    }

    /// Where the next row begins: offset and line.
    pub(crate) fn next_at(&self) -> (u64, u64) {
        (self.offset, self.line)
    }

    /// Adds the next row that is not blank; false at the end.
    pub fn next(&mut self, rows: &mut Rows) -> io::Result<bool> {
        loop {
            if self.inside && !self.skip_line()? {
                return Ok(false);
            }
            if self.input.rest().is_empty() && !self.input.fill()? {
                return Ok(false);
            }
            let first = (rows.data.len(), rows.ends.len());
            let taken = loop {
                let mut cells = RowBuffer {
                    data: &mut rows.data,
                    ends: &mut rows.ends,
                    first,
                };
                let (input, ended) = (self.input.rest(), self.input.has_ended());
                if let Some(taken) = self.form.take(input, ended, &mut cells) {
                    break taken;
                }
                cells.forget();
                self.input.fill()?;
            };
            let at = Position {
                row: taken.number.unwrap_or(self.line),
                offset: self.offset,
                length: taken.length as u32,
            };
            self.inside = taken.flaw == Some(Flaw::TooLong) && !self.form.records;
            self.pass(taken.length);
            self.line += if self.form.sheet { 1 } else { taken.breaks };
            if is_blank(&rows.data[first.0..], &rows.ends[first.1..])
                && taken.flaw != Some(Flaw::TooLong)
                && (taken.flaw.is_none() || !self.form.records)
            {
                rows.data.truncate(first.0);
                rows.ends.truncate(first.1);
                let is_end = is_end(self.input.used(taken.length));
                self.blank += match self.form.sheet || self.form.records {
                    true => 1,
                    false if is_end => 0,
                    false => taken.breaks.max(1),
                };
                continue;
            }
            rows.rows.push(Extent {
                data: first.0,
                data_end: rows.data.len(),
                ends: first.1,
                ends_end: rows.ends.len(),
                at,
                flaw: taken.flaw,
            });
            return Ok(true);
        }
    }

    fn pass(&mut self, count: usize) {
        self.input.pass(count);
        self.offset += count as u64;
    }

    /// Leaves out the rest of a line.
    fn skip_line(&mut self) -> io::Result<bool> {
        loop {
            let (input, ended) = (self.input.rest(), self.input.has_ended());
            let end = memchr::memchr2(b'\n', b'\r', input);
            if let Some((_, length)) = end.and_then(|_| line(input, ended)) {
                self.pass(length);
                self.line += 1;
                self.inside = false;
                return Ok(true);
            }
            // A CR at the buffer's end may have its LF in the next one.
            let passed = end.unwrap_or(input.len());
            self.pass(passed);
            if !self.input.fill()? && self.input.rest().is_empty() {
                self.inside = false;
                return Ok(false);
            }
        }
    }
}

/// Whether all cells are.
fn is_blank(data: &[u8], ends: &[usize]) -> bool {
    let mut start = 0;
    ends.iter().all(|end| {
        let cell = &data[start..*end];
        start = end + 1;
        let plain = cell.iter().all(|byte| matches!(byte, b' ' | b'\t'));
        plain
            || (!cell.is_ascii()
                && std::str::from_utf8(cell).is_ok_and(|text| trim(text).is_empty()))
    })
}

/// Buffers for a row that is read a second time.
#[derive(Debug, Default)]
pub struct RereadRow {
    /// Its bytes, for whoever fetches them.
    pub bytes: Vec<u8>,
    data: Vec<u8>,
    ends: Vec<usize>,
    flaw: Option<Flaw>,
}

impl RereadRow {
    /// Splits `bytes`, which are a whole row.
    pub fn split(&mut self, form: &RowFormat) -> Row<'_> {
        self.data.clear();
        self.ends.clear();
        let mut cells = RowBuffer {
            data: &mut self.data,
            ends: &mut self.ends,
            first: (0, 0),
        };
        let too_long = self.bytes.len() >= MAX_ROW;
        let taken = (!too_long)
            .then(|| form.take(&self.bytes, true, &mut cells))
            .flatten();
        self.flaw = taken.map_or(Some(Flaw::TooLong), |taken| taken.flaw);
        self.row()
    }

    /// The cells of a row in another order; a column that it has not is empty.
    pub fn arrange(&mut self, row: &Row<'_>, columns: &[Option<usize>]) -> Row<'_> {
        self.data.clear();
        self.ends.clear();
        for column in columns {
            let cell = column.map_or(&[][..], |column| row.bytes_of(column));
            self.data.extend_from_slice(cell);
            self.ends.push(self.data.len());
            self.data.push(b',');
        }
        self.flaw = row.flaw();
        self.row()
    }

    /// The row that was split last.
    pub fn row(&self) -> Row<'_> {
        Row::new(&self.data, &self.ends, self.flaw)
    }
}

#[cfg(test)]
mod tests;
