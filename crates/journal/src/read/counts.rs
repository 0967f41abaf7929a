//! Counts of records, tasks and gaps, and of what was sent in each minute.
//!
//! They are counted from all rows, one sequential pass per table without a sort, and compared with the journal's counters; or
//! taken from the counters, which takes no longer for more customers. Memory grows with the number of distinct reasons, codes,
//! paths, minutes and shared sets of gaps, never with the number of records. Left out: whether the counts balance (`report`).

use std::collections::{BTreeMap, HashMap};

use anyhow::Context;

use crate::read::columns::{index, unsigned, word_of};
use crate::read::ended_tasks;
use crate::read::ended_tasks::dropped_word;
use crate::read::reader::Reader;
use crate::schema::codes::{KINDS, STATES, VERDICTS};
use crate::schema::codes::{is_sendable, kind};
use crate::schema::counters::{self, Counted, Counters, MINUTE};
use bakkt_model::state::State;
use bakkt_model::verdict::Verdict;
use serde::Serialize;

/// Everything counted about records and tasks.
#[derive(Debug, Default)]
pub struct Counts {
    /// Rows in `record`.
    pub records: u64,
    /// By number of the verdict.
    pub verdicts: [u64; 5],
    /// Excluded and duplicate records by reason, most frequent first.
    pub reasons: Vec<ReasonCount>,
    /// Sendable records without an account task.
    pub without_task: u64,
    /// Account tasks of a record that must not be sent, or of no record.
    pub stray_tasks: u64,
    /// Account tasks.
    pub accounts: TaskCounts,
    /// Update tasks.
    pub updates: TaskCounts,
    /// Document tasks.
    pub documents: TaskCounts,
    /// KYB tasks.
    pub kyb: TaskCounts,
    /// What an earlier plan has left behind.
    pub former: FormerCounts,
    /// Account tasks by number of `existed`.
    pub existed: [u64; 4],
    /// What held, refused or gave up a task, most frequent first.
    pub stops: Vec<StopCount>,
    /// What the journal's counters say that the rows do not, in words.
    pub disagreements: Vec<String>,
}

/// Tasks of an earlier plan that this one does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FormerCounts {
    /// Accepted accounts.
    pub accounts: u64,
    /// Accepted documents.
    pub documents: u64,
    /// KYB triggers that were accepted.
    pub kyb: u64,
    /// KYB triggers in doubt.
    pub kyb_in_doubt: u64,
}

/// Tasks of one kind.
#[derive(Clone, Copy, Debug, Default)]
pub struct TaskCounts {
    /// All of them, whatever their state.
    pub planned: u64,
    /// By number of the state.
    pub states: [u64; 7],
}

/// Records of one verdict and one reason.
#[derive(Debug, Serialize)]
pub struct ReasonCount {
    /// excluded or duplicate.
    pub verdict: &'static str,
    /// As the journal has it.
    pub reason: String,
    /// How many records.
    pub count: u64,
}

/// Tasks that were stopped in one way.
#[derive(Debug, Serialize)]
pub struct StopCount {
    /// account, update, document or KYB.
    pub kind: &'static str,
    /// held, refused or gave up; of a task that the plan has no longer, with `, then dropped` behind it.
    pub state: &'static str,
    /// The code; empty when none was given.
    pub code: String,
    /// The field; empty when none was named.
    pub field: String,
    /// One of the messages (masked), as an example.
    pub example: String,
    /// How many tasks.
    pub count: u64,
}

/// Gaps of one path and level.
#[derive(Debug, Serialize)]
pub struct GapCount {
    /// The contract path; list indexes are kept.
    pub path: String,
    /// W, H, G or O, after the policy.
    pub level: String,
    /// Still open, in all.
    pub open: u64,
    /// Those of `open` that belong to a blocked record.
    pub blocked: u64,
    /// Those of `open` by the first word of the reason: missing, invalid, withheld, …
    pub why: BTreeMap<String, u64>,
}

