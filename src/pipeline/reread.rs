//! Single records of the export, mapped again.
//!
//! Owner of [`Reread`]: what one thread needs to turn a position back into a verdict and a payload.

use anyhow::Context;

use crate::mapping::draft::Draft;

use super::{From, Pipeline, Prepared, Worker};
use crate::source::{Again, Position};

/// Buffers for reading and mapping single records.
#[derive(Debug, Default)]
pub struct Reread {
    row: Again,
    worker: Worker,
}

impl Reread {
    /// Reads the row at a place, with which a record begins, and prepares the record.
    pub fn prepare<'a>(
        &'a mut self,
        pipeline: &Pipeline,
        at: Position,
        from: From<'_>,
    ) -> anyhow::Result<Prepared<'a>> {
        let row = pipeline
            .export
            .read(at, &mut self.row)
            .context("cannot read the export again")?;
        let prepared = self.worker.prepare(pipeline, &row, at, from)?;
        prepared.context("a row of the export is no longer the first of its account")
    }

    /// What the record that was prepared last says, before it was judged.
    pub fn draft(&self) -> &Draft {
        self.worker.draft()
    }
}
