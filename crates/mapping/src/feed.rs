//! One compiled feed: from the cells of a row to the value of one slot.
//!
//! Owner of the transforms' order, which is fixed: source → join → regex → split → digits → pad → case → lookup → form
//! (date, phone, …) → default, and of what happens when one of several columns cannot be read. Runs for every field of every row, so texts move through two reused buffers.
//! Left out on purpose: what each transform does with a text ([`super::step`]).

mod block;
mod condition;
mod cutting;
mod order;
mod remembered;
mod traits;

use std::borrow::Cow;
use std::sync::Arc;

pub(super) use block::RowBlock;
pub(super) use condition::Condition;
use cutting::OwnPattern;
pub use cutting::{CutPattern, Split};
pub(super) use order::{country_beside, in_order};
use remembered::Remembered;

use super::CompiledSheet;
use super::draft::{Draft, SlotValue};
use super::expr::{ExprResult, ForRow};
use super::step::{self, Transform};
use super::unreadable;
use bakkt_contract::{Form, forms};
use bakkt_model::error::Diagnostic;
use bakkt_model::placeholder::{self, KeptPlaceholders};
use bakkt_model::text::{cell, lost, one_line, same, trim, without_invisible};
use bakkt_source::{Cell, Row};

/// Where a feed gets its text.
#[derive(Debug)]
pub enum TextSource {
    /// The first of these columns that is not empty.
    First(Vec<usize>),
    /// All of these columns, empty ones left out.
    All(Vec<usize>),
    /// A text of the mapping.
    Const(String),
    /// An expression.
    Expr(usize),
    /// Nowhere: backfill files may have it.
    Open,
}

/// A compiled field mapping: which columns feed a field, and how.
#[derive(Debug)]
pub struct FieldMapping {
    /// The path that it feeds.
    pub target: String,
    /// Where the mapping says so: file and line.
    pub written: String,
    /// The columns that it reads, for reports.
    pub columns: Vec<String>,
    /// Their indexes.
    pub reads: Vec<usize>,
    /// Where the text comes from.
    pub source: TextSource,
    /// It yields nothing where this column is empty.
    pub when: Option<usize>,
    /// First group of this, before everything else.
    pub regex: Option<CutPattern>,
    /// A text that does not match `regex` counts as empty, not as invalid.
    pub empties_misses: bool,
    /// Of several columns, one whose text cannot be read is passed over for the next.
    pub skips_unreadable: bool,
    /// The target takes an e-mail address, which no transform reads: whether a text is one decides what is passed over.
    pub is_email: bool,
    /// Number of the feed of `country` in the same address, among the feeds beside this one. It stands before this one.
    pub country: Option<usize>,
    /// Cutting.
    pub split: Option<Split>,
    /// Several texts joined into one.
    pub join: Option<String>,
    /// The other transforms, in order.
    pub steps: Vec<Transform>,
    /// Instead of nothing.
    pub default: Option<String>,
    /// The target is a list of texts.
    pub list: bool,
    /// The form of the target's values.
    pub form: Form,
    /// Placeholders that are values here.
    pub keeps: KeptPlaceholders,
    /// Words of the contract that the target takes; none of them is a placeholder here.
    pub words: &'static [&'static str],
    /// A code that is in no table ends the run.
    pub strict: Option<Arc<StrictLookup>>,
    /// How the value is made of a cell in which nothing is hidden; see [`in_order`].
    pub(super) route: Route,
    /// Its number among the feeds of its sheet whose values are remembered.
    pub(super) remembered: Option<u16>,
    /// How many feeds in a row, from this one on, have the same `when`; 0 without one. See [`in_order`].
    pub same_when: usize,
}

/// How a feed makes its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// It takes the text of its one column as it stands.
    Copy,
    /// One transform makes it of the text of its one column.
    Step,
    /// Any other way.
    Any,
}

/// The feed of a lookup that must know every code.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StrictLookup {
    /// Where the mapping says so.
    pub place: Diagnostic,
    /// The columns that it reads.
    pub columns: Vec<String>,
}

/// Buffers of one thread.
#[derive(Debug, Default)]
pub struct Scratch {
    one: String,
    two: String,
    /// Country of the address that is being mapped (alpha-2), where the row says it.
    pub(super) country: Option<&'static str>,
    /// None where one scratch serves several mappings.
    remembered: Option<Remembered>,
    /// By [`CutPattern::number`].
    patterns: Vec<Option<OwnPattern>>,
}

impl Scratch {
    /// One that serves a single sheet of a single mapping, whose values it remembers.
    pub(super) fn of_one_sheet() -> Scratch {
        Scratch {
            remembered: Some(Remembered::default()),
            ..Scratch::default()
        }
    }
}

