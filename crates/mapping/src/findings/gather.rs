//! Findings of a whole export: those of single records, counted, and those that only several records together have.
//!
//! Owner of [`Gathering`], which `check` and planning both fill while the export is scanned and ask when the duplicates are
//! known, so that they tell the same. What it keeps of each record while the scan goes on, 38 bytes and 20 for each further owner with a tax id, goes into columns (`columns`).
//! Duplicates are no findings: they have a verdict of their own. A tax id or an e-mail address that one and the same person has on
//! several accounts is told as the same person, and not once more.
//! Left out on purpose: documents, and everything that is shown (`commands`).

use std::collections::BTreeMap;
use std::convert::Infallible;

pub use self::kept::RecordStanding;
use self::kept::{FurtherOwners, KindGroups, RecordDetails, RecordLines, StoredMember};
use super::amounts::AmountCounts;
use super::checks::{ComparisonKeys, RecordFinding, TaxedOwner};
use super::date_cells::DateForms;
use super::groups::{Compared, repeated};
use super::ids::{Lengths, LongIds};
use crate::columns::{Column, ColumnStore};
use bakkt_files::cores;
use bakkt_model::finding::{FindingAction, FindingKind, FindingRules, first_of};
use bakkt_model::position::{JoinedList, Position};

mod kept;

/// The kinds that compare records. Those that take longest come first, so that all cores end together.
const COMPARED: [FindingKind; 9] = [
    FindingKind::SamePerson,
    FindingKind::SimilarIds,
    FindingKind::SameTaxId,
    FindingKind::SameEmail,
    FindingKind::DefaultBirthDate,
    FindingKind::LostLeadingZeros,
    FindingKind::ChangedId,
    FindingKind::SwappedDate,
    FindingKind::AmountUnit,
];

/// Places of a kind that are shown.
pub const PLACES: usize = 3;
/// Places of a kind that are kept: some may turn out to be duplicates.
const KEPT: usize = 12;
/// Records whose groups are listed at once, at least.
const AT_ONCE: u32 = 1 << 19;
/// How often all members of groups are gone through to list them, at most.
const PASSES: u32 = 16;

/// What the scan says of a record.
#[derive(Clone, Copy, Debug)]
pub struct ScannedRecord<'a> {
    /// Its row: the file by its number, and the line.
    pub at: (usize, u64),
    /// Its account type, by any number.
    pub account_type: u8,
    /// Whether it is sent, without regard to other records, and whether it is without a gap.
    pub standing: RecordStanding,
    /// The first half of the keyed hash of its primary owner; 0: none.
    pub person: u64,
    /// What it is compared by.
    pub keys: ComparisonKeys,
    /// The tax ids of its owners, but for the one that it is compared by itself.
    pub further: &'a [TaxedOwner],
    /// The findings of it alone.
    pub found: &'a [RecordFinding],
}

/// Everything that is gathered.
#[derive(Debug)]
pub struct Gathering {
    rules: FindingRules,
    store: ColumnStore,
    ids: Column<u64>,
    persons: Column<u64>,
    tax_ids: Column<u64>,
    further: FurtherOwners,
    emails: Column<u64>,
    rest: Column<RecordDetails>,
    lengths: Lengths,
    long: LongIds,
    dates: DateForms,
    amounts: AmountCounts,
    /// By number of the day; empty until there is one.
    born: Vec<u32>,
    lines: RecordLines,
    /// Record and kind of the findings of single records.
    single: Vec<(u32, FindingKind)>,
    spots: BTreeMap<FindingKind, Vec<FindingSpot>>,
}

/// A place where something was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingSpot {
    /// The record; 0: none.
    pub record: u32,
    /// The record that its group begins with, of kinds that compare records.
    pub first: Option<u32>,
    /// The field, by its number among the checks.
    pub field: Option<u16>,
    /// What stood there, masked.
    pub shape: String,
    /// Where it stands, when that is not the record's own row.
    pub at: Option<(JoinedList, Position)>,
}

/// A record that belongs to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// The record.
    pub record: u32,
    /// What is found of it.
    pub kind: FindingKind,
    /// The first record of the group.
    pub first: u32,
}

/// How many findings there are of one kind, and the first of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindSummary {
    /// The kind of these findings.
    pub kind: FindingKind,
    /// How findings of the kind are handled.
    pub action: FindingAction,
    /// Records concerned.
    pub count: u64,
    /// Groups of records; 0 for findings of single records.
    pub groups: u64,
    /// The first places.
    pub spots: Vec<FindingSpot>,
}

