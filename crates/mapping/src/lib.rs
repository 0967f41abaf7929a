//! From a row of an export to a draft: the values that the contract's fields would get.
//!
//! Owner of mapping files ([`compile`]), of the transforms, and of [`draft::Draft`]. A mapping is compiled once
//! against the header row: columns become indexes, lookups become tables, and every mistake is reported together.
//! Invariants: pure (no clock, no network, no database), so that mapping a row again gives the same draft; a value
//! that a transform cannot read is [`draft::SlotValue::Invalid`], never an error and never passed on.
//! Left out on purpose: whether a value fits its field and what follows if not (`assess`).

pub mod assess;
mod code_parts;
pub mod columns;
pub mod compile;
pub mod custody;
pub mod dates;
pub mod draft;
pub mod exclude;
pub mod expr;
pub mod feed;
pub mod findings;
pub mod lookup;
mod memo;
pub mod merge;
pub mod missing;
pub mod names;
pub mod phones;
pub mod pipeline;
pub mod postal;
pub mod step;
pub mod target;
pub mod tax_ids;
pub mod title;
mod unreadable;

/// Version of everything here that turns cells into values. A plan made by another version is drift.
pub const VERSION: &str = "15";

use draft::{Draft, SlotValue};
use expr::Expressions;
use feed::{Condition, FieldMapping, RowBlock, Scratch};
use missing::{EmptyCells, Missing};

use bakkt_contract::path;
use bakkt_source::Row;

/// The most elements that a list may have.
pub(crate) const MOST: usize = path::MAX_INDEX + 1;

/// The compiled mapping of one export.
#[derive(Debug)]
pub struct CompiledSheet {
    /// Once per record.
    feeds: Vec<FieldMapping>,
    /// Once per row, of the list whose elements the rows are: feeds that are written with empty brackets.
    each: Vec<FieldMapping>,
    /// Cells that count as empty.
    missing: Missing,
    /// The usual placeholders count as empty too.
    placeholders: bool,
    expressions: Expressions,
}

/// A list whose elements come from rows of their own.
#[derive(Debug)]
pub struct ElementList {
    /// `owners` or `trustedContacts`.
    pub list: &'static str,
    /// The sheet that maps those rows.
    pub sheet: usize,
    /// Elements before them, which the accounts' mapping feeds itself.
    pub base: usize,
    /// Every row is an element, whatever its cells hold.
    pub must: bool,
    /// Slot of the first feed of the first row.
    first: usize,
}

impl ElementList {
    /// The most rows that there is room for.
    pub fn room(&self) -> usize {
        MOST.saturating_sub(self.base)
    }
}

/// A slot of the draft and what fills it.
#[derive(Clone, Debug)]
pub struct FilledSlot<'m> {
    /// Slot in the draft.
    pub slot: usize,
    /// The path that it feeds, with its index.
    pub target: String,
    /// What fills it.
    pub feed: &'m FieldMapping,
}

/// A compiled mapping, of the accounts' export and of those beside it: shared by threads.
#[derive(Debug)]
pub struct Mapper {
    /// The account types that can occur. One, unless a feed of `accountType` says it row by row.
    pub account_types: Vec<&'static str>,
    /// That of the accounts first.
    sheets: Vec<CompiledSheet>,
    each: Vec<ElementList>,
}

