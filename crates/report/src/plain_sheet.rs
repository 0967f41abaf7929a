//! A workbook with one sheet of plain texts, each at the row that it is to have.
//!
//! Used where a backfill file is written anew without somebody's rows: every cell is a text, so that it reads back as it was read.
//! Left out: where the texts come from.

use std::io::Write;
use std::path::Path;

use rust_xlsxwriter::{Format, Workbook};

use super::library_calls::with_disk_errors;

/// A sheet that is being written, row by row from the top.
pub struct PlainSheet {
    workbook: Workbook,
    text: Format,
}

impl PlainSheet {
    /// Begins one; what does not fit into memory goes to files without a name in a folder.
    pub fn begin(sheet: &str, folder: &Path) -> anyhow::Result<PlainSheet> {
        let mut workbook = Workbook::new();
        with_disk_errors(|| {
            workbook.set_tempdir(folder)?;
            let worksheet = workbook.add_worksheet_with_constant_memory()?;
            worksheet.set_name(sheet)?;
            Ok(())
        })?;
        Ok(PlainSheet {
            workbook,
            text: Format::new().set_num_format("@"),
        })
    }

    /// Writes the row of a number, from 1; numbers only grow.
    pub fn row<'c>(
        &mut self,
        number: u64,
        cells: impl Iterator<Item = &'c str>,
    ) -> anyhow::Result<()> {
        let row = u32::try_from(number.saturating_sub(1))?;
        with_disk_errors(|| {
            let sheet = self.workbook.worksheet_from_index(0)?;
            for (place, cell) in (0..).zip(cells) {
                if !cell.is_empty() {
                    sheet.write_string_with_format(row, place, cell, &self.text)?;
                }
            }
            Ok(())
        })
    }

    /// Writes the workbook.
    pub fn finish(mut self, to: &mut (impl Write + Send)) -> anyhow::Result<()> {
        with_disk_errors(|| Ok(self.workbook.save_to_writer(to)?))
    }
}
