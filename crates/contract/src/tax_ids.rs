//! U.S. tax ids: the one table of rules by which the SSA and the IRS give them out.
//!
//! Owner of what makes nine digits a possible SSN, ITIN or EIN. An SSN's area is not 000, 666 or 9xx, and neither its group nor
//! its serial number is all zeros; an ITIN is 9xx with a group of 50–65, 70–88, 90–92 or 94–99; an EIN begins with a prefix
//! that the IRS gives out. Numbers that were printed on samples, reserved for advertisements, or typed to get past a form
//! belong to nobody. Left out on purpose: whether a number was given to this customer, and national ids of other countries.

use std::borrow::Cow;

/// Two-digit prefixes of EINs that the IRS has never given out.
const NO_EIN: [u32; 17] = [
    0, 7, 8, 9, 17, 18, 19, 28, 29, 49, 69, 70, 78, 79, 89, 96, 97,
];

/// SSNs that were printed on sample cards and in a brochure; the SSA has withdrawn them.
const PRINTED: [u32; 2] = [78_051_120, 219_099_999];

/// 987-65-4320 to 987-65-4329 are for advertisements.
const ADVERTISED: std::ops::RangeInclusive<u32> = 987_654_320..=987_654_329;

/// 123456789, whichever kind it is said to be.
const COUNTING: u32 = 123_456_789;

/// The groups of ITINs.
fn is_itin_group(group: u32) -> bool {
    matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99)
}

/// Whether nine digits of a person are in the form of an ITIN rather than an SSN.
pub fn is_itin_form(digits: &[u8; 9]) -> bool {
    let number = number(digits);
    number >= 900_000_000 && is_itin_group(number / 10_000 % 100)
}

fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |sum, digit| {
        sum * 10 + u32::from(digit.wrapping_sub(b'0'))
    })
}

/// Nine ASCII digits as bytes.
fn nine(text: &str) -> Option<&[u8; 9]> {
    let digits: &[u8; 9] = text.as_bytes().try_into().ok()?;
    digits.iter().all(u8::is_ascii_digit).then_some(digits)
}

/// Why a tax id is unfit as one of a U.S. kind, if it is; `unissued` lets those through that have the form and were never
/// given out.
pub fn unfit(kind: &str, text: &str, unissued: bool) -> Option<&'static str> {
    let Some(digits) = nine(text) else {
        return Some("not nine digits");
    };
    if unissued {
        None
    } else {
        never_issued(kind, digits)
    }
}

/// Why the tax id of a U.S. entity is unfit, if it is: an EIN, or the SSN or ITIN of a trust's grantor.
pub fn unfit_of_entity(text: &str, unissued: bool) -> Option<&'static str> {
    let (text, kinds): (Cow<'_, str>, &[&str]) = match text.as_bytes() {
        // 12-3456789: the dash says that it is an EIN.
        [_, _, b'-', rest @ ..] if rest.len() == 7 => (text.replacen('-', "", 1).into(), &["EIN"]),
        _ => (text.into(), &["EIN", "SSN", "ITIN"]),
    };
    let Some(digits) = nine(&text) else {
        return Some("not the nine digits of a U.S. entity's tax id");
    };
    let possible = |kind: &&str| never_issued(kind, digits).is_none();
    let fit = unissued || kinds.iter().any(possible);
    (!fit).then_some("never given out, neither as an EIN nor as an SSN or ITIN")
}

