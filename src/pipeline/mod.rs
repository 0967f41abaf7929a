//! The pure half of the way, joined: row → mapping → assess, for one row or for a whole export on all cores.
//!
//! Owner of [`Pipeline`] (what is shared), [`Worker`] (what a thread owns), the parallel [`scan`] and the
//! [`duplicates`] index. Invariant: the same row under the same pipeline gives the same bytes, whichever thread and
//! day; `check`, planning and submission all go through here.
//! Left out on purpose: where results go (journal, files).

pub mod duplicates;
pub mod reread;
pub mod scan;

use crate::assess::facts::OwnerFacts;
use crate::assess::{Assessor, Gap, Plan, Reason, Verdict};
use crate::contract::Level;
use crate::mapping::Mapper;
use crate::mapping::draft::Draft;
use crate::mapping::exclude::Exclude;
use crate::mapping::feed::Scratch;
use crate::source::Row;
use scan::Want;

/// Everything that turns a row into a verdict and a payload.
#[derive(Debug)]
pub struct Pipeline {
    /// Cells → draft.
    pub mapper: Mapper,
    /// Draft → verdict.
    pub plan: Plan,
    /// Records left out.
    pub exclude: Exclude,
    /// Key of the payload hashes: the journal's own, or one of the moment for a dry run.
    pub key: [u8; 32],
}

/// Keyed hash of a payload or an id.
pub type Hash = [u8; 32];

/// A thread's buffers.
#[derive(Debug, Default)]
pub struct Worker {
    draft: Draft,
    scratch: Scratch,
    assessor: Assessor,
}

/// What one row came to; texts and gaps stand in the worker.
#[derive(Clone, Copy, Debug)]
pub struct Prepared<'w> {
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
}

impl Pipeline {
    /// Keyed hash of a payload.
    pub fn hash(&self, bytes: &[u8]) -> Hash {
        *blake3::keyed_hash(&self.key, bytes).as_bytes()
    }
}

const CELL_COUNT: &str = "the row has another number of cells than the header";

impl Worker {
    /// A worker that leaves out what nobody wants.
    pub fn new(want: Want) -> Worker {
        let mut worker = Worker::default();
        worker.assessor.brief = !(want.payloads || want.hashes);
        worker.assessor.facts = want.facts;
        worker.assessor.ids = want.ids;
        worker
    }

    /// What the last row says, before it was judged.
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// Maps and judges one row.
    pub fn prepare<'w>(&'w mut self, pipeline: &Pipeline, row: &Row<'_>) -> Prepared<'w> {
        let plan = &pipeline.plan;
        if row.len() != pipeline.mapper.width() {
            self.assessor.start();
            self.assessor.add_gap(Gap {
                path: plan.row_path,
                reason: Reason::Invalid(CELL_COUNT),
                level: Level::W,
            });
            return self.prepared(Verdict::Blocked, None, false, plan);
        }
        pipeline.mapper.map(row, &mut self.draft, &mut self.scratch);
        let fit = plan
            .client_id
            .and_then(|slot| self.draft.value(slot))
            .is_some_and(|id| crate::assess::unfit_id::unfit(id, plan.ids).is_none());
        let by_id = |id: &str| pipeline.exclude.by_id(id);
        let excluded = pipeline.exclude.by_columns(row).or_else(|| {
            plan.client_id
                .and_then(|slot| self.draft.value(slot))
                .and_then(by_id)
        });
        if excluded.is_some() {
            self.assessor.start();
            return self.prepared(Verdict::Excluded, excluded, fit, plan);
        }
        let verdict = self.assessor.assess(plan, &self.draft);
        self.prepared(verdict, None, fit, plan)
    }

    fn prepared(
        &self,
        verdict: Verdict,
        excluded: Option<u16>,
        fit: bool,
        plan: &Plan,
    ) -> Prepared<'_> {
        let id = plan
            .client_id
            .filter(|_| fit)
            .and_then(|slot| self.draft.value(slot));
        Prepared {
            verdict,
            excluded,
            account_type: self.assessor.account_type(),
            id,
            gaps: self.assessor.gaps(),
            payload: self.assessor.payload(),
            owners: self.assessor.owners(),
        }
    }
}
