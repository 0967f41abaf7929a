//! Accounts that Bakkt has accepted: what it decided about them, what reading back found, verification links, changed agreements and owners.

pub(crate) mod agreement_changes;
pub(crate) mod decisions;
pub(crate) mod links;
pub(crate) mod outdated_accounts;
pub(crate) mod owner_changes;
pub(crate) mod verification;