impl Mapper {
    /// The mapping of the accounts' export, and of those whose rows are the elements of a list. Where several rows of the
    /// first are one account, those are its owners too, if the mapping says so. A draft grows as far as a record needs,
    /// so the list that is longest belongs last: contacts before owners. `open` are paths that have a slot although
    /// nothing here fills it: backfill files do.
    pub fn new(
        account_types: Vec<&'static str>,
        sheet: CompiledSheet,
        joined: Vec<(&'static str, CompiledSheet)>,
        open: &[String],
    ) -> Mapper {
        let grouped = !sheet.each.is_empty();
        let mut mapper = Mapper {
            account_types,
            sheets: vec![sheet],
            each: Vec::new(),
        };
        for (list, sheet) in joined {
            mapper.sheets.push(sheet);
            mapper.add_each(list, mapper.sheets.len() - 1, true);
        }
        if grouped {
            mapper.add_each("owners", 0, false);
        }
        for target in open {
            mapper.add_open(target);
        }
        mapper.place_each();
        mapper
    }

    fn add_each(&mut self, list: &'static str, sheet: usize, must: bool) {
        let feeds = self.sheets[0].feeds.iter();
        let indexes = feeds.filter_map(|feed| path::index(&feed.target, list));
        let base = indexes.max().map_or(0, |highest| highest + 1);
        self.each.push(ElementList {
            list,
            sheet,
            base,
            must,
            first: 0,
        });
    }

    /// A slot for a path, where nothing feeds it. What decides on the elements of lists (`base`) stays as it is.
    fn add_open(&mut self, target: &str) {
        let of_row = self.each.iter().find_map(|each| {
            let index = path::index(target, each.list)?;
            let place = format!("[{index}]");
            (index >= each.base).then(|| (each.sheet, target.replacen(&place, "[]", 1)))
        });
        let (feeds, target) = match of_row {
            Some((sheet, target)) => (&mut self.sheets[sheet].each, target),
            None => (&mut self.sheets[0].feeds, target.to_owned()),
        };
        if feeds.iter().all(|feed| feed.target != target) {
            feeds.push(FieldMapping::open(target));
        }
    }

    /// The slots of each list begin behind those of the one before.
    fn place_each(&mut self) {
        let mut first = self.sheets[0].feeds.len();
        for each in &mut self.each {
            each.first = first;
            first += each.room() * self.sheets[each.sheet].each.len();
        }
    }

    /// The lists whose elements come from rows of their own.
    pub fn each(&self) -> &[ElementList] {
        &self.each
    }

    /// Slots between a field of one row of a list and the same field of the next.
    pub fn stride(&self, each: usize) -> usize {
        self.sheets[self.each[each].sheet].each.len()
    }

    /// Number of exports, that of the accounts included.
    pub(crate) fn sheets(&self) -> usize {
        self.sheets.len()
    }

    /// Which cells of an export count as empty, by the number of its sheet: the accounts' own is 0.
    pub fn empty_cells(&self, sheet: usize) -> EmptyCells {
        let CompiledSheet {
            missing,
            placeholders,
            ..
        } = &self.sheets[sheet];
        EmptyCells {
            missing: missing.clone(),
            placeholders: *placeholders,
        }
    }

    /// The slot of a field that is fed once per record.
    pub fn slot(&self, target: &str) -> Option<usize> {
        let feeds = &self.sheets[0].feeds;
        feeds.iter().position(|feed| feed.target == target)
    }

    /// The column of the accounts' ids, where they are read from one alone.
    pub fn id_column(&self) -> Option<usize> {
        let feeds = &self.sheets[0].feeds;
        let id = feeds.iter().find(|feed| feed.target == "clientAccountId");
        match id?.reads[..] {
            [column] => Some(column),
            _ => None,
        }
    }

    /// Everything that a draft can hold.
    pub fn fed(&self) -> Vec<FilledSlot<'_>> {
        let main = self.sheets[0].feeds.iter().enumerate();
        let mut all: Vec<FilledSlot<'_>> = main
            .map(|(slot, feed)| FilledSlot {
                slot,
                target: feed.target.clone(),
                feed,
            })
            .collect();
        for each in &self.each {
            let feeds = &self.sheets[each.sheet].each;
            for row in 0..each.room() {
                let place = format!("[{}]", each.base + row);
                all.extend(feeds.iter().enumerate().map(|(number, feed)| FilledSlot {
                    slot: each.first + row * feeds.len() + number,
                    target: feed.target.replacen("[]", &place, 1),
                    feed,
                }));
            }
        }
        all
    }

    /// Maps the row that a record begins with; the draft is overwritten.
    pub fn map(&self, row: &Row<'_>, draft: &mut Draft, scratch: &mut Scratch) {
        self.map_block(&mut [(row, draft)], scratch);
    }

    /// Maps rows that records begin with, feed by feed; their drafts are overwritten.
    pub(crate) fn map_block(&self, block: &mut RowBlock<'_, '_>, scratch: &mut Scratch) {
        let sheet = &self.sheets[0];
        for (_, draft) in block.iter_mut() {
            draft.reset(sheet.feeds.len());
        }
        sheet.map(&sheet.feeds, 0, block, scratch);
    }

