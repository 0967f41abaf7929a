//! Tables from a legacy code to the contract's word.
//!
//! Owner of [`Lookup`]. A code is found as it stands, else by its folded spelling, whatever the size of the table; two codes
//! that fold alike and mean different things are therefore told apart when they are spelled exactly, and only then. A code that is a
//! number is found in the other spellings of that number as well, which spreadsheets and databases make of it. Owner of [`Otherwise`]:
//! what stands for codes that no table knows, and for none that says itself what it means.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::step::{AMBIGUOUS_CODE, UNKNOWN_CODE};
use bakkt_contract::fold::fold as letters_and_digits;
use bakkt_model::text::lost::whole_number;
use bakkt_model::text::{Folded, cell, fold, narrow, trim};

/// A compiled table.
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    pairs: Vec<Pair>,
    exact: HashMap<String, usize>,
    folded: HashMap<String, usize>,
    /// By number, of codes that are one: the place, and whether others of the number mean something else.
    numbers: HashMap<String, (usize, bool)>,
}

#[derive(Clone, Debug)]
struct Pair {
    code: String,
    folded: String,
    meaning: String,
    /// A later code folds alike and means something else.
    in_doubt: bool,
}

/// Tables up to this size are searched in order, which is faster than hashing.
const SMALL: usize = 12;

impl Lookup {
    /// Adds a code; its key is read as cells are.
    pub(crate) fn add(&mut self, code: &str, meaning: String) {
        let place = self.pairs.len();
        let code = trim(code);
        let code = cell::compose(code).unwrap_or_else(|| code.to_owned());
        let folded = fold(&code);
        self.exact.insert(code.clone(), place);
        let first = *self.folded.entry(folded.clone()).or_insert(place);
        if let Some(first) = self.pairs.get_mut(first) {
            first.in_doubt |= first.meaning != meaning;
        }
        if let Some(number) = number(&code) {
            let known = self.numbers.entry(number.into_owned());
            let (first, in_doubt) = known.or_insert((place, false));
            let meant = self
                .pairs
                .get(*first)
                .map_or(&meaning, |pair| &pair.meaning);
            *in_doubt |= *meant != meaning;
        }
        self.pairs.push(Pair {
            code,
            folded,
            meaning,
            in_doubt: false,
        });
    }

    /// Every word that a code can mean.
    pub(crate) fn meanings(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|pair| pair.meaning.as_str())
    }

    /// What a code means; none: it is not in the table. The error: several codes could be meant.
    pub(crate) fn find(&self, code: &str) -> Result<Option<&str>, &'static str> {
        let is_small = self.pairs.len() <= SMALL;
        let exact = match is_small {
            // Codes are short: a loop takes less than a call of `memcmp` for each.
            true => {
                let mut pairs = self.pairs.iter();
                pairs.rposition(|pair| pair.code.bytes().eq(code.bytes()))
            }
            false => self.exact.get(code).copied(),
        };
        if let Some(exact) = exact {
            return Ok(Some(&self.pairs[exact].meaning));
        }
        let folded = match is_small {
            true => {
                let code = Folded::new(code);
                self.pairs.iter().position(|pair| code.is(&pair.folded))
            }
            false => self.folded.get(&fold(code)).copied(),
        };
        match folded.map(|place| &self.pairs[place]) {
            Some(pair) if pair.in_doubt => Err(AMBIGUOUS_CODE),
            pair => Ok(pair.map(|pair| pair.meaning.as_str())),
        }
    }

    /// What a code that [`Lookup::find`] does not know means as a number: `1.0`, `01` and `+1` are 1. The error: several codes could
    /// be meant, or it is a number with decimals, or several, and no code is.
    pub(crate) fn find_number(&self, code: &str) -> Result<Option<&str>, &'static str> {
        if self.numbers.is_empty() || !code.starts_with(may_begin_number) {
            return Ok(None);
        }
        let code = narrow(code);
        let Some(number) = number(&code) else {
            let has_mark = code.contains(['.', ',']);
            let fits = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '+' | ' ');
            return match has_mark && code.chars().all(fits) {
                true => Err(UNKNOWN_CODE),
                false => Ok(None),
            };
        };
        match self.numbers.get(&*number) {
            Some((_, true)) => Err(AMBIGUOUS_CODE),
            Some((place, false)) => Ok(Some(&self.pairs[*place].meaning)),
            None => Ok(None),
        }
    }
}

fn may_begin_number(c: char) -> bool {
    c.is_numeric() || matches!(c, '+' | '\u{ff0b}')
}

/// The number that a code is, without a sign and zeros in front: `1` of `01`, `+1`, `1.0` and `1.00E+00`.
pub(crate) fn number(code: &str) -> Option<Cow<'_, str>> {
    let unsigned = code.strip_prefix('+').unwrap_or(code);
    let is_plain = !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit());
    let digits = match is_plain {
        true => Cow::Borrowed(unsigned),
        false => Cow::Owned(whole_number(unsigned)?),
    };
    let zeros = digits.len() - digits.trim_start_matches('0').len();
    let start = zeros.min(digits.len().saturating_sub(1));
    Some(match digits {
        Cow::Borrowed(digits) => Cow::Borrowed(&digits[start..]),
        Cow::Owned(digits) => Cow::Owned(digits[start..].to_owned()),
    })
}

