//! `report` and `status`: the journal, read beside a running run.

use std::path::{Path, PathBuf};

use super::place::StatePlace;
use super::seal::Seal;
use super::{CommandOutput, checkpoint, code, outputs, run_record, target};
use crate::cli::{ReportArgs, ViewArgs};
use bakkt_files::output::ProtectedPaths;
use bakkt_files::state_folder;
use bakkt_journal::chain::EntryKind;
use bakkt_journal::read::nothing_planned;
use bakkt_journal::{Journal, Journals, Reader, Tombstone};
use bakkt_model::error::{Failure, ShownPath};
use bakkt_model::grace::Grace;
use bakkt_model::shard::Shard;
use bakkt_report::{Checkpoint, ReportFacts, Totals, WrittenReport, audit, status_lines};

/// What to do about a shard whose journal is not here.
const ABSENT_SHARD: &str = "name the folder in which it lies with --state; `bakkt-migrate plan` and `run` make one of a new shard";

/// Threads that write a report; each has a cache of its own, and more would wait for the longest file.
const MOST_THREADS: usize = 4;

/// Which journal to look at.
pub struct View {
    /// Where it lies.
    pub place: StatePlace,
}

impl View {
    /// The journal that arguments name.
    pub fn of(args: &ViewArgs) -> anyhow::Result<View> {
        Ok(View::at(StatePlace::new(
            &args.dir,
            args.sandbox,
            &args.shards,
        )?))
    }

    /// The journal of a place.
    pub fn at(place: StatePlace) -> View {
        View { place }
    }

    /// The journal, read-only.
    pub fn reader(&self) -> anyhow::Result<Reader> {
        self.must_exist()?;
        opened(&self.place.folder())
    }

    /// The journal, read-only, for an audit: also one that says nothing of a plan that its chain has.
    pub fn audited_reader(&self) -> anyhow::Result<Reader> {
        self.must_exist()?;
        let folder = self.place.folder();
        state_folder::check(&folder)?;
        let reader = Reader::open(&Journal::path(&folder))?;
        match reader.last_entry(EntryKind::Plan)? {
            Some(_) => Ok(reader),
            None => opened(&folder),
        }
    }

    /// Whether there is a journal, of one shard where the migration has some.
    pub fn has_journal(&self) -> anyhow::Result<bool> {
        target::existing_folder(&self.place.dir)?;
        self.place.must_be_one()?;
        let folder = self.place.folder();
        // What cannot be looked into may hold a journal.
        let is_there = Journal::path(&folder).try_exists().map_err(|error| {
            Failure::cannot(
                format!("cannot look into {}: {error}", folder.shown()),
                "give the command the rights of whoever runs the migration: its state can be read by that user alone",
            )
        })?;
        if !is_there && folder.is_symlink() {
            state_folder::check(&folder)?;
        }
        Ok(is_there)
    }

    /// Refuses a migration without a journal.
    fn must_exist(&self) -> anyhow::Result<()> {
        let dir = &self.place.dir;
        if !self.has_journal()? {
            let other = Journal::path(&self.place.of_other_target().folder()).exists();
            let hint = match (other, self.place.sandbox, self.place.shard) {
                (true, false, _) => "there is one of a sandbox run: add --sandbox",
                (true, true, _) => "there is one of a real run: leave --sandbox away",
                (false, _, None) => "`bakkt-migrate run` makes one, or `plan` without sending",
                (false, _, Some(_)) => ABSENT_SHARD,
            };
            let what = match self.place.shard {
                Some(shard) => format!("shard {shard} of {}", dir.shown()),
                None => dir.shown(),
            };
            return Err(Failure::configuration(
                format!("{what} has no journal yet"),
                hint,
            ));
        }
        Ok(())
    }

    /// The journal, or those of all shards that are here.
    pub fn journals(&self) -> anyhow::Result<Journals> {
        match self.is_sharded() {
            true => Journals::of_shards(self.readers()?),
            false => Ok(self.reader()?.into()),
        }
    }

