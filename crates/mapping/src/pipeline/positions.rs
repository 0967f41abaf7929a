//! The positions of the rows of an export, in two bytes and a half for each of those that follow one another.
//!
//! Owner of [`RowPositions`]: the length of each row, the offset of every sixteenth, and both of rows that do not begin where the one
//! before ended, behind a blank line or a header, or are too long for two bytes. Left out on purpose: lines, which nobody asks for.

use crate::columns::{Column, ColumnStore};
use bakkt_model::position::Position;

/// Of so many rows the offset of the first is kept.
const STRIDE: u32 = 16;

/// The length of a row that is too long to be kept as one.
const LONG: u16 = u16::MAX;

/// Positions of rows, which are numbered from 0.
#[derive(Debug)]
pub(crate) struct RowPositions {
    lengths: Column<u16>,
    /// Of every sixteenth row.
    offsets: Column<u64>,
    /// Rows that cannot be told from those before: number, offset and length, by number.
    others: Vec<(u32, u64, u32)>,
    /// How many rows there are.
    count: u32,
    /// Where the last row ends.
    end: u64,
}

impl RowPositions {
    /// None yet; they go to a store.
    pub(crate) fn new(store: &ColumnStore) -> RowPositions {
        RowPositions {
            lengths: Column::new(store),
            offsets: Column::new(store),
            others: Vec::new(),
            count: 0,
            end: 0,
        }
    }

    /// Adds the next row.
    pub(crate) fn push(&mut self, at: Position) {
        if self.count.is_multiple_of(STRIDE) {
            self.offsets.push(at.offset);
        }
        let length = u16::try_from(at.length).unwrap_or(LONG);
        if at.offset != self.end || length == LONG {
            self.others.push((self.count, at.offset, at.length));
        }
        self.lengths.push(length);
        self.count += 1;
        self.end = at.offset + u64::from(at.length);
    }

    pub(crate) fn len(&self) -> usize {
        self.count as usize
    }

    /// Where a row stands; its line is not kept.
    pub(crate) fn at(&self, row: u32) -> Position {
        let first = row - row % STRIDE;
        let known = self.others.partition_point(|(number, ..)| *number <= row);
        let other = known.checked_sub(1).map(|place| self.others[place]);
        let (start, mut offset, first_length) = match other {
            Some((number, offset, length)) if number >= first => (number, offset, Some(length)),
            _ => (first, self.offsets.get((first / STRIDE) as usize), None),
        };
        let lengths = self.lengths.some(start as usize..row as usize + 1);
        let lengths = lengths.into_iter().map(u32::from).enumerate();
        let mut lengths = lengths.map(|(place, length)| match (place, first_length) {
            (0, Some(known)) => known,
            _ => length,
        });
        let length = lengths.next_back().unwrap_or_default();
        offset += lengths.map(u64::from).sum::<u64>();
        Position {
            row: 0,
            offset,
            length,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_row_is_found_where_it_was(
            rows in prop::collection::vec((prop_oneof![9 => Just(0u64), 1 => 0..9_000_000_000u64], prop_oneof![9 => 1..400u32, 1 => 1..1_000_000u32]), 0..200),
        ) {
            let (mut positions, mut offset, mut all) = (RowPositions::new(&ColumnStore::default()), 0, Vec::new());
            for (gap, length) in rows {
                offset += gap;
                all.push(Position { row: 0, offset, length });
                offset += u64::from(length);
            }
            all.iter().for_each(|at| positions.push(*at));
            prop_assert_eq!(positions.len(), all.len());
            for (row, at) in all.iter().enumerate() {
                prop_assert_eq!(positions.at(row as u32), *at);
            }
        }
    }
}