/// The findings of all records.
#[derive(Debug, Default)]
pub struct GatheredFindings {
    /// By kind, in the order of importance.
    pub told: Vec<KindSummary>,
    members: Column<StoredMember>,
    store: ColumnStore,
    /// Records that would be sent and are not, because of a group: with the kind and whether they had no gap. By record.
    pub blocked: Vec<(u32, FindingKind, RecordStanding)>,
    lines: RecordLines,
}

impl Gathering {
    /// Nothing yet; what is kept of each record goes to a store.
    pub fn new(rules: &FindingRules, store: &ColumnStore) -> Gathering {
        Gathering {
            rules: rules.clone(),
            store: store.clone(),
            ids: Column::new(store),
            persons: Column::new(store),
            tax_ids: Column::new(store),
            further: FurtherOwners::new(store),
            emails: Column::new(store),
            rest: Column::new(store),
            lengths: Lengths::default(),
            long: LongIds::default(),
            dates: DateForms::default(),
            amounts: AmountCounts::default(),
            born: Vec::new(),
            lines: RecordLines::default(),
            single: Vec::new(),
            spots: BTreeMap::new(),
        }
    }

    /// The next record of the export, counted from 1.
    pub fn add(&mut self, seen: &ScannedRecord<'_>) {
        let record = self.rest.len() as u32 + 1;
        let ScannedRecord { keys, found, .. } = seen;
        self.lines.add(record, seen.at);
        self.ids.push(keys.id);
        let person = match seen.person {
            0 => 0,
            person => (person ^ keys.entity).max(1),
        };
        self.persons.push(person);
        self.tax_ids.push(keys.tax_id);
        self.further.add(record, seen.further);
        self.emails.push(keys.email);
        self.rest.push(RecordDetails {
            born: keys.born,
            digits: keys.digits,
            may_be_rounded: keys.behind.may_be_rounded(),
            may_be_swapped: keys.may_be_swapped,
            read_as_dollars: keys.amounts.read_as_dollars,
            account_type: seen.account_type,
            standing: seen.standing,
        });
        self.long.add(keys.behind);
        self.dates.add(keys.date);
        self.amounts.add(keys.amounts);
        if keys.first != 0 {
            self.lengths.add(keys.first, keys.digits);
        }
        if keys.born != 0 {
            if self.born.is_empty() {
                self.born = vec![0; usize::from(u16::MAX) + 1];
            }
            self.born[usize::from(keys.born)] += 1;
        }
        for (place, one) in found.iter().enumerate() {
            if found[..place].iter().all(|before| before.kind != one.kind) {
                self.single.push((record, one.kind));
            }
            let spots = self.spots.entry(one.kind).or_default();
            if spots.len() < KEPT {
                spots.push(FindingSpot {
                    record,
                    first: None,
                    field: one.field,
                    shape: one.shape.clone(),
                    at: one.at,
                });
            }
        }
    }

    /// Compares the records. `duplicates` are those that are not looked at, by record.
    pub fn finish(mut self, duplicates: impl Iterator<Item = u32>) -> GatheredFindings {
        let left_out: Vec<u32> = duplicates.collect();
        let is_left_out = |record: u32| left_out.binary_search(&record).is_ok();
        self.single.retain(|(record, _)| !is_left_out(*record));
        for spots in self.spots.values_mut() {
            spots.retain(|spot| !is_left_out(spot.record));
        }
        let mut outcome = GatheredFindings {
            members: Column::new(&self.store),
            store: self.store.clone(),
            ..GatheredFindings::default()
        };
        let mut counts: BTreeMap<FindingKind, u64> = BTreeMap::new();
        for (_, kind) in &self.single {
            *counts.entry(*kind).or_default() += 1;
        }
        for (kind, count) in counts {
            let mut spots = self.spots.remove(&kind).unwrap_or_default();
            spots.truncate(PLACES);
            outcome.told.push(KindSummary {
                kind,
                action: self.rules.action(kind),
                count,
                groups: 0,
                spots,
            });
        }
        let groups = self.groups(&is_left_out);
        for groups in &groups {
            self.tell(groups, &mut outcome);
        }
        outcome.told.sort_by_key(|told| told.kind);
        self.list_members(&groups, &mut outcome);
        outcome.lines = self.lines;
        outcome
    }

