//! The files that spreadsheets read: one line per row, gap, refused task and account.
//!
//! Owner of their columns, of the guard against formulas, and of writing a file as a whole or not at all. Lines go from
//! the journal's statement to the file one at a time, so size does not matter.
//! Left out on purpose: customers' values. The journal has none, so no file can.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File};
use std::io::{BufWriter, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use anyhow::Context;

use super::due::{Due, Grace};
use super::text::rfc3339;
use crate::journal::lines::{Origin, StoppedLine, TaskPart};
use crate::journal::query::Reader;
use crate::journal::set_aside::SetAsideLine;

/// The columns of `reconciliation.csv`.
const RECONCILIATION: &[&str] = &[
    "file",
    "row",
    "clientAccountId",
    "verdict",
    "reason",
    "accountState",
    "bakktId",
    "bakktStatus",
    "existedBefore",
    "attempts",
    "firstSent",
    "lastChange",
    "gaps",
    "code",
    "field",
    "documents",
    "documentsAccepted",
    "documentsRefused",
    "documentsNotSent",
    "kybState",
];
/// The columns of `gaps.csv`.
const GAPS: &[&str] = &[
    "file",
    "row",
    "clientAccountId",
    "path",
    "level",
    "reason",
    "due",
    "status",
];
/// The columns of `refused.csv`.
const REFUSED: &[&str] = &[
    "file",
    "row",
    "clientAccountId",
    "state",
    "code",
    "field",
    "message",
    "attempts",
    "lastChange",
    "decision",
    "decidedAt",
    "decidedBy",
];
/// The columns of `crosswalk.csv`.
const CROSSWALK: &[&str] = &[
    "clientAccountId",
    "bakktId",
    "bakktStatus",
    "createdAt",
    "existedBefore",
];

/// Writes `reconciliation.csv`: every source row and where it ended.
pub(super) fn reconciliation(reader: &Reader, dir: &Path) -> anyhow::Result<()> {
    sheet(dir, "reconciliation.csv", RECONCILIATION, |out| {
        reader.each_record(|line| {
            out.origin(&line.origin)?;
            out.text(line.verdict)?;
            out.maybe(line.reason)?;
            out.text(line.task.state)?;
            out.maybe(line.bakkt.id)?;
            out.maybe(line.bakkt.status)?;
            out.text(line.bakkt.existed)?;
            out.number(line.task.attempts)?;
            out.time(line.task.first_at)?;
            out.time(line.task.last_at)?;
            out.number(line.gaps)?;
            out.maybe(line.task.code)?;
            out.maybe(line.task.field)?;
            let beside = line.beside;
            for count in [
                beside.documents,
                beside.accepted,
                beside.stopped,
                beside.unsent,
            ] {
                out.number(count)?;
            }
            out.text(beside.kyb)?;
            out.end()
        })
    })
}

/// Writes `gaps.csv`, and counts the open gaps by the day they are due.
pub(super) fn gaps(
    reader: &Reader,
    dir: &Path,
    grace: &Grace,
) -> anyhow::Result<BTreeMap<Due, u64>> {
    let mut due_on: BTreeMap<Due, u64> = BTreeMap::new();
    sheet(dir, "gaps.csv", GAPS, |out| {
        reader.each_gap(|line| {
            let due = grace.due(line.accepted_at)?;
            if line.status == "open" {
                *due_on.entry(due).or_default() += 1;
            }
            out.origin(&line.origin)?;
            out.text(line.path)?;
            out.text(line.level)?;
            out.text(line.reason)?;
            out.text(&due.to_string())?;
            out.text(line.status)?;
            out.end()
        })
    })?;
    Ok(due_on)
}

/// Writes `refused.csv`: what was refused or given up, and why; then what was so before a later decision, with that.
pub(super) fn refused(reader: &Reader, dir: &Path) -> anyhow::Result<()> {
    sheet(dir, "refused.csv", REFUSED, |out| {
        reader.each_stopped(|line| {
            out.stopped(&line)?;
            out.text("")?;
            out.text("")?;
            out.text("")?;
            out.end()
        })?;
        reader.each_set_aside(|line| {
            let SetAsideLine {
                origin,
                kind,
                task,
                message,
                ..
            } = line;
            out.stopped(&StoppedLine {
                origin,
                kind,
                task,
                message,
            })?;
            match line.reason {
                Some(reason) => out.text(&format!("{}: {reason}", line.decision))?,
                None => out.text(line.decision)?,
            }
            out.time(Some(line.at))?;
            out.maybe(line.by)?;
            out.end()
        })
    })
}

/// Writes `crosswalk.csv`: our ids beside Bakkt's.
pub(super) fn crosswalk(reader: &Reader, dir: &Path) -> anyhow::Result<()> {
    sheet(dir, "crosswalk.csv", CROSSWALK, |out| {
        reader.each_account(|client_id, bakkt| {
            out.maybe(client_id)?;
            out.maybe(bakkt.id)?;
            out.maybe(bakkt.status)?;
            out.maybe(bakkt.created_at)?;
            out.text(bakkt.existed)?;
            out.end()
        })
    })
}

/// A CSV file. Every text passes [`unformula`]; nothing else writes cells.
pub(super) struct Sheet<W: Write>(csv::Writer<W>);

impl<W: Write> Sheet<W> {
    pub(super) fn text(&mut self, text: &str) -> anyhow::Result<()> {
        match unformula(text) {
            None => self.0.write_field(text)?,
            Some(guarded) => self.0.write_field(guarded)?,
        }
        Ok(())
    }

    pub(super) fn maybe(&mut self, text: Option<&str>) -> anyhow::Result<()> {
        self.text(text.unwrap_or_default())
    }

    pub(super) fn number(&mut self, number: u64) -> anyhow::Result<()> {
        Ok(self.0.write_field(number.to_string())?)
    }

    pub(super) fn time(&mut self, milliseconds: Option<i64>) -> anyhow::Result<()> {
        self.text(&milliseconds.map(rfc3339).unwrap_or_default())
    }

    /// A number that may be absent, or is none when it is 0.
    pub(super) fn number_or_none(&mut self, number: Option<u64>) -> anyhow::Result<()> {
        match number {
            None | Some(0) => self.text(""),
            Some(number) => self.number(number),
        }
    }

    /// What a refused or given-up task has come to.
    fn stopped(&mut self, line: &StoppedLine<'_>) -> anyhow::Result<()> {
        self.origin(&line.origin)?;
        match line.kind {
            "account" => self.text(line.task.state)?,
            kind => self.text(&format!("{kind} {}", line.task.state))?,
        }
        let TaskPart {
            code,
            field,
            attempts,
            last_at,
            ..
        } = line.task;
        self.maybe(code)?;
        self.maybe(field)?;
        self.maybe(line.message)?;
        self.number(attempts)?;
        self.time(last_at)
    }

    /// Rows are counted from 1; a file of a folder has none.
    pub(super) fn origin(&mut self, origin: &Origin<'_>) -> anyhow::Result<()> {
        self.maybe(origin.file)?;
        self.number_or_none(Some(origin.row))?;
        self.maybe(origin.client_id)
    }

    pub(super) fn end(&mut self) -> anyhow::Result<()> {
        Ok(self.0.write_record(None::<&[u8]>)?)
    }
}

/// A cell that a spreadsheet does not run as a formula.
pub fn guarded(cell: &str) -> std::borrow::Cow<'_, str> {
    unformula(cell).map_or(cell.into(), Into::into)
}

