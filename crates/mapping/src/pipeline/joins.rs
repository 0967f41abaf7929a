//! Rows that stand beside a record's own: owners and trusted contacts in exports of their own, further rows of its group.
//!
//! Owner of [`Join`], one such export with the index of its keys, and of [`JoinedRows`], the rows of one record that a thread
//! has gathered. Invariants: the rows of a record come in one order, which only depends on the exports, so that gathering
//! them from the index and reading them again from noted places give the same bytes; every row of a joined export ends as
//! part of a record or as one that nothing uses, with a reason; memory is bounded, however many rows hold one key.
//! Left out on purpose: what the cells mean (`mapping`), and where the places are noted (`journal`).

use std::sync::Arc;

use anyhow::Context;

use super::join_keys::{JoinKeys, KeyCell, NO_KEY, UNFIT_KEY, UNREADABLE_KEY};
use super::keys_above::KeysAbove;
use super::other_forms::OtherForms;
use crate::MOST;
use bakkt_model::position::{JoinedList, JoinedRow, Position};
use bakkt_source::keys::{KeyFate, KeyIndex, key};
use bakkt_source::{Cell, Export, Flaw, RereadRow, Row, Rows};

/// The most rows of one key that are read; those beyond are told.
const MOST_READ: usize = 1024;
/// Rows per batch of the pass that fills the index.
const BATCH: usize = 1024;

/// An export whose rows stand beside records, or the accounts' own, of which several rows can be one account.
#[derive(Debug)]
pub struct Join {
    /// What its rows are.
    pub list: JoinedList,
    /// The export.
    pub export: Arc<Export>,
    /// The list of the mapping that its rows are elements of, by number.
    pub each: Option<usize>,
    /// Column of its key.
    pub key: usize,
    /// Column of the accounts' export that the key equals.
    pub account_key: usize,
    /// That is the column of `clientAccountId`, which every account has to have.
    pub is_id: bool,
    /// What is no key.
    pub join_keys: JoinKeys,
    /// The most rows that one record can have.
    pub room: usize,
    /// Filled by the pass.
    pub keys: KeyIndex,
    /// Keys that fit no account, filled by the pass; the accounts' keys are added before.
    pub other_forms: OtherForms,
    /// Keys below which a row without one stands, filled by the pass.
    pub keys_above: KeysAbove,
    /// Rows and blank lines that the pass saw, by file.
    pub counts: Vec<(u64, u64)>,
}

/// Why a row of a joined export stands with no record.
fn why_unused(fate: KeyFate) -> &'static str {
    match fate {
        KeyFate::Repeat => "repeats an earlier row of its account",
        KeyFate::Beyond => "its account has more rows than it may",
        KeyFate::Orphan | KeyFate::Used => "no account of the export has its key",
    }
}

impl Join {
    /// Reads the export once and fills the index. `leaves_out` tells rows that a rule leaves out; `each_batch` hears the offset and
    /// the rows so far, and may stop the pass.
    pub fn index(
        &mut self,
        leaves_out: &dyn Fn(&Row<'_>) -> bool,
        each_batch: &mut dyn FnMut(u64, u64) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let (mut pass, own) = (self.export.pass(), self.list == JoinedList::Group);
        let mut rows = Rows::default();
        while pass.read_batch(&mut rows, BATCH)? {
            let mut last = 0;
            for (at, row) in rows.iter() {
                last = at.offset;
                self.keys_above.enter(self.export.file_of(at.offset));
                match (self.export.skipped(&row), self.join_keys.of(&row, self.key)) {
                    // Of the accounts' own export it is a record.
                    (Some(_), _) if own => {}
                    (Some(skipped), _) => self.keys.add_keyless(at, skipped.text()),
                    (None, KeyCell::Unread(why)) => {
                        // A rule has nothing to look at in a row that is broken as a whole.
                        match may_be_anybodys(&row) && (row.flaw().is_some() || !leaves_out(&row)) {
                            true => self.keys_above.pass_unread(),
                            false => self.keys_above.pass_broken(),
                        }
                        self.keys.add_broken(&row, at, why);
                    }
                    (None, KeyCell::Unfit(key)) => {
                        match own && !leaves_out(&row) {
                            true => self.keys_above.pass_unread(),
                            false => self.keys_above.pass_broken(),
                        }
                        self.other_forms.add_row(key);
                        self.keys.add_broken(&row, at, UNFIT_KEY);
                    }
                    (None, KeyCell::Key(key)) => {
                        // A key that no primary owner has is no account's own.
                        if !own || (self.other_forms.is_of_none(key) && !leaves_out(&row)) {
                            self.other_forms.add_row(key);
                        }
                        self.keys_above.pass(key);
                        self.keys.add(key, at)?;
                    }
                    (None, KeyCell::None) => {
                        if !leaves_out(&row) {
                            self.keys_above.pass_keyless(row.cells());
                        }
                        if !own {
                            self.keys.add_keyless(at, KEYLESS);
                        }
                    }
                }
            }
            each_batch(last, self.keys.rows())?;
        }
        self.counts = pass.counts().to_vec();
        self.keys.finish();
        // Of rows of one export, those that say whose account it is are asked about alone.
        if !own {
            self.other_forms.finish();
        }
        Ok(())
    }

    /// Whether the accounts' cell holds nothing at all.
    fn is_blank(&self, row: &Row<'_>) -> bool {
        row.cell(self.account_key) == Cell::Text("")
    }

    /// Every row that stands with no record, in file order, with the reason.
    pub fn unused(&self) -> Vec<(Position, &'static str)> {
        let keyed = self.keys.unused().into_iter();
        let mut all: Vec<_> = keyed
            .map(|(at, fate)| (at, why_unused(fate)))
            .chain(self.keys.keyless().iter().copied())
            .chain(self.broken())
            .collect();
        all.sort_unstable_by_key(|(at, _)| at.offset);
        all
    }

    /// Rows of which nobody knows whose they are, because they are broken or have no key, and why.
    pub fn lost(&self) -> impl Iterator<Item = (Position, &'static str)> {
        let keyless = self.keys.keyless().iter().copied();
        self.broken()
            .chain(keyless.filter(|(_, why)| *why == KEYLESS))
    }

    /// Broken rows that no account has to answer for, in file order, and why they are broken. Of the accounts' own export
    /// there are none: each is a record.
    fn broken(&self) -> impl Iterator<Item = (Position, &'static str)> {
        let beside = self.list != JoinedList::Group;
        self.keys.lost().filter(move |_| beside)
    }

    fn read<'r>(&self, row: &'r mut RereadRow, at: Position) -> anyhow::Result<Row<'r>> {
        let name = self.export.file_name(at);
        let read = self.export.read(at, row);
        read.with_context(|| format!("cannot read {name}, line {}, again", at.row))
    }
}

