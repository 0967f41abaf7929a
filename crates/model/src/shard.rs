//! Shards: which part of a migration's records a process works on.
//!
//! Owner of the rule by which a record falls to a shard, and of how a shard is written: `3/16` is the fourth of sixteen.
//! Invariants: the rule looks at the clientAccountId alone, so rows that share one meet in one shard, and whoever knows an
//! id and the count finds its shard without a journal; a record without an id that may be shown goes by its row; what belongs
//! to no record belongs to shard 0. Left out on purpose: who works on which shard (`journal::registry`).

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// The most shards of one migration.
pub const MOST_SHARDS: u32 = 4096;

/// One of several shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    number: u32,
    count: u32,
}

impl Shard {
    /// The shard of a number, from 0, among `count`. None where there is no such shard.
    pub fn new(number: u32, count: u32) -> Option<Shard> {
        (number < count && count <= MOST_SHARDS).then_some(Shard { number, count })
    }

    /// All shards of a count.
    pub fn all(count: u32) -> impl Iterator<Item = Shard> {
        (0..count).filter_map(move |number| Shard::new(number, count))
    }

    /// Its number, from 0.
    pub fn number(self) -> u32 {
        self.number
    }

    /// How many there are.
    pub fn count(self) -> u32 {
        self.count
    }

    /// Whether a customer falls to it: the first eight bytes of the SHA-256 of the clientAccountId, as a big-endian number,
    /// modulo the count.
    pub fn has_id(self, client_id: &str) -> bool {
        shard_of_id(client_id, self.count) == self.number
    }

    /// Whether a record falls to it: by its id, or without one by the line on which its row starts.
    pub fn has(self, client_id: Option<&str>, row: u64) -> bool {
        match client_id {
            Some(id) => self.has_id(id),
            None => row % u64::from(self.count) == u64::from(self.number),
        }
    }

    /// Whether what belongs to no record falls to it.
    pub fn has_rest(self) -> bool {
        self.number == 0
    }

    /// The name of its folder of state.
    pub fn folder(self) -> String {
        format!("shard-{}-of-{}", self.number, self.count)
    }

    /// The shard whose folder of state has a name.
    pub fn of_folder(name: &str) -> Option<Shard> {
        let (number, count) = name.strip_prefix("shard-")?.split_once("-of-")?;
        let shard = Shard::new(number.parse().ok()?, count.parse().ok()?)?;
        // `+3` and `03` are numbers too.
        (shard.folder() == name).then_some(shard)
    }
}

/// The number of the shard, among `count`, to which a customer falls.
pub fn shard_of_id(client_id: &str, count: u32) -> u32 {
    let hash = Sha256::digest(client_id.as_bytes());
    let first = hash
        .iter()
        .take(8)
        .fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    (first % u64::from(count.max(1))) as u32
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.count)
    }
}

/// A text that names no shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAShard;

impl fmt::Display for NotAShard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a shard is its number from 0 and how many there are, such as 3/16; at most {MOST_SHARDS}"
        )
    }
}

impl std::error::Error for NotAShard {}

impl FromStr for Shard {
    type Err = NotAShard;

    fn from_str(text: &str) -> Result<Shard, NotAShard> {
        let parse = || {
            let (number, count) = text.split_once('/')?;
            let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
            (plain(number) && plain(count)).then_some(())?;
            Shard::new(number.parse().ok()?, count.parse().ok()?)
        };
        parse().ok_or(NotAShard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_written_as_number_and_count() {
        let shard: Shard = "3/16".parse().unwrap();
        assert_eq!((shard.number(), shard.count()), (3, 16));
        assert_eq!(shard.to_string(), "3/16");
        assert_eq!(Shard::of_folder(&shard.folder()), Some(shard));
        for wrong in [
            "16/16", "3", "/", "a/2", "-1/2", "+1/2", "0/0", "0/4097", "1/2/3", " 0/2",
        ] {
            assert_eq!(wrong.parse::<Shard>(), Err(NotAShard), "{wrong}");
        }
        for wrong in ["shard-3", "shard-16-of-16", "shard-03-of-16", "sandbox"] {
            assert_eq!(Shard::of_folder(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_rule_is_the_documented_one_and_every_record_falls_to_one_shard() {
        // sha256("C-1") = 07e9a9696557f5c8…, as `printf C-1 | sha256sum` says.
        let first = u64::from_str_radix(FIRST_OF_C_1, 16).unwrap();
        for count in [2, 16, 4095] {
            assert_eq!(
                u64::from(shard_of_id("C-1", count)),
                first % u64::from(count)
            );
        }
        let mut sizes = [0; 7];
        for number in 0..7000u64 {
            let id = format!("CUST-{number}");
            let has = |shard: &Shard| shard.has(Some(&id), number);
            let of: Vec<Shard> = Shard::all(7).filter(has).collect();
            assert_eq!(of.len(), 1);
            sizes[of[0].number() as usize] += 1;
            assert_eq!(
                Shard::all(7)
                    .filter(|shard| shard.has(None, number))
                    .count(),
                1
            );
        }
        assert!(
            sizes.iter().all(|size| (850..1150).contains(size)),
            "{sizes:?}"
        );
    }

    const FIRST_OF_C_1: &str = "07e9a9696557f5c8";
}
