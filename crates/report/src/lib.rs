//! The report: journal → totals → `summary.json`, CSV files and `report.html`.
//!
//! Owner of which files a report has and in which order they appear. It knows only the journal, through `Journals`:
//! one picture for all files, so they agree with each other even while a run goes on. Every file is written whole or not
//! at all, and `summary.json` last: when it is there and new, so are the others.
//! Left out on purpose: printing and exit codes (the commands), and customers' values (the journal has none).

pub mod after;
mod beside;
mod burn_down;
pub(crate) mod chart;
pub mod exclusions;
mod files;
mod findings;
pub mod gap_list;
mod page;
mod page_after;
mod page_beside;
pub mod sheet;
mod summary;
mod text;
mod totals;

use std::io::Write;

pub use after::AfterAcceptance;
pub use summary::ReportFacts;
pub use text::{rfc3339, status_lines};
pub use totals::{DocumentTotals, Gaps, KybTotals, PriorAccounts, States, Tasks, Totals, Verdicts};

use bakkt_files::output::{FileStart, OutputFolder};
use bakkt_journal::Journals;

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
    ];
    let sheets = sheets.into_iter();
    sheets
        .map(|(name, columns)| (name, FileStart::columns(columns)))
        .chain([(PAGE, page::begins()), (SUMMARY, summary::BEGINS)])
        .collect()
}

/// Writes every file of the report into a folder, and returns the totals that it states. Where a file of somebody else has
/// the name of one of them, nothing is written.
pub fn write(
    journals: &Journals,
    dir: &OutputFolder<'_>,
    facts: &ReportFacts,
) -> anyhow::Result<Totals> {
    dir.refuse_foreign(&self::files())?;
    files::reconciliation(journals, dir)?;
    let due_on = files::gaps(journals, dir, &facts.grace)?;
    files::refused(journals, dir)?;
    findings::findings(journals, dir)?;
    files::crosswalk(journals, dir)?;
    beside::documents(journals, dir)?;
    let kyb = beside::kyb(journals, dir)?;
    beside::unused(journals, dir)?;
    let now = facts.at.as_millisecond();
    after::decisions(journals, dir, now)?;
    after::verification(journals, dir)?;
    after::history(journals, dir)?;
    after::restricted(journals, dir)?;
    after::ownership(journals, dir)?;
    beside::manual_kyb(journals, dir)?;
    after::unknown(journals, dir)?;
    let minutes = journals.minutes()?;
    let summary = summary::read(journals, facts, &due_on, kyb, &minutes)?;
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
