//! What a checkpoint vouches for: every line of three files of the report, and every row of the small tables.

use std::io;

use anyhow::Context;

use super::lines::LineHasher;
use crate::beside::{DOCUMENTS, document_lines};
use crate::files::{CROSSWALK, CsvFile, RECONCILIATION, crosswalk_lines, reconciliation_lines};
use bakkt_journal::chain::RowHashes;
use bakkt_journal::{Journals, Reader};

/// Sheets by name.
pub(crate) type Sheets = Vec<(String, RowHashes)>;

/// Hashes every row that a checkpoint vouches for, by the name of its file or table.
pub fn sheets(journals: &Journals) -> anyhow::Result<Sheets> {
    let mut sheets = vec![
        (
            "reconciliation.csv".to_owned(),
            hashed(RECONCILIATION, |out| reconciliation_lines(journals, out))?,
        ),
        (
            "crosswalk.csv".to_owned(),
            hashed(CROSSWALK, |out| crosswalk_lines(journals, out))?,
        ),
        (
            "documents.csv".to_owned(),
            hashed(DOCUMENTS, |out| document_lines(journals, out))?,
        ),
    ];
    sheets.extend(tables(journals)?);
    Ok(sheets)
}

/// The same of the tables alone, beside files that were hashed while they were written.
pub(crate) fn tables(journals: &Journals) -> anyhow::Result<Sheets> {
    let names = Reader::vouched_tables().chain(["event", "party"]);
    let mut tables: Sheets = names
        .map(|name| (format!("table {name}"), RowHashes::default()))
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
        reader.each_vouched_row(&mut add)?;
        reader.each_event_row(&mut add)?;
    }
    Ok(tables)
}

fn hashed(
    columns: &[&str],
    fill: impl FnOnce(&mut CsvFile<LineHasher<io::Sink>>) -> anyhow::Result<()>,
) -> anyhow::Result<RowHashes> {
    let mut sheet = CsvFile::new(LineHasher::new(io::sink()), columns)?;
    fill(&mut sheet)?;
    Ok(sheet.into_inner()?.end().1)
}
