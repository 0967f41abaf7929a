//! `manual-kyb`: the accounts that go by manual KYB, with Bakkt's form item by item. No network; of a journal that is there,
//! only what was decided: how manual KYB ended, and who is left out.
//!
//! Owner of the list's columns. Invariant: it names fields, never values; the clientAccountId is the only thing of a
//! customer in it. A field is known when the mapping feeds it, the row has something for it, and nothing is wrong with
//! that. Left out on purpose: rows that `[exclude]` leaves out; the form with values has a file of its own
//! (`kyb_form`).

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::Write;

use super::kyb_form::{self, KybFormFile};
use super::place::StatePlace;
use super::{CommandOutput, outputs, target};
use crate::cli::ManualKybArgs;
use bakkt_contract::kyb_form::{FORM, FormItem};
use bakkt_contract::path;
use bakkt_contract::roles::{ENTITY_KIND, MANUAL_KYB};
use bakkt_contract::shares::Share;
use bakkt_files::output::FileStart;
use bakkt_files::output::cells::CellWriter;
use bakkt_files::progress::{Mode, ReadingProgress};
use bakkt_folder::migration::{Binding, today};
use bakkt_journal::decisions::LeftOut;
use bakkt_journal::{Journal, Reader, known_key};
use bakkt_mapping::FilledSlot;
use bakkt_mapping::assess::{AssessPlan, Gap, GapReason};
use bakkt_mapping::draft::{Draft, SlotValue};
use bakkt_mapping::pipeline::JoinedRowSource;
use bakkt_mapping::pipeline::reread::RecordReader;
use bakkt_mapping::pipeline::scan::{ScanOptions, scan};
use bakkt_model::error::ShownPath;
use bakkt_planning::planner::no_rows;
use bakkt_planning::{opening, planner};

const COLUMNS: [&str; 9] = [
    "file",
    "row",
    "clientAccountId",
    "entity_owners",
    "item",
    "known",
    "to_ask",
    "remains",
    "outcome",
];

/// Lists the accounts that need manual KYB.
pub fn run(args: &ManualKybArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    target::existing_folder(&args.dir)?;
    let settings = bakkt_folder::migration::settings(&args.dir)?;
    let protected = outputs::protected(&settings);
    let out = args.out.as_deref();
    let out =
        out.map(|path| protected.open(path, &FileStart::columns(&COLUMNS), args.replacing.replace));
    let out = out.transpose()?;
    let form = args.with_values.as_deref();
    let form = form.map(|path| KybFormFile::open(&protected, path, args.replacing.replace));
    let mut form = form.transpose()?;
    // Nothing is hashed.
    let binding = Binding {
        key: [0; 32],
        as_of: today(),
        layers: Vec::new(),
    };
    let mut migration = opening::open(settings, binding, mode, &|| false)?;
    planner::index(&mut migration, mode, &|| false)?;
    let (mut rows, mut read) = (Vec::new(), 0u64);
    let place = StatePlace::new(&args.dir, false, &args.shards)?;
    let is_member = |id: Option<&str>, row| place.shard.is_none_or(|shard| shard.has(id, row));
    let mut shown = ReadingProgress::new(mode, "reading", migration.pipeline.export.size());
    let pipeline = &migration.pipeline;
    scan(
        &mut pipeline.export.pass(),
        pipeline,
        ScanOptions::default(),
        &mut |batch| {
            read += batch.rows.len() as u64;
            let listed = batch
                .rows
                .iter()
                .filter(|row| is_member(batch.id(row), row.at.row))
                .filter(|row| goes_by_hand(batch.gaps(row)));
            rows.extend(listed.map(|row| row.at));
            shown.at(batch.offset, read);
            Ok(())
        },
    )?;
    shown.finish();
    if read == 0 {
        return Err(no_rows(&migration.settings.export));
    }
    let decided = Decided::read(&place)?;
    let (mut listed, mut open) = (HashSet::new(), 0);
    let mut list = CellWriter::new(Vec::new(), &COLUMNS)?;
    let mut reread = RecordReader::default();
    let fed = pipeline.mapper.fed();
    for at in &rows {
        let prepared = reread.prepare(pipeline, *at, JoinedRowSource::Index)?;
        let id = prepared.id.unwrap_or("").to_owned();
        let outcome = decided.outcomes.get(&id).map_or("", String::as_str);
        // Nobody sends the form of a customer whom a person excluded, or who was erased.
        if outcome.is_empty() && decided.leaves_out(&id) {
            continue;
        }
        let wrong = wrong(prepared.gaps, &pipeline.plan);
        let row = at.row.to_string();
        // A copy of a row is the same account. A row without an id is one of its own.
        let own = match id.as_str() {
            "" => row.clone(),
            id => id.to_owned(),
        };
        if !listed.insert((own, kyb_form::hash(&fed, reread.draft()))) {
            continue;
        }
        open += usize::from(outcome.is_empty());
        let known = |feed: &str| !wrong.contains(feed);
        let fields = Fields::new(&fed, reread.draft(), known);
        let owners = fields.entity_owners.join(" ");
        for item in FORM {
            let (known, to_ask) = fields.answers(item);
            let remains = item.remains.unwrap_or("");
            let export = pipeline.export.file_name(*at);
            list.row(&[
                export, &row, &id, &owners, item.asks, &known, &to_ask, remains, outcome,
            ])?;
        }
        if let Some(form) = &mut form {
            form.add(&id, &fields, reread.draft())?;
        }
    }
    let list = list.into_inner()?;
    let text = match out {
        Some(mut out) => {
            let text = format!(
                "{} accounts for manual KYB: {}",
                listed.len(),
                out.path().shown()
            );
            out.write_all(&list)?;
            out.finish()?;
            text
        }
        None => String::from_utf8(list)?.trim_end().to_owned(),
    };
    if let Some(form) = form {
        form.write(mode)?;
    }
    let code = if open == 0 { 0 } else { 3 };
    Ok(CommandOutput { text, code })
}

