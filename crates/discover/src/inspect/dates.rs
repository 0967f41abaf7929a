//! What a date says about the order of its parts.
//!
//! Owner of [`look`]: whether a text is a date at all, and in which orders it can be read. It decides nothing: one value
//! can be read in two orders, a column of them in one. Left out on purpose: the date itself (`mapping::dates`).

/// The ways in which one text can be read as a date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DateReadings {
    /// Can be month, day, year.
    pub mdy: bool,
    /// Can be day, month, year.
    pub dmy: bool,
    /// Can be year, month, day.
    pub ymd: bool,
    /// The month is a word.
    pub word: bool,
    /// The year has two digits.
    pub short_year: bool,
    /// A time follows.
    pub time: bool,
    /// Behind the time stands where it is from.
    pub zone: bool,
    /// The year, of two digits with its likely century.
    pub year: u16,
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Looks at a text.
pub(crate) fn look(text: &str) -> Option<DateReadings> {
    if !(6..=40).contains(&text.len()) || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (date, time) = part_time(text);
    let found = if date.bytes().all(|byte| byte.is_ascii_digit()) {
        digits(date)
    } else if date.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        words(date)
    } else {
        numbers(date)
    };
    found.map(|found| DateReadings {
        time,
        zone: time && has_zone(text),
        ..found
    })
}

/// Whether a text ends with a zone or its distance from UTC: `Z`, `+02:00`, `-0500`, `CET`.
fn has_zone(text: &str) -> bool {
    let behind = text.rsplit_once(':').map_or("", |(_, behind)| behind);
    let Some(colon) = text.find(':') else {
        return false;
    };
    let time = &text[colon..];
    let offset = time.rsplit_once(['+', '-']).is_some_and(|(_, hours)| {
        let digits = hours.bytes().filter(u8::is_ascii_digit).count();
        (2..=4).contains(&digits)
            && hours
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b':')
    });
    let word: String = behind
        .chars()
        .rev()
        .take_while(|c| c.is_ascii_alphabetic())
        .collect();
    let half_of_day = ["MA", "MP"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(&word));
    offset || !word.is_empty() && !half_of_day
}

/// The date, and whether a time stands behind it.
fn part_time(text: &str) -> (&str, bool) {
    let Some(colon) = text.find(':') else {
        return (text, false);
    };
    let head = &text[..colon];
    match head.rfind([' ', 'T', ',']) {
        Some(end) if text.is_char_boundary(end) => (text[..end].trim_end_matches([',', ' ']), true),
        _ => (text, false),
    }
}

fn digits(text: &str) -> Option<DateReadings> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u16>().ok();
    if text.len() != 8 {
        return None;
    }
    let year_first = of(number(4, 6)?, number(6, 8)?, number(0, 4)?, 4);
    let year_last = |first, second| of(first, second, number(4, 8)?, 4);
    let found = DateReadings {
        ymd: year_first.is_some(),
        mdy: year_last(number(0, 2)?, number(2, 4)?).is_some(),
        dmy: year_last(number(2, 4)?, number(0, 2)?).is_some(),
        ..DateReadings::default()
    };
    let year = year_first.or_else(|| number(4, 8))?;
    (found.ymd || found.mdy || found.dmy).then_some(DateReadings { year, ..found })
}

/// The year, when month and day can be ones.
fn of(month: u16, day: u16, year: u16, width: usize) -> Option<u16> {
    let year = match width {
        4 if (1850..=2100).contains(&year) => year,
        2 if year > 30 => year + 1900,
        2 => year + 2000,
        _ => return None,
    };
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some(year)
}

fn numbers(text: &str) -> Option<DateReadings> {
    let separator = text
        .chars()
        .find(|c| !c.is_ascii_digit())
        .filter(|c| "/-. ".contains(*c))?;
    let mut parts = text.split(separator).map(str::trim);
    let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
    let fits = |part: &str| {
        (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if parts.next().is_some() || ![a, b, c].into_iter().all(fits) {
        return None;
    }
    let number = |part: &str| part.parse::<u16>().ok();
    let (x, y, z) = (number(a)?, number(b)?, number(c)?);
    let mut found = DateReadings::default();
    if a.len() == 4 && b.len() <= 2 && c.len() <= 2 {
        found.year = of(y, z, x, 4)?;
        found.ymd = true;
        return Some(found);
    }
    if a.len() > 2 || b.len() > 2 || !matches!(c.len(), 2 | 4) {
        return None;
    }
    let (month_first, day_first) = (of(x, y, z, c.len()), of(y, x, z, c.len()));
    found.year = month_first.or(day_first)?;
    found.mdy = month_first.is_some();
    found.dmy = day_first.is_some();
    found.short_year = c.len() == 2;
    Some(found)
}

fn words(text: &str) -> Option<DateReadings> {
    let mut parts = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty());
    let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
    let month = |part: &str| {
        let head = part.get(..3)?;
        let place = MONTHS
            .iter()
            .position(|month| month.eq_ignore_ascii_case(head))?;
        (part.len() <= 9).then_some(place as u16 + 1)
    };
    let day = |part: &str| {
        part.trim_end_matches(|c: char| c.is_ascii_alphabetic())
            .parse::<u16>()
            .ok()
    };
    let year = |part: &str| part.parse::<u16>().ok();
    if parts.next().is_some() {
        return None;
    }
    let (month, day, dmy) = match (month(a), month(b)) {
        (Some(month), None) => (month, day(b)?, false),
        (None, Some(month)) => (month, day(a)?, true),
        _ => return None,
    };
    Some(DateReadings {
        mdy: !dmy,
        dmy,
        word: true,
        short_year: c.len() == 2,
        year: of(month, day, year(c)?, c.len())?,
        ..DateReadings::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The orders, as letters.
    fn orders(text: &str) -> String {
        look(text).map_or("-".into(), |found| {
            let mut orders = String::new();
            for (is, letter) in [(found.mdy, 'm'), (found.dmy, 'd'), (found.ymd, 'y')] {
                orders.extend(is.then_some(letter));
            }
            orders.extend(found.time.then_some('t'));
            orders
        })
    }

    #[test]
    fn a_zone_behind_a_time_is_seen() {
        for (text, wanted) in [
            ("2024-03-31T09:30:00Z", true),
            ("2024-03-31 09:30:00+02:00", true),
            ("2024-03-31 09:30:00-0500", true),
            ("2024-03-31 09:30 EST", true),
            ("2024-03-31 09:30:00", false),
            ("03/31/2024 9:30 PM", false),
            ("2024-03-31", false),
        ] {
            assert_eq!(look(text).unwrap().zone, wanted, "{text}");
        }
    }

    #[test]
    fn what_a_date_shows() {
        for (text, wanted) in [
            ("03/31/1984", "m"),
            ("31/03/1984", "d"),
            ("3.4.1984", "md"),
            ("1984-03-31", "y"),
            ("03/04/84", "md"),
            ("2024-03-31T09:30:00Z", "yt"),
            ("03/31/2024 9:30 PM", "mt"),
            ("31 March 1984", "d"),
            ("Mar 31, 1984", "m"),
            ("31-MAR-84", "d"),
            ("19840331", "y"),
            ("03311984", "m"),
            ("13/13/1984", "-"),
            ("987-65-4321", "-"),
            ("312-555-0123", "-"),
            ("Raleigh, NC", "-"),
            ("12345678", "-"),
            ("", "-"),
        ] {
            assert_eq!(orders(text), wanted, "{text}");
        }
    }
}
