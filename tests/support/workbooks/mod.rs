//! Workbooks that tests write: a table in a few lines, as .xlsx (rust_xlsxwriter) or .xlsb (our own records).
//!
//! Owner of [`Sheet`] and of the two writers. Left out on purpose: .xls and .ods, which
//! LibreOffice makes out of an .xlsx (tests/fixtures/README.md).

pub mod cases;
pub mod xlsb;

use std::io::{Cursor, Read as _, Write as _};

use rust_xlsxwriter as xlsx;

/// A cell.
#[derive(Clone, Debug)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Text.
    Text(String),
    /// A number, and its format's code.
    Number(f64, &'static str),
    /// A truth value.
    Boolean(bool),
    /// A formula, and what it last gave: a text, a number, an error.
    Formula(&'static str, &'static str),
}

/// A text.
pub fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// A number without a format.
pub fn number(value: f64) -> Cell {
    Cell::Number(value, "General")
}

/// A sheet.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// Its name.
    pub name: &'static str,
    /// Whether Excel shows it.
    pub hidden: bool,
    /// Row and column of the table's first cell, from 0.
    pub at: (u32, u16),
    /// The table; rows without cells are blank.
    pub rows: Vec<Vec<Cell>>,
    /// Merged areas: first row and column, last row and column.
    pub merged: Vec<(u32, u16, u32, u16)>,
    /// Rows that are hidden.
    pub hidden_rows: Vec<u32>,
}

impl Sheet {
    /// One that is shown, with a table from A1 on.
    pub fn new(name: &'static str, rows: Vec<Vec<Cell>>) -> Sheet {
        Sheet {
            name,
            rows,
            ..Sheet::default()
        }
    }

    /// Every cell with its row and column.
    pub fn cells(&self) -> impl Iterator<Item = (u32, u16, &Cell)> {
        let rows = self.rows.iter().zip(self.at.0..);
        rows.flat_map(|(cells, row)| {
            let cells = cells.iter().zip(self.at.1..);
            cells.map(move |(cell, column)| (row, column, cell))
        })
    }
}

/// The bytes of an .xlsx.
pub fn xlsx(sheets: &[Sheet]) -> Vec<u8> {
    let mut book = xlsx::Workbook::new();
    // A date that does not change, so that the bytes do not.
    let day = xlsx::ExcelDateTime::from_ymd(2024, 1, 1).unwrap();
    book.set_properties(&xlsx::DocProperties::new().set_creation_datetime(&day));
    for sheet in sheets {
        write_sheet(book.add_worksheet(), sheet);
    }
    book.save_to_buffer().unwrap()
}

fn write_sheet(to: &mut xlsx::Worksheet, sheet: &Sheet) {
    to.set_name(sheet.name).unwrap().set_hidden(sheet.hidden);
    for (top, left, bottom, right) in &sheet.merged {
        let plain = xlsx::Format::new();
        to.merge_range(*top, *left, *bottom, *right, "", &plain)
            .unwrap();
    }
    for (row, column, cell) in sheet.cells() {
        match cell {
            Cell::Empty => continue,
            Cell::Text(text) => to.write_string(row, column, text),
            Cell::Number(value, "General") => to.write_number(row, column, *value),
            Cell::Number(value, code) => {
                let format = xlsx::Format::new().set_num_format(*code);
                to.write_number_with_format(row, column, *value, &format)
            }
            Cell::Boolean(truth) => to.write_boolean(row, column, *truth),
            Cell::Formula(formula, gave) => {
                to.write_formula(row, column, xlsx::Formula::new(*formula).set_result(*gave))
            }
        }
        .unwrap();
    }
    for row in &sheet.hidden_rows {
        to.set_row_hidden(*row).unwrap();
    }
}

/// The same workbook with days that are counted from 1904.
pub fn from_1904(workbook: &[u8]) -> Vec<u8> {
    change(workbook, "xl/workbook.xml", |text| {
        text.replace("<workbookPr ", "<workbookPr date1904=\"1\" ")
    })
}

/// The same archive with one part changed.
pub fn change(archive: &[u8], name: &str, with: impl Fn(String) -> String) -> Vec<u8> {
    let mut parts = parts_of(archive);
    for (own, bytes) in &mut parts {
        if own == name {
            let text = String::from_utf8(std::mem::take(bytes)).unwrap();
            *bytes = with(text).into_bytes();
        }
    }
    archive_of(&parts)
}

/// The same archive with other names.
pub fn renamed(archive: &[u8], with: impl Fn(&str) -> String) -> Vec<u8> {
    let parts = parts_of(archive).into_iter();
    let parts: Vec<_> = parts.map(|(name, bytes)| (with(&name), bytes)).collect();
    archive_of(&parts)
}

fn parts_of(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut old = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut parts = Vec::new();
    for number in 0..old.len() {
        let mut part = old.by_index(number).unwrap();
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).unwrap();
        parts.push((part.name().unwrap().into_owned(), bytes));
    }
    parts
}

/// A zip archive of parts.
pub fn archive_of<T: AsRef<str>>(parts: &[(T, Vec<u8>)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, bytes) in parts {
        archive.start_file(name.as_ref(), options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}
