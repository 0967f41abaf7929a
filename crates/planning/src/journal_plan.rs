//! A plan into the journal.
//!
//! Owner of the [`Sink`] that writes what the [`Planner`] finds: records with their gaps and findings, duplicates and what a
//! person chose among them, unused rows, documents, KYB; at the end the facts and fingerprints that make the plan whole.
//! The plan of a shard holds what falls to it, and who is sent by the others.
//! Left out on purpose: how it is stored (`journal`).

use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use anyhow::Context;

use bakkt_files::checksums;
use bakkt_files::progress::{Mode, note};
use bakkt_folder::documents::{Documents, PassCounts};
use bakkt_folder::migration::Migration;
use bakkt_folder::migration::inputs::{self, InputChecksum};
use bakkt_journal::decisions::CustomerDecision;
use bakkt_journal::journals::{WHOLE_FILES, WHOLE_ROWS};
use bakkt_journal::write::{
    CustomerElsewhere, INPUTS, LaterGap, PlannedFinding, PlannedJoinedRow, PlannedRow,
};
use bakkt_journal::{Journal, now};
use bakkt_mapping as mapping;
use bakkt_mapping::exclude::UnusedEntry;
use bakkt_mapping::pipeline::Pipeline;
use bakkt_mapping::pipeline::duplicates::Duplicate;
use bakkt_mapping::pipeline::layers::OverlayWorker;
use bakkt_mapping::pipeline::scan::{PlacedGap, Results, ScanOptions, ScannedRow};
use bakkt_model::error::started;
use bakkt_model::finding::{FindingAction, FindingKind};
use bakkt_model::position::{JoinedList, JoinedRow, Position};
use bakkt_model::shard::Shard;
use bakkt_source::{Export, RereadRow};

use super::documents::{DocumentWriter, LEVEL};
use super::findings::Findings;
use super::members::ShardMembers;
use super::planner::{KnownContent, Planned, Planner, RowBatch, RowCounts, Sink, lost_rows};
use super::survey::{Batch, Foreign};
use super::{custody, drift, exclusions, opening, people};

/// What the rows of a backfill file are, in the journal.
const BACKFILL: &str = "backfill";
/// The number of the list that a backfill file's rows make beside a record's own row.
const LAID: u8 = 3;
/// What a file is, in the journal, that names customers to leave out.
const EXCLUSIONS: &str = "exclusions";

/// Reads the whole export and plans every row; `stopping` is asked between batches.
pub fn plan(
    journal: &mut Journal,
    migration: &mut Migration,
    mode: Mode,
    stopping: impl Fn() -> bool,
) -> anyhow::Result<()> {
    let is_remarked = |export: &Export| export.found().any(|found| !found.remarks.is_empty());
    if migration.exports().any(is_remarked) {
        note(mode, &opening::found(migration));
    }
    let fingerprints = drift::fingerprints(migration, &[])?;
    // Beside the planning: a thread that is mostly waiting for the disk.
    let files = inputs::files(&migration.settings);
    let inputs = started(Builder::new().spawn(move || inputs::checksums(files)))?;
    journal.begin_plan(&migration.pipeline.plan.as_of.to_string())?;
    let people = journal.people()?;
    people::leave_out(&people, &mut migration.pipeline.exclude);
    people::leave_out_forgotten(journal, &mut migration.pipeline.exclude)?;
    people::leave_out_ended_kyb(journal, &mut migration.pipeline.exclude)?;
    let mut sink = JournalSink::begin(journal, migration, people, mode)?;
    let shard = sink.journal.shard()?;
    let planner = Planner {
        mode,
        stopping,
        shard,
    };
    let planned = planner.run(migration, &mut sink)?;
    let stopping = planner.stopping;
    custody::plan(journal, migration, &planned, mode, &stopping)?;
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
    let mut facts = facts(&planned, migration, shard.is_none_or(Shard::has_rest))?;
    if let Some(shard) = shard {
        let whole = planned.rows.whole.to_string();
        facts.push((WHOLE_ROWS, whole));
        facts.push((WHOLE_FILES, journal.limit_files(shard)?));
    }
    facts.push((INPUTS, read_inputs(inputs, migration)?));
    journal.finish_plan(&facts, &fingerprints, &policy)
}

