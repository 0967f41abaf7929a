//! What a row says about each mapped field, before anybody judged it.
//!
//! Owner of [`Draft`]: one slot per feed, all texts in one buffer, both reused from row to row. The buffer begins with the row
//! itself, so that a cell which is a value as it stands needs no copy of its own.

use std::sync::Arc;

use super::feed::StrictLookup;
use bakkt_model::position::{JoinedList, Position};
use bakkt_model::text::is_latin;
use bakkt_source::Row;

/// The value of one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotValue {
    /// Nothing in the export.
    Missing,
    /// A text.
    Value {
        /// Where it stands in the draft's buffer.
        span: TextSpan,
        /// It came from the mapping (a constant or a default), not from a cell.
        constant: bool,
    },
    /// A list of texts: `first..last` of the draft's items.
    List {
        /// First item.
        first: u32,
        /// One past the last item.
        last: u32,
        /// It came from the mapping, not from cells.
        constant: bool,
    },
    /// A cell that could not be read; says why, without the value.
    Invalid(&'static str),
    /// The rows of the record say different things.
    Disagree,
}

/// The number of a slot with nothing in it.
const MISSING: u8 = 0;

/// The number of a slot with a text that a cell gave, and that of one with a list of such texts.
const TEXT: u8 = 1;
const TEXTS: u8 = 3;

/// The number of a slot whose cell could not be read.
const INVALID: u8 = 5;

impl SlotValue {
    /// What kind of value it is, as a number: what of the slot counts beside texts and reasons.
    fn state(self) -> u8 {
        match self {
            SlotValue::Missing => MISSING,
            SlotValue::Value { constant, .. } => TEXT + u8::from(constant),
            SlotValue::List { constant, .. } => TEXTS + u8::from(constant),
            SlotValue::Invalid(_) => INVALID,
            SlotValue::Disagree => 6,
        }
    }
}

/// A text in the draft's buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextSpan {
    start: u32,
    end: u32,
}

impl TextSpan {
    /// Whether it is the place of an empty text.
    pub(crate) fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// One row's values.
#[derive(Debug, Default)]
pub struct Draft {
    text: String,
    /// Where the text of the row that is being mapped begins, where it can be a value as it stands.
    row: Option<usize>,
    /// So many bytes of the text, from its beginning, are known to be of the usual characters (`text::is_latin`).
    latin: usize,
    items: Vec<Result<TextSpan, &'static str>>,
    slots: Vec<SlotValue>,
    /// By slot, see [`SlotValue::state`].
    states: Vec<u8>,
    /// Rows mapped so far, by list.
    rows: [u32; LISTS],
    strays: Vec<UnmappedCode>,
}

/// A code that is in no table, where the mapping says that such a one ends the run.
#[derive(Clone, Debug)]
pub struct UnmappedCode {
    /// The feed that met it.
    pub strict: Arc<StrictLookup>,
    /// The code. It never leaves the thread that read it: what is told of it is its shape.
    pub code: String,
    /// The row where it stands; none until it is placed.
    pub at: Option<(JoinedList, Position)>,
}

/// Lists whose elements can come from rows of their own.
const LISTS: usize = 2;

impl Draft {
    /// Empties it for a record of so many slots.
    pub(crate) fn reset(&mut self, slots: usize) {
        self.text.clear();
        self.row = None;
        self.latin = 0;
        self.items.clear();
        self.slots.clear();
        self.slots.resize(slots, SlotValue::Missing);
        self.states.clear();
        self.states.resize(slots, MISSING);
        self.rows = [0; LISTS];
        self.strays.clear();
    }

    /// Keeps a code that is in no table.
    pub(crate) fn keep_stray(&mut self, strict: &Arc<StrictLookup>, code: &str) {
        self.strays.push(UnmappedCode {
            strict: strict.clone(),
            code: code.to_owned(),
            at: None,
        });
    }

    /// Codes that are in no table and must be.
    pub(crate) fn strays(&self) -> &[UnmappedCode] {
        &self.strays
    }

    /// Says where those stand that were kept since the last call.
    pub(crate) fn place_strays(&mut self, list: JoinedList, at: Position) {
        for stray in self.strays.iter_mut().rev() {
            if stray.at.is_some() {
                break;
            }
            stray.at = Some((list, at));
        }
    }

    /// Forgets all but the first of them.
    pub(crate) fn drop_strays(&mut self, keep: usize) {
        self.strays.truncate(keep);
    }

    /// Takes them over from another draft.
    pub(crate) fn take_strays(&mut self, from: &mut Draft) {
        self.strays.append(&mut from.strays);
    }

    /// Makes room for further slots.
    pub(crate) fn grow(&mut self, slots: usize) {
        if self.slots.len() < slots {
            self.slots.resize(slots, SlotValue::Missing);
            self.states.resize(slots, MISSING);
        }
    }

    /// Adds a slot behind all others, for a value that is only looked at.
    pub(crate) fn add_slot(&mut self) -> usize {
        self.slots.push(SlotValue::Missing);
        self.states.push(MISSING);
        self.slots.len() - 1
    }

    /// Takes the last slot away again.
    pub(crate) fn drop_slot(&mut self) -> SlotValue {
        self.states.pop();
        self.slots.pop().unwrap_or(SlotValue::Missing)
    }

    /// Counts a row that is an element of a list.
    pub(crate) fn count_row(&mut self, list: usize) {
        self.rows[list] += 1;
    }

    /// Rows that are elements of a list.
    pub(crate) fn rows(&self, list: usize) -> usize {
        self.rows[list] as usize
    }

