//! When sending is allowed: hours of the week in a time zone, and the maintenance that Bakkt announces.
//!
//! Owner of what such hours mean. They are those of the clock on the wall: hours that a change to summer time skips do not come,
//! and hours that come twice count both times. An hour after midnight belongs to the day on which its period began. Pure: the
//! time is told. Left out on purpose: how they are written in the settings, and who waits (`engine`).

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// Minutes of a day.
const DAY: u16 = 24 * 60;
/// So far ahead a change is looked for: every period comes once a week, unless a change of the clocks skips it.
const LOOK_AHEAD_DAYS: i64 = 15;
/// So many changes are followed when a time is forecast.
const MOST_CHANGES: usize = 20_000;
/// The names of days, from Monday.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Hours of some days of the week: `Mon-Fri 20:00-06:00`, `Sat-Sun`, `12:00-13:00`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// From Monday.
    days: [bool; 7],
    /// Minutes since midnight.
    from: u16,
    /// The first minute that is no part of it; no later than `from`: it ends on the next day.
    to: u16,
}

/// Why a text is not a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAPeriod {
    /// Not days, not hours, or neither.
    Form,
    /// What stands where days do is none.
    Days,
    /// What stands where hours do is none.
    Hours,
    /// It ends when it begins.
    Empty,
}

impl fmt::Display for NotAPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotAPeriod::Form => "is neither days, nor hours, nor days with hours",
            NotAPeriod::Days => "names days that there are not",
            NotAPeriod::Hours => "names hours that there are not",
            NotAPeriod::Empty => "ends when it begins",
        })
    }
}

impl FromStr for Period {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Period, NotAPeriod> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let is_hours = |word: &str| word.starts_with(|first: char| first.is_ascii_digit());
        let (days, hours) = match words[..] {
            [one] if is_hours(one) => ([true; 7], Some(one)),
            [one] => (days(one)?, None),
            [first, second] => (days(first)?, Some(second)),
            _ => return Err(NotAPeriod::Form),
        };
        let (from, to) = match hours {
            None => (0, DAY),
            Some(hours) => {
                let (from, to) = hours.split_once('-').ok_or(NotAPeriod::Hours)?;
                (minute(from)?, minute(to)?)
            }
        };
        if from == DAY {
            return Err(NotAPeriod::Hours);
        }
        if from == to {
            return Err(NotAPeriod::Empty);
        }
        // Until midnight is until the end of the day.
        let to = if to == 0 { DAY } else { to };
        Ok(Period { days, from, to })
    }
}

fn days(text: &str) -> Result<[bool; 7], NotAPeriod> {
    let day = |name: &str| {
        let name = name.to_ascii_lowercase();
        DAYS.iter()
            .position(|day| *day == name)
            .ok_or(NotAPeriod::Days)
    };
    let mut named = [false; 7];
    for part in text.split(',') {
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (day(first)?, day(last)?),
            None => (day(part)?, day(part)?),
        };
        // From Friday to Monday is over the end of the week.
        let count = (last + 7 - first) % 7;
        for number in 0..=count {
            named[(first + number) % 7] = true;
        }
    }
    Ok(named)
}

fn minute(text: &str) -> Result<u16, NotAPeriod> {
    let (hour, minute) = text.split_once(':').ok_or(NotAPeriod::Hours)?;
    let number = |text: &str, digits: std::ops::RangeInclusive<usize>| {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        let fits = digits.contains(&text.len()) && is_number;
        text.parse::<u16>().ok().filter(|_| fits)
    };
    let (hour, minute) = (number(hour, 1..=2), number(minute, 2..=2));
    match (hour, minute) {
        (Some(24), Some(0)) => Ok(DAY),
        (Some(hour @ 0..=23), Some(minute @ 0..=59)) => Ok(hour * 60 + minute),
        _ => Err(NotAPeriod::Hours),
    }
}

impl Period {
    fn crosses_midnight(&self) -> bool {
        self.to <= self.from
    }

