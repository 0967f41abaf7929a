//! A message, word by word: each is kept or masked, with what stands around it in view.
//!
//! Owner of the rules about words next to each other: a value that is cut apart by spaces, dots or dashes; a word glued to
//! one that is masked; quotes; words that were cut short. Pure.

use super::personal::{Personal, is_mark};
use super::vocabulary::{WordClass, vocabulary};
use super::{decode, parts};
use crate::fold::fold;
use crate::path;

/// Longest message that is looked at, and longest that is kept, in characters.
const LONGEST_READ: usize = 4096;
const LONGEST: usize = 240;
/// A character that stands for masked text.
const MASK: char = '*';

/// Contractions: kept whole, for their parts are no words.
const CONTRACTIONS: &[&str] = &[
    "don't",
    "doesn't",
    "didn't",
    "isn't",
    "aren't",
    "wasn't",
    "weren't",
    "can't",
    "couldn't",
    "won't",
    "wouldn't",
    "shouldn't",
    "hasn't",
    "haven't",
    "hadn't",
    "mustn't",
    "we're",
    "you're",
    "they're",
    "it's",
    "that's",
    "there's",
    "we've",
    "you've",
    "we'll",
    "you'll",
    "it'll",
    "let's",
    "what's",
    "i'm",
];

/// Compounds of which a part is no word of the vocabulary.
const COMPOUNDS: &[&str] = &[
    "e-mail",
    "e-mails",
    "e-sign",
    "e-signed",
    "e-signature",
    "e.g",
    "i.e",
    "u.s",
    "x-request-id",
    "co-owner",
    "w-8ben",
    "w-9",
    "re-submit",
    "re-submitted",
    "re-send",
    "re-upload",
    "pre-screening",
    "per-second",
    "a.m",
    "p.m",
    "p.o",
];
const LONGEST_COMPOUND: usize = 3;

/// Quotes and what closes them.
const QUOTES: &[(char, char)] = &[
    ('"', '"'),
    ('\'', '\''),
    ('`', '`'),
    ('“', '”'),
    ('„', '“'),
    ('‘', '’'),
    ('«', '»'),
    ('「', '」'),
];

/// Characters that part words for good: what stands behind one is not glued to what stands before it.
const PARTING: &str = ",:;()[]{}\"“”„«»「」=/|<>?";

/// One word, or one number.
struct PhraseToken {
    start: usize,
    end: usize,
    text: String,
    folded: String,
    is_kept: bool,
}

impl PhraseToken {
    fn is_number(&self) -> bool {
        self.text.bytes().all(|byte| byte.is_ascii_digit())
    }
}

/// A message on its way through the rules.
struct Phrase<'a> {
    chars: Vec<char>,
    tokens: Vec<PhraseToken>,
    personal: &'a Personal,
}

/// The message with everything masked that may not be kept.
pub(super) fn mask(message: &str, personal: &Personal) -> String {
    let start: String = message.chars().take(LONGEST_READ).collect();
    let chars: Vec<char> = decode::readable(&start).chars().collect();
    let tokens = tokens(&chars);
    let mut phrase = Phrase {
        chars,
        tokens,
        personal,
    };
    phrase.keep_words();
    phrase.keep_contract_names();
    phrase.keep_compounds();
    phrase.mask_sequences();
    phrase.mask_cut_words();
    phrase.mask_quoted();
    phrase.mask_glued();
    phrase.mask_secrets();
    phrase.shown()
}

/// Runs of letters, digits and marks; an apostrophe with one or two letters behind it belongs to its word.
fn tokens(chars: &[char]) -> Vec<PhraseToken> {
    let inside = |c: char| c.is_alphanumeric() || is_mark(c);
    let run = |from: usize| {
        let length = chars[from..].iter().take_while(|c| inside(**c)).count();
        from + length
    };
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if !inside(chars[at]) {
            at += 1;
            continue;
        }
        let mut end = run(at);
        if chars.get(end).is_some_and(|c| matches!(c, '\'' | '’')) {
            let tail = run(end + 1);
            if (1..=2).contains(&(tail - end - 1)) {
                end = tail;
            }
        }
        let text: String = chars[at..end]
            .iter()
            .map(|c| if *c == '’' { '\'' } else { *c })
            .collect();
        let folded = fold(&text);
        tokens.push(PhraseToken {
            start: at,
            end,
            text,
            folded,
            is_kept: false,
        });
        at = end;
    }
    tokens
}

