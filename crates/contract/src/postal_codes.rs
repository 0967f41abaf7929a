//! Postal codes: reading and writing them in the form that each country's have.
//!
//! Owner of what fits a form, and of giving lost zeros back; `forms` has the forms. Invariants: a country that is not in the table has no rule, and whatever stands there fits; what is written fits its form, and is
//! read again as itself. Left out on purpose: how codes of a country begin (`postal_ranges`, `zip_states`), countries whose form
//! changed lately or is not settled, and U.S. ZIPs that lost zeros in both halves (`mapping::postal`).

mod forms;

use super::postal_ranges::begins_elsewhere;
use super::{countries, zip_states};
use forms::{PostalCodeRule, RULES};

/// How a text matches the postal codes of a country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostalCodeMatch {
    /// It has one of the country's forms, and was written in it.
    Written,
    /// It has none of them.
    Misfit,
    /// The table says nothing about the country.
    NoRule,
}

/// The most letters and digits that a code has, a sign in front of it included.
const LONGEST: usize = 16;

/// Writes `text` onto `out` in the form of the country (ISO 3166-1 alpha-2), where it has one. `mend`: digits too few are
/// digits whose zeros a spreadsheet took.
pub fn write(country: &str, text: &str, mend: bool, out: &mut String) -> PostalCodeMatch {
    let Some(rule) = find(country) else {
        return PostalCodeMatch::NoRule;
    };
    let mut room = [0u8; LONGEST];
    let Some(bare) = bare(text, country, &mut room) else {
        return PostalCodeMatch::Misfit;
    };
    if let Some((form, code)) = matching(rule, bare) {
        put(form, code, out);
        return PostalCodeMatch::Written;
    }
    match rule.forms.first().filter(|_| mend) {
        Some(form) if mended(bare, form, rule, out) => PostalCodeMatch::Written,
        _ => PostalCodeMatch::Misfit,
    }
}

/// The form that a code has, and the code without a sign in front of it.
fn matching<'b>(rule: &'static PostalCodeRule, bare: &'b [u8]) -> Option<(&'static str, &'b [u8])> {
    ["", rule.country, rule.sign].iter().find_map(|sign| {
        let code = bare.strip_prefix(sign.as_bytes())?;
        let fits = |form: &&&str| fits_form(code, form, rule.country);
        rule.forms.iter().find(fits).map(|form| (*form, code))
    })
}

/// Whether a text cannot be a code of a country (ISO 3166-1 alpha-3), as it stands. Asked of every address, so it allocates
/// nothing.
pub fn is_certainly_wrong(country: &str, text: &str) -> bool {
    if country == "USA" && is_usual_zip(text.as_bytes()) {
        return false;
    }
    let Some(rule) = countries::alpha2_of(country).and_then(find) else {
        return false;
    };
    let mut room = [0u8; LONGEST];
    bare(text, rule.country, &mut room).is_none_or(|bare| matching(rule, bare).is_none())
}

/// Whether a text is a ZIP as most of the U.S. write it: five digits, or nine with a dash. The first five are no filler, and do
/// not begin with two zeros, as those of no state do.
fn is_usual_zip(text: &[u8]) -> bool {
    let (zip, rest) = text.split_at(text.len().min(5));
    let are_digits = |digits: &[u8]| digits.iter().all(u8::is_ascii_digit);
    let fits = match rest {
        [] => true,
        [b'-', rest @ ..] => rest.len() == 4 && are_digits(rest),
        _ => false,
    };
    fits && zip.len() == 5 && are_digits(zip) && !zip.starts_with(b"00") && zip != b"99999"
}

/// Whether the codes of a country are ZIPs: the U.S., its territories, and the states in free association with it.
pub fn has_zips(country: &str) -> bool {
    matches!(
        country,
        "US" | "PR" | "VI" | "GU" | "AS" | "MP" | "FM" | "MH" | "PW"
    )
}

/// Whether a ZIP is one of a country whose codes are ZIPs. People write the U.S. as the country of a territory, too, so every ZIP
/// is one of the U.S.
pub fn is_zip_of(country: &str, zip: &str) -> bool {
    country == "US" || zip_states::is_of_state(zip, country)
}

fn find(country: &str) -> Option<&'static PostalCodeRule> {
    let place = RULES.binary_search_by_key(&country, |rule| rule.country);
    RULES.get(place.ok()?)
}

