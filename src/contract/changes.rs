//! What of an account that Bakkt has may not be changed by an update (contract, section 6).
//!
//! Owner of that list. Such a change goes by hand through Bakkt's Operations or Compliance.

use super::account::NEVER_SENT;
use super::path;

/// Patterns of the fields.
pub const BY_HAND: &[&str] = &[
    "accountType",
    "owners[].clientOwnerId",
    "owners[].identity.dateOfBirth",
    "owners[].identity.citizenshipCountry",
    "owners[].identity.taxId",
    "owners[].identity.taxIdType",
    "owners[].identity.taxIdCountry",
    "entity.entityTaxId",
];

/// Whether an update must leave a field as it is.
pub fn by_hand(at: &str) -> bool {
    let pattern = path::pattern(at);
    BY_HAND.contains(&pattern.as_str()) || NEVER_SENT.contains(&pattern.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_a_field() {
        for pattern in BY_HAND {
            assert!(path::find_pattern(pattern).is_some(), "{pattern}");
        }
        assert!(by_hand("owners[3].identity.taxId") && by_hand("enrollments"));
        assert!(!by_hand("owners[0].phoneNumber"));
    }
}
