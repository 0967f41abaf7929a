//! A whole export through the pipeline: one thread reads, the others map, the caller takes the results in order.
//!
//! Owner of threads and batches. Batches go round the workers in turn and come back in the same turn, which keeps
//! the export's order without a reorder buffer; every channel is bounded, so memory does not grow with the export.

mod beside;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Builder;

use super::hashers::Hashers;
use super::marked_elements::ElementWithMark;
use super::owner_marks::{CarriedAgreements, OwnerMarker};
use super::person::{PersonHash, half};
use super::{Hash, JoinedRowSource, Pipeline, Worker};
use crate::assess::Gap;
use crate::assess::facts::{OwnerFact, OwnerFacts};
use crate::draft;
use crate::feed::StrictLookup;
use crate::findings::ComparisonKeys;
use crate::findings::checks::{RecordFinding, TaxedOwner};
use bakkt_model::error::started;
use bakkt_model::finding::FindingKind;
use bakkt_model::finding::first_of;
use bakkt_model::position::{JoinedList, JoinedRow, Position};
use bakkt_model::task::PayloadHash;
use bakkt_model::verdict::Verdict;
use bakkt_source::export::ExportPass;
use bakkt_source::shape::shape;
use bakkt_source::{Row, Rows};

/// Rows per batch: so many that threads seldom wait for each other.
const BATCH: usize = 512;
/// Records that are mapped together, and then judged: so few that their drafts stay in the second cache of a processor's core, and
/// so many that the code of a feed is fetched once for all of them.
const BLOCK: usize = 64;
/// Batches that may wait before and after each worker.
const WAITING: usize = 4;

/// What a scan works out beside verdicts and gaps.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScanOptions {
    /// The payloads themselves.
    pub payloads: bool,
    /// Their keyed hashes. Without them, those of people, and of ids unless they were asked for, are of the moment.
    pub hashes: bool,
    /// What KYB needs to know of owners.
    pub facts: bool,
    /// What stood in the cells that gaps are about, masked.
    pub shapes: bool,
    /// Without payloads and hashes: the ids in the facts that are derived, which cost, and hashes of ids that agree with those of
    /// other files; else they come by themselves.
    pub ids: bool,
    /// Findings; a record with one that blocks is blocked.
    pub findings: bool,
    /// A keyed hash of each record's primary owner.
    pub people: bool,
}

/// The result of one row; its texts stand in the batch.
#[derive(Clone, Copy, Debug)]
pub struct ScannedRow {
    /// Where the row stands.
    pub at: Position,
    /// Without regard to other rows.
    pub verdict: Verdict,
    /// Index of the reason, when excluded.
    pub excluded: Option<u16>,
    /// The finding because of which it is blocked; the gaps alone would not have.
    pub blocked_by: Option<FindingKind>,
    /// The account type; none when it cannot be told, or when excluded.
    pub account_type: Option<&'static str>,
    /// Keyed hash of the id; none without an id that may be shown, or when excluded. One of the moment unless hashes or ids
    /// were asked for.
    pub id_hash: Option<Hash>,
    /// Keyed hash of the payload, when it is sent and hashes were asked for.
    pub hash: Option<PayloadHash>,
    /// Keyed hash of the primary owner; none when not asked for, when the record is left out or broken, or when it says
    /// too little about that person.
    pub person: Option<PersonHash>,
    id: (u32, u32),
    gaps: (u32, u32),
    payload: (u32, u32),
    owners: (u32, u32),
    parts: (u32, u32),
    laid: (u32, u32),
    found: (u32, u32),
    further: (u32, u32),
    fields: (u32, u32),
    agreements: (u32, u32),
    owner_marks: (u32, u32),
    elements: (u32, u32),
    /// With the hash: what is carried over of agreements.
    pub carried: Option<CarriedAgreements>,
}

/// A code that is in no table and must be: all that leaves the thread which read it.
#[derive(Clone, Debug)]
pub struct HashedCode {
    /// The feed that met it.
    pub strict: Arc<StrictLookup>,
    /// Keyed hash of the code.
    pub hash: Hash,
    /// Its masked shape.
    pub shape: String,
    /// The export in which it stands, and the line.
    pub at: Option<(JoinedList, Position)>,
}

