//! A plan into the journal.
//!
//! Owner of the [`Sink`] that writes what the [`Planner`] finds: records with their gaps and findings, duplicates and what a
//! person chose among them, unused rows, documents, KYB; at the end the facts and fingerprints that make the plan whole.
//! The plan of a shard holds what falls to it, and who is sent by the others.
//! Left out on purpose: how it is stored (`journal`).

use std::thread::{Builder, JoinHandle};

use anyhow::Context;

use bakkt_files::checksums;
use bakkt_files::progress::{Mode, note};
use bakkt_folder::documents::{Documents, PassCounts};
use bakkt_folder::migration::Migration;
use bakkt_folder::migration::inputs::{self, InputChecksum};
use bakkt_journal::decisions::CustomerDecision;
use bakkt_journal::journals::{WHOLE_FILES, WHOLE_ROWS};
use bakkt_journal::write::{CustomerElsewhere, INPUTS, LaterGap};
use bakkt_journal::{Journal, now};
use bakkt_mapping as mapping;
use bakkt_mapping::exclude::UnusedEntry;
use bakkt_mapping::pipeline::duplicates::Duplicate;
use bakkt_mapping::pipeline::scan::ScanOptions;
use bakkt_model::error::started;
use bakkt_model::finding::{FindingAction, FindingKind};
use bakkt_model::shard::Shard;
use bakkt_source::Export;

use super::documents::{DocumentWriter, LEVEL};
use super::findings::Findings;
use super::journal_rows::RowWriter;
use super::members::ShardMembers;
use super::planner::{KnownContent, Planned, Planner, RowBatch, RowCounts, Sink, lost_rows};
use super::survey::{Batch, Foreign};
use super::{custody, drift, exclusions, opening, people};

/// What a file is, in the journal, that names customers to leave out.
const EXCLUSIONS: &str = "exclusions";

/// Reads the whole export and plans every row; `stopping` is asked between batches.
pub fn plan(
    journal: &mut Journal,
    migration: &mut Migration,
    mode: Mode,
    stopping: &dyn Fn() -> bool,
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
    custody::plan(journal, migration, &planned, mode, stopping)?;
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
    journal.finish_plan(&facts, &fingerprints, &policy)?;
    people::tell_forgotten(journal, mode)
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
