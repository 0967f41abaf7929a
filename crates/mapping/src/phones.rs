//! Phone numbers: what people type, to E.164.
//!
//! Owner: `mapping`. Invariants: what is written passes `is_e164`, and its country can have it
//! (possible, not assigned: a fictitious or newly opened number is accepted, see `plausible`). A North American number whose area code or
//! exchange is given to nobody is none (`is_assignable`). A number without a country code is read as one of its region only when it is written as people there write one; where two
//! countries are as likely, it is none (`national`). The fast path for plain North American numbers gives what the
//! library gives, which a property test holds. Left out on purpose: extensions (E.164 has none; they are dropped), numbers
//! without their area code, and numbers spelt in letters, but for toll-free ones: elsewhere they would turn a remark behind
//! a short number into digits.
//!
//! The library writes numbers to the `log` facade at trace level. Whoever sets up logging must keep the
//! target `rlibphonenumber` off.

mod abroad;
mod national;
mod plausible;

use bakkt_contract::forms::is_e164;
use bakkt_model::text::{digit, narrow};
use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber, Region};
use std::fmt::Write;

/// Where a number may be from that has no country code.
#[derive(Clone, Copy, Debug, Default)]
struct PhoneRegions<'p> {
    /// ISO 3166-1 alpha-2 of the person's country.
    region: Option<&'p str>,
    /// That of the export's home: people who moved keep their numbers.
    home: Option<&'p str>,
}

/// Writes `text` onto `out` as E.164. The error says what is wrong; `out` is as before then.
///
/// `region` (ISO 3166-1 alpha-2) is where a number without a country code is taken to be from, and `home` where it may be
/// from instead when it cannot be from there.
pub fn write(
    text: &str,
    region: Option<&str>,
    home: Option<&str>,
    out: &mut String,
) -> Result<(), &'static str> {
    if is_of_somebody_else(text) {
        return Err("the cell says that this is not the person's phone");
    }
    if e164(text, region, home, out) {
        return Ok(());
    }
    if lacks_country_code(text, region) {
        return Err("a North American number behind a plus without its 1");
    }
    let code = |code: Option<&str>| code.and_then(|code| Region::try_from(code).ok());
    let short = text.len() <= LONGEST;
    let tailless = without_tail(text).filter(|text| short && !has_plus(text));
    let several = |text| national::is_ambiguous(text, code(region), code(home));
    let is_abroad = |text| is_american(region) && is_grouped_abroad(text);
    Err(
        if tailless.is_some_and(several) || tailless.is_some_and(is_abroad) {
            "could be a phone number of two countries: it needs its country code"
        } else if tailless
            .or(Some(text))
            .is_some_and(|text| is_given_to_nobody(text, region))
        {
            "a North American number that is given to nobody"
        } else {
            "not a phone number"
        },
    )
}

/// Words that say of a number that nobody should call it, or whose it is instead.
const NOT_THE_PERSONS: [&str; 22] = [
    "wrong",
    "invalid",
    "bad",
    "disconnected",
    "dnc",
    "old",
    "former",
    "deceased",
    "spouse",
    "wife",
    "husband",
    "mother",
    "father",
    "mom",
    "dad",
    "son",
    "daughter",
    "sister",
    "brother",
    "falsch",
    "ehefrau",
    "ehemann",
];

/// The same in several words.
const NOT_TO_BE_CALLED: [&str; 6] = [
    "do not call",
    "don't call",
    "do not use",
    "not in service",
    "out of service",
    "no longer",
];

/// Whether a cell says that its number is not the person's, or that it does not work.
fn is_of_somebody_else(text: &str) -> bool {
    let digits = text.chars().filter(|c| c.is_numeric()).count();
    let letters = text.bytes().any(|byte| byte.is_ascii_alphabetic());
    if text.len() > LONGEST || digits < SHORTEST || !letters {
        return false;
    }
    let small = text.to_lowercase();
    let mut words = small.split(|c: char| !c.is_alphanumeric());
    words.any(|word| NOT_THE_PERSONS.contains(&word))
        || NOT_TO_BE_CALLED.iter().any(|said| small.contains(said))
}

/// Whether a number is that of a machine nobody speaks to. "Tel/Fax" is both.
fn is_of_a_machine(text: &str) -> bool {
    if !text.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        return false;
    }
    let small = text.to_lowercase();
    let has = |known: &[&str]| {
        let mut words = small.split(|c: char| !c.is_alphabetic());
        words.any(|word| known.contains(&word))
    };
    has(&["fax", "telefax", "pager", "beeper"]) && !has(&["tel", "phone", "telefon", "fon"])
}

