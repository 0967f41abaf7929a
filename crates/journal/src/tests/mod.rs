//! Tests of the crate as a whole.

mod bare_codes;
mod query_plans;
