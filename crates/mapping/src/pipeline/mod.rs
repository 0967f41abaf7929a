//! The pure half of the way, joined: row → mapping → assess, for one row or for a whole export on all cores.
//!
//! Owner of [`Pipeline`] (what is shared), [`Worker`] (what a thread owns), the parallel [`scan`], the [`duplicates`]
//! index, and of how rows of several exports become one [`record`]. Invariant: the same row under the same pipeline gives the same bytes, whichever thread and
//! day; `check`, planning and submission all go through here.
//! Left out on purpose: where results go (journal, files).

pub mod duplicates;
pub mod fixed;
mod hashers;
pub mod join_keys;
pub mod joins;
pub mod keys_above;
pub mod layers;
pub mod marked_elements;
mod moment;
pub mod other_forms;
mod owner_marks;
pub mod person;
mod positions;
pub mod record;
pub mod reread;
pub mod scan;
pub mod shown;

use std::sync::Arc;

use crate::Mapper;
use crate::assess::facts::OwnerFacts;
use crate::assess::kept::KeptValue;
use crate::assess::{AssessPlan, Assessor, Gap, GapReason};
use crate::draft::Draft;
use crate::exclude::Exclusions;
use crate::feed::Scratch;
use crate::findings::{Checks, RecordFindings};
use bakkt_contract::Level;
use bakkt_model::position::{JoinedList, JoinedRow, Position};
use bakkt_model::task::PayloadHash;
use bakkt_model::verdict::Verdict;
use bakkt_source::export::SkipReason;
use bakkt_source::{Export, Row};
use joins::{Join, JoinedRows, RowRole};
use layers::{Overlay, OverlayWorker};
use scan::ScanOptions;

/// Everything that turns a row into a verdict and a payload.
#[derive(Debug)]
pub struct Pipeline {
    /// The accounts.
    pub export: Arc<Export>,
    /// Cells → draft.
    pub mapper: Mapper,
    /// Draft → verdict.
    pub plan: AssessPlan,
    /// Records left out.
    pub exclude: Exclusions,
    /// What a person should see of a record although it may be sent.
    pub checks: Checks,
    /// Key of the payload hashes: the journal's own, or one of the moment for a dry run.
    pub key: [u8; 32],
    /// Exports whose rows stand beside records.
    pub joins: Vec<Join>,
    /// Backfill files, in the order in which they are laid over the exports.
    pub layers: Vec<Overlay>,
}

/// Keyed hash of a payload or an id.
pub type Hash = [u8; 32];

/// A thread's buffers.
#[derive(Debug, Default)]
pub struct Worker {
    /// Of the record at hand.
    draft: Draft,
    /// Of the records that are mapped together; that of the record at hand is not among them.
    block: Vec<BlockRecord>,
    /// The record at hand, by its place in the block.
    place: Option<usize>,
    /// Of a further row of the record.
    further: Draft,
    /// By sheet of the mapping.
    scratch: Vec<Scratch>,
    assessor: Assessor,
    beside: JoinedRows,
    /// By list of the mapping: where each of its rows stands.
    elements: Vec<Vec<(JoinedList, Position)>>,
    /// Rows of backfill files.
    laying: OverlayWorker,
    /// What findings the last record has.
    looked: RecordFindings,
}

/// A record of a block, before it is judged.
#[derive(Debug, Default)]
struct BlockRecord {
    draft: Draft,
    /// Why the export says that its row is none.
    skipped: Option<SkipReason>,
}

/// What one row came to; texts and gaps stand in the worker.
#[derive(Clone, Copy, Debug)]
pub struct PreparedRow<'w> {
    /// Ready, grace, blocked or excluded.
    pub verdict: Verdict,
    /// Index of the reason, when excluded.
    pub excluded: Option<u16>,
    /// The account type; none when it cannot be told, or when excluded.
    pub account_type: Option<&'static str>,
    /// The clientAccountId, when there is one that may be shown.
    pub id: Option<&'w str>,
    /// The gaps.
    pub gaps: &'w [Gap],
    /// The payload's bytes; meaningful for sending only when the verdict is sendable.
    pub payload: &'w [u8],
    /// What KYB needs to know of the owners, where facts were asked for and the record is sent.
    pub owners: &'w OwnerFacts,
    /// The values of the payload.
    pub kept: &'w [KeptValue],
}

