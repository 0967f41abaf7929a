//! Hashes of rows of which there are as many as customers: one for several rows, so that a checkpoint stays small.
//!
//! A pack's hash is the first 16 bytes of SHA-256 over its rows, each ended with a line break. Left out: the root over the packs
//! (`rows`).

use sha2::{Digest, Sha256};

use super::RowHashes;

/// Rows of a pack; the last one may have fewer.
pub const PACK: u64 = 16;

/// The hashes of the packs of a sheet, in its order.
#[derive(Debug, Default)]
pub struct PackedRows {
    packs: RowHashes,
    pack: Sha256,
    rows: u64,
}

impl PackedRows {
    /// Adds a row by its text.
    pub fn add(&mut self, row: &str) {
        self.pack.update(row.as_bytes());
        self.pack.update(b"\n");
        self.rows += 1;
        if self.rows == PACK {
            self.end_pack();
        }
    }

    /// The hashes of all packs.
    pub fn end(mut self) -> RowHashes {
        if self.rows > 0 {
            self.end_pack();
        }
        self.packs
    }

    fn end_pack(&mut self) {
        self.packs.add_digest(self.pack.finalize_reset().into());
        self.rows = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::{PACK, PackedRows};
    use crate::chain::RowHashes;

    fn packed(rows: &[String]) -> RowHashes {
        let mut packs = PackedRows::default();
        rows.iter().for_each(|row| packs.add(row));
        packs.end()
    }

    #[test]
    fn a_pack_has_the_hash_of_its_rows_in_their_order() {
        for count in [0, 1, PACK - 1, PACK, PACK + 1, 3 * PACK] {
            let rows: Vec<String> = (0..count).map(|number| format!("[{number}]")).collect();
            let mut expected = RowHashes::default();
            for pack in rows.chunks(PACK as usize) {
                expected.add(format!("{}\n", pack.join("\n")).as_bytes());
            }
            let found = packed(&rows);
            assert_eq!(found.count(), count.div_ceil(PACK));
            assert_eq!(found.root().unwrap(), expected.root().unwrap(), "{count}");
        }
    }

    #[test]
    fn two_rows_that_change_places_change_their_pack_alone() {
        let mut rows: Vec<String> = (0..40).map(|number| format!("[{number}]")).collect();
        let before = packed(&rows);
        rows.swap(17, 20);
        assert_eq!(packed(&rows).differences(&before).unwrap(), [1]);
    }
}