/// Whether the digits behind a plus are grouped 3-3-4, as North Americans write a number without its country code. Three
/// digits may be a country code themselves ("+372 612 3456"); with dashes, a text from North America means an area code.
fn lacks_country_code(text: &str, region: Option<&str>) -> bool {
    if !has_plus(text) {
        return false;
    }
    let Some(number) = without_tail(text) else {
        return false;
    };
    let plain = narrow(number);
    let groups = plain.split(|c: char| !c.is_ascii_digit());
    let lengths = groups.filter(|group| !group.is_empty()).map(str::len);
    if !lengths.eq([3, 3, 4]) {
        return false;
    }
    let code = PHONE_NUMBER_UTIL
        .parse(number, None)
        .map(|number| number.country_code);
    let american = is_american(region) && plain.contains('-');
    plain.contains('(') || american || !code.is_ok_and(|code| code > 99)
}

/// Whether a text is a whole North American number by its digits, but of an area code or an exchange without subscribers.
fn is_given_to_nobody(text: &str, region: Option<&str>) -> bool {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).collect();
    let national = match (digits.as_slice(), has_plus(text)) {
        ([b'1', national @ ..], _) if national.len() == 10 => national,
        (national, false) if national.len() == 10 && is_american(region) => national,
        _ => return false,
    };
    !is_assignable(national)
}

/// Whether a region is one of those whose numbers have three, three and four digits.
fn is_american(region: Option<&str>) -> bool {
    matches!(region, Some("US" | "CA"))
}

/// Whether the digits of a number without a country code stand as nobody in North America writes theirs: 55 1234 5678 as in Mexico
/// and Brazil, 138 1234 5678 as mobile phones in China, five and five as in India, pairs as in France. Eleven digits without
/// any group that begin like a mobile phone of China are one, where North America has no such area code.
fn is_grouped_abroad(text: &str) -> bool {
    let (mut lengths, mut groups, mut open) = ([0_u8; MOST_GROUPS], 0, false);
    let mut digits = [0_u8; MOST_DIGITS];
    let mut count = 0;
    for c in text.chars() {
        let Some(digit) = digit(c).and_then(|digit| u8::try_from(digit).ok()) else {
            open = false;
            continue;
        };
        if !open {
            (open, groups) = (true, groups + 1);
        }
        let (Some(length), Some(place)) = (lengths.get_mut(groups - 1), digits.get_mut(count))
        else {
            return false;
        };
        *length += 1;
        *place = digit - b'0';
        count += 1;
    }
    let begins_as_mobile = digits[0] == 1 && digits[1] > 2;
    match lengths.get(..groups) {
        Some([2, 4, 4] | [5, 5] | [2, 2, 2, 2, 2]) => true,
        Some([3, 4, 4]) => begins_as_mobile,
        Some([11]) => begins_as_mobile && !national::has_area_code(&digits[1..]),
        _ => false,
    }
}

const MOST_GROUPS: usize = 5;
const MOST_DIGITS: usize = 11;

/// Whether ten digits can be somebody's number in North America. No area code and no exchange begins with 0 or 1 or ends in
/// 11 (911, 411). The area codes N9X, 37X, 96X and 555 are set aside, those with two equal digits behind 2, 3, 4, 7 and 9 are kept for
/// services (of which 700 and 900 are), and 555-1212 is directory assistance everywhere. Ten equal digits are typed to get past a
/// form. An area code that is nobody's yet may be somebody's tomorrow.
fn is_assignable(national: &[u8]) -> bool {
    let [a, b, c, x, y, z, line @ ..] = national else {
        return false;
    };
    // The library counts zeros in front of fewer digits.
    if line.len() != 4 {
        return false;
    }
    let given = |first: u8, second: u8, third: u8| first >= b'2' && (second, third) != (b'1', b'1');
    let easily_known = b == c
        && matches!(a, b'2' | b'3' | b'4' | b'7' | b'9')
        && !matches!((a, b), (b'7' | b'9', b'0'));
    let set_aside = *b == b'9'
        || easily_known
        || matches!(
            (a, b, c),
            (b'3', b'7', _) | (b'9', b'6', _) | (b'5', b'5', b'5')
        );
    let assistance = (*x, *y, *z) == (b'5', b'5', b'5') && line == b"1212";
    given(*a, *b, *c)
        && given(*x, *y, *z)
        && !set_aside
        && !assistance
        && national.iter().any(|digit| digit != a)
}

/// Writes `text` onto `out` as E.164 and says whether it could; if not, `out` is as before.
fn e164(text: &str, region: Option<&str>, home: Option<&str>, out: &mut String) -> bool {
    let places = PhoneRegions { region, home };
    let text = without_fraction(text);
    if north_american(text, region, out)
        || abroad::write(text, out)
        || abroad::write_national(text, region, out)
        || abroad::write_valid(text, region, out)
    {
        return true;
    }
    // No cell of numbers needs so much room, and the library's patterns should not see a novel.
    if text.len() > LONGEST {
        return false;
    }
    if one(text, places, out) || toll_free(text, region, out) {
        return true;
    }
    // Several in a cell: the first that is a number. A slash may part them, or stand behind an area code.
    let mut several = parts(text).flat_map(|part| std::iter::once(part).chain(halves(part)));
    several.any(|part| {
        part.len() < text.len() && (north_american(part, region, out) || one(part, places, out))
    })
}

