//! One record out of several rows: its group merged, its owners and contacts mapped one by one.
//!
//! Owner of the order of owners: that of the file, but a PRIMARY_OWNER comes first when the accounts' mapping feeds no owner
//! itself. Left out on purpose: which rows there are (`joins`).

use super::joins::{CROWDED, Join, JoinedRows, RowRole};
use super::{JoinedRowSource, Pipeline, Worker};
use crate::assess::AssessPlan;
use crate::draft::Draft;
use crate::exclude::ColumnVerdict;
use crate::feed::Scratch;
use crate::{ElementList, Mapper};
use bakkt_contract::roles::PRIMARY_OWNER;
use bakkt_model::position::{JoinedList, Position};
use bakkt_source::Row;

/// What is wrong with a record that may have a row of which nothing can be believed.
const BROKEN: &str = "a row that may be the account's is broken";

/// What is wrong with a record of which other rows have the key in another form.
const OTHER_FORM: &str = "rows of its export have the account's key in another form: zeros or letters in front, capitals, blanks, punctuation or what stands behind it differ";

/// What is wrong with a record below whose row stands one without a key.
const ABOVE_KEYLESS: &str = "a row without a key stands right below one of its rows and may be the account's, as where cells are merged";

/// What is wrong with a record beside whose rows one stands whose key cannot be read.
const BESIDE_UNREAD: &str = "a row whose key cannot be read stands right above or below one of its rows and may be the account's";

