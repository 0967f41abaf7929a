//! Writing a plan: its rows, its documents, its findings, and the document files that it has read.

pub(crate) mod documents;
pub(crate) mod elements;
pub(crate) mod findings;
pub(crate) mod known_files;
pub(crate) mod plan_hash;
pub(crate) mod records;

pub use documents::{LaterGap, PlannedDocument, PlannedJoinedRow};
pub use elements::PlannedElement;
pub use findings::PlannedFinding;
pub use records::{Fingerprint, PlannedRow};
