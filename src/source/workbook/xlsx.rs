//! .xlsx and .xlsm, by way of calamine, cell by cell.
//!
//! Owner of what calamine's cells mean here. Texts that cells share are held in memory, everything else is a stream.

use std::io::{Read, Seek};

use calamine::{
    CellErrorType, DataRef, ExcelDateTime, Reader as _, SheetType, SheetVisible, Xlsx, XlsxError,
};

use super::format::Format;
use super::refused::Refused;
use super::rows::{Book, Take};
use super::serial::{Epoch, Parts};
use super::table::Value;
use super::{Sheet, zipped};

/// A workbook with its sheets that hold cells; charts are left out.
pub struct Open<R: Read + Seek> {
    book: Xlsx<R>,
    sheets: Vec<Sheet>,
}

/// Opens one.
pub fn open<R: Read + Seek>(reader: R) -> Result<Open<R>, Refused> {
    let book = Xlsx::new(reader).map_err(refused)?;
    let sheets = sheets_of(book.sheets_metadata());
    Ok(Open { book, sheets })
}

/// The sheets that hold cells.
pub fn sheets_of(sheets: &[calamine::Sheet]) -> Vec<Sheet> {
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

impl<R: Read + Seek> Book for Open<R> {
    fn sheets(&self) -> Vec<Sheet> {
        self.sheets.clone()
    }

    fn epoch(&self) -> Epoch {
        epoch(self.book.has_1904_epoch())
    }

    fn cells(&mut self, sheet: usize, take: &mut Take<'_>) -> Result<(), Refused> {
        let name = &self.sheets[sheet].name;
        let mut cells = self.book.worksheet_cells_reader(name).map_err(refused)?;
        let formats: Vec<Format> = cells
            .styles()
            .iter()
            .map(|style| {
                let format = style.number_format.as_ref();
                format.map_or(Format::Number, |format| {
                    match Format::of(&format.format_code) {
                        Format::Number => format.format_id.map_or(Format::Number, Format::built_in),
                        other => other,
                    }
                })
            })
            .collect();
        while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(refused)? {
            let (row, column) = cell.get_position();
            let format = formats.get(style).unwrap_or(&Format::Number);
            let more = match cell.get_value() {
                DataRef::Empty => continue,
                DataRef::Int(value) => take(row, column, &Value::Number(*value as f64), format),
                DataRef::Float(value) => take(row, column, &Value::Number(*value), format),
                DataRef::String(text) => take(row, column, &Value::Text(text), format),
                DataRef::SharedString(text) => take(row, column, &Value::Text(text), format),
                DataRef::Bool(truth) => take(row, column, &Value::Boolean(*truth), format),
                DataRef::DateTime(serial) => {
                    let value = Value::Number(serial.as_f64());
                    take(row, column, &value, dated(serial, format))
                }
                DataRef::DateTimeIso(text) => take(row, column, &Value::When(text), format),
                DataRef::DurationIso(text) => take(row, column, &Value::Duration(text), format),
                DataRef::Error(error) => {
                    take(row, column, &Value::Error(error_text(error)), format)
                }
            };
            if !more? {
                break;
            }
        }
        Ok(())
    }
}

/// The epoch of a workbook's flag.
pub fn epoch(from_1904: bool) -> Epoch {
    if from_1904 {
        Epoch::Of1904
    } else {
        Epoch::Of1900
    }
}

/// What calamine took for a date is one, also where its format does not tell which parts it shows.
pub fn dated<'a>(serial: &ExcelDateTime, format: &'a Format) -> &'a Format {
    match format {
        Format::When(_) => format,
        _ if serial.is_duration() => &Format::When(Parts::Elapsed),
        _ => &Format::When(Parts::Whatever),
    }
}

/// The text of an error as Excel shows it.
pub fn error_text(error: &CellErrorType) -> &'static str {
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

/// What an error of calamine means; its text may quote a cell and is dropped.
fn refused(error: XlsxError) -> Refused {
    match error {
        XlsxError::Password => Refused::Password,
        XlsxError::Io(error) => zipped::broken(error),
        XlsxError::Zip(error) => zipped::refused(error),
        _ => Refused::Damaged,
    }
}
