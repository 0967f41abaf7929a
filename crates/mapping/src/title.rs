//! Title case: names out of capitals.
//!
//! Owner of [`title_case`] and of the few things that it knows of names: numerals and academic letters stay capitals,
//! Mc, O' and D' have a capital behind them, particles inside of a name are lower case. Invariants: only the case of letters
//! changes; done twice it changes nothing more. Left out on purpose: what nobody can tell from capitals. "MACKIE" becomes
//! "Mackie", and so does every Mac that is not in the short list; a single "VAN" keeps its capital, because it is a
//! particle in Dutch and a name in Vietnamese; "YILMAZ" becomes "Yilmaz", because nothing in the word
//! is Turkish alone.

/// Writes `text` onto `out` with a capital at the start of each word.
///
/// A word which already mixes cases after its capital ("McDonald", "DeVito") was typed by somebody who knew, so it stays;
/// so do particles in lower case ("van der Berg") beside words with capitals.
pub(crate) fn title_case(text: &str, out: &mut String) {
    out.reserve(text.len());
    let shape = TextCase::of(text);
    let mut words = WordSpans { text, at: 0 };
    let (mut first, mut before): (bool, Option<&str>) = (true, None);
    while let Some((word, after)) = words.next() {
        let next = words.peek();
        match () {
            () if shape.mixed && is_particle(word) && is_lower(word) => out.push_str(word),
            () if !first && particle_inside(before, word, next) => push_lower(word, out),
            () if shape.stays(word, first, next.is_none()) => push_upper(word, out),
            () => title_word(word, out),
        }
        out.push_str(after);
        if !word.is_empty() {
            first = false;
            before = Some(word);
        }
    }
}

/// What a whole text says about its words.
struct TextCase {
    /// It has capitals and small letters.
    mixed: bool,
    /// It is one word.
    single: bool,
}

impl TextCase {
    fn of(text: &str) -> TextCase {
        let upper = text.chars().any(char::is_uppercase);
        let lower = text.chars().any(is_small);
        let mut words = WordSpans { text, at: 0 };
        let count = std::iter::from_fn(|| words.next()).filter(|(word, _)| !word.is_empty());
        TextCase {
            mixed: upper && lower,
            single: count.count() == 1,
        }
    }

    /// Whether a word is letters that stay capitals: a numeral behind a name, a degree, the form of a company.
    fn stays(&self, word: &str, first: bool, last: bool) -> bool {
        let is = |list: &[&str]| list.iter().any(|known| known.eq_ignore_ascii_case(word));
        if is_lower(word) && self.mixed {
            return false;
        }
        match first {
            true => self.single && is(&NUMERALS),
            false => is(&NUMERALS) || (last && (is(&SIXTH) || is(&LETTERS))),
        }
    }
}

/// Numerals that are no names.
const NUMERALS: [&str; 6] = ["ii", "iii", "iv", "vii", "viii", "ix"];
/// A numeral that is a given name too.
const SIXTH: [&str; 1] = ["vi"];
/// What stays capitals at the end.
const LETTERS: [&str; 14] = [
    "md", "dds", "dmd", "dvm", "cpa", "mba", "rn", "llc", "llp", "lllp", "plc", "pllc", "usa", "jd",
];

/// Particles that are lower case inside of a name.
const PARTICLES: [&str; 17] = [
    "de", "del", "della", "der", "den", "des", "di", "dos", "das", "da", "du", "la", "las", "los",
    "von", "zu", "ter",
];
/// Particles in front of another one.
const BEFORE_ARTICLE: [&str; 6] = ["van", "von", "de", "in", "op", "aan"];
/// Articles behind a particle.
const ARTICLES: [&str; 11] = [
    "der", "den", "de", "la", "las", "los", "het", "ter", "dem", "t", "'t",
];

fn is_one(word: &str, list: &[&str]) -> bool {
    list.iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn is_particle(word: &str) -> bool {
    is_one(word, &PARTICLES) || is_one(word, &BEFORE_ARTICLE) || is_one(word, &ARTICLES)
}

/// Whether a word that is not the first one is a particle of the name behind it.
fn particle_inside(before: Option<&str>, word: &str, next: Option<&str>) -> bool {
    // "LA" at the end is a name, or a state.
    let Some(next) = next else {
        return false;
    };
    let behind = before.is_some_and(|before| is_one(before, &BEFORE_ARTICLE));
    let article = behind && is_one(word, &ARTICLES);
    let opens = is_one(word, &BEFORE_ARTICLE) && is_one(next, &ARTICLES);
    // "LA" alone begins places and families: "La Crosse", "La Rue".
    let alone =
        is_one(word, &PARTICLES) && !is_one(word, &["la", "las", "los", "ter", "den", "der"]);
    article || opens || alone
}

/// Words, and what stands behind each: whatever is no letter ends one, except an apostrophe and a digit: "O'Brien", "3rd".
struct WordSpans<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> WordSpans<'t> {
    fn next(&mut self) -> Option<(&'t str, &'t str)> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let end = rest.find(|c: char| !in_word(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        let next = behind.find(in_word).unwrap_or(behind.len());
        self.at += end + next;
        Some((word, &behind[..next]))
    }

    fn peek(&self) -> Option<&'t str> {
        let mut ahead = WordSpans { ..*self };
        ahead.next().map(|(word, _)| word)
    }
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || is_apostrophe(c) || unicode_normalization::char::is_combining_mark(c)
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2bb}')
}

