//! The words of a name's cell: cutting it into words, and what a single word is: a suffix, a degree, a title, an initial.
//!
//! Owner: `mapping::names`. Invariant: what no name holds gives no words at all. Left out on purpose: which words are whose name
//! (`names`), and particles.

use super::firms::{ACCOUNT, FIRM, GIVEN, TRADE_OR_NAME, has};
use super::particles;
use super::words::{
    COURTESY, DEGREES, DEGREES_OR_NAMES, DOTTED_HONORIFICS, FACULTIES, HONORIFICS,
    NUMBERS_OR_NAMES, SUFFIXES,
};
use super::{doubts, titles};

/// The words of a part; `None` when it holds what no name holds.
pub(super) fn tokens(part: &str) -> Option<Vec<&str>> {
    let mut tokens = Vec::new();
    let (mut quote, mut dashed) = (None, false);
    for token in part.split_whitespace() {
        // John 'Jack' Doe, but not Van 't Hoff.
        if quote.is_none() && is_in_single_quotes(token) {
            continue;
        }
        // Nicknames: John "Jack" Doe. One of several words ends where its quote does. Brackets say anything: "(dec.)".
        let opens = quote.is_none().then(|| closing(token)).flatten();
        if let Some(close) = quote.or(opens) {
            let inside = token.strip_prefix(['"', '\u{201c}']).unwrap_or(token);
            let ends = inside.ends_with(close);
            let word = doubts::folded(inside.trim_end_matches(close));
            if has(ACCOUNT, &word)
                || has(FIRM, &word)
                || !inside.trim_end_matches(close).chars().all(in_name)
            {
                return None;
            }
            quote = if ends { None } else { Some(close) };
            continue;
        }
        if suffix(token).is_none() && !token.chars().all(in_name) {
            return None;
        }
        // "Smith -Jones" is half of a name, or a remark.
        let dash = ['-', '\u{2010}', '\u{2011}'];
        let has_letter = token.chars().any(char::is_alphanumeric);
        let is_half = token.starts_with(dash) || token.ends_with(dash);
        if has_letter && is_half && !particles::is_article(token) {
            return None;
        }
        if has_letter {
            // What stands behind a dash is a remark, or the second half of a family name.
            if dashed && !tokens.is_empty() {
                return None;
            }
            tokens.push(token);
        } else {
            // A dot alone, or a dash at an end, is nothing.
            dashed |= token.contains(['-', '\u{2010}', '\u{2011}']);
        }
    }
    let ends_in_article = tokens
        .last()
        .is_some_and(|last| particles::is_article(last));
    (quote.is_none() && !ends_in_article).then_some(tokens)
}

fn is_in_single_quotes(token: &str) -> bool {
    let opened = token.strip_prefix(['\'', '\u{2018}', '\u{2019}', '`']);
    let inside = opened.and_then(|rest| rest.strip_suffix(['\'', '\u{2019}', '`']));
    inside.is_some_and(|inside| letters(inside) > 1 && inside.chars().all(in_name))
}

/// What ends a nickname that a token begins.
fn closing(token: &str) -> Option<char> {
    match token.chars().next()? {
        '"' => Some('"'),
        '\u{201c}' => Some('\u{201d}'),
        _ => None,
    }
}

/// A word that no person's name has. "J.T. Smith" begins with initials.
pub(super) fn is_no_person(parts: &[Vec<&str>]) -> bool {
    let initials = |place: usize, token: &str| {
        place == 0 && parts.len() == 1 && letters(token) == 2 && token.find('.') == Some(1)
    };
    parts.iter().flatten().enumerate().any(|(place, token)| {
        let word = doubts::folded(token);
        (has(ACCOUNT, &word) || has(FIRM, &word)) && !initials(place, token)
    })
}

/// "Mr Mrs John Doe", "Dr Mrs John Doe": two people. "Herr Dr." is one.
pub(super) fn are_several(parts: &[Vec<&str>]) -> bool {
    let words: Vec<String> = parts.iter().flatten().map(|token| plain(token)).collect();
    let courtesy = |word: &String| COURTESY.contains(&word.as_str());
    let title = |word: &String| HONORIFICS.contains(&word.as_str()) || word == "sr";
    words.iter().filter(|word| courtesy(word)).count() > 1
        || words
            .windows(2)
            .any(|two| title(&two[0]) && courtesy(&two[1]))
}

pub(super) fn letters(token: &str) -> usize {
    token.chars().filter(|c| c.is_alphabetic()).count()
}

pub(super) fn ends_in_trade(tokens: &[&str]) -> bool {
    let last = tokens.last();
    last.is_some_and(|last| has(TRADE_OR_NAME, &plain(last)))
}