    fn has(&self, at: DateTime) -> bool {
        let minute = at.hour() as u16 * 60 + at.minute() as u16;
        let is_on = |date: Option<Date>| {
            date.is_some_and(|date| self.days[date.weekday().to_monday_zero_offset() as usize])
        };
        if !self.crosses_midnight() {
            return is_on(Some(at.date())) && (self.from..self.to).contains(&minute);
        }
        let began = is_on(Some(at.date())) && minute >= self.from;
        began || (minute < self.to && is_on(at.date().yesterday().ok()))
    }
}

/// Periods in a time zone.
#[derive(Clone, Debug)]
pub struct Hours {
    /// The periods.
    pub periods: Vec<Period>,
    /// Whose clock they are told by.
    pub zone: TimeZone,
}

impl Hours {
    fn have(&self, at: Timestamp) -> bool {
        let local = self.zone.to_datetime(at);
        self.periods.iter().any(|period| period.has(local))
    }

    /// Every time at which a period may begin or end, from a day before.
    fn add_edges(&self, at: Timestamp, edges: &mut Vec<Timestamp>) {
        let today = self.zone.to_datetime(at).date();
        let mut minutes: Vec<u16> = self
            .periods
            .iter()
            .flat_map(|period| [period.from, period.to % DAY])
            .collect();
        // A day that is whole begins and ends there.
        minutes.push(0);
        minutes.sort_unstable();
        minutes.dedup();
        for day in -1..=LOOK_AHEAD_DAYS {
            let Ok(date) = today.checked_add(day.days()) else {
                continue;
            };
            for minute in &minutes {
                let local = date.at((minute / 60) as i8, (minute % 60) as i8, 0, 0);
                let ambiguous = self.zone.to_ambiguous_timestamp(local);
                edges.extend(ambiguous.earlier());
                edges.extend(ambiguous.later());
            }
        }
        let end = at + SignedDuration::from_hours(24 * LOOK_AHEAD_DAYS);
        let changes = self.zone.following(at).map(|change| change.timestamp());
        edges.extend(changes.take_while(|change| *change <= end));
    }
}

/// The name in the settings of the maintenance that Bakkt announces: each day from 16:30 to 17:05, Central time.
pub const BAKKT_MAINTENANCE: &str = "bakkt";

/// When sending is allowed.
#[derive(Clone, Debug, Default)]
pub struct SendingWindow {
    /// The hours in which sending is allowed; none: all.
    pub sending: Option<Hours>,
    /// Hours in which it is not, whatever `sending` says.
    pub closed: Option<Hours>,
    /// The maintenance that Bakkt announces.
    pub maintenance: Option<Hours>,
}

/// Why nothing is sent at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedBy {
    /// The hours of the firm.
    Hours,
    /// The maintenance that Bakkt announces.
    Maintenance,
}

impl fmt::Display for ClosedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ClosedBy::Hours => "the hours under [window]",
            ClosedBy::Maintenance => "Bakkt's announced maintenance",
        })
    }
}

/// How a window stands at a time, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowState {
    /// Why nothing is sent; none: sending is allowed.
    pub closed: Option<ClosedBy>,
    /// When that ends, if it does.
    pub until: Option<Timestamp>,
}

impl SendingWindow {
    /// The maintenance that Bakkt announces.
    pub fn bakkt_maintenance() -> Option<Hours> {
        Some(Hours {
            periods: vec!["16:30-17:05".parse().ok()?],
            zone: TimeZone::get("America/Chicago").ok()?,
        })
    }

    /// Whether sending is always allowed.
    pub fn is_always_open(&self) -> bool {
        self.sending.is_none() && self.closed.is_none() && self.maintenance.is_none()
    }

    /// Why nothing is sent at a time; none: sending is allowed.
    pub fn closed(&self, at: Timestamp) -> Option<ClosedBy> {
        let have = |hours: &Option<Hours>| hours.as_ref().is_some_and(|hours| hours.have(at));
        if have(&self.maintenance) {
            return Some(ClosedBy::Maintenance);
        }
        let is_outside = self.sending.is_some() && !have(&self.sending);
        (is_outside || have(&self.closed)).then_some(ClosedBy::Hours)
    }

