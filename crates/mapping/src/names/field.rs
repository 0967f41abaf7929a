//! A cell that holds a given name or a family name alone: what in it is no name of one person.
//!
//! Owner of [`doubt`], which judges such a cell by the words by which whole names are judged, and of the quick look that
//! settles most cells. Invariant: a word that somebody may be called is no doubt where it is the whole cell. Left out on
//! purpose: what becomes of a doubtful name (`findings`), and names in one cell (`names`).

use std::sync::LazyLock;

use super::firms::{ACCOUNT, FIRM, has};
use super::notes::{FEMININE, MAIDEN, NOTES};
use super::words::{COURTESY, DEGREES, DEGREES_OR_NAMES, HONORIFICS, JOINING, TITLES_ALONE};
use super::{are_several, doubts, in_name, is_honorific, is_no_person, letters, suffix, titles};
use bakkt_contract::fold::fold;
use bakkt_model::masked::is_masked;
use bakkt_model::no_values::says_nothing;
use bakkt_model::text::is_latin;

/// Which name a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameField {
    /// Given names and middle names.
    Given,
    /// The family name.
    Family,
}

const SEVERAL: &str = "two people";
const TITLE: &str = "a title or a degree";
const REMARK: &str = "a remark";
const NO_PERSON: &str = "words of a firm or an account";
const PLACEHOLDER: &str = "a word that says that no name is known";
const SIGNS: &str = "digits or signs that no name has";
const COMMA: &str = "a comma, as in a whole name";
const NICKNAME: &str = "a nickname in quotes or brackets";
const PART: &str = "the beginning of a family name alone";

/// Words of names in scripts without blanks between words, each with what it means. They count wherever they stand.
#[rustfmt::skip]
const EAST_ASIAN: &[(&str, &str)] = &[
    ("株式会社", NO_PERSON), ("有限会社", NO_PERSON), ("合同会社", NO_PERSON), ("合資会社", NO_PERSON), ("一般社団", NO_PERSON),
    ("財団法人", NO_PERSON), ("㈱", NO_PERSON), ("㈲", NO_PERSON), ("（株）", NO_PERSON), ("(株)", NO_PERSON), ("御中", NO_PERSON),
    ("有限公司", NO_PERSON), ("公司", NO_PERSON), ("주식회사", NO_PERSON), ("유한회사", NO_PERSON), ("(주)", NO_PERSON),
    ("㈜", NO_PERSON), ("旧姓", REMARK), ("死亡", REMARK), ("逝去", REMARK), ("相続人", REMARK), ("法定代理人", REMARK),
    ("代理人", REMARK), ("解約", REMARK), ("テスト", REMARK), ("测试", REMARK), ("測試", REMARK), ("테스트", REMARK),
    ("他1名", SEVERAL), ("他一名", SEVERAL), ("夫妻", SEVERAL), ("夫婦", SEVERAL), ("先生", TITLE), ("女士", TITLE), ("小姐", TITLE),
    ("귀하", TITLE),
];

/// Honorifics behind a name, and the word for the late in front of it.
const BEHIND: [&str; 2] = ["様", "さま"];
const IN_FRONT: [&str; 2] = ["故", "亡"];

/// Whole cells that say that there is no name; folded. Sorted.
#[rustfmt::skip]
const PLACEHOLDERS: &[&str] = &[
    "anonymous", "apellido", "apellidos", "asdf", "babyboy", "babygirl", "brak", "cognome", "desconhecido", "desconocida",
    "desconocido", "donotuse", "familienname", "familyname", "firstname", "firstnameunknown", "geen", "givenname", "inconnu",
    "inconnue", "kein", "keine", "keineangabe", "keineangaben", "keinvorname", "lastname", "lastnameunknown", "nachname",
    "name", "namenotgiven", "nameunknown", "nessuno", "nofamilyname", "nofirstname", "nogivenname", "nolastname", "nombre", "nome", "nomiddleinitial", "nomiddlename",
    "nomn", "noname", "nonamegiven", "none", "nonegiven", "noneonfile", "nosurname", "notavailable", "notgiven", "notknown", "notonfile", "notprovided", "null", "ohne",
    "onbekend", "onfile", "prenom", "sameasabove", "samplename", "sconosciuta", "sconosciuto", "seeabove", "seefile", "sinnombre", "sobrenome", "surname", "tbd", "testname",
    "unbekannt", "undefined", "unk", "unknown", "unknownname", "vorname", "xxxxx", "неизвестен", "неизвестна", "неизвестно",
    "неизвестный", "нетданных", "なし", "不明", "不詳", "不详", "匿名", "同上", "名無し", "无", "未定", "未登録", "未知", "無", "無名",
    "모름", "무명", "미상", "없음",
];

