//! Forms: whether a text has the shape that the contract wants.
//!
//! Owner: `contract`. Every value of every row passes here, so the checks are written by hand over bytes:
//! no regular expressions, no allocation. Invariants: a check never trims or mends, and what passes may go on
//! the wire as it is. Left out on purpose: whether an address exists, and quoted local parts of e-mail
//! addresses, which no provider issues and many receivers refuse.

use super::fold::is_letter_or_digit;
use super::{texts, us_states};
use bakkt_model::text::{has_invisible, is_invisible, is_plain, lost, narrow};
use jiff::civil::Date;

/// The first year that a date may have; older ones are typing mistakes or a database's idea of "none".
pub const FIRST_YEAR: i16 = 1800;

/// The first year in which anybody can have signed, been screened or been verified by computer; older dates are what databases
/// mean by "none".
pub(crate) const FIRST_ELECTRONIC_YEAR: i16 = 1980;

/// The last year that a date and time may have: 9999 is a database's idea of "never", and an offset can carry it out
/// of the calendar, where receivers differ.
const LAST_YEAR_OF_A_TIME: i16 = 9998;

/// Why a text is no e-mail address, if it is none.
pub fn unfit_email(text: &str) -> Option<&'static str> {
    if is_email(text) {
        return None;
    }
    let ascii = text.rsplit_once('@').map(|(local, domain)| {
        let letters = |c: char| if c.is_ascii() { c } else { 'x' };
        (
            domain.is_ascii(),
            local,
            domain.chars().map(letters).collect::<String>(),
        )
    });
    match ascii {
        Some((false, local, domain)) if is_email(&format!("{local}@{domain}")) => {
            Some("an e-mail address whose domain is not in ASCII; the domain's form with xn-- fits")
        }
        _ => Some("not an e-mail address"),
    }
}

/// An e-mail address: a dot-atom, `@`, and an ASCII domain of at least two labels. An asterisk masks letters (`m***@…`), and
/// the last label is one that can exist: of letters, or internationalised, and not reserved for names that do not.
pub fn is_email(text: &str) -> bool {
    let Some(at) = memchr::memchr(b'@', text.as_bytes()) else {
        return false;
    };
    let (Some(local), Some(domain)) = (text.get(..at), text.get(at + 1..)) else {
        return false;
    };
    text.len() <= 254 && local.len() <= 64 && is_dot_atom(local) && is_domain(domain)
}

fn is_dot_atom(local: &str) -> bool {
    // The usual case, in one pass over the bytes: letters, digits and single dots between them.
    let mut before = b'.';
    // Without a branch for each byte.
    let is_usual = local.bytes().fold(true, |all, byte| {
        let fits = is_letter_or_digit(byte) | ((byte == b'.') & (before != b'.'));
        before = byte;
        all & fits
    });
    if is_usual && before != b'.' {
        return true;
    }
    let mut after_dot = true;
    for c in local.chars() {
        let fits = match c {
            '.' => !after_dot,
            'a'..='z' | 'A'..='Z' | '0'..='9' => true,
            '!' | '#' | '$' | '%' | '&' | '\'' | '+' | '-' | '/' | '=' | '?' => true,
            '^' | '_' | '`' | '{' | '|' | '}' | '~' => true,
            c => !c.is_ascii() && c.is_alphanumeric() && !is_invisible(c),
        };
        if !fits {
            return false;
        }
        after_dot = c == '.';
    }
    !after_dot
}

fn is_domain(domain: &str) -> bool {
    let (mut labels, mut length, mut letters) = (0, 0, 0);
    // A dot before the first label ends none, and one behind the last begins an empty one.
    let mut before = b'.';
    for byte in domain.bytes() {
        match byte {
            b'.' if length == 0 || before == b'-' => return false,
            b'.' => {
                labels += 1;
                (length, letters) = (0, 0);
            }
            b'-' if length == 0 => return false,
            _ if byte == b'-' || is_letter_or_digit(byte) => {
                length += 1;
                letters += u32::from(!byte.is_ascii_digit());
                if length > 63 {
                    return false;
                }
            }
            _ => return false,
        }
        before = byte;
    }
    // A last label of digits would be an IP address, or a number with a typing mistake.
    labels >= 1
        && length >= 2
        && letters > 0
        && before != b'-'
        && may_be_top_level(domain, length == letters)
}

/// Whether the last label of a domain can exist: it has no digit unless it is internationalised, and it is not the one that a
/// copy of a system puts behind addresses so that nobody gets mail of it ("ann@example.com.invalid").
fn may_be_top_level(domain: &str, is_letters: bool) -> bool {
    let label = domain.rsplit('.').next().unwrap_or(domain);
    let begins = label.get(..4);
    match is_letters {
        true => !label.eq_ignore_ascii_case("invalid"),
        false => begins.is_some_and(|begins| begins.eq_ignore_ascii_case("xn--")),
    }
}

