//! The words of headers: how systems spell them, and what they stand for.
//!
//! Owner of the one table of abbreviations and of [`tokens`], which turns a header into words: parts that a mark, a
//! digit or a capital begins, and of a part that is glued together (`JTFSTNM`) the known pieces. A piece may stand for
//! several words (`ST` is a state or a street); the patterns of fields say which they want.
//! The table stands in `words.txt`.
//! Left out on purpose: which words make which field (`fields`).

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::spelling::{short_for, stem};

/// The table: `word: spelling spelling …`, all in lower case.
const TABLE: &str = include_str!("words.txt");

/// A set of the table's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WordSet([u64; 4]);

impl WordSet {
    /// The words that a text names, parted by strokes or spaces. What the table lacks is nothing.
    pub(crate) fn of(names: &str) -> WordSet {
        let names = names.split(['/', ' ']);
        let places = names.filter_map(|name| KNOWN.places.get(name));
        places.fold(WordSet::default(), |all, place| {
            all.and(WordSet::one(*place))
        })
    }

    fn one(place: usize) -> WordSet {
        let mut all = [0; 4];
        if let Some(part) = all.get_mut(place / 64) {
            *part = 1 << (place % 64);
        }
        WordSet(all)
    }

    pub(crate) fn and(self, other: WordSet) -> WordSet {
        WordSet(std::array::from_fn(|part| self.0[part] | other.0[part]))
    }

    /// Whether they have a word in common.
    pub(crate) fn meet(self, other: WordSet) -> bool {
        (0..4).any(|part| self.0[part] & other.0[part] != 0)
    }

    /// Whether all of them are among others.
    pub(crate) fn within(self, others: WordSet) -> bool {
        (0..4).all(|part| self.0[part] & !others.0[part] == 0)
    }

    /// Whether there is none.
    pub(crate) fn is_empty(self) -> bool {
        self == WordSet::default()
    }
}

/// The table of words with its indexes.
struct WordTable {
    /// Each word with its place in the table.
    places: HashMap<&'static str, usize>,
    /// Every spelling with the words that it stands for.
    spellings: HashMap<&'static str, WordSet>,
    /// The same of the stems of long spellings.
    stems: HashMap<&'static str, WordSet>,
    /// Long spellings by their first letter.
    long: HashMap<char, Vec<(&'static str, WordSet)>>,
}

static KNOWN: LazyLock<WordTable> = LazyLock::new(|| {
    let mut known = WordTable {
        places: HashMap::new(),
        spellings: HashMap::new(),
        stems: HashMap::new(),
        long: HashMap::new(),
    };
    for (place, (word, spellings)) in lines().enumerate() {
        known.places.insert(word, place);
        for spelling in spellings.split(' ') {
            let own = WordSet::one(place);
            let all = known.spellings.entry(spelling).or_default();
            *all = all.and(own);
            if spelling.len() > 4 {
                let all = known.stems.entry(stem(spelling)).or_default();
                *all = all.and(own);
                let first = spelling.chars().next().unwrap_or(' ');
                known.long.entry(first).or_default().push((spelling, own));
            }
        }
    }
    known
});

fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| line.split_once(": "))
}

/// Words that say little about what a column holds: they weigh less.
const LIGHT: &str = "number id code text date name line primary of current customer owner flag usd total type status \
    combined legal expected person list";
static LIGHT_WORDS: LazyLock<WordSet> = LazyLock::new(|| WordSet::of(LIGHT));

/// Words between words.
static FILLERS: LazyLock<WordSet> = LazyLock::new(|| WordSet::of("of"));

/// The same of other languages. They are no spellings of the table: glued headers would be cut at them.
const FOREIGN_FILLERS: &[&str] = &[
    "de", "del", "della", "der", "des", "di", "do", "da", "du", "von", "van", "la", "le", "el",
    "il", "und", "et", "y",
];

/// Words of people and things that are not the customer's own, and how a mapping says so.
const FOREIGN: &[(&str, &str)] = &[
    ("beneficiary", "a beneficiary's"),
    ("staff", "of a branch or of someone who serves the customer"),
    ("emergency", "of an emergency contact"),
    ("relative", "a relative's"),
    ("former", "what was before"),
];
static FOREIGN_WORDS: LazyLock<WordSet> = LazyLock::new(|| {
    let all = FOREIGN.iter().map(|(word, _)| WordSet::of(word));
    all.fold(WordSet::default(), WordSet::and)
});

/// Whether a word says that a column is someone else's.
pub(crate) fn is_foreign(token: &HeaderToken) -> bool {
    token.words.meet(*FOREIGN_WORDS)
}

