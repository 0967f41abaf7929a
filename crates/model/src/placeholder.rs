//! Placeholders: what clerks and systems write when they know nothing.
//!
//! Owner of the one table behind `placeholders = true`, behind what `inspect` calls a placeholder, and behind the cells that
//! say nothing about where a header is. A whole cell is one or it is none; case and surrounding white space do not count. Invariants: no word here is a country's or a state's
//! code, and a cell that is not near the table costs a look at its first byte. Left out on purpose: words that are
//! values somewhere: "NA" (Namibia), "nan" and "nil" (names), "x" (a tick), "0", "blank" and "test" (surnames).
//! Where a word of the table is a value for one field only, that field says so ([`KeptPlaceholders`]).

use memchr::memchr;

use crate::masked::is_all_crosses;
use crate::no_values::repeats_nothing;
use crate::text::{fold, is_error, may_fold_to_ascii, trim};

/// Which placeholders count as values in a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeptPlaceholders {
    /// Nothing.
    #[default]
    Nothing,
    /// Words that are surnames as well: there are people called Null.
    Surnames,
    /// Numbers: an account may have the number 123456789.
    Numbers,
    /// Zeros: an amount of 0000000000 is nothing, which is an amount.
    Zeros,
}

/// Words, and those that people are called. No country and no state is called so.
pub const WORDS: [(&str, bool); 25] = [
    ("n/a", false),
    ("n.a.", false),
    ("n.a", false),
    ("n / a", false),
    ("none", true),
    ("null", true),
    ("unknown", false),
    ("tbd", false),
    ("t.b.d.", false),
    ("tba", false),
    ("to be determined", false),
    ("not available", false),
    ("not applicable", false),
    ("not provided", false),
    ("not given", false),
    ("not on file", false),
    ("not known", false),
    ("none given", false),
    ("none provided", false),
    ("no email", false),
    ("no phone", false),
    ("undefined", false),
    ("unspecified", false),
    ("\\n", false),
    // Of JavaScript, in brackets.
    ("object object", false),
];

/// Words that stand for nothing only as they are written here: "Nat", "Nil" and "K.A." are people, and N.V. is a kind of firm. Also
/// whether people are called so.
const AS_WRITTEN: [(&str, bool); 11] = [
    // Of numbers and days that a program does not have.
    ("NaN", false),
    ("NaT", false),
    ("NIL", true),
    ("k.A.", false),
    ("k. A.", false),
    ("k.a.", false),
    ("n.v.", false),
    ("n. v.", false),
    ("s/d", false),
    ("S/D", false),
    ("<NA>", false),
];

/// Words that stand for nothing in brackets, as pivot tables write them.
const IN_BRACKETS: [&str; 3] = ["blank", "empty", "leer"];

/// Words of other scripts, as whole cells; bytes of the longest: [`LONGEST_FOREIGN`].
#[rustfmt::skip]
const FOREIGN: [&str; 25] = [
    "不明", "同上", "同左", "なし", "無し", "未定", "未登録", "該当なし", "該当無し", "記載なし", "未知", "不详", "不詳", "无", "無", "没有",
    "沒有", "未提供", "없음", "모름", "미상", "해당없음", "해당 없음", "неизвестно", "нет данных",
];

const LONGEST_FOREIGN: usize = 20;

/// Days that stand for "none" and "never": the first and the last one that a database or a spreadsheet knows. Nobody alive
/// was born on the first. 1970-01-01 is not here: people were. Each has eight to ten characters.
const DAYS: [&str; 22] = [
    "1/1/1900",
    "01/01/1900",
    "1.1.1900",
    "01.01.1900",
    "01-01-1900",
    "1900-01-01",
    "1900/01/01",
    "19000101",
    "01011900",
    "1/0/1900",
    "12/31/9999",
    "31/12/9999",
    "31.12.9999",
    "12-31-9999",
    "31-12-9999",
    "9999-12-31",
    "9999/12/31",
    "99991231",
    "12319999",
    "1/1/0001",
    "01/01/0001",
    "0001-01-01",
];

/// Midnight behind a day.
const MIDNIGHTS: [&str; 6] = [
    " 00:00:00",
    "t00:00:00",
    "t00:00:00z",
    " 0:00",
    " 00:00",
    " 12:00:00 am",
];

/// Runs of digits that a finger makes to get past a form; the punctuation between them does not count.
const RUNS: [&str; 6] = [
    "123456789",
    "1234567890",
    "11234567890",
    "0123456789",
    "2345678901",
    "9876543210",
];

