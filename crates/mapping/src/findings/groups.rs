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
    full: Vec<Vec<T>>,
    /// Behind them; has its own place, since it is what is added to.
    last: Vec<T>,
}

impl<T> Default for BlockVec<T> {
    fn default() -> BlockVec<T> {
        BlockVec {
            full: Vec::new(),
            last: Vec::new(),
        }
    }
}

impl<T: Copy + Default> BlockVec<T> {
    /// Adds the entry of the next record.
    #[inline]
    pub(crate) fn push(&mut self, entry: T) {
        if self.last.len() == BLOCK {
            self.begin_block();
        }
        self.last.push(entry);
    }

    #[cold]
    fn begin_block(&mut self) {
        let full = std::mem::replace(&mut self.last, Vec::with_capacity(BLOCK));
        self.full.push(full);
    }

    /// The entry of a record, counted from 0.
    pub(crate) fn get(&self, place: usize) -> T {
        let mut blocks = self.full.iter().chain([&self.last]);
        let block = blocks.nth(place / BLOCK);
        block
            .and_then(|block| block.get(place % BLOCK))
            .copied()
            .unwrap_or_default()
    }

    /// All entries, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = T> {
        self.full.iter().flatten().chain(&self.last).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.full.len() * BLOCK + self.last.len()
    }
}

/// The keys that may occur more than once: few that do not are among them, and none that does is left out.
struct Repeats {
    /// For each key two bits of one word, once it was seen.
    once: Vec<u64>,
    /// The same, once it was seen again. Apart from the others: few keys ever touch it while they are noted, and only it is
    /// looked at afterwards.
    again: Vec<u64>,
}

impl Repeats {
    fn new(count: usize, keys: impl Iterator<Item = u64>) -> Repeats {
        // Eight bits a record: about one key in forty then shares both of its bits with others.
        let words = count / 8 + 1;
        let mut repeats = Repeats {
            once: vec![0; words],
            again: vec![0; words],
        };
        keys.filter(|key| *key != 0).for_each(|key| {
            let (word, bits) = repeats.place(key);
            let seen = &mut repeats.once[word];
            if *seen & bits == bits {
                repeats.again[word] |= bits;
            }
            *seen |= bits;
        });
        repeats
    }

    fn may_have(&self, key: u64) -> bool {
        let (word, bits) = self.place(key);
        self.again[word] & bits == bits
    }

    /// The word of a key, and its bits there.
    fn place(&self, key: u64) -> (usize, u64) {
        // An odd number near 2^64 divided by the golden ratio spreads keys that lie close together.
        let mixed = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let word = (u128::from(mixed) * self.once.len() as u128) >> u64::BITS;
        (word as usize, 1 << (mixed % 64) | 1 << (mixed / 64 % 64))
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
    let mut sorted: Vec<(u64, u32)> = Vec::new();
    keys().zip(1..).for_each(|(key, record)| {
        if counts(key) {
            sorted.push((key, record));
        }
    });
    sorted.sort_unstable_by_key(|(key, _)| *key);
    let same = sorted.chunk_by(|(a, _), (b, _)| a == b);
    let groups = same.filter(|group| group.len() >= from);
    let mut groups: Vec<Vec<u32>> = groups
        .map(|group| {
            let mut records: Vec<u32> = group.iter().map(|(_, record)| *record).collect();
            records.sort_unstable();
            records
        })
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
