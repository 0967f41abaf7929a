//! `forget`: a customer asks for erasure while the migration is under way.
//!
//! Owner of the order: what is in doubt, and a report that could not be written, stops it before anything changes, the receiver's
//! and the journals' locks are held, what Bakkt has is on the disk and told before it is erased, and stays there until its reader had it all, and what is deleted comes back
//! nowhere: not in a new plan, not by an event. With the migration's state goes that of its rehearsal. Run again after a kill, it ends what was begun. Left out on purpose: what goes and
//! what stays (`journal::decisions::erasures`), and what is told (`forget_text`).

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::forget_text::{OtherState, records_in_words, told};
use super::place::StatePlace;
use super::report::{self, View};
use super::{CommandOutput, checkpoint, deciding, outputs, target};
use crate::cli::ForgetArgs;
use bakkt_files::output::ProtectedPaths;
use bakkt_files::progress::Mode;
use bakkt_files::terminal::{is_stdout_nowhere, print_to_reader};
use bakkt_folder::migration::today;
use bakkt_journal::custody::sessions::Sessions;
use bakkt_journal::decisions::{
    ForgetNote, HeldByBakkt, KnownCustomer, OperatorNote, RewrittenLayer,
};
use bakkt_journal::events::{self, Events};
use bakkt_journal::{Journal, now, refuse_closed};
use bakkt_model::error::{Failure, ShownPath, Style, describe};
use bakkt_model::grace::Grace;
use bakkt_planning::{erase, opening};
use bakkt_report::audit;

/// Forgets a customer.
pub fn run(args: &ForgetArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    let place = StatePlace::new(&args.view.dir, args.view.sandbox, &args.view.shards)?;
    target::existing_folder(&args.view.dir)?;
    refuse_closed(&place.root())?;
    if let Some(shard) = place.shard {
        return Err(Failure::configuration(
            format!("every shard may know the customer, and --shard {shard} names one"),
            "leave --shard away; --state names where the shards lie",
        ));
    }
    let id = args.id.trim();
    if id.is_empty() {
        return Err(Failure::configuration(
            "--id is empty",
            "name the clientAccountId",
        ));
    }
    let by = match args.dry_run {
        true => String::new(),
        false => deciding::by(&args.by, &args.view.dir)?,
    };
    let reason = deciding::why_unless(args.dry_run, args.reason.as_deref())?;
    if reason.is_some_and(|reason| reason.contains(id)) {
        return Err(Failure::configuration(
            "--reason names the customer, and the chain keeps it for good",
            "say why without the id, such as the number of the request",
        ));
    }
    let decided = OperatorNote {
        by: &by,
        reason,
        at: now(),
    };
    let settings = bakkt_folder::migration::settings(&args.view.dir)?;
    let how = How {
        id,
        dir: &args.view.dir,
        decided,
        protected: &outputs::protected(&settings),
        grace: &settings.grace,
        mode,
    };
    let own = Erasure::look(&place, &how)?;
    let mut known = own.known.clone();
    if !known.is_known && known.forgotten_at.is_none() && !args.in_no_plan {
        return Err(Failure::configuration(
            "nothing here is known of a customer with this id",
            "clientAccountIds are in reconciliation.csv. --in-no-plan notes the erasure of somebody who is in no plan yet: no later plan sends them",
        ));
    }
    let note = ForgetNote::of(&place.root(), &own.kept.id_hash(id));
    known.at_bakkt.add(&note.read()?);
    let (other, found) = OtherState::look(&place, &how);
    let text = told(args, &known, &place, &other);
    let code = other.code();
    if args.dry_run {
        return Ok(CommandOutput { text, code });
    }
    // Nobody here knows it afterwards: it is on the disk, and told, before anything goes.
    let has_begun_before = note.exists();
    note.write(&known.at_bakkt)?;
    if let Err(error) = tell(&text, &known.at_bakkt) {
        if !has_begun_before {
            note.remove()?;
        }
        return Err(error);
    }
    let records = own.erase(&how)?;
    if let Some(found) = found {
        found
            .erase(&how)
            .context("the state of the rehearsal, after that of the migration")?;
    }
    let end = match args.view.json {
        true => "\n".to_owned(),
        false => format!("\n{} forgotten\n", records_in_words(records)),
    };
    match print_to_reader(&end) {
        Ok(()) => {}
        Err(_) if known.at_bakkt.is_empty() => {}
        // A pipe takes a text that nobody reads to its end.
        Err(error) => {
            return Err(Failure::cannot(
                format!(
                    "the customer is erased, and who read what Bakkt has went away before the end: {error}"
                ),
                "the list is kept: the same command tells it again, to a terminal or into a file",
            ));
        }
    }
    note.remove()?;
    let text = String::new();
    Ok(CommandOutput { text, code })
}