    /// Maps a row that is the next element of an `ElementList`.
    pub(crate) fn map_element(
        &self,
        each: usize,
        row: &Row<'_>,
        draft: &mut Draft,
        scratch: &mut Scratch,
    ) {
        let list = &self.each[each];
        let sheet = &self.sheets[list.sheet];
        let first = list.first + draft.rows(each) * sheet.each.len();
        draft.grow(first + sheet.each.len());
        sheet.map(&sheet.each, first, &mut [(row, &mut *draft)], scratch);
        draft.count_row(each);
    }

    /// What a row says of one field of its element, before it is mapped; none where nothing feeds the field.
    pub(crate) fn peek<'d>(
        &self,
        each: usize,
        field: &str,
        row: &Row<'_>,
        draft: &'d mut Draft,
        scratch: &mut Scratch,
    ) -> Option<&'d str> {
        let list = &self.each[each];
        let sheet = &self.sheets[list.sheet];
        let feed = sheet.each.iter().find(|feed| {
            let rest = feed.target.strip_prefix(list.list);
            rest.and_then(|rest| rest.strip_prefix("[].")) == Some(field)
        })?;
        draft.end_row();
        let strays = draft.strays().len();
        let spare = draft.add_slot();
        let expressions = sheet.for_row(row);
        scratch.country = None;
        match feed.condition(row, sheet) {
            Condition::Holds => feed.eval(spare, row, sheet, &expressions, draft, scratch),
            Condition::Fails => {}
            Condition::Unread(why) => draft.set(spare, SlotValue::Invalid(why)),
        }
        let value = draft.drop_slot();
        // They are kept when the row is mapped.
        draft.drop_strays(strays);
        match value {
            SlotValue::Value { span, .. } => Some(draft.text(span)),
            _ => None,
        }
    }
}

impl CompiledSheet {
    /// The same for rows that are elements, each mapped by itself.
    pub(crate) fn of_rows(self) -> CompiledSheet {
        CompiledSheet {
            feeds: self.each,
            each: Vec::new(),
            ..self
        }
    }

    /// Whether rows are elements of a list.
    pub fn has_elements(&self) -> bool {
        !self.each.is_empty()
    }

    /// Maps rows feed by feed, each for all of them: what one feed needs of code and tables is then at hand for the next row.
    fn map(
        &self,
        feeds: &[FieldMapping],
        first: usize,
        block: &mut RowBlock<'_, '_>,
        scratch: &mut Scratch,
    ) {
        let rows = block.iter();
        let expressions: Vec<expr::ForRow<'_>> = rows.map(|(row, _)| self.for_row(row)).collect();
        for (row, draft) in block.iter_mut() {
            draft.begin_row(row);
        }
        // The rows in which the feeds are not idle that depend on the same column, and those in which nobody can tell.
        let mut busy: Vec<usize> = Vec::with_capacity(block.len());
        let mut unread: Vec<(usize, &'static str)> = Vec::new();
        let mut same_when = 0;
        for (number, feed) in feeds.iter().enumerate() {
            if same_when == 0 {
                busy.clear();
                unread.clear();
                for (place, (row, _)) in block.iter().enumerate() {
                    match feed.condition(row, self) {
                        Condition::Holds => busy.push(place),
                        Condition::Fails => {}
                        Condition::Unread(why) => unread.push((place, why)),
                    }
                }
                same_when = feed.same_when.max(1);
            }
            same_when -= 1;
            feed.eval_block((first, number), block, &busy, (self, &expressions), scratch);
            for (place, why) in &unread {
                block[*place].1.set(first + number, SlotValue::Invalid(why));
            }
        }
    }

    /// The expressions, with a row to look at.
    fn for_row<'a>(&'a self, row: &Row<'a>) -> expr::ForRow<'a> {
        self.expressions
            .for_row(row, &self.missing, self.placeholders)
    }

    /// Whether a trimmed cell counts as empty for a feed. Asked of every cell.
    #[inline]
    fn is_empty_cell(&self, text: &str, feed: &FieldMapping) -> bool {
        text.is_empty()
            || self.missing.contains(text)
            || (self.placeholders && feed.is_placeholder(text))
    }
}
