//! Single records of the export, mapped again.
//!
//! Owner of [`RecordReader`]: what one thread needs to turn a position back into a verdict and a payload; and of reading many
//! records on all cores ([`RecordReader::each`]).

use anyhow::Context;

use crate::draft::Draft;

use super::layers::OverlayTrial;
use super::scan::ScanOptions;
use super::{JoinedRowSource, Pipeline, PreparedRow, Worker};
use crate::assess::Gap;
use bakkt_files::cores;
use bakkt_model::position::Position;
use bakkt_model::verdict::Verdict;
use bakkt_source::RereadRow;

/// Buffers for reading and mapping single records.
#[derive(Debug, Default)]
pub struct RecordReader {
    row: RereadRow,
    worker: Worker,
}

/// Items that a thread takes at once.
const SHARE: usize = 16;

impl RecordReader {
    /// A reader of verdicts and gaps; the payloads that it prepares are not whole.
    pub fn of_verdicts() -> RecordReader {
        RecordReader {
            row: RereadRow::default(),
            worker: Worker::new(ScanOptions::default()),
        }
    }

    /// Reads something for each item on all cores, each with a reader of its own; the results are in the order of the items.
    /// Fails with the error of the first item that has one.
    pub fn each<I: Sync, T: Send>(
        items: &[I],
        reader: impl Fn() -> RecordReader + Sync,
        read: impl Fn(&mut RecordReader, &I) -> anyhow::Result<T> + Sync,
    ) -> anyhow::Result<Vec<T>> {
        cores::for_each(items, (cores::count(), SHARE), reader, read)
    }

    /// Reads the row at a place, with which a record begins, and prepares the record.
    pub fn prepare<'a>(
        &'a mut self,
        pipeline: &Pipeline,
        at: Position,
        from: JoinedRowSource<'_>,
    ) -> anyhow::Result<PreparedRow<'a>> {
        let row = pipeline
            .export
            .read(at, &mut self.row)
            .context("cannot read the export again")?;
        let prepared = self.worker.prepare(pipeline, &row, at, from)?;
        prepared.context("a row of the export is no longer the first of its account")
    }

    /// Prepares a record and looks what a layer does to it: the verdict with it, and the paths of what stops it, gaps and findings of
    /// the record alone that block.
    pub fn try_layer(
        &mut self,
        pipeline: &Pipeline,
        at: Position,
        from: JoinedRowSource<'_>,
        trial: OverlayTrial,
    ) -> anyhow::Result<(OverlayTrial, Verdict, Vec<String>)> {
        self.worker.begin_trial(trial);
        let prepared = self.prepare(pipeline, at, from)?;
        let (id, gaps) = (prepared.id.map(str::to_owned), prepared.gaps.to_vec());
        let mut verdict = prepared.verdict;
        let path = |path: u32| pipeline.plan.paths[path as usize].path.clone();
        let stops = gaps.iter().filter(|gap| gap.level.breaks());
        let mut stops: Vec<String> = stops.map(|gap| path(gap.path)).collect();
        if verdict.sendable() {
            let looked = self.worker.look(pipeline, id.as_deref(), &gaps);
            for found in &looked.found {
                if found.kind.bit() & pipeline.checks.blocking != 0 {
                    verdict = Verdict::Blocked;
                    stops.push(pipeline.checks.path_of(found, &pipeline.plan).to_owned());
                }
            }
        }
        Ok((self.worker.end_trial(), verdict, stops))
    }

    /// What stood in the cells of gaps of the record that was prepared last, masked.
    pub fn shapes_of(
        &mut self,
        pipeline: &Pipeline,
        gaps: &[Gap],
        at: Position,
    ) -> anyhow::Result<Vec<String>> {
        let row = pipeline
            .export
            .read(at, &mut self.row)
            .context("cannot read the export again")?;
        let shape = |gap: &Gap| {
            let mut shape = String::new();
            self.worker.shape_of(pipeline, gap, (&row, at), &mut shape);
            shape
        };
        Ok(gaps.iter().map(shape).collect())
    }

    /// What the record that was prepared last says, before it was judged.
    pub fn draft(&self) -> &Draft {
        self.worker.draft()
    }
}
