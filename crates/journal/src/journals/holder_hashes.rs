//! Which ids are held by two, as hashes that are sorted in little memory.
//!
//! A holder is 24 bytes: a hash of the id, under two keys of this process, and one of who holds it. Sorted runs of them wait in a
//! file without a name and are merged at the end, so memory does not grow with their number. Where no file can be made or written,
//! they stay in memory.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Holders of a run, which are sorted in memory: 6 MB.
const RUN: usize = 1 << 18;
/// Holders of a run that are read again at once.
const PART: usize = 1 << 12;
/// Bytes of a holder.
const SIZE: usize = 24;

/// The hash of an id under two keys: two ids that share it are one.
type IdHash = [u64; 2];
/// The hash of an id, and of who holds it.
type Holder = (IdHash, u64);

/// Everybody who holds an id.
#[derive(Debug, Default)]
pub(super) struct HolderHashes {
    keys: [RandomState; 2],
    /// Those that are not in the file.
    last: Vec<Holder>,
    /// Sorted runs, one after the other, all of [`RUN`] holders.
    runs: Option<File>,
    run_count: u64,
    /// The file could not be made, or not be written.
    is_closed: bool,
}

/// The ids that are held by two.
#[derive(Debug)]
pub(super) struct RepeatedHashes {
    keys: [RandomState; 2],
    sorted: Vec<IdHash>,
}

impl HolderHashes {
    /// Adds who holds an id; `kind` says what of, and capitals of an id are no difference.
    pub(super) fn add(&mut self, kind: &str, id: &str, holder: &[&str]) {
        let holder = self.keys[0].hash_one(holder);
        self.last.push((hash(&self.keys, kind, id), holder));
        if self.last.len() >= RUN && !self.is_closed {
            self.is_closed = self.set_aside().is_err();
        }
    }

    fn set_aside(&mut self) -> io::Result<()> {
        let file = match self.runs.take() {
            Some(file) => file,
            None => tempfile::tempfile()?,
        };
        let file = self.runs.insert(file);
        self.last.sort_unstable();
        let mut bytes = Vec::with_capacity(self.last.len() * SIZE);
        for ([one, other], holder) in &self.last {
            for number in [one, other, holder] {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
        }
        file.seek(SeekFrom::Start(self.run_count * (RUN * SIZE) as u64))?;
        file.write_all(&bytes)?;
        self.run_count += 1;
        self.last.clear();
        Ok(())
    }

    /// The ids that are held by two. Fails where the file cannot be read again.
    pub(super) fn repeated(mut self) -> io::Result<RepeatedHashes> {
        self.last.sort_unstable();
        let mut runs: Vec<Run<'_>> = (0..self.run_count)
            .map(|number| Run {
                file: self.runs.as_ref(),
                next: number * RUN as u64,
                end: (number + 1) * RUN as u64,
                part: Vec::new(),
            })
            .collect();
        let mut last = self.last.iter().copied();
        let mut heap = BinaryHeap::new();
        let of_last = runs.len();
        for (place, run) in runs.iter_mut().enumerate() {
            heap.extend(run.next()?.map(|holder| Reverse((holder, place))));
        }
        heap.extend(last.next().map(|holder| Reverse((holder, of_last))));
        let (mut sorted, mut before): (Vec<IdHash>, Option<Holder>) = (Vec::new(), None);
        while let Some(Reverse(((id, holder), place))) = heap.pop() {
            let next = match runs.get_mut(place) {
                Some(run) => run.next()?,
                None => last.next(),
            };
            heap.extend(next.map(|holder| Reverse((holder, place))));
            let is_repeated = before.is_some_and(|(other, first)| other == id && first != holder);
            if is_repeated && sorted.last() != Some(&id) {
                sorted.push(id);
            }
            before = Some((id, holder));
        }
        Ok(RepeatedHashes {
            keys: self.keys,
            sorted,
        })
    }
}

impl RepeatedHashes {
    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// How many ids they are.
    pub(super) fn count(&self) -> u64 {
        self.sorted.len() as u64
    }

    /// Whether an id is one of them.
    pub(super) fn has(&self, kind: &str, id: &str) -> bool {
        let hash = hash(&self.keys, kind, id);
        self.sorted.binary_search(&hash).is_ok()
    }
}

fn hash(keys: &[RandomState; 2], kind: &str, id: &str) -> IdHash {
    let id = (kind, id.to_ascii_lowercase());
    [keys[0].hash_one(&id), keys[1].hash_one(&id)]
}

/// A sorted run in the file, read a part at a time.
struct Run<'f> {
    file: Option<&'f File>,
    /// The place of the next one that is not read, and of the first one behind the run.
    next: u64,
    end: u64,
    /// Those that are read, the next one last.
    part: Vec<Holder>,
}

impl Run<'_> {
    fn next(&mut self) -> io::Result<Option<Holder>> {
        if self.part.is_empty() && self.next < self.end {
            let count = (self.end - self.next).min(PART as u64);
            let mut file = self.file.ok_or(io::ErrorKind::UnexpectedEof)?;
            let mut bytes = vec![0; count as usize * SIZE];
            file.seek(SeekFrom::Start(self.next * SIZE as u64))?;
            file.read_exact(&mut bytes)?;
            self.next += count;
            let holders = bytes.as_chunks::<SIZE>().0.iter().rev();
            self.part.extend(holders.map(holder));
        }
        Ok(self.part.pop())
    }
}

fn holder(bytes: &[u8; SIZE]) -> Holder {
    let mut numbers = bytes
        .as_chunks::<8>()
        .0
        .iter()
        .map(|bytes| u64::from_le_bytes(*bytes));
    let mut number = || numbers.next().unwrap_or_default();
    ([number(), number()], number())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_two_is_found_wherever_they_stand() {
        let mut all = HolderHashes::default();
        // In two runs, in one, and behind the last; one that holds its id twice, and one id of two kinds.
        for number in 0..2 * RUN + 100 {
            let id = match number {
                7 => "ID-300000".to_owned(),
                8 => "id-9".to_owned(),
                number => format!("id-{number}"),
            };
            all.add("account", &id, &[&number.to_string()]);
        }
        all.add("account", "id-5", &["5"]);
        all.add("document", "id-6", &["6", "other"]);
        all.add("account", &format!("id-{}", 2 * RUN), &["another"]);
        assert_eq!(all.run_count, 2);
        let found = all.repeated().unwrap();
        assert_eq!(found.count(), 3);
        for (id, expected) in [
            ("id-300000", true),
            ("id-9", true),
            ("ID-524288", true),
            ("id-5", false),
            ("id-6", false),
            ("id-7", false),
        ] {
            assert_eq!(found.has("account", id), expected, "{id}");
        }
        assert!(!found.has("document", "id-9"));
        assert!(HolderHashes::default().repeated().unwrap().is_empty());
    }
}