/// Results of a batch.
#[derive(Debug, Default)]
pub struct Results {
    /// One per record, in order.
    pub rows: Vec<ScannedRow>,
    /// Rows that were read for them; with rows of groups there are more of these.
    pub read: u64,
    /// Byte offset of the last of them.
    pub offset: u64,
    texts: String,
    gaps: Vec<Gap>,
    payloads: Vec<u8>,
    owners: OwnerFacts,
    /// Marks of fields, of agreements and of owners.
    marks: Vec<u8>,
    parts: Vec<JoinedRow>,
    elements: Vec<ElementWithMark>,
    /// Rows of backfill files that were laid over records.
    laid: Vec<(usize, Position)>,
    /// By gap, where there are backfill files: the file and the row that said it.
    laid_places: Vec<Option<(usize, Position)>>,
    /// By gap, where there are rows beside records: where it stands, when not in the record's own row.
    places: Vec<Option<(JoinedList, Position)>>,
    strays: Vec<HashedCode>,
    /// By gap, where shapes were asked for.
    shapes: Vec<(u32, u32)>,
    /// By record, where findings were asked for: what it is compared by with others.
    keys: Vec<ComparisonKeys>,
    /// The tax ids of owners that are not among these.
    further: Vec<TaxedOwner>,
    found: Vec<RecordFinding>,
}

/// A gap with what a person needs to find it.
#[derive(Clone, Copy, Debug)]
pub struct PlacedGap<'a> {
    /// The gap.
    pub gap: &'a Gap,
    /// Where it stands, when that is not in the record's own row.
    pub at: Option<(JoinedList, Position)>,
    /// The row of a backfill file that said it, where one did: the file, by its place in the pipeline.
    pub laid: Option<(usize, Position)>,
    /// What stood in its cells, masked; empty where there was nothing, or where shapes were not asked for.
    pub shape: &'a str,
}

impl Results {
    /// The clientAccountId, when it may be shown.
    pub fn id(&self, row: &ScannedRow) -> Option<&str> {
        (row.id.1 > row.id.0).then(|| &self.texts[row.id.0 as usize..row.id.1 as usize])
    }

    /// Codes that are in no table and must be, of the records that are not left out.
    pub fn strays(&self) -> &[HashedCode] {
        &self.strays
    }

    /// The findings of a record alone; none unless findings were asked for.
    pub fn found(&self, row: &ScannedRow) -> &[RecordFinding] {
        &self.found[row.found.0 as usize..row.found.1 as usize]
    }

    /// The tax ids of a record's owners that are not among its keys; none unless findings were asked for.
    pub fn further(&self, row: &ScannedRow) -> &[TaxedOwner] {
        &self.further[row.further.0 as usize..row.further.1 as usize]
    }

    /// By record, what it is compared by with others; empty unless findings were asked for.
    pub fn keys(&self) -> &[ComparisonKeys] {
        &self.keys
    }

    /// The gaps.
    pub fn gaps(&self, row: &ScannedRow) -> &[Gap] {
        &self.gaps[row.gaps.0 as usize..row.gaps.1 as usize]
    }

    /// The payload; empty unless payloads were asked for.
    pub fn payload(&self, row: &ScannedRow) -> &[u8] {
        &self.payloads[row.payload.0 as usize..row.payload.1 as usize]
    }

