//! How plausible a file's words look when they are read in an encoding.
//!
//! Owner of [`SampleWords`], the different words of a sample that have bytes beyond ASCII, and of [`WordReading`], the number of
//! characters that stand where no writer puts them: a sign inside of a word, a capital behind a small letter, letters of
//! two scripts side by side. Left out on purpose: how frequent letters are, which `chardetng` knows.

use std::collections::HashSet;

use super::Encoding;
use super::alphabets::{self, LetterCounts};
use crate::transcode::{BROKEN, whole};

/// The most different words that are looked at.
const MOST_WORDS: usize = 20_000;

/// Bytes of the longest word; what is longer is no word.
const LONGEST: usize = 100;

/// The different words of a sample with at least one byte beyond ASCII.
pub(crate) struct SampleWords<'a>(Vec<&'a [u8]>);

/// What a reading of words looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WordReading {
    /// Characters beyond ASCII.
    pub all: usize,
    /// Those that stand where no writer puts them.
    pub odd: usize,
    /// Those that Western names hardly ever have, or not there.
    pub rare: usize,
    /// Letters that the one language which has most of them does not have.
    pub strange: usize,
    /// The words as they read.
    pub text: Vec<u8>,
}

impl<'a> SampleWords<'a> {
    /// The words of blocks of a file.
    pub(crate) fn of(blocks: &[&'a [u8]]) -> SampleWords<'a> {
        let (mut seen, mut words) = (HashSet::new(), Vec::new());
        for word in blocks.iter().flat_map(|block| block.split(is_between)) {
            let is_word = word.len() <= LONGEST && word.iter().any(|byte| *byte >= 0x80);
            if is_word && words.len() < MOST_WORDS && seen.insert(word) {
                words.push(word);
            }
        }
        SampleWords(words)
    }

    /// Them all, a line each.
    pub(crate) fn text(&self) -> Vec<u8> {
        self.0.join(&b'\n')
    }

    /// At most so many, from the whole sample.
    pub(crate) fn at_most(&self, most: usize) -> SampleWords<'a> {
        let step = self.0.len().div_ceil(most).max(1);
        SampleWords(self.0.iter().step_by(step).copied().collect())
    }

    /// Those that read differently in two encodings.
    pub(crate) fn differing(&self, one: Encoding, other: Encoding) -> SampleWords<'a> {
        let differs = |word: &&&[u8]| whole(one, word) != whole(other, word);
        SampleWords(self.0.iter().filter(differs).copied().collect())
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// How they look in an encoding.
    pub(crate) fn look(&self, encoding: Encoding) -> WordReading {
        let mut look = WordReading {
            text: whole(encoding, &self.text()),
            ..WordReading::default()
        };
        let text = std::mem::take(&mut look.text);
        let mut letters = LetterCounts::new();
        for word in text.split(|byte| *byte == b'\n') {
            look.add(word, &mut letters);
        }
        look.strange = alphabets::strangers(&letters);
        // A quotation that ends and never begins is none.
        let count = |sign: &str| memchr::memmem::find_iter(&text, sign.as_bytes()).count();
        if count("“") + count("„") == 0 {
            look.rare += count("”");
        }
        look.text = text;
        look
    }
}

/// Whether a byte stands between words, in every encoding: none of these is a part of a longer character.
fn is_between(byte: &u8) -> bool {
    matches!(byte, 0..=0x2F | 0x3A..=0x3F)
}

impl WordReading {
    /// Whether nearly nothing is odd: nothing at all among less than ten characters.
    pub(crate) fn is_plausible(&self) -> bool {
        self.odd * 10 <= self.all
    }

    /// Whether the reading is that of one language, as far as anybody can tell.
    pub(crate) fn is_of_one_language(&self) -> bool {
        self.strange * 20 <= self.all
    }

    /// What speaks against the reading.
    pub(crate) fn against(&self) -> usize {
        self.odd + self.strange
    }

    fn add(&mut self, word: &[u8], counts: &mut LetterCounts) {
        // What did not decode is one odd sign.
        let mut chars: Vec<char> = Vec::new();
        for (place, part) in word.split(|byte| *byte == BROKEN).enumerate() {
            if place > 0 {
                chars.push(char::REPLACEMENT_CHARACTER);
            }
            chars.extend(String::from_utf8_lossy(part).chars());
        }
        let letters = chars.iter().filter(|c| is_letter(**c));
        let foreign = letters.clone().filter(|c| !c.is_ascii());
        // No language of Latin letters has words without a plain one.
        let bare = letters.clone().count() > 1
            && letters.clone().count() == foreign.clone().count()
            && foreign.clone().all(|c| is_latin(*c));
        for (at, &c) in chars.iter().enumerate() {
            if c.is_ascii() {
                continue;
            }
            self.all += 1;
            let before = at.checked_sub(1).map(|at| chars[at]);
            let after = chars.get(at + 1).copied();
            let odd = match is_letter(c) {
                true => is_odd_letter(c, before, after, &chars) || (bare && is_latin(c)),
                false => is_odd_sign(c, before, after, &chars[at + 1..]),
            };
            self.odd += usize::from(odd);
            let rare = is_rare(c, before, after);
            self.rare += usize::from(rare);
            if is_letter(c) {
                let (count, misplaced) = counts.entry(alphabets::small(c)).or_default();
                *count += 1;
                *misplaced += usize::from(rare);
            }
        }
    }
}

/// The two ordinal signs count as letters for Unicode, and stand behind words as signs do.
fn is_letter(c: char) -> bool {
    c.is_alphabetic() && !matches!(c, 'ª' | 'º' | 'ˆ')
}

fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}')
}

