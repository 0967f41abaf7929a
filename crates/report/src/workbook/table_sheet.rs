//! A table in sheets of a workbook: lines below a head, further sheets when one is full.
//!
//! Owner of where a table is cut. Invariant: a line is in one sheet, once, in the order in which it came. Lines go straight into
//! the archive, compressed, so that nothing waits for them. Left out: what a sheet has around its lines (`table_frame`), and how a
//! cell is written (`row_text`).

use std::io::Write;

use super::row_text::{ColumnText, RowText};
use super::table_frame::TableSheet;
use super::{ReportWorkbook, WrittenSheet};
use crate::text::rfc3339;

/// Rows of a sheet, its head included.
const MOST_ROWS: u32 = 1_048_576;
/// Bytes of lines that are compressed at a time.
const AT_ONCE: usize = 1 << 16;

/// One cell.
#[derive(Clone, Copy)]
pub(super) enum Cell<'a> {
    Text(&'a str),
    Number(u64),
    /// Milliseconds since 1970.
    Time(Option<i64>),
}

impl<'a> From<Option<&'a str>> for Cell<'a> {
    fn from(text: Option<&'a str>) -> Cell<'a> {
        Cell::Text(text.unwrap_or_default())
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Cell<'a> {
        Cell::Text(text)
    }
}

/// A table: its name, what it holds, its columns.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) columns: &'static [Column],
}

/// A column: its title, its width, and whether its cells are numbers that this program counted.
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) width: f64,
    pub(super) is_number: bool,
}

impl Column {
    fn takes(&self, cell: &Cell<'_>) -> bool {
        match cell {
            Cell::Text("") | Cell::Time(None) => true,
            Cell::Text(_) | Cell::Time(_) => !self.is_number,
            Cell::Number(_) => self.is_number,
        }
    }
}

/// A column of text.
pub(super) const fn text(title: &'static str, width: f64) -> Column {
    Column {
        title,
        width,
        is_number: false,
    }
}

/// A column of numbers.
pub(super) const fn number(title: &'static str, width: f64) -> Column {
    Column {
        title,
        width,
        is_number: true,
    }
}

/// A table that is being written.
pub(super) struct TableWriter<'w> {
    book: &'w mut ReportWorkbook,
    table: &'static Table,
    /// What stands before the lines of the sheet that is being filled.
    start: String,
    columns: Vec<ColumnText>,
    rows: RowText,
    /// Rows of the sheet that is being filled, its head included.
    row: u32,
    part: u32,
    most: u32,
}

impl ReportWorkbook {
    /// Begins a table in a sheet of its own.
    pub(super) fn table(&mut self, table: &'static Table) -> anyhow::Result<TableWriter<'_>> {
        TableWriter::begin(self, table, MOST_ROWS)
    }
}

impl<'w> TableWriter<'w> {
    fn begin(
        book: &'w mut ReportWorkbook,
        table: &'static Table,
        most: u32,
    ) -> anyhow::Result<TableWriter<'w>> {
        let mut writer = TableWriter {
            book,
            table,
            start: String::new(),
            columns: Vec::new(),
            rows: RowText::default(),
            row: 0,
            part: 0,
            most,
        };
        writer.next_sheet()?;
        Ok(writer)
    }

    fn next_sheet(&mut self) -> anyhow::Result<()> {
        self.part += 1;
        self.row = 1;
        let frame = self.book.frame_of(&self.sheet())?;
        let columns = (0..).zip(frame.looks()?);
        self.columns = columns
            .map(|(place, look)| ColumnText::new(place, &look))
            .collect();
        self.start = frame.start;
        self.book.begin_sheet()?;
        self.book.archive.write_all(self.start.as_bytes())?;
        Ok(())
    }

    /// The sheet that is being filled, as far as it is.
    fn sheet(&self) -> TableSheet {
        TableSheet {
            name: match self.part {
                1 => self.table.name.to_owned(),
                part => format!("{} {part}", self.table.name),
            },
            table: self.table,
            rows: self.row,
        }
    }

    /// Adds a line.
    pub(super) fn line(&mut self, cells: &[Cell<'_>]) -> anyhow::Result<()> {
        if self.row == self.most {
            self.end_sheet()?;
            self.next_sheet()?;
        }
        self.row += 1;
        self.rows.begin(self.row);
        for (place, cell) in cells.iter().enumerate() {
            let column = &self.columns[place];
            debug_assert!(self.table.columns[place].takes(cell));
            match cell {
                Cell::Text("") | Cell::Time(None) => {}
                Cell::Text(text) => self.rows.text(column, text),
                Cell::Time(Some(at)) => self.rows.text(column, &rfc3339(*at)),
                Cell::Number(number) => self.rows.number(column, *number),
            }
        }
        self.rows.end();
        match self.rows.len() {
            ..AT_ONCE => Ok(()),
            _ => self.hand_on(),
        }
    }

    fn hand_on(&mut self) -> anyhow::Result<()> {
        let archive = &mut self.book.archive;
        self.rows.hand_on(|lines| Ok(archive.write_all(lines)?))
    }

    fn end_sheet(&mut self) -> anyhow::Result<()> {
        self.hand_on()?;
        let sheet = self.sheet();
        let frame = self.book.frame_of(&sheet)?;
        anyhow::ensure!(frame.start == self.start, "a sheet with two beginnings");
        self.book.archive.write_all(frame.end.as_bytes())?;
        self.book.sheets.push(WrittenSheet { sheet, frame });
        Ok(())
    }

    /// Ends the table.
    pub(super) fn end(mut self) -> anyhow::Result<()> {
        self.end_sheet()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workbook::table_frame::{part_name, parts};
    use bakkt_files::output::ProtectedPaths;

    static LINES: Table = Table {
        name: "Lines",
        what: "for the test",
        columns: &[text("a", 10.0), number("b", 10.0)],
    };

    #[test]
    fn a_long_table_goes_on_in_further_sheets() {
        let folder = tempfile::tempdir().unwrap();
        let protected = ProtectedPaths::default();
        let dir = protected.open_folder(folder.path()).unwrap();
        let mut book = ReportWorkbook::new(&dir).unwrap();
        let mut table = TableWriter::begin(&mut book, &LINES, 4).unwrap();
        for number in 1..=7u64 {
            table.line(&["x".into(), Cell::Number(number)]).unwrap();
        }
        table.end().unwrap();
        let sheets: Vec<(&str, u64)> = book
            .sheets
            .iter()
            .map(|written| (written.sheet.name.as_str(), written.lines()))
            .collect();
        assert_eq!(sheets, [("Lines", 3), ("Lines 2", 3), ("Lines 3", 1)]);

        book.save(|_, _| Ok(())).unwrap();
        let bytes = std::fs::read(folder.path().join(crate::workbook::NAME)).unwrap();
        let parts = parts(bytes).unwrap();
        let texts: Vec<usize> = (1..=4)
            .map(|sheet| {
                let part = parts.iter().find(|part| part.name == part_name(sheet));
                let text = &part.unwrap().text;
                text.matches("<is><t>x</t></is>").count()
            })
            .collect();
        assert_eq!(texts, [0, 3, 3, 1]);
        let workbook = parts.iter().find(|part| part.name == "xl/workbook.xml");
        assert!(workbook.unwrap().text.contains("'Lines 3'!$A$1:$B$2"));
    }
}
