//! Taking a new plan over into a journal that has sent some of the old one (invariant 9).
//!
//! The new plan is made in a scratch journal beside the old one and taken over in one transaction: a program that dies before it
//! leaves the old plan, one that dies after it leaves the new one. Records are matched by clientAccountId, documents by
//! clientDocumentId, which is made of their content, and KYB by the account. What was accepted is never touched: its task follows
//! its record, or becomes a *former* task when the new plan no longer sends that customer. A KYB task in doubt stays in doubt.

pub(crate) mod backfills;
pub(crate) mod changed_fields;
pub(crate) mod changed_owners;
pub(crate) mod options;
pub(crate) mod reappeared_accounts;
pub(crate) mod restricted_accounts;
mod stopping_customers;

pub use backfills::{
    BackfillEffect, KnownRecord, NewBackfill, RowElement, SkippedRow, StoredBackfill,
};
pub use changed_fields::{ChangeScope, ChangedField, ChangedFields};
pub use changed_owners::{ChangedAgreements, ChangedOwners};
pub use options::{Changes, ReopenedGaps, ReplanOptions};
pub use reappeared_accounts::ReappearedAccounts;
pub use restricted_accounts::RestrictedAccounts;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context;
use bakkt_model::error::ShownPath;
use bakkt_model::task::FreedTasks;

use rusqlite::params;

use crate::replan::options::DocumentChanges;
use crate::schema::counters::Counters;
use crate::schema::state_files::write_key;
use crate::write::gap_sets::kept;
use crate::write::journal::Journal;
use crate::write::task_history;

impl Journal {
    /// Where the scratch journal of a state folder lies.
    pub fn scratch_folder(folder: &Path) -> PathBuf {
        folder.join("replan")
    }

    /// Makes an empty scratch journal with this one's key.
    pub fn scratch(&self, folder: &Path) -> anyhow::Result<Journal> {
        let scratch = Self::scratch_folder(folder);
        remove(&scratch)?;
        bakkt_files::state_folder::private_folder(&scratch)?;
        write_key(&scratch, &self.key)?;
        let mut scratch = Journal::open(&scratch)?;
        scratch.follow_people(&self.people()?)?;
        scratch.follow_erased(&self.erased()?)?;
        scratch.follow_manual_kyb(&self.ended_manual_kyb()?)?;
        scratch.know_files_of(self)?;
        scratch.bind_shard(self.shard()?)?;
        Ok(scratch)
    }

    /// Takes the plan of a scratch journal over, and removes it.
    pub fn adopt(&mut self, folder: &Path, how: ReplanOptions<'_>) -> anyhow::Result<Changes> {
        Ok(self.adopt_taking(folder, how)?.0)
    }

    /// Like [`Journal::adopt`]; also returns what the backfill file changes that is taken with the plan.
    pub fn adopt_taking(
        &mut self,
        folder: &Path,
        how: ReplanOptions<'_>,
    ) -> anyhow::Result<(Changes, BackfillEffect)> {
        if !how.dry_run {
            self.refuse_shared_ids()?;
        }
        self.end_comparison()?;
        let scratch = Self::scratch_folder(folder);
        let path = Self::path(&scratch);
        let path = path
            .to_str()
            .context("the migration folder's name is not UTF-8")?;
        // What is compared of a million customers does not belong into memory; ids and keyed hashes, as in the journal.
        self.db.pragma_update(None, "temp_store", "FILE")?;
        self.db.execute("ATTACH DATABASE ? AS n", [path])?;
        let done = self.transaction(|journal| {
            journal.db.execute_batch("SAVEPOINT look")?;
            journal.db.execute_batch(COMPARE)?;
            journal.begin_taking(how.decided.at, how.taking.as_ref())?;
            let kyb_before = journal.open_kyb()?;
            let mut changes = journal.changes()?;
            journal.count_updates(how, &mut changes)?;
            changes.refusal = journal.refusal(how, &changes)?;
            if !how.dry_run
                && let Some(refusal) = changes.refusal.take()
            {
                return Err(refusal);
            }
            // What a plan or a file would do is only known when it is done.
            if changes.refusal.is_none() || how.taking.is_some() {
                journal.take_over(how, &mut changes)?;
            }
            let taken = match &how.taking {
                Some(taking) => {
                    journal.take_layer(taking, how.decided, changes.added, kyb_before)?
                }
                None => BackfillEffect::default(),
            };
            if how.dry_run {
                journal.db.execute_batch("ROLLBACK TO look")?;
                journal.gap_sets = None;
            } else {
                journal.db.execute_batch(DROP)?;
            }
            journal.db.execute_batch("RELEASE look")?;
            Ok((changes, taken))
        });
        self.words.clear();
        self.db.execute_batch("DETACH DATABASE n")?;
        remove(&scratch)?;
        done
    }

