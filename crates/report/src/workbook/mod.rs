//! `report.xlsx`: what people sign: a cover with the control totals, and sheets of everything that is not as it should be.
//!
//! Owner of which sheets there are and what each holds. Every cell of a table is text (ids keep their zeros, phone numbers
//! their plus, and nothing is ever a formula) unless it is a number that this program counted. Lines go from the journal to
//! temporary files in the report's folder, so memory does not grow with them; a table that is longer than a sheet goes on in
//! a further one. Two reports of one journal differ in nothing but their times. Left out: any value that the CSV files do not
//! hold, and the numbers themselves (`totals`).

mod cover;
mod table_sheet;
mod tables;

use std::sync::Mutex;

use anyhow::Context;
use rust_xlsxwriter::{DocProperties, Workbook};

use super::marked_archive::MarkedArchive;
use super::summary::Summary;
use bakkt_files::output::{FileStart, NewFile, OutputFolder};
use bakkt_journal::Journals;
use bakkt_model::error::ShownPath;
use bakkt_model::grace::Grace;
use table_sheet::SheetFormats;

/// The name of the file.
pub(super) const NAME: &str = "report.xlsx";

/// At the end of a workbook that nobody but this program has saved: one in which somebody has signed is not replaced.
const COMMENT: &[u8] = b"bakkt-migrate report, not signed";

/// How hard the workbook is compressed, of 1 to 9.
const LEVEL: u8 = 1;

/// How an earlier workbook is recognised.
pub(super) fn begins() -> FileStart {
    FileStart::Archive(COMMENT)
}

/// A sheet and how many lines it holds.
struct SheetCount {
    name: String,
    what: &'static str,
    lines: u64,
}

/// A workbook whose tables are written and whose cover is still empty.
pub(super) struct ReportWorkbook {
    file: NewFile,
    workbook: Workbook,
    looks: SheetFormats,
    sheets: Vec<SheetCount>,
}

/// Where a workbook waits for its cover, which holds what all threads have counted.
pub(super) type WaitingWorkbook = Mutex<Option<ReportWorkbook>>;

impl ReportWorkbook {
    /// Writes the tables into a new workbook in a folder.
    pub(super) fn begin(
        journals: &Journals,
        dir: &OutputFolder<'_>,
        grace: &Grace,
    ) -> anyhow::Result<ReportWorkbook> {
        let file = dir.file(NAME, &begins())?;
        let mut workbook = Workbook::new();
        workbook.set_zip_compression_level(LEVEL);
        // What belongs to the report is on its way where the report is to be, and nowhere else.
        workbook
            .set_tempdir(file.folder())
            .with_context(|| format!("{} cannot be written", file.path().shown()))?;
        workbook
            .add_worksheet_with_constant_memory()?
            .set_name(cover::SHEET)?;
        let mut book = ReportWorkbook {
            file,
            workbook,
            looks: SheetFormats::new(),
            sheets: Vec::new(),
        };
        book.exceptions(journals)?;
        book.refusals(journals)?;
        book.gaps(journals, grace)?;
        book.decisions(journals)?;
        Ok(book)
    }

    /// Writes the cover, and puts the workbook in its place.
    pub(super) fn finish(
        mut self,
        summary: &Summary,
        made_at: jiff::Timestamp,
    ) -> anyhow::Result<()> {
        self.cover(summary)?;
        let made = rust_xlsxwriter::ExcelDateTime::from_timestamp(made_at.as_second())?;
        let facts = DocProperties::new()
            .set_title("Migration report")
            .set_author("bakkt-migrate")
            .set_creation_datetime(&made);
        self.workbook.set_properties(&facts);
        let cannot = format!("{} cannot be written", self.file.path().shown());
        let mut bytes = MarkedArchive::new(self.file, COMMENT);
        self.workbook.save_to_writer(&mut bytes).context(cannot)?;
        bytes.end()?.finish()
    }
}