/// Those that stand behind the code of a country: "+44 1234567890".
const RUNS_ABROAD: [&str; 3] = ["123456789", "1234567890", "9876543210"];

/// Mailboxes that nobody has, whatever comes behind the `@`; dots, dashes and underscores do not count.
const MAILBOXES: [&str; 7] = [
    "noemail",
    "nomail",
    "noemailaddress",
    "noemailonfile",
    "noemailprovided",
    "none",
    "unknown",
];

/// Mailboxes that nobody has at a domain of the same name: test@test.com.
const TWICE: [&str; 15] = [
    "test", "none", "na", "no", "email", "mail", "abc", "a", "aa", "x", "xx", "xxx", "xxxx",
    "xxxxx", "xxxxxx",
];

/// Longer texts say something.
const LONGEST: usize = 64;

/// Whether a cell is a usual placeholder.
pub fn is_placeholder(text: &str) -> bool {
    is_placeholder_but(text, KeptPlaceholders::Nothing)
}

/// The same, for a field that keeps some of them.
pub fn is_placeholder_but(text: &str, keeps: KeptPlaceholders) -> bool {
    let text = trim(text);
    let Some(first) = text.bytes().next().filter(|_| text.len() <= LONGEST) else {
        return false;
    };
    let folded;
    let text = match text.is_ascii() {
        true => text,
        // Only the words of other scripts have such letters.
        false if !may_fold_to_ascii(text) => {
            return text.len() <= LONGEST_FOREIGN
                && FOREIGN.contains(&text.to_lowercase().as_str());
        }
        // Full-width letters, and characters that nobody sees between the others.
        false => {
            folded = fold(text);
            folded.as_str()
        }
    };
    if text.is_ascii() && memchr(b'@', text.as_bytes()).is_some() {
        return is_nobodys_mailbox(text);
    }
    let first = text.bytes().next().unwrap_or(first);
    if is_error(text) || repeats_nothing(text) {
        return true;
    }
    match first {
        b'0'..=b'9' | b'+' => is_number(text, keeps) || is_day(text),
        b'(' | b'[' | b'<' | b'{' => match inside(text) {
            Some(inside) => {
                is_word(inside, keeps)
                    || is_as_written(text, keeps)
                    || IN_BRACKETS
                        .iter()
                        .any(|word| word.eq_ignore_ascii_case(inside))
            }
            None => is_number(text, keeps),
        },
        b'n' | b'N' | b'u' | b'U' | b't' | b'T' | b'\\' => is_word(text, keeps),
        b'k' => is_as_written(text, keeps),
        b's' | b'S' => is_as_written(text, keeps) || is_note(text),
        b'x' | b'X' => is_all_crosses(text),
        b'-' | b'.' | b'_' | b'?' | b'/' | b'*' | 0xe2 => is_punctuation(text),
        _ => false,
    }
}

/// Whether a number of nothing but digits was typed to get past a form: one digit over and over, or digits that count up or down.
/// For numbers that are given out and have four digits or more, as those of bank accounts: a year or an amount may be one.
pub fn is_filler(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    let follows = |step: u8| {
        let mut pairs = bytes.windows(2);
        pairs.all(|pair| (pair[0] - b'0' + step) % 10 == pair[1] - b'0')
    };
    bytes.len() >= 4 && bytes.iter().all(u8::is_ascii_digit) && [0, 1, 9].into_iter().any(follows)
}

fn is_word(text: &str, keeps: KeptPlaceholders) -> bool {
    if is_as_written(text, keeps) {
        return true;
    }
    let mut known = WORDS.iter();
    known.any(|(word, surname)| {
        word.eq_ignore_ascii_case(text) && !(*surname && keeps == KeptPlaceholders::Surnames)
    })
}

fn is_as_written(text: &str, keeps: KeptPlaceholders) -> bool {
    let mut known = AS_WRITTEN.iter();
    known.any(|(word, surname)| *word == text && !(*surname && keeps == KeptPlaceholders::Surnames))
}

/// Whether a cell says that the value stands elsewhere.
fn is_note(text: &str) -> bool {
    ["see notes", "see note"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(text))
}

/// What stands between brackets: "(none)", `<null>`.
pub(crate) fn inside(text: &str) -> Option<&str> {
    let pairs = [('(', ')'), ('[', ']'), ('<', '>'), ('{', '}')];
    pairs.iter().find_map(|(open, close)| {
        let inside = text.strip_prefix(*open)?.strip_suffix(*close)?;
        Some(inside.trim())
    })
}

