//! The letters beyond ASCII that languages write.
//!
//! Owner of [`strangers`]: how many letters of a reading no one language has all together. Two encodings may both read
//! like words (`João` is `Joäo` in another code page of DOS), and then the letters that stand together decide. Left out on
//! purpose: which words a language has, and how frequent its letters are (`chardetng`).

use std::collections::HashMap;

/// Small letters of languages and of neighbours whose names stand in one file.
const ALPHABETS: &[&str] = &[
    // Portuguese, of which two letters stand before few others only: see `is_misplaced`.
    PORTUGUESE,
    // What customers in Western Europe and America are called.
    "áéíóúüñçãâêôàèëïîöäßåûù",
    "äöüßéàâèçêôëïîûœ",
    // Catalan, Occitan and Italian; Dutch.
    "àáèéìíòóùúïüçîŀ",
    "éèëêïöüäáíóúĳ",
    "åäöæøéüáèßš",
    "äöõüšžéå",
    "áéíóúýþðæöøå",
    "áéíóúàèìòùċḋḟġṁṗṡṫ",
    "âêîôûŵŷáéíóúäëïöàè",
    "áčđŋšŧžöåäø",
    "ąćęłńóśźż",
    "áčďéěíňóřšťúůýžöüä",
    "áäčďéíĺľňóôŕšťúýžöü",
    "áéíóöőúüűä",
    "čćđšžćöüá",
    "ăâîșțşţáéö",
    "çğıöşüâîû",
    "ąčęėįšųūž",
    "āčēģīķļņšūžōŗ",
    "ċġħżàèìòù",
    "ĉĝĥĵŝŭ",
    "çëéâ",
    "абвгдежзийклмнопрстуфхцчшщъыьэюяё",
    "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "абвгдежзійклмнопрстуўфхцчшыьэюяёґ",
    "абвгдежзиклмнопрстуфхцчшђјљњћџѓќѕ",
    "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ",
];

const PORTUGUESE: &str = "áâãàçéêíóôõúü";

/// The small letter; the dotted capital I as the dotless one, which stands beside it.
pub(super) fn small(c: char) -> char {
    match c {
        'İ' => 'ı',
        c => c.to_lowercase().next().unwrap_or(c),
    }
}

/// Letters beyond ASCII, counted: each with the number of its places, and of those where Portuguese does not have it.
pub(super) type LetterCounts = HashMap<char, (usize, usize)>;

/// How many of some letters the language that has most of them does not have.
pub(super) fn strangers(letters: &LetterCounts) -> usize {
    let cased = letters.iter().filter(|(c, _)| is_cased(**c));
    let strange = |alphabet: &&str| -> usize {
        let count = |(c, (count, misplaced)): (&char, &(usize, usize))| match alphabet.contains(*c)
        {
            true if *alphabet == PORTUGUESE => *misplaced,
            true => 0,
            false => *count,
        };
        cased.clone().map(count).sum()
    };
    ALPHABETS.iter().map(strange).min().unwrap_or(0)
}

/// Scripts without capitals have one language each, as far as encodings of single bytes go.
fn is_cased(c: char) -> bool {
    c < '\u{590}' || ('\u{1e00}'..'\u{2000}').contains(&c)
}
