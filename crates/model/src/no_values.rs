//! Words for nothing said twice, and other texts that are a value of no field.
//!
//! Owner of [`says_nothing`]: an empty cell with `placeholders = true`, where it is several words, and a finding without. A whole cell
//! is one or it is none. Left out on purpose: one word alone ([`crate::placeholder`]), because there are people called Null, and errors
//! ([`crate::text::is_error`]).

use crate::placeholder::{WORDS, inside};

/// Longer texts say something.
const LONGEST: usize = 64;

/// Whether a text says that there is nothing: placeholder words with blanks or commas between them (`null null`, `N/A, N/A`), `NaN`, `NaT`,
/// an object of JavaScript, and `False`, which nobody and nothing is called.
pub fn says_nothing(text: &str) -> bool {
    matches!(text, "NaN" | "NaT" | "<NA>")
        || text.eq_ignore_ascii_case("false")
        || count_words(text) != 0
}

/// Whether a text is several words for nothing.
pub(crate) fn repeats_nothing(text: &str) -> bool {
    count_words(text) > 1
}

/// How many words for nothing a text is; 0 for one word of which it is not certain, and for any other text.
fn count_words(text: &str) -> usize {
    let may_begin = matches!(
        text.as_bytes().first(),
        Some(b'n' | b'N' | b'u' | b'U' | b't' | b'T' | b'(' | b'[' | b'<' | b'{')
    );
    if !may_begin || text.len() > LONGEST || !text.contains([' ', ',', ';']) {
        return 0;
    }
    let mut count = 0;
    let parts = text.split([',', ';']).map(str::trim);
    for part in parts.filter(|part| !part.is_empty()) {
        if is_object(part) {
            count += 1;
            continue;
        }
        for word in part.split(' ').filter(|word| !word.is_empty()) {
            if !is_word(word) {
                return 0;
            }
            count += 1;
        }
    }
    match count {
        1 if !is_object(text) => 0,
        count => count,
    }
}

fn is_object(text: &str) -> bool {
    text.eq_ignore_ascii_case("[object Object]")
}

fn is_word(word: &str) -> bool {
    let word = inside(word).unwrap_or(word);
    matches!(word, "nan" | "NaN")
        || WORDS
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_for_nothing_said_twice_say_nothing() {
        for text in [
            "undefined undefined",
            "null null",
            "Null, Null",
            "None None",
            "N/A N/A",
            "n/a, n/a",
            "nan nan",
            "NaN",
            "NaT",
            "<NA>",
            "null, undefined",
            "(null) (null)",
            "[object Object]",
            "[object Object],[object Object]",
            "null, , null",
            "False",
            "false",
            "unknown;unknown",
        ] {
            assert!(says_nothing(text), "{text}");
        }
        for text in [
            "",
            "Null",
            "None",
            "null",
            "n/a",
            "Nan",
            "NA NA",
            "Na Na",
            "Null Smith",
            "None Road 5",
            "Unknown Road",
            "Nan Null Smith",
            "Null,",
            "True",
            "Falset",
            "not on file",
        ] {
            assert!(!says_nothing(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(any in any::<String>(), near in "[nNulaN/, ();\\[\\]é]{0,16}") {
            for text in [&any, &near] {
                prop_assert!(!repeats_nothing(text) || says_nothing(text));
            }
        }
    }
}
