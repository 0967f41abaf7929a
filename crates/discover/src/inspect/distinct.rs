//! How many different values a column has, and how far two columns share them.
//!
//! Owner of [`Distinct`]: the smallest hashes of the values, at most [`MOST`] of them, and fewer in files
//! with very many columns. While there are fewer it is exact; beyond that, how close together they stand tells how many there are, within about 2 %. The same hashes say how much
//! of one column occurs in another. Invariants: bounded whatever the file holds; no value can be had back from it;
//! merging the parts of a file gives the same as the whole.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};

/// Hashes that are kept; up to here everything is exact.
pub(crate) const MOST: usize = 4096;

/// Hashes that all columns of a file keep together, and those that each keeps at least.
const OF_ALL: usize = 1 << 20;
const LEAST: usize = 64;

/// Makes the hashes of one survey, so that columns of all its files can be compared.
#[derive(Clone, Debug, Default)]
pub struct Hasher(RandomState);

impl Hasher {
    /// The hash of a value.
    pub(crate) fn hash(&self, text: &str) -> u64 {
        self.0.hash_one(text)
    }
}

/// The sketch of one column.
#[derive(Clone, Debug)]
pub struct Distinct {
    smallest: BTreeSet<u64>,
    most: usize,
    /// There were more than fit.
    full: bool,
}

impl Distinct {
    /// An empty one, of a file with so many columns.
    pub(crate) fn new(columns: usize) -> Distinct {
        Distinct {
            smallest: BTreeSet::new(),
            most: (OF_ALL / columns.max(1)).clamp(LEAST, MOST),
            full: false,
        }
    }

    pub(crate) fn add(&mut self, hash: u64) {
        let known = self.smallest.len();
        if known >= self.most && self.smallest.last().is_some_and(|last| hash > *last) {
            self.full = true;
            return;
        }
        if self.smallest.insert(hash) && self.smallest.len() > self.most {
            self.smallest.pop_last();
            self.full = true;
        }
    }

    /// Adds what another part of the same column has.
    pub(crate) fn merge(&mut self, other: &Distinct) {
        self.full |= other.full;
        for hash in &other.smallest {
            self.add(*hash);
        }
    }

    /// Whether the count is exact.
    pub(crate) fn exact(&self) -> bool {
        !self.full
    }

    /// Number of different values.
    pub(crate) fn count(&self) -> u64 {
        match self.smallest.last() {
            Some(last) if self.full => {
                let share = (*last as f64 + 1.0) / 2f64.powi(64);
                ((self.most - 1) as f64 / share) as u64
            }
            _ => self.smallest.len() as u64,
        }
    }

    /// How much of this column's values occur in another, from 0 to 1. Only what both know is compared: hashes up to the
    /// smaller of the two ends.
    pub fn within(&self, other: &Distinct) -> f64 {
        let end = |sketch: &Distinct| match sketch.smallest.last() {
            Some(last) if sketch.full => *last,
            _ => u64::MAX,
        };
        let known = end(self).min(end(other));
        let own = self.smallest.range(..=known);
        let (mut all, mut shared) = (0u64, 0u64);
        for hash in own {
            all += 1;
            shared += u64::from(other.smallest.contains(hash));
        }
        if all == 0 {
            0.0
        } else {
            shared as f64 / all as f64
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fixed hash, so that the estimate is the same on every run.
    fn hash(number: u64) -> u64 {
        let bytes = blake3::hash(&number.to_le_bytes());
        u64::from_le_bytes(bytes.as_bytes()[..8].try_into().unwrap_or_default())
    }

    fn of(numbers: impl Iterator<Item = u64>) -> Distinct {
        let mut sketch = Distinct::new(1);
        numbers.for_each(|number| sketch.add(hash(number)));
        sketch
    }

    #[test]
    fn few_are_exact_and_many_are_near() {
        let few = of((0..9000).map(|number| number % 3000));
        assert!(few.exact());
        assert_eq!(few.count(), 3000);
        let many = of(0..300_000);
        assert!(!many.exact());
        let off = (many.count() as f64 - 300_000.0).abs() / 300_000.0;
        assert!(off < 0.05, "{off}");
    }

    #[test]
    fn parts_merge_to_the_whole() {
        let mut left = of(0..20_000);
        left.merge(&of(10_000..40_000));
        assert_eq!(left.count(), of(0..40_000).count());
        let mut empty = Distinct::new(1);
        empty.merge(&left);
        assert_eq!(empty.count(), left.count());
        // Exactly as many as fit are still counted.
        assert!(of(0..MOST as u64).exact());
        assert!(!of(0..MOST as u64 + 1).exact());
    }

    #[test]
    fn many_columns_keep_no_more_together_than_few() {
        for columns in [1, 1000, 20_000] {
            let mut sketch = Distinct::new(columns);
            (0..10_000).for_each(|number| sketch.add(hash(number)));
            assert!(sketch.smallest.len() * columns <= OF_ALL.max(LEAST * columns));
            let off = (sketch.count() as f64 - 10_000.0).abs() / 10_000.0;
            assert!(off < 0.4, "{columns}: {off}");
        }
    }

    #[test]
    fn a_foreign_key_is_within_its_key() {
        let keys = of(0..50_000);
        let foreign = of((0..50_000).step_by(3));
        assert!(foreign.within(&keys) > 0.99);
        let share = keys.within(&foreign);
        assert!((0.28..0.39).contains(&share), "{share}");
        assert_eq!(of(90_000..91_000).within(&keys), 0.0);
        assert_eq!(Distinct::new(1).within(&keys), 0.0);
    }
}
