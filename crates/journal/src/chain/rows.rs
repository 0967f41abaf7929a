//! Hashes of rows, and the root over them.
//!
//! A row's hash is the first 16 bytes of SHA-256 over its text; the root is SHA-256 over a first line, the number of rows and
//! the rows' hashes in their order. So a row that changed, went, came or changed places with another changes the root.
//!
//! Memory does not grow with the rows: all but the last part of the hashes waits in a file without a name. Where none can be made or
//! written, they stay in memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;

use sha2::{Digest, Sha256};

use super::hex;

/// Bytes of the hash of a row.
const ROW_HASH: usize = 16;
/// Bytes of a part: the hashes of 4,096 rows.
const PART: usize = 4096 * ROW_HASH;

const DOMAIN: &str = "bakkt-migrate rows 1";

/// The hashes of all rows of a sheet, in its order.
#[derive(Debug, Default)]
pub struct RowHashes {
    /// Full parts, one after the other.
    full: Option<File>,
    full_count: u64,
    /// The file could not be made, or not be written.
    is_closed: bool,
    /// The hashes behind them.
    last: Vec<u8>,
}

impl RowHashes {
    /// Adds a row by its text.
    pub fn add(&mut self, row: &[u8]) {
        self.add_digest(Sha256::digest(row).into());
    }

    /// Adds what SHA-256 made of a row, or of several together.
    pub(crate) fn add_digest(&mut self, digest: [u8; 32]) {
        self.add_hash(&digest[..ROW_HASH]);
    }

    /// Adds rows by their hashes, one after the other.
    pub(crate) fn add_hashes(&mut self, hashes: &[u8]) {
        hashes.chunks(ROW_HASH).for_each(|hash| self.add_hash(hash));
    }

    fn add_hash(&mut self, hash: &[u8]) {
        self.last.extend_from_slice(hash);
        if self.last.len() >= PART && !self.is_closed {
            self.is_closed = self.set_aside().is_err();
        }
    }

    fn set_aside(&mut self) -> io::Result<()> {
        let file = match self.full.take() {
            Some(file) => file,
            None => tempfile::tempfile()?,
        };
        let file = self.full.insert(file);
        file.seek(SeekFrom::Start(self.full_count * PART as u64))?;
        file.write_all(&self.last)?;
        self.full_count += 1;
        self.last.clear();
        Ok(())
    }

    /// How many rows there are.
    pub fn count(&self) -> u64 {
        (self.full_count * PART as u64 + self.last.len() as u64) / ROW_HASH as u64
    }

    /// The root over them, as hexadecimal digits. Fails where the file cannot be read again.
    pub fn root(&self) -> io::Result<String> {
        self.root_of_first(self.count())
    }

    /// The root over the first `count` of them; there have to be at least as many.
    pub fn root_of_first(&self, count: u64) -> io::Result<String> {
        self.root_between(0, count)
    }

    /// The root over those at some places, counted from 0; `None` where there are not as many.
    pub fn root_of(&self, places: Range<u64>) -> io::Result<Option<String>> {
        match places.end <= self.count() {
            true => self.root_between(places.start, places.end).map(Some),
            false => Ok(None),
        }
    }

    fn root_between(&self, first: u64, end: u64) -> io::Result<String> {
        let mut hash = Sha256::new();
        let count = end.saturating_sub(first);
        hash.update(format!("{DOMAIN}\n{count}\n").as_bytes());
        let mut before = first as usize * ROW_HASH;
        let mut left = count as usize * ROW_HASH;
        for part in self.parts() {
            let part = part?;
            let part = &part[before.min(part.len())..];
            before -= before.min(PART);
            let wanted = &part[..part.len().min(left)];
            left -= wanted.len();
            hash.update(wanted);
        }
        Ok(hex(&hash.finalize()))
    }

    /// The hashes of 4,096 rows at a time, in their order.
    pub(crate) fn parts(&self) -> impl Iterator<Item = io::Result<Vec<u8>>> {
        let full = (0..self.full_count).map(|number| {
            let mut file = self.full.as_ref().ok_or(io::ErrorKind::UnexpectedEof)?;
            let mut part = vec![0; PART];
            file.seek(SeekFrom::Start(number * PART as u64))?;
            file.read_exact(&mut part)?;
            Ok(part)
        });
        full.chain(self.last.chunks(PART).map(|part| Ok(part.to_vec())))
    }

    /// The places, counted from 0, of rows that differ from those of another sheet at the same places.
    pub fn differences(&self, other: &RowHashes) -> io::Result<Vec<u64>> {
        let (mut differ, mut at) = (Vec::new(), 0);
        for (ours, theirs) in self.parts().zip(other.parts()) {
            let (ours, theirs) = (ours?, theirs?);
            let pairs = ours.chunks(ROW_HASH).zip(theirs.chunks(ROW_HASH));
            for (one, other) in pairs {
                if one != other {
                    differ.push(at);
                }
                at += 1;
            }
        }
        Ok(differ)
    }

