//! What a cell of OpenDocument shows, beside the value that it holds: zeros and letters that belong to a number, the day of a date,
//! the currency of an amount.
//!
//! Owner of these judgements. Left out on purpose: what the cell becomes then (`ods`).

use crate::workbook::format::{self, Format};
use crate::workbook::number;

/// Whether a text shows all of a date in ISO 8601: the number of its day, with two others or with one and a month's name. Which
/// number is the year and which the month depends on language and calendar.
pub(super) fn shows_day(shown: &str, date: &str) -> bool {
    let day: Option<u32> = date.get(8..10).and_then(|day| day.parse().ok());
    // The time of day is behind the date or in front of it.
    let words = shown.split_whitespace().filter(|word| !word.contains(':'));
    let text = words.collect::<Vec<_>>().join(" ");
    let numbers: Vec<Option<u32>> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().ok())
        .collect();
    let has_name = text
        .split(|c: char| !c.is_alphabetic())
        .any(|word| word.chars().count() >= 3);
    let wanted = if has_name { 2 } else { 3 };
    numbers.len() >= wanted && numbers.contains(&day)
}

/// Settles the currency of an amount: what the cell says, or the mark around its digits. A dollar is a plain number, as it is in
/// other workbooks.
pub(super) fn settle_currency(format: &mut Format, shown: &str) {
    let Format::Money(code) = format else { return };
    if code.is_empty() {
        let is_number = |c: char| {
            c.is_ascii_digit()
                || matches!(c, '.' | ',' | '\'' | '-' | '(' | ')')
                || c.is_whitespace()
        };
        *code = shown.chars().filter(|c| !is_number(*c)).collect();
    }
    if matches!(code.as_str(), "" | "$" | "USD" | "US$") {
        *format = Format::Number;
    }
}

/// Whether a whole number is shown with zeros before it or with dashes or brackets between its digits.
pub(super) fn has_places(shown: &str, value: f64) -> bool {
    if value < 0.0 || value.fract() != 0.0 || value >= 1e15 {
        return false;
    }
    let mark = |c: char| matches!(c, '-' | '(' | ')' | ' ');
    if !shown.chars().all(|c| c.is_ascii_digit() || mark(c)) {
        return false;
    }
    let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
    let same = digits.trim_start_matches('0') == (value as u64).to_string().trim_start_matches('0');
    let zeros = digits.len() > 1 && digits.starts_with('0');
    same && (zeros || shown.trim_matches(mark).contains(['-', '(', ')']))
}

/// How many decimals are shown of a number that has some, where they are all of them and zeros behind them.
pub(super) fn decimals(shown: &str, value: f64) -> usize {
    let mut number = String::new();
    number::plain(value, 0, &mut number);
    let (_, fraction) = number.rsplit_once('.').unwrap_or_default();
    let shown = shown.trim_end_matches(|c: char| !c.is_ascii_digit());
    let (_, behind) = shown.rsplit_once(['.', ',']).unwrap_or_default();
    let zeros = behind.strip_prefix(fraction);
    match zeros.is_some_and(|zeros| zeros.bytes().all(|byte| byte == b'0')) {
        true => behind.len(),
        false => 0,
    }
}

/// Whether what is shown for a number has letters or marks that are no way of writing a number.
pub(super) fn has_letters(shown: &str) -> bool {
    let digit = |c: char| c.is_ascii_digit();
    let before = shown.find(digit).map_or(shown, |at| &shown[..at]);
    let after = shown.rfind(digit).map_or("", |at| &shown[at + 1..]);
    let inner = &shown[before.len()..shown.len() - after.len()];
    // `1.5E+03`
    let scientific = inner.split(['E', 'e']).count() == 2;
    shown != "TRUE"
        && shown != "FALSE"
        && (format::belongs(before)
            || format::belongs(after)
            || (inner.contains(char::is_alphabetic) && !scientific))
}

