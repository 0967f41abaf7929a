//! A workbook's sheet as rows of text, in this process.
//!
//! Owner of the choice of the sheet. Called in the process that only parses; tests and fuzzing call it directly. A parser
//! that panics is a damaged workbook.

use std::io::{self, Read, Seek, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::format::Format;
use super::serial::DayEpoch;
use super::table::{CellValue, SheetWriter};
use super::{
    SheetChoice, SheetInfo, WorkbookHead, WorkbookKind, WorkbookRefusal, ods, xls, xlsb, xlsx,
};
use bakkt_model::text;

/// Cells that are looked at to find out whether a sheet has a value.
const FIRST_CELLS: u32 = 100_000;

/// Names that a message lists.
const NAMES: usize = 20;

/// Takes what is written: the head first, then the rows.
pub trait Sink: Write {
    /// Takes the head.
    fn head(&mut self, head: &WorkbookHead) -> io::Result<()>;
}

impl Sink for &mut Vec<u8> {
    fn head(&mut self, _: &WorkbookHead) -> io::Result<()> {
        Ok(())
    }
}

/// Takes a cell: row and column from 0, value, format. False ends the reading.
pub(crate) type CellSink<'a> =
    dyn FnMut(u32, u32, &CellValue<'_>, &Format) -> Result<bool, WorkbookRefusal> + 'a;

/// A workbook of any kind.
pub(crate) trait WorkbookReader {
    /// Its sheets, in order; whether they are filled is found out later.
    fn sheets(&self) -> Vec<SheetInfo>;
    /// Where its days are counted from.
    fn epoch(&self) -> DayEpoch;
    /// Hands over the cells of a sheet, rows in order.
    fn cells(&mut self, sheet: usize, take: &mut CellSink<'_>) -> Result<(), WorkbookRefusal>;

    /// Rows of a sheet that have cells and are not shown.
    fn hidden_rows(&mut self, sheet: usize) -> Result<u64, WorkbookRefusal>;

    /// Whether one of a sheet's first cells has a value.
    fn is_filled(&mut self, sheet: usize) -> Result<bool, WorkbookRefusal> {
        let (mut filled, mut seen) = (false, 0);
        let done = self.cells(sheet, &mut |_, _, value, _| {
            filled = !matches!(value, CellValue::Text(blank) if text::trim(blank).is_empty());
            seen += 1;
            Ok(!filled && seen < FIRST_CELLS)
        });
        match done {
            Ok(()) => Ok(filled),
            // What cannot be read is not empty. The chosen sheet is read again, and what is wrong with it told.
            Err(WorkbookRefusal::Damaged) => Ok(true),
            Err(other) => Err(other),
        }
    }
}

/// Writes the head and the rows of the chosen sheet.
pub fn write<R: Read + Seek>(
    reader: R,
    kind: WorkbookKind,
    choice: &SheetChoice,
    out: impl Sink,
) -> Result<WorkbookHead, WorkbookRefusal> {
    let parse = || match kind {
        WorkbookKind::Xlsx => read(xlsx::open(reader)?, kind, choice, out),
        WorkbookKind::Xlsb => read(xlsb::open(reader)?, kind, choice, out),
        WorkbookKind::Xls => read(xls::open(reader)?, kind, choice, out),
        WorkbookKind::Ods => read(ods::open(reader)?, kind, choice, out),
    };
    // Nothing of what a panic leaves behind is used again.
    catch_unwind(AssertUnwindSafe(parse)).unwrap_or(Err(WorkbookRefusal::Damaged))
}

fn read(
    mut book: impl WorkbookReader,
    kind: WorkbookKind,
    choice: &SheetChoice,
    mut out: impl Sink,
) -> Result<WorkbookHead, WorkbookRefusal> {
    let mut sheets = book.sheets();
    for (number, sheet) in sheets.iter_mut().enumerate() {
        sheet.filled = !sheet.hidden && book.is_filled(number)?;
    }
    let sheet = choose(&sheets, choice)?;
    let epoch = book.epoch();
    // What is wrong with a damaged sheet is told when its cells are read.
    let hidden_rows = match book.hidden_rows(sheet) {
        Err(WorkbookRefusal::Damaged) => 0,
        count => count?,
    };
    let head = WorkbookHead {
        kind,
        sheets,
        sheet,
        hidden_rows,
        from_1904: epoch == DayEpoch::Of1904,
    };
    out.head(&head)?;
    let mut table = SheetWriter::new(out, epoch);
    let done = book.cells(sheet, &mut |row, column, value, format| {
        table.put(row, column, value, format)?;
        Ok(true)
    });
    if done == Err(WorkbookRefusal::Damaged) {
        return Err(WorkbookRefusal::DamagedAfter {
            sheet: head.sheet_name().to_owned(),
            row: table.row(),
        });
    }
    done?;
    table.finish()?;
    Ok(head)
}

fn choose(sheets: &[SheetInfo], choice: &SheetChoice) -> Result<usize, WorkbookRefusal> {
    let found = match choice {
        SheetChoice::First => {
            let first = sheets
                .iter()
                .position(|sheet| sheet.filled && !sheet.hidden);
            return first.ok_or(WorkbookRefusal::Empty);
        }
        SheetChoice::Name(name) => {
            let folded = fold(name);
            let place = |fits: &dyn Fn(&SheetInfo) -> bool| sheets.iter().position(fits);
            place(&|sheet| sheet.name == *name)
                .or_else(|| place(&|sheet| fold(&sheet.name) == folded))
        }
        SheetChoice::Number(number) => number.checked_sub(1).filter(|place| *place < sheets.len()),
    };
    let names = || {
        let names = sheets.iter().take(NAMES);
        names.map(|sheet| sheet.name.chars().take(64).collect())
    };
    found.ok_or_else(|| WorkbookRefusal::NoSheet(names().collect()))
}

/// A name without what people get wrong: case and spaces.
fn fold(name: &str) -> String {
    text::fold(name).split_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(name: &str, hidden: bool, filled: bool) -> SheetInfo {
        SheetInfo {
            name: name.to_owned(),
            hidden,
            filled,
        }
    }

    #[test]
    fn a_sheet_is_chosen_by_name_by_number_or_as_the_first_with_values() {
        let sheets = [
            sheet("Old", true, false),
            sheet("Notes", false, false),
            sheet("Our Customers", false, true),
            sheet("our customers", false, true),
        ];
        let name = |name: &str| SheetChoice::Name(name.to_owned());
        for (choice, place) in [
            (SheetChoice::First, 2),
            (name("our customers"), 3),
            (name("OUR  CUSTOMERS"), 2),
            (name("Old"), 0),
            (SheetChoice::Number(2), 1),
        ] {
            assert_eq!(choose(&sheets, &choice), Ok(place), "{choice:?}");
        }
        for choice in [
            SheetChoice::Number(0),
            SheetChoice::Number(5),
            name("Other"),
        ] {
            let refused = choose(&sheets, &choice);
            assert!(matches!(refused, Err(WorkbookRefusal::NoSheet(names)) if names.len() == 4));
        }
        assert_eq!(
            choose(&sheets[..2], &SheetChoice::First),
            Err(WorkbookRefusal::Empty)
        );
    }
}
