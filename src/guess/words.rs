//! The words of headers: how systems spell them, and what they stand for.
//!
//! Owner of the one table of abbreviations and of [`tokens`], which turns a header into words: parts that a mark, a
//! digit or a capital begins, and of a part that is glued together (`JTFSTNM`) the known pieces. A piece may stand for
//! several words (`ST` is a state or a street); the patterns of fields say which they want.
//! The table stands in `words.txt`.
//! Left out on purpose: which words make which field (`fields`).

use std::collections::HashMap;
use std::sync::LazyLock;

/// The table: `word: spelling spelling …`, all in lower case.
const TABLE: &str = include_str!("words.txt");

/// Every spelling with the words that it stands for.
static SPELLINGS: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let mut all: HashMap<&str, Vec<&str>> = HashMap::new();
    for (word, spellings) in lines() {
        for spelling in spellings.split(' ') {
            all.entry(spelling).or_default().push(word);
        }
    }
    all
});

fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| line.split_once(": "))
}

/// Words that say little about what a column holds: they weigh less.
const LIGHT: &[&str] = &[
    "number", "id", "code", "text", "date", "name", "line", "primary", "of", "current", "customer",
    "owner", "flag", "usd", "total", "type", "status", "combined", "legal", "expected",
];

/// Words of people and things that are not the customer's own, and how a mapping says so.
const FOREIGN: &[(&str, &str)] = &[
    ("beneficiary", "a beneficiary's"),
    ("staff", "of a branch or of someone who serves the customer"),
    ("emergency", "of an emergency contact"),
    ("relative", "a relative's"),
    ("former", "what was before"),
];

/// Whether a word says that a column is someone else's.
pub fn is_foreign(token: &Token) -> bool {
    FOREIGN.iter().any(|(word, _)| token.is(word))
}

/// Whose a column is, when it is not the customer's own.
pub fn foreign(tokens: &[Token]) -> Option<&'static str> {
    let named = |word: &str| tokens.iter().any(|token| token.is(word));
    let found = FOREIGN.iter().find(|(word, _)| named(word))?;
    Some(found.1)
}

/// A word of a header: everything that it can stand for; nothing when it is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// As it is spelled, in lower case.
    pub spelled: String,
    /// What it can stand for.
    pub words: Vec<&'static str>,
    /// A number that stands alone or behind it.
    pub number: Option<u32>,
}

impl Token {
    /// Whether it can stand for a word.
    pub fn is(&self, word: &str) -> bool {
        self.words.contains(&word)
    }

    /// How much it counts.
    pub fn weight(&self) -> f64 {
        let light = !self.words.is_empty() && self.words.iter().all(|word| LIGHT.contains(word));
        match (light, self.words.is_empty() && self.spelled.len() < 2) {
            (true, _) => 0.3,
            // A letter alone is a mark of the system, such as the `__c` of a field that somebody added.
            (_, true) => 0.05,
            _ => 1.0,
        }
    }
}

/// The words of a header.
pub fn tokens(header: &str) -> Vec<Token> {
    let mut all: Vec<Token> = Vec::new();
    for part in compounds(parts(header)) {
        if let Ok(number) = part.parse::<u32>() {
            match all.last_mut() {
                Some(last) => last.number = Some(number),
                None => all.push(Token {
                    spelled: part,
                    words: Vec::new(),
                    number: Some(number),
                }),
            }
            continue;
        }
        let known = meanings(&part);
        if !known.is_empty() {
            all.push(Token {
                spelled: part,
                words: known,
                number: None,
            });
            continue;
        }
        match pieces(&part) {
            Some(pieces) => all.extend(pieces.into_iter().map(|piece| Token {
                words: meanings(piece),
                spelled: piece.to_owned(),
                number: None,
            })),
            None => all.push(Token {
                spelled: part,
                words: Vec::new(),
                number: None,
            }),
        }
    }
    all
}