/// What the journals of this migration know of decisions; nothing without a journal.
#[derive(Default)]
struct Decided {
    /// How manual KYB ended, by clientAccountId.
    outcomes: BTreeMap<String, String>,
    left_out: Vec<LeftOut>,
}

impl Decided {
    fn read(place: &StatePlace) -> anyhow::Result<Decided> {
        let mut folders = vec![place.folder()];
        if place.shard.is_none() {
            folders.extend(place.journals());
        }
        let mut decided = Decided::default();
        for folder in folders {
            let path = Journal::path(&folder);
            if path.exists() {
                let reader = Reader::open(&path)?;
                decided.outcomes.extend(reader.manual_kyb_outcomes()?);
                let left_out = reader.left_out(known_key(&folder)?)?;
                decided.left_out.push(left_out);
            }
        }
        Ok(decided)
    }

    fn leaves_out(&self, id: &str) -> bool {
        self.left_out.iter().any(|one| one.has(id))
    }
}

fn goes_by_hand(gaps: &[Gap]) -> bool {
    gaps.iter()
        .any(|gap| gap.reason == GapReason::Invalid(MANUAL_KYB))
}

/// The paths whose values are there, but cannot be used.
fn wrong<'p>(gaps: &[Gap], plan: &'p AssessPlan) -> HashSet<&'p str> {
    gaps.iter()
        .filter(|gap| matches!(gap.reason, GapReason::Invalid(_)))
        .map(|gap| plan.paths[gap.path as usize].path.as_str())
        .collect()
}

/// A field of the contract that the row has something good for.
pub(super) struct KnownField<'m> {
    /// Where its value stands in the draft.
    pub slot: usize,
    /// Such as `owners[1].role`.
    pub path: &'m str,
    /// Such as `owners[].role`.
    pub pattern: String,
}

/// What one row says, by field.
pub(super) struct Fields<'m> {
    known: Vec<KnownField<'m>>,
    /// Such as `owners[1]`.
    entity_owners: Vec<&'m str>,
    /// Owners of less than 25 %.
    minor_owners: Vec<&'m str>,
    /// Shares of owners of whom nobody knows how much they own, such as `owners[1].ownership_percent`.
    unknown_shares: Vec<String>,
}

/// The field of an owner's share.
const SHARE: &str = "ownership_percent";

