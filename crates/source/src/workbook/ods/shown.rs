//! What a cell of OpenDocument shows, beside the value that it holds: zeros and letters that belong to a number, the day of a date,
//! the currency of an amount.
//!
//! Owner of these judgements. Left out on purpose: what the cell becomes then (`ods`).

use crate::workbook::format::{self, Format};
use crate::workbook::number;

/// What a number's cell becomes, by what it shows.
#[derive(Debug, PartialEq)]
pub(super) enum ShownNumber {
    /// The number as it is.
    AsItIs,
    /// What is shown: letters, signs, marks or zeros belong to it.
    Exactly(String),
    /// Nothing is shown of a zero.
    Empty,
    /// Another number is shown.
    Otherwise,
    /// Nothing is shown of a number that is not zero.
    Hidden,
}

/// Judges what is shown for a number. `shift` is two where hundredths are shown.
pub(super) fn judge(shown: &str, value: f64, shift: i32) -> ShownNumber {
    let text = shown.trim();
    if text.is_empty() {
        return match value == 0.0 {
            true => ShownNumber::Empty,
            false => ShownNumber::Hidden,
        };
    }
    // A percentage's own sign.
    let bare = match shift {
        0 => text.to_owned(),
        _ => text.replacen('%', "", 1).trim().to_owned(),
    };
    let Some((before, inner, after)) = around(&bare) else {
        // A word stands for the number; a dash is a zero.
        return match (has_letters(&bare), value == 0.0) {
            (true, _) => ShownNumber::Exactly(shown.to_owned()),
            (false, true) => ShownNumber::AsItIs,
            (false, false) => ShownNumber::Otherwise,
        };
    };
    let is_negative = format::is_negative(before, after);
    if has_letters(&bare) || (value >= 0.0 && is_negative) {
        let mut scaled = String::new();
        number::plain(value, shift, &mut scaled);
        return match holds(&bare, scaled.parse().unwrap_or(f64::NAN)) {
            true => ShownNumber::Exactly(without_thousands(text)),
            false => ShownNumber::Otherwise,
        };
    }
    let point = before.ends_with(['.', ',']);
    let read = &bare[before.len() - usize::from(point)..before.len() + inner.len()];
    if (value < 0.0) != is_negative || !reads_as(read, value.abs() * 10_f64.powi(shift)) {
        return ShownNumber::Otherwise;
    }
    match shift == 0 && has_places(shown, value) {
        true => ShownNumber::Exactly(shown.to_owned()),
        false => ShownNumber::AsItIs,
    }
}

/// What stands before the first digit, from there to the last one, and behind it.
fn around(shown: &str) -> Option<(&str, &str, &str)> {
    let digit = |c: char| c.is_ascii_digit();
    let (first, last) = (shown.find(digit)?, shown.rfind(digit)?);
    Some((&shown[..first], &shown[first..=last], &shown[last + 1..]))
}

/// Whether digits with their separators are the number, rounded at most; fractions and exponents are ways of showing it.
fn reads_as(text: &str, value: f64) -> bool {
    let is_separator = |c: char| matches!(c, '.' | ',' | '\'' | '’') || c.is_whitespace();
    if !text.chars().all(|c| c.is_ascii_digit() || is_separator(c)) {
        return true;
    }
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let is_near = |whole: &str, decimals: &str| {
        let read = format!("0{}.{}0", digits(whole), digits(decimals));
        let unit = 10_f64.powi(-i32::try_from(decimals.len()).unwrap_or(i32::MAX));
        // Half a unit, and what binary fractions leave.
        let most = unit * 0.5 + value * 1e-12;
        read.parse()
            .is_ok_and(|read: f64| (read - value).abs() <= most)
    };
    let parted = text.rsplit_once(['.', ',']);
    is_near(text, "") || parted.is_some_and(|(whole, decimals)| is_near(whole, decimals))
}

/// What is shown without separators of thousands, as other kinds of workbooks give it.
fn without_thousands(shown: &str) -> String {
    let Some((before, inner, after)) = around(shown) else {
        return shown.to_owned();
    };
    let mut groups = inner.split(['.', ',']);
    let first = groups.next().unwrap_or_default();
    let others: Vec<&str> = groups.collect();
    let is_grouped = !others.is_empty()
        && (1..=3).contains(&first.len())
        && others.iter().all(|group| group.len() == 3)
        && inner
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','));
    match is_grouped {
        true => format!("{before}{first}{}{after}", others.concat()),
        false => shown.to_owned(),
    }
}

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
    fn a_cell_is_what_a_person_sees() {
        use ShownNumber::{AsItIs, Empty, Exactly, Hidden, Otherwise};
        let exactly = |text: &str| Exactly(text.to_owned());
        for (shown, value, shift, judged) in [
            ("+6569812340", 6_569_812_340.0, 0, exactly("+6569812340")),
            (
                "+65 6981 2340",
                6_569_812_340.0,
                0,
                exactly("+65 6981 2340"),
            ),
            ("1,000,000+", 1e6, 0, exactly("1000000+")),
            ("1.000.000+", 1e6, 0, exactly("1000000+")),
            ("$1,500,000+", 1.5e6, 0, exactly("$1500000+")),
            ("1,234 pcs", 1234.0, 0, exactly("1234 pcs")),
            ("(500)", 500.0, 0, exactly("(500)")),
            ("-500", 500.0, 0, exactly("-500")),
            ("500-", 500.0, 0, exactly("500-")),
            (
                "(212) 555-0100",
                2_125_550_100.0,
                0,
                exactly("(212) 555-0100"),
            ),
            ("25%", 25.0, 0, exactly("25%")),
            ("5‰", 5.0, 0, exactly("5‰")),
            ("02139", 2139.0, 0, exactly("02139")),
            ("Male", 1.0, 0, exactly("Male")),
            ("+30%", 0.3, 2, exactly("+30%")),
            ("30%", 0.3, 2, AsItIs),
            ("25%", 0.245, 2, AsItIs),
            ("-50 %", -0.5, 2, AsItIs),
            ("(500)", -500.0, 0, AsItIs),
            ("-500", -500.0, 0, AsItIs),
            ("500-", -500.0, 0, AsItIs),
            ("1,500,000", 1.5e6, 0, AsItIs),
            ("1.500,25", 1500.25, 0, AsItIs),
            ("43", 42.7, 0, AsItIs),
            (".5", 0.5, 0, AsItIs),
            ("1.5E+06", 1.5e6, 0, AsItIs),
            ("1 1/2", 1.5, 0, AsItIs),
            ("85,-", 85.0, 0, AsItIs),
            (" - ", 0.0, 0, AsItIs),
            ("", 0.0, 0, Empty),
            (" ", 0.0, 2, Empty),
            ("", 5.0, 0, Hidden),
            ("1,500", 1.5e6, 0, Otherwise),
            ("1.5M", 1.5e6, 0, Otherwise),
            ("5", -5.0, 0, Otherwise),
            ("-5+", -5.0, 0, Otherwise),
            ("-", 5.0, 0, Otherwise),
        ] {
            assert_eq!(judge(shown, value, shift), judged, "{shown} {value}");
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
