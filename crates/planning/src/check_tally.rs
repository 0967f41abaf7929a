//! The counts of `check`: what a plan would hold, without a journal.
//!
//! Owner of the [`Sink`] that counts what the [`Planner`] finds, and of [`Checked`], all that `check` tells.
//! Left out on purpose: the text, and the files that a person asks for.

use bakkt_files::progress::Mode;
use bakkt_folder::documents::{Documents, PassCounts};
use bakkt_folder::migration::Migration;
use bakkt_journal::read::FileRow;
use bakkt_mapping::exclude::UnusedEntry;
use bakkt_mapping::findings::gather::RecordStanding;
use bakkt_mapping::pipeline::JoinedRowSource;
use bakkt_mapping::pipeline::duplicates::Duplicate;
use bakkt_mapping::pipeline::reread::RecordReader;
use bakkt_mapping::pipeline::scan::{PlacedGap, ScanOptions};
use bakkt_model::position::JoinedList;
use bakkt_model::shard::Shard;
use bakkt_model::verdict::Verdict;
use bakkt_report::Totals;

use super::document_tally::DocumentTally;
use super::findings::{Findings, compare_people};
use super::forecast::PlannedWork;
use super::journal_rows::role;
use super::members::ShardMembers;
use super::planner::{KnownContent, Planned, Planner, RowBatch, RowCounts, Sink, lost_rows};
use super::survey::{Batch, Foreign};
use super::tally::{Problem, VerdictTally};

/// Duplicates that are read again at once.
const AT_ONCE: usize = 4096;

/// What `check` has found of a migration.
pub struct Checked {
    /// What the pass has found.
    pub planned: Planned,
    /// What the report of a plan would count.
    pub totals: Totals,
    /// Every kind of gap, the most frequent first.
    pub problems: Vec<Problem>,
    /// Documents, and gaps that were found after the rows.
    pub documents: DocumentTally,
    /// What became of the rows of each file.
    pub files: Vec<FileRow>,
}

impl Checked {
    /// What a run would send.
    pub fn work(&self) -> PlannedWork {
        PlannedWork {
            accounts: self.totals.verdicts.sendable(),
            documents: self.documents.sent,
            kyb: self.documents.kyb,
        }
    }

    /// The counts with those of documents, KYB and files, which a person is told in other words.
    pub fn whole_totals(&self) -> Totals {
        let mut totals = self.totals.clone();
        let unclear = (totals.documents.of_several, totals.documents.unclear);
        totals.documents = self.documents.totals();
        (totals.documents.of_several, totals.documents.unclear) = unclear;
        totals.tasks.document.planned = self.documents.sent;
        totals.tasks.document.held = self.documents.sent;
        totals.tasks.kyb.planned = self.documents.kyb;
        totals.tasks.kyb.held = self.documents.kyb;
        totals.files.clone_from(&self.files);
        totals
    }
}

/// Reads the whole export and counts what falls to a shard, or all of it; findings are those of the whole export.
/// `keeps_list`: gaps that no row has are kept one by one as well.
pub fn check(
    migration: &mut Migration,
    shard: Option<Shard>,
    keeps_list: bool,
    mode: Mode,
) -> anyhow::Result<Checked> {
    let mut sink = TallySink {
        rows: VerdictTally::default(),
        documents: DocumentTally::new(migration.documents.as_ref(), keeps_list),
        records: Vec::new(),
        given: PassCounts::default(),
    };
    let planner = Planner {
        mode,
        stopping: &|| false,
        shard,
    };
    let planned = planner.run(migration, &mut sink)?;
    let files = sink.files(migration, &planned);
    let TallySink {
        rows,
        mut documents,
        ..
    } = sink;
    documents.listed.sort_by_key(|gap| gap.record);
    let totals = totals(&rows, &mut documents, &planned, migration)?;
    Ok(Checked {
        problems: rows.problems(&migration.pipeline, &documents.gaps),
        planned,
        totals,
        documents,
        files,
    })
}

