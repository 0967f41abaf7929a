//! Whether a migration is still the one that was planned (invariant 9).

use anyhow::Context;

use bakkt_folder::documents::root::FileIdentity;
use bakkt_folder::migration::{BackfillFile, Migration, today};
use bakkt_journal::Journal;
use bakkt_journal::write::Fingerprint;
use bakkt_model::error::{Failure, is_io};

use super::documents::state;

/// The day for which rows are mapped: that of the plan, or today without a whole one.
pub fn as_of(journal: &Journal) -> anyhow::Result<jiff::civil::Date> {
    match (journal.is_planned()?, journal.meta("as_of")?) {
        (true, Some(date)) => date.parse().context("the journal's as_of is not a date"),
        _ => Ok(today()),
    }
}

/// The fingerprints of a migration, as the journal keeps them. An export in the state in which `planned` hashed it is not
/// read again.
pub(crate) fn fingerprints(
    migration: &Migration,
    planned: &[Fingerprint],
) -> anyhow::Result<Vec<Fingerprint>> {
    let key = migration.pipeline.key;
    let known = |name: &str, identity: &FileIdentity| {
        let state = state(&key, identity);
        let known = planned.iter().find(|print| print.name == name)?;
        (known.state == Some(state)).then_some(known.hash)
    };
    let prints = migration.fingerprints(&known)?.into_iter();
    let kept = prints.map(|print| Fingerprint {
        name: print.name,
        hash: print.hash,
        state: print.state.map(|identity| state(&key, &identity)),
    });
    Ok(kept.collect())
}

/// Whether exports are read to their end to see that they are the planned ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rehash {
    /// All of them.
    Always,
    /// Those whose files are not in the state in which they were hashed before.
    Changed,
}

/// Refuses to go on when something that changes payloads or verdicts is not as it was planned (invariant 9). Returns the
/// fingerprints as they are.
pub fn refuse_drift(
    journal: &Journal,
    migration: &Migration,
    rehash: Rehash,
) -> anyhow::Result<Vec<Fingerprint>> {
    let planned = journal.fingerprints()?;
    let known: &[Fingerprint] = match rehash {
        Rehash::Always => &[],
        Rehash::Changed => &planned[..],
    };
    let mut now = fingerprints(migration, known)?;
    // A backfill file that is about to be taken is no drift.
    let taking = migration.layers().iter().filter(|kept| kept.hash.is_none());
    let taking: Vec<String> = taking.map(BackfillFile::fingerprint).collect();
    now.retain(|print| !taking.contains(&print.name));
    let mut changed: Vec<&str> = now
        .iter()
        .filter(|print| {
            !planned
                .iter()
                .any(|old| old.name == print.name && old.hash == print.hash)
        })
        .map(|print| print.name.as_str())
        .collect();
    changed.extend(
        planned
            .iter()
            .map(|print| print.name.as_str())
            .filter(|name| !now.iter().any(|known| known.name == *name)),
    );
    if changed.is_empty() {
        return Ok(now);
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