/// Dashes, dots and question marks. Not "+", "*" alone or a tick, which answer a question.
fn is_punctuation(text: &str) -> bool {
    let fits = |c: char| matches!(c, '-' | '.' | '_' | '?' | '/' | ' ' | '–' | '—' | '―');
    text.chars().all(fits) || (text.len() > 1 && text.bytes().all(|byte| byte == b'*'))
}

/// A tax id, a phone number or a counter that is one digit over and over, or counts up; of at least eight digits, so that
/// no postal code and no usual amount is one.
fn is_number(text: &str, keeps: KeptPlaceholders) -> bool {
    if keeps == KeptPlaceholders::Numbers {
        return false;
    }
    let mut digits = [0u8; 12];
    let mut count = 0;
    for byte in text.bytes() {
        match (byte, digits.get_mut(count)) {
            (b'0'..=b'9', Some(digit)) => {
                *digit = byte;
                count += 1;
            }
            (b' ' | b'-' | b'.' | b'(' | b')' | b'+' | b'/', _) => {}
            _ => return false,
        }
    }
    let Some(digits) = digits.get(..count) else {
        return false;
    };
    if keeps == KeptPlaceholders::Zeros && digits.iter().all(|digit| *digit == b'0') {
        return false;
    }
    let same = |digits: &[u8]| digits.windows(2).all(|pair| pair[0] == pair[1]);
    let behind_one = digits.strip_prefix(b"1").filter(|rest| rest.len() == 10);
    let says_country = text.starts_with('+') || text.starts_with("00");
    let code_and_number = text.trim_start_matches(['+', '0']);
    let runs_abroad = || {
        let digits: Vec<u8> = code_and_number.bytes().filter(u8::is_ascii_digit).collect();
        let runs = RUNS_ABROAD.iter().map(|run| run.as_bytes());
        let mut codes = runs.filter_map(|run| digits.strip_suffix(run));
        codes.any(|code| (1..=3).contains(&code.len()))
    };
    (says_country && runs_abroad())
        || (count >= 8 && same(digits))
        || behind_one.is_some_and(same)
        || RUNS.iter().any(|run| run.as_bytes() == digits)
}

fn is_day(text: &str) -> bool {
    let ends = |tail: &str| {
        let at = text.len().checked_sub(tail.len())?;
        let (day, end) = (text.get(..at)?, text.get(at..)?);
        end.eq_ignore_ascii_case(tail).then_some(day)
    };
    // A time has a colon, which most cells do not have.
    let has_time = memchr(b':', text.as_bytes()).is_some();
    let midnight = || MIDNIGHTS.iter().find_map(|tail| ends(tail));
    let day = has_time.then(midnight).flatten().unwrap_or(text);
    (8..=10).contains(&day.len()) && DAYS.contains(&day)
}