impl Pipeline {
    /// The export in which a row stands: of a list, or the accounts' own.
    pub fn export_of(&self, list: JoinedList) -> &Export {
        let mut beside = self
            .joins
            .iter()
            .filter(|join| join.list != JoinedList::Group);
        beside
            .find(|join| join.list == list)
            .map_or(&self.export, |join| &join.export)
    }

    /// The file in which a row stands.
    pub fn file_name(&self, list: JoinedList, at: Position) -> &str {
        self.export_of(list).file_name(at)
    }

    /// Keyed hash of an id, or of anything else that is told apart.
    pub fn hash(&self, bytes: &[u8]) -> Hash {
        *blake3::keyed_hash(&self.key, bytes).as_bytes()
    }

    /// Keyed hash of a payload, as the journal keeps it.
    pub fn payload_hash(&self, bytes: &[u8]) -> PayloadHash {
        let whole = self.hash(bytes);
        std::array::from_fn(|place| whole[place])
    }
}

/// Where the rows beside a record's own are looked for.
#[derive(Clone, Copy, Debug)]
pub enum JoinedRowSource<'a> {
    /// In the indexes of the pass that is under way.
    Index,
    /// Where they were when the record was planned.
    Noted(&'a [JoinedRow]),
}

impl Worker {
    /// A worker that leaves out what nobody wants.
    pub(crate) fn new(want: ScanOptions) -> Worker {
        let mut worker = Worker::default();
        worker.assessor.brief = !(want.payloads || want.hashes);
        worker.assessor.facts = want.facts;
        worker.assessor.ids = want.ids;
        worker.looked.shapes = want.shapes;
        worker
    }

    /// What the last record says, before it was judged.
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// Looks for findings of the record at hand, whose id may be shown.
    pub(crate) fn look(
        &mut self,
        pipeline: &Pipeline,
        id: Option<&str>,
        gaps: &[Gap],
    ) -> &RecordFindings {
        let is_gap = |path: u32| {
            let invalid =
                |gap: &Gap| gap.path == path && matches!(gap.reason, GapReason::Invalid(_));
            gaps.iter().any(invalid)
        };
        self.looked.look(&pipeline.checks, &self.draft, id, is_gap);
        for found in &mut self.looked.found {
            let field = found
                .field
                .and_then(|field| pipeline.checks.fields.get(usize::from(field)));
            let element = field.and_then(|field| field.element);
            found.at =
                element.and_then(|(each, place)| self.elements.get(each)?.get(place).copied());
        }
        &self.looked
    }

