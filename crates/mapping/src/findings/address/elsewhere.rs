//! Lines of an address that belong into another field: an e-mail address, a phone number, a tax id; and lines that are masked.
//!
//! Owner of [`is_of_another_field`], which is asked of lines that are no plain street. Left out on purpose: names of people and
//! cities, which are names of buildings as well.

/// How a tax id of the U.S. and a phone number of North America are grouped.
const TAX_ID: [usize; 3] = [3, 2, 4];
const PHONE: [usize; 3] = [3, 3, 4];

/// The least digits of a phone number with the code of its country.
const WITH_COUNTRY: usize = 9;

/// Whether a line, in part or whole, is no part of an address: "mara@example.com", "(312) 555-0123", "S***** Rd".
pub(super) fn is_of_another_field(line: &str) -> bool {
    if line.contains("**") {
        return true;
    }
    if let Some((before, behind)) = line.split_once('@') {
        let is_domain = behind.contains('.') && !behind.starts_with(' ');
        return is_domain && before.ends_with(|c: char| !c.is_whitespace());
    }
    let digits = line.bytes().filter(u8::is_ascii_digit).count();
    if digits < WITH_COUNTRY {
        return false;
    }
    // Words in front may say what it is; a line with words behind its digits is something else.
    let Some(first) = line.find(|c: char| c.is_ascii_digit() || matches!(c, '(' | '+')) else {
        return false;
    };
    let (before, number) = line.split_at(first);
    let marks = |c: char| matches!(c, ' ' | '-' | '.' | '(' | ')' | '/' | '+');
    let is_number = number.chars().all(|c| c.is_ascii_digit() || marks(c));
    if !is_number || before.split_whitespace().count() > 1 {
        return false;
    }
    let groups = number.split(marks).filter(|group| !group.is_empty());
    let mut lengths: Vec<usize> = groups.clone().map(str::len).collect();
    if groups.clone().next() == Some("1") {
        lengths.remove(0);
    }
    number.starts_with('+') || lengths == TAX_ID || lengths == PHONE
}
