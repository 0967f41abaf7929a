//! Dates: strptime-like formats, compiled once, read fast; and below, columns of many spellings ([`ordered`]).
//!
//! Owner: `mapping`. Day and month order is the mapping's decision per column, so formats are tried in the
//! order given and nothing is guessed. Invariants: an answer is a real day from 1800 on, the whole text was
//! used, and no text makes it panic. Parts of a time are checked and dropped. Left out on purpose of formats: zones and
//! other languages' month names, which an order reads.

pub mod ordered;
mod time;
pub mod words;

use bakkt_contract::forms::FIRST_YEAR;
use jiff::civil::Date;

/// Formats of one column, in the order they are tried.
#[derive(Debug, Clone)]
pub struct DateFormats {
    formats: Vec<Vec<FormatStep>>,
    pivot: u8,
}

/// A part of a date or a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DatePart {
    Year,
    ShortYear,
    Month,
    MonthName,
    Day,
    DayOfYear,
    Weekday,
    Hour,
    Hour12,
    Minute,
    Second,
    Fraction,
    AmPm,
}

/// One element of a date format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FormatStep {
    /// At least and at most so many digits.
    Number(DatePart, u8, u8),
    /// A word out of a list.
    Word(DatePart),
    /// This character exactly.
    Literal(char),
    /// Any amount of white space, none too.
    Space,
}

/// What a letter behind `%` means. `%T`, `%F` and `%D` are written out before this table is used.
const DIRECTIVES: [(char, DatePart, u8, u8); 16] = [
    ('Y', DatePart::Year, 4, 4),
    ('y', DatePart::ShortYear, 2, 2),
    ('m', DatePart::Month, 1, 2),
    ('b', DatePart::MonthName, 0, 0),
    ('B', DatePart::MonthName, 0, 0),
    ('h', DatePart::MonthName, 0, 0),
    ('d', DatePart::Day, 1, 2),
    ('e', DatePart::Day, 1, 2),
    ('j', DatePart::DayOfYear, 1, 3),
    ('a', DatePart::Weekday, 0, 0),
    ('A', DatePart::Weekday, 0, 0),
    ('H', DatePart::Hour, 1, 2),
    ('I', DatePart::Hour12, 1, 2),
    ('M', DatePart::Minute, 2, 2),
    ('S', DatePart::Second, 2, 2),
    ('f', DatePart::Fraction, 1, 9),
];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// Two-digit years above this are 19xx unless the caller says otherwise.
pub(crate) const DEFAULT_PIVOT: u8 = 30;

/// The same of dates that may lie ahead: what expires was made by computer, and expires within decades.
pub(crate) const PIVOT_AHEAD: u8 = 79;

impl DateFormats {
    /// Compiles formats. The error says what is wrong with which format.
    pub fn compile(formats: &[&str]) -> Result<Self, String> {
        if formats.is_empty() {
            return Err("no date format is given".to_owned());
        }
        let formats = formats
            .iter()
            .map(|format| {
                compile(format).map_err(|what| format!("date format \"{format}\": {what}"))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            formats,
            pivot: DEFAULT_PIVOT,
        })
    }

    /// The same formats, with two-digit years above `pivot` read as 19xx and the others as 20xx. For dates
    /// that lie in the past, the last two digits of the current year are the right pivot.
    #[must_use]
    pub(crate) fn with_pivot(mut self, pivot: u8) -> Self {
        self.pivot = pivot;
        self
    }

    /// Whether one of them takes years of two digits, which a pivot tells the century of.
    pub(crate) fn has_short_years(&self) -> bool {
        let is_short =
            |step: &FormatStep| matches!(step, FormatStep::Number(DatePart::ShortYear, ..));
        self.formats.iter().flatten().any(is_short)
    }

    /// Reads a date by the first format that fits the whole text.
    pub fn parse(&self, text: &str) -> Option<Date> {
        let text = text.trim();
        self.formats
            .iter()
            .find_map(|steps| self.parse_one(steps, text))
    }