/// Those of them that are family names as well. Sorted.
const FAMILY_NAMES_TOO: &[&str] = &["brak", "geen", "kein", "name", "none", "null", "ohne"];

/// Words of accounts and remarks that are somebody's whole name more often. Sorted.
const NAMES_TOO: &[&str] = &[
    "baby", "care", "com", "hold", "infant", "ira", "konto", "late", "living", "marine", "or",
    "prop", "roth", "sep", "temp", "the", "tod", "tr",
];

/// Whether a whole cell of several words says that no name is known: "No Name".
pub(super) fn says_that_none_is_known(text: &str) -> bool {
    // One word is no whole name anyway.
    text.len() <= 24 && text.contains(' ') && has(PLACEHOLDERS, &fold(text))
}

/// What is wrong with a family name that says that none is known together with the given name in front of it: "See" and "file".
pub(crate) fn doubt_of_both(given: &str, family: &str) -> Option<&'static str> {
    const BEGINNINGS: [&str; 5] = ["no", "none", "not", "on", "see"];
    let begins = BEGINNINGS
        .iter()
        .any(|word| word.eq_ignore_ascii_case(given));
    let says_it = begins && has(PLACEHOLDERS, &fold(&format!("{given}{family}")));
    says_it.then_some(PLACEHOLDER)
}

/// Whether a whole cell, of one word or several, says that nothing is known. Korean comes apart when it is folded.
pub(crate) fn says_that_nothing_is_known(text: &str) -> bool {
    has(PLACEHOLDERS, &fold(text)) || has(PLACEHOLDERS, text)
}

/// A dash at an edge of a word, or quotes around a name: "-John", "Smith- Jones", "'John'".
fn has_loose_mark(text: &str) -> bool {
    let mut words = text.split(' ');
    // "Smith - Jones" has a dash of its own.
    let dashed = |word: &str| word.len() > 1 && (word.starts_with('-') || word.ends_with('-'));
    let quoted = text.len() > 2 && text.starts_with('\'') && text.ends_with('\'');
    text.starts_with('`') || quoted || words.any(dashed)
}

/// Beginnings of family names that nobody has alone, in small letters. "Van", "Le", "De", "La", "Von" and the like are names.
const BEGINNINGS: [&str; 12] = [
    "mc", "der", "van der", "van den", "von der", "von dem", "von den", "de la", "de las",
    "de los", "aus der", "auf der",
];

/// Whether a family name is only what stands in front of one: "van der".
fn are_particles(tokens: &[&str]) -> bool {
    tokens.len() <= 2 && BEGINNINGS.contains(&&*tokens.join(" ").to_lowercase())
}

/// Whether a cell says that no name is known.
pub(crate) fn stands_for_none(text: &str, field: NameField) -> bool {
    doubt(text, field) == Some(PLACEHOLDER)
}

/// Why a cell is no name of one person, if it is not.
pub(crate) fn doubt(text: &str, field: NameField) -> Option<&'static str> {
    match may_be_doubtful(text) {
        true => judged(text, field),
        false => None,
    }
}

