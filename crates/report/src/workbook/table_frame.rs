//! A table's sheet without its lines, as the library writes it.
//!
//! Owner of what a sheet has around its lines: the head that stays and is repeated on paper, widths and looks of the columns, the
//! filter. Invariant: the sheets of two workbooks that begin with the same table give a look the same number, so that lines may
//! be written before the workbook is (`ReportWorkbook::finish` checks it). Left out: the lines (`table_sheet`).

use std::io::Read;
use std::path::Path;

use anyhow::Context;
use rust_xlsxwriter::{Workbook, Worksheet};
use zip::ZipArchive;

use super::cover;
use super::sheet_formats::SheetFormats;
use super::table_sheet::Table;
use crate::library_calls::with_disk_errors;

/// The number of A4 among paper sizes.
const A4: u8 = 9;
/// Where the lines of a sheet end.
const LINES_END: &str = "</sheetData>";

/// A sheet of a table: its name, and how many rows it has, its head included.
pub(super) struct TableSheet {
    pub(super) name: String,
    pub(super) table: &'static Table,
    pub(super) rows: u32,
}

/// A workbook with an empty cover and tables without lines.
pub(super) fn workbook_of_frames<'s>(
    folder: &Path,
    looks: &SheetFormats,
    sheets: impl IntoIterator<Item = &'s TableSheet>,
) -> anyhow::Result<Workbook> {
    let mut workbook = Workbook::new();
    // What belongs to the report is on its way where the report is to be, and nowhere else.
    workbook.set_tempdir(folder)?;
    workbook
        .add_worksheet_with_constant_memory()?
        .set_name(cover::SHEET)?;
    for sheet in sheets {
        frame(workbook.add_worksheet_with_constant_memory()?, looks, sheet)?;
    }
    Ok(workbook)
}

/// The parts of such a workbook.
pub(super) fn parts_of_frames<'s>(
    folder: &Path,
    looks: &SheetFormats,
    sheets: impl IntoIterator<Item = &'s TableSheet>,
) -> anyhow::Result<Vec<Part>> {
    let saved = with_disk_errors(|| {
        let mut workbook = workbook_of_frames(folder, looks, sheets)?;
        Ok(workbook.save_to_buffer()?)
    });
    parts(saved?)
}

fn frame(into: &mut Worksheet, looks: &SheetFormats, sheet: &TableSheet) -> anyhow::Result<()> {
    into.set_name(&sheet.name)?;
    into.set_freeze_panes(1, 0)?;
    print_as_table(into)?;
    for (place, column) in (0..).zip(sheet.table.columns) {
        into.set_column_width(place, column.width)?;
        let look = match column.is_number {
            true => &looks.number,
            false => &looks.text,
        };
        into.set_column_format(place, look)?;
        into.write_string_with_format(0, place, column.title, &looks.head)?;
    }
    let last = sheet.table.columns.len() as u16 - 1;
    into.autofilter(0, 0, sheet.rows - 1, last)?;
    Ok(())
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

/// A part of a workbook's archive.
pub(super) struct Part {
    pub(super) name: String,
    pub(super) text: String,
}

/// The parts of a workbook's archive, in their order.
pub(super) fn parts(bytes: Vec<u8>) -> anyhow::Result<Vec<Part>> {
    let mut archive = ZipArchive::new(std::io::Cursor::new(bytes))?;
    let count = archive.len();
    let read = |place| {
        let mut file = archive.by_index(place)?;
        let mut part = Part {
            name: file.name()?.into_owned(),
            text: String::new(),
        };
        file.read_to_string(&mut part.text)?;
        Ok(part)
    };
    (0..count).map(read).collect()
}

/// The name of a sheet's part; the cover is the first.
pub(super) fn part_name(number: usize) -> String {
    format!("xl/worksheets/sheet{number}.xml")
}

/// What stands before and after the lines of a table's sheet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) start: String,
    pub(super) end: String,
}

impl Frame {
    /// Takes the sheet apart that the library wrote. How far it reaches is left out: the start is written before it is known, and
    /// no reader needs it.
    pub(super) fn of(sheet: &str) -> anyhow::Result<Frame> {
        let (start, end) = sheet
            .split_once(LINES_END)
            .context("a sheet without lines")?;
        let (before, rest) = start
            .split_once("<dimension ")
            .context("a sheet without size")?;
        let (_, after) = rest.split_once("/>").context("a sheet without size")?;
        Ok(Frame {
            start: format!("{before}{after}"),
            end: format!("{LINES_END}{end}"),
        })
    }

    /// The number of the look that each column gives its cells.
    pub(super) fn looks(&self) -> anyhow::Result<Vec<String>> {
        let mut looks = Vec::new();
        for column in self.start.split("<col ").skip(1) {
            let value = |key: &str| {
                let (_, rest) = column.split_once(key)?;
                Some(rest.split_once('"')?.0)
            };
            let range = value("min=\"").zip(value("max=\""));
            let (first, last) = range.context("columns without places")?;
            let look = value("style=\"").context("columns without a look")?;
            let (first, last): (usize, usize) = (first.parse()?, last.parse()?);
            looks.extend((first..=last).map(|_| look.to_owned()));
        }
        Ok(looks)
    }
}
