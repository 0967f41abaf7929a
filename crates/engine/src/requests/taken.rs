//! Ids under which Bakkt has something, as hashes: nothing else tells that an answer is not of the customer whose request it was.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

/// Ids that are taken. Those that are known before a run starts are many, and stand sorted in little memory: eight bytes each.
#[derive(Debug, Default)]
pub struct TakenIds {
    seed: RandomState,
    sorted: Vec<u64>,
    since: HashSet<u64>,
}

impl TakenIds {
    fn hash(&self, id: &str) -> u64 {
        self.seed.hash_one(id.to_ascii_lowercase())
    }

    /// Notes one of many; [`TakenIds::sort`] ends them.
    pub fn note(&mut self, id: &str) {
        self.sorted.push(self.hash(id));
    }

    /// Ends what was noted: from now on it is known.
    pub fn sort(&mut self) {
        self.sorted.sort_unstable();
        self.sorted.dedup();
    }

    /// Whether something has it.
    pub fn has(&self, id: &str) -> bool {
        let hash = self.hash(id);
        self.since.contains(&hash) || self.sorted.binary_search(&hash).is_ok()
    }

    /// Takes one; false when something has it already.
    pub fn take(&mut self, id: &str) -> bool {
        let is_free = !self.has(id);
        if is_free {
            self.since.insert(self.hash(id));
        }
        is_free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_taken_once_however_it_is_spelled() {
        let mut taken = TakenIds::default();
        for id in ["b-3", "B-1", "b-1"] {
            taken.note(id);
        }
        taken.sort();
        assert!(taken.has("b-1") && taken.has("B-3") && !taken.has("b-2"));
        assert!(!taken.take("b-3"));
        assert!(taken.take("b-2"));
        assert!(!taken.take("B-2"));
    }
}
