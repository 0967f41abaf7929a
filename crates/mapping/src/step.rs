//! One transform: a text in, a text out.
//!
//! Owner of [`Transform`]. A step that cannot read its text says why, without the text; what comes out of one goes into the
//! next. Left out on purpose: their order, and where the first text comes from (`feed`).

use std::fmt::Write;

use rust_decimal::prelude::ToPrimitive;

use super::dates::DateFormats;
use super::dates::ordered::DateStyle;
use super::lookup::{Lookup, Otherwise};
use super::missing::Missing;
use super::names;
use super::unreadable;
use super::{phones, postal, tax_ids, title};
use bakkt_contract::amounts::{self, DecimalMark};
use bakkt_contract::national_ids::holds_one_number;
use bakkt_contract::spans::AmountStyle;
use bakkt_contract::usd::Scale;
use bakkt_contract::{Form, countries, postal_codes, spans, us_states};
use bakkt_model::placeholder::{KeptPlaceholders, is_placeholder_but};
use bakkt_model::text::{Folded, narrow};
use bakkt_source::{Cell, Row};

/// What is wrong with a code that no table holds.
pub(crate) const UNKNOWN_CODE: &str = "the code is not in the lookup table";

/// What is wrong with a code that has something behind it of which nobody can say that it means the same.
pub(crate) const LABELLED_CODE: &str = "a code of the lookup table with a label of which nobody said that it means the same: cut the code out with `regex`, or add the cell to the table";

/// What is wrong with a code within marks.
pub(crate) const MARKED_CODE: &str = "a code of the lookup table with marks around it: cut it out with `regex`, or add the cell to the table";

/// What is wrong with a code in letters of another alphabet.
pub(crate) const LOOK_ALIKE_CODE: &str = "a code of the lookup table but for letters of another alphabet that look the same: write it in plain letters";

/// What is wrong with a code that several codes of its table are but for capitals, width and the like, each with another meaning.
pub(crate) const AMBIGUOUS_CODE: &str =
    "several codes of the lookup table differ from it in spelling only";

/// Words of units in which a time is counted, and that are no years.
const LESS_THAN_YEARS: [&str; 18] = [
    "mo", "mos", "mon", "mth", "mths", "month", "months", "Monat", "Monate", "Monaten", "mois",
    "meses", "wk", "wks", "week", "weeks", "day", "days",
];

/// Upper, lower or title case.
#[derive(Clone, Copy, Debug)]
pub enum LetterCase {
    /// ALL CAPITALS.
    Upper,
    /// no capitals.
    Lower,
    /// First Letters.
    Title,
}

/// What the digits are that a field takes of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigitsOf {
    /// Of any text.
    Text,
    /// Of one whole number that is at least zero.
    Number,
    /// Of one tax id that has no letters.
    TaxId,
}

/// A transform of a text.
#[derive(Debug)]
pub enum Transform {
    /// Digits only.
    Digits(DigitsOf),
    /// Case.
    Case(LetterCase),
    /// A table, and what stands for a code that is not in it.
    Lookup(Lookup, Option<Otherwise>),
    /// A date; with `true`, a moment in UTC for a date-time field.
    Date(Dates, bool),
    /// E.164, with the country of numbers that do not say theirs.
    Phone(CountrySource),
    /// A part of a person's name.
    Name(names::NameTransform),
    /// A postal code in its country's form.
    PostalCode(CountrySource),
    /// The nine digits of a U.S. tax id, or (with `kind`) which of the three it is.
    TaxId {
        /// Its type, not its number.
        kind: bool,
        /// Bare digits are an entity's.
        entity: bool,
    },
    /// Any spelling of a country → alpha-3.
    Country,
    /// The name of a U.S. state → two letters; anything else stays, and so does every text of an address abroad.
    UsState(Option<CountrySource>),
    /// An amount, or a range of the export's own → the range that holds it.
    UsdRange(Scale, AmountStyle),
    /// A whole number.
    Integer(DecimalMark),
    /// Yes and no → true and false.
    YesNo(YesNo),
    /// Zeros in front of digits, up to so many characters.
    Pad(usize),
}

/// How the dates of a column are written.
#[derive(Debug)]
pub enum Dates {
    /// In these formats.
    Formats(DateFormats),
    /// In every spelling of one order.
    Ordered(Box<DateStyle>),
}

