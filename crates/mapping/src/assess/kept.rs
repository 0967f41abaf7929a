//! Where the values of a payload stand.
//!
//! Owner of [`KeptValue`]: where a value that is sent stands in the payload's bytes. What Bakkt gets is what counts, not the cells
//! that it was made of. Left out on purpose: which fields there are (`contract::changes`), and what is kept of their values
//! (`pipeline::fixed`, `pipeline::field_marker`, `pipeline::owner_marks`).

/// Where a value stands in the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptValue {
    /// The number of its field ([`number`](bakkt_contract::changes::number)): those that no update may change come first.
    pub field: u8,
    /// Owners before it in the payload: which one it belongs to, if it is an owner's.
    pub place: u32,
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}
