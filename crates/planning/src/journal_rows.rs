//! Rows of a plan into the journal: the numbers of the files in which they stand, records with their gaps and findings, and the rows that
//! nothing uses.
//!
//! Owner of the [`RowWriter`]. Left out on purpose: what is planned when (`journal_plan`), and how it is stored (`journal`).

use std::sync::Arc;

use anyhow::Context;

use bakkt_folder::migration::Migration;
use bakkt_journal::Journal;
use bakkt_journal::write::{PlannedElement, PlannedFinding, PlannedJoinedRow, PlannedRow};
use bakkt_mapping::pipeline::Pipeline;
use bakkt_mapping::pipeline::layers::OverlayWorker;
use bakkt_mapping::pipeline::marked_elements::ElementWithMark;
use bakkt_mapping::pipeline::scan::{PlacedGap, Results, ScannedRow};
use bakkt_model::finding::FindingKind;
use bakkt_model::position::{JoinedList, JoinedRow, Position};
use bakkt_source::{Export, RereadRow};

use super::planner::{RowBatch, RowCounts};

/// What the rows of a backfill file are, in the journal.
const BACKFILL: &str = "backfill";
/// The number of the list that a backfill file's rows make beside a record's own row.
const LAID: u8 = 3;

/// An export whose files the journal knows by consecutive numbers.
#[derive(Clone)]
struct ExportFiles {
    export: Arc<Export>,
    /// The number of its first file.
    first: i64,
}

impl ExportFiles {
    /// Names the files of an export to the journal.
    fn add(
        journal: &mut Journal,
        export: &Arc<Export>,
        list: JoinedList,
    ) -> anyhow::Result<ExportFiles> {
        let mut first = None;
        for (name, _) in export.files() {
            let number = journal.add_file(name, role(list))?;
            first.get_or_insert(number);
        }
        Ok(ExportFiles {
            export: export.clone(),
            first: first.context("an export without files")?,
        })
    }

    /// The number of the file in which a row stands.
    fn number(&self, at: Position) -> i64 {
        self.first + self.export.file_of(at.offset) as i64
    }

    /// Writes rows and blank lines of each file.
    fn count(&self, journal: &mut Journal, counts: &[(u64, u64)]) -> anyhow::Result<()> {
        for (file, (rows, blank_lines)) in (self.first..).zip(counts) {
            journal.count_file(file, *rows, *blank_lines)?;
        }
        Ok(())
    }
}

/// Names the backfill files to the journal; returns the number of each.
fn add_layers(journal: &mut Journal, migration: &Migration) -> anyhow::Result<Vec<i64>> {
    let layers = migration.layers().iter();
    layers
        .map(|kept| journal.add_file(&kept.shown(), BACKFILL))
        .collect()
}

/// What the rows of a file are, in the journal.
pub(crate) fn role(list: JoinedList) -> &'static str {
    match list {
        JoinedList::Group => "accounts",
        JoinedList::Owners => "owners",
        JoinedList::Contacts => "trusted contacts",
    }
}

/// Writes records with their gaps and findings: the numbers of the files in which they stand, and paths and reasons as
/// texts, made once.
pub(crate) struct RowWriter {
    /// The paths of gaps.
    paths: Vec<String>,
    /// The reasons of `[exclude]`.
    exclusions: Vec<String>,
    /// By kind of finding, the reason of a record that is blocked by it.
    blocked: Vec<String>,
    accounts: ExportFiles,
    /// By join.
    joins: Vec<ExportFiles>,
    /// By list, its place among the joins.
    lists: [Option<usize>; JoinedList::ALL.len()],
    /// The numbers of the backfill files.
    layers: Vec<i64>,
}

type PlannedGap<'a> = (&'a str, &'a str, &'static str, (i64, u64));

