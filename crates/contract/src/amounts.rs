//! Amounts of money and other numbers as exports write them.
//!
//! Owner: `contract`. Invariants: amounts are decimals, never floats; both habits of grouping are read, and what fits both
//! ("85.000" is 85 to one reader and 85,000 to another) gives `None` unless the caller says which one it is ([`DecimalMark`]).
//! Left out on purpose: other currencies, and scientific notation, which has lost digits already.

use rust_decimal::Decimal;

use bakkt_model::text::trim;

/// What begins the decimals of a column's numbers, where somebody said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DecimalMark {
    /// Nobody did: what fits both habits is not read, but for "85,000", which is read the American way.
    #[default]
    Open,
    /// A dot: "1.234" is a little more than one.
    Dot,
    /// A comma: "1.234" is more than a thousand.
    Comma,
}

/// What may stand before or after the digits and means dollars. Longest first.
const DOLLARS: [&str; 9] = [
    "U.S. dollars",
    "US dollars",
    "dollars",
    "dollar",
    "U.S.$",
    "US$",
    "USD",
    "$US",
    "$",
];

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

/// A number as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenNumber {
    /// All its digits, with its sign.
    mantissa: i128,
    /// How many of them are decimals.
    scale: u32,
    /// What a word behind it multiplies it with, as a number of zeros.
    pub zeros: u32,
}

impl WrittenNumber {
    /// What it comes to; `None` when that is beyond all bounds.
    pub(crate) fn value(self) -> Option<Decimal> {
        let mantissa = self.mantissa.checked_mul(10i128.checked_pow(self.zeros)?)?;
        Decimal::try_from_i128_with_scale(mantissa, self.scale).ok()
    }

    /// Whole dollars, and whether there is more behind the point; `None` where 64 bits do not hold it, and below zero.
    pub(crate) fn whole(self) -> Option<(i64, bool)> {
        let mantissa = i64::try_from(self.mantissa).ok()?;
        let mantissa = mantissa.checked_mul(10i64.checked_pow(self.zeros)?)?;
        let unit = 10i64.checked_pow(self.scale)?;
        (mantissa >= 0).then_some((mantissa / unit, mantissa % unit != 0))
    }

    /// Whether it is below zero.
    pub(crate) fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    /// Whether its digits, without a multiplier, come to more than zero and less than a whole number.
    pub(crate) fn is_between_zero_and(self, most: i64) -> bool {
        let unit = 10i128.checked_pow(self.scale);
        self.mantissa > 0 && unit.is_none_or(|unit| self.mantissa / unit < i128::from(most))
    }

    /// The same digits with another multiplier.
    #[must_use]
    pub(crate) fn with_zeros(self, zeros: u32) -> Self {
        Self { zeros, ..self }
    }
}

/// Reads an amount of dollars, or a number without a currency.
pub fn parse(text: &str, point: DecimalMark) -> Option<Decimal> {
    read(text, point)?.value()
}

/// The same, without working it out.
pub(crate) fn read(text: &str, point: DecimalMark) -> Option<WrittenNumber> {
    usual(text).or_else(|| unusual(text, point))
}

/// What most cells hold, in one pass: at most a dollar sign, digits, commas between groups of three, and two decimals behind a
/// dot. None of what has another reading: "1,250" alone may have decimals.
fn usual(text: &str) -> Option<WrittenNumber> {
    let digits = text.strip_prefix('$').unwrap_or(text).as_bytes();
    let (mut mantissa, mut total, mut run, mut groups) = (0u64, 0, 0, 0);
    let mut has_decimals = false;
    for byte in digits {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa * 10 + u64::from(byte - b'0');
                run += 1;
                total += 1;
                if total > SHORT_DIGITS {
                    return None;
                }
                continue;
            }
            // The first group has one to three digits, each further one three.
            b',' if !has_decimals && (run == 3 || (groups == 0 && (1..=3).contains(&run))) => {
                groups += 1;
            }
            b'.' if !has_decimals && (run == 3 || (groups == 0 && run > 0)) => has_decimals = true,
            _ => return None,
        }
        run = 0;
    }
    let is_clear = match has_decimals {
        true => run == 2,
        false => (groups == 0 && run > 0) || (groups > 1 && run == 3),
    };
    is_clear.then_some(WrittenNumber {
        mantissa: mantissa.into(),
        scale: if has_decimals { 2 } else { 0 },
        zeros: 0,
    })
}

