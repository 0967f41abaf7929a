//! One feed for all rows of a block, and the usual case of a feed: the text of one column.
//!
//! Owner of the loop over the rows, which decides once what the rows have in common. Left out on purpose: which rows a block
//! has, and how any other value is made (`feed`).

use super::{FieldMapping, Route, Scratch, SourceText, TextSource, country_beside};
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
            if self.country.is_some() {
                scratch.country = country_beside(self, first, draft);
            }
            self.one_cell(slot, column, row, sheet, draft, scratch);
        }
    }

    /// The column whose text alone makes the value: the usual case.
    #[inline]
    pub(super) fn only_column(&self) -> Option<usize> {
        match &self.source {
            TextSource::First(columns) if self.default.is_none() && !self.skips_unreadable => {
                match columns.as_slice() {
                    [column] => Some(*column),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Puts the value of the one column into a slot, remembered or made.
    #[inline(always)]
    pub(super) fn one_cell(
        &self,
        slot: usize,
        column: usize,
        row: &Row<'_>,
        sheet: &CompiledSheet,
        draft: &mut Draft,
        scratch: &mut Scratch,
    ) {
        match (self.text(row, sheet, column), self.remembered) {
            (SourceText::Empty, _) => {}
            (SourceText::Broken(why), _) => draft.set(slot, SlotValue::Invalid(why)),
            (SourceText::Found(text), Some(feed)) => {
                self.recalled(slot, (feed, text), row, draft, scratch);
            }
            (SourceText::Found(text), None) => self.made(slot, text, row, draft, scratch),
        }
    }

    /// The value of the text of the one column: in the usual case the text itself, in which nothing is hidden, or what one
    /// transform makes of it.
    #[inline(always)]
    pub(super) fn made(
        &self,
        slot: usize,
        text: &str,
        row: &Row<'_>,
        draft: &mut Draft,
        scratch: &mut Scratch,
    ) {
        if self.route == Route::Any || !row.is_latin() || self.lost_digits(text).is_some() {
            return self.cut(slot, text, row, draft, scratch);
        }
        match self.steps.first() {
            Some(step) => self.one_step(step, slot, text, row, draft, scratch.country),
            None => {
                let (span, constant) = (draft.keep_cell(row, text), false);
                draft.set(slot, SlotValue::Value { span, constant });
            }
        }
    }
}