fn is_lower(word: &str) -> bool {
    !word.chars().any(char::is_uppercase)
}

fn push_lower(word: &str, out: &mut String) {
    out.extend(word.chars().map(|c| c.to_ascii_lowercase()));
}

fn push_upper(word: &str, out: &mut String) {
    out.extend(word.chars().map(|c| c.to_ascii_uppercase()));
}

/// Whether a letter is a small one beside capitals: the ß of "GROßMANN" has no capital in most systems.
fn is_small(c: char) -> bool {
    c.is_lowercase() && c != 'ß'
}

/// Letters in front of an apostrophe behind which a capital stands: O'Brien, D'Angelo, Dell'Orto.
const BEFORE_APOSTROPHE: [&str; 5] = ["dell", "dall", "nell", "sant", "mac"];

fn title_word(word: &str, out: &mut String) {
    let mut letters = word.chars().filter(|c| c.is_alphabetic());
    let capital_first = letters.next().is_some_and(char::is_uppercase);
    let mixed = capital_first && letters.any(is_small);
    if mixed || has_inner_capital(word) {
        out.push_str(word);
        return;
    }
    if is_one(word, &["phd"]) {
        return out.push_str("PhD");
    }
    let (mut start, mut before) = (true, 0);
    let capital_at = scottish(word);
    let turkish = word.contains(DOTTED_I);
    for (at, c) in word.char_indices() {
        if is_apostrophe(c) {
            let rest = word[at + c.len_utf8()..].chars().count();
            let head = &word[..at];
            // "O'BRIEN" and "D'ANGELO", but not the "s" of "JOHN'S", nor the 's and 't that begin Dutch names.
            start = rest > 1 && (before <= 1 || is_one(head, &BEFORE_APOSTROPHE));
            before = 0;
            out.push(c);
            continue;
        }
        start |= capital_at == Some(at);
        match (start, c.is_ascii()) {
            (true, true) => out.push(c.to_ascii_uppercase()),
            // Beside an İ the I is the capital of the other letter.
            (false, true) if turkish && c == 'I' => out.push('ı'),
            (false, true) => out.push(c.to_ascii_lowercase()),
            (true, false) => out.push(capital(c)),
            (false, false) => {
                let ends = !word[at + c.len_utf8()..].contains(char::is_alphabetic);
                out.push(small(c, ends && before > 0));
            }
        }
        start = false;
        before += 1;
    }
}

/// A particle that is written together with its name: "deVries", "laRue". "jOHN" is a slip of the shift key.
fn has_inner_capital(word: &str) -> bool {
    let mut pairs = word.chars().zip(word.chars().skip(1));
    word.starts_with(char::is_lowercase)
        && !word.contains(is_apostrophe)
        && scottish(word).is_none()
        && pairs.any(|(c, next)| c.is_uppercase() && next.is_lowercase())
}

/// Families whose name has a capital behind Mac almost always.
const MACS: [&str; 22] = [
    "macarthur",
    "macaulay",
    "macbride",
    "maccallum",
    "macdonald",
    "macdonell",
    "macdonnell",
    "macdougall",
    "macdowell",
    "macfarlane",
    "macgregor",
    "macintosh",
    "macintyre",
    "mackinnon",
    "maclachlan",
    "maclean",
    "macleod",
    "macmillan",
    "macneil",
    "macneill",
    "macpherson",
    "mactavish",
];

/// Where the second capital of a Scottish or Irish name stands.
fn scottish(word: &str) -> Option<usize> {
    let letters = word.len() >= 5 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    let mc = word
        .get(..2)
        .is_some_and(|head| head.eq_ignore_ascii_case("mc"));
    match () {
        () if letters && mc => Some(2),
        () if is_one(word, &MACS) => Some(3),
        () => None,
    }
}

/// The Turkish capital whose small letter is a plain "i"; Unicode's general rule puts a second dot on it.
const DOTTED_I: char = 'İ';

/// A capital at the start of a word. A letter whose capital is two letters ("ß") stays, and so do those of Georgian, which
/// has capitals for whole words alone.
fn capital(c: char) -> char {
    match c {
        '\u{10d0}'..='\u{10ff}' => c,
        _ => one_letter(c.to_uppercase()).unwrap_or(c),
    }
}

/// A small letter; `ends_word`: letters stand before it and none behind, where Greek has another sigma.
fn small(c: char, ends_word: bool) -> char {
    match c {
        DOTTED_I => 'i',
        'Σ' if ends_word => 'ς',
        _ => one_letter(c.to_lowercase()).unwrap_or(c),
    }
}

fn one_letter(mut changed: impl ExactSizeIterator<Item = char>) -> Option<char> {
    match changed.len() {
        1 => changed.next(),
        _ => None,
    }
}

