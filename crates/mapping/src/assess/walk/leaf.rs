//! The walk over one value: checked, written, or a gap.
//!
//! Owner of what becomes of a field that is missing or unfit, and of owners' ids that are made because the export has none.
//! Left out on purpose: what a value must be (`assess::value`), and lists of texts (`lines`).

use uuid::Uuid;

use super::{Assessor, NodeOutcome, derived_owner_id};
use crate::assess::GapReason;
use crate::assess::kept::KeptValue;
use crate::assess::owners::SentOwner;
use crate::assess::plan::{AssessPlan, Leaf, Node, Spelling};
use crate::assess::value::{self, SiblingValues};
use crate::draft::{Draft, SlotValue};
use bakkt_contract::shares::Share;
use bakkt_contract::{Form, Level};

impl Assessor {
    pub(super) fn leaf(
        &mut self,
        plan: &AssessPlan,
        draft: &Draft,
        node: &Node,
        leaf: &Leaf,
        own: Level,
        level: Level,
    ) -> NodeOutcome {
        // A local field says nothing about whether there is an owner, and is not sent.
        let when_invalid = leaf.local.map_or(level, |unfit| unfit.max(level));
        let (text, constant) = match leaf
            .slot
            .map_or(SlotValue::Missing, |slot| draft.slot(slot))
        {
            _ if matches!(leaf.form, Form::AccountType) => {
                (self.account_type.unwrap_or_default(), true)
            }
            SlotValue::Value { span, constant } => (draft.text(span), constant),
            SlotValue::Invalid(why) => {
                self.data += usize::from(leaf.local.is_none_or(Level::breaks));
                return self.gap(
                    node,
                    GapReason::Invalid(why),
                    when_invalid,
                    NodeOutcome::Broken,
                );
            }
            SlotValue::Disagree => return self.disagree(node, level),
            SlotValue::Missing | SlotValue::List { .. } if matches!(leaf.form, Form::OwnerId) => {
                return self.derived_owner_id(plan, draft, node, leaf);
            }
            SlotValue::Missing | SlotValue::List { .. } => {
                let wanted =
                    own.breaks() || level >= Level::G || self.partner_waits(plan, draft, leaf);
                if wanted {
                    self.gap(node, GapReason::Missing, level, NodeOutcome::Absent);
                }
                return NodeOutcome::Absent;
            }
        };
        self.data += usize::from(!constant && leaf.local.is_none());
        if let Err(why) = self.check(plan, draft, leaf.form, leaf, text) {
            return self.gap(
                node,
                GapReason::Invalid(why),
                when_invalid,
                NodeOutcome::Broken,
            );
        }
        if leaf.local.is_some() {
            return NodeOutcome::Sent;
        }
        if let Some((slot, form)) = leaf.partner {
            let fit = slot
                .and_then(|slot| draft.value(slot))
                .is_some_and(|text| self.check(plan, draft, form, leaf, text).is_ok());
            if !fit {
                // Of a record that is not sent at all, nothing is withheld.
                let demanded = node.demanded && own == Level::H;
                if demanded || (!constant && !level.breaks()) {
                    self.gap(node, GapReason::Withheld, level, NodeOutcome::Absent);
                }
                return NodeOutcome::Absent;
            }
        }
        self.key(node);
        let start = self.out.len();
        match (leaf.form, plan.spelling) {
            (form, _) if self.brief && !matches!(form, Form::OwnerId) => {}
            (Form::TaxIdType, Spelling::Reference) if text == "NATIONALID" => {
                value::write_string("NATIONAL_ID", &mut self.out)
            }
            _ => value::write(leaf.form, text, &mut self.out),
        }
        self.keep(leaf.number, start);
        match leaf.form {
            Form::Role => self.owner = SentOwner::new(text, node.path),
            Form::OwnerId => self.note_owner_id(text, start, node),
            _ => {}
        }
        self.out.push(b',');
        if !constant {
            self.sent.push(node.path);
        }
        NodeOutcome::Sent
    }

    pub(super) fn check(
        &self,
        plan: &AssessPlan,
        draft: &Draft,
        form: Form,
        leaf: &Leaf,
        text: &str,
    ) -> Result<(), &'static str> {
        let mut beside = self.beside(plan);
        self.check_beside(plan, draft, (form, leaf), text, &mut beside)
    }

    /// What is the same beside every value of the record.
    pub(super) fn beside(&self, plan: &AssessPlan) -> SiblingValues<'static> {
        SiblingValues {
            unissued: plan.ids.allow_unissued,
            as_of: plan.as_of,
            is_latin: self.is_latin,
            ..SiblingValues::default()
        }
    }

    /// Checks a value; what stands beside it is written into `beside`, which serves every value of a record.
    pub(super) fn check_beside<'d>(
        &self,
        plan: &AssessPlan,
        draft: &'d Draft,
        (form, leaf): (Form, &Leaf),
        text: &str,
        beside: &mut SiblingValues<'d>,
    ) -> Result<(), &'static str> {
        if matches!(form, Form::ClientId | Form::OwnerId) {
            return plan.unfit_id(draft, text).map_or(Ok(()), Err);
        }
        if form.depends_on_others() {
            beside.country = leaf.country.and_then(|slot| draft.value(slot));
            beside.tax_id_type = leaf.tax_id_type.and_then(|slot| draft.value(slot));
        }
        value::check(form, text, beside)?;
        // What a share means shows beside the others of the account.
        let share = Share::read(text).filter(|_| form == Form::Percent);
        let doubt = share.and_then(|share| plan.fraction_doubt(draft, share));
        doubt.map_or(Ok(()), Err)
    }

    /// The field beside this one has a value that this one's absence withholds.
    fn partner_waits(&self, plan: &AssessPlan, draft: &Draft, leaf: &Leaf) -> bool {
        leaf.partner.is_some_and(|(slot, form)| {
            slot.is_some_and(|slot| match draft.slot(slot) {
                SlotValue::Value {
                    span,
                    constant: false,
                } => self
                    .check(plan, draft, form, leaf, draft.text(span))
                    .is_ok(),
                _ => false,
            })
        })
    }

    fn derived_owner_id(
        &mut self,
        plan: &AssessPlan,
        draft: &Draft,
        node: &Node,
        leaf: &Leaf,
    ) -> NodeOutcome {
        if self.brief && !self.ids && !plan.feeds_owner_ids {
            self.owner_id.clear();
            // Derived from the place, so unique among themselves.
            self.out.push(b',');
            return NodeOutcome::Sent;
        }
        let account = plan
            .client_id
            .and_then(|slot| draft.value(slot))
            .unwrap_or("");
        let id = derived_owner_id(account, leaf.owner);
        let mut buffer = Uuid::encode_buffer();
        self.key(node);
        let start = self.out.len();
        let id: &str = id.hyphenated().encode_lower(&mut buffer);
        value::write_string(id, &mut self.out);
        self.keep(leaf.number, start);
        self.note_owner_id(id, start, node);
        self.out.push(b',');
        NodeOutcome::Sent
    }

    /// Notes the value that was written last, with the number of its field.
    pub(super) fn keep(&mut self, number: Option<u8>, start: usize) {
        if let Some(field) = number.filter(|_| !self.brief) {
            self.kept.push(KeptValue {
                field,
                place: self.owners.len() as u32,
                start,
                end: self.out.len(),
            });
        }
    }

    fn note_owner_id(&mut self, id: &str, start: usize, node: &Node) {
        self.owner_ids.push((start, self.out.len(), node.path));
        if self.facts {
            self.owner_id.clear();
            self.owner_id.push_str(id);
        }
    }
}
