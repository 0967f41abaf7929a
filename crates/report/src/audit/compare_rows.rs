//! The rows of the journal against those that the last checkpoint saw.
//!
//! What came after the checkpoint and changes rows makes a difference no flaw: then it is told, and not judged.

use super::alterations::noted_words;
use super::check::Audit;
use super::sheets::{is_packed, sheets};
use crate::text::rfc3339;
use bakkt_journal::chain::{
    ALTERED, EVENT_SHEET, EntryKind, EventComparison, PACK, PARTY_SHEET, RowHashes, is_table,
};
use bakkt_journal::{Journals, Reader};
use bakkt_model::number::thousands;

/// Rows that are named one by one.
const NAMED: usize = 5;

impl Audit {
    /// Checkpoints that found rows altered, and would cover that up if they did not say so.
    pub(super) fn compare_checkpoints(&mut self) {
        for entry in self.of_kind(EntryKind::Checkpoint) {
            let body = entry.value();
            if body[ALTERED].is_object() {
                self.flaw(Some(entry.id), noted_words(&entry, &body[ALTERED]));
            }
        }
    }

    /// The rows as they are now against those that the last checkpoint saw.
    pub(super) fn compare_rows(
        &mut self,
        journals: &Journals,
        reader: &Reader,
    ) -> anyhow::Result<()> {
        let Some(checkpoint) = self.checkpoint.clone() else {
            self.unchecked.push(
                "there is no checkpoint yet: no row could be compared; `bakkt-migrate report` makes one".to_owned(),
            );
            return Ok(());
        };
        let (id, at) = (checkpoint.id, rfc3339(checkpoint.at));
        let later = self.entries.iter().filter(|entry| entry.id > checkpoint.id);
        let later: Vec<(EntryKind, String)> = later
            .filter_map(|entry| Some((EntryKind::of(&entry.kind)?, entry.kind.clone())))
            .filter(|(kind, _)| kind.changes_rows())
            .collect();
        if later.iter().any(|(kind, _)| *kind == EntryKind::Upgrade) {
            self.unchecked.push(format!(
                "the journal was brought up to date after the last checkpoint (entry {id}, {at}), which saw its rows in another form: no row could be compared; `bakkt-migrate report` makes one"
            ));
            return Ok(());
        }
        let later: Vec<String> = later.into_iter().map(|(_, word)| word).collect();
        let body = checkpoint.value();
        let stored = reader.checkpoint_rows()?;
        let now = sheets(journals)?;
        let (mut changed, mut of_events, mut unknown) = (Vec::new(), Vec::new(), 0);
        let empty = RowHashes::default();
        for (name, rows) in &now.sheets {
            let seen = &body["sheets"][name.as_str()];
            let (Some(root), Some(count)) = (seen["root"].as_str(), seen["rows"].as_u64()) else {
                unknown += 1;
                continue;
            };
            let kept = stored.get(name).unwrap_or(&empty);
            match &now.events {
                Some(events) if name == EVENT_SHEET => {
                    self.tell_events(events, count);
                    if events.is_altered {
                        of_events.push(what_changed(name, rows, kept, root, count)?);
                    }
                    continue;
                }
                Some(events) if name == PARTY_SHEET => {
                    if let Some(expected) = &events.expected_parties {
                        let (root, count) = (expected.root()?, expected.count());
                        let what = what_changed(name, rows, expected, &root, count)?;
                        of_events.push(format!("{what} (not what the events come to)"));
                        continue;
                    }
                    if events.came > 0 || events.named > 0 || events.is_altered {
                        continue;
                    }
                }
                _ => {}
            }
            if rows.root()? == root {
                // The rows of the others are counted by the files that show them.
                self.rows += if is_packed(name) { 0 } else { rows.count() };
                continue;
            }
            changed.push(what_changed(name, rows, kept, root, count)?);
        }
        if unknown > 0 {
            self.unchecked.push(format!(
                "the last checkpoint is of an earlier version, which did not look at {unknown} of the tables; `bakkt-migrate report` makes one that does"
            ));
        }
        if later.is_empty() {
            changed.append(&mut of_events);
        }
        if !of_events.is_empty() {
            let what = of_events.join("; ");
            self.flaw(Some(id), format!(
                "entry {id} (checkpoint, {at}): rows are not as it saw them, and nothing was done since that changes events: {what}"
            ));
        }
        if changed.is_empty() {
            return Ok(());
        }
        let what = changed.join("; ");
        if later.is_empty() {
            self.flaw(Some(id), format!(
                "entry {id} (checkpoint, {at}): rows are not as it saw them, and nothing was done since: {what}"
            ));
        } else {
            self.unchecked.push(format!(
                "since the last checkpoint (entry {id}, {at}) there was something that changes rows ({}), and no checkpoint after it: a command that was killed, or one that still goes on; what differs: {what}. `bakkt-migrate run` ends with a checkpoint, and so does `report`",
                later.join(", ")
            ));
        }
        Ok(())
    }

    /// Events that came after the last checkpoint, and those that got their account.
    fn tell_events(&mut self, events: &EventComparison, seen: u64) {
        let EventComparison { came, named, .. } = *events;
        if events.is_altered {
            return;
        }
        self.rows += seen - named;
        if came > 0 {
            let events = events_of(came);
            self.unchecked
                .push(format!("{events} came after the last checkpoint"));
        }
        if named > 0 {
            let (events, their) = (events_of(named), if named == 1 { "its" } else { "their" });
            self.unchecked.push(format!(
                "{events} got {their} account after the last checkpoint, when the plan knew it"
            ));
        }
    }
}

fn events_of(count: u64) -> String {
    let events = if count == 1 { "event" } else { "events" };
    format!("{} {events}", thousands(count))
}

/// What changed in a sheet. A table has the hashes of its rows, so that they are named; the lines of a file are made of rows.
fn what_changed(
    name: &str,
    now: &RowHashes,
    kept: &RowHashes,
    root: &str,
    count: u64,
) -> anyhow::Result<String> {
    let is_packed = is_packed(name);
    let place = |at: u64| match is_packed {
        true => format!("rows {} to {}", at * PACK + 1, (at + 1) * PACK),
        false => format!("row {}", at + 1),
    };
    let count_of = |hashes: u64| match is_packed {
        true => format!("at most {}", hashes * PACK),
        false => hashes.to_string(),
    };
    if !is_table(name) {
        return Ok(match now.count() {
            same if same == count => name.to_owned(),
            now => format!("{name}: {now} rows instead of {count}"),
        });
    }
    if kept.root()? != root {
        let count = count_of(count);
        return Ok(format!(
            "{name}: it changed, and the hashes of its {count} rows were changed too"
        ));
    }
    let differs = now.differences(kept)?;
    let first = differs.iter().take(NAMED).map(|at| place(*at));
    let mut words = first.collect::<Vec<_>>().join(", ");
    if differs.len() > NAMED {
        words = format!("{words} and {} more", differs.len() - NAMED);
    }
    let (has, had) = (now.count(), kept.count());
    let counts = format!("{} rows instead of {}", count_of(has), count_of(had));
    Ok(match (has == had, words.is_empty()) {
        (true, _) => format!("{name}: {words}"),
        (false, true) => format!("{name}: {counts}; the first are the same"),
        (false, false) => format!("{name}: {counts}; {words}"),
    })
}