    fn parse_one(&self, steps: &[FormatStep], text: &str) -> Option<Date> {
        let mut bytes = text.as_bytes();
        let (mut year, mut month, mut day, mut day_of_year) = (None, 0i8, 0i8, None);
        let mut weekday = None;
        for step in steps {
            match *step {
                FormatStep::Number(part, least, most) => {
                    let value = number(&mut bytes, least, most)?;
                    // At most four digits reach these arms, so the narrower types hold them all; only a
                    // fraction is longer, and it is dropped.
                    let small = || i16::try_from(value).ok();
                    match part {
                        DatePart::Year => year = small(),
                        DatePart::ShortYear => {
                            let century = if value > u32::from(self.pivot) {
                                1900
                            } else {
                                2000
                            };
                            year = small().map(|value| century + value);
                        }
                        DatePart::Month => month = i8::try_from(value).ok()?,
                        DatePart::Day => day = i8::try_from(value).ok()?,
                        DatePart::DayOfYear => day_of_year = Some(small()?),
                        DatePart::Hour if value > 23 => return None,
                        DatePart::Hour12 if !(1..=12).contains(&value) => return None,
                        DatePart::Minute if value > 59 => return None,
                        // A leap second is a real time, and it is dropped.
                        DatePart::Second if value > 60 => return None,
                        _ => {}
                    }
                }
                FormatStep::Word(DatePart::MonthName) => month = word(&mut bytes, &MONTHS)?,
                FormatStep::Word(DatePart::AmPm) => {
                    let (found, rest) = bytes.split_at_checked(2)?;
                    if !(found.eq_ignore_ascii_case(b"AM") || found.eq_ignore_ascii_case(b"PM")) {
                        return None;
                    }
                    bytes = rest;
                }
                FormatStep::Word(_) => weekday = Some(word(&mut bytes, &WEEKDAYS)?),
                FormatStep::Literal(wanted) => {
                    let mut utf8 = [0; 4];
                    bytes = bytes.strip_prefix(wanted.encode_utf8(&mut utf8).as_bytes())?;
                }
                FormatStep::Space => bytes = bytes.trim_ascii_start(),
            }
        }
        let year = year.filter(|year| bytes.is_empty() && *year >= FIRST_YEAR)?;
        let date = match day_of_year {
            None => Date::new(year, month, day).ok(),
            Some(place) => Date::new(year, 1, 1)
                .ok()?
                .with()
                .day_of_year(place)
                .build()
                .ok(),
        };
        // Where the day of the week is another one, day and month are swapped or a digit is wrong.
        date.filter(|date| weekday.is_none_or(|day| date.weekday().to_monday_one_offset() == day))
    }
}

/// Takes digits off the front.
fn number(bytes: &mut &[u8], least: u8, most: u8) -> Option<u32> {
    let (mut value, mut count) = (0u32, 0u8);
    while let [digit @ b'0'..=b'9', rest @ ..] = *bytes {
        if count == most {
            break;
        }
        // Nine digits at most: no overflow.
        value = value * 10 + u32::from(digit - b'0');
        count += 1;
        *bytes = rest;
    }
    (count >= least).then_some(value)
}

/// Takes a name or its first three letters off the front (and "Sept", and a dot behind a short form); the
/// answer is its place, from 1.
fn word(bytes: &mut &[u8], names: &[&str]) -> Option<i8> {
    let length = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let (found, rest) = bytes.split_at_checked(length).filter(|_| length >= 3)?;
    let fits = |name: &&str| {
        let name = name.as_bytes();
        let short = length == 3 || length == name.len() || found.eq_ignore_ascii_case(b"sept");
        short
            && name
                .get(..length)
                .is_some_and(|head| head.eq_ignore_ascii_case(found))
    };
    let place = names.iter().position(fits)?;
    *bytes = rest
        .strip_prefix(b".")
        .filter(|_| length <= 4)
        .unwrap_or(rest);
    i8::try_from(place + 1).ok()
}

fn compile(format: &str) -> Result<Vec<FormatStep>, String> {
    // Short forms written out. "%%" stays in one piece, or "%%T" would turn into a time.
    let mut steps = Vec::new();
    let mut letters = format.trim().chars();
    while let Some(c) = letters.next() {
        if c.is_whitespace() {
            if steps.last() != Some(&FormatStep::Space) {
                steps.push(FormatStep::Space);
            }
        } else if c != '%' {
            steps.push(FormatStep::Literal(c));
        } else {
            let letter = letters.next().ok_or("it ends in a lone %")?;
            directive(letter, &mut steps)?;
        }
    }
    fix_widths(&mut steps);
    complete(&steps)?;
    Ok(steps)
}

