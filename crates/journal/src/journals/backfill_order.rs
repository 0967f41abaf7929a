//! Backfill files that the shards of a migration took in another order.
//!
//! Each customer is in one shard, which lays the files over the export in the order in which it took them: shards that took the same
//! files can be counted together whatever the order. The files then bear the names and numbers that the first shard gave them.

use std::collections::BTreeMap;

use rusqlite::params;

use super::Journals;
use crate::read::reader::Reader;
use crate::replan::StoredBackfill;
use bakkt_model::shard::Shard;

impl Journals {
    /// The number that the first journal gave to a backfill file of one of them.
    pub(super) fn layer_number(&self, place: usize, number: u64) -> u64 {
        let numbers = self.numbers.get(place);
        let known = numbers.and_then(|numbers| numbers.get(&number));
        known.copied().unwrap_or(number)
    }
}

/// The files that another shard took and this one did not, in the other's order. A file that it took twice has to be taken twice.
pub fn missing<'a>(own: &[StoredBackfill], other: &'a [StoredBackfill]) -> Vec<&'a StoredBackfill> {
    pairs(own, other)
        .into_iter()
        .filter_map(|(theirs, ours)| ours.is_none().then_some(theirs))
        .collect()
}

/// Each file of the other shard, with the one that is the same here.
fn pairs<'o, 'a>(
    own: &'o [StoredBackfill],
    other: &'a [StoredBackfill],
) -> Vec<(&'a StoredBackfill, Option<&'o StoredBackfill>)> {
    let mut left: Vec<&StoredBackfill> = own.iter().collect();
    let mut pair = |theirs: &'a StoredBackfill| {
        let same = left.iter().position(|ours| ours.is_same(theirs));
        (theirs, same.map(|place| left.remove(place)))
    };
    other.iter().map(&mut pair).collect()
}

/// What keeps two shards from being counted together because one has not taken a file of the other, and what to do about it.
pub(super) fn difference(
    (ours, first): (Shard, &Reader),
    (theirs, other): (Shard, &Reader),
) -> anyhow::Result<Option<(String, String)>> {
    let own = first.named(first.taken_layers())?;
    let taken = other.named(other.taken_layers())?;
    let (behind, ahead, file) = match (missing(&own, &taken).first(), missing(&taken, &own).first())
    {
        (Some(file), _) => (ours, theirs, *file),
        (None, Some(file)) => (theirs, ours, *file),
        (None, None) => return Ok(None),
    };
    Ok(Some((
        format!(
            "shards {ours} and {theirs} were not planned from the same inputs; shard {ahead} took {}, and shard {behind} did not",
            file.shown()
        ),
        give_it(file, ahead, behind),
    )))
}

/// What to do about a file that one shard took and another one did not.
pub fn give_it(file: &StoredBackfill, ahead: Shard, behind: Shard) -> String {
    format!(
        "give it to that one as well: `bakkt-migrate backfill DIR FILE --shard {behind}`; a copy lies in the state of shard {ahead}, as layers/{}",
        file.kept
    )
}

/// Shows the files of all journals as the first one names them. Returns for each journal the first one's number by its own, where
/// these differ.
pub(super) fn align(readers: &[Reader]) -> anyhow::Result<Vec<BTreeMap<u64, u64>>> {
    let Some((first, _)) = readers.split_first() else {
        return Ok(Vec::new());
    };
    let known = first.named(first.taken_layers())?;
    let mut numbers = Vec::new();
    for reader in readers {
        let own = reader.named(reader.taken_layers())?;
        let pairs = pairs(&known, &own).into_iter();
        let others: Vec<(&StoredBackfill, &StoredBackfill)> = pairs
            .filter_map(|(own, first)| Some((own, first?)))
            .filter(|(own, first)| own.shown() != first.shown())
            .collect();
        if !others.is_empty() {
            reader.named(reader.show_as(&others))?;
        }
        let changed = others.iter().map(|(own, first)| {
            let [own, first] = [own.number, first.number].map(i64::unsigned_abs);
            (own, first)
        });
        numbers.push(changed.collect());
    }
    Ok(numbers)
}

/// Tables of this connection alone, which stand before those of the journal.
const OWN_NAMES: &str = "
    CREATE TEMP TABLE file (id INTEGER PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, rows INTEGER NOT NULL, blank_lines INTEGER NOT NULL);
    INSERT INTO temp.file SELECT id, name, role, rows, blank_lines FROM main.file;
    CREATE TEMP TABLE layer AS SELECT * FROM main.layer;";

impl Reader {
    /// Shows files under the names of others: each own one with the one that gives the name.
    fn show_as(&self, names: &[(&StoredBackfill, &StoredBackfill)]) -> anyhow::Result<()> {
        self.journal.execute_batch(OWN_NAMES)?;
        // By the names of the journal, so that two that change places do not become one.
        for (own, first) in names {
            self.journal.execute(
                "UPDATE temp.file SET name = ?2 WHERE id IN (SELECT id FROM main.file WHERE name = ?1)",
                params![own.shown(), first.shown()],
            )?;
            self.journal.execute(
                "UPDATE temp.layer SET name = ?2 WHERE id = ?1",
                params![own.number, first.name],
            )?;
        }
        Ok(())
    }
}
