//! What of an account that Bakkt has may not be changed by an update (contract, section 6).
//!
//! Owner of that list. Such a change goes by hand through Bakkt's Operations or Compliance.

use super::account::NEVER_SENT;
use super::ownership::is_of_agreement;
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

/// Stands for a part of an agreement, where a place in that list stands for a field of it.
pub const AGREEMENT: u8 = u8::MAX;

/// What is kept of a value that is sent: the place of its field in the list, or that it is a part of an agreement.
pub fn kept(at: &str) -> Option<u8> {
    if is_of_agreement(&path::pattern(at)) {
        return Some(AGREEMENT);
    }
    place(at).map(|place| place as u8)
}

/// Bytes of the mark that tells whether the values of one field are the same as before. The journal keeps them for every
/// customer; one change in four billion goes unseen.
pub const MARK: usize = 4;

/// The fields whose marks differ; each list has one mark for each field.
pub fn differing<'a>(one: &'a [u8], other: &'a [u8]) -> impl Iterator<Item = &'static str> + 'a {
    let marks = one.chunks(MARK).zip(other.chunks(MARK));
    let fields = BY_HAND.iter().zip(marks);
    fields
        .filter(|(_, (one, other))| one != other)
        .map(|(field, _)| *field)
}

/// The place of a field in that list.
pub(crate) fn place(at: &str) -> Option<usize> {
    let pattern = path::pattern(at);
    BY_HAND.iter().position(|field| *field == pattern)
}

/// Whether an update must leave a field as it is.
pub fn by_hand(at: &str) -> bool {
    place(at).is_some() || NEVER_SENT.contains(&path::pattern(at).as_str())
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
