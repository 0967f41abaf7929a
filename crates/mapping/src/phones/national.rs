//! A number without a country code: whose it is.
//!
//! Owner of the choice between the country of the person and another one. People keep their numbers when they move, so a
//! person's country is a hint and no proof. A number counts as one of the country when it is written as people there write
//! one: with the zero that the country dials in front of an area code, where it has one, and of a length that it has. A
//! number that is not, but is grouped as North Americans group theirs, or is a whole number of the export's home, is that.
//! Invariant: where two countries are as likely, the answer is none. Left out on purpose: numbers that say their country
//! (`phones`).

use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region,
};

use super::{is_grouped_abroad, possible};
use bakkt_model::text::digit;

/// Reads a number that says no country: as one of `region`, or of `home` or of North America if it cannot be that. Without
/// a region nobody knows.
pub(super) fn read(
    text: &str,
    region: Option<Region>,
    home: Option<Region>,
) -> Option<PhoneNumber> {
    let all = candidates(text, region?, home);
    let (first, others) = all.split_first()?;
    let agree = others.iter().all(|other| same(first, other));
    agree.then(|| first.clone())
}

/// Whether a number that says no country could be one of several.
pub(super) fn is_ambiguous(text: &str, region: Option<Region>, home: Option<Region>) -> bool {
    region.is_some_and(|region| {
        let all = candidates(text, region, home);
        all.windows(2).any(|two| !same(&two[0], &two[1]))
    })
}

/// The numbers that a text is as likely as one another.
fn candidates(text: &str, region: Region, home: Option<Region>) -> Vec<PhoneNumber> {
    let shape = DigitGrouping::of(text);
    let there = NationalNumber::of(text, region);
    let abroad = behind_foreign_dialing(text, region);
    let american = || north_american(text).filter(|_| !is_american(region));
    if let Some(reading) = &there
        && reading.is_as_written_there
        && (abroad.is_none() || is_valid(&reading.number))
    {
        // Where people write numbers as North Americans do, a bank from there may have either.
        let other = match shape == DigitGrouping::NorthAmerican && home.is_some_and(is_american) {
            true => american(),
            false => None,
        };
        return there
            .map(|there| there.number)
            .into_iter()
            .chain(other)
            .collect();
    }
    if abroad.is_some() {
        return abroad.into_iter().collect();
    }
    if shape == DigitGrouping::NorthAmerican
        && let Some(number) = american()
    {
        return vec![number];
    }
    let at_home = home
        .filter(|home| *home != region)
        .and_then(|home| NationalNumber::of(text, home))
        .filter(|reading| reading.is_as_written_there && is_valid(&reading.number))
        // "(21) 2345-6789" is no North American number, though its digits could be one.
        .filter(|_| shape != DigitGrouping::Other || !home.is_some_and(is_american));
    let mut numbers: Vec<PhoneNumber> = at_home.map(|reading| reading.number).into_iter().collect();
    // A number whose zero a spreadsheet took, or that is written without it. Where it may lack its area code as well, it is
    // none, but a doubt about another reading.
    if let Some(reading) = there.filter(|reading| is_valid(&reading.number))
        && (!numbers.is_empty() || reading.is_whole(text, region))
    {
        numbers.push(reading.number);
    }
    // Ten bare digits may be a North American number as well.
    if shape == DigitGrouping::Bare && !numbers.is_empty() {
        numbers.extend(american());
    }
    numbers
}

fn same(one: &PhoneNumber, other: &PhoneNumber) -> bool {
    one.country_code == other.country_code && one.national_number == other.national_number
}

fn is_american(region: Region) -> bool {
    PHONE_NUMBER_UTIL.is_nanpa_country(region)
}

/// How the digits of a number are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DigitGrouping {
    /// Not at all.
    Bare,
    /// Three, three and four, behind a 1 or not: "(212) 555-0123", "1-212-555-0123".
    NorthAmerican,
    /// In any other way.
    Other,
}