fn never_issued(kind: &str, digits: &[u8; 9]) -> Option<&'static str> {
    let whole = number(digits);
    if whole == COUNTING || digits.windows(2).all(|pair| pair[0] == pair[1]) {
        return Some("nine digits that somebody typed to get past a form");
    }
    let (area, group, serial) = (whole / 1_000_000, whole / 10_000 % 100, whole % 10_000);
    match kind {
        "SSN" if is_itin_form(digits) => Some("an ITIN, and its type says SSN"),
        "SSN" if area >= 900 => Some("never given out as an SSN: it begins with 9"),
        "SSN" if matches!(area, 0 | 666) => {
            Some("never given out as an SSN: it begins with 000 or 666")
        }
        "SSN" if group == 0 || serial == 0 => {
            Some("never given out as an SSN: a part of it is all zeros")
        }
        "SSN" if PRINTED.contains(&whole) => Some("an SSN that was printed on samples"),
        "ITIN" if area < 900 => Some("not an ITIN, which begins with 9"),
        "ITIN" if !is_itin_group(group) => {
            Some("never given out as an ITIN: its fourth and fifth digit are not an ITIN's")
        }
        "ITIN" if ADVERTISED.contains(&whole) => Some("a number that is for advertisements"),
        "EIN" if NO_EIN.contains(&(whole / 10_000_000)) => {
            Some("never given out as an EIN: the IRS has no such prefix")
        }
        "EIN" if whole.is_multiple_of(10_000_000) => {
            Some("never given out as an EIN: behind its prefix are zeros")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // Never issued are all that are refused; those that pass here have a form that somebody may hold, so they are made of
    // ranges and never written out.
    #[test]
    fn never_issued_ones_are_told() {
        for (kind, text) in [
            ("SSN", "000123456"),
            ("SSN", "666123456"),
            ("SSN", "900121234"),
            ("SSN", "999990000"),
            ("SSN", "987654320"),
            ("SSN", "219009999"),
            ("SSN", "219090000"),
            ("SSN", "078051120"),
            ("SSN", "219099999"),
            ("SSN", "123456789"),
            ("SSN", "111111111"),
            ("SSN", "999999999"),
            ("ITIN", "219099998"),
            ("ITIN", "987001234"),
            ("ITIN", "987661234"),
            ("ITIN", "987891234"),
            ("ITIN", "987931234"),
            ("ITIN", "900491234"),
            ("ITIN", "987654325"),
            ("ITIN", "999999999"),
            ("EIN", "001234567"),
            ("EIN", "071234567"),
            ("EIN", "971234567"),
            ("EIN", "120000000"),
            ("EIN", "123456789"),
            ("EIN", "222222222"),
        ] {
            assert!(unfit(kind, text, false).is_some(), "{kind} {text}");
            assert_eq!(unfit(kind, text, true), None, "{kind} {text}");
        }
        for text in ["", "12345678", "1234567890", "12345678a", "２19099999"] {
            for unissued in [false, true] {
                assert_eq!(unfit("SSN", text, unissued), Some("not nine digits"));
                assert!(unfit_of_entity(text, unissued).is_some());
            }
        }
        for text in ["00-0000000", "07-1234567", "000-00-0000", "12-34567"] {
            assert!(unfit_of_entity(text, false).is_some(), "{text}");
        }
        assert_eq!(unfit_of_entity("00-0000000", true), None);
        assert_eq!(unfit_of_entity("000000000", true), None);
    }

    proptest! {
        #[test]
        fn the_ranges_that_are_given_out_pass(area in 1u32..900, group in 1u32..100, serial in 1u32..10_000, prefix in 10u32..100) {
            let whole = area * 1_000_000 + group * 10_000 + serial;
            let text = format!("{whole:09}");
            let odd = whole == COUNTING || PRINTED.contains(&whole) || text.bytes().all(|byte| byte == text.as_bytes()[0]);
            prop_assert_eq!(unfit("SSN", &text, false).is_none(), area != 666 && !odd);
            let text = format!("9{:02}{group:02}{serial:04}", area % 100);
            let odd = ADVERTISED.contains(&text.parse().unwrap()) || text == "999999999";
            prop_assert_eq!(unfit("ITIN", &text, false).is_none(), is_itin_group(group) && !odd);
            let text = format!("{prefix:02}{serial:07}");
            prop_assert_eq!(unfit("EIN", &text, false).is_none(), !NO_EIN.contains(&prefix));
        }

        #[test]
        fn never_panics(any in any::<String>(), kind in "[A-Z]{3,4}") {
            unfit(&kind, &any, false);
            unfit_of_entity(&any, false);
        }
    }
}
