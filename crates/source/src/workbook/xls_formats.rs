//! The number formats of an .xls and its hidden rows, which calamine does not tell ([MS-XLS]).
//!
//! Owner of [`Formats`]: which cells of a sheet have a format that says more than that they are numbers, and how many rows are not
//! shown. Values are calamine's.

use std::collections::HashMap;

use super::compound::{self, u16_at, u32_at};
use super::format::Format;
use super::refused::WorkbookRefusal;

/// The version of files since Excel 97.
const BIFF8: u16 = 0x0600;

/// What a row's record says of a row that is not shown.
const HIDDEN: u16 = 0x0020;

/// The formats of a workbook.
pub struct Formats {
    stream: Vec<u8>,
    /// By the number that cells have.
    formats: Vec<Format>,
    /// Where the sheets that hold cells begin.
    sheets: Vec<usize>,
}

/// The formats of one sheet's cells.
pub(crate) struct CellFormats<'a> {
    formats: &'a [Format],
    /// Row and column, and the number of the format; sorted.
    cells: Vec<((u16, u16), u16)>,
    /// Row and column of the formulas whose result the sheet does not hold; sorted.
    pub without_result: Vec<(u16, u16)>,
}

impl Formats {
    /// Reads those of a file.
    pub(crate) fn of(file: &[u8]) -> Result<Formats, WorkbookRefusal> {
        let stream = compound::stream(file, &["Workbook", "Book"])?;
        let (mut codes, mut styles, mut sheets) = (HashMap::new(), Vec::new(), Vec::new());
        let mut version = BIFF8;
        for record in Records::from(&stream, 0) {
            let (id, body) = record?;
            match id {
                0x0809 => version = u16_at(body, 0)?,
                0x041E => {
                    codes.insert(u16_at(body, 0)?, Format::of(&code(body, version)?));
                }
                0x00E0 => styles.push(u16_at(body, 2)?),
                // Worksheets only: charts and macros hold no table.
                0x0085 if body.get(5) == Some(&0) => sheets.push(u32_at(body, 0)? as usize),
                0x000A => break,
                _ => {}
            }
        }
        let format = |id: u16| {
            let own = codes.get(&id).cloned();
            own.unwrap_or_else(|| Format::built_in(id.into()))
        };
        Ok(Formats {
            formats: styles.into_iter().map(format).collect(),
            stream,
            sheets,
        })
    }

