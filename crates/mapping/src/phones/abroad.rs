//! Numbers that need no reading: those that say their country, "+44 20 7946 0958", those with the zero that their country
//! dials, "020 7946 0958", and those of countries that dial nothing in front, "212 345 678".
//!
//! Owner of the short way for them. Invariant: what it writes is what the long way writes, which property tests hold. Left out on
//! purpose: countries whose numbers the library changes behind their code, and zeros in front of an area code ("+44 (0)20 …").

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber};

/// Codes of countries in which nothing but a zero is dialled in front of a national number, or nothing at all.
const CODES: [&str; 26] = [
    "30", "31", "32", "33", "34", "351", "353", "358", "40", "41", "420", "421", "43", "44", "45",
    "46", "47", "48", "49", "60", "63", "64", "66", "81", "84", "91",
];

/// Countries (ISO 3166-1 alpha-2) that dial one zero in front of a national number and two to call abroad, each with its code.
const DIAL_ZERO: [(&str, &str); 17] = [
    ("AT", "43"),
    ("BE", "32"),
    ("CH", "41"),
    ("DE", "49"),
    ("FI", "358"),
    ("FR", "33"),
    ("GB", "44"),
    ("IE", "353"),
    ("IN", "91"),
    ("JP", "81"),
    ("MY", "60"),
    ("NL", "31"),
    ("PH", "63"),
    ("RO", "40"),
    ("SE", "46"),
    ("TH", "66"),
    ("VN", "84"),
];

/// Countries that dial nothing in front of a national number, each with its code.
const DIAL_NOTHING: [(&str, &str); 8] = [
    ("CZ", "420"),
    ("DK", "45"),
    ("ES", "34"),
    ("NO", "47"),
    ("PL", "48"),
    ("PT", "351"),
    ("MX", "52"),
    ("GR", "30"),
];

/// Digits of the longest number.
const MOST: usize = 15;

/// Writes a number as E.164 where that takes no reading, and says whether it did.
pub(super) fn write(text: &str, out: &mut String) -> bool {
    let mut digits = [0u8; MOST];
    let digits = text
        .strip_prefix('+')
        .and_then(|text| digits_of(text, &mut digits));
    let Some(digits) = digits else {
        return false;
    };
    let known = CODES.iter().find_map(|code| {
        let national = digits.strip_prefix(*code)?;
        Some((code.parse().ok()?, national))
    });
    // Ten digits may be those of a North American who left out the 1.
    let Some((country_code, national)) = known.filter(|_| digits.len() != 10) else {
        return false;
    };
    if is_valid(country_code, national) {
        out.push('+');
        out.push_str(digits);
        return true;
    }
    false
}

/// Writes a number of a country (ISO 3166-1 alpha-2) that has the zero of that country in front, and says whether it did. With that
/// zero it can be none of North America.
pub(super) fn write_national(text: &str, region: Option<&str>, out: &mut String) -> bool {
    let mut digits = [0u8; MOST];
    let digits = text
        .starts_with('0')
        .then(|| digits_of(text, &mut digits))
        .flatten();
    let Some(national) = digits.and_then(|digits| digits.strip_prefix('0')) else {
        return false;
    };
    let known = DIAL_ZERO
        .iter()
        .find(|(country, _)| Some(*country) == region);
    let Some((_, code)) = known else {
        return false;
    };
    // So people dial abroad: "010" in Japan, "011" in North America.
    let fits = !national.starts_with("10") && !national.starts_with("11");
    if fits && code.parse().is_ok_and(|code| is_valid(code, national)) {
        out.push('+');
        out.push_str(code);
        out.push_str(national);
        return true;
    }
    false
}

/// Writes a number of a country (ISO 3166-1 alpha-2) in which nothing is dialled in front, where the country has such numbers, and
/// says whether it did.
pub(super) fn write_valid(text: &str, region: Option<&str>, out: &mut String) -> bool {
    let known = DIAL_NOTHING
        .iter()
        .find(|(country, _)| Some(*country) == region);
    let mut digits = [0u8; MOST];
    let (Some((_, code)), Some(national)) = (known, digits_of(text, &mut digits)) else {
        return false;
    };
    // Three digits first: ten of them may be those of North America.
    let first_group = text.bytes().position(|byte| !byte.is_ascii_digit());
    let is_certain = !national.starts_with('0') && (national.len() != 10 || first_group != Some(3));
    if !is_certain || !code.parse().is_ok_and(|code| is_valid(code, national)) {
        return false;
    }
    out.push('+');
    out.push_str(code);
    out.push_str(national);
    true
}