impl DigitGrouping {
    fn of(text: &str) -> DigitGrouping {
        let mut groups: Vec<&str> = text
            .split(|c: char| digit(c).is_none())
            .filter(|group| !group.is_empty())
            .collect();
        if groups.len() < 2 {
            return DigitGrouping::Bare;
        }
        if groups[0] == "1" {
            groups.remove(0);
        }
        let lengths = groups.iter().map(|group| group.chars().count());
        match lengths.collect::<Vec<_>>().as_slice() {
            [3, 3, 4] => DigitGrouping::NorthAmerican,
            _ => DigitGrouping::Other,
        }
    }
}

/// A text as a number of one country.
struct NationalNumber {
    number: PhoneNumber,
    /// People of the country write their numbers so.
    is_as_written_there: bool,
}

impl NationalNumber {
    fn of(text: &str, region: Region) -> Option<NationalNumber> {
        if is_american(region) && is_grouped_abroad(text) {
            return None;
        }
        let number = possible(text, Some(region))?;
        let has_zero = text.chars().find_map(digit) == Some('0');
        // North Americans dial the 1 or leave it out. Elsewhere a number with a zero in front is written as numbers are there,
        // whether or not it was given out; where people dial none, nothing but the plan of the country's numbers tells one from
        // a foreign one.
        let is_as_written_there =
            is_american(region) || has_zero || (is_valid(&number) && !dials_zero(&number));
        Some(NationalNumber {
            number,
            is_as_written_there,
        })
    }

    /// Whether it has its area code although it is written without a zero: mobile numbers have, and so have those than which
    /// the country has no longer ones. "23125012" is a number of Berlin to its neighbours, and one of Dortmund to the library.
    fn is_whole(&self, text: &str, region: Region) -> bool {
        let kind = PHONE_NUMBER_UTIL.get_number_type(&self.number);
        let mobile = matches!(
            kind,
            PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile
        );
        let longer = PHONE_NUMBER_UTIL.parse(format!("{}0", digits(text)), Some(region));
        // Some countries have longer numbers of other kinds, as Argentina has of mobile phones.
        let is_possible = |number: &PhoneNumber| {
            let length = PHONE_NUMBER_UTIL.is_possible_number_for_type_with_reason(number, kind);
            matches!(length, Ok(NumberLengthType::IsPossible))
        };
        mobile || !longer.is_ok_and(|number| is_possible(&number))
    }
}

/// Whether its country has such numbers, as far as the library knows. That takes longer than everything else here, so it is
/// asked only where the answer counts.
pub(super) fn is_valid(number: &PhoneNumber) -> bool {
    PHONE_NUMBER_UTIL.is_valid_number(number)
}

/// Whether people of its own country dial a number with a zero in front.
fn dials_zero(number: &PhoneNumber) -> bool {
    let national = PHONE_NUMBER_UTIL.format(number, PhoneNumberFormat::National);
    national.chars().find_map(digit) == Some('0')
}

/// "011 44 20 …", dialled from North America, in an export where the person lives elsewhere; and as "011" begins area codes
/// to some, only where the rest is a whole number of another country.
fn behind_foreign_dialing(text: &str, region: Region) -> Option<PhoneNumber> {
    if is_american(region) {
        return None;
    }
    let number = possible(&format!("+{}", digits(text).strip_prefix("011")?), None)?;
    is_valid(&number).then_some(number)
}

/// Ten digits, or eleven from 1, as a number of North America whose area code was given out.
fn north_american(text: &str) -> Option<PhoneNumber> {
    let digits = digits(text);
    let national = match digits.len() {
        10 => digits.as_str(),
        11 => digits.strip_prefix('1')?,
        _ => return None,
    };
    let number = possible(&format!("+1{national}"), None)?;
    is_valid(&number).then_some(number)
}

/// Whether North America has the area code of ten digits, as far as the library knows.
pub(super) fn has_area_code(digits: &[u8]) -> bool {
    let national = digits
        .iter()
        .fold(0, |national, digit| national * 10 + u64::from(*digit));
    is_valid(&PhoneNumber {
        country_code: 1,
        national_number: national,
        ..PhoneNumber::default()
    })
}

fn digits(text: &str) -> String {
    text.chars().filter_map(digit).collect()
}
