//! Tables from a legacy code to the contract's word.
//!
//! Owner of [`Lookup`]. A code is found as it stands, else by its folded spelling, whatever the size of the table; two codes
//! that fold alike and mean different things are therefore told apart when they are spelled exactly, and only then. A code that is a
//! number is found in the other spellings of that number as well, which spreadsheets and databases make of it, and a code with its
//! label in one cell (`M - Married`) where both mean the same. Owner of [`Otherwise`]:
//! what stands for codes that no table knows, and for none that says itself what it means.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::code_parts::parts;
use crate::step::{AMBIGUOUS_CODE, LABELLED_CODE, LOOK_ALIKE_CODE, MARKED_CODE, UNKNOWN_CODE};
use crate::unreadable;
use bakkt_contract::fold::fold as letters_and_digits;
use bakkt_model::text::lost::whole_number;
use bakkt_model::text::{Folded, cell, fold, ids, narrow, trim};

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

    /// What a text that [`Lookup::find`] does not know means: a number in another spelling, or a code with its label. The error:
    /// several codes could be meant, something that is near a code and none, or nothing that anybody can read; `otherwise` does not stand for it.
    pub(crate) fn find_changed(&self, text: &str) -> Result<Option<&str>, &'static str> {
        match self.find_number(text)? {
            None if self.looks_like_a_code(text) => Err(LOOK_ALIKE_CODE),
            None => match unreadable::why(text) {
                Some(why) => Err(why),
                None => self.find_part(text),
            },
            meaning => Ok(meaning),
        }
    }

    /// Whether a text is a code but for letters of another alphabet that look the same: a Cyrillic `М` for `M`.
    fn looks_like_a_code(&self, text: &str) -> bool {
        if text.is_ascii() {
            return false;
        }
        let skeleton = |text: &str| {
            let mut out = String::with_capacity(text.len());
            ids::skeleton(text, &mut out);
            out
        };
        let seen = skeleton(text);
        let mut codes = self.pairs.iter();
        codes.any(|pair| skeleton(&pair.code) == seen)
    }

    /// What a code means that has its label behind it or in front of it: `1 - Single`, `1: Single`, `1 Single`, `Single (1)`. The label
    /// is the word that the code means or another code with the same meaning; else nobody can say which of the two is right, and
    /// neither of several codes, or of one in marks that may be part of it.
    fn find_part(&self, text: &str) -> Result<Option<&str>, &'static str> {
        let code = parts(text).find_map(|part| Some((self.meaning_of(part.code)?, part.label)));
        let Some((code, label)) = code else {
            return Ok(None);
        };
        let (code, label) = (code?, label.ok_or(LABELLED_CODE)?);
        match self.meaning_of(label) {
            _ if label.is_empty() => Err(MARKED_CODE),
            Some(Ok(other)) if code == other => Ok(Some(code)),
            None if letters_and_digits(label) == letters_and_digits(code) => Ok(Some(code)),
            _ => Err(LABELLED_CODE),
        }
    }

    /// What a part of a text means as a code, or why nobody can say; none: it is no code.
    fn meaning_of(&self, part: &str) -> Option<Result<&str, &'static str>> {
        let known = match self.find(part) {
            Ok(None) => self.find_number(part),
            known => known,
        };
        match known {
            Ok(meaning) => meaning.map(Ok),
            Err(UNKNOWN_CODE) => None,
            Err(why) => Some(Err(why)),
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
    fn a_code_with_its_label_is_looked_up_where_both_mean_the_same() {
        let mut table = Lookup::default();
        for (code, meaning) in [
            ("1", "SINGLE"),
            ("2", "MARRIED"),
            ("W", "WIDOWED"),
            ("widow", "WIDOWED"),
            ("NA", "DIVORCED"),
        ] {
            table.add(code, meaning.to_owned());
        }
        let labelled = Err(LABELLED_CODE);
        for (text, meaning) in [
            ("1 - Single", Ok(Some("SINGLE"))),
            ("1: Single", Ok(Some("SINGLE"))),
            ("1-single", Ok(Some("SINGLE"))),
            ("01 \u{2013} SINGLE", Ok(Some("SINGLE"))),
            ("1 Single", Ok(Some("SINGLE"))),
            ("1. Single", Ok(Some("SINGLE"))),
            ("1) Single", Ok(Some("SINGLE"))),
            ("(1) Single", Ok(Some("SINGLE"))),
            ("Married (2)", Ok(Some("MARRIED"))),
            ("W (Widow)", Ok(Some("WIDOWED"))),
            ("w=Widowed", Ok(Some("WIDOWED"))),
            ("Widowed - W", Ok(Some("WIDOWED"))),
            ("1 - Married", labelled),
            ("1 - 2", labelled),
            ("1 - Unmarried", labelled),
            ("2 never", labelled),
            ("W (remarried)", labelled),
            ("1-2", labelled),
            ("1/2", labelled),
            ("3 & 1", labelled),
            ("3;1;4", labelled),
            ("W Widowed", Ok(Some("WIDOWED"))),
            ("3 - Divorced", Ok(None)),
            ("Re-w", Ok(None)),
            ("X - Single", Ok(None)),
            ("well off", Ok(None)),
            ("\u{461}", Ok(None)),
            ("\u{39d}A", Err(LOOK_ALIKE_CODE)),
            ("W ill", labelled),
            ("(W)", Err(MARKED_CODE)),
            ("W.", Err(MARKED_CODE)),
            ("#2", Err(MARKED_CODE)),
            ("(X)", Ok(None)),
            (
                "#REF!",
                Err("the error of a spreadsheet or a program instead of a value"),
            ),
            ("=A1", Err("begins like a formula of a spreadsheet")),
            ("-1", Ok(None)),
            ("1.0", Ok(Some("SINGLE"))),
            ("1.5", Err(UNKNOWN_CODE)),
            ("", Ok(None)),
        ] {
            assert_eq!(table.find_changed(text), meaning, "{text}");
        }
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
