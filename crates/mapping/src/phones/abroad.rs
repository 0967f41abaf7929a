//! Numbers that say their country and need no reading: "+44 20 7946 0958".
//!
//! Owner of the short way for them. Invariant: what it writes is what the library writes, which a property test holds. Left out on
//! purpose: countries whose numbers the library changes behind their code, and zeros in front of an area code ("+44 (0)20 …").

use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber};

/// Codes of countries in which nothing but a zero is dialled in front of a national number, or nothing at all.
const CODES: [&str; 26] = [
    "30", "31", "32", "33", "34", "351", "353", "358", "40", "41", "420", "421", "43", "44", "45",
    "46", "47", "48", "49", "60", "63", "64", "66", "81", "84", "91",
];

/// Digits of the longest number.
const MOST: usize = 15;

/// Writes a number as E.164 where that takes no reading, and says whether it did.
pub(super) fn write(text: &str, out: &mut String) -> bool {
    let mut digits = [0u8; MOST];
    let Some(digits) = digits_of(text, &mut digits) else {
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
    let Ok(national_number) = national.parse() else {
        return false;
    };
    let number = PhoneNumber {
        country_code,
        national_number,
        ..PhoneNumber::default()
    };
    let length = PHONE_NUMBER_UTIL.is_possible_number_with_reason(&number);
    let is_possible = matches!(length, Ok(NumberLengthType::IsPossible));
    if is_possible && !national.starts_with('0') {
        out.push('+');
        out.push_str(digits);
        return true;
    }
    false
}

/// The digits behind a plus, where nothing else stands between them than the usual punctuation.
fn digits_of<'d>(text: &str, digits: &'d mut [u8; MOST]) -> Option<&'d str> {
    let mut count = 0;
    for byte in text.strip_prefix('+')?.bytes() {
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
    use crate::phones::{is_e164, lacks_country_code, possible};
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
}
