//! Planning: the whole export into the journal, before anything is sent.

use anyhow::Context;

use bakkt_files::progress::{Mode, Reading, note};
use bakkt_folder::migration::{Kept, Migration};
use bakkt_journal::write::{PlannedFinding, PlannedJoinedRow, PlannedRow};
use bakkt_journal::{Journal, now};
use bakkt_mapping as mapping;
use bakkt_mapping::findings::gather::Gathering;
use bakkt_mapping::pipeline::duplicates::{Duplicate, Index};
use bakkt_mapping::pipeline::reread::Reread;
use bakkt_mapping::pipeline::scan::{Placed, Results, Scanned, Want, scan};
use bakkt_mapping::pipeline::{From, Pipeline};
use bakkt_model::error::Failure;
use bakkt_model::finding::{Action, Kind};
use bakkt_model::position::{List, Part, Position};
use bakkt_source::Export;

use super::findings::{self, Findings};
use super::survey::{Survey, refuse_when};
use super::unknown_codes::UnknownCodes;
use super::{documents, exclusions, people};

/// What the rows of a backfill file are, in the journal.
const BACKFILL: &str = "backfill";
/// Their number among the rows beside a record's own.
const LAID: u8 = 3;

/// Reads the whole export and plans every row; `stopping` is asked between batches.
pub fn plan(
    journal: &mut Journal,
    migration: &mut Migration,
    mode: Mode,
    stopping: impl Fn() -> bool,
) -> anyhow::Result<()> {
    let fingerprints = migration.fingerprints()?;
    journal.begin_plan(&migration.pipeline.plan.as_of.to_string())?;
    let people = journal.people()?;
    people::leave_out(&people, &mut migration.pipeline.exclude);
    let accounts = add_files(journal, &migration.pipeline.export, List::Group)?;
    let joins = migration.pipeline.joins.iter();
    let files = joins
        .map(|join| match join.list {
            List::Group => Ok(accounts),
            list => add_files(journal, &join.export, list),
        })
        .collect::<anyhow::Result<Vec<i64>>>()?;
    let layers = add_layers(journal, migration)?;
    self::index(migration, mode, &stopping)?;
    let (mut index, mut read) = (Index::default(), 0u64);
    let (documents, policy) = (&migration.documents, &migration.settings.policy);
    let mut survey = Survey::begin(documents.as_ref(), &migration.pipeline, policy, &stopping)?;
    let mut unknown = UnknownCodes::default();
    let mut shown = Reading::new(mode, "planning", migration.pipeline.export.size());
    let words = Words::new(migration, accounts, &files, &layers);
    let pipeline = &migration.pipeline;
    let mut pass = pipeline.export.pass();
    let want = Want {
        hashes: true,
        facts: true,
        findings: true,
        people: true,
        ..Want::default()
    };
    let rules = &migration.settings.findings;
    let mut gathering = Gathering::new(rules);
    scan(&mut pass, pipeline, want, |batch| {
        refuse_when(&stopping)?;
        let first = read + 1;
        for row in &batch.rows {
            read += 1;
            if let Some(id) = &row.id_hash {
                index.add(record_number(read)?, row.at, id);
            }
        }
        words.write(journal, first, batch)?;
        words.write_findings(journal, first, batch)?;
        findings::note(&mut gathering, pipeline, batch);
        documents::note(&mut survey, journal, first, batch)?;
        unknown.note(batch);
        shown.at(batch.offset, read);
        Ok(())
    })?;
    shown.finish();
    unknown.into_result(migration)?;
    if read == 0 {
        return Err(no_rows(&migration.settings.export));
    }
    let unused = exclusions::unused(&migration.pipeline.exclude)?;
    if !unused.is_empty() {
        note(mode, &exclusions::describe(&unused));
    }
    let mut duplicates = duplicates(&mut index, migration)?;
    let choices = people::choose(&people, journal, &mut duplicates)?;
    journal.mark_duplicates(duplicates.iter().map(|duplicate| {
        let chosen = choices.get(&duplicate.record).map(String::as_str);
        let reason = chosen.unwrap_or(duplicate.kind.reason());
        (duplicate.record, reason)
    }))?;
    count_files(journal, accounts, pass.counts())?;
    for (join, file) in migration.pipeline.joins.iter().zip(&files) {
        if join.list != List::Group {
            count_files(journal, *file, &join.counts)?;
        }
        let unused = join.unused();
        let file_of = |at: Position| file + join.export.file_of(at.offset) as i64;
        journal.add_unused(unused.iter().map(|(at, why)| (file_of(*at), at.row, *why)))?;
    }
    for (layer, file) in migration.pipeline.layers.iter().zip(&layers) {
        journal.count_file(*file, layer.counts.0, layer.counts.1)?;
        let unused = layer.unused();
        journal.add_unused(unused.iter().map(|(at, why)| (*file, at.row, *why)))?;
    }
    survey.take_out(&duplicates);
    journal.drop_owners(duplicates.iter().map(|duplicate| duplicate.record))?;
    let found = Findings::finish(gathering, &duplicates, rules, &mut survey, Vec::new());
    documents::plan(survey, journal, migration, &found, mode, &stopping)?;
    let parts = u8::from(!migration.pipeline.joins.is_empty());
    let blocking: Vec<&str> = Kind::all()
        .filter(|kind| rules.action(*kind) == Action::Block)
        .map(Kind::name)
        .collect();
    let facts = [
        ("rows_read", read.to_string()),
        ("parts", parts.to_string()),
        ("blank_lines", pass.blank_lines().to_string()),
        ("lost_rows", lost_rows(migration).to_string()),
        ("planned_at", now().to_string()),
        ("mapper", mapping::VERSION.to_owned()),
        ("findings_block", blocking.join(" ")),
        (
            bakkt_report::exclusions::FACT,
            serde_json::to_string(&exclusions::facts(&unused))?,
        ),
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

/// Notes the files of an export, one after the other; the number of the first.
fn add_files(journal: &mut Journal, export: &Export, list: List) -> anyhow::Result<i64> {
    let mut first = None;
    for (name, _) in export.files() {
        let number = journal.add_file(name, role(list))?;
        first.get_or_insert(number);
    }
    first.context("an export without files")
}

/// Notes the backfill files; the number of each.
fn add_layers(journal: &mut Journal, migration: &Migration) -> anyhow::Result<Vec<i64>> {
    let layers = migration.layers().iter();
    layers
        .map(|kept| journal.add_file(&kept.shown(), BACKFILL))
        .collect()
}

fn count_files(journal: &mut Journal, first: i64, counts: &[(u64, u64)]) -> anyhow::Result<()> {
    for (file, (rows, blank_lines)) in (first..).zip(counts) {
        journal.count_file(file, *rows, *blank_lines)?;
    }
    Ok(())
}

/// Broken rows of which nobody can tell whose they are.
pub fn lost_rows(migration: &Migration) -> u64 {
    let joins = migration.pipeline.joins.iter();
    joins.map(|join| join.lost().count() as u64).sum()
}

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
    let sizes: Vec<u64> = migration
        .pipeline
        .joins
        .iter()
        .map(|join| join.export.size())
        .collect();
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
pub fn duplicates(index: &mut Index, migration: &Migration) -> anyhow::Result<Vec<Duplicate>> {
    let (mut reread, pipeline) = (Reread::default(), &migration.pipeline);
    index.duplicates(|at| {
        let prepared = reread.prepare(pipeline, at, From::Index)?;
        Ok(pipeline.hash(prepared.payload))
    })
}

/// The error of an export without rows.
pub fn no_rows(export: &str) -> anyhow::Error {
    Failure::configuration(
        format!("the export {export} has a header row and nothing else"),
        "check that the export ran to its end",
    )
}

/// Records are numbered in 32 bits, which is four billion.
pub fn record_number(read: u64) -> anyhow::Result<u32> {
    u32::try_from(read).map_err(|_| {
        Failure::cannot(
            "an export of more than four billion rows",
            "split it into several migrations",
        )
    })
}

/// Paths and reasons as texts, made once.
struct Words<'m> {
    paths: Vec<String>,
    exclusions: Vec<String>,
    /// By kind of finding, the reason of a record that is blocked by it.
    blocked: Vec<String>,
    pipeline: &'m Pipeline,
    /// The number of the accounts' first file.
    accounts: i64,
    /// By list, the join and the number of its first file.
    files: [Option<(usize, i64)>; List::ALL.len()],
    /// The numbers of the backfill files.
    layers: Vec<i64>,
}

type PlannedGap<'a> = (&'a str, &'a str, &'static str, (i64, u64));

