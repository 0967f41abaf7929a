//! Which rows of an export hold a key.
//!
//! Owner of [`KeyIndex`], which is filled in one pass over an export and then finds the rows of a key in constant time: 25
//! bytes a row and half a word of directory, whatever the cells hold. A key is a trimmed cell, known by a hash with a
//! seed of the moment, so that no export can be written to collide; whoever reads a row compares its key again.
//! It also keeps what became of each row, for the account that every row must give of itself.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU8, Ordering};

use super::{Cell, Row};
use bakkt_model::error::Failure;
use bakkt_model::position::Position;

/// What became of a row; a later one in this list outweighs an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyFate {
    /// Nobody asked for its key.
    Orphan = 0,
    /// Its account has more rows than it may.
    Beyond = 1,
    /// The same cells as an earlier row of its account.
    Repeat = 2,
    /// An account uses it.
    Used = 3,
}

impl KeyFate {
    const ALL: [KeyFate; 4] = [
        KeyFate::Orphan,
        KeyFate::Beyond,
        KeyFate::Repeat,
        KeyFate::Used,
    ];
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct KeyEntry {
    hash: u64,
    /// Offset (44 bits) and length (20 bits).
    extent: u64,
    line: u64,
}

/// Enough for the longest row there is (`lines::MAX_ROW`).
const LENGTH_BITS: u32 = 20;

/// Rows that share a place of the directory, on average.
const PER_PLACE: usize = 4;

impl KeyEntry {
    fn at(&self) -> Position {
        let length = self.extent & ((1 << LENGTH_BITS) - 1);
        Position {
            row: self.line,
            offset: self.extent >> LENGTH_BITS,
            length: length as u32,
        }
    }
}

/// Finds the rows that have a key.
#[derive(Default)]
pub struct KeyIndex {
    seed: RandomState,
    entries: Vec<KeyEntry>,
    /// Where the entries begin whose hash has these top bits.
    directory: Vec<u32>,
    shift: u32,
    fates: Vec<AtomicU8>,
    keyless: Vec<(Position, &'static str)>,
    broken: Vec<BrokenRow>,
    /// Hash of a cell of a broken row → numbers in `broken`.
    suspects: HashMap<u64, Vec<u32>>,
}

/// A row of which nobody knows whose it is: any of its cells may be the key.
struct BrokenRow {
    at: Position,
    why: &'static str,
    used: AtomicU8,
}

impl std::fmt::Debug for KeyIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({} rows)", self.rows())
    }
}

/// The key of a row: a cell that is not empty.
pub fn key<'a>(row: &Row<'a>, column: usize) -> Option<&'a str> {
    match row.cell(column) {
        Cell::Text("") | Cell::Broken(_) => None,
        Cell::Text(text) => Some(text),
    }
}

impl KeyIndex {
    /// Adds a row that cannot be found, and why.
    pub fn add_keyless(&mut self, at: Position, why: &'static str) {
        self.keyless.push((at, why));
    }

    /// Adds a row that is broken, and why. Whoever has one of its cells for a key may be the one whose row it is.
    pub fn add_broken(&mut self, row: &Row<'_>, at: Position, why: &'static str) {
        let number = self.broken.len() as u32;
        self.broken.push(BrokenRow {
            at,
            why,
            used: AtomicU8::new(0),
        });
        for cell in row.cells() {
            if let Cell::Text(text) = cell
                && !text.is_empty()
            {
                let numbers = self.suspects.entry(self.seed.hash_one(text)).or_default();
                if numbers.last() != Some(&number) {
                    numbers.push(number);
                }
            }
        }
    }

    /// The broken rows that may be those of a key, in file order.
    pub fn suspects(&self, key: &str) -> impl Iterator<Item = Position> {
        let numbers = match self.suspects.is_empty() {
            true => None,
            false => self.suspects.get(&self.seed.hash_one(key)),
        };
        numbers.into_iter().flatten().map(|number| {
            let broken = &self.broken[*number as usize];
            broken.used.store(1, Ordering::Relaxed);
            broken.at
        })
    }

    /// The broken rows that are nobody's, as far as can be told, in file order, and why they are broken.
    pub fn lost(&self) -> impl Iterator<Item = (Position, &'static str)> {
        let lost = self.broken.iter();
        lost.filter(|broken| broken.used.load(Ordering::Relaxed) == 0)
            .map(|broken| (broken.at, broken.why))
    }

    /// Adds a row; rows come in file order.
    pub fn add(&mut self, key: &str, at: Position) -> anyhow::Result<()> {
        if self.entries.len() >= u32::MAX as usize {
            return Err(Failure::cannot(
                "an export of more than four billion rows",
                "split it into several migrations",
            ));
        }
        // An eighth at a time: no moment needs twice the memory.
        if self.entries.len() == self.entries.capacity() {
            self.entries.reserve_exact(self.entries.len() / 8 + 4096);
        }
        self.entries.push(KeyEntry {
            hash: self.seed.hash_one(key),
            extent: at.offset << LENGTH_BITS | u64::from(at.length),
            line: at.row,
        });
        Ok(())
    }

