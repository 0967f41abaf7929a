//! When the key of a row that has no account may mean one all the same: the one rule for owners, documents and backfill files.
//!
//! A spreadsheet takes the zeros in front of ids away, and programs write ids with and without capitals, punctuation and letters in
//! front, with the number or the letter of an owner behind, or several in one cell. A row and an account that have a mark in common
//! are likely the same. Left out on purpose: keeping marks, and what follows (`other_forms` and others).

use super::ids::{self, form_of};
use super::lost::whole_number;

/// Digits of the shortest number that may be an id without its letters.
pub(super) const LEAST_DIGITS: usize = 3;

/// What a key and an id have in common when they may be the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyMark {
    /// The same form, see [`ids::form`].
    Form(String),
    /// A part of the row's key is the whole id.
    Within(String),
    /// The same number; what stands in front of it and behind it is the same, or only one of them has any.
    Number {
        /// Letters in front, mostly.
        front: BesideNumber,
        /// Its digits, without zeros in front.
        number: String,
        /// The number of an owner, or a letter for one.
        behind: BesideNumber,
    },
}

/// What stands on one side of the number of a key and of an id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BesideNumber {
    /// The same in both.
    Same(String),
    /// Something in the row's key alone.
    OfRow,
    /// Something in the account's id alone.
    OfAccount,
}

/// The marks of a row's key.
pub fn of_row(key: &str) -> Vec<KeyMark> {
    // Decimals and exponents are for `ids::form`.
    let is_mark = |c: char| !c.is_alphanumeric() && !matches!(c, '.' | '+');
    let is_list = |c: char| matches!(c, ';' | ',' | '|' | '&' | '/' | '\n');
    // `C100-1` and `A-7 (joint)` begin with an account's key; `C100;C101` has several.
    let begins = key.match_indices(is_mark).map(|(at, _)| &key[..at]);
    let parts = key.split(is_mark).chain(begins).map(str::trim_end);
    let parts = parts.filter(|part| !part.is_empty() && part.len() < key.len());
    let several = key.split(is_list).filter(|part| part.len() < key.len());
    let mut marks = vec![KeyMark::Form(form_of(key))];
    marks.extend(numbers(key, BesideNumber::OfRow, BesideNumber::OfAccount));
    marks.extend(parts.map(|part| KeyMark::Within(form_of(part))));
    marks
        .extend(several.flat_map(|key| numbers(key, BesideNumber::OfRow, BesideNumber::OfAccount)));
    marks
}

/// The marks of an account's id. Where it has rows of its own, longer and shorter keys are taken for those of others.
pub fn of_account(id: &str, has_rows: bool) -> Vec<KeyMark> {
    let form = form_of(id);
    if has_rows {
        return vec![KeyMark::Form(form)];
    }
    let mut marks = vec![KeyMark::Form(form.clone()), KeyMark::Within(form)];
    marks.extend(numbers(id, BesideNumber::OfAccount, BesideNumber::OfRow));
    marks
}

/// The marks of the first number of a key. `own` stands for something beside it that the other side lacks, `others` for the opposite.
fn numbers(key: &str, own: BesideNumber, others: BesideNumber) -> Vec<KeyMark> {
    let seen = match whole_number(key) {
        Some(number) => ids::skeleton_of(&number),
        None => ids::skeleton_of(key),
    };
    let Some(start) = seen.find(|c: char| c.is_ascii_digit()) else {
        return Vec::new();
    };
    let (front, rest) = seen.split_at(start);
    let end = rest.find(|c: char| !c.is_ascii_digit());
    let (number, behind) = rest.split_at(end.unwrap_or(rest.len()));
    let sides = |text: &str| {
        let text: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
        let lacking = if text.is_empty() { &others } else { &own };
        [lacking.clone(), BesideNumber::Same(text)]
    };
    let (fronts, behinds) = (sides(front), sides(behind));
    let is_same = |side: &BesideNumber| matches!(side, BesideNumber::Same(_));
    let pairs = fronts
        .iter()
        .flat_map(|front| behinds.iter().map(move |behind| (front, behind)));
    pairs
        // Both the same: so is the form.
        .filter(|(front, behind)| !(is_same(front) && is_same(behind)))
        .filter(|(front, _)| is_same(front) || number.len() >= LEAST_DIGITS)
        .map(|(front, behind)| KeyMark::Number {
            front: front.clone(),
            number: number.to_owned(),
            behind: behind.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(key: &str, id: &str, has_rows: bool) -> bool {
        let (row, account) = (of_row(key), of_account(id, has_rows));
        account.iter().any(|mark| row.contains(mark))
    }

    #[test]
    fn a_key_means_an_id_in_another_form() {
        for (key, id) in [
            ("1", "001"),
            ("a1", "A-1"),
            ("1001.0", "1001"),
            ("c7", "C-07"),
        ] {
            assert!(mean(key, id, true), "{key} {id}");
        }
        for (key, id) in [
            ("1001", "C1001"),
            ("C1001", "1001"),
            ("C1001-1", "C1001"),
            ("C1001 (joint)", "C1001"),
            ("C1001;C1002", "C1002"),
            ("1001;1002", "C1002"),
            ("C1001J", "C1001"),
            ("C1001.1", "C1001"),
            ("C1001.J", "C1001"),
            ("C1001_J", "C1001"),
            ("1001-1", "C1001"),
            ("1001J", "C1001"),
            ("c1001-1", "C1001"),
            ("1001-1", "001001"),
            ("1001", "1001TX"),
            ("1001J", "1001"),
            ("C1001", "C1001-2"),
            ("C1J", "C1"),
            ("C1.1", "C1"),
            ("C1-2", "C1"),
            ("ACC C1001", "C1001"),
            ("01-C1001", "c01001"),
        ] {
            assert!(mean(key, id, false) && !mean(key, id, true), "{key} {id}");
        }
        for (key, id) in [
            ("12", "C12"),
            ("D50001", "D5000"),
            ("XE6", "E6"),
            ("1002", "1001"),
            ("B1001", "A1001"),
            ("1001B", "1001A"),
            ("C1001-3", "C1001-2"),
            ("C100101", "C1001"),
            ("12J", "C12"),
            ("123e4567-e89b", "123f9999-e89b"),
        ] {
            assert!(!mean(key, id, false), "{key} {id}");
        }
    }
}
