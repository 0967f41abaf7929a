//! Which records share a key, in eight bytes a record.
//!
//! Owner of [`BlockVec`], a list that grows without copying, and of [`repeated`], which finds the keys that several records
//! have: a sorted copy says which keys repeat, a second pass over the column says whose they are. Left out on purpose: what
//! the keys are made of.

use std::collections::HashMap;

/// Entries of a block.
const BLOCK: usize = 1 << 16;

/// One entry a record, in blocks, so that growing never needs twice the memory.
#[derive(Debug)]
pub(crate) struct BlockVec<T> {
    blocks: Vec<Vec<T>>,
}

impl<T> Default for BlockVec<T> {
    fn default() -> BlockVec<T> {
        BlockVec { blocks: Vec::new() }
    }
}

impl<T: Copy + Default> BlockVec<T> {
    /// Adds the entry of the next record.
    pub(crate) fn push(&mut self, entry: T) {
        match self.blocks.last_mut() {
            Some(block) if block.len() < BLOCK => block.push(entry),
            _ => {
                let mut block =
                    Vec::with_capacity(if self.blocks.is_empty() { 1024 } else { BLOCK });
                block.push(entry);
                self.blocks.push(block);
            }
        }
    }

    /// The entry of a record, counted from 0.
    pub(crate) fn get(&self, place: usize) -> T {
        let block = self.blocks.get(place / BLOCK);
        block
            .and_then(|block| block.get(place % BLOCK))
            .copied()
            .unwrap_or_default()
    }

    pub(crate) fn len(&self) -> usize {
        self.blocks.iter().map(Vec::len).sum()
    }
}

/// The groups of at least `from` records with the same key, as record numbers from 1: in the order of their first
/// records, each in order. `key` gives the key of the record at a place from 0; 0 stands for none.
pub(crate) fn repeated(count: usize, from: usize, key: impl Fn(usize) -> u64) -> Vec<Vec<u32>> {
    let mut sorted: Vec<u64> = (0..count).map(&key).filter(|key| *key != 0).collect();
    sorted.sort_unstable();
    let mut repeating: HashMap<u64, usize> = HashMap::new();
    for same in sorted.chunk_by(|a, b| a == b) {
        if same.len() >= from {
            repeating.insert(same[0], usize::MAX);
        }
    }
    drop(sorted);
    let mut groups: Vec<Vec<u32>> = Vec::new();
    if repeating.is_empty() {
        return groups;
    }
    for place in 0..count {
        let Some(group) = repeating.get_mut(&key(place)) else {
            continue;
        };
        if *group == usize::MAX {
            *group = groups.len();
            groups.push(Vec::new());
        }
        groups[*group].push(place as u32 + 1);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_come_in_the_order_of_their_first_records() {
        let mut column = BlockVec::default();
        for key in [7, 0, 5, 7, 0, 5, 9, 7] {
            column.push(key);
        }
        assert_eq!((column.len(), column.get(3), column.get(99)), (8, 7, 0));
        let groups = |from| repeated(column.len(), from, |place| column.get(place));
        assert_eq!(groups(2), [vec![1, 4, 8], vec![3, 6]]);
        assert_eq!(groups(3), [vec![1, 4, 8]]);
        assert!(groups(4).is_empty());
    }

    #[test]
    fn a_column_is_longer_than_a_block() {
        let mut column = BlockVec::default();
        (0..200_000u32).for_each(|n| column.push(n));
        assert_eq!((column.len(), column.get(199_999)), (200_000, 199_999));
        assert_eq!(column.get(70_000), 70_000);
    }
}
