//! [`Journal`], the one writer: the plan, the tasks and every change of their state, what was read back, and the log of what
//! people decided.

pub(crate) mod alteration;
pub(crate) mod closing;
pub(crate) mod comparison;
pub(crate) mod entries;
pub(crate) mod fetched_links;
pub(crate) mod forgotten_files;
pub(crate) mod gap_sets;
pub(crate) mod held_behind;
pub(crate) mod journal;
pub(crate) mod operator_log;
pub(crate) mod plan;
pub(crate) mod shard;
pub(crate) mod shown_ids;
pub(crate) mod task_history;
pub(crate) mod tasks;
pub(crate) mod transitions;
pub(crate) mod verification;
pub(crate) mod waiting_tasks;

pub use crate::schema::codes::{DocumentVerdict, VERIFICATION_OUTCOMES, VerificationOutcome};
pub use entries::INPUTS;
pub use fetched_links::{FetchedLink, LINKS_ASKED_FOR, LINKS_FETCHED, Link};
pub use held_behind::HeldTasks;
pub use journal::Journal;
pub use plan::{
    Fingerprint, LaterGap, PlannedDocument, PlannedElement, PlannedFinding, PlannedJoinedRow,
    PlannedRow,
};
pub use shard::CustomerElsewhere;
pub use tasks::Selection;
pub use verification::{
    ACCOUNT_PATH, AccountState, AccountToVerify, Cursor, Difference, UploadedDocument,
    VerificationRound, VerificationScope, VerifiedAccount,
};
pub use waiting_tasks::{ACCOUNT_LEFT_ALONE, DOCUMENT_CHANGED, KYB_INCOMPLETE};
