//! Dates of a column whose order of day, month and year is known, in every usual spelling.
//!
//! Owner: `mapping::dates`. The order is the mapping's decision for the whole column and never taken from a row:
//! `31/03/1984` in a column of month-day-year is no date. What cannot be misread is read under every order: four digits in
//! front, and a month's name. Invariants: an answer is a real day from 1800 on, the whole text was used, and no text makes
//! it panic. A date is taken as it is written, whatever its zone, but for a moment in UTC late in the day; a moment becomes UTC. Zones come with the program, so that
//! a row gives the same bytes on every machine.
//! A number counts as a spreadsheet's serial number only where it can mean nothing else: a year, an age, a month with a day
//! and digits with a zero in front are none. Left out on purpose: two digits without separators (a format can say what they
//! mean), and Unix time.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};

use super::time::{Clock, clock};
use super::words::{Language, is_filler};
use bakkt_contract::fold::with_folded;
use bakkt_contract::forms::FIRST_YEAR;
use bakkt_source::workbook::serial::DayEpoch;

/// Which of day, month and year comes first, second and last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// As in the United States.
    MonthDayYear,
    /// As in most of the world.
    DayMonthYear,
    /// As in ISO 8601.
    YearMonthDay,
}

/// Their names in mappings.
pub const ORDERS: [(&str, DateOrder); 3] = [
    ("mdy", DateOrder::MonthDayYear),
    ("dmy", DateOrder::DayMonthYear),
    ("ymd", DateOrder::YearMonthDay),
];

/// What day a spreadsheet's serial numbers count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SerialEpoch {
    /// Excel's own: 1 is 1900-01-01, and 60 is a day that never was.
    Y1900,
    /// That of old Macintosh workbooks: 0 is 1904-01-01.
    Y1904,
}

impl SerialEpoch {
    /// What the days of a workbook count from.
    pub fn of(epoch: DayEpoch) -> SerialEpoch {
        match epoch {
            DayEpoch::Of1900 => SerialEpoch::Y1900,
            DayEpoch::Of1904 => SerialEpoch::Y1904,
        }
    }
}

/// Their names in mappings.
pub const EPOCHS: [(&str, SerialEpoch); 2] =
    [("1900", SerialEpoch::Y1900), ("1904", SerialEpoch::Y1904)];

/// How the dates of a column are written.
#[derive(Clone, Debug)]
pub struct DateStyle {
    /// Which comes first.
    pub order: DateOrder,
    /// Two-digit years above it are 19xx, the others 20xx.
    pub pivot: u8,
    /// Whose names of months count.
    pub languages: Vec<&'static Language>,
    /// A plain number is a serial number of a spreadsheet.
    pub excel: Option<SerialEpoch>,
    /// Where a time is from that does not say so itself; none: UTC.
    pub zone: Option<TimeZone>,
}

impl std::fmt::Debug for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code)
    }
}

/// What was read: a day, and a time of it where there was one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateReading {
    /// The day, as written.
    pub date: Date,
    /// The time behind it.
    time: Option<Clock>,
}

impl DateReading {
    /// Whether a time stood behind the day.
    pub fn has_time(&self) -> bool {
        self.time.is_some()
    }

    /// Whether the time said where it is from.
    pub fn has_zone(&self) -> bool {
        self.time.is_some_and(|clock| clock.offset.is_some())
    }
}

/// The longest text that can be a date.
const LONGEST: usize = 64;

/// 9999-12-31, the last day that a spreadsheet knows: it stands for "never".
const LAST_SERIAL: i64 = 2_958_465;

/// The lowest number that is taken for a serial number: 1906-07-27. A lower one is a year (1984), a month with a day (1231),
/// a time (2359), an age or a two-digit year, and a wrong date cannot be told from a right one afterwards.
const FIRST_USUAL_SERIAL: i64 = 2_400;

/// The highest one, 2099-12-31. Six digits are a date that lost its zero (MMDDYY), seven one of eight (MDDYYYY).
const LAST_USUAL_SERIAL: i64 = 73_050;

/// The hour of UTC in which a day begins furthest east, at UTC+14.
const FIRST_HOUR_IN_DOUBT: i8 = 10;

/// The same day has numbers so far apart in the two epochs.
const SERIALS_APART: i64 = 1_462;

/// A zone by its name in the IANA database, or an offset such as `+02:00`.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    if let Some(offset) = super::time::zone(name) {
        return Some(TimeZone::fixed(offset));
    }
    TimeZoneDatabase::bundled().get(name).ok()
}