/// What a spreadsheet would run as a formula, made a text by an apostrophe; None when the cell is harmless.
fn unformula(cell: &str) -> Option<String> {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r'])
        .then(|| format!("'{cell}"))
}

pub(super) fn sheet(
    dir: &Path,
    name: &str,
    columns: &[&str],
    fill: impl FnOnce(&mut Sheet<&mut BufWriter<&File>>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    whole(dir, name, |file| {
        let mut sheet = Sheet(csv::Writer::from_writer(file));
        sheet.0.write_record(columns)?;
        fill(&mut sheet)?;
        Ok(sheet.0.flush()?)
    })
}

/// Makes the folder (0700) unless it is there. One that is there keeps its rights: it may be the operator's own.
pub(super) fn folder(dir: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .with_context(|| format!("the folder {} cannot be made", dir.display()))
}

/// Writes a file (0600) beside its place and renames it over, so that a reader sees the old one or the new one.
pub(super) fn whole(
    dir: &Path,
    name: &str,
    fill: impl FnOnce(&mut BufWriter<&File>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let place = dir.join(name);
    let write = || -> anyhow::Result<()> {
        // A temporary file is made with 0600.
        let draft = tempfile::Builder::new()
            .prefix(".draft-")
            .tempfile_in(dir)?;
        let mut out = BufWriter::with_capacity(1 << 16, draft.as_file());
        fill(&mut out)?;
        out.flush()?;
        drop(out);
        draft.as_file().sync_all()?;
        draft.persist(&place)?;
        Ok(())
    };
    write().with_context(|| format!("{} cannot be written", place.display()))
}

#[cfg(test)]
mod tests {
    use super::unformula;

    #[test]
    fn formulas_become_texts() {
        for cell in ["=1+1", "+15550100", "-2", "@SUM(A1)", "\tx", "\rx"] {
            assert_eq!(unformula(cell), Some(format!("'{cell}")));
        }
        for cell in ["", "A-1", "x=1", "'=1", "ä"] {
            assert_eq!(unformula(cell), None);
        }
    }
}