fn directive(letter: char, steps: &mut Vec<FormatStep>) -> Result<(), String> {
    let several = match letter {
        '%' => {
            steps.push(FormatStep::Literal('%'));
            return Ok(());
        }
        'p' | 'P' => {
            steps.push(FormatStep::Word(DatePart::AmPm));
            return Ok(());
        }
        'T' => "H:M:S",
        'F' => "Y-m-d",
        'D' => "m/d/y",
        _ => {
            let known = DIRECTIVES.iter().find(|known| known.0 == letter);
            let (_, part, least, most) = known.ok_or_else(|| {
                let all: Vec<String> = DIRECTIVES
                    .iter()
                    .map(|known| format!("%{}", known.0))
                    .collect();
                format!(
                    "%{letter} is not known; known are {}, %p, %T, %F, %D and %%",
                    all.join(", ")
                )
            })?;
            steps.push(if *most == 0 {
                FormatStep::Word(*part)
            } else {
                FormatStep::Number(*part, *least, *most)
            });
            return Ok(());
        }
    };
    for c in several.chars() {
        if c.is_alphabetic() {
            directive(c, steps)?
        } else {
            steps.push(FormatStep::Literal(c))
        }
    }
    Ok(())
}

/// Numbers that touch have their full width, as in `%Y%m%d`; only a separator lets one be shorter.
fn fix_widths(steps: &mut [FormatStep]) {
    let touches = |step: Option<&FormatStep>| matches!(step, Some(FormatStep::Number(..)));
    let before = steps.to_vec();
    for (place, step) in steps.iter_mut().enumerate() {
        let left = place.checked_sub(1).and_then(|left| before.get(left));
        if let FormatStep::Number(part, least, most) = step
            && *part != DatePart::Fraction
            && (touches(left) || touches(before.get(place + 1)))
        {
            *least = *most;
        }
    }
}