fn judged(text: &str, field: NameField) -> Option<&'static str> {
    // "True" is a family name; programs write the word small, spreadsheets in capitals.
    let is_truth = matches!(text, "TRUE" | "FALSE" | "true" | "false");
    let folded = fold(text);
    let is_name = field == NameField::Family && has(FAMILY_NAMES_TOO, &folded);
    if is_truth || says_nothing(text) || (says_that_nothing_is_known(text) && !is_name) {
        return Some(PLACEHOLDER);
    }
    if !is_latin(text)
        && let Some(why) = east_asian(text)
    {
        return Some(why);
    }
    if text.contains(['&', '+', '/', ';']) {
        return Some(SEVERAL);
    }
    // A nickname in quotes or brackets stands beside a name, which is no name of it; other signs stand in none.
    let is_quote = |c: char| matches!(c, '"' | '\u{201c}' | '\u{201d}' | '(' | ')' | '\u{2018}');
    let quoted = text.contains(is_quote);
    // Dashes, dots between names, and the joiners of Persian and Indian scripts.
    let is_known = |c: char| {
        in_name(c)
            || is_quote(c)
            || matches!(
                c,
                ' ' | ',' | '\u{2013}' | '\u{b7}' | '\u{30fb}' | '\u{200c}' | '\u{200d}'
            )
    };
    if is_masked(text) {
        return Some(PLACEHOLDER);
    }
    if !text.chars().all(is_known) {
        return Some(SIGNS);
    }
    if has_loose_mark(text) {
        return Some(SIGNS);
    }
    let plain = text.replace(is_quote, " ");
    let tokens: Vec<&str> = plain
        .split([' ', ','])
        .filter(|token| letters(token) > 0)
        .collect();
    let [first, others @ ..] = tokens.as_slice() else {
        return Some(PLACEHOLDER);
    };
    let parts = [tokens.clone()];
    let alone = others.is_empty();
    if field == NameField::Family && are_particles(&tokens) {
        return Some(PART);
    }
    let word = doubts::folded(first);
    if alone && has(NAMES_TOO, &word) {
        return None;
    }
    // "John u. Jane"; a capital with its dot is an initial.
    let joined = tokens
        .iter()
        .map(|token| match token.starts_with(char::is_lowercase) {
            true => token.trim_end_matches('.'),
            false => token,
        });
    let joined: Vec<&str> = joined.collect();
    // Two family names of one person may be joined: "Ortega y Gasset".
    if are_several(&parts) || (field == NameField::Given && doubts::joins_people(&joined)) {
        return Some(SEVERAL);
    }
    // "Sr." and "III"; people are called Junior and Senior.
    let is_suffix = alone
        && suffix(first).is_some()
        && !matches!(word.as_str(), "junior" | "senior")
        && (first.ends_with('.')
            || !first.contains(char::is_lowercase)
            || matches!(word.as_str(), "jr" | "sr"));
    if is_suffix {
        return Some(TITLE);
    }
    let is_titled = !alone && (is_honorific(first) || has(FEMININE, &word));
    if is_titled
        || titles::is_title_alone(&tokens, field)
        || titles::stands_behind(&tokens, field)
        || titles::stands_behind_comma(text)
    {
        return Some(TITLE);
    }
    if is_no_person(&parts) {
        let both = tokens
            .iter()
            .any(|token| matches!(doubts::folded(token).as_str(), "and" | "und" | "or" | "et"));
        return Some(if both { SEVERAL } else { NO_PERSON });
    }
    let noted = tokens
        .iter()
        .any(|token| has(NOTES, &doubts::folded(token)));
    let maiden = || {
        others.iter().any(|token| {
            has(MAIDEN, &doubts::folded(token)) && token.chars().all(char::is_lowercase)
        })
    };
    if noted || (!quoted && doubts::has_remark(&parts)) || (field == NameField::Family && maiden())
    {
        return Some(REMARK);
    }
    if titles::has_stray_comma(text) {
        return Some(COMMA);
    }
    quoted.then_some(NICKNAME)
}

