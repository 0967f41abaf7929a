//! Hashes of rows, and the root over them.
//!
//! A row's hash is the first 16 bytes of SHA-256 over its text; the root is SHA-256 over a first line, the number of rows and
//! the rows' hashes in their order. So a row that changed, went, came or changed places with another changes the root.

use sha2::{Digest, Sha256};

use super::{ChainHash, hex};

/// So many bytes has the hash of a row.
pub const ROW_HASH: usize = 16;

/// The hash of a row.
pub type RowHash = [u8; ROW_HASH];

const DOMAIN: &str = "bakkt-migrate rows 1";

/// The hashes of all rows of a sheet, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowHashes {
    /// Sixteen bytes for each row.
    pub bytes: Vec<u8>,
}

impl RowHashes {
    /// Adds a row by its text.
    pub fn add(&mut self, row: &[u8]) {
        let hash: [u8; 32] = Sha256::digest(row).into();
        self.bytes.extend_from_slice(&hash[..ROW_HASH]);
    }

    /// How many rows there are.
    pub fn count(&self) -> u64 {
        (self.bytes.len() / ROW_HASH) as u64
    }

    /// The root over them, as hexadecimal digits.
    pub fn root(&self) -> String {
        hex(&root_of(&self.bytes))
    }

    /// The hash of each row.
    pub fn each(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.chunks_exact(ROW_HASH)
    }
}

/// The root over the hashes of rows.
pub fn root_of(hashes: &[u8]) -> ChainHash {
    let mut hash = Sha256::new();
    hash.update(format!("{DOMAIN}\n{}\n", hashes.len() / ROW_HASH).as_bytes());
    hash.update(hashes);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::RowHashes;

    fn root(rows: &[&str]) -> String {
        let mut hashes = RowHashes::default();
        rows.iter().for_each(|row| hashes.add(row.as_bytes()));
        assert_eq!(hashes.count(), rows.len() as u64);
        hashes.root()
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
}
