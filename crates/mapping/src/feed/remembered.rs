//! Feeds that give the same for the same cell, whatever else stands in the row: what they gave is remembered.
//!
//! Owner of which feeds those are, and of when remembering pays: codes, places and ranges repeat from row to row, birth dates
//! hardly ever. Invariant: a remembered value is what the feed would give. Left out on purpose: the table itself (`memo`).

use super::{FieldMapping, Scratch, TextSource};
use crate::draft::{Draft, SlotValue};
use crate::memo::Memo;
use crate::step::Transform;
use bakkt_source::Row;

/// What a feed gave for a cell.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum GivenValue {
    /// Nothing.
    #[default]
    Missing,
    /// A text: where it begins and ends among all of them.
    Text(u32, u32),
    /// Why the cell cannot be read.
    Invalid(&'static str),
}

/// So many bytes of texts are kept; then everything is forgotten.
const MOST: usize = 1 << 20;

/// What the feeds of a thread gave.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    given: Memo<GivenValue>,
    texts: String,
    /// By feed, how often it was asked, and how often it was known.
    asked: Vec<(u32, u32)>,
}

/// What came of looking for a remembered value.
#[derive(PartialEq, Eq)]
pub(super) enum Recall {
    /// It stands in its slot.
    Done,
    /// It is to be remembered.
    Unknown,
    /// The feed's cells hardly ever repeat.
    NotWorthIt,
}

/// So often a feed is asked before its cells are judged.
const TRIAL: u32 = 512;

impl Remembered {
    /// Puts what a feed gave for the same text into a slot.
    pub(super) fn recall(
        &mut self,
        question: Question,
        text: &str,
        slot: usize,
        draft: &mut Draft,
    ) -> Recall {
        let feed = usize::from(question.0);
        if self.asked.len() <= feed {
            self.asked.resize(feed + 1, (0, 0));
        }
        let (asked, known) = &mut self.asked[feed];
        // Cells that hardly ever repeat: looking for them only costs.
        if *asked >= TRIAL && *known < *asked / 4 * 3 {
            return Recall::NotWorthIt;
        }
        *asked += 1;
        let Some(given) = self.given.find(number(question), text) else {
            return Recall::Unknown;
        };
        *known += 1;
        match given {
            GivenValue::Missing => {}
            GivenValue::Text(start, end) => {
                let text = &self.texts[*start as usize..*end as usize];
                let (span, constant) = (draft.keep(text), false);
                draft.set(slot, SlotValue::Value { span, constant });
            }
            GivenValue::Invalid(why) => draft.set(slot, SlotValue::Invalid(why)),
        }
        Recall::Done
    }

    /// Remembers what a slot holds now for a text.
    pub(super) fn keep(&mut self, question: Question, text: &str, slot: usize, draft: &Draft) {
        if self.texts.len() > MOST {
            self.given = Memo::default();
            self.texts.clear();
        }
        let given = match draft.slot(slot) {
            SlotValue::Missing => GivenValue::Missing,
            SlotValue::Value { span, .. } => {
                let start = self.texts.len() as u32;
                self.texts.push_str(draft.text(span));
                GivenValue::Text(start, self.texts.len() as u32)
            }
            SlotValue::Invalid(why) => GivenValue::Invalid(why),
            SlotValue::List { .. } | SlotValue::Disagree => return,
        };
        self.given.keep(number(question), text, given);
    }
}

/// A feed, by its number, and the country of its address (ISO 3166-1 alpha-2).
type Question = (u16, Option<&'static str>);

fn number((feed, country): Question) -> u32 {
    let letters = country.map_or(0, |country| {
        let letters = country.bytes().take(2);
        letters.fold(0, |all, letter| all << 8 | u32::from(letter))
    });
    letters << 16 | u32::from(feed)
}

impl FieldMapping {
    /// The value of a text, as it was for the same text before where that is known; `feed` is the number of this one.
    pub(super) fn recalled(
        &self,
        slot: usize,
        (feed, text): (u16, &str),
        row: &Row<'_>,
        draft: &mut Draft,
        scratch: &mut Scratch,
    ) {
        let question = (feed, scratch.country);
        let recall = match &mut scratch.remembered {
            Some(known) => known.recall(question, text, slot, draft),
            None => Recall::NotWorthIt,
        };
        if recall == Recall::Done {
            return;
        }
        self.made(slot, text, row, draft, scratch);
        if let Some(remembered) = &mut scratch.remembered
            && recall == Recall::Unknown
        {
            remembered.keep(question, text, slot, draft);
        }
    }

    /// Whether it gives the same for the same cell in the same country, and takes longer than remembering does.
    pub(super) fn may_be_remembered(&self) -> bool {
        let TextSource::First(columns) = &self.source else {
            return false;
        };
        let by_itself = |step: &Transform| step.region_column().is_none();
        // A code of a table is found as fast as what was remembered of it.
        let costs = self.regex.is_some()
            || self.split.is_some()
            || self.steps.len() > 1
            || self.steps.iter().any(Transform::takes_long);
        columns.len() == 1
            && costs
            && !self.list
            && self.default.is_none()
            && self.strict.is_none()
            && !self.skips_unreadable
            && self.steps.iter().all(by_itself)
    }
}
