//! Which records share a key.
//!
//! Owner of [`repeated`] and of [`Groups`], for those who keep what it finds. Nearly no key repeats, so a table of bits first tells
//! which may ([`Repeats`]); only those are sorted, with the records that have them, and of many of them a part at a time. Of many
//! records this is done for one share of all keys after the other, so that it takes no more memory than for two million.
//! Left out on purpose: what the keys are made of, and where they are kept (`columns`).

/// Records of a share of the keys, on average. The table of bits has two bytes for each.
const TOGETHER: usize = 1 << 21;
/// Records that are sorted at once, with 24 bytes each, or 16 where owners do not count. A key whose records are more is sorted whole.
const AT_ONCE: usize = 1 << 18;

/// What a record is compared by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Compared<O = ()> {
    /// What records of a group have in common; 0: nothing.
    pub(crate) key: u64,
    /// Whose record it is, where that counts; the default: nobody knows. Records that all are of one owner are no group.
    pub(crate) owner: O,
}

impl From<u64> for Compared {
    fn from(key: u64) -> Compared {
        Compared { key, owner: () }
    }
}

/// The keys of a share of all keys that may occur more than once: few that do not are among them, and none that does is left out.
struct Repeats {
    /// How many shares there are.
    shares: usize,
    /// For each key two bits of one word, once it was seen again.
    again: Vec<u64>,
}

impl Repeats {
    fn new(count: usize, shares: usize, keys: impl Iterator<Item = u64>) -> Repeats {
        // Eight bits a record: about one key in forty then shares both of its bits with others.
        let words = count / 8 + 1;
        // Apart from those that were seen again: few keys ever touch these while they are noted, and only they are looked at
        // afterwards.
        let mut once = vec![0; words];
        let mut repeats = Repeats {
            shares,
            again: vec![0; words],
        };
        keys.for_each(|key| {
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
        // Where the key lies within its share.
        let within = mixed.wrapping_mul(self.shares as u64);
        let word = share(within, self.again.len());
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
}

impl Groups {
    /// Adds a group of records, which are numbered from 1.
    pub(crate) fn add(&mut self, group: &[u32]) {
        self.records.extend(group);
        self.ends.push(self.records.len() as u32);
    }

    /// Every group, in the order of their first records.
    pub(crate) fn in_order(&self) -> Vec<&[u32]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        let groups = starts.zip(&self.ends);
        let mut groups: Vec<&[u32]> = groups
            .map(|(start, end)| &self.records[*start as usize..*end as usize])
            .collect();
        groups.sort_unstable_by_key(|group| group.first());
        groups
    }
}

/// Hands on the groups of at least `from` records with the same key: the records in order, each once; the groups in no order.
/// Records that are not wanted are in none. `records` gives what all records are compared by, each time anew, with the number of the
/// record; there are `count` of these.
pub(crate) fn repeated<O: Copy + Default + Ord, I: Iterator<Item = (u32, Compared<O>)>>(
    count: usize,
    from: usize,
    is_wanted: impl Fn(u32) -> bool,
    records: impl Fn() -> I,
    mut take: impl FnMut(&[u32]),
) {
    let mut group = Vec::new();
    let mut hand_on = |sorted: &mut Vec<(u64, u32, O)>| {
        sorted.sort_unstable();
        for same in sorted.chunk_by(|a, b| a.0 == b.0) {
            let owner = same[0].2;
            let is_of_one = owner != O::default() && same.iter().all(|(.., other)| *other == owner);
            if same.len() >= from && !is_of_one {
                group.clear();
                group.extend(same.iter().map(|(_, record, _)| *record));
                group.dedup();
                if group.len() >= from {
                    take(&group);
                }
            }
        }
        sorted.clear();
    };
    let shares = count.div_ceil(TOGETHER).max(1);
    let mut sorted = Vec::with_capacity(count.min(AT_ONCE));
    for here in 0..shares {
        let is_here = |key: u64| key != 0 && share(mixed(key), shares) == here;
        // Of a single record every key is a group.
        let repeats = (from > 1).then(|| {
            let keys = records().map(|(_, compared)| compared.key);
            let keys = keys.filter(|key| is_here(*key));
            Repeats::new(count / shares, shares, keys)
        });
        let counts =
            |key: u64| is_here(key) && repeats.as_ref().is_none_or(|repeats| repeats.may_have(key));
        let may_repeat = || {
            let all = records();
            all.filter(|(record, compared)| counts(compared.key) && is_wanted(*record))
        };
        let mut all = 0;
        may_repeat().for_each(|(record, Compared { key, owner })| {
            all += 1;
            if all <= AT_ONCE {
                sorted.push((key, record, owner));
            }
        });
        if all <= AT_ONCE {
            hand_on(&mut sorted);
            continue;
        }
        // They are too many: a part at a time.
        let parts = all.div_ceil(AT_ONCE);
        for part in here * parts..(here + 1) * parts {
            sorted.clear();
            may_repeat().for_each(|(record, Compared { key, owner })| {
                if share(mixed(key), shares * parts) == part {
                    sorted.push((key, record, owner));
                }
            });
            hand_on(&mut sorted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed<O: Copy + Default + Ord, I: Iterator<Item = Compared<O>>>(
        from: usize,
        is_wanted: impl Fn(u32) -> bool,
        records: impl Fn() -> I,
    ) -> Vec<Vec<u32>> {
        let mut groups = Groups::default();
        let numbered = || (1..).zip(records());
        repeated(numbered().count(), from, is_wanted, numbered, |group| {
            groups.add(group);
        });
        groups.in_order().into_iter().map(<[u32]>::to_vec).collect()
    }

    fn found(keys: &[u64], from: usize, left_out: &[u32]) -> Vec<Vec<u32>> {
        let is_wanted = |record| !left_out.contains(&record);
        let keys = || keys.iter().map(|key| Compared::from(*key));
        listed(from, is_wanted, keys)
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
        let groups = |last| listed(2, |_| true, || of(last));
        assert_eq!(groups(6), [[3, 4], [5, 6]]);
        assert_eq!(groups(7), [vec![1, 2, 7], vec![3, 4], vec![5, 6]]);
    }

    #[test]
    fn a_record_that_has_a_key_twice_counts_once() {
        let keys = [(1, 7), (2, 8), (1, 7), (3, 8), (2, 8)];
        let records = || {
            keys.iter()
                .map(|(record, key)| (*record, Compared::from(*key)))
        };
        let mut groups = Vec::new();
        repeated(
            keys.len(),
            2,
            |_| true,
            records,
            |group| groups.push(group.to_vec()),
        );
        assert_eq!(groups, [[2, 3]]);
    }

    #[test]
    fn every_key_that_repeats_is_found_among_many() {
        // Enough for several shares, each of several parts.
        let (count, again) = (TOGETHER as u32 + 2, 2 * AT_ONCE as u32);
        let once = count - again;
        let keys = || (0..count).map(|place| Compared::from(u64::from(place % once + 1)));
        let groups = listed(2, |_| true, keys);
        let wanted = (1..=again).map(|record| [record, record + once]);
        assert!(groups.into_iter().eq(wanted));
    }

    #[test]
    fn few_that_repeat_are_found_among_many_that_do_not() {
        let keys: Vec<u64> = (0..5_000u64).map(|place| place % 4_900 + 1).collect();
        let wanted: Vec<Vec<u32>> = (1..=100).map(|place| vec![place, place + 4_900]).collect();
        assert_eq!(found(&keys, 2, &[]), wanted);
    }
}