/// One of up to three things that make a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DateItem {
    /// So many digits.
    Number(usize, i16),
    Month(i8),
}

/// What parts two items: the mark, or a space, or nothing.
type Gap = Option<char>;

/// What a date is made of, before an order says which number is the month.
#[derive(Clone, Copy, Debug)]
enum WrittenDate<'t> {
    /// Eight digits in one.
    Eight(&'t str),
    /// Three things and what parts them.
    Items([DateItem; 3], [Gap; 2]),
}

impl DateStyle {
    /// Of an order, everything else as it is by itself.
    pub fn new(order: DateOrder) -> DateStyle {
        DateStyle {
            order,
            pivot: super::DEFAULT_PIVOT,
            languages: Language::find("en").into_iter().collect(),
            excel: None,
            zone: None,
        }
    }

    /// Reads a date, and checks the time behind it.
    pub fn parse(&self, text: &str) -> Option<DateReading> {
        let [read] = self.parse_in(text, [self.order]);
        read
    }

    /// Reads the same text under several orders, whatever the style's own is, in the time of one reading.
    pub fn parse_in<const N: usize>(
        &self,
        text: &str,
        orders: [DateOrder; N],
    ) -> [Option<DateReading>; N] {
        let text = text.trim();
        if text.len() > LONGEST {
            return [None; N];
        }
        if let Some(read) = self.excel.and_then(|epoch| serial(text, epoch)) {
            return [Some(read); N];
        }
        let mut read = self.written(text, orders);
        if read.contains(&None)
            && let Some((weekday, rest)) = self.behind_weekday(text)
        {
            // Where the day of the week is another one, day and month are swapped or a digit is wrong.
            let named = |read: &DateReading| self.is_weekday(weekday, read.date);
            let behind = self.written(rest, orders).map(|read| read.filter(named));
            read.iter_mut()
                .zip(behind)
                .for_each(|(read, behind)| *read = read.or(behind));
        }
        read
    }

    /// The moment in UTC as the contract writes it; a day without a time is its midnight in UTC.
    pub fn moment(&self, read: DateReading) -> Option<Timestamp> {
        let Some(clock) = read.time else {
            return TimeZone::UTC.to_timestamp(read.date.at(0, 0, 0, 0)).ok();
        };
        let local: DateTime = read.date.to_datetime(clock.time);
        match (clock.offset, &self.zone) {
            (Some(offset), _) => offset.to_timestamp(local).ok(),
            (None, Some(zone)) => zone.to_timestamp(local).ok(),
            (None, None) => TimeZone::UTC.to_timestamp(local).ok(),
        }
    }

    /// The day on a field that has no time: as it is written, or that of the moment in the mapping's zone. None where it is in
    /// doubt: programs write a day as its midnight in UTC, and 23:00 in UTC is midnight of the next day in Berlin.
    pub fn day(&self, read: DateReading) -> Option<Date> {
        let Some((clock, offset)) = read.time.and_then(|clock| Some((clock, clock.offset?))) else {
            return Some(read.date);
        };
        if let Some(zone) = &self.zone {
            let moment = offset.to_timestamp(read.date.to_datetime(clock.time));
            return Some(moment.ok()?.to_zoned(zone.clone()).date());
        }
        let is_noon = clock.time == Time::constant(12, 0, 0, 0);
        let is_late = clock.time.hour() >= FIRST_HOUR_IN_DOUBT && !is_noon;
        (offset != Offset::UTC || !is_late).then_some(read.date)
    }

