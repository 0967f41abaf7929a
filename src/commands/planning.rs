//! Planning: the whole export into the journal, before anything is sent.

use std::fs::File;

use anyhow::Context;

use crate::assess::Gap;
use crate::error::Failure;
use crate::journal::plan::PlannedRow;
use crate::journal::{Journal, now};
use crate::mapping;
use crate::migration::Migration;
use crate::pipeline::duplicates::{Duplicate, Index};
use crate::pipeline::reread::Reread;
use crate::pipeline::scan::{Results, Scanned, Want, scan};
use crate::progress::{Mode, Reading};

use super::check::{no_rows, record_number};
use super::planning_documents;
use super::survey::{Survey, refuse_when};

/// Reads the whole export and plans every row; `stopping` is asked between batches.
pub fn plan(
    journal: &mut Journal,
    migration: &mut Migration,
    mode: Mode,
    stopping: impl Fn() -> bool,
) -> anyhow::Result<()> {
    let fingerprints = migration.fingerprints()?;
    journal.begin_plan(
        &migration.settings.export,
        &migration.pipeline.plan.as_of.to_string(),
    )?;
    let (mut index, mut read) = (Index::default(), 0u64);
    let (documents, policy) = (&migration.documents, &migration.settings.policy);
    let mut survey = Survey::begin(documents.as_ref(), &migration.pipeline, policy, &stopping)?;
    let mut shown = Reading::new(mode, "planning", migration.export.size());
    let words = Words::new(migration);
    let pipeline = &migration.pipeline;
    let want = Want {
        hashes: true,
        facts: true,
        ..Want::default()
    };
    scan(&mut migration.export, pipeline, want, |batch| {
        refuse_when(&stopping)?;
        let first = read + 1;
        for row in &batch.rows {
            read += 1;
            if let Some(id) = &row.id_hash {
                index.add(record_number(read)?, row.at, id);
            }
        }
        words.write(journal, first, batch)?;
        planning_documents::note(&mut survey, journal, first, batch)?;
        if let Some(last) = batch.rows.last() {
            shown.at(last.at.offset, read);
        }
        Ok(())
    })?;
    shown.finish();
    if read == 0 {
        return Err(no_rows(&migration.settings.export));
    }
    let duplicates = duplicates(index, migration)?;
    journal.mark_duplicates(
        duplicates
            .iter()
            .map(|duplicate| (duplicate.record, duplicate.kind.reason())),
    )?;
    survey.take_out(&duplicates);
    journal.drop_owners(duplicates.iter().map(|duplicate| duplicate.record))?;
    planning_documents::plan(survey, journal, migration, mode, &stopping)?;
    let facts = [
        ("rows_read", read.to_string()),
        ("blank_lines", migration.export.blank_lines().to_string()),
        ("planned_at", now().to_string()),
        ("mapper", mapping::VERSION.to_owned()),
    ];
    let policy: Vec<_> = migration
        .settings
        .policy
        .moves()
        .map(|(path, moved)| {
            (
                path.to_owned(),
                moved.level.letter().to_owned(),
                moved.reason.clone(),
            )
        })
        .collect();
    journal.finish_plan(&facts, &fingerprints, &policy)
}

/// The duplicates of an export that was read to its end.
pub fn duplicates(index: Index, migration: &Migration) -> anyhow::Result<Vec<Duplicate>> {
    let file = File::open(migration.export_path()).context("cannot read the export again")?;
    let (mut reread, pipeline) = (Reread::default(), &migration.pipeline);
    index.duplicates(|at| {
        let prepared = reread
            .prepare(pipeline, &file, at)
            .context("cannot read the export again")?;
        Ok(pipeline.hash(prepared.payload))
    })
}

/// Paths and reasons as texts, made once.
struct Words {
    paths: Vec<String>,
    exclusions: Vec<String>,
}

impl Words {
    fn new(migration: &Migration) -> Words {
        Words {
            paths: migration
                .pipeline
                .plan
                .paths
                .iter()
                .map(|info| info.path.clone())
                .collect(),
            exclusions: migration.pipeline.exclude.reasons.clone(),
        }
    }

    fn write(&self, journal: &mut Journal, first: u64, batch: &Results) -> anyhow::Result<()> {
        let reasons: Vec<Vec<String>> = batch
            .rows
            .iter()
            .map(|row| {
                batch
                    .gaps(row)
                    .iter()
                    .map(|gap| gap.reason.text())
                    .collect()
            })
            .collect();
        let gaps: Vec<Vec<(&str, &str, &'static str)>> = batch
            .rows
            .iter()
            .zip(&reasons)
            .map(|(row, reasons)| {
                batch
                    .gaps(row)
                    .iter()
                    .zip(reasons)
                    .map(|(gap, reason)| self.gap(gap, reason))
                    .collect()
            })
            .collect();
        let rows = batch
            .rows
            .iter()
            .zip(&gaps)
            .map(|(row, gaps)| self.row(batch, row, gaps));
        journal.add_rows(first, rows)
    }

    fn gap<'a>(&'a self, gap: &Gap, reason: &'a str) -> (&'a str, &'a str, &'static str) {
        (&self.paths[gap.path as usize], reason, gap.level.letter())
    }

    fn row<'a>(
        &'a self,
        batch: &'a Results,
        row: &'a Scanned,
        gaps: &'a [(&'a str, &'a str, &'static str)],
    ) -> PlannedRow<'a> {
        PlannedRow {
            row: row.at.row,
            offset: row.at.offset,
            length: row.at.length,
            client_id: batch.id(row),
            verdict: row.verdict,
            reason: row
                .excluded
                .map(|reason| self.exclusions[usize::from(reason)].as_str()),
            hash: row.hash.as_ref(),
            gaps,
        }
    }
}

/// Refuses to go on when something that changes payloads or verdicts is not as it was planned (invariant 9).
pub fn refuse_drift(journal: &Journal, migration: &Migration) -> anyhow::Result<()> {
    let planned = journal.fingerprints()?;
    let now = migration.fingerprints()?;
    let mut changed: Vec<&str> = now
        .iter()
        .filter(|(name, hash)| {
            !planned
                .iter()
                .any(|(known, old)| known == name && old.as_slice() == hash.as_slice())
        })
        .map(|(name, _)| name.as_str())
        .collect();
    changed.extend(
        planned
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| !now.iter().any(|(known, _)| known == name)),
    );
    if changed.is_empty() {
        return Ok(());
    }
    Err(Failure::configuration(
        format!(
            "since the plan was made, this changed: {}",
            changed.join(", ")
        ),
        "run `bakkt-migrate replan` to plan anew what was not accepted, or put the files back as they were",
    ))
}
