//! Fiat custody before anything is sent: which customer gets what, and what is not made.
//!
//! A second pass over the export, of migrations with `[custody]` alone: it needs the payloads, the recipients' rows and, for
//! e-mail addresses that customers share, the whole export. Owner of what the journal and `check` are told of it.
//! Left out on purpose: the judgement of one customer (`mapping::custody`).

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::Context;

use bakkt_files::progress::{Mode, ReadingProgress};
use bakkt_folder::migration::Migration;
use bakkt_folder::migration::custody::Custody;
use bakkt_folder::settings::Settings;
use bakkt_journal::Journal;
use bakkt_journal::custody::{PlannedCustody, PlannedCustodyTask};
use bakkt_mapping::custody::CustodyWorker;
use bakkt_mapping::custody::assess::{CustodyItem, CustodyOutcome, Customer, SHARED_EMAIL};
use bakkt_mapping::custody::recipients::RecipientDoubt;
use bakkt_mapping::pipeline::Pipeline;
use bakkt_mapping::pipeline::scan::{ScanOptions, scan};
use bakkt_model::custody::CustodyKind;
use bakkt_model::number::thousands;
use bakkt_model::position::Position;
use bakkt_model::shard::Shard;
use bakkt_report::{CustodyTotals, States};
use bakkt_source::RereadRow;

use super::forecast;
use super::planner::Planned;
use super::survey::refuse_when;

/// What a file of recipients is, in the journal.
const RECIPIENTS: &str = "recipients";
/// The path of the gap of a customer of whom recipients would be missing without a word.
const RECIPIENT_PATH: &str = "custody.recipients[]";
/// Kinds of gaps that `check` lists.
const LISTED: usize = 25;

/// What is wrong where recipients may be missing.
fn doubt_text(doubt: RecipientDoubt) -> &'static str {
    match doubt {
        RecipientDoubt::UnreadableKey => {
            "invalid: the cell by which the customer's recipients are found cannot be read: a lost character, a formula or an error of a spreadsheet, or a number of which digits may be lost"
        }
        RecipientDoubt::OtherForm => {
            "invalid: rows of the recipients' export have the customer's key in another form: zeros or letters in front, capitals, blanks, punctuation or what stands behind it differ"
        }
        RecipientDoubt::AboveKeyless => {
            "invalid: a row without a key stands right below one of the customer's recipients and may be theirs"
        }
        RecipientDoubt::BesideUnread => {
            "invalid: a row whose key cannot be read stands right above or below one of the customer's recipients and may be theirs"
        }
        RecipientDoubt::Broken => {
            "invalid: a row of the recipients' export that may be the customer's is broken"
        }
    }
}

/// How a body is known: by what it makes, of a recipient by a keyed hash.
pub fn item_name(pipeline: &Pipeline, client_id: &str, item: &CustodyItem) -> String {
    match item.kind {
        CustodyKind::Recipient => {
            let named = [client_id.as_bytes(), b"\n", &item.body].concat();
            let hash = blake3::Hash::from_bytes(pipeline.hash(&named));
            hash.to_hex()[..16].to_owned()
        }
        _ => item.item.to_owned(),
    }
}

/// The judgement of one customer, whose account row stands at a place.
pub fn outcome_of(
    pipeline: &Pipeline,
    custody: &Custody,
    (client_id, at, payload): (&str, Position, &[u8]),
    worker: &mut CustodyWorker,
) -> anyhow::Result<(CustodyOutcome, Vec<Position>)> {
    let mut again = RereadRow::default();
    let row = pipeline
        .export
        .read(at, &mut again)
        .context("cannot read the export again")?;
    let found = match &custody.recipients {
        Some(recipients) => recipients.of(&row)?,
        None => Vec::new(),
    };
    let of_customer: Vec<_> = found.iter().map(|(at, row)| (*at, row.row())).collect();
    let customer = Customer {
        row,
        client_id,
        payload,
        recipients: &of_customer,
    };
    let mut outcome = custody.mapper.assess(&custody.rules, &customer, worker);
    let mut rows: Vec<Position> = found.iter().map(|(at, _)| *at).collect();
    if let Some(recipients) = custody
        .recipients
        .as_ref()
        .filter(|_| outcome.email.is_some())
    {
        for (doubt, at) in recipients.doubts(&customer.row) {
            outcome.gap(RECIPIENT_PATH, doubt_text(doubt), at);
            rows.extend(at);
        }
    }
    Ok((outcome, rows))
}

