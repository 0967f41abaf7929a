//! `forget`: a customer asks for erasure while the migration is under way.
//!
//! Owner of the order: what is in doubt stops it before anything changes, the receiver's and the journals' locks are held, what
//! Bakkt has is told, and what is deleted comes back nowhere: not in a new plan, not by an event. Run again after a kill, it
//! ends what was begun. Left out on purpose: what goes and what stays (`journal::decisions::erasures`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::place::StatePlace;
use super::report::{self, View};
use super::{CommandOutput, checkpoint, deciding, outputs, target};
use crate::cli::ForgetArgs;
use bakkt_files::progress::{Mode, note};
use bakkt_folder::migration::today;
use bakkt_folder::settings::Settings;
use bakkt_journal::custody::sessions::Sessions;
use bakkt_journal::decisions::{HeldByBakkt, KnownCustomer, OperatorNote, RewrittenLayer};
use bakkt_journal::events::{self, Events};
use bakkt_journal::{Journal, now, refuse_closed};
use bakkt_model::error::{Failure, ShownPath};
use bakkt_model::number::thousands;
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
    let (by, reason) = (
        deciding::by(&args.by, &args.view.dir)?,
        deciding::why(&args.reason)?,
    );
    if reason.contains(id) {
        return Err(Failure::configuration(
            "--reason names the customer, and the chain keeps it for good",
            "say why without the id, such as the number of the request",
        ));
    }
    let decided = OperatorNote {
        by: &by,
        reason: Some(reason),
        at: now(),
    };
    let settings = bakkt_folder::migration::settings(&args.view.dir)?;
    let mut kept = Kept::open(&place)?;
    let known = kept.look(id)?;
    let text = told(args, &known, &place);
    if args.dry_run {
        return Ok(CommandOutput { text, code: 0 });
    }
    let records = kept
        .forget(id, &args.view.dir, decided, mode)
        .inspect_err(|_| {
            // Nobody here may know it any more.
            note(Mode::Lines, &at_bakkt(id, &known.at_bakkt));
        })?;
    drop(kept);
    rewrite_report(&place, &settings)?;
    let text = match args.view.json {
        true => text,
        false => format!("{text}\n{} forgotten", records_in_words(records)),
    };
    Ok(CommandOutput { text, code: 0 })
}