/// Whether no cell of a row says whose it is, so that it may be that of an account beside it: its key cannot be read, or it is too
/// long to be read at all. The cells of other broken rows are compared with the keys of accounts.
pub(crate) fn may_be_anybodys(row: &Row<'_>) -> bool {
    row.flaw().is_none_or(|flaw| flaw == Flaw::TooLong)
}

/// What is wrong with a row without a key.
pub(crate) const KEYLESS: &str = "no key";

/// What is wrong with a row that has no key where several rows can be one account.
const NO_GROUP: &str = "the row has nothing in the column of `group_by`";

/// What is wrong with one whose key there cannot be read.
const UNREAD_GROUP: &str = "the cell in the column of `group_by` cannot be read: a lost character, a formula or an error of a spreadsheet, or a number of which digits may be lost";

/// The rows beside one record, one of a thread's buffers.
#[derive(Debug, Default)]
pub(crate) struct JoinedRows {
    rows: Vec<RereadRow>,
    /// By row: the join that it comes from, and where it stands.
    places: Vec<(usize, Position)>,
    /// Joins that hold more rows of this record than there is room for.
    pub crowded: Option<usize>,
    /// A join with a row that may be this record's, and that is broken in a way that its cells do not show.
    pub suspect: Option<usize>,
    /// A join with rows that have this record's key in another form.
    pub other_form: Option<usize>,
    /// A join with a row without a key right below one of this record.
    pub above_keyless: Option<usize>,
    /// A join with a row whose key cannot be read right above or below one of this record.
    pub beside_unread: Option<usize>,
    /// A join of which this record's own key cannot be used, and why.
    pub unread_key: Option<(usize, &'static str)>,
}

/// What a row of the accounts' export turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowRole {
    /// A record begins with it.
    Record,
    /// It has no key that can be read, and where several rows can be one account it should; what is wrong with it.
    Keyless(&'static str),
    /// It belongs to a record that began before.
    No,
}

impl JoinedRows {
    /// Gathers the rows of the record that begins with `row`, by the indexes.
    pub(crate) fn gather(
        &mut self,
        joins: &[Join],
        row: &Row<'_>,
        at: Position,
    ) -> anyhow::Result<RowRole> {
        self.clear();
        let mut begins = RowRole::Record;
        for (number, join) in joins.iter().enumerate() {
            let own = (join.list == JoinedList::Group).then_some((row, at));
            match (join.join_keys.of(row, join.account_key), own) {
                (KeyCell::Key(key), own) => {
                    if !self.of_key(joins, number, key, own)? {
                        return Ok(RowRole::No);
                    }
                    // The row that a record of a group begins with is in the index itself.
                    let has_rows = || join.keys.find(key).len() > usize::from(own.is_some());
                    if join.other_forms.has(key, has_rows) {
                        self.other_form = Some(number);
                    }
                    if join.keys_above.has(key) {
                        self.above_keyless = Some(number);
                    }
                    if join.keys_above.has_beside(key) {
                        self.beside_unread = Some(number);
                    }
                }
                (KeyCell::None, Some(_)) => begins = RowRole::Keyless(NO_GROUP),
                (_, Some(_)) => begins = RowRole::Keyless(UNREAD_GROUP),
                // An account without an id is blocked for that.
                (KeyCell::None, None) if !join.is_id || join.is_blank(row) => {}
                (KeyCell::None, None) => self.unread_key = Some((number, NO_KEY)),
                (_, None) => self.unread_key = Some((number, UNREADABLE_KEY)),
            }
        }
        Ok(begins)
    }

