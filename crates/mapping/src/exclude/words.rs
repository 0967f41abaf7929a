//! The words of a rule of `[exclude]`, and whether a cell is one of them.
//!
//! Owner of [`Word`] and [`compare`]. A cell is a word in every spelling in which a `lookup` finds a code: capitals, full-width
//! letters, the forms of a number. A cell that has a word and something besides (`3 - Closed`, `A;C`) is told apart from one
//! that has none: whoever opens the account of a customer whom a rule means cannot take it back.
//! Left out on purpose: which cells are empty or cannot be read (`exclude`).

use std::borrow::Cow;

use super::as_cell;
use crate::code_parts::{beside_a_code, parts};
use crate::lookup;
use bakkt_model::placeholder::is_placeholder;
use bakkt_model::text::{Folded, fold, ids, narrow};

/// A word that cells are compared with.
#[derive(Debug)]
pub struct Word {
    exact: String,
    folded: String,
    number: Option<String>,
}

impl Word {
    /// A word of the settings, read as a cell is.
    pub fn new(word: &str) -> Word {
        let exact = as_cell(word);
        Word {
            folded: fold(&exact),
            number: number(&exact).map(Cow::into_owned),
            exact,
        }
    }

    /// Whether it is spelled just so.
    pub(super) fn is_exactly(&self, text: &str) -> bool {
        self.exact == text
    }

    /// Whether it stands for an empty cell.
    pub(super) fn is_empty(&self) -> bool {
        self.exact.is_empty()
    }
}

/// What a cell is of some words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WordMatch {
    /// One of them.
    Same,
    /// It would be one, or have one, but a rule of its column spells it so.
    SpelledElsewhere,
    /// It has one of them, with a label or among several, or in letters of another alphabet.
    OtherForm,
    /// None of them.
    None,
}

/// Compares a cell with words: as it stands, or, where no rule of its column spells it so, without regard to case, and of numbers
/// by their value.
pub(super) fn compare(text: &str, words: &[Word], exact: impl FnOnce() -> bool) -> WordMatch {
    if words.iter().any(|word| word.is_exactly(text)) {
        return WordMatch::Same;
    }
    let folded = Folded::new(text);
    let has_numbers = words.iter().any(|word| word.number.is_some());
    let own = narrow(text);
    let own = has_numbers.then(|| number(&own)).flatten();
    let is_same = |word: &Word| {
        folded.is(&word.folded) || (own.is_some() && word.number.as_deref() == own.as_deref())
    };
    let is_one = words.iter().any(is_same);
    let has_one = || {
        has_mark(text) && !is_placeholder(text) && has_word(&fold(text), words)
            || looks_like_one(text, words)
    };
    match is_one || has_one() {
        false => WordMatch::None,
        true if exact() => WordMatch::SpelledElsewhere,
        true if is_one => WordMatch::Same,
        true => WordMatch::OtherForm,
    }
}

/// The digits of a whole number, without a sign, the zeros in front and the decimals that a spreadsheet adds or takes: `1`, `01`,
/// `+1` and `1.0` are one.
fn number(text: &str) -> Option<Cow<'_, str>> {
    lookup::number(text).or_else(|| {
        let (whole, fraction) = text.split_once('.')?;
        let is_whole = fraction.bytes().all(|byte| byte == b'0') && !fraction.is_empty();
        is_whole.then(|| lookup::number(whole)).flatten()
    })
}

/// Whether there is anything in a cell besides one word or one number. Most cells are settled here.
fn has_mark(text: &str) -> bool {
    text.contains(|c: char| !c.is_alphanumeric())
}

/// Whether a cell is one of the words but for letters of another alphabet that look the same: a Cyrillic `С` for `C`.
fn looks_like_one(text: &str, words: &[Word]) -> bool {
    let seen = ids::skeleton_of;
    !text.is_ascii() && words.iter().any(|word| seen(&word.exact) == seen(text))
}

