//! Backfill files: rows that are laid over what the exports say of a customer.
//!
//! Owner of [`Overlay`], one such file with the index of its ids, and of how its cells become values of a record's draft.
//! Layers apply in the order of their numbers, in every mapping of a record: in planning, in sending, in comparing. An
//! empty cell changes nothing, and what cannot be read never takes the place of what can, so that no layer loses what the
//! export or an earlier layer has. Invariants: a record without rows in a layer is what it would be without the layer,
//! byte for byte; a row whose values may not change (`refused`) is not there; no layer makes an owner.
//! How one row is laid over one record is in `lay`.
//! Left out on purpose: which files there are and how they are opened (`migration`), who may change what (`commands`).

mod lay;
mod who;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::Mapper;
use crate::draft::Draft;
use crate::feed::Scratch;
use bakkt_contract::Form;
use bakkt_model::position::Position;
use bakkt_source::keys::{KeyFate, KeyIndex};
use bakkt_source::{Export, RereadRow, Row, Rows};

pub use who::{ElementPlaces, IdentityFields, OwnerIdentity, OwnerRef, PersonMark, tells};

/// Rows per batch of the pass that fills the index.
const BATCH: usize = 1024;

/// Why a cell of a row is not laid over the record.
pub const NO_ELEMENT: &str = "the account has no such owner or contact";
/// Why a cell says nothing that could be sent.
pub const NEVER_SENT: &str = "the field is never sent";
/// Why the type of an account cannot be laid over it.
pub const TYPE_OF_MAPPING: &str = "the mapping gives all accounts their type";
/// What is wrong with a row that names no customer.
pub const NO_ID: &str = "no clientAccountId";
/// What is wrong with a row whose customer the plan does not have.
pub const UNKNOWN: &str = "unknown account";
/// The same, of a customer whom the plan has under an id that is written in another way.
pub const OTHER_FORM: &str = "unknown account; the plan has its id in another form (capitals, zeros or letters in front, punctuation, invisible characters or what stands behind it)";
/// What is wrong with a row that was refused when its file was taken: why, the journal knows.
pub(crate) const NOT_TAKEN: &str = "not taken when the file was";
/// What is wrong with a row of an account that is left out, or whose own row is broken.
pub(crate) const NOT_READ: &str = "its account is left out, or its row is broken";

/// How the rows of a file are read.
#[derive(Debug)]
pub enum OverlayReading {
    /// By a mapping of its own: its columns are fields.
    Fields(Mapper),
    /// By that of the accounts: by column of their export, the file's column.
    Export(Vec<Option<usize>>),
}

/// A backfill file.
#[derive(Debug)]
pub struct Overlay {
    /// Its number in the journal.
    pub number: i64,
    /// The file.
    pub export: Arc<Export>,
    /// How its rows are read.
    pub read: OverlayReading,
    /// What its rows can say.
    pub fields: Vec<OverlayField>,
    /// Slot of clientAccountId in what a row says.
    pub id: usize,
    /// Lines of rows that are not there: they were refused when the file was taken, and stay so.
    pub refused: BTreeSet<u64>,
    /// Of whom its rows speak: noted when the file was taken.
    pub who: BTreeMap<OwnerRef, OwnerIdentity>,
    /// By list of the mapping: what tells one element from another.
    pub tells: Vec<IdentityFields>,
    /// Filled by [`Overlay::index`].
    pub keys: KeyIndex,
    /// Rows and blank lines.
    pub counts: (u64, u64),
}

/// One field that rows of a layer can say.
#[derive(Clone, Debug)]
pub struct OverlayField {
    /// Slot in what the row says.
    pub from: usize,
    /// Slot of the record; none where there is nothing to lay it over.
    pub to: Option<usize>,
    /// Its path.
    pub path: String,
    /// The number of the path in the plan, for gaps.
    pub gap: Option<u32>,
    /// Form of its text or texts.
    pub form: Form,
    /// Where it belongs to an element of a list: what says that there is such a one.
    pub element: Element,
    /// Slot of `country` beside it.
    pub country: Option<usize>,
    /// Slot of `taxIdType` beside it.
    pub tax_id_type: Option<usize>,
    /// Of a phone number that is still to be read as people write it: where it may be from.
    pub phone: Option<PhoneCountries>,
}

/// By which country a phone number without a country code is read.
#[derive(Clone, Copy, Debug)]
pub struct PhoneCountries {
    /// Slot of the country of the person or firm.
    pub own: Option<usize>,
    /// That of the main owner, where the own one is not known.
    pub owners: Option<usize>,
}

/// What says that the element of a list is there.
#[derive(Clone, Debug)]
pub enum Element {
    /// It always is, or may be made.
    Any,
    /// A row of its own.
    Row(ElementPlaces),
    /// Data in any of these slots.
    Slots(Vec<usize>),
}

/// What a trial of one layer finds out.
#[derive(Debug, Default)]
pub struct OverlayTrial {
    /// Which, by its place in the pipeline.
    pub layer: usize,
    /// Bakkt has the account: what may not change stays as it is.
    pub locked: bool,
    /// Rows of the layer that are left out.
    pub out: BTreeSet<u64>,
    /// The rows of the record, in order.
    pub rows: Vec<TriedRow>,
}