/// A country, named by a column or by the mapping.
#[derive(Debug)]
pub struct CountrySource {
    /// The column that names it.
    pub column: Option<usize>,
    /// Its alpha-2 code, where the column is empty.
    pub default: Option<String>,
    /// The mapping's own words for an empty cell.
    pub missing: Missing,
}

/// Words that mean yes or no in one column, folded, beside the usual ones.
#[derive(Debug, Default)]
pub struct YesNo {
    /// Those for yes.
    pub yes: Vec<String>,
    /// Those for no.
    pub no: Vec<String>,
}

/// The usual words for yes, with what spreadsheets write for TRUE in other languages.
pub const YES: &[&str] = &[
    "y",
    "yes",
    "true",
    "t",
    "1",
    "x",
    "on",
    "oui",
    "o",
    "si",
    "s\u{ed}",
    "s\u{ec}",
    "ja",
    "j",
    "sim",
    "tak",
    "wahr",
    "vrai",
    "verdadero",
    "verdadeiro",
    "vero",
    "waar",
    "prawda",
];
/// The usual words for no, with what spreadsheets write for FALSE in other languages.
pub const NO: &[&str] = &[
    "n",
    "no",
    "false",
    "f",
    "0",
    "off",
    "non",
    "nein",
    "nee",
    "n\u{e3}o",
    "nao",
    "nie",
    "falsch",
    "faux",
    "falso",
    "onwaar",
    "fa\u{142}sz",
];

impl Transform {
    /// Whether reading a text takes longer than most transforms do.
    pub(super) fn takes_long(&self) -> bool {
        matches!(
            self,
            Transform::Country
                | Transform::UsState(_)
                | Transform::UsdRange(..)
                | Transform::Name(..)
                | Transform::Case(_)
        )
    }

    /// The form that everything has which it gives.
    pub(super) fn made_form(&self) -> Option<Form> {
        match self {
            Transform::Country => Some(Form::Country),
            Transform::UsdRange(scale, _) => Some(Form::Usd(*scale)),
            Transform::YesNo(_) => Some(Form::Boolean),
            _ => None,
        }
    }

    /// Whether a text means something to it that no other text tells, so that it is no placeholder.
    pub(super) fn knows(&self, text: &str) -> bool {
        match self {
            Transform::Lookup(table, _) => !matches!(table.find(text), Ok(None)),
            Transform::YesNo(words) => words.read(text).is_some(),
            _ => false,
        }
    }

    /// Whether what comes out is made of what the text means, so that characters which nobody sees have no part in it.
    pub(super) fn reads_meaning(&self) -> bool {
        // Without a wildcard: of a new transform somebody decides.
        match self {
            Transform::Case(_) | Transform::Name(..) => false,
            Transform::Digits(_)
            | Transform::Lookup(..)
            | Transform::Date(..)
            | Transform::Phone(_)
            | Transform::PostalCode(_)
            | Transform::TaxId { .. }
            | Transform::Country
            | Transform::UsState(_)
            | Transform::UsdRange(..)
            | Transform::Integer(_)
            | Transform::YesNo(_)
            | Transform::Pad(_) => true,
        }
    }

    /// Whether what it reads is made of plain letters and digits, whatever their width: "７８７０１" is 78701.
    fn reads_plain_characters(&self) -> bool {
        matches!(
            self,
            Transform::Digits(_)
                | Transform::Date(..)
                | Transform::PostalCode(_)
                | Transform::TaxId { .. }
                | Transform::UsdRange(..)
                | Transform::Integer(_)
        )
    }

    /// The column in which it finds the country.
    pub(super) fn region_column(&self) -> Option<usize> {
        match self {
            Transform::Phone(place)
            | Transform::PostalCode(place)
            | Transform::UsState(Some(place)) => place.column,
            _ => None,
        }
    }

    /// The country that it reads by, for the words that mean an empty cell.
    pub(super) fn place_mut(&mut self) -> Option<&mut CountrySource> {
        match self {
            Transform::Phone(place)
            | Transform::PostalCode(place)
            | Transform::UsState(Some(place)) => Some(place),
            _ => None,
        }
    }

    /// Whether it looks at the country of the address that its field belongs to.
    pub(super) fn needs_country(&self) -> bool {
        matches!(self, Transform::UsState(_) | Transform::PostalCode(_))
    }

