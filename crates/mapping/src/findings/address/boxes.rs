//! P.O. boxes: the words of many languages for them, and whether a line of an address is one.
//!
//! Owner of [`is_box`], which most lines pass with a look at the first two letters of their words. A word that is common
//! elsewhere counts only where the address stands in a country that uses it, and only with a number behind it.

use bakkt_contract::fold::fold_into;
use bakkt_model::text::is_latin;

/// Words that are a P.O. box wherever they stand, folded, without blanks between their tokens.
const BOXES: &[&str] = &[
    "postfach",
    "postbus",
    "postboks",
    "postbox",
    "postilokero",
    "postafiok",
    "pobox",
    "pobx",
    "postkasse",
    "lockbox",
    "lockedbag",
    "privatebag",
    "gpobox",
    "postofficebox",
    "postbag",
    "mailbag",
    "apartadopostal",
    "apartadodecorreos",
    "apartadoaereo",
    "apdopostal",
    "apdocorreos",
    "apartadocorreos",
    "casilladecorreo",
    "casillapostal",
    "casillacorreo",
    "caixapostal",
    "casepostale",
    "casellapostale",
    "boitepostale",
    "skrytkapocztowa",
    "skrpoczt",
    "skrpocztowa",
    "postovniprihradka",
    "postovypriecinok",
    "kotakpos",
    "postakutusu",
    "generaldelivery",
    "posterestante",
    "postlagernd",
    "listadecorreos",
    "predalposta",
    "podrawer",
    "postofficedrawer",
    "apdodecorreos",
    "aptopostal",
    "postschliessfach",
    "callerbox",
    "postalbox",
    "postaldrawer",
    "postofficebx",
    "privatemailbox",
    "gendelivery",
    "gendel",
    "cassettapostale",
    // Lockers and shops that keep the mail of others.
    "packstation",
    "paketstation",
    "paketshop",
    "paketbox",
    "postfiliale",
    "paczkomat",
    "parcellocker",
    "parcelshop",
    "amazonlocker",
    "upsstore",
];

/// Bytes of the shortest of them.
const SHORTEST_BOX: usize = {
    let (mut shortest, mut place) = (usize::MAX, 0);
    while place < BOXES.len() {
        if BOXES[place].len() < shortest {
            shortest = BOXES[place].len();
        }
        place += 1;
    }
    shortest
};

/// A private mailbox, which is a box behind a street as well.
const PRIVATE_BOX: &str = "pmb";

/// Words that are one at the beginning of the line, when a number follows or nothing at all.
const BOXES_WITH_NUMBER: &[&str] = &[
    "box",
    "pob",
    "apartado",
    "apdo",
    "casilla",
    "bp",
    "gpo",
    PRIVATE_BOX,
    "boks",
    "callerservice",
    "caller",
    "po",
    "mailbox",
    "drawer",
    "boxno",
    "boxnr",
    "boxnumber",
];

/// The same, only in these countries.
const BOXES_BY_COUNTRY: &[(&str, &[&str])] = &[
    ("cp", &["CHE", "CAN", "ITA", "BRA", "PRT", "AGO", "MOZ"]),
    ("pl", &["FIN"]),
    ("pk", &["TUR"]),
    ("pf", &["DEU", "AUT", "CHE", "LIE", "HUN", "SVK", "CZE"]),
    ("cs", &["FRA"]),
    ("tsa", &["FRA"]),
    ("ap", &["ESP", "MEX"]),
    ("cc", &["ARG"]),
    ("aa", &["COL"]),
    ("skr", &["POL"]),
    ("skrytka", &["POL"]),
    ("casella", &["ITA", "CHE", "SMR"]),
    ("case", &["CHE"]),
];

/// Signs for a P.O. box in other scripts; small letters.
const SIGNS: &[&str] = &[
    "私書箱",
    "邮政信箱",
    "郵政信箱",
    "信箱",
    "사서함",
    "а/я",
    "абонентский ящик",
    "поштова скринька",
    "τ.θ.",
    "ταχ. θυρίδα",
    "ص.ب",
    "ص. ب",
    "صندوق بريد",
    "ת.ד",
    "ת\"ד",
    "תא דואר",
];

/// Whether a line is a P.O. box.
pub(crate) fn is_box(line: &str, country: Option<&str>) -> bool {
    if !line.is_ascii() {
        // The signs are of other scripts.
        if !is_latin(line) {
            let small = line.to_lowercase();
            if SIGNS.iter().any(|sign| small.contains(sign)) {
                return true;
            }
        }
        // Accents are not what a box is told by.
        let mut plain = String::with_capacity(line.len());
        for word in line.split(|c: char| !c.is_alphanumeric()) {
            fold_into(word, &mut plain);
            plain.push(' ');
        }
        return plain.is_ascii() && is_ascii_box(&plain, country);
    }
    is_ascii_box(line, country)
}

