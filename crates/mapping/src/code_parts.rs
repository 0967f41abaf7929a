//! The parts of a cell that may be a code: one with its label (`3 - Closed`), in marks (`(C)`), or among several (`A;C`).
//!
//! Owner of [`parts`], the one set of cuts for a `lookup`, which takes a code whose label means the same, and for `[exclude]`, which
//! has to see a word wherever it stands; and of [`beside_a_code`], which is for `[exclude]` alone. Left out on purpose: what is a code, and what follows (`lookup`, `exclude::words`).

use std::iter;

use bakkt_model::text::trim;

/// A part of a cell that may be a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CodePart<'a> {
    /// The part, without marks around it.
    pub code: &'a str,
    /// The rest of the cell; empty where that is nothing but marks, none where the cell has more than two parts.
    pub label: Option<&'a str>,
    /// Whether the marks beside it are those of labels and lists. Others are inside of ids, dates and numbers as well (`C1-2`, `3/4/2020`).
    pub is_clear: bool,
}

/// What may be a code in a cell that is none as a whole, however it is cut. The first that is one counts.
pub(crate) fn parts(text: &str) -> impl Iterator<Item = CodePart<'_>> {
    let is_mark = marks_of_lists(text);
    let pieces = text
        .split(is_mark)
        .flat_map(|piece| piece.split(" - "))
        .filter(|piece| piece.len() < text.len())
        .flat_map(|piece| iter::once(CodePart::new(piece, "", true)).chain(halves(piece)))
        .map(|part| CodePart {
            label: None,
            ..part
        });
    let whole = CodePart::new(text, "", true);
    iter::once(whole)
        .filter(|part| part.code.len() < text.len())
        .chain(halves(text))
        .chain(pieces)
        .filter(|part| has_text(part.code))
}

/// The parts of a text that is nothing but a code and its label, whatever stands between them and whichever comes first, where the
/// other part shows which of the two it is: `C-Closed`, `3_Closed`, `Closed 2021`. A letter with a number behind a mark is an id or a
/// grade (`A-1`), and so is what mixes both (`C1-2`).
pub(crate) fn beside_a_code(text: &str) -> impl Iterator<Item = &str> {
    let is_number = |part: &str| part.chars().all(char::is_numeric);
    let is_letters = |part: &str| part.chars().all(char::is_alphabetic);
    let is_letter_code = move |part: &str| is_letters(part) && part.chars().count() <= 2;
    let mut pieces = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|piece| !piece.is_empty());
    let pair = match (pieces.next(), pieces.next(), pieces.next()) {
        (Some(first), Some(second), None) => Some([(first, second), (second, first)]),
        _ => None,
    };
    let is_spaced = text.contains(' ');
    let shows = move |part: &str, other: &str| match is_number(other) {
        true => is_letters(part) && (is_spaced || !is_letter_code(part)),
        false => {
            is_letters(other) && (is_letter_code(other) || is_letter_code(part) || is_number(part))
        }
    };
    pair.into_iter()
        .flatten()
        .filter(move |(part, other)| shows(part, other))
        .map(|(part, _)| part)
}

impl<'a> CodePart<'a> {
    fn new(code: &'a str, label: &'a str, is_clear: bool) -> CodePart<'a> {
        CodePart {
            code: bare(code),
            label: Some(bare(label)),
            is_clear,
        }
    }
}

/// The ways to cut a text into a code and its label.
fn halves(text: &str) -> impl Iterator<Item = CodePart<'_>> {
    // Either half may be the code.
    let spaced = [" - ", " \u{2013} ", " \u{2014} "];
    let clear = [text.split_once(is_between), text.rsplit_once(is_between)]
        .into_iter()
        .chain(spaced.map(|mark| text.split_once(mark)))
        .chain(spaced.map(|mark| text.rsplit_once(mark)))
        .map(|cut| (cut, true));
    let is_clear = is_clear_list(text);
    let lists = [text.split_once(is_in_list), text.rsplit_once(is_in_list)];
    let either = clear
        .chain(lists.map(|cut| (cut, is_clear)))
        .filter_map(|(cut, is_clear)| cut.map(|(first, second)| (first, second, is_clear)))
        .flat_map(|(first, second, is_clear)| {
            [(first, second), (second, first)].map(|(code, label)| (code, label, is_clear))
        });
    // `C- Closed`, `3.Closed`: words and ids have such marks inside of them, and what is in front of one is the code.
    let inner = text
        .match_indices(['-', '.', '_', '\u{2013}', '\u{2014}'])
        .map(|(at, mark)| {
            let (code, label) = (&text[..at], &text[at + mark.len()..]);
            let has_blank = code.ends_with(' ') || label.starts_with(' ');
            (code, label, has_blank)
        });
    // `3 Closed`, `C Closed`: one letter or a number alone, or every "New York" would have a "new".
    let blank = text.split_once(char::is_whitespace);
    let blank = blank
        .into_iter()
        .filter(|(code, _)| code.chars().count() == 1 || code.chars().all(char::is_numeric))
        .map(move |(code, label)| (code, label, is_clear));
    either
        .chain(inner)
        .chain(blank)
        .filter(|(code, label, _)| has_text(code) && has_text(label))
        .map(|(code, label, is_clear)| CodePart::new(code, label, is_clear))
}

