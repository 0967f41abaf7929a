//! The files about what stands beside the accounts: documents, KYB, and rows that nothing uses.
//!
//! Owner of their columns; and of what is counted while they are written, as each is read only once. Left out on purpose:
//! file names of documents, which may hold a customer's name: a manifest's row says where, a pattern only as far as the
//! journal lets it be shown.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;

use super::files::{CsvFile, hashed_sheet, sheet};
use bakkt_files::output::OutputFolder;
use bakkt_journal::Journals;
use bakkt_journal::chain::{RowHashes, hex};
use bakkt_journal::read::{ItemProgress, KybLine};

/// The columns of `documents.csv`.
pub(super) const DOCUMENTS: &[&str] = &[
    "file",
    "row",
    "clientAccountId",
    "ownerPlace",
    "documentType",
    "documentSide",
    "outcome",
    "reason",
    "state",
    "attempts",
    "code",
    "message",
    "clientDocumentId",
    "bytes",
    "sideAssumed",
    "sha256",
];
/// The columns of `kyb.csv`.
pub(super) const KYB: &[&str] = &[
    "clientAccountId",
    "state",
    "item",
    "ownerPlace",
    "status",
    "code",
    "reason",
];
/// The columns of `manual-kyb.csv`.
pub(super) const MANUAL_KYB: &[&str] = &[
    "file",
    "row",
    "clientAccountId",
    "outcome",
    "why",
    "decidedAt",
    "decidedBy",
];
/// The columns of `unused.csv`.
pub(super) const UNUSED: &[&str] = &["file", "row", "reason"];

/// Ids that a page names one by one; the others are counted.
pub(super) const MOST_NAMED: usize = 30;

/// What was counted while `kyb.csv` was written.
#[derive(Debug, Default, Serialize)]
pub(super) struct KybTally {
    /// Accounts whose checklist is proven by accepted documents, whatever the state of their KYB.
    pub complete: u64,
    /// Accounts held, by what they wait for.
    pub waits: BTreeMap<&'static str, ChecklistWaits>,
    /// The first accounts in doubt.
    pub in_doubt: Vec<String>,
}

/// Accounts that wait for one item of the checklist. An account may lack it for several owners and counts once.
#[derive(Debug, Default, Serialize)]
pub(super) struct ChecklistWaits {
    /// A document of the plan will prove it.
    pub planned: u64,
    /// No document of the plan can.
    pub missing: u64,
}

/// Writes `documents.csv`: every document, and what became of it.
pub(super) fn documents(journals: &Journals, dir: &OutputFolder<'_>) -> anyhow::Result<RowHashes> {
    hashed_sheet(dir, "documents.csv", DOCUMENTS, |out| {
        document_lines(journals, out)
    })
}

/// The lines of `documents.csv`.
pub(super) fn document_lines<W: Write>(
    journals: &Journals,
    out: &mut CsvFile<W>,
) -> anyhow::Result<()> {
    journals.each_document(|line| {
        out.origin(&line.origin)?;
        out.number_or_none(line.owner_place)?;
        out.maybe(line.document_type)?;
        out.maybe(line.side)?;
        out.text(line.outcome)?;
        out.maybe(line.reason)?;
        out.text(line.task.state)?;
        out.number(line.task.attempts)?;
        out.maybe(line.task.code)?;
        out.maybe(line.message)?;
        out.maybe(line.uuid)?;
        out.number_or_none(Some(line.bytes))?;
        out.text(if line.side_assumed { "yes" } else { "" })?;
        out.text(&line.sha256.map(|hash| hex(&hash)).unwrap_or_default())?;
        out.end()
    })
}

/// Writes `kyb.csv`: every item of the checklist of every account that needs KYB, and what is in doubt.
pub(super) fn kyb(journals: &Journals, dir: &OutputFolder<'_>) -> anyhow::Result<KybTally> {
    let mut tally = KybTally::default();
    sheet(dir, "kyb.csv", KYB, |out| {
        journals.each_kyb(|line| {
            tally.take(&line);
            for (item, place, far) in line.items {
                out.maybe(line.client_id)?;
                out.text(line.state)?;
                out.text(item)?;
                out.number_or_none(*place)?;
                out.text(far.word())?;
                out.maybe(line.code)?;
                out.maybe(line.message)?;
                out.end()?;
            }
            match line.state {
                "in doubt" => doubt(out, line.client_id),
                _ => Ok(()),
            }
        })?;
        journals.each_former_kyb_in_doubt(|client_id| {
            tally.doubt(client_id);
            doubt(out, client_id)
        })
    })?;
    Ok(tally)
}

fn doubt<W: Write>(out: &mut CsvFile<W>, client_id: Option<&str>) -> anyhow::Result<()> {
    out.maybe(client_id)?;
    out.text("in doubt")?;
    out.text("KYB trigger")?;
    out.text("")?;
    out.text("in doubt")?;
    out.text("")?;
    out.text(
        "the answer was lost and nobody can be asked by program: find out at Bakkt, then settle it with resolve --kyb",
    )?;
    out.end()
}

/// Writes `manual-kyb.csv`: every account for manual KYB, and how that ended.
pub(super) fn manual_kyb(journals: &Journals, dir: &OutputFolder<'_>) -> anyhow::Result<()> {
    sheet(dir, "manual-kyb.csv", MANUAL_KYB, |out| {
        journals.each_manual_kyb(|line| {
            out.origin(&line.origin)?;
            out.maybe(line.outcome)?;
            out.maybe(line.reason)?;
            out.time(line.at)?;
            out.maybe(line.by)?;
            out.end()
        })
    })
}

/// Writes `unused.csv`: every row that no record and no upload uses.
pub(super) fn unused(journals: &Journals, dir: &OutputFolder<'_>) -> anyhow::Result<()> {
    sheet(dir, "unused.csv", UNUSED, |out| {
        journals.each_unused(|file, row, reason| {
            out.maybe(file)?;
            out.number_or_none(Some(row))?;
            out.maybe(reason)?;
            out.end()
        })
    })
}

impl KybTally {
    fn take(&mut self, line: &KybLine<'_>) {
        let whole = line
            .items
            .iter()
            .all(|(_, _, far)| *far == ItemProgress::Accepted);
        self.complete += u64::from(whole);
        match line.state {
            "in doubt" => self.doubt(line.client_id),
            "held" => self.wait(line),
            _ => {}
        }
    }

    fn doubt(&mut self, client_id: Option<&str>) {
        if self.in_doubt.len() < MOST_NAMED {
            self.in_doubt.extend(client_id.map(str::to_owned));
        }
    }

    fn wait(&mut self, line: &KybLine<'_>) {
        let mut lacking: BTreeMap<&'static str, ItemProgress> = BTreeMap::new();
        for (item, _, far) in line.items {
            match (far, lacking.get(item)) {
                // What nothing can prove counts more than what is only not sent yet.
                (ItemProgress::Accepted, _) | (ItemProgress::Planned, Some(_)) => {}
                (far, _) => {
                    lacking.insert(item, *far);
                }
            }
        }
        for (item, far) in lacking {
            let waits = self.waits.entry(item).or_default();
            match far {
                ItemProgress::Missing => waits.missing += 1,
                ItemProgress::Planned | ItemProgress::Accepted => waits.planned += 1,
            }
        }
    }
}