/// What happened in one minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Minute {
    /// Attempts whose intent falls in it.
    pub sent: u64,
    /// Tasks accepted in it.
    pub accepted: u64,
}

/// How often each shared set of gaps is used: by all records, and by blocked ones.
pub(crate) type SetUses = HashMap<i64, [u64; 2]>;

/// Kind, state, code and field; how many, and an example of the message.
type Stops = HashMap<(usize, usize, Option<i64>, Option<i64>), (u64, Option<i64>)>;

impl Reader {
    /// Counts records and tasks, all rows of them, and compares the counters.
    pub fn counts(&self) -> anyhow::Result<Counts> {
        let (mut counts, mut counters) = (Counts::default(), Counters::default());
        let uses = self.count_records(&mut counts, &mut counters)?;
        self.count_tasks(&mut counts, &mut counters)?;
        let all = uses.iter().map(|(set, [all, _])| (*set, *all as i64));
        counters.add_sets(&self.journal, &all.collect())?;
        // A plan that is not whole has not counted them.
        if self.meta("plan")?.as_deref() == Some("planned") {
            counters.add_joined(&self.journal)?;
        }
        let stored = Counters::stored(&self.journal)?;
        if stored.have_findings() {
            counters.add_findings(&self.journal, counters::sql::FINDINGS, 1)?;
        }
        counts.disagreements = counters.disagreements(&stored);
        // Counted twice they would be the same.
        let _ = self.set_uses.set(uses);
        Ok(counts)
    }

    /// The same from the counters, with the open gaps of each field. Reasons and examples are left out, and what only all rows
    /// together can show: records without a task, tasks without a record, what blocked records lack.
    pub fn stored_counts(&self) -> anyhow::Result<(Counts, Vec<GapCount>)> {
        let mut counts = Counts::default();
        let mut gaps: BTreeMap<(i64, char), u64> = BTreeMap::new();
        for (counted, count) in Counters::stored(&self.journal)?.iter() {
            let count = unsigned(count);
            match counted {
                Counted::Verdict(verdict) => {
                    counts.records += count;
                    add(&mut counts.verdicts, verdict, count);
                }
                Counted::Task { kind, state, code } => {
                    counts.add_tasks(kind, state, count);
                    if code != 0 && counts.of_kind(kind).is_some() {
                        counts.stops.push(StopCount {
                            kind: word_of(&KINDS, place(kind)),
                            state: word_of(&STATES, place(state)),
                            code: self.word(Some(code))?,
                            field: String::new(),
                            example: String::new(),
                            count,
                        });
                    }
                }
                Counted::Existed(existed) => add(&mut counts.existed, existed, count),
                Counted::Gap {
                    path,
                    level,
                    status: 0,
                } => {
                    let letter = u32::try_from(level).ok().and_then(char::from_u32);
                    *gaps.entry((path, letter.unwrap_or('?'))).or_default() += count;
                }
                Counted::Gap { .. }
                | Counted::AcceptedIn(_)
                | Counted::RecordsOf(_)
                | Counted::JoinedOf(_)
                | Counted::Finding { .. } => {}
            }
        }
        let gaps = gaps.into_iter().map(|((path, level), open)| {
            Ok(GapCount {
                path: self.word(Some(path))?,
                level: level.to_string(),
                open,
                blocked: 0,
                why: BTreeMap::new(),
            })
        });
        Ok((counts, gaps.collect::<anyhow::Result<_>>()?))
    }

    /// Accepted accounts, former ones too: how many, and by the minute since 1970, as far as that is known.
    pub fn accepted(&self) -> anyhow::Result<(u64, BTreeMap<i64, u64>)> {
        let (mut all, mut minutes) = (0, BTreeMap::new());
        for (counted, count) in Counters::stored(&self.journal)?.iter() {
            match counted {
                Counted::Task { kind, state, .. }
                    if state == State::Accepted as i64
                        && [kind::ACCOUNT, kind::FORMER_ACCOUNT].contains(&kind) =>
                {
                    all += unsigned(count);
                }
                Counted::AcceptedIn(minute) => {
                    minutes.insert(minute, unsigned(count));
                }
                _ => {}
            }
        }
        Ok((all, minutes))
    }

