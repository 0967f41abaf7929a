//! .xls, the files of Excel 97 to 2003, by way of calamine.
//!
//! Calamine holds a sheet of this kind in memory as a whole, which its 65,536 rows of 256 columns allow within the limits of
//! the process. It tells dates from numbers and no other format apart: the formats come from `xls_formats`.

use std::io::{Cursor, Read, Seek};

use calamine::{Data, Reader as _, Xls, XlsError};

use super::Sheet;
use super::refused::Refused;
use super::rows::{Book, Take};
use super::serial::Epoch;
use super::table::Value;
use super::xls_formats::Formats;
use super::xlsx::{dated, epoch, error_text, sheets_of};

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
        let Some((top, left)) = range.start() else {
            return Ok(());
        };
        let formats = self.formats.sheet(sheet)?;
        for (row, column, value) in range.used_cells() {
            // A sheet of this kind has few rows and columns.
            let (row, column) = (top + row as u32, left + column as u32);
            let format = formats.format(row, column);
            let mut put = |value: &Value<'_>| take(row, column, value, format);
            let more = match value {
                Data::Empty => continue,
                Data::Int(value) => put(&Value::Number(*value as f64)),
                Data::Float(value) => put(&Value::Number(*value)),
                Data::String(text) => put(&Value::Text(text)),
                Data::Bool(truth) => put(&Value::Boolean(*truth)),
                Data::DateTime(serial) => {
                    let value = Value::Number(serial.as_f64());
                    take(row, column, &value, dated(serial, format))
                }
                Data::DateTimeIso(text) => put(&Value::When(text)),
                Data::DurationIso(text) => put(&Value::Duration(text)),
                Data::Error(error) => put(&Value::Error(error_text(error))),
            };
            if !more? {
                break;
            }
        }
        Ok(())
    }
}

fn refused(error: XlsError) -> Refused {
    match error {
        XlsError::Password => Refused::Password,
        XlsError::Io(error) => super::zipped::broken(error),
        _ => Refused::Damaged,
    }
}
