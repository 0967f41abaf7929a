//! `retry`: refused and given-up records, to be sent again with the next run.

use super::report::View;
use super::{CommandOutput, checkpoint, deciding};
use crate::cli::RetryArgs;
use bakkt_journal::decisions::OperatorNote;
use bakkt_journal::now;
use bakkt_model::number::thousands;
use bakkt_report::status_lines;

/// Opens refused and given-up tasks again.
pub fn run(args: &RetryArgs) -> anyhow::Result<CommandOutput> {
    let view = View::of(&args.view)?;
    view.place.must_be_one()?;
    view.must_be_planned()?;
    let reason = deciding::why(&args.reason)?;
    let named = deciding::named(&args.whose, &args.view.dir)?;
    let mut journal = view.place.open_journal()?;
    let (selection, unknown) = deciding::select(&mut journal, named, &view.place)?;
    let decided = OperatorNote {
        by: &deciding::by(&args.by, &args.view.dir)?,
        reason: Some(reason),
        at: now(),
    };
    let code = args.code.as_deref();
    let count = journal.retry(&selection, code, decided)?;
    checkpoint::append(&mut journal, "retry")?;
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
        let hint = if count == 0 {
            "; refused.csv lists ids and codes"
        } else {
            ""
        };
        format!(
            "{} to be sent again with the next run{hint}\n\n{}",
            thousands(count),
            status_lines(&totals).trim_end()
        )
    };
    let code = if unknown.is_some() { 3 } else { 0 };
    Ok(CommandOutput { text, code })
}