fn is_nobodys_mailbox(text: &str) -> bool {
    let Some((mailbox, domain)) = text.split_once('@') else {
        return false;
    };
    let plain: String = mailbox
        .bytes()
        .filter(|byte| !matches!(byte, b'.' | b'-' | b'_'))
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect();
    let name = domain.split('.').next().unwrap_or("");
    MAILBOXES.contains(&plain.as_str())
        || (TWICE.contains(&plain.as_str()) && plain.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_day_that_stands_for_none_is_one_with_a_time_behind_it_too() {
        for day in DAYS {
            assert!(is_placeholder(day), "{day}");
            for midnight in MIDNIGHTS {
                assert!(is_placeholder(&format!("{day}{midnight}")), "{day}");
            }
        }
    }

    #[test]
    fn usual_placeholders() {
        for text in [
            "N/A",
            "n/a",
            "n.a.",
            "none",
            "NULL",
            "(null)",
            "<NULL>",
            "[none]",
            "Unknown",
            "TBD",
            "-",
            "--",
            "---",
            " - ",
            "–",
            ".",
            "...",
            "?",
            "??",
            "xxx",
            "XXX",
            "XXX-XX-XXXX",
            "999-99-9999",
            "000-00-0000",
            "111-11-1111",
            "123-45-6789",
            "123456789",
            "000000000",
            "01/01/1900",
            "1/1/1900",
            "1900-01-01",
            "1900-01-01 00:00:00",
            "1900-01-01T00:00:00Z",
            "12/31/9999",
            "9999-12-31",
            "99991231",
            "99999999",
            "00000000",
            "0001-01-01",
            "1/0/1900",
            "test@test.com",
            "TEST@TEST.COM",
            "noemail@example.com",
            "no.email@bank.example",
            "none@none.com",
            "unknown@unknown.com",
            "000-000-0000",
            "(000) 000-0000",
            "555-555-5555",
            "(555) 555-5555",
            "9999999999",
            "+1 999 999 9999",
            "1-111-111-1111",
            "123-456-7890",
            "234-567-8901",
            "987-654-3210",
            "+44 1234567890",
            "+49 (1234) 567890",
            "xxxx@xxxx.com",
            "#N/A",
            "#REF!",
            "-inf",
            "1.#IND",
            "null null",
            "N/A, N/A",
            "\\N",
            "NaN",
            "NaT",
            "<NA>",
            "NIL",
            "(blank)",
            "(Leer)",
            "k.A.",
            "n.v.",
            "s/d",
            "See notes",
            "**",
            "not on file",
            "[object Object]",
            "不明",
            "同上",
            "없음",
            "Неизвестно",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn values_that_look_a_little_like_it() {
        for text in [
            "",
            " ",
            "NA",
            "na",
            "Na",
            "Nan",
            "NAN",
            "Nil",
            "Nat",
            "NAT",
            "K.A.",
            "N.V.",
            "SD",
            "Blank",
            "Test",
            "X",
            "x",
            "xx",
            "Xx",
            "0",
            "00000",
            "99999",
            "11111",
            "12345",
            "Noname",
            "Nonesuch",
            "Nullmann",
            "Tba Ltd",
            "Unknown Road 5",
            "1970-01-01",
            "01/01/1901",
            "01/01/2000",
            "12/31/1999",
            "19000102",
            "987-65-4320",
            "555-01-0123",
            "202-555-0123",
            "+1 202 555 0123",
            "+44 20 7946 0123",
            "0012345678",
            "1111111",
            "25000",
            "na@example.com",
            "test@example.com",
            "a@b.example",
            "no@example.org",
            "+",
            "*",
            "#5",
            "(202) 555-0123",
            "(a)",
            "-5",
            "-12.50",
            ".5",
            "/home",
            "é",
            "日本",
            "--Ann",
        ] {
            assert!(!is_placeholder(text), "{text}");
        }
        assert!(!is_placeholder(&"-".repeat(LONGEST + 1)));
    }

    #[test]
    fn numbers_that_get_past_a_form() {
        for text in [
            "0000",
            "00000000",
            "1111111",
            "12345678",
            "0123456789",
            "1234567890",
            "87654321",
            "9876543210",
            "3456",
        ] {
            assert!(is_filler(text), "{text}");
        }
        for text in [
            "",
            "000",
            "1112",
            "12345679",
            "31000380",
            "01234556",
            "1111a111",
            "०००००",
        ] {
            assert!(!is_filler(text), "{text}");
        }
    }

    #[test]
    fn a_field_keeps_what_is_a_value_there() {
        for (text, keeps, placeholder) in [
            ("Null", KeptPlaceholders::Surnames, false),
            ("None", KeptPlaceholders::Surnames, false),
            ("(null)", KeptPlaceholders::Surnames, false),
            ("NIL", KeptPlaceholders::Surnames, false),
            ("Null Null", KeptPlaceholders::Surnames, true),
            ("N/A", KeptPlaceholders::Surnames, true),
            ("Unknown", KeptPlaceholders::Surnames, true),
            ("123456789", KeptPlaceholders::Numbers, false),
            ("000000000", KeptPlaceholders::Numbers, false),
            ("N/A", KeptPlaceholders::Numbers, true),
            ("-", KeptPlaceholders::Numbers, true),
            ("0000000000", KeptPlaceholders::Zeros, false),
            ("0000000.00", KeptPlaceholders::Zeros, false),
            ("9999999999", KeptPlaceholders::Zeros, true),
        ] {
            assert_eq!(is_placeholder_but(text, keeps), placeholder, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(any in any::<String>(), near in "[-0-9nNaAxX/.@()#* é–]{0,20}") {
            for text in [&any, &near] {
                // White space around and case do not count.
                prop_assert_eq!(is_placeholder(&format!("  {text} ")), is_placeholder(text));
            }
        }
    }
}
