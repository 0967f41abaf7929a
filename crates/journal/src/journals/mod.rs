//! [`Journals`]: the journals of a migration read as one: the one that it has, or those of its shards.
//!
//! Every question of a report is asked here. Lines come shard by shard, each in its own order; counts are added up.
//! Invariants: journals that were planned from different inputs are never added up (backfill files are the same in whatever order they were taken); [`Journals::merged`] takes all shards of one
//! plan and nothing else, so what it tells is told of the whole export. A row of a joined export that customers of several shards share is counted once. Left out: what one journal
//! answers (`read`).

mod backfill_order;
mod holder_hashes;
mod repeated_ids;
mod sums;

use std::collections::{BTreeMap, BTreeSet};

pub use backfill_order::{give_it, missing};
pub use repeated_ids::RepeatedIdLine;

use crate::read::UnknownOutcome;
use crate::read::reader::Reader;
use crate::write::shard::SHARD;
use bakkt_model::error::Failure;
use bakkt_model::shard::Shard;

/// The fact that holds how many rows the whole export has, in the journal of a shard.
pub const WHOLE_ROWS: &str = "whole_rows_read";
/// The fact that holds how many rows each file of the whole export has: a line for each with the number, the role and the name.
pub const WHOLE_FILES: &str = "whole_files";

/// One or several journals, each as of one instant.
#[derive(Debug)]
pub struct Journals {
    readers: Vec<Reader>,
    /// The numbers of each one's backfill files, where they are others than those of the first.
    numbers: Vec<BTreeMap<u64, u64>>,
    /// They are all shards of one plan, so that the whole export is the control.
    is_whole: bool,
}

impl From<Reader> for Journals {
    fn from(reader: Reader) -> Journals {
        Journals {
            readers: vec![reader],
            numbers: Vec::new(),
            is_whole: false,
        }
    }
}

impl Journals {
    /// Some shards of a migration, or all of them: what they know together. Refuses a shard that is there twice, and shards
    /// that were not planned from the same inputs for the same target.
    pub fn of_shards(readers: Vec<Reader>) -> anyhow::Result<Journals> {
        let mut there = BTreeSet::new();
        let mut first = None;
        for reader in &readers {
            if let Some(shard) = shard(reader)?
                && !there.insert(shard)
            {
                return Err(there_twice(shard));
            }
            // One that is being planned counts nothing yet.
            if !is_planned(reader)? {
                continue;
            }
            if let Some((what, hint)) = difference(first.get_or_insert(reader), reader)? {
                return Err(Failure::configuration(
                    format!("the shards are not counted together: {what}"),
                    format!("{hint}; --shard with its number shows one of them"),
                ));
            }
        }
        let numbers = backfill_order::align(&readers)?;
        Ok(Journals {
            readers,
            numbers,
            is_whole: false,
        })
    }

    /// All shards of one plan. Refuses a missing shard, one that is there twice, and journals that were not made of the same
    /// inputs for the same target.
    pub fn merged(readers: Vec<Reader>) -> anyhow::Result<Journals> {
        let Some(first) = readers.first() else {
            return Err(refused("there is no journal of a shard", RUN_THEM));
        };
        let count = must_be_shard(first)?.count();
        let mut there = BTreeSet::new();
        for reader in &readers {
            let shard = must_be_shard(reader)?;
            if !is_planned(reader)? {
                return Err(refused(
                    &format!("shard {shard} is not planned to its end"),
                    "run it again: it plans from the beginning",
                ));
            }
            if !there.insert(shard) {
                return Err(there_twice(shard));
            }
        }
        let missing: Vec<String> = Shard::all(count)
            .filter(|shard| !there.contains(shard))
            .map(|shard| shard.to_string())
            .collect();
        if !missing.is_empty() {
            return Err(refused(
                &format!("there is no journal of shard {}", missing.join(", ")),
                "name the folder in which it lies with --state, or run that shard",
            ));
        }
        for reader in &readers {
            if let Some((what, hint)) = difference(first, reader)? {
                return Err(refused(&what, &hint));
            }
        }
        let numbers = backfill_order::align(&readers)?;
        Ok(Journals {
            readers,
            numbers,
            is_whole: true,
        })
    }

    /// The journals one by one.
    pub fn readers(&self) -> &[Reader] {
        &self.readers
    }

    /// Which shards there are; empty for a migration without shards.
    pub fn shards(&self) -> anyhow::Result<Vec<Shard>> {
        let shards = self.readers.iter().map(shard);
        let shards = shards.collect::<anyhow::Result<Vec<Option<Shard>>>>()?;
        Ok(shards.into_iter().flatten().collect())
    }

