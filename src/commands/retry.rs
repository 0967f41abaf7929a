//! `retry`: refused and given-up records, to be sent again with the next run.

use super::report::View;
use super::{Output, target};
use crate::cli::RetryArgs;
use crate::error::Failure;
use crate::journal::tasks::Selection;
use crate::journal::{Journal, now};
use crate::report::{status_lines, thousands};

/// Runs it.
pub fn run(args: &RetryArgs) -> anyhow::Result<Output> {
    let view = View::new(&args.view.dir, args.view.sandbox);
    view.totals()?;
    let mut journal = Journal::open(&target::state_folder(&args.view.dir, args.view.sandbox))?;
    let only = (!args.id.is_empty()).then(|| args.id.clone());
    let unknown = journal.select(&Selection { only: only.clone() })?;
    if !unknown.is_empty() {
        // What was typed may be anything, a tax id too: it is not repeated.
        return Err(Failure::configuration(
            format!("the plan does not have {} of these ids", unknown.len()),
            "clientAccountIds are in reconciliation.csv",
        ));
    }
    let selection = Selection { only };
    let count = journal.retry(
        &selection,
        args.code.as_deref(),
        args.reason.as_deref(),
        now(),
    )?;
    drop(journal);
    let totals = view.totals()?;
    let text = if args.view.json {
        totals.json_text()
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
    Ok(Output { text, code: 0 })
}
