//! A table in sheets of a workbook: a head that stays and is repeated on paper, lines of text, further sheets when one is full.
//!
//! Owner of how a table looks and where it is cut. Invariant: a line is in one sheet, once, in the order in which it came.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Workbook, Worksheet};

use super::{ReportWorkbook, SheetCount};
use crate::text::rfc3339;

/// Rows of a sheet, its head included.
pub(super) const MOST_ROWS: u32 = 1_048_576;
/// A spreadsheet's limit of one cell, in UTF-16 units.
const LONGEST: usize = 32_767;
/// The number of A4 among paper sizes.
const A4: u8 = 9;

/// How cells look.
pub(super) struct SheetFormats {
    pub(super) title: Format,
    pub(super) section: Format,
    pub(super) head: Format,
    pub(super) text: Format,
    pub(super) wrapped: Format,
    pub(super) number: Format,
    pub(super) sum: Format,
    pub(super) sum_number: Format,
    pub(super) good: Format,
    pub(super) bad: Format,
    pub(super) sandbox: Format,
    pub(super) line: Format,
    pub(super) soft: Format,
}

impl SheetFormats {
    pub(super) fn new() -> SheetFormats {
        let line = || {
            Format::new()
                .set_border(FormatBorder::Thin)
                .set_border_color(Color::RGB(0xC5CDD9))
        };
        // A text that somebody edits stays one.
        let text = || {
            Format::new()
                .set_num_format("@")
                .set_align(FormatAlign::Top)
        };
        let mark = |ink: u32, ground: u32| {
            Format::new()
                .set_bold()
                .set_font_color(Color::RGB(ink))
                .set_background_color(Color::RGB(ground))
                .set_text_wrap()
                .set_align(FormatAlign::VerticalCenter)
        };
        SheetFormats {
            title: Format::new().set_bold().set_font_size(18.0),
            section: Format::new()
                .set_bold()
                .set_font_size(12.0)
                .set_border_bottom(FormatBorder::Medium),
            head: line()
                .set_bold()
                .set_background_color(Color::RGB(0xDCE3EC))
                .set_text_wrap()
                .set_align(FormatAlign::Top),
            text: text(),
            wrapped: text().set_text_wrap(),
            number: Format::new().set_num_format("#,##0"),
            sum: Format::new().set_bold().set_border_top(FormatBorder::Thin),
            sum_number: Format::new()
                .set_bold()
                .set_num_format("#,##0")
                .set_border_top(FormatBorder::Thin),
            good: mark(0x1F6F54, 0xEEF7F3),
            bad: mark(0xA8322D, 0xFCEFEE),
            sandbox: mark(0xFFFFFF, 0x4A2F7A),
            line: line().set_align(FormatAlign::VerticalCenter),
            soft: Format::new()
                .set_font_color(Color::RGB(0x4C5666))
                .set_text_wrap(),
        }
    }
}

impl SheetFormats {
    fn of_column(&self, column: &Column) -> &Format {
        match column.is_number {
            true => &self.number,
            false => &self.text,
        }
    }
}

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

/// A table: its name, what it holds, its columns with their widths.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) columns: &'static [Column],
}

