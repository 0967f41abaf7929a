//! What the page shows of the record of runs: the chain's head, run records, inputs with their hashes, approvals and steering.
//!
//! Left out: checking any of it (`audit`).

use minijinja::Value;
use minijinja::value::Serde;

use super::summary::Summary;

/// What the template's part about it is called.
pub(super) const NAME: &str = "audit.html";
pub(super) const TEMPLATE: &str = include_str!("audit.html.j2");

/// Runs that are shown one by one.
const MOST: usize = 30;

/// What the template needs.
pub(super) fn context(summary: &Summary) -> Value {
    minijinja::context! { records => Serde(&summary.audit), most => MOST }
}
