//! Planning: the whole export into the journal, before anything is sent.

use std::fs::File;

use anyhow::Context;

use crate::assess::Gap;
use crate::error::Failure;
use crate::journal::documents::PlannedPart;
use crate::journal::plan::PlannedRow;
use crate::journal::{Journal, now};
use crate::mapping;
use crate::migration::Migration;
use crate::pipeline::From;
use crate::pipeline::duplicates::{Duplicate, Index};
use crate::pipeline::joins::Join;
use crate::pipeline::reread::Reread;
use crate::pipeline::scan::{Results, Scanned, Want, scan};
use crate::progress::{Mode, Reading};
use crate::source::{List, Part};

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
    let joins = migration.pipeline.joins.iter();
    let files = joins
        .map(|join| match join.list {
            List::Group => Ok(ACCOUNTS),
            list => journal.add_file(&join.name, role(list)),
        })
        .collect::<anyhow::Result<Vec<i64>>>()?;
    self::index(migration, mode, &stopping)?;
    let (mut index, mut read, mut rows) = (Index::default(), 0u64, 0u64);
    let (documents, policy) = (&migration.documents, &migration.settings.policy);
    let mut survey = Survey::begin(documents.as_ref(), &migration.pipeline, policy, &stopping)?;
    let mut shown = Reading::new(mode, "planning", migration.export.size());
    let words = Words::new(migration, &files);
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
        rows += batch.read;
        shown.at(batch.offset, read);
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
    journal.count_file(ACCOUNTS, rows, migration.export.blank_lines())?;
    for (join, file) in migration.pipeline.joins.iter().zip(&files) {
        if join.list != List::Group {
            journal.count_file(*file, join.keys.rows(), join.blank_lines)?;
        }
        let unused = join.unused();
        journal.add_unused(unused.iter().map(|(at, why)| (*file, at.row, *why)))?;
    }
    survey.take_out(&duplicates);
    journal.drop_owners(duplicates.iter().map(|duplicate| duplicate.record))?;
    planning_documents::plan(survey, journal, migration, mode, &stopping)?;
    let parts = u8::from(!migration.pipeline.joins.is_empty());
    let facts = [
        ("rows_read", read.to_string()),
        ("parts", parts.to_string()),
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

/// Number of the accounts' export among the files of a plan.
const ACCOUNTS: i64 = 1;

/// What the rows of a file are, in the journal.
fn role(list: List) -> &'static str {
    match list {
        List::Group => "accounts",
        List::Owners => "owners",
        List::Contacts => "trusted contacts",
    }
}

/// Reads the exports beside that of the accounts; `stopping` is asked between batches.
pub fn index(
    migration: &mut Migration,
    mode: Mode,
    stopping: impl Fn() -> bool,
) -> anyhow::Result<()> {
    let sizes: Vec<u64> = migration.pipeline.joins.iter().map(Join::size).collect();
    let mut shown: Option<(usize, Reading)> = None;
    migration.index(|join, offset, rows| {
        if stopping() {
            return Err(stopped());
        }
        let reading = match &mut shown {
            Some((known, reading)) if *known == join => reading,
            _ => {
                let reading = Reading::new(mode, "reading", sizes[join]);
                if let Some((_, before)) = shown.replace((join, reading)) {
                    before.finish();
                }
                return Ok(());
            }
        };
        reading.at(offset, rows);
        Ok(())
    })?;
    if let Some((_, reading)) = shown {
        reading.finish();
    }
    Ok(())
}

fn stopped() -> anyhow::Error {
    Failure::stopped(
        "stopped while planning; nothing was sent",
        "run the same command: it plans from the beginning",
    )
}

/// The duplicates of an export that was read to its end.
pub fn duplicates(index: Index, migration: &Migration) -> anyhow::Result<Vec<Duplicate>> {
    let file = File::open(migration.export_path()).context("cannot read the export again")?;
    let (mut reread, pipeline) = (Reread::default(), &migration.pipeline);
    index.duplicates(|at| {
        let prepared = reread.prepare(pipeline, &file, at, From::Index)?;
        Ok(pipeline.hash(prepared.payload))
    })
}

/// Paths and reasons as texts, made once.
struct Words {
    paths: Vec<String>,
    exclusions: Vec<String>,
    /// By list, the number of its file.
    files: [i64; List::ALL.len()],
}

type PlannedGap<'a> = (&'a str, &'a str, &'static str, (i64, u64));

impl Words {
    fn new(migration: &Migration, files: &[i64]) -> Words {
        let pipeline = &migration.pipeline;
        let file_of = |list: List| {
            let join = pipeline.joins.iter().position(|join| join.list == list);
            join.map_or(0, |join| files[join])
        };
        Words {
            paths: pipeline
                .plan
                .paths
                .iter()
                .map(|info| info.path.clone())
                .collect(),
            exclusions: pipeline.exclude.reasons.clone(),
            files: List::ALL.map(file_of),
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
        let gaps: Vec<Vec<PlannedGap<'_>>> = batch
            .rows
            .iter()
            .zip(&reasons)
            .map(|(row, reasons)| {
                batch
                    .placed_gaps(row)
                    .zip(reasons)
                    .map(|((gap, place), reason)| self.gap(gap, place, reason))
                    .collect()
            })
            .collect();
        let parts: Vec<Vec<PlannedPart>> = batch
            .rows
            .iter()
            .zip(first..)
            .map(|(row, record)| self.parts(record, batch.parts(row)))
            .collect();
        let rows = batch
            .rows
            .iter()
            .zip(gaps.iter().zip(&parts))
            .map(|(row, (gaps, parts))| self.row(batch, row, gaps, parts));
        journal.add_rows(first, rows)
    }

    fn gap<'a>(&'a self, gap: &Gap, place: Option<(List, u64)>, reason: &'a str) -> PlannedGap<'a> {
        let path = &self.paths[gap.path as usize];
        let at = place.map_or((0, 0), |(list, line)| (self.files[list as usize], line));
        (path, reason, gap.level.letter(), at)
    }

    fn parts(&self, record: u64, parts: &[Part]) -> Vec<PlannedPart> {
        let mut places = [0; List::ALL.len()];
        parts
            .iter()
            .map(|part| {
                let list = part.list as usize;
                places[list] += 1;
                PlannedPart {
                    record,
                    list: part.list as u8,
                    place: places[list] - 1,
                    file: self.files[list],
                    at: part.at,
                }
            })
            .collect()
    }

    fn row<'a>(
        &'a self,
        batch: &'a Results,
        row: &'a Scanned,
        gaps: &'a [PlannedGap<'a>],
        parts: &'a [PlannedPart],
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
            parts,
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
