//! What a checkpoint vouches for: every line of three files of the report, and every row of the journal's tables.

use std::io;

use anyhow::Context;

use super::lines::LineHasher;
use crate::beside::{DOCUMENTS, document_lines};
use crate::files::{CROSSWALK, CsvFile, RECONCILIATION, crosswalk_lines, reconciliation_lines};
use bakkt_journal::chain::{CheckpointRows, EVENT_SHEET, PARTY_SHEET, PackedRows, RowHashes};
use bakkt_journal::{Journals, Reader};

/// Sheets by name.
pub(crate) type Sheets = Vec<(String, RowHashes)>;

/// The hashes of the lines of the files that a checkpoint vouches for.
#[derive(Debug)]
pub(crate) struct FileHashes {
    /// Of `reconciliation.csv`.
    pub(crate) reconciliation: RowHashes,
    /// Of `crosswalk.csv`.
    pub(crate) crosswalk: RowHashes,
    /// Of `documents.csv`.
    pub(crate) documents: RowHashes,
}

impl FileHashes {
    /// Puts them in front of the tables.
    pub(crate) fn with(self, mut tables: CheckpointRows) -> CheckpointRows {
        let files = [
            ("reconciliation.csv", self.reconciliation),
            ("crosswalk.csv", self.crosswalk),
            ("documents.csv", self.documents),
        ];
        let files = files.map(|(name, hashes)| (name.to_owned(), hashes));
        tables.sheets.splice(0..0, files);
        tables
    }
}

/// Hashes every row that a checkpoint vouches for, by the name of its file or table.
pub fn sheets(journals: &Journals) -> anyhow::Result<CheckpointRows> {
    with_files(journals, tables(journals)?)
}

/// Adds the lines of the files to the rows of the tables.
pub(super) fn with_files(
    journals: &Journals,
    tables: CheckpointRows,
) -> anyhow::Result<CheckpointRows> {
    let files = FileHashes {
        reconciliation: hashed(RECONCILIATION, |out| reconciliation_lines(journals, out))?,
        crosswalk: hashed(CROSSWALK, |out| crosswalk_lines(journals, out))?,
        documents: hashed(DOCUMENTS, |out| document_lines(journals, out))?,
    };
    Ok(files.with(tables))
}

/// The same of the tables alone. The lines of the files are made of them.
pub(crate) fn tables(journals: &Journals) -> anyhow::Result<CheckpointRows> {
    let names = Reader::vouched_tables().chain(["event", "party"]);
    let mut tables: Sheets = names
        .map(|name| (table_sheet(name), RowHashes::default()))
        .collect();
    let mut place = 0;
    let mut add = |name: &str, row: &str| {
        let is_it = |table: &(String, RowHashes)| table.0.strip_prefix("table ") == Some(name);
        // Rows of one table come together.
        if !is_it(&tables[place]) {
            place = tables
                .iter()
                .position(is_it)
                .context("a table without a name")?;
        }
        tables[place].1.add(row.as_bytes());
        Ok(())
    };
    for reader in journals.readers() {
        reader.named(reader.each_vouched_row(&mut add))?;
        reader.named(reader.each_event_row(&mut add))?;
    }
    for name in Reader::packed_tables() {
        let mut packs = PackedRows::default();
        for reader in journals.readers() {
            reader.named(reader.pack_table(name, &mut packs))?;
        }
        tables.push((table_sheet(name), packs.end()));
    }
    let hashes = |sheet: &str| tables.iter().find(|(name, _)| name == sheet);
    let events = match (journals.readers(), hashes(EVENT_SHEET), hashes(PARTY_SHEET)) {
        ([reader], Some((_, events)), Some((_, parties))) => {
            reader.named(reader.compare_events(events, parties))?
        }
        // A checkpoint is of one journal.
        _ => None,
    };
    Ok(CheckpointRows {
        sheets: tables,
        events,
    })
}

/// Whether a sheet has one hash for several rows.
pub(crate) fn is_packed(sheet: &str) -> bool {
    Reader::packed_tables().any(|name| table_sheet(name) == sheet)
}

fn table_sheet(name: &str) -> String {
    format!("table {name}")
}

fn hashed(
    columns: &[&str],
    fill: impl FnOnce(&mut CsvFile<LineHasher<io::Sink>>) -> anyhow::Result<()>,
) -> anyhow::Result<RowHashes> {
    let mut sheet = CsvFile::new(LineHasher::new(io::sink()), columns)?;
    fill(&mut sheet)?;
    Ok(sheet.into_inner()?.end().1)
}
