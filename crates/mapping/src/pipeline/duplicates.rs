//! Which rows of an export hold the same clientAccountId.
//!
//! Owner of [`DuplicateIndex`], which takes one entry per row while the export is read and gives the duplicates afterwards.
//! Ids are held as keyed hashes of 96 bits, with the row's place, in 24 bytes a row, in partitions that grow by an
//! eighth, so that ten million rows stay near 270 MB and no moment needs twice that. Rows that share an id are read
//! again to compare their payloads: they are few, and hashing every payload would cost more.

use std::collections::{BTreeMap, BTreeSet};

use bakkt_model::position::Position;

/// One row that shares its id with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// Record number, from 1, in the order of the export.
    pub record: u32,
    /// Where the row stands; its line is not kept.
    pub at: Position,
    /// What the rows of the group have in common.
    pub kind: DuplicateKind,
}

/// How the rows of a group compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DuplicateKind {
    /// The same payload as an earlier row, which keeps its own verdict.
    Identical,
    /// Rows of the group differ: none is sent until a person chooses.
    Conflicting,
}

impl DuplicateKind {
    /// The reason in reports.
    pub fn reason(self) -> &'static str {
        match self {
            DuplicateKind::Identical => "same clientAccountId and same data as an earlier row",
            DuplicateKind::Conflicting => {
                "same clientAccountId as another row, with different data"
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct DuplicateEntry {
    id_high: u64,
    id_low: u32,
    record: u32,
    /// Offset (44 bits) and length (20 bits).
    extent: u64,
}

/// Enough for the longest row there is (`source::lines::MAX_ROW`).
const LENGTH_BITS: u32 = 20;

impl DuplicateEntry {
    fn at(&self) -> Position {
        let length = self.extent & ((1 << LENGTH_BITS) - 1);
        Position {
            row: 0,
            offset: self.extent >> LENGTH_BITS,
            length: length as u32,
        }
    }
}

const PARTITIONS: usize = 64;

/// The index.
pub struct DuplicateIndex {
    partitions: Vec<Vec<DuplicateEntry>>,
}

impl Default for DuplicateIndex {
    fn default() -> Self {
        DuplicateIndex {
            partitions: vec![Vec::new(); PARTITIONS],
        }
    }
}

impl DuplicateIndex {
    /// Adds a row.
    pub fn add(&mut self, record: u32, at: Position, id: &super::Hash) {
        let word = |bytes: &[u8; 32], at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(word)
        };
        let id_high = word(id, 0);
        let partition = &mut self.partitions[id_high as usize % PARTITIONS];
        if partition.len() == partition.capacity() {
            partition.reserve_exact(partition.len() / 8 + 64);
        }
        partition.push(DuplicateEntry {
            id_high,
            id_low: word(id, 8) as u32,
            record,
            extent: at.offset << LENGTH_BITS | u64::from(at.length),
        });
    }

    /// Where the rows of some records stand; their lines are not kept. A pass over the whole index.
    pub fn places_of(&self, records: &BTreeSet<u32>) -> BTreeMap<u32, Position> {
        let entries = self.partitions.iter().flatten();
        let wanted = entries.filter(|entry| records.contains(&entry.record));
        wanted.map(|entry| (entry.record, entry.at())).collect()
    }

    /// The rows whose verdict is `duplicate`, by record. Of identical rows the first is none. `payload` gives the hash
    /// of the payload of the row at a place.
    pub fn duplicates(
        &mut self,
        mut payload: impl FnMut(Position) -> anyhow::Result<super::Hash>,
    ) -> anyhow::Result<Vec<Duplicate>> {
        let mut found = Vec::new();
        for partition in &mut self.partitions {
            partition.sort_unstable();
            for group in partition.chunk_by(|a, b| (a.id_high, a.id_low) == (b.id_high, b.id_low)) {
                let [first, rest @ ..] = group else { continue };
                if rest.is_empty() {
                    continue;
                }
                let hash = payload(first.at())?;
                let mut same = true;
                for entry in rest {
                    same = same && payload(entry.at())? == hash;
                }
                let (kind, these) = if same {
                    (DuplicateKind::Identical, rest)
                } else {
                    (DuplicateKind::Conflicting, group)
                };
                found.extend(these.iter().map(|entry| Duplicate {
                    record: entry.record,
                    at: entry.at(),
                    kind,
                }));
            }
        }
        found.sort_unstable_by_key(|duplicate| duplicate.record);
        Ok(found)
    }
}
