//! `report.xlsx`: what people sign: a cover with the control totals, and sheets of everything that is not as it should be.
//!
//! Owner of which sheets there are and what each holds, and of the archive. Every cell of a table is text (ids keep their zeros,
//! phone numbers their plus, and nothing is ever a formula) unless it is a number that this program counted. Lines go from the
//! journal into the archive, so memory does not grow with them; a table that is longer than a sheet goes on in a further one.
//! The library writes everything but the lines of tables, for which it is too slow (ARCHITECTURE.md). Two reports of one journal
//! differ in nothing but their times. Left out: any value that the CSV files do not hold, and the numbers themselves (`totals`).

mod cover;
mod row_text;
mod sheet_formats;
mod table_frame;
mod table_sheet;
mod tables;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;

use anyhow::Context;
use rust_xlsxwriter::{DocProperties, Workbook};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::library_calls::with_disk_errors;
use super::summary::Summary;
use bakkt_files::output::{FileStart, NewFile, OutputFolder};
use bakkt_journal::Journals;
use bakkt_model::error::ShownPath;
use bakkt_model::grace::Grace;
use sheet_formats::SheetFormats;
use table_frame::{Frame, TableSheet, part_name, parts, parts_of_frames, workbook_of_frames};

/// The name of the file.
pub(super) const NAME: &str = "report.xlsx";

/// At the end of a workbook that nobody but this program has saved: one in which somebody has signed is not replaced.
const COMMENT: &[u8] = b"bakkt-migrate report, not signed";

/// How hard the workbook is compressed, of 1 to 9.
const LEVEL: i64 = 1;

/// Parts that are the same in every workbook. They stand first: programs that tell what a file is look at its beginning.
const FIRST_PARTS: [&str; 2] = ["_rels/.rels", "xl/theme/theme1.xml"];

/// How an earlier workbook is recognised.
pub(super) fn begins() -> FileStart {
    FileStart::Archive(COMMENT)
}

/// A sheet of a table that is in the archive.
struct WrittenSheet {
    sheet: TableSheet,
    /// What was written around its lines.
    frame: Frame,
}

impl WrittenSheet {
    fn lines(&self) -> u64 {
        u64::from(self.sheet.rows - 1)
    }
}

/// A workbook whose tables are written and whose cover is still missing.
pub(super) struct ReportWorkbook {
    archive: ZipWriter<StreamWriter<NewFile>>,
    folder: PathBuf,
    looks: SheetFormats,
    sheets: Vec<WrittenSheet>,
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
        let write = || {
            let mut book = ReportWorkbook::new(dir)?;
            book.exceptions(journals)?;
            book.refusals(journals)?;
            book.gaps(journals, grace)?;
            book.decisions(journals)?;
            anyhow::Ok(book)
        };
        write().with_context(|| format!("{} cannot be written", dir.path().join(NAME).shown()))
    }

    fn new(dir: &OutputFolder<'_>) -> anyhow::Result<ReportWorkbook> {
        let file = dir.file(NAME, &begins())?;
        let folder = file.folder().to_owned();
        let mut archive = ZipWriter::new_stream(file);
        archive.set_raw_comment(COMMENT.into())?;
        let looks = SheetFormats::new();
        let mut book = ReportWorkbook {
            archive,
            folder,
            looks,
            sheets: Vec::new(),
        };
        for part in parts_of_frames(&book.folder, &book.looks, [])? {
            if FIRST_PARTS.contains(&part.name.as_str()) {
                book.begin_part(&part.name)?;
                book.archive.write_all(part.text.as_bytes())?;
            }
        }
        Ok(book)
    }

    /// Begins a part of the archive.
    fn begin_part(&mut self, name: &str) -> anyhow::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(LEVEL))
            .unix_permissions(0o600)
            .last_modified_time(DateTime::default());
        Ok(self.archive.start_file(name, options)?)
    }

    /// Begins the part of the next sheet. The first of the workbook is the cover.
    fn begin_sheet(&mut self) -> anyhow::Result<()> {
        self.begin_part(&part_name(self.sheets.len() + 2))
    }

    /// What the next sheet has around its lines.
    fn frame_of(&self, sheet: &TableSheet) -> anyhow::Result<Frame> {
        let sheets = self.sheets.iter().map(|written| &written.sheet);
        let sheets = sheets.chain([sheet]);
        let name = part_name(self.sheets.len() + 2);
        let parts = parts_of_frames(&self.folder, &self.looks, sheets)?;
        let part = parts.iter().find(|part| part.name == name);
        Frame::of(&part.context("a workbook without its last sheet")?.text)
    }

    /// Writes the cover, and puts the workbook in its place.
    pub(super) fn finish(self, summary: &Summary, made_at: jiff::Timestamp) -> anyhow::Result<()> {
        let made = rust_xlsxwriter::ExcelDateTime::from_timestamp(made_at.as_second())?;
        let facts = DocProperties::new()
            .set_title("Migration report")
            .set_author("bakkt-migrate")
            .set_creation_datetime(&made);
        let cannot = format!("{} cannot be written", self.folder.join(NAME).shown());
        let saved = self.save(|book, workbook| {
            workbook.set_properties(&facts);
            book.cover(workbook, summary)
        });
        saved.context(cannot)
    }

    /// Adds every part that is not in the archive yet.
    fn save(
        mut self,
        fill: impl FnOnce(&ReportWorkbook, &mut Workbook) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let sheets = self.sheets.iter().map(|written| &written.sheet);
        let saved = with_disk_errors(|| {
            let mut workbook = workbook_of_frames(&self.folder, &self.looks, sheets)?;
            fill(&self, &mut workbook)?;
            Ok(workbook.save_to_buffer()?)
        })?;
        for part in parts(saved)? {
            let names = (2..).map(part_name);
            let written = names.zip(&self.sheets).find(|(name, _)| *name == part.name);
            if let Some((_, written)) = written {
                let is_same = Frame::of(&part.text)? == written.frame;
                anyhow::ensure!(is_same, "the looks of {} have other numbers", part.name);
            } else if !FIRST_PARTS.contains(&part.name.as_str()) {
                self.begin_part(&part.name)?;
                self.archive.write_all(part.text.as_bytes())?;
            }
        }
        self.archive.finish()?.into_inner().finish()
    }
}