    /// Compares the first rows of a sheet with those here, where a row may also be as another sheet has it at the same place. Returns
    /// how many are; `None` where a row is as neither has it, or is gone.
    pub fn count_of_others(&self, now: &RowHashes, other: &RowHashes) -> io::Result<Option<u64>> {
        if now.count() < self.count() || other.count() < self.count() {
            return Ok(None);
        }
        let mut others = 0;
        for ((kept, now), other) in self.parts().zip(now.parts()).zip(other.parts()) {
            let (kept, now, other) = (kept?, now?, other?);
            let rows = kept.chunks(ROW_HASH).zip(now.chunks(ROW_HASH));
            for ((kept, now), other) in rows.zip(other.chunks(ROW_HASH)) {
                if kept == now {
                    continue;
                }
                if kept != other {
                    return Ok(None);
                }
                others += 1;
            }
        }
        Ok(Some(others))
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::{RowHashes, hex};

    fn root(rows: &[&str]) -> String {
        let mut hashes = RowHashes::default();
        for row in rows {
            hashes.add(row.as_bytes());
        }
        assert_eq!(hashes.count(), rows.len() as u64);
        hashes.root().unwrap()
    }

    #[test]
    fn whatever_happens_to_a_row_changes_the_root() {
        let before = root(&["a", "b", "c"]);
        for after in [
            &["a", "c", "b"][..],
            &["a", "b"],
            &["a", "b", "c", ""],
            &["a", "b", "d"],
            &["ab", "c"],
            &[],
        ] {
            assert_ne!(root(after), before, "{after:?}");
        }
    }

    #[test]
    fn a_row_may_be_as_one_of_two_sheets_has_it() {
        let sheet = |rows: &[&str]| {
            let mut hashes = RowHashes::default();
            rows.iter().for_each(|row| hashes.add(row.as_bytes()));
            hashes
        };
        let (now, other) = (sheet(&["a", "b", "c"]), sheet(&["x", "y", "z"]));
        for (kept, expected) in [
            (&["a", "b"][..], Some(0)),
            (&["a", "y", "c"], Some(1)),
            (&["x", "y", "z"], Some(3)),
            (&["a", "z"], None),
            (&["a", "b", "c", "d"], None),
            (&[], Some(0)),
        ] {
            let found = sheet(kept).count_of_others(&now, &other).unwrap();
            assert_eq!(found, expected, "{kept:?}");
        }
    }

    /// A sheet whose rows are their numbers, but for one.
    fn sheet(rows: u64, other: u64) -> RowHashes {
        filled(RowHashes::default(), rows, other)
    }

    fn filled(mut hashes: RowHashes, rows: u64, other: u64) -> RowHashes {
        for row in 0..rows {
            let text = match row == other {
                true => "changed".to_owned(),
                false => row.to_string(),
            };
            hashes.add(text.as_bytes());
        }
        hashes
    }

    #[test]
    fn a_sheet_of_several_parts_has_the_root_of_all_its_rows() {
        for rows in [0, 1, 4095, 4096, 4097, 8192, 10_000] {
            let expected = (0..rows).fold(
                Sha256::new().chain_update(format!("bakkt-migrate rows 1\n{rows}\n")),
                |root, row: u64| root.chain_update(&Sha256::digest(row.to_string())[..16]),
            );
            let hashes = sheet(rows, u64::MAX);
            assert_eq!(hashes.count(), rows);
            assert_eq!(hashes.root().unwrap(), hex(&expected.finalize()));
            let longer = sheet(rows + 5000, rows + 1);
            assert_eq!(
                longer.root_of_first(rows).unwrap(),
                hashes.root().unwrap(),
                "{rows}"
            );
            let behind = sheet(rows + 5000, u64::MAX).root_of(rows..rows + 5000);
            let mut only = RowHashes::default();
            (rows..rows + 5000).for_each(|row| only.add(row.to_string().as_bytes()));
            assert_eq!(behind.unwrap(), only.root().ok(), "{rows}");
            assert_eq!(hashes.root_of(0..rows + 1).unwrap(), None);
            let mut copy = RowHashes::default();
            for part in hashes.parts() {
                copy.add_hashes(&part.unwrap());
            }
            assert_eq!(copy.root().unwrap(), hashes.root().unwrap());
        }
    }

    #[test]
    fn rows_that_differ_are_told_by_their_places() {
        let all = sheet(9000, u64::MAX);
        for changed in [0, 4095, 4096, 8999] {
            let other = sheet(9000, changed);
            assert_eq!(all.differences(&other).unwrap(), [changed]);
        }
        assert!(all.differences(&sheet(5, 9)).unwrap().is_empty());
    }

    #[test]
    fn without_a_file_hashes_stay_in_memory() {
        let nowhere = RowHashes {
            is_closed: true,
            ..RowHashes::default()
        };
        let (here, there) = (filled(nowhere, 9000, 8999), sheet(9000, u64::MAX));
        assert!(here.full.is_none() && there.full.is_some());
        assert_eq!(here.differences(&there).unwrap(), [8999]);
        assert_eq!(
            here.root_of_first(8999).unwrap(),
            there.root_of_first(8999).unwrap()
        );
    }
}