fn records_in_words(records: u64) -> String {
    match records {
        1 => "1 record".to_owned(),
        records => format!("{} records", thousands(records)),
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
        let open = |folder: &PathBuf| Journal::open(folder);
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

    /// What is known of a customer in all of them together.
    fn look(&mut self, id: &str) -> anyhow::Result<KnownCustomer> {
        let looks = self
            .journals
            .iter_mut()
            .map(|journal| journal.look_at_customer(id));
        self.known = looks.collect::<anyhow::Result<_>>()?;
        if !self
            .known
            .iter()
            .any(|known| known.is_known || known.is_forgotten)
        {
            return Err(Failure::configuration(
                "nothing here is known of a customer with this id",
                "clientAccountIds are in reconciliation.csv; exclude leaves out who is in no plan yet",
            ));
        }
        let mut all = KnownCustomer::default();
        for known in &self.known {
            all.rows.extend(known.rows.iter().cloned());
            all.entries.extend(&known.entries);
            all.is_forgotten |= known.is_forgotten;
            all.is_known |= known.is_known;
            let (sum, one) = (&mut all.at_bakkt, &known.at_bakkt);
            sum.accounts.extend(one.accounts.iter().cloned());
            sum.documents.extend(one.documents.iter().cloned());
            sum.custody.extend(one.custody.iter().cloned());
            sum.kyb |= one.kyb;
        }
        Ok(all)
    }

    fn forget(
        &mut self,
        id: &str,
        dir: &Path,
        decided: OperatorNote<'_>,
        mode: Mode,
    ) -> anyhow::Result<u64> {
        let mut records = 0;
        let mut uuids = Vec::new();
        for (journal, known) in self.journals.iter_mut().zip(&self.known) {
            let folder = journal.folder().unwrap_or_default();
            let layers = without(journal, &folder, id, known, dir, mode)?;
            records += journal.forget(id, &layers, decided)?;
            checkpoint::append(journal, "forget")?;
            uuids.extend(known.at_bakkt.custody.iter().map(|one| one.uuid.clone()));
            Sessions::of(&folder, journal.key, i64::MAX).delete(id);
            journal.forget_in_files(id)?;
        }
        for events in &mut self.events {
            events.forget(id, &uuids)?;
        }
        for journal in &mut self.journals {
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
    let migration = opening::open(settings, binding, mode, || false)?;
    erase::without_customer(&migration, id, &known.overlays, folder)
}

/// Writes the report anew where there is one: the old one names the customer.
fn rewrite_report(place: &StatePlace, settings: &Settings) -> anyhow::Result<()> {
    let places = match place.shards().is_empty() {
        true => vec![place.clone()],
        false => place
            .shards()
            .into_iter()
            .map(|shard| place.of(shard))
            .collect(),
    };
    let protected = outputs::protected(settings);
    // A sealed one is evidence, and stays.
    let is_ours = |place: &StatePlace| {
        let folder = place.report();
        folder.join("summary.json").exists() && !audit::is_sealed(&folder)
    };
    if !place.shards().is_empty() && is_ours(place) {
        report::write_merged(&View::at(place.clone()), &protected, &settings.grace)?;
    }
    for place in places.into_iter().filter(is_ours) {
        let view = View::at(place);
        report::write_checked(&view, &protected, &settings.grace, "forget")?;
    }
    Ok(())
}

fn told(args: &ForgetArgs, known: &KnownCustomer, place: &StatePlace) -> String {
    if args.view.json {
        return json!({
            "dry_run": args.dry_run,
            "at_bakkt": known.at_bakkt,
            "rows": known.rows.iter().map(|(file, row)| json!({"file": file, "row": row})).collect::<Vec<_>>(),
            "entries_that_name_the_id": known.entries,
        })
        .to_string();
    }
    let mut lines = Vec::new();
    if args.dry_run {
        lines.push("nothing was changed; this is what would go".to_owned());
    }
    if known.is_forgotten && !known.is_known {
        lines.push(
            "this customer was forgotten before; what a killed forget left is gone now".to_owned(),
        );
    }
    lines.push(at_bakkt(args.id.trim(), &known.at_bakkt));
    lines.push("yours, and left alone (the customer is still in them):".to_owned());
    let rows: BTreeSet<String> = known
        .rows
        .iter()
        .map(|(file, row)| format!("  {}: line {row}", place.dir.join(file).shown()))
        .collect();
    lines.extend(rows);
    lines.push("  documents of the customer, and whatever was written where you named it: workbooks, payloads, links".to_owned());
    lines.push("  reports that were sealed or copied before today".to_owned());
    if !known.entries.is_empty() {
        let entries: Vec<String> = known.entries.iter().map(i64::to_string).collect();
        lines.push(format!(
            "a reason in the chain names the id, and stays: entry {}",
            entries.join(", ")
        ));
    }
    lines.join("\n")
}

/// What Bakkt has, for the request that goes there.
fn at_bakkt(id: &str, held: &HeldByBakkt) -> String {
    if held.is_empty() {
        return "Bakkt has nothing of this customer, as far as is known here".to_owned();
    }
    let mut lines = vec!["Bakkt has, and must be asked to erase:".to_owned()];
    for account in &held.accounts {
        lines.push(format!(
            "  account {id}, at Bakkt {} {}",
            account.bakkt_id, account.status
        ));
    }
    for document in &held.documents {
        lines.push(format!(
            "  document {} {}",
            document.client_document_id, document.document_type
        ));
    }
    if held.kyb {
        lines.push("  the KYB screening of the account".to_owned());
    }
    for one in &held.custody {
        lines.push(format!("  {} {}", one.kind, one.uuid));
    }
    lines.join("\n")
}
