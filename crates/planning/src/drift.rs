//! Whether a migration is still the one that was planned (invariant 9).

use anyhow::Context;

use bakkt_folder::migration::{BackfillFile, Migration, today};
use bakkt_journal::Journal;
use bakkt_model::error::{Failure, is_io};

/// The day for which rows are mapped: that of the plan, or today without a whole one.
pub fn as_of(journal: &Journal) -> anyhow::Result<jiff::civil::Date> {
    match (journal.is_planned()?, journal.meta("as_of")?) {
        (true, Some(date)) => date.parse().context("the journal's as_of is not a date"),
        _ => Ok(today()),
    }
}

/// Refuses to go on when something that changes payloads or verdicts is not as it was planned (invariant 9).
pub fn refuse_drift(journal: &Journal, migration: &Migration) -> anyhow::Result<()> {
    let planned = journal.fingerprints()?;
    let mut now = migration.fingerprints()?;
    // A backfill file that is about to be taken is no drift.
    let taking = migration.layers().iter().filter(|kept| kept.hash.is_none());
    let taking: Vec<String> = taking.map(BackfillFile::fingerprint).collect();
    now.retain(|(name, _)| !taking.contains(name));
    let mut changed: Vec<&str> = now
        .iter()
        .filter(|(name, hash)| {
            !planned
                .iter()
                .any(|(known, old)| known == name && old.as_slice() == hash.as_slice())
        })
        .map(|(name, _)| name.as_str())
        .collect();
    changed.extend(
        planned
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| !now.iter().any(|(known, _)| known == name)),
    );
    if changed.is_empty() {
        return Ok(());
    }
    Err(Failure::configuration(
        format!(
            "since the plan was made, this changed: {}",
            changed.join(", ")
        ),
        "run `bakkt-migrate replan` to plan anew what was not accepted, or put the files back as they were",
    ))
}

/// The error of a row that could not be mapped again. A disk that fails says nothing about the export, so what failed is
/// told as it is.
pub fn read_again_failed(
    error: anyhow::Error,
    drift: impl FnOnce() -> anyhow::Error,
) -> anyhow::Error {
    match is_io(&error) {
        true => error.context("cannot read the export again"),
        false => drift(),
    }
}
