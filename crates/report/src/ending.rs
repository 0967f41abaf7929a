//! What keeps a migration from being closed.
//!
//! Owner of that rule: every task has ended and every sum adds up. Left out: what closing does (the program).

use super::custody::CustodyTotals;
use super::summary::RowCounts;
use super::totals::{States, Totals};
use bakkt_journal::Journals;
use bakkt_model::number::thousands;

impl Totals {
    /// Counts all rows, as a report does, and not only the journal's counters.
    pub fn counted(journals: &Journals) -> anyhow::Result<Totals> {
        let now = bakkt_journal::now();
        let rows = RowCounts::read(journals)?;
        let after = super::AfterAcceptance::read(journals, now)?;
        rows.totals(journals, after)
    }

    /// What is open, held, in doubt or does not balance, each in words; empty when the migration may be closed.
    pub fn loose_ends(&self) -> Vec<String> {
        let mut ends = Vec::new();
        if !self.planned {
            ends.push("the plan is not complete".to_owned());
        }
        let tasks = &self.tasks;
        let custody = self.custody.iter().flat_map(CustodyTotals::kinds);
        let custody: Vec<(String, &States)> = custody
            .map(|(kind, states)| (format!("custody: {kind}"), states))
            .collect();
        let kinds = [
            ("accounts", &tasks.account),
            ("updates", &tasks.update),
            ("documents", &tasks.document),
            ("KYB triggers", &tasks.kyb),
        ];
        let kinds = kinds
            .into_iter()
            .map(|(kind, states)| (kind.to_owned(), states));
        for (kind, states) in kinds.chain(custody) {
            let counts = [
                (states.open, "open"),
                (states.held, "held"),
                (states.in_doubt, "in doubt"),
            ];
            let counts = counts.into_iter().filter(|(count, _)| *count > 0);
            ends.extend(counts.map(|(count, word)| format!("{kind} {word}: {}", thousands(count))));
        }
        if self.put_back > 0 {
            ends.push(format!(
                "customers put back whom the plan does not have: {} (`replan` plans them)",
                thousands(self.put_back)
            ));
        }
        if self.kyb.former_in_doubt > 0 {
            ends.push(format!(
                "KYB triggers of an earlier plan in doubt: {}",
                thousands(self.kyb.former_in_doubt)
            ));
        }
        ends.extend(
            self.imbalances
                .iter()
                .map(|what| format!("does not balance: {what}")),
        );
        ends
    }

    /// What may stay as it is when a migration is closed, and that nobody can do anything about afterwards.
    pub fn left_behind(&self) -> Vec<String> {
        let stopped = |states: &States| states.refused + states.gave_up;
        let (tasks, verdicts) = (&self.tasks, &self.verdicts);
        let undecided: u64 = ["undecided", "in review", "documents wanted", "unsettled"]
            .iter()
            .map(|word| self.after.of(word))
            .sum();
        let all = [
            (
                self.gaps.open + self.gaps.not_at_bakkt,
                "gaps open, which no backfill can close any more",
            ),
            (verdicts.blocked, "rows blocked"),
            (verdicts.duplicate, "rows that are duplicates"),
            (
                stopped(&tasks.account)
                    + stopped(&tasks.update)
                    + stopped(&tasks.document)
                    + stopped(&tasks.kyb),
                "tasks refused or given up",
            ),
            (
                self.after.outdated,
                "accepted accounts that Bakkt has with other data, and that get no update",
            ),
            (undecided, "accounts of which Bakkt has not decided"),
        ];
        let all = all.into_iter().filter(|(count, _)| *count > 0);
        all.map(|(count, what)| format!("{} {what}", thousands(count)))
            .collect()
    }
}
