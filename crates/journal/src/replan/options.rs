//! What taking a new plan over is asked to do, and how the new plan differs from the old one.

use crate::decisions::duplicate_choices::DuplicateChoice;
use crate::replan::backfills::NewBackfill;
use crate::replan::changed_fields::ChangedFields;
use crate::replan::changed_owners::{ChangedAgreements, ChangedOwners};
use crate::replan::reappeared_accounts::ReappearedAccounts;
use crate::replan::restricted_accounts::RestrictedAccounts;
use crate::write::operator_log::OperatorNote;

/// How the new plan differs from the old one, in numbers of records.
#[derive(Debug, Default, serde::Serialize)]
pub struct Changes {
    /// Sent or to be sent with the same bytes, and accounts that existed before with other data, which stay as they are.
    pub unchanged: u64,
    /// To be sent with other bytes; never accepted.
    pub changed_not_sent: u64,
    /// Accepted with other bytes than the new plan has.
    pub changed_accepted: u64,
    /// To be sent, and not so before.
    pub added: u64,
    /// No longer to be sent; never accepted.
    pub dropped: u64,
    /// Accepted, and no longer sent by the new plan.
    pub former: u64,
    /// Updates that are planned for `changed_accepted`, those of earlier plans among them.
    pub updates: u64,
    /// Those of `changed_accepted` that get none.
    #[serde(skip)]
    pub left_alone: u64,
    /// Those of `left_alone` that would get one if that were asked for.
    #[serde(skip)]
    pub may_update: u64,
    /// Accounts that Bakkt has under ids that are gone, and that come back under new ones; absent when there are none.
    #[serde(skip_serializing_if = "ReappearedAccounts::is_empty")]
    pub reappeared: ReappearedAccounts,
    /// Of `added`, those of people who have an accepted account under another id that stays; absent when there are none.
    #[serde(skip_serializing_if = "bakkt_model::number::is_zero")]
    pub further_accounts: u64,
    /// Accepted accounts whose agreements changed; without an acknowledgement none of them gets an update. Absent when there
    /// are none.
    #[serde(skip_serializing_if = "ChangedAgreements::is_empty")]
    pub agreements: ChangedAgreements,
    /// Accepted accounts of entities whose owners changed: Bakkt must be told. Absent when there are none.
    #[serde(skip_serializing_if = "ChangedOwners::is_empty")]
    pub ownership: ChangedOwners,
    /// Those of `changed_accepted` that get none, whatever is asked for; absent when there are none.
    #[serde(skip_serializing_if = "RestrictedAccounts::is_empty")]
    pub restricted: RestrictedAccounts,
    /// Gaps that were waived, and whose place is somebody else's now, or nobody can tell whose: they are open. Absent when there are
    /// none.
    #[serde(skip_serializing_if = "ReopenedGaps::is_empty")]
    pub reopened: ReopenedGaps,
    /// What the updates of changed accepted accounts would change, asked for or not.
    #[serde(flatten)]
    pub changed_fields: ChangedFields,
    /// What the updates that are asked for would change, by which the plan is judged.
    #[serde(skip)]
    pub asked_fields: ChangedFields,
    /// Of a dry run: why the plan would be refused.
    #[serde(skip)]
    pub refusal: Option<anyhow::Error>,
    /// Documents; absent when neither plan has any.
    #[serde(skip_serializing_if = "DocumentChanges::is_empty")]
    pub documents: DocumentChanges,
}

/// Gaps that were waived, and are open because their place is not that of the same owner or contact.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct ReopenedGaps {
    /// How many gaps.
    pub gaps: u64,
    /// The first of them: whose they are, and their paths.
    pub first: Vec<(String, String)>,
}

impl ReopenedGaps {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.gaps == 0
    }
}

/// How the documents of the new plan differ from those of the old one. The same file for the same owner, type and side
/// is the same document.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct DocumentChanges {
    /// In both plans.
    pub unchanged: u64,
    /// Only in the new plan.
    pub added: u64,
    /// Only in the old plan, and never accepted.
    pub dropped: u64,
    /// Accepted, and no longer in the plan.
    pub former: u64,
}

impl DocumentChanges {
    /// Whether neither plan has documents.
    pub fn is_empty(&self) -> bool {
        *self == DocumentChanges::default()
    }
}

/// What to do when a plan is taken over.
#[derive(Clone, Copy, Debug)]
pub struct ReplanOptions<'a> {
    /// Plan updates for changed payloads of accepted accounts.
    pub update_accepted: bool,
    /// Take new ids of people whose accounts Bakkt has under vanished ids for further accounts, instead of stopping.
    pub accept_new_ids: bool,
    /// Both sides have acknowledged the agreements that changed: updates may send them.
    pub agreements_acknowledged: bool,
    /// Fields, by their patterns, of which updates may take values away, or change those of most accounts.
    pub accept_changes: &'a [String],
    /// Whether a change of most accounts was judged over all shards together.
    pub is_judged_over_all: bool,
    /// Only count; nothing changes.
    pub dry_run: bool,
    /// Who, why and when, for the operator log.
    pub decided: OperatorNote<'a>,
    /// The backfill file that the new plan has and the old one had not: taken with it.
    pub taking: Option<NewBackfill<'a>>,
    /// The row that a person chose of several with one id: the new plan has it, and the decision is taken over with it.
    pub chosen: Option<DuplicateChoice<'a>>,
}