impl RowWriter {
    pub(crate) fn begin(journal: &mut Journal, migration: &Migration) -> anyhow::Result<RowWriter> {
        let pipeline = &migration.pipeline;
        let accounts = ExportFiles::add(journal, &pipeline.export, JoinedList::Group)?;
        let joins = pipeline.joins.iter().map(|join| match join.list {
            JoinedList::Group => Ok(accounts.clone()),
            list => ExportFiles::add(journal, &join.export, list),
        });
        let joins = joins.collect::<anyhow::Result<Vec<ExportFiles>>>()?;
        let join_of = |list: JoinedList| pipeline.joins.iter().position(|join| join.list == list);
        let paths = pipeline.plan.paths.iter();
        Ok(RowWriter {
            paths: paths.map(|info| info.path.clone()).collect(),
            exclusions: pipeline.exclude.reasons.clone(),
            blocked: FindingKind::all().map(FindingKind::reason).collect(),
            accounts,
            joins,
            lists: JoinedList::ALL.map(join_of),
            layers: add_layers(journal, migration)?,
        })
    }

    /// Writes how many rows each file has.
    pub(crate) fn count_files(
        &self,
        journal: &mut Journal,
        migration: &Migration,
        rows: &RowCounts,
    ) -> anyhow::Result<()> {
        self.accounts.count(journal, &rows.by_file)?;
        for (join, files) in migration.pipeline.joins.iter().zip(&self.joins) {
            if join.list != JoinedList::Group {
                files.count(journal, &join.counts)?;
            }
        }
        for (layer, file) in migration.pipeline.layers.iter().zip(&self.layers) {
            journal.count_file(*file, layer.counts.0, layer.counts.1)?;
        }
        Ok(())
    }

    /// Writes the rows that nothing uses.
    pub(crate) fn write_unused(
        &self,
        journal: &mut Journal,
        migration: &Migration,
    ) -> anyhow::Result<()> {
        for (join, files) in migration.pipeline.joins.iter().zip(&self.joins) {
            let unused = join.unused();
            let unused = unused.iter();
            journal.add_unused(unused.map(|(at, why)| (files.number(*at), at.row, *why)))?;
        }
        Ok(())
    }

    /// Writes the rows of backfill files that were laid over no record. Each is its customer's, whom one shard has: what people decided
    /// about them only that shard knows.
    pub(crate) fn write_not_laid(
        &self,
        journal: &mut Journal,
        migration: &Migration,
    ) -> anyhow::Result<()> {
        let shard = journal.shard()?;
        let pipeline = &migration.pipeline;
        let (mut again, mut worker) = (RereadRow::default(), OverlayWorker::default());
        for (layer, file) in pipeline.layers.iter().zip(&self.layers) {
            let mut unused = layer.unused();
            if let Some(shard) = shard {
                let mut kept = Vec::new();
                for (at, why) in unused {
                    let row = layer.export.read(at, &mut again)?;
                    let id = layer.id_of(&pipeline.mapper, &row, &mut worker);
                    let is_here = match id.filter(|_| row.flaw().is_none()) {
                        Some(id) => shard.has(Some(id), at.row),
                        None => shard.has_rest(),
                    };
                    if is_here {
                        kept.push((at, why));
                    }
                }
                unused = kept;
            }
            journal.add_unused(unused.iter().map(|(at, why)| (*file, at.row, *why)))?;
        }
        Ok(())
    }

    /// Writes the records of a batch, with their gaps and the rows beside their own.
    pub(crate) fn write(&self, journal: &mut Journal, batch: &RowBatch<'_>) -> anyhow::Result<()> {
        let results = batch.results;
        let rows = || batch.records().map(|(_, row)| row);
        let reasons: Vec<Vec<String>> = rows()
            .map(|row| {
                let gaps = results.gaps(row).iter();
                gaps.map(|gap| gap.reason.text()).collect()
            })
            .collect();
        let gaps: Vec<Vec<PlannedGap<'_>>> = rows()
            .zip(&reasons)
            .map(|(row, reasons)| {
                let gaps = results.placed_gaps(row).zip(reasons);
                gaps.map(|(found, reason)| self.gap(&found, reason))
                    .collect()
            })
            .collect();
        let parts: Vec<Vec<PlannedJoinedRow>> = batch
            .records()
            .map(|(record, row)| self.parts(record, results.parts(row), results.laid(row)))
            .collect();
        let elements: Vec<Vec<PlannedElement>> = rows()
            .map(|row| results.elements(row).iter().map(planned_element).collect())
            .collect();
        let beside = gaps.iter().zip(parts.iter().zip(&elements));
        let planned =
            batch
                .records()
                .zip(beside)
                .map(|((record, row), (gaps, (parts, elements)))| {
                    let mut planned = self.row(results, row, gaps, parts);
                    planned.elements = elements;
                    (record.into(), planned)
                });
        journal.add_rows(planned)
    }

