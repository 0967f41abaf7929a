//! `exclude`: customers whom a person leaves out.

use super::report::View;
use super::{CommandOutput, checkpoint, deciding};
use crate::cli::ExcludeArgs;
use bakkt_journal::decisions::OperatorNote;
use bakkt_journal::now;
use bakkt_model::number::thousands;
use bakkt_report::status_lines;

/// Excludes customers, or takes that back.
pub fn run(args: &ExcludeArgs) -> anyhow::Result<CommandOutput> {
    let view = View::of(&args.view)?;
    view.place.must_be_one()?;
    view.must_be_planned()?;
    let reason = deciding::why(&args.reason)?;
    let named = match &args.code {
        // The code chooses.
        Some(_) => deciding::NamedCustomers::nobody(),
        None => deciding::must_name(&args.whose, &args.view.dir)?,
    };
    let mut journal = view.place.open_journal()?;
    let (selection, unknown) = deciding::select(&mut journal, Some(named), &view.place)?;
    let decided = OperatorNote {
        by: &deciding::by(&args.by, &args.view.dir)?,
        reason: Some(reason),
        at: now(),
    };
    let count = if args.undo {
        journal.include(&selection, decided)?
    } else {
        journal.exclude(&selection, args.code.as_deref(), decided)?
    };
    checkpoint::append(&mut journal, "exclude")?;
    drop(journal);
    if let Some(unknown) = &unknown {
        unknown.tell();
    }
    let totals = view.totals()?;
    let text = if args.view.json {
        let mut object = totals.json();
        if let Some(unknown) = &unknown {
            object["unknown_ids"] = serde_json::to_value(unknown)?;
        }
        object.to_string()
    } else {
        let what = match (args.undo, count) {
            (true, _) => "no longer left out; `bakkt-migrate replan` plans them again",
            (false, 0) => "left out; refused.csv lists ids and codes",
            (false, _) => "left out, in this plan and in every later one",
        };
        let lines = status_lines(&totals);
        format!("{} {what}\n\n{}", thousands(count), lines.trim_end())
    };
    // A list that holds somebody whom nobody knows is for a person to look at.
    let code = if unknown.is_some() { 3 } else { 0 };
    Ok(CommandOutput { text, code })
}
