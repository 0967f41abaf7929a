//! Dates of a workbook: days since an epoch, and the time of day as a fraction.
//!
//! Owner of both epochs. Days count from 1900, where 29 February 1900 exists, as it does in Excel, or from 1904. Invariant:
//! a date that the calendar has not is written as Excel shows it (`1900-01-00`, `1900-02-29`), so that a mapping refuses
//! it and nobody moves it by a day.

use std::fmt::Write as _;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, ToSpan};

const DAY: f64 = 86_400.0;

/// Where days are counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DayEpoch {
    /// Day 1 is 1 January 1900.
    #[default]
    Of1900,
    /// Day 0 is 1 January 1904.
    Of1904,
}

/// Which parts of a day a cell shows that does not show all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShownDay {
    /// The year.
    pub year: bool,
    /// The month.
    pub month: bool,
    /// The day of the month.
    pub day: bool,
}

impl ShownDay {
    /// Whether it is a whole date.
    pub(crate) fn is_whole(self) -> bool {
        self.year && self.month && self.day
    }

    /// Writes those parts of a date in ISO 8601, and nothing in place of the others.
    pub(crate) fn write(self, date: &str, out: &mut String) {
        let parts = date.splitn(3, '-').zip([self.year, self.month, self.day]);
        let start = out.len();
        for (part, _) in parts.filter(|(_, shown)| *shown) {
            if out.len() > start {
                out.push('-');
            }
            out.push_str(part);
        }
    }
}

/// Which parts of a date and time are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShownParts {
    /// The day.
    Date,
    /// Not the whole day: what it leaves out nobody has written there (`Mar-84` is no first of March).
    PartOfDate(ShownDay),
    /// The day and the time.
    DateTime,
    /// The time of day.
    Time,
    /// Hours that count on beyond 24.
    Elapsed,
    /// What the value has: a time below one, a date when it is whole, else both.
    Whatever,
}

/// Writes a serial number; false where the calendar ends, which Excel shows as `#####`.
pub(crate) fn write(serial: f64, epoch: DayEpoch, parts: ShownParts, out: &mut String) -> bool {
    // Whole seconds: fractions of binary numbers are no milliseconds that somebody typed.
    let seconds = (serial * DAY).round();
    if !(0.0..DAY * 3_000_000.0).contains(&seconds) {
        return false;
    }
    let seconds = seconds as i64;
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    let parts = match parts {
        ShownParts::Whatever if days == 0 && time > 0 => ShownParts::Time,
        ShownParts::Whatever if time == 0 => ShownParts::Date,
        ShownParts::Whatever => ShownParts::DateTime,
        given => given,
    };
    if let ShownParts::PartOfDate(shown) = parts {
        let mut day = String::new();
        let is_day = write_day(days, epoch, &mut day);
        shown.write(&day, out);
        return is_day;
    }
    if matches!(parts, ShownParts::Date | ShownParts::DateTime) && !write_day(days, epoch, out) {
        return false;
    }
    if parts == ShownParts::DateTime {
        out.push(' ');
    }
    match parts {
        ShownParts::DateTime | ShownParts::Time => write_time(time, out),
        ShownParts::Elapsed => write_time(seconds, out),
        ShownParts::Date | ShownParts::PartOfDate(_) | ShownParts::Whatever => {}
    }
    true
}

fn write_day(days: i64, epoch: DayEpoch, out: &mut String) -> bool {
    let first: Date = match (epoch, days) {
        (DayEpoch::Of1904, _) => date(1904, 1, 1),
        (DayEpoch::Of1900, 0) => {
            out.push_str("1900-01-00");
            return true;
        }
        (DayEpoch::Of1900, 60) => {
            out.push_str("1900-02-29");
            return true;
        }
        (DayEpoch::Of1900, ..60) => date(1899, 12, 31),
        (DayEpoch::Of1900, _) => date(1899, 12, 30),
    };
    let Ok(day) = first.checked_add(days.days()) else {
        return false;
    };
    // Writing to a string cannot fail.
    let _ = write!(out, "{day}");
    true
}

fn write_time(seconds: i64, out: &mut String) {
    let time = SignedDuration::from_secs(seconds);
    let (hours, minutes) = (time.as_hours(), time.as_mins() % 60);
    let _ = write!(out, "{hours:02}:{minutes:02}:{:02}", seconds % 60);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(serial: f64, epoch: DayEpoch, parts: ShownParts) -> Option<String> {
        let mut text = String::new();
        write(serial, epoch, parts, &mut text).then_some(text)
    }

    #[test]
    fn serial_numbers_are_the_days_that_excel_shows() {
        use DayEpoch::{Of1900, Of1904};
        for (serial, epoch, text) in [
            (1.0, Of1900, "1900-01-01"),
            (59.0, Of1900, "1900-02-28"),
            (60.0, Of1900, "1900-02-29"),
            (61.0, Of1900, "1900-03-01"),
            (0.0, Of1900, "1900-01-00"),
            (25_569.0, Of1900, "1970-01-01"),
            (45_382.0, Of1900, "2024-03-31"),
            (2_958_465.0, Of1900, "9999-12-31"),
            (0.0, Of1904, "1904-01-01"),
            (43_920.0, Of1904, "2024-03-31"),
            (60.0, Of1904, "1904-03-01"),
        ] {
            assert_eq!(
                shown(serial, epoch, ShownParts::Date).as_deref(),
                Some(text)
            );
        }
        assert_eq!(shown(2_958_466.0, Of1900, ShownParts::Date), None);
        assert_eq!(shown(-1.0, Of1900, ShownParts::Date), None);
        assert_eq!(shown(f64::NAN, Of1900, ShownParts::Date), None);
        assert_eq!(shown(f64::INFINITY, Of1900, ShownParts::Time), None);
    }

    #[test]
    fn what_a_cell_does_not_show_is_not_written() {
        let part = |year, month, day| ShownParts::PartOfDate(ShownDay { year, month, day });
        for (parts, text) in [
            (part(true, true, false), "1984-03"),
            (part(true, false, false), "1984"),
            (part(false, true, true), "03-01"),
            (part(false, false, true), "01"),
            (part(false, false, false), ""),
        ] {
            assert_eq!(
                shown(30_742.5, DayEpoch::Of1900, parts).as_deref(),
                Some(text)
            );
        }
    }

    #[test]
    fn times_are_whole_seconds() {
        let noon = 45_382.0 + 13.75 / 24.0;
        for (serial, parts, text) in [
            (noon, ShownParts::DateTime, "2024-03-31 13:45:00"),
            (noon, ShownParts::Date, "2024-03-31"),
            (noon, ShownParts::Time, "13:45:00"),
            (noon, ShownParts::Whatever, "2024-03-31 13:45:00"),
            (45_382.0, ShownParts::Whatever, "2024-03-31"),
            (45_382.0, ShownParts::DateTime, "2024-03-31 00:00:00"),
            (0.75, ShownParts::Whatever, "18:00:00"),
            (1.5, ShownParts::Elapsed, "36:00:00"),
            // A hair below midnight is the next day.
            (
                45_381.999_999_999,
                ShownParts::DateTime,
                "2024-03-31 00:00:00",
            ),
        ] {
            assert_eq!(
                shown(serial, DayEpoch::Of1900, parts).as_deref(),
                Some(text)
            );
        }
    }
}