fn is_odd_letter(c: char, before: Option<char>, after: Option<char>, word: &[char]) -> bool {
    let beside = |test: fn(char) -> bool| before.is_some_and(test) || after.is_some_and(test);
    if !is_latin(c) {
        let after_small = c.is_uppercase() && before.is_some_and(char::is_lowercase);
        return after_small || beside(is_latin);
    }
    if c == 'ƒ' {
        return true;
    }
    if beside(|c| c.is_ascii_digit()) && !word.iter().any(char::is_ascii_alphabetic) {
        return true;
    }
    let small = |c: Option<char>| c.is_some_and(char::is_lowercase);
    let capital = |c: Option<char>| c.is_some_and(char::is_uppercase);
    let letter = |c: Option<char>| c.is_some_and(is_letter);
    if c.is_uppercase() {
        small(before) || (letter(before) && small(after))
    } else {
        // A capital letter behind it, or nothing but capitals before it.
        let plain = word.iter().filter(|c| c.is_ascii_alphabetic());
        let shouted = plain.clone().count() > 1 && plain.clone().all(char::is_ascii_uppercase);
        capital(after) || (shouted && c != 'ß' && letter(before))
    }
}

/// Whether a character that other encodings have a common letter for stands where Western names hardly ever have it: `ñ`
/// before a consonant, `õ` elsewhere than in `ões`, `þ` inside of a word.
fn is_rare(c: char, before: Option<char>, after: Option<char>) -> bool {
    let letter = |c: Option<char>| c.is_some_and(is_letter);
    let next = after.and_then(|c| c.to_lowercase().next());
    let before_consonant = letter(after) && !next.is_some_and(|c| is_vowel(c) || !c.is_ascii());
    match c.to_lowercase().next().unwrap_or(c) {
        'š' | 'ž' | 'œ' | 'ÿ' | 'ƒ' => true,
        'õ' => next != Some('e'),
        'ã' => letter(after) && !matches!(next, Some('o' | 'e')),
        'ñ' => before_consonant || (letter(before) && !letter(after)),
        'þ' => letter(before),
        'ð' => !letter(before),
        'ì' | 'ù' => letter(after),
        'æ' => letter(before) && !letter(after),
        '…' | '“' => letter(before),
        _ => false,
    }
}

/// Whether a sign stands where writers put none; `rest` is what follows it.
fn is_odd_sign(c: char, before: Option<char>, after: Option<char>, rest: &[char]) -> bool {
    let letter = |c: Option<char>| c.is_some_and(is_letter);
    let small = |c: Option<char>| c.is_some_and(char::is_lowercase);
    let (left, right) = (letter(before), letter(after));
    match c {
        char::REPLACEMENT_CHARACTER => true,
        // Boxes of DOS.
        '\u{2500}'..='\u{259F}' => true,
        '\u{AD}' | '´' | '·' => false,
        // Signs, digits and brackets of East Asia, which stand beside its letters without a blank.
        '\u{3000}'..='\u{303F}' | '\u{30FB}' | '\u{FF00}'..='\u{FFEF}' => {
            before.is_some_and(is_latin) && after.is_some_and(is_latin)
        }
        '\u{A0}' => left && small(after),
        '’' => small(before) && small(after) && !is_apostrophe(before, rest),
        // Hawaiian names have it inside, between vowels.
        '‘' => left && right && !(before.is_some_and(is_vowel) && after.is_some_and(is_vowel)),
        // Between two names.
        '–' | '—' => left && small(after),
        '“' | '„' | '«' | '»' | '™' | '®' | '©' | '°' | 'ª' | 'º' | '¨' => {
            left && right
        }
        '”' | '…' | '²' | '³' | '¹' | '›' => right,
        '‚' | '‹' | '¡' | '¿' | '§' | '¶' => left,
        _ => left || right,
    }
}

/// Whether an apostrophe between small letters is one of English (`don’t`), or stands behind a vowel (`Hawai’i`).
fn is_apostrophe(before: Option<char>, rest: &[char]) -> bool {
    let ends = |word: &str| {
        let letters: Vec<char> = rest.iter().copied().take_while(|c| is_letter(*c)).collect();
        letters.iter().collect::<String>() == word
    };
    before.is_some_and(is_vowel)
        || ["s", "t", "d", "m", "re", "ve", "ll"]
            .iter()
            .any(|end| ends(end))
}

fn is_vowel(c: char) -> bool {
    matches!(c.to_ascii_lowercase(), 'a' | 'e' | 'i' | 'o' | 'u')
}