/// The number of these digits in a country.
fn number(country_code: i32, national: &str) -> Option<PhoneNumber> {
    Some(PhoneNumber {
        country_code,
        national_number: national.parse().ok()?,
        ..PhoneNumber::default()
    })
}

/// Whether a country has such numbers, as far as the library knows. A zero in front is none of the number.
fn is_valid(country_code: i32, national: &str) -> bool {
    !national.starts_with('0')
        && number(country_code, national)
            .is_some_and(|number| PHONE_NUMBER_UTIL.is_valid_number(&number))
}

/// The digits of a text, where nothing else stands between them than the usual punctuation.
fn digits_of<'d>(text: &str, digits: &'d mut [u8; MOST]) -> Option<&'d str> {
    let mut count = 0;
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => {
                *digits.get_mut(count)? = byte;
                count += 1;
            }
            b' ' | b'-' | b'.' => {}
            _ => return None,
        }
    }
    str::from_utf8(digits.get(..count)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phones::{PhoneRegions, is_e164, lacks_country_code, one, possible};
    use proptest::prelude::*;
    use rlibphonenumber::PhoneNumberFormat;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8192))]

        #[test]
        fn writes_what_the_library_writes(
            code in prop::sample::select(CODES.to_vec()),
            national in "([0-9][ .-]{0,2}){3,13}",
        ) {
            let text = format!("+{code} {national}");
            let mut fast = String::new();
            if write(&text, &mut fast) {
                let number = possible(&text, None).filter(|_| !lacks_country_code(&text, None));
                let form = |number| PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164).into_owned();
                prop_assert!(is_e164(&fast));
                prop_assert_eq!(Some(fast), number.map(form));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8192))]

        #[test]
        fn writes_what_the_library_writes_of_a_country(
            (country, code) in prop::sample::select([DIAL_ZERO.as_slice(), DIAL_NOTHING.as_slice()].concat()),
            national in "0?([0-9][ .-]{0,2}){3,13}",
            home in prop::sample::select(vec![None, Some("US"), Some("DE"), Some("MX")]),
        ) {
            let mut fast = String::new();
            let region = Some(country);
            if write_national(&national, region, &mut fast) || write_valid(&national, region, &mut fast) {
                prop_assert!(fast.strip_prefix('+').is_some_and(|number| number.starts_with(code)));
                let mut slow = String::new();
                let places = PhoneRegions { region: Some(country), home };
                prop_assert!(one(&national, places, &mut slow), "{} {}", country, national);
                prop_assert_eq!(fast, slow);
            }
        }
    }

    #[test]
    fn takes_what_people_write() {
        for (text, written) in [
            ("+44 20 7946 0958", Some("+442079460958")),
            ("+49 30 23125 012", Some("+493023125012")),
            ("+420 212 345 678", Some("+420212345678")),
            ("+33-1-99-00-12-34", Some("+33199001234")),
            ("+44 (0)20 7946 0958", None),
            ("+44 020 7946 0958", None),
            ("+39 06 1234 5678", None),
            ("+1 202 555 0123", None),
            ("+44 20", None),
            ("44 20 7946 0958", None),
            ("+", None),
        ] {
            let mut out = String::from("kept");
            let done = write(text, &mut out);
            let read = out.strip_prefix("kept").filter(|read| !read.is_empty());
            assert_eq!(read, written, "{text}");
            assert_eq!(done, written.is_some(), "{text}");
        }
    }

    #[test]
    fn takes_the_zero_of_a_country() {
        for (text, country, written) in [
            ("020 7946 0958", "GB", Some("+442079460958")),
            ("030-23125012", "DE", Some("+493023125012")),
            ("01 99 00 12 34", "FR", Some("+33199001234")),
            ("020 7946 0958", "US", None),
            ("0044 20 7946 0958", "GB", None),
            ("011 44 20 7946 0958", "GB", None),
            ("010 1 202 555 0123", "JP", None),
            ("20 7946 0958", "GB", None),
            ("020", "GB", None),
            ("212 345 678", "CZ", Some("+420212345678")),
            ("22 123 45 67", "PL", Some("+48221234567")),
            ("55 1234 5678", "MX", Some("+525512345678")),
            ("555 123 4567", "MX", None),
            ("12", "CZ", None),
        ] {
            let mut out = String::new();
            let region = Some(country);
            let done =
                write_national(text, region, &mut out) || write_valid(text, region, &mut out);
            assert_eq!(done.then_some(out.as_str()), written, "{text}");
        }
    }
}
