//! Keys of rows that stand above a row without one.
//!
//! Owner of [`KeysAbove`]. Whoever writes several rows for one account often writes its key only into the first of them, or merges
//! the cells: a workbook then has the key in the first row alone. The account would be opened without the owners of the other
//! rows, and nobody would know. Keys are kept as hashes with a seed of the moment.
//! Left out on purpose: giving a row the key from above, which would be a guess about who owns an account; and what an
//! account is refused for (`record`).

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

/// The keys below which a row without a key stands.
#[derive(Debug, Default)]
pub struct KeysAbove {
    seed: RandomState,
    keys: HashSet<u64>,
    /// The key of the last row that had one.
    last: Option<u64>,
}

impl KeysAbove {
    /// The next row has this key.
    pub(crate) fn pass(&mut self, key: &str) {
        self.last = Some(self.seed.hash_one(key));
    }

    /// The next row has no key, and may be the account's above it.
    pub(crate) fn pass_keyless(&mut self) {
        self.keys.extend(self.last);
    }

    /// Whether a row without a key stands below one with this key, with nothing but such rows between them.
    pub(crate) fn has(&self, key: &str) -> bool {
        !self.keys.is_empty() && self.keys.contains(&self.seed.hash_one(key))
    }
}

#[cfg(test)]
mod tests {
    use super::KeysAbove;

    #[test]
    fn only_the_key_right_above_is_in_doubt() {
        let mut keys = KeysAbove::default();
        keys.pass_keyless();
        for key in ["1", "2"] {
            keys.pass(key);
        }
        keys.pass_keyless();
        keys.pass_keyless();
        keys.pass("3");
        assert!(keys.has("2"));
        assert!(!keys.has("1") && !keys.has("3") && !keys.has(""));
    }
}
