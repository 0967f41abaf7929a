//! `resolve`: a person's word about a KYB trigger whose answer was lost.

use super::report::View;
use super::{Output, target};
use crate::cli::{ResolveArgs, Resolved};
use crate::error::Failure;
use crate::journal::{Journal, now};
use crate::report::status_lines;

/// Runs it.
pub fn run(args: &ResolveArgs) -> anyhow::Result<Output> {
    let view = View::new(&args.view.dir, args.view.sandbox);
    view.totals()?;
    let reason = args.reason.trim();
    if reason.is_empty() {
        return Err(Failure::configuration(
            "a decision without a reason",
            "say in --reason how it was found out; the report repeats it",
        ));
    }
    let accepted = args.outcome == Resolved::Accepted;
    let mut journal = Journal::open(&target::state_folder(&args.view.dir, args.view.sandbox))?;
    journal.resolve_kyb(&args.kyb, accepted, reason, now())?;
    drop(journal);
    let totals = view.totals()?;
    let text = if args.view.json {
        totals.json_text()
    } else {
        let what = if accepted {
            "the KYB screening counts as triggered"
        } else {
            "the KYB screening is triggered again with the next run"
        };
        format!("{what}\n\n{}", status_lines(&totals).trim_end())
    };
    Ok(Output { text, code: 0 })
}