fn is_ascii_box(line: &str, country: Option<&str>) -> bool {
    may_be_box(line.as_bytes())
        && (is_box_of(line, country)
            || with_letter_o(line).is_some_and(|line| is_box_of(&line, country)))
}

/// The line with the letter where a zero was typed for it: "P0 BOX", "P.0. Box", "PO B0X".
fn with_letter_o(line: &str) -> Option<String> {
    let bytes = line.as_bytes();
    let is_letter = |at: usize| {
        let before = bytes[..at].iter().rev();
        let before = before.copied().find(|byte| !matches!(byte, b'.' | b' '));
        let adjacent = at.checked_sub(1).map(|at| bytes[at]);
        let behind = bytes.get(at + 1);
        let stands_for_letter =
            matches!(before, Some(b'P' | b'p')) || matches!(adjacent, Some(b'B' | b'b'));
        stands_for_letter && !behind.is_some_and(u8::is_ascii_digit)
    };
    let zeros: Vec<usize> = memchr::memchr_iter(b'0', bytes)
        .filter(|at| is_letter(*at))
        .collect();
    if zeros.is_empty() {
        return None;
    }
    let letter = |(at, c)| if zeros.contains(&at) { 'o' } else { c };
    Some(line.char_indices().map(letter).collect())
}

/// The most tokens of a line that are looked at.
const TOKENS: usize = 12;

/// How words begin: for each letter, as a bit, those that go on from it; the first bit stands for no letter behind it, as in
/// "P O Box", where a short word is written as several letters.
struct Beginnings([u32; 32]);

/// Bytes of the longest word that is written as several letters. The first word of "S Sycamore St" is none for a Polish box.
const SPELLED: usize = 6;

/// Of the words that are a box wherever they stand.
const ANYWHERE: Beginnings = Beginnings::none().with(BOXES).with(&[PRIVATE_BOX]);

/// The same, and of the remark that stands most often in the middle of a street.
const LOOKED_AT: Beginnings = ANYWHERE.with(&["deceased"]);

/// Of those that are one as the first of the line, too. A word that begins otherwise is not looked at further.
static FIRST: Beginnings = {
    let mut all = Beginnings::none()
        .with(BOXES)
        .with(&[PRIVATE_BOX])
        .with(BOXES_WITH_NUMBER);
    let mut place = 0;
    while place < BOXES_BY_COUNTRY.len() {
        all = all.with(&[BOXES_BY_COUNTRY[place].0]);
        place += 1;
    }
    all
};

impl Beginnings {
    const fn none() -> Beginnings {
        Beginnings([0; 32])
    }

    const fn with(mut self, words: &[&str]) -> Beginnings {
        let mut place = 0;
        while place < words.len() {
            let word = words[place].as_bytes();
            let alone = (word.len() <= SPELLED) as u32;
            self.0[LETTERS[word[0] as usize] as usize] |= alone | 1 << LETTERS[word[1] as usize];
            place += 1;
        }
        self
    }

    /// Whether a word begins with a letter and then another, both by their number in the alphabet; 0 as the second: with none.
    const fn has(&self, letter: u8, next: u8) -> bool {
        self.0[(letter & 31) as usize] >> next & 1 == 1
    }
}

/// The number of each letter in the alphabet, from 1; 0 for what is none.
const LETTERS: [u8; 256] = {
    let mut letters = [0; 256];
    let mut letter = 0;
    while letter < 26 {
        letters[(b'a' + letter) as usize] = letter + 1;
        letters[(b'A' + letter) as usize] = letter + 1;
        letter += 1;
    }
    letters
};

/// Whether a word of a line begins like one for a P.O. box, or a zero may be a letter of one. In most lines neither is so.
fn may_be_box(line: &[u8]) -> bool {
    let number = |at: usize| line.get(at).map_or(0, |byte| LETTERS[usize::from(*byte)]);
    let first = line.iter().position(u8::is_ascii_alphanumeric).unwrap_or(0);
    FIRST.has(number(first), number(first + 1)) || gone_through(line).0
}

/// Goes through a line whose first word was looked at: whether any other is one for a box, or a zero may be a letter of one, and
/// whether there is any letter.
fn gone_through(line: &[u8]) -> (bool, bool) {
    let step = |state: u8, byte: u8| STEPS[usize::from(state)][usize::from(byte)];
    let (last, letters) = line.iter().fold((BETWEEN, 0), |(state, letters), byte| {
        (step(state, *byte), letters | LETTERS[usize::from(*byte)])
    });
    (step(last, b' ') == FOUND, letters != 0)
}

