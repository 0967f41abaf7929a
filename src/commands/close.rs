//! `close`: the end of a migration.
//!
//! Owner of the order: everything is looked at while nobody else can work on it, a person says yes, the tombstones go up, and
//! only then is anything deleted. A close that was cut off goes on with the next one. Left out on purpose: what is deleted
//! (`journal`), and what keeps a migration from being closed (`report`).

use std::path::{Path, PathBuf};

use serde_json::json;

use super::place::{self, StatePlace};
use super::report::View;
use super::{CommandOutput, checkpoint, deciding, target};
use crate::cli::{CloseArgs, ShardArgs};
use bakkt_files::progress::{Mode, ask, note};
use bakkt_folder::migration::inputs;
use bakkt_folder::settings::Settings;
use bakkt_journal::decisions::{ForgetNote, OperatorNote};
use bakkt_journal::events::{self, Events};
use bakkt_journal::read::nothing_planned;
use bakkt_journal::{Journal, Journals, Reader, Tombstone, finish_closing, now};
use bakkt_model::error::{Failure, ShownPath};
use bakkt_report::Totals;

/// Closes a migration, or goes on with that.
pub fn run(args: &CloseArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    let place = StatePlace::new(&args.view.dir, args.view.sandbox, &args.view.shards)?;
    target::existing_folder(&args.view.dir)?;
    if let Some(shard) = place.shard {
        return Err(Failure::configuration(
            format!("a migration is closed as a whole, and --shard {shard} names a part of it"),
            "leave --shard away; --state names where the shards lie",
        ));
    }
    let (by, reason) = (
        deciding::by(&args.by, &args.view.dir)?,
        deciding::why(&args.reason)?,
    );
    let decided = OperatorNote {
        by: &by,
        reason: Some(reason),
        at: now(),
    };
    let folders = Folders::of(&place)?;
    if !folders.is_done()? {
        if folders.is_begun()? {
            note(mode, "a close was begun before: going on with it");
        } else {
            begin(args, &folders, decided)?;
        }
        folders.finish(decided)?;
    }
    told(args, &place, &folders)
}

/// The state folders of a migration.
struct Folders {
    /// That of the migration itself, which of shards has no journal.
    root: PathBuf,
    /// Those with a journal.
    journals: Vec<PathBuf>,
}

impl Folders {
    fn of(place: &StatePlace) -> anyhow::Result<Folders> {
        let root = place.root();
        let journals = match place.shards().is_empty() {
            true => vec![root.clone()],
            false => place.journals(),
        };
        if Tombstone::of(&root)?.is_none()
            && !journals.iter().any(|one| Journal::path(one).exists())
        {
            // Says what there is instead.
            View::at(place.clone()).reader()?;
            return Err(nothing_planned());
        }
        Ok(Folders { root, journals })
    }

    /// All of them, the migration's own last.
    fn all(&self) -> impl Iterator<Item = &Path> {
        let others = self.journals.iter().filter(|folder| **folder != self.root);
        others.map(PathBuf::as_path).chain([self.root.as_path()])
    }

