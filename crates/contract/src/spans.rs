//! Ranges of money as exports write them: "50,000–100,000", "under 25k", "$1M+".
//!
//! Owner: `contract`. A span of the export becomes the one range of the contract that holds all of it. Ends that only touch
//! count as inside, because whoever writes "25,000–50,000" and "50,000–100,000" means ranges that do not overlap.
//! Invariants: a span that lies in two ranges, or below zero, has none; and what may be dollars or thousands has none unless
//! the caller says which ([`AmountUnit`]). Left out on purpose: middles and guesses.

use rust_decimal::Decimal;

use super::amounts::{self, DecimalMark, WrittenNumber};
use super::usd::{self, AmountUnit, Scale};

/// How the amounts of a column are written, as far as somebody said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AmountStyle {
    /// What begins their decimals.
    pub point: DecimalMark,
    /// What their numbers count.
    pub unit: AmountUnit,
}

/// What is wrong with an amount that may be dollars or thousands of them.
pub const OPEN_UNIT: &str =
    "may be dollars, thousands or a code: say which with `unit` of `usd_range`, or write the k";

/// What is wrong with an amount that is far beyond its range when it is counted in the unit of its column.
const TOO_MUCH: &str = "too much for the `unit` of its column: it may be in dollars";

const NEGATIVE: &str = "a negative amount has no range";
const NOT_AN_AMOUNT: &str = "not an amount";
const STRADDLES: &str = "the amounts lie in more than one of the contract's ranges";

/// Below this, a number without a multiplier is a code or counts thousands as often as dollars.
const LEAST_DOLLARS: i64 = 1_000;

/// From an amount up to another; without the first from zero, without the second without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct AmountSpan {
    low: Option<WrittenNumber>,
    high: Option<WrittenNumber>,
}

impl AmountSpan {
    fn ends(self) -> impl Iterator<Item = WrittenNumber> {
        [self.low, self.high].into_iter().flatten()
    }

    fn map<E>(
        self,
        change: impl Fn(WrittenNumber) -> Result<WrittenNumber, E>,
    ) -> Result<AmountSpan, E> {
        let of = |end: Option<WrittenNumber>| end.map(&change).transpose();
        Ok(AmountSpan {
            low: of(self.low)?,
            high: of(self.high)?,
        })
    }

    /// The range that holds all of it; the error says why there is none.
    fn range(self, scale: Scale) -> Result<&'static str, &'static str> {
        let value = |end: Option<WrittenNumber>| match end {
            Some(end) => end.value().map(Some).ok_or(NOT_AN_AMOUNT),
            None => Ok(None),
        };
        let (low, high) = (value(self.low)?.unwrap_or_default(), value(self.high)?);
        if high.is_some_and(|high| high < low) {
            return Err(NOT_AN_AMOUNT);
        }
        usd::range_around(scale, low, high).ok_or(STRADDLES)
    }

    /// Whether it may be in thousands, where nobody says what its numbers count. One of them with a multiplier speaks for
    /// both.
    fn has_open_unit(self, scale: Scale) -> bool {
        let Some(greatest) = self.ends().filter_map(WrittenNumber::value).max() else {
            return false;
        };
        if greatest.is_zero() || self.ends().any(|end| end.zeros > 0) {
            return false;
        }
        if greatest < LEAST_DOLLARS.into() {
            return true;
        }
        let as_thousands = |end: WrittenNumber| Ok::<_, &str>(end.with_zeros(3));
        let in_thousands = self.map(as_thousands).and_then(|span| span.range(scale));
        greatest <= usd::most_thousands(scale).into()
            && in_thousands.is_ok_and(|range| self.range(scale) != Ok(range))
    }
}

/// A number in the unit of its column. What has a multiplier of its own keeps it.
fn in_unit(
    number: WrittenNumber,
    scale: Scale,
    unit: AmountUnit,
) -> Result<WrittenNumber, &'static str> {
    let Some((zeros, most)) = usd::multiplier(scale, unit).filter(|_| number.zeros == 0) else {
        return Ok(number);
    };
    match number.value() {
        Some(value) if value < most.into() => Ok(number.with_zeros(zeros)),
        _ => Err(TOO_MUCH),
    }
}