/// What a pass found of one customer.
struct FoundCustomer<'a> {
    record: u32,
    client_id: &'a str,
    outcome: CustodyOutcome,
    rows: Vec<Position>,
}

/// What a pass found of all customers.
#[derive(Default)]
struct AllCustomers {
    /// The records of the shard whose e-mail address another one has.
    shared: Vec<u64>,
    /// By the offset of a recipient's row: whether the first customer with its key falls to the shard. Empty without shards.
    owned: HashMap<u64, bool>,
}

impl AllCustomers {
    /// Whether a shard tells that nothing uses a row. Whether a customer is sent only the customer's own shard knows: a person may
    /// have left them out there.
    fn tells(&self, at: Position, has_rest: bool) -> bool {
        self.owned.get(&at.offset).copied().unwrap_or(has_rest)
    }
}

/// Reads the whole export once more.
fn each_customer(
    migration: &mut Migration,
    planned: &Planned,
    shard: Option<Shard>,
    mode: Mode,
    stopping: &dyn Fn() -> bool,
    mut each: impl FnMut(&Migration, Vec<FoundCustomer<'_>>) -> anyhow::Result<()>,
) -> anyhow::Result<AllCustomers> {
    let Migration {
        pipeline, custody, ..
    } = &mut *migration;
    if let Some(recipients) = custody
        .as_mut()
        .and_then(|custody| custody.recipients.as_mut())
    {
        recipients.add_accounts(&pipeline.export, &mut || refuse_when(stopping))?;
        recipients.index(&mut |_, _| refuse_when(stopping))?;
    }
    let migration = &*migration;
    let custody = migration
        .custody
        .as_ref()
        .context("a migration with custody")?;
    let pipeline = &migration.pipeline;
    let duplicates: HashSet<u32> = planned.duplicates.iter().map(|one| one.record).collect();
    let mut emails: HashMap<[u8; 32], Vec<u32>> = HashMap::new();
    let (mut record, mut worker) = (0u32, CustodyWorker::default());
    let mut shown = ReadingProgress::new(mode, "custody", pipeline.export.size());
    let want = ScanOptions {
        payloads: true,
        ..ScanOptions::default()
    };
    let mut ours: HashSet<u32> = HashSet::new();
    let mut owned = HashMap::new();
    let recipients = custody.recipients.as_ref();
    scan(&mut pipeline.export.pass(), pipeline, want, &mut |batch| {
        refuse_when(stopping)?;
        let mut found = Vec::new();
        for row in &batch.rows {
            record += 1;
            if let (Some(shard), Some(recipients)) = (shard, recipients) {
                let is_ours = shard.has(batch.id(row), row.at.row);
                let mut again = RereadRow::default();
                let read = pipeline.export.read(row.at, &mut again);
                let read = read.context("cannot read the export again")?;
                for at in recipients.places_of(&read) {
                    owned.entry(at.offset).or_insert(is_ours);
                }
            }
            let is_sent = row.verdict.sendable()
                && !duplicates.contains(&record)
                && !planned.findings.blocks(record);
            let Some(client_id) = batch.id(row).filter(|_| is_sent) else {
                continue;
            };
            let customer = (client_id, row.at, batch.payload(row));
            let (outcome, rows) = outcome_of(pipeline, custody, customer, &mut worker)?;
            if let Some(email) = &outcome.email {
                emails
                    .entry(pipeline.hash(email.as_bytes()))
                    .or_default()
                    .push(record);
            }
            if shard.is_none_or(|shard| shard.has(Some(client_id), row.at.row)) {
                ours.insert(record);
                found.push(FoundCustomer {
                    record,
                    client_id,
                    outcome,
                    rows,
                });
            }
        }
        shown.at(batch.offset, u64::from(record));
        each(migration, found)
    })?;
    shown.finish();
    let shared = emails
        .into_values()
        .filter(|records| records.len() > 1)
        .flatten();
    let mut shared: Vec<u64> = shared
        .filter(|record| ours.contains(record))
        .map(u64::from)
        .collect();
    shared.sort_unstable();
    Ok(AllCustomers { shared, owned })
}

/// Adds custody to a plan whose rows are in the journal.
pub fn plan(
    journal: &mut Journal,
    migration: &mut Migration,
    planned: &Planned,
    mode: Mode,
    stopping: &dyn Fn() -> bool,
) -> anyhow::Result<()> {
    let Some(custody) = &migration.custody else {
        return Ok(());
    };
    let shard = journal.shard()?;
    let mut first_file = None;
    if let Some(export) = custody.export() {
        for (name, _) in export.files() {
            let number = journal.add_file(name, RECIPIENTS)?;
            first_file.get_or_insert(number);
        }
    }
    let file_of = |migration: &Migration, at: Position| {
        let export = migration.custody.as_ref().and_then(Custody::export);
        let number = export.map_or(0, |export| export.file_of(at.offset) as i64);
        first_file.unwrap_or_default() + number
    };
    let all = each_customer(
        migration,
        planned,
        shard,
        mode,
        stopping,
        |migration, found| {
            let pipeline = &migration.pipeline;
            let place =
                |at: Option<Position>| at.map_or((0, 0), |at| (file_of(migration, at), at.row));
            let planned: Vec<PlannedCustody> = found
                .into_iter()
                .map(|one| PlannedCustody {
                    record: one.record.into(),
                    tasks: one
                        .outcome
                        .items
                        .iter()
                        .map(|item| PlannedCustodyTask {
                            kind: item.kind,
                            item: item_name(pipeline, one.client_id, item),
                            hash: pipeline.hash(&item.body),
                            at: place(item.at),
                        })
                        .collect(),
                    gaps: one
                        .outcome
                        .gaps
                        .into_iter()
                        .map(|gap| (gap.path, gap.reason, place(gap.at)))
                        .collect(),
                    names: one.outcome.transliterated,
                    rows: one
                        .rows
                        .into_iter()
                        .map(|at| (file_of(migration, at), at))
                        .collect(),
                })
                .collect();
            journal.add_custody(&planned)
        },
    )?;
    journal.drop_custody(&all.shared, SHARED_EMAIL)?;
    let Some((first, recipients)) = first_file.zip(
        migration
            .custody
            .as_ref()
            .and_then(|custody| custody.recipients.as_ref()),
    ) else {
        return Ok(());
    };
    let has_rest = shard.is_none_or(Shard::has_rest);
    let blank = |count: u64| if has_rest { count } else { 0 };
    let unused = recipients.unused();
    for (file, (rows, blank_lines)) in (first..).zip(recipients.counts()) {
        journal.count_file(file, *rows, blank(*blank_lines))?;
    }
    let rows = unused
        .into_iter()
        .filter(|(at, _)| all.tells(*at, has_rest))
        .map(|(at, why)| (file_of(migration, at), at.row, why));
    let rows: Vec<_> = rows.collect();
    journal.add_unused(rows.into_iter())
}

/// What `check` tells of custody.
#[derive(Debug, Default)]
pub struct CustodyTally {
    made: BTreeMap<CustodyKind, u64>,
    /// By record, how many of each kind: which records share an e-mail address is known at the end.
    by_record: HashMap<u64, [u16; 4]>,
    gaps: BTreeMap<(String, String), (u64, Vec<String>)>,
    transliterated: u64,
    shared: u64,
}

/// Works out what custody would make; nothing when the settings have none.
pub fn check(
    migration: &mut Migration,
    planned: &Planned,
    shard: Option<Shard>,
    mode: Mode,
) -> anyhow::Result<Option<CustodyTally>> {
    if migration.custody.is_none() {
        return Ok(None);
    }
    let mut tally = CustodyTally::default();
    let all = each_customer(migration, planned, shard, mode, &|| false, |_, found| {
        for one in found {
            tally.add(&one);
        }
        Ok(())
    })?;
    tally.leave_out(&all.shared);
    Ok(Some(tally))
}

impl CustodyTally {
    fn add(&mut self, one: &FoundCustomer<'_>) {
        let mut counts = [0u16; 4];
        for item in &one.outcome.items {
            *self.made.entry(item.kind).or_default() += 1;
            counts[item.kind as usize] += 1;
        }
        if one.outcome.email.is_some() {
            self.by_record.insert(one.record.into(), counts);
        }
        self.transliterated += one.outcome.transliterated.len() as u64;
        for gap in &one.outcome.gaps {
            let (count, ids) = self
                .gaps
                .entry((gap.path.clone(), gap.reason.clone()))
                .or_default();
            *count += 1;
            if ids.len() < 3 {
                ids.push(one.client_id.to_owned());
            }
        }
    }

    /// Nothing is made for records that share an e-mail address.
    fn leave_out(&mut self, shared: &[u64]) {
        self.shared = shared.len() as u64;
        let counts = shared
            .iter()
            .filter_map(|record| self.by_record.get(record));
        for (kind, count) in counts.flat_map(|counts| CustodyKind::ALL.into_iter().zip(counts)) {
            if let Some(made) = self.made.get_mut(&kind) {
                *made -= u64::from(*count);
            }
        }
        self.by_record.clear();
    }

    /// What the report of a plan would count.
    pub fn totals(&self) -> CustodyTotals {
        let planned = |kind| {
            let mut states = States::default();
            let count = self.made.get(&kind).copied().unwrap_or_default();
            (states.planned, states.held) = (count, count);
            states
        };
        CustodyTotals {
            user: planned(CustodyKind::User),
            bank_account: planned(CustodyKind::BankAccount),
            savings: planned(CustodyKind::Savings),
            recipient: planned(CustodyKind::Recipient),
            gaps: self.gaps.values().map(|(count, _)| count).sum::<u64>() + self.shared,
            ..CustodyTotals::default()
        }
    }

    /// The lines of `check`.
    pub fn describe(&self, settings: &Settings) -> String {
        let of = |kind| self.made.get(&kind).copied().unwrap_or_default();
        let made = CustodyKind::ALL.iter().filter_map(|kind| {
            let count = of(*kind);
            (count > 0).then(|| format!("{} {}", thousands(count), kind.plural()))
        });
        let made: Vec<String> = made.collect();
        let mut text = format!(
            "\n\ncustody     {}",
            if made.is_empty() {
                "nothing is made".to_owned()
            } else {
                made.join(", ")
            }
        );
        if let Some(time) = forecast::custody(settings, of) {
            text.push_str(&format!("\n            {time}"));
        }
        if self.transliterated > 0 {
            text.push_str(&format!(
                "\n  {:>11}  names go transliterated",
                thousands(self.transliterated)
            ));
        }
        if self.shared > 0 {
            let (path, reason) = SHARED_EMAIL;
            text.push_str(&format!(
                "\n  {:>11}  {path}  {reason}",
                thousands(self.shared)
            ));
        }
        for ((path, reason), (count, ids)) in self.gaps.iter().take(LISTED) {
            let ids = ids.join(", ");
            text.push_str(&format!(
                "\n  {:>11}  {path}  {reason} ({ids})",
                thousands(*count)
            ));
        }
        if self.gaps.len() > LISTED {
            text.push_str(&format!(
                "\n  {:>11}  more kinds of gaps",
                self.gaps.len() - LISTED
            ));
        }
        text
    }
}