    /// Ends the filling; from here on keys can be looked for.
    pub fn finish(&mut self) {
        self.entries.sort_unstable();
        let places = (self.entries.len() / PER_PLACE).max(1).next_power_of_two();
        let bits = places.trailing_zeros().max(1);
        self.shift = 64 - bits;
        let mut next = 0;
        self.directory = (0..=1u64 << bits)
            .map(|top| {
                while next < self.entries.len() && self.entries[next].hash >> self.shift < top {
                    next += 1;
                }
                next as u32
            })
            .collect();
        self.fates = (0..self.entries.len()).map(|_| AtomicU8::new(0)).collect();
    }

    /// The numbers of the rows that may hold a key, in file order.
    pub fn find(&self, key: &str) -> std::ops::Range<usize> {
        let hash = self.seed.hash_one(key);
        let top = (hash >> self.shift) as usize;
        let Some(&[first, last]) = self.directory.get(top..top + 2) else {
            return 0..0;
        };
        let (first, last) = (first as usize, last as usize);
        let place = &self.entries[first..last];
        let start = first + place.partition_point(|entry| entry.hash < hash);
        let end = first + place.partition_point(|entry| entry.hash <= hash);
        start..end
    }

    /// Where a row stands.
    pub fn at(&self, number: usize) -> Position {
        self.entries[number].at()
    }

    /// Notes what became of a row.
    pub fn note(&self, number: usize, fate: KeyFate) {
        self.fates[number].fetch_max(fate as u8, Ordering::Relaxed);
    }

    /// Whether a row was noted as one too many, or as used in spite of it.
    pub fn is_beyond(&self, number: usize) -> bool {
        let fate = self.fates.get(number);
        fate.is_some_and(|fate| fate.load(Ordering::Relaxed) >= KeyFate::Beyond as u8)
    }

    /// Number of rows.
    pub fn rows(&self) -> u64 {
        (self.entries.len() + self.keyless.len() + self.broken.len()) as u64
    }

    /// The rows that cannot be found, in file order, and why.
    pub fn keyless(&self) -> &[(Position, &'static str)] {
        &self.keyless
    }

    /// Rows with a key that no account uses, in file order, and what became of them.
    pub fn unused(&self) -> Vec<(Position, KeyFate)> {
        let mut unused: Vec<(Position, KeyFate)> = self
            .entries
            .iter()
            .zip(&self.fates)
            .map(|(entry, fate)| {
                let fate = usize::from(fate.load(Ordering::Relaxed));
                (entry.at(), KeyFate::ALL[fate])
            })
            .filter(|(_, fate)| *fate != KeyFate::Used)
            .collect();
        unused.sort_unstable_by_key(|(at, _)| at.offset);
        unused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(row: u64) -> Position {
        Position {
            row,
            offset: 100 * row,
            length: 10,
        }
    }

    #[test]
    fn every_row_of_a_key_is_found_in_file_order() -> anyhow::Result<()> {
        let mut keys = KeyIndex::default();
        for row in 0..10_000 {
            keys.add(&format!("K{}", row % 3_000), at(row))?;
        }
        keys.finish();
        for key in 0..3_000 {
            let found: Vec<u64> = keys
                .find(&format!("K{key}"))
                .map(|number| keys.at(number).row)
                .collect();
            let all: Vec<u64> = (0..10_000).filter(|row| row % 3_000 == key).collect();
            assert_eq!(found, all);
        }
        assert!(keys.find("K3000").is_empty());
        Ok(())
    }

    #[test]
    fn nothing_is_found_in_nothing() {
        let mut keys = KeyIndex::default();
        keys.finish();
        assert!(keys.find("K").is_empty());
        assert!(keys.unused().is_empty());
    }

    #[test]
    fn what_became_of_a_row_only_rises() -> anyhow::Result<()> {
        let mut keys = KeyIndex::default();
        for row in 1..=4 {
            keys.add(&row.to_string(), at(row))?;
        }
        keys.add_keyless(at(5), "no key");
        keys.finish();
        let note = |key: &str, fate| keys.find(key).for_each(|number| keys.note(number, fate));
        note("1", KeyFate::Used);
        note("1", KeyFate::Repeat);
        note("2", KeyFate::Repeat);
        note("3", KeyFate::Beyond);
        let unused: Vec<(u64, KeyFate)> =
            keys.unused().iter().map(|(at, f)| (at.row, *f)).collect();
        assert_eq!(
            unused,
            [
                (2, KeyFate::Repeat),
                (3, KeyFate::Beyond),
                (4, KeyFate::Orphan)
            ]
        );
        assert_eq!(
            (keys.rows(), keys.keyless()),
            (5, [(at(5), "no key")].as_slice())
        );
        Ok(())
    }
}
