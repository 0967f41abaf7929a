//! When the key of a row that has no account may mean one all the same: the one rule for owners, documents and backfill files.
//!
//! A spreadsheet takes the zeros in front of ids away, and programs write ids with and without capitals, punctuation and letters in
//! front, with the number of an owner behind, or several in one cell. A row and an account that have a mark in common are likely
//! the same. Left out on purpose: keeping marks, and what follows (`other_forms` and others).

use std::borrow::Cow;

use super::ids;

/// Digits of the shortest number that may be an id without its letters.
const LEAST_DIGITS: usize = 3;

/// What a key and an id have in common when they may be the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyMark<'a> {
    /// The form of a row's key, see [`ids::form`].
    Form(Cow<'a, str>),
    /// The number of a row's key that has letters in front of it.
    Lettered(Cow<'a, str>),
    /// A part of a row's key that may be a whole id.
    Within(&'a str),
}

/// The marks of an account's id.
#[derive(Debug)]
pub struct AccountMarks<'a> {
    /// A row with this mark means the account.
    pub always: KeyMark<'a>,
    /// A row with one of these does where the account has no rows of its own: else longer and shorter keys are those of others.
    pub without_rows: Vec<KeyMark<'a>>,
}

/// The marks of a row's key.
pub fn of_row(key: &str) -> Vec<KeyMark<'_>> {
    let form = form(key);
    let number = number_behind_letters(&form).map(str::to_owned);
    let mut marks = vec![KeyMark::Form(form.into())];
    marks.extend(number.map(|number| KeyMark::Lettered(number.into())));
    // Decimals and exponents are for `ids::form`.
    let is_mark = |c: char| !c.is_alphanumeric() && !matches!(c, '.' | '+');
    // `C100-1` and `A-7 (joint)` begin with an account's key; `C100;C101` has several.
    let begins = key
        .match_indices(is_mark)
        .map(|(at, _)| key[..at].trim_end());
    let parts = key.split(is_mark).chain(begins);
    let is_part = |part: &&str| !part.is_empty() && *part != key;
    marks.extend(parts.filter(is_part).map(KeyMark::Within));
    marks
}

/// The marks of an account's id.
pub fn of_account(id: &str) -> AccountMarks<'_> {
    let form = form(id);
    let number = number_behind_letters(&form).map(str::to_owned);
    let mut without_rows = vec![KeyMark::Within(id), KeyMark::Lettered(form.clone().into())];
    without_rows.extend(number.map(|number| KeyMark::Form(number.into())));
    AccountMarks {
        always: KeyMark::Form(form.into()),
        without_rows,
    }
}

fn form(key: &str) -> String {
    let mut form = String::with_capacity(key.len());
    ids::form(key, &mut form);
    form
}

/// The number of an id that has nothing but letters in front of it.
pub(super) fn number_behind_letters(form: &str) -> Option<&str> {
    let number = form.trim_start_matches(char::is_alphabetic);
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    (number.len() < form.len() && number.len() >= LEAST_DIGITS && is_number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(key: &str, id: &str, has_rows: bool) -> bool {
        let (row, account) = (of_row(key), of_account(id));
        let is_there = |mark: &KeyMark<'_>| row.contains(mark);
        is_there(&account.always) || !has_rows && account.without_rows.iter().any(is_there)
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
        ] {
            assert!(mean(key, id, false) && !mean(key, id, true), "{key} {id}");
        }
        for (key, id) in [
            ("12", "C12"),
            ("D50001", "D5000"),
            ("XE6", "E6"),
            ("1002", "1001"),
        ] {
            assert!(!mean(key, id, false), "{key} {id}");
        }
    }
}
