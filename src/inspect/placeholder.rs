//! What people type into a field when they know nothing.

/// Words, in lower case.
const WORDS: &[&str] = &[
    "n/a",
    "n.a.",
    "#n/a",
    "none",
    "null",
    "nil",
    "unknown",
    "unk",
    "not available",
    "tbd",
    "-",
    "--",
    ".",
    "..",
    "?",
    "xxx",
    "xxxx",
    "test",
    "no email",
    "noemail",
];

/// Whole values.
const VALUES: &[&str] = &[
    "999-99-9999",
    "000-00-0000",
    "111-11-1111",
    "123-45-6789",
    "999999999",
    "000000000",
    "111111111",
    "123456789",
    "01/01/1900",
    "1/1/1900",
    "1900-01-01",
    "12/31/9999",
    "9999-12-31",
    "000-000-0000",
    "555-555-5555",
    "999-999-9999",
    "0000000000",
    "9999999999",
    "5555555555",
    "(000) 000-0000",
    "(999) 999-9999",
    "(555) 555-5555",
];

/// E-mail addresses, in lower case.
const MAILS: &[&str] = &[
    "test@test.",
    "none@none.",
    "noemail@",
    "no@email.",
    "na@na.",
    "n/a@",
    "a@a.",
];

/// Whether a trimmed cell holds a placeholder.
pub fn is_placeholder(text: &str) -> bool {
    let mails = text.contains('@') && {
        let lower = text.to_lowercase();
        MAILS.iter().any(|head| lower.starts_with(head))
    };
    mails || VALUES.contains(&text) || WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}