    fn changes(&self) -> anyhow::Result<Changes> {
        let count = |sql: &str| -> anyhow::Result<u64> {
            let sql = format!(
                "SELECT count(*) FROM temp.was w LEFT JOIN n.record r ON r.id = w.record WHERE {sql}"
            );
            Ok(self.db.query_row(&sql, [], |row| row.get::<_, i64>(0))? as u64)
        };
        let added = sql!(
            "SELECT count(*) FROM n.record r WHERE r.verdict IN ({verdict.sendable}) AND r.client_id NOT IN (SELECT client_id FROM temp.was)"
        );
        Ok(Changes {
            unchanged: count("w.record IS NOT NULL AND (w.hash IS r.hash OR w.untouched)")?,
            changed_not_sent: count(sql!(
                "w.record IS NOT NULL AND w.hash IS NOT r.hash AND w.state <> {state.accepted}"
            ))?,
            changed_accepted: count(sql!(
                "w.record IS NOT NULL AND w.hash IS NOT r.hash AND w.state = {state.accepted} AND w.untouched IS NOT 1"
            ))?,
            added: self.db.query_row(added, [], |row| row.get::<_, i64>(0))? as u64,
            dropped: count(sql!("w.record IS NULL AND w.state <> {state.accepted}"))?,
            former: count(sql!("w.record IS NULL AND w.state = {state.accepted}"))?,
            updates: 0,
            left_alone: 0,
            may_update: 0,
            reappeared: self.reappeared()?,
            further_accounts: self.further_accounts()?,
            agreements: self.changed_agreements()?,
            ownership: self.changed_owners()?,
            restricted: self.restricted()?,
            reopened: ReopenedGaps::default(),
            changed_fields: ChangedFields::default(),
            asked_fields: ChangedFields::default(),
            refusal: None,
            documents: self.document_changes()?,
        })
    }

    /// Counts which of the changed accepted accounts get an update, as far as that is known before the plan is taken over.
    fn count_updates(&self, how: ReplanOptions<'_>, changes: &mut Changes) -> anyhow::Result<()> {
        let updated = |is_asked: bool| -> anyhow::Result<u64> {
            let asked = [is_asked, how.agreements_acknowledged];
            let count: i64 = self.db.query_row(UPDATED, asked, |row| row.get(0))?;
            Ok(count.unsigned_abs())
        };
        changes.updates = updated(how.update_accepted)?;
        changes.left_alone = changes.changed_accepted.saturating_sub(changes.updates);
        changes.may_update = updated(true)?.saturating_sub(changes.updates);
        // A backfill file tells by itself what it changes.
        if how.taking.is_none() {
            let fields = |is_asked| self.changed_fields([is_asked, how.agreements_acknowledged]);
            changes.changed_fields = fields(true)?;
            changes.asked_fields = match (changes.updates, how.update_accepted) {
                (0, _) => ChangedFields::default(),
                (_, true) => changes.changed_fields.clone(),
                // Only those that were asked for before are sent.
                (_, false) => fields(false)?,
            };
        }
        Ok(())
    }

    /// Why this plan is not taken, if a person has to say more first.
    fn refusal(
        &self,
        how: ReplanOptions<'_>,
        changes: &Changes,
    ) -> anyhow::Result<Option<anyhow::Error>> {
        if !changes.reappeared.is_empty() && !how.accept_new_ids {
            return Ok(Some(changes.reappeared.stop()));
        }
        let scope = self.change_scope(how)?;
        Ok(changes.asked_fields.stop(how.accept_changes, scope))
    }

