//! Hashes that only have to agree with each other while one scan runs.
//!
//! Owner of [`MomentHasher`]. A check keeps nothing, and so needs no hash that withstands whoever has the key: one of 64 bits,
//! keyed by the moment, costs a twentieth. Records that share an id are read again, and of people only so much is compared. Left out on purpose: every hash that a journal keeps (`Pipeline::hash`).

use std::hash::{BuildHasher, Hasher};

use foldhash::quality::FixedState;

use super::Hash;

/// Makes hashes with a key; equal for all threads that have the same.
#[derive(Clone, Debug)]
pub(crate) struct MomentHasher(FixedState);

impl MomentHasher {
    pub(crate) fn new(key: &[u8; 32]) -> MomentHasher {
        let (seed, _) = key.split_first_chunk().unwrap_or((&[0; 8], &[]));
        MomentHasher(FixedState::with_seed(u64::from_le_bytes(*seed)))
    }

    /// The hash of some bytes, in its first eight.
    pub(crate) fn hash(&self, bytes: &[u8]) -> Hash {
        let mut hasher = self.0.build_hasher();
        hasher.write(bytes);
        let mut hash = Hash::default();
        hash[..8].copy_from_slice(&hasher.finish().to_le_bytes());
        hash
    }
}