/// Words before an amount that make it the upper end; those that are parts of others come later.
const UNDER: [&str; 11] = [
    "no more than",
    "less than",
    "lower than",
    "under",
    "below",
    "up to",
    "at most",
    "max",
    "<=",
    "<",
    "\u{2264}",
];
/// Words behind an amount that make it the upper end.
const OR_UNDER: [&str; 5] = ["or less", "and under", "or under", "and below", "or below"];
/// Words before an amount that make it the lower end.
const OVER: [&str; 11] = [
    "no less than",
    "more than",
    "greater than",
    "higher than",
    "over",
    "above",
    "at least",
    "min",
    ">=",
    ">",
    "\u{2265}",
];
/// Words behind an amount that make it the lower end.
const OR_OVER: [&str; 9] = [
    "or more",
    "and over",
    "or over",
    "and above",
    "or above",
    "and up",
    "and more",
    "plus",
    "+",
];

/// What stands between two amounts. A dash comes last: it may be a sign.
const BETWEEN: [&str; 8] = [
    " to ",
    " through ",
    " thru ",
    " and ",
    "\u{2013}",
    "\u{2014}",
    "\u{2212}",
    "-",
];

/// No range takes so much room.
const LONGEST: usize = 80;

/// The range that an amount or a whole span falls into. The error says why there is none.
pub fn range_of(
    scale: Scale,
    text: &str,
    style: AmountStyle,
) -> Result<&'static str, &'static str> {
    if let Some(number) = amounts::read(text, style.point) {
        return range_of_number(scale, number, style.unit);
    }
    let span = span(text, style.point).ok_or(NOT_AN_AMOUNT)?;
    if span.ends().any(WrittenNumber::is_negative) {
        return Err(NEGATIVE);
    }
    if style.unit == AmountUnit::Open && span.has_open_unit(scale) {
        return Err(OPEN_UNIT);
    }
    let span = span.map(|end| in_unit(end, scale, style.unit))?;
    span.range(scale)
}

/// What an amount without a word for its unit says about the unit of its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BareAmount {
    /// It may be dollars or thousands, and is not read unless somebody says which: [`OPEN_UNIT`].
    Open,
    /// It is read as dollars, and could be thousands: `1,250`.
    ReadAsDollars,
    /// It is too much for thousands.
    Dollars,
}

/// What an amount or a range without a word for its unit says about the unit of its column; `None` where it says nothing.
pub fn bare_amount(scale: Scale, text: &str, point: DecimalMark) -> Option<BareAmount> {
    let number = amounts::read(text, point);
    let (_, too_much) = usd::multiplier(scale, AmountUnit::Thousands)?;
    // Nearly all amounts: without a word for a multiplier, and within 64 bits.
    if let Some(number) = number.filter(|number| number.zeros == 0)
        && let Some((whole, has_fraction)) = number.whole()
    {
        return match whole {
            0 if !has_fraction => None,
            ..LEAST_DOLLARS => Some(BareAmount::Open),
            whole if whole < too_much => Some(BareAmount::ReadAsDollars),
            _ => Some(BareAmount::Dollars),
        };
    }
    let span = match number {
        Some(number) => AmountSpan {
            low: Some(number),
            high: Some(number),
        },
        None => span(text, point)?,
    };
    if span.ends().any(|end| end.is_negative() || end.zeros > 0) {
        return None;
    }
    let greatest = span.ends().filter_map(WrittenNumber::value).max()?;
    let is_open = match number {
        Some(number) => number.is_between_zero_and(LEAST_DOLLARS),
        None => span.has_open_unit(scale),
    };
    match () {
        () if greatest.is_zero() => None,
        () if is_open => Some(BareAmount::Open),
        () if greatest < too_much.into() => Some(BareAmount::ReadAsDollars),
        () => Some(BareAmount::Dollars),
    }
}

fn range_of_number(
    scale: Scale,
    number: WrittenNumber,
    unit: AmountUnit,
) -> Result<&'static str, &'static str> {
    if number.is_negative() {
        return Err(NEGATIVE);
    }
    if unit == AmountUnit::Open && number.zeros == 0 && number.is_between_zero_and(LEAST_DOLLARS) {
        return Err(OPEN_UNIT);
    }
    let number = in_unit(number, scale, unit)?;
    match number.whole() {
        Some((whole, has_fraction)) => Ok(usd::range_of_whole(scale, whole, has_fraction)),
        None => {
            let amount = number.value().ok_or(NOT_AN_AMOUNT)?;
            usd::range_of(scale, amount).ok_or(NEGATIVE)
        }
    }
}

