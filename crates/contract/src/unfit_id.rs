//! Ids of accounts and owners that must not become one, and what the settings say of ids.
//!
//! Owner of that judgement (contract, section 2, clientAccountId and clientOwnerId). Ids go into URLs, reports, logs and the
//! journal, so one that looks like a person's tax id, e-mail address or phone number is customer data and is kept out of all
//! of them, and so is one that holds the tax id or a phone number of its own record.

use crate::forms;
use bakkt_model::text::narrow;

/// What is wrong with an id that holds somebody's tax id in whatever spelling.
pub const OWN_TAX_ID: &str = "holds the tax id of the same record";

/// What is wrong with an id that holds somebody's phone number in whatever spelling.
pub const OWN_PHONE: &str = "holds a phone number of the same record";

/// A tax id of fewer digits says too little: an account may have the same number.
const FEWEST_DIGITS: usize = 6;

/// A tax id of so many digits is found inside of longer ids as well: ids are often made of a tax id and a number behind it.
/// That other digits hold nine given ones by chance happens once in a billion; a number of six to eight digits stands in
/// somebody's longer id by chance in every large export, so it counts only where it is all digits of the id.
const RUN: usize = 9;

/// Digits of a tax id that are looked for without the zeros in front of them, which a spreadsheet may have cut.
const RUN_WITHOUT_ZEROS: usize = RUN - 1;

/// A phone number of fewer digits says too little, too.
const FEWEST_PHONE_DIGITS: usize = 7;

/// Whether an id holds the digits of a tax id, whatever stands around and between them; zeros in front do not count.
pub fn has_digits_of(id: &str, tax_id: &str) -> bool {
    let (id, tax_id) = (narrow(id), narrow(tax_id));
    let (count, least) = (digits(&tax_id).count(), significant(&tax_id).count());
    // Most ids have too few digits, which settles it at a glance.
    if count < FEWEST_DIGITS || least == 0 || digits(&id).count() < least {
        return false;
    }
    let zeros = match least < RUN_WITHOUT_ZEROS {
        true => 0,
        false => count - least,
    };
    significant(&id).eq(significant(&tax_id))
        || (count >= RUN && holds(digits(&id), digits(&tax_id).skip(zeros)))
        || has_letters_of(&id, &tax_id)
}

/// Whether an id holds a tax id that has letters (`12345678Z`): with them it is as telling as one of nine digits.
fn has_letters_of(id: &str, tax_id: &str) -> bool {
    let has_letters = tax_id.bytes().any(|byte| byte.is_ascii_alphabetic());
    has_letters
        && letters_and_digits(tax_id).count() >= RUN
        && holds(letters_and_digits(id), letters_and_digits(tax_id))
}

/// Whether an id holds the digits of a phone number in E.164, with or without the code of its country.
pub fn has_phone_of(id: &str, phone: &str) -> bool {
    let id = narrow(id);
    let count = significant(&id).count();
    if count < FEWEST_PHONE_DIGITS {
        return false;
    }
    let length = digits(phone).count();
    let end_of_phone = |count: usize| digits(phone).skip(length.saturating_sub(count));
    // Codes of countries have one digit where they begin with 1 or 7, and two or three elsewhere.
    let is_whole = match (length.checked_sub(count), digits(phone).next()) {
        (Some(0), _) | (Some(1), Some(b'1' | b'7')) => true,
        (Some(2 | 3), Some(first)) => !matches!(first, b'1' | b'7'),
        _ => false,
    };
    (is_whole && significant(&id).eq(end_of_phone(count)))
        || (length > RUN && holds(digits(&id), end_of_phone(RUN)))
}

fn digits(text: &str) -> impl Iterator<Item = u8> + Clone {
    text.bytes().filter(u8::is_ascii_digit)
}

/// The digits behind the zeros in front.
fn significant(text: &str) -> impl Iterator<Item = u8> + Clone {
    digits(text).skip_while(|digit| *digit == b'0')
}

fn letters_and_digits(text: &str) -> impl Iterator<Item = u8> + Clone {
    let kept = text.bytes().filter(u8::is_ascii_alphanumeric);
    kept.map(|byte| byte.to_ascii_lowercase())
}

/// Whether bytes hold others as a run. Both are short, and nothing is allocated.
fn holds(
    mut bytes: impl Iterator<Item = u8> + Clone,
    run: impl Iterator<Item = u8> + Clone,
) -> bool {
    loop {
        let mut here = bytes.clone();
        if run.clone().all(|byte| here.next() == Some(byte)) {
            return true;
        }
        if bytes.next().is_none() {
            return false;
        }
    }
}