/// The letters and digits of a text, as capitals; none when it holds what no code holds.
fn bare<'r>(text: &str, country: &str, room: &'r mut [u8; LONGEST]) -> Option<&'r [u8]> {
    let mut used = 0;
    for c in text.chars() {
        match c {
            ' ' | '-' | '\u{a0}' | '\u{2010}' | '\u{2011}' | '\u{2013}' => continue,
            // "01.310-100", and the mark in front of Japanese codes.
            '.' if country == "BR" => continue,
            '\u{3012}' if country == "JP" => continue,
            c if c.is_ascii_alphanumeric() => {
                *room.get_mut(used)? = c.to_ascii_uppercase() as u8;
                used += 1;
            }
            _ => return None,
        }
    }
    room.get(..used)
}

fn is_mark(form: u8) -> bool {
    matches!(form, b' ' | b'-')
}

fn fits_form(code: &[u8], form: &str, country: &str) -> bool {
    let mut wanted = form.bytes().filter(|byte| !is_mark(*byte));
    let mut all = code.iter();
    let fits = all.by_ref().all(|byte| match wanted.next() {
        Some(b'9') => byte.is_ascii_digit(),
        Some(b'A') => byte.is_ascii_uppercase(),
        Some(b'X') => byte.is_ascii_alphanumeric(),
        Some(literal) => literal.to_ascii_uppercase() == *byte,
        None => false,
    });
    fits && wanted.next().is_none() && !is_never_given(code, country)
}

/// What has the form and is no code: zeros only, letters that a country leaves out because they are misread, and beginnings that
/// no code of the country has.
fn is_never_given(code: &[u8], country: &str) -> bool {
    let has = |bytes: &[u8], letters: &[u8]| bytes.iter().any(|byte| letters.contains(byte));
    match country {
        "CA" => has(code, b"DFIOQU") || has(&code[..1.min(code.len())], b"WZ"),
        _ if has_zips(country) => {
            let zip = &code[..5.min(code.len())];
            let is_elsewhere = !std::str::from_utf8(zip).is_ok_and(|zip| is_zip_of(country, zip));
            is_elsewhere || zip == b"00000" || zip == b"99999"
        }
        _ => code.iter().all(|byte| *byte == b'0') || begins_elsewhere(code, country),
    }
}

fn put(form: &str, code: &[u8], out: &mut String) {
    let mut code = code.iter().copied();
    for byte in form.bytes() {
        if is_mark(byte) {
            out.push(char::from(byte));
        } else if let Some(next) = code.next() {
            out.push(char::from(next));
        }
    }
}

/// Gives digits back the zeros in front, where the form is all digits and codes of the country begin so.
fn mended(bare: &[u8], form: &str, rule: &PostalCodeRule, out: &mut String) -> bool {
    let digits = form.bytes().filter(|byte| *byte == b'9').count();
    let marks = form.bytes().filter(|byte| is_mark(*byte)).count();
    let lost = digits.saturating_sub(bare.len());
    let can = digits + marks == form.len()
        && (1..=rule.zeros).contains(&lost)
        && bare.iter().all(u8::is_ascii_digit)
        // What begins with a zero lost none.
        && bare.first().is_some_and(|first| *first != b'0');
    let mut whole = [b'0'; LONGEST];
    if !can || digits > LONGEST {
        return false;
    }
    whole[lost..digits].copy_from_slice(bare);
    if !fits_form(&whole[..digits], form, rule.country) {
        return false;
    }
    put(form, &whole[..digits], out);
    true
}

#[cfg(test)]
mod tests {
    use super::forms::ZIP;
    use super::*;
    use proptest::prelude::*;

    fn read(country: &str, text: &str) -> Option<String> {
        let mut out = String::new();
        match write(country, text, true, &mut out) {
            PostalCodeMatch::Written => Some(out),
            PostalCodeMatch::Misfit => None,
            PostalCodeMatch::NoRule => Some(format!("{text} (as it is)")),
        }
    }

    #[test]
    fn codes_of_a_neighbour_are_not_those_of_a_country() {
        for (country, text) in [
            ("PR", "00601"),
            ("PR", "936"),
            ("VI", "00802"),
            ("GU", "96910"),
            ("MP", "96950-1234"),
            ("PW", "96940"),
            ("FM", "96941"),
            ("MH", "96970"),
            ("AS", "96799"),
            ("MC", "98000"),
            ("VA", "00120"),
            ("SM", "47890"),
            ("LI", "9490"),
            ("JE", "JE2 3AB"),
            ("GG", "GY1 1WR"),
            ("IM", "IM1 1AA"),
            ("ES", "52001"),
            ("ES", "1001"),
            ("IN", "110001"),
        ] {
            assert!(read(country, text).is_some(), "{country} {text}");
        }
        for (country, text) in [
            ("PR", "78701"),
            ("PR", "2134"),
            ("PR", "00802"),
            ("VI", "00601"),
            ("GU", "10001"),
            ("GU", "96950"),
            ("FM", "2000"),
            ("FM", "02000"),
            ("AS", "96701"),
            ("MC", "75001"),
            ("VA", "10115"),
            ("SM", "47900"),
            ("LI", "8001"),
            ("JE", "SW1A 1AA"),
            ("GG", "JE2 3AB"),
            ("IM", "SW1A 1AA"),
            ("ES", "53001"),
            ("ES", "99001"),
            ("IN", "010001"),
        ] {
            assert_eq!(read(country, text), None, "{country} {text}");
        }
    }

