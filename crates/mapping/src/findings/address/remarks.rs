//! Remarks in a line of an address: whom the mail is for, and what is wrong with the customer or the address.
//!
//! Owner of words that stand in no name of a street. `old` and its like count only in brackets or behind a dash, because streets
//! have such names. Asked of lines that are no plain street; [`may_end_in_remark`] says which of those are looked at all the same.

use bakkt_contract::fold::fold_into;

/// Words for somebody who takes the mail; small letters. Behind one stands a blank, a mark or nothing.
const CARE_OF: [&str; 8] = [
    "c/o",
    "c/-",
    "attn",
    "attention",
    "care of",
    "z.hd",
    "z. hd",
    "zhd",
];

/// Whether a text begins with a word for somebody who takes the mail.
pub(crate) fn is_care_of(text: &str) -> bool {
    let bytes = text.as_bytes();
    if !matches!(bytes.first(), Some(b'c' | b'C' | b'a' | b'A' | b'z' | b'Z')) {
        return false;
    }
    CARE_OF.iter().any(|word| {
        let begins = bytes
            .get(..word.len())
            .is_some_and(|begins| begins.eq_ignore_ascii_case(word.as_bytes()));
        // "c/oBob", but not "Attnang".
        let next = bytes.get(word.len());
        begins && (word.contains('/') || next.is_none_or(|next| b" :.,-;".contains(next)))
    })
}

/// Remarks that are one wherever they stand in a line; small letters. Blanks and marks between their words do not count.
#[rustfmt::skip]
const ANYWHERE: &[&str] = &[
    "badaddress", "deceased", "donotmail", "donotuse", "fallecida", "fallecido", "foreignaddress", "formeraddress",
    "incorrectaddress", "invalidaddress", "mailreturned", "nolongerat", "noforwarding", "oldaddress", "previousaddress",
    "prioraddress", "returnedmail", "returnmail", "returntosender", "undeliverable", "verstorben", "wrongaddress",
];

/// Remarks that are one in brackets, between asterisks or behind a dash; folded.
#[rustfmt::skip]
const ASIDE: &[&str] = &[
    "bad", "closed", "dec", "decd", "decede", "decedee", "deceased", "donotmail", "donotuse", "expired", "former", "formerly",
    "inactive", "incorrect", "invalid", "moved", "old", "outdated", "prev", "previous", "prior", "returned", "rts", "temp",
    "temporary", "undeliverable", "vacant", "wrong",
];

/// Whether a line says something about the customer or the address, beside a street or alone. `scratch` is a buffer to keep.
pub(super) fn carries_remark(line: &str, scratch: &mut String) -> bool {
    let bytes = line.as_bytes();
    let begins_word = |at: usize| at == 0 || !bytes[at - 1].is_ascii_alphabetic();
    let is_remark = |at: usize| {
        let may_begin = matches!(
            bytes[at] | 0x20,
            b'b' | b'd' | b'f' | b'i' | b'm' | b'n' | b'o' | b'p' | b'r' | b'u' | b'v' | b'w'
        );
        may_begin && begins_word(at) && ANYWHERE.iter().any(|words| begins(&bytes[at..], words))
    };
    (0..bytes.len()).any(is_remark) || has_aside(line, scratch)
}

/// Whether a text begins with words, whatever stands between them.
fn begins(text: &[u8], words: &str) -> bool {
    if text[0] | 0x20 != words.as_bytes()[0] {
        return false;
    }
    let mut rest = text;
    for wanted in words.bytes() {
        while let [b' ' | b'-' | b'.' | b'\'' | b'_', after @ ..] = rest {
            rest = after;
        }
        match rest {
            [byte, after @ ..] if byte | 0x20 == wanted => rest = after,
            _ => return false,
        }
    }
    // "Wrong Addresses Ln"
    !rest.first().is_some_and(u8::is_ascii_alphabetic)
}

/// Whether a part of a line between marks is a remark. The parts are asides: no street is one of the words.
fn has_aside(line: &str, scratch: &mut String) -> bool {
    let is_mark = |byte: &u8| b"()[]*;".contains(byte);
    let has_dash = || line.contains("- ") || line.contains(" -");
    let has_marks = line.as_bytes().iter().any(is_mark) || has_dash();
    if !has_marks {
        return false;
    }
    let marks: &[_] = &['(', ')', '[', ']', '*', ';'];
    let parts = line.split(marks).flat_map(|part| part.split(" -"));
    let mut parts = parts.flat_map(|part| part.split("- "));
    parts.any(|part| {
        scratch.clear();
        fold_into(part, scratch);
        ASIDE.contains(&scratch.as_str())
    })
}

/// Whether a line that begins as a street does may end in a remark, by its last two bytes: `deceased`, `bad address`, `do not
/// mail`, `return to sender`, `(old)`.
pub(super) fn may_end_in_remark(line: &[u8]) -> bool {
    let [.., before, last] = line else {
        return false;
    };
    matches!(
        (before | 0x20, last | 0x20),
        (b'e', b'd' | b'n' | b'r')
            | (b's', b'e' | b's')
            | (b'a', b't')
            | (b'd', b'a' | b'o')
            | (b'i', b'l')
            | (b'l', b'e')
            | (b'n', b'g')
    ) || matches!(last, b')' | b']' | b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_are_found_wherever_they_stand() {
        let scratch = &mut String::new();
        for line in [
            "DECEASED 12 Sample Rd",
            "12 Sample Rd DECEASED",
            "12 Sample Rd Deceased 2019",
            "12 Sample Rd - DECEASED",
            "12 Sample Rd (old)",
            "12 Sample Rd (OLD)",
            "12 Sample Rd [moved]",
            "12 Sample Rd *old*",
            "12 Sample Rd - old",
            "OLD - 12 Sample Rd",
            "12 Sample Rd BAD ADDRESS",
            "12 Sample Rd Do Not Mail",
            "Return to sender 12 Sample Rd",
            "UNDELIVERABLE 12 Sample Rd",
            "Old address 12 Sample Rd",
            "foreign address",
        ] {
            assert!(carries_remark(line, scratch), "{line}");
        }
        for line in [
            "12 Old Mill Rd",
            "12 Old Rd",
            "Old Post Rd 4",
            "12 Foreign St",
            "12 Returned Soldiers Rd",
            "12 Wrong Way",
            "12 Bad Rock Rd",
            "Gold Address Ln 5",
            "12 Sample Rd (rear)",
            "12 Route 9 (Old Post Rd)",
            "12-14 Old St",
            "Kirchweg 5 - 7",
            "Moved Ln 5",
            "12 Invalidenstraße",
            "Invalidenstraße 12",
            "",
        ] {
            assert!(!carries_remark(line, scratch), "{line}");
        }
    }

    #[test]
    fn every_remark_at_the_end_is_looked_at() {
        for words in ANYWHERE {
            assert!(may_end_in_remark(words.as_bytes()), "{words}");
        }
    }

    #[test]
    fn mail_is_for_somebody() {
        for text in [
            "c/o Bob",
            "C/O",
            "c/oBob",
            "Attn: Legal",
            "ATTN Legal",
            "Attention Legal",
            "care of Ann",
        ] {
            assert!(is_care_of(text), "{text}");
        }
        for text in [
            "Attnang-Puchheim",
            "Attendorn",
            "Carefree",
            "Austin",
            "",
            "Zhdanov",
            "Co Op City",
        ] {
            assert!(!is_care_of(text), "{text}");
        }
    }
}