/// Writes `text` onto `out` in small letters.
pub(crate) fn lower_case(text: &str, out: &mut String) {
    match text.contains(DOTTED_I) {
        // The second dot, for which there is no use in any name.
        true => out.push_str(&text.replace(DOTTED_I, "i").to_lowercase()),
        false => out.push_str(&text.to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn title(text: &str) -> String {
        let mut out = String::new();
        title_case(text, &mut out);
        out
    }

    #[test]
    fn real_names() {
        for (text, wanted) in [
            ("MCDONALD", "McDonald"),
            ("mcgee", "McGee"),
            ("McDonald", "McDonald"),
            ("MACDONALD", "MacDonald"),
            ("MACKIE", "Mackie"),
            ("GROßMANN", "Großmann"),
            ("STRAßE", "Straße"),
            ("Großmann", "Großmann"),
            ("MACHADO", "Machado"),
            ("MACY", "Macy"),
            ("O'BRIEN", "O'Brien"),
            ("O'Brien", "O'Brien"),
            ("o’neill", "O’Neill"),
            ("D'ANGELO", "D'Angelo"),
            ("DELL'ORTO", "Dell'Orto"),
            ("JOHN'S BAR", "John's Bar"),
            ("'S-HERTOGENBOSCH", "'s-Hertogenbosch"),
            ("'T HOOFT", "'t Hooft"),
            ("'AKANA", "'Akana"),
            ("SMITH III", "Smith III"),
            ("SMITH-JONES IV", "Smith-Jones IV"),
            ("III", "III"),
            ("XI JINPING", "Xi Jinping"),
            ("VI NGUYEN", "Vi Nguyen"),
            ("JOHN SMITH VI", "John Smith VI"),
            ("SMITH JR.", "Smith Jr."),
            ("DOE, PH.D", "Doe, Ph.D"),
            ("DOE PHD", "Doe PhD"),
            ("DOE, M.D.", "Doe, M.D."),
            ("ACME HOLDINGS LLC", "Acme Holdings LLC"),
            ("MARY-JANE VAN DER BERG", "Mary-Jane van der Berg"),
            ("VAN DER BERG", "Van der Berg"),
            ("van der Berg", "van der Berg"),
            ("DE LA CRUZ", "De la Cruz"),
            ("MARIA DE LA CRUZ", "Maria de la Cruz"),
            ("JOSE DOS SANTOS", "Jose dos Santos"),
            ("THI VAN NGUYEN", "Thi Van Nguyen"),
            ("VAN BUREN", "Van Buren"),
            ("JOSÉ ÁLVAREZ", "José Álvarez"),
            ("érik", "Érik"),
            ("ST. LOUIS", "St. Louis"),
            ("LA CROSSE", "La Crosse"),
            ("42ND STREET", "42nd Street"),
            ("deVries", "deVries"),
            ("vanDyke", "vanDyke"),
            ("Anna laRue", "Anna laRue"),
            ("jOHN", "John"),
            ("mcDONALD", "McDonald"),
            ("o'Brien", "O'Brien"),
            ("a", "A"),
            ("", ""),
            ("  two  spaces ", "  Two  Spaces "),
        ] {
            assert_eq!(title(text), wanted, "{text}");
            assert_eq!(title(wanted), wanted, "{text}");
        }
    }

    #[test]
    fn letters_whose_other_case_is_their_own() {
        for (text, wanted) in [
            ("ŞAHİN", "Şahin"),
            ("YİĞİT", "Yiğit"),
            ("ÇELİK", "Çelik"),
            ("İBRAHİM", "İbrahim"),
            ("ALİ YILMAZ", "Ali Yilmaz"),
            ("YILMAZ", "Yilmaz"),
            ("KIYMETLİ", "Kıymetli"),
            ("ISMAİL", "Ismail"),
            ("İ", "İ"),
            ("ŞAHİN-ÇELİK", "Şahin-Çelik"),
            ("GROẞ", "Groß"),
            ("große", "Große"),
            ("ßa", "ßa"),
            ("ΠΑΠΑΔΟΠΟΥΛΟΣ", "Παπαδοπουλος"),
            ("ΣΩΤΗΡΗΣ ΣΑΣΑΣ", "Σωτηρης Σασας"),
            ("Σ", "Σ"),
            ("გიორგი", "გიორგი"),
            ("ИВАНОВ", "Иванов"),
        ] {
            assert_eq!(title(text), wanted, "{text}");
            assert_eq!(title(wanted), wanted, "{text}");
        }
        let mut out = String::new();
        lower_case("ŞAHİN DOE", &mut out);
        assert_eq!(out, "şahin doe");
    }

    proptest! {
        #[test]
        fn only_case_changes(any in any::<String>(), ascii in "[ -~]{0,40}") {
            title(&any);
            let once = title(&ascii);
            prop_assert!(once.eq_ignore_ascii_case(&ascii));
        }

        #[test]
        fn names_are_not_changed_twice(text in "(MCDONALD|O'BRIEN|VAN DER|DE LA|III|[A-Z]{1,8}|[- .,']){0,6}") {
            let once = title(&text);
            prop_assert_eq!(title(&once), once.clone());
        }
    }
}
