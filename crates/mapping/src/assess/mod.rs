//! From a draft to what follows from it: verdict, gaps and payload.
//!
//! Owner of the shape rule (contract, section 3) and of the verdicts (section 4). [`plan::AssessPlan`] is the contract's
//! tree, instantiated for one mapping and one policy; [`walk::Assessor`] walks it once per record and writes the
//! payload as it goes. Invariants: pure; whatever the draft holds, a payload that is not blocked fits the W rules
//! and the forms of the contract; gaps name paths and reasons, never values.
//! Left out on purpose: duplicates and exclusions, which need more than one draft (`pipeline`).

pub mod facts;
pub mod kept;
mod layout;
pub mod owners;
pub mod plan;
pub mod policy;
pub mod value;
pub mod walk;

pub use plan::AssessPlan;
pub use walk::Assessor;

use bakkt_contract::Level;

/// Why there is a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GapReason {
    /// The export has nothing.
    Missing,
    /// No row of the export in which it stands has the record's key.
    NoRow,
    /// The export has something that does not fit; says what is wrong with it.
    Invalid(&'static str),
    /// Known and fit, but it cannot be sent until its object is whole.
    Withheld,
}

impl GapReason {
    /// As reports show it.
    pub fn text(self) -> String {
        match self {
            GapReason::Missing => "missing".to_owned(),
            GapReason::NoRow => "missing: no row of its export has the account's key".to_owned(),
            GapReason::Invalid(why) => format!("invalid: {why}"),
            GapReason::Withheld => "withheld".to_owned(),
        }
    }
}

/// One field that is missing, invalid or withheld. Never a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Index into [`AssessPlan::paths`].
    pub path: u32,
    /// Why.
    pub reason: GapReason,
    /// The level that counted, after `[policy]`.
    pub level: Level,
}