    /// Takes a value over from another draft.
    pub(crate) fn copy(&mut self, slot: usize, from: &Draft) {
        let value = match from.slot(slot) {
            SlotValue::Value { span, constant } => SlotValue::Value {
                span: self.keep(from.text(span)),
                constant,
            },
            SlotValue::List {
                first,
                last,
                constant,
            } => {
                let start = self.items();
                for item in first..last {
                    match from.item(item) {
                        Ok(text) => self.keep_item(text),
                        Err(why) => self.keep_broken_item(why),
                    }
                }
                SlotValue::List {
                    first: start,
                    last: self.items(),
                    constant,
                }
            }
            value => value,
        };
        self.set(slot, value);
    }

    pub(crate) fn set(&mut self, slot: usize, value: SlotValue) {
        self.slots[slot] = value;
        self.states[slot] = value.state();
    }

    /// The value of a slot; one that the record did not need is missing.
    pub fn slot(&self, slot: usize) -> SlotValue {
        self.slots.get(slot).copied().unwrap_or(SlotValue::Missing)
    }

    /// Whether a cell gave the slot something, fit or not; constants do not count.
    pub fn has_data(&self, slot: usize) -> bool {
        match self.slot(slot) {
            SlotValue::Missing => false,
            SlotValue::Value { constant, .. } | SlotValue::List { constant, .. } => !constant,
            SlotValue::Invalid(_) | SlotValue::Disagree => true,
        }
    }

    /// Whether cells gave the slot a text or a list of texts. One look at one byte: most slots have none.
    pub(crate) fn has_texts(&self, slot: usize) -> bool {
        matches!(self.states.get(slot), Some(&(TEXT | TEXTS)))
    }

    /// By slot, what kind of value it holds, as a number.
    pub(crate) fn states(&self) -> &[u8] {
        &self.states
    }

    /// Why cells could not be read, in the order of their slots.
    pub(crate) fn reasons(&self) -> impl Iterator<Item = &'static str> {
        let states = self.states.iter().zip(&self.slots);
        let invalid = states.filter(|(state, _)| **state == INVALID);
        invalid.filter_map(|(_, value)| match value {
            SlotValue::Invalid(why) => Some(*why),
            _ => None,
        })
    }

    /// Takes the text of the row whose cells are mapped next, where nothing is hidden in it.
    pub(crate) fn begin_row(&mut self, row: &Row<'_>) {
        self.row = row.latin().map(|text| {
            let start = self.text.len();
            self.text.push_str(text);
            if start == self.latin {
                self.latin = self.text.len();
            }
            start
        });
    }

    /// Forgets where the row begins: what is mapped next is of another one.
    pub(crate) fn end_row(&mut self) {
        self.row = None;
    }

    /// Keeps the text of a cell as it stands.
    #[inline]
    pub(crate) fn keep_cell(&mut self, row: &Row<'_>, text: &str) -> TextSpan {
        match (self.row, row.offset_of(text)) {
            (Some(start), Some(offset)) => {
                let start = (start + offset) as u32;
                let end = start + text.len() as u32;
                TextSpan { start, end }
            }
            _ => self.keep(text),
        }
    }

    pub(crate) fn keep(&mut self, text: &str) -> TextSpan {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        TextSpan {
            start,
            end: self.text.len() as u32,
        }
    }

    /// Keeps what is written; of a text that could not be written to its end, nothing stays.
    pub(crate) fn write<E>(
        &mut self,
        write: impl FnOnce(&mut String) -> Result<(), E>,
    ) -> Result<TextSpan, E> {
        let start = self.text.len();
        match write(&mut self.text) {
            Ok(()) => Ok(TextSpan {
                start: start as u32,
                end: self.text.len() as u32,
            }),
            Err(error) => {
                self.text.truncate(start);
                Err(error)
            }
        }
    }

    /// Keeps an item of a list.
    pub(crate) fn keep_item(&mut self, text: &str) {
        let span = self.keep(text);
        self.items.push(Ok(span));
    }

    /// Keeps the place of an item that could not be read, and why; the rest of the list is good without it.
    pub(crate) fn keep_broken_item(&mut self, why: &'static str) {
        self.items.push(Err(why));
    }

    /// Number of items kept so far.
    pub(crate) fn items(&self) -> u32 {
        self.items.len() as u32
    }

    /// Whether all texts of the record are of the usual characters (`text::is_latin`).
    pub(crate) fn is_latin(&self) -> bool {
        is_latin(&self.text[self.latin..])
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The text of a span.
    pub fn text(&self, span: TextSpan) -> &str {
        &self.text[span.start as usize..span.end as usize]
    }

    /// The bytes of the buffer from where a text begins, and how many of them are the text's.
    pub(crate) fn bytes_from(&self, span: TextSpan) -> (&[u8], usize) {
        let bytes = self.text.as_bytes().get(span.start as usize..);
        (bytes.unwrap_or_default(), (span.end - span.start) as usize)
    }

    /// Where the text of an item stands; none where it could not be read.
    pub(crate) fn item_span(&self, index: u32) -> Option<TextSpan> {
        self.items.get(index as usize)?.ok()
    }

    /// The text of an item, or why it could not be read.
    pub fn item(&self, index: u32) -> Result<&str, &'static str> {
        self.items[index as usize].map(|span| self.text(span))
    }

    /// The text of a slot, if it holds one.
    pub fn value(&self, slot: usize) -> Option<&str> {
        match self.slots.get(slot) {
            Some(SlotValue::Value { span, .. }) => Some(self.text(*span)),
            _ => None,
        }
    }
}