/// Why a text that is not of Latin letters alone is no name, by the words of languages that write without blanks.
fn east_asian(text: &str) -> Option<&'static str> {
    if let Some((_, why)) = EAST_ASIAN.iter().find(|(word, _)| text.contains(word)) {
        return Some(why);
    }
    let several = text.chars().count() > 1;
    if several && BEHIND.iter().any(|word| text.ends_with(word)) {
        return Some(TITLE);
    }
    (several && IN_FRONT.iter().any(|word| text.starts_with(word))).then_some(REMARK)
}

/// A set of a few bits for each word of the tables: a word that is not in it is in none of them.
static WORDS: LazyLock<Box<[u64; 512]>> = LazyLock::new(|| {
    let mut set = Box::new([0; 512]);
    let tables = [
        ACCOUNT,
        FIRM,
        NOTES,
        MAIDEN,
        FEMININE,
        COURTESY,
        DEGREES,
        DEGREES_OR_NAMES,
        HONORIFICS,
        TITLES_ALONE,
        JOINING,
        PLACEHOLDERS,
        &["true", "false", "nan", "tba", "unspecified"],
        &["mc", "der", "den", "dem", "la", "las", "los"],
        &["jr", "sr", "jnr", "snr", "ii", "iii", "iv", "vii", "viii"],
    ];
    for word in tables.into_iter().flatten() {
        let place = match word.is_ascii() {
            true => place(word.as_bytes()),
            // "señor": words are looked for without their accents.
            false => place(fold(word).as_bytes()),
        };
        set[place / 64] |= 1 << (place % 64);
    }
    set
});

/// The place of a word in the set, by its length and three of its letters.
fn place(word: &[u8]) -> usize {
    let letter = |at: usize| u32::from(word.get(at).copied().unwrap_or(0) & 0x1f);
    let last = word.len().saturating_sub(1);
    let mixed = letter(0) | letter(1) << 5 | letter(last) << 10 | (word.len() as u32 & 0xf) << 15;
    (mixed.wrapping_mul(0x9e37_79b1) >> 17) as usize
}