/// What the settings allow.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdRules {
    /// Ids that look like tax ids are only numbers here.
    pub allow_tax_id: bool,
    /// Ids that look like e-mail addresses may be used.
    pub allow_email: bool,
    /// Phone numbers may be ids.
    pub allow_phone: bool,
    /// Tax ids that were never given out may be sent: this is a rehearsal.
    pub allow_unissued: bool,
}

impl IdRules {
    /// Everything that a setting can allow.
    pub const ALL: IdRules = IdRules {
        allow_tax_id: true,
        allow_email: true,
        allow_phone: true,
        allow_unissued: true,
    };

    /// The words of the setting, and what each allows.
    pub fn allow(&mut self, word: &str) -> bool {
        match word {
            "tax_id" => self.allow_tax_id = true,
            "email" => self.allow_email = true,
            "phone" => self.allow_phone = true,
            _ => return false,
        }
        true
    }
}

/// The words that [`IdRules::allow`] knows.
pub const ID_WORDS: &[&str] = &["tax_id", "email", "phone"];

/// Why an id is unfit by itself, if it is.
pub fn unfit(id: &str, rules: IdRules) -> Option<&'static str> {
    if let Some(why) = forms::unfit_id(id) {
        Some(why)
    } else if id == "." || id == ".." {
        Some("a dot alone cannot stand in a URL")
    } else if !rules.allow_tax_id && forms::looks_like_tax_id(id) {
        Some("looks like a tax id")
    } else if !rules.allow_email && forms::looks_like_email(id) {
        Some("looks like an e-mail address")
    } else if !rules.allow_phone && forms::looks_like_phone(id) {
        Some("looks like a phone number")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tax_id_is_found_in_every_spelling() {
        for id in [
            "C-987654320",
            "98 7654 320",
            "x987.65.4320x",
            "0987654320",
            "９８７６５４３２０",
            "987654320-01",
            "01-987654320",
            "987654320A2",
            "001987-65-4320/7",
        ] {
            assert!(has_digits_of(id, "987-65-4320"), "{id}");
        }
        for (id, tax_id) in [
            ("21234567", "02-1234567"),
            ("21234567-01", "02-1234567"),
            ("001234567-01", "001-23-4567"),
            ("C-1234567", "001-23-4567"),
            ("A-123456", "12-3456"),
            ("P-12345678z-2", "12345678Z"),
            ("12345678901-3", "123.456.789-01"),
        ] {
            assert!(has_digits_of(id, tax_id), "{id} {tax_id}");
        }
        for (id, tax_id) in [
            ("98765432", "987654320"),
            ("C-12", "AB12"),
            ("C", ""),
            ("C", "000000000"),
            ("", "987654320"),
            ("987654329", "987654320"),
            // Too short for a run: of eight digits, and of seven behind the zeros.
            ("A-12345601", "12-3456"),
            ("12345678-9", "1234567"),
            ("12345671", "001-23-4567"),
            ("12345678", "12345678Z9"),
        ] {
            assert!(!has_digits_of(id, tax_id), "{id} {tax_id}");
        }
    }

    #[test]
    fn a_phone_number_is_found_with_and_without_its_country_code() {
        let us = "+13125550123";
        for id in [
            "+13125550123",
            "13125550123",
            "3125550123",
            "C-312-555-0123",
            "3125550123-01",
            "01-13125550123",
            "(312) 555 0123",
        ] {
            assert!(has_phone_of(id, us), "{id}");
        }
        assert!(has_phone_of("0171 1234567", "+491711234567"));
        assert!(has_phone_of("12345678", "+4712345678"));
        for id in ["5550123", "25550123", "3125550124", "", "1", "C-1"] {
            assert!(!has_phone_of(id, us), "{id}");
        }
        assert!(!has_phone_of("1234567", "+1234"));
    }

    #[test]
    fn what_looks_like_customer_data_is_unfit_unless_allowed() {
        for (id, word) in [
            ("987654320", "tax_id"),
            ("SSN 987-65-4320", "tax_id"),
            ("p0@example.com", "email"),
            ("+13125550123", "phone"),
            ("+1 (312) 555-0123", "phone"),
            ("tel:+1-312-555-0123", "phone"),
        ] {
            assert!(unfit(id, IdRules::default()).is_some(), "{id}");
            let mut rules = IdRules::default();
            assert!(ID_WORDS.contains(&word) && rules.allow(word));
            assert_eq!(unfit(id, rules), None, "{id}");
        }
        for id in [
            "3125550123",
            "A+1",
            "+12",
            "1+2345678901",
            "+1234567890123456",
        ] {
            assert_eq!(unfit(id, IdRules::default()), None, "{id}");
        }
        assert!(!IdRules::default().allow("ssn"));
    }
}