    /// Where the rows beside the last record's own stand, in the order in which they are mapped.
    pub(crate) fn parts<'a>(
        &'a self,
        pipeline: &'a Pipeline,
    ) -> impl Iterator<Item = JoinedRow> + 'a {
        self.beside.parts(&pipeline.joins)
    }

    /// Looks from now on what a layer does to the next record.
    pub(crate) fn begin_trial(&mut self, trial: layers::OverlayTrial) {
        self.laying.trial = Some(trial);
    }

    pub(crate) fn end_trial(&mut self) -> layers::OverlayTrial {
        self.laying.trial.take().unwrap_or_default()
    }

    /// Rows of backfill files that were laid over the last record: which file, by its place in the pipeline, and where.
    pub(crate) fn laid(&self) -> &[(usize, Position)] {
        &self.laying.rows
    }

    /// The row of a backfill file that said last what a gap of the last record is about.
    pub(crate) fn laid_at(&self, gap: &Gap) -> Option<(usize, Position)> {
        let mut laid = self.laying.laid.iter().rev();
        laid.find(|(path, ..)| *path == gap.path)
            .map(|(_, layer, at)| (*layer, *at))
    }

    /// How many elements of a list of the mapping are rows of the last record.
    fn element_rows(&self, each: usize) -> usize {
        self.elements.get(each).map_or(0, Vec::len)
    }

    /// Where a gap of the last record stands, when that is not the row that the record begins with.
    pub(crate) fn place_of(
        &self,
        pipeline: &Pipeline,
        gap: &Gap,
    ) -> Option<(JoinedList, Position)> {
        let (each, place) = pipeline.plan.paths[gap.path as usize].element?;
        let (list, at) = self.elements.get(each)?.get(place)?;
        Some((*list, *at))
    }

    /// Maps and judges the record that begins with a row; none when the row belongs to one that began before.
    pub fn prepare<'w>(
        &'w mut self,
        pipeline: &Pipeline,
        row: &Row<'_>,
        at: Position,
        from: JoinedRowSource<'_>,
    ) -> anyhow::Result<Option<PreparedRow<'w>>> {
        self.map_block(pipeline, &[(at, *row)]);
        self.judge(pipeline, 0, (row, at), from)
    }

    /// Maps the rows that begin some records, as far as that needs no other rows.
    pub(crate) fn map_block(&mut self, pipeline: &Pipeline, rows: &[(Position, Row<'_>)]) {
        self.put_back();
        let sheets = pipeline.mapper.sheets();
        if self.scratch.len() < sheets {
            self.scratch.resize_with(sheets, Scratch::of_one_sheet);
        }
        if self.block.len() < rows.len() {
            self.block.resize_with(rows.len(), BlockRecord::default);
        }
        // With rows of other exports, what is a record is known only when those were looked for.
        let maps = pipeline.joins.is_empty();
        let mut mapped = Vec::with_capacity(rows.len());
        for (record, (_, row)) in self.block.iter_mut().zip(rows) {
            record.draft.drop_strays(0);
            record.skipped = pipeline.export.skipped(row);
            // Of a broken row nothing is believed.
            if maps && record.skipped.is_none() && row.flaw().is_none() {
                mapped.push((row, &mut record.draft));
            }
        }
        pipeline.mapper.map_block(&mut mapped, &mut self.scratch[0]);
    }

    /// Turns to a record of the block that was mapped last.
    pub(crate) fn turn_to(&mut self, place: usize) {
        self.put_back();
        std::mem::swap(&mut self.draft, &mut self.block[place].draft);
        self.place = Some(place);
    }

    fn put_back(&mut self) {
        if let Some(place) = self.place.take() {
            std::mem::swap(&mut self.draft, &mut self.block[place].draft);
        }
    }

    /// Judges a record of the block that was mapped last; none when its row belongs to one that began before.
    pub(crate) fn judge<'w>(
        &'w mut self,
        pipeline: &Pipeline,
        place: usize,
        (row, at): (&Row<'_>, Position),
        from: JoinedRowSource<'_>,
    ) -> anyhow::Result<Option<PreparedRow<'w>>> {
        self.turn_to(place);
        self.laying.laid.clear();
        self.laying.rows.clear();
        if let Some(skipped) = self.block[place].skipped {
            self.beside.clear();
            self.assessor.start();
            let reason = Some(pipeline.exclude.skipped(skipped));
            return Ok(Some(self.prepared(
                Verdict::Excluded,
                reason,
                false,
                &pipeline.plan,
            )));
        }
        let mut keyless = None;
        if row.flaw().is_some() {
            // Nothing of it is believed, its key least of all.
            self.beside.clear();
        } else if !pipeline.joins.is_empty() {
            match self.gather(pipeline, row, at, from)? {
                RowRole::Record => {}
                RowRole::Keyless(why) => keyless = Some(why),
                RowRole::No => return Ok(None),
            }
        }
        self.judged(pipeline, row, at, keyless).map(Some)
    }

    fn judged<'w>(
        &'w mut self,
        pipeline: &Pipeline,
        row: &Row<'_>,
        at: Position,
        keyless: Option<&'static str>,
    ) -> anyhow::Result<PreparedRow<'w>> {
        let plan = &pipeline.plan;
        if let Some(flaw) = row.flaw() {
            return Ok(self.refused(plan, plan.row_path, flaw.text(), false));
        }
        if !pipeline.joins.is_empty() {
            let (draft, scratch) = (&mut self.draft, &mut self.scratch[0]);
            pipeline.mapper.map(row, draft, scratch);
        }
        self.draft.place_strays(JoinedList::Group, at);
        if !pipeline.joins.is_empty() {
            self.merge(pipeline);
        }
        let fit = plan
            .client_id
            .and_then(|slot| self.draft.value(slot))
            .is_some_and(|id| bakkt_contract::unfit_id::unfit(id, plan.ids).is_none());
        let id = plan.client_id.and_then(|slot| self.draft.value(slot));
        // Both are asked, so that an id counts as found although a rule leaves its row out.
        let by_id = id.and_then(|id| pipeline.exclude.by_id(id, fit));
        let by_columns = self.by_columns(pipeline, row);
        let excluded = by_columns.reason.or(by_id);
        if excluded.is_some() {
            self.leave_layers(pipeline);
            self.assessor.start();
            return Ok(self.prepared(Verdict::Excluded, excluded, fit, plan));
        }
        if let Some(why) = by_columns.unread {
            self.leave_layers(pipeline);
            return Ok(self.refused(plan, plan.row_path, why, fit));
        }
        if !pipeline.joins.is_empty() {
            if let Some((path, why)) = self.unfit(pipeline, keyless) {
                self.leave_layers(pipeline);
                return Ok(self.refused(plan, path, why, fit));
            }
            if let Err((path, why)) = self.map_elements(pipeline, row, at) {
                self.leave_layers(pipeline);
                return Ok(self.refused(plan, path, why, fit));
            }
        }
        if !pipeline.layers.is_empty() {
            self.lay(pipeline)?;
        }
        self.assessor.is_laid = !self.laying.rows.is_empty();
        let verdict = self.assessor.assess(plan, &self.draft);
        let id = plan.client_id.and_then(|slot| self.draft.value(slot));
        let settled = id.filter(|_| verdict.sendable());
        let settled = settled.and_then(|id| pipeline.exclude.when_fit(id));
        if settled.is_some() {
            self.leave_layers(pipeline);
            self.assessor.start();
            return Ok(self.prepared(Verdict::Excluded, settled, fit, plan));
        }
        Ok(self.prepared(verdict, None, fit, plan))
    }

    /// A record with one gap, because of which nothing else of it is looked at.
    fn refused(
        &mut self,
        plan: &AssessPlan,
        path: u32,
        why: &'static str,
        fit: bool,
    ) -> PreparedRow<'_> {
        self.assessor.start();
        self.assessor.add_gap(Gap {
            path,
            reason: GapReason::Invalid(why),
            level: Level::W,
        });
        self.prepared(Verdict::Blocked, None, fit, plan)
    }

    fn prepared(
        &self,
        verdict: Verdict,
        excluded: Option<u16>,
        fit: bool,
        plan: &AssessPlan,
    ) -> PreparedRow<'_> {
        let id = plan
            .client_id
            .filter(|_| fit)
            .and_then(|slot| self.draft.value(slot))
            .filter(|id| plan.own_data(&self.draft, id).is_none());
        PreparedRow {
            verdict,
            excluded,
            account_type: self.assessor.account_type(),
            id,
            gaps: self.assessor.gaps(),
            payload: self.assessor.payload(),
            owners: self.assessor.owners(),
            kept: self.assessor.kept(),
        }
    }
}
