//! .xls, the files of Excel 97 to 2003, by way of calamine.
//!
//! Calamine holds a sheet of this kind in memory as a whole, which its 65,536 rows of 256 columns allow within the limits of
//! the process. It tells dates from numbers and no other format apart: the formats come from `xls_formats`.

use std::io::{Cursor, Read, Seek};

use calamine::{CellErrorType, Data, Reader as _, SheetType, SheetVisible, Xls, XlsError};

use super::Sheet;
use super::format::Format;
use super::refused::Refused;
use super::rows::{Book, Take};
use super::serial::Epoch;
use super::table::{NO_RESULT, Value};
use super::xls_formats::Formats;
use super::xlsx::epoch;

/// A workbook with its sheets that hold cells.
pub struct Open {
    book: Xls<Cursor<Vec<u8>>>,
    sheets: Vec<Sheet>,
    formats: Formats,
}

/// Opens one.
pub fn open<R: Read + Seek>(mut reader: R) -> Result<Open, Refused> {
    let mut file = Vec::new();
    reader.read_to_end(&mut file)?;
    let formats = Formats::of(&file);
    let book = Xls::new(Cursor::new(file)).map_err(refused)?;
    let sheets = sheets_of(book.sheets_metadata());
    Ok(Open {
        book,
        sheets,
        formats: formats?,
    })
}

impl Book for Open {
    fn sheets(&self) -> Vec<Sheet> {
        self.sheets.clone()
    }

    fn epoch(&self) -> Epoch {
        epoch(self.book.has_1904_epoch())
    }

    fn cells(&mut self, sheet: usize, take: &mut Take<'_>) -> Result<(), Refused> {
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
            let mut put = |value: &Value<'_>| take(row, column, value, format);
            let more = match value {
                Data::Empty => continue,
                Data::Int(value) => put(&Value::Number(*value as f64)),
                Data::Float(value) => put(&Value::Number(*value)),
                Data::String(text) => put(&Value::Text(text)),
                Data::Bool(truth) => put(&Value::Boolean(*truth)),
                // Whether it is a date, the format tells, and not what calamine makes of it.
                Data::DateTime(serial) => put(&Value::Number(serial.as_f64())),
                Data::DateTimeIso(text) => put(&Value::When(text)),
                Data::DurationIso(text) => put(&Value::Duration(text)),
                Data::Error(error) => put(&Value::Error(error_text(error))),
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
fn put_unknown(row: u16, column: u16, take: &mut Take<'_>) -> Result<bool, Refused> {
    let value = Value::Error(NO_RESULT);
    take(row.into(), column.into(), &value, &Format::Number)
}

fn refused(error: XlsError) -> Refused {
    match error {
        XlsError::Password => Refused::Password,
        XlsError::Io(error) => super::zipped::broken(error),
        _ => Refused::Damaged,
    }
}

/// The sheets that hold cells.
fn sheets_of(sheets: &[calamine::Sheet]) -> Vec<Sheet> {
    let sheets = sheets.iter();
    sheets
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| Sheet {
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
