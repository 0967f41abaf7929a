//! Single rows of the export, mapped again.
//!
//! Owner of [`Reread`]: what one thread needs to turn a position back into a verdict and a payload.

use std::fs::File;
use std::io;

use crate::mapping::draft::Draft;

use super::{Pipeline, Prepared, Worker};
use crate::source::{CsvRow, Position};

/// Buffers for reading and mapping single rows.
#[derive(Debug, Default)]
pub struct Reread {
    row: CsvRow,
    worker: Worker,
}

impl Reread {
    /// Reads the row at a place and prepares it.
    pub fn prepare<'a>(
        &'a mut self,
        pipeline: &Pipeline,
        file: &File,
        at: Position,
    ) -> io::Result<Prepared<'a>> {
        let row = self.row.read(file, at)?;
        Ok(self.worker.prepare(pipeline, &row))
    }

    /// What the row that was prepared last says, before it was judged.
    pub fn draft(&self) -> &Draft {
        self.worker.draft()
    }
}