/// The owner of a path, such as `owners[1]`.
fn owner_of(path: &str) -> Option<&str> {
    let end = path.find("].")?;
    path.starts_with("owners[").then(|| &path[..=end])
}

impl<'m> Fields<'m> {
    fn new(fed: &'m [FilledSlot<'_>], draft: &Draft, good: impl Fn(&str) -> bool) -> Fields<'m> {
        let targets = || fed.iter().map(|fed| (fed.slot, fed.target.as_str()));
        let below = |owner: &str, target: &str| {
            target
                .strip_prefix(owner)
                .is_some_and(|rest| rest.starts_with('.'))
        };
        // A constant alone makes no owner, nor does what they own.
        let tells =
            |target: &str| path::find(target).is_none_or(|found| found.field.tells_presence());
        let present = |owner: &str| {
            let fed = |(slot, target): (usize, &str)| {
                below(owner, target) && draft.has_data(slot) && tells(target)
            };
            owner == "owners[0]" || targets().any(fed)
        };
        let entity_owners: Vec<&str> = targets()
            .filter(|(slot, _)| draft.value(*slot) == Some(ENTITY_KIND))
            .filter_map(|(_, target)| target.strip_suffix(".kind"))
            .filter(|owner| present(owner))
            .collect();
        let of_entity = |target: &str| entity_owners.iter().any(|owner| below(owner, target));
        let there = |slot| {
            matches!(
                draft.slot(slot),
                SlotValue::Value { .. } | SlotValue::List { .. }
            )
        };
        let known: Vec<KnownField> = targets()
            .filter(|(slot, target)| there(*slot) && good(target) && !of_entity(target))
            .map(|(slot, path)| KnownField {
                slot,
                path,
                pattern: path::pattern(path),
            })
            .collect();
        let shares: Vec<(&str, Option<Share>)> = known
            .iter()
            .filter(|known| known.pattern.ends_with(SHARE))
            .filter_map(|known| Some((owner_of(known.path)?, draft.value(known.slot))))
            .map(|(owner, share)| (owner, share.and_then(Share::read)))
            .collect();
        let has_share = |owner: &&str| shares.iter().any(|(known, _)| known == owner);
        let people: BTreeSet<&str> = targets()
            .filter_map(|(_, target)| owner_of(target))
            .filter(|owner| present(owner) && !entity_owners.contains(owner))
            .collect();
        let minor = |(owner, share): &(&'m str, Option<Share>)| {
            share.is_some_and(Share::is_below_quarter).then_some(*owner)
        };
        Fields {
            minor_owners: shares.iter().filter_map(minor).collect(),
            unknown_shares: people
                .iter()
                .filter(|owner| !has_share(owner))
                .map(|owner| format!("{owner}.{SHARE}"))
                .collect(),
            known,
            entity_owners,
        }
    }

    /// The fields of an item that are known, and those that are still to be asked for.
    fn answers(&self, item: &FormItem) -> (String, String) {
        let known = item.fields.iter().flat_map(|field| self.of(item, field));
        let mut known: Vec<&str> = known.map(|known| known.path).collect();
        known.sort_unstable();
        (known.join(" "), self.to_ask(item).join(" "))
    }

    /// What is known of a field of an item, by its pattern.
    pub(super) fn of(
        &self,
        item: &FormItem,
        pattern: &str,
    ) -> impl Iterator<Item = &KnownField<'m>> {
        let of_quarter = item.of_quarter;
        let is_minor = move |path| {
            of_quarter && owner_of(path).is_some_and(|owner| self.minor_owners.contains(&owner))
        };
        self.known
            .iter()
            .filter(move |known| known.pattern == pattern && !is_minor(known.path))
    }

    /// The fields of an item that are still to be asked for.
    pub(super) fn to_ask(&self, item: &FormItem) -> Vec<&str> {
        let is_unknown = |field: &&str| self.known.iter().all(|known| known.pattern != **field);
        let fields = item.fields.iter().copied().filter(is_unknown);
        let shares = self.unknown_shares.iter().map(String::as_str);
        fields.chain(shares.filter(|_| item.of_quarter)).collect()
    }
}
