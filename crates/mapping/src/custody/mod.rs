//! Fiat custody: from a customer's row and payload to what is made for the customer.
//!
//! Owner of the fields that a mapping may feed for it ([`fields`]), of the rows of recipients ([`recipients`]), and of the judgement
//! ([`assess`]). Invariants: pure, so that mapping a row again gives the same bytes; what is wrong is a gap of custody with
//! its position, and nothing here holds up an account. Only migrations with `[custody]` come here, after their rows were
//! judged. Left out on purpose: where results go.

pub mod assess;
mod distinct;
mod doubts;
pub mod fields;
pub mod recipients;

use crate::compile::{Targets, compile_sheet};
use crate::draft::{Draft, SlotValue};
use crate::feed::Scratch;
use crate::pipeline::join_keys::JoinKeys;
use crate::{CompiledSheet, Mapper};
use bakkt_contract::custody::payloads::UserFields;
use bakkt_files::toml_file::TomlFile;
use bakkt_model::error::Diagnostics;
use bakkt_source::Row;
use bakkt_source::workbook::serial::DayEpoch;
use fields::{CustodyField, RECIPIENT_FIELDS, RecipientField, USER_FIELDS};

/// What the settings say of it.
#[derive(Clone, Debug, Default)]
pub struct CustodyRules {
    /// Names go in plain letters.
    pub transliterate: bool,
    /// Hash of the terms of service.
    pub terms_hash: Option<String>,
    /// Wire names of a user's optional fields.
    pub fields: UserFields,
    /// The day of the plan, by UTC: birth dates lie before it.
    pub as_of: jiff::civil::Date,
}

/// The compiled mapping of custody.
#[derive(Debug)]
pub struct CustodyMapper {
    main: Mapper,
    user: [Option<usize>; USER_FIELDS.len()],
    /// Recipients that stand in the customer's own row, by index.
    columns: Vec<RecipientSlots>,
    /// The mapping of rows that are recipients.
    rows: Option<(Mapper, RecipientSlots)>,
}

/// By field of a recipient: its slot.
type RecipientSlots = [Option<usize>; RECIPIENT_FIELDS.len()];

/// What a slot says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said<'d> {
    /// Nothing.
    Nothing,
    /// A text.
    Text(&'d str),
    /// Something that cannot be read; why.
    Unread(&'static str),
}

/// A thread's buffers.
#[derive(Debug, Default)]
pub struct CustodyWorker {
    pub(crate) draft: Draft,
    pub(crate) of_recipient: Draft,
    scratch: Scratch,
}

impl CustodyMapper {
    /// Compiles what the mapping of the accounts feeds of custody, and the mapping of recipients. `None` only when something was
    /// reported.
    pub fn compile(
        (files, day_epochs): (&[TomlFile], &[(String, DayEpoch)]),
        headers: &[String],
        recipients: Option<(&[TomlFile], &[String])>,
        found: &mut Diagnostics,
    ) -> Option<CustodyMapper> {
        let targets = Targets {
            account_type: false,
            rows: false,
            part: crate::compile::MappingPart::Custody,
            day_epochs,
            resolve: &|target, _| fields::resolve(target),
        };
        let (_, sheet) = compile_sheet(&targets, files, headers, found)?;
        let rows = match recipients {
            Some((files, headers)) => {
                let targets = Targets {
                    day_epochs: &[],
                    resolve: &|target, _| fields::resolve_row(target),
                    ..targets
                };
                let (_, sheet) = compile_sheet(&targets, files, headers, found)?;
                let mapper = one_row(sheet.of_rows());
                let slots = RECIPIENT_FIELDS
                    .map(|(_, name, _)| mapper.slot(&format!("custody.recipients[].{name}")));
                Some((mapper, slots))
            }
            None => None,
        };
        let main = one_row(sheet);
        let user = USER_FIELDS.map(|(_, name, _)| main.slot(&format!("custody.{name}")));
        let of = |index: usize| -> RecipientSlots {
            RECIPIENT_FIELDS
                .map(|(_, name, _)| main.slot(&format!("custody.recipients[{index}].{name}")))
        };
        let columns: Vec<RecipientSlots> = (0..=fields::MOST_COLUMNS)
            .map(of)
            .filter(|slots| slots.iter().any(Option::is_some))
            .collect();
        Some(CustodyMapper {
            main,
            user,
            columns,
            rows,
        })
    }

    /// What is no key by which recipients are found.
    pub fn join_keys(&self) -> JoinKeys {
        let rows = self.rows.iter().map(|(rows, _)| rows.empty_cells(0));
        JoinKeys::new([self.main.empty_cells(0)].into_iter().chain(rows))
    }

    /// Maps a customer's own row.
    pub(crate) fn map(&self, row: &Row<'_>, worker: &mut CustodyWorker) {
        self.main.map(row, &mut worker.draft, &mut worker.scratch);
    }

    /// Maps a row that is a recipient.
    pub(crate) fn map_recipient(&self, row: &Row<'_>, worker: &mut CustodyWorker) {
        if let Some((mapper, _)) = &self.rows {
            mapper.map(row, &mut worker.of_recipient, &mut worker.scratch);
        }
    }

    pub(crate) fn said<'d>(&self, field: CustodyField, draft: &'d Draft) -> Said<'d> {
        said(self.user[field as usize], draft)
    }

    /// The currencies, each as it was read.
    pub(crate) fn currencies<'d>(&self, draft: &'d Draft) -> Vec<Result<&'d str, &'static str>> {
        let Some(slot) = self.user[CustodyField::Currencies as usize] else {
            return Vec::new();
        };
        match draft.slot(slot) {
            SlotValue::Missing => Vec::new(),
            SlotValue::Value { span, .. } => vec![Ok(draft.text(span))],
            SlotValue::List { first, last, .. } => {
                (first..last).map(|item| draft.item(item)).collect()
            }
            SlotValue::Invalid(why) => vec![Err(why)],
            SlotValue::Disagree => vec![Err("the rows of the account say different things")],
        }
    }

    /// How many recipients can stand in the customer's own row.
    pub(crate) fn columns(&self) -> usize {
        self.columns.len()
    }

    /// What is said of a recipient: of the customer's own row by its index, or of a row of its own.
    pub(crate) fn of_recipient<'d>(
        &self,
        index: Option<usize>,
        field: RecipientField,
        worker: &'d CustodyWorker,
    ) -> Said<'d> {
        match index {
            Some(index) => said(self.columns[index][field as usize], &worker.draft),
            None => {
                let slot = self
                    .rows
                    .as_ref()
                    .and_then(|(_, slots)| slots[field as usize]);
                said(slot, &worker.of_recipient)
            }
        }
    }
}

fn said(slot: Option<usize>, draft: &Draft) -> Said<'_> {
    let Some(slot) = slot else {
        return Said::Nothing;
    };
    match draft.slot(slot) {
        SlotValue::Missing => Said::Nothing,
        SlotValue::Value { span, .. } => Said::Text(draft.text(span)),
        SlotValue::Invalid(why) => Said::Unread(why),
        SlotValue::List { .. } => Said::Unread("is a list"),
        SlotValue::Disagree => Said::Unread("the rows of the account say different things"),
    }
}

/// A mapper of one sheet.
fn one_row(sheet: CompiledSheet) -> Mapper {
    Mapper::new(Vec::new(), sheet, Vec::new(), &[])
}