/// What laying one row over its record would change.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TriedRow {
    /// The line of the row.
    pub row: u64,
    /// What it would change and may not, by path: nothing of it was taken.
    pub restricted: Vec<String>,
    /// Cells that were not taken: path, why.
    pub left: Vec<(String, &'static str)>,
    /// Of whom it speaks, by list and place.
    pub who: BTreeMap<(u8, u8), OwnerIdentity>,
    /// Fields that it changed.
    pub changed: usize,
    /// Those of them that had a value which was no gap.
    pub replaced: Vec<String>,
    /// What it says, whether that changes anything or not.
    pub stated: Vec<StatedValue>,
}

/// What one row says of a field. It holds a customer's value, so it has no `Debug`, and goes nowhere.
#[derive(PartialEq, Eq)]
pub struct StatedValue {
    /// Slot of the record.
    pub slot: usize,
    /// Its path.
    pub path: String,
    /// The text, or the texts of a list.
    pub texts: Vec<String>,
}

impl std::fmt::Debug for StatedValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stated({}, …)", self.path)
    }
}

impl OverlayTrial {
    /// Whether a row of a layer is left out.
    fn is_out(&self, layer: usize, row: u64) -> bool {
        self.layer == layer && self.out.contains(&row)
    }

    /// Rows that say different things of one field, with the paths of these fields, by line.
    pub fn disagreeing(&self) -> BTreeMap<u64, BTreeSet<&str>> {
        let mut said: BTreeMap<usize, Vec<(u64, &StatedValue)>> = BTreeMap::new();
        for row in &self.rows {
            for stated in &row.stated {
                said.entry(stated.slot).or_default().push((row.row, stated));
            }
        }
        let mut disagreeing: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
        for rows in said.values() {
            if rows
                .iter()
                .all(|(_, stated)| stated.texts == rows[0].1.texts)
            {
                continue;
            }
            for (row, stated) in rows {
                disagreeing.entry(*row).or_default().insert(&stated.path);
            }
        }
        disagreeing
    }
}

/// What a thread needs to lay rows over records. Files of fields have no patterns, so that one scratch serves all.
#[derive(Debug, Default)]
pub struct OverlayWorker {
    row: RereadRow,
    arranged: RereadRow,
    scratch: Scratch,
    /// What the row says.
    draft: Draft,
    /// Of the last record: path of the plan, layer by its place, row.
    pub laid: Vec<(u32, usize, Position)>,
    /// Of the last record: rows that were laid over it.
    pub rows: Vec<(usize, Position)>,
    /// Of the record that is laid over: who its elements are, by list of the mapping; empty until it is asked for.
    who: Vec<Vec<OwnerIdentity>>,
    /// Look instead of only doing.
    pub trial: Option<OverlayTrial>,
}

impl Overlay {
    /// Reads the file once and fills the index; `each_batch` hears how many rows there were, and may stop it.
    pub fn index(
        &mut self,
        mapper: &Mapper,
        each_batch: &mut dyn FnMut(u64) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let (mut pass, mut rows) = (self.export.pass(), Rows::default());
        let mut laying = OverlayWorker::default();
        while pass.read_batch(&mut rows, BATCH)? {
            for (at, row) in rows.iter() {
                if let Some(skipped) = self.export.skipped(&row) {
                    self.keys.add_keyless(at, skipped.text());
                } else if let Some(flaw) = row.flaw() {
                    self.keys.add_keyless(at, flaw.text());
                } else {
                    self.map(mapper, &row, &mut laying);
                    match laying.draft.value(self.id) {
                        Some(id) => self.keys.add(id, at)?,
                        None => self.keys.add_keyless(at, NO_ID),
                    }
                }
            }
            each_batch(self.keys.rows())?;
        }
        self.counts = pass
            .counts()
            .iter()
            .fold((0, 0), |sum, (rows, blank)| (sum.0 + rows, sum.1 + blank));
        self.keys.finish();
        Ok(())
    }

    fn map(&self, mapper: &Mapper, row: &Row<'_>, laying: &mut OverlayWorker) {
        let (draft, scratch) = (&mut laying.draft, &mut laying.scratch);
        match &self.read {
            OverlayReading::Fields(own) => own.map(row, draft, scratch),
            OverlayReading::Export(columns) => {
                mapper.map(&laying.arranged.arrange(row, columns), draft, scratch);
            }
        }
    }

    /// The fields of a file that has columns of its own for them, each with its column; of a corrected export none.
    pub fn columns(&self) -> Vec<(String, usize)> {
        let OverlayReading::Fields(own) = &self.read else {
            return Vec::new();
        };
        let fed = own.fed().into_iter();
        fed.filter_map(|fed| Some((fed.target, *fed.feed.reads.first()?)))
            .collect()
    }

    /// The id of the customer of whom a row speaks.
    pub fn id_of<'l>(
        &self,
        mapper: &Mapper,
        row: &Row<'_>,
        laying: &'l mut OverlayWorker,
    ) -> Option<&'l str> {
        self.map(mapper, row, laying);
        laying.draft.value(self.id)
    }

    /// Rows that were laid over no record, in file order, and why.
    pub fn unused(&self) -> Vec<(Position, &'static str)> {
        let keyed = self.keys.unused().into_iter().map(|(at, fate)| {
            let refused = self.refused.contains(&at.row);
            let why = match fate {
                _ if refused => NOT_TAKEN,
                KeyFate::Beyond => NOT_READ,
                _ => UNKNOWN,
            };
            (at, why)
        });
        let mut all: Vec<_> = keyed.chain(self.keys.keyless().iter().copied()).collect();
        all.sort_unstable_by_key(|(at, _)| at.offset);
        all
    }
}
