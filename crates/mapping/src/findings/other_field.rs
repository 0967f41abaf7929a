//! Texts that hold what belongs into another field: an e-mail address, a phone number, a tax id.
//!
//! Owner of [`is_of_another_field`], which is asked of streets, cities and free texts alike. Left out on purpose: names of people and
//! cities, which are names of buildings and firms as well, and numbers without marks, which may be anything.

/// How tax ids of the U.S. are grouped, of people and of firms, and phone numbers of North America.
const TAX_ID: [usize; 3] = [3, 2, 4];
const ENTITY_TAX_ID: [usize; 2] = [2, 7];
const PHONE: [usize; 3] = [3, 3, 4];

/// The least digits of a tax id, and of a phone number with the code of its country.
const FEWEST: usize = 9;

/// Whether a text, in part or whole, belongs into another field: "mara@example.com", "(312) 555-0123", "Shop SSN 987-00-1234".
pub(super) fn is_of_another_field(text: &str) -> bool {
    if memchr::memchr(b'@', text.as_bytes()).is_some()
        && let Some((before, behind)) = text.split_once('@')
    {
        let is_domain = behind.contains('.') && !behind.starts_with(' ');
        return is_domain && before.ends_with(|c: char| !c.is_whitespace());
    }
    if text.bytes().filter(u8::is_ascii_digit).count() < FEWEST {
        return false;
    }
    // Words may stand on both sides of a number whose marks say what it is.
    let is_part = |c: char| c.is_ascii_digit() || is_mark(c);
    let mut rest = text;
    while let Some(first) = rest.find(|c: char| c.is_ascii_digit() || matches!(c, '(' | '+')) {
        let (before, number) = rest.split_at(first);
        let end = number.find(|c| !is_part(c)).unwrap_or(number.len());
        let (number, behind) = number.split_at(end);
        let is_alone =
            rest.len() == text.len() && behind.is_empty() && before.split_whitespace().count() <= 1;
        // "A-312-555-0123" is a number of something else.
        let is_glued = before.ends_with(|c: char| c.is_alphanumeric() || c == '-')
            || behind.starts_with(char::is_alphanumeric) && !number.ends_with(' ');
        if !is_glued && is_id_or_phone(number.trim_end(), is_alone) {
            return true;
        }
        rest = behind;
    }
    false
}

fn is_mark(c: char) -> bool {
    matches!(c, ' ' | '-' | '.' | '(' | ')' | '/' | '+')
}

/// Whether digits and marks are grouped like a tax id or a phone number. `is_alone`: blanks may be its only marks.
fn is_id_or_phone(number: &str, is_alone: bool) -> bool {
    let groups = number.split(is_mark).filter(|group| !group.is_empty());
    let mut lengths: Vec<usize> = groups.clone().map(str::len).collect();
    if number.starts_with('+') {
        return lengths.iter().sum::<usize>() >= FEWEST;
    }
    if groups.clone().next() == Some("1") {
        lengths.remove(0);
    }
    let is_marked = is_alone || number.contains(|c| is_mark(c) && c != ' ');
    is_marked
        && (lengths == TAX_ID
            || lengths == PHONE
            || (lengths == ENTITY_TAX_ID && number.contains('-')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_other_fields_are_found_wherever_they_stand() {
        for text in [
            "987-00-1234",
            "987 00 1234",
            "SSN 987-00-1234",
            "Sample Shop SSN 987-00-1234",
            "Sample Shop (987-00-1234) Austin",
            "Sample Shop, 00-0001234",
            "mara@example.com",
            "Sample Shop <mara@example.com>",
            "(312) 555-0123",
            "Sample Shop 312.555.0123",
            "Sample Shop 1-312-555-0123 ext 4",
            "Sample Shop +44 20 7946 0123",
        ] {
            assert!(is_of_another_field(text), "{text}");
        }
        for text in [
            "",
            "Sample Shop 987001234",
            "Store 312 555 0123 Austin",
            "1-800-FLOWERS",
            "Suite 312-555",
            "5-12-3",
            "100-200-300",
            "Sample @ Home",
            "Part A-312-555-0123",
            "2010-2020 Sample 12345",
            "012345678901",
        ] {
            assert!(!is_of_another_field(text), "{text}");
        }
    }
}
