//! `report` and `status`: the journal, read beside a running run.

use std::path::{Path, PathBuf};

use super::{CommandOutput, code, outputs, target};
use crate::cli::{ReportArgs, ViewArgs};
use bakkt_files::output::ProtectedPaths;
use bakkt_files::state_folder;
use bakkt_journal::read::nothing_planned;
use bakkt_journal::{Journal, Reader};
use bakkt_model::error::{Failure, ShownPath};
use bakkt_model::grace::Grace;
use bakkt_report::{ReportFacts, Totals, status_lines};

/// Threads that write a report; each has a cache of its own, and more would wait for the longest file.
const MOST_THREADS: usize = 4;

/// Which journal to look at.
pub struct View {
    dir: PathBuf,
    sandbox: bool,
}

impl View {
    /// The journal of a folder, the sandbox's or the real one.
    pub fn new(dir: &Path, sandbox: bool) -> View {
        View {
            dir: dir.to_owned(),
            sandbox,
        }
    }

    /// The journal, read-only.
    pub fn reader(&self) -> anyhow::Result<Reader> {
        let reader = Reader::open(&self.journal()?)?;
        match reader.meta("plan")? {
            Some(_) => Ok(reader),
            None => Err(nothing_planned()),
        }
    }

    /// The path of the journal, which is there.
    fn journal(&self) -> anyhow::Result<PathBuf> {
        target::existing_folder(&self.dir)?;
        let path = Journal::path(&target::state_folder(&self.dir, self.sandbox));
        if !path.exists() {
            let other = Journal::path(&target::state_folder(&self.dir, !self.sandbox)).exists();
            let hint = match (other, self.sandbox) {
                (true, false) => "there is one of a sandbox run: add --sandbox",
                (true, true) => "there is one of a real run: leave --sandbox away",
                (false, _) => "`bakkt-migrate run` makes one",
            };
            return Err(Failure::configuration(
                format!("{} has no journal yet", self.dir.shown()),
                hint,
            ));
        }
        state_folder::check(&target::state_folder(&self.dir, self.sandbox))?;
        Ok(path)
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
        Totals::read(&self.reader()?)
    }

    /// Where the report lies.
    pub fn folder(&self) -> PathBuf {
        target::report_folder(&self.dir, self.sandbox)
    }
}

/// Refuses a folder in which the report cannot be written, before anything else is done for it.
pub fn look(view: &View, protected: &ProtectedPaths) -> anyhow::Result<()> {
    protected.look_at_folder(&view.folder(), &bakkt_report::files())
}

/// Writes the report's files.
pub fn write(
    view: &View,
    protected: &ProtectedPaths,
    grace: &Grace,
    out: Option<&Path>,
) -> anyhow::Result<Totals> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let readers = Reader::open_several(&view.journal()?, threads.min(MOST_THREADS))?;
    let facts = ReportFacts {
        name: target::name(&view.dir),
        sandbox: view.sandbox,
        grace: grace.clone(),
        at: jiff::Timestamp::now(),
    };
    let folder = out.map_or_else(|| view.folder(), Path::to_owned);
    bakkt_report::write(readers, &protected.open_folder(&folder)?, &facts)
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
    let view = View::new(&args.view.dir, args.view.sandbox);
    view.reader()?;
    let settings = bakkt_folder::migration::settings(&args.view.dir)?;
    let protected = outputs::protected(&settings);
    let totals = write(&view, &protected, &settings.grace, args.out.as_deref())?;
    let folder = args.out.clone().unwrap_or_else(|| view.folder());
    let text = if args.view.json {
        totals.json_text()
    } else {
        format!(
            "{}\n\nreport: {}",
            status_lines(&totals).trim_end(),
            folder.join("report.html").shown()
        )
    };
    Ok(CommandOutput {
        text,
        code: code(&totals),
    })
}

/// `status`.
pub fn status(args: &ViewArgs) -> anyhow::Result<CommandOutput> {
    let view = View::new(&args.dir, args.sandbox);
    let totals = view.totals()?;
    let text = if args.json {
        totals.json_text()
    } else {
        let lines = status_lines(&totals).trim_end().to_owned();
        let folder = target::state_folder(&args.dir, args.sandbox);
        match super::pressure_file::read(&folder) {
            Some(words) => format!("{lines}\n\nat present: {words}"),
            None => lines,
        }
    };
    Ok(CommandOutput {
        text,
        code: code(&totals),
    })
}