    /// A day of the week at the start, and what follows it.
    fn behind_weekday<'t>(&self, text: &'t str) -> Option<(&'t str, &'t str)> {
        let (word, rest) = word(text)?;
        let is_weekday = |word: &str| self.languages.iter().find_map(|known| known.weekday(word));
        of_folded(word, is_weekday)?;
        Some((word, rest.trim_start_matches(['.', ',', ' '])))
    }

    /// Whether a word is the name of a date's day of the week, in one of the languages.
    fn is_weekday(&self, word: &str, date: Date) -> bool {
        let day = Some(date.weekday().to_monday_one_offset());
        let languages = || self.languages.iter();
        let named = |word: &str| {
            languages()
                .any(|known| known.weekday(word) == day)
                .then_some(())
        };
        of_folded(word, named).is_some()
    }

    fn written<const N: usize>(
        &self,
        text: &str,
        orders: [DateOrder; N],
    ) -> [Option<DateReading>; N] {
        let Some((written, rest)) = self.date(text) else {
            return [None; N];
        };
        let dates = orders.map(|order| self.in_order(written, order));
        if dates == [None; N] {
            return [None; N];
        }
        let Some(time) = clock(rest) else {
            return [None; N];
        };
        dates.map(|date| date.map(|date| DateReading { date, time }))
    }

    /// What a date is made of at the start, and what follows it.
    fn date<'t>(&self, text: &'t str) -> Option<(WrittenDate<'t>, &'t str)> {
        let mut items = [DateItem::Month(0); 3];
        let mut gaps: [Gap; 2] = [None; 2];
        let mut rest = text;
        for (place, slot) in items.iter_mut().enumerate() {
            let (item, after) = self.item(rest)?;
            *slot = item;
            rest = after;
            if place == 0 && matches!(item, DateItem::Number(8, _)) {
                return Some((WrittenDate::Eight(text.get(..8)?), rest));
            }
            if let Some(gap) = gaps.get_mut(place) {
                (*gap, rest) = gap_of(rest);
            }
        }
        // Digits behind the date would be a part of it that was not read.
        if rest.starts_with(|c: char| c.is_alphanumeric() && !matches!(c, 'T' | 't' | 'Z' | 'z')) {
            return None;
        }
        Some((WrittenDate::Items(items, gaps), behind_filler(rest)))
    }

    fn in_order(&self, written: WrittenDate<'_>, order: DateOrder) -> Option<Date> {
        match written {
            WrittenDate::Eight(digits) => eight(digits, order),
            WrittenDate::Items(items, gaps) => self.resolve(items, gaps, order),
        }
    }

    /// A number or a month's name at the start.
    fn item<'t>(&self, text: &'t str) -> Option<(DateItem, &'t str)> {
        let count = text.bytes().take_while(u8::is_ascii_digit).count();
        if count > 0 {
            let (digits, rest) = text.split_at_checked(count).filter(|_| count <= 8)?;
            // Eight digits are read elsewhere.
            let value = if count <= 4 { digits.parse().ok()? } else { 0 };
            return Some((DateItem::Number(count, value), without_ordinal(rest)));
        }
        let (word, rest) = word(text)?;
        let month = |word: &str| {
            let mut languages = self.languages.iter();
            languages.find_map(|language| language.month(word))
        };
        let found = of_folded(word, |word| match month(word) {
            Some(month) => Some(Some(month)),
            None => is_filler(word).then_some(None),
        })?;
        match found {
            Some(month) => Some((
                DateItem::Month(month),
                rest.strip_prefix('.').unwrap_or(rest),
            )),
            None => {
                let (_, rest) = gap_of(rest);
                // One filler after another is no date; the text gets shorter each time in any case.
                self.item(rest)
            }
        }
    }

    fn resolve(&self, items: [DateItem; 3], gaps: [Gap; 2], order: DateOrder) -> Option<Date> {
        use DateItem::{Month, Number};
        let (year, month, day) = match items {
            [Number(a, first), Number(b, second), Number(c, third)] => {
                // Without names, one kind of mark parts all three.
                if gaps[0].is_none() || gaps[0] != gaps[1] {
                    return None;
                }
                let (first, second, third) = ((a, first), (b, second), (c, third));
                match order {
                    _ if a == 4 => (first, second, third),
                    DateOrder::YearMonthDay => (first, second, third),
                    DateOrder::MonthDayYear => (third, first, second),
                    DateOrder::DayMonthYear => (third, second, first),
                }
            }
            [Month(month), Number(a, day), Number(b, year)] => {
                ((b, year), (1, i16::from(month)), (a, day))
            }
            [Number(a, first), Month(month), Number(b, last)] => {
                let month = (1, i16::from(month));
                let year_first = a == 4 || (b != 4 && order == DateOrder::YearMonthDay);
                if year_first {
                    ((a, first), month, (b, last))
                } else {
                    ((b, last), month, (a, first))
                }
            }
            _ => return None,
        };
        if month.0 > 2 || day.0 > 2 {
            return None;
        }
        let year = match year {
            (4, year) => year,
            (2, year) if year > i16::from(self.pivot) => 1900 + year,
            (2, year) => 2000 + year,
            _ => return None,
        };
        real(year, i8::try_from(month.1).ok()?, i8::try_from(day.1).ok()?)
    }
}