    /// Over how many accounts a change of most of them is judged.
    fn change_scope(&self, how: ReplanOptions<'_>) -> anyhow::Result<ChangeScope> {
        Ok(match self.shard()? {
            _ if how.is_judged_over_all => ChangeScope::JudgedBefore,
            Some(shard) if shard.count() > 1 => ChangeScope::SomeShards,
            _ => ChangeScope::All,
        })
    }

    fn document_changes(&self) -> anyhow::Result<DocumentChanges> {
        let count = |sql: &str| -> anyhow::Result<u64> {
            Ok(self.db.query_row(sql, [], |row| row.get::<_, i64>(0))? as u64)
        };
        let was = "SELECT count(*) FROM temp.was_document WHERE";
        Ok(DocumentChanges {
            unchanged: count(&format!("{was} document IS NOT NULL"))?,
            added: count(sql!(
                "SELECT count(*) FROM n.document d WHERE d.verdict = {document.sent} AND d.uuid NOT IN (SELECT uuid FROM temp.was_document)"
            ))?,
            dropped: count(
                &[was, sql!(" document IS NULL AND state <> {state.accepted}")].concat(),
            )?,
            former: count(&[was, sql!(" document IS NULL AND state = {state.accepted}")].concat())?,
        })
    }

    /// After a new plan or a person's word: every document and KYB task is open or held as its account and documents say.
    fn follow_all(&mut self, at: i64) -> anyhow::Result<()> {
        self.followers = None;
        self.free_changed(at)?;
        let records =
            self.ids(sql!("SELECT DISTINCT record FROM task WHERE kind IN ({kind.document_or_kyb}) AND state IN ({state.waiting})"))?;
        for record in records {
            self.follow_account(record, at, &mut FreedTasks::default())?;
        }
        Ok(())
    }

    /// Tasks that a new plan has no longer; the tables of the comparison are there, and the old plan still is.
    pub(crate) fn ending_tasks(&self) -> anyhow::Result<Vec<i64>> {
        self.ids(ENDING)
    }

    /// Updates that were not accepted, and whose accounts get another one from the new plan.
    fn replaced_updates(&self, asked: [bool; 2]) -> anyhow::Result<BTreeSet<i64>> {
        let mut statement = self.db.prepare(REPLACED_UPDATES)?;
        let tasks = statement.query_map(asked, |row| row.get(0))?;
        Ok(tasks.collect::<Result<_, _>>()?)
    }

    /// Makes sets of the new plan's gaps.
    fn take_over_gaps(&mut self) -> anyhow::Result<()> {
        let mut after = 0;
        loop {
            let mut statement = self.db.prepare_cached(NEW_GAPS)?;
            let rows = statement.query_map([after, AT_ONCE as i64], |row| {
                Ok((row.get::<_, i64>(7)?, kept(row)?))
            })?;
            let mut page = rows.collect::<Result<Vec<_>, _>>()?;
            drop(statement);
            let is_last = page.len() < AT_ONCE;
            if let (false, Some((last, _))) = (is_last, page.last()) {
                // The others of this record are on the next page.
                let last = *last;
                page.retain(|(record, _)| *record != last);
            }
            for gaps in page.chunk_by(|(one, _), (other, _)| one == other) {
                let record = gaps[0].0;
                let gaps = gaps.iter().map(|(_, gap)| *gap).collect();
                let set = self.gap_set(record, gaps)?;
                self.db
                    .prepare_cached("UPDATE record SET gap_set = ?2 WHERE id = ?1")?
                    .execute(params![record, set])?;
                after = record;
            }
            if is_last {
                self.db.execute_batch("DROP TABLE temp.new_gap")?;
                return Ok(());
            }
        }
    }

