//! `verificationURLExpiry`: when a verification link runs out (contract, sections 1 and 6).
//!
//! Owner of its forms, in an event and in an answer. What is no time that there is says nothing. Pure.

use jiff::Timestamp;
use serde_json::Value;

/// A date-time, or a number of seconds or milliseconds since 1970, which may be written as a text: the contract does not
/// say which. In milliseconds.
pub fn expiry(value: &Value) -> Option<i64> {
    let number = match value {
        Value::String(text) => match text.trim().parse::<Timestamp>() {
            Ok(time) => return Some(time.as_millisecond()),
            Err(_) => text.trim().parse().ok()?,
        },
        value => value.as_i64()?,
    };
    match number {
        ..=0 => None,
        // In milliseconds this were before 1974, in seconds it is until 5138.
        1..=99_999_999_999 => Some(number * 1000),
        _ => Some(number).filter(|ms| Timestamp::from_millisecond(*ms).is_ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_texts_or_numbers() {
        let read = |text: &str| expiry(&serde_json::from_str(text).unwrap());
        for same in [
            "\"2026-11-24T10:00:00Z\"",
            "\"2026-11-24T12:00:00+02:00\"",
            "\" 2026-11-24T10:00:00Z \"",
            "1795514400",
            "1795514400000",
            "\"1795514400000\"",
        ] {
            assert_eq!(read(same), Some(1_795_514_400_000), "{same}");
        }
        for none in [
            "null",
            "\"\"",
            "\"soon\"",
            "0",
            "-5",
            "1.5",
            "{}",
            "9223372036854775807",
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