    /// Whether it is about all shards.
    pub fn is_sharded(&self) -> bool {
        self.place.shard.is_none() && !self.place.shards().is_empty()
    }

    /// The journals of all shards that are here.
    fn readers(&self) -> anyhow::Result<Vec<Reader>> {
        self.place
            .journals()
            .iter()
            .map(|folder| opened(folder))
            .collect()
    }

    /// The journal, read-only, for commands that need a whole plan.
    pub fn planned_reader(&self) -> anyhow::Result<Reader> {
        let reader = self.reader()?;
        match reader.meta("plan")?.as_deref() {
            Some("planned") => Ok(reader),
            _ => Err(nothing_planned()),
        }
    }

    /// Refuses a migration without a whole plan.
    pub fn must_be_planned(&self) -> anyhow::Result<()> {
        self.planned_reader().map(drop)
    }

    /// The totals as the journal has them.
    pub fn totals(&self) -> anyhow::Result<Totals> {
        Totals::read(&self.journals()?)
    }

    /// Where the report lies.
    pub fn folder(&self) -> PathBuf {
        self.place.report()
    }
}

/// The journal in a state folder, read-only.
fn opened(folder: &Path) -> anyhow::Result<Reader> {
    state_folder::check(folder)?;
    let reader = Reader::open(&Journal::path(folder))?;
    match reader.meta("plan")? {
        Some(_) => Ok(reader),
        None => Err(nothing_planned()),
    }
}

/// Refuses a folder in which the report cannot be written, before anything else is done for it.
pub fn look(view: &View, protected: &ProtectedPaths) -> anyhow::Result<()> {
    protected.look_at_folder(&view.folder(), &bakkt_report::files())
}

/// The same of the report of all shards together, which cannot be written while one of them has another plan.
pub fn look_merged(view: &View, protected: &ProtectedPaths) -> anyhow::Result<()> {
    look(view, protected)?;
    Journals::merged(view.readers()?).map(drop)
}

/// Writes the report's files, with a checkpoint at the end, unless another command works on the journal, which makes its own.
pub fn write_checked(
    view: &View,
    protected: &ProtectedPaths,
    grace: &Grace,
    occasion: &str,
) -> anyhow::Result<Totals> {
    let mut journal = view.place.open_journal_unlooked().ok();
    let journal = journal.as_mut();
    let written = write_with(
        several(view)?,
        view,
        (protected, grace),
        &view.folder(),
        journal,
        occasion,
    )?;
    Ok(written.totals)
}

/// Writes the report of all shards together anew.
pub fn write_merged(
    view: &View,
    protected: &ProtectedPaths,
    grace: &Grace,
) -> anyhow::Result<WrittenReport> {
    let how = (protected, grace);
    write_with(merged(view)?, view, how, &view.folder(), None, "report")
}

/// Writes the report's files and the checkpoint of a journal that is open.
pub fn write_with(
    journals: Vec<Journals>,
    view: &View,
    (protected, grace): (&ProtectedPaths, &Grace),
    folder: &Path,
    mut journal: Option<&mut Journal>,
    occasion: &str,
) -> anyhow::Result<WrittenReport> {
    refuse_sealed(folder)?;
    let facts = ReportFacts {
        name: target::name(&view.place.dir),
        sandbox: view.place.sandbox,
        grace: grace.clone(),
        at: jiff::Timestamp::now(),
        altered: match journal {
            Some(_) => Vec::new(),
            None => unnoted_alterations(view)?,
        },
    };
    let checkpoint = journal.as_deref_mut().map(|journal| Checkpoint {
        journal,
        about: checkpoint::about(occasion),
    });
    let folder = protected.open_folder(folder)?;
    let written = bakkt_report::write_and_check(journals, &folder, &facts, checkpoint)?;
    if let Some(journal) = journal {
        checkpoint::tell_alteration(journal)?;
    }
    Ok(written)
}

