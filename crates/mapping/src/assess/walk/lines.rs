//! The walk over a list of texts, such as the lines of a street.
//!
//! Owner of the shape rule for lists of texts: one gap a list, whatever the number of broken elements.
//! Left out on purpose: lists of objects, which the walk itself takes.

use super::{Assessor, NodeOutcome};
use crate::assess::GapReason;
use crate::assess::plan::Node;
use crate::assess::value::{self, SiblingValues};
use crate::draft::{Draft, SlotValue};
use bakkt_contract::{Form, Level, texts};

impl Assessor {
    /// Writes a list of texts; only its broken elements are left out (contract, section 3).
    pub(super) fn lines(
        &mut self,
        draft: &Draft,
        node: &Node,
        (slot, form, number): (Option<usize>, Form, Option<u8>),
        (own, level): (Level, Level),
    ) -> NodeOutcome {
        let (first, last, constant) = match slot.map_or(SlotValue::Missing, |slot| draft.slot(slot))
        {
            SlotValue::List {
                first,
                last,
                constant,
            } => (first, last, constant),
            SlotValue::Invalid(why) => {
                self.data += 1;
                return self.gap(node, GapReason::Invalid(why), level, NodeOutcome::Broken);
            }
            SlotValue::Disagree => return self.disagree(node, level),
            SlotValue::Missing | SlotValue::Value { .. } => {
                if own.breaks() || level >= Level::G {
                    self.gap(node, GapReason::Missing, level, NodeOutcome::Absent);
                }
                return NodeOutcome::Absent;
            }
        };
        self.data += usize::from(!constant);
        let before = self.out.len();
        self.key(node);
        self.out.push(b'[');
        let start = self.out.len();
        let mut broken = None;
        for item in first..last {
            let fit = self.line(draft, form, item, first);
            // A country that is named twice is one country.
            let is_repeated = |text: &str| (first..item).any(|item| draft.item(item) == Ok(text));
            match fit {
                Ok(text) if form == Form::Country && is_repeated(text) => continue,
                Ok(text) if !self.brief => value::write_string(text, &mut self.out),
                Ok(_) => {}
                Err(why) => {
                    broken = broken.or(Some(why));
                    continue;
                }
            }
            self.out.push(b',');
        }
        // One gap a list, whatever the number of broken elements; without a good one the list itself is broken.
        let reason = broken.map_or(GapReason::Missing, GapReason::Invalid);
        if self.out.len() == start {
            self.out.truncate(before);
            return self.gap(node, reason, level, NodeOutcome::Broken);
        }
        if broken.is_some() {
            self.gap(node, reason, level.min(Level::G), NodeOutcome::Absent);
        }
        self.close(b']');
        self.keep(number, start);
        self.out.push(b',');
        if !constant {
            self.sent.push(node.path);
        }
        NodeOutcome::Sent
    }

    /// One text of a list whose items begin with the first one, if it fits.
    pub(super) fn line<'d>(
        &self,
        draft: &'d Draft,
        form: Form,
        item: u32,
        first: u32,
    ) -> Result<&'d str, &'static str> {
        let text = draft.item(item)?;
        let beside = SiblingValues {
            is_latin: self.is_latin,
            ..SiblingValues::default()
        };
        value::check(form, text, &beside)?;
        match form {
            Form::Short(_) if item - first >= texts::LINES => Err("more lines than an address has"),
            _ => Ok(text),
        }
    }
}
