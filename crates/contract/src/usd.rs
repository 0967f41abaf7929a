//! U.S. dollar ranges.
//!
//! Owner: `contract`. Invariants: amounts are decimals, never floats; a range's lower end belongs to it, as in
//! "exactly 25,000 is FROM_25K_TO_50K", and only more than the last end is OVER. Left out on purpose: how amounts are
//! written ([`super::amounts`]), and ranges of the export's own ([`super::spans`]).

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// Which of the two lists of ranges a field uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scale {
    /// People: from 25 thousand to 5 million.
    A,
    /// Firms: from 250 thousand to 50 million.
    B,
}

/// What a number without a multiplier ("k", "million") counts, where somebody said so of its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AmountUnit {
    /// Nobody did: what may be thousands is not read.
    #[default]
    Open,
    /// Dollars.
    Dollars,
    /// Thousands of dollars.
    Thousands,
    /// Millions of dollars.
    Millions,
}

/// The ranges of scale A, lowest first.
pub const RANGE_A: [&str; 9] = [
    "UNDER_25K",
    "FROM_25K_TO_50K",
    "FROM_50K_TO_100K",
    "FROM_100K_TO_200K",
    "FROM_200K_TO_300K",
    "FROM_300K_TO_500K",
    "FROM_500K_TO_1M",
    "FROM_1M_TO_5M",
    "OVER_5M",
];

/// The ranges of scale B, lowest first.
pub const RANGE_B: [&str; 9] = [
    "UNDER_250K",
    "FROM_250K_TO_500K",
    "FROM_500K_TO_1M",
    "FROM_1M_TO_2M",
    "FROM_2M_TO_5M",
    "FROM_5M_TO_10M",
    "FROM_10M_TO_20M",
    "FROM_20M_TO_50M",
    "OVER_50M",
];

/// Where the ranges of scale A meet, in thousands of dollars.
const ENDS_A: [i64; 8] = [25, 50, 100, 200, 300, 500, 1_000, 5_000];
/// Where the ranges of scale B meet, in thousands of dollars.
const ENDS_B: [i64; 8] = [250, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000];

impl Scale {
    /// The names of this scale's ranges, lowest first.
    pub const fn names(self) -> &'static [&'static str; 9] {
        match self {
            Scale::A => &RANGE_A,
            Scale::B => &RANGE_B,
        }
    }
}

/// How many zeros a unit adds to a number, and from which number on it is more than anybody on this scale has: dollars in a
/// column of thousands.
pub(crate) fn multiplier(scale: Scale, unit: AmountUnit) -> Option<(u32, i64)> {
    match (unit, scale) {
        (AmountUnit::Open | AmountUnit::Dollars, _) => None,
        (AmountUnit::Thousands, Scale::A) => Some((3, 25_000)),
        (AmountUnit::Thousands, Scale::B) => Some((3, 250_000)),
        (AmountUnit::Millions, Scale::A) => Some((6, 1_000)),
        (AmountUnit::Millions, Scale::B) => Some((6, 10_000)),
    }
}

/// The greatest end that columns of ranges in thousands usually have: they go on a little beyond the last end of the scale.
pub(crate) fn most_thousands(scale: Scale) -> i64 {
    match scale {
        Scale::A => 10_000,
        Scale::B => 100_000,
    }
}

/// The range an amount of dollars falls into. A negative amount falls into none.
pub(crate) fn range_of(scale: Scale, dollars: Decimal) -> Option<&'static str> {
    if dollars.is_sign_negative() && !dollars.is_zero() {
        return None;
    }
    // An amount beyond 64 bits is over every end.
    let whole = dollars.to_i64().unwrap_or(i64::MAX);
    Some(range_of_whole(scale, whole, !dollars.fract().is_zero()))
}

/// The same for whole dollars, which are not negative, and whether there is more behind the point.
pub(crate) fn range_of_whole(scale: Scale, whole: i64, has_fraction: bool) -> &'static str {
    let (names, ends) = match scale {
        Scale::A => (&RANGE_A, &ENDS_A),
        Scale::B => (&RANGE_B, &ENDS_B),
    };
    let [inner @ .., last] = ends;
    // Whole dollars decide, but for a fraction above the last end.
    let place = inner.iter().filter(|end| whole >= **end * 1_000).count();
    let over = whole > last * 1_000 || (whole == last * 1_000 && has_fraction);
    names[place + usize::from(over)]
}

/// The one range that holds everything from `low` up to `high`, or without end; `low` is not negative. Ends may touch.
pub(crate) fn range_around(
    scale: Scale,
    low: Decimal,
    high: Option<Decimal>,
) -> Option<&'static str> {
    if high == Some(low) {
        return range_of(scale, low);
    }
    let ends = match scale {
        Scale::A => &ENDS_A,
        Scale::B => &ENDS_B,
    };
    // A range lies between the ends before and after it; before the first and after the last there is none.
    let end = |place: usize| ends.get(place).map(|end| Decimal::from(*end * 1_000));
    let holds = |place: usize| {
        let starts = place
            .checked_sub(1)
            .and_then(end)
            .is_none_or(|from| from <= low);
        let stops = end(place).is_none_or(|to| high.is_some_and(|high| high <= to));
        starts && stops
    };
    let place = (0..scale.names().len()).find(|place| holds(*place))?;
    scale.names().get(place).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_ranges() {
        for (scale, amount, range) in [
            (Scale::A, "0", Some("UNDER_25K")),
            (Scale::A, "-0", Some("UNDER_25K")),
            (Scale::A, "-0.01", None),
            (Scale::A, "24999.99", Some("UNDER_25K")),
            (Scale::A, "25000", Some("FROM_25K_TO_50K")),
            (Scale::A, "50000.00", Some("FROM_50K_TO_100K")),
            (Scale::A, "999999.99", Some("FROM_500K_TO_1M")),
            (Scale::A, "1000000", Some("FROM_1M_TO_5M")),
            (Scale::A, "5000000", Some("FROM_1M_TO_5M")),
            (Scale::A, "5000000.01", Some("OVER_5M")),
            (Scale::B, "0", Some("UNDER_250K")),
            (Scale::B, "250000", Some("FROM_250K_TO_500K")),
            (Scale::B, "49999999", Some("FROM_20M_TO_50M")),
            (Scale::B, "50000000", Some("FROM_20M_TO_50M")),
            (Scale::B, "50000001", Some("OVER_50M")),
        ] {
            assert_eq!(range_of(scale, amount.parse().unwrap()), range, "{amount}");
        }
        for (scale, ends) in [(Scale::A, ENDS_A), (Scale::B, ENDS_B)] {
            for (place, end) in ends.iter().enumerate() {
                let end = Decimal::from(end * 1_000);
                assert_eq!(
                    range_of(scale, end - Decimal::ONE),
                    Some(scale.names()[place])
                );
                assert_eq!(
                    range_of(scale, end + Decimal::ONE),
                    Some(scale.names()[place + 1])
                );
            }
        }
    }
}
