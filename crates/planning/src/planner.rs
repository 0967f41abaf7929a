//! The one pass over a whole migration before anything is sent.
//!
//! Owner of [`Planner`]: it reads every row once, finds duplicates, findings and unknown codes, judges the documents, and
//! hands all of it in one order to a [`Sink`]: the journal ([`journal_plan`](super::journal_plan)) or the counts of `check`
//! ([`check_tally`](super::check_tally)). Invariant: what both of them tell is worked out here, so that they tell the same.
//! Left out on purpose: where results are kept, and how they are told.

use bakkt_files::progress::{Mode, ReadingProgress};
use bakkt_folder::documents::inspect::{ContentHashes, EarlierHash};
use bakkt_folder::documents::root::FileIdentity;
use bakkt_folder::documents::{Documents, PassCounts};
use bakkt_folder::migration::Migration;
use bakkt_mapping::columns::ColumnStore;
use bakkt_mapping::exclude::UnusedEntry;
use bakkt_mapping::findings::gather::Gathering;
use bakkt_mapping::pipeline::JoinedRowSource;
use bakkt_mapping::pipeline::duplicates::{Duplicate, DuplicateIndex, RereadRecord};
use bakkt_mapping::pipeline::scan::{Results, ScanOptions, ScannedRow, scan};
use bakkt_model::error::Failure;
use bakkt_model::shard::Shard;

use super::exclusions;
use super::findings::{self, Findings};
use super::members::ShardMembers;
use super::survey::{Batch, Foreign, Survey, refuse_when};
use super::unknown_codes::UnknownCodes;

/// Owners and accounts that are handed over at once.
const AT_ONCE: usize = 10_000;

/// Reads a whole migration and hands what it finds to a [`Sink`].
pub struct Planner<'a> {
    /// How progress is shown.
    pub mode: Mode,
    /// Asked between batches; true ends the pass.
    pub stopping: &'a dyn Fn() -> bool,
    /// The shard whose records are handed over; everything is compared over the whole export.
    pub shard: Option<Shard>,
}

/// What content hashes to, by the state of its file, where an earlier plan read it.
pub type KnownContent = Box<dyn Fn(&FileIdentity) -> Option<ContentHashes> + Sync>;

/// Keeps what a [`Planner`] finds. The methods stand in the order in which they are called.
pub trait Sink {
    /// What the progress bar says while rows are read.
    const DOING: &'static str;

    /// What the scan works out for this sink, beside facts and findings.
    fn want(&self, migration: &Migration) -> ScanOptions;

    /// Takes a batch of rows, in the order of the export.
    fn take_rows(&mut self, migration: &Migration, batch: &RowBatch<'_>) -> anyhow::Result<()>;

    /// Takes the ids and rules of `[exclude]` that leave nobody out.
    fn take_unused_exclusions(&mut self, unused: &[UnusedEntry]);

    /// Takes the duplicates of the whole export, by record, once all rows are read. A sink that knows which row a person chose takes that row
    /// out of them.
    fn take_duplicates(
        &mut self,
        migration: &Migration,
        rows: &RowCounts,
        members: &ShardMembers,
        duplicates: &mut Vec<Duplicate>,
    ) -> anyhow::Result<()>;

    /// Takes what several records have together, and which records that blocks, of the whole export.
    fn take_findings(
        &mut self,
        migration: &Migration,
        members: &ShardMembers,
        findings: &Findings,
    ) -> anyhow::Result<()>;

    /// The content that need not be read again; none: no document is read, only looked at.
    fn known_content(&self, migration: &Migration) -> anyhow::Result<Option<KnownContent>>;

    /// Takes a batch of documents, in their order.
    fn take_documents(
        &mut self,
        migration: &Migration,
        documents: &Documents,
        batch: &Batch<'_>,
    ) -> anyhow::Result<()>;

    /// Ends the documents; returns the records that only their content blocks, in order.
    fn end_documents(
        &mut self,
        migration: &Migration,
        members: &ShardMembers,
        findings: &Findings,
        pass: PassCounts,
    ) -> anyhow::Result<Vec<u32>>;

    /// Takes owners who are not U.S. persons and of whom no identity document is sent.
    fn take_unidentified(&mut self, owners: &[Foreign]) -> anyhow::Result<()>;

    /// Takes records that need KYB.
    fn take_kyb(&mut self, records: &[u32]) -> anyhow::Result<()>;
}

/// Some rows of the export, with their numbers.
pub struct RowBatch<'a> {
    /// What the scan says of the rows.
    pub results: &'a Results,
    /// By row, whether documents or KYB ask about its owners.
    pub asks_for_owners: &'a [bool],
    /// The number of the first row's record, from 1.
    pub first: u32,
    /// Which records are to be kept.
    pub members: &'a ShardMembers,
}

