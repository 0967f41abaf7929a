//! Taking a new plan over into a journal that has sent some of the old one (invariant 9).
//!
//! Owner of that merge. The new plan is made in a scratch journal beside the old one and taken over in one transaction:
//! a program that dies before leaves the old plan, one that dies after leaves the new one. Records are matched by
//! clientAccountId. What was accepted is never touched; its task only follows its record, or becomes a *former* one
//! (kind 2) when the new plan no longer sends that customer. Documents are matched by clientDocumentId, which is made of
//! their content; KYB by the account, and a KYB task in doubt stays so.

use std::path::{Path, PathBuf};

use super::chosen::Choice;
use super::layers::{Taken, Taking};
use super::open::Journal;
use super::ownership::{ChangedAgreements, ChangedOwners};
use super::person::Decided;
use super::reappeared::Reappeared;
use super::restricted::Restricted;
use super::set_aside;
use anyhow::Context;
use bakkt_model::error::ShownPath;
use bakkt_model::state::State;
use bakkt_model::task::{FreedTasks, TaskKind};

/// How the new plan differs from the old one, in records.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Changes {
    /// Sent or to be sent with the same bytes.
    pub unchanged: u64,
    /// To be sent with other bytes; never accepted.
    pub changed_not_sent: u64,
    /// Accepted with other bytes than the new plan has.
    pub changed_accepted: u64,
    /// To be sent, and not so before.
    pub added: u64,
    /// No longer to be sent; never accepted.
    pub dropped: u64,
    /// Accepted, and no longer sent by the new plan.
    pub former: u64,
    /// Updates that were planned for `changed_accepted`.
    pub updates: u64,
    /// Accounts that Bakkt has under ids that are gone, and that come back under new ones; absent when there are none.
    #[serde(skip_serializing_if = "Reappeared::none")]
    pub reappeared: Reappeared,
    /// Of `added`, those of people who have an accepted account under another id that stays; absent when there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub further_accounts: u64,
    /// Accepted accounts whose agreements changed; without an acknowledgement none of them gets an update. Absent when there
    /// are none.
    #[serde(skip_serializing_if = "ChangedAgreements::none")]
    pub agreements: ChangedAgreements,
    /// Accepted accounts of entities whose owners changed: Bakkt must be told. Absent when there are none.
    #[serde(skip_serializing_if = "ChangedOwners::none")]
    pub ownership: ChangedOwners,
    /// Those of `changed_accepted` that get none, whatever is asked for; absent when there are none.
    #[serde(skip_serializing_if = "Restricted::none")]
    pub restricted: Restricted,
    /// Documents; absent when neither plan has any.
    #[serde(skip_serializing_if = "DocumentChanges::none")]
    pub documents: DocumentChanges,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// How the documents of the new plan differ from those of the old one. The same file for the same owner, type and side
/// is the same document.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct DocumentChanges {
    /// In both plans.
    pub unchanged: u64,
    /// Only in the new plan.
    pub added: u64,
    /// Only in the old plan, and never accepted.
    pub dropped: u64,
    /// Accepted, and no longer in the plan.
    pub former: u64,
}

impl DocumentChanges {
    /// Whether neither plan has documents.
    pub fn none(&self) -> bool {
        *self == DocumentChanges::default()
    }
}

