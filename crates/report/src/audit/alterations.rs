//! What was altered in a journal, in words: for the totals, the page, the cover and whoever checks a sealed report.
//!
//! Three sources: the chain itself, whose entries have to follow each other and to fit what the journal says of its target;
//! checkpoints of the chain, which say that rows were not as the one before saw them; and, where a report makes no checkpoint, the
//! comparison that it would have made. Left out: which row it is, which `audit` says.

use serde_json::Value;

use super::record::SHARD;
use super::sheets::{tables, with_files};
use crate::text::rfc3339;
use bakkt_journal::chain::{ChainCheck, CheckpointRows, EntryKind, EntryRow, EventComparison};
use bakkt_journal::{Journals, Reader};

/// What is altered in the chains of these journals, and what their checkpoints noted, oldest first of each.
pub(crate) fn noted(readers: &[Reader]) -> anyhow::Result<Vec<String>> {
    let mut all = Vec::new();
    for reader in readers {
        let shard = reader.meta(SHARD)?;
        let flaws = reader.named(chain_flaws(reader))?;
        all.extend(flaws.iter().map(|flaw| of_shard(shard.as_deref(), flaw)));
        reader.each_noted_alteration(|entry, altered| {
            all.push(of_shard(shard.as_deref(), &noted_words(&entry, &altered)));
        })?;
    }
    Ok(all)
}

/// What does not hold of a journal's chain: the first entry that does not follow the one before, and a target that is not that
/// of the last run. Cheap, for every command: a chain has few entries.
pub fn chain_flaws(reader: &Reader) -> anyhow::Result<Vec<String>> {
    let (mut check, mut first, mut is_empty) = (ChainCheck::default(), None, true);
    reader.each_entry(|entry| {
        is_empty = false;
        // Behind a flaw nothing follows any more.
        if first.is_none() {
            first = check
                .next_link(&entry)
                .map(|flaw| flaw_words(&entry, &flaw));
        }
        Ok(())
    })?;
    if is_empty {
        first = Some(NO_CHAIN.to_owned());
    }
    let mut flaws: Vec<String> = first.into_iter().collect();
    if let Some(run) = reader.last_entry(EntryKind::Run)? {
        flaws.extend(other_target(reader, &run)?);
    }
    Ok(flaws)
}

/// What is said of a journal without a chain.
pub(super) const NO_CHAIN: &str = "the journal has no chain";

/// What is wrong with an entry, with its number, kind and time.
pub(super) fn flaw_words(entry: &EntryRow, flaw: &str) -> String {
    let (kind, at) = (entry.kind.escape_default(), rfc3339(entry.at));
    format!("entry {} ({kind}, {at}): {flaw}", entry.id)
}

/// In what the journal's target differs from that of its last run. Nothing changes it between runs.
pub(super) fn other_target(reader: &Reader, run: &EntryRow) -> anyhow::Result<Vec<String>> {
    let mut named = Value::default();
    for key in TARGET {
        named[key] = reader.meta(key)?.into();
    }
    Ok(target_flaws(run, "the journal", &named))
}

/// What says where a run sent to.
const TARGET: [&str; 2] = ["target", "dialect"];

/// In what a target that something names differs from that of a run.
pub(super) fn target_flaws(run: &EntryRow, whose: &str, named: &Value) -> Vec<String> {
    let body = run.value();
    let others = TARGET.into_iter().filter(|key| body[key] != named[key]);
    others
        .map(|key| format!("entry {} (run): {whose} names another {key}", run.id))
        .collect()
}

/// What a checkpoint of this journal would note as altered since the last one, if it made one now. `program` is the SHA-256 of the
/// file of this program.
pub fn unnoted(reader: Reader, program: &Value) -> anyhow::Result<Option<String>> {
    if !reader.can_compare()? {
        return Ok(None);
    }
    let shard = reader.meta(SHARD)?;
    Ok(altered(reader, program)?.map(|(altered, _)| {
        let (before, sheets) = parts(&altered);
        let words = format!(
            "rows are not as the last checkpoint (entry {before}) saw them, and {}: {sheets}",
            nothing_done(&altered, "since"),
        );
        of_shard(shard.as_deref(), &words)
    }))
}

/// What a checkpoint of this journal would say was altered since the last one, and all rows that it would see. Tables alone are
/// compared first: no line of a file can change while they stay as they are.
pub fn altered(reader: Reader, program: &Value) -> anyhow::Result<Option<(Value, CheckpointRows)>> {
    let journals = Journals::from(reader);
    let of = |rows: &CheckpointRows| {
        let mut readers = journals.readers().iter();
        readers.try_fold(None, |found: Option<Value>, reader| {
            let altered = reader.alteration(rows, program)?;
            anyhow::Ok(found.or(altered))
        })
    };
    let rows = tables(&journals)?;
    if of(&rows)?.is_none() {
        return Ok(None);
    }
    let rows = with_files(&journals, rows)?;
    Ok(of(&rows)?.map(|altered| (altered, rows)))
}

/// What a checkpoint notes.
pub(super) fn noted_words(entry: &EntryRow, altered: &Value) -> String {
    let (before, sheets) = parts(altered);
    format!(
        "entry {} (checkpoint, {}): rows were not as the checkpoint before (entry {before}) saw them, and {}: {sheets}",
        entry.id,
        rfc3339(entry.at),
        nothing_done(altered, "between"),
    )
}

/// Of which shard something is said.
pub(super) fn of_shard(shard: Option<&str>, words: &str) -> String {
    match shard {
        Some(shard) => format!("shard {}: {words}", shard.escape_default()),
        None => words.to_owned(),
    }
}

/// Why rows have to be as a checkpoint saw them. Events are compared whatever else was done.
fn nothing_done(altered: &Value, when: &str) -> String {
    let mut sheets = altered["sheets"].as_array().into_iter().flatten();
    match sheets.all(|sheet| sheet.as_str().is_some_and(EventComparison::is_about)) {
        true => format!("nothing was done {when} that changes events"),
        false => format!("nothing was done {when}"),
    }
}

/// The entry of the checkpoint before, and the names of the sheets.
fn parts(altered: &Value) -> (u64, String) {
    let sheets = altered["sheets"].as_array().into_iter().flatten();
    let sheets: Vec<&str> = sheets.filter_map(Value::as_str).collect();
    let before = altered["since"].as_u64().unwrap_or(0);
    (before, sheets.join(", ").escape_default().to_string())
}
