//! `exclude`: customers whom a person leaves out.

use super::report::View;
use super::{Output, deciding, target};
use crate::cli::ExcludeArgs;
use crate::journal::person::Decided;
use crate::journal::{Journal, now};
use crate::report::{status_lines, thousands};

/// Runs it.
pub fn run(args: &ExcludeArgs) -> anyhow::Result<Output> {
    let view = View::new(&args.view.dir, args.view.sandbox);
    view.must_be_planned()?;
    let reason = deciding::why(&args.reason)?;
    let named = match &args.code {
        Some(_) => Vec::new(),
        None => deciding::must_name(&args.whose)?,
    };
    let mut journal = Journal::open(&target::state_folder(&args.view.dir, args.view.sandbox))?;
    let selection = deciding::select(&mut journal, Some(named))?;
    let decided = Decided {
        by: &deciding::by(&args.by),
        reason: Some(reason),
        at: now(),
    };
    let count = if args.undo {
        journal.include(&selection, decided)?
    } else {
        journal.exclude(&selection, args.code.as_deref(), decided)?
    };
    drop(journal);
    let totals = view.totals()?;
    let text = if args.view.json {
        totals.json_text()
    } else {
        let what = match (args.undo, count) {
            (true, _) => "no longer left out; `bakkt-migrate replan` plans them again",
            (false, 0) => "left out; refused.csv lists ids and codes",
            (false, _) => "left out, in this plan and in every later one",
        };
        let lines = status_lines(&totals);
        format!("{} {what}\n\n{}", thousands(count), lines.trim_end())
    };
    Ok(Output { text, code: 0 })
}
