//! U.S. dollar ranges, and amounts of money as exports write them.
//!
//! Owner: `contract`. Invariants: amounts are decimals, never floats; a range's lower end belongs to it, as in
//! "exactly 25,000 is FROM_25K_TO_50K", and only more than the last end is OVER. Left out on purpose: guessing.
//! "85.000" is 85 to one reader and 85,000 to another, so it gives `None`; so do other currencies, ranges
//! ("25-50k") and scientific notation, which has lost digits already.

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

/// The range an amount of dollars falls into. A negative amount falls into none.
pub fn range_of(scale: Scale, dollars: Decimal) -> Option<&'static str> {
    if dollars.is_sign_negative() && !dollars.is_zero() {
        return None;
    }
    let (names, ends) = match scale {
        Scale::A => (&RANGE_A, &ENDS_A),
        Scale::B => (&RANGE_B, &ENDS_B),
    };
    let [inner @ .., last] = ends;
    // Whole dollars decide, but for a fraction above the last end. An amount beyond 64 bits is over every end.
    let whole = dollars.trunc().to_i64().unwrap_or(i64::MAX);
    let place = inner.iter().filter(|end| whole >= **end * 1_000).count();
    let over = whole > last * 1_000 || (whole == last * 1_000 && !dollars.fract().is_zero());
    names.get(place + usize::from(over)).copied()
}

/// What may stand before or after the digits and means dollars. Longest first.
const DOLLARS: [&str; 4] = ["US$", "USD", "$US", "$"];

/// What multiplies: suffix, then how many zeros. Longest first, so that "mm" is not read as "m".
const MULTIPLIERS: [(&str, u32); 10] = [
    ("thousand", 3),
    ("million", 6),
    ("billion", 9),
    ("mio", 6),
    ("mn", 6),
    ("mm", 6),
    ("bn", 9),
    ("k", 3),
    ("m", 6),
    ("b", 9),
];

/// Reads an amount of dollars. What can be read in two ways gives `None`.
pub fn parse_amount(text: &str) -> Option<Decimal> {
    let mut rest = text.trim();
    let mut negative = false;
    if let Some(inside) = rest.strip_prefix('(') {
        rest = inside.strip_suffix(')')?.trim();
        negative = true;
    }
    // One sign and one currency mark, each on either side, in either order.
    let (mut signed, mut marked) = (negative, false);
    loop {
        if let Some((after, minus)) = strip_sign(rest).filter(|_| !signed) {
            (rest, negative, signed) = (after, minus, true);
        } else if let Some(after) = strip_dollars(rest).filter(|_| !marked) {
            (rest, marked) = (after, true);
        } else {
            break;
        }
    }
    let (rest, zeros) = strip_multiplier(rest);
    let (mantissa, scale) = digits(rest, zeros > 0)?;
    let mantissa = mantissa.checked_mul(10i128.checked_pow(zeros)?)?;
    Decimal::try_from_i128_with_scale(if negative { -mantissa } else { mantissa }, scale).ok()
}

fn strip_sign(text: &str) -> Option<(&str, bool)> {
    let minus = ['-', '\u{2212}'];
    if let Some(rest) = text
        .strip_prefix(minus)
        .or_else(|| text.strip_suffix(minus))
    {
        return Some((rest.trim(), true));
    }
    text.strip_prefix('+')
        .map(|rest| (rest.trim_start(), false))
}

fn strip_dollars(text: &str) -> Option<&str> {
    // Most cells begin and end with a digit: no mark to look for.
    let (first, last) = (text.as_bytes().first()?, text.as_bytes().last()?);
    if first.is_ascii_digit() && last.is_ascii_digit() {
        return None;
    }
    DOLLARS.iter().find_map(|mark| {
        let head = text
            .get(..mark.len())
            .filter(|head| head.eq_ignore_ascii_case(mark));
        if head.is_some() {
            return text.get(mark.len()..).map(str::trim_start);
        }
        strip_end(text, mark)
    })
}

fn strip_multiplier(text: &str) -> (&str, u32) {
    if !text.as_bytes().last().is_some_and(u8::is_ascii_alphabetic) {
        return (text, 0);
    }
    let found = MULTIPLIERS
        .iter()
        .find_map(|(suffix, zeros)| strip_end(text, suffix).map(|rest| (rest, *zeros)));
    found.unwrap_or((text, 0))
}

fn strip_end<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    let start = text.len().checked_sub(suffix.len())?;
    let tail = text.get(start..)?;
    if !tail.eq_ignore_ascii_case(suffix) {
        return None;
    }
    text.get(..start).map(str::trim_end)
}

/// The kinds of separator; all spaces and apostrophes only ever group thousands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Dot,
    Comma,
    Space,
    Apostrophe,
}

fn mark(c: char) -> Option<Mark> {
    match c {
        '.' => Some(Mark::Dot),
        ',' => Some(Mark::Comma),
        ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}' => Some(Mark::Space),
        '\'' | '\u{2019}' => Some(Mark::Apostrophe),
        _ => None,
    }
}

