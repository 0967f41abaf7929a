//! Texts and codes: which characters they may hold, and how long they may be.
//!
//! Owner of the two checks behind every form that takes text of the customer's own, and of the longest lengths. Bakkt
//! publishes one of them (`entityLegalName`); the others are far beyond any real value, so that what exceeds them is two
//! columns in one, or a file read wrongly. Every value of every row passes here: ASCII text costs one pass over its bytes.
//! Left out on purpose: forms with an alphabet of their own (dates, phone numbers, e-mail addresses).

use bakkt_model::text::cell::{LOST, has_lost};
use bakkt_model::text::{has_invisible, is_latin, lost};

/// A part of a person's name, in characters.
pub(crate) const NAME: usize = 100;
pub(crate) const MIDDLE_NAMES: usize = 200;
/// A city, or a state outside of the U.S.
pub const PLACE: usize = 100;
/// A line of a street address.
pub(crate) const STREET: usize = 200;
/// The lines of a street address.
pub const LINES: u32 = 10;
/// The name of a thing: an employer, a position, an agreement.
pub const TITLE: usize = 200;
/// The name on a bank account: no standard of payments has longer ones.
pub const ACCOUNT_NAME: usize = 140;
/// A text of some sentences.
pub const NOTE: usize = 2_000;
/// The whole text of an agreement.
pub(crate) const DOCUMENT: usize = 200_000;
/// A postal code.
pub const POSTAL_CODE: usize = 20;
/// A tax id of any country.
pub const TAX_ID: usize = 50;
/// A code that another system gave out: a case number, a wallet's address.
pub(crate) const REFERENCE: usize = 200;
/// A token, which holds data of its own.
pub(crate) const TOKEN: usize = 10_000;
/// An id that goes into URLs, in bytes.
pub const ID: usize = 256;

/// What is wrong with a text that is too long.
pub const TOO_LONG: &str = "longer than this field may be";
/// What is wrong with a control character.
pub(crate) const CONTROL: &str = "holds control characters";
/// What is wrong with an invisible character where none may be.
pub(crate) const INVISIBLE: &str =
    "holds an invisible character, or a blank that is not the plain one";
/// What is wrong with a text that a spreadsheet would run.
pub(crate) const FORMULA: &str = "begins like a formula of a spreadsheet";

/// Why a text of at most so many characters is unfit, if it is. Line breaks are control characters here: who writes a text
/// has made blanks of them.
pub fn unfit_text(text: &str, most: usize) -> Option<&'static str> {
    let odd = match is_latin(text) {
        true => None,
        false => unfit_characters(text),
    };
    odd.or_else(|| unfit_latin_text(text, most))
}

/// The same for a text without control, invisible and lost characters (`text::is_latin`).
pub fn unfit_latin_text(text: &str, most: usize) -> Option<&'static str> {
    if text.starts_with('=') {
        return Some(FORMULA);
    }
    if let Some(why) = lost::why_shown(text) {
        return Some(why);
    }
    let is_long = text.len() > most && text.chars().count() > most;
    is_long.then_some(TOO_LONG)
}

/// What a column holds that says whether an agreement was made, and not which one.
#[rustfmt::skip] // reads as the list it is
const ANSWERS: &[&str] = &[
    "accepted", "agreed", "declined", "false", "no", "none", "not accepted", "not agreed", "not signed", "on file", "pending",
    "refused", "rejected", "revoked", "signed", "true", "unsigned", "waived", "yes",
];

/// Why a text is no name of an agreement, if it is none: one character, no letter at all, or an answer.
pub fn unfit_agreement_name(text: &str) -> Option<&'static str> {
    let has_name = text.chars().any(char::is_alphabetic) && text.chars().nth(1).is_some();
    let is_answer = || {
        ANSWERS
            .iter()
            .any(|answer| text.eq_ignore_ascii_case(answer))
    };
    (!has_name || is_answer()).then_some("an answer, and not the name of an agreement")
}

fn unfit_characters(text: &str) -> Option<&'static str> {
    let is_hidden = |c: char| bakkt_model::text::is_invisible(c) || c == ' ';
    match () {
        () if text.chars().any(char::is_control) => Some(CONTROL),
        () if has_lost(text) => Some(LOST),
        () if text.chars().all(is_hidden) => Some("holds nothing that can be seen"),
        () => None,
    }
}

/// Why a code of at most so many characters is unfit, if it is: a text without invisible characters, of which no digit is
/// lost.
pub fn unfit_code(text: &str, most: usize) -> Option<&'static str> {
    unfit_text(text, most)
        .or_else(|| has_invisible(text).then_some(INVISIBLE))
        .or_else(|| lost::why_lost(text))
}

/// The same for a code without control, invisible and lost characters (`text::is_latin`).
pub fn unfit_latin_code(text: &str, most: usize) -> Option<&'static str> {
    unfit_latin_text(text, most).or_else(|| lost::why_lost(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_answer_is_no_name_of_an_agreement() {
        for text in ["N", "x", "0", "2024", "No", "NOT SIGNED", "Declined", "1.0"] {
            assert!(unfit_agreement_name(text).is_some(), "{text}");
        }
        for text in [
            "Customer Agreement",
            "W-9",
            "TOS",
            "Nutzungsbedingungen",
            "利用規約",
        ] {
            assert_eq!(unfit_agreement_name(text), None, "{text}");
        }
    }

    #[test]
    fn texts_and_codes() {
        for (text, of_text, of_code) in [
            ("Zoë", None, None),
            ("日本", None, None),
            ("1234567890", None, None),
            ("12345678901", Some(TOO_LONG), Some(TOO_LONG)),
            ("ÄÖÜäöüßÄÖÜ", None, None),
            ("a\tb", Some(CONTROL), Some(CONTROL)),
            ("a\u{7f}", Some(CONTROL), Some(CONTROL)),
            ("a\u{85}b", Some(CONTROL), Some(CONTROL)),
            ("Zo\u{fffd}", Some(LOST), Some(LOST)),
            ("a\u{200b}b", None, Some(INVISIBLE)),
            ("a\u{a0}b", None, Some(INVISIBLE)),
            ("=A1", Some(FORMULA), Some(FORMULA)),
            ("#REF!", Some(lost::ERROR), Some(lost::ERROR)),
            ("########", Some(lost::NARROW), Some(lost::NARROW)),
            ("1.9E+18", None, Some(lost::SCIENTIFIC)),
            ("12345.0", None, Some(lost::FRACTION)),
        ] {
            assert_eq!(unfit_text(text, 10), of_text, "{text:?}");
            assert_eq!(unfit_code(text, 10), of_code, "{text:?}");
        }
        assert!(unfit_text("\u{200b}\u{200b}", 10).is_some());
    }

    proptest! {
        #[test]
        fn controls_never_pass(text in any::<String>()) {
            if text.chars().any(char::is_control) {
                prop_assert!(unfit_text(&text, 100_000).is_some());
            }
            prop_assert!(unfit_code(&text, 10).is_some() || text.chars().count() <= 10);
        }
    }
}