    #[test]
    fn real_codes() {
        for (country, text, wanted) in [
            ("DE", "1067", Some("01067")),
            ("DE", "80331", Some("80331")),
            ("DE", "D-80331", Some("80331")),
            ("DE", "DE 80331", Some("80331")),
            ("DE", "106", None),
            ("DE", "803311", None),
            ("DE", "00000", None),
            ("DE", "80 331", Some("80331")),
            ("FR", "1000", Some("01000")),
            ("FR", "75 001", Some("75001")),
            ("FR", "F-75001", Some("75001")),
            ("FR", "SW1A 1AA", None),
            ("MX", "6500", Some("06500")),
            ("MX", "650", None),
            ("ES", "1001", Some("01001")),
            ("IT", "118", Some("00118")),
            ("IT", "I-00118", Some("00118")),
            ("FI", "100", Some("00100")),
            ("PT", "1000-001", Some("1000-001")),
            ("PT", "1000001", Some("1000-001")),
            ("PT", "1000", Some("1000")),
            ("PL", "00950", Some("00-950")),
            ("PL", "950", Some("00-950")),
            ("BR", "01310100", Some("01310-100")),
            ("BR", "01.310-100", Some("01310-100")),
            ("BR", "1310100", Some("01310-100")),
            ("JP", "1000001", Some("100-0001")),
            ("JP", "〒100-0001", Some("100-0001")),
            ("JP", "600000", Some("060-0000")),
            ("IN", "110 001", Some("110001")),
            ("IN", "11001", None),
            ("AU", "800", Some("0800")),
            ("AU", "2000", Some("2000")),
            ("AU", "20000", None),
            ("NL", "1017ab", Some("1017 AB")),
            ("NL", "NL-1017 AB", Some("1017 AB")),
            ("NL", "1017", None),
            ("NL", "0017 AB", None),
            ("SE", "11122", Some("111 22")),
            ("CZ", "11000", Some("110 00")),
            ("SK", "1001", Some("010 01")),
            ("CH", "8001", Some("8001")),
            ("CH", "800", None),
            ("AT", "A-1010", Some("1010")),
            ("LT", "LT-01100", Some("LT-01100")),
            ("LT", "1100", Some("01100")),
            ("LV", "lv1010", Some("LV-1010")),
            ("CA", "k1a0b1", Some("K1A 0B1")),
            ("CA", "K1A-0B1", Some("K1A 0B1")),
            ("CA", "K1A", None),
            ("CA", "12345", None),
            ("CA", "D1A 0B1", None),
            ("CA", "W1A 0B1", None),
            ("GB", "sw1a1aa", Some("SW1A 1AA")),
            ("GB", "M1 1AE", Some("M1 1AE")),
            ("GB", "EC1A 1BB", Some("EC1A 1BB")),
            ("GB", "SW1A", None),
            ("GB", "12345", None),
            ("GB", "1AA SW1A", None),
            ("GB", "GIR 0AA", Some("GIR 0AA")),
            ("IE", "D6W XY00", Some("D6W XY00")),
            ("IE", "A65F4E2", Some("A65 F4E2")),
            ("AR", "C1425CLA", Some("C1425CLA")),
            ("MT", "VLT1117", Some("VLT 1117")),
            ("TW", "100", Some("100")),
            ("US", "73301-1234", Some("73301-1234")),
            ("US", "00000", None),
            ("US", "K1A 0B1", None),
            ("PW", "96940", Some("96940")),
            ("ES", "28001", Some("28001")),
            ("ES", "52001", Some("52001")),
            ("ES", "53001", None),
            ("ES", "99001", None),
            ("ES", "1001", Some("01001")),
            ("IN", "110001", Some("110001")),
            ("IN", "900056", Some("900056")),
            ("IN", "010001", None),
            ("MC", "98000", Some("98000")),
            ("MC", "MC-98000", Some("98000")),
            ("MC", "75001", None),
            ("VA", "120", Some("00120")),
            ("VA", "10115", None),
            ("SM", "47890", Some("47890")),
            ("SM", "47000", None),
            ("LI", "FL-9490", Some("9490")),
            ("LI", "8001", None),
            ("JE", "je2 3ab", Some("JE2 3AB")),
            ("GG", "GY1 1AA", Some("GY1 1AA")),
            ("IM", "IM99 1AA", Some("IM99 1AA")),
            ("JE", "SW1A 1AA", None),
            ("GG", "SW1A 1AA", None),
            ("IM", "SW1A 1AA", None),
            ("GB", "JE2 3AB", Some("JE2 3AB")),
            ("DE", "00123", None),
            ("CH", "0123", None),
            ("CH", "9490", Some("9490")),
            ("AT", "0101", None),
            ("AU", "800", Some("0800")),
            ("AU", "0100", None),
            ("NL", "0123 AB", None),
            ("SK", "811 01", Some("811 01")),
            ("SK", "110 00", None),
            ("CZ", "811 01", None),
            ("GP", "97110", Some("97110")),
            ("GP", "75001", None),
            ("TR", "6420", Some("06420")),
            ("TR", "82000", None),
            ("IT", "118", Some("00118")),
            ("IT", "99001", None),
            ("MX", "00100", None),
            ("HK", "999077", Some("999077 (as it is)")),
            ("AE", "-", Some("- (as it is)")),
            ("DE", "", None),
            ("DE", "80331!", None),
            ("DE", "80331 München", None),
        ] {
            assert_eq!(read(country, text).as_deref(), wanted, "{country} {text}");
        }
    }

