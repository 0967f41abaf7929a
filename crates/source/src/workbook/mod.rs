//! Workbooks: .xlsx, .xlsm, .xlsb, .xls and .ods as canonical CSV text.
//!
//! Owner of reading a workbook without trusting it. Parsing happens in a process of its own ([`child`]), which this program
//! starts from itself with little memory and little time; what it sends is framed ([`frames`]) and bounded. In that process
//! [`rows::write`] finds out the kind ([`kind`]), chooses the sheet and writes its cells as [`table::SheetWriter`] shows them. One
//! file for each kind reads cells: [`xls`] by way of calamine; [`xlsx`], [`xlsb`] and [`ods`] themselves, row by row, each for
//! the reason that its header gives.
//! Invariants: the number of a row is the one that Excel shows; a value is what a person sees in the cell, with all of its
//! digits; what is no value is marked and cannot be sent; a hostile file ends in [`WorkbookRefusal`], within bounds.
//! Left out on purpose: which row is the header, and what the cells mean. Of merged cells the first has the value and the
//! others are empty; hidden rows are rows, and counted; formulas are what they last gave, and an
//! error where the workbook does not say what that was.

pub mod child;
pub mod compound;
pub mod format;
pub mod frames;
pub(crate) mod iso;
pub mod kind;
pub mod number;
pub(crate) mod ods;
pub mod refused;
pub mod rows;
pub mod serial;
pub mod table;
pub mod xls;
pub(crate) mod xls_formats;
pub mod xlsb;
pub mod xlsx;
pub(crate) mod zipped;

pub use child::Workbook;
pub use kind::WorkbookKind;
pub use refused::WorkbookRefusal;

use serde::{Deserialize, Serialize};

/// Which sheet to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SheetChoice {
    /// The first sheet that is shown and has a cell with a value.
    #[default]
    First,
    /// The sheet of this name, hidden or not; letters in another case and other spaces will do when no name fits better.
    Name(String),
    /// The sheet of this number, from 1, hidden ones included.
    Number(usize),
}

/// What a workbook is, apart from its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkbookHead {
    /// The kind of file.
    pub kind: WorkbookKind,
    /// Every sheet, in the workbook's order.
    pub sheets: Vec<SheetInfo>,
    /// The one that is read, from 0.
    pub sheet: usize,
    /// Its rows that have cells and are hidden, by a filter or by hand.
    pub hidden_rows: u64,
    /// Whether days are counted from 1904.
    pub from_1904: bool,
}

/// What is known of a sheet before its cells are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetInfo {
    /// Its name.
    pub name: String,
    /// Whether Excel shows it.
    pub hidden: bool,
    /// Whether a cell among its first has a value; of a hidden sheet this is not looked at.
    pub filled: bool,
}

impl WorkbookHead {
    /// The name of the sheet that is read.
    pub fn sheet_name(&self) -> &str {
        self.sheets.get(self.sheet).map_or("", |sheet| &sheet.name)
    }

    /// The other sheets that are shown and have cells: a reader may have meant one of those.
    pub fn others(&self) -> impl Iterator<Item = &SheetInfo> {
        let others = self.sheets.iter().enumerate();
        others
            .filter(|(number, sheet)| *number != self.sheet && sheet.filled && !sheet.hidden)
            .map(|(_, sheet)| sheet)
    }
}
