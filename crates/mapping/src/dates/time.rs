//! The time behind a date, and its zone.
//!
//! Owner: `mapping::dates`. Read as databases and people write it: `12:30`, `12:30:05.123 PM`, `12.30.05.123456` (DB2,
//! Oracle), `T123005Z`. Invariant: the whole text is a time and a zone, or there is no answer.
//! Left out on purpose: names of zones behind a time, but for those that RFC 2822 gives an offset.

use jiff::civil::Time;
use jiff::tz::Offset;

/// A time of day, and its offset where it says one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The time; a leap second is the second before it.
    pub time: Time,
    /// Its offset from UTC.
    pub offset: Option<Offset>,
}

/// Zones with a name, in hours from UTC.
const NAMED: [(&str, i8); 11] = [
    ("Z", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("EST", -5),
    ("EDT", -4),
    ("CST", -6),
    ("CDT", -5),
    ("MST", -7),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
];

/// What stands behind a date: nothing (`Some(None)`), a time, or something else (`None`).
pub(crate) fn clock(text: &str) -> Option<Option<Clock>> {
    let rest = text.trim();
    if rest.is_empty() {
        return Some(None);
    }
    // XML Schema's dates may have a zone and no time.
    if zone(rest).is_some() {
        return Some(None);
    }
    let rest = match rest.strip_prefix(['T', 't', ':', '-']) {
        Some(rest) => rest,
        // Without a letter or a mark, something else must part them.
        None if text.starts_with([' ', ',']) => rest.trim_start_matches([',', ' ']),
        None => return None,
    };
    let rest = rest.strip_prefix("at ").unwrap_or(rest);
    let (time, rest) = digits(rest)?;
    let (time, rest) = half(time, rest.trim_start())?;
    let offset = match rest.trim() {
        "" => None,
        name => Some(zone(name)?),
    };
    Some(Some(Clock { time, offset }))
}

/// Hours, minutes, seconds and a fraction, which is dropped.
fn digits(text: &str) -> Option<(Time, &str)> {
    let count = text.bytes().take_while(u8::is_ascii_digit).count();
    let (head, mut rest) = text.split_at_checked(count)?;
    let two = |from: usize| head.get(from..from + 2)?.parse::<i8>().ok();
    let (hour, minute, second) = match count {
        4 => (two(0)?, two(2)?, 0),
        6 => (two(0)?, two(2)?, two(4)?),
        1 | 2 => {
            let mark = rest.chars().next().filter(|c| matches!(c, ':' | '.'))?;
            let minute = number(&mut rest, mark)?;
            let second = number(&mut rest, mark).unwrap_or(0);
            (head.parse().ok()?, minute, second)
        }
        _ => return None,
    };
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        rest = fraction
            .get(digits..)
            .filter(|_| (1..=9).contains(&digits))?;
    }
    let second = if second == 60 { 59 } else { second };
    Some((Time::new(hour, minute, second, 0).ok()?, rest))
}

/// A mark and two digits off the front.
fn number(text: &mut &str, mark: char) -> Option<i8> {
    let rest = text.strip_prefix(mark)?;
    let (two, after) = rest.split_at_checked(2)?;
    if !two.bytes().all(|byte| byte.is_ascii_digit())
        || after.starts_with(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    *text = after;
    two.parse().ok()
}

/// AM and PM, with or without dots.
fn half(time: Time, text: &str) -> Option<(Time, &str)> {
    let marks = [("a.m.", 0), ("p.m.", 12), ("am", 0), ("pm", 12)];
    let found = marks.iter().find_map(|(mark, hours)| {
        let head = text.get(..mark.len())?;
        head.eq_ignore_ascii_case(mark)
            .then_some((*hours, text.get(mark.len()..)?))
    });
    let Some((hours, rest)) = found else {
        return Some((time, text));
    };
    if !(1..=12).contains(&time.hour()) {
        return None;
    }
    let time = Time::new(time.hour() % 12 + hours, time.minute(), time.second(), 0);
    Some((time.ok()?, rest))
}

/// A zone as it stands behind a time: a name, an offset, or both ("GMT+2").
pub(crate) fn zone(text: &str) -> Option<Offset> {
    let named = |name: &str| {
        NAMED
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
    };
    if let Some((_, hours)) = named(text) {
        return Offset::from_seconds(i32::from(*hours) * 3600).ok();
    }
    let rest = ["UTC", "GMT"]
        .iter()
        .find_map(|name| text.strip_prefix(name))
        .unwrap_or(text);
    let (sign, rest) = match rest.as_bytes().first()? {
        b'+' => (1, rest.get(1..)?),
        b'-' => (-1, rest.get(1..)?),
        _ => return None,
    };
    let digits: String = rest.chars().filter(|c| *c != ':').collect();
    let colon = rest.find(':');
    let (hours, minutes) = match (digits.len(), colon) {
        (1 | 2, None) => (digits.as_str(), "0"),
        (4, None | Some(2)) => digits.split_at_checked(2)?,
        _ => return None,
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}
