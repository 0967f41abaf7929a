//! The files that spreadsheets read: one line per row, gap, refused task and account.
//!
//! Owner of their columns; how cells and files are written is that of every output (`output`). Lines go from
//! the journal's statement to the file one at a time, so size does not matter.
//! Left out on purpose: customers' values. The journal has none, so no file can.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Context;

use super::agreements::{AGREEMENTS, agreements_line};
use super::audit::LineHasher;
use super::text::rfc3339;
use bakkt_files::output::cells::CellWriter;
use bakkt_files::output::{FileStart, NewFile, OutputFolder};
use bakkt_journal::Journals;
use bakkt_journal::chain::RowHashes;
use bakkt_journal::read::{AT_BAKKT, EndedTaskLine, Origin, RecordLine, StoppedLine, TaskPart};
use bakkt_model::error::ShownPath;
use bakkt_model::grace::{Due, Grace};

/// The columns of `reconciliation.csv`.
pub(super) const RECONCILIATION: &[&str] = &[
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
pub(super) const GAPS: &[&str] = &[
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
pub(super) const REFUSED: &[&str] = &[
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
pub(super) const CROSSWALK: &[&str] = &[
    "clientAccountId",
    "bakktId",
    "bakktStatus",
    "createdAt",
    "existedBefore",
];

/// Writes `reconciliation.csv`: every source row and where it ended; and `agreements.csv`, which has the same rows, so that they
/// are asked for once.
pub(super) fn reconciliation(
    journals: &Journals,
    dir: &OutputFolder<'_>,
) -> anyhow::Result<RowHashes> {
    hashed_sheet(dir, "reconciliation.csv", RECONCILIATION, |out| {
        sheet(dir, "agreements.csv", AGREEMENTS, |agreements| {
            journals.each_record(|line| {
                reconciliation_line(&line, out)?;
                agreements_line(&line, agreements)
            })
        })
    })
}

/// The lines of `reconciliation.csv`.
pub(super) fn reconciliation_lines<W: Write>(
    journals: &Journals,
    out: &mut CsvFile<W>,
) -> anyhow::Result<()> {
    journals.each_record(|line| reconciliation_line(&line, out))
}

fn reconciliation_line<W: Write>(
    line: &RecordLine<'_>,
    out: &mut CsvFile<W>,
) -> anyhow::Result<()> {
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
}

/// Writes `gaps.csv`, and counts those that are not waived by the day they are due.
pub(super) fn gaps(
    journals: &Journals,
    dir: &OutputFolder<'_>,
    grace: &Grace,
) -> anyhow::Result<BTreeMap<Due, u64>> {
    let mut due_on: BTreeMap<Due, u64> = BTreeMap::new();
    sheet(dir, "gaps.csv", GAPS, |out| {
        journals.each_gap(|line| {
            let due = grace.due(line.accepted_at)?;
            // What Bakkt still lacks is due, although the plan has the value; what the plan alone lacks is not.
            if !matches!(line.status, "waived" | AT_BAKKT) {
                *due_on.entry(due).or_default() += 1;
            }
            out.origin(&line.origin)?;
            out.text(line.path)?;
            out.text(line.level)?;
            out.text(line.reason)?;
            out.text(&shown_due(due, line.status))?;
            out.text(line.status)?;
            out.end()
        })
    })?;
    Ok(due_on)
}

/// When a gap is due; empty of one that only the plan has, which nobody has to close.
pub(super) fn shown_due(due: Due, status: &str) -> String {
    match status {
        AT_BAKKT => String::new(),
        _ => due.to_string(),
    }
}

/// Writes `refused.csv`: what was refused or given up, and why; then what was so before a later decision, with that.
pub(super) fn refused(journals: &Journals, dir: &OutputFolder<'_>) -> anyhow::Result<()> {
    sheet(dir, "refused.csv", REFUSED, |out| {
        journals.each_stopped(|line| {
            out.stopped(&line)?;
            out.text("")?;
            out.text("")?;
            out.text("")?;
            out.end()
        })?;
        journals.each_set_aside(|line| {
            let EndedTaskLine {
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
pub(super) fn crosswalk(journals: &Journals, dir: &OutputFolder<'_>) -> anyhow::Result<RowHashes> {
    hashed_sheet(dir, "crosswalk.csv", CROSSWALK, |out| {
        crosswalk_lines(journals, out)
    })
}

/// The lines of `crosswalk.csv`.
pub(super) fn crosswalk_lines<W: Write>(
    journals: &Journals,
    out: &mut CsvFile<W>,
) -> anyhow::Result<()> {
    journals.each_account(|client_id, bakkt| {
        out.maybe(client_id)?;
        out.maybe(bakkt.id)?;
        out.maybe(bakkt.status)?;
        out.maybe(bakkt.created_at)?;
        out.text(bakkt.existed)?;
        out.end()
    })
}

/// A CSV file of the report: cells, and what several files share.
pub(super) struct CsvFile<W: Write>(CellWriter<W>);

impl<W: Write> CsvFile<W> {
    /// Begins one with its columns.
    pub(super) fn new(out: W, columns: &[&str]) -> anyhow::Result<CsvFile<W>> {
        Ok(CsvFile(CellWriter::new(out, columns)?))
    }

    pub(super) fn text(&mut self, text: &str) -> anyhow::Result<()> {
        self.0.text(text)
    }

    pub(super) fn maybe(&mut self, text: Option<&str>) -> anyhow::Result<()> {
        self.0.maybe(text)
    }

    pub(super) fn number(&mut self, number: impl Into<i128>) -> anyhow::Result<()> {
        self.0.number(number)
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
        self.0.end()
    }

    pub(super) fn into_inner(self) -> anyhow::Result<W> {
        self.0.into_inner()
    }
}

/// Writes a CSV file of the report.
pub(super) fn sheet(
    dir: &OutputFolder<'_>,
    name: &str,
    columns: &[&str],
    fill: impl FnOnce(&mut CsvFile<NewFile>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let write = || {
        let mut sheet = CsvFile::new(dir.file(name, &FileStart::columns(columns))?, columns)?;
        fill(&mut sheet)?;
        sheet.into_inner()?.finish()
    };
    write().with_context(|| format!("{} cannot be written", dir.path().join(name).shown()))
}

/// Writes a CSV file of the report whose lines a checkpoint vouches for.
pub(super) fn hashed_sheet(
    dir: &OutputFolder<'_>,
    name: &str,
    columns: &[&str],
    fill: impl FnOnce(&mut CsvFile<LineHasher<NewFile>>) -> anyhow::Result<()>,
) -> anyhow::Result<RowHashes> {
    let write = || {
        let file = LineHasher::new(dir.file(name, &FileStart::columns(columns))?);
        let mut sheet = CsvFile::new(file, columns)?;
        fill(&mut sheet)?;
        let (file, hashes) = sheet.into_inner()?.end();
        file.finish()?;
        anyhow::Ok(hashes)
    };
    write().with_context(|| format!("{} cannot be written", dir.path().join(name).shown()))
}

/// Writes another file of the report.
pub(super) fn whole(
    dir: &OutputFolder<'_>,
    name: &str,
    begins: &FileStart,
    fill: impl FnOnce(&mut NewFile) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let write = || {
        let mut file = dir.file(name, begins)?;
        fill(&mut file)?;
        file.finish()
    };
    write().with_context(|| format!("{} cannot be written", dir.path().join(name).shown()))
}
