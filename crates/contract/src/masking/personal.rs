//! What may not be repeated: the values of one customer, as the contract's field tree tells them from its own words, and
//! our credentials.
//!
//! Owner of the spellings in which a value is recognised: folded (case, accents, compatibility forms), whole and word by
//! word, numbers in the groups that people write them in. Left out on purpose: finding them in a text (`phrase`).

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::parts::{self, WordOrNumber};
use super::{WINDOW, decode};
use crate::account::ACCOUNT;
use crate::documents::METADATA;
use crate::fold::fold;
use crate::{Field, FieldShape, forms};

/// From this many characters on, a value is recognised in the middle of an id.
const INSIDE: usize = 5;

/// Values that may not be repeated. It has no `Debug` of its own that shows them.
#[derive(Default)]
pub struct Personal {
    /// Folded values and words of them, those of credentials too.
    words: HashSet<String>,
    /// The longest of them, in bytes.
    longest: usize,
    /// As they are written: codes of places, and names of months, which in lower case are other words.
    written: HashSet<String>,
    /// Digits of values without what stands between them.
    digits: Vec<String>,
    /// Digits that stand together, or are read together.
    groups: HashSet<String>,
    /// Credentials, folded.
    secrets: Vec<String>,
    /// Some value is written in other letters than Latin ones, so that a server may transcribe it.
    is_transcribed: bool,
    /// The values are not known.
    is_unknown: bool,
}

impl std::fmt::Debug for Personal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[masked]")
    }
}

impl Personal {
    /// Whose values these are nobody knows: then words that could be names are not kept either.
    pub fn unknown() -> Personal {
        Personal {
            is_unknown: true,
            ..Personal::default()
        }
    }

    /// Adds the values of JSON that was sent: of an account, or of a document's metadata.
    pub fn add_sent(&mut self, json: &[u8]) {
        let value: Value = serde_json::from_slice(json).unwrap_or_default();
        match &value {
            Value::Object(object) if object.contains_key("clientDocumentId") => {
                self.add_object(object, METADATA);
            }
            Value::Object(object) => self.add_object(object, ACCOUNT),
            _ => self.is_unknown = true,
        }
    }

    /// Adds a credential: no part of it is kept either.
    pub fn add_secret(&mut self, secret: &str) {
        for word in words_of(secret).filter(|word| word.chars().count() > 1) {
            self.insert(word);
        }
        let whole = fold(secret);
        if !whole.is_empty() {
            self.insert(whole.clone());
            self.secrets.push(whole);
        }
    }

    fn add_object(&mut self, object: &Map<String, Value>, fields: &[Field]) {
        for (name, value) in object {
            match fields.iter().find(|field| field.name == name) {
                Some(field) => self.add_field(value, field),
                // Nothing else is sent; whatever it is, it is nobody's business.
                None => self.add_unlisted(value),
            }
        }
    }

    fn add_field(&mut self, value: &Value, field: &Field) {
        match (value, field.shape) {
            (Value::Object(object), FieldShape::Object(inner) | FieldShape::List(inner)) => {
                self.add_object(object, inner);
            }
            (Value::Array(list), _) => list.iter().for_each(|value| self.add_field(value, field)),
            _ if !field.is_personal() => {}
            (Value::String(code), _) if field.is_place_code() && is_code(code) => {
                self.written.insert(code.clone());
            }
            _ => self.add_unlisted(value),
        }
    }