/// An E.164 number: `^\+[1-9][0-9]{3,14}$`.
pub fn is_e164(text: &str) -> bool {
    matches!(text.as_bytes(), [b'+', b'1'..=b'9', rest @ ..]
        if (3..=14).contains(&rest.len()) && rest.iter().all(u8::is_ascii_digit))
}

/// A date as it goes on the wire: `YYYY-MM-DD`, a real day, not before [`FIRST_YEAR`].
pub fn is_date(text: &str) -> Option<Date> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *text.as_bytes() else {
        return None;
    };
    let year = i16::from(two(y0, y1)?) * 100 + i16::from(two(y2, y3)?);
    Date::new(year, two(m0, m1)?, two(d0, d1)?)
        .ok()
        .filter(|date| date.year() >= FIRST_YEAR)
}

/// The value of two ASCII digits.
fn two(tens: u8, ones: u8) -> Option<i8> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| (byte - b'0').cast_signed());
    Some(digit(tens)? * 10 + digit(ones)?)
}

/// A date-time of RFC 3339: date, `T`, time, optional fraction, and `Z` or an offset. Capitals only, and no
/// leap second: receivers differ there.
pub fn is_date_time(text: &str) -> bool {
    date_of_time(text).is_some()
}

/// The date of a date-time, as it is written: that of its own offset.
pub fn date_of_time(text: &str) -> Option<Date> {
    let (day, time) = text.split_at_checked(10)?;
    let date = is_date(day).filter(|date| date.year() <= LAST_YEAR_OF_A_TIME)?;
    is_time(time).then_some(date)
}

/// `T`, a time, an optional fraction, and `Z` or an offset.
fn is_time(text: &str) -> bool {
    let [b'T', h0, h1, b':', m0, m1, b':', s0, s1, rest @ ..] = text.as_bytes() else {
        return false;
    };
    let below = |tens: u8, ones: u8, limit: i8| two(tens, ones).is_some_and(|value| value < limit);
    if !below(*h0, *h1, 24) || !below(*m0, *m1, 60) || !below(*s0, *s1, 60) {
        return false;
    }
    let zone = match rest {
        [b'.', fraction @ ..] => {
            let length = fraction
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            match fraction.split_at_checked(length) {
                Some((digits, zone)) if (1..=9).contains(&digits.len()) => zone,
                _ => return false,
            }
        }
        zone => zone,
    };
    match *zone {
        [b'Z'] => true,
        [b'+' | b'-', h0, h1, b':', m0, m1] => below(h0, h1, 24) && below(m0, m1, 60),
        _ => false,
    }
}

/// Exactly `count` ASCII digits.
pub fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Two capital letters that are a U.S. state, territory or military address.
pub fn is_state2(text: &str) -> bool {
    us_states::is_code(text)
}

/// Whether a text looks like a U.S. tax id: nine digits, or 3-2-4 or 2-7 digits parted by marks or white space, with or
/// without a word before them that says so. It is a guard for ids that go into URLs, so it reads every spelling.
pub(crate) fn looks_like_tax_id(text: &str) -> bool {
    let text = narrow(text);
    // Every spelling has nine digits, and most ids have another number of them.
    if text.bytes().filter(u8::is_ascii_digit).count() != 9 {
        return false;
    }
    let first = text.find(|c: char| c.is_ascii_digit());
    let (word, number) = text.split_at(first.unwrap_or(text.len()));
    let letters = word.chars().filter(|c| c.is_alphanumeric());
    let word: String = letters.take(8).map(|c| c.to_ascii_lowercase()).collect();
    if !word.is_empty() && !TAX_ID_WORDS.contains(&word.as_str()) {
        return false;
    }
    let mut lengths = [0; 4];
    let parts = number.split(|c: char| !c.is_alphanumeric());
    for (place, part) in parts.filter(|part| !part.is_empty()).enumerate() {
        let is_digits = part.bytes().all(|byte| byte.is_ascii_digit());
        match lengths.get_mut(place) {
            Some(length) if is_digits => *length = part.len(),
            _ => return false,
        }
    }
    matches!(lengths, [9, 0, 0, 0] | [3, 2, 4, 0] | [2, 7, 0, 0])
}

/// What stands before a tax id, in small letters without marks.
const TAX_ID_WORDS: [&str; 7] = ["ssn", "ss", "itin", "ein", "fein", "tin", "taxid"];