/// Whether commas and slashes of a text are those of a list: a number with them is an amount, a date or a telephone number.
fn is_clear_list(text: &str) -> bool {
    text.contains(|c: char| c.is_alphabetic() || is_between(c))
}

fn marks_of_lists(text: &str) -> impl Fn(char) -> bool {
    let is_clear = is_clear_list(text);
    move |c| is_between(c) || (is_clear && is_in_list(c))
}

/// What stands between several codes and beside a label, and nowhere else.
fn is_between(c: char) -> bool {
    matches!(
        c,
        ';' | '|' | '&' | '=' | '(' | ')' | '[' | ']' | '\n' | '\t'
    )
}

/// What stands there in words, and inside of numbers as well.
fn is_in_list(c: char) -> bool {
    matches!(c, ',' | '/' | ':' | '+' | '\u{2013}' | '\u{2014}')
}

/// What stands around a code that is written with marks: `(C)`, `C.`, `#2`.
fn is_around(c: char) -> bool {
    is_between(c)
        || is_in_list(c)
        || matches!(
            c,
            '{' | '}' | '<' | '>' | '"' | '\'' | '*' | '#' | '.' | '-' | '_' | ' '
        )
}

/// A text without the marks around it. Behind a minus a number is another one.
fn bare(text: &str) -> &str {
    let text = trim(text);
    match text.strip_prefix('-') {
        Some(number) if number.starts_with(char::is_numeric) => text,
        _ => text.trim_matches(is_around),
    }
}

fn has_text(part: &str) -> bool {
    part.contains(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The label beside a code, of each cut that finds it, and whether the cut is clear.
    fn found<'a>(text: &'a str, code: &str) -> Vec<(Option<&'a str>, bool)> {
        let parts = parts(text).filter(|part| part.code == code);
        parts.map(|part| (part.label, part.is_clear)).collect()
    }

    #[test]
    fn a_code_is_found_with_its_label() {
        for (text, label) in [
            ("3 - Closed", "Closed"),
            ("Closed \u{2013} 3", "Closed"),
            ("3: Closed", "Closed"),
            ("Closed (3)", "Closed"),
            ("[3] Closed", "Closed"),
            ("3 Closed", "Closed"),
            ("3.Closed", "Closed"),
            ("3.", ""),
            ("#3", ""),
        ] {
            assert_eq!(
                found(text, "3").first().map(|one| one.0),
                Some(Some(label)),
                "{text}"
            );
        }
    }

    #[test]
    fn a_code_is_found_among_several() {
        for text in ["A;C;D", "A, C, D", "A - C - D", "A;C - closed;D", "A\nC\nD"] {
            assert!(found(text, "C").contains(&(None, true)), "{text}");
        }
    }

    #[test]
    fn marks_inside_of_ids_and_numbers_are_not_clear() {
        for (text, code) in [
            ("C1-2", "C1"),
            ("3/4/2020", "3"),
            ("3:15", "3"),
            ("3,5", "3"),
        ] {
            let found = found(text, code);
            assert!(
                !found.is_empty() && found.iter().all(|one| !one.1),
                "{text}"
            );
        }
        for (text, code) in [
            ("-3", "3"),
            ("New York", "New"),
            ("Re-w", "w"),
            ("C1-2", "2"),
        ] {
            assert!(found(text, code).is_empty(), "{text}");
        }
    }
}