    /// The findings of single records.
    pub(crate) fn write_findings(
        &self,
        journal: &mut Journal,
        pipeline: &Pipeline,
        batch: &RowBatch<'_>,
    ) -> anyhow::Result<()> {
        let fields = &pipeline.checks.fields;
        let findings = batch.records().flat_map(|(record, row)| {
            batch.results.found(row).iter().map(move |found| {
                let field = found.field.and_then(|field| fields.get(usize::from(field)));
                PlannedFinding {
                    record: record.into(),
                    kind: found.kind,
                    path: field.map(|field| field.path.as_str()),
                    at: found
                        .at
                        .map_or((0, 0), |(list, at)| (self.file(list, at), at.row)),
                    first: 0,
                }
            })
        });
        journal.add_findings(findings)
    }

    /// The number of the file in which a row of a list stands.
    fn file(&self, list: JoinedList, at: Position) -> i64 {
        self.lists[list as usize].map_or(0, |join| self.joins[join].number(at))
    }

    fn gap<'a>(&'a self, found: &PlacedGap<'_>, reason: &'a str) -> PlannedGap<'a> {
        let gap = found.gap;
        let path = &self.paths[gap.path as usize];
        let at = match (found.laid, found.at) {
            (Some((layer, at)), _) => (self.layers[layer], at.row),
            (None, Some((list, at))) => (self.file(list, at), at.row),
            (None, None) => (0, 0),
        };
        (path, reason, gap.level.letter(), at)
    }

    fn parts(
        &self,
        record: u32,
        parts: &[JoinedRow],
        laid: &[(usize, Position)],
    ) -> Vec<PlannedJoinedRow> {
        let mut places = [0; JoinedList::ALL.len()];
        let beside = parts.iter().map(|part| {
            let list = part.list as usize;
            places[list] += 1;
            PlannedJoinedRow {
                record: record.into(),
                list: part.list as u8,
                place: places[list] - 1,
                file: self.file(part.list, part.at),
                at: part.at,
            }
        });
        let mut all: Vec<PlannedJoinedRow> = beside.collect();
        all.extend(
            laid.iter()
                .zip(0..)
                .map(|((layer, at), place)| PlannedJoinedRow {
                    record: record.into(),
                    list: LAID,
                    place,
                    file: self.layers[*layer],
                    at: *at,
                }),
        );
        all
    }

    fn row<'a>(
        &'a self,
        batch: &'a Results,
        row: &'a ScannedRow,
        gaps: &'a [PlannedGap<'a>],
        parts: &'a [PlannedJoinedRow],
    ) -> PlannedRow<'a> {
        PlannedRow {
            file: self.accounts.number(row.at),
            row: row.at.row,
            offset: row.at.offset,
            length: row.at.length,
            client_id: batch.id(row),
            verdict: row.verdict,
            reason: match (row.excluded, row.blocked_by) {
                (Some(reason), _) => Some(self.exclusions[usize::from(reason)].as_str()),
                (None, Some(kind)) => Some(self.blocked[kind as usize].as_str()),
                (None, None) => None,
            },
            hash: row.hash.as_ref(),
            fixed: row.hash.as_ref().map(|_| batch.field_marks(row)),
            person: row.person.as_ref(),
            agreements: row.hash.as_ref().map(|_| batch.agreement_marks(row)),
            owners: row.hash.as_ref().map(|_| batch.owner_marks(row)),
            carried: row.carried.as_ref(),
            gaps,
            parts,
            elements: &[],
        }
    }
}

fn planned_element(element: &ElementWithMark) -> PlannedElement {
    PlannedElement {
        list: element.list as u8,
        place: element.place,
        mark: element.mark,
    }
}
