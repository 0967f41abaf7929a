//! When a gap is due: the grace period counted from its anchor.
//!
//! Owner of the three answers that are no date. Pure.
//! Left out on purpose: whether the date has passed, which depends on the day somebody looks.

use anyhow::Context;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// The `[grace]` settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grace {
    /// Length of the period; None when the setting is absent.
    pub days: Option<u32>,
    /// Its anchor.
    pub from: GraceFrom,
}

/// Where the grace period starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GraceFrom {
    /// The day (UTC) on which the account was accepted.
    #[default]
    Accepted,
    /// One date for all.
    Date(Date),
}

/// When a gap is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// On this date.
    On(Date),
    /// The account was not accepted yet.
    AfterAcceptance,
    /// Nobody set a grace period.
    NotSet,
}

/// How soon a gap is due, seen from one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bucket {
    /// Before that day.
    PastDue,
    /// On it, or in the seven days after it.
    Week,
    /// In the thirty days after it.
    Month,
    /// After that.
    Later,
    /// The account was not accepted yet.
    AfterAcceptance,
    /// Nobody set a grace period.
    NotSet,
}

impl Bucket {
    /// All of them, the most urgent first.
    pub const ALL: [Bucket; 6] = [
        Bucket::PastDue,
        Bucket::Week,
        Bucket::Month,
        Bucket::Later,
        Bucket::AfterAcceptance,
        Bucket::NotSet,
    ];

    /// The words in reports.
    pub fn word(self) -> &'static str {
        match self {
            Bucket::PastDue => "past due",
            Bucket::Week => "within 7 days",
            Bucket::Month => "within 30 days",
            Bucket::Later => "later",
            Bucket::AfterAcceptance => "after acceptance",
            Bucket::NotSet => "not set",
        }
    }
}

impl Due {
    /// How soon that is.
    pub fn bucket(self, today: Date) -> Bucket {
        match self {
            Due::AfterAcceptance => Bucket::AfterAcceptance,
            Due::NotSet => Bucket::NotSet,
            Due::On(date) => match date.duration_since(today).as_hours() / 24 {
                ..0 => Bucket::PastDue,
                0..=7 => Bucket::Week,
                8..=30 => Bucket::Month,
                _ => Bucket::Later,
            },
        }
    }
}

impl Grace {
    /// When a gap of an account is due that was accepted then, or not at all (yet).
    pub fn due(&self, accepted_at: Option<i64>) -> anyhow::Result<Due> {
        // Wherever a period begins of which nobody knows the length.
        let Some(days) = self.days else {
            return Ok(Due::NotSet);
        };
        let anchor = match (self.from, accepted_at) {
            // Only an account that Bakkt has is owed anything; of a customer who is not sent, or not yet, nothing is due.
            (_, None) => return Ok(Due::AfterAcceptance),
            (GraceFrom::Accepted, Some(at)) => Timestamp::from_millisecond(at)?
                .to_zoned(TimeZone::UTC)
                .date(),
            (GraceFrom::Date(date), Some(_)) => date,
        };
        let due = Span::new()
            .try_days(days)
            .and_then(|days| anchor.checked_add(days));
        Ok(Due::On(due.with_context(|| {
            format!("[grace] days = {days} leads past the last date there is")
        })?))
    }
}

impl std::fmt::Display for Due {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Due::On(date) => date.fmt(f),
            Due::AfterAcceptance => f.write_str("after acceptance"),
            Due::NotSet => f.write_str("not set"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn buckets_end_with_their_last_day() {
        let today = date(2026, 11, 21);
        for (due, bucket) in [
            (Due::On(date(2026, 11, 20)), Bucket::PastDue),
            (Due::On(today), Bucket::Week),
            (Due::On(date(2026, 11, 28)), Bucket::Week),
            (Due::On(date(2026, 11, 29)), Bucket::Month),
            (Due::On(date(2026, 12, 21)), Bucket::Month),
            (Due::On(date(2026, 12, 22)), Bucket::Later),
            (Due::AfterAcceptance, Bucket::AfterAcceptance),
            (Due::NotSet, Bucket::NotSet),
        ] {
            assert_eq!(due.bucket(today), bucket, "{due}");
        }
    }

    #[test]
    fn due_dates() {
        let accepted = Some(1_795_000_000_000); // 2026-11-18
        let due = |days, from, at| Grace { days, from }.due(at).unwrap().to_string();
        assert_eq!(due(None, GraceFrom::Accepted, accepted), "not set");
        assert_eq!(due(Some(90), GraceFrom::Accepted, None), "after acceptance");
        assert_eq!(due(Some(90), GraceFrom::Accepted, accepted), "2027-02-16");
        let from_january = GraceFrom::Date(date(2027, 1, 1));
        assert_eq!(due(Some(30), from_january, accepted), "2027-01-31");
        // One date for all is still a date for accepted accounts alone.
        assert_eq!(due(Some(30), from_january, None), "after acceptance");
        assert_eq!(due(None, from_january, None), "not set");
        assert_eq!(due(None, from_january, accepted), "not set");
        let too_long = Grace {
            days: Some(u32::MAX),
            from: GraceFrom::Accepted,
        };
        assert!(too_long.due(accepted).is_err());
    }
}
