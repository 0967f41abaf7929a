//! Tests of the crate as a whole.

mod query_plans;
