//! What is kept of each record and of the groups while findings are gathered, in few bytes.
//!
//! Owner of these bytes. Left out on purpose: what is compared, which are columns of plain numbers.

use super::{Member, PLACES};
use crate::columns::{Column, ColumnStore, Entry};
use crate::findings::checks::TaxedOwner;
use crate::findings::groups::Compared;
use bakkt_model::finding::FindingKind;

/// Whether a record is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordStanding {
    /// The record is not sent.
    #[default]
    NotSent = 0,
    /// The record is sent, without a gap.
    Ready = 1,
    /// The record is sent, with gaps.
    Grace = 2,
}

/// What a record is compared by, beside its keys.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RecordDetails {
    pub(super) born: u16,
    /// Fewer than 64.
    pub(super) digits: u8,
    /// Its last digits may have been rounded.
    pub(super) may_be_rounded: bool,
    /// Day and month of its birth date may have been exchanged.
    pub(super) may_be_swapped: bool,
    /// The columns whose amounts are read as dollars and could be thousands, as bits.
    pub(super) read_as_dollars: u8,
    pub(super) account_type: u8,
    pub(super) standing: RecordStanding,
}

/// The bit of a number of digits that says whether the last of them may have been rounded.
const ROUNDED: u8 = 1 << 7;

/// The bit that says whether day and month of the birth date may have been exchanged.
const SWAPPED: u8 = 1 << 6;

impl Entry for RecordDetails {
    const SIZE: usize = 6;

    fn put(self, bytes: &mut [u8]) {
        let [low, high] = self.born.to_le_bytes();
        let standing = self.standing as u8;
        let rounded = if self.may_be_rounded { ROUNDED } else { 0 };
        let swapped = if self.may_be_swapped { SWAPPED } else { 0 };
        let digits = self.digits | rounded | swapped;
        let amounts = self.read_as_dollars;
        bytes.copy_from_slice(&[low, high, digits, amounts, self.account_type, standing]);
    }

    fn take(bytes: &[u8]) -> RecordDetails {
        let [low, high, digits, amounts, account_type, standing] = *bytes else {
            return RecordDetails::default();
        };
        RecordDetails {
            born: u16::from_le_bytes([low, high]),
            digits: digits & !(ROUNDED | SWAPPED),
            may_be_rounded: digits & ROUNDED != 0,
            may_be_swapped: digits & SWAPPED != 0,
            read_as_dollars: amounts,
            account_type,
            standing: match standing {
                1 => RecordStanding::Ready,
                2 => RecordStanding::Grace,
                _ => RecordStanding::NotSent,
            },
        }
    }
}

/// That a record belongs to a group, in a column.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StoredMember {
    pub(super) record: u32,
    pub(super) first: u32,
    /// By its number in the order of importance.
    pub(super) kind: u8,
}

impl Entry for StoredMember {
    const SIZE: usize = 9;

    fn put(self, bytes: &mut [u8]) {
        bytes[..4].copy_from_slice(&self.record.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.first.to_le_bytes());
        bytes[8] = self.kind;
    }

    fn take(bytes: &[u8]) -> StoredMember {
        StoredMember {
            record: u32::take(&bytes[..4]),
            first: u32::take(&bytes[4..8]),
            kind: bytes[8],
        }
    }
}

/// The groups of one kind that compares records: who belongs to one, and which are shown.
#[derive(Debug)]
pub(super) struct KindGroups {
    pub(super) kind: FindingKind,
    /// How many groups there are.
    pub(super) count: u64,
    /// How many records they have.
    pub(super) records: u64,
    /// Of these, how many have a finding of this kind by themselves too.
    pub(super) single: u64,
    /// The records that have one by themselves, in order.
    by_themselves: Vec<u32>,
    /// The first groups, each with its first records.
    first: Vec<Vec<u32>>,
    /// Of each record that belongs to a group, its number and that of the first one there, in one number.
    members: Column<u64>,
}

impl KindGroups {
    /// None yet. `by_themselves`: the records that have a finding of this kind without a group, in order.
    pub(super) fn new(
        kind: FindingKind,
        store: &ColumnStore,
        by_themselves: Vec<u32>,
    ) -> KindGroups {
        KindGroups {
            kind,
            count: 0,
            records: 0,
            single: 0,
            by_themselves,
            first: Vec::new(),
            members: Column::new(store),
        }
    }

    /// Adds a group: its records in order.
    pub(super) fn add(&mut self, group: &[u32]) {
        let Some(first) = group.first() else { return };
        self.count += 1;
        self.records += group.len() as u64;
        for record in group {
            self.single += u64::from(self.by_themselves.binary_search(record).is_ok());
            self.members
                .push(u64::from(*record) << 32 | u64::from(*first));
        }
        let place = self.first.partition_point(|known| known[0] < *first);
        if place < PLACES {
            self.first.truncate(PLACES - 1);
            let shown = group.iter().take(PLACES).copied().collect();
            self.first.insert(place, shown);
        }
    }

    /// The first groups, in order: at most [`PLACES`] of them, and of each at most as many records.
    pub(super) fn first(&self) -> &[Vec<u32>] {
        &self.first
    }

    /// Everybody who belongs to a group, in no order.
    pub(super) fn members(&self) -> impl Iterator<Item = Member> {
        self.members.iter().map(|member| Member {
            record: (member >> 32) as u32,
            kind: self.kind,
            first: member as u32,
        })
    }
}

/// The tax ids of owners that records are not compared by themselves: those of joint owners, and of the owners of entities.
#[derive(Debug)]
pub(super) struct FurtherOwners {
    records: Column<u32>,
    keys: Column<u64>,
    persons: Column<u64>,
}

impl FurtherOwners {
    /// None yet.
    pub(super) fn new(store: &ColumnStore) -> FurtherOwners {
        FurtherOwners {
            records: Column::new(store),
            keys: Column::new(store),
            persons: Column::new(store),
        }
    }

    pub(super) fn add(&mut self, record: u32, owners: &[TaxedOwner]) {
        for owner in owners {
            self.records.push(record);
            self.keys.push(owner.tax_id);
            self.persons.push(owner.person);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Each with its record.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Compared<u64>)> {
        let owned = self.keys.iter().zip(self.persons.iter());
        let owned = owned.map(|(key, owner)| Compared { key, owner });
        self.records.iter().zip(owned)
    }
}

/// Where records stand: a run for every stretch in which lines and records go up together.
#[derive(Debug, Default)]
pub(super) struct RecordLines {
    runs: Vec<(u32, u32, i64)>,
}

impl RecordLines {
    pub(super) fn add(&mut self, record: u32, (file, line): (usize, u64)) {
        let run = (file as u32, line as i64 - i64::from(record));
        if self
            .runs
            .last()
            .is_none_or(|(_, file, delta)| (*file, *delta) != run)
        {
            self.runs.push((record, run.0, run.1));
        }
    }

    pub(super) fn at(&self, record: u32) -> (usize, u64) {
        let next = self.runs.partition_point(|(first, ..)| *first <= record);
        let run = next.checked_sub(1).and_then(|run| self.runs.get(run));
        run.map_or((0, 0), |(_, file, delta)| {
            let line = i64::from(record) + delta;
            (*file as usize, u64::try_from(line).unwrap_or(0))
        })
    }
}
