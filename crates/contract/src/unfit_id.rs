//! clientAccountIds that must not become one, and what the settings say of ids.
//!
//! Owner of that judgement (contract, section 2, clientAccountId). An id goes into URLs, reports and logs, so one that
//! looks like a person's tax id or e-mail address is customer data and is kept out of all of them.

use crate::forms;

/// What the settings allow.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdRules {
    /// Ids that look like tax ids are only numbers here.
    pub allow_tax_id: bool,
    /// Ids that look like e-mail addresses may be used.
    pub allow_email: bool,
    /// Tax ids that were never given out may be sent: this is a rehearsal.
    pub allow_unissued: bool,
}

/// Why an id is unfit, if it is.
pub fn unfit(id: &str, rules: IdRules) -> Option<&'static str> {
    if let Some(why) = forms::unfit_id(id) {
        Some(why)
    } else if id == "." || id == ".." {
        Some("a dot alone cannot stand in a URL")
    } else if !rules.allow_tax_id && forms::looks_like_tax_id(id) {
        Some("looks like a tax id")
    } else if !rules.allow_email && forms::looks_like_email(id) {
        Some("looks like an e-mail address")
    } else {
        None
    }
}