/// The same of any text.
fn unusual(text: &str, point: DecimalMark) -> Option<WrittenNumber> {
    let whole = trim(text);
    if is_dash_for_zero(whole) {
        return Some(WrittenNumber {
            mantissa: 0,
            scale: 0,
            zeros: 0,
        });
    }
    let mut rest = without_dash(whole);
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
    // "$(500)" is as common as "($500)".
    if let Some(inside) = rest.strip_prefix('(').filter(|_| marked && !signed) {
        rest = inside.strip_suffix(')')?.trim();
        negative = true;
    }
    let (rest, zeros) = strip_multiplier(rest);
    let (mantissa, scale) = digits(rest, zeros > 0, point)?;
    Some(WrittenNumber {
        mantissa: if negative { -mantissa } else { mantissa },
        scale,
        zeros,
    })
}

/// "$ -", as spreadsheets show nothing of an amount in their accounting format. A dash alone stands for no value.
fn is_dash_for_zero(text: &str) -> bool {
    let rest = text.strip_prefix('$').map(str::trim_start);
    rest.is_some_and(|rest| matches!(rest, "-" | "\u{2013}" | "\u{2014}"))
}

/// "1.250.000,-", "85.000,--" and "85'000.--": dashes in the place of decimals that are zero. "85,000-" is negative, and
/// "500.-" may be.
fn without_dash(text: &str) -> &str {
    const DASHES: [char; 4] = ['-', '\u{2013}', '\u{2014}', '\u{2212}'];
    let whole = text.trim_end_matches(DASHES);
    let digits = (whole.len() < text.len())
        .then(|| match text.ends_with(".-") {
            true => None,
            false => whole.strip_suffix([',', '.']),
        })
        .flatten();
    match digits {
        Some(digits) if digits.ends_with(|c: char| c.is_ascii_digit()) => digits,
        _ => text,
    }
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
    // Most cells begin and end with a digit, or begin with a lone dollar sign: no list to go through.
    match (text.as_bytes(), text.as_bytes().last()?) {
        ([b'$', b'0'..=b'9' | b' ' | b'-' | b'(', ..], _) => {
            return text.get(1..).map(str::trim_start);
        }
        ([first, ..], last) if first.is_ascii_digit() && last.is_ascii_digit() => return None,
        _ => {}
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
enum Separator {
    Dot,
    Comma,
    Space,
    Apostrophe,
}

fn mark(c: char) -> Option<Separator> {
    match c {
        '.' => Some(Separator::Dot),
        ',' => Some(Separator::Comma),
        ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}' => Some(Separator::Space),
        '\'' | '\u{2019}' => Some(Separator::Apostrophe),
        _ => None,
    }
}

/// So many digits fit into 128 bits; no amount has them.
const MOST_DIGITS: u32 = 38;

/// So many fit into 64 bits.
const SHORT_DIGITS: u32 = 18;

/// Digits with separators, as a mantissa and the number of its decimals.
fn digits(text: &str, multiplied: bool, decided: DecimalMark) -> Option<(i128, u32)> {
    // What groups thousands, how often it was seen, and the one mark after it that may begin decimals.
    let (mut group, mut groups, mut decimal) = (None, 0u32, None);
    let (mut total, mut head, mut run) = (0u32, 0u32, 0u32);
    // As 64 bits as long as they have room, which is a third of the work.
    let (mut short, mut mantissa) = (0u64, 0i128);
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            match total {
                ..SHORT_DIGITS => short = short * 10 + u64::from(digit),
                MOST_DIGITS => return None,
                SHORT_DIGITS => mantissa = i128::from(short) * 10 + i128::from(digit),
                _ => mantissa = mantissa * 10 + i128::from(digit),
            }
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
    if total <= SHORT_DIGITS {
        mantissa = short.into();
    }
    let grouped = (1..=3).contains(&head);
    let point = |mark| matches!(mark, Separator::Dot | Separator::Comma);
    let decides = |mark| {
        matches!(
            (mark, decided),
            (Separator::Dot, DecimalMark::Dot) | (Separator::Comma, DecimalMark::Comma)
        )
    };
    match (group, decimal) {
        (None, _) => Some((mantissa, 0)),
        (Some(_), Some(mark)) => {
            // Behind spaces and apostrophes, three last digits could be one more group.
            let clear = groups > 1 || run != 3 || group.is_some_and(point) || decides(mark);
            (grouped && point(mark) && clear).then_some((mantissa, run))
        }
        (Some(_), None) if groups > 1 => (grouped && run == 3).then_some((mantissa, 0)),
        (Some(Separator::Space | Separator::Apostrophe), None) => {
            (grouped && run == 3).then_some((mantissa, 0))
        }
        // One dot or comma. Three digits behind it and one to three before: a group to some readers. The comma
        // is read the American way; a dot, a leading zero or a multiplier leaves it open.
        (Some(mark), None) if grouped && run == 3 => {
            let zero = text.starts_with('0');
            match mark {
                Separator::Dot | Separator::Comma if decides(mark) => Some((mantissa, 3)),
                Separator::Dot | Separator::Comma if decided != DecimalMark::Open && !zero => {
                    Some((mantissa, 0))
                }
                Separator::Comma if !multiplied && !zero => Some((mantissa, 0)),
                Separator::Dot if zero && head == 1 => Some((mantissa, 3)),
                _ => None,
            }
        }
        // A comma before decimals is common with one or two of them only.
        (Some(Separator::Comma), None) => {
            (head > 0 && matches!(run, 1 | 2)).then_some((mantissa, run))
        }
        (Some(_), None) => Some((mantissa, run)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<String> {
        parse(text, DecimalMark::Open).map(|amount| amount.normalize().to_string())
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
            ("500.-", "-500"),
            ("1.250.000,-", "1250000"),
            ("85000,--", "85000"),
            ("85'000.–", "85000"),
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
            ("$ -", "0"),
            (" $-   ", "0"),
            ("$ \u{2013}", "0"),
            ("$(1,500)", "-1500"),
            ("$1,234.56-", "-1234.56"),
            ("1'234", "1234"),
            ("300 dollars", "300"),
            ("1.5 mm", "1500000"),
        ] {
            assert_eq!(read(text).as_deref(), Some(amount), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_usual_case_is_read_as_any_other(text in r"\$?[0-9]{0,4}(,[0-9]{2,4}){0,3}(\.[0-9]{0,3})?", long in "[0-9]{17,20}") {
            for text in [&text, &long] {
                for point in [DecimalMark::Open, DecimalMark::Dot, DecimalMark::Comma] {
                    if let Some(read) = usual(text) {
                        prop_assert_eq!(Some(read.value()), unusual(text, point).map(WrittenNumber::value), "{} {:?}", text, point);
                    }
                }
            }
        }
    }

    #[test]
    fn a_decided_point_settles_what_has_two_readings() {
        for (text, dot, comma) in [
            ("1.234", Some("1.234"), Some("1234")),
            ("85.000", Some("85"), Some("85000")),
            ("85,000", Some("85000"), Some("85")),
            ("1.250k", Some("1250"), Some("1250000")),
            ("1,250k", Some("1250000"), Some("1250")),
            ("0,500", None, Some("0.5")),
            ("0.125", Some("0.125"), Some("0.125")),
            ("1 250,000", None, Some("1250")),
            ("1'250.000", Some("1250"), None),
            // What has one reading keeps it.
            ("1.234,56", Some("1234.56"), Some("1234.56")),
            ("1,234.56", Some("1234.56"), Some("1234.56")),
            ("1.234.567", Some("1234567"), Some("1234567")),
            ("12,5", Some("12.5"), Some("12.5")),
            ("€500", None, None),
        ] {
            let read = |point| parse(text, point).map(|amount| amount.normalize().to_string());
            assert_eq!(read(DecimalMark::Dot).as_deref(), dot, "{text} with a dot");
            assert_eq!(
                read(DecimalMark::Comma).as_deref(),
                comma,
                "{text} with a comma"
            );
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
            "C$500",
            "£500",
            "¥500",
            "500 CAD",
            "$(500",
            "$(-5)",
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

    proptest! {
        #[test]
        fn never_panics(text in any::<String>(), near in "[-$0-9., ()kKmMUSD']{0,24}") {
            for point in [DecimalMark::Open, DecimalMark::Dot, DecimalMark::Comma] {
                parse(&text, point);
                // Who says what the point is reads the same or more, never something else, but for "85,000".
                let open = parse(&near, DecimalMark::Open);
                if open.is_some() && point != DecimalMark::Comma {
                    prop_assert_eq!(parse(&near, point), open, "{}", near);
                }
            }
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
                prop_assert_eq!(parse(&text, DecimalMark::Open), Some(amount), "{}", text);
            }
        }
    }
}