/// The inputs of the plan with size and SHA-256, as the journal keeps them: those of the settings, files and objects, and taken
/// backfill files.
fn read_inputs(
    inputs: JoinHandle<Vec<InputChecksum>>,
    migration: &Migration,
) -> anyhow::Result<String> {
    let mut inputs = inputs
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    inputs.extend(inputs::fetched(migration));
    for kept in migration.layers() {
        let found = checksums::of_file(&kept.path)
            .with_context(|| format!("cannot read {}", kept.shown()))?;
        inputs.push(InputChecksum {
            name: kept.shown(),
            what: "a backfill file",
            sha256: found.sha256,
            size: found.size,
        });
    }
    Ok(serde_json::to_string(&inputs)?)
}

/// What the journal keeps of a plan as a whole; `has_rest`: what belongs to no record is among it.
fn facts(
    planned: &Planned,
    migration: &Migration,
    has_rest: bool,
) -> anyhow::Result<Vec<(&'static str, String)>> {
    let rules = &migration.settings.findings;
    let joined = u8::from(!migration.pipeline.joins.is_empty());
    let blocking: Vec<&str> = FindingKind::all()
        .filter(|kind| rules.action(*kind) == FindingAction::Block)
        .map(FindingKind::name)
        .collect();
    let rest = |count: u64| if has_rest { count } else { 0 };
    Ok(vec![
        ("rows_read", planned.rows.read.to_string()),
        ("parts", joined.to_string()),
        ("blank_lines", rest(planned.rows.blank_lines).to_string()),
        ("lost_rows", rest(lost_rows(migration)).to_string()),
        ("planned_at", now().to_string()),
        ("mapper", mapping::VERSION.to_owned()),
        ("findings_block", blocking.join(" ")),
        (
            bakkt_report::exclusions::FACT,
            serde_json::to_string(&exclusions::facts(&planned.unused_exclusions))?,
        ),
    ])
}

/// Writes a plan into the journal.
struct JournalSink<'j> {
    journal: &'j mut Journal,
    /// What people decided about customers.
    people: Vec<CustomerDecision>,
    rows: RowWriter,
    documents: DocumentWriter,
    mode: Mode,
}

impl<'j> JournalSink<'j> {
    /// Names the files to the journal.
    fn begin(
        journal: &'j mut Journal,
        migration: &Migration,
        people: Vec<CustomerDecision>,
        mode: Mode,
    ) -> anyhow::Result<JournalSink<'j>> {
        let rows = RowWriter::begin(journal, migration)?;
        Ok(JournalSink {
            journal,
            people,
            rows,
            documents: DocumentWriter::default(),
            mode,
        })
    }
}

impl JournalSink<'_> {
    /// Notes the customers of other shards who are sent.
    fn write_others(&mut self, batch: &RowBatch<'_>) -> anyhow::Result<()> {
        let sent = batch.others().filter(|(_, row)| row.verdict.sendable());
        let mut sent = sent
            .filter_map(|(record, row)| {
                Some(CustomerElsewhere {
                    record: record.into(),
                    client_id: batch.results.id(row)?,
                    person: row.person.as_ref(),
                })
            })
            .peekable();
        match sent.peek() {
            Some(_) => self.journal.add_elsewhere(sent),
            None => Ok(()),
        }
    }
}