/// What to do besides taking the plan over.
#[derive(Clone, Copy, Debug)]
pub struct Adopt<'a> {
    /// Plan updates for changed payloads of accepted accounts.
    pub update_accepted: bool,
    /// Take new ids of people whose accounts Bakkt has under vanished ids for further accounts, instead of stopping.
    pub accept_new_ids: bool,
    /// Both sides have acknowledged the agreements that changed: updates may send them.
    pub agreements_acknowledged: bool,
    /// Only count; nothing changes.
    pub dry_run: bool,
    /// Who, why and when, for the operator log.
    pub decided: Decided<'a>,
    /// The backfill file that the new plan has and the old one had not: taken with it.
    pub taking: Option<Taking<'a>>,
    /// The row that a person chose of several with one id: the new plan has it, and the decision is taken over with it.
    pub chosen: Option<Choice<'a>>,
}

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
        super::open::write_key(&scratch, &self.key)?;
        let mut scratch = Journal::open(&scratch)?;
        scratch.follow_people(&self.people()?)?;
        scratch.know_files_of(self)?;
        Ok(scratch)
    }

    /// Takes the plan of a scratch journal over, and removes it.
    pub fn adopt(&mut self, folder: &Path, how: Adopt<'_>) -> anyhow::Result<Changes> {
        Ok(self.adopt_taking(folder, how)?.0)
    }

    /// The same; also says what a backfill file does that is taken with it.
    pub fn adopt_taking(
        &mut self,
        folder: &Path,
        how: Adopt<'_>,
    ) -> anyhow::Result<(Changes, Taken)> {
        let scratch = Self::scratch_folder(folder);
        let path = Self::path(&scratch);
        let path = path
            .to_str()
            .context("the migration folder's name is not UTF-8")?;
        // What is compared of a million customers does not belong into memory; ids and keyed hashes, as in the journal.
        self.db.pragma_update(None, "temp_store", "FILE")?;
        self.db.execute("ATTACH DATABASE ? AS n", [path])?;
        let done = self.transaction(|journal| {
            journal.db.execute_batch(COMPARE)?;
            journal.begin_taking(how.decided.at, how.taking.as_ref())?;
            let mut changes = journal.changes()?;
            let stops = !changes.reappeared.none() && !how.accept_new_ids;
            if stops && !how.dry_run {
                return Err(changes.reappeared.stop());
            }
            // What a file would do is only known when it is done.
            if !how.dry_run || how.taking.is_some() {
                journal.db.execute_batch("SAVEPOINT taken")?;
                journal.take_over(how, &mut changes)?;
            }
            let taken = match &how.taking {
                Some(taking) => journal.take_layer(taking, how, &changes)?,
                None => Taken::default(),
            };
            if how.dry_run && how.taking.is_some() {
                journal
                    .db
                    .execute_batch("ROLLBACK TO taken; RELEASE taken")?;
            }
            journal.db.execute_batch(DROP)?;
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
        let added = "SELECT count(*) FROM n.record r WHERE r.verdict < 2 AND r.client_id NOT IN (SELECT client_id FROM temp.was)";
        Ok(Changes {
            unchanged: count("w.record IS NOT NULL AND (w.hash IS r.hash OR w.untouched)")?,
            changed_not_sent: count(
                "w.record IS NOT NULL AND w.hash IS NOT r.hash AND w.state <> 4",
            )?,
            changed_accepted: count(
                "w.record IS NOT NULL AND w.hash IS NOT r.hash AND w.state = 4",
            )?,
            added: self.db.query_row(added, [], |row| row.get::<_, i64>(0))? as u64,
            dropped: count("w.record IS NULL AND w.state <> 4")?,
            former: count("w.record IS NULL AND w.state = 4")?,
            updates: 0,
            reappeared: self.reappeared()?,
            further_accounts: self.further_accounts()?,
            agreements: self.changed_agreements()?,
            ownership: self.changed_owners()?,
            restricted: self.restricted()?,
            documents: self.document_changes()?,
        })
    }

    fn document_changes(&self) -> anyhow::Result<DocumentChanges> {
        let count = |sql: &str| -> anyhow::Result<u64> {
            Ok(self.db.query_row(sql, [], |row| row.get::<_, i64>(0))? as u64)
        };
        let was = "SELECT count(*) FROM temp.was_document WHERE";
        Ok(DocumentChanges {
            unchanged: count(&format!("{was} document IS NOT NULL"))?,
            added: count(
                "SELECT count(*) FROM n.document d WHERE d.verdict = 0 AND d.uuid NOT IN (SELECT uuid FROM temp.was_document)",
            )?,
            dropped: count(&format!("{was} document IS NULL AND state <> 4"))?,
            former: count(&format!("{was} document IS NULL AND state = 4"))?,
        })
    }

    /// After a new plan or a person's word: every document and KYB task is open or held as its account and documents say.
    fn follow_all(&mut self, at: i64) -> anyhow::Result<()> {
        self.followers = None;
        self.free_changed(at)?;
        let records =
            self.ids("SELECT DISTINCT record FROM task WHERE kind IN (3, 4) AND state IN (0, 1)")?;
        for record in records {
            self.follow_account(record, at, &mut FreedTasks::default())?;
        }
        Ok(())
    }

    fn take_over(&mut self, how: Adopt<'_>, changes: &mut Changes) -> anyhow::Result<()> {
        let mut revived = self.ids(
            "SELECT w.task FROM temp.was w JOIN n.record r ON r.id = w.record WHERE w.state IN (5, 6) AND w.hash IS NOT r.hash",
        )?;
        revived.extend(self.ids(
            "SELECT w.task FROM temp.was_document w JOIN n.document d ON d.id = w.document WHERE w.state IN (5, 6) AND w.hash IS NOT d.hash",
        )?);
        let ending = self.ending_tasks()?;
        self.set_aside(&ending, true, set_aside::REPLANNED, how.decided)?;
        self.db.execute_batch(TAKE_OVER)?;
        for task in revived {
            self.revive(task, set_aside::CHANGED, how.decided)?;
        }
        let asked = [how.update_accepted, how.agreements_acknowledged];
        self.db.execute(PLAN_UPDATES, asked)?;
        if how.agreements_acknowledged {
            self.acknowledge_agreements(how.decided)?;
        }
        changes.updates = self.count(TaskKind::Update, State::Open, false)?;
        self.db.execute("DELETE FROM task WHERE kind = 99", [])?;
        // After the updates: documents and KYB wait for them as well.
        self.follow_all(how.decided.at)?;
        let count = changes.changed_not_sent
            + changes.added
            + changes.dropped
            + changes.former
            + changes.updates
            + changes.documents.added
            + changes.documents.dropped
            + changes.documents.former;
        if how.taking.is_some() {
            return Ok(());
        }
        if let Some(choice) = how.chosen {
            return self.take(choice, how.decided);
        }
        self.accept_new_ids(how.decided)?;
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

/// `was`: every account task, with its customer's record in the new plan (none: no longer sent) and the hash of what
/// Bakkt has, or of what was planned; an account that existed before with other data and was left alone is `untouched`,
/// and stays so; one is `restricted` of which the new plan changes what no update may. `was_update`: updates that were asked for and not accepted, with the record that still needs one.
/// `was_document` and `was_kyb`: the same of their tasks. `words`: the new plan's word numbers → ours.
const COMPARE: &str = include_str!("replan_compare.sql");

const TAKE_OVER: &str = include_str!("replan_take_over.sql");

/// The tables that `COMPARE` makes.
const DROP: &str = "DROP TABLE temp.was; DROP TABLE temp.was_update; DROP TABLE temp.was_document; DROP TABLE temp.was_kyb;
    DROP TABLE temp.words; DROP TABLE temp.adopting; DROP TABLE temp.touched;
    DROP TABLE temp.agreements_changed; DROP TABLE temp.vanished; DROP TABLE temp.arrived; DROP TABLE temp.reappeared;";

/// Of accepted accounts with other bytes, but never of those that are restricted, and of those with other agreements only when
/// these were acknowledged: all when asked for, else those that the new backfill file changed, and those
/// for which an update was asked for before: nobody has taken that back.
const PLAN_UPDATES: &str = "
    INSERT INTO main.task (record, kind, state)
        SELECT w.record, 1, 0 FROM temp.was w JOIN main.record r ON r.id = w.record
        WHERE w.state = 4 AND w.hash IS NOT r.hash AND NOT w.untouched AND NOT w.restricted
        AND (?2 OR w.client_id NOT IN (SELECT client_id FROM temp.agreements_changed))
        AND (?1 OR w.client_id IN (SELECT client_id FROM temp.touched)
             OR w.client_id IN (SELECT client_id FROM temp.was_update WHERE record IS NOT NULL))
        AND NOT EXISTS (SELECT 1 FROM main.task t WHERE t.record = w.record AND t.kind = 1)
        ORDER BY w.record
";
