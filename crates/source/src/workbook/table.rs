//! A sheet as canonical CSV text: one row of text for every row of the sheet, one cell for every column from A.
//!
//! Owner of what a value looks like in that text, and of its bounds. Rows count from row 1 of the sheet, so that the number
//! of a row is the number that Excel shows; blank rows are empty lines, blank rows at the end are left out. What is no
//! value is marked with the byte [`ERROR_MARK`], which makes its cell invalid UTF-8: nothing can send it by mistake.

use std::io::Write;

use super::format::{self, Format, NumberDisplay};
use super::refused::{WorkbookBound, WorkbookRefusal};
use super::serial::{self, DayEpoch};
use super::{iso, number};
use crate::ERROR_MARK;
use bakkt_model::text::is_error;

/// The error of a whole number that a sheet cannot hold.
pub(crate) const DIGITS: &str = "a number of more than 15 digits";

/// The error of a formula whose result the workbook does not hold.
pub(crate) const NO_RESULT: &str = "a formula without a result";

/// The error of a number whose format shows another one.
pub(crate) const NOT_EXACT: &str = "a number that is shown as another";

/// The error of a value of which its format shows nothing.
pub(crate) const HIDDEN: &str = "a value that its format hides";

/// The error of a number as a date that no calendar has, as Excel shows it.
pub(crate) const NO_DATE: &str = "#####";

/// Rows of the largest sheet.
pub(crate) const ROWS: u32 = 1 << 20;

/// Columns of the widest sheet.
pub(crate) const COLUMNS: u32 = 1 << 14;

/// Bytes of the longest cell: the 32,767 characters that Excel holds, and some.
const LONGEST_CELL: usize = 256 << 10;

/// Bytes of the longest text of a sheet: more than a full sheet of customers, and no more than a disk bears.
const LONGEST_SHEET: u64 = 8 << 30;

/// What the errors of a cell look like; a cell that holds one as text is none the better for it.
const ERRORS: &[&str] = &[
    "#N/A",
    "#REF!",
    "#VALUE!",
    "#DIV/0!",
    "#NAME?",
    "#NUM!",
    "#NULL!",
    "#GETTING_DATA",
    "#SPILL!",
    "#CALC!",
    "#FIELD!",
    "#BLOCKED!",
    "#CONNECT!",
    "#UNKNOWN!",
    "#BUSY!",
    NO_DATE,
];