impl Sink for JournalSink<'_> {
    const DOING: &'static str = "planning";

    fn want(&self, _: &Migration) -> ScanOptions {
        ScanOptions {
            hashes: true,
            people: true,
            ..ScanOptions::default()
        }
    }

    fn take_rows(&mut self, migration: &Migration, batch: &RowBatch<'_>) -> anyhow::Result<()> {
        self.rows.write(self.journal, batch)?;
        self.rows
            .write_findings(self.journal, &migration.pipeline, batch)?;
        self.write_others(batch)?;
        let owners: Vec<_> = batch
            .records()
            .filter(|(record, _)| batch.asks_for_owners(*record))
            .flat_map(|(record, row)| {
                let owners = batch.results.owners(row);
                owners.map(move |(place, id, flags)| (u64::from(record), place, id, flags))
            })
            .collect();
        if owners.is_empty() {
            return Ok(());
        }
        self.journal.add_owners(owners.into_iter())
    }

    fn take_unused_exclusions(&mut self, unused: &[UnusedEntry]) {
        if !unused.is_empty() {
            note(self.mode, &exclusions::describe(unused));
        }
    }

    fn take_duplicates(
        &mut self,
        migration: &Migration,
        rows: &RowCounts,
        members: &ShardMembers,
        duplicates: &mut Vec<Duplicate>,
    ) -> anyhow::Result<()> {
        let choices = people::choose(&self.people, self.journal, duplicates)?;
        self.journal
            .mark_duplicates(duplicates.iter().map(|duplicate| {
                let chosen = choices.get(&duplicate.record).map(String::as_str);
                let reason = chosen.unwrap_or(duplicate.kind.reason());
                (duplicate.record, reason)
            }))?;
        self.rows.count_files(self.journal, migration, rows)?;
        if members.has(0) {
            self.rows.write_unused(self.journal, migration)?;
        }
        self.rows.write_not_laid(self.journal, migration)?;
        self.journal
            .drop_owners(duplicates.iter().map(|duplicate| duplicate.record))?;
        // For comparing the records, which comes next.
        self.journal.release_memory()
    }

    fn take_findings(
        &mut self,
        migration: &Migration,
        members: &ShardMembers,
        findings: &Findings,
    ) -> anyhow::Result<()> {
        self.documents.begin(self.journal, migration)?;
        findings.write(
            self.journal,
            members,
            self.documents.file,
            |journal, name| journal.add_file(name, EXCLUSIONS),
        )
    }

    fn known_content(&self, migration: &Migration) -> anyhow::Result<Option<KnownContent>> {
        DocumentWriter::known_content(self.journal, migration).map(Some)
    }

    fn take_documents(
        &mut self,
        migration: &Migration,
        documents: &Documents,
        batch: &Batch<'_>,
    ) -> anyhow::Result<()> {
        self.documents
            .write(self.journal, migration, documents, batch)
    }

    fn end_documents(
        &mut self,
        migration: &Migration,
        members: &ShardMembers,
        findings: &Findings,
        pass: PassCounts,
    ) -> anyhow::Result<Vec<u32>> {
        let found = (findings, members);
        self.documents.end(self.journal, migration, found, pass)
    }

    fn take_unidentified(&mut self, owners: &[Foreign]) -> anyhow::Result<()> {
        let paths: Vec<String> = owners.iter().map(|owner| owner.path()).collect();
        let gaps = owners.iter().zip(&paths).map(|(owner, path)| LaterGap {
            record: owner.record.into(),
            gap: (path, "missing", LEVEL),
            at: (0, 0),
        });
        self.journal.add_gaps(gaps)
    }

    fn take_kyb(&mut self, records: &[u32]) -> anyhow::Result<()> {
        self.journal
            .add_kyb(records.iter().map(|record| u64::from(*record)))
    }
}

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
fn role(list: JoinedList) -> &'static str {
    match list {
        JoinedList::Group => "accounts",
        JoinedList::Owners => "owners",
        JoinedList::Contacts => "trusted contacts",
    }
}

/// Writes records with their gaps and findings: the numbers of the files in which they stand, and paths and reasons as
/// texts, made once.
struct RowWriter {
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
    fn begin(journal: &mut Journal, migration: &Migration) -> anyhow::Result<RowWriter> {
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
    fn count_files(
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
    fn write_unused(&self, journal: &mut Journal, migration: &Migration) -> anyhow::Result<()> {
        for (join, files) in migration.pipeline.joins.iter().zip(&self.joins) {
            let unused = join.unused();
            let unused = unused.iter();
            journal.add_unused(unused.map(|(at, why)| (files.number(*at), at.row, *why)))?;
        }
        Ok(())
    }

    /// Writes the rows of backfill files that were laid over no record. Each is its customer's, whom one shard has: what people decided
    /// about them only that shard knows.
    fn write_not_laid(&self, journal: &mut Journal, migration: &Migration) -> anyhow::Result<()> {
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
    fn write(&self, journal: &mut Journal, batch: &RowBatch<'_>) -> anyhow::Result<()> {
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
        let planned =
            batch
                .records()
                .zip(gaps.iter().zip(&parts))
                .map(|((record, row), (gaps, parts))| {
                    (record.into(), self.row(results, row, gaps, parts))
                });
        journal.add_rows(planned)
    }

    /// The findings of single records.
    fn write_findings(
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
            fixed: row.fixed.as_ref().map(|fixed| fixed.as_slice()),
            person: row.person.as_ref(),
            agreements: row.hash.as_ref().map(|_| batch.agreement_marks(row)),
            owners: row.hash.as_ref().map(|_| batch.owner_marks(row)),
            carried: row.carried.as_ref(),
            gaps,
            parts,
        }
    }
}
