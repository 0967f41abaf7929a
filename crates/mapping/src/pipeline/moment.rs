//! Hashes that only have to agree with each other while one scan runs.
//!
//! Owner of [`MomentHasher`]. A check keeps nothing, and so needs no hash that withstands whoever has the key: one of 128 bits,
//! keyed by the moment, costs a tenth. Left out on purpose: every hash that a journal keeps (`Pipeline::hash`).

use std::hash::{BuildHasher, Hasher};

use foldhash::quality::FixedState;

use super::Hash;

/// Makes hashes with a key; equal for all threads that have the same.
#[derive(Clone, Debug)]
pub(crate) struct MomentHasher([FixedState; 2]);

impl MomentHasher {
    pub(crate) fn new(key: &[u8; 32]) -> MomentHasher {
        let part = |place: usize| {
            let mut part = [0; 8];
            part.copy_from_slice(&key[place * 8..place * 8 + 8]);
            FixedState::with_seed(u64::from_le_bytes(part))
        };
        MomentHasher([part(0), part(1)])
    }

    /// The hash of some bytes, in its first sixteen.
    pub(crate) fn hash(&self, bytes: &[u8]) -> Hash {
        let mut hash = Hash::default();
        for (state, out) in self.0.iter().zip(hash.chunks_exact_mut(8)) {
            let mut hasher = state.build_hasher();
            hasher.write(bytes);
            out.copy_from_slice(&hasher.finish().to_le_bytes());
        }
        hash
    }
}
