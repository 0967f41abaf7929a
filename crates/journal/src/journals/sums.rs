//! What several journals count together.
//!
//! Invariant: nothing is counted twice. Lists keep the order that one journal gives them.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::Journals;
use crate::custody::CustodyCount;
use crate::decisions::manual_kyb::ManualKyb;
use crate::read::gap_history::GapDay;
use crate::read::reader::Reader;
use crate::read::{
    ClosureCounts, Counts, DecisionRow, DocumentCounts, DroppedTasks, EventCounts, FileClosures,
    FileRow, FindingCount, GapCount, LinkCounts, Minute, PolicyRow, ReasonCount, RunRow, StopCount,
    TaskCounts, TypeCount, UnsentCount, UnusedCount, Verification,
};
use bakkt_model::finding::FindingKind;

/// Adds numbers of two structs, field by field.
macro_rules! add_fields {
    ($sum:expr, $more:expr, $($field:ident),+ $(,)?) => {
        $($sum.$field += $more.$field;)+
    };
}

impl Journals {
    /// What every journal answers.
    fn ask<T>(&self, ask: impl Fn(&Reader) -> anyhow::Result<T>) -> anyhow::Result<Vec<T>> {
        let readers = self.readers.iter();
        readers.map(|reader| reader.named(ask(reader))).collect()
    }

    fn sum(&self, ask: impl Fn(&Reader) -> anyhow::Result<u64>) -> anyhow::Result<u64> {
        Ok(self.ask(ask)?.into_iter().sum())
    }

    /// Counts records and tasks, all rows of them, and compares the counters.
    pub fn counts(&self) -> anyhow::Result<Counts> {
        Ok(sum_of_counts(self.ask(Reader::counts)?))
    }

    /// The same from the counters, with the open gaps of each field.
    pub fn stored_counts(&self) -> anyhow::Result<(Counts, Vec<GapCount>)> {
        let all = self.ask(Reader::stored_counts)?;
        let (counts, gaps): (Vec<Counts>, Vec<Vec<GapCount>>) = all.into_iter().unzip();
        Ok((sum_of_counts(counts), sum_of_gaps(gaps)))
    }

    /// Accepted accounts: how many, and by the minute since 1970, as far as that is known.
    pub fn accepted(&self) -> anyhow::Result<(u64, BTreeMap<i64, u64>)> {
        let (mut all, mut minutes) = (0, BTreeMap::new());
        for (accounts, by_minute) in self.ask(Reader::accepted)? {
            all += accounts;
            for (minute, count) in by_minute {
                *minutes.entry(minute).or_default() += count;
            }
        }
        Ok((all, minutes))
    }

    /// What became of gaps that left the plan.
    pub fn closures(&self) -> anyhow::Result<ClosureCounts> {
        let mut sum = ClosureCounts::default();
        for one in self.ask(Reader::closures)? {
            add_fields!(sum, one, closed, unsent, waived);
        }
        Ok(sum)
    }

    /// Rows of backfill files that would have changed what no update may.
    pub fn restricted_rows(&self) -> anyhow::Result<u64> {
        self.sum(Reader::restricted_rows)
    }

    /// Accepted accounts that Bakkt has with other data than the plan, and of which no update is planned.
    pub fn without_update(&self) -> anyhow::Result<u64> {
        self.sum(Reader::without_update)
    }

    /// Open gaps by path and level, most frequent first.
    pub fn gap_counts(&self) -> anyhow::Result<Vec<GapCount>> {
        Ok(sum_of_gaps(self.ask(Reader::gap_counts)?))
    }