/// Whether a cell may hold anything but names: a quick look at its words. Most are one or two words of Latin letters that no
/// table has.
fn may_be_doubtful(text: &str) -> bool {
    if has_loose_mark(text) || is_masked(text) {
        return true;
    }
    let set = &*WORDS;
    let is_known = |word: &[u8]| {
        let place = place(word);
        set[place / 64] >> (place % 64) & 1 == 1
    };
    let is_between = |c: char| matches!(c, ' ' | '-' | '\'');
    let mut words = 0;
    for word in text.split(is_between).filter(|word| !word.is_empty()) {
        words += 1;
        let may_be = match word.as_bytes() {
            // An initial with its dot.
            [letter, b'.'] => !letter.is_ascii_alphabetic(),
            bytes if bytes.iter().all(u8::is_ascii_alphabetic) => {
                bytes.len() > 1 && is_known(bytes)
            }
            _ if is_latin(word) && word.chars().all(char::is_alphabetic) => {
                is_known(fold(word).as_bytes())
            }
            _ => true,
        };
        if may_be {
            return true;
        }
    }
    // Words without a capital among others are remarks.
    words == 0 || (words > 2 && !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_are_no_name_of_one_person_are_doubtful() {
        use NameField::{Family, Given};
        for (text, field, why) in [
            ("John & Jane", Given, SEVERAL),
            ("John and Jane", Given, SEVERAL),
            ("John / Jane", Given, SEVERAL),
            ("John u. Jane", Given, SEVERAL),
            ("Juan y Maria", Given, SEVERAL),
            ("Mr. & Mrs.", Given, SEVERAL),
            ("Dr. John", Given, TITLE),
            ("Mr", Given, TITLE),
            ("Mrs. John", Given, TITLE),
            ("Frau Anna", Given, TITLE),
            ("Doe, MD", Family, TITLE),
            ("LLC", Family, NO_PERSON),
            ("van der", Family, PART),
            ("De La", Family, PART),
            ("Mc", Family, PART),
            ("Muster GmbH", Family, NO_PERSON),
            ("Smith Family", Given, NO_PERSON),
            ("Trust", Family, NO_PERSON),
            ("Estate of John", Given, NO_PERSON),
            ("Doe CLOSED", Family, REMARK),
            ("Smith DECEASED", Family, NO_PERSON),
            ("Doe (closed)", Family, REMARK),
            ("Doe née Smith", Family, REMARK),
            ("Test", Family, REMARK),
            ("FNU", Given, REMARK),
            ("Do Not Use", Given, PLACEHOLDER),
            ("Unknown", Family, PLACEHOLDER),
            ("unbekannt", Family, PLACEHOLDER),
            ("No Name", Given, PLACEHOLDER),
            ("See above", Given, PLACEHOLDER),
            ("Mxxxx", Given, PLACEHOLDER),
            ("XXXX", Family, PLACEHOLDER),
            ("REDACTED", Given, REMARK),
            ("Masked", Family, REMARK),
            ("-John", Given, SIGNS),
            ("John-", Given, SIGNS),
            ("'John'", Given, SIGNS),
            ("`John", Given, SIGNS),
            ("Smith -Jones", Family, SIGNS),
            ("Sr.", Given, TITLE),
            ("Jr", Given, TITLE),
            ("III", Given, TITLE),
            ("Doe NRI", Family, REMARK),
            ("keine Angabe", Family, PLACEHOLDER),
            ("TRUE", Given, PLACEHOLDER),
            ("true", Given, PLACEHOLDER),
            ("false", Family, PLACEHOLDER),
            ("1984-03-31", Given, SIGNS),
            ("1234", Family, SIGNS),
            ("J0hn", Given, SIGNS),
            ("doe@example.com", Family, SIGNS),
            ("William \"Bill\"", Given, NICKNAME),
            ("William (Bill)", Given, NICKNAME),
            ("株式会社見本", Family, NO_PERSON),
            ("YAMADA様", Family, TITLE),
            ("故 YAMADA", Family, REMARK),
            ("山田（旧姓 佐藤）", Family, REMARK),
            ("太郎 他1名", Given, SEVERAL),
            ("不明", Family, PLACEHOLDER),
            ("모름", Given, PLACEHOLDER),
            ("неизвестно", Given, PLACEHOLDER),
        ] {
            assert_eq!(doubt(text, field), Some(why), "{text}");
        }
    }

    #[test]
    fn names_of_people_are_not_doubtful() {
        use NameField::{Family, Given};
        for text in [
            "John",
            "Mary Ann",
            "Jean-Pierre",
            "D'Andre",
            "J.",
            "J. R.",
            "Q",
            "Ira",
            "Or",
            "The",
            "Tod",
            "Sep",
            "María del Carmen",
            "José",
            "Anna Maria Luisa",
            "山田",
            "Иван",
            "Al-Amin",
            "Christian",
            "Max",
            "Thi Hoa",
            "Junior",
            "Iva",
            "Xavier",
            "Anne-Marie",
            "Maxx",
        ] {
            assert_eq!(doubt(text, Given), None, "{text}");
        }
        for text in [
            "Doe",
            "O'Brien",
            "van der Berg",
            "de la Cruz",
            "Roth",
            "Law",
            "Church",
            "Doe Jr",
            "Doe, Jr.",
            "Doe III",
            "Müller-Lüdenscheidt",
            "García Márquez",
            "Ortega y Gasset",
            "St. James",
            "Lord",
            "Major",
            "Close",
            "Lost",
            "Graf von Berg",
            "Bank",
            "Sousa e Silva",
            "Nguyễn",
            "do Nascimento dos Santos",
            "O",
            "MacDonald",
            "SMITH",
            "Null",
            "Smith\u{2013}Jones",
            "Senior",
            "'t Hooft",
            "Smith - Jones",
        ] {
            assert_eq!(doubt(text, Family), None, "{text}");
        }
    }
}
