//! The report: journal → totals → `summary.json`, CSV files, `report.xlsx` and `report.html`.
//!
//! Owner of which files a report has and in which order they appear. It knows only the journal, through `Journals`:
//! one picture for all files, so they agree with each other even while a run goes on; several readers of that picture write
//! files side by side. Every file is written whole or not
//! at all, and `summary.json` last: when it is there and new, so are the others.
//! Left out on purpose: printing and exit codes (the commands), and customers' values (the journal has none).

pub mod after;
mod agreements;
pub mod audit;
mod beside;
mod burn_down;
pub(crate) mod chart;
mod custody;
mod ending;
pub mod exclusions;
mod files;
mod findings;
mod for_a_person;
pub mod gap_list;
mod library_calls;
mod marked_archive;
mod of_nobody;
mod page;
mod page_after;
mod page_audit;
mod page_beside;
pub mod plain_sheet;
pub mod plan_page;
mod repeated;
pub mod sheet;
mod summary;
mod text;
mod totals;
pub mod watch;
mod workbook;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::Builder;

use anyhow::Context;

pub use after::AfterAcceptance;
pub use audit::AuditRecord;
pub use custody::CustodyTotals;
pub use summary::ReportFacts;
pub use text::{rfc3339, status_lines};
pub use totals::{DocumentTotals, Gaps, KybTotals, PriorAccounts, States, Tasks, Totals, Verdicts};

use audit::FileHashes;
use bakkt_files::output::{FileStart, OutputFolder};
use bakkt_journal::chain::{CheckpointRows, RowHashes, hex};
use bakkt_journal::read::Minute;
use bakkt_journal::{Journal, Journals, Reader};
use bakkt_model::grace::Due;
use beside::KybTally;
use summary::{RowCounts, Walked};
use workbook::{ReportWorkbook, WaitingWorkbook};

/// The page.
const PAGE: &str = "report.html";
/// The numbers for programs.
const SUMMARY: &str = "summary.json";

/// How the chain's file begins.
const CHAIN_BEGINS: FileStart = FileStart::Text("{\"at\":");

/// Every file of a report, and how it begins: an earlier one is recognised by that.
pub fn files() -> Vec<(&'static str, FileStart)> {
    let sheets = [
        ("reconciliation.csv", files::RECONCILIATION),
        ("gaps.csv", files::GAPS),
        ("refused.csv", files::REFUSED),
        ("crosswalk.csv", files::CROSSWALK),
        ("documents.csv", beside::DOCUMENTS),
        ("kyb.csv", beside::KYB),
        ("unused.csv", beside::UNUSED),
        ("decisions.csv", after::DECISIONS),
        ("verification.csv", after::VERIFICATION),
        ("gap-history.csv", after::HISTORY),
        ("restricted.csv", after::RESTRICTED),
        ("findings.csv", findings::FINDINGS),
        ("ownership.csv", after::OWNERSHIP),
        ("unacknowledged.csv", after::UNACKNOWLEDGED),
        ("manual-kyb.csv", beside::MANUAL_KYB),
        ("unknown-events.csv", after::UNKNOWN),
        ("custody.csv", custody::CUSTODY),
        ("custody-gaps.csv", custody::GAPS),
        ("custody-crosswalk.csv", custody::CROSSWALK),
        ("agreements.csv", agreements::AGREEMENTS),
        ("shared-ids.csv", repeated::SHARED_IDS),
    ];
    let sheets = sheets.into_iter();
    sheets
        .map(|(name, columns)| (name, FileStart::columns(columns)))
        .chain([
            (workbook::NAME, workbook::begins()),
            (PAGE, page::begins()),
            (SUMMARY, summary::BEGINS),
            (audit::CHAIN, CHAIN_BEGINS),
        ])
        .collect()
}

/// What is counted while the files are written.
#[derive(Default)]
struct Found {
    due_on: OnceLock<BTreeMap<Due, u64>>,
    kyb: OnceLock<KybTally>,
    decisions: OnceLock<AfterAcceptance>,
    restricted: OnceLock<u64>,
    ownership: OnceLock<u64>,
    unacknowledged: OnceLock<u64>,
    repeated_ids: OnceLock<u64>,
    minutes: OnceLock<BTreeMap<i64, Minute>>,
    rows: OnceLock<RowCounts>,
    records: OnceLock<RowHashes>,
    tables: OnceLock<CheckpointRows>,
    crosswalk: OnceLock<RowHashes>,
    documents: OnceLock<RowHashes>,
    workbook: WaitingWorkbook,
}