    /// A fact of the migration, which is the same in all of them or is told as the first of them has it.
    pub fn meta(&self, key: &str) -> anyhow::Result<Option<String>> {
        self.first(|reader| reader.meta(key))
    }

    /// The oldest tasks whose outcome is unknown, those in doubt first; no more than so many.
    pub fn unknown_outcomes(&self, most: u32) -> anyhow::Result<Vec<UnknownOutcome>> {
        let mut all = Vec::new();
        for reader in &self.readers {
            all.extend(reader.named(reader.unknown_outcomes(most))?);
        }
        all.sort_by_key(|it| (it.is_on_its_way, it.since));
        all.truncate(most as usize);
        Ok(all)
    }

    /// Whether every one of them holds a whole plan.
    pub fn is_planned(&self) -> anyhow::Result<bool> {
        for reader in &self.readers {
            if !is_planned(reader)? {
                return Ok(false);
            }
        }
        Ok(!self.readers.is_empty())
    }

    /// The sum of a fact that is a number; `None` when none of them has it.
    pub fn meta_sum(&self, key: &str) -> anyhow::Result<Option<u64>> {
        let mut sum = None;
        for reader in &self.readers {
            if let Some(count) = reader.named(reader.meta_count(key))? {
                *sum.get_or_insert(0) += count;
            }
        }
        Ok(sum)
    }