/// Counts what a planner finds.
struct TallySink {
    rows: VerdictTally,
    documents: DocumentTally,
    /// Records that begin in each file of the accounts.
    records: Vec<u64>,
    /// Rows and blank lines of the manifest, or files of the folder.
    given: PassCounts,
}

impl TallySink {
    /// What became of the rows of each file, as a plan writes it.
    fn files(&self, migration: &Migration, planned: &Planned) -> Vec<FileRow> {
        let pipeline = &migration.pipeline;
        let mut files = Vec::new();
        for (number, (name, _)) in pipeline.export.files().enumerate() {
            let counts = planned.rows.by_file.get(number);
            let (rows, blank_lines) = counts.copied().unwrap_or_default();
            let records = self.records.get(number).copied().unwrap_or_default();
            files.push(FileRow {
                name: name.to_owned(),
                role: role(JoinedList::Group).to_owned(),
                rows,
                records,
                parts: rows.saturating_sub(records),
                documents: 0,
                unused: 0,
                blank_lines,
            });
        }
        let beside = pipeline.joins.iter();
        for join in beside.filter(|join| join.list != JoinedList::Group) {
            let mut unused = vec![0; join.counts.len()];
            for (at, _) in join.unused() {
                if let Some(count) = unused.get_mut(join.export.file_of(at.offset)) {
                    *count += 1;
                }
            }
            let counts = join.counts.iter().zip(unused);
            for ((name, _), ((rows, blank_lines), unused)) in join.export.files().zip(counts) {
                files.push(FileRow {
                    name: name.to_owned(),
                    role: role(join.list).to_owned(),
                    rows: *rows,
                    records: 0,
                    parts: rows.saturating_sub(unused),
                    documents: 0,
                    unused,
                    blank_lines: *blank_lines,
                });
            }
        }
        if let Some(documents) = &migration.documents {
            let unused = self.documents.unused();
            files.push(FileRow {
                name: documents.place().to_owned(),
                role: "documents".to_owned(),
                rows: self.given.rows,
                records: 0,
                parts: 0,
                documents: self.given.rows.saturating_sub(unused),
                unused,
                blank_lines: self.given.blank_lines,
            });
        }
        files
    }
}

impl Sink for TallySink {
    const DOING: &'static str = "reading";

    fn want(&self, migration: &Migration) -> ScanOptions {
        ScanOptions {
            shapes: true,
            ids: migration.documents.is_some(),
            people: compare_people(&migration.settings.findings),
            ..ScanOptions::default()
        }
    }

    fn take_rows(&mut self, migration: &Migration, batch: &RowBatch<'_>) -> anyhow::Result<()> {
        let export = &migration.pipeline.export;
        for (record, row) in batch.records() {
            let file = export.file_of(row.at.offset);
            if self.records.len() <= file {
                self.records.resize(file + 1, 0);
            }
            self.records[file] += 1;
            let gaps = batch.results.placed_gaps(row);
            self.rows.add(row.verdict, (record, row.at), gaps);
        }
        Ok(())
    }

    fn take_unused_exclusions(&mut self, _: &[UnusedEntry]) {}

    /// Duplicates were counted under their own verdicts: those rows are read again and counted as what they are.
    fn take_duplicates(
        &mut self,
        migration: &Migration,
        _: &RowCounts,
        members: &ShardMembers,
        duplicates: &mut Vec<Duplicate>,
    ) -> anyhow::Result<()> {
        let pipeline = &migration.pipeline;
        let mine = duplicates.iter().filter(|one| members.has(one.record));
        let mine: Vec<&Duplicate> = mine.collect();
        for part in mine.chunks(AT_ONCE) {
            let counted = RecordReader::each(part, RecordReader::of_verdicts, |reader, one| {
                let prepared = reader.prepare(pipeline, one.at, JoinedRowSource::Index)?;
                let (verdict, gaps) = (prepared.verdict, prepared.gaps.to_vec());
                let shapes = reader.shapes_of(pipeline, &gaps, one.at)?;
                Ok((verdict, gaps, shapes))
            })?;
            for (duplicate, (verdict, gaps, shapes)) in part.iter().zip(&counted) {
                let found = gaps.iter().zip(shapes).map(|(gap, shape)| PlacedGap {
                    gap,
                    at: None,
                    shape,
                    laid: None,
                });
                self.rows.take_back(*verdict, duplicate.record, found);
                self.rows.verdicts[Verdict::Duplicate as usize] += 1;
            }
        }
        Ok(())
    }

