//! Account numbers: checksums of IBANs and of ABA routing numbers, and the lengths of the others.
//!
//! Blanks, and the hyphens of sort codes, are how people write numbers and are taken out; nothing else is mended. Numbers that stand
//! for none are refused: money would go to nobody, or to whoever has such a number.

use bakkt_model::placeholder::is_filler;
use iban::{BaseIban, Iban, IbanLike};

/// What is wrong with a number that somebody typed to get past a form.
const PLACEHOLDER: &str =
    "is a placeholder: one digit over and over, or digits that count up or down";

/// The digits at the end of an IBAN that are its account's in most countries.
const END_OF_IBAN: usize = 8;

/// Countries whose IBANs SEPA reaches (European Payments Council, list EPC409-09), as of 2025. Territories have their country's IBANs.
#[rustfmt::skip]
const SEPA: [&str; 42] = [
    "AD", "AL", "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GI", "GR", "HR", "HU", "IE",
    "IS", "IT", "LI", "LT", "LU", "LV", "MC", "MD", "ME", "MK", "MT", "NL", "NO", "PL", "PT", "RO", "RS", "SE", "SI", "SK",
    "SM", "VA",
];

/// An IBAN in the form that is sent.
pub fn iban(text: &str) -> Result<String, &'static str> {
    let compact: String = text.split_whitespace().collect::<String>().to_uppercase();
    if !(15..=34).contains(&compact.len()) {
        return Err("has not the length of an IBAN");
    }
    if compact.parse::<BaseIban>().is_err() {
        return Err("is no IBAN: its checksum is wrong");
    }
    match compact.parse::<Iban>() {
        Ok(iban) if has_filler(iban.electronic_str()) => Err(PLACEHOLDER),
        Ok(iban) if !SEPA.contains(&iban.country_code()) => {
            Err("is of a country outside SEPA, through which EUR is paid")
        }
        Ok(iban) => Ok(iban.electronic_str().to_owned()),
        Err(_) => Err("is no IBAN of its country"),
    }
}

/// Whether an IBAN is of an account whose number stands for none.
fn has_filler(iban: &str) -> bool {
    let account = iban.get(4..).unwrap_or_default();
    let digits: String = account.chars().filter(char::is_ascii_digit).collect();
    let end = account.len().checked_sub(END_OF_IBAN);
    let end = end.and_then(|start| account.get(start..));
    is_filler(&digits) || end.is_some_and(is_filler)
}

/// An ABA routing number: nine digits with a checksum. The first two are a district of the Federal Reserve (01 to 12, 21 to 32 for thrifts, 61 to 72 for
/// electronic payments), the government's (00) or traveller's cheques' (80); no other was given out.
pub fn routing(text: &str) -> Result<String, &'static str> {
    let digits = of_digits(text, 9, 9).ok_or("has not nine digits")?;
    let weights = [3, 7, 1].into_iter().cycle();
    let sum: u32 = digits
        .bytes()
        .zip(weights)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    if !sum.is_multiple_of(10) || digits.bytes().all(|digit| digit == b'0') {
        return Err("is no routing number: its checksum is wrong");
    }
    match digits.get(..2).and_then(|district| district.parse().ok()) {
        Some(0..=12 | 21..=32 | 61..=72 | 80_u8) => Ok(digits),
        _ => Err("is no routing number: no Federal Reserve district has its first two digits"),
    }
}

/// A UK sort code: six digits.
pub fn sort_code(text: &str) -> Result<String, &'static str> {
    let digits = of_digits(&text.replace('-', ""), 6, 6).ok_or("has not six digits")?;
    given_out(digits)
}

/// A code of a Nigerian bank: three to six digits.
pub fn bank_code(text: &str) -> Result<String, &'static str> {
    let digits = of_digits(text, 3, 6).ok_or("has not three to six digits")?;
    // Codes are short: "123" may be one.
    match digits.bytes().all(|digit| digits.as_bytes()[0] == digit) {
        true => Err(PLACEHOLDER),
        false => Ok(digits),
    }
}

