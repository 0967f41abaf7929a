//! Exclusions that leave nobody out, as the plan noted them.
//!
//! Owner of how they are kept in the journal: by file and line, never by the id, which may be anything.

use serde::{Deserialize, Serialize};

use bakkt_journal::Journals;

/// Under which name the journal keeps them.
pub const FACT: &str = "unused_exclusions";

/// An id or a rule of `[exclude]` that no row has or fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnusedExclusion {
    /// The file in which it is written.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

/// Those of the plan; a plan of an earlier version knows none.
pub(crate) fn read(journals: &Journals) -> anyhow::Result<Vec<UnusedExclusion>> {
    let text: Option<String> = journals.meta(FACT)?;
    let known = text.map(|text| serde_json::from_str(&text)).transpose();
    Ok(known.ok().flatten().unwrap_or_default())
}