/// A format must give one whole date, and each part once.
fn complete(steps: &[FormatStep]) -> Result<(), String> {
    let count = |wanted: &[DatePart]| {
        let part = |step: &FormatStep| match step {
            FormatStep::Number(part, ..) | FormatStep::Word(part) => Some(*part),
            _ => None,
        };
        steps
            .iter()
            .filter_map(part)
            .filter(|part| wanted.contains(part))
            .count()
    };
    let years = count(&[DatePart::Year, DatePart::ShortYear]);
    let months = count(&[DatePart::Month, DatePart::MonthName]);
    let (days, days_of_year) = (count(&[DatePart::Day]), count(&[DatePart::DayOfYear]));
    let wrong = match (years, months, days, days_of_year) {
        (1, 1, 1, 0) | (1, 0, 0, 1) => return Ok(()),
        (0, ..) => "it has no year (%Y or %y)",
        (2.., ..) => "it has the year twice",
        (_, 1.., _, 1..) | (_, _, 1.., 1..) => {
            "%j stands beside a month or a day, and they could disagree"
        }
        (_, _, _, 2..) => "it has %j twice",
        (_, 0, ..) => "it has no month (%m, %b or %B)",
        (_, 2.., ..) => "it has the month twice",
        (_, _, 0, _) => "it has no day (%d or %e)",
        _ => "it has the day twice",
    };
    Err(wrong.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn formats(formats: &[&str]) -> DateFormats {
        DateFormats::compile(formats).expect("the formats of this test are right")
    }

    fn read(format: &str, text: &str) -> Option<String> {
        formats(&[format]).parse(text).map(|date| date.to_string())
    }

    #[test]
    fn real_dates() {
        for (format, text, date) in [
            ("%m/%d/%Y", "04/05/1980", "1980-04-05"),
            ("%m/%d/%Y", " 4/5/1980 ", "1980-04-05"),
            ("%d.%m.%Y", "29.2.2024", "2024-02-29"),
            ("%Y%m%d", "19800405", "1980-04-05"),
            ("%Y-%m-%d %H:%M:%S", "1980-04-05 23:59:59", "1980-04-05"),
            (
                "%Y-%m-%dT%H:%M:%S.%fZ",
                "1980-04-05T00:00:00.000Z",
                "1980-04-05",
            ),
            ("%m/%d/%Y %I:%M %p", "4/5/1980 12:00 am", "1980-04-05"),
            ("%FT%T", "1980-04-05T07:08:09", "1980-04-05"),
            ("%d-%b-%y", "05-APR-80", "1980-04-05"),
            ("%d-%b-%y", "5-Apr-30", "2030-04-05"),
            ("%d-%b-%y", "5-Apr-31", "1931-04-05"),
            ("%B %d, %Y", "September 9, 1999", "1999-09-09"),
            ("%b %d, %Y", "Sept. 9, 1999", "1999-09-09"),
            ("%B %d, %Y", "may 1, 2001", "2001-05-01"),
            ("%A, %d %B %Y", "Saturday, 5 April 1980", "1980-04-05"),
            ("%d%b%Y", "05APR1980", "1980-04-05"),
            ("%Y%j", "1980096", "1980-04-05"),
            ("%Y-%j", "2023-365", "2023-12-31"),
            ("%y%m%d", "800405", "1980-04-05"),
            ("%D", "04/05/80", "1980-04-05"),
            ("%Y年%m月%d日", "1980年4月5日", "1980-04-05"),
        ] {
            assert_eq!(read(format, text).as_deref(), Some(date), "{format} {text}");
        }
    }

    #[test]
    fn no_date() {
        for (format, text) in [
            ("%m/%d/%Y", ""),
            ("%m/%d/%Y", "13/01/1980"),
            ("%m/%d/%Y", "02/30/1980"),
            ("%m/%d/%Y", "00/01/1980"),
            ("%m/%d/%Y", "1/1/80"),
            ("%m/%d/%Y", "1/1/19800"),
            ("%m/%d/%Y", "1/1/1980 00:00"),
            ("%m/%d/%Y", "1/1/1799"),
            ("%m/%d/%Y", "001/1/1980"),
            ("%m/%d/%Y", "1-1-1980"),
            ("%Y%m%d", "1980405"),
            ("%Y-%j", "2023-366"),
            ("%Y-%j", "2023-0"),
            ("%d %b %Y", "5 Apri 1980"),
            ("%d %b %Y", "5 Avr 1980"),
            ("%Y-%m-%d %H:%M:%S", "1980-04-05 24:00:00"),
            ("%Y-%m-%d %I:%M %p", "1980-04-05 00:00 am"),
            ("%m/%d/%Y", "é/é/1980"),
        ] {
            assert_eq!(read(format, text), None, "{format} {text}");
        }
    }

    #[test]
    fn formats_are_tried_in_order() {
        let several = formats(&["%m/%d/%Y", "%d/%m/%Y", "%Y-%m-%d"]);
        let read = |text| several.parse(text).map(|date: Date| date.to_string());
        assert_eq!(read("02/03/2001").as_deref(), Some("2001-02-03"));
        assert_eq!(read("13/03/2001").as_deref(), Some("2001-03-13"));
        assert_eq!(read("2001-03-13").as_deref(), Some("2001-03-13"));
        let pivot = formats(&["%y%m%d"]).with_pivot(26);
        assert_eq!(pivot.parse("270101"), Some(Date::constant(1927, 1, 1)));
        assert_eq!(pivot.parse("260101"), Some(Date::constant(2026, 1, 1)));
    }

    #[test]
    fn wrong_formats_are_named() {
        for (format, what) in [
            ("%m/%d", "no year"),
            ("%Y-%d", "no month"),
            ("%Y-%m", "no day"),
            ("%Y %y %m %d", "year twice"),
            ("%Y %m %b %d", "month twice"),
            ("%Y %m %d %e", "day twice"),
            ("%Y %j %d", "%j stands"),
            ("%Y %j %j", "%j twice"),
            ("%Y-%q", "%q is not known"),
            ("%Y-%m-%d%", "lone %"),
            ("", "no year"),
        ] {
            let error = DateFormats::compile(&["%F", format]).unwrap_err();
            assert!(
                error.contains(what) && error.contains(&format!("\"{format}\"")),
                "{error}"
            );
        }
        assert!(DateFormats::compile(&[]).is_err());
    }

    const ROUND: [&str; 8] = [
        "%Y-%m-%d",
        "%m/%d/%Y",
        "%d.%m.%Y",
        "%Y%m%d",
        "%d %b %Y",
        "%B %e, %Y",
        "%Y%j",
        "%A %d-%b-%Y %T",
    ];

    proptest! {
        #[test]
        fn written_dates_come_back(days in 0i64..140_000, format in 0..ROUND.len()) {
            let date = Date::constant(1800, 1, 1).saturating_add(jiff::Span::new().days(days));
            let text = date.at(12, 30, 5, 0).strftime(ROUND[format]).to_string();
            prop_assert_eq!(formats(&[ROUND[format]]).parse(&text), Some(date), "{}", text);
        }

        #[test]
        fn never_panics(format in "[%YmdybBejHMSfpaA /:.é-]{0,16}", any in any::<String>(), near in "[0-9/a-z: .é-]{0,24}") {
            if let Ok(formats) = DateFormats::compile(&[&format]) {
                formats.parse(&any);
                formats.parse(&near);
            }
            let _ = DateFormats::compile(&[&any]);
            let usual = formats(&ROUND);
            usual.parse(&near);
            usual.parse(&any);
        }
    }
}
