//! Which records share a key.
//!
//! Owner of [`repeated`] and of the [`Groups`] that it finds. Nearly no key repeats, so a table of bits first tells which may ([`Repeats`]); only those are sorted, with
//! the records that have them, which takes sixteen bytes for each of them meanwhile. Left out on purpose: what the keys are made of,
//! and where they are kept (`columns`).

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

/// Groups of records, in one list: few bytes for each of them, however many there are.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    records: Vec<u32>,
    /// Where each group ends among them.
    ends: Vec<u32>,
}

impl Groups {
    fn add(&mut self, group: impl Iterator<Item = u32>) {
        self.records.extend(group);
        self.ends.push(self.records.len() as u32);
    }

    /// Every group: the records in order, numbered from 1.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u32]> + Clone {
        let starts = std::iter::once(&0).chain(&self.ends);
        let ranges = starts.zip(&self.ends);
        ranges.map(|(start, end)| &self.records[*start as usize..*end as usize])
    }

    /// How many groups there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// How many records they have.
    pub(crate) fn records(&self) -> usize {
        self.records.len()
    }

    /// These groups without some records, and of what is left those that are wanted.
    pub(crate) fn without(
        self,
        is_left_out: impl Fn(u32) -> bool,
        is_wanted: impl Fn(&[u32]) -> bool,
    ) -> Groups {
        let (mut kept, mut group) = (Groups::default(), Vec::new());
        for records in self.iter() {
            group.clear();
            group.extend(records.iter().filter(|record| !is_left_out(**record)));
            if is_wanted(&group) {
                kept.add(group.iter().copied());
            }
        }
        kept
    }
}

/// The groups of at least `from` records with the same key, as record numbers from 1: in the order of their first
/// records, each in order. `keys` gives the keys of all records, each time anew; 0 stands for none.
pub(crate) fn repeated<I: Iterator<Item = u64>>(
    count: usize,
    from: usize,
    keys: impl Fn() -> I,
) -> Groups {
    // Of a single record every key is a group.
    let repeats = (from > 1).then(|| Repeats::new(count, keys()));
    let counts =
        |key: u64| key != 0 && repeats.as_ref().is_none_or(|repeats| repeats.may_have(key));
    let mut wanted = 0;
    keys().for_each(|key| wanted += usize::from(counts(key)));
    // A list that grows would take up to three times as much.
    let mut sorted: Vec<(u64, u32)> = Vec::with_capacity(wanted);
    keys().zip(1..).for_each(|(key, record)| {
        if counts(key) {
            sorted.push((key, record));
        }
    });
    sorted.sort_unstable();
    let same = |a: &(u64, u32), b: &(u64, u32)| a.0 == b.0;
    let is_group = |group: &&[(u64, u32)]| group.len() >= from;
    let number = sorted.chunk_by(same).filter(is_group).count();
    let mut groups = Vec::with_capacity(number);
    groups.extend(sorted.chunk_by(same).filter(is_group));
    groups.sort_unstable_by_key(|group| group[0].1);
    let mut found = Groups {
        records: Vec::with_capacity(groups.iter().map(|group| group.len()).sum()),
        ends: Vec::with_capacity(number),
    };
    for group in groups {
        found.add(group.iter().map(|(_, record)| *record));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::Column;

    fn listed(groups: &Groups) -> Vec<Vec<u32>> {
        groups.iter().map(<[u32]>::to_vec).collect()
    }

    #[test]
    fn groups_come_in_the_order_of_their_first_records() {
        let mut column = Column::default();
        for key in [7, 0, 5, 7, 0, 5, 9, 7] {
            column.push(key);
        }
        assert_eq!((column.len(), column.get(3), column.get(99)), (8, 7, 0));
        let groups = |from| listed(&repeated(column.len(), from, || column.iter()));
        assert_eq!(groups(2), [vec![1, 4, 8], vec![3, 6]]);
        assert_eq!(groups(3), [vec![1, 4, 8]]);
        assert!(groups(4).is_empty());
        assert_eq!(groups(1), [vec![1, 4, 8], vec![3, 6], vec![7]]);
        let all = repeated(column.len(), 1, || column.iter());
        assert_eq!((all.len(), all.records()), (3, 6));
        let some = all.without(|record| record < 4, |group| group.len() != 2);
        assert_eq!(listed(&some), [vec![6], vec![7]]);
    }

    #[test]
    fn every_key_that_repeats_is_found_among_many() {
        let keys: Vec<u64> = (0..5_000u64).map(|place| place % 4_900 + 1).collect();
        let groups = listed(&repeated(keys.len(), 2, || keys.iter().copied()));
        let wanted: Vec<Vec<u32>> = (1..=100).map(|place| vec![place, place + 4_900]).collect();
        assert_eq!(groups, wanted);
    }
}
