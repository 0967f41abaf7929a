//! `check --gaps`: every gap, one a line.
//!
//! Owner of the columns of that file. Those of documents and of owners without an identity document follow the gaps of
//! their record's rows.

use bakkt_files::output::NewFile;
use bakkt_files::output::cells::CellWriter;
use bakkt_mapping::pipeline::Pipeline;
use bakkt_mapping::pipeline::scan::{PlacedGap, Results, ScannedRow};
use bakkt_model::verdict::Verdict;

use super::document_tally::ListedGap;
use super::documents::LEVEL;

/// The columns.
pub const COLUMNS: [&str; 10] = [
    "file",
    "row",
    "clientAccountId",
    "verdict",
    "path",
    "level",
    "reason",
    "columns",
    "mapping",
    "shape",
];

/// The file while it is written.
pub struct GapWriter<'a> {
    out: CellWriter<NewFile>,
    pipeline: &'a Pipeline,
    /// Gaps that were found after the rows, by record, as far as they are not written yet.
    further: &'a [ListedGap],
}

impl<'a> GapWriter<'a> {
    /// Begins the file. `further` are gaps that no row has, by record.
    pub fn new(
        out: CellWriter<NewFile>,
        pipeline: &'a Pipeline,
        further: &'a [ListedGap],
    ) -> GapWriter<'a> {
        GapWriter {
            out,
            pipeline,
            further,
        }
    }

    /// Writes the gaps of a record; records come in order.
    pub fn write(
        &mut self,
        (record, verdict): (u32, Verdict),
        batch: &Results,
        row: &ScannedRow,
    ) -> anyhow::Result<()> {
        let (pipeline, id) = (self.pipeline, batch.id(row).unwrap_or(""));
        for PlacedGap { gap, at, shape, .. } in batch.placed_gaps(row) {
            let (file, line) = match at {
                Some((list, at)) => (pipeline.file_name(list, at), at.row),
                None => (pipeline.export.file_name(row.at), row.at.row),
            };
            let info = &pipeline.plan.paths[gap.path as usize];
            self.out.row(&[
                file,
                &line.to_string(),
                id,
                verdict.word(),
                &info.path,
                gap.level.letter(),
                &gap.reason.text(),
                &info.columns.join(" "),
                &info.written,
                shape,
            ])?;
        }
        let own = self.further.iter().take_while(|gap| gap.record == record);
        let (own, rest) = self.further.split_at(own.count());
        self.further = rest;
        for gap in own {
            let (file, line) = match &gap.at {
                Some((file, line)) => (file.as_str(), *line),
                None => (pipeline.export.file_name(row.at), row.at.row),
            };
            // A path of a folder has no line.
            let line = if line == 0 {
                String::new()
            } else {
                line.to_string()
            };
            // Only records that are sent have these, and with them they are in grace.
            self.out.row(&[
                file,
                &line,
                id,
                Verdict::Grace.word(),
                &gap.path,
                LEVEL,
                &gap.reason,
                "",
                "",
                "",
            ])?;
        }
        Ok(())
    }

    /// Ends the file.
    pub fn finish(self) -> anyhow::Result<()> {
        self.out.into_inner()?.finish()
    }
}