// Where a line is while it is gone through byte by byte.

/// Behind anything but a letter, a blank or a dot.
const BEHIND: u8 = 0;
/// Behind a blank or a dot.
const BETWEEN: u8 = 1;
/// In a word, behind its first letter.
const INSIDE: u8 = 2;
/// The same, behind a P or a B: a zero may be an O there.
const BEFORE_O: u8 = 3;
/// Behind a zero that may be an O.
const ZERO: u8 = 4;
/// Where a word began like one for a box, where a zero may be an O, or where there was a byte beyond ASCII: it stays so.
const FOUND: u8 = 5;
/// Behind the first letter of a word: this and the number of the letter.
const BEGUN: u8 = FOUND;
const STATES: usize = BEGUN as usize + 27;

/// For each state, where each byte leads.
static STEPS: [[u8; 256]; STATES] = {
    let mut steps = [[0; 256]; STATES];
    let mut state = 0;
    while state < STATES {
        let mut byte = 0;
        while byte < 256 {
            steps[state][byte] = next_state(state as u8, byte as u8);
            byte += 1;
        }
        state += 1;
    }
    steps
};

const fn next_state(state: u8, byte: u8) -> u8 {
    let next = LETTERS[byte as usize];
    let begun = state.saturating_sub(BEGUN);
    let is_letter_before_o = matches!(byte, b'P' | b'p' | b'B' | b'b');
    let begun_before_o = begun == LETTERS[b'p' as usize] || begun == LETTERS[b'b' as usize];
    let may_be_o = matches!(state, BETWEEN | BEFORE_O) || begun_before_o;
    let is_found = state == FOUND
        || byte >= 0x80
        // What stands in brackets may be a remark.
        || matches!(byte, b'(' | b'[' | b'*')
        || (begun != 0 && LOOKED_AT.has(begun, next))
        || (state == ZERO && !byte.is_ascii_digit());
    if is_found {
        FOUND
    } else if next != 0 && matches!(state, BEHIND | BETWEEN) {
        BEGUN + next
    } else if next != 0 && is_letter_before_o {
        BEFORE_O
    } else if next != 0 {
        INSIDE
    } else if byte == b'0' && may_be_o {
        ZERO
    } else if matches!(byte, b' ' | b'.') {
        BETWEEN
    } else {
        BEHIND
    }
}

/// Whether a line is a street as most are written in the U.S.: its number, its name, and nothing that begins like a box. Such a
/// line is neither a box nor a word for none, whatever the country; at its end may stand a remark.
pub(super) fn is_plain_street(line: &str) -> bool {
    let bytes = line.as_bytes();
    // Its first word is a number, and no number is one for a box.
    PLAIN_STREET.contains(&bytes.len())
        && bytes.first().is_some_and(u8::is_ascii_digit)
        && gone_through(bytes) == (false, true)
}

/// Bytes of a line that is not looked at further: shorter ones may be what a spreadsheet made of something else.
const PLAIN_STREET: std::ops::RangeInclusive<usize> = 9..=48;

fn is_box_of(line: &str, country: Option<&str>) -> bool {
    let mut tokens = [""; TOKENS];
    let mut count = 0;
    let mut rest = line;
    while count < TOKENS {
        let Some(start) = rest.bytes().position(|byte| byte.is_ascii_alphanumeric()) else {
            break;
        };
        rest = &rest[start..];
        let number = rest.as_bytes()[0].is_ascii_digit();
        let same = |byte: u8| byte.is_ascii_alphanumeric() && byte.is_ascii_digit() == number;
        let end = rest
            .bytes()
            .position(|byte| !same(byte))
            .unwrap_or(rest.len());
        tokens[count] = &rest[..end];
        count += 1;
        rest = &rest[end..];
    }
    let tokens = &tokens[..count];
    (0..count).any(|at| begins_box(&tokens[at..], at, tokens, country))
}