    /// Lists who belongs to a group and who is blocked by that, by record: of some records at a time, since they may be many.
    fn list_members(&self, groups: &[KindGroups], outcome: &mut GatheredFindings) {
        let blocking = self.rules.blocking();
        let mut standings = (1..).zip(self.rest.iter().map(|rest| rest.standing));
        let count = self.rest.len() as u32;
        let at_once = AT_ONCE.max(count.div_ceil(PASSES));
        let mut members: Vec<Member> = Vec::new();
        for start in (1..=count).step_by(at_once as usize) {
            let here = start..start.saturating_add(at_once);
            members.clear();
            for groups in groups {
                let all = groups.members();
                members.extend(all.filter(|member| here.contains(&member.record)));
            }
            members.sort_unstable();
            for of_record in members.chunk_by(|a, b| a.record == b.record) {
                let record = of_record[0].record;
                of_record.iter().for_each(|one| {
                    outcome.members.push(StoredMember {
                        record,
                        first: one.first,
                        kind: one.kind as u8,
                    });
                });
                let kinds = of_record.iter().fold(0, |set, one| set | one.kind.bit());
                let Some(kind) = first_of(kinds & blocking) else {
                    continue;
                };
                let standing = standings.find(|(known, _)| *known == record);
                match standing {
                    Some((_, standing)) if standing != RecordStanding::NotSent => {
                        outcome.blocked.push((record, kind, standing));
                    }
                    _ => {}
                }
            }
        }
    }

    /// The groups of each kind that compares records, found on all cores.
    fn groups(&self, is_left_out: &(impl Fn(u32) -> bool + Sync)) -> Vec<KindGroups> {
        let (usual, expected) = (self.default_dates(), self.lengths.expected());
        let make = |_: &mut (), kind: &FindingKind| -> Result<_, Infallible> {
            let mut groups = KindGroups::new(*kind, &self.store, self.single_records(*kind));
            self.compare(*kind, &usual, expected, is_left_out, |group| {
                groups.add(group);
            });
            Ok(groups)
        };
        let Ok(mut all) = cores::for_each(&COMPARED, (cores::count(), 1), || (), make);
        all.retain(|groups| groups.count > 0);
        all
    }

    /// The records that have a finding of a kind by themselves.
    fn single_records(&self, kind: FindingKind) -> Vec<u32> {
        let found = self.single.iter().filter(|(_, found)| *found == kind);
        found.map(|(record, _)| *record).collect()
    }

