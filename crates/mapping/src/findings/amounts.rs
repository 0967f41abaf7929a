//! Amounts that are read as dollars in a column whose other amounts may be thousands.
//!
//! Owner of that rule. `25-50` is not read while nobody says what a column's numbers count, and `1,250` is: as dollars, though in the
//! same column it may be a million. Which of the two it is only the whole column shows: amounts that are too much for thousands
//! speak for dollars. Left out on purpose: how amounts are written (`bakkt_contract::spans`).

use crate::feed::{FieldMapping, TextSource};
use crate::step::Transform;
use bakkt_contract::amounts::DecimalMark;
use bakkt_contract::spans::{BareAmount, bare_amount};
use bakkt_contract::usd::{AmountUnit, Scale};
use bakkt_source::{Cell, Row};

/// The columns that one record can have bits for; the contract has as many fields that take ranges.
const COLUMNS: usize = 8;

/// Where a field of money is read from, in a unit that nobody says.
#[derive(Clone, Debug)]
pub(super) struct AmountColumn {
    /// The first of these that holds an amount.
    columns: Vec<usize>,
    scale: Scale,
    point: DecimalMark,
}

/// What the amounts of a record say about the units of their columns: a bit for each column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AmountsOfRecord {
    /// Not read: they may be dollars or thousands.
    open: u8,
    /// Read as dollars, and could be thousands.
    pub(super) read_as_dollars: u8,
    /// Too much for thousands.
    dollars: u8,
}

/// The same of all records, counted.
#[derive(Debug, Default)]
pub(super) struct AmountCounts {
    open: [u64; COLUMNS],
    dollars: [u64; COLUMNS],
}

impl AmountColumn {
    /// That of a field, when it reads amounts as they stand in the cells.
    pub(super) fn of(feed: &FieldMapping) -> Option<AmountColumn> {
        let TextSource::First(columns) = &feed.source else {
            return None;
        };
        let (Transform::UsdRange(scale, style), before) = feed.steps.split_last()? else {
            return None;
        };
        let is_cut = feed.regex.is_some() || feed.split.is_some();
        let is_changed = !before.iter().all(|step| matches!(step, Transform::Case(_)));
        (style.unit == AmountUnit::Open && !is_cut && !is_changed).then(|| AmountColumn {
            columns: columns.clone(),
            scale: *scale,
            point: style.point,
        })
    }

    fn amount(&self, row: &Row<'_>) -> Option<BareAmount> {
        self.columns
            .iter()
            .find_map(|column| match row.cell(*column) {
                Cell::Text(text) => bare_amount(self.scale, text, self.point),
                Cell::Broken(_) => None,
            })
    }
}

impl AmountsOfRecord {
    /// Of the row that a record begins with.
    pub(super) fn new(columns: &[AmountColumn], row: &Row<'_>) -> AmountsOfRecord {
        let mut amounts = AmountsOfRecord::default();
        for (column, place) in columns.iter().zip(0..COLUMNS) {
            let bit = 1 << place;
            match column.amount(row) {
                Some(BareAmount::Open) => amounts.open |= bit,
                Some(BareAmount::ReadAsDollars) => amounts.read_as_dollars |= bit,
                Some(BareAmount::Dollars) => amounts.dollars |= bit,
                None => {}
            }
        }
        amounts
    }
}

impl AmountCounts {
    /// Counts a record.
    pub(super) fn add(&mut self, amounts: AmountsOfRecord) {
        for place in 0..COLUMNS {
            let bit = 1 << place;
            self.open[place] += u64::from(amounts.open & bit != 0);
            self.dollars[place] += u64::from(amounts.dollars & bit != 0);
        }
    }

    /// The columns whose amounts may be thousands: some are not read for that reason, and no more can only be dollars.
    pub(super) fn in_doubt(&self) -> u8 {
        let places = (0..COLUMNS)
            .filter(|place| self.open[*place] > 0 && self.open[*place] >= self.dollars[*place]);
        places.fold(0, |columns, place| columns | 1 << place)
    }
}