/// Tells what would be known to nobody afterwards. Where it reaches nobody, nothing is erased.
fn tell(text: &str, held: &HeldByBakkt) -> anyhow::Result<()> {
    let refused = |why: &str| {
        Failure::cannot(
            format!(
                "what Bakkt has of this customer would reach nobody: {why}; nothing was erased"
            ),
            "run the same command with its output on a terminal or in a file",
        )
    };
    if !held.is_empty() && is_stdout_nowhere() {
        return Err(refused("stdout is closed, or is /dev/null"));
    }
    // The line ends behind the erasure, which tells whether the reader is still there then.
    print_to_reader(text).map_err(|error| refused(&format!("cannot write to stdout: {error}")))
}

/// What is done to each state.
struct How<'a> {
    id: &'a str,
    dir: &'a Path,
    decided: OperatorNote<'a>,
    protected: &'a ProtectedPaths,
    grace: &'a Grace,
    mode: Mode,
}

/// The state of a migration or of its rehearsal, from which a customer is about to be erased.
struct Erasure {
    kept: Kept,
    known: KnownCustomer,
    reports: Reports,
}

impl Erasure {
    /// Locks everything and looks; refuses what would stop it on the way.
    fn look(place: &StatePlace, how: &How<'_>) -> anyhow::Result<Erasure> {
        let mut kept = Kept::open(place)?;
        let known = kept.look(how.id)?;
        let reports = Reports::of(place);
        reports.look(how.protected)?;
        Ok(Erasure {
            kept,
            known,
            reports,
        })
    }

    /// Returns how many records there were.
    fn erase(mut self, how: &How<'_>) -> anyhow::Result<u64> {
        let records = self.kept.forget(how)?;
        drop(self.kept);
        self.reports.write(how.protected, how.grace)?;
        Ok(records)
    }
}

impl OtherState {
    /// Looks at the state of the rehearsal, which goes with that of the migration; of a rehearsal alone, at whether there is one of
    /// the migration.
    fn look(place: &StatePlace, how: &How<'_>) -> (OtherState, Option<Erasure>) {
        let other = place.of_other_target();
        if other.shards_with_journals().is_empty() && !Journal::path(&other.root()).exists() {
            return (OtherState::None, None);
        }
        if place.sandbox {
            return (OtherState::Real(other.root()), None);
        }
        let found = refuse_closed(&other.root()).and_then(|()| Erasure::look(&other, how));
        match found {
            Ok(found) => (OtherState::Rehearsal(other.root()), Some(found)),
            Err(error) => {
                let why = describe(&error, Style::PLAIN);
                (OtherState::RehearsalLeft(other.root(), why), None)
            }
        }
    }
}

/// Everything that is kept of a migration's customers, locked.
struct Kept {
    journals: Vec<Journal>,
    events: Vec<Events>,
    known: Vec<KnownCustomer>,
}

impl Kept {
    fn open(place: &StatePlace) -> anyhow::Result<Kept> {
        let view = View::at(place.clone());
        let folders = match place.shards().is_empty() {
            true => {
                // Says what there is instead.
                view.must_be_planned()?;
                vec![place.root()]
            }
            // The customer may be in any of them, and Bakkt have what only one of them knows.
            false => place.all_journals()?,
        };
        let open = |folder: &PathBuf| {
            let mut journal = Journal::open(folder)?;
            checkpoint::look(&mut journal)?;
            anyhow::Ok(journal)
        };
        let journals = folders.iter().map(open).collect::<anyhow::Result<_>>()?;
        let heard = folders
            .iter()
            .filter(|folder| events::path(folder).exists());
        let events = heard.map(|folder| Events::open(folder));
        Ok(Kept {
            journals,
            events: events.collect::<anyhow::Result<_>>()?,
            known: Vec::new(),
        })
    }

    /// The keyed hash of an id; all of them have one key.
    fn id_hash(&self, id: &str) -> String {
        let first = self.journals.first();
        first.map_or_else(String::new, |journal| journal.id_hash(id))
    }