/// Digits with separators, as a mantissa and the number of its decimals.
fn digits(text: &str, multiplied: bool) -> Option<(i128, u32)> {
    // What groups thousands, how often it was seen, and the one mark after it that may begin decimals.
    let (mut group, mut groups, mut decimal) = (None, 0u32, None);
    let (mut mantissa, mut total, mut head, mut run) = (0i128, 0u32, 0u32, 0u32);
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(digit))?;
            run += 1;
            total += 1;
            continue;
        }
        let found = mark(c)?;
        if decimal.is_some() {
            return None; // nothing parts the decimals
        }
        if group.is_none() {
            (group, groups, head) = (Some(found), 1, run);
        } else if run != 3 {
            return None; // a group inside a number has three digits
        } else if group == Some(found) {
            groups += 1;
        } else {
            decimal = Some(found);
        }
        run = 0;
    }
    if total == 0 {
        return None;
    }
    let grouped = (1..=3).contains(&head);
    let point = |mark| matches!(mark, Mark::Dot | Mark::Comma);
    match (group, decimal) {
        (None, _) => Some((mantissa, 0)),
        (Some(_), Some(mark)) => {
            // Behind spaces and apostrophes, three last digits could be one more group.
            let clear = groups > 1 || run != 3 || group.is_some_and(point);
            (grouped && point(mark) && clear).then_some((mantissa, run))
        }
        (Some(_), None) if groups > 1 => (grouped && run == 3).then_some((mantissa, 0)),
        (Some(Mark::Space | Mark::Apostrophe), None) => {
            (grouped && run == 3).then_some((mantissa, 0))
        }
        // One dot or comma. Three digits behind it and one to three before: a group to some readers. The comma
        // is read the American way; a dot, a leading zero or a multiplier leaves it open.
        (Some(mark), None) if grouped && run == 3 => {
            let zero = text.starts_with('0');
            match mark {
                Mark::Comma if !multiplied && !zero => Some((mantissa, 0)),
                Mark::Dot if zero && head == 1 => Some((mantissa, 3)),
                _ => None,
            }
        }
        // A comma before decimals is common with one or two of them only.
        (Some(Mark::Comma), None) => (head > 0 && matches!(run, 1 | 2)).then_some((mantissa, run)),
        (Some(_), None) => Some((mantissa, run)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<String> {
        parse_amount(text).map(|amount| amount.normalize().to_string())
    }

    #[test]
    fn real_amounts() {
        for (text, amount) in [
            ("85000", "85000"),
            ("85,000", "85000"),
            ("$1,250,000.00", "1250000"),
            ("1.250.000,00", "1250000"),
            ("85k", "85000"),
            ("1.2M", "1200000"),
            ("$1.5MM", "1500000"),
            ("2,5 million", "2500000"),
            ("USD 300", "300"),
            ("300 usd", "300"),
            ("US$ 1,000.50", "1000.5"),
            ("(500)", "-500"),
            ("($1,500.00)", "-1500"),
            ("-$500", "-500"),
            ("$-500", "-500"),
            ("500-", "-500"),
            ("50 000", "50000"),
            ("50\u{a0}000,25", "50000.25"),
            ("1'250'000.50", "1250000.5"),
            ("1234,56", "1234.56"),
            ("1234.5", "1234.5"),
            (".50", "0.5"),
            ("85.", "85"),
            ("0.125", "0.125"),
            ("1250.000", "1250"),
            ("1,250.000", "1250"),
            ("0", "0"),
            ("0.00", "0"),
            ("  42 ", "42"),
        ] {
            assert_eq!(read(text).as_deref(), Some(amount), "{text}");
        }
    }

    #[test]
    fn ambiguous_or_no_amount() {
        for text in [
            "",
            "-",
            "$",
            "()",
            "(500",
            "85.000",
            "1.250k",
            "1,250k",
            "0,500",
            "1,00,000",
            "12,3456",
            "1,2,3",
            "--5",
            "(-5)",
            "€500",
            "EUR 500",
            "25,000-50,000",
            "<25k",
            "1 250,000",
            "1.2.3",
            "k",
            "N/A",
            "1e6",
            "5%",
            "$$5",
            "1,234.567,89",
            "1.234,567.89",
            "99999999999999999999999999999999",
            "85,000/yr",
            "５",
            ",",
            ".",
            "1234,567",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

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

    proptest! {
        #[test]
        fn never_panics(text in any::<String>(), near in "[-$0-9., ()kKmMUSD']{0,24}") {
            parse_amount(&text);
            parse_amount(&near);
        }

        #[test]
        fn written_amounts_come_back(cents in -1_000_000_000_000i64..1_000_000_000_000) {
            let amount = Decimal::new(cents, 2);
            let (sign, whole, rest) = (if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100);
            let grouped = |by: char| {
                let digits = whole.to_string();
                let mut text = String::new();
                for (place, digit) in digits.chars().enumerate() {
                    if place > 0 && (digits.len() - place).is_multiple_of(3) {
                        text.push(by);
                    }
                    text.push(digit);
                }
                text
            };
            for text in [
                amount.to_string(),
                format!("{sign}${},{rest:02}", grouped('.')),
                format!("{sign}{}.{rest:02} USD", grouped(',')),
                format!("{sign}{},{rest:02}", grouped(' ')),
            ] {
                prop_assert_eq!(parse_amount(&text), Some(amount), "{}", text);
            }
        }
    }
}
