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

/// How mappings read each order.
static STYLES: LazyLock<[DateStyle; 3]> = LazyLock::new(|| {
    let orders = [
        DateOrder::MonthDayYear,
        DateOrder::DayMonthYear,
        DateOrder::YearMonthDay,
    ];
    orders.map(DateStyle::new)
});

/// Looks at a text.
pub(crate) fn look(text: &str) -> Option<DateReadings> {
    if !(6..=40).contains(&text.len()) || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let [month_first, day_first, year_first] = &*STYLES;
    let read = |style: &DateStyle| {
        let read = style.parse(text)?;
        YEARS.contains(&read.date.year()).then_some(read)
    };
    let year_in_front = text.bytes().take(4).all(|byte| byte.is_ascii_digit());
    let ymd = year_in_front.then(|| read(year_first)).flatten();
    let (mdy, dmy) = match ymd {
        Some(_) => (None, None),
        None => (read(month_first), read(day_first)),
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
        short_year: !text.contains(&found.date.year().to_string()),
        time: found.has_time(),
        zone: found.has_zone(),
        year: found.date.year().unsigned_abs(),
    })
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
