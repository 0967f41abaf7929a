//! Birth dates that cannot be right, and what happened to people before them.
//!
//! Owner of the two limits: 18 and 120 years. Dates are compared as they are written on the wire (2001-02-28), without a
//! calendar: nothing else is needed to tell an age. Left out on purpose: dates that are no dates or not in the past,
//! which are gaps.

use jiff::civil::Date;

/// A calendar day as year, month and day.
pub type Day = (i16, i8, i8);

/// The earliest year of birth that is believed.
const EARLIEST: i16 = 1900;
/// The greatest age that is believed.
const OLDEST: i16 = 120;
/// From this age on somebody is of age.
const OF_AGE: i16 = 18;
/// The first year that [`number`] can tell.
const FIRST: i32 = 1880;

/// Reads a date of the wire.
pub(crate) fn day(text: &str) -> Option<Day> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let number = |from: usize, to: usize| {
        bytes[from..to].iter().try_fold(0i16, |sum, byte| {
            byte.is_ascii_digit()
                .then(|| sum * 10 + i16::from(byte - b'0'))
        })
    };
    Some((number(0, 4)?, number(5, 7)? as i8, number(8, 10)? as i8))
}

/// Whether something happened before a birth. `event` is a date of the wire, or a date and time.
pub(crate) fn is_after(born: Day, event: &str) -> bool {
    event.get(..10).and_then(day).is_some_and(|day| day < born)
}

/// Full years from a birth date to a day.
pub(crate) fn age(born: Day, as_of: Date) -> i16 {
    let years = as_of.year() - born.0;
    years - i16::from((as_of.month(), as_of.day()) < (born.1, born.2))
}

/// Whether somebody is not of age.
pub(crate) fn is_minor(born: Day, as_of: Date) -> bool {
    age(born, as_of) < OF_AGE
}

/// What is wrong with a birth date, if anything is.
pub(crate) fn implausible(born: Day, as_of: Date) -> Option<&'static str> {
    if born.0 < EARLIEST {
        Some("before 1900")
    } else if (born.0 + OLDEST, born.1, born.2) < (as_of.year(), as_of.month(), as_of.day()) {
        Some("more than 120 years ago")
    } else {
        None
    }
}

/// A number for a day from 1880 to about 2050, and 0 for any other: dates in two bytes, to be counted.
pub(crate) fn number(born: Day) -> u16 {
    let (year, month, day) = (i32::from(born.0), i32::from(born.1), i32::from(born.2));
    let number = (year - FIRST) * 372 + (month - 1) * 31 + day;
    u16::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn people_come_of_age_on_their_birthday() {
        let as_of = date(2026, 11, 29);
        let born = |text: &str| day(text).unwrap_or_default();
        for (text, minor) in [
            ("2008-11-29", false),
            ("2008-11-30", true),
            ("2022-01-01", true),
            ("1908-11-30", false),
        ] {
            assert_eq!(is_minor(born(text), as_of), minor, "{text}");
        }
    }

    #[test]
    fn nobody_is_older_than_120() {
        let as_of = date(2026, 11, 29);
        let why = |text: &str| day(text).and_then(|born| implausible(born, as_of));
        assert_eq!(why("1899-12-31"), Some("before 1900"));
        assert_eq!(why("1900-01-01"), Some("more than 120 years ago"));
        assert_eq!(why("1905-11-29"), Some("more than 120 years ago"));
        assert_eq!(why("1906-11-28"), Some("more than 120 years ago"));
        assert_eq!(why("1906-11-29"), None);
        assert_eq!(why("19051130"), None);
    }

    #[test]
    fn nothing_happens_before_a_birth() {
        let born = (1950, 5, 1);
        for (event, before) in [
            ("1950-03-31T00:00:00Z", true),
            ("1949-12-31", true),
            ("1950-05-01T00:00:00Z", false),
            ("1984-03-31T00:00:00Z", false),
            ("", false),
            ("soon", false),
            ("yesterdaä", false),
        ] {
            assert_eq!(is_after(born, event), before, "{event}");
        }
    }

    #[test]
    fn days_have_numbers_of_their_own() {
        let all = [
            "1880-01-01",
            "1970-01-01",
            "1970-01-31",
            "1970-02-01",
            "2026-12-31",
        ];
        let numbers: Vec<u16> = all
            .iter()
            .filter_map(|text| day(text))
            .map(number)
            .collect();
        assert!(
            numbers.windows(2).all(|pair| pair[0] < pair[1]),
            "{numbers:?}"
        );
        assert_eq!(day("1753-01-01").map(number), Some(0));
    }
}