fn span(text: &str, point: DecimalMark) -> Option<AmountSpan> {
    if text.len() > LONGEST {
        return None;
    }
    let text = text.trim().to_lowercase();
    one_ended(&text, point).or_else(|| two_ended(&text, point))
}

fn one_ended(text: &str, point: DecimalMark) -> Option<AmountSpan> {
    let amount = |rest: &str| amounts::read(rest, point).filter(|number| number.value().is_some());
    let before = |words: &[&str]| {
        let rest = words.iter().find_map(|word| text.strip_prefix(word))?;
        amount(rest)
    };
    let behind = |words: &[&str]| {
        let rest = words.iter().find_map(|word| text.strip_suffix(word))?;
        amount(rest)
    };
    if let Some(high) = before(&UNDER).or_else(|| behind(&OR_UNDER)) {
        return (high.value()? > Decimal::ZERO).then_some(AmountSpan {
            low: None,
            high: Some(high),
        });
    }
    let low = before(&OVER).or_else(|| behind(&OR_OVER))?;
    Some(AmountSpan {
        low: Some(low),
        high: None,
    })
}

fn two_ended(text: &str, point: DecimalMark) -> Option<AmountSpan> {
    let rest = ["between ", "from "]
        .iter()
        .find_map(|word| text.strip_prefix(word))
        .unwrap_or(text);
    BETWEEN.iter().find_map(|between| {
        let mut places = rest.match_indices(between);
        places.find_map(|(at, _)| {
            let low = amounts::read(rest.get(..at)?, point)?;
            let high = amounts::read(rest.get(at + between.len()..)?, point)?;
            spanned(low, high)
        })
    })
}