/// What stands for the codes that are not in a table.
#[derive(Clone, Debug)]
pub struct Otherwise {
    word: String,
    /// Words that the field takes, folded, and as the contract has them: who writes one means it.
    own: Vec<(String, &'static str)>,
    /// Only words that the mapping names may come out.
    only_named: bool,
}

impl Otherwise {
    /// One for a field that takes these words. Where the table makes another one of any of them, as `{ true = false }` does, they are
    /// codes like all others.
    pub(crate) fn new(
        word: String,
        table: &Lookup,
        words: &[&'static str],
        only_named: bool,
    ) -> Otherwise {
        let folded = |word: &&'static str| (letters_and_digits(word), *word);
        let mut own: Vec<(String, &'static str)> = words.iter().map(folded).collect();
        let is_other = |pair: &Pair| {
            let code = letters_and_digits(&pair.code);
            own.iter()
                .any(|(folded, word)| *folded == code && pair.meaning != *word)
        };
        if table.pairs.iter().any(is_other) {
            own.clear();
        }
        Otherwise {
            word,
            own,
            only_named,
        }
    }

    /// The word itself.
    pub(crate) fn word(&self) -> &str {
        &self.word
    }

    /// What stands for a code that the table does not have; the error: it says a word of the field that must not come out.
    pub(crate) fn of(&self, code: &str, table: &Lookup) -> Result<&str, &'static str> {
        if self.own.is_empty() {
            return Ok(&self.word);
        }
        let code = letters_and_digits(code);
        match self.own.iter().find(|(folded, _)| *folded == code) {
            None => Ok(&self.word),
            Some((_, own)) if !self.only_named || table.meanings().any(|named| named == *own) => {
                Ok(own)
            }
            Some((_, own)) if *own == self.word => Ok(own),
            Some(_) => Err(UNKNOWN_CODE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_table_changes_no_answer() {
        let codes = [
            ("marié", "1"),
            ("Женат", "2"),
            ("STRASSE", "3"),
            ("m", "4"),
            ("M", "5"),
            ("hayır", "6"),
        ];
        let mut small = Lookup::default();
        for (code, meaning) in codes {
            small.add(code, meaning.to_owned());
        }
        let mut large = small.clone();
        for more in 0..SMALL {
            large.add(&format!("more {more}"), "more".to_owned());
        }
        for (code, meaning) in [
            ("MARIÉ", Some("1")),
            ("MARIE\u{301}", Some("1")),
            ("ЖЕНАТ", Some("2")),
            ("straße", Some("3")),
            ("m", Some("4")),
            ("M", Some("5")),
            ("HAYIR", Some("6")),
            ("HAYİR", Some("6")),
            ("mar\u{ad}ié", Some("1")),
            ("marie", None),
            ("", None),
        ] {
            assert_eq!(small.find(code), Ok(meaning), "{code}");
            assert_eq!(large.find(code), Ok(meaning), "{code}");
        }
        // Neither m nor M.
        for table in [&small, &large] {
            assert_eq!(table.find("\u{ff2d}"), Err(AMBIGUOUS_CODE));
        }
    }

    #[test]
    fn a_number_is_a_code_in_every_spelling_of_it() {
        let mut table = Lookup::default();
        for (code, meaning) in [("1", "one"), ("02", "two"), ("0", "none"), ("N", "letter")] {
            table.add(code, meaning.to_owned());
        }
        for (code, meaning) in [
            ("1.0", Ok(Some("one"))),
            ("1,00", Ok(Some("one"))),
            ("01", Ok(Some("one"))),
            ("+1", Ok(Some("one"))),
            ("1.00E+00", Ok(Some("one"))),
            ("\u{ff10}\u{ff11}", Ok(Some("one"))),
            ("2", Ok(Some("two"))),
            ("2.0", Ok(Some("two"))),
            ("00", Ok(Some("none"))),
            ("3", Ok(None)),
            ("-1", Ok(None)),
            ("1a", Ok(None)),
            ("x", Ok(None)),
            ("", Ok(None)),
            ("1.5", Err(UNKNOWN_CODE)),
            ("1.000", Err(UNKNOWN_CODE)),
            ("1, 2", Err(UNKNOWN_CODE)),
        ] {
            assert_eq!(table.find_number(code), meaning, "{code}");
        }
        table.add("2", "another two".to_owned());
        assert_eq!(table.find_number("2.0"), Err(AMBIGUOUS_CODE));
        assert_eq!(table.find("2"), Ok(Some("another two")));
        // Without a number in it, a table has no numbers.
        let mut letters = Lookup::default();
        letters.add("N", "letter".to_owned());
        assert_eq!(letters.find_number("1.5"), Ok(None));
    }

    #[test]
    fn a_word_of_the_field_means_itself() {
        let mut table = Lookup::default();
        table.add("1", "GROWTH".to_owned());
        let words = &["GROWTH", "CAPITAL_PRESERVATION", "OTHER"];
        let any = Otherwise::new("OTHER".to_owned(), &table, words, false);
        let named = Otherwise::new("OTHER".to_owned(), &table, words, true);
        for (code, meaning, of_named) in [
            ("GROWTH", "GROWTH", Ok("GROWTH")),
            ("growth", "GROWTH", Ok("GROWTH")),
            (
                "Capital Preservation",
                "CAPITAL_PRESERVATION",
                Err(UNKNOWN_CODE),
            ),
            ("other", "OTHER", Ok("OTHER")),
            ("9", "OTHER", Ok("OTHER")),
            ("", "OTHER", Ok("OTHER")),
        ] {
            assert_eq!(any.of(code, &table), Ok(meaning), "{code}");
            assert_eq!(named.of(code, &table), of_named, "{code}");
        }
        // A table that turns the words round knows better.
        let mut not = Lookup::default();
        not.add("true", "false".to_owned());
        let otherwise = Otherwise::new("true".to_owned(), &not, &["true", "false"], false);
        assert_eq!(otherwise.of("false", &not), Ok("true"));
    }
}