    /// Whether Bakkt may have an account with other bytes than the plan; else nothing is restricted, and no owner changed.
    pub fn may_differ(&self) -> anyhow::Result<bool> {
        for reader in &self.readers {
            if reader.named(reader.may_differ())? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How many rows the planner read: of the whole export where all shards are here, else of what these journals are of.
    pub fn rows_read(&self) -> anyhow::Result<Option<u64>> {
        match self.is_whole {
            true => self.first(|reader| reader.meta_count(WHOLE_ROWS)),
            false => self.meta_sum("rows_read"),
        }
    }

    /// How many rows each file of the whole export has, by role and name.
    fn whole_files(&self) -> anyhow::Result<BTreeMap<String, u64>> {
        let lines = self.meta(WHOLE_FILES)?.unwrap_or_default();
        let files = lines.lines().filter_map(|line| line.split_once(' '));
        Ok(files
            .filter_map(|(rows, name)| Some((name.to_owned(), rows.parse().ok()?)))
            .collect())
    }

    fn first<T>(
        &self,
        ask: impl FnOnce(&Reader) -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<Option<T>> {
        let first = self.readers.first();
        first.map_or(Ok(None), |reader| reader.named(ask(reader)))
    }
}

/// Methods that hand every line of every journal to a callback.
macro_rules! lines {
    ($($(#[$doc:meta])* $name:ident: $($line:ty),+;)*) => {
        impl Journals {
            $(
                $(#[$doc])*
                pub fn $name(
                    &self,
                    mut each: impl FnMut($($line),+) -> anyhow::Result<()>,
                ) -> anyhow::Result<()> {
                    self.readers.iter().try_for_each(|reader| reader.named(reader.$name(&mut each)))
                }
            )*
        }
    };
}

lines! {
    /// Every source row.
    each_record: crate::read::records::RecordLine<'_>;
    /// Every gap.
    each_gap: crate::read::gap_lines::GapLine<'_>;
    /// Every task that was refused or given up.
    each_stopped: crate::read::StoppedLine<'_>;
    /// Every refusal and give-up that a later decision ended.
    each_set_aside: crate::read::EndedTaskLine<'_>;
    /// Every account that Bakkt has: our id beside Bakkt's.
    each_account: Option<&str>, crate::read::records::BakktPart<'_>;
    /// Every document.
    each_document: crate::read::documents::DocumentLine<'_>;
    /// Every row that nothing uses: file, row, reason.
    each_unused: Option<&str>, u64, Option<&str>;
    /// Every finding.
    each_finding: crate::read::findings::FindingLine<'_>;
    /// Every account that needs KYB, with its checklist.
    each_kyb: crate::read::KybLine<'_>;
    /// Every KYB trigger of an earlier plan whose answer was lost.
    each_former_kyb_in_doubt: Option<&str>;
    /// Every account for manual KYB.
    each_manual_kyb: crate::decisions::manual_kyb::ManualKybLine<'_>;
    /// Every account task, with what is known of Bakkt's decision.
    each_decision: crate::read::DecisionLine<'_>;
    /// Every account task of which events or a read-back tell anything.
    each_known_decision: crate::read::DecisionLine<'_>;
    /// Every account that events name and that Bakkt should not have, as far as its journal knows.
    each_unknown_event: crate::read::accepted::decisions::UnknownLine<'_>;
    /// Every difference between what was sent and what Bakkt has.
    each_difference: crate::read::accepted::verification::DifferenceLine<'_>;
    /// Every change that goes by hand.
    each_restricted: crate::read::backfills::SkippedRowLine<'_>;
    /// Every accepted account that Bakkt has with other data than the plan.
    each_outdated: crate::read::accepted::outdated_accounts::OutdatedLine<'_>;
    /// Every accepted account of an entity whose owners changed.
    each_changed_ownership: &str, &str, u64, bakkt_contract::ownership::OwnerChanges;
    /// Every accepted account whose changed agreements nobody has acknowledged.
    each_unacknowledged: &str, &str, u64;
    /// Every open gap that only the plan has: its path, and when it was opened.
    each_lost_value: &str, i64;
    /// Every gap that left the plan.
    each_closed_gap: crate::read::gap_history::ClosedLine<'_>;
    /// Every custody task.
    each_custody: crate::custody::CustodyLine<'_>;
    /// Everything of custody that is not made.
    each_custody_gap: crate::custody::CustodyGapLine<'_>;
    /// Every name that goes transliterated.
    each_custody_name: crate::custody::CustodyNameLine<'_>;
    /// Every waiver.
    each_waiver: crate::read::gap_history::WaiverLine<'_>;
}

const RUN_THEM: &str =
    "run the shards first, each with --shard, or name the folders of their state with --state";

fn refused(what: &str, hint: &str) -> anyhow::Error {
    Failure::configuration(format!("the shards are not merged: {what}"), hint)
}

fn there_twice(shard: Shard) -> anyhow::Error {
    Failure::configuration(
        format!("there are several journals of shard {shard}"),
        "find out which one has sent, and leave the others out: the registry names its id",
    )
}

fn shard(reader: &Reader) -> anyhow::Result<Option<Shard>> {
    let shard = reader.named(reader.meta(SHARD))?;
    Ok(shard.and_then(|text| text.parse().ok()))
}

fn is_planned(reader: &Reader) -> anyhow::Result<bool> {
    Ok(reader.named(reader.meta("plan"))?.as_deref() == Some("planned"))
}

fn must_be_shard(reader: &Reader) -> anyhow::Result<Shard> {
    shard(reader)?.ok_or_else(|| refused("one journal is of a whole migration", RUN_THEM))
}

/// What keeps two shards from being one migration, and what to do about it: they were not planned from the same inputs for
/// the same target.
fn difference(first: &Reader, other: &Reader) -> anyhow::Result<Option<(String, String)>> {
    let (ours, theirs) = (must_be_shard(first)?, must_be_shard(other)?);
    if ours.count() != theirs.count() {
        let (one, another) = (ours.count(), theirs.count());
        return Ok(Some((
            format!("one journal is of {one} shards, another one of {another}"),
            "name the state folders of one migration only".to_owned(),
        )));
    }
    for key in ["target", "dialect", "mapper"] {
        let [ours_has, theirs_has] = [first, other].map(|reader| reader.named(reader.meta(key)));
        if ours_has? != theirs_has? {
            return Ok(Some((
                format!("shards {ours} and {theirs} differ in their {key}"),
                "all shards of a migration go to one target and are planned by one version of bakkt-migrate".to_owned(),
            )));
        }
    }
    let (known, found) = (inputs(first)?, inputs(other)?);
    let names: BTreeSet<&String> = known.keys().chain(found.keys()).collect();
    let changed: Vec<&str> = names
        .into_iter()
        .filter(|name| known.get(*name) != found.get(*name))
        .map(String::as_str)
        .collect();
    if !changed.is_empty() {
        let what = format!(
            "shards {ours} and {theirs} were not planned from the same inputs; what differs: {}",
            changed.join(", ")
        );
        let hint = "run `bakkt-migrate replan` with --shard for those that have the older plan";
        return Ok(Some((what, hint.to_owned())));
    }
    backfill_order::difference((ours, first), (theirs, other))
}

/// The fingerprints of what a plan was made of, but for its backfill files, which shards may have taken in another order.
fn inputs(reader: &Reader) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut inputs = reader.named(reader.fingerprints())?;
    for layer in reader.named(reader.taken_layers())? {
        inputs.remove(&layer.fingerprint());
    }
    Ok(inputs)
}