    /// How it stands at a time. While it is closed, the end is when sending goes on.
    pub fn state(&self, at: Timestamp) -> WindowState {
        let closed = self.closed(at);
        WindowState {
            closed,
            until: self.next_change(at, closed.is_some()),
        }
    }

    /// The next time at which it opens or closes.
    fn next_change(&self, at: Timestamp, is_closed: bool) -> Option<Timestamp> {
        let mut edges = Vec::new();
        let all = [&self.sending, &self.closed, &self.maintenance];
        for hours in all.into_iter().flatten() {
            hours.add_edges(at, &mut edges);
        }
        edges.retain(|edge| *edge > at);
        edges.sort_unstable();
        edges
            .into_iter()
            .find(|edge| self.closed(*edge).is_some() != is_closed)
    }

    /// Whether sending is ever allowed.
    pub fn opens(&self, at: Timestamp) -> bool {
        let state = self.state(at);
        state.closed.is_none() || state.until.is_some()
    }

    /// When so much time of sending is over that begins at a time, and how much of that is closed; none where it never opens.
    pub fn end_of(&self, at: Timestamp, sending: Duration) -> Option<(Timestamp, Duration)> {
        let add = |at: Timestamp, time: Duration| at.checked_add(time).ok();
        let (mut now, mut left, mut closed) = (at, sending, Duration::ZERO);
        for _ in 0..MOST_CHANGES {
            let state = self.state(now);
            let span = |until: Timestamp| Duration::try_from(until.duration_since(now)).ok();
            match (state.closed, state.until) {
                (None, None) => return Some((add(now, left)?, closed)),
                (None, Some(until)) => {
                    let open = span(until)?;
                    if open >= left {
                        return Some((add(now, left)?, closed));
                    }
                    left -= open;
                    now = until;
                }
                (Some(_), Some(until)) => {
                    closed += span(until)?;
                    now = until;
                }
                (Some(_), None) => return None,
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(zone: &str, periods: &[&str]) -> Option<Hours> {
        Some(Hours {
            periods: periods.iter().map(|text| text.parse().unwrap()).collect(),
            zone: TimeZone::get(zone).unwrap(),
        })
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn periods_as_people_write_them() {
        for (text, days, from, to) in [
            ("Mon-Fri 20:00-06:00", "1111100", 20 * 60, 6 * 60),
            ("Sat-Sun", "0000011", 0, DAY),
            ("fri-mon 9:00-24:00", "1000111", 9 * 60, DAY),
            ("Mon,Wed 00:00-12:30", "1010000", 0, 12 * 60 + 30),
            ("22:00-00:00", "1111111", 22 * 60, DAY),
        ] {
            let period: Period = text.parse().unwrap();
            let named: String = period
                .days
                .map(|day| if day { '1' } else { '0' })
                .iter()
                .collect();
            assert_eq!(
                (named.as_str(), period.from, period.to),
                (days, from, to),
                "{text}"
            );
        }
        for (text, why) in [
            ("", NotAPeriod::Form),
            ("Mon Tue Wed", NotAPeriod::Form),
            ("Mo-Fr", NotAPeriod::Days),
            ("Mon- 10:00-11:00", NotAPeriod::Days),
            ("Mon 10-11", NotAPeriod::Hours),
            ("Mon 10:00", NotAPeriod::Hours),
            ("Mon 24:00-06:00", NotAPeriod::Hours),
            ("Mon 24:01-06:00", NotAPeriod::Hours),
            ("Mon 10:60-11:00", NotAPeriod::Hours),
            ("Mon +1:00-11:00", NotAPeriod::Hours),
            ("Mon 10:00-10:00", NotAPeriod::Empty),
        ] {
            assert_eq!(text.parse::<Period>(), Err(why), "{text}");
        }
    }

    #[test]
    fn nights_belong_to_the_day_on_which_they_begin() {
        let window = SendingWindow {
            sending: hours("America/New_York", &["Mon-Fri 20:00-06:00", "Sat-Sun"]),
            ..SendingWindow::default()
        };
        let open = |text| window.closed(at(text)).is_none();
        // 2026-12-01 is a Tuesday.
        assert!(!open("2026-12-01T19:59:59-05:00"));
        assert!(open("2026-12-01T20:00:00-05:00"));
        assert!(open("2026-12-02T05:59:59-05:00"));
        assert!(!open("2026-12-02T06:00:00-05:00"));
        // The night from Sunday to Monday begins on Sunday, which is open until midnight.
        assert!(open("2026-12-06T23:59:59-05:00"));
        assert!(!open("2026-12-07T00:00:00-05:00"));
        let state = window.state(at("2026-12-02T06:00:00-05:00"));
        assert_eq!(state.until, Some(at("2026-12-02T20:00:00-05:00")));
        // From Friday evening on it stays open until Sunday ends.
        let state = window.state(at("2026-12-04T21:00:00-05:00"));
        assert_eq!(state.closed, None);
        assert_eq!(state.until, Some(at("2026-12-07T00:00:00-05:00")));
    }

    #[test]
    fn clocks_that_change_are_followed() {
        let window = SendingWindow {
            closed: hours("America/New_York", &["01:30-03:30"]),
            ..SendingWindow::default()
        };
        // In the night to 8 March 2026 the hour from 2 to 3 does not come.
        let state = window.state(at("2026-03-08T01:30:00-05:00"));
        assert_eq!(state.until, Some(at("2026-03-08T03:30:00-04:00")));
        // In the night to 1 November 2026 the hour from 1 to 2 comes twice.
        let state = window.state(at("2026-11-01T01:30:00-04:00"));
        assert_eq!(state.until, Some(at("2026-11-01T01:00:00-05:00")));
        let state = window.state(at("2026-11-01T01:10:00-05:00"));
        assert_eq!(
            (state.closed, state.until),
            (None, Some(at("2026-11-01T01:30:00-05:00")))
        );
        // The maintenance stays at the same hour of its own clock.
        let maintenance = SendingWindow {
            maintenance: SendingWindow::bakkt_maintenance(),
            ..SendingWindow::default()
        };
        for (from, to) in [
            ("2026-07-01T16:30:00-05:00", "2026-07-01T17:05:00-05:00"),
            ("2026-12-01T16:30:00-06:00", "2026-12-01T17:05:00-06:00"),
        ] {
            let state = maintenance.state(at(from));
            assert_eq!(state.closed, Some(ClosedBy::Maintenance));
            assert_eq!(state.until, Some(at(to)));
        }
        assert_eq!(maintenance.closed(at("2026-07-01T16:30:00-06:00")), None);
    }

    #[test]
    fn a_forecast_counts_closed_hours() {
        let window = SendingWindow {
            sending: hours("UTC", &["20:00-22:00"]),
            ..SendingWindow::default()
        };
        let hour = Duration::from_secs(3600);
        let begin = at("2026-12-01T21:00:00Z");
        let end = |time| window.end_of(begin, time).unwrap();
        assert_eq!(end(hour), (at("2026-12-01T22:00:00Z"), Duration::ZERO));
        assert_eq!(end(hour * 2), (at("2026-12-02T21:00:00Z"), hour * 22));
        assert_eq!(end(hour * 4), (at("2026-12-03T21:00:00Z"), hour * 44));
        let always = SendingWindow::default();
        assert_eq!(
            always.end_of(begin, hour),
            Some((at("2026-12-01T22:00:00Z"), Duration::ZERO))
        );
    }

    #[test]
    fn hours_that_never_open_are_known() {
        let never = SendingWindow {
            sending: hours("UTC", &["Mon 10:00-12:00"]),
            closed: hours("UTC", &["Mon-Fri"]),
            ..SendingWindow::default()
        };
        assert!(!never.opens(at("2026-12-01T00:00:00Z")));
        assert_eq!(
            never.end_of(at("2026-12-01T00:00:00Z"), Duration::from_secs(1)),
            None
        );
        let whole = SendingWindow {
            sending: hours("UTC", &["Mon-Sun"]),
            ..SendingWindow::default()
        };
        let state = whole.state(at("2026-12-01T00:00:00Z"));
        assert_eq!((state.closed, state.until), (None, None));
    }
}