/// Whether a folded cell has one of the words with something besides. Marks that ids, dates and numbers have inside of them count
/// for nothing.
fn has_word(cell: &str, words: &[Word]) -> bool {
    let is_word = |part: &str, word: &Word| {
        word.folded == part
            || (word.number.is_some() && word.number.as_deref() == number(part).as_deref())
    };
    let is_one = |part: &str| words.iter().any(|word| is_word(part, word));
    let mut clear = parts(cell).filter(|part| part.is_clear);
    clear.any(|part| is_one(part.code)) || beside_a_code(cell).any(is_one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(text: &str, words: &[&str]) -> WordMatch {
        let words: Vec<Word> = words.iter().map(|word| Word::new(word)).collect();
        compare(text, &words, || false)
    }

    #[test]
    fn a_cell_is_a_word_in_every_spelling_of_a_code() {
        for (text, word) in [
            ("3", "3"),
            ("3.0", "3"),
            ("3.000", "3"),
            ("3,0", "3"),
            ("03", "3"),
            ("+3", "3"),
            ("\u{ff13}", "3"),
            ("\u{663}", "3"),
            ("3", "03"),
            ("c", "C"),
            ("\u{ff23}", "C"),
            ("C\u{200b}", "C"),
            ("gesperrt", "GESPERRT"),
        ] {
            assert_eq!(compared(text, &[word]), WordMatch::Same, "{text}");
        }
    }

    #[test]
    fn whole_numbers_are_compared_by_their_value() {
        let words = ["1", "A", "2.5"];
        for text in ["1", "01", "1.0", "001.00", "1,0", "a"] {
            assert_eq!(compared(text, &words), WordMatch::Same, "{text}");
        }
        for text in ["10", "1.5", ".0", "-1", "02.5", "", "B"] {
            assert_eq!(compared(text, &words), WordMatch::None, "{text}");
        }
        assert_eq!(compared("1.", &words), WordMatch::OtherForm);
    }

    #[test]
    fn a_word_with_something_besides_is_told_apart() {
        for (text, word) in [
            ("3 - Closed", "3"),
            ("3 Closed", "3"),
            ("3. Closed", "3"),
            ("3: Closed", "3"),
            ("3.", "3"),
            ("2;3", "3"),
            ("2 | 3", "3"),
            ("C - Closed", "C"),
            ("C- Closed", "C"),
            ("C\u{2013} Closed", "c"),
            ("C=Closed", "C"),
            ("C Closed", "C"),
            ("Closed (C)", "C"),
            ("Closed - C", "C"),
            ("A - C - D", "C"),
            ("A+C", "C"),
            ("\u{421}", "C"),
            ("C.", "C"),
            ("(C)", "C"),
            ("A,C", "C"),
            ("A/C", "C"),
            ("A & C", "C"),
            ("Closed: 2020", "closed"),
            ("closed (fraud)", "Closed"),
            ("Closed - fraud", "Closed"),
            ("C-Closed", "C"),
            ("C_Closed", "C"),
            ("C\u{2014}Closed", "C"),
            ("C.Closed", "Closed"),
            ("Closed-C", "C"),
            ("Closed C", "C"),
            ("3-Closed", "3"),
            ("3_Closed", "Closed"),
            ("3 Closed", "Closed"),
            ("Closed 2021", "Closed"),
            ("9/Closed", "9"),
            ("\u{ab}C\u{bb} closed", "C"),
        ] {
            assert_eq!(compared(text, &[word]), WordMatch::OtherForm, "{text}");
        }
    }

    #[test]
    fn what_only_looks_a_little_like_a_word_is_none() {
        for (text, word) in [
            ("", "C"),
            ("A", "C"),
            ("Current", "C"),
            ("C1-2", "C1"),
            ("12-3", "12"),
            ("New York", "New"),
            ("Not closed", "closed"),
            ("Non-resident", "resident"),
            ("A-1", "A"),
            ("3 000", "3"),
            ("N/A", "N"),
            ("3/4/2020", "3"),
            ("2020-03-04", "3"),
            ("3:15", "3"),
            ("3.5", "3"),
            ("3,500.00", "3"),
            ("0.50", "0"),
            ("1,000", "0"),
            ("1.500,00", "0"),
            ("-3", "3"),
            ("$ 0.50", "0"),
            ("10", "1"),
        ] {
            assert_eq!(compared(text, &[word]), WordMatch::None, "{text}");
        }
    }

    #[test]
    fn a_rule_that_spells_a_cell_out_goes_first() {
        let words = [Word::new("C")];
        for text in ["c", "C - Closed"] {
            assert_eq!(
                compare(text, &words, || true),
                WordMatch::SpelledElsewhere,
                "{text}"
            );
        }
        assert_eq!(compare("C", &words, || true), WordMatch::Same);
    }
}
