//! Ids under which Bakkt has something, as hashes: nothing else tells that an answer is not of the customer whose request it was.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::thread::JoinHandle;

use anyhow::Context;
use bakkt_model::error::started;

/// So many ids of this run stand by themselves; more are put among the others.
const SINCE: usize = 1 << 16;

/// Ids that are taken. They can be many, and stand sorted in little memory: eight bytes each, and a little more for the last ones.
#[derive(Debug, Default)]
pub struct TakenIds {
    seed: RandomState,
    sorted: Vec<u64>,
    since: HashSet<u64>,
    /// Those that are being read.
    reading: Option<JoinHandle<anyhow::Result<Vec<u64>>>>,
}

impl TakenIds {
    fn hash(&self, id: &str) -> u64 {
        hash(&self.seed, id)
    }

    /// Reads more of them, about so many, in a thread of its own: of millions that takes seconds, and what is sent need not wait for
    /// them. Fails where no thread can be started.
    pub fn read_beside(
        &mut self,
        about: u64,
        read: impl FnOnce(&mut dyn FnMut(&str)) -> anyhow::Result<()> + Send + 'static,
    ) -> anyhow::Result<()> {
        let seed = self.seed.clone();
        let thread = std::thread::Builder::new().name("taken ids".to_owned());
        self.reading = Some(started(thread.spawn(move || {
            let mut hashes = Vec::with_capacity(usize::try_from(about).unwrap_or_default());
            read(&mut |id| hashes.push(hash(&seed, id)))?;
            Ok(hashes)
        }))?);
        Ok(())
    }

    /// Waits for those that are being read. Before that they are not known.
    pub fn wait(&mut self) -> anyhow::Result<()> {
        let Some(reading) = self.reading.take() else {
            return Ok(());
        };
        let read = reading
            .join()
            .ok()
            .context("the ids that are taken were not read to their end")?;
        self.sorted.append(&mut read?);
        self.sort();
        Ok(())
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
        if self.since.len() >= SINCE.max(self.sorted.len() / 8) {
            self.sorted.reserve_exact(self.since.len());
            self.sorted.extend(self.since.drain());
            self.sort();
        }
        is_free
    }
}

fn hash(seed: &RandomState, id: &str) -> u64 {
    seed.hash_one(id.to_ascii_lowercase())
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
        // Those that are read beside everything else are known once they were waited for.
        let read = |each: &mut dyn FnMut(&str)| {
            each("d-1");
            Ok(())
        };
        taken.read_beside(1, read).unwrap();
        taken.wait().unwrap();
        assert!(taken.has("D-1") && taken.has("b-1"));
        taken
            .read_beside(1, |_| anyhow::bail!("no journal"))
            .unwrap();
        assert!(taken.wait().is_err());
        // Also once there are so many that they are put together.
        let id = |number: usize| format!("c-{number}");
        assert!((0..SINCE + 10).all(|number| taken.take(&id(number))));
        assert!(taken.since.len() < SINCE && taken.sorted.len() > SINCE);
        assert!((0..SINCE + 10).all(|number| !taken.take(&id(number))));
    }
}
