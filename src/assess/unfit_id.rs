//! clientAccountIds that must not become one.
//!
//! Owner of that judgement (contract, section 2, clientAccountId). An id goes into URLs, reports and logs, so one that
//! looks like a person's tax id or e-mail address is customer data and is kept out of all of them.

use crate::contract::forms;

/// What the settings allow.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdRules {
    /// Ids that look like tax ids are only numbers here.
    pub allow_tax_id: bool,
    /// Ids that look like e-mail addresses may be used.
    pub allow_email: bool,
}

/// Longest id, in bytes: it must fit a URL with room to spare.
const LONGEST: usize = 256;

/// Why an id is unfit, if it is.
pub fn unfit(id: &str, rules: IdRules) -> Option<&'static str> {
    if forms::has_control(id) {
        Some("holds control characters")
    } else if id == "." || id == ".." {
        Some("a dot alone cannot stand in a URL")
    } else if id.len() > LONGEST {
        Some("longer than 256 bytes")
    } else if !rules.allow_tax_id && forms::looks_like_tax_id(id) {
        Some("looks like a tax id")
    } else if !rules.allow_email && forms::looks_like_email(id) {
        Some("looks like an e-mail address")
    } else {
        None
    }
}