    fn take_findings(
        &mut self,
        _: &Migration,
        members: &ShardMembers,
        findings: &Findings,
    ) -> anyhow::Result<()> {
        let blocked = findings.blocked.iter();
        for (_, _, standing) in blocked.filter(|(record, ..)| members.has(*record)) {
            let before = match standing {
                RecordStanding::Grace => Verdict::Grace,
                _ => Verdict::Ready,
            };
            self.rows.change(before, Verdict::Blocked, 1);
        }
        Ok(())
    }

    fn known_content(&self, _: &Migration) -> anyhow::Result<Option<KnownContent>> {
        Ok(None)
    }

    fn take_documents(
        &mut self,
        _: &Migration,
        documents: &Documents,
        batch: &Batch<'_>,
    ) -> anyhow::Result<()> {
        self.documents.add(documents, batch);
        Ok(())
    }

    fn end_documents(
        &mut self,
        _: &Migration,
        _: &ShardMembers,
        _: &Findings,
        given: PassCounts,
    ) -> anyhow::Result<Vec<u32>> {
        self.given = given;
        Ok(Vec::new())
    }

    fn take_unidentified(&mut self, owners: &[Foreign]) -> anyhow::Result<()> {
        self.documents.add_unidentified(owners);
        Ok(())
    }

    fn take_kyb(&mut self, records: &[u32]) -> anyhow::Result<()> {
        self.documents.kyb += records.len() as u64;
        Ok(())
    }
}

/// The counts as a report has them.
fn totals(
    rows: &VerdictTally,
    documents: &mut DocumentTally,
    planned: &Planned,
    migration: &Migration,
) -> anyhow::Result<Totals> {
    let (pipeline, rules) = (&migration.pipeline, &migration.settings.findings);
    let mut totals = Totals {
        read: planned.rows.read,
        blank_lines: planned.rows.blank_lines,
        lost_rows: lost_rows(migration),
        planned: true,
        ..Totals::default()
    };
    (totals.documents.of_several, totals.documents.unclear) = documents.unclear();
    // Records that were ready are in grace by what is missing of their documents.
    let in_grace = documents.in_grace();
    let [ready, grace, blocked, excluded, duplicate] = rows.verdicts;
    totals.verdicts.ready = ready - in_grace;
    totals.verdicts.grace = grace + in_grace;
    totals.verdicts.blocked = blocked;
    totals.verdicts.excluded = excluded;
    totals.verdicts.duplicate = duplicate;
    totals.tasks.account.planned = ready + grace;
    totals.tasks.account.open = ready + grace;
    totals.balanced = totals.verdicts.sum() == totals.read;
    let of_rows = pipeline.plan.paths.iter().zip(&rows.gaps);
    let of_rows = of_rows.map(|(info, count)| (&info.path, *count));
    let further = documents.gaps.iter();
    let further = further.map(|((path, _), count)| (path, *count));
    for (path, count) in of_rows.chain(further).filter(|(_, count)| *count > 0) {
        totals.gaps.open += count;
        *totals.gaps.by_field.entry(path.clone()).or_default() += count;
    }
    let ids = planned.findings.ids(&planned.index, pipeline)?;
    let manifest = migration.documents.as_ref();
    totals.findings = planned.findings.counts(rules, pipeline, manifest, &ids);
    Ok(totals)
}