    fn is_done(&self) -> anyhow::Result<bool> {
        for folder in self.all() {
            if !Tombstone::of(folder)?.is_some_and(|tombstone| tombstone.done) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_begun(&self) -> anyhow::Result<bool> {
        for folder in self.all() {
            if Tombstone::of(folder)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Puts up the tombstones that are not there yet, then deletes; can be called again after a kill.
    fn finish(&self, decided: OperatorNote<'_>) -> anyhow::Result<()> {
        for folder in self
            .journals
            .iter()
            .filter(|folder| Journal::path(folder).exists())
        {
            if Tombstone::of(folder)?.is_none() {
                close_one(&mut Journal::open(folder)?, decided, self.journals.len())?;
            }
        }
        if Tombstone::of(&self.root)?.is_none() {
            let tombstone = Tombstone {
                done: false,
                at: decided.at,
                by: decided.by.to_owned(),
                reason: decided.reason.unwrap_or_default().to_owned(),
                head: None,
            };
            tombstone.put(&self.root)?;
        }
        self.all().try_for_each(finish_closing)
    }
}

/// Looks at everything while nobody else can work on it, and asks. The tombstones go up while the locks are held.
fn begin(args: &CloseArgs, folders: &Folders, decided: OperatorNote<'_>) -> anyhow::Result<()> {
    let open = |folder: &PathBuf| {
        let mut journal = Journal::open(folder)?;
        checkpoint::look(&mut journal)?;
        anyhow::Ok(journal)
    };
    let mut journals = folders
        .journals
        .iter()
        .map(open)
        .collect::<anyhow::Result<Vec<_>>>()?;
    let with_events = folders
        .journals
        .iter()
        .filter(|folder| events::path(folder).exists());
    let receivers = with_events.map(|folder| Events::open(folder));
    let _receivers = receivers.collect::<anyhow::Result<Vec<_>>>()?;
    if ForgetNote::is_any(&folders.root)? {
        return Err(Failure::configuration(
            "a `forget` was begun here and has not ended: what Bakkt must be asked to erase may not have been told",
            "run the same `forget` again; then close. Nothing was changed",
        ));
    }
    let totals = totals(folders)?;
    let ends = totals.loose_ends();
    if !ends.is_empty() {
        return Err(Failure::configuration(
            format!(
                "the migration cannot be closed yet:\n  {}",
                ends.join("\n  ")
            ),
            "`bakkt-migrate run` sends and settles; what nobody waits for any more is taken out of the export or waits for a person (`resolve`, `exclude`, `replan`). Nothing was changed",
        ));
    }
    if !args.yes {
        confirm(&totals)?;
    }
    for journal in &mut journals {
        close_one(journal, decided, folders.journals.len())?;
    }
    Ok(())
}

/// Writes the end into a journal: the decision, a last checkpoint, then the tombstone.
fn close_one(
    journal: &mut Journal,
    decided: OperatorNote<'_>,
    journals: usize,
) -> anyhow::Result<()> {
    let body = json!({"journals": journals, "deleted": "overlays, sealed texts, sessions, keys"});
    journal.note_closing(decided, &body)?;
    checkpoint::append(journal, "close")?;
    journal.put_tombstone(decided)
}

fn totals(folders: &Folders) -> anyhow::Result<Totals> {
    let open = |folder: &PathBuf| Reader::open(&Journal::path(folder));
    let readers = folders
        .journals
        .iter()
        .map(open)
        .collect::<anyhow::Result<Vec<_>>>()?;
    let is_sharded = folders.journals != [folders.root.clone()];
    let mut readers = readers.into_iter();
    let journals = match (is_sharded, readers.next()) {
        (false, Some(reader)) => reader.into(),
        (_, first) => Journals::merged(first.into_iter().chain(readers).collect())?,
    };
    Totals::counted(&journals)
}

fn confirm(totals: &Totals) -> anyhow::Result<()> {
    let mut question = String::new();
    for line in totals.left_behind() {
        question.push_str(&format!("{line}\n"));
    }
    question.push_str(
        "Close this migration, and delete backfill copies, sealed texts, sessions and keys?",
    );
    match ask(&question, || false) {
        Some(true) => Ok(()),
        Some(false) => Err(Failure::stopped("nothing was changed", "")),
        None => Err(Failure::configuration(
            "there is no terminal to ask on before anything is deleted",
            "add --yes when this may be closed without asking",
        )),
    }
}

/// What is kept, and what is the merchant's own.
fn told(args: &CloseArgs, place: &StatePlace, folders: &Folders) -> anyhow::Result<CommandOutput> {
    let settings = bakkt_folder::migration::settings(&args.view.dir).ok();
    let yours = settings.as_ref().map(own_files).unwrap_or_default();
    let heads: Vec<_> = folders
        .all()
        .filter_map(|folder| Tombstone::of(folder).ok()??.head)
        .collect();
    let other = place.of_other_target();
    let is_there = !other.shards().is_empty() || Journal::path(&other.root()).exists();
    let is_closed =
        || Tombstone::of(&other.root()).is_ok_and(|end| end.is_some_and(|end| end.done));
    let other = (is_there && !is_closed()).then(|| other.root());
    if args.view.json {
        let object = json!({
            "closed": true,
            "chain_heads": heads,
            "report": place.report(),
            "yours": yours,
            "other_state": other,
        });
        return Ok(CommandOutput {
            text: object.to_string(),
            code: 0,
        });
    }
    let mut lines = vec![
        "closed: nothing is planned, sent or changed here any more".to_owned(),
        "deleted: backfill copies, sealed texts, sessions, keys. Deleted as any file is: the disk, its snapshots and backups may still hold them".to_owned(),
        format!("kept: the journal with its chain in {}, the reports in {}", folders.root.shown(), place.report().shown()),
    ];
    for head in &heads {
        lines.push(format!("  chain: entry {}, {}", head.entry, head.hash));
    }
    if let Some(other) = other {
        let which = if place.sandbox {
            "the real target"
        } else {
            "a rehearsal"
        };
        let next = place::arguments(&args.view.dir, !place.sandbox, &ShardArgs::default());
        lines.push(format!(
            "not closed: the state of {which} in {}; `bakkt-migrate close {next}` does it",
            other.shown()
        ));
    }
    lines.push("yours, and left alone (keep or delete them as your own rules say):".to_owned());
    lines.extend(yours.iter().map(|one| format!("  {one}")));
    lines.push(
        "  and whatever was written where you named it: workbooks, payloads, links, lists of gaps"
            .to_owned(),
    );
    Ok(CommandOutput {
        text: lines.join("\n"),
        code: 0,
    })
}

/// The exports, documents and lists of the merchant, in words.
fn own_files(settings: &Settings) -> Vec<String> {
    let of = |input: inputs::Input| {
        let is_data = matches!(input.kind, inputs::InputKind::Folder)
            || [
                "an export",
                "the manifest of its documents",
                "a list of ids under [exclude]",
            ]
            .contains(&input.what);
        is_data.then(|| format!("{}: {}", settings.dir.join(&input.name).shown(), input.what))
    };
    let mut all: Vec<String> = inputs::of(settings).into_iter().filter_map(of).collect();
    all.dedup();
    all
}