/// Ways of writing the `@` of an e-mail address that a program or a person chose to hide it.
const HIDDEN_AT: [&str; 4] = ["(at)", "[at]", "{at}", "%40"];

/// Whether a text looks like an e-mail address, even a broken one: something before and after an `@`.
pub(crate) fn looks_like_email(text: &str) -> bool {
    let text = narrow(text);
    // Each way of writing the `@` begins with one of these, and most ids have none of them.
    let begins = |byte: u8| matches!(byte, b'@' | b'(' | b'[' | b'{' | b'%');
    if !text.bytes().any(begins) {
        return false;
    }
    let split = text.trim().split_once('@').or_else(|| {
        let small = text.to_ascii_lowercase();
        let place = |mark: &&str| small.find(mark).map(|at| (at, mark.len()));
        let (at, length) = HIDDEN_AT.iter().find_map(place)?;
        Some((text[..at].trim(), text[at + length..].trim()))
    });
    split.is_some_and(|(local, domain)| {
        local.ends_with(|c: char| !c.is_whitespace()) && domain.starts_with(char::is_alphanumeric)
    })
}

/// Whether a text looks like a phone number with the code of its country, however its digits are parted. Without the plus sign
/// a number may be anything.
pub(crate) fn looks_like_phone(text: &str) -> bool {
    // Most ids have none.
    if !text.contains(['+', '\u{ff0b}']) {
        return false;
    }
    let text = narrow(text);
    let Some((word, number)) = text.split_once('+') else {
        return false;
    };
    let is_word = matches!(
        word.trim_end_matches(|c: char| !c.is_alphanumeric()),
        "" | "tel" | "Tel" | "TEL"
    );
    let mark = |byte: u8| matches!(byte, b' ' | b'-' | b'.' | b'/' | b'(' | b')');
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    is_word
        && (8..=15).contains(&digits)
        && number
            .bytes()
            .all(|byte| byte.is_ascii_digit() || mark(byte))
}

/// Why a text cannot be an id, if it cannot: an id is compared byte by byte, by more programs than this one, so it holds
/// nothing that one of them may drop.
pub fn unfit_id(text: &str) -> Option<&'static str> {
    let is_plain = is_plain(text);
    if !is_plain && has_control(text) {
        Some(texts::CONTROL)
    } else if text.len() > texts::ID {
        Some("longer than 256 bytes")
    } else if !is_plain && has_invisible(text) {
        Some(texts::INVISIBLE)
    } else if text.starts_with('=') {
        Some(texts::FORMULA)
    } else if text.starts_with('\'') {
        Some("begins with an apostrophe, as a spreadsheet writes digits that are text")
    } else if !is_plain && bakkt_model::text::cell::has_lost(text) {
        Some(bakkt_model::text::cell::LOST)
    } else {
        lost::why_shown(text).or_else(|| lost::why_lost(text))
    }
}