/// A column: its title, its width, and whether its cells are numbers that this program counted.
pub(super) struct Column {
    title: &'static str,
    width: f64,
    is_number: bool,
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
    workbook: &'w mut Workbook,
    looks: &'w SheetFormats,
    table: &'static Table,
    sheets: &'w mut Vec<SheetCount>,
    /// Of the sheet that is being filled.
    index: usize,
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
            workbook: &mut book.workbook,
            looks: &book.looks,
            table,
            sheets: &mut book.sheets,
            index: 0,
            row: 0,
            part: 0,
            most,
        };
        writer.next_sheet()?;
        Ok(writer)
    }

    fn next_sheet(&mut self) -> anyhow::Result<()> {
        self.part += 1;
        let name = match self.part {
            1 => self.table.name.to_owned(),
            part => format!("{} {part}", self.table.name),
        };
        // The cover is the first.
        self.index = self.sheets.len() + 1;
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(&name)?;
        sheet.set_freeze_panes(1, 0)?;
        print_as_table(sheet)?;
        for (place, column) in (0..).zip(self.table.columns) {
            sheet.set_column_width(place, column.width)?;
            // Each cell gets the look of its column; a look of its own would be looked up for every cell.
            sheet.set_column_format(place, self.looks.of_column(column))?;
            sheet.write_string_with_format(0, place, column.title, &self.looks.head)?;
        }
        self.row = 1;
        self.sheets.push(SheetCount {
            name,
            what: self.table.what,
            lines: 0,
        });
        Ok(())
    }

    /// Adds a line.
    pub(super) fn line(&mut self, cells: &[Cell<'_>]) -> anyhow::Result<()> {
        if self.row == self.most {
            self.end_sheet()?;
            self.next_sheet()?;
        }
        let sheet = self.workbook.worksheet_from_index(self.index)?;
        for ((place, column), cell) in (0..).zip(self.table.columns).zip(cells) {
            debug_assert!(column.takes(cell), "{}", column.title);
            match cell {
                Cell::Text("") | Cell::Time(None) => {}
                Cell::Text(text) => {
                    sheet.write_string(self.row, place, fitting(text))?;
                }
                Cell::Time(Some(at)) => {
                    sheet.write_string(self.row, place, rfc3339(*at))?;
                }
                // A spreadsheet's numbers are exact up to 2^53, which nothing here is ever counted to.
                Cell::Number(number) => {
                    sheet.write_number(self.row, place, *number as f64)?;
                }
            }
        }
        self.row += 1;
        if let Some(sheet) = self.sheets.last_mut() {
            sheet.lines += 1;
        }
        Ok(())
    }

    fn end_sheet(&mut self) -> anyhow::Result<()> {
        let last = self.table.columns.len() as u16 - 1;
        let sheet = self.workbook.worksheet_from_index(self.index)?;
        sheet.autofilter(0, 0, self.row - 1, last)?;
        Ok(())
    }

    /// Ends the table.
    pub(super) fn end(mut self) -> anyhow::Result<()> {
        self.end_sheet()
    }
}

/// On paper: landscape, as wide as the page, with its head on every page.
fn print_as_table(sheet: &mut Worksheet) -> anyhow::Result<()> {
    sheet.set_paper_size(A4);
    sheet.set_landscape();
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(0, 0)?;
    sheet.set_footer("&L&A&RPage &P of &N");
    Ok(())
}

/// As much of a text as a cell can hold.
pub(super) fn fitting(text: &str) -> &str {
    if text.len() <= LONGEST {
        return text;
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > LONGEST
    });
    end.map_or(text, |(at, _)| &text[..at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use bakkt_files::output::ProtectedPaths;
    use rust_xlsxwriter::Workbook;

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
        let mut workbook = Workbook::new();
        workbook.add_worksheet_with_constant_memory().unwrap();
        let mut book = ReportWorkbook {
            file: dir.file("report.xlsx", &super::super::begins()).unwrap(),
            workbook,
            looks: SheetFormats::new(),
            sheets: Vec::new(),
        };
        let mut table = TableWriter::begin(&mut book, &LINES, 4).unwrap();
        for number in 1..=7u64 {
            table.line(&["x".into(), Cell::Number(number)]).unwrap();
        }
        table.end().unwrap();
        let sheets: Vec<(&str, u64)> = book
            .sheets
            .iter()
            .map(|sheet| (sheet.name.as_str(), sheet.lines))
            .collect();
        assert_eq!(sheets, [("Lines", 3), ("Lines 2", 3), ("Lines 3", 1)]);
        assert_eq!(book.workbook.worksheets().len(), 4);
    }

    #[test]
    fn no_text_is_longer_than_a_cell() {
        assert_eq!(fitting("abc"), "abc");
        let long = "é".repeat(40_000);
        assert_eq!(fitting(&long).chars().count(), LONGEST);
        let wide = "😀".repeat(20_000);
        assert_eq!(fitting(&wide).chars().count(), LONGEST / 2);
    }
}
