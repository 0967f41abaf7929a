//! Single records of the export, mapped again.
//!
//! Owner of [`RecordReader`]: what one thread needs to turn a position back into a verdict and a payload; and of reading many
//! records on all cores ([`RecordReader::each`]).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, available_parallelism};

use anyhow::Context;

use crate::draft::Draft;

use super::layers::OverlayTrial;
use super::scan::ScanOptions;
use super::{JoinedRowSource, Pipeline, PreparedRow, Worker};
use crate::assess::Gap;
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
        let next = AtomicUsize::new(0);
        let work = || {
            let (mut reader, mut done) = (reader(), Vec::new());
            loop {
                let first = next.fetch_add(SHARE, Ordering::Relaxed);
                let Some(rest) = items.get(first..).filter(|rest| !rest.is_empty()) else {
                    return done;
                };
                let share = rest.iter().take(SHARE);
                let results: anyhow::Result<Vec<T>> =
                    share.map(|item| read(&mut reader, item)).collect();
                let failed = results.is_err();
                done.push((first, results));
                if failed {
                    // What comes behind an error is not asked for.
                    next.fetch_max(items.len(), Ordering::Relaxed);
                }
            }
        };
        let helpers = items.len().div_ceil(SHARE).saturating_sub(1);
        let helpers = helpers.min(available_parallelism().map_or(1, usize::from) - 1);
        let mut done = std::thread::scope(|scope| {
            // Where no thread can be had, the others do all of it.
            let spawned = (0..helpers).map_while(|_| Builder::new().spawn_scoped(scope, work).ok());
            let spawned: Vec<_> = spawned.collect();
            let mut done = work();
            for helper in spawned {
                match helper.join() {
                    Ok(more) => done.extend(more),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            done
        });
        done.sort_unstable_by_key(|(first, _)| *first);
        let mut all = Vec::with_capacity(items.len());
        for (_, results) in done {
            all.extend(results?);
        }
        Ok(all)
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

    /// Prepares a record and looks what a layer does to it: the verdict with it, and the paths of the gaps that stop it.
    pub fn try_layer(
        &mut self,
        pipeline: &Pipeline,
        at: Position,
        from: JoinedRowSource<'_>,
        trial: OverlayTrial,
    ) -> anyhow::Result<(OverlayTrial, Verdict, Vec<u32>)> {
        self.worker.begin_trial(trial);
        let prepared = self.prepare(pipeline, at, from)?;
        let stops = prepared.gaps.iter().filter(|gap| gap.level.breaks());
        let (verdict, stops) = (prepared.verdict, stops.map(|gap| gap.path).collect());
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(items: &[u32], odd: u32) -> anyhow::Result<Vec<u32>> {
        RecordReader::each(items, RecordReader::default, |_, item| {
            anyhow::ensure!(*item < odd, "item {item}");
            Ok(item * 2)
        })
    }

    #[test]
    fn results_are_in_the_order_of_the_items() {
        for count in [0, 1, 15, 16, 17, 1000] {
            let items: Vec<u32> = (0..count).collect();
            let wanted: Vec<u32> = items.iter().map(|item| item * 2).collect();
            assert_eq!(read(&items, count).unwrap(), wanted);
        }
    }

    #[test]
    fn the_first_error_is_told() {
        let items: Vec<u32> = (0..1000).collect();
        for odd in [0, 16, 500, 999] {
            let error = read(&items, odd).unwrap_err();
            assert_eq!(error.to_string(), format!("item {odd}"));
        }
    }
}
