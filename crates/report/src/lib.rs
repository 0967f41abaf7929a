//! The report: journal → totals → `summary.json`, CSV files and `report.html`.
//!
//! Owner of which files a report has and in which order they appear. It knows only the journal, through its `Reader`:
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
use bakkt_journal::Reader;

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
    reader: &Reader,
    dir: &OutputFolder<'_>,
    facts: &ReportFacts,
) -> anyhow::Result<Totals> {
    dir.refuse_foreign(&self::files())?;
    files::reconciliation(reader, dir)?;
    let due_on = files::gaps(reader, dir, &facts.grace)?;
    files::refused(reader, dir)?;
    findings::findings(reader, dir)?;
    files::crosswalk(reader, dir)?;
    beside::documents(reader, dir)?;
    let kyb = beside::kyb(reader, dir)?;
    beside::unused(reader, dir)?;
    let now = facts.at.as_millisecond();
    after::decisions(reader, dir, now)?;
    after::verification(reader, dir)?;
    after::history(reader, dir)?;
    after::restricted(reader, dir)?;
    after::ownership(reader, dir)?;
    beside::manual_kyb(reader, dir)?;
    after::unknown(reader, dir)?;
    let minutes = reader.minutes()?;
    let summary = summary::read(reader, facts, &due_on, kyb, &minutes)?;
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