/// Whether a header has one of some words, parted by spaces, as it is spelled.
pub(crate) fn says(tokens: &[HeaderToken], words: &str) -> bool {
    let word = |token: &HeaderToken| words.split_whitespace().any(|word| word == token.spelled);
    tokens.iter().any(word)
}

/// Whose a column is, when it is not the customer's own.
pub(crate) fn foreign(tokens: &[HeaderToken]) -> Option<&'static str> {
    let named = |word: &str| tokens.iter().any(|token| token.is(word));
    let found = FOREIGN.iter().find(|(word, _)| named(word))?;
    Some(found.1)
}

/// A word of a header: everything that it can stand for; nothing when it is not known.
#[derive(Clone, Debug, PartialEq)]
pub struct HeaderToken {
    /// As it is spelled, in lower case.
    pub spelled: String,
    /// What it can stand for.
    pub words: WordSet,
    /// A number that stands alone or behind it.
    pub number: Option<u32>,
    /// How much it counts.
    pub weight: f64,
    /// The table has its spelling; else it is another form of one, or short for one.
    pub sure: bool,
}

impl HeaderToken {
    fn new(spelled: String, words: WordSet, sure: bool) -> HeaderToken {
        let mut token = HeaderToken {
            spelled,
            words,
            number: None,
            weight: 1.0,
            sure,
        };
        token.weigh();
        token
    }

    fn weigh(&mut self) {
        let known = !self.words.is_empty();
        self.weight = match known {
            true if self.words.within(*FILLERS) => 0.05,
            true if self.words.within(*LIGHT_WORDS) => 0.3,
            false if FOREIGN_FILLERS.contains(&self.spelled.as_str()) => 0.05,
            // A letter alone is a mark of the system, such as the `__c` of a field that somebody added.
            false if self.spelled.len() < 2 => 0.05,
            _ => 1.0,
        };
    }

    /// Whether it can stand for a word.
    pub(crate) fn is(&self, word: &str) -> bool {
        self.words.meet(WordSet::of(word))
    }

    /// It stands for one more word, as its header or its file says.
    pub(crate) fn also(&mut self, word: &str) {
        self.words = self.words.and(WordSet::of(word));
        self.weigh();
    }
}

/// The words of a header.
pub(crate) fn tokens(header: &str) -> Vec<HeaderToken> {
    let mut all: Vec<HeaderToken> = Vec::new();
    let header = without_wrapping(header);
    for part in spelled_orders(compounds(parts(&joined(&without_accents(header))))) {
        if let Ok(number) = part.parse::<u32>() {
            match all.last_mut() {
                Some(last) => {
                    last.number = Some(number);
                    // The second holder is the joint one.
                    if number == 2 && last.is("owner") {
                        last.also("joint");
                    }
                }
                None => all.push(HeaderToken {
                    number: Some(number),
                    ..HeaderToken::new(part, WordSet::default(), true)
                }),
            }
            continue;
        }
        let (known, sure) = meanings(&part);
        match pieces(&part).filter(|_| known.is_empty()) {
            Some(pieces) => all.extend(pieces.into_iter().map(|piece| {
                let (words, sure) = meanings(piece);
                HeaderToken::new(piece.to_owned(), words, sure && part.len() > 4)
            })),
            None if known.is_empty() => {
                let words = shortened(&part);
                all.push(HeaderToken::new(part, words, words.is_empty()));
            }
            None => all.push(HeaderToken::new(part, known, sure)),
        }
    }
    all
}

/// A header without the types that MongoDB writes around a value: `_id.$oid`, `dob.$date.$numberLong`. Their sign is no money.
fn without_wrapping(header: &str) -> &str {
    let mut name = header;
    while let Some((before, last)) = name.rsplit_once(".$")
        && !before.is_empty()
        && WRAPPINGS.contains(&last)
    {
        name = before;
    }
    name
}

const WRAPPINGS: [&str; 7] = [
    "oid",
    "date",
    "numberLong",
    "numberInt",
    "numberDouble",
    "numberDecimal",
    "uuid",
];

/// The order of a name's parts in letters, and the words that they stand for.
const NAME_ORDERS: [(&str, &[&str]); 6] = [
    ("lf", &["last", "first"]),
    ("lfm", &["last", "first", "middle"]),
    ("lfmi", &["last", "first", "middle"]),
    ("fl", &["first", "last"]),
    ("fml", &["first", "middle", "last"]),
    ("fmil", &["first", "middle", "last"]),
];

