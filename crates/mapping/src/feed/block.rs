//! One feed for all rows of a block.
//!
//! Owner of the loop over the rows, which decides once what the rows have in common. Left out on purpose: which rows a block has, and
//! how one value is made (`feed`).

use super::{FieldMapping, Scratch, SourceText, TextSource, country_beside};
use crate::CompiledSheet;
use crate::draft::{Draft, SlotValue};
use crate::expr::ForRow;
use bakkt_source::Row;

/// Rows that are mapped together, each with what is mapped of it.
pub(crate) type RowBlock<'b, 'r> = [(&'b Row<'r>, &'b mut Draft)];

impl FieldMapping {
    /// Puts the values for some rows of a block, by their places, into the slots of this feed, which is the `number`th behind
    /// the slot `first`. The slots are missing so far.
    pub(crate) fn eval_block(
        &self,
        (first, number): (usize, usize),
        block: &mut RowBlock<'_, '_>,
        places: &[usize],
        (sheet, expressions): (&CompiledSheet, &[ForRow<'_>]),
        scratch: &mut Scratch,
    ) {
        if matches!(self.source, TextSource::Open) {
            return;
        }
        scratch.country = None;
        let slot = first + number;
        let Some(column) = self.only_column() else {
            for &place in places {
                let (row, draft) = &mut block[place];
                scratch.country = country_beside(self, first, draft);
                self.eval(slot, row, sheet, &expressions[place], draft, scratch);
            }
            return;
        };
        for &place in places {
            let (row, draft) = &mut block[place];
            match self.text(row, sheet, column) {
                SourceText::Empty => {}
                SourceText::Broken(why) => draft.set(slot, SlotValue::Invalid(why)),
                SourceText::Found(text) => {
                    if self.country.is_some() {
                        scratch.country = country_beside(self, first, draft);
                    }
                    self.found(slot, text, row, draft, scratch);
                }
            }
        }
    }
}
