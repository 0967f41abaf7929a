//! Planning: what is known about every row before anything is sent.
//!
//! Owner of the [`planner`], one pass over a whole migration with two outputs: the journal ([`journal_plan`]) and the counts
//! of `check` ([`check_tally`]); of the passes over documents ([`survey`]), findings and exclusions that it makes; of the
//! [`forecast`], and of the workbooks in which gaps are filled in ([`gap_sheet`]). Invariant: nothing here sends anything.
//! Left out on purpose: reading, mapping and judging one row (`pipeline`), and how plans are kept (`journal`).

pub mod approval;
pub mod backfill_trial;
pub mod check_tally;
pub mod custody;
pub mod document_tally;
pub mod documents;
pub mod drift;
pub mod erase;
pub mod exclusions;
pub mod finding_file;
pub mod findings;
pub mod forecast;
pub mod gap_file;
pub mod gap_known;
pub mod gap_sheet;
pub mod journal_plan;
mod journal_rows;
pub mod members;
pub mod opening;
pub mod people;
pub mod planner;
pub mod survey;
pub mod tally;
pub mod unknown_codes;
