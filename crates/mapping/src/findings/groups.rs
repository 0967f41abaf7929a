//! Which records share a key.
//!
//! Owner of [`repeated`] and of the [`Groups`] that it finds. Nearly no key repeats, so a table of bits first tells which may
//! ([`Repeats`]); only those are sorted, with the records that have them, and of many of them a part at a time. Left out on purpose:
//! what the keys are made of, and where they are kept (`columns`).

use std::ops::Range;

/// Records that are sorted at once, with 24 bytes each. A key whose records are more is sorted whole.
const AT_ONCE: usize = 1 << 19;

/// What a record is compared by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Compared {
    /// What records of a group have in common; 0: nothing.
    pub(crate) key: u64,
    /// Whose record it is; 0: nobody knows. Records that all are of one owner are no group.
    pub(crate) owner: u64,
}

impl From<u64> for Compared {
    fn from(key: u64) -> Compared {
        Compared { key, owner: 0 }
    }
}

/// The keys that may occur more than once: few that do not are among them, and none that does is left out.
struct Repeats {
    /// For each key two bits of one word, once it was seen again.
    again: Vec<u64>,
}

impl Repeats {
    fn new(count: usize, keys: impl Iterator<Item = u64>) -> Repeats {
        // Eight bits a record: about one key in forty then shares both of its bits with others.
        let words = count / 8 + 1;
        // Apart from those that were seen again: few keys ever touch these while they are noted, and only they are looked at
        // afterwards.
        let mut once = vec![0; words];
        let mut repeats = Repeats {
            again: vec![0; words],
        };
        keys.filter(|key| *key != 0).for_each(|key| {
            let (word, bits) = repeats.place(key);
            let seen: &mut u64 = &mut once[word];
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
        let mixed = mixed(key);
        let word = share(mixed, self.again.len());
        (word, 1 << (mixed % 64) | 1 << (mixed / 64 % 64))
    }
}

/// An odd number near 2^64 divided by the golden ratio spreads keys that lie close together.
fn mixed(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// In which of so many equal shares of all numbers one lies.
fn share(number: u64, shares: usize) -> usize {
    ((u128::from(number) * shares as u128) >> u64::BITS) as usize
}

/// Groups of records, in one list: few bytes for each of them, however many there are.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    records: Vec<u32>,
    /// Where each group ends among them.
    ends: Vec<u32>,
    /// The numbers of the groups, in the order of their first records.
    order: Vec<u32>,
}

impl Groups {
    fn add(&mut self, group: impl Iterator<Item = u32>) {
        self.records.extend(group);
        self.ends.push(self.records.len() as u32);
    }

    fn sort(&mut self) {
        let mut order: Vec<u32> = (0..self.ends.len() as u32).collect();
        order.sort_unstable_by_key(|group| self.group(*group)[0]);
        self.order = order;
    }

    fn group(&self, number: u32) -> &[u32] {
        let end = self.ends[number as usize] as usize;
        let before = (number as usize).checked_sub(1);
        let start = before.map_or(0, |before| self.ends[before] as usize);
        &self.records[start..end]
    }

    /// Every group in the order of their first records: the records in order, numbered from 1.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u32]> + Clone {
        self.order.iter().map(|group| self.group(*group))
    }

    /// The records of a range that are in a group, each with the first one there, in no order.
    pub(crate) fn members(&self, range: Range<u32>) -> impl Iterator<Item = (u32, u32)> {
        let groups = (0..self.ends.len() as u32).map(|number| self.group(number));
        groups.flat_map(move |group| {
            let here = group.iter().filter({
                let range = range.clone();
                move |record| range.contains(record)
            });
            here.map(|record| (*record, group[0]))
        })
    }

    /// How many groups there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// How many records they have.
    pub(crate) fn records(&self) -> usize {
        self.records.len()
    }
}

/// The groups of at least `from` records with the same key, without those that are not wanted. `records` gives all records, each
/// time anew.
pub(crate) fn repeated<I: Iterator<Item = Compared>>(
    count: usize,
    from: usize,
    is_wanted: impl Fn(u32) -> bool,
    records: impl Fn() -> I,
) -> Groups {
    // Of a single record every key is a group.
    let repeats = (from > 1).then(|| Repeats::new(count, records().map(|compared| compared.key)));
    let counts =
        |key: u64| key != 0 && repeats.as_ref().is_none_or(|repeats| repeats.may_have(key));
    let mut all = 0usize;
    records().for_each(|compared| all += usize::from(counts(compared.key)));
    let parts = all.div_ceil(AT_ONCE).max(1);
    // As much as there can be: what is not used is never touched, and takes no memory.
    let mut groups = Groups {
        records: Vec::with_capacity(all),
        ends: Vec::with_capacity(all / from.max(1)),
        order: Vec::new(),
    };
    // A list that grows would take up to three times as much; parts differ little in length, unless many records have one key.
    let mut sorted: Vec<(u64, u32, u64)> = Vec::with_capacity(all / parts + all / parts / 16 + 16);
    for part in 0..parts {
        sorted.clear();
        records()
            .zip(1..)
            .for_each(|(Compared { key, owner }, record)| {
                if share(mixed(key), parts) == part && counts(key) && is_wanted(record) {
                    sorted.push((key, record, owner));
                }
            });
        sorted.sort_unstable();
        for group in sorted.chunk_by(|a, b| a.0 == b.0) {
            let owner = group[0].2;
            let is_of_one = owner != 0 && group.iter().all(|(.., other)| *other == owner);
            if group.len() >= from && !is_of_one {
                groups.add(group.iter().map(|(_, record, _)| *record));
            }
        }
    }
    groups.sort();
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(groups: &Groups) -> Vec<Vec<u32>> {
        groups.iter().map(<[u32]>::to_vec).collect()
    }

    fn found(keys: &[u64], from: usize, left_out: &[u32]) -> Vec<Vec<u32>> {
        let is_wanted = |record| !left_out.contains(&record);
        let keys = || keys.iter().map(|key| Compared::from(*key));
        listed(&repeated(keys().count(), from, is_wanted, keys))
    }

    #[test]
    fn groups_come_in_the_order_of_their_first_records() {
        let keys = [7, 0, 5, 7, 0, 5, 9, 7];
        let groups = |from| found(&keys, from, &[]);
        assert_eq!(groups(2), [vec![1, 4, 8], vec![3, 6]]);
        assert_eq!(groups(3), [vec![1, 4, 8]]);
        assert!(groups(4).is_empty());
        assert_eq!(groups(1), [vec![1, 4, 8], vec![3, 6], vec![7]]);
        assert_eq!(found(&keys, 2, &[1, 3]), [[4, 8]]);
    }

    #[test]
    fn records_of_one_owner_are_no_group() {
        let owners = [4, 4, 4, 0, 0, 5, 6];
        let keys = [1, 1, 2, 2, 3, 3, 1];
        let of = |last: usize| {
            let records = keys.iter().zip(&owners).take(last);
            records.map(|(key, owner)| Compared {
                key: *key,
                owner: *owner,
            })
        };
        let groups = |last| listed(&repeated(last, 2, |_| true, || of(last)));
        assert_eq!(groups(6), [[3, 4], [5, 6]]);
        assert_eq!(groups(7), [vec![1, 2, 7], vec![3, 4], vec![5, 6]]);
    }

    #[test]
    fn every_key_that_repeats_is_found_among_many() {
        // Enough for several parts.
        let count = 3 * AT_ONCE as u32;
        let keys = || (0..count).map(|place| Compared::from(u64::from(place % (count / 2) + 1)));
        let groups = repeated(count as usize, 2, |_| true, keys);
        assert_eq!(
            (groups.len(), groups.records()),
            (count as usize / 2, count as usize)
        );
        let wanted = (1..=count / 2).map(|place| [place, place + count / 2]);
        assert!(groups.iter().eq(wanted));
        let mut members: Vec<_> = groups.members(9..12).collect();
        members.sort_unstable();
        assert_eq!(members, [(9, 9), (10, 10), (11, 11)]);
        let later: Vec<_> = groups.members(count..count + 9).collect();
        assert_eq!(later, [(count, count / 2)]);
    }

    #[test]
    fn few_that_repeat_are_found_among_many_that_do_not() {
        let keys: Vec<u64> = (0..5_000u64).map(|place| place % 4_900 + 1).collect();
        let wanted: Vec<Vec<u32>> = (1..=100).map(|place| vec![place, place + 4_900]).collect();
        assert_eq!(found(&keys, 2, &[]), wanted);
    }
}