/// The value of a cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum CellValue<'a> {
    /// Text as it is.
    Text(&'a str),
    /// A number, which the cell's format explains.
    Number(f64),
    /// A truth value.
    Boolean(bool),
    /// A date, or a date and time, in ISO 8601.
    When(&'a str),
    /// A length of time in ISO 8601, which is how a time of day is kept.
    Duration(&'a str),
    /// The text of an error.
    Error(&'a str),
}

/// Writes one sheet, cell by cell in the order of its rows.
#[derive(Debug)]
pub(crate) struct SheetWriter<W> {
    out: W,
    epoch: DayEpoch,
    /// The row that is being filled, from 0, and its cells by column.
    row: u32,
    cells: Vec<(u32, usize)>,
    text: Vec<u8>,
    shown: String,
    /// Rows whose line ends are written, and all bytes.
    ended: u32,
    written: u64,
}

impl<W: Write> SheetWriter<W> {
    pub(crate) fn new(out: W, epoch: DayEpoch) -> Self {
        SheetWriter {
            out,
            epoch,
            row: 0,
            cells: Vec::new(),
            text: Vec::new(),
            shown: String::new(),
            ended: 0,
            written: 0,
        }
    }

    /// The row that is being filled, from 1.
    pub(crate) fn row(&self) -> u32 {
        self.row + 1
    }

    /// Puts a value into a cell; rows and columns count from 0. An empty text is an empty cell.
    pub(crate) fn put(
        &mut self,
        row: u32,
        column: u32,
        value: &CellValue<'_>,
        format: &Format,
    ) -> Result<(), WorkbookRefusal> {
        if row >= ROWS || column >= COLUMNS {
            return Err(WorkbookRefusal::TooLarge(WorkbookBound::Cells));
        }
        if row < self.row {
            return Err(WorkbookRefusal::Damaged);
        }
        if row > self.row {
            self.end_row()?;
            self.row = row;
        }
        self.shown.clear();
        let broken = !show(value, format, self.epoch, &mut self.shown);
        if self.shown.len() > LONGEST_CELL {
            return Err(WorkbookRefusal::TooLarge(WorkbookBound::Text));
        }
        if self.shown.is_empty() {
            return Ok(());
        }
        let start = self.text.len();
        if broken {
            self.text.push(ERROR_MARK);
        }
        quote(self.shown.as_bytes(), &mut self.text);
        if self.text.len() > (64 << 20) {
            return Err(WorkbookRefusal::TooLarge(WorkbookBound::Text));
        }
        self.cells.push((column, start));
        Ok(())
    }

    /// Ends the last row.
    pub(crate) fn finish(mut self) -> Result<(), WorkbookRefusal> {
        self.end_row()?;
        self.out.flush()?;
        Ok(())
    }

    fn end_row(&mut self) -> Result<(), WorkbookRefusal> {
        if self.cells.is_empty() {
            return Ok(());
        }
        let mut line = vec![b'\n'; (self.row - self.ended) as usize];
        self.ended = self.row + 1;
        if !self.cells.is_sorted_by(|one, next| one.0 < next.0) {
            self.sort()?;
        }
        let mut column = 0;
        for (at, &(place, start)) in self.cells.iter().enumerate() {
            let end = self
                .cells
                .get(at + 1)
                .map_or(self.text.len(), |next| next.1);
            line.resize(line.len() + (place - column) as usize, b',');
            line.extend_from_slice(&self.text[start..end]);
            column = place;
        }
        line.push(b'\n');
        self.written += line.len() as u64;
        if self.written > LONGEST_SHEET {
            return Err(WorkbookRefusal::TooLarge(WorkbookBound::Sheet));
        }
        self.out.write_all(&line)?;
        self.cells.clear();
        self.text.clear();
        Ok(())
    }

    /// Brings cells that came in another order into that of their columns.
    fn sort(&mut self) -> Result<(), WorkbookRefusal> {
        let mut cells: Vec<(u32, Vec<u8>)> = Vec::with_capacity(self.cells.len());
        for (at, &(column, start)) in self.cells.iter().enumerate() {
            let end = self
                .cells
                .get(at + 1)
                .map_or(self.text.len(), |next| next.1);
            cells.push((column, self.text[start..end].to_vec()));
        }
        cells.sort_by_key(|(column, _)| *column);
        if cells.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(WorkbookRefusal::Damaged);
        }
        self.cells.clear();
        self.text.clear();
        for (column, text) in cells {
            self.cells.push((column, self.text.len()));
            self.text.extend_from_slice(&text);
        }
        Ok(())
    }
}

/// A cell of CSV text, quoted where it must be.
fn quote(cell: &[u8], text: &mut Vec<u8>) {
    if memchr::memchr3(b'"', b',', b'\n', cell).is_none() && memchr::memchr(b'\r', cell).is_none() {
        text.extend_from_slice(cell);
        return;
    }
    text.push(b'"');
    for (number, part) in cell.split(|byte| *byte == b'"').enumerate() {
        if number > 0 {
            text.extend_from_slice(b"\"\"");
        }
        text.extend_from_slice(part);
    }
    text.push(b'"');
}

/// Writes a value as a person sees it; false when it is an error, whose text is then written.
fn show(value: &CellValue<'_>, format: &Format, epoch: DayEpoch, out: &mut String) -> bool {
    match value {
        CellValue::Text(text) => {
            let is_shown = match format {
                Format::Written(sections) if !bakkt_model::text::trim(text).is_empty() => {
                    format::write_text(sections, text, out)
                }
                _ => {
                    out.push_str(text);
                    true
                }
            };
            if !is_shown {
                out.push_str(HIDDEN);
            }
            is_shown && !ERRORS.contains(text) && !is_error(text)
        }
        CellValue::Boolean(truth) => {
            out.push_str(if *truth { "TRUE" } else { "FALSE" });
            true
        }
        CellValue::When(text) => {
            iso::write_when(text, format, out);
            is_shown(out)
        }
        CellValue::Duration(text) => {
            iso::write_duration(text, out);
            true
        }
        CellValue::Error(text) => {
            out.push_str(text);
            false
        }
        CellValue::Number(value) => show_number(*value, format, epoch, out),
    }
}

/// Whether something is shown of a date. Of a day of the week nothing is written, and yet the cell is not empty.
fn is_shown(out: &mut String) -> bool {
    let is_empty = out.is_empty();
    if is_empty {
        out.push_str(NOT_EXACT);
    }
    !is_empty
}

fn show_number(value: f64, format: &Format, epoch: DayEpoch, out: &mut String) -> bool {
    if !value.is_finite() {
        out.push_str("#NUM!");
        return false;
    }
    match format {
        Format::When(parts) => {
            let shown = serial::write(value, epoch, *parts, out);
            if !shown {
                out.clear();
                out.push_str(NO_DATE);
                return false;
            }
            is_shown(out)
        }
        Format::Percent => {
            number::plain(value, 2, out);
            out.push('%');
            true
        }
        Format::Money(mark) => {
            format::write_money(mark, value, out);
            true
        }
        Format::Written(sections) if number::is_exact(value) || value.fract() != 0.0 => {
            match format::write_number(sections, value, out) {
                NumberDisplay::Exactly | NumberDisplay::Empty => {}
                NumberDisplay::Hidden => {
                    out.push_str(HIDDEN);
                    return false;
                }
                NumberDisplay::Otherwise => {
                    out.clear();
                    out.push_str(NOT_EXACT);
                    return false;
                }
            }
            true
        }
        // Excel has already put zeros in place of the digits beyond the fifteenth: the number that was typed is gone.
        _ if value.fract() == 0.0 && !number::is_exact(value) => {
            out.push_str(DIGITS);
            false
        }
        Format::Decimals(least) => {
            number::with_decimals(value, *least, out);
            true
        }
        _ => {
            number::plain(value, 0, out);
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(cells: &[(u32, u32, CellValue<'_>)]) -> Result<Vec<u8>, WorkbookRefusal> {
        let mut out = Vec::new();
        let mut table = SheetWriter::new(&mut out, DayEpoch::Of1900);
        for (row, column, value) in cells {
            table.put(*row, *column, value, &Format::Number)?;
        }
        table.finish()?;
        Ok(out)
    }

    #[test]
    fn cells_stand_where_the_sheet_has_them() {
        let text = text_of(&[
            (1, 1, CellValue::Text("b2")),
            (1, 3, CellValue::Number(0.5)),
            (4, 0, CellValue::Boolean(true)),
            (4, 1, CellValue::Text("")),
            (4, 2, CellValue::Error("#N/A")),
            (9, 0, CellValue::Text("")),
        ]);
        assert_eq!(text.unwrap(), b"\n,b2,,0.5\n\n\nTRUE,,\xFE#N/A\n");
        assert_eq!(text_of(&[]).unwrap(), b"");
    }

    #[test]
    fn marks_of_csv_are_quoted() {
        let text = text_of(&[
            (0, 0, CellValue::Text("a,b")),
            (0, 1, CellValue::Text("say \"x\"")),
            (0, 2, CellValue::Text("two\nlines")),
            (0, 3, CellValue::Text("plain")),
        ]);
        let expected = b"\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",plain\n";
        assert_eq!(text.unwrap(), expected);
    }

    #[test]
    fn columns_may_come_in_any_order_and_rows_may_not() {
        let (a, b) = (CellValue::Text("a"), CellValue::Text("b"));
        let text = text_of(&[(0, 2, b.clone()), (0, 0, a.clone())]);
        assert_eq!(text.unwrap(), b"a,,b\n");
        for cells in [
            [(0, 1, a.clone()), (0, 1, b.clone())],
            [(1, 0, a.clone()), (0, 0, b.clone())],
        ] {
            assert_eq!(text_of(&cells), Err(WorkbookRefusal::Damaged));
        }
        assert_eq!(
            text_of(&[(ROWS, 0, a)]),
            Err(WorkbookRefusal::TooLarge(WorkbookBound::Cells))
        );
    }

    #[test]
    fn what_no_cell_can_hold_is_broken() {
        for (value, text) in [
            (CellValue::Number(1e15), DIGITS),
            (CellValue::Number(f64::NAN), "#NUM!"),
            (CellValue::Text("#N/A"), "#N/A"),
        ] {
            let expected = [b"\xFE", text.as_bytes(), b"\n"].concat();
            assert_eq!(text_of(&[(0, 0, value)]).unwrap(), expected);
        }
        assert_eq!(text_of(&[(0, 0, CellValue::Text("#1"))]).unwrap(), b"#1\n");
        let long = "x".repeat(LONGEST_CELL + 1);
        assert_eq!(
            text_of(&[(0, 0, CellValue::Text(&long))]),
            Err(WorkbookRefusal::TooLarge(WorkbookBound::Text))
        );
    }
}