    /// Writes what it makes of a text onto `out`; the error says why it cannot. `country` is that of the address which the
    /// field belongs to (ISO 3166-1 alpha-2), where the row says it.
    pub(super) fn apply(
        &self,
        text: &str,
        row: &Row<'_>,
        country: Option<&'static str>,
        out: &mut String,
    ) -> Result<(), &'static str> {
        let plain;
        let text = match self.reads_plain_characters() {
            true => {
                plain = narrow(text);
                &*plain
            }
            false => text,
        };
        match self {
            Transform::Digits(number) => {
                match number {
                    DigitsOf::Number if !holds_one_whole_number(text) => {
                        return Err(
                            "not one whole number: a sign, decimals or an exponent would be lost",
                        );
                    }
                    DigitsOf::Number if counts_less_than_years(text) => {
                        return Err("a number of months, weeks or days: its unit would be lost");
                    }
                    DigitsOf::TaxId if !holds_one_number(text) => {
                        return Err(
                            "not the digits of one id: letters or signs of it would be lost",
                        );
                    }
                    _ => {}
                }
                let start = out.len();
                let digits = text.bytes().filter(u8::is_ascii_digit);
                out.extend(digits.map(char::from));
                // A dash says nothing; a word or a digit of another kind does.
                if out.len() == start && text.contains(char::is_alphanumeric) {
                    return Err("there is no digit in it");
                }
            }
            Transform::Case(LetterCase::Upper) => out.push_str(&text.to_uppercase()),
            Transform::Case(LetterCase::Lower) => title::lower_case(text, out),
            Transform::Case(LetterCase::Title) => title::title_case(text, out),
            Transform::Lookup(table, otherwise) => {
                let meaning = match table.find(text)? {
                    None => table.find_changed(text)?,
                    meaning => meaning,
                };
                let otherwise = || otherwise.as_ref().map(|word| word.of(text, table));
                match meaning.map(Ok).or_else(otherwise) {
                    Some(meaning) => out.push_str(meaning?),
                    None => return Err(UNKNOWN_CODE),
                }
            }
            Transform::Date(dates, moment) => dates.write(text, *moment, out)?,
            Transform::Phone(place) => {
                phones::write(text, place.region(row), place.default.as_deref(), out)?;
            }
            Transform::Name(taking) => taking.write(text, out)?,
            Transform::PostalCode(place) => {
                let country = country.or_else(|| place.region(row));
                postal::write(country, text, out)?;
            }
            Transform::TaxId { kind, entity } => {
                let id = tax_ids::read(text, *entity).ok_or("not a U.S. tax id")?;
                out.push_str(if *kind { id.kind } else { id.number() });
            }
            Transform::Pad(width) => {
                let digits = narrow(text);
                let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
                let text = if is_number { &digits } else { text };
                if is_number {
                    let lost = width.saturating_sub(text.len());
                    out.extend(std::iter::repeat_n('0', lost));
                }
                out.push_str(text);
            }
            Transform::Country => {
                out.push_str(countries::alpha3(text).ok_or_else(|| countries::unfit(text))?)
            }
            Transform::UsState(place) => {
                let named = || place.as_ref().and_then(|place| place.region(row));
                let at_home = match country.or_else(named) {
                    Some(country) => postal_codes::has_zips(country),
                    // Without a place to look at, the mapping says that the column holds U.S. states.
                    None => place.is_none(),
                };
                let state = us_states::two_letters(&narrow(text)).filter(|_| at_home);
                out.push_str(state.unwrap_or(text));
            }
            Transform::UsdRange(scale, style) => out.push_str(usd_range(*scale, text, *style)?),
            Transform::Integer(_) if is_short_number(text) => {
                let digits = text.trim_start_matches('0');
                out.push_str(if digits.is_empty() { "0" } else { digits });
            }
            Transform::Integer(point) => {
                let number = amounts::parse(text, *point).ok_or("not a number")?;
                if !number.is_integer() {
                    return Err("not a whole number");
                }
                // What fits into 64 bits is written several times faster.
                let _ = match number.to_i64() {
                    Some(number) => write!(out, "{number}"),
                    None => write!(out, "{}", number.trunc().normalize()),
                };
            }
            Transform::YesNo(words) => {
                let yes = words.read(text).ok_or("neither yes nor no")?;
                out.push_str(if yes { "true" } else { "false" });
            }
        }
        Ok(())
    }
}