    /// Counts documents.
    pub fn document_counts(&self) -> anyhow::Result<DocumentCounts> {
        let mut sum = DocumentCounts::default();
        let mut types: BTreeMap<String, TaskCounts> = BTreeMap::new();
        let mut unsent: BTreeMap<(&'static str, String), u64> = BTreeMap::new();
        for counts in self.ask(Reader::document_counts)? {
            add_all(&mut sum.verdicts, &counts.verdicts);
            add_fields!(
                sum,
                counts,
                given,
                bytes,
                side_assumed,
                without_task,
                stray,
                stray_kyb
            );
            for one in counts.types {
                add_tasks(types.entry(one.document_type).or_default(), &one.tasks);
            }
            for one in counts.unsent {
                *unsent.entry((one.outcome, one.reason)).or_default() += one.count;
            }
        }
        let types = types.into_iter();
        sum.types = types
            .map(|(document_type, tasks)| TypeCount {
                document_type,
                tasks,
            })
            .collect();
        let unsent = unsent.into_iter();
        sum.unsent = unsent
            .map(|((outcome, reason), count)| UnsentCount {
                outcome,
                reason,
                count,
            })
            .collect();
        sum.unsent
            .sort_by_key(|one| (Reverse(one.count), one.outcome, one.reason.clone()));
        Ok(sum)
    }

    /// What was sent and accepted, by minute (minutes since 1970).
    pub fn minutes(&self) -> anyhow::Result<BTreeMap<i64, Minute>> {
        let mut sums: BTreeMap<i64, Minute> = BTreeMap::new();
        for (minute, count) in self.ask(Reader::minutes)?.into_iter().flatten() {
            let sum = sums.entry(minute).or_default();
            add_fields!(sum, count, sent, accepted);
        }
        Ok(sums)
    }

    /// The files of the plan. Where all shards are here, the rows are those of the whole export.
    pub fn files(&self) -> anyhow::Result<Vec<FileRow>> {
        if let [only] = self.readers.as_slice() {
            return only.named(only.files());
        }
        let mut files: Vec<FileRow> = Vec::new();
        for file in self.ask(Reader::files)?.into_iter().flatten() {
            let same =
                |known: &&mut FileRow| (&known.name, &known.role) == (&file.name, &file.role);
            match files.iter_mut().find(same) {
                Some(sum) => {
                    add_fields!(
                        sum,
                        file,
                        rows,
                        records,
                        parts,
                        documents,
                        unused,
                        blank_lines
                    );
                }
                None => files.push(file),
            }
        }
        if !self.is_whole {
            return Ok(files);
        }
        let whole = self.whole_files()?;
        for file in &mut files {
            let name = format!("{}: {}", file.role, file.name);
            file.rows = whole.get(&name).copied().unwrap_or(file.rows);
            if !file.balanced() {
                // Customers of several shards may share a joined row.
                file.parts = self.shared_parts(file)?;
            }
        }
        Ok(files)
    }

    fn shared_parts(&self, file: &FileRow) -> anyhow::Result<u64> {
        let mut offsets = Vec::new();
        for reader in &self.readers {
            reader.named(reader.part_offsets(&file.name, &file.role, &mut offsets))?;
        }
        offsets.sort_unstable();
        offsets.dedup();
        Ok(offsets.len() as u64)
    }

    /// Rows that nothing uses, by file and reason.
    pub fn unused(&self) -> anyhow::Result<Vec<UnusedCount>> {
        let mut sums: Vec<UnusedCount> = Vec::new();
        for one in self.ask(Reader::unused)?.into_iter().flatten() {
            let same =
                |known: &&mut UnusedCount| (&known.file, &known.reason) == (&one.file, &one.reason);
            match sums.iter_mut().find(same) {
                Some(sum) => sum.count += one.count,
                None => sums.push(one),
            }
        }
        Ok(sums)
    }

    /// The findings by kind, in the order of importance. A group is counted where its first record is.
    pub fn finding_counts(&self) -> anyhow::Result<Vec<FindingCount>> {
        let mut sums: BTreeMap<Option<FindingKind>, FindingCount> = BTreeMap::new();
        for one in self.ask(Reader::finding_counts)?.into_iter().flatten() {
            let kind = FindingKind::named(one.kind);
            let sum = sums.entry(kind).or_insert_with(|| FindingCount {
                kind: one.kind,
                action: one.action,
                ..FindingCount::default()
            });
            add_fields!(sum, one, count, groups);
        }
        Ok(sums.into_values().collect())
    }

    /// All policy moves.
    pub fn policy(&self) -> anyhow::Result<Vec<PolicyRow>> {
        Ok(self
            .first(|reader| reader.policy().map(Some))?
            .unwrap_or_default())
    }

    /// All runs, oldest first; those of several journals are numbered anew.
    pub fn runs(&self) -> anyhow::Result<Vec<RunRow>> {
        let mut runs: Vec<RunRow> = self.ask(Reader::runs)?.into_iter().flatten().collect();
        if self.readers.len() > 1 {
            runs.sort_by_key(|run| run.at);
            for (number, run) in (1..).zip(&mut runs) {
                run.id = number;
            }
        }
        Ok(runs)
    }

    /// What people decided, oldest first.
    pub fn decisions(&self) -> anyhow::Result<Vec<DecisionRow>> {
        let mut all: Vec<DecisionRow> =
            self.ask(Reader::decisions)?.into_iter().flatten().collect();
        if self.readers.len() > 1 {
            all.sort_by_key(|decision| decision.at);
        }
        Ok(all)
    }

    /// Accounts for manual KYB.
    pub fn manual_kyb(&self) -> anyhow::Result<ManualKyb> {
        let mut sum = ManualKyb::default();
        for one in self.ask(Reader::manual_kyb)? {
            add_fields!(sum, one, accounts, approved, rejected);
        }
        Ok(sum)
    }

    /// Counts the tasks that were sent and are no longer in the plan.
    pub fn dropped(&self) -> anyhow::Result<DroppedTasks> {
        let mut sum = DroppedTasks::default();
        for one in self.ask(Reader::dropped)? {
            add_fields!(sum, one, tasks, refused, gave_up, attempts);
        }
        Ok(sum)
    }

    /// Accounts that were answered with the bakktId of another one.
    pub fn shared_ids(&self) -> anyhow::Result<u64> {
        self.sum(Reader::shared_ids)
    }

    /// Rows of customers whose exclusion was taken back, and whom the plan does not have yet.
    pub fn put_back(&self) -> anyhow::Result<u64> {
        self.sum(Reader::put_back)
    }

    /// Updates that Bakkt accepted.
    pub fn updates_sent(&self) -> anyhow::Result<u64> {
        self.sum(Reader::updates_sent)
    }

    /// Gaps that people have waived.
    pub fn waived(&self) -> anyhow::Result<u64> {
        self.sum(Reader::waived)
    }

    /// Closed gaps by the file that closed them. A file that several shards took is one, by its number and name.
    pub fn closed_by(&self) -> anyhow::Result<Vec<FileClosures>> {
        let mut sums: BTreeMap<(u64, String), u64> = BTreeMap::new();
        for (place, closures) in self.ask(Reader::closed_by)?.into_iter().enumerate() {
            for one in closures {
                let layer = self.layer_number(place, one.layer);
                *sums.entry((layer, one.name)).or_default() += one.closed;
            }
        }
        let sums = sums.into_iter();
        Ok(sums
            .map(|((layer, name), closed)| FileClosures {
                layer,
                name,
                closed,
            })
            .collect())
    }

    /// What happened to gaps by day (days since 1970).
    pub fn gap_days(&self) -> anyhow::Result<BTreeMap<i64, GapDay>> {
        let mut days: BTreeMap<i64, GapDay> = BTreeMap::new();
        for (day, one) in self.ask(Reader::gap_days)?.into_iter().flatten() {
            let sum = days.entry(day).or_default();
            add_fields!(sum, one, opened, closed, waived);
        }
        let mut open = 0u64;
        for day in days.values_mut() {
            open = (open + day.opened).saturating_sub(day.closed + day.waived);
            day.open = open;
        }
        Ok(days)
    }

    /// All events, counted.
    pub fn event_counts(&self) -> anyhow::Result<EventCounts> {
        let mut sum = EventCounts::default();
        for one in self.ask(Reader::event_counts)? {
            add_fields!(
                sum,
                one,
                events,
                repeats,
                unreadable,
                other_types,
                unknown_words,
                without_id,
                unknown_accounts,
                unknown_events,
                not_sent_accounts,
                not_sent_events,
            );
        }
        Ok(sum)
    }

    /// Types, statuses and reasons of events that the contract does not have.
    pub fn strange_words(&self) -> anyhow::Result<BTreeMap<String, u64>> {
        let mut sums = BTreeMap::new();
        for words in self.ask(Reader::strange_words)? {
            add_words(&mut sums, words);
        }
        Ok(sums)
    }

    /// Verification links.
    pub fn link_counts(&self, now: i64) -> anyhow::Result<LinkCounts> {
        let mut sum = LinkCounts::default();
        for one in self.ask(|reader| reader.link_counts(now))? {
            add_fields!(
                sum,
                one,
                wanted,
                fetched,
                running_out,
                last_link,
                to_fetch,
                used_up
            );
        }
        Ok(sum)
    }

    /// How far reading back has come. It is over when it is over in every journal.
    pub fn verification(&self) -> anyhow::Result<Verification> {
        let all = self.ask(Reader::verification)?;
        let is_over = all.iter().all(|one| one.done_at.is_some());
        let begun = all.iter().filter_map(|one| one.begun_at);
        let mut sum = Verification {
            begun_at: begun.min(),
            ..Verification::default()
        };
        for one in all {
            sum.pass = sum.pass.max(one.pass);
            sum.done_at = sum.done_at.max(one.done_at).filter(|_| is_over);
            sum.last_at = sum.last_at.max(one.last_at);
            add_fields!(sum, one, accounts, to_come, documents, content);
            add_all(&mut sum.results, &one.results);
            add_words(&mut sum.reasons, one.reasons);
            for (key, count) in one.differences {
                *sum.differences.entry(key).or_default() += count;
            }
        }
        Ok(sum)
    }
}

fn sum_of_counts(all: Vec<Counts>) -> Counts {
    let mut sum = Counts::default();
    let mut reasons: BTreeMap<(&'static str, String), u64> = BTreeMap::new();
    let mut stops: Vec<StopCount> = Vec::new();
    for counts in all {
        add_fields!(sum, counts, records, without_task, stray_tasks);
        add_all(&mut sum.verdicts, &counts.verdicts);
        add_all(&mut sum.existed, &counts.existed);
        add_tasks(&mut sum.accounts, &counts.accounts);
        add_tasks(&mut sum.updates, &counts.updates);
        add_tasks(&mut sum.documents, &counts.documents);
        add_tasks(&mut sum.kyb, &counts.kyb);
        add_fields!(
            sum.former,
            counts.former,
            accounts,
            documents,
            kyb,
            kyb_in_doubt
        );
        for one in counts.reasons {
            *reasons.entry((one.verdict, one.reason)).or_default() += one.count;
        }
        for stop in counts.stops {
            let key =
                |stop: &StopCount| (stop.kind, stop.state, stop.code.clone(), stop.field.clone());
            match stops.iter_mut().find(|known| key(known) == key(&stop)) {
                Some(known) => known.count += stop.count,
                None => stops.push(stop),
            }
        }
        sum.disagreements.extend(counts.disagreements);
    }
    let reasons = reasons.into_iter();
    sum.reasons = reasons
        .map(|((verdict, reason), count)| ReasonCount {
            verdict,
            reason,
            count,
        })
        .collect();
    sum.reasons
        .sort_by_key(|one| (one.verdict, Reverse(one.count), one.reason.clone()));
    stops.sort_by_key(|one| {
        let place = (one.code.clone(), one.field.clone());
        (Reverse(one.count), place, one.state, one.kind)
    });
    sum.stops = stops;
    sum
}

fn sum_of_gaps(all: Vec<Vec<GapCount>>) -> Vec<GapCount> {
    let mut sums: BTreeMap<(String, String), GapCount> = BTreeMap::new();
    for gap in all.into_iter().flatten() {
        match sums.entry((gap.path.clone(), gap.level.clone())) {
            Entry::Vacant(place) => {
                place.insert(gap);
            }
            Entry::Occupied(mut place) => {
                let sum = place.get_mut();
                add_fields!(sum, gap, open, blocked);
                add_words(&mut sum.why, gap.why);
            }
        }
    }
    let mut gaps: Vec<GapCount> = sums.into_values().collect();
    gaps.sort_by_key(|gap| Reverse(gap.open));
    gaps
}

fn add_all(sums: &mut [u64], more: &[u64]) {
    for (sum, count) in sums.iter_mut().zip(more) {
        *sum += count;
    }
}

fn add_tasks(sum: &mut TaskCounts, more: &TaskCounts) {
    sum.planned += more.planned;
    add_all(&mut sum.states, &more.states);
}

fn add_words(sums: &mut BTreeMap<String, u64>, more: BTreeMap<String, u64>) {
    for (word, count) in more {
        *sums.entry(word).or_default() += count;
    }
}

impl Journals {
    /// Whether there is anything of custody.
    pub fn has_custody(&self) -> anyhow::Result<bool> {
        Ok(self.ask(Reader::has_custody)?.contains(&true))
    }

    /// The custody tasks, counted; those that are alike in several journals stand beside each other.
    pub fn custody_counts(&self) -> anyhow::Result<Vec<CustodyCount>> {
        Ok(self
            .ask(Reader::custody_counts)?
            .into_iter()
            .flatten()
            .collect())
    }

    /// Number of gaps of the custody stage.
    pub fn custody_gaps(&self) -> anyhow::Result<u64> {
        self.sum(Reader::custody_gaps)
    }
}