impl<'a> RowBatch<'a> {
    /// The rows that are to be kept, each with the number of its record.
    pub fn records(&self) -> impl Iterator<Item = (u32, &'a ScannedRow)> {
        let members = self.members;
        self.all().filter(|(record, _)| members.has(*record))
    }

    /// The rows of other shards, each with the number of its record.
    pub fn others(&self) -> impl Iterator<Item = (u32, &'a ScannedRow)> {
        let members = self.members;
        self.all().filter(|(record, _)| !members.has(*record))
    }

    /// Whether documents or KYB ask about the owners of a record of this batch.
    pub fn asks_for_owners(&self, record: u32) -> bool {
        let place = record.checked_sub(self.first);
        place.is_some_and(|place| self.asks_for_owners.get(place as usize) == Some(&true))
    }

    fn all(&self) -> impl Iterator<Item = (u32, &'a ScannedRow)> {
        (self.first..).zip(self.results.rows.iter())
    }
}

/// How many rows the export has.
#[derive(Clone, Debug, Default)]
pub struct RowCounts {
    /// The rows that are to be kept, without blank lines.
    pub read: u64,
    /// All rows of the export.
    pub whole: u64,
    /// Blank lines.
    pub blank_lines: u64,
    /// Rows and blank lines of each of its files.
    pub by_file: Vec<(u64, u64)>,
}

/// What a pass has found.
pub struct Planned {
    /// The rows of the export.
    pub rows: RowCounts,
    /// Ids and rules of `[exclude]` that leave nobody out.
    pub unused_exclusions: Vec<UnusedEntry>,
    /// Rows that share their id with others, by record.
    pub duplicates: Vec<Duplicate>,
    /// What a person should see.
    pub findings: Findings,
    /// Where the records stand.
    pub index: DuplicateIndex,
}