fn keep<T>(slot: &OnceLock<T>, found: T) -> anyhow::Result<()> {
    // Each job runs once.
    let _ = slot.set(found);
    Ok(())
}

fn kept<T>(slot: OnceLock<T>) -> anyhow::Result<T> {
    slot.into_inner()
        .context("a part of the report was not made")
}

/// Writes every file of the report into a folder, and returns the totals that it states. The files are written side by side,
/// one for each reader, all of which have to be of one instant. Where a file of somebody else has the name of one of them,
/// nothing is written.
pub fn write(
    readers: Vec<Journals>,
    dir: &OutputFolder<'_>,
    facts: &ReportFacts,
) -> anyhow::Result<Totals> {
    write_and_check(readers, dir, facts, None).map(|written| written.totals)
}

/// A report that was written.
#[derive(Debug)]
pub struct WrittenReport {
    /// The totals that it states.
    pub totals: Totals,
    /// The target.
    pub target: String,
    /// The last entry of each chain, with the checkpoint of this report where it made one.
    pub heads: Vec<audit::KeptHead>,
}

/// The journal that gets the checkpoint of a report.
pub struct Checkpoint<'j> {
    /// The journal, which nobody else can change meanwhile.
    pub journal: &'j mut Journal,
    /// What the checkpoint says of the program and the occasion, an object.
    pub about: serde_json::Value,
}

/// Like [`write()`]; and when all lines are written, a journal gets a checkpoint that saw them.
pub fn write_and_check(
    readers: Vec<Journals>,
    dir: &OutputFolder<'_>,
    facts: &ReportFacts,
    checkpoint: Option<Checkpoint<'_>>,
) -> anyhow::Result<WrittenReport> {
    dir.refuse_foreign(&self::files())?;
    let mut readers = readers.into_iter();
    let reader = readers.next().context("a report needs a reader")?;
    let now = facts.at.as_millisecond();
    let (found, grace) = (Found::default(), &facts.grace);
    {
        let found = &found;
        // The long ones first.
        let mut jobs: Vec<Job<'_>> = vec![
            Box::new(|r| keep(&found.records, files::reconciliation(r, dir)?)),
            Box::new(|r| {
                let book = ReportWorkbook::begin(r, dir, grace)?;
                *found
                    .workbook
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner) = Some(book);
                Ok(())
            }),
            Box::new(|r| keep(&found.due_on, files::gaps(r, dir, grace)?)),
            Box::new(move |r| keep(&found.decisions, after::decisions(r, dir, now)?)),
            Box::new(|r| keep(&found.rows, RowCounts::read(r)?)),
            Box::new(|r| keep(&found.crosswalk, files::crosswalk(r, dir)?)),
            Box::new(|r| keep(&found.minutes, r.minutes()?)),
            Box::new(|r| keep(&found.restricted, after::restricted(r, dir)?)),
            Box::new(|r| keep(&found.ownership, after::ownership(r, dir)?)),
            Box::new(|r| keep(&found.unacknowledged, after::unacknowledged(r, dir)?)),
            Box::new(|r| keep(&found.repeated_ids, repeated::shared_ids(r, dir)?)),
            Box::new(|r| files::refused(r, dir)),
            Box::new(|r| findings::findings(r, dir)),
            Box::new(|r| keep(&found.documents, beside::documents(r, dir)?)),
            Box::new(|r| keep(&found.kyb, beside::kyb(r, dir)?)),
            Box::new(|r| beside::unused(r, dir)),
            Box::new(|r| after::verification(r, dir)),
            Box::new(|r| after::history(r, dir)),
            Box::new(|r| beside::manual_kyb(r, dir)),
            Box::new(|r| after::unknown(r, dir)),
            Box::new(|r| custody::tasks(r, dir)),
            Box::new(|r| custody::gaps(r, dir)),
            Box::new(|r| custody::crosswalk(r, dir)),
        ];
        if checkpoint.is_some() {
            jobs.insert(2, Box::new(|r| keep(&found.tables, audit::tables(r)?)));
        }
        all_jobs(jobs, &reader, readers.collect())?;
    }
    let mut after = kept(found.decisions)?;
    after.restricted = kept(found.restricted)?;
    after.ownership_changed = kept(found.ownership)?;
    after.unacknowledged = kept(found.unacknowledged)?;
    after.read_beside(&reader, now)?;
    let (due_on, minutes) = (kept(found.due_on)?, kept(found.minutes)?);
    let walked = Walked {
        due_on: &due_on,
        minutes: &minutes,
        kyb: kept(found.kyb)?,
        rows: kept(found.rows)?,
        after,
    };
    let lines = FileHashes {
        reconciliation: kept(found.records)?,
        crosswalk: kept(found.crosswalk)?,
        documents: kept(found.documents)?,
    };
    let checked = match checkpoint {
        Some(checkpoint) => Some(check(checkpoint, &lines.with(kept(found.tables)?))?),
        None => None,
    };
    let chains = checked
        .as_ref()
        .map_or(reader.readers(), std::slice::from_ref);
    let audit = chains
        .iter()
        .map(|reader| reader.named(AuditRecord::read(reader)));
    let audit = audit.collect::<anyhow::Result<Vec<_>>>()?;
    let heads = audit.iter().map(AuditRecord::kept_head).collect();
    files::whole(dir, audit::CHAIN, &CHAIN_BEGINS, |out| {
        write_chains(chains, out)
    })?;
    let mut summary = summary::read(&reader, facts, walked, audit)?;
    summary.totals.repeated_ids = kept(found.repeated_ids)?;
    summary.totals.altered = audit::noted(chains)?;
    summary.totals.altered.extend(facts.altered.iter().cloned());
    let today = facts.at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let page = page::render(&summary, &minutes, &due_on, today)?;
    let book = found.workbook.into_inner();
    let book = book.unwrap_or_else(PoisonError::into_inner);
    book.context("a part of the report was not made")?
        .finish(&summary, facts.at)?;
    files::whole(dir, PAGE, &page::begins(), |out| {
        Ok(out.write_all(page.as_bytes())?)
    })?;
    files::whole(dir, SUMMARY, &summary::BEGINS, |out| {
        serde_json::to_writer_pretty(&mut *out, &summary)?;
        Ok(out.write_all(b"\n")?)
    })?;
    Ok(WrittenReport {
        totals: summary.totals,
        target: summary.target,
        heads,
    })
}

