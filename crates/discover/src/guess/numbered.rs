//! Columns whose headers differ by a number alone, or by the script of their values: `DOB1` and `DOB2`, `Email` and `Email 2`,
//! `First Name (Local)` and `First Name (Latin)`.
//!
//! Owner of which columns are such, so that a field that takes one of them never leaves out another without a word. Left out on
//! purpose: fields that take several (lines of a street, phones), two surnames of one person (`joined_parts`), and the
//! columns of a second person (`headers`).

use std::collections::HashMap;

use super::columns::{Confidence, Pick, turns};
use super::fields::{Concept, Group};
use super::score::ColumnView;
use super::words::{HeaderToken, WordSet, says, tokens};
use crate::inspect::column::ColumnProfile;

/// Greater numbers are years or codes and count nothing.
const GREATEST: u32 = 9;

/// The most columns that are looked at as one thing several times.
const MOST_ALIKE: usize = 40;

/// Words for the script that values are written in.
const SCRIPTS: &str = "latin local native roman romaji english kana kanji katakana furigana";

/// The number of a word: behind it, or the last digit of a spelling that the table has (`apellido1`).
pub(super) fn number_of(token: &HeaderToken) -> Option<u32> {
    let last = token.spelled.chars().last().and_then(|c| c.to_digit(10));
    token.number.or(last.filter(|_| token.spelled.len() > 1))
}

/// A header without its number and its script, and the two.
struct Stem<'t> {
    words: Vec<&'t str>,
    number: Option<u32>,
    script: Option<&'t str>,
}

impl<'t> Stem<'t> {
    fn of(tokens: &'t [HeaderToken]) -> Stem<'t> {
        let mut stem = Stem {
            words: Vec::new(),
            number: None,
            script: None,
        };
        for token in tokens {
            stem.number = stem.number.or(number_of(token));
            match says(std::slice::from_ref(token), SCRIPTS) {
                true => stem.script = Some(&token.spelled),
                false => stem
                    .words
                    .push(token.spelled.trim_end_matches(|c: char| c.is_ascii_digit())),
            }
        }
        stem
    }

    /// Whether its number, if it has one, counts columns.
    fn counts(&self) -> bool {
        self.number.is_none_or(|number| number <= GREATEST)
    }

    /// Whether another header differs from this one by its number, or by its script.
    fn is_like(&self, other: &Stem<'_>) -> bool {
        self.words == other.words
            && !self.words.is_empty()
            && self.counts()
            && other.counts()
            && (self.number != other.number || self.script != other.script)
    }
}

/// A field that takes one column has the first of those that a number tells apart; that is not sure while another of them
/// feeds nothing.
pub(super) fn the_first_is_taken(picks: &mut [Pick], seen: &[ColumnView<'_>]) {
    let view = |column: usize| seen.iter().find(|seen| seen.index == column);
    for at in 0..picks.len() {
        let pick = picks[at];
        // A second person's number is theirs.
        let is_first = pick.place.marks.is_empty() && takes_one(pick.concept);
        let Some(own) = view(pick.column).filter(|_| is_first) else {
            continue;
        };
        let stem = Stem::of(&own.tokens);
        let free: Vec<(Option<u32>, usize)> = seen
            .iter()
            .filter(|other| picks.iter().all(|pick| pick.column != other.index))
            .map(|other| (Stem::of(&other.tokens), other.index))
            .filter(|(other, _)| stem.is_like(other))
            .map(|(other, index)| (other.number, index))
            .collect();
        let first = free
            .iter()
            .min()
            .filter(|(number, _)| *number < stem.number);
        if let Some((_, column)) = first {
            picks[at].column = *column;
        }
        if !free.is_empty() {
            picks[at].confidence = pick.confidence.min(Confidence::Medium);
        }
    }
}

/// A second given name, `First Name 2`, is a middle name where no column is called one.
pub(super) fn second_given_name_is_middle(seen: &mut [ColumnView<'_>]) {
    let (first, middle) = (WordSet::of("first"), WordSet::of("middle"));
    let given = WordSet::of("first/name");
    if seen.iter().any(|seen| {
        let mut tokens = seen.tokens.iter();
        tokens.any(|token| token.sure && token.words.meet(middle) && !token.words.meet(first))
    }) {
        return;
    }
    let is_given = |seen: &ColumnView<'_>| {
        let mut tokens = seen.tokens.iter();
        seen.words().meet(first) && tokens.all(|token| token.words.meet(given))
    };
    let second = seen.iter().position(|second| {
        let stem = Stem::of(&second.tokens);
        let mut others = seen.iter().map(|other| Stem::of(&other.tokens));
        stem.number == Some(2)
            && is_given(second)
            && others.any(|other| stem.is_like(&other) && other.number < stem.number)
    });
    if let Some(second) = second {
        seen[second].tokens.extend(tokens("secondary"));
    }
}

/// The headers of a file by what they share beside numbers and scripts.
pub(super) struct LikeHeaders {
    headers: Vec<Vec<HeaderToken>>,
    filled: Vec<bool>,
    /// By the words of a header without its number and its script.
    by_words: HashMap<String, Vec<usize>>,
}

impl LikeHeaders {
    pub(super) fn of(columns: &[ColumnProfile]) -> LikeHeaders {
        let headers: Vec<Vec<HeaderToken>> =
            columns.iter().map(|column| tokens(&column.name)).collect();
        let mut by_words: HashMap<String, Vec<usize>> = HashMap::new();
        for (column, header) in headers.iter().enumerate() {
            let stem = Stem::of(header);
            if stem.counts() {
                let words = stem.words.join(" ");
                by_words.entry(words).or_default().push(column);
            }
        }
        // So many columns of one header are told apart by nothing.
        by_words.retain(|_, same| same.len() <= MOST_ALIKE);
        LikeHeaders {
            filled: columns.iter().map(|column| column.filled > 0).collect(),
            headers,
            by_words,
        }
    }

    /// The columns that are told from one by their number or their script alone, have values, and pass a test.
    pub(super) fn beside(&self, own: usize, fits: impl Fn(usize) -> bool) -> Vec<usize> {
        let stem = Stem::of(&self.headers[own]);
        let same = self.by_words.get(&stem.words.join(" "));
        same.into_iter()
            .flatten()
            .copied()
            .filter(|other| *other != own && self.filled[*other] && fits(*other))
            .filter(|other| stem.is_like(&Stem::of(&self.headers[*other])))
            .collect()
    }
}

/// Whether a field takes one column alone. Which columns make one address is for `families` and `elements` to say.
pub(super) fn takes_one(concept: &Concept) -> bool {
    turns(concept.kind) == 1 && concept.group != Group::Address
}
