//! Whether a feed yields anything for a row (`when`).
//!
//! Owner of [`Condition`]. Invariant: a cell that cannot be read is never taken for an empty one, or an owner would be left out
//! without a word. Left out on purpose: what is made of the row then (`feed`, and the sheet that goes through its feeds).

use super::{FieldMapping, SourceText};
use crate::{CompiledSheet, unreadable};
use bakkt_source::{Cell, Row};

/// What the column says on which a feed depends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Something is in it, or the feed depends on none.
    Holds,
    /// It is empty.
    Fails,
    /// It cannot be read, and why: what stood there nobody knows.
    Unread(&'static str),
}

impl FieldMapping {
    /// Whether the column that it depends on (`when`) has something in it.
    pub(crate) fn condition(&self, row: &Row<'_>, sheet: &CompiledSheet) -> Condition {
        let Some(column) = self.when else {
            return Condition::Holds;
        };
        match self.text(row, sheet, column) {
            SourceText::Found(text) => {
                unreadable::why(text).map_or(Condition::Holds, Condition::Unread)
            }
            SourceText::Broken(why) => Condition::Unread(why),
            SourceText::Empty => match row.cell(column) {
                // A placeholder, and what a value would be nobody knows.
                Cell::Text(text) if !sheet.missing.contains(text) => {
                    unreadable::why(text).map_or(Condition::Fails, Condition::Unread)
                }
                _ => Condition::Fails,
            },
        }
    }
}
