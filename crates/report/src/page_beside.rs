//! What the page shows of documents, KYB and the files' rows.
//!
//! Owner of the words that say what to do about them. Lists are cut, their totals never. Left out on purpose: anything
//! when there is nothing of the kind: most migrations of individuals have neither documents nor KYB.

use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;

use super::page::{OpenStep, top};
use super::summary::Summary;
use super::totals::{States, Totals};
use bakkt_model::shell;

/// What the template's part about them is called.
pub(super) const NAME: &str = "beside.html";
pub(super) const TEMPLATE: &str = include_str!("beside.html.j2");

/// One item of the KYB checklist, and how many held accounts wait for it.
#[derive(Serialize)]
struct ChecklistRow<'a> {
    item: &'a str,
    missing: u64,
    planned: u64,
    count: u64,
}

/// What the template needs beside the summary.
pub(super) fn context(summary: &Summary) -> Value {
    let mut waits: Vec<ChecklistRow<'_>> = summary
        .kyb
        .waits
        .iter()
        .map(|(item, waits)| ChecklistRow {
            item,
            missing: waits.missing,
            planned: waits.planned,
            count: waits.missing + waits.planned,
        })
        .collect();
    waits.sort_by(|a, b| (b.missing, b.planned, a.item).cmp(&(a.missing, a.planned, b.item)));
    let totals = &summary.totals;
    let named = summary.kyb.in_doubt.iter().map(|id| TriggerInDoubt {
        id,
        command: command(id, summary.sandbox),
    });
    let doubts: Vec<TriggerInDoubt<'_>> = named.collect();
    let many = totals.kyb_in_doubt();
    minijinja::context! {
        types => Serde(top(&summary.documents_by_type, |one| one.states.planned)),
        unsent => Serde(top(&summary.documents_not_sent, |one| one.count)),
        waits => Serde(top(&waits, |wait| wait.count)),
        more_doubts => many.saturating_sub(doubts.len() as u64),
        doubts => Serde(doubts),
        in_doubt => many,
        unused => Serde(top(&summary.unused, |one| one.count)),
        not_sent => totals.documents.unsent(),
        joined => totals.files.len() > 1,
    }
}

/// A KYB trigger whose answer was lost.
#[derive(Serialize)]
struct TriggerInDoubt<'a> {
    id: &'a str,
    command: String,
}

/// How a person settles it.
fn command(id: &str, sandbox: bool) -> String {
    let sandbox = if sandbox { " --sandbox" } else { "" };
    format!(
        "bakkt-migrate resolve DIR{sandbox} --kyb={} --as accepted --reason \"…\"",
        shell::word(id)
    )
}

/// What comes next about them.
#[rustfmt::skip]
pub(super) fn steps(totals: &Totals) -> Vec<OpenStep> {
    let (d, kyb) = (&totals.documents, &totals.kyb);
    let waiting = |tasks: &States| tasks.held;
    let waits = waiting(&totals.tasks.document) + waiting(&totals.tasks.kyb);
    let unused: u64 = totals.files.iter().map(|file| file.unused).sum();
    let all = [
        (totals.kyb_in_doubt(), "KYB triggers in doubt", "Ask Bakkt whether the screening has started, then settle each with resolve.", "kyb.csv, status in doubt"),
        (kyb.incomplete, "KYB checklists that lack something", "Provide the missing documents or facts, then plan again.", "kyb.csv, status missing"),
        (kyb.manual - kyb.manual_ended(), "Accounts for manual KYB", "An owner is an entity. List them with manual-kyb, and send Bakkt its form for each.", "manual-kyb"),
        (d.refused, "Documents refused before sending", "Correct the file or what the manifest says of it, then plan again.", "documents.csv, outcome refused before sending"),
        (d.changed, "Documents whose file has changed since planning", "Put the planned file back, or plan again.", "documents.csv, code changed"),
        (d.left_alone, "Uploads and KYB of accounts that existed before with other data", "The accounts were left as they are, so nothing was sent for them: see with Bakkt what is to become of each.", "documents.csv and kyb.csv, code left alone"),
        (d.no_account, "Documents of no account", "Correct the account that they name, then plan again.", "documents.csv, outcome no account"),
        (unused, "Rows that nothing uses", "Look whether they should belong to an account, and correct their key.", "unused.csv"),
        (waits.saturating_sub(d.changed + d.left_alone + kyb.incomplete), "Uploads and KYB triggers that wait for their account or its documents", "No decision is needed of its own: they follow when that is settled.", "documents.csv and kyb.csv, state held"),
    ];
    all.into_iter().filter(|step| step.0 > 0).map(|(count, what, todo, place)| OpenStep { count, what, todo, place }).collect()
}

#[cfg(test)]
mod tests {
    use super::command;

    #[test]
    fn an_id_stays_one_word_of_the_shell() {
        assert_eq!(
            command("C-1", true),
            "bakkt-migrate resolve DIR --sandbox --kyb=C-1 --as accepted --reason \"…\""
        );
        for (id, shown) in [
            ("-x", "'-x'"),
            ("a b", "'a b'"),
            ("it's;rm", "'it'\\''s;rm'"),
        ] {
            assert!(
                command(id, false).contains(&format!("--kyb={shown} ")),
                "{id}"
            );
        }
    }
}