/// What was altered since the last checkpoint of each journal, for a report that makes none and so compares nothing else.
fn unnoted_alterations(view: &View) -> anyhow::Result<Vec<String>> {
    let folders = match view.is_sharded() {
        true => view.place.journals(),
        false => vec![view.place.folder()],
    };
    let program = &run_record::program()["sha256"];
    let found = folders.iter().map(|folder| {
        let reader = Reader::open(&Journal::path(folder))?;
        audit::unnoted(reader, program)
    });
    let found = found.collect::<anyhow::Result<Vec<_>>>()?;
    Ok(found.into_iter().flatten().collect())
}

/// A sealed report stays as it is.
fn refuse_sealed(folder: &Path) -> anyhow::Result<()> {
    match audit::is_sealed(folder) {
        false => Ok(()),
        true => Err(Failure::configuration(
            format!(
                "{} holds a sealed report, which is never replaced",
                folder.shown()
            ),
            "name another folder with --out; `bakkt-migrate verify-report` checks the sealed one",
        )),
    }
}

/// Totals, and where the report is.
pub fn describe(view: &View, totals: &Totals) -> String {
    format!(
        "{}\n\nreport: {}",
        status_lines(totals).trim_end(),
        view.folder().join("report.html").shown()
    )
}

/// `report`.
pub fn run(args: &ReportArgs) -> anyhow::Result<CommandOutput> {
    let view = View::of(&args.view)?;
    let journals = match args.merge {
        true => merged(&view)?,
        false if view.is_sharded() => {
            return Err(Failure::configuration(
                format!("{} has shards", view.place.dir.shown()),
                "--merge makes one report of all of them, --shard 3/16 that of one, --shard all one of each",
            ));
        }
        false => several(&view)?,
    };
    let settings = bakkt_folder::migration::settings(&args.view.dir)?;
    let protected = outputs::protected(&settings);
    let seal = args.seal_with.as_deref().map(Seal::with).transpose()?;
    let folder = match (&args.out, &seal) {
        (Some(folder), _) => folder.clone(),
        (None, Some(seal)) => seal.folder(&view.folder()),
        (None, None) => view.folder(),
    };
    if seal.is_some() {
        refuse_taken(&folder)?;
    }
    // Beside a run that is going on there is no checkpoint: it makes its own at its end. A closed migration has its last one.
    let is_closed = Tombstone::of(&view.place.root())?.is_some_and(|tombstone| tombstone.done);
    let journal = match args.merge || is_closed {
        true => None,
        false => Some(view.place.open_journal_unlooked()),
    };
    let mut journal = match (journal, &seal) {
        (Some(Err(error)), Some(_)) => return Err(error),
        (journal, _) => journal.and_then(Result::ok),
    };
    let how = (&protected, &settings.grace);
    let written = write_with(journals, &view, how, &folder, journal.as_mut(), "report")?;
    let totals = &written.totals;
    if let Some(seal) = &seal {
        seal.seal(&protected, &folder, &view, &written, journal.as_mut())?;
    }
    drop(journal);
    let way_out = &settings.target.way_out;
    let to = args.head.to.as_ref();
    let sent = checkpoint::send_heads(&written.heads, &args.view.dir, to, &protected, way_out);
    let text = if args.view.json {
        totals.json_text()
    } else {
        format!(
            "{}\n\nreport: {}",
            status_lines(totals).trim_end(),
            folder.join("report.html").shown()
        )
    };
    let code = match code(totals) {
        0 if !sent => 3,
        code => code,
    };
    Ok(CommandOutput { text, code })
}

/// A sealed report gets a folder of its own.
fn refuse_taken(folder: &Path) -> anyhow::Result<()> {
    let is_empty = std::fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
    match is_empty {
        true => Ok(()),
        false => Err(Failure::configuration(
            format!("{} is not empty", folder.shown()),
            "a sealed report needs a new folder: name one with --out, or leave it away",
        )),
    }
}

