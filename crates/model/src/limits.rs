//! How fast to send, how long to wait, and what to do with accounts that are there already.
//!
//! Owner of these settings' values where nothing is set. Left out on purpose: how they are written (`settings`).

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Requests per period, or no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// No limit.
    Unlimited,
    /// At most `count` in any window of `per`.
    Per {
        /// Requests.
        count: u32,
        /// The window.
        per: Duration,
    },
}

impl Rate {
    /// So many per second.
    pub fn per_second(count: u32) -> Rate {
        Rate::Per {
            count,
            per: Duration::from_secs(1),
        }
    }

    /// Whether it lets more through than another rate, in the long run.
    pub fn exceeds(self, other: Rate) -> bool {
        match (self, other) {
            (_, Rate::Unlimited) => false,
            (Rate::Unlimited, Rate::Per { .. }) => true,
            (
                Rate::Per { count, per },
                Rate::Per {
                    count: most,
                    per: of,
                },
            ) => u128::from(count) * of.as_nanos() > u128::from(most) * per.as_nanos(),
        }
    }

    /// The shortest time that `requests` take.
    pub fn time_for(self, requests: u64) -> Duration {
        match self {
            Rate::Unlimited => Duration::ZERO,
            Rate::Per { count, per } => per.mul_f64(requests as f64 / f64::from(count.max(1))),
        }
    }
}

/// A text that is no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotARate;

impl FromStr for Rate {
    type Err = NotARate;

    /// Reads a rate as people write it: `10/s`, `600/min`, `unlimited`.
    fn from_str(text: &str) -> Result<Rate, NotARate> {
        if text == "unlimited" {
            return Ok(Rate::Unlimited);
        }
        let (count, per) = text.split_once('/').ok_or(NotARate)?;
        let count = count.trim().parse().map_err(|_| NotARate)?;
        let per = match per.trim() {
            "s" | "sec" | "second" => 1,
            "m" | "min" | "minute" => 60,
            _ => return Err(NotARate),
        };
        if !(1..=1_000_000).contains(&count) {
            return Err(NotARate);
        }
        Ok(Rate::Per {
            count,
            per: Duration::from_secs(per),
        })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rate::Unlimited => f.write_str("unlimited"),
            Rate::Per { count, per } => match per.as_secs() {
                1 => write!(f, "{count}/s"),
                60 => write!(f, "{count}/min"),
                seconds => write!(f, "{count} in {seconds} s"),
            },
        }
    }
}

/// `[limits]`.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Creations.
    pub create: Rate,
    /// Look-ups.
    pub lookup: Rate,
    /// Uploads of documents.
    pub upload: Rate,
    /// KYB triggers.
    pub kyb: Rate,
    /// Requests that may go out back to back after a pause.
    pub burst: u32,
    /// Requests on their way at once.
    pub in_flight: usize,
    /// Uploads on their way at once.
    pub uploads_in_flight: usize,
    /// Hundredths of the rate that stay unused, because requests jitter on their way.
    pub headroom_percent: u32,
}

impl Rate {
    /// The share of one of `count` processes that send at the same time: together they exceed the whole in no window. None
    /// where that leaves less than one request in a window.
    pub fn divided(self, count: u32) -> Option<Rate> {
        match self {
            Rate::Unlimited => Some(self),
            Rate::Per { count: whole, per } => match whole / count.max(1) {
                0 => None,
                count => Some(Rate::Per { count, per }),
            },
        }
    }
}

impl Limits {
    /// The limits of one of `count` shards.
    ///
    /// # Errors
    ///
    /// The key under `[limits]` of a rate that cannot be divided.
    pub fn divided(self, count: u32) -> Result<Limits, &'static str> {
        let share = |rate: Rate, name| rate.divided(count).ok_or(name);
        Ok(Limits {
            create: share(self.create, "create")?,
            lookup: share(self.lookup, "lookup")?,
            upload: share(self.upload, "upload")?,
            kyb: share(self.kyb, "kyb")?,
            ..self
        })
    }
}

/// `[retry]`.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// From the first byte sent to the last byte of the answer.
    pub request_timeout: Duration,
    /// The same of an upload.
    pub upload_timeout: Duration,
    /// Wait before an outcome that was lost is asked for, and between the two asks.
    pub settle_after: Duration,
    /// Attempts per task before it gives up.
    pub attempts: u32,
    /// First wait of the exponential backoff.
    pub backoff_first: Duration,
    /// Longest wait of the exponential backoff.
    pub backoff_most: Duration,
    /// Failures in a row, without one success between them, that stop the run.
    pub breaker: u32,
    /// Longest pause that a server's `Retry-After` can ask for.
    pub longest_pause: Duration,
    /// How far Bakkt's clock may be behind ours.
    pub clock_tolerance: Duration,
}

/// What to do with an account that existed before the migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnExisting {
    /// Look first; leave it as it is.
    Skip,
    /// Do not look; what is sent overwrites it.
    Update,
    /// Look first; stop the run.
    Stop,
}

impl OnExisting {
    /// Whether each account is looked up before it is created.
    pub fn looks_first(self) -> bool {
        self != OnExisting::Update
    }
}

/// `[limits]` where nothing is set.
pub fn default_limits() -> Limits {
    let ten = Rate::per_second(10);
    Limits {
        create: ten,
        lookup: ten,
        upload: ten,
        kyb: ten,
        burst: 1,
        in_flight: 8,
        uploads_in_flight: 4,
        headroom_percent: 1,
    }
}

/// `[retry]` where nothing is set.
pub fn default_retry() -> Retry {
    Retry {
        request_timeout: Duration::from_secs(30),
        upload_timeout: Duration::from_secs(300),
        settle_after: Duration::from_secs(60),
        attempts: 8,
        backoff_first: Duration::from_millis(500),
        backoff_most: Duration::from_secs(60),
        breaker: 100,
        longest_pause: Duration::from_secs(3600),
        clock_tolerance: Duration::from_secs(300),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_as_people_write_them() {
        assert_eq!("10/s".parse(), Ok(Rate::per_second(10)));
        let per = Duration::from_secs(60);
        assert_eq!("600 / min".parse(), Ok(Rate::Per { count: 600, per }));
        assert_eq!("unlimited".parse(), Ok(Rate::Unlimited));
        for wrong in ["", "0/s", "-1/s", "10", "10/h", "1.5/s"] {
            assert_eq!(wrong.parse::<Rate>(), Err(NotARate), "{wrong}");
        }
        for (rate, other, exceeds) in [
            ("11/s", "10/s", true),
            ("10/s", "10/s", false),
            ("600/min", "10/s", false),
            ("601/min", "10/s", true),
            ("unlimited", "10/s", true),
            ("10/s", "unlimited", false),
        ] {
            let parsed = |text: &str| text.parse::<Rate>().unwrap();
            assert_eq!(
                parsed(rate).exceeds(parsed(other)),
                exceeds,
                "{rate} {other}"
            );
            assert_eq!(parsed(rate).to_string(), rate);
        }
    }

    #[test]
    fn shards_together_keep_to_the_whole() {
        let limits = Limits {
            create: Rate::per_second(400),
            kyb: Rate::Unlimited,
            ..default_limits()
        };
        let share = limits.divided(3).unwrap();
        assert_eq!(share.create, Rate::per_second(133));
        assert_eq!(share.lookup, Rate::per_second(3));
        assert_eq!(share.kyb, Rate::Unlimited);
        assert_eq!(limits.divided(11).unwrap_err(), "lookup");
    }
}
