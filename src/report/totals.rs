//! The control totals: what was read, what was planned, where everything stands, and whether it adds up.
//!
//! Owner of invariant 2: rows read = ready + grace + blocked + excluded + duplicate, and tasks planned = open + held + in
//! doubt + accepted + refused + gave up. What does not add up is said in words in [`Totals::imbalances`].
//! The order of the fields is the order of the keys of `--json`; keys are only ever added behind the others.
//! Left out on purpose: exit codes, which are the commands' business.

use std::collections::BTreeMap;

use serde::Serialize;

use super::text::thousands;
use crate::journal::counts::{Counts, GapCount, TaskCounts};
use crate::journal::query::Reader;

/// The totals of a migration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Rows read from the exports.
    pub read: u64,
    /// Where every row ended.
    pub verdicts: Verdicts,
    /// The tasks by kind.
    pub tasks: Tasks,
    /// The open gaps.
    pub gaps: Gaps,
    /// Whether everything is accounted for.
    pub balanced: bool,
    /// What is not, in words; empty when balanced.
    pub imbalances: Vec<String>,
    /// Accounts that existed before this migration.
    pub existed: Existed,
    /// Blank lines of the exports; they are no rows.
    pub blank_lines: u64,
    /// Whether planning came to its end.
    pub planned: bool,
    /// Accounts accepted under an earlier plan, whose customers the plan no longer sends.
    pub former: u64,
}

/// Records by verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // the words of the glossary
pub struct Verdicts {
    pub ready: u64,
    pub grace: u64,
    pub blocked: u64,
    pub excluded: u64,
    pub duplicate: u64,
}

/// Tasks by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tasks {
    /// Create an account.
    pub account: States,
    /// Update an account; absent while none is planned.
    #[serde(skip_serializing_if = "States::none_planned")]
    pub update: States,
}

/// Tasks of one kind by state. `in_doubt` holds those that are being sent as well.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // the words of the glossary
pub struct States {
    pub planned: u64,
    pub open: u64,
    pub held: u64,
    pub in_doubt: u64,
    pub accepted: u64,
    pub refused: u64,
    pub gave_up: u64,
}

/// The open gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Gaps {
    /// All of them.
    pub open: u64,
    /// By contract path, all levels together.
    pub by_field: BTreeMap<String, u64>,
}

/// Accounts that existed before this migration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Existed {
    /// Equal to what was sent.
    pub equal: u64,
    /// Different, and left as they were.
    pub different: u64,
    /// Different, and overwritten by an update.
    pub overwritten: u64,
}

impl Totals {
    /// Reads them from the journal.
    pub fn read(reader: &Reader) -> anyhow::Result<Totals> {
        Totals::new(reader, &reader.counts()?, &reader.gap_counts()?)
    }

    /// Builds them from counts that were read already.
    pub(super) fn new(
        reader: &Reader,
        counts: &Counts,
        gaps: &[GapCount],
    ) -> anyhow::Result<Totals> {
        let [ready, grace, blocked, excluded, duplicate] = counts.verdicts;
        let [_, equal, different, overwritten] = counts.existed;
        let mut open = Gaps::default();
        for gap in gaps {
            open.open += gap.open;
            *open.by_field.entry(gap.path.clone()).or_default() += gap.open;
        }
        let planned = reader.meta("plan")?.as_deref() == Some("planned");
        // What the planner says it read is the control; without it, records can only be counted. A plan that is not
        // complete has no such number yet, or that of the plan before.
        let control = if planned {
            reader.meta_count("rows_read")?
        } else {
            None
        };
        let mut totals = Totals {
            read: control.unwrap_or(counts.records),
            verdicts: Verdicts {
                ready,
                grace,
                blocked,
                excluded,
                duplicate,
            },
            tasks: Tasks {
                account: counts.accounts.into(),
                update: counts.updates.into(),
            },
            gaps: open,
            balanced: false,
            imbalances: Vec::new(),
            existed: Existed {
                equal,
                different,
                overwritten,
            },
            former: counts.former,
            blank_lines: reader.meta_count("blank_lines")?.unwrap_or_default(),
            planned,
        };
        totals.imbalances = imbalances(&totals, counts.without_task, counts.stray_tasks);
        totals.balanced = totals.imbalances.is_empty();
        Ok(totals)
    }

    /// The object of `--json` as a value. `Value` sorts its keys: print [`Totals::json_text`] to keep their order.
    pub fn json(&self) -> serde_json::Value {
        // A struct of numbers, texts and maps with text keys always has a value.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The object of `--json` on one line, its keys in the documented order.
    pub fn json_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether something waits for a person: blocked, duplicate, refused or given up.
    pub fn needs_person(&self) -> bool {
        let stopped = |tasks: &States| tasks.refused + tasks.gave_up;
        let rows = self.verdicts.blocked + self.verdicts.duplicate;
        rows + stopped(&self.tasks.account) + stopped(&self.tasks.update) > 0
    }
}

impl Verdicts {
    /// The five together.
    pub fn sum(&self) -> u64 {
        self.sendable() + self.blocked + self.excluded + self.duplicate
    }

    /// Those that are sent.
    pub fn sendable(&self) -> u64 {
        self.ready + self.grace
    }
}

impl States {
    /// The six states together.
    pub fn sum(&self) -> u64 {
        self.open + self.held + self.in_doubt + self.accepted + self.refused + self.gave_up
    }

    fn none_planned(&self) -> bool {
        self.planned == 0
    }
}

impl From<TaskCounts> for States {
    fn from(counts: TaskCounts) -> States {
        let [open, held, sending, in_doubt, accepted, refused, gave_up] = counts.states;
        States {
            planned: counts.planned,
            open,
            held,
            in_doubt: sending + in_doubt,
            accepted,
            refused,
            gave_up,
        }
    }
}

fn imbalances(totals: &Totals, without_task: u64, stray_tasks: u64) -> Vec<String> {
    let mut found = Vec::new();
    let n = thousands;
    let (read, verdicts) = (totals.read, totals.verdicts.sum());
    if read != verdicts {
        found.push(format!(
            "rows read are {}, but the verdicts add up to {}",
            n(read),
            n(verdicts)
        ));
    }
    for (kind, tasks) in [
        ("account", &totals.tasks.account),
        ("update", &totals.tasks.update),
    ] {
        if tasks.planned != tasks.sum() {
            let (planned, sum) = (n(tasks.planned), n(tasks.sum()));
            found.push(format!(
                "{kind} tasks planned are {planned}, but their states add up to {sum}"
            ));
        }
    }
    let (planned, sendable) = (totals.tasks.account.planned, totals.verdicts.sendable());
    if planned != sendable {
        let (planned, sendable) = (n(planned), n(sendable));
        found.push(format!(
            "account tasks planned are {planned}, but ready and grace records are {sendable}"
        ));
    }
    if without_task > 0 {
        found.push(format!(
            "ready and grace records without an account task: {}",
            n(without_task)
        ));
    }
    if stray_tasks > 0 {
        let stray = n(stray_tasks);
        found.push(format!(
            "account tasks of a record that is neither ready nor grace, or of no record: {stray}"
        ));
    }
    found
}
