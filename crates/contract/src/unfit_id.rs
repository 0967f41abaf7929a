//! clientAccountIds that must not become one, and what the settings say of ids.
//!
//! Owner of that judgement (contract, section 2, clientAccountId). An id goes into URLs, reports and logs, so one that
//! looks like a person's tax id or e-mail address is customer data and is kept out of all of them.

use crate::forms;
use bakkt_model::text::narrow;

/// What is wrong with an id that is somebody's tax id in whatever spelling.
pub const OWN_TAX_ID: &str = "holds the tax id of the same record";

/// A tax id of fewer digits says too little: an account may have the same number.
const FEWEST_DIGITS: usize = 6;

/// Whether the digits of an id are those of a tax id, whatever stands around them; zeros in front do not count.
pub fn has_digits_of(id: &str, tax_id: &str) -> bool {
    // Numbers of ASCII that differ in their last digit are settled at a glance.
    let last = |text: &str| text.bytes().rfind(u8::is_ascii_digit);
    if id.is_ascii() && tax_id.is_ascii() && last(id) != last(tax_id) {
        return false;
    }
    let (id, tax_id) = (narrow(id), narrow(tax_id));
    let digits = |text| str::bytes(text).filter(u8::is_ascii_digit);
    digits(&tax_id).count() >= FEWEST_DIGITS
        && digits(&id)
            .skip_while(|digit| *digit == b'0')
            .eq(digits(&tax_id).skip_while(|digit| *digit == b'0'))
}

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

#[cfg(test)]
mod tests {
    use super::has_digits_of;

    #[test]
    fn a_tax_id_is_found_in_every_spelling() {
        for id in [
            "C-987654320",
            "98 7654 320",
            "x987.65.4320x",
            "0987654320",
            "９８７６５４３２０",
        ] {
            assert!(has_digits_of(id, "987-65-4320"), "{id}");
        }
        assert!(has_digits_of("21234567", "02-1234567"));
        for (id, tax_id) in [
            ("9876543201", "987654320"),
            ("C-12", "AB12"),
            ("C", ""),
            ("", "987654320"),
        ] {
            assert!(!has_digits_of(id, tax_id), "{id}");
        }
    }
}