    /// Rows of a sheet that have cells and are not shown, by a filter or by hand.
    pub(crate) fn hidden_rows(&self, place: usize) -> Result<u64, WorkbookRefusal> {
        let start = *self.sheets.get(place).ok_or(WorkbookRefusal::Damaged)?;
        let (mut depth, mut count) = (0, 0);
        for record in Records::from(&self.stream, start) {
            let (id, body) = record?;
            match id {
                // A chart within the sheet has its own beginning and end.
                0x0809 => depth += 1,
                0x000A => depth -= 1,
                // A row: its number, its first column and the one behind its last, and, behind its height, what is said of it.
                0x0208 if depth == 1 => {
                    let has_cells = u16_at(body, 2)? < u16_at(body, 4)?;
                    count += u64::from(has_cells && u16_at(body, 12)? & HIDDEN != 0);
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        Ok(count)
    }

    /// Those of a sheet, by its place among those that hold cells.
    pub(crate) fn sheet(&self, place: usize) -> Result<CellFormats<'_>, WorkbookRefusal> {
        let start = *self.sheets.get(place).ok_or(WorkbookRefusal::Damaged)?;
        let (mut cells, mut depth) = (Vec::new(), 0);
        let (mut empty, mut formulas, mut text) = (Vec::new(), 0_usize, None);
        let mut without_result: Vec<(u16, u16)> = Vec::new();
        let mut add = |row: u16, column: u16, style: u16| {
            let format = self.formats.get(usize::from(style));
            if format.is_some_and(|format| *format != Format::Number) {
                cells.push(((row, column), style));
            }
        };
        for record in Records::from(&self.stream, start) {
            let (id, body) = record?;
            match id {
                // A chart within the sheet has its own beginning and end.
                0x0809 => depth += 1,
                0x000A => depth -= 1,
                // The text that a formula gave stands behind it, perhaps after what it shares with others.
                0x0207 if depth == 1 => text = None,
                0x04BC | 0x0221 | 0x0236 if depth == 1 => {}
                _ => without_result.extend(text.take()),
            }
            if id == 0x0006 && depth == 1 {
                formulas += 1;
                let place = (u16_at(body, 0)?, u16_at(body, 2)?);
                match (u16_at(body, 12)?, body[6]) {
                    (0xFFFF, 0) => text = Some(place),
                    (0xFFFF, 3) => empty.push(place),
                    _ => {}
                }
            }
            match id {
                // A number, a packed number, a formula, a text.
                0x0203 | 0x027E | 0x0006 | 0x00FD | 0x0204 if depth == 1 => {
                    add(u16_at(body, 0)?, u16_at(body, 2)?, u16_at(body, 4)?);
                }
                // Packed numbers beside one another.
                0x00BD if depth == 1 => {
                    let (row, first) = (u16_at(body, 0)?, u16_at(body, 2)?);
                    let each = body.get(4..body.len().saturating_sub(2));
                    let each = each.ok_or(WorkbookRefusal::Damaged)?.chunks_exact(6);
                    for (column, one) in (first..).zip(each) {
                        add(row, column, u16_at(one, 0)?);
                    }
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        cells.sort_unstable_by_key(|(place, _)| *place);
        without_result.extend(text);
        // A program that computes nothing writes empty results, and Excel never writes nothing else.
        if empty.len() == formulas {
            without_result.append(&mut empty);
        }
        without_result.sort_unstable();
        Ok(CellFormats {
            formats: &self.formats,
            cells,
            without_result,
        })
    }
}

impl CellFormats<'_> {
    /// Whether a cell is one of those formulas.
    pub(crate) fn is_without_result(&self, row: u32, column: u32) -> bool {
        let place = u16::try_from(row).ok().zip(u16::try_from(column).ok());
        place.is_some_and(|place| self.without_result.binary_search(&place).is_ok())
    }

    /// The format of a cell.
    pub(crate) fn format(&self, row: u32, column: u32) -> &Format {
        let place = u16::try_from(row).ok().zip(u16::try_from(column).ok());
        let found = place.and_then(|place| {
            let at = self.cells.binary_search_by_key(&place, |(place, _)| *place);
            self.cells.get(at.ok()?)
        });
        let format = found.and_then(|(_, style)| self.formats.get(usize::from(*style)));
        format.unwrap_or(&Format::Number)
    }
}

/// The code of a format's record.
fn code(body: &[u8], version: u16) -> Result<String, WorkbookRefusal> {
    let wide = version == BIFF8 && body.get(4).ok_or(WorkbookRefusal::Damaged)? & 1 != 0;
    if wide {
        let units = body[5..].as_chunks().0.iter();
        let units = units.map(|pair| u16::from_le_bytes(*pair));
        return Ok(char::decode_utf16(units).filter_map(Result::ok).collect());
    }
    let start = if version == BIFF8 { 5 } else { 3 };
    // Letters beyond ASCII are literals in a code, and say nothing here.
    let bytes = body.get(start..).ok_or(WorkbookRefusal::Damaged)?;
    Ok(bytes.iter().copied().map(char::from).collect())
}

/// The records of a stream from a place on: what they are, and what is in them.
struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Records<'a> {
    fn from(stream: &'a [u8], start: usize) -> Self {
        Records {
            rest: stream.get(start..).unwrap_or_default(),
        }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<(u16, &'a [u8]), WorkbookRefusal>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let mut take = || {
            let (id, length) = (u16_at(self.rest, 0)?, usize::from(u16_at(self.rest, 2)?));
            let body = self
                .rest
                .get(4..4 + length)
                .ok_or(WorkbookRefusal::Damaged)?;
            self.rest = &self.rest[4 + length..];
            Ok((id, body))
        };
        let record = take();
        if record.is_err() {
            self.rest = &[];
        }
        Some(record)
    }
}