/// Neighbours that are one known word: `e-mail`, `post code`.
fn compounds(parts: Vec<String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for part in parts {
        if let Some(last) = all.last_mut() {
            let both = format!("{last}{part}");
            if SPELLINGS.contains_key(both.as_str()) {
                *last = both;
                continue;
            }
        }
        all.push(part);
    }
    all
}

/// What a spelling stands for.
fn meanings(spelling: &str) -> Vec<&'static str> {
    SPELLINGS.get(spelling).cloned().unwrap_or_default()
}

/// The parts between marks, at capitals and at digits, in lower case.
fn parts(header: &str) -> Vec<String> {
    let chars: Vec<char> = header.chars().collect();
    let mut parts = vec![String::new()];
    for (place, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            parts.push(String::new());
            continue;
        }
        let before = place.checked_sub(1).and_then(|before| chars.get(before));
        let begins = before.is_some_and(|before| {
            let lower_next = chars.get(place + 1).is_some_and(|next| next.is_lowercase());
            let hump =
                c.is_uppercase() && (before.is_lowercase() || before.is_uppercase() && lower_next);
            before.is_alphanumeric() && (hump || before.is_ascii_digit() != c.is_ascii_digit())
        });
        if begins {
            parts.push(String::new());
        }
        if let Some(last) = parts.last_mut() {
            last.extend(c.to_lowercase());
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Cost of one piece: few long pieces beat many short ones.
fn cost(piece: &str) -> usize {
    match piece.len() {
        2 => 14,
        3 => 11,
        _ => 10,
    }
}

/// A part that is glued together, cut into known pieces of two letters and more; the cheapest way.
fn pieces(part: &str) -> Option<Vec<&str>> {
    if part.len() < 4 || !part.is_ascii() {
        return None;
    }
    // By end: the cheapest cost, and where its last piece begins.
    let mut best: Vec<Option<(usize, usize)>> = vec![None; part.len() + 1];
    best[0] = Some((0, 0));
    for end in 2..=part.len() {
        for start in 0..end - 1 {
            let Some((so_far, _)) = best[start] else {
                continue;
            };
            let piece = &part[start..end];
            if !SPELLINGS.contains_key(piece) {
                continue;
            }
            let total = so_far + cost(piece);
            if best[end].is_none_or(|(known, _)| total < known) {
                best[end] = Some((total, start));
            }
        }
    }
    let mut found = Vec::new();
    let mut end = part.len();
    while end > 0 {
        let (_, start) = best[end]?;
        found.push(&part[start..end]);
        end = start;
    }
    found.reverse();
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(header: &str) -> String {
        let words = tokens(header);
        let words = words.iter().map(|token| match token.number {
            Some(number) => format!("{}{number}", token.spelled),
            None => token.spelled.clone(),
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn headers_come_apart() {
        for (header, wanted) in [
            ("FIRST_NM", "first nm"),
            ("Residential Address Line 1", "residential address line1"),
            ("dateOfBirth", "date of birth"),
            ("taxIDNumber", "taxid number"),
            ("JTFSTNM", "jt fst nm"),
            ("LIQNETWTH", "liq net wth"),
            ("MLADR1", "ml adr1"),
            ("E-Mail", "email"),
            ("postCode", "postcode"),
            ("ADDR2", "addr2"),
            ("OWN2_SSN", "own2 ssn"),
            ("XQZWK", "xqzwk"),
        ] {
            assert_eq!(spelled(header), wanted, "{header}");
        }
    }

    #[test]
    fn every_spelling_is_in_lower_case_and_once_under_a_word() {
        for (word, spellings) in lines() {
            let mut sorted: Vec<&str> = spellings.split(' ').collect();
            let count = sorted.len();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), count, "{word}");
            assert!(
                sorted
                    .iter()
                    .all(|text| !text.is_empty() && *text == text.to_lowercase()),
                "{word}"
            );
        }
        for word in LIGHT {
            assert!(lines().any(|(known, _)| known == *word), "{word}");
        }
        let rows = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(lines().count(), rows);
    }
}
