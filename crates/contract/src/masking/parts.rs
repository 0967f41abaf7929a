//! The parts of a code: words and numbers, cut at `_ - . : /`, where letters meet digits, and where the case changes.

/// A word or a number inside a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WordOrNumber<'a> {
    /// Letters.
    Word(&'a str),
    /// Digits.
    Number(&'a str),
}

impl<'a> WordOrNumber<'a> {
    pub(super) fn text(self) -> &'a str {
        match self {
            WordOrNumber::Word(text) | WordOrNumber::Number(text) => text,
        }
    }
}

/// The parts of an ASCII text: `INVALID_ZIPCode42` has INVALID, ZIP, Code and 42.
pub(super) fn of(text: &str) -> Vec<WordOrNumber<'_>> {
    let bytes = text.as_bytes();
    let mut parts = Vec::new();
    let mut start = 0;
    let mut push = |from: usize, to: usize| {
        if let Some(part) = text.get(from..to).filter(|part| !part.is_empty()) {
            let number = part.as_bytes()[0].is_ascii_digit();
            parts.push(if number {
                WordOrNumber::Number(part)
            } else {
                WordOrNumber::Word(part)
            });
        }
    };
    for at in 0..bytes.len() {
        if !bytes[at].is_ascii_alphanumeric() {
            push(start, at);
            start = at + 1;
        } else if at > start && is_border(bytes, at) {
            push(start, at);
            start = at;
        }
    }
    push(start, bytes.len());
    parts
}

/// Whether a part ends before this byte, which is a letter or a digit, as the one before it is.
fn is_border(bytes: &[u8], at: usize) -> bool {
    let (before, here) = (bytes[at - 1], bytes[at]);
    let next_is_lower = bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
    before.is_ascii_digit() != here.is_ascii_digit()
        || (before.is_ascii_lowercase() && here.is_ascii_uppercase())
        || (before.is_ascii_uppercase() && here.is_ascii_uppercase() && next_is_lower)
}

#[cfg(test)]
mod tests {
    use super::{WordOrNumber, of};

    #[test]
    fn codes_have_parts() {
        let cut = |text| {
            of(text)
                .into_iter()
                .map(WordOrNumber::text)
                .collect::<Vec<_>>()
                .join("|")
        };
        for (text, parts) in [
            ("INVALID_ZIPCode42", "INVALID|ZIP|Code|42"),
            ("BAD_NAME", "BAD|NAME"),
            ("notFound", "not|Found"),
            ("ERR-1042.b", "ERR|1042|b"),
            ("E1042", "E|1042"),
            ("_", ""),
            ("", ""),
        ] {
            assert_eq!(cut(text), parts, "{text}");
        }
    }
}
