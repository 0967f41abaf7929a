//! Tests of the crate as a whole.

mod altered_rows;
mod bare_codes;
mod counters;
mod journal_of_version_5;
mod journal_of_version_6;
mod journal_of_version_7;
mod journal_of_version_8;
mod query_plans;