    /// Gaps that were waived for somebody who does not stand there any more.
    fn reopened_gaps(&self) -> anyhow::Result<ReopenedGaps> {
        let gaps: i64 = self
            .db
            .query_row("SELECT count(*) FROM temp.reopened_gap", [], |row| {
                row.get(0)
            })?;
        let mut statement = self.db.prepare(
            "SELECT o.client_id, w.text FROM temp.reopened_gap o JOIN main.word w ON w.id = o.path ORDER BY 1, 2 LIMIT 20",
        )?;
        let first = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let first = first.collect::<Result<_, _>>()?;
        drop(statement);
        self.db.execute_batch("DROP TABLE temp.reopened_gap")?;
        Ok(ReopenedGaps {
            gaps: gaps.unsigned_abs(),
            first,
        })
    }

    fn take_over(&mut self, how: ReplanOptions<'_>, changes: &mut Changes) -> anyhow::Result<()> {
        let mut revived = self.ids(
            sql!("SELECT w.task FROM temp.was w JOIN n.record r ON r.id = w.record WHERE w.state IN ({state.stopped}) AND w.hash IS NOT r.hash"),
        )?;
        revived.extend(self.ids(
            sql!("SELECT w.task FROM temp.was_document w JOIN n.document d ON d.id = w.document WHERE w.state IN ({state.stopped}) AND w.hash IS NOT d.hash"),
        )?);
        let asked = [how.update_accepted, how.agreements_acknowledged];
        let scope = self.change_scope(how)?;
        let accepted =
            self.accepted_changes(&changes.asked_fields, how.accept_changes, scope, asked)?;
        let replaced: BTreeSet<i64> = self.replaced_updates(asked)?;
        let ending = self.ending_tasks()?.into_iter();
        let (replaced, ending): (Vec<i64>, Vec<i64>) =
            ending.partition(|task| replaced.contains(task));
        self.set_aside(&replaced, false, task_history::CHANGED, how.decided)?;
        self.set_aside(&ending, true, task_history::REPLANNED, how.decided)?;
        self.set_ending_custody_aside(how.decided)?;
        self.gap_sets = None;
        self.fill_element_paths()?;
        self.db.execute_batch(TAKE_OVER)?;
        changes.reopened = self.reopened_gaps()?;
        self.take_over_gaps()?;
        self.take_over_custody(how.decided.at)?;
        for task in revived {
            self.revive(task, task_history::CHANGED, how.decided)?;
        }
        self.db.execute(PLAN_UPDATES, asked)?;
        // A look has no reason that could be kept.
        if how.agreements_acknowledged && !how.dry_run {
            self.acknowledge_agreements(how.decided)?;
        }
        // The counters are still those of the old plan.
        changes.updates = self
            .db
            .query_row(OPEN_UPDATES, [], |row| row.get::<_, i64>(0))?
            .unsigned_abs();
        self.db
            .execute(sql!("DELETE FROM task WHERE kind = {kind.placeholder}"), [])?;
        // After the updates: documents and KYB wait for them as well.
        self.follow_all(how.decided.at)?;
        self.note_differing()?;
        Counters::count_again(&self.db)?;
        self.counters.clear();
        let count = changes.changed_not_sent
            + changes.added
            + changes.dropped
            + changes.former
            + changes.updates
            + changes.documents.added
            + changes.documents.dropped
            + changes.documents.former;
        self.append_plan("planned anew", how.decided.at)?;
        if how.taking.is_some() {
            return Ok(());
        }
        if let Some(choice) = how.chosen {
            return self.take(choice, how.decided);
        }
        self.accept_new_ids(changes.reappeared.changed_ids.is_some(), how.decided)?;
        self.log_accepted_changes(&accepted, how.decided)?;
        self.log("replan", "all that was not accepted", how.decided, count)
    }
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.shown()))
        }
        _ => Ok(()),
    }
}

/// Compares the old plan with the new one, in temporary tables:
///
/// - `was`: every account task, with its customer's record in the new plan (`NULL` when no longer sent) and the hash of what
///   Bakkt has, or of what was planned. `untouched`: the account existed before with other data, was left alone and stays so.
///   `restricted`: the new plan changes what no update may.
/// - `was_update`: updates that were asked for and not accepted, with the record that still needs one.
/// - `was_document`, `was_kyb`: the same for their tasks.
/// - `words`: the new plan's word numbers, and ours.
const COMPARE: &str = sql!(include_str!("compare.sql"));