/// Eight digits in the column's order, or else as YYYYMMDD: no text fits both.
fn eight(digits: &str, order: DateOrder) -> Option<Date> {
    let number = |from: usize, to: usize| digits.get(from..to)?.parse::<i16>().ok();
    let two = |from: usize| i8::try_from(number(from, from + 2)?).ok();
    let in_order = match order {
        DateOrder::MonthDayYear => real(number(4, 8)?, two(0)?, two(2)?),
        DateOrder::DayMonthYear => real(number(4, 8)?, two(2)?, two(0)?),
        DateOrder::YearMonthDay => None,
    };
    in_order.or_else(|| real(number(0, 4)?, two(4)?, two(6)?))
}

fn real(year: i16, month: i8, day: i8) -> Option<Date> {
    Date::new(year, month, day)
        .ok()
        .filter(|date| date.year() >= FIRST_YEAR)
}

/// Asks about a word as names of months and weekdays are compared.
fn of_folded<T>(word: &str, look: impl FnOnce(&str) -> Option<T>) -> Option<T> {
    with_folded(word, |folded| look(str::from_utf8(folded).ok()?))
}

/// Letters at the start.
fn word(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|c: char| !c.is_alphabetic() && !unicode_normalization::char::is_combining_mark(c))
        .unwrap_or(text.len());
    text.split_at_checked(end).filter(|_| end > 0)
}

/// What parts two items. Two marks are one with a space, as in "31. 3. 1984", or a comma behind a short form.
fn gap_of(text: &str) -> (Gap, &str) {
    let end = text
        .find(|c: char| {
            !matches!(
                c,
                ' ' | '\u{a0}' | '/' | '-' | '.' | ',' | '\'' | '\u{2019}'
            )
        })
        .unwrap_or(text.len());
    let (gap, rest) = text.split_at_checked(end).unwrap_or(("", text));
    let mark = gap.chars().find(|c| !c.is_whitespace());
    (mark.or_else(|| gap.chars().next().map(|_| ' ')), rest)
}

/// "31st", "1er", "1º".
fn without_ordinal(text: &str) -> &str {
    let end = ["st", "nd", "rd", "th", "er", "º", "°", "ª"]
        .iter()
        .find_map(|end| {
            let head = text.get(..end.len())?;
            let rest = text.get(end.len()..)?;
            let whole = !rest.starts_with(char::is_alphanumeric);
            (whole && head.eq_ignore_ascii_case(end)).then_some(rest)
        });
    end.unwrap_or(text)
}

/// "1984 r.", as it is written in Poland.
fn behind_filler(text: &str) -> &str {
    let trimmed = text.trim_start();
    let rest = trimmed
        .strip_prefix("roku")
        .or_else(|| trimmed.strip_prefix("r."));
    rest.filter(|rest| rest.is_empty() || rest.starts_with(' '))
        .unwrap_or(text)
}

/// A serial number of a spreadsheet, with the time of day behind its point or comma.
fn serial(text: &str, epoch: SerialEpoch) -> Option<DateReading> {
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    // A spreadsheet puts no zero in front of a number.
    if whole.is_empty() || whole.len() > 7 || whole.starts_with('0') {
        return None;
    }
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    let (day, apart) = match epoch {
        SerialEpoch::Y1900 => (Date::constant(1899, 12, 30), 0),
        SerialEpoch::Y1904 => (Date::constant(1904, 1, 1), SERIALS_APART),
    };
    let usual = (FIRST_USUAL_SERIAL..=LAST_USUAL_SERIAL - apart).contains(&number);
    if !usual && number != LAST_SERIAL - apart {
        return None;
    }
    let date = day.checked_add(number.days()).ok()?;
    let time = seconds(fraction).and_then(|seconds| {
        let time = Time::midnight().checked_add(seconds.seconds()).ok()?;
        Some(Clock { time, offset: None })
    });
    Some(DateReading { date, time })
}

/// The second of a day that a fraction of it is; none for whole days. Twelve digits are more than a spreadsheet has.
fn seconds(fraction: &str) -> Option<i64> {
    let digits = fraction.get(..fraction.len().min(12))?;
    let value: i64 = digits.parse().ok().filter(|value| *value > 0)?;
    let unit = 10i64.pow(u32::try_from(digits.len()).ok()?);
    let rounded = (value.checked_mul(86_400)?.checked_add(unit / 2)?) / unit;
    Some(rounded.min(86_399))
}

#[cfg(test)]
mod tests;