/// "2025550123.0" and "2025550123.00" are how some programs write a number of a spreadsheet: the zero is none of its digits.
fn without_fraction(text: &str) -> &str {
    let whole = |text: &&str| {
        let digits = text.strip_prefix('+').unwrap_or(text);
        digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let number = text.strip_suffix(".0").or_else(|| text.strip_suffix(".00"));
    number.filter(whole).unwrap_or(text)
}

/// What slashes part, but for what is too short to be more than an area code.
fn halves(part: &str) -> impl Iterator<Item = &str> {
    let digits = |half: &&str| half.chars().filter(|c| c.is_numeric()).count();
    let cut = part.contains('/').then(|| part.split('/').map(str::trim));
    cut.into_iter()
        .flatten()
        .filter(move |half| digits(half) >= SHORTEST)
}

/// Fewer digits are an area code or an extension, where a slash stands beside them.
const SHORTEST: usize = 6;

/// The longest cell that is looked at.
const LONGEST: usize = 100;

fn one(text: &str, places: PhoneRegions<'_>, out: &mut String) -> bool {
    if is_of_a_machine(text) || lacks_country_code(text, places.region) {
        return false;
    }
    let start = out.len();
    if by_library(text, places, out).is_some() && out.get(start..).is_some_and(is_e164) {
        return true;
    }
    out.truncate(start);
    false
}

/// Words between two numbers, in the languages of the countries' names.
const WORDS: [&str; 15] = [
    " or ", " OR ", " Or ", " and ", " AND ", " oder ", " od. ", " od ", " und ", " u. ", " ou ",
    " et ", " lub ", " oraz ", " o ",
];

/// What stands between two numbers of one cell, slashes aside.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let marks = text.split([';', ',', '|', '&', '\n']);
    let cut = |part| WORDS.iter().find_map(|word| str::split_once(part, *word));
    marks
        .flat_map(move |part| match cut(part) {
            Some((first, second)) => [first, second],
            None => [part, ""],
        })
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// "1-800-FLOWERS": letters count only behind an area code under which nobody has a number of digits and a remark.
fn toll_free(text: &str, region: Option<&str>, out: &mut String) -> bool {
    let marks = |c: char| matches!(c, ' ' | '-' | '.' | '(' | ')' | '+');
    let plain: String = text.chars().filter(|c| !marks(*c)).collect();
    let north_american = text.starts_with('+') || is_american(region);
    let rest = plain.strip_prefix('1').unwrap_or(&plain);
    let Some((area, word)) = rest.split_at_checked(3).filter(|_| north_american) else {
        return false;
    };
    let letters = word.chars().filter(char::is_ascii_alphabetic).count();
    let fits = TOLL_FREE.contains(&area)
        && (7..=9).contains(&word.len())
        && letters >= 3
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !fits {
        return false;
    }
    // Whoever dials more letters than seven is not heard.
    let national: String = area.chars().chain(word.chars().take(7).map(key)).collect();
    let somebodys = is_assignable(national.as_bytes());
    if somebodys {
        out.push_str("+1");
        out.push_str(&national);
    }
    somebodys
}

const TOLL_FREE: [&str; 7] = ["800", "833", "844", "855", "866", "877", "888"];

/// The key of a telephone that a letter is on.
fn key(c: char) -> char {
    match c.to_ascii_uppercase() {
        'A'..='C' => '2',
        'D'..='F' => '3',
        'G'..='I' => '4',
        'J'..='L' => '5',
        'M'..='O' => '6',
        'P'..='S' => '7',
        'T'..='V' => '8',
        'W'..='Z' => '9',
        digit => digit,
    }
}

/// Ten digits, or eleven from 1, that somebody can have in North America, with the usual punctuation between.
/// Only where country code 1 is certain: a plus, or a region that has no other reading of ten digits.
fn north_american(text: &str, region: Option<&str>, out: &mut String) -> bool {
    let plus = text.starts_with('+');
    if !plus && (!is_american(region) || is_grouped_abroad(text)) {
        return false;
    }
    let mut digits = [0u8; 11];
    let mut count = 0;
    for byte in text.bytes().skip(usize::from(plus)) {
        match (byte, digits.get_mut(count)) {
            (b'0'..=b'9', Some(digit)) => {
                *digit = byte;
                count += 1;
            }
            (b' ' | b'-' | b'.' | b'(' | b')', _) => {}
            _ => return false,
        }
    }
    let national = match (count, plus) {
        (11, _) => digits.strip_prefix(b"1"),
        (10, false) => digits.get(..10),
        _ => None,
    };
    let national = national.filter(|national| is_assignable(national));
    let Some(national) = national.and_then(|national| str::from_utf8(national).ok()) else {
        return false;
    };
    out.push_str("+1");
    out.push_str(national);
    true
}

fn by_library(text: &str, places: PhoneRegions<'_>, out: &mut String) -> Option<()> {
    let region = |code: Option<&str>| code.and_then(|code| Region::try_from(code).ok());
    let text = without_tail(text)?;
    let number = if has_plus(text) {
        possible(text, None)
    } else {
        international(text)
            .or_else(|| national::read(text, region(places.region), region(places.home)))
    }?;
    let PhoneNumber {
        country_code,
        national_number,
        ..
    } = number;
    write!(out, "+{country_code}").ok()?;
    if number.italian_leading_zero() {
        // Italian numbers keep their zeros behind the country code.
        for _ in 0..number.number_of_leading_zeros() {
            out.push('0');
        }
    }
    write!(out, "{national_number}").ok()
}

/// "00" is how most of the world dials abroad, and how exports from there write a plus.
fn international(text: &str) -> Option<PhoneNumber> {
    let digits = text.trim_start_matches(|c: char| !c.is_numeric() && !is_plus(c));
    let rest = digits.strip_prefix("00")?;
    possible(&format!("+{rest}"), None)
}

/// A number that its country can have, as far as anybody knows.
fn possible(text: &str, region: Option<Region>) -> Option<PhoneNumber> {
    let number = PHONE_NUMBER_UTIL.parse(text, region).ok()?;
    if has_second_one(text, &number) {
        return None;
    }
    match is_possible(&number) {
        true => plausible::plausible(number, region),
        false => plausible::of_today(&number),
    }
}

/// Whether a North American number stands behind two of its 1, of which the library cuts off both: one of the digits is too many, and
/// nobody knows which.
fn has_second_one(text: &str, number: &PhoneNumber) -> bool {
    if number.country_code != 1 {
        return false;
    }
    let typed: String = text.chars().filter_map(digit).collect();
    let front = typed.strip_suffix(&number.national_number.to_string());
    let dialled = front.and_then(|front| front.strip_suffix("11"));
    dialled.is_some_and(|dialled| matches!(dialled, "" | "00" | "011" | "0011"))
}

/// Whether a number has a length that numbers of its country have.
fn is_possible(number: &PhoneNumber) -> bool {
    let length = PHONE_NUMBER_UTIL.is_possible_number_with_reason(number);
    // A number that only works inside its town has no E.164 form, and "000-000-0000" is typed to get past a form.
    let is_nobodys = number.national_number == 0
        || (number.country_code == 1
            && !is_assignable(number.national_number.to_string().as_bytes()));
    matches!(length, Ok(NumberLengthType::IsPossible)) && !is_nobodys
}

/// What an extension begins with. A tail of letters without digits is a remark ("home") and goes as well.
const EXTENSION: [&str; 9] = [
    "extension",
    "extn",
    "ext",
    "ex",
    "xtn",
    "x",
    "anexo",
    "poste",
    "int",
];

/// The number without an extension or a remark behind it; `None` when letters there mean something else.
fn without_tail(text: &str) -> Option<&str> {
    let first = text.find(char::is_numeric)?;
    let in_number = |c: char| c.is_alphabetic() || matches!(c, '#' | ';');
    let Some(tail_at) = text.get(first..)?.find(in_number) else {
        return Some(text);
    };
    let (head, tail) = text.split_at_checked(first + tail_at)?;
    let word = tail.trim_start_matches(|c: char| !c.is_alphanumeric());
    let letters = word
        .find(|c: char| !c.is_alphabetic())
        .unwrap_or(word.len());
    let mark = word.get(..letters)?;
    let extension = EXTENSION.iter().any(|known| known.eq_ignore_ascii_case(mark))
        // "#12" is an extension too, but ";" without a word parts two numbers.
        || (mark.is_empty() && tail.starts_with('#'));
    // Behind the mark come a few digits at most: more is a second number.
    let digits = tail.chars().filter(|c| c.is_numeric()).count();
    let fits = if extension { digits <= 7 } else { digits == 0 };
    fits.then_some(head)
}

/// The first thing that counts is a plus: the number says its country.
fn has_plus(text: &str) -> bool {
    let first = text.find(|c: char| c.is_numeric() || is_plus(c));
    first.is_some_and(|at| text[at..].starts_with(is_plus))
}

fn is_plus(c: char) -> bool {
    matches!(c, '+' | '＋')
}

#[cfg(test)]
mod tests;