    #[test]
    fn only_what_is_certain_is_wrong() {
        for (country, text, wrong) in [
            ("DEU", "80331", false),
            ("DEU", "D-80331", false),
            // A reader of addresses would not know which zero is missing where nobody mends it.
            ("DEU", "1067", true),
            ("CAN", "K1A", true),
            ("CAN", "k1a 0b1", false),
            ("GBR", "SW1A", true),
            ("USA", "2134", true),
            ("USA", "73301", false),
            ("USA", "73301-1234", false),
            ("USA", "96910", false),
            ("USA", "00901", false),
            ("PRI", "00601", false),
            ("PRI", "00765-1234", false),
            ("PRI", "00926", false),
            ("PRI", "00802", true),
            ("PRI", "78701", true),
            ("PRI", "02134", true),
            ("VIR", "00802", false),
            ("VIR", "00901", true),
            ("GUM", "96910", false),
            ("GUM", "96932-0001", false),
            ("GUM", "96950", true),
            ("GUM", "10001", true),
            ("FSM", "96944", false),
            ("FSM", "02000", true),
            ("MNP", "96952", false),
            ("MNP", "96910", true),
            ("PLW", "96939", false),
            ("PLW", "96941", true),
            ("MHL", "96970", false),
            ("MHL", "96942", true),
            ("ASM", "96799", false),
            ("ASM", "96701", true),
            ("MCO", "75001", true),
            ("VAT", "00120", false),
            ("VAT", "10115", true),
            ("JEY", "SW1A 1AA", true),
            ("JEY", "JE2 3AB", false),
            ("LIE", "8001", true),
            ("ESP", "53001", true),
            ("IND", "010001", true),
            ("HKG", "anything", false),
            ("", "anything", false),
            ("Germany", "1067", false),
        ] {
            assert_eq!(is_certainly_wrong(country, text), wrong, "{country} {text}");
        }
    }

    #[test]
    fn zips_are_those_of_the_postal_service() {
        let zips = RULES.iter().filter(|rule| has_zips(rule.country));
        let zips: Vec<&str> = zips.map(|rule| rule.country).collect();
        assert_eq!(zips, ["AS", "FM", "GU", "MH", "MP", "PR", "PW", "US", "VI"]);
        assert!(
            RULES
                .iter()
                .all(|rule| !has_zips(rule.country) || rule.forms == ZIP)
        );
    }

    #[test]
    fn the_table_is_sound() {
        assert!(RULES.windows(2).all(|two| two[0].country < two[1].country));
        for rule in RULES {
            assert!(
                countries::alpha3(rule.country).is_some(),
                "{}",
                rule.country
            );
            for form in rule.forms {
                assert!(form.len() < LONGEST, "{form}");
            }
            let padded = rule.forms[0]
                .bytes()
                .all(|byte| byte == b'9' || is_mark(byte));
            assert!(rule.zeros == 0 || padded, "{}", rule.country);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(place in 0..RULES.len(), any in any::<String>(), near in "[A-Za-z]{0,3}[- ]?[A-Z0-9]{2,8}[- ]?[A-Z0-9]{0,4}", digits in "[0-9]{2,9}") {
            let country = RULES[place].country;
            for text in [&any, &near, &digits] {
                if let Some(code) = read(country, text) {
                    prop_assert_eq!(read(country, &code), Some(code.clone()));
                    let alpha3 = countries::alpha3(country).unwrap();
                    prop_assert!(!is_certainly_wrong(alpha3, &code));
                }
            }
        }
    }
}
