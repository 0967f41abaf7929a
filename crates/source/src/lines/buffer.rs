//! The cells of the row that is being read, and where delimiters stand in it.
//!
//! Owner of [`RowBuffer`]. Left out on purpose: what ends a cell or a row (`lines`).

use bakkt_model::text::cell::{FIRST_OPEN, compose};

/// Stands behind each cell, whatever the delimiter was: a tab would make a row look as if it held a control character.
const BEHIND: u8 = b',';

/// Cells so far, in the form in which `Rows` keeps them: each is followed by one byte.
pub(super) struct RowBuffer<'b> {
    pub(super) data: &'b mut Vec<u8>,
    pub(super) ends: &'b mut Vec<usize>,
    /// Where the row begins in `data` and `ends`.
    pub(super) first: (usize, usize),
}

impl RowBuffer<'_> {
    /// Adds cells that stand as they are, delimiters between them.
    pub(super) fn add_plain(&mut self, text: &[u8], delimiter: u8) {
        let (start, known) = (self.data.len() - self.first.0, self.ends.len());
        self.data.extend_from_slice(text);
        self.data.push(BEHIND);
        for (block, bytes) in text.chunks(BLOCK).enumerate() {
            let mut found = places(bytes, delimiter);
            while found != 0 {
                let at = block * BLOCK + found.trailing_zeros() as usize;
                self.ends.push(start + at);
                found &= found - 1;
            }
        }
        if delimiter != BEHIND {
            for end in &self.ends[known..] {
                self.data[self.first.0 + end] = BEHIND;
            }
        }
        self.ends.push(start + text.len());
    }

    pub(super) fn end_cell(&mut self) {
        self.ends.push(self.data.len() - self.first.0);
        self.data.push(BEHIND);
    }

    pub(super) fn forget(&mut self) {
        self.data.truncate(self.first.0);
        self.ends.truncate(self.first.1);
    }

    pub(super) fn count(&self) -> usize {
        self.ends.len() - self.first.1
    }

    /// Composes the accents of cells that are not composed, so that everybody who compares cells compares the same.
    pub(super) fn compose(&mut self) {
        let (data, ends) = self.first;
        let row = &self.data[data..];
        // Without a branch for each byte.
        let are_closed = |bytes: &[u8]| {
            bytes
                .iter()
                .fold(true, |all, byte| all & (*byte < FIRST_OPEN))
        };
        if row.chunks(64).all(are_closed) {
            return;
        }
        let composed = |cell: &[u8]| std::str::from_utf8(cell).ok().and_then(compose);
        let mut start = data;
        let open = self.ends[ends..].iter().any(|end| {
            let cell = &self.data[start..data + end];
            start = data + end + 1;
            composed(cell).is_some()
        });
        if !open {
            return;
        }
        let (before, mut start) = (self.data.split_off(data), 0);
        for end in &mut self.ends[ends..] {
            let cell = &before[start..*end];
            let behind = before.get(*end).copied();
            start = *end + 1;
            match composed(cell) {
                Some(text) => self.data.extend_from_slice(text.as_bytes()),
                None => self.data.extend_from_slice(cell),
            }
            *end = self.data.len() - data;
            self.data.extend(behind);
        }
    }

    /// Forgets all but the first cells: a broken row may have any number.
    pub(super) fn keep(&mut self, most: usize) {
        if self.count() > most {
            self.ends.truncate(self.first.1 + most);
            let end = self.ends.last().map_or(0, |end| end + 1);
            self.data.truncate(self.first.0 + end);
        }
    }
}

/// Bytes of which [`places`] tells in one number.
pub(super) const BLOCK: usize = 64;

/// Where a byte stands in a block: one bit for each place, the lowest for the first. Delimiters stand so close together that
/// this takes a third less than searching for one after the other.
pub(super) fn places(block: &[u8], byte: u8) -> u64 {
    const LOW: u64 = u64::from_ne_bytes([0x7f; 8]);
    /// Moves the lowest bits of eight bytes together into the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let (words, rest) = block.as_chunks();
    let mut found = 0;
    for (place, word) in words.iter().enumerate() {
        // Zero where the byte stands; then the highest bit of just those bytes.
        let other = u64::from_le_bytes(*word) ^ u64::from_ne_bytes([byte; 8]);
        let same = !(((other & LOW) + LOW) | other | LOW);
        found |= ((same >> 7).wrapping_mul(GATHER) >> 56) << (8 * place);
    }
    for (place, other) in rest.iter().enumerate() {
        found |= u64::from(*other == byte) << (8 * words.len() + place);
    }
    found
}