    /// What is known of a customer in all of them together.
    fn look(&mut self, id: &str) -> anyhow::Result<KnownCustomer> {
        let looks = self
            .journals
            .iter_mut()
            .map(|journal| journal.look_at_customer(id));
        self.known = looks.collect::<anyhow::Result<_>>()?;
        let mut all = KnownCustomer::default();
        for known in &self.known {
            all.rows.extend(known.rows.iter().cloned());
            all.entries.extend(&known.entries);
            all.forgotten_at = all.forgotten_at.max(known.forgotten_at);
            all.is_known |= known.is_known;
            all.at_bakkt.add(&known.at_bakkt);
        }
        Ok(all)
    }

    fn forget(&mut self, how: &How<'_>) -> anyhow::Result<u64> {
        let How {
            id,
            dir,
            decided,
            mode,
            ..
        } = *how;
        let mut records = 0;
        let mut uuids = Vec::new();
        for (journal, known) in self.journals.iter_mut().zip(&self.known) {
            let folder = journal.folder().unwrap_or_default();
            let layers = without(journal, &folder, id, known, dir, mode)?;
            records += journal.forget(id, &layers, decided)?;
            uuids.extend(known.at_bakkt.custody.iter().map(|one| one.uuid.clone()));
            Sessions::of(&folder, journal.key, i64::MAX).delete(id);
            journal.forget_in_files(id)?;
        }
        for events in &mut self.events {
            events.forget(id, &uuids)?;
        }
        // Last: whatever else goes is covered by it, and until then the entries of this command tell why rows are others.
        for journal in &mut self.journals {
            checkpoint::append(journal, "forget")?;
            journal.scrub()?;
        }
        Ok(records)
    }
}

/// The backfill files of a journal without the customer's rows.
fn without(
    journal: &Journal,
    folder: &Path,
    id: &str,
    known: &KnownCustomer,
    dir: &Path,
    mode: Mode,
) -> anyhow::Result<Vec<RewrittenLayer>> {
    if journal.layers()?.is_empty() {
        return Ok(Vec::new());
    }
    let binding = opening::binding(journal, folder, today())?;
    let settings = bakkt_folder::migration::settings(dir)?;
    let migration = opening::open(settings, binding, mode, &|| false)?;
    erase::without_customer(&migration, id, &known.overlays, folder)
}

/// The reports that are written anew, because the old ones name the customer.
struct Reports {
    merged: Option<View>,
    own: Vec<View>,
}

impl Reports {
    fn of(place: &StatePlace) -> Reports {
        // A sealed one is evidence, and stays.
        let is_ours = |place: &StatePlace| {
            let folder = place.report();
            folder.join("summary.json").exists() && !audit::is_sealed(&folder)
        };
        let shards = place.shards();
        let merged = (!shards.is_empty() && is_ours(place)).then(|| View::at(place.clone()));
        let own = match shards.is_empty() {
            true => vec![place.clone()],
            false => shards.into_iter().map(|shard| place.of(shard)).collect(),
        };
        let own = own.into_iter().filter(is_ours).map(View::at);
        Reports {
            merged,
            own: own.collect(),
        }
    }

    /// Refuses those that could not be written, before anything is erased.
    fn look(&self, protected: &ProtectedPaths) -> anyhow::Result<()> {
        if let Some(view) = &self.merged {
            report::look_merged(view, protected)?;
        }
        self.own
            .iter()
            .try_for_each(|view| report::look(view, protected))
    }

    fn write(&self, protected: &ProtectedPaths, grace: &Grace) -> anyhow::Result<()> {
        // The customer is erased by now, and whoever reads the error has to know.
        let unwritten = |view: &View, error: anyhow::Error| {
            let folder = view.folder().shown();
            Failure::cannot(
                format!(
                    "the customer is erased, but the report in {folder} still has them: it could not be written anew: {error:#}"
                ),
                "make that folder writable, with room on its disk; then the same `forget` again writes the report and tells once more what Bakkt has",
            )
        };
        if let Some(view) = &self.merged {
            report::write_merged(view, protected, grace).map_err(|error| unwritten(view, error))?;
        }
        for view in &self.own {
            report::write_checked(view, protected, grace, "forget")
                .map_err(|error| unwritten(view, error))?;
        }
        Ok(())
    }
}
