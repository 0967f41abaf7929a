//! What a person decides, each in one transaction with its line in the operator log.

pub(crate) mod approvals;
pub(crate) mod corrected_ids;
pub(crate) mod customers;
pub(crate) mod duplicate_choices;
pub(crate) mod erasures;
pub(crate) mod exclusions;
pub(crate) mod forgotten_ids;
pub(crate) mod held_by_bakkt;
pub(crate) mod manual_kyb;
pub(crate) mod retries;
pub(crate) mod shared_ids;
pub(crate) mod steering;
pub(crate) mod unknown_kyb;
pub(crate) mod waivers;

pub use crate::write::operator_log::OperatorNote;
pub use approvals::StoredApproval;
pub use customers::{CustomerAction, CustomerDecision};
pub use duplicate_choices::{DuplicateChoice, DuplicateRow};
pub use erasures::{FORGOTTEN, KnownCustomer, RewrittenLayer};
pub use exclusions::{LEFT_OUT, PUT_BACK};
pub use forgotten_ids::{ForgottenIds, LIKE_FORGOTTEN, LeftOut};
pub use held_by_bakkt::{ForgetNote, HeldAccount, HeldByBakkt, HeldCustody, HeldDocument};
pub use manual_kyb::MANUAL_KYB_ENDED;
pub use shared_ids::AccountResolution;
pub use waivers::WaiverResult;