impl Planner<'_> {
    /// Reads the whole migration. Fails when it was stopped, and where nothing can be planned: an export without rows, codes
    /// that must be in a table and are not, a list of `[exclude]` that leaves nobody out.
    pub fn run<S: Sink>(&self, migration: &mut Migration, sink: &mut S) -> anyhow::Result<Planned> {
        index(migration, self.mode, self.stopping)?;
        let migration = &*migration;
        let (pipeline, rules) = (&migration.pipeline, &migration.settings.findings);
        let mut survey = Survey::begin(
            migration.documents.as_ref(),
            pipeline,
            &migration.settings.policy,
            self.stopping,
        )?;
        let store = ColumnStore::new(&migration.settings.dir);
        let (mut index, mut gathering) =
            (DuplicateIndex::new(&store), Gathering::new(rules, &store));
        let mut members = ShardMembers::new(self.shard);
        let gathered = (&mut survey, &mut index, &mut gathering);
        let rows = self.read_rows(migration, sink, &mut members, gathered)?;
        let unused_exclusions = exclusions::unused(&pipeline.exclude)?;
        sink.take_unused_exclusions(&unused_exclusions);
        let mut duplicates = duplicates(&index, migration)?;
        store.check()?;
        sink.take_duplicates(migration, &rows, &members, &mut duplicates)?;
        survey.take_out(&duplicates);
        let told = exclusions::found(&unused_exclusions);
        let findings = Findings::finish(gathering, &duplicates, rules, &mut survey, told);
        store.check()?;
        sink.take_findings(migration, &members, &findings)?;
        self.judge_documents(migration, sink, &members, &mut survey, &findings)?;
        Ok(Planned {
            rows,
            unused_exclusions,
            duplicates,
            findings,
            index,
        })
    }

    fn read_rows<S: Sink>(
        &self,
        migration: &Migration,
        sink: &mut S,
        members: &mut ShardMembers,
        (survey, index, gathering): (&mut Survey<'_>, &mut DuplicateIndex, &mut Gathering),
    ) -> anyhow::Result<RowCounts> {
        let pipeline = &migration.pipeline;
        let want = ScanOptions {
            facts: true,
            findings: true,
            ..sink.want(migration)
        };
        let (mut read, mut kept, mut unknown) = (0u64, 0u64, UnknownCodes::default());
        let mut asks_for_owners = Vec::new();
        let mut shown = ReadingProgress::new(self.mode, S::DOING, pipeline.export.size());
        let mut pass = pipeline.export.pass();
        scan(&mut pass, pipeline, want, &mut |results| {
            refuse_when(self.stopping)?;
            let first = record_number(read + 1)?;
            asks_for_owners.clear();
            for row in &results.rows {
                read += 1;
                let record = record_number(read)?;
                index.add(row.at, row.id_hash.as_ref());
                members.note(record, results.id(row), row.at.row);
                kept += u64::from(members.has(record));
                asks_for_owners.push(survey.note(record, results, row));
            }
            let batch = RowBatch {
                results,
                asks_for_owners: &asks_for_owners,
                first,
                members,
            };
            sink.take_rows(migration, &batch)?;
            findings::note(gathering, pipeline, results);
            unknown.note(results);
            shown.at(results.offset, read);
            Ok(())
        })?;
        shown.finish();
        unknown.into_result(migration)?;
        if read == 0 {
            return Err(no_rows(&migration.settings.export));
        }
        Ok(RowCounts {
            read: kept,
            whole: read,
            blank_lines: pass.blank_lines(),
            by_file: pass.counts().to_vec(),
        })
    }

    fn judge_documents<S: Sink>(
        &self,
        migration: &Migration,
        sink: &mut S,
        members: &ShardMembers,
        survey: &mut Survey<'_>,
        findings: &Findings,
    ) -> anyhow::Result<()> {
        let stopping = self.stopping;
        if let Some(documents) = &migration.documents {
            let known = sink.known_content(migration)?;
            let reading = known.as_ref().map(|known| &**known as EarlierHash<'_>);
            let pass = survey.judge(reading, self.mode, stopping, |batch| {
                sink.take_documents(migration, documents, &batch.limited_to(members))
            })?;
            let blocked = sink.end_documents(migration, members, findings, pass)?;
            survey.block(&blocked);
        }
        let is_member = |record: &u32| members.has(*record);
        let mut unidentified = survey.unidentified().filter(|one| is_member(&one.record));
        loop {
            let owners: Vec<Foreign> = unidentified.by_ref().take(AT_ONCE).collect();
            if owners.is_empty() {
                break;
            }
            refuse_when(stopping)?;
            sink.take_unidentified(&owners)?;
        }
        let kyb: Vec<u32> = survey.kyb().iter().copied().filter(is_member).collect();
        for records in kyb.chunks(AT_ONCE) {
            refuse_when(stopping)?;
            sink.take_kyb(records)?;
        }
        Ok(())
    }
}

/// Reads the exports beside that of the accounts; `stopping` is asked between batches.
pub fn index(
    migration: &mut Migration,
    mode: Mode,
    stopping: &dyn Fn() -> bool,
) -> anyhow::Result<()> {
    let joins = migration.pipeline.joins.iter();
    let sizes: Vec<u64> = joins.map(|join| join.export.size()).collect();
    let mut shown: Option<(usize, ReadingProgress)> = None;
    migration.index(&mut |join, offset, rows| {
        refuse_when(stopping)?;
        let reading = match &mut shown {
            Some((known, reading)) if *known == join => reading,
            _ => {
                let reading = ReadingProgress::new(mode, "reading", sizes[join]);
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

/// Finds the duplicates of an export that was read to its end.
fn duplicates(index: &DuplicateIndex, migration: &Migration) -> anyhow::Result<Vec<Duplicate>> {
    let pipeline = &migration.pipeline;
    index.duplicates(|reader, at| {
        let prepared = reader.prepare(pipeline, at, JoinedRowSource::Index)?;
        Ok(RereadRecord {
            id: pipeline.hash(prepared.id.unwrap_or_default().as_bytes()),
            payload: pipeline.hash(prepared.payload),
        })
    })
}

/// Counts the rows of joined exports that are broken or have no key, whose customer is unknown. Those of recipients are known when
/// custody was looked at.
pub fn lost_rows(migration: &Migration) -> u64 {
    let joins = migration.pipeline.joins.iter();
    let beside: u64 = joins.map(|join| join.lost().count() as u64).sum();
    let custody = migration.custody.as_ref();
    let recipients = custody.and_then(|custody| custody.recipients.as_ref());
    beside + recipients.map_or(0, |recipients| recipients.lost().count() as u64)
}

/// The error of an export without rows.
pub fn no_rows(export: &str) -> anyhow::Error {
    Failure::configuration(
        format!("the export {export} has a header row and nothing else"),
        "check that the export ran to its end",
    )
}

/// Records are numbered in 32 bits, which is four billion.
fn record_number(read: u64) -> anyhow::Result<u32> {
    u32::try_from(read).map_err(|_| {
        Failure::cannot(
            "an export of more than four billion rows",
            "split it into several migrations",
        )
    })
}