/// Whether a text holds a control character (C0, DEL or C1).
pub(crate) fn has_control(text: &str) -> bool {
    // The bytes settle it for ASCII; only text with a C2 byte can hold a C1 control.
    let mut c1_possible = false;
    for byte in text.bytes() {
        if byte < 0x20 || byte == 0x7f {
            return true;
        }
        c1_possible |= byte == 0xc2;
    }
    c1_possible && text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(check: fn(&str) -> bool, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(check(text), "{text:?} should pass");
        }
        for text in bad {
            assert!(!check(text), "{text:?} should fail");
        }
    }

    #[test]
    fn email() {
        all(
            is_email,
            &[
                "a@b.co",
                "ann.o'hara+x@mail.example.com",
                "josé@example.org",
                "a_b-c@sub-domain.example",
                "1@x1.io",
                "a@b.xn--p1ai",
                "a@invalid.co",
            ],
            &[
                "",
                "@",
                "a@",
                "@b.co",
                "a@b",
                "a@@b.co",
                "a b@c.co",
                ".a@b.co",
                "a.@b.co",
                "a..b@c.co",
                "a@b..co",
                "a@-b.co",
                "a@b-.co",
                "a@b.co.",
                "a@b.c",
                "a@1.2.3.4",
                "a@b.co2",
                "a@b.co.invalid",
                "m***@b.co",
                "***@b.co",
                "a@bücher.example",
                "a@b_c.co",
                "a@b.co ",
                "\"a\"@b.co",
                "a@b.co,c@d.co",
                "<a@b.co>",
                "a\u{7}@b.co",
            ],
        );
        assert!(
            is_email(&format!("{}@b.co", "a".repeat(64)))
                && !is_email(&format!("{}@b.co", "a".repeat(65)))
        );
        assert!(!is_email(&format!("a@{}.co", "b".repeat(64))));
        let long = |count| format!("a@{}co", "bbbbbbbbb.".repeat(count));
        assert!(is_email(&long(25)) && is_email(&long(24)) && !is_email(&long(26)));
    }

    #[test]
    fn phone_and_digits() {
        all(
            is_e164,
            &["+1234", "+12025550123", "+123456789012345"],
            &[
                "",
                "+",
                "+123",
                "+0234",
                "12025550123",
                "+1234567890123456",
                "+1 202",
                "+1２34",
                "++1234",
            ],
        );
        assert!(
            is_digits("0012", 4) && is_digits("", 0) && !is_digits("12", 3) && !is_digits("1a", 2)
        );
    }

    #[test]
    fn dates() {
        assert_eq!(
            is_date("2024-02-29")
                .map(|date| date.to_string())
                .as_deref(),
            Some("2024-02-29")
        );
        for text in [
            "2023-02-29",
            "1900-02-29",
            "1799-12-31",
            "2024-00-10",
            "2024-13-01",
            "2024-1-01",
            "2024-01-32",
            "2024-01-00",
            "20240101",
            "2024/01/01",
            " 2024-01-01",
            "2024-01-01T",
            "",
            "2024-01-0é",
            "+024-01-01",
        ] {
            assert_eq!(is_date(text), None, "{text}");
        }
        all(
            is_date_time,
            &[
                "2024-02-29T00:00:00Z",
                "2024-02-29T23:59:59.123Z",
                "1999-12-31T12:00:00+05:30",
                "1999-12-31T12:00:00.000000001-08:00",
            ],
            &[
                "",
                "2024-02-29",
                "2024-02-29T00:00:00",
                "2024-02-29 00:00:00Z",
                "2024-02-29T24:00:00Z",
                "9999-12-31T00:00:00Z",
                "2024-02-29T00:60:00Z",
                "2024-02-29T00:00:60Z",
                "2024-02-29T00:00:00.Z",
                "2023-02-29T00:00:00Z",
                "2024-02-29T00:00:00z",
                "2024-02-29T00:00Z",
                "2024-02-29T00:00:00+0530",
                "2024-02-29T00:00:00+24:00",
                "2024-02-29T00:00:00.0000000001Z",
                "2024-02-2éT00:00:00Z",
            ],
        );
    }

    #[test]
    fn guards() {
        all(
            looks_like_tax_id,
            &[
                "987001234",
                "987-00-1234",
                "987 00 1234",
                "00-0001234",
                "00 0001234",
                " 987001234 ",
                "987.00.1234",
                "987_00_1234",
                "987/00/1234",
                "987 - 00 - 1234",
                "987–00–1234",
                "９８７００１２３４",
                "SSN987001234",
                "ssn: 987-00-1234",
                "Tax ID 98-7001234",
            ],
            &[
                "",
                "98700123",
                "9870012345",
                "987-001234",
                "98-70-01234",
                "A87001234",
                "C-1234567",
                "C987001234",
                "987-00-1234-1",
                "987-00-123A",
                "SSN",
            ],
        );
        all(
            looks_like_email,
            &[
                "a@b.co",
                "a@localhost",
                " a@b ",
                "ａ＠b.co",
                "a(at)b.co",
                "a [AT] b.co",
                "a%40b.co",
            ],
            &["", "@", "a@", "@b", "CUST 1 @ 5", "CUST-1", "(at)", "A%4"],
        );
        all(
            has_control,
            &["\0", "a\tb", "a\r\n", "\u{7f}", "\u{85}"],
            &["", "plain", "Ünïcode ©", "日本"],
        );
        all(
            is_state2,
            &["CA", "DC", "PR", "AP"],
            &["ca", "XX", "C", "CAL", "", "É"],
        );
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>(), near in "[-+0-9T:.Z@é]{0,30}") {
            for text in [&text, &near] {
                for check in [is_email, is_e164, is_date_time, looks_like_tax_id, looks_like_email, is_state2] {
                    check(text);
                }
                is_date(text);
                is_digits(text, 4);
                prop_assert_eq!(has_control(text), text.chars().any(char::is_control));
            }
        }

        #[test]
        fn every_day_passes(days in 0i64..130_000) {
            let date = Date::constant(1800, 1, 1).saturating_add(jiff::Span::new().days(days));
            prop_assert_eq!(is_date(&date.to_string()), Some(date));
        }

        #[test]
        fn a_whole_email_looks_like_one(text in "[a-z+.]{1,8}@[a-z.]{1,12}") {
            prop_assert!(!is_email(&text) || looks_like_email(&text));
        }
    }
}