/// The journal, once for each thread that writes a report, all of one instant.
pub fn several(view: &View) -> anyhow::Result<Vec<Journals>> {
    // Says what there is instead where there is none.
    view.reader()?;
    let sets = open_side_by_side(&[view.place.folder()])?;
    let journals = sets.into_iter().flatten().map(Journals::from);
    Ok(journals.collect())
}

/// Readers of some journals: a set of one for each journal, for each thread that writes a report.
fn open_side_by_side(folders: &[PathBuf]) -> anyhow::Result<Vec<Vec<Reader>>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let open =
        |folder: &PathBuf| Reader::open_several(&Journal::path(folder), threads.min(MOST_THREADS));
    let all = folders
        .iter()
        .map(open)
        .collect::<anyhow::Result<Vec<_>>>()?;
    let sets = all.iter().map(Vec::len).min().unwrap_or(0);
    let mut all: Vec<_> = all.into_iter().map(Vec::into_iter).collect();
    let set = |_| all.iter_mut().filter_map(Iterator::next).collect();
    Ok((0..sets).map(set).collect())
}

/// The journals of all shards, which must be whole; once for each thread that writes a report.
fn merged(view: &View) -> anyhow::Result<Vec<Journals>> {
    target::existing_folder(&view.place.dir)?;
    if let Some(shard) = view.place.shard {
        return Err(Failure::configuration(
            format!("--merge is of all shards, and --shard {shard} names one"),
            "leave one of the two away",
        ));
    }
    // Says what is wrong with any of them before they are opened for several threads.
    Journals::merged(view.readers()?)?;
    let sets = open_side_by_side(&view.place.journals())?;
    sets.into_iter().map(Journals::merged).collect()
}

/// `status`.
pub fn status(args: &ViewArgs) -> anyhow::Result<CommandOutput> {
    let view = View::of(args)?;
    target::existing_folder(&args.dir)?;
    let journals = view.journals()?;
    let totals = Totals::read(&journals)?;
    let text = if args.json {
        totals.json_text()
    } else {
        let lines = status_lines(&totals).trim_end().to_owned();
        let here = shards_here(&journals.shards()?);
        let end = closed(&view.place)?;
        format!("{lines}{here}{end}{}", at_present(&view.place))
    };
    Ok(CommandOutput {
        text,
        code: code(&totals),
    })
}

/// That the migration is closed, where it is.
fn closed(place: &StatePlace) -> anyhow::Result<String> {
    Ok(match Tombstone::of(&place.root())? {
        Some(tombstone) if tombstone.done => format!("\n\nclosed by {}", tombstone.by),
        Some(_) => "\n\nbeing closed: `bakkt-migrate close` goes on with it".to_owned(),
        None => String::new(),
    })
}

/// Which shards the numbers are of, where they are of several.
fn shards_here(shards: &[Shard]) -> String {
    let Some(count) = shards.first().map(|shard| shard.count()) else {
        return String::new();
    };
    let missing: Vec<String> = Shard::all(count)
        .filter(|shard| !shards.contains(shard))
        .map(|shard| shard.number().to_string())
        .collect();
    match (shards, missing.as_slice()) {
        ([shard], [_, ..]) => format!("\n\nof shard {shard}"),
        (_, []) => format!("\n\nof all {count} shards"),
        (shards, missing) => format!(
            "\n\nof {} of {count} shards; not here: {}",
            shards.len(),
            missing.join(", ")
        ),
    }
}

/// What the runs that work on these journals tell at present.
fn at_present(place: &StatePlace) -> String {
    let told = |folder: &Path| super::pressure_file::read(folder);
    let words: Vec<String> = match place.shard {
        None if !place.shards().is_empty() => place
            .journals()
            .iter()
            .filter_map(|folder| told(folder))
            .collect(),
        _ => told(&place.folder()).into_iter().collect(),
    };
    words
        .iter()
        .map(|words| format!("\n\nat present: {words}"))
        .collect()
}