/// Whether a text is a whole number that needs no reading: a few digits and nothing else.
fn is_short_number(text: &str) -> bool {
    (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the digits of a text are those of one whole number, such as `24%` and `1,250 USD`: nothing about them is a sign,
/// brackets, decimals or an exponent. A text without digits holds none, and none is lost.
fn holds_one_whole_number(text: &str) -> bool {
    let Some(first) = text.find(|c: char| c.is_ascii_digit()) else {
        return true;
    };
    let (before, number) = text.split_at(first);
    let last = number.rfind(|c: char| c.is_ascii_digit()).unwrap_or(0);
    let (number, behind) = number.split_at(last + 1);
    let mut groups = number.split([',', ' ', '\'', '\u{a0}', '\u{202f}']);
    let all = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let sign = |c: char| matches!(c, '-' | '\u{2212}' | '+' | '(' | '.' | ',');
    groups.next().is_some_and(all)
        && groups.all(|group| group.len() == 3 && all(group))
        && !before.trim_end().ends_with(sign)
        && !behind.starts_with(['-', '\u{2212}'])
}

/// Whether a text says that its number is one of months, weeks or days. The whole numbers of the contract are years, percentages and
/// the like, never these.
fn counts_less_than_years(text: &str) -> bool {
    text.split(|c: char| !c.is_alphabetic()).any(|word| {
        LESS_THAN_YEARS
            .iter()
            .any(|unit| word.eq_ignore_ascii_case(unit))
    })
}

/// `YYYY-MM-DD`, without the formatting machinery.
fn push_date(date: jiff::civil::Date, out: &mut String) {
    let mut digits = [b'0'; 10];
    let mut put = |at: usize, count: usize, mut number: u32| {
        for place in (at..at + count).rev() {
            digits[place] = b'0' + (number % 10) as u8;
            number /= 10;
        }
    };
    put(0, 4, date.year().unsigned_abs().into());
    put(5, 2, date.month().unsigned_abs().into());
    put(8, 2, date.day().unsigned_abs().into());
    digits[4] = b'-';
    digits[7] = b'-';
    out.extend(digits.iter().map(|digit| char::from(*digit)));
}

fn usd_range(scale: Scale, text: &str, style: AmountStyle) -> Result<&'static str, &'static str> {
    match scale.names().iter().find(|range| **range == text) {
        Some(range) => Ok(range),
        None => spans::range_of(scale, text, style),
    }
}

impl YesNo {
    fn read(&self, text: &str) -> Option<bool> {
        let text = Folded::new(text);
        // The column's own words first: "n" may stand for "new".
        let own = |words: &[String]| words.iter().any(|word| text.is(word));
        let usual = |words: &[&str]| words.iter().any(|word| text.is(word));
        match () {
            () if own(&self.yes) => Some(true),
            () if own(&self.no) => Some(false),
            () if usual(YES) => Some(true),
            () if usual(NO) => Some(false),
            () => None,
        }
    }
}

impl CountrySource {
    /// The alpha-2 code for a row. Where the column says what nobody can read, the default is not what it means.
    fn region(&self, row: &Row<'_>) -> Option<&str> {
        let text = match self.column.map(|column| row.cell(column)) {
            None => return self.default.as_deref(),
            Some(Cell::Text(text)) => text,
            Some(Cell::Broken(_)) => return None,
        };
        if let Some(code) = countries::alpha3(text).and_then(countries::alpha2_of) {
            return Some(code);
        }
        let says_none = !text.chars().any(char::is_alphanumeric)
            || is_placeholder_but(text, KeptPlaceholders::Nothing);
        let empty = self.missing.contains(text) || (says_none && unreadable::why(text).is_none());
        self.default.as_deref().filter(|_| empty)
    }
}

/// Why a moment gives no day.
const IN_DOUBT: &str =
    "a time in UTC late in the day: set `zone`, or the day may be the one before";

impl Dates {
    fn write(&self, text: &str, moment: bool, out: &mut String) -> Result<(), &'static str> {
        match self {
            Dates::Formats(formats) => {
                let date = formats
                    .parse(text)
                    .ok_or("not a date in any of the mapping's formats")?;
                push_date(date, out);
                if moment {
                    out.push_str("T00:00:00Z");
                }
            }
            Dates::Ordered(ordered) => {
                let why = "not a date in the mapping's order";
                let read = ordered.parse(text).ok_or(why)?;
                if moment {
                    let moment = ordered.moment(read).ok_or(why)?;
                    out.push_str(&moment.to_string());
                } else {
                    push_date(ordered.day(read).ok_or(IN_DOUBT)?, out);
                }
            }
        }
        Ok(())
    }
}