    /// Waivers that stand.
    pub fn waived(&self) -> anyhow::Result<u64> {
        let counters = Counters::stored(&self.journal)?;
        let waived = counters
            .iter()
            .filter(|(counted, _)| matches!(counted, Counted::Gap { status: 1, .. }));
        Ok(waived.map(|(_, count)| unsigned(count)).sum())
    }

    /// How often each shared set of gaps is used.
    pub(crate) fn set_uses(&self) -> anyhow::Result<&SetUses> {
        if self.set_uses.get().is_none() {
            let mut uses = SetUses::new();
            self.walk(counters::sql::RECORDS, |row| {
                add_use(&mut uses, row.get(0)?, row.get(2)?);
                Ok(())
            })?;
            let _ = self.set_uses.set(uses);
        }
        self.set_uses.get().context("sets of gaps were counted")
    }

    /// Walks records and account tasks side by side, both in the order of the record, so that a record without
    /// its task and a task without its record are both seen.
    fn count_records(
        &self,
        counts: &mut Counts,
        counters: &mut Counters,
    ) -> anyhow::Result<SetUses> {
        let (mut uses, mut files) = (SetUses::new(), HashMap::<i64, i64>::new());
        let mut records = self.journal.prepare(sql::RECORDS)?;
        let mut tasks = self.journal.prepare(sql::TASK_RECORDS)?;
        let (mut records, mut tasks) = (records.query([])?, tasks.query([])?);
        let mut next_task = || -> anyhow::Result<Option<i64>> {
            Ok(tasks.next()?.map(|row| row.get(0)).transpose()?)
        };
        let mut reasons: HashMap<(usize, i64), u64> = HashMap::new();
        let mut task = next_task()?;
        while let Some(row) = records.next()? {
            let (id, verdict) = (row.get::<_, i64>(0)?, index(row, 1)?);
            counts.records += 1;
            bump(&mut counts.verdicts, verdict);
            *files.entry(row.get(3)?).or_default() += 1;
            add_use(&mut uses, row.get(1)?, row.get(4)?);
            if let Some(reason) = row.get::<_, Option<i64>>(2)? {
                *reasons.entry((verdict, reason)).or_default() += 1;
            }
            while task.is_some_and(|record| record < id) {
                counts.stray_tasks += 1;
                task = next_task()?;
            }
            let has_task = task == Some(id);
            if has_task {
                task = next_task()?;
            }
            let sendable = is_sendable(verdict);
            counts.without_task += u64::from(sendable && !has_task);
            counts.stray_tasks += u64::from(has_task && !sendable);
        }
        while task.is_some() {
            counts.stray_tasks += 1;
            task = next_task()?;
        }
        for ((verdict, reason), count) in reasons {
            counts.reasons.push(ReasonCount {
                verdict: word_of(&VERDICTS, verdict),
                reason: self.word(Some(reason))?,
                count,
            });
        }
        let order = |r: &ReasonCount| (r.verdict, std::cmp::Reverse(r.count), r.reason.clone());
        counts.reasons.sort_by_key(order);
        for (verdict, count) in (0..).zip(counts.verdicts) {
            counters.add(Counted::Verdict(verdict), count as i64);
        }
        for (file, count) in files {
            counters.add(Counted::RecordsOf(file), count);
        }
        Ok(uses)
    }