impl Phrase<'_> {
    /// Keeps the words of the vocabulary that are no value of the customer.
    fn keep_words(&mut self) {
        for at in 0..self.tokens.len() {
            self.tokens[at].is_kept = self.may_stay(at);
        }
    }

    fn may_stay(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        let text = token.text.as_str();
        if self.personal.has_word(text) {
            return false;
        }
        if CONTRACTIONS.contains(&text.to_ascii_lowercase().as_str()) {
            return true;
        }
        let word = match text.split_once('\'') {
            Some((word, "s")) => word,
            Some(_) => return false,
            None => text,
        };
        let singular = word.strip_suffix(['s', 'S']).filter(|word| word.len() > 1);
        if !word.bytes().all(|byte| byte.is_ascii_alphanumeric())
            || self.personal.has_word(word)
            || singular.is_some_and(|singular| self.personal.has_word(singular))
        {
            return false;
        }
        match vocabulary().standing(word) {
            Some(standing) => self.is_written_as_a_word(at, word, standing),
            None => self.is_made_of_words(word),
        }
    }

    /// Whether a word that is a name as well is not written as one: in lower case, or as the first word of a sentence that
    /// goes on in lower case.
    fn is_written_as_a_word(&self, at: usize, word: &str, standing: WordClass) -> bool {
        let is_lower = |text: &str| text.starts_with(|c: char| c.is_lowercase());
        match standing {
            WordClass::Plain => true,
            WordClass::SmallWord => {
                !self.personal.is_doubtful() || is_lower(word) || self.begins_a_sentence(at)
            }
            WordClass::Name if self.personal.is_unknown() => false,
            WordClass::Name if is_lower(word) || vocabulary().is_constant(word) => true,
            WordClass::Name if self.personal.is_doubtful() => false,
            WordClass::Name => {
                let next = self.tokens.get(at + 1);
                (self.begins_a_sentence(at) && next.is_some_and(|next| is_lower(&next.text)))
                    || self.is_in_a_constant(at)
            }
        }
    }

    /// Whether no word of its sentence stands before it.
    fn begins_a_sentence(&self, at: usize) -> bool {
        let before = self.tokens[..at]
            .iter()
            .rposition(|token| !token.is_number());
        before.is_none_or(|before| {
            let between = &self.chars[self.tokens[before].end..self.tokens[at].start];
            between.iter().any(|c| ".:;!?|".contains(*c))
        })
    }

    /// Whether underscores join it to another word.
    fn is_in_a_constant(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        let before = token
            .start
            .checked_sub(1)
            .and_then(|place| self.chars.get(place));
        before == Some(&'_') || self.chars.get(token.end) == Some(&'_')
    }

    /// A name such as `accountNumber`, of which each part is a word of the vocabulary.
    fn is_made_of_words(&self, text: &str) -> bool {
        let parts = parts::of(text);
        parts.len() > 1
            && !self.personal.has_sequence(&parts)
            && parts.iter().all(|part| match part {
                parts::WordOrNumber::Word(word) => {
                    !self.personal.has_word(word)
                        && match vocabulary().standing(word) {
                            Some(WordClass::Name) => !self.personal.is_doubtful(),
                            standing => standing.is_some(),
                        }
                }
                parts::WordOrNumber::Number(_) => false,
            })
    }

    /// Keeps paths and constants of the contract whole, with the digits in them: `owners[0].identity`, `W_8BEN_FORM`.
    fn keep_contract_names(&mut self) {
        let inside = |c: &char| c.is_ascii_alphanumeric() || "_.[]".contains(*c);
        let mut at = 0;
        while at < self.chars.len() {
            let length = self.chars[at..].iter().take_while(|c| inside(c)).count();
            let name: String = self.chars[at..at + length].iter().collect();
            let name = name.trim_end_matches('.');
            let is_name = name.contains(['_', '.', '['])
                && (vocabulary().is_constant(name) || path::find(name).is_some());
            if is_name {
                let end = at + name.chars().count();
                for token in &mut self.tokens {
                    let within = token.start >= at && token.end <= end;
                    let harmless = token.is_number() || !self.personal.has_word(&token.text);
                    token.is_kept |= within && harmless;
                }
            }
            at += length.max(1);
        }
    }

    /// Keeps words of which a part is no word by itself, such as `e-mail`.
    fn keep_compounds(&mut self) {
        for at in 0..self.tokens.len() {
            let most = self.tokens.len().min(at + LONGEST_COMPOUND);
            let end = (at..most).rev().find(|end| self.is_compound(at, *end));
            if let Some(end) = end {
                let harmless = |token: &PhraseToken| !self.personal.has_word(&token.text);
                let all = self.tokens[at..=end].iter().all(harmless);
                self.tokens[at..=end]
                    .iter_mut()
                    .for_each(|token| token.is_kept = all);
            }
        }
    }

    fn is_compound(&self, at: usize, end: usize) -> bool {
        let text = &self.chars[self.tokens[at].start..self.tokens[end].end];
        let lower: String = text.iter().flat_map(|c| c.to_lowercase()).collect();
        COMPOUNDS.contains(&lower.as_str())
    }

    /// Masks words that make a value together, whatever stands between them.
    fn mask_sequences(&mut self) {
        for start in 0..self.tokens.len() {
            let mut joined = String::new();
            for end in start..self.tokens.len() {
                joined.push_str(&self.tokens[end].folded);
                if joined.len() > self.personal.longest() {
                    break;
                }
                if self.personal.has_folded(&joined) {
                    self.tokens[start..=end]
                        .iter_mut()
                        .for_each(|token| token.is_kept = false);
                }
            }
        }
    }

    /// Masks words that may have been cut short: beside dots or a mask of the server's own, and at the end of the message.
    fn mask_cut_words(&mut self) {
        let last = self.tokens.len().saturating_sub(1);
        for at in 0..self.tokens.len() {
            let token = &self.tokens[at];
            let behind = &self.chars[token.end..];
            let before = &self.chars[..token.start];
            let cut =
                |c: Option<&char>| c.is_some_and(|c| matches!(c, '…' | '*' | '#' | '~' | '•'));
            let is_cut = at == last
                || cut(behind.first())
                || cut(before.last())
                || behind.starts_with(&['.', '.'])
                || before.ends_with(&['.', '.']);
            if is_cut && token.is_kept && self.personal.has_cut(&token.text) {
                self.tokens[at].is_kept = false;
            }
        }
    }

    /// What stands in quotes stays whole or not at all, and no name stays there.
    fn mask_quoted(&mut self) {
        for (open, close) in quoted(&self.chars) {
            let within = |token: &PhraseToken| {
                token.start > open && token.end <= close && !token.is_number()
            };
            let stays = |token: &PhraseToken| {
                let name = vocabulary().standing(&token.text) == Some(WordClass::Name);
                token.is_kept
                    && (!name || vocabulary().is_constant(&token.text))
                    && !self.personal.has_cut(&token.text)
            };
            if !self.tokens.iter().filter(|token| within(token)).all(stays) {
                let inner = self.tokens.iter_mut().filter(|token| within(token));
                inner.for_each(|token| token.is_kept = false);
            }
        }
    }

    /// Masks words that nothing parts from one that is masked: what stands there may be one name.
    fn mask_glued(&mut self) {
        let mut start = 0;
        while start < self.tokens.len() {
            let mut end = start + 1;
            while end < self.tokens.len() && self.is_glued(end) {
                end += 1;
            }
            let chunk = &mut self.tokens[start..end];
            if chunk
                .iter()
                .any(|token| !token.is_kept && !token.is_number())
            {
                chunk.iter_mut().for_each(|token| token.is_kept = false);
            }
            start = end;
        }
    }

    /// Whether nothing parts a word from the one before it.
    fn is_glued(&self, at: usize) -> bool {
        let between = &self.chars[self.tokens[at - 1].end..self.tokens[at].start];
        !between
            .iter()
            .any(|c| c.is_whitespace() || PARTING.contains(*c))
    }

    /// Masks every word in which a piece of a credential stands.
    fn mask_secrets(&mut self) {
        let mut squeezed = String::new();
        let mut ends = Vec::with_capacity(self.tokens.len());
        for token in &self.tokens {
            squeezed.push_str(&token.folded);
            ends.push(squeezed.len());
        }
        for (from, to) in self.personal.secret_places(&squeezed) {
            let first = ends.partition_point(|end| *end <= from);
            let last = ends.partition_point(|end| *end < to);
            if let Some(hit) = self
                .tokens
                .get_mut(first..=last.min(ends.len().saturating_sub(1)))
            {
                hit.iter_mut().for_each(|token| token.is_kept = false);
            }
        }
    }

    fn shown(&self) -> String {
        let mut kept = String::new();
        let mut at = 0;
        let mut push = |c: char| match c {
            // One mask for what stands together, so that not even the number of words is told.
            MASK if kept.trim_end().ends_with(MASK) => {
                kept.truncate(kept.trim_end().len());
            }
            ' ' if kept.is_empty() || kept.ends_with(' ') => {}
            c => kept.push(c),
        };
        for token in &self.tokens {
            self.chars[at..token.start]
                .iter()
                .for_each(|c| push(sign(*c)));
            if token.is_kept {
                self.chars[token.start..token.end]
                    .iter()
                    .for_each(|c| push(*c));
            } else {
                push(MASK);
            }
            at = token.end;
        }
        self.chars[at..].iter().for_each(|c| push(sign(*c)));
        let short: String = kept.chars().take(LONGEST).collect();
        short.trim().to_owned()
    }
}

/// What is shown of a character between words.
fn sign(c: char) -> char {
    match c {
        c if c.is_whitespace() || c.is_control() => ' ',
        c if c.is_ascii() || "“”‘’«»–—…·•".contains(c) => c,
        _ => MASK,
    }
}

/// Where quotes open and close.
fn quoted(chars: &[char]) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let close = QUOTES.iter().find(|(open, _)| *open == chars[at]);
        // An apostrophe inside a word opens nothing.
        let apostrophe = chars[at] == '\'' && at > 0 && chars[at - 1].is_alphanumeric();
        if let Some((_, close)) = close.filter(|_| !apostrophe)
            && let Some(length) = chars[at + 1..].iter().position(|c| c == close)
        {
            spans.push((at, at + 1 + length));
            at += length + 1;
        }
        at += 1;
    }
    spans
}