/// A gap that refuses a record: its path, and what is wrong.
type RefusingGap = (u32, &'static str);

impl Worker {
    pub(super) fn gather(
        &mut self,
        pipeline: &Pipeline,
        row: &Row<'_>,
        at: Position,
        from: JoinedRowSource<'_>,
    ) -> anyhow::Result<RowRole> {
        for rows in &mut self.elements {
            rows.clear();
        }
        match from {
            JoinedRowSource::Index => self.beside.gather(&pipeline.joins, row, at),
            JoinedRowSource::Noted(parts) => {
                self.beside.read(&pipeline.joins, parts)?;
                Ok(RowRole::Record)
            }
        }
    }

    /// Merges the further rows of the group into the draft.
    pub(super) fn merge(&mut self, pipeline: &Pipeline) {
        let Some(group) = group(pipeline) else { return };
        for (row, at) in self.beside.of(group) {
            let (draft, further) = (&mut self.draft, &mut self.further);
            pipeline
                .mapper
                .map_further(&row, draft, further, &mut self.scratch[0]);
            draft.place_strays(JoinedList::Group, at);
        }
    }

    /// What the rules on columns say of the record: any of its rows may leave it out.
    pub(super) fn by_columns(&self, pipeline: &Pipeline, row: &Row<'_>) -> ColumnVerdict {
        // All rows are looked at: each may be the only one that a rule fits.
        let mut verdict = pipeline.exclude.by_columns(row);
        if let Some(group) = group(pipeline) {
            for (row, _) in self.beside.of(group) {
                verdict = verdict.or(pipeline.exclude.by_columns(&row));
            }
        }
        verdict
    }

    pub(super) fn unfit(
        &self,
        pipeline: &Pipeline,
        keyless: Option<&'static str>,
    ) -> Option<RefusingGap> {
        let row_path = pipeline.plan.row_path;
        if let Some(why) = keyless {
            return Some((row_path, why));
        }
        let list_path = |number: usize| {
            let each = pipeline.joins[number].each;
            let list = each.map(|each| pipeline.mapper.each()[each].list);
            list.map_or(row_path, |list| path(&pipeline.plan, list))
        };
        if let Some(number) = self.beside.crowded {
            return Some((list_path(number), CROWDED));
        }
        if let Some((number, why)) = self.beside.unread_key {
            return Some((list_path(number), why));
        }
        if let Some(number) = self.beside.other_form {
            return Some((list_path(number), OTHER_FORM));
        }
        if let Some(number) = self.beside.above_keyless {
            return Some((list_path(number), ABOVE_KEYLESS));
        }
        if let Some(number) = self.beside.beside_unread {
            return Some((list_path(number), BESIDE_UNREAD));
        }
        self.beside.suspect.map(|_| (row_path, BROKEN))
    }

    /// Maps the rows that are elements of lists.
    pub(super) fn map_elements(
        &mut self,
        pipeline: &Pipeline,
        row: &Row<'_>,
        at: Position,
    ) -> Result<(), RefusingGap> {
        let mapper = &pipeline.mapper;
        self.elements.resize_with(mapper.each().len(), Vec::new);
        for (number, each) in mapper.each().iter().enumerate() {
            let own = (each.sheet == 0).then_some((*row, at));
            let Some(join) = pipeline
                .joins
                .iter()
                .position(|join| join.each == Some(number))
            else {
                continue;
            };
            let first = self.primary(mapper, number, join, own);
            if let Some(first) = first.filter(|_| own.is_none()) {
                self.beside.first(join, first);
            }
            let list = pipeline.joins[join].list;
            for (row, at) in in_order(&self.beside, join, own, first) {
                let place = self.elements[number].len();
                self.elements[number].push((list, at));
                if let Some(flaw) = row.flaw() {
                    let element = format!("{}[{}]", each.list, each.base + place);
                    return Err((path(&pipeline.plan, &element), flaw.text()));
                }
                let scratch = &mut self.scratch[each.sheet];
                mapper.map_element(number, &row, &mut self.draft, scratch);
                self.draft.place_strays(list, at);
            }
        }
        Ok(())
    }

    /// Where the owner stands who comes first.
    fn primary(
        &mut self,
        mapper: &Mapper,
        number: usize,
        join: usize,
        own: Option<(Row<'_>, Position)>,
    ) -> Option<Position> {
        let ElementList {
            list, base, sheet, ..
        } = mapper.each()[number];
        if list != "owners" || base > 0 {
            return None;
        }
        let (draft, scratch) = (&mut self.draft, &mut self.scratch[sheet]);
        let mut primary =
            |row: &Row<'_>| mapper.peek(number, "role", row, draft, scratch) == Some(PRIMARY_OWNER);
        in_order(&self.beside, join, own, None)
            .find(|(row, _)| primary(row))
            .map(|(_, at)| at)
    }
}

/// Tells the rows of primary owners, where several rows of one export are an account: their keys are those of accounts.
#[derive(Debug, Default)]
pub struct PrimaryRows {
    draft: Draft,
    scratch: Scratch,
}

impl PrimaryRows {
    /// Whether a row's owner is the primary one of an account. None is where the mapping makes no owner of each row.
    pub fn has(&mut self, mapper: &Mapper, join: &Join, row: &Row<'_>) -> bool {
        let Some(each) = join.each.filter(|each| mapper.each()[*each].base == 0) else {
            return false;
        };
        let (draft, scratch) = (&mut self.draft, &mut self.scratch);
        draft.reset(0);
        mapper.peek(each, "role", row, draft, scratch) == Some(PRIMARY_OWNER)
    }
}

/// The join that groups rows of the accounts' own export.
fn group(pipeline: &Pipeline) -> Option<usize> {
    pipeline
        .joins
        .iter()
        .position(|join| join.list == JoinedList::Group)
}

/// The rows that are elements of a list, that at `first` before all others.
fn in_order<'b>(
    beside: &'b JoinedRows,
    join: usize,
    own: Option<(Row<'b>, Position)>,
    first: Option<Position>,
) -> impl Iterator<Item = (Row<'b>, Position)> {
    let all = move || own.into_iter().chain(beside.of(join));
    let is_first = move |(_, at): &(Row<'_>, Position)| Some(*at) == first;
    let others = all().filter(move |row| !is_first(row));
    all().filter(is_first).chain(others)
}

/// The path of a gap; of one that is not in the tree, the row's.
fn path(plan: &AssessPlan, wanted: &str) -> u32 {
    let found = plan.paths.iter().position(|info| info.path == wanted);
    found.map_or(plan.row_path, |found| found as u32)
}