    fn count_tasks(&self, counts: &mut Counts, counters: &mut Counters) -> anyhow::Result<()> {
        let (mut stops, mut dropped) = (Stops::new(), Stops::new());
        let mut statement = self.journal.prepare(sql::TASKS)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let task = counters::task(row)?;
            counters.add_task(task, 1);
            let (kind, state) = (index(row, 0)?, index(row, 1)?);
            counts.add_tasks(task.kind, task.state, 1);
            if counts.of_kind(task.kind).is_none() {
                continue;
            }
            if task.kind == kind::ACCOUNT {
                bump(&mut counts.existed, index(row, 3)?);
            }
            if matches!(word_of(&STATES, state), "held" | "refused" | "gave up") {
                let key = (kind, state, task.code, row.get(5)?);
                let stop = stops.entry(key).or_default();
                stop.0 += 1;
                if stop.1.is_none() {
                    stop.1 = row.get(6)?;
                }
            }
        }
        self.count_dropped_stops(&mut dropped)?;
        let states = stops
            .into_iter()
            .map(|(key, count)| (word_of(&STATES, key.1), key, count));
        let dropped = dropped
            .into_iter()
            .map(|(key, count)| (dropped_word(key.1 as i64), key, count));
        for (state, (kind, _, code, field), (count, example)) in states.chain(dropped) {
            counts.stops.push(StopCount {
                kind: word_of(&KINDS, kind),
                state,
                code: self.word(code)?,
                field: self.word(field)?,
                example: self.word(example)?,
                count,
            });
        }
        let order = |s: &StopCount| {
            (
                std::cmp::Reverse(s.count),
                s.code.clone(),
                s.field.clone(),
                s.state,
                s.kind,
            )
        };
        counts.stops.sort_by_key(order);
        Ok(())
    }

    /// Refusals and give-ups of tasks that the plan has no longer.
    fn count_dropped_stops(&self, stops: &mut Stops) -> anyhow::Result<()> {
        self.walk(ended_tasks::sql::DROPPED_STOPS, |row| {
            let key = (index(row, 0)?, index(row, 1)?, row.get(2)?, row.get(3)?);
            let stop = stops.entry(key).or_default();
            stop.0 += 1;
            if stop.1.is_none() {
                stop.1 = row.get(4)?;
            }
            Ok(())
        })
    }

    /// Open gaps by path and level, most frequent first.
    pub fn gap_counts(&self) -> anyhow::Result<Vec<GapCount>> {
        #[derive(Default)]
        struct Tally {
            open: u64,
            blocked: u64,
            reasons: HashMap<i64, u64>,
        }
        let uses = self.set_uses()?;
        let mut tallies: HashMap<i64, Vec<(String, Tally)>> = HashMap::new();
        let mut statement = self.journal.prepare(sql::GAPS)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if row.get_ref(4)?.as_str()? != "open" {
                continue;
            }
            let is_blocked = row.get::<_, Option<i64>>(5)? == Some(Verdict::Blocked as i64);
            let [all, blocked] = match row.get::<_, i64>(0)? {
                // Of one record alone, if that has it.
                set if set < 0 && row.get::<_, Option<i64>>(6)? == Some(set) => {
                    [1, u64::from(is_blocked)]
                }
                set => uses.get(&set).copied().unwrap_or_default(),
            };
            let levels = tallies.entry(row.get(1)?).or_default();
            let level = row.get_ref(2)?.as_str()?;
            let place = levels
                .iter()
                .position(|(known, _)| known == level)
                .unwrap_or_else(|| {
                    levels.push((level.to_owned(), Tally::default()));
                    levels.len() - 1
                });
            if let Some((_, tally)) = levels.get_mut(place) {
                tally.open += all;
                tally.blocked += blocked;
                *tally.reasons.entry(row.get(3)?).or_default() += all;
            }
        }
        let mut gaps = Vec::new();
        for (path, levels) in tallies {
            let path = self.word(Some(path))?;
            for (level, tally) in levels.into_iter().filter(|(_, tally)| tally.open > 0) {
                let mut why: BTreeMap<String, u64> = BTreeMap::new();
                for (reason, count) in tally.reasons {
                    let reason = self.word(Some(reason))?;
                    let first = reason
                        .split(':')
                        .next()
                        .unwrap_or_default()
                        .trim()
                        .to_owned();
                    *why.entry(first).or_default() += count;
                }
                gaps.push(GapCount {
                    path: path.clone(),
                    level,
                    open: tally.open,
                    blocked: tally.blocked,
                    why,
                });
            }
        }
        gaps.sort_by(|a, b| {
            b.open
                .cmp(&a.open)
                .then_with(|| (&a.path, &a.level).cmp(&(&b.path, &b.level)))
        });
        Ok(gaps)
    }

    /// What was sent and accepted, by minute (minutes since 1970). A minute in which nothing happened has no entry.
    pub fn minutes(&self) -> anyhow::Result<BTreeMap<i64, Minute>> {
        let mut minutes: BTreeMap<i64, Minute> = BTreeMap::new();
        let mut attempts = self.journal.prepare(sql::SENT)?;
        let mut rows = attempts.query([])?;
        while let Some(row) = rows.next()? {
            minutes
                .entry(row.get::<_, i64>(0)?.div_euclid(MINUTE))
                .or_default()
                .sent += 1;
        }
        let mut accepted = self.journal.prepare(sql::ACCEPTED)?;
        let mut rows = accepted.query([State::Accepted as i64])?;
        while let Some(row) = rows.next()? {
            minutes
                .entry(row.get::<_, i64>(0)?.div_euclid(MINUTE))
                .or_default()
                .accepted += 1;
        }
        Ok(minutes)
    }
}

