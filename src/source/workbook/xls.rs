//! .xls, the files of Excel 97 to 2003, by way of calamine.
//!
//! Calamine holds a sheet of this kind in memory as a whole, which its 65,536 rows of 256 columns allow within the limits of
//! the process. It tells dates from numbers and no other format apart: a percentage is the number that it is a share of
//! (`0.24`), a code keeps no zeros.

use std::io::{Read, Seek};

use calamine::{Data, Reader as _, Xls, XlsError};

use super::Sheet;
use super::format::Format;
use super::refused::Refused;
use super::rows::{Book, Take};
use super::serial::Epoch;
use super::table::Value;
use super::xlsx::{dated, epoch, error_text, sheets_of};

/// A workbook with its sheets that hold cells.
pub struct Open<R: Read + Seek> {
    book: Xls<R>,
    sheets: Vec<Sheet>,
}

/// Opens one.
pub fn open<R: Read + Seek>(reader: R) -> Result<Open<R>, Refused> {
    let book = Xls::new(reader).map_err(refused)?;
    let sheets = sheets_of(book.sheets_metadata());
    Ok(Open { book, sheets })
}

impl<R: Read + Seek> Book for Open<R> {
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
        for (row, column, value) in range.used_cells() {
            // A sheet of this kind has few rows and columns.
            let (row, column) = (top + row as u32, left + column as u32);
            let mut put = |value: &Value<'_>, format: &Format| take(row, column, value, format);
            let more = match value {
                Data::Empty => continue,
                Data::Int(value) => put(&Value::Number(*value as f64), &Format::Number),
                Data::Float(value) => put(&Value::Number(*value), &Format::Number),
                Data::String(text) => put(&Value::Text(text), &Format::Number),
                Data::Bool(truth) => put(&Value::Boolean(*truth), &Format::Number),
                Data::DateTime(serial) => {
                    let format = dated(serial, &Format::Number);
                    put(&Value::Number(serial.as_f64()), format)
                }
                Data::DateTimeIso(text) => put(&Value::When(text), &Format::Number),
                Data::DurationIso(text) => put(&Value::Duration(text), &Format::Number),
                Data::Error(error) => put(&Value::Error(error_text(error)), &Format::Number),
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
