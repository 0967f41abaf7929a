//! Why a workbook is not read: what is wrong with it, and what its owner does about it.
//!
//! Owner of [`Refused`], which crosses from the process that parses to the one that asks. Invariant: nothing in it comes out
//! of a cell; sheets are named, as settings name them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a workbook is not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refused {
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
    TooLarge(Bound),
    /// A file could not be read, or the text not handed over.
    Io(String),
}

/// A bound that a workbook goes beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bound {
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

impl From<std::io::Error> for Refused {
    fn from(error: std::io::Error) -> Self {
        Refused::Io(error.kind().to_string())
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Password => f.write_str("the workbook has a password"),
            Refused::NotAWorkbook => f.write_str("it is no workbook that can be read"),
            Refused::OtherDocument => f.write_str("it is a document, and no workbook"),
            Refused::NoSheet(names) => {
                f.write_str("there is no such sheet; the workbook has")?;
                for (number, name) in names.iter().enumerate() {
                    let comma = if number == 0 { " " } else { ", " };
                    write!(f, "{comma}{} `{name}`", number + 1)?;
                }
                Ok(())
            }
            Refused::Empty => f.write_str("no sheet that is shown has a cell with a value"),
            Refused::Damaged => f.write_str("the workbook is damaged"),
            Refused::DamagedAfter { sheet, row } => write!(
                f,
                "the workbook is damaged, or holds what cannot be read, in sheet `{sheet}` after row {row}"
            ),
            Refused::TooLarge(bound) => f.write_str(bound.text()),
            Refused::Io(kind) => write!(f, "the workbook cannot be read: {kind}"),
        }
    }
}

impl Bound {
    fn text(self) -> &'static str {
        match self {
            Bound::Cells => {
                "the sheet has cells beyond row 1,048,576 or column XFD, where no sheet has any"
            }
            Bound::Text => "a cell holds more text than a cell can",
            Bound::Sheet => "the sheet holds more than 8 GiB of text",
            Bound::Unpacked => "the file unpacks to more than a workbook of customers can be",
            Bound::Memory => "the workbook needs more than 512 MiB of memory to be read",
            Bound::Time => "the workbook takes more computing time than its size allows",
        }
    }
}

impl Refused {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Refused::Password => "open it and save it without a password",
            Refused::NotAWorkbook | Refused::OtherDocument => {
                "save the export as .xlsx or as CSV UTF-8"
            }
            Refused::NoSheet(_) => "set `sheet` to one of them, by its name or its number",
            Refused::Empty => {
                "name the sheet with the customers: `sheet`, by its name or its number"
            }
            Refused::Damaged | Refused::DamagedAfter { .. } => {
                "open it in Excel or LibreOffice and save it again as .xlsx, or as CSV UTF-8"
            }
            Refused::TooLarge(_) => "save the sheet as CSV UTF-8, which has no such bound",
            Refused::Io(_) => "check that the file is whole and can be read",
        }
    }
}