impl Counts {
    /// The tasks of a kind of this plan.
    fn of_kind(&mut self, kind: i64) -> Option<&mut TaskCounts> {
        Some(match kind {
            kind::ACCOUNT => &mut self.accounts,
            kind::UPDATE => &mut self.updates,
            kind::DOCUMENT => &mut self.documents,
            kind::KYB => &mut self.kyb,
            _ => return None,
        })
    }

    fn add_tasks(&mut self, kind: i64, state: i64, count: u64) {
        match self.of_kind(kind) {
            Some(tally) => {
                tally.planned += count;
                add(&mut tally.states, state, count);
            }
            None => self.former.add(kind, state, count),
        }
    }
}

fn add_use(uses: &mut SetUses, verdict: i64, set: Option<i64>) {
    if let Some(set) = set.filter(|set| *set > 0) {
        let [all, blocked] = uses.entry(set).or_default();
        *all += 1;
        *blocked += u64::from(verdict == Verdict::Blocked as i64);
    }
}

fn place(number: i64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn add(counts: &mut [u64], number: i64, count: u64) {
    if let Some(known) = counts.get_mut(place(number)) {
        *known += count;
    }
}

impl FormerCounts {
    fn add(&mut self, kind: i64, state: i64, count: u64) {
        match (kind, word_of(&STATES, place(state))) {
            (kind::FORMER_ACCOUNT, _) => self.accounts += count,
            (kind::FORMER_DOCUMENT, _) => self.documents += count,
            (kind::FORMER_KYB, "accepted") => self.kyb += count,
            (kind::FORMER_KYB, "in doubt") => self.kyb_in_doubt += count,
            // Not taken, says a person: the next replan forgets it.
            _ => {}
        }
    }
}

pub(crate) fn bump(counts: &mut [u64], number: usize) {
    if let Some(count) = counts.get_mut(number) {
        *count += 1;
    }
}

/// The statements that walk a large table. None may need a sort: a test asks SQLite for their plans.
pub(crate) mod sql {
    pub const RECORDS: &str = "SELECT id, verdict, reason, file, gap_set FROM record ORDER BY id";
    pub const TASK_RECORDS: &str =
        sql!("SELECT record FROM task WHERE kind = {kind.account} ORDER BY record");
    pub const TASKS: &str = "SELECT kind, state, code, existed, last_at, field, message FROM task";
    pub const GAPS: &str = "SELECT s.id, s.path, s.level, s.reason, s.status, r.verdict, r.gap_set \
        FROM gap_set s LEFT JOIN record r ON r.id = -s.id";
    pub const SENT: &str = concat!("SELECT at FROM attempt WHERE outcome IS NOT ", not_sent!());
    pub const ACCEPTED: &str = "SELECT last_at FROM task WHERE state = ?1 AND last_at IS NOT NULL";
}