    /// Reads the rows whose places were noted when the record was planned.
    pub(crate) fn read(&mut self, joins: &[Join], parts: &[JoinedRow]) -> anyhow::Result<()> {
        self.clear();
        for part in parts {
            let number = joins.iter().position(|join| join.list == part.list);
            let number =
                number.context("the plan has rows of an export that the settings have not")?;
            let next = self.next();
            joins[number].read(&mut self.rows[next], part.at)?;
            self.places.push((number, part.at));
        }
        for (number, join) in joins.iter().enumerate() {
            if self.of(number).count() > join.room {
                self.crowded = Some(number);
            }
        }
        Ok(())
    }

    /// Adds the rows of a key; false when `own`, a row of the same export, is not the first of them.
    fn of_key(
        &mut self,
        joins: &[Join],
        number: usize,
        wanted: &str,
        own: Option<(&Row<'_>, Position)>,
    ) -> anyhow::Result<bool> {
        let join = &joins[number];
        let (mut read, mut seen_own) = (0, false);
        let first = self.places.len();
        let entries = join.keys.find(wanted);
        let last = entries.end.wrapping_sub(1);
        for entry in entries {
            let at = join.keys.at(entry);
            if own.is_some_and(|(_, own)| own.offset == at.offset) {
                seen_own = true;
                join.keys.note(entry, KeyFate::Used);
                continue;
            }
            if self.crowded == Some(number) || read >= MOST_READ {
                self.crowded = Some(number);
                // Many accounts may share one key, a placeholder say: what the first of them noted need not be noted again.
                if own.is_none() && join.keys.is_beyond(last) {
                    break;
                }
                join.keys.note(entry, KeyFate::Beyond);
                continue;
            }
            read += 1;
            let next = self.next();
            let (earlier, buffers) = self.rows.split_at_mut(next);
            let row = join.read(&mut buffers[0], at)?;
            if key(&row, join.key) != Some(wanted) {
                continue;
            }
            if own.is_some() && !seen_own {
                return Ok(false);
            }
            let repeats = own.is_some_and(|(own, _)| own.same_cells(&row))
                || earlier[first..]
                    .iter()
                    .any(|earlier| earlier.row().same_cells(&row));
            match repeats {
                true => join.keys.note(entry, KeyFate::Repeat),
                false if next - first == join.room => {
                    self.crowded = Some(number);
                    join.keys.note(entry, KeyFate::Beyond);
                }
                false => {
                    join.keys.note(entry, KeyFate::Used);
                    self.places.push((number, at));
                }
            }
        }
        for at in join.keys.suspects(wanted) {
            if join.list == JoinedList::Group {
                // It is a record of its own, and so no part of this one.
                self.suspect = Some(number);
                continue;
            }
            let next = self.next();
            if join.read(&mut self.rows[next], at)?.flaw().is_none() {
                self.suspect = Some(number);
            }
            self.places.push((number, at));
        }
        Ok(true)
    }

    /// The number of the next row, with a buffer for it.
    fn next(&mut self) -> usize {
        if self.rows.len() == self.places.len() {
            self.rows.push(RereadRow::default());
        }
        self.places.len()
    }

    pub(crate) fn clear(&mut self) {
        self.places.clear();
        self.crowded = None;
        self.suspect = None;
        self.other_form = None;
        self.above_keyless = None;
        self.beside_unread = None;
        self.unread_key = None;
    }

    /// The rows of a join.
    pub(crate) fn of(&self, number: usize) -> impl Iterator<Item = (Row<'_>, Position)> {
        let numbered = self.rows.iter().zip(&self.places);
        numbered
            .filter(move |(_, (join, _))| *join == number)
            .map(|(row, (_, at))| (row.row(), *at))
    }

    /// Where all of them stand, in the order in which they are mapped.
    pub(crate) fn parts<'a>(&'a self, joins: &'a [Join]) -> impl Iterator<Item = JoinedRow> + 'a {
        self.places.iter().map(|(number, at)| JoinedRow {
            list: joins[*number].list,
            at: *at,
        })
    }

    /// Puts a row of a join before the others of it.
    pub(crate) fn first(&mut self, number: usize, at: Position) {
        let mine = |(join, _): &(usize, Position)| *join == number;
        let Some(start) = self.places.iter().position(mine) else {
            return;
        };
        let there = |(join, place): &(usize, Position)| *join == number && *place == at;
        if let Some(found) = self.places.iter().position(there) {
            self.places[start..=found].rotate_right(1);
            self.rows[start..=found].rotate_right(1);
        }
    }
}

/// The most rows that a record can have of a join whose rows are no elements of a list.
pub const ROOM: usize = MOST_READ;

/// What is wrong with a record that has more.
pub(crate) const CROWDED: &str = "more rows than an account may have";

const _: () = assert!(MOST < MOST_READ);
