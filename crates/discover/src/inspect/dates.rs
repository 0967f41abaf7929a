//! What a date says about the order of its parts.
//!
//! Owner of [`look`]: whether a text is a date at all, and in which orders it can be read. It decides nothing: one value
//! can be read in two orders, a column of them in one. What a date is, mappings say (`mapping::dates`).

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use bakkt_mapping::dates::ordered::{DateOrder, DateStyle};

/// The ways in which one text can be read as a date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DateReadings {
    /// Can be month, day, year.
    pub mdy: bool,
    /// Can be day, month, year.
    pub dmy: bool,
    /// Can be year, month, day.
    pub ymd: bool,
    /// The month is a word.
    pub word: bool,
    /// The year has two digits.
    pub short_year: bool,
    /// A time follows.
    pub time: bool,
    /// Behind the time stands where it is from.
    pub zone: bool,
    /// The year, of two digits with its likely century.
    pub year: u16,
}

/// The years that dates of customers have: beyond them, eight digits are something else.
const YEARS: RangeInclusive<i16> = 1850..=2100;

/// How mappings read dates; the order is said with each text.
static STYLE: LazyLock<DateStyle> = LazyLock::new(|| DateStyle::new(DateOrder::MonthDayYear));

/// Whether a byte can stand in a date or in the time behind it.
fn may_be_in_a_date(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || char::from(byte).is_whitespace()
        || !byte.is_ascii()
        || b"/-.,':+".contains(&byte)
}

/// Looks at a text.
pub(crate) fn look(text: &str) -> Option<DateReadings> {
    // Most values are none, which is seen before they are taken apart.
    if !(6..=40).contains(&text.len())
        || !text.bytes().any(|byte| byte.is_ascii_digit())
        || !text.bytes().all(may_be_in_a_date)
    {
        return None;
    }
    let orders = [
        DateOrder::MonthDayYear,
        DateOrder::DayMonthYear,
        DateOrder::YearMonthDay,
    ];
    let read = STYLE.parse_in(text, orders);
    let [mdy, dmy, ymd] = read.map(|read| read.filter(|read| YEARS.contains(&read.date.year())));
    let ymd = ymd.filter(|_| text.bytes().take(4).all(|byte| byte.is_ascii_digit()));
    let (mdy, dmy) = match ymd {
        Some(_) => (None, None),
        None => (mdy, dmy),
    };
    let found = ymd.or(mdy).or(dmy)?;
    // What follows a colon is a time; before it stand letters where the month is a word, and a `T` at most where it is not.
    let head = text.split(':').next().unwrap_or(text);
    let word = ymd.is_none() && head.chars().filter(|c| c.is_alphabetic()).count() > 2;
    // The name of a month tells it from the day, so that both orders read it: the text shows which it has.
    let day_in_front = text.starts_with(|c: char| c.is_ascii_digit());
    Some(DateReadings {
        mdy: mdy.is_some() && !(word && day_in_front),
        dmy: dmy.is_some() && (!word || day_in_front),
        ymd: ymd.is_some(),
        word,
        short_year: !has_year(text, found.date.year()),
        time: found.has_time(),
        zone: found.has_zone(),
        year: found.date.year().unsigned_abs(),
    })
}

/// Whether all four digits of a year stand in a text.
fn has_year(text: &str, year: i16) -> bool {
    let digits = [1000, 100, 10, 1].map(|unit| i16::from(b'0') + year / unit % 10);
    let is = |four: &[u8]| four.iter().map(|byte| i16::from(*byte)).eq(digits);
    text.as_bytes().windows(4).any(is)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The orders, as letters.
    fn orders(text: &str) -> String {
        look(text).map_or("-".into(), |found| {
            let mut orders = String::new();
            for (is, letter) in [(found.mdy, 'm'), (found.dmy, 'd'), (found.ymd, 'y')] {
                orders.extend(is.then_some(letter));
            }
            orders.extend(found.time.then_some('t'));
            orders
        })
    }

    #[test]
    fn nothing_is_passed_over_that_mappings_read_as_a_date() {
        let dates = [
            "03/31/1984",
            "31 March 1984",
            "Mar 31, 1984",
            "2024-03-31T09:30:00Z",
        ];
        for byte in 0..128u8 {
            let mark = char::from(byte);
            for date in dates {
                for place in 0..=date.len() {
                    let (head, tail) = date.split_at(place);
                    let text = format!("{head}{mark}{tail}");
                    let is_read = STYLE.parse(&text).is_some();
                    assert!(!is_read || may_be_in_a_date(byte), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn a_zone_behind_a_time_is_seen() {
        for (text, wanted) in [
            ("2024-03-31T09:30:00Z", true),
            ("2024-03-31 09:30:00+02:00", true),
            ("2024-03-31 09:30:00-0500", true),
            ("2024-03-31 09:30 EST", true),
            ("2024-03-31 09:30:00", false),
            ("03/31/2024 9:30 PM", false),
            ("2024-03-31", false),
        ] {
            assert_eq!(look(text).unwrap().zone, wanted, "{text}");
        }
    }

    #[test]
    fn what_a_date_shows() {
        for (text, wanted) in [
            ("03/31/1984", "m"),
            ("31/03/1984", "d"),
            ("3.4.1984", "md"),
            ("1984-03-31", "y"),
            ("03/04/84", "md"),
            ("2024-03-31T09:30:00Z", "yt"),
            ("03/31/2024 9:30 PM", "mt"),
            ("31 March 1984", "d"),
            ("Mar 31, 1984", "m"),
            ("31-MAR-84", "d"),
            ("19840331", "y"),
            ("03311984", "m"),
            ("13/13/1984", "-"),
            ("987-65-4321", "-"),
            ("312-555-0123", "-"),
            ("Raleigh, NC", "-"),
            ("12345678", "-"),
            ("", "-"),
        ] {
            assert_eq!(orders(text), wanted, "{text}");
        }
    }
}