    fn add_unlisted(&mut self, value: &Value) {
        match value {
            Value::String(text) => {
                self.add_text(text);
                let read = decode::readable(text);
                if read != *text {
                    self.add_text(&read);
                }
            }
            Value::Number(number) => self.add_digits(&number.to_string()),
            Value::Array(list) => list.iter().for_each(|value| self.add_unlisted(value)),
            Value::Object(object) => object.values().for_each(|value| self.add_unlisted(value)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn add_text(&mut self, text: &str) {
        self.insert(fold(text));
        for word in words_of(text) {
            self.insert(word);
        }
        let foreign = |c: char| c.is_alphabetic() && !fold(&c.to_string()).is_ascii();
        self.is_transcribed |= text.chars().any(foreign);
        self.add_digits(text);
        let date = text.get(..10).unwrap_or(text);
        if let Some(date) = forms::is_date(date) {
            let month = date.strftime("%B").to_string();
            self.written.insert(month.to_uppercase());
            self.written.insert(month);
            for form in ["%m%d%Y", "%d%m%Y", "%y%m%d", "%m%d%y", "%d%m%y", "%Y%m%d"] {
                self.digits.push(date.strftime(form).to_string());
            }
            for form in ["%Y", "%y", "%m", "%d", "%-m", "%-d", "%m%d", "%d%m"] {
                self.groups.insert(date.strftime(form).to_string());
            }
        }
    }

    fn add_digits(&mut self, text: &str) {
        let groups = text.split(|c: char| !c.is_ascii_digit());
        let groups = groups.filter(|group| !group.is_empty());
        self.groups.extend(groups.map(str::to_owned));
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        // As phone numbers and tax ids of the U.S. are read aloud.
        let cuts: &[usize] = match digits.len() {
            9 => &[0, 3, 5, 9],
            10 => &[0, 3, 6, 10],
            11 => &[1, 4, 7, 11],
            _ => &[],
        };
        let read = cuts.windows(2).filter_map(|cut| digits.get(cut[0]..cut[1]));
        self.groups.extend(read.map(str::to_owned));
        if digits.len() > 1 {
            self.digits.push(digits);
        }
    }

    fn insert(&mut self, word: String) {
        if !word.is_empty() {
            self.longest = self.longest.max(word.len());
            self.words.insert(word);
        }
    }

    /// The longest value, in bytes of its folded form.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// Whether the values are not known at all.
    pub(super) fn is_unknown(&self) -> bool {
        self.is_unknown
    }

    /// Whether a word that is a name as well could be the customer's without looking like any of their values.
    pub(super) fn is_doubtful(&self) -> bool {
        self.is_unknown || self.is_transcribed
    }

    /// Whether a word is a value, or a word of one.
    pub(super) fn has_word(&self, word: &str) -> bool {
        self.written.contains(word) || self.words.contains(&fold(word))
    }

    /// The same of a text that is folded already.
    pub(super) fn has_folded(&self, folded: &str) -> bool {
        self.words.contains(folded)
    }

    /// Whether a word is the beginning or the end of a value or of a word of one, or stands there in other case.
    pub(super) fn has_cut(&self, word: &str) -> bool {
        let folded = fold(word);
        let of = |longer: &String| longer.starts_with(&folded) || longer.ends_with(&folded);
        !folded.is_empty() && self.words.iter().any(of)
            || self
                .written
                .iter()
                .any(|code| code.eq_ignore_ascii_case(word))
    }

    /// Whether a number is in a value: a long one anywhere, a short one as a number of its own.
    pub(super) fn has_number(&self, digits: &str) -> bool {
        let short = digits.trim_start_matches('0');
        let long = |number: &str| {
            number.len() > 3 && self.digits.iter().any(|value| value.contains(number))
        };
        self.groups.contains(digits) || self.groups.contains(short) || long(digits) || long(short)
    }

    /// The same of a number in an id, where short numbers say nothing and middling ones are found by chance.
    pub(super) fn has_long_number(&self, digits: &str) -> bool {
        match digits.len() {
            0..=3 => false,
            4..=6 => self.groups.contains(digits),
            _ => self.has_number(digits),
        }
    }

    /// Whether a number in an id is, or holds, that of a person: so many digits agree with nobody's by chance. A phone number is
    /// known by its end as well, without the code of its country.
    pub(super) fn is_inside_number(&self, number: &str) -> bool {
        const FEWEST: usize = 7;
        const END: usize = 9;
        number.len() >= FEWEST
            && self.digits.iter().any(|value| {
                let end = value.len().checked_sub(END).and_then(|at| value.get(at..));
                value.contains(number)
                    || (value.len() >= FEWEST && number.contains(value.as_str()))
                    || end.is_some_and(|end| number.contains(end))
            })
    }

    /// Whether parts that follow each other make a value together.
    pub(super) fn has_sequence(&self, parts: &[WordOrNumber<'_>]) -> bool {
        (0..parts.len()).any(|start| {
            let mut joined = String::new();
            parts[start..].iter().enumerate().any(|(more, part)| {
                joined.push_str(&fold(part.text()));
                more > 0 && self.words.contains(&joined)
            })
        })
    }

    /// Whether a value that is long enough stands somewhere in a text.
    pub(super) fn is_inside(&self, text: &str) -> bool {
        let text = fold(text);
        let long = |word: &&String| word.len() >= INSIDE;
        self.words
            .iter()
            .filter(long)
            .any(|word| text.contains(word.as_str()))
    }

    /// Whether a piece of a credential stands in a text.
    pub(super) fn has_of_a_secret(&self, text: &str) -> bool {
        !self.secrets.is_empty() && !self.secret_places(&fold(text)).is_empty()
    }

    /// Where pieces of credentials stand in a folded text: ranges of bytes.
    pub(super) fn secret_places(&self, folded: &str) -> Vec<(usize, usize)> {
        let mut places = Vec::new();
        for secret in &self.secrets {
            let bytes = secret.as_bytes();
            for window in bytes.windows(WINDOW.min(bytes.len())) {
                let found = memchr::memmem::find_iter(folded.as_bytes(), window);
                places.extend(found.map(|start| (start, start + window.len())));
            }
        }
        places
    }
}

/// A code of a place as the contract writes it.
fn is_code(text: &str) -> bool {
    text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// The words of a text, folded: runs of letters and digits, and the letters alone of those that have both.
fn words_of(text: &str) -> impl Iterator<Item = String> {
    let runs = text.split(|c: char| !c.is_alphanumeric() && !is_mark(c));
    let runs = runs.filter(|run| !run.is_empty());
    runs.flat_map(|run| {
        let mut words = vec![fold(run)];
        if run.is_ascii() {
            let parts = parts::of(run);
            let letters = parts
                .iter()
                .filter(|part| matches!(part, WordOrNumber::Word(_)));
            words.extend(letters.map(|part| fold(part.text())));
        }
        words
    })
}

/// A mark that belongs to the letter before it.
pub(super) fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}
