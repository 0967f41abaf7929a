//! A whole export through the pipeline: one thread reads, the others map, the caller takes the results in order.
//!
//! Owner of threads and batches. Batches go round the workers in turn and come back in the same turn, which keeps
//! the export's order without a reorder buffer; every channel is bounded, so memory does not grow with the export.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::{Hash, Pipeline, Worker};
use crate::assess::facts::{OwnerFact, OwnerFacts};
use crate::assess::{Gap, Verdict};
use crate::source::{CsvFile, Position, Rows};

/// Rows per batch.
const BATCH: usize = 256;
/// Batches that may wait before and after each worker.
const WAITING: usize = 4;

/// What a scan works out beside verdicts and gaps.
#[derive(Clone, Copy, Debug, Default)]
pub struct Want {
    /// The payloads themselves.
    pub payloads: bool,
    /// Their keyed hashes.
    pub hashes: bool,
    /// What KYB needs to know of owners.
    pub facts: bool,
    /// Without payloads and hashes: the ids in the facts that are derived, which cost; else they come by themselves.
    pub ids: bool,
}

/// One row's result; its texts stand in the batch.
#[derive(Clone, Copy, Debug)]
pub struct Scanned {
    /// Where the row stands.
    pub at: Position,
    /// Without regard to other rows.
    pub verdict: Verdict,
    /// Index of the reason, when excluded.
    pub excluded: Option<u16>,
    /// The account type; none when it cannot be told, or when excluded.
    pub account_type: Option<&'static str>,
    /// Keyed hash of the id; none without an id that may be shown, or when excluded.
    pub id_hash: Option<Hash>,
    /// Keyed hash of the payload, when it is sent and hashes were asked for.
    pub hash: Option<Hash>,
    id: (u32, u32),
    gaps: (u32, u32),
    payload: (u32, u32),
    owners: (u32, u32),
}

/// Results of a batch.
#[derive(Debug, Default)]
pub struct Results {
    /// One per row, in order.
    pub rows: Vec<Scanned>,
    texts: String,
    gaps: Vec<Gap>,
    payloads: Vec<u8>,
    owners: OwnerFacts,
}

impl Results {
    /// The clientAccountId, when it may be shown.
    pub fn id(&self, row: &Scanned) -> Option<&str> {
        (row.id.1 > row.id.0).then(|| &self.texts[row.id.0 as usize..row.id.1 as usize])
    }

    /// The gaps.
    pub fn gaps(&self, row: &Scanned) -> &[Gap] {
        &self.gaps[row.gaps.0 as usize..row.gaps.1 as usize]
    }

    /// The payload; empty unless payloads were asked for.
    pub fn payload(&self, row: &Scanned) -> &[u8] {
        &self.payloads[row.payload.0 as usize..row.payload.1 as usize]
    }

    /// The owners of a record that is sent; none unless facts were asked for.
    pub fn owners(&self, row: &Scanned) -> impl Iterator<Item = OwnerFact<'_>> {
        self.owners
            .range(row.owners.0 as usize, row.owners.1 as usize)
    }

    fn fill(&mut self, pipeline: &Pipeline, worker: &mut Worker, rows: &Rows, want: Want) {
        self.rows.clear();
        self.texts.clear();
        self.gaps.clear();
        self.payloads.clear();
        self.owners.clear();
        for (at, row) in rows.iter() {
            let prepared = worker.prepare(pipeline, &row);
            let id = self.texts.len() as u32;
            self.texts.push_str(prepared.id.unwrap_or(""));
            let gaps = self.gaps.len() as u32;
            self.gaps.extend_from_slice(prepared.gaps);
            let payload = self.payloads.len() as u32;
            if want.payloads && prepared.verdict.sendable() {
                self.payloads.extend_from_slice(prepared.payload);
            }
            let sent = prepared.verdict.sendable();
            let owners = self.owners.len() as u32;
            if want.facts && sent {
                prepared
                    .owners
                    .iter()
                    .for_each(|owner| self.owners.push(owner));
            }
            let id_hash = prepared
                .id
                .filter(|_| prepared.verdict != Verdict::Excluded)
                .map(|id| pipeline.hash(id.as_bytes()));
            let hash = (want.hashes && sent).then(|| pipeline.hash(prepared.payload));
            self.rows.push(Scanned {
                at,
                verdict: prepared.verdict,
                excluded: prepared.excluded,
                account_type: prepared.account_type,
                id_hash,
                hash,
                id: (id, self.texts.len() as u32),
                gaps: (gaps, self.gaps.len() as u32),
                payload: (payload, self.payloads.len() as u32),
                owners: (owners, self.owners.len() as u32),
            });
        }
    }
}

/// Reads the rest of the export; `sink` gets the batches in order and can stop the scan with an error.
pub fn scan(
    source: &mut CsvFile,
    pipeline: &Pipeline,
    want: Want,
    mut sink: impl FnMut(&Results) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        let mut lanes = Vec::new();
        let mut outlets = Vec::new();
        for _ in 0..workers {
            let (rows_in, rows_out) = sync_channel::<Rows>(WAITING);
            let (used_in, used_out) = sync_channel::<Rows>(2 * WAITING);
            let (results_in, results_out) = sync_channel::<Results>(WAITING);
            let (spent_in, spent_out) = sync_channel::<Results>(2 * WAITING);
            lanes.push((rows_in, used_out));
            outlets.push((results_out, spent_in));
            scope.spawn(move || {
                work(pipeline, want, &rows_out, &used_in, &results_in, &spent_out);
            });
        }
        let reader = scope.spawn(move || read(source, &lanes));
        let taken = take(&outlets, &mut sink);
        // Workers and reader stop when the outlets are gone.
        drop(outlets);
        let read = reader
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        taken.and(read)
    })
}

fn read(source: &mut CsvFile, lanes: &[(SyncSender<Rows>, Receiver<Rows>)]) -> anyhow::Result<()> {
    for (rows_in, used) in lanes.iter().cycle() {
        let mut rows = used.try_recv().unwrap_or_default();
        if !source.read_batch(&mut rows, BATCH)? || rows_in.send(rows).is_err() {
            break;
        }
    }
    Ok(())
}

fn work(
    pipeline: &Pipeline,
    want: Want,
    rows_out: &Receiver<Rows>,
    used: &SyncSender<Rows>,
    results_in: &SyncSender<Results>,
    spent: &Receiver<Results>,
) {
    let mut worker = Worker::new(want);
    while let Ok(rows) = rows_out.recv() {
        let mut results = spent.try_recv().unwrap_or_default();
        results.fill(pipeline, &mut worker, &rows, want);
        // A full or closed return lane only costs the buffer.
        let _ = used.try_send(rows);
        if results_in.send(results).is_err() {
            return;
        }
    }
}

fn take(
    outlets: &[(Receiver<Results>, SyncSender<Results>)],
    sink: &mut impl FnMut(&Results) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for (results, spent) in outlets.iter().cycle() {
        let Ok(batch) = results.recv() else { break };
        sink(&batch)?;
        let _ = spent.try_send(batch);
    }
    Ok(())
}