fn begins_box(tokens: &[&str], at: usize, all: &[&str], country: Option<&str>) -> bool {
    if !tokens[0].as_bytes()[0].is_ascii_alphabetic() {
        return false;
    }
    let first = tokens[0].as_bytes();
    let words = if at == 0 { &FIRST } else { &ANYWHERE };
    let number = |byte: u8| LETTERS[usize::from(byte)];
    let second = first.get(1).copied().map_or(0, number);
    if !words.has(number(first[0]), second) {
        return false;
    }
    // A street with its number before the box, on the same line.
    let street_before = at >= 3 && all[0].as_bytes()[0].is_ascii_digit();
    if street_before && !tokens[0].eq_ignore_ascii_case(PRIVATE_BOX) {
        return false;
    }
    let mut joined = [0u8; 24];
    let mut length = 0;
    for (place, token) in tokens.iter().enumerate().take(5) {
        if !token.as_bytes()[0].is_ascii_alphabetic() || length + token.len() > joined.len() {
            break;
        }
        for byte in token.bytes() {
            joined[length] = byte.to_ascii_lowercase();
            length += 1;
        }
        let Ok(word) = std::str::from_utf8(&joined[..length]) else {
            return false;
        };
        if length >= SHORTEST_BOX && BOXES.contains(&word) && !is_street_word(tokens.get(place + 1))
        {
            return true;
        }
        let next = tokens.get(place + 1);
        let numbered = next.is_some_and(|token| token.as_bytes()[0].is_ascii_digit());
        if at == 0 && (numbered || next.is_none()) && BOXES_WITH_NUMBER.contains(&word) {
            return true;
        }
        // A private mailbox is none of the street before it, which is that of a shop.
        if numbered && word == PRIVATE_BOX {
            return true;
        }
        if numbered && at == 0 && is_box_in(country, word) {
            return true;
        }
    }
    false
}

/// Whether a word means a box in a country.
fn is_box_in(country: Option<&str>, word: &str) -> bool {
    let by_country = BOXES_BY_COUNTRY.iter().find(|(known, _)| *known == word);
    by_country
        .is_some_and(|(_, countries)| country.is_some_and(|country| countries.contains(&country)))
}

/// A street that is named after a box: `Post Office Box Rd`.
fn is_street_word(token: Option<&&str>) -> bool {
    let streets = [
        "road", "rd", "street", "st", "lane", "ln", "drive", "dr", "ave", "avenue", "way",
        "strasse", "str", "weg",
    ];
    token.is_some_and(|token| {
        streets
            .iter()
            .any(|street| token.eq_ignore_ascii_case(street))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::select;

    fn words() -> Vec<&'static str> {
        let by_country = BOXES_BY_COUNTRY.iter().map(|(word, _)| *word);
        let all = BOXES.iter().chain(BOXES_WITH_NUMBER).copied();
        all.chain(by_country).collect()
    }

    proptest! {
        /// The look at the beginnings passes over no line that the look at its words finds.
        #[test]
        fn no_box_is_passed_over(
            parts in prop::collection::vec((select(words()), "[ .0-9-]{0,3}", "[A-Za-z0 .]{0,3}"), 1..4),
            cut in prop::collection::vec(any::<bool>(), 40),
            number in "[0-9]{0,3}[ ,]?",
        ) {
            let joined: String = parts.iter().map(|(word, marks, more)| format!("{word}{marks}{more}")).collect();
            // Words that are written as several letters, and zeros in place of letters.
            let spelled = joined.chars().zip(cut.iter().chain(std::iter::repeat(&false)));
            let spelled: String = spelled
                .flat_map(|(c, cut)| match (c, cut) {
                    ('o', true) => vec!['0'],
                    (c, true) => vec![c, '.'],
                    (c, false) => vec![c],
                })
                .collect();
            for line in [joined, spelled] {
                let line = format!("{number}{line}");
                if may_be_box(line.as_bytes()) {
                    continue;
                }
                for country in ["USA", "DEU", "CHE", "FIN", "FRA", "ESP", "ARG", "COL", "POL", "TUR"] {
                    prop_assert!(!is_box_of(&line, Some(country)), "{}", line);
                    let with_letter = with_letter_o(&line);
                    prop_assert!(with_letter.is_none_or(|line| !is_box_of(&line, Some(country))), "{}", line);
                }
            }
        }
    }

    /// The line is looked at further where it is a box, and only few others are.
    #[test]
    fn every_box_passes_the_look_at_its_beginnings() {
        let by_country = BOXES_BY_COUNTRY.iter();
        for (word, countries) in by_country {
            assert!(is_box(&format!("{word} 12"), countries.first().copied()));
        }
        for word in BOXES_WITH_NUMBER {
            assert!(is_box(&format!("{word} 12"), None), "{word}");
        }
        for word in BOXES {
            for line in [
                word.to_string(),
                format!("Main {word} 12"),
                format!("1{word}"),
            ] {
                assert!(is_box(&line, None), "{line}");
            }
        }
        for line in [
            "P O Box 9",
            "p.o. box 9",
            "Unit 4, P.O.Box 9",
            "12 Main St PMB 4",
            "1 pobox 2",
        ] {
            assert!(is_box(line, None), "{line}");
        }
        for line in [
            "354 Dogwood Dr",
            "229 Kestrel Ln",
            "8914 W Walnut St",
            "12 Cc Pl",
        ] {
            assert!(!may_be_box(line.as_bytes()), "{line}");
        }
    }
}
