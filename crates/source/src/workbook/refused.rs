//! Why a workbook is not read: what is wrong with it, and what its owner does about it.
//!
//! Owner of [`WorkbookRefusal`], which crosses from the process that parses to the one that asks. Invariant: nothing in it comes out
//! of a cell; sheets are named, as settings name them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a workbook is not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WorkbookRefusal {
    /// It is encrypted.
    Password,
    /// The file is something else.
    NotAWorkbook,
    /// A document of a program for texts or slides.
    OtherDocument,
    /// There is no such sheet.
    NoSheet(Vec<String>),
    /// No visible sheet has a cell.
    Empty,
    /// The file contradicts itself, or its parser gave up.
    Damaged,
    /// The same, and the last row that was read.
    DamagedAfter {
        /// The sheet.
        sheet: String,
        /// The row as Excel counts it.
        row: u32,
    },
    /// It is more than a workbook of customers can be.
    TooLarge(WorkbookBound),
    /// A file could not be read, or the text not handed over.
    Io(String),
}

/// A bound that a workbook goes beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WorkbookBound {
    /// Rows or columns.
    Cells,
    /// A cell's or a row's text.
    Text,
    /// All of a sheet's text.
    Sheet,
    /// What the parts of the file are when they are unpacked.
    Unpacked,
    /// Memory.
    Memory,
    /// Computing time.
    Time,
}

impl From<std::io::Error> for WorkbookRefusal {
    fn from(error: std::io::Error) -> Self {
        WorkbookRefusal::Io(error.kind().to_string())
    }
}

impl fmt::Display for WorkbookRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WorkbookRefusal::Password => f.write_str("the workbook has a password"),
            WorkbookRefusal::NotAWorkbook => f.write_str("it is no workbook that can be read"),
            WorkbookRefusal::OtherDocument => f.write_str("it is a document, and no workbook"),
            WorkbookRefusal::NoSheet(names) => {
                f.write_str("there is no such sheet; the workbook has")?;
                for (number, name) in names.iter().enumerate() {
                    let comma = if number == 0 { " " } else { ", " };
                    write!(f, "{comma}{} `{name}`", number + 1)?;
                }
                Ok(())
            }
            WorkbookRefusal::Empty => f.write_str("no sheet that is shown has a cell with a value"),
            WorkbookRefusal::Damaged => f.write_str("the workbook is damaged"),
            WorkbookRefusal::DamagedAfter { sheet, row } => write!(
                f,
                "the workbook is damaged, or holds what cannot be read, in sheet `{sheet}` after row {row}"
            ),
            WorkbookRefusal::TooLarge(bound) => f.write_str(bound.text()),
            WorkbookRefusal::Io(kind) => write!(f, "the workbook cannot be read: {kind}"),
        }
    }
}

impl WorkbookBound {
    fn text(self) -> &'static str {
        match self {
            WorkbookBound::Cells => {
                "the sheet has cells beyond row 1,048,576 or column XFD, where no sheet has any"
            }
            WorkbookBound::Text => "a cell holds more text than a cell can",
            WorkbookBound::Sheet => "the sheet holds more than 8 GiB of text",
            WorkbookBound::Unpacked => {
                "the file unpacks to more than a workbook of customers can be"
            }
            WorkbookBound::Memory => "the workbook needs more than 512 MiB of memory to be read",
            WorkbookBound::Time => "the workbook takes more computing time than its size allows",
        }
    }
}

impl WorkbookRefusal {
    /// What to do next.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            WorkbookRefusal::Password => "open it and save it without a password",
            WorkbookRefusal::NotAWorkbook | WorkbookRefusal::OtherDocument => {
                "save the export as .xlsx or as CSV UTF-8"
            }
            WorkbookRefusal::NoSheet(_) => "set `sheet` to one of them, by its name or its number",
            WorkbookRefusal::Empty => {
                "name the sheet with the customers: `sheet`, by its name or its number"
            }
            WorkbookRefusal::Damaged | WorkbookRefusal::DamagedAfter { .. } => {
                "open it in Excel or LibreOffice and save it again as .xlsx, or as CSV UTF-8"
            }
            WorkbookRefusal::TooLarge(_) => "save the sheet as CSV UTF-8, which has no such bound",
            WorkbookRefusal::Io(_) => "check that the file is whole and can be read",
        }
    }
}
