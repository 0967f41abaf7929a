//! .xls, the files of Excel 97 to 2003, by way of calamine.
//!
//! Calamine holds a sheet of this kind in memory as a whole, which its 65,536 rows of 256 columns allow within the limits of
//! the process. It tells dates from numbers and no other format apart: the formats come from `xls_formats`.

use std::io::{Cursor, Read, Seek};

use calamine::{CellErrorType, Data, Reader as _, SheetType, SheetVisible, Xls, XlsError};

use super::SheetInfo;
use super::format::Format;
use super::refused::WorkbookRefusal;
use super::rows::{CellSink, WorkbookReader};
use super::serial::DayEpoch;
use super::table::{CellValue, NO_RESULT};
use super::xls_formats::Formats;
use super::xlsx::epoch;

/// An Excel 97 to 2003 workbook with its sheets that hold cells.
pub struct XlsWorkbook {
    book: Xls<Cursor<Vec<u8>>>,
    sheets: Vec<SheetInfo>,
    formats: Formats,
}

pub(crate) fn open<R: Read + Seek>(mut reader: R) -> Result<XlsWorkbook, WorkbookRefusal> {
    let mut file = Vec::new();
    reader.read_to_end(&mut file)?;
    let formats = Formats::of(&file);
    let book = Xls::new(Cursor::new(file)).map_err(refused)?;
    let sheets = sheets_of(book.sheets_metadata());
    Ok(XlsWorkbook {
        book,
        sheets,
        formats: formats?,
    })
}

impl WorkbookReader for XlsWorkbook {
    fn sheets(&self) -> Vec<SheetInfo> {
        self.sheets.clone()
    }

    fn epoch(&self) -> DayEpoch {
        epoch(self.book.has_1904_epoch())
    }

    fn hidden_rows(&mut self, sheet: usize) -> Result<u64, WorkbookRefusal> {
        self.formats.hidden_rows(sheet)
    }

    fn cells(&mut self, sheet: usize, take: &mut CellSink<'_>) -> Result<(), WorkbookRefusal> {
        let range = self.book.worksheet_range(&self.sheets[sheet].name);
        let range = range.map_err(refused)?;
        let (top, left) = range.start().unwrap_or_default();
        let formats = self.formats.sheet(sheet)?;
        let mut unknown = formats.without_result.iter().peekable();
        for (row, column, value) in range.used_cells() {
            // A sheet of this kind has few rows and columns.
            let (row, column) = (top + row as u32, left + column as u32);
            while let Some((above, at)) = unknown.next_if(|(above, _)| u32::from(*above) <= row) {
                if !put_unknown(*above, *at, take)? {
                    return Ok(());
                }
            }
            if formats.is_without_result(row, column) {
                continue;
            }
            let format = formats.format(row, column);
            let mut put = |value: &CellValue<'_>| take(row, column, value, format);
            let more = match value {
                Data::Empty => continue,
                Data::Int(value) => put(&CellValue::Number(*value as f64)),
                Data::Float(value) => put(&CellValue::Number(*value)),
                Data::String(text) => put(&CellValue::Text(text)),
                Data::Bool(truth) => put(&CellValue::Boolean(*truth)),
                // Whether it is a date, the format tells, and not what calamine makes of it.
                Data::DateTime(serial) => put(&CellValue::Number(serial.as_f64())),
                Data::DateTimeIso(text) => put(&CellValue::When(text)),
                Data::DurationIso(text) => put(&CellValue::Duration(text)),
                Data::Error(error) => put(&CellValue::Error(error_text(error))),
            };
            if !more? {
                return Ok(());
            }
        }
        for (row, column) in unknown {
            if !put_unknown(*row, *column, take)? {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Writes a formula whose result the sheet does not hold.
fn put_unknown(row: u16, column: u16, take: &mut CellSink<'_>) -> Result<bool, WorkbookRefusal> {
    let value = CellValue::Error(NO_RESULT);
    take(row.into(), column.into(), &value, &Format::Number)
}

fn refused(error: XlsError) -> WorkbookRefusal {
    match error {
        XlsError::Password => WorkbookRefusal::Password,
        XlsError::Io(error) => super::zipped::broken(error),
        _ => WorkbookRefusal::Damaged,
    }
}

/// The sheets that hold cells.
fn sheets_of(sheets: &[calamine::Sheet]) -> Vec<SheetInfo> {
    let sheets = sheets.iter();
    sheets
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| SheetInfo {
            name: sheet.name.clone(),
            hidden: sheet.visible != SheetVisible::Visible,
            filled: false,
        })
        .collect()
}

/// The text of an error as Excel shows it.
fn error_text(error: &CellErrorType) -> &'static str {
    match error {
        CellErrorType::Div0 => "#DIV/0!",
        CellErrorType::NA => "#N/A",
        CellErrorType::Name => "#NAME?",
        CellErrorType::Null => "#NULL!",
        CellErrorType::Num => "#NUM!",
        CellErrorType::Ref => "#REF!",
        CellErrorType::Value => "#VALUE!",
        CellErrorType::GettingData => "#GETTING_DATA",
    }
}
