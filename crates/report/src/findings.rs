//! The findings in the report: `findings.csv`, and their section of the page.
//!
//! Owner of the columns of the file. Left out on purpose: what values look like: the journal has no shape of them, so
//! `check --findings` alone shows it.

use std::collections::BTreeSet;

use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;

use super::files::sheet;
use super::page::OpenStep;
use super::totals::Totals;
use bakkt_files::output::OutputFolder;
use bakkt_journal::Journals;
use bakkt_journal::read::meaning_and_advice;

/// The columns of `findings.csv`.
pub(super) const FINDINGS: &[&str] = &[
    "kind",
    "action",
    "file",
    "row",
    "clientAccountId",
    "field",
    "group",
];

/// What the template's part about them is called.
pub(super) const NAME: &str = "findings.html";
pub(super) const TEMPLATE: &str = include_str!("findings.html.j2");

/// Writes `findings.csv`: every finding of the plan.
pub(super) fn findings(journals: &Journals, dir: &OutputFolder<'_>) -> anyhow::Result<()> {
    let blocking = journals.meta("findings_block")?.unwrap_or_default();
    let blocking: BTreeSet<&str> = blocking.split(' ').collect();
    sheet(dir, "findings.csv", FINDINGS, |out| {
        journals.each_finding(|line| {
            out.text(line.kind)?;
            out.text(if blocking.contains(line.kind) {
                "block"
            } else {
                "tell"
            })?;
            out.origin(&line.origin)?;
            out.maybe(line.path)?;
            out.number_or_none(Some(line.first))?;
            out.end()
        })
    })
}

/// A kind of finding as the page shows it.
#[derive(Serialize)]
struct FindingKindRow<'a> {
    kind: &'a str,
    count: u64,
    blocks: bool,
    meaning: &'static str,
    advice: &'static str,
}

/// What the template needs beside the summary.
pub(super) fn context(totals: &Totals) -> Value {
    let rows: Vec<FindingKindRow<'_>> = totals
        .findings
        .iter()
        .map(|one| {
            let (meaning, advice) = meaning_and_advice(one.kind);
            FindingKindRow {
                kind: one.kind,
                count: one.count,
                blocks: one.action == "block",
                meaning,
                advice,
            }
        })
        .collect();
    minijinja::context! { rows => Serde(rows) }
}

/// What comes next about them.
pub(super) fn step(totals: &Totals) -> Option<OpenStep> {
    let count: u64 = totals.findings.iter().map(|one| one.count).sum();
    (count > 0).then_some(OpenStep {
        count,
        what: "Findings",
        todo: "Look at each kind: what is wrong cannot always be corrected later. [findings] says which block.",
        place: "findings.csv",
    })
}
