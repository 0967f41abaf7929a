//! The report: journal → totals → `summary.json`, CSV files and `report.html`.
//!
//! Owner of which files a report has and in which order they appear. It knows only the journal, through `Journals`:
//! one picture for all files, so they agree with each other even while a run goes on; several readers of that picture write
//! files side by side. Every file is written whole or not
//! at all, and `summary.json` last: when it is there and new, so are the others.
//! Left out on purpose: printing and exit codes (the commands), and customers' values (the journal has none).

pub mod after;
mod beside;
mod burn_down;
pub(crate) mod chart;
mod custody;
pub mod exclusions;
mod files;
mod findings;
pub mod gap_list;
mod page;
mod page_after;
mod page_beside;
pub mod plan_page;
pub mod sheet;
mod summary;
mod text;
mod totals;
pub mod watch;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::Builder;

use anyhow::Context;

pub use after::AfterAcceptance;
pub use custody::CustodyTotals;
pub use summary::ReportFacts;
pub use text::{rfc3339, status_lines};
pub use totals::{DocumentTotals, Gaps, KybTotals, PriorAccounts, States, Tasks, Totals, Verdicts};

use bakkt_files::output::{FileStart, OutputFolder};
use bakkt_journal::Journals;
use bakkt_journal::read::Minute;
use bakkt_model::grace::Due;
use beside::KybTally;
use summary::{RowCounts, Walked};

/// The page.
const PAGE: &str = "report.html";
/// The numbers for programs.
const SUMMARY: &str = "summary.json";

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
        ("manual-kyb.csv", beside::MANUAL_KYB),
        ("unknown-events.csv", after::UNKNOWN),
        ("custody.csv", custody::CUSTODY),
        ("custody-gaps.csv", custody::GAPS),
        ("custody-crosswalk.csv", custody::CROSSWALK),
    ];
    let sheets = sheets.into_iter();
    sheets
        .map(|(name, columns)| (name, FileStart::columns(columns)))
        .chain([(PAGE, page::begins()), (SUMMARY, summary::BEGINS)])
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
    minutes: OnceLock<BTreeMap<i64, Minute>>,
    rows: OnceLock<RowCounts>,
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
    dir.refuse_foreign(&self::files())?;
    let mut readers = readers.into_iter();
    let reader = readers.next().context("a report needs a reader")?;
    let now = facts.at.as_millisecond();
    let (found, grace) = (Found::default(), &facts.grace);
    {
        let found = &found;
        // The long ones first.
        let jobs: Vec<Job<'_>> = vec![
            Box::new(|r| files::reconciliation(r, dir)),
            Box::new(|r| keep(&found.due_on, files::gaps(r, dir, grace)?)),
            Box::new(move |r| keep(&found.decisions, after::decisions(r, dir, now)?)),
            Box::new(|r| keep(&found.rows, RowCounts::read(r)?)),
            Box::new(|r| files::crosswalk(r, dir)),
            Box::new(|r| keep(&found.minutes, r.minutes()?)),
            Box::new(|r| keep(&found.restricted, after::restricted(r, dir)?)),
            Box::new(|r| keep(&found.ownership, after::ownership(r, dir)?)),
            Box::new(|r| files::refused(r, dir)),
            Box::new(|r| findings::findings(r, dir)),
            Box::new(|r| beside::documents(r, dir)),
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
        all_jobs(jobs, &reader, readers.collect())?;
    }
    let mut after = kept(found.decisions)?;
    after.restricted = kept(found.restricted)?;
    after.ownership_changed = kept(found.ownership)?;
    after.read_beside(&reader, now)?;
    let (due_on, minutes) = (kept(found.due_on)?, kept(found.minutes)?);
    let walked = Walked {
        due_on: &due_on,
        minutes: &minutes,
        kyb: kept(found.kyb)?,
        rows: kept(found.rows)?,
        after,
    };
    let summary = summary::read(&reader, facts, walked)?;
    let today = facts.at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let page = page::render(&summary, &minutes, &due_on, today)?;
    files::whole(dir, PAGE, &page::begins(), |out| {
        Ok(out.write_all(page.as_bytes())?)
    })?;
    files::whole(dir, SUMMARY, &summary::BEGINS, |out| {
        serde_json::to_writer_pretty(&mut *out, &summary)?;
        Ok(out.write_all(b"\n")?)
    })?;
    Ok(summary.totals)
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