impl<'m> Words<'m> {
    fn new(migration: &'m Migration, accounts: i64, files: &[i64], layers: &[i64]) -> Words<'m> {
        let pipeline = &migration.pipeline;
        let file_of = |list: List| {
            let join = pipeline.joins.iter().position(|join| join.list == list);
            join.map(|join| (join, files[join]))
        };
        Words {
            pipeline,
            accounts,
            paths: pipeline
                .plan
                .paths
                .iter()
                .map(|info| info.path.clone())
                .collect(),
            exclusions: pipeline.exclude.reasons.clone(),
            blocked: Kind::all().map(Kind::reason).collect(),
            files: List::ALL.map(file_of),
            layers: layers.to_vec(),
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
                    .map(|(found, reason)| self.gap(&found, reason))
                    .collect()
            })
            .collect();
        let parts: Vec<Vec<PlannedJoinedRow>> = batch
            .rows
            .iter()
            .zip(first..)
            .map(|(row, record)| self.parts(record, batch.parts(row), batch.laid(row)))
            .collect();
        let rows = batch
            .rows
            .iter()
            .zip(gaps.iter().zip(&parts))
            .map(|(row, (gaps, parts))| self.row(batch, row, gaps, parts));
        journal.add_rows(first, rows)
    }

    /// The findings of single records.
    fn write_findings(
        &self,
        journal: &mut Journal,
        first: u64,
        batch: &Results,
    ) -> anyhow::Result<()> {
        let fields = &self.pipeline.checks.fields;
        let rows = batch.rows.iter().zip(first..);
        let findings = rows.flat_map(|(row, record)| {
            batch.found(row).iter().map(move |found| {
                let field = found.field.and_then(|field| fields.get(usize::from(field)));
                PlannedFinding {
                    record,
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
    fn file(&self, list: List, at: Position) -> i64 {
        self.files[list as usize].map_or(0, |(join, first)| {
            first + self.pipeline.joins[join].export.file_of(at.offset) as i64
        })
    }

    fn gap<'a>(&'a self, found: &Placed<'_>, reason: &'a str) -> PlannedGap<'a> {
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
        record: u64,
        parts: &[Part],
        laid: &[(usize, Position)],
    ) -> Vec<PlannedJoinedRow> {
        let mut places = [0; List::ALL.len()];
        let beside = parts.iter().map(|part| {
            let list = part.list as usize;
            places[list] += 1;
            PlannedJoinedRow {
                record,
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
                    record,
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
        row: &'a Scanned,
        gaps: &'a [PlannedGap<'a>],
        parts: &'a [PlannedJoinedRow],
    ) -> PlannedRow<'a> {
        PlannedRow {
            file: self.accounts + self.pipeline.export.file_of(row.at.offset) as i64,
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
            fixed: row.fixed.as_ref().map(|fixed| fixed.as_slice()),
            person: row.person.as_ref(),
            agreements: row.hash.as_ref().map(|_| batch.agreement_marks(row)),
            owners: row.hash.as_ref().map(|_| batch.owner_marks(row)),
            gaps,
            parts,
        }
    }
}

/// The day for which rows are mapped: that of the plan, or today without a whole one.
pub fn as_of(journal: &Journal) -> anyhow::Result<jiff::civil::Date> {
    match (journal.is_planned()?, journal.meta("as_of")?) {
        (true, Some(date)) => date.parse().context("the journal's as_of is no date"),
        _ => Ok(bakkt_folder::migration::today()),
    }
}

/// Refuses to go on when something that changes payloads or verdicts is not as it was planned (invariant 9).
pub fn refuse_drift(journal: &Journal, migration: &Migration) -> anyhow::Result<()> {
    let planned = journal.fingerprints()?;
    let mut now = migration.fingerprints()?;
    // A backfill file that is about to be taken is no drift.
    let taking = migration.layers().iter().filter(|kept| kept.hash.is_none());
    let taking: Vec<String> = taking.map(Kept::fingerprint).collect();
    now.retain(|(name, _)| !taking.contains(name));
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
