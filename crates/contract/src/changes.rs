//! What of an account may change, and what of it may not be changed by an update (contract, section 6).
//!
//! Owner of the list of all fields that are sent, by number, and of which of them go by hand through Bakkt's Operations or
//! Compliance.

use std::sync::LazyLock;

use super::FieldShape;
use super::account::NEVER_SENT;
use super::ownership::is_of_agreement;
use super::path;

/// Patterns of the fields that no update may change.
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

/// Patterns of all fields that are sent: first those that no update may change, in their order, then those of agreements, then all
/// others. Those of entities come last, because most accounts have none.
static FIELDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut others: Vec<String> = path::patterns();
    others.retain(|pattern| is_sent(pattern) && !BY_HAND.contains(&pattern.as_str()));
    others.sort_by_key(|pattern| (!is_of_agreement(pattern), pattern.starts_with("entity.")));
    let first = BY_HAND.iter().map(|pattern| (*pattern).to_owned());
    first.chain(others).collect()
});

/// The fields that an update may change, by their number less [`BY_HAND`]'s length.
pub(crate) fn changeable() -> &'static [String] {
    FIELDS.get(BY_HAND.len()..).unwrap_or_default()
}

/// Whether a pattern is that of a field that an update may change, or of an object with such fields.
pub fn is_changeable(pattern: &str) -> bool {
    changeable().iter().any(|field| is_in(field, pattern))
}

/// Whether a field is the one of a pattern, or stands inside of it.
pub fn is_in(field: &str, pattern: &str) -> bool {
    let rest = field.strip_prefix(pattern);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The number of the field of a path that is sent.
pub fn number(at: &str) -> Option<u8> {
    let pattern = path::pattern(at);
    let place = FIELDS.iter().position(|field| *field == pattern)?;
    u8::try_from(place).ok()
}

/// The number of what tells one owner from another.
pub const OWNER_ID: u8 = 1;

/// Whether a number is that of a part of an agreement.
pub fn is_agreement(number: u8) -> bool {
    static LAST: LazyLock<usize> = LazyLock::new(|| {
        let parts = changeable().iter().filter(|field| is_of_agreement(field));
        BY_HAND.len() + parts.count()
    });
    (BY_HAND.len()..*LAST).contains(&usize::from(number))
}

/// Bytes of the mark that tells whether the values of one field are the same as before. The journal keeps them for every
/// customer; one change in four billion goes unseen.
pub const MARK: usize = 4;

/// Bytes of the marks of all fields that no update may change.
pub const FIXED_MARKS: usize = MARK * BY_HAND.len();

/// The fields whose marks differ; each list begins with one mark for each field.
pub fn differing<'a>(one: &'a [u8], other: &'a [u8]) -> impl Iterator<Item = &'static str> + 'a {
    let marks = one.chunks(MARK).zip(other.chunks(MARK));
    let fields = BY_HAND.iter().zip(marks);
    fields
        .filter(|(_, (one, other))| one != other)
        .map(|(field, _)| *field)
}

/// Whether an update must leave a field as it is.
pub fn by_hand(at: &str) -> bool {
    let pattern = path::pattern(at);
    BY_HAND.contains(&pattern.as_str()) || NEVER_SENT.contains(&pattern.as_str())
}

/// Whether a pattern is that of a value that goes to Bakkt.
fn is_sent(pattern: &str) -> bool {
    path::find_pattern(pattern).is_some_and(|found| {
        let is_value = matches!(
            found.field.shape,
            FieldShape::Leaf(_) | FieldShape::Lines(_)
        );
        is_value && found.field.local.is_none()
    })
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
        assert!(is_changeable("owners[].phoneNumber") && is_changeable("owners[].mailingAddress"));
        for other in [
            "accountType",
            "owners[].mailing",
            "owners[0].phoneNumber",
            "owners[].kind",
            "",
        ] {
            assert!(!is_changeable(other), "{other}");
        }
    }

    #[test]
    fn every_field_that_is_sent_has_a_number_of_its_own() {
        assert_eq!(number("owners[1].identity.dateOfBirth"), Some(2));
        assert_eq!(number("owners[0].ownership_percent"), None);
        assert_eq!(number("owners[4].clientOwnerId"), Some(OWNER_ID));
        for field in FIELDS.iter() {
            let is_one = number(field).is_some_and(is_agreement);
            assert_eq!(is_one, is_of_agreement(field), "{field}");
        }
        let numbers: Vec<_> = FIELDS.iter().filter_map(|field| number(field)).collect();
        assert_eq!(numbers.len(), FIELDS.len());
        assert!(numbers.is_sorted_by(|one, other| one < other));
        // One bit of a byte tells whether there are several values.
        assert!(FIELDS.len() < 256, "{}", FIELDS.len());
    }
}
