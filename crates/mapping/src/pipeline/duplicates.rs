//! Which rows of an export hold the same clientAccountId.
//!
//! Owner of [`DuplicateIndex`], which takes one entry per row while the export is read and gives the duplicates afterwards: eight
//! bytes of the keyed hash of its id, and its place (`positions`), eleven bytes together, of which most may be in a temporary file
//! (`columns`). Rows that may share an id are read
//! again, which shows whether they do, and what else they have in common: they are few, and hashing every payload would cost more.

use std::collections::{BTreeMap, BTreeSet};

use super::Hash;
use super::positions::RowPositions;
use super::reread::RecordReader;
use crate::columns::{Column, ColumnStore};
use crate::findings::groups::{Compared, Groups, repeated};
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

/// The index.
#[derive(Debug)]
pub struct DuplicateIndex {
    /// By row, the first bytes of the hash of its id; 0: it has none.
    ids: Column<u64>,
    positions: RowPositions,
}

/// What a row that may be a duplicate holds, read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RereadRecord {
    /// Keyed hash of its id.
    pub id: Hash,
    /// Keyed hash of its payload.
    pub payload: Hash,
}

impl DuplicateIndex {
    /// An empty one; hashes and places go to a store.
    pub fn new(store: &ColumnStore) -> DuplicateIndex {
        DuplicateIndex {
            ids: Column::new(store),
            positions: RowPositions::new(store),
        }
    }

    /// Adds the next row of the export, whose record is numbered from 1 on. `id`: hash of the id, where it has one.
    pub fn add(&mut self, at: Position, id: Option<&Hash>) {
        self.positions.push(at);
        self.ids.push(id.map_or(0, first_bytes));
    }

    /// Where the rows of some records stand; their lines are not kept.
    pub fn places_of(&self, records: &BTreeSet<u32>) -> BTreeMap<u32, Position> {
        let place = |record: &u32| Some((*record, self.positions.at(record.checked_sub(1)?)));
        records.iter().filter_map(place).collect()
    }

    /// The rows whose verdict is `duplicate`, by record. Of identical rows the first is none. `read` says what the row at a
    /// place holds; it is asked on all cores.
    pub fn duplicates(
        &self,
        read: impl Fn(&mut RecordReader, Position) -> anyhow::Result<RereadRecord> + Sync,
    ) -> anyhow::Result<Vec<Duplicate>> {
        let mut groups = Groups::default();
        repeated(
            self.positions.len(),
            2,
            |_| true,
            || (1..).zip(self.ids.iter().map(Compared::from)),
            |group| groups.add(group),
        );
        let groups = groups.in_order();
        let found = RecordReader::each(&groups, RecordReader::default, |reader, group| {
            let mut read = |record: &u32| read(reader, self.positions.at(record - 1));
            let mut found = Vec::new();
            match compare(group, &mut read)? {
                Some(kind) => self.add_duplicates(group, kind, &mut found),
                None => {
                    for same in by_id(group, &mut read)? {
                        if let Some(kind) = compare(&same, &mut read)? {
                            self.add_duplicates(&same, kind, &mut found);
                        }
                    }
                }
            }
            Ok(found)
        })?;
        let mut found: Vec<Duplicate> = found.into_iter().flatten().collect();
        found.sort_unstable_by_key(|duplicate| duplicate.record);
        Ok(found)
    }

    fn add_duplicates(&self, group: &[u32], kind: DuplicateKind, found: &mut Vec<Duplicate>) {
        let these = match kind {
            DuplicateKind::Identical => &group[1..],
            DuplicateKind::Conflicting => group,
        };
        found.extend(these.iter().map(|record| Duplicate {
            record: *record,
            at: self.positions.at(record - 1),
            kind,
        }));
    }
}

/// How some records compare; none when two of them have different ids. It reads no further than to the first difference: an export
/// may hold nothing but one id.
fn compare(
    group: &[u32],
    read: &mut impl FnMut(&u32) -> anyhow::Result<RereadRecord>,
) -> anyhow::Result<Option<DuplicateKind>> {
    let [first, rest @ ..] = group else {
        return Ok(None);
    };
    let first = read(first)?;
    for record in rest {
        let other = read(record)?;
        if other.id != first.id {
            return Ok(None);
        }
        if other.payload != first.payload {
            return Ok(Some(DuplicateKind::Conflicting));
        }
    }
    Ok(Some(DuplicateKind::Identical))
}

/// The records of each id that several of them have, where the hashes of ids begin alike by chance.
fn by_id(
    group: &[u32],
    read: &mut impl FnMut(&u32) -> anyhow::Result<RereadRecord>,
) -> anyhow::Result<Vec<Vec<u32>>> {
    let mut ids: BTreeMap<Hash, Vec<u32>> = BTreeMap::new();
    for record in group {
        ids.entry(read(record)?.id).or_default().push(*record);
    }
    ids.retain(|_, records| records.len() > 1);
    Ok(ids.into_values().collect())
}

/// Never 0, which stands for no id.
fn first_bytes(id: &Hash) -> u64 {
    let (first, _) = id.split_first_chunk().unwrap_or((&[0; 8], &[]));
    u64::from_le_bytes(*first).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(row: u64) -> Position {
        Position {
            row: 0,
            offset: 100 * row,
            length: 100,
        }
    }

    fn hash(bytes: [u8; 2]) -> Hash {
        let mut hash = [7; 32];
        (hash[0], hash[31]) = (bytes[0], bytes[1]);
        hash
    }

    /// The duplicates of rows with these ids and payloads.
    fn duplicates(rows: &[(Option<[u8; 2]>, u8)]) -> Vec<(u32, DuplicateKind)> {
        let mut index = DuplicateIndex::new(&ColumnStore::default());
        for (row, (id, _)) in rows.iter().enumerate() {
            index.add(at(row as u64), id.map(hash).as_ref());
        }
        let found = index.duplicates(|_, at| {
            let (id, payload) = rows[(at.offset / 100) as usize];
            Ok(RereadRecord {
                id: hash(id.unwrap()),
                payload: [payload; 32],
            })
        });
        let found = found.unwrap().into_iter();
        found.map(|one| (one.record, one.kind)).collect()
    }

    #[test]
    fn identical_rows_but_the_first_and_all_that_differ_are_duplicates() {
        use DuplicateKind::{Conflicting, Identical};
        let (a, b, c) = (Some([1, 0]), Some([2, 0]), Some([3, 0]));
        let rows = [
            (a, 1),
            (b, 1),
            (None, 1),
            (a, 1),
            (b, 2),
            (c, 1),
            (None, 1),
            (a, 1),
        ];
        let wanted = [
            (2, Conflicting),
            (4, Identical),
            (5, Conflicting),
            (8, Identical),
        ];
        assert_eq!(duplicates(&rows), wanted);
    }

    #[test]
    fn ids_whose_hashes_begin_alike_are_no_duplicates() {
        let rows = [(Some([1, 0]), 1), (Some([1, 1]), 1), (Some([1, 1]), 1)];
        assert_eq!(duplicates(&rows), [(3, DuplicateKind::Identical)]);
        assert!(duplicates(&rows[..2]).is_empty());
    }
}