/// Appends the checkpoint of the files that were written; returns a reader that sees it.
fn check(checkpoint: Checkpoint<'_>, rows: &CheckpointRows) -> anyhow::Result<Reader> {
    let Checkpoint { journal, about } = checkpoint;
    journal.append_checkpoint(bakkt_journal::now(), about, rows)?;
    let folder = journal.folder().context("a journal without a folder")?;
    Reader::open(&Journal::path(&folder))
}

/// Writes every entry of the chains, one JSON object a line.
fn write_chains(chains: &[Reader], out: &mut impl Write) -> anyhow::Result<()> {
    for reader in chains {
        reader.each_entry(|entry| {
            let line = serde_json::json!({
                "at": entry.at,
                "before": hex(&entry.before),
                "body": entry.body,
                "hash": hex(&entry.hash),
                "id": entry.id,
                "kind": entry.kind,
            });
            Ok(writeln!(out, "{line}")?)
        })?;
    }
    Ok(())
}

/// One part of a report.
type Job<'a> = Box<dyn FnOnce(&Journals) -> anyhow::Result<()> + Send + 'a>;

/// Does all jobs, in a thread for each reader. The first error counts.
fn all_jobs(jobs: Vec<Job<'_>>, first: &Journals, others: Vec<Journals>) -> anyhow::Result<()> {
    let queue = Mutex::new(jobs.into_iter());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = |reader: &Journals| -> anyhow::Result<()> {
        while let Some(job) = next() {
            job(reader)?;
        }
        Ok(())
    };
    let work = &work;
    std::thread::scope(|scope| {
        let others: Vec<_> = others
            .into_iter()
            // With fewer threads it takes longer, and that is all.
            .filter_map(|reader| {
                Builder::new()
                    .spawn_scoped(scope, move || work(&reader))
                    .ok()
            })
            .collect();
        let mut done = work(first);
        for other in others {
            let other = other
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            done = done.and(other);
        }
        done
    })
}