/// An account number of a currency that has no IBANs.
pub fn account(text: &str, currency: &str) -> Result<String, &'static str> {
    let (least, most, why) = match currency {
        "GBP" => (8, 8, "has not eight digits"),
        "NGN" => (10, 10, "has not ten digits"),
        // The length of a U.S. account number is its bank's; none is longer than 17 digits.
        _ => (4, 17, "has not 4 to 17 digits"),
    };
    given_out(of_digits(text, least, most).ok_or(why)?)
}

fn given_out(digits: String) -> Result<String, &'static str> {
    match is_filler(&digits) {
        true => Err(PLACEHOLDER),
        false => Ok(digits),
    }
}

fn of_digits(text: &str, least: usize, most: usize) -> Option<String> {
    let compact: String = text.split_whitespace().collect();
    let fits = (least..=most).contains(&compact.len());
    (fits && compact.bytes().all(|byte| byte.is_ascii_digit())).then_some(compact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ibans_have_a_checksum_and_a_length_of_their_country() {
        let sent = Ok("DE89370400440532013000".to_owned());
        assert_eq!(iban("DE89 3704 0044 0532 0130 00"), sent);
        assert_eq!(iban("de89370400440532013000"), sent);
        for wrong in ["DE88370400440532013000", "DE8937040044053201300", "X", ""] {
            assert!(iban(wrong).is_err(), "{wrong}");
        }
        let outside = iban("TR33 0006 1005 1978 6457 8413 26");
        assert!(outside.is_err_and(|why| why.contains("outside SEPA")));
        assert!(iban("GB29 NWBK 6016 1331 9268 19").is_ok());
        assert!(SEPA.is_sorted());
    }

    #[test]
    fn routing_numbers_have_a_checksum() {
        assert_eq!(routing("021000021"), Ok("021000021".to_owned()));
        for wrong in ["021000022", "21000021", "000000000", "02100002a", ""] {
            assert!(routing(wrong).is_err(), "{wrong}");
        }
        // The checksum is right.
        for wrong in ["500000005", "130000006"] {
            let why = routing(wrong).unwrap_err();
            assert!(why.contains("district"), "{wrong}: {why}");
        }
        assert!(routing("322271627").is_ok());
    }

    #[test]
    fn the_other_numbers_have_a_length() {
        assert_eq!(sort_code("20-00-00"), Ok("200000".to_owned()));
        assert!(sort_code("20-00-0").is_err());
        assert_eq!(account("3100 0380", "GBP"), Ok("31000380".to_owned()));
        assert!(account("1234567", "GBP").is_err());
        assert!(account("123456789", "NGN").is_err());
        assert_eq!(account("0000000460", "NGN"), Ok("0000000460".to_owned()));
        assert!(account("123", "USD").is_err());
        assert_eq!(bank_code("058"), Ok("058".to_owned()));
        assert!(bank_code("58").is_err());
    }

    #[test]
    fn numbers_that_stand_for_none_are_refused() {
        for text in ["00000000", "11111111", "12345678", "87654321"] {
            assert_eq!(account(text, "GBP"), Err(PLACEHOLDER), "{text}");
        }
        for text in ["0000000", "1111111", "123456789", "1234"] {
            assert_eq!(account(text, "USD"), Err(PLACEHOLDER), "{text}");
        }
        assert_eq!(account("1234567890", "NGN"), Err(PLACEHOLDER));
        for text in ["00-00-00", "11 11 11", "12-34-56"] {
            assert_eq!(sort_code(text), Err(PLACEHOLDER), "{text}");
        }
        assert_eq!(bank_code("000"), Err(PLACEHOLDER));
        // Their checksums are right.
        for text in ["DE36000000000000000000", "DE68370400440000000000"] {
            assert_eq!(iban(text), Err(PLACEHOLDER), "{text}");
        }
    }
}