    /// Hands on the groups of a kind, in no order.
    fn compare(
        &self,
        kind: FindingKind,
        usual: &[u16],
        expected: Option<u8>,
        is_left_out: &impl Fn(u32) -> bool,
        take: impl FnMut(&[u32]),
    ) {
        if !self.rules.looks_for(kind) {
            return;
        }
        let count = self.rest.len();
        let from = match kind {
            FindingKind::SameEmail => self.rules.same_email_from.max(2) as usize,
            FindingKind::LostLeadingZeros
            | FindingKind::ChangedId
            | FindingKind::SwappedDate
            | FindingKind::AmountUnit => 1,
            _ => 2,
        };
        let is_wanted = |record: u32| !is_left_out(record);
        // A tax id or an e-mail address counts only where more than one person has it.
        let owned = |keys: &Column<u64>, further: Option<&FurtherOwners>, take| {
            let records = || {
                let owned = keys.iter().zip(self.persons.iter());
                let owned = owned.map(|(key, owner)| Compared { key, owner });
                let further = further.into_iter().flat_map(FurtherOwners::iter);
                (1..).zip(owned).chain(further)
            };
            let count = count + further.map_or(0, FurtherOwners::len);
            repeated(count, from, is_wanted, records, take);
        };
        match kind {
            FindingKind::SimilarIds => {
                let ids = || (1..).zip(self.ids.iter().map(Compared::from));
                repeated(count, from, is_wanted, ids, take);
            }
            FindingKind::SamePerson => {
                let persons = || {
                    let owned = self.persons.iter().zip(self.rest.iter());
                    let owned = owned.map(|(person, rest)| match person {
                        0 => Compared::default(),
                        // Accounts of several types may belong to one person.
                        person => person
                            .rotate_left(u32::from(rest.account_type))
                            .max(1)
                            .into(),
                    });
                    (1..).zip(owned)
                };
                repeated(count, from, is_wanted, persons, take);
            }
            FindingKind::SameTaxId => owned(&self.tax_ids, Some(&self.further), take),
            FindingKind::SameEmail => owned(&self.emails, None, take),
            FindingKind::DefaultBirthDate if !usual.is_empty() => {
                let born = || {
                    let usual = |born: u16| if usual.contains(&born) { born } else { 0 };
                    let born = self.rest.iter().map(move |rest| usual(rest.born));
                    (1..).zip(born.map(|born| u64::from(born).into()))
                };
                repeated(count, from, is_wanted, born, take);
            }
            FindingKind::LostLeadingZeros => {
                let Some(expected) = expected else { return };
                let is_short = move |digits: u8| digits > 0 && digits < expected;
                let short = || {
                    let digits = self.rest.iter().map(|rest| rest.digits);
                    (1..).zip(digits.map(move |digits| u64::from(is_short(digits)).into()))
                };
                repeated(count, from, is_wanted, short, take);
            }
            FindingKind::ChangedId if self.long.are_rounded() => {
                let rounded = || {
                    let all = self.rest.iter().map(|rest| rest.may_be_rounded);
                    (1..).zip(all.map(|may_be_rounded| u64::from(may_be_rounded).into()))
                };
                repeated(count, from, is_wanted, rounded, take);
            }
            FindingKind::SwappedDate if self.dates.swapped() > 0 => {
                let swapped = || {
                    let all = self.rest.iter().map(|rest| rest.may_be_swapped);
                    (1..).zip(all.map(|may_be_swapped| u64::from(may_be_swapped).into()))
                };
                repeated(count, from, is_wanted, swapped, take);
            }
            FindingKind::AmountUnit => {
                let mixed = self.amounts.in_doubt();
                // A record with two such columns is told once, of the first.
                let column = move |read_as_dollars: u8| match read_as_dollars & mixed {
                    0 => 0,
                    columns => u64::from(columns.trailing_zeros()) + 1,
                };
                let doubtful = || {
                    let all = self.rest.iter().map(|rest| rest.read_as_dollars);
                    (1..).zip(all.map(move |columns| column(columns).into()))
                };
                repeated(count, from, is_wanted, doubtful, take);
            }
            _ => {}
        }
    }

    /// Birth dates that far more customers have than would by chance.
    fn default_dates(&self) -> Vec<u16> {
        let known: u64 = self.born.iter().map(|count| u64::from(*count)).sum();
        let usual = (known / 1000).max(5);
        let days = (0..=u16::MAX).zip(&self.born);
        let many = days.filter(|(_, count)| u64::from(**count) >= usual);
        many.map(|(born, _)| born).collect()
    }

    fn tell(&self, groups: &KindGroups, outcome: &mut GatheredFindings) {
        let kind = groups.kind;
        let mut spots = Vec::new();
        for group in groups.first() {
            spots.extend(group.iter().map(|record| FindingSpot {
                record: *record,
                first: group.first().copied(),
                field: None,
                shape: String::new(),
                at: None,
            }));
        }
        match outcome.told.iter_mut().find(|told| told.kind == kind) {
            // Some records have it alone; those that are in a group as well count once.
            Some(told) => {
                told.count += groups.records - groups.single;
                told.groups = groups.count;
                spots.append(&mut told.spots);
                told.spots = spots;
            }
            None => outcome.told.push(KindSummary {
                kind,
                action: self.rules.action(kind),
                count: groups.records,
                groups: groups.count,
                spots,
            }),
        }
    }
}

impl GatheredFindings {
    /// Where a record stands: the file by its number, and the line.
    pub fn line_of(&self, record: u32) -> (usize, u64) {
        self.lines.at(record)
    }

    /// The records that places are shown of.
    pub fn shown(&self) -> impl Iterator<Item = u32> {
        let spots = self.told.iter().flat_map(|told| &told.spots);
        spots.map(|spot| spot.record).filter(|record| *record > 0)
    }

    /// Records that are found in groups, by record. What they are counts only once [`check`](GatheredFindings::check) was asked.
    pub fn members(&self) -> impl Iterator<Item = Member> {
        self.members.iter().filter_map(|stored| {
            Some(Member {
                record: stored.record,
                kind: FindingKind::all().nth(usize::from(stored.kind))?,
                first: stored.first,
            })
        })
    }

    /// Fails when something could not be read again from the temporary file.
    pub fn check(&self) -> anyhow::Result<()> {
        self.store.check()
    }
}

#[cfg(test)]
mod tests;