/// Whether the digits of a whole number stand in what is shown, one behind the other and zeros before them at most; a word
/// without any stands for the number.
pub(super) fn holds(shown: &str, value: f64) -> bool {
    if !shown.contains(|c: char| c.is_ascii_digit()) {
        return true;
    }
    if value < 0.0 || value.fract() != 0.0 || value >= 1e15 {
        return false;
    }
    let number = (value as u64).to_string();
    let mut runs = shown.split(|c: char| !c.is_ascii_digit());
    runs.any(|run| !run.is_empty() && run.trim_start_matches('0') == number.trim_start_matches('0'))
        || {
            let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
            digits.trim_start_matches('0') == number.trim_start_matches('0')
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_and_dashes_that_are_shown_belong_to_the_number() {
        for (shown, value, places) in [
            ("02139", 2139.0, true),
            ("987-65-0001", 987_650_001.0, true),
            ("000-02-0003", 20_003.0, true),
            ("(212) 555-0100", 2_125_550_100.0, true),
            ("00000", 0.0, true),
            ("2139", 2139.0, false),
            ("0", 0.0, false),
            ("1 234", 1234.0, false),
            ("1,234", 1234.0, false),
            ("(5)", 5.0, false),
            ("-5", 5.0, false),
            ("01.02.2024", 45_323.0, false),
            ("0130", 140.0, false),
        ] {
            assert_eq!(has_places(shown, value), places, "{shown}");
        }
    }

    #[test]
    fn zeros_behind_a_fraction_are_counted() {
        for (shown, value, count) in [
            ("100.10", 100.1, 2),
            ("1.100,10", 1100.1, 2),
            ("100.1", 100.1, 1),
            ("(0.50)", -0.5, 2),
            ("100", 100.1, 0),
            ("100.1", 100.125, 0),
            ("1 1/2", 1.5, 0),
            ("1.5E+00", 1.55, 0),
        ] {
            assert_eq!(decimals(shown, value), count, "{shown}");
        }
    }

    #[test]
    fn letters_that_are_shown_belong_to_the_number() {
        for (shown, value, letters, exact) in [
            ("ID-00042", 42.0, true, true),
            ("C-42", 42.0, true, true),
            ("42-A", 42.0, true, true),
            ("C2-007", 7.0, true, true),
            ("ACCT", 0.0, true, true),
            ("Male", 1.0, true, true),
            ("C-43", 42.7, true, false),
            ("42 kg", 42.4, true, false),
            ("1.5E+03", 1500.0, false, false),
            ("1,234.50 USD", 1234.5, false, false),
            ("$1,234", 1234.0, false, true),
            ("-5", -5.0, false, false),
            ("TRUE", 1.0, false, false),
        ] {
            assert_eq!(has_letters(shown), letters, "{shown}");
            assert!(!letters || holds(shown, value) == exact, "{shown}");
        }
    }

    #[test]
    fn a_date_is_one_where_its_day_is_shown() {
        for (shown, date) in [
            ("03/01/84", "1984-03-01"),
            ("1.3.1984", "1984-03-01"),
            ("1. März 1984", "1984-03-01"),
            ("Thursday, March 1, 1984", "1984-03-01"),
            ("03/01/84 01:45 PM", "1984-03-01T13:45:00"),
            ("1984年3月1日", "1984-03-01"),
            ("平成元年1月8日 1989", "1989-01-08"),
        ] {
            assert!(shows_day(shown, date), "{shown}");
        }
        for (shown, date) in [
            ("Mar 84", "1984-03-01"),
            ("03/84", "1984-03-01"),
            ("1984-01", "1984-01-01"),
            ("1984", "1984-01-01"),
            ("March 1984", "1984-03-01"),
            ("1 Mar", "1984-03-01"),
            ("03/01", "1984-03-01"),
            ("Thursday", "1984-03-01"),
            ("03/84 13:45:00", "1984-03-03T13:45:00"),
        ] {
            assert!(!shows_day(shown, date), "{shown}");
        }
    }
}
