//! `waive`: gaps that a person lets go.

use super::report::View;
use super::{CommandOutput, checkpoint, deciding};
use crate::cli::WaiveArgs;
use bakkt_journal::decisions::{OperatorNote, WaiverResult};
use bakkt_journal::now;
use bakkt_model::number::thousands;
use bakkt_report::status_lines;

/// Waives gaps, or takes that back.
pub fn run(args: &WaiveArgs) -> anyhow::Result<CommandOutput> {
    let view = View::of(&args.view)?;
    view.place.must_be_one()?;
    view.must_be_planned()?;
    let reason = deciding::why(&args.reason)?;
    deciding::known_fields(&args.field)?;
    let named = deciding::must_name(&args.whose, &args.view.dir)?;
    let mut journal = view.place.open_journal()?;
    let (selection, unknown) = deciding::select_also(
        &mut journal,
        Some(named),
        &view.place,
        // A waiver of somebody who left the plan stands until it is taken back.
        |journal, id| Ok(args.undo && journal.has_waiver(id)?),
    )?;
    let decided = OperatorNote {
        by: &deciding::by(&args.by, &args.view.dir)?,
        reason: Some(reason),
        at: now(),
    };
    let waived = journal.waive(&selection, &args.field, args.undo, decided)?;
    checkpoint::append(&mut journal, "waive")?;
    drop(journal);
    if let Some(unknown) = &unknown {
        unknown.tell();
    }
    let totals = view.totals()?;
    let text = if args.view.json {
        let mut object = totals.json();
        object["waive"] = serde_json::to_value(waived)?;
        if let Some(unknown) = &unknown {
            object["unknown_ids"] = serde_json::to_value(unknown)?;
        }
        object.to_string()
    } else {
        let lines = status_lines(&totals);
        format!("{}\n\n{}", describe(&waived, args.undo), lines.trim_end())
    };
    // Somebody asked for what could not be done.
    let code = if waived.blocked + waived.without > 0 || unknown.is_some() {
        3
    } else {
        0
    };
    Ok(CommandOutput { text, code })
}

fn describe(waived: &WaiverResult, undo: bool) -> String {
    let what = if undo { "open again" } else { "waived" };
    let mut text = format!(
        "{} gaps of {} customers {what}",
        thousands(waived.gaps),
        thousands(waived.customers)
    );
    for (count, why) in [
        (
            waived.blocked,
            "customers cannot do without: it blocks them, and without it there is no account",
        ),
        (waived.without, "customers have no such gap"),
        (
            waived.gone,
            "customers have no such gap in the plan any more: their waiver was taken back",
        ),
    ] {
        if count > 0 {
            text.push_str(&format!("\n{} {why}", thousands(count)));
        }
    }
    text
}
