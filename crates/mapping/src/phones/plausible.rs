//! Whether a country has such a number, beyond its length.
//!
//! Owner of [`plausible`], which every number passes that is not plainly North American. A number of a range that the
//! library knows is one. One that it does not know may be fictitious or of a range that was opened since, so that it counts
//! unless something speaks against it: a trunk zero behind the code of a country that has none there, a digit that is
//! lacking or too many, or the ten digits of a North American behind a plus. Left out on purpose: North America
//! (`phones::is_assignable`).

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, Region};

use super::national::is_valid;

/// What people once dialled between the code of a country and a number that is the same without it: the codes of mobile phones.
const FORMER: [(i32, &str); 5] = [
    (MEXICO, "1"),
    (MEXICO, "01"),
    (MEXICO, "044"),
    (MEXICO, "045"),
    (56, "0"),
];

const MEXICO: i32 = 52;

/// Italy and its neighbours on the same plan, whose numbers keep their zero.
const ITALY: i32 = 39;

/// The most digits that are taken to be lacking at the end of a number.
const LACKING: u32 = 3;

/// The number, or what it is called today; none where its country cannot have it. `region` is the country in whose habit it was
/// written, if the text does not say its country.
pub(super) fn plausible(number: PhoneNumber, region: Option<Region>) -> Option<PhoneNumber> {
    if number.country_code == 1 || is_valid(&number) {
        return Some(number);
    }
    if let Some(whole) = with_lost_zero(&number) {
        return Some(whole);
    }
    let national = national_digits(&number);
    if let Some(today) = without_former_code(&number, &national) {
        return Some(today);
    }
    let says_its_country = region.is_none_or(|region| {
        PHONE_NUMBER_UTIL.get_country_code_for_region(region) != Some(number.country_code)
    });
    let has_trunk_zero = national.starts_with('0') && number.country_code != ITALY;
    let is_wrong = has_trunk_zero
        || (says_its_country && is_american_behind_plus(&number, &national))
        || lacks_digits(&number)
        || has_a_digit_too_many(&number);
    (!is_wrong).then_some(number)
}

/// Mends a number whose length no number of its country has: "+52 1 55 …", as mobile phones in Mexico were written until 2019.
pub(super) fn of_today(number: &PhoneNumber) -> Option<PhoneNumber> {
    without_former_code(number, &national_digits(number))
}

/// A number of Italy with the zero that belongs to it, where an export left that out and nobody there has the number without.
fn with_lost_zero(number: &PhoneNumber) -> Option<PhoneNumber> {
    let whole = PhoneNumber {
        country_code: number.country_code,
        national_number: number.national_number,
        italian_leading_zero: Some(true),
        ..PhoneNumber::default()
    };
    let has_zero = number.italian_leading_zero();
    (number.country_code == ITALY && !has_zero && is_valid(&whole)).then_some(whole)
}

fn without_former_code(number: &PhoneNumber, national: &str) -> Option<PhoneNumber> {
    FORMER.iter().find_map(|(country, code)| {
        let rest = national.strip_prefix(*code)?;
        let is_there = *country == number.country_code && !rest.starts_with('0');
        let today = with_national(number, rest.parse().ok()?);
        (is_there && is_valid(&today)).then_some(today)
    })
}

/// Whether ten digits behind a plus are a whole number of North America: "+617 555 0123" without its 1.
fn is_american_behind_plus(number: &PhoneNumber, national: &str) -> bool {
    let digits = format!("{}{national}", number.country_code);
    let american = |national_number| PhoneNumber {
        country_code: 1,
        national_number,
        ..PhoneNumber::default()
    };
    digits.len() == 10
        && digits
            .parse()
            .is_ok_and(|national| is_valid(&american(national)))
}

/// Whether the number is the beginning of one that its country has.
fn lacks_digits(number: &PhoneNumber) -> bool {
    // The digits that are lacking may be any, and some ranges leave out a few.
    let tails = (1..=LACKING).flat_map(|count| {
        let power = 10u64.pow(count);
        [0, power / 9 * 5, power - 1].map(|tail| (power, tail))
    });
    tails
        .filter_map(|(power, tail)| number.national_number.checked_mul(power)?.checked_add(tail))
        .any(|national| is_valid(&with_national(number, national)))
}

/// Whether the number without its last digit is one that its country has.
fn has_a_digit_too_many(number: &PhoneNumber) -> bool {
    is_valid(&with_national(number, number.national_number / 10))
}

fn with_national(number: &PhoneNumber, national_number: u64) -> PhoneNumber {
    PhoneNumber {
        country_code: number.country_code,
        national_number,
        ..PhoneNumber::default()
    }
}

/// The digits behind the code of the country, with the zeros that the library keeps.
fn national_digits(number: &PhoneNumber) -> String {
    let zeros = match number.italian_leading_zero() {
        true => number.number_of_leading_zeros().max(1),
        false => 0,
    };
    let zeros = usize::try_from(zeros).unwrap_or(0);
    format!("{}{}", "0".repeat(zeros), number.national_number)
}
