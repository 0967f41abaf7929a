//! From a row of an export to a draft: the values that the contract's fields would get.
//!
//! Owner of mapping files ([`compile`]), of the transforms, and of [`draft::Draft`]. A mapping is compiled once
//! against the header row: columns become indexes, lookups become tables, and every mistake is reported together.
//! Invariants: pure (no clock, no network, no database), so that mapping a row again gives the same draft; a value
//! that a transform cannot read is [`draft::Slot::Invalid`], never an error and never passed on.
//! Left out on purpose: whether a value fits its field and what follows if not (`assess`).

pub mod compile;
pub mod dates;
pub mod draft;
pub mod exclude;
pub mod expr;
pub mod feed;
pub mod lookup;
pub mod phones;
pub mod target;
pub mod text;

/// Version of everything here that turns cells into values. A plan made by another version is drift.
pub const VERSION: &str = "2";

use draft::Draft;
use expr::Expressions;
use feed::{Feed, Scratch};

use crate::source::Row;

/// A compiled mapping: shared by threads, each with a [`Scratch`] of its own.
#[derive(Debug)]
pub struct Mapper {
    /// The account types that can occur. One, unless a feed of `accountType` says it row by row.
    pub account_types: Vec<&'static str>,
    /// One per slot of the draft.
    pub feeds: Vec<Feed>,
    /// Cells that count as empty, in lower case.
    missing: Vec<String>,
    expressions: Expressions,
    width: usize,
}

impl Mapper {
    /// Number of cells that every row must have.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Maps one row; the draft is overwritten.
    pub fn map(&self, row: &Row<'_>, draft: &mut Draft, scratch: &mut Scratch) {
        draft.reset(self.feeds.len());
        let expressions = self.expressions.for_row(row);
        for (slot, feed) in self.feeds.iter().enumerate() {
            let value = feed.eval(row, self, &expressions, draft, scratch);
            draft.set(slot, value);
        }
    }

    /// Whether a trimmed cell counts as empty.
    fn is_empty_cell(&self, text: &str) -> bool {
        text.is_empty()
            || (!self.missing.is_empty()
                && self
                    .missing
                    .iter()
                    .any(|word| word.eq_ignore_ascii_case(text)))
    }
}
