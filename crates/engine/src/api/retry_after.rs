//! How long a server asks to wait: the `Retry-After` header.
//!
//! Owner of its two forms, a number of seconds and a date. A date is compared with the `Date` of the same answer, so
//! the clock of this computer does not matter; without one, with this clock. What is no such text counts as missing. Left
//! out on purpose: how much of a wish is honoured (`retry.longest_pause`).

use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};

/// Reads it. Of several the longest counts; a date that is past asks for nothing, but is a wish all the same.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let date = headers.get(DATE).and_then(date);
    let wishes = headers.get_all(RETRY_AFTER).into_iter();
    wishes
        .filter_map(|value| match seconds(value.to_str().ok()?.trim()) {
            Some(seconds) => Some(seconds),
            None => {
                let until = self::date(value)?;
                Some(
                    until
                        .duration_since(date.unwrap_or(now))
                        .unwrap_or_default(),
                )
            }
        })
        .max()
}

pub(super) fn date(value: &HeaderValue) -> Option<SystemTime> {
    httpdate::parse_http_date(value.to_str().ok()?.trim()).ok()
}

/// Seconds; a part of one counts as a whole one, and more than anybody waits as very many.
fn seconds(text: &str) -> Option<Duration> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
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
            ("+5", None),
            ("", None),
            (".", None),
            ("soon", None),
            ("5 s", None),
            ("1e3", None),
            // Three ways to write a date, and one that is past.
            ("Sun, 29 Nov 2026 12:03:20 GMT", Some(200)),
            ("Sunday, 29-Nov-26 12:03:20 GMT", Some(200)),
            ("Sun Nov 29 12:03:20 2026", Some(200)),
            ("Sun, 29 Nov 2026 11:00:00 GMT", Some(0)),
            ("Sun, 31 Feb 2026 25:00:00 GMT", None),
            ("2026-11-29T12:03:20Z", None),
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
