//! Which records share a key, in eight bytes a record.
//!
//! Owner of [`BlockVec`], a list that grows without copying, and of [`repeated`], which finds the keys that several records
//! have. Nearly no key repeats, so a table of bits first tells which may ([`Repeats`]); only those are sorted, with the records
//! that have them, which takes sixteen bytes for each of them meanwhile. Left out on purpose: what the keys are made of.

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

    /// All entries, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = T> {
        self.blocks.iter().flatten().copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.blocks.iter().map(Vec::len).sum()
    }
}

/// The keys that may occur more than once: two keys can share a bit, so one that does not repeat may be among them, and
/// none that does is left out.
struct Repeats {
    /// How far a mixed key is shifted to become a bit's number.
    shift: u32,
    /// The bits of keys that were seen, and beside them of those that were seen again.
    bits: Vec<[u64; 2]>,
}

impl Repeats {
    fn new(count: usize, keys: impl Iterator<Item = u64>) -> Repeats {
        // Eight to sixteen bits a record: about one key in ten then shares its bit with another.
        let bits = count.saturating_mul(8).next_power_of_two().max(64);
        let mut repeats = Repeats {
            shift: u64::BITS - bits.trailing_zeros(),
            bits: vec![[0; 2]; bits / 64],
        };
        for key in keys.filter(|key| *key != 0) {
            let (word, bit) = repeats.place(key);
            let [once, again] = &mut repeats.bits[word];
            *again |= *once & bit;
            *once |= bit;
        }
        repeats
    }

    fn may_have(&self, key: u64) -> bool {
        let (word, bit) = self.place(key);
        self.bits[word][1] & bit != 0
    }

    fn place(&self, key: u64) -> (usize, u64) {
        // An odd number near 2^64 divided by the golden ratio spreads keys that lie close together.
        let bit = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift;
        ((bit / 64) as usize, 1 << (bit % 64))
    }
}

/// The groups of at least `from` records with the same key, as record numbers from 1: in the order of their first
/// records, each in order. `keys` gives the keys of all records, each time anew; 0 stands for none.
pub(crate) fn repeated<I: Iterator<Item = u64>>(
    count: usize,
    from: usize,
    keys: impl Fn() -> I,
) -> Vec<Vec<u32>> {
    // Of a single record every key is a group.
    let repeats = (from > 1).then(|| Repeats::new(count, keys()));
    let counts =
        |key: u64| key != 0 && repeats.as_ref().is_none_or(|repeats| repeats.may_have(key));
    let mut sorted: Vec<(u64, u32)> = (keys().zip(1..)).filter(|(key, _)| counts(*key)).collect();
    sorted.sort_unstable();
    let same = sorted.chunk_by(|(a, _), (b, _)| a == b);
    let groups = same.filter(|group| group.len() >= from);
    let mut groups: Vec<Vec<u32>> = groups
        .map(|group| group.iter().map(|(_, record)| *record).collect())
        .collect();
    groups.sort_unstable();
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
        let groups = |from| repeated(column.len(), from, || column.iter());
        assert_eq!(groups(2), [vec![1, 4, 8], vec![3, 6]]);
        assert_eq!(groups(3), [vec![1, 4, 8]]);
        assert!(groups(4).is_empty());
        assert_eq!(groups(1), [vec![1, 4, 8], vec![3, 6], vec![7]]);
    }

    #[test]
    fn every_key_that_repeats_is_found_among_many() {
        let keys: Vec<u64> = (0..5_000u64).map(|place| place % 4_900 + 1).collect();
        let groups = repeated(keys.len(), 2, || keys.iter().copied());
        let wanted: Vec<Vec<u32>> = (1..=100).map(|place| vec![place, place + 4_900]).collect();
        assert_eq!(groups, wanted);
    }

    #[test]
    fn a_column_is_longer_than_a_block() {
        let mut column = BlockVec::default();
        (0..200_000u32).for_each(|n| column.push(n));
        assert_eq!((column.len(), column.get(199_999)), (200_000, 199_999));
        assert_eq!(column.get(70_000), 70_000);
    }
}