    /// The owners of a record that is sent; none unless facts were asked for.
    pub fn owners(&self, row: &ScannedRow) -> impl Iterator<Item = OwnerFact<'_>> {
        self.owners
            .range(row.owners.0 as usize, row.owners.1 as usize)
    }

    /// Marks of the fields, which tell later which of them changed; with the hash.
    pub fn field_marks(&self, row: &ScannedRow) -> &[u8] {
        &self.marks[row.fields.0 as usize..row.fields.1 as usize]
    }

    /// Marks of the agreements; with the hash.
    pub fn agreement_marks(&self, row: &ScannedRow) -> &[u8] {
        &self.marks[row.agreements.0 as usize..row.agreements.1 as usize]
    }

    /// Marks of the owners of an entity; with the hash, where facts were asked for.
    pub fn owner_marks(&self, row: &ScannedRow) -> &[u8] {
        &self.marks[row.owner_marks.0 as usize..row.owner_marks.1 as usize]
    }

    /// Who stands in the places of lists whose elements are rows: with the hash, of those who have gaps that block nobody, and of
    /// all of an entity, whose documents are looked at later.
    pub fn elements(&self, row: &ScannedRow) -> &[ElementWithMark] {
        &self.elements[row.elements.0 as usize..row.elements.1 as usize]
    }

    /// The rows beside a record's own, in the order in which they are mapped.
    pub fn parts(&self, row: &ScannedRow) -> &[JoinedRow] {
        &self.parts[row.parts.0 as usize..row.parts.1 as usize]
    }

    /// The rows of backfill files that were laid over a record: the file, by its place in the pipeline, and where.
    pub fn laid(&self, row: &ScannedRow) -> &[(usize, Position)] {
        &self.laid[row.laid.0 as usize..row.laid.1 as usize]
    }

    /// The gaps, each with where it stands and what stood there.
    pub fn placed_gaps(&self, row: &ScannedRow) -> impl Iterator<Item = PlacedGap<'_>> {
        let first = row.gaps.0 as usize;
        let numbered = self.gaps(row).iter().enumerate();
        numbered.map(move |(number, gap)| {
            let (start, end) = self.shapes.get(first + number).copied().unwrap_or_default();
            PlacedGap {
                gap,
                at: self.places.get(first + number).copied().flatten(),
                laid: self.laid_places.get(first + number).copied().flatten(),
                shape: &self.texts[start as usize..end as usize],
            }
        })
    }

    fn fill(
        &mut self,
        pipeline: &Pipeline,
        worker: &mut Worker,
        rows: &Rows,
        want: ScanOptions,
        hashers: &mut Hashers,
    ) -> anyhow::Result<()> {
        self.rows.clear();
        self.texts.clear();
        self.gaps.clear();
        self.payloads.clear();
        self.owners.clear();
        self.marks.clear();
        self.parts.clear();
        self.elements.clear();
        self.laid.clear();
        self.laid_places.clear();
        self.places.clear();
        self.strays.clear();
        self.shapes.clear();
        self.keys.clear();
        self.further.clear();
        self.found.clear();
        self.read = rows.len() as u64;
        // What tells of the rows beside a record is that of the record at hand.
        let most = match pipeline.joins.is_empty() && pipeline.layers.is_empty() {
            true => BLOCK,
            false => 1,
        };
        let mut rows = rows.iter();
        let mut block = Vec::with_capacity(most);
        loop {
            block.clear();
            block.extend(rows.by_ref().take(most));
            let Some((last, _)) = block.last() else {
                return Ok(());
            };
            self.offset = last.offset;
            worker.map_block(pipeline, &block);
            let first = self.rows.len();
            self.judge(pipeline, worker, &block, want, hashers)?;
            for (place, (_, row)) in block.iter().enumerate().take(self.rows.len() - first) {
                self.note_person(worker, place, (first + place, row), hashers);
            }
            if want.findings {
                for (place, (_, row)) in block.iter().enumerate().take(self.rows.len() - first) {
                    self.note_findings(pipeline, worker, place, (first + place, row), hashers);
                }
            }
        }
    }

    /// Judges the rows of a block, whose drafts are mapped.
    fn judge(
        &mut self,
        pipeline: &Pipeline,
        worker: &mut Worker,
        block: &[(Position, Row<'_>)],
        want: ScanOptions,
        hashers: &mut Hashers,
    ) -> anyhow::Result<()> {
        let joined = !pipeline.joins.is_empty();
        let layered = !pipeline.layers.is_empty();
        for (place, &(at, row)) in block.iter().enumerate() {
            let from = JoinedRowSource::Index;
            let Some(prepared) = worker.judge(pipeline, place, (&row, at), from)? else {
                continue;
            };
            let id = self.texts.len() as u32;
            self.texts.push_str(prepared.id.unwrap_or(""));
            let gaps = self.gaps.len() as u32;
            self.gaps.extend_from_slice(prepared.gaps);
            let payload = self.payloads.len() as u32;
            if want.payloads && prepared.verdict.sendable() {
                self.payloads.extend_from_slice(prepared.payload);
            }
            let sent = prepared.verdict.sendable();
            let parts = self.parts.len() as u32;
            let laid = self.laid.len() as u32;
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
                .map(|id| hashers.id(pipeline, id));
            let verdict = prepared.verdict;
            let hash = (want.hashes && sent).then(|| pipeline.payload_hash(prepared.payload));
            let fields = self.marks.len() as u32;
            if let (Some(id), Some(_)) = (prepared.id, hash) {
                let (payload, kept) = (prepared.payload, prepared.kept);
                hashers.fixed.add(id, payload, kept, &mut self.marks);
            }
            let agreements = self.marks.len() as u32;
            if let (Some(owners), Some(id), Some(_)) = (&hashers.owners, prepared.id, hash) {
                owners.add_agreements(id, prepared.payload, prepared.kept, &mut self.marks);
            }
            let carried = hash.map(|_| OwnerMarker::carried(prepared.payload, prepared.kept));
            let owner_marks = self.marks.len() as u32;
            let elements = self.elements.len() as u32;
            let (id_end, account_type) = (self.texts.len() as u32, prepared.account_type);
            self.rows.push(ScannedRow {
                at,
                verdict: prepared.verdict,
                excluded: prepared.excluded,
                blocked_by: None,
                account_type,
                id_hash,
                hash,
                person: None,
                id: (id, id_end),
                gaps: (gaps, self.gaps.len() as u32),
                payload: (payload, self.payloads.len() as u32),
                owners: (owners, self.owners.len() as u32),
                parts: (parts, parts),
                laid: (laid, laid),
                found: (0, 0),
                further: (0, 0),
                fields: (fields, agreements),
                agreements: (agreements, owner_marks),
                owner_marks: (owner_marks, owner_marks),
                elements: (elements, elements),
                carried,
            });
            if let (Some(marker), Some(_)) = (&mut hashers.owners, hash)
                && let Some(record) = self.rows.last_mut()
            {
                let found = self.owners.range(owners as usize, self.owners.len());
                let found = found.map(|(place, id, _)| (place, id));
                let id = &self.texts[id as usize..id_end as usize];
                marker.add_owners(id, account_type, worker.draft(), found, &mut self.marks);
                record.owner_marks.1 = self.marks.len() as u32;
            }
            if layered {
                self.note_laid(worker);
            }
            if joined {
                self.note_places(pipeline, worker, at);
                self.note_elements(pipeline, worker, hashers, want.facts);
            }
            let strays = worker.draft().strays();
            if !strays.is_empty() && verdict != Verdict::Excluded {
                let told = |stray: &draft::UnmappedCode| HashedCode {
                    strict: stray.strict.clone(),
                    hash: pipeline.hash(stray.code.as_bytes()),
                    shape: shape(&stray.code),
                    at: stray.at,
                };
                self.strays.extend(strays.iter().map(told));
            }
            if want.shapes {
                self.note_shapes(pipeline, worker, (&row, at));
            }
        }
        Ok(())
    }

    /// Notes who the primary owner of a record is.
    fn note_person(
        &mut self,
        worker: &mut Worker,
        place: usize,
        (number, row): (usize, &Row<'_>),
        hashers: &mut Hashers,
    ) {
        let record = &mut self.rows[number];
        // A broken row was not mapped: the draft is still that of another one.
        if let Some(people) = &mut hashers.people
            && record.verdict != Verdict::Excluded
            && row.flaw().is_none()
        {
            worker.turn_to(place);
            record.person = people.hash(worker.draft());
        }
    }

    /// Findings of a record; one that blocks takes away what would be sent. Of a broken row nothing is believed.
    fn note_findings(
        &mut self,
        pipeline: &Pipeline,
        worker: &mut Worker,
        place: usize,
        (number, row): (usize, &Row<'_>),
        hashers: &mut Hashers,
    ) {
        let record = &mut self.rows[number];
        let first = self.found.len() as u32;
        record.found = (first, first);
        let first = self.further.len() as u32;
        record.further = (first, first);
        if row.flaw().is_some() || record.verdict == Verdict::Excluded {
            self.keys.push(ComparisonKeys::default());
            return;
        }
        worker.turn_to(place);
        let id = &self.texts[record.id.0 as usize..record.id.1 as usize];
        let gaps = &self.gaps[record.gaps.0 as usize..record.gaps.1 as usize];
        let looked = worker.look(pipeline, (!id.is_empty()).then_some(id), gaps);
        let mut keys = looked.keys;
        pipeline.checks.note_cells(row, &mut keys);
        self.keys.push(keys);
        self.found.extend_from_slice(&looked.found);
        record.found.1 = self.found.len() as u32;
        let kinds = looked
            .found
            .iter()
            .fold(0, |kinds, found| kinds | found.kind.bit());
        record.blocked_by =
            first_of(kinds & pipeline.checks.blocking).filter(|_| record.verdict.sendable());
        if record.blocked_by.is_some() {
            record.verdict = Verdict::Blocked;
            record.hash = None;
            record.owners.1 = record.owners.0;
            record.payload.1 = record.payload.0;
        }
        if let Some(people) = &mut hashers.people {
            let further = worker.looked.further.iter();
            self.further
                .extend(further.map(|&(place, tax_id)| TaxedOwner {
                    tax_id,
                    person: people.hash_at(place, worker.draft()).map_or(0, half),
                }));
            record.further.1 = self.further.len() as u32;
        }
    }

    /// What stood in the cells of the gaps of the record that was added last.
    fn note_shapes(&mut self, pipeline: &Pipeline, worker: &Worker, own: (&Row<'_>, Position)) {
        for gap in &self.gaps[self.shapes.len()..] {
            let start = self.texts.len() as u32;
            worker.shape_of(pipeline, gap, own, &mut self.texts);
            self.shapes.push((start, self.texts.len() as u32));
        }
    }
}

/// Reads the rest of the export; `sink` gets the batches in order and can stop the scan with an error.
pub fn scan(
    source: &mut ExportPass,
    pipeline: &Pipeline,
    want: ScanOptions,
    sink: &mut dyn FnMut(&Results) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        let mut lanes = Vec::new();
        let mut outlets = Vec::new();
        for _ in 0..workers {
            let (rows_in, rows_out) = sync_channel::<Rows>(WAITING);
            let (used_in, used_out) = sync_channel::<Rows>(2 * WAITING);
            let (results_in, results_out) = sync_channel::<anyhow::Result<Results>>(WAITING);
            let (spent_in, spent_out) = sync_channel::<Results>(2 * WAITING);
            lanes.push((rows_in, used_out));
            outlets.push((results_out, spent_in));
            let worker = move || work(pipeline, want, &rows_out, &used_in, &results_in, &spent_out);
            started(Builder::new().spawn_scoped(scope, worker))?;
        }
        let reader = started(Builder::new().spawn_scoped(scope, move || read(source, &lanes)))?;
        let taken = take(&outlets, sink);
        // Workers and reader stop when the outlets are gone.
        drop(outlets);
        let read = reader
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        taken.and(read)
    })
}

fn read(
    source: &mut ExportPass,
    lanes: &[(SyncSender<Rows>, Receiver<Rows>)],
) -> anyhow::Result<()> {
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
    want: ScanOptions,
    rows_out: &Receiver<Rows>,
    used: &SyncSender<Rows>,
    results_in: &SyncSender<anyhow::Result<Results>>,
    spent: &Receiver<Results>,
) {
    let mut worker = Worker::new(want);
    let mut hashers = Hashers::new(pipeline, want);
    while let Ok(rows) = rows_out.recv() {
        let mut results = spent.try_recv().unwrap_or_default();
        let filled = results.fill(pipeline, &mut worker, &rows, want, &mut hashers);
        // A full or closed return lane only costs the buffer.
        let _ = used.try_send(rows);
        let failed = filled.is_err();
        if results_in.send(filled.map(|()| results)).is_err() || failed {
            return;
        }
    }
}

fn take(
    outlets: &[(Receiver<anyhow::Result<Results>>, SyncSender<Results>)],
    sink: &mut dyn FnMut(&Results) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for (results, spent) in outlets.iter().cycle() {
        let Ok(batch) = results.recv() else { break };
        let batch = batch?;
        sink(&batch)?;
        let _ = spent.try_send(batch);
    }
    Ok(())
}