/// What is wrong with an expression that says whether something is so, for a field that takes anything else.
const TRUTH_AS_TEXT: &str = "the expression gives true or false, and the field takes neither";

/// What is wrong with a text in which a pattern finds nothing.
const UNEXPECTED: &str = "the text does not have the form that `regex` expects";

enum SourceText<'a> {
    Empty,
    Broken(&'static str),
    Found(&'a str),
}

impl FieldMapping {
    /// One that gives nothing itself: a slot for what backfill files say.
    pub(super) fn open(target: String) -> FieldMapping {
        FieldMapping {
            target,
            written: String::new(),
            columns: Vec::new(),
            reads: Vec::new(),
            source: TextSource::Open,
            when: None,
            regex: None,
            empties_misses: false,
            skips_unreadable: false,
            is_email: false,
            country: None,
            split: None,
            join: None,
            steps: Vec::new(),
            default: None,
            list: false,
            form: Form::Text,
            keeps: KeptPlaceholders::Nothing,
            words: &[],
            strict: None,
            route: Route::Any,
            remembered: None,
            same_when: 0,
        }
    }

    /// Whether a cell is a usual placeholder and nothing that this feed knows a meaning of.
    #[inline(never)]
    pub(super) fn is_placeholder(&self, text: &str) -> bool {
        placeholder::is_placeholder_but(text, self.keeps)
            && !self.words.iter().any(|word| same(word, text))
            && !self.steps.iter().any(|step| step.knows(text))
    }

    /// Puts the value for a row into a slot that is missing so far; a feed that gives nothing leaves it so. Every value is
    /// written where it stays: handing it up through the calls costs more than most feeds do.
    pub(crate) fn eval(
        &self,
        slot: usize,
        row: &Row<'_>,
        sheet: &CompiledSheet,
        exprs: &ForRow<'_>,
        draft: &mut Draft,
        scratch: &mut Scratch,
    ) {
        if let Some(column) = self.only_column() {
            return self.one_cell(slot, column, row, sheet, draft, scratch);
        }
        match &self.source {
            TextSource::Open => return,
            TextSource::Const(text) => return self.constant(slot, text, draft),
            TextSource::First(columns) => self.first(slot, columns, row, sheet, draft, scratch),
            TextSource::All(columns) => self.all(slot, columns, row, sheet, draft, scratch),
            TextSource::Expr(_) if self.broken(row, sheet).is_some() => {
                let why = self.broken(row, sheet).unwrap_or_default();
                draft.set(slot, SlotValue::Invalid(why));
            }
            TextSource::Expr(number) => match exprs.eval(*number, |text| self.is_placeholder(text))
            {
                ExprResult::Text(text) if sheet.is_empty_cell(&text, self) => {}
                ExprResult::Text(text) => self.cut(slot, &text, row, draft, scratch),
                ExprResult::Truth(truth) if self.takes_truth() => {
                    let text = if truth { "true" } else { "false" };
                    self.cut(slot, text, row, draft, scratch);
                }
                ExprResult::Truth(_) => draft.set(slot, SlotValue::Invalid(TRUTH_AS_TEXT)),
                ExprResult::Failed(why) => draft.set(slot, SlotValue::Invalid(why)),
            },
        }
        if let Some(text) = &self.default
            && draft.slot(slot) == SlotValue::Missing
        {
            self.constant(slot, text, draft);
        }
    }

    /// Whether true and false mean something to it.
    fn takes_truth(&self) -> bool {
        let reads = |step: &Transform| matches!(step, Transform::Lookup(..) | Transform::YesNo(_));
        self.form == Form::Boolean || self.steps.iter().any(reads)
    }

    /// Why one of the cells that it reads cannot be read, if one cannot.
    fn broken(&self, row: &Row<'_>, sheet: &CompiledSheet) -> Option<&'static str> {
        self.reads
            .iter()
            .find_map(|column| match self.text(row, sheet, *column) {
                SourceText::Broken(why) => Some(why),
                SourceText::Found(text) => unreadable::why(text),
                SourceText::Empty => None,
            })
    }

    #[inline(always)]
    fn text<'a>(&self, row: &Row<'a>, sheet: &CompiledSheet, column: usize) -> SourceText<'a> {
        match row.cell(column) {
            Cell::Text(text) if sheet.is_empty_cell(text, self) => SourceText::Empty,
            Cell::Text(text) => SourceText::Found(text),
            Cell::Broken(why) => SourceText::Broken(why),
        }
    }

    fn constant(&self, slot: usize, text: &str, draft: &mut Draft) {
        let first = draft.items();
        let value = if self.list {
            draft.keep_item(text);
            SlotValue::List {
                first,
                last: draft.items(),
                constant: true,
            }
        } else {
            SlotValue::Value {
                span: draft.keep(text),
                constant: true,
            }
        };
        draft.set(slot, value);
    }

    fn first(
        &self,
        slot: usize,
        columns: &[usize],
        row: &Row<'_>,
        sheet: &CompiledSheet,
        draft: &mut Draft,
        scratch: &mut Scratch,
    ) {
        let mut unread = None;
        for &column in columns {
            let strays = draft.strays().len();
            match self.text(row, sheet, column) {
                SourceText::Empty => continue,
                SourceText::Broken(why) => draft.set(slot, SlotValue::Invalid(why)),
                SourceText::Found(text) => self.cut(slot, text, row, draft, scratch),
            }
            if !self.skips_unreadable {
                return;
            }
            match self.unreadable(slot, draft) {
                None if draft.slot(slot) == SlotValue::Missing => {}
                None => return,
                Some(why) => {
                    unread = unread.or(Some(why));
                    draft.drop_strays(strays);
                    draft.set(slot, SlotValue::Missing);
                }
            }
        }
        if let Some(why) = unread {
            draft.set(slot, SlotValue::Invalid(why));
        }
    }

    /// Why nothing could be read into a slot, where that is so.
    fn unreadable(&self, slot: usize, draft: &Draft) -> Option<&'static str> {
        match draft.slot(slot) {
            SlotValue::Invalid(why) => Some(why),
            SlotValue::Value { span, .. }
                if self.is_email && !forms::is_email(draft.text(span)) =>
            {
                Some("not an e-mail address")
            }
            _ => None,
        }
    }

    fn all(
        &self,
        slot: usize,
        columns: &[usize],
        row: &Row<'_>,
        sheet: &CompiledSheet,
        draft: &mut Draft,
        scratch: &mut Scratch,
    ) {
        let first = draft.items();
        let mut joined = self.join.as_ref().map(|_| String::new());
        for &column in columns {
            let text = match self.text(row, sheet, column) {
                SourceText::Empty => continue,
                SourceText::Broken(why) => return draft.set(slot, SlotValue::Invalid(why)),
                SourceText::Found(text) => text,
            };
            match (&mut joined, &self.join) {
                (Some(joined), Some(separator)) => {
                    if !joined.is_empty() {
                        joined.push_str(separator);
                    }
                    joined.push_str(text);
                }
                _ => self.item(text, row, draft, scratch),
            }
        }
        match joined {
            Some(text) if text.is_empty() => {}
            Some(text) => self.cut(slot, &text, row, draft, scratch),
            None => listed(slot, first, draft),
        }
    }

    /// Regex and split, then the other transforms.
    fn cut(
        &self,
        slot: usize,
        text: &str,
        row: &Row<'_>,
        draft: &mut Draft,
        scratch: &mut Scratch,
    ) {
        if let Some(why) = self.lost_digits(text) {
            return draft.set(slot, SlotValue::Invalid(why));
        }
        let text = match &self.regex {
            Some(pattern) => match pattern.find(text, scratch) {
                Some(part) => part,
                None => match unreadable::why(text) {
                    None if self.empties_misses => return,
                    why => {
                        let why = why.unwrap_or(UNEXPECTED);
                        return draft.set(slot, SlotValue::Invalid(why));
                    }
                },
            },
            None => text,
        };
        match &self.split {
            Some(
                split @ Split {
                    take: Some(take), ..
                },
            ) => match split.part(text, *take).map(trim) {
                None | Some("") => {}
                Some(part) => self.one(slot, part, row, draft, scratch),
            },
            Some(split) => {
                let first = draft.items();
                for part in split.parts(text).map(trim).filter(|part| !part.is_empty()) {
                    self.item(part, row, draft, scratch);
                }
                listed(slot, first, draft);
            }
            None => self.one(slot, text, row, draft, scratch),
        }
    }

    /// Why the cell of a field in which every digit counts cannot be believed, whatever its transforms would make of it. What
    /// stands behind a point is a person's own affair where the mapping cuts it off.
    fn lost_digits(&self, text: &str) -> Option<&'static str> {
        if !self.form.counts_every_digit() {
            return None;
        }
        let why = lost::why_lost(text)?;
        let cut = self.regex.is_some() || self.split.is_some();
        let id = matches!(self.form, Form::ClientId | Form::OwnerId);
        let digits = matches!(self.steps.first(), Some(Transform::Digits(_)));
        (why == lost::SCIENTIFIC || (!cut && (id || digits))).then_some(why)
    }

    fn item(&self, text: &str, row: &Row<'_>, draft: &mut Draft, scratch: &mut Scratch) {
        match self.transform(text, row, scratch) {
            Ok(done) if self.form.is_prose() && cell::has_break(done) => {
                let lines = done.split(['\n', '\r', '\u{2028}', '\u{2029}']).map(trim);
                for line in lines.filter(|line| !line.is_empty()) {
                    draft.keep_item(&one_line(line));
                }
            }
            Ok("") => {}
            Ok(done) => draft.keep_item(done),
            Err(why) => {
                self.note_stray(why, text, draft);
                draft.keep_broken_item(why);
            }
        }
    }

    /// A code that is in no table, where the mapping says that there must be none.
    fn note_stray(&self, why: &str, text: &str, draft: &mut Draft) {
        let is_code = matches!(
            why,
            step::UNKNOWN_CODE
                | step::AMBIGUOUS_CODE
                | step::LABELLED_CODE
                | step::MARKED_CODE
                | step::LOOK_ALIKE_CODE
        );
        if let Some(strict) = self.strict.as_ref().filter(|_| is_code) {
            draft.keep_stray(strict, text);
        }
    }

    /// One text; for a list, its only item.
    #[inline]
    fn one(
        &self,
        slot: usize,
        text: &str,
        row: &Row<'_>,
        draft: &mut Draft,
        scratch: &mut Scratch,
    ) {
        if self.list {
            let first = draft.items();
            self.item(text, row, draft, scratch);
            return listed(slot, first, draft);
        }
        if let ([step], false) = (self.steps.as_slice(), self.form.is_prose()) {
            return self.one_step(step, slot, text, row, draft, scratch.country);
        }
        if text.is_empty() {
            return;
        }
        if self.steps.is_empty() && self.is_latin(row) {
            let (span, constant) = (draft.keep(text), false);
            return draft.set(slot, SlotValue::Value { span, constant });
        }
        match self.transform(text, row, scratch) {
            Ok("") => {}
            Ok(done) => {
                let span = match self.form.is_prose() {
                    true => draft.keep(&one_line(done)),
                    false => draft.keep(done),
                };
                let constant = false;
                draft.set(slot, SlotValue::Value { span, constant });
            }
            Err(why) => {
                self.note_stray(why, text, draft);
                draft.set(slot, SlotValue::Invalid(why));
            }
        }
    }

    /// Whether a text that no transform has changed yet is part of a cell in which nothing is hidden and no line ends.
    fn is_latin(&self, row: &Row<'_>) -> bool {
        row.is_latin() && matches!(self.source, TextSource::First(_))
    }

    /// What a transform sees of a text.
    fn visible<'t>(&self, step: &Transform, text: &'t str, row: &Row<'_>) -> Cow<'t, str> {
        match step.reads_meaning() && !self.is_latin(row) {
            true => without_invisible(text),
            false => Cow::Borrowed(text),
        }
    }

    /// The usual case: one transform, which writes its text where it stays.
    fn one_step(
        &self,
        step: &Transform,
        slot: usize,
        text: &str,
        row: &Row<'_>,
        draft: &mut Draft,
        country: Option<&'static str>,
    ) {
        let visible = self.visible(step, text, row);
        match draft.write(|out| step.apply(&visible, row, country, out)) {
            Ok(span) if span.is_empty() => {}
            Ok(span) => {
                let constant = false;
                draft.set(slot, SlotValue::Value { span, constant });
            }
            Err(why) => {
                self.note_stray(why, text, draft);
                draft.set(slot, SlotValue::Invalid(why));
            }
        }
    }

    fn transform<'a>(
        &self,
        text: &'a str,
        row: &Row<'_>,
        scratch: &'a mut Scratch,
    ) -> Result<&'a str, &'static str> {
        match self.steps.as_slice() {
            [] => Ok(text),
            [step] => {
                scratch.one.clear();
                let visible = self.visible(step, text, row);
                step.apply(&visible, row, scratch.country, &mut scratch.one)?;
                Ok(&scratch.one)
            }
            steps => {
                scratch.one.clear();
                match steps.iter().any(Transform::reads_meaning) {
                    true => scratch.one.push_str(&without_invisible(text)),
                    false => scratch.one.push_str(text),
                }
                for step in steps {
                    scratch.two.clear();
                    step.apply(&scratch.one, row, scratch.country, &mut scratch.two)?;
                    std::mem::swap(&mut scratch.one, &mut scratch.two);
                    if scratch.one.is_empty() {
                        break;
                    }
                }
                Ok(&scratch.one)
            }
        }
    }
}

/// The items from the first one on, if there are any.
fn listed(slot: usize, first: u32, draft: &mut Draft) {
    let last = draft.items();
    if last > first {
        let constant = false;
        draft.set(
            slot,
            SlotValue::List {
                first,
                last,
                constant,
            },
        );
    }
}
