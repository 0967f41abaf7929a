//! Whether a migration waits for a person, which is what exit code 3 says.
//!
//! Owner of that list; docs/report.md has it for readers. Left out on purpose: the counts themselves (`totals`), and what to do about
//! each (`page`).

use super::custody::CustodyTotals;
use super::totals::Totals;

impl Totals {
    /// Whether something waits for a person:
    ///
    /// - rows blocked (but for those whose manual KYB has ended) or duplicate, and lost ones; files of which nothing belongs to any account;
    /// - tasks refused or given up; accounts that existed before with other data, and their documents, which were left alone;
    /// - documents whose file has changed or whose account cannot be told; KYB checklists that lack something, and KYB triggers in
    ///   doubt, about which nobody can ask;
    /// - accounts answered with the id of another one, or that stand under it; accounts whose changed agreements nobody has acknowledged;
    /// - accounts that are not what was sent, or that Bakkt does not know; those that Bakkt has with other data than the plan and that
    ///   get no update; customers who were put back and whom the plan does not have;
    /// - changes that go by hand, links that are used up, events of accounts that Bakkt should not have, and part of custody.
    pub fn needs_person(&self) -> bool {
        let tasks = &self.tasks;
        let stopped = [&tasks.account, &tasks.update, &tasks.document, &tasks.kyb]
            .map(|tasks| tasks.refused + tasks.gave_up);
        // Of whom manual KYB has ended, nothing is left to do here.
        let blocked = self
            .verdicts
            .blocked
            .saturating_sub(self.kyb.manual_ended());
        let rows = blocked + self.verdicts.duplicate;
        let kyb = self.kyb.incomplete + self.kyb_in_doubt();
        rows + stopped.iter().sum::<u64>()
            + self.documents.changed
            + self.documents.of_several
            + self.documents.unclear
            + self.lost_rows
            + self.shared_ids
            + self.repeated_ids
            + self.after.unacknowledged
            + self.after.restricted
            + self.after.ownership_changed
            + self.after.links.used_up
            + self.after.events.for_a_person()
            + self.after.outdated
            + self.put_back
            + self.documents.left_alone
            + self.existed.different
            + self.after.verification.different
            + self.after.verification.unknown
            + kyb
            > 0
            || !self.of_nobody().is_empty()
            || self
                .custody
                .as_ref()
                .is_some_and(CustodyTotals::needs_person)
    }
}
