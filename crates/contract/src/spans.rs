//! Ranges of money as exports write them: "50,000–100,000", "under 25k", "$1M+".
//!
//! Owner: `contract`. A span of the export becomes the one range of the contract that holds all of it. Ends that only touch
//! count as inside, because whoever writes "25,000–50,000" and "50,000–100,000" means ranges that do not overlap.
//! Invariant: a span that lies in two ranges, or below zero, has none. Left out on purpose: middles and guesses.

use rust_decimal::Decimal;

use super::amounts::{self, DecimalMark, WrittenNumber};
use super::usd::{self, Scale};

/// From an amount up to another; without the second, without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct AmountSpan {
    low: Decimal,
    high: Option<Decimal>,
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
    point: DecimalMark,
) -> Result<&'static str, &'static str> {
    let number = amounts::read(text, point);
    if let Some((whole, has_fraction)) = number.and_then(WrittenNumber::whole) {
        return Ok(usd::range_of_whole(scale, whole, has_fraction));
    }
    if let Some(amount) = number.and_then(WrittenNumber::value) {
        return usd::range_of(scale, amount).ok_or("a negative amount has no range");
    }
    let span = span(text, point).ok_or("not an amount")?;
    if span.low.is_sign_negative() && !span.low.is_zero() {
        return Err("a negative amount has no range");
    }
    usd::range_around(scale, span.low, span.high)
        .ok_or("the amounts lie in more than one of the contract's ranges")
}

fn span(text: &str, point: DecimalMark) -> Option<AmountSpan> {
    if text.len() > LONGEST {
        return None;
    }
    let text = text.trim().to_lowercase();
    one_ended(&text, point).or_else(|| two_ended(&text, point))
}

fn one_ended(text: &str, point: DecimalMark) -> Option<AmountSpan> {
    let amount = |rest: &str| amounts::parse(rest, point);
    let before = |words: &[&str]| {
        let rest = words.iter().find_map(|word| text.strip_prefix(word))?;
        amount(rest)
    };
    let behind = |words: &[&str]| {
        let rest = words.iter().find_map(|word| text.strip_suffix(word))?;
        amount(rest)
    };
    if let Some(high) = before(&UNDER).or_else(|| behind(&OR_UNDER)) {
        let (low, high) = (Decimal::ZERO, Some(high));
        return (high > Some(low)).then_some(AmountSpan { low, high });
    }
    let low = before(&OVER).or_else(|| behind(&OR_OVER))?;
    Some(AmountSpan { low, high: None })
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
    let (low, high) = (low.value()?, high.value()?);
    (low <= high).then_some(AmountSpan {
        low,
        high: Some(high),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
            assert_eq!(
                range_of(scale, text, DecimalMark::Open),
                Ok(range),
                "{text}"
            );
        }
        let comma = |text| range_of(Scale::A, text, DecimalMark::Comma);
        assert_eq!(comma("25.000-50.000"), Ok("FROM_25K_TO_50K"));
    }

    #[test]
    fn no_range() {
        let straddles = "the amounts lie in more than one of the contract's ranges";
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
            assert_eq!(
                range_of(Scale::A, text, DecimalMark::Open),
                Err(why),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_gives_a_range(any in any::<String>(), near in "(under |over |<|>)?[$]?[0-9]{0,6}[km]?( to |-|–|\\+)?[0-9,.]{0,9}[kM]?") {
            for text in [&any, &near] {
                for (scale, point) in [(Scale::A, DecimalMark::Open), (Scale::B, DecimalMark::Comma)] {
                    if let Ok(range) = range_of(scale, text, point) {
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
                prop_assert_eq!(range_of(Scale::A, &text, DecimalMark::Open).ok(), wanted, "{}", text);
            }
        }
    }
}
