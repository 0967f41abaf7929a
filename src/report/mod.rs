//! The report: journal → totals → `summary.json`, CSV files and `report.html`.
//!
//! Owner of which files a report has and in which order they appear. It knows only the journal, through its `Reader`:
//! one picture for all files, so they agree with each other even while a run goes on. Every file is written whole or not
//! at all, and `summary.json` last: when it is there and new, so are the others.
//! Left out on purpose: printing and exit codes (the commands), and customers' values (the journal has none).

pub mod after;
mod beside;
mod burn_down;
pub mod chart;
mod due;
mod files;
pub mod gap_list;
mod page;
mod page_after;
mod page_beside;
pub mod sheet;
mod summary;
mod text;
mod totals;

use std::io::Write;
use std::path::Path;

pub use after::After;
pub use due::{Bucket, Due, Grace, GraceFrom};
pub use files::guarded;
pub use summary::Facts;
pub use text::{rfc3339, status_lines, thousands};
pub use totals::{Documents, Existed, Gaps, Kyb, States, Tasks, Totals, Verdicts};

use crate::journal::query::Reader;

/// Writes every file of the report into a folder, and returns the totals that it states.
pub fn write(reader: &Reader, dir: &Path, facts: &Facts) -> anyhow::Result<Totals> {
    files::folder(dir)?;
    files::reconciliation(reader, dir)?;
    let due_on = files::gaps(reader, dir, &facts.grace)?;
    files::refused(reader, dir)?;
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
    files::whole(
        dir,
        "report.html",
        |out| Ok(out.write_all(page.as_bytes())?),
    )?;
    files::whole(dir, "summary.json", |out| {
        serde_json::to_writer_pretty(&mut *out, &summary)?;
        Ok(out.write_all(b"\n")?)
    })?;
    Ok(summary.totals)
}