/// A multiplier behind the second amount is meant for both, when that makes sense of the first: "50–100k".
fn spanned(low: WrittenNumber, high: WrittenNumber) -> Option<AmountSpan> {
    let shared = low.zeros == 0 && low.value()? < high.with_zeros(0).value()?;
    let low = if shared {
        low.with_zeros(high.zeros)
    } else {
        low
    };
    (low.value()? <= high.value()?).then_some(AmountSpan {
        low: Some(low),
        high: Some(high),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OPEN: AmountStyle = AmountStyle {
        point: DecimalMark::Open,
        unit: AmountUnit::Open,
    };

    fn in_unit(unit: AmountUnit) -> AmountStyle {
        AmountStyle { unit, ..OPEN }
    }

    #[test]
    fn real_ranges() {
        for (scale, text, range) in [
            (Scale::A, "50,000–100,000", "FROM_50K_TO_100K"),
            (Scale::A, "50,000-100,000", "FROM_50K_TO_100K"),
            (Scale::A, "$50,000 - $99,999", "FROM_50K_TO_100K"),
            (Scale::A, "$50,001 to $100,000", "FROM_50K_TO_100K"),
            (Scale::A, "$50k - $100k", "FROM_50K_TO_100K"),
            (Scale::A, "50-100k", "FROM_50K_TO_100K"),
            (Scale::A, "50k–100k", "FROM_50K_TO_100K"),
            (Scale::A, "between 50 and 100 thousand", "FROM_50K_TO_100K"),
            (Scale::A, "From $500,000 to $1M", "FROM_500K_TO_1M"),
            (Scale::A, "$500k - 1 million", "FROM_500K_TO_1M"),
            (Scale::A, "1-5 million", "FROM_1M_TO_5M"),
            (Scale::A, "50 000 - 100 000", "FROM_50K_TO_100K"),
            (Scale::A, "USD 25,000 - USD 50,000", "FROM_25K_TO_50K"),
            (Scale::A, "25,000.00 thru 49,999.99", "FROM_25K_TO_50K"),
            (Scale::A, "under 25,000", "UNDER_25K"),
            (Scale::A, "Less than $25,000", "UNDER_25K"),
            (Scale::A, "<25k", "UNDER_25K"),
            (Scale::A, "< $25,000", "UNDER_25K"),
            (Scale::A, "\u{2264} 25k", "UNDER_25K"),
            (Scale::A, "$25,000 or less", "UNDER_25K"),
            (Scale::A, "up to 10k", "UNDER_25K"),
            (Scale::A, "$0 - $24,999", "UNDER_25K"),
            (Scale::A, "$1-$25k", "UNDER_25K"),
            (Scale::A, "over 5 million", "OVER_5M"),
            (Scale::A, "$5,000,000+", "OVER_5M"),
            (Scale::A, "> 5M", "OVER_5M"),
            (Scale::A, "$5MM and above", "OVER_5M"),
            (Scale::A, "5M - 10M", "OVER_5M"),
            (Scale::A, "85,000", "FROM_50K_TO_100K"),
            (Scale::A, "100,000-100,000", "FROM_100K_TO_200K"),
            (Scale::B, "under 25,000", "UNDER_250K"),
            (Scale::B, "10M–20M", "FROM_10M_TO_20M"),
            (Scale::B, "more than 50 million", "OVER_50M"),
        ] {
            assert_eq!(range_of(scale, text, OPEN), Ok(range), "{text}");
        }
        let style = AmountStyle {
            point: DecimalMark::Comma,
            ..OPEN
        };
        let comma = |text| range_of(Scale::A, text, style);
        assert_eq!(comma("25.000-50.000"), Ok("FROM_25K_TO_50K"));
    }

    #[test]
    fn no_range() {
        let straddles = STRADDLES;
        for (text, why) in [
            ("25,000+", straddles),
            ("over 1 million", straddles),
            ("< 50k", straddles),
            ("20,000 - 30,000", straddles),
            ("25 - 1M", straddles),
            ("under 25,001", straddles),
            ("-500 - 100", "a negative amount has no range"),
            ("-500", "a negative amount has no range"),
            ("100k - 50k", "not an amount"),
            ("€25,000 - €50,000", "not an amount"),
            ("under", "not an amount"),
            ("under 0", "not an amount"),
            ("+", "not an amount"),
            ("50 - 100 - 150", "not an amount"),
            ("a lot", "not an amount"),
            ("25.000-50.000", "not an amount"),
            ("", "not an amount"),
        ] {
            assert_eq!(range_of(Scale::A, text, OPEN), Err(why), "{text}");
        }
    }

    #[test]
    fn what_may_be_thousands_has_a_range_only_where_somebody_says_its_unit() {
        use AmountUnit::{Dollars, Millions, Thousands};
        for (scale, text, unit, range) in [
            (Scale::A, "25-50", Thousands, "FROM_25K_TO_50K"),
            (Scale::A, "$50 - $100", Thousands, "FROM_50K_TO_100K"),
            (Scale::A, "500-1,000", Thousands, "FROM_500K_TO_1M"),
            (Scale::A, "1,000-5,000", Thousands, "FROM_1M_TO_5M"),
            (Scale::A, "over 5,000", Thousands, "OVER_5M"),
            (Scale::A, "<25", Thousands, "UNDER_25K"),
            (Scale::A, "75", Thousands, "FROM_50K_TO_100K"),
            (Scale::A, "75.5", Thousands, "FROM_50K_TO_100K"),
            // What says its unit keeps it.
            (Scale::A, "75k", Thousands, "FROM_50K_TO_100K"),
            (Scale::A, "500 - 1M", Thousands, "FROM_500K_TO_1M"),
            (Scale::A, "1-5", Millions, "FROM_1M_TO_5M"),
            (Scale::A, "1.2", Millions, "FROM_1M_TO_5M"),
            (Scale::A, "25-50", Dollars, "UNDER_25K"),
            (Scale::A, "1,000-5,000", Dollars, "UNDER_25K"),
            (Scale::A, "75", Dollars, "UNDER_25K"),
            (Scale::A, "85,000", Dollars, "FROM_50K_TO_100K"),
            (Scale::B, "250-500", Thousands, "FROM_250K_TO_500K"),
            (Scale::B, "20,000-50,000", Thousands, "FROM_20M_TO_50M"),
        ] {
            assert_eq!(
                range_of(scale, text, in_unit(unit)),
                Ok(range),
                "{text} {unit:?}"
            );
            let zero = range_of(scale, "0", in_unit(unit));
            assert_eq!(zero, Ok(scale.names()[0]));
        }
        for (scale, text) in [
            (Scale::A, "25-50"),
            (Scale::A, "$25 - $50"),
            (Scale::A, "100-250"),
            (Scale::A, "500-1,000"),
            (Scale::A, "1,000-5,000"),
            (Scale::A, "5000 - 10000"),
            (Scale::A, "over 5,000"),
            (Scale::A, "<25"),
            (Scale::A, "500+"),
            (Scale::A, "75"),
            (Scale::A, "$75"),
            (Scale::A, "75.50"),
            (Scale::A, "1"),
            (Scale::B, "250-500"),
            (Scale::B, "20,000-50,000"),
            (Scale::B, "over 50,000"),
        ] {
            assert_eq!(range_of(scale, text, OPEN), Err(OPEN_UNIT), "{text}");
        }
        for (text, unit) in [
            ("85,000", Thousands),
            ("25,000 - 50,000", Thousands),
            ("85,000", Millions),
        ] {
            let range = range_of(Scale::A, text, in_unit(unit));
            assert_eq!(range, Err(TOO_MUCH), "{text}");
        }
        let mixed = range_of(Scale::A, "2,000 - 1M", in_unit(Thousands));
        assert_eq!(mixed, Err(NOT_AN_AMOUNT));
    }

    #[test]
    fn what_an_amount_says_about_its_column() {
        for (scale, text, says) in [
            (Scale::A, "25-50", Some(BareAmount::Open)),
            (Scale::A, "75", Some(BareAmount::Open)),
            (Scale::A, "1,250", Some(BareAmount::ReadAsDollars)),
            (Scale::A, "$1250.00", Some(BareAmount::ReadAsDollars)),
            (Scale::A, "1,000-7,500", Some(BareAmount::ReadAsDollars)),
            (Scale::A, "24,999", Some(BareAmount::ReadAsDollars)),
            (Scale::A, "25,000", Some(BareAmount::Dollars)),
            (Scale::A, "25,000-50,000", Some(BareAmount::Dollars)),
            (Scale::B, "60,000", Some(BareAmount::ReadAsDollars)),
            (Scale::A, "0.50", Some(BareAmount::Open)),
            (Scale::A, "$999.99", Some(BareAmount::Open)),
            (Scale::A, "1,000.00", Some(BareAmount::ReadAsDollars)),
            (Scale::A, "24,999.99", Some(BareAmount::ReadAsDollars)),
            (Scale::A, "25,000.00", Some(BareAmount::Dollars)),
            (Scale::A, "99999999999999999999", Some(BareAmount::Dollars)),
            (Scale::A, "0.00", None),
            (Scale::A, "0", None),
            (Scale::A, "1M", None),
            (Scale::A, "25k-50k", None),
            (Scale::A, "-5", None),
            (Scale::A, "a lot", None),
        ] {
            assert_eq!(bare_amount(scale, text, DecimalMark::Open), says, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_gives_a_range(any in any::<String>(), near in "(under |over |<|>)?[$]?[0-9]{0,6}[km]?( to |-|–|\\+)?[0-9,.]{0,9}[kM]?") {
            for text in [&any, &near] {
                let comma = AmountStyle { point: DecimalMark::Comma, unit: AmountUnit::Thousands };
                for (scale, style) in [(Scale::A, OPEN), (Scale::B, comma)] {
                    if let Ok(range) = range_of(scale, text, style) {
                        prop_assert!(scale.names().contains(&range));
                    }
                }
            }
        }

        #[test]
        fn a_span_of_thousands_lies_where_both_its_ends_do(low in 0i64..6_000, more in 1i64..6_000) {
            let text = format!("${low},000 - ${},999", low + more - 1);
            let (low, high) = (Decimal::from(low * 1000), Decimal::from((low + more) * 1000 - 1));
            let ends = (usd::range_of(Scale::A, low), usd::range_of(Scale::A, high));
            let wanted = ends.0.filter(|_| ends.0 == ends.1);
            if low < Decimal::from(1_000_000) && high < Decimal::from(1_000_000) {
                prop_assert_eq!(range_of(Scale::A, &text, in_unit(AmountUnit::Dollars)).ok(), wanted, "{}", text);
            }
        }
    }
}