/// Given names and initials alone stand before the last word: "Jane Q Church".
pub(super) fn is_person(all: &[&str]) -> bool {
    let given = |token: &&str| has(GIVEN, &plain(token));
    match all {
        [first, between @ .., _] => {
            given(first)
                && between
                    .iter()
                    .all(|token| given(token) || letters(token) == 1)
        }
        _ => false,
    }
}

/// An initial's dot says that it is no number.
pub(super) fn ends_in_number(tokens: &[&str]) -> bool {
    let last = tokens.last();
    last.is_some_and(|last| NUMBERS_OR_NAMES.contains(&last.to_lowercase().as_str()))
}

/// A suffix or a title, which stands at an end or nowhere.
pub(super) fn is_mark(token: &str) -> bool {
    suffix(token).is_some() || HONORIFICS.contains(&plain(token).as_str())
}

pub(super) fn in_name(c: char) -> bool {
    c.is_alphabetic()
        || unicode_normalization::char::is_combining_mark(c)
        || matches!(
            c,
            '\'' | '\u{2019}' | '`' | '-' | '\u{2010}' | '\u{2011}' | '.' | '\u{2bb}'
        )
}

/// Lower case, without dots.
pub(super) fn plain(token: &str) -> String {
    token
        .chars()
        .filter(|c| *c != '.')
        .flat_map(char::to_lowercase)
        .collect()
}

/// The usual spelling of a suffix. "J.R." are initials.
pub(super) fn suffix(token: &str) -> Option<&'static str> {
    let word = token.trim_end_matches('.');
    let known = SUFFIXES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word));
    known.map(|(_, usual)| *usual)
}

pub(super) fn is_degree(token: &str) -> bool {
    DEGREES.contains(&plain(token).as_str())
}

/// A degree among the given names that cannot be two initials: "John PhD Roe".
pub(super) fn is_long_degree(token: &str) -> bool {
    letters(token) > 2 && titles::is_sure_degree(token)
}

/// What is never a name.
pub(super) fn is_title(token: &str) -> bool {
    matches!(plain(token).as_str(), "mr" | "mrs" | "ms" | "miss" | "dr")
}

/// So many words, the last of which is a degree to one reader and a name to another.
pub(super) fn ends_in_doubt(tokens: &[&str], least: usize) -> bool {
    let doubtful = |token: &&str| DEGREES_OR_NAMES.contains(&plain(token).as_str());
    tokens.len() >= least && tokens.last().is_some_and(doubtful)
}

/// Takes honorifics off the front as long as so many words stay. "Sr" before a name is the Spanish one.
pub(super) fn without_honorifics<'a, 't>(mut tokens: &'a [&'t str], least: usize) -> &'a [&'t str] {
    while let [first, rest @ ..] = tokens
        && rest.len() >= least
        && is_honorific(first)
    {
        tokens = rest;
    }
    tokens
}

pub(super) fn is_honorific(token: &str) -> bool {
    let word = plain(token);
    let dotted = token.ends_with('.');
    let small = token.chars().next().is_some_and(char::is_lowercase);
    HONORIFICS.contains(&word.as_str())
        || word == "sr"
        // "p. Jan Novak" is Mister; an initial is a capital.
        || token == "p."
        || (dotted && DOTTED_HONORIFICS.contains(&word.as_str()))
        || (dotted && small && FACULTIES.contains(&word.as_str()))
        || is_several_titles(token)
}

/// Titles in one word: "Prof.Dr.", "Dr.med.dent.", "Mag.a".
pub(super) fn is_several_titles(token: &str) -> bool {
    let mut words = token.split('.').filter(|word| !word.is_empty());
    let known = |word: &str, more: &[&str]| {
        let word = word.trim_start_matches('-').to_lowercase();
        HONORIFICS.contains(&word.as_str()) || more.contains(&word.as_str())
    };
    let first = words
        .next()
        .is_some_and(|word| known(word, DOTTED_HONORIFICS));
    let mut others = words.peekable();
    first
        && others.peek().is_some()
        && others
            .all(|word| known(word, FACULTIES) || matches!(word, "a" | "in" | "ssa" | "h" | "c"))
}

/// How many particles stand at the end, behind at least one name.
pub(super) fn particles_behind<'t>(tokens: &[&'t str], next: Option<&'t str>) -> usize {
    particles::count_before(tokens.get(1..).unwrap_or_default(), next)
}

/// An initial without its dot.
pub(super) fn initial(token: &str) -> &str {
    let bare = token.strip_suffix('.').unwrap_or(token);
    let mut letters = bare.chars();
    match (letters.next(), letters.next()) {
        (Some(_), None) => bare,
        _ => token,
    }
}
