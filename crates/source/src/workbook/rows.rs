//! A workbook's sheet as rows of text, in this process.
//!
//! Owner of the choice of the sheet. Called in the process that only parses; tests and fuzzing call it directly. A parser
//! that panics is a damaged workbook.

use std::io::{self, Read, Seek, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::format::Format;
use super::serial::Epoch;
use super::table::{Table, Value};
use super::{Choice, Head, Kind, Refused, Sheet, ods, xls, xlsb, xlsx};
use bakkt_model::text;

/// Cells that are looked at to find out whether a sheet has a value.
const FIRST_CELLS: u32 = 100_000;

/// Names that a message lists.
const NAMES: usize = 20;

/// Takes what is written: the head first, then the rows.
pub trait Sink: Write {
    /// Takes the head.
    fn head(&mut self, head: &Head) -> io::Result<()>;
}

impl Sink for &mut Vec<u8> {
    fn head(&mut self, _: &Head) -> io::Result<()> {
        Ok(())
    }
}

/// Takes a cell: row and column from 0, value, format. False ends the reading.
pub type Take<'a> = dyn FnMut(u32, u32, &Value<'_>, &Format) -> Result<bool, Refused> + 'a;

/// A workbook of any kind.
pub trait Book {
    /// Its sheets, in order; whether they are filled is found out later.
    fn sheets(&self) -> Vec<Sheet>;
    /// Where its days are counted from.
    fn epoch(&self) -> Epoch;
    /// Hands over the cells of a sheet, rows in order.
    fn cells(&mut self, sheet: usize, take: &mut Take<'_>) -> Result<(), Refused>;

    /// Whether one of a sheet's first cells has a value.
    fn is_filled(&mut self, sheet: usize) -> Result<bool, Refused> {
        let (mut filled, mut seen) = (false, 0);
        let done = self.cells(sheet, &mut |_, _, value, _| {
            filled = *value != Value::Text("");
            seen += 1;
            Ok(!filled && seen < FIRST_CELLS)
        });
        match done {
            Ok(()) => Ok(filled),
            // What cannot be read is not empty. The chosen sheet is read again, and what is wrong with it told.
            Err(Refused::Damaged) => Ok(true),
            Err(other) => Err(other),
        }
    }
}

/// Writes the head and the rows of the chosen sheet.
pub fn write<R: Read + Seek>(
    reader: R,
    kind: Kind,
    choice: &Choice,
    out: impl Sink,
) -> Result<Head, Refused> {
    let parse = || match kind {
        Kind::Xlsx => read(xlsx::open(reader)?, kind, choice, out),
        Kind::Xlsb => read(xlsb::open(reader)?, kind, choice, out),
        Kind::Xls => read(xls::open(reader)?, kind, choice, out),
        Kind::Ods => read(ods::open(reader)?, kind, choice, out),
    };
    // Nothing of what a panic leaves behind is used again.
    catch_unwind(AssertUnwindSafe(parse)).unwrap_or(Err(Refused::Damaged))
}

fn read(
    mut book: impl Book,
    kind: Kind,
    choice: &Choice,
    mut out: impl Sink,
) -> Result<Head, Refused> {
    let mut sheets = book.sheets();
    for (number, sheet) in sheets.iter_mut().enumerate() {
        sheet.filled = !sheet.hidden && book.is_filled(number)?;
    }
    let sheet = choose(&sheets, choice)?;
    let epoch = book.epoch();
    let head = Head {
        kind,
        sheets,
        sheet,
        from_1904: epoch == Epoch::Of1904,
    };
    out.head(&head)?;
    let mut table = Table::new(out, epoch);
    let done = book.cells(sheet, &mut |row, column, value, format| {
        table.put(row, column, value, format)?;
        Ok(true)
    });
    if done == Err(Refused::Damaged) {
        return Err(Refused::DamagedAfter {
            sheet: head.sheet_name().to_owned(),
            row: table.row(),
        });
    }
    done?;
    table.finish()?;
    Ok(head)
}

fn choose(sheets: &[Sheet], choice: &Choice) -> Result<usize, Refused> {
    let found = match choice {
        Choice::First => {
            let first = sheets
                .iter()
                .position(|sheet| sheet.filled && !sheet.hidden);
            return first.ok_or(Refused::Empty);
        }
        Choice::Name(name) => {
            let folded = fold(name);
            let place = |fits: &dyn Fn(&Sheet) -> bool| sheets.iter().position(fits);
            place(&|sheet| sheet.name == *name)
                .or_else(|| place(&|sheet| fold(&sheet.name) == folded))
        }
        Choice::Number(number) => number.checked_sub(1).filter(|place| *place < sheets.len()),
    };
    let names = || {
        let names = sheets.iter().take(NAMES);
        names.map(|sheet| sheet.name.chars().take(64).collect())
    };
    found.ok_or_else(|| Refused::NoSheet(names().collect()))
}

/// A name without what people get wrong: case and spaces.
fn fold(name: &str) -> String {
    text::fold(name).split_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(name: &str, hidden: bool, filled: bool) -> Sheet {
        Sheet {
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
        let name = |name: &str| Choice::Name(name.to_owned());
        for (choice, place) in [
            (Choice::First, 2),
            (name("our customers"), 3),
            (name("OUR  CUSTOMERS"), 2),
            (name("Old"), 0),
            (Choice::Number(2), 1),
        ] {
            assert_eq!(choose(&sheets, &choice), Ok(place), "{choice:?}");
        }
        for choice in [Choice::Number(0), Choice::Number(5), name("Other")] {
            let refused = choose(&sheets, &choice);
            assert!(matches!(refused, Err(Refused::NoSheet(names)) if names.len() == 4));
        }
        assert_eq!(choose(&sheets[..2], &Choice::First), Err(Refused::Empty));
    }
}
