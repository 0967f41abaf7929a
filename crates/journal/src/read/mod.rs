//! [`Reader`]: the journal and the events as of one instant, counted and line by line, also while a run is going on.
//!
//! What can have as many lines as an export is handed to a callback, one line at a time.

pub(crate) mod accepted;
mod agreement_gaps;
pub(crate) mod backfills;
pub(crate) mod columns;
pub(crate) mod counts;
pub(crate) mod document_counts;
pub(crate) mod documents;
pub(crate) mod ended_tasks;
pub(crate) mod entries;
pub(crate) mod event_comparison;
mod explained;
pub(crate) mod files;
pub(crate) mod findings;
pub(crate) mod gap_history;
pub(crate) mod gap_lines;
pub(crate) mod kyb_checklists;
pub(crate) mod lost_values;
pub(crate) mod reader;
pub(crate) mod records;
pub(crate) mod unknown_outcomes;
pub(crate) mod unsent_closures;
pub(crate) mod vouched_rows;

pub use accepted::decisions::{Decision, DecisionLine, EventCounts};
pub use accepted::links::{LinkCounts, LinkStanding, WantedLink};
pub use accepted::verification::Verification;
pub use backfills::{DISAGREEING, RESTRICTED, UNSENDABLE};
pub use columns::{Origin, TaskPart};
pub use counts::{Counts, GapCount, Minute, ReasonCount, StopCount, TaskCounts};
pub use document_counts::{DocumentCounts, TypeCount, UnsentCount};
pub use ended_tasks::{DroppedTasks, EndedTaskLine};
pub use explained::explained;
pub use files::{FileRow, UnusedCount};
pub use findings::{FindingCount, FindingPlace, meaning_and_advice};
pub use gap_history::{DatedGap, FileClosures, GapDay, GapRecord};
pub use kyb_checklists::{ItemProgress, KybLine};
pub use lost_values::AT_BAKKT;
pub use reader::{DecisionRow, PolicyRow, Reader, RunRow, nothing_planned};
pub use records::{ACCEPTED_BEFORE, AgreementsPart, RecordLine, StoppedLine};
pub use unknown_outcomes::UnknownOutcome;
pub use unsent_closures::{ClosureCounts, ClosureFate, NOT_AT_BAKKT};
