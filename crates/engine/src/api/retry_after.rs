//! How long a server asks to wait: the `Retry-After` header.
//!
//! Owner of its two forms, a number of seconds and a date, and of what servers and proxies write for them whose meaning is clear:
//! several wishes in one line, a unit, a date of another standard. A date is compared with the `Date` of the same answer, so
//! the clock of this computer does not matter; without one, with this clock. What is no such text counts as missing. Left
//! out on purpose: how much of a wish is honoured (`retry.longest_pause`).

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};

/// How a number of seconds may end.
const UNITS: [&str; 5] = ["s", "sec", "secs", "second", "seconds"];

/// Reads it. Of several the longest counts; a date that is past asks for nothing, but is a wish all the same.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let now = headers.get(DATE).and_then(date).unwrap_or(now);
    let values = headers.get_all(RETRY_AFTER).into_iter();
    let texts = values.filter_map(|value| Some(value.to_str().ok()?.trim()));
    texts.filter_map(|text| longest(text, now)).max()
}

/// The longest wish of a line: a proxy joins several lines with commas, and a date has one of its own.
fn longest(text: &str, now: SystemTime) -> Option<Duration> {
    let whole = |text: &str| seconds(text).or_else(|| until(text, now));
    let pieces: Vec<&str> = text.split(',').map(str::trim).collect();
    let alone = pieces.iter().filter_map(|piece| whole(piece));
    let pairs = pieces
        .windows(2)
        .filter_map(|two| until(&two.join(", "), now));
    whole(text).or_else(|| alone.chain(pairs).max())
}

fn until(text: &str, now: SystemTime) -> Option<Duration> {
    Some(time(text)?.duration_since(now).unwrap_or_default())
}

pub(super) fn date(value: &HeaderValue) -> Option<SystemTime> {
    time(value.to_str().ok()?.trim())
}

/// A date of HTTP, of mails or of ISO 8601. One without its zone says nothing.
fn time(text: &str) -> Option<SystemTime> {
    let of_mail = || Some(rfc2822::parse(text).ok()?.timestamp());
    let http = httpdate::parse_http_date(text).ok();
    http.or_else(|| {
        let time: Timestamp = of_mail().or_else(|| text.parse().ok())?;
        Some(time.into())
    })
}

/// Seconds; a part of one counts as a whole one, and more than anybody waits as very many.
fn seconds(text: &str) -> Option<Duration> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text[number.len()..].to_ascii_lowercase();
    if !unit.is_empty() && !UNITS.contains(&unit.as_str()) {
        return None;
    }
    let number = number.trim_end();
    let number = number.strip_prefix('+').unwrap_or(number);
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) {
        return None;
    }
    let more = u64::from(part.bytes().any(|byte| byte != b'0'));
    let seconds = whole.parse().unwrap_or(u64::from(u32::MAX));
    Some(Duration::from_secs(seconds.min(u64::from(u32::MAX)) + more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wish_is_read_and_nothing_else() {
        let now = httpdate::parse_http_date("Sun, 29 Nov 2026 12:00:00 GMT").expect("a date");
        let read = |wish: &str, date: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_str(wish).expect("a header"));
            if let Some(date) = date {
                headers.insert(DATE, HeaderValue::from_str(date).expect("a header"));
            }
            retry_after(&headers, now).map(|wish| wish.as_secs())
        };
        for (wish, expected) in [
            ("0", Some(0)),
            ("1", Some(1)),
            (" 120 ", Some(120)),
            ("1.5", Some(2)),
            ("2.0", Some(2)),
            ("1000000000", Some(1_000_000_000)),
            ("99999999999999999999999999", Some(u64::from(u32::MAX))),
            ("-5", None),
            ("+5", Some(5)),
            ("3s", Some(3)),
            ("2.5 seconds", Some(3)),
            ("5 minutes", None),
            ("1 2", None),
            // As a proxy joins several lines.
            ("3, 6", Some(6)),
            ("6,3", Some(6)),
            ("soon, 4", Some(4)),
            ("3, Sun, 29 Nov 2026 12:03:20 GMT", Some(200)),
            ("Sun, 29 Nov 2026 12:03:20 GMT, 300", Some(300)),
            ("", None),
            (".", None),
            ("soon", None),
            ("5 s", Some(5)),
            ("1e3", None),
            // Three ways to write a date, and one that is past.
            ("Sun, 29 Nov 2026 12:03:20 GMT", Some(200)),
            ("Sunday, 29-Nov-26 12:03:20 GMT", Some(200)),
            ("Sun Nov 29 12:03:20 2026", Some(200)),
            ("Sun, 29 Nov 2026 11:00:00 GMT", Some(0)),
            ("Sun, 31 Feb 2026 25:00:00 GMT", None),
            // Dates of mails and of ISO 8601, with a zone.
            ("Sun, 29 Nov 2026 12:03:20 -0000", Some(200)),
            ("Sun, 29 Nov 2026 14:03:20 +0200", Some(200)),
            ("2026-11-29T12:03:20Z", Some(200)),
            ("2026-11-29T14:03:20+02:00", Some(200)),
            ("2026-11-29T12:03:20", None),
        ] {
            assert_eq!(read(wish, None), expected, "{wish:?}");
        }
        // The server's clock is an hour behind: its own Date tells.
        let (date, wish) = (
            "Sun, 29 Nov 2026 11:00:00 GMT",
            "Sun, 29 Nov 2026 11:03:20 GMT",
        );
        assert_eq!(read(wish, Some(date)), Some(200));
        assert_eq!(read(wish, Some("yesterday")), Some(0));
        assert_eq!(read("7", Some(date)), Some(7));
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
        let mut two = HeaderMap::new();
        two.append(RETRY_AFTER, HeaderValue::from_static("soon"));
        two.append(RETRY_AFTER, HeaderValue::from_static("3"));
        two.append(RETRY_AFTER, HeaderValue::from_static("9"));
        assert_eq!(retry_after(&two, now), Some(Duration::from_secs(9)));
    }
}