/// Spells out the order of a name's parts, which a header has in letters: `CUST_NAME_LF`. Beside no name they are something else.
fn spelled_orders(parts: Vec<String>) -> Vec<String> {
    let name = WordSet::of("name");
    let is_name = |part: &String| {
        let glued = pieces(part).unwrap_or_default();
        let mut words = std::iter::once(part.as_str()).chain(glued);
        words.any(|word| meanings(word).0.meet(name))
    };
    if !parts.iter().any(is_name) {
        return parts;
    }
    let spell = |part: String| {
        let order = NAME_ORDERS.iter().find(|(letters, _)| *letters == part);
        match order {
            Some((_, words)) => words.iter().map(|word| (*word).to_owned()).collect(),
            None => vec![part],
        }
    };
    parts.into_iter().flat_map(spell).collect()
}

/// The words that a spelling is short for; those that it shortens the least.
fn shortened(part: &str) -> WordSet {
    let mut best = (0.0, WordSet::default());
    if !part.is_ascii() || part.len() > 10 {
        return best.1;
    }
    let first = part.chars().next().unwrap_or(' ');
    for (spelling, words) in KNOWN.long.get(&first).into_iter().flatten() {
        let found = short_for(part, spelling);
        if found > best.0 {
            best = (found, *words);
        } else if found > 0.0 && found == best.0 {
            best.1 = best.1.and(*words);
        }
    }
    best.1
}

/// Neighbours that are one known word: `e-mail`, `post code`.
fn compounds(parts: Vec<String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for part in parts {
        if let Some(last) = all.last_mut() {
            let both = format!("{last}{part}");
            if KNOWN.spellings.contains_key(both.as_str()) {
                *last = both;
                continue;
            }
        }
        all.push(part);
    }
    all
}

/// What a spelling stands for, and whether the table has it so.
fn meanings(spelling: &str) -> (WordSet, bool) {
    match KNOWN.spellings.get(spelling) {
        Some(words) => (*words, true),
        None if spelling.len() > 4 => {
            let words = KNOWN.stems.get(stem(spelling)).copied();
            (words.unwrap_or_default(), false)
        }
        None => (WordSet::default(), true),
    }
}

/// The parts between marks, at capitals and at digits, in lower case.
fn parts(header: &str) -> Vec<String> {
    let chars: Vec<char> = header.chars().collect();
    let mut parts = vec![String::new()];
    for (place, &c) in chars.iter().enumerate() {
        if SIGNS.contains(&c) {
            parts.extend([c.to_string(), String::new()]);
            continue;
        }
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

/// A header as it is spelled without accents and ligatures, which the table does not have: `Straße`, `Nº`, `Teléfono`.
fn without_accents(header: &str) -> String {
    if header.is_ascii() {
        return header.to_owned();
    }
    let mut out = String::with_capacity(header.len());
    for c in header.nfkd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'ø' => out.push('o'),
            'Ø' => out.push('O'),
            'ł' => out.push('l'),
            'Ł' => out.push('L'),
            // The sign of degrees stands for the small o of a number.
            '°' => out.push('o'),
            c => out.push(c),
        }
    }
    out
}

/// Signs that are words: `CELL #`, `% OWNED`.
const SIGNS: [char; 3] = ['#', '%', '$'];

/// A header whose abbreviations of letters and full stops, and whose ordinals, are one word: `D.O.B.`, `1ST`.
fn joined(header: &str) -> String {
    let one = |word: &str| {
        let letters: Vec<&str> = word.split('.').filter(|part| !part.is_empty()).collect();
        if letters.len() > 1 && letters.iter().all(|part| part.chars().count() == 1) {
            return letters.concat();
        }
        match word.to_lowercase().as_str() {
            "1st" => "first".to_owned(),
            "2nd" => "second".to_owned(),
            _ => word.to_owned(),
        }
    };
    let words: Vec<String> = header.split(' ').map(one).collect();
    words.join(" ")
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
            if !KNOWN.spellings.contains_key(piece) {
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
            ("Straße", "strasse"),
            ("Nº Cliente", "no cliente"),
            ("Teléfono Móvil", "telefono movil"),
            ("_id.$oid", "id"),
            ("dob.$date.$numberLong", "dob"),
            ("Worth $", "worth $"),
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
        for word in LIGHT.split_whitespace() {
            assert!(lines().any(|(known, _)| known == word), "{word}");
        }
        let rows = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(lines().count(), rows);
        assert!(rows <= 256, "a set holds 256 words");
    }
}
