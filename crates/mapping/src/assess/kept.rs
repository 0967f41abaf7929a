//! Which values of a payload no update may change, or only with an acknowledgement.
//!
//! Owner of [`KeptValue`]: where such a value stands in the payload's bytes. What Bakkt gets is what counts, not the cells that
//! it was made of. Left out on purpose: which fields these are (`contract::changes`), and what is kept of their values
//! (`pipeline::fixed`, `pipeline::owner_marks`).

/// Where a value that no update may change stands in the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptValue {
    /// The place of its field in [`BY_HAND`](bakkt_contract::changes::BY_HAND), or that it is a part of an agreement.
    pub field: u8,
    /// Owners before it in the payload: which one it belongs to, if it is an owner's.
    pub place: u32,
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}