const TAKE_OVER: &str = sql!(include_str!("take_over.sql"));

/// Rows of the new plan's gaps that are read at once; no record has nearly as many.
const AT_ONCE: usize = 100_000;

const NEW_GAPS: &str = "SELECT path, reason, file, row, level, status, opened_at, record FROM temp.new_gap \
    WHERE record > ? ORDER BY record, path, reason, file, row LIMIT ?";

const OPEN_UPDATES: &str = sql!(
    "SELECT count(*) FROM task WHERE state = {state.open} AND state < {state.first_finished} AND kind = {kind.update}"
);

/// Drops the tables of the comparison.
const DROP: &str = "DROP TABLE temp.was; DROP TABLE temp.was_update; DROP TABLE temp.was_document; DROP TABLE temp.was_kyb;
    DROP TABLE temp.words; DROP TABLE temp.adopting; DROP TABLE temp.touched; DROP TABLE temp.spoken_of;
    DROP TABLE temp.agreements_changed; DROP TABLE temp.vanished; DROP TABLE temp.arrived; DROP TABLE temp.reappeared; DROP TABLE temp.id_form;";

/// Changed accepted accounts that get an update: not restricted ones, nor those with changed agreements unless `?2` says that these
/// were acknowledged. With `?1` all others; else those that the new backfill file changed, and those for which an update was asked
/// for before, because nobody has taken that back.
macro_rules! updated {
    () => {
        "w.state = {state.accepted} AND w.hash IS NOT r.hash AND NOT w.untouched AND NOT w.restricted
        AND (?2 OR w.client_id NOT IN (SELECT client_id FROM temp.agreements_changed))
        AND (?1 OR w.client_id IN (SELECT client_id FROM temp.touched)
             OR w.client_id IN (SELECT client_id FROM temp.was_update WHERE record IS NOT NULL))"
    };
}
const UPDATED: &str = sql!(concat!(
    "SELECT count(*) FROM temp.was w JOIN n.record r ON r.id = w.record WHERE ",
    updated!()
));

/// The updates of such accounts that were planned before.
const REPLACED_UPDATES: &str = sql!(concat!(
    "SELECT u.task FROM temp.was_update u WHERE u.client_id IN
        (SELECT w.client_id FROM temp.was w JOIN n.record r ON r.id = w.record WHERE ",
    updated!(),
    ")"
));

/// What is kept of their fields, as Bakkt has them and as the new plan does.
pub(crate) const COMPARED_FIELDS: &str = sql!(concat!(
    "SELECT w.fixed, r.fixed FROM temp.was w JOIN n.record r ON r.id = w.record WHERE ",
    updated!()
));

const PLAN_UPDATES: &str = sql!(concat!(
    "INSERT INTO main.task (record, kind, state)
        SELECT w.record, {kind.update}, {state.open} FROM temp.was w JOIN main.record r ON r.id = w.record WHERE ",
    updated!(),
    " AND NOT EXISTS (SELECT 1 FROM main.task t WHERE t.record = w.record AND t.kind = {kind.update})
        ORDER BY w.record"
));

/// The sent tasks that taking a new plan over deletes; accepted updates have a table of their own.
const ENDING: &str = sql!("
    SELECT id FROM main.task WHERE attempts > 0 AND (
        (kind = {kind.update} AND state <> {state.accepted} AND id NOT IN (SELECT u.task FROM temp.was_update u JOIN n.record r ON r.id = u.record WHERE u.hash IS r.hash))
        OR id IN (SELECT task FROM temp.was WHERE record IS NULL AND state <> {state.accepted})
        OR id IN (SELECT task FROM temp.was_document WHERE document IS NULL AND state <> {state.accepted})
        OR id IN (SELECT task FROM temp.was_kyb WHERE record IS NULL AND state NOT IN ({state.perhaps_at_bakkt})))
    ORDER BY id");
