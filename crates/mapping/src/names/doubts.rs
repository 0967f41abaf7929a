//! What makes a cell's name doubtful: remarks, words that stand between two names, and words that nobody is called.
//!
//! Owner: `mapping::names`. Each question is asked of words alone. Invariant: a doubt takes the whole name away, never a part
//! of it. Left out on purpose: firms, accounts and estates (`firms`), and where a sound name is cut (`names`).

use super::firms::{GIVEN, has};
use super::notes::{
    BEHIND_APOSTROPHE, FEMININE, MAIDEN, MALE, NOTES, NOTES_OR_NAMES, TITLES_OR_NAMES, VIETNAMESE,
};
use super::particles::{self, is_family_name, is_particle};
use super::words::{JOINING, SHORT_GIVEN};
use super::{NameOrder, letters, plain};
use bakkt_contract::fold::fold;
use bakkt_contract::{countries, us_states};

/// Lower case, without dots and accents.
pub(super) fn folded(token: &str) -> String {
    match token.is_ascii() {
        true => plain(token),
        false => fold(token),
    }
}

/// A remark about the account, or the name that somebody was born with: "John Doe CLOSED", "Jane Doe née Smith".
pub(super) fn has_remark(parts: &[Vec<&str>]) -> bool {
    if has_small_word(parts) {
        return true;
    }
    parts.iter().any(|part| {
        part.iter().enumerate().any(|(place, token)| {
            let word = folded(token);
            // "Max Born" and "Nee, John" are people; with an accent the word is never a name.
            let between = place > 0 && place + 1 < part.len();
            let accented = !token.is_ascii() && matches!(word.as_str(), "ne" | "nee");
            // "John Smith-CLOSED".
            let behind_dash = || token.split(['-', '\u{2010}', '\u{2011}']).skip(1);
            let dashed = || behind_dash().any(|half| has(NOTES, &folded(half)));
            let remark = has(NOTES, &word)
                || dashed()
                || is_remark_here(part, place, &word)
                || is_loud_remark(parts, part, place, &word);
            remark || (has(MAIDEN, &word) && (between || accented))
        })
    })
}

/// A word of clerks that is a family name as well, in capitals behind a whole name with small letters: "John Doe NEW", "Doe, John
/// OLD". In "Jean Pierre LEVY" and "John Q NEW" a family name would be missing without it.
fn is_loud_remark(parts: &[Vec<&str>], part: &[&str], place: usize, word: &str) -> bool {
    if !has(NOTES_OR_NAMES, word) || place + 1 != part.len() {
        return false;
    }
    let small = |token: &&str| token.chars().any(char::is_lowercase);
    let loud = !small(&part[place]) && part.iter().any(small);
    let is_second = parts.len() > 1 && std::ptr::eq(parts[1].as_slice(), part) && place > 0;
    let before = place.checked_sub(1).map(|before| part[before]);
    let is_name = |before: &&str| {
        letters(before) > 1 && !is_common_given_name(before) && !is_particle(before)
    };
    loud && (is_second || (part.len() > 2 && before.as_ref().is_some_and(is_name)))
}

/// A word that is a name as well, where it reads like a remark: "John Smith DOD", "Anna Smith RIP", and "SON" in capitals
/// beside names that have small letters.
fn is_remark_here(part: &[&str], place: usize, word: &str) -> bool {
    let last = place + 1 == part.len();
    let loud = || {
        let small = |token: &&str| token.chars().any(char::is_lowercase);
        !small(&part[place]) && part.iter().any(small)
    };
    match word {
        "dod" | "rip" => last && (part.len() > 2 || loud()),
        "son" => last && part.len() > 2 && loud(),
        _ => false,
    }
}

/// An apostrophe with a space behind it: "Sean O' Brien". Where the space went, nobody can tell.
pub(super) fn is_parted_by_space(parts: &[Vec<&str>]) -> bool {
    parts.iter().any(|part| {
        let before = part.split_last().map_or(&[][..], |(_, before)| before);
        before
            .iter()
            .any(|token| letters(token) == 1 && token.ends_with(['\'', '\u{2019}', '`', '\u{2bb}']))
    })
}

/// A word of small letters among names with capitals, which is no particle: "Jane Roe see notes", "Jan Muster verst.",
/// "Anna Kowalska z domu Nowak". In "John doe" nothing else can be meant.
fn has_small_word(parts: &[Vec<&str>]) -> bool {
    use super::{is_degree, suffix, without_honorifics};

    let words = || parts.iter().flatten();
    if words().count() < 3 || !words().any(|token| token.chars().any(char::is_uppercase)) {
        return false;
    }
    let known = |token: &str| {
        is_particle(token)
            || suffix(token).is_some()
            || is_degree(token)
            || JOINING.contains(&token)
            || token.contains(['\'', '\u{2019}'])
    };
    parts.iter().any(|part| {
        let names = without_honorifics(part, 1);
        names.iter().any(|token| {
            // A small letter alone is an initial, but for the Polish "z", "from", and the German "v." and "z.", "von" and "zu".
            let is_word = letters(token) > 1 || matches!(token.trim_end_matches('.'), "v" | "z");
            let small = !token.chars().any(char::is_uppercase);
            // "z.Hd.", "e.K."
            let abbreviated =
                token.starts_with(char::is_lowercase) && token.trim_end_matches('.').contains('.');
            let is_small = small && token.chars().any(char::is_lowercase) && !known(token);
            (is_word && is_small) || abbreviated
        })
    })
}

/// Somebody is spoken of as a woman.
pub(super) fn is_feminine(parts: &[Vec<&str>]) -> bool {
    let mut words = parts.iter().flatten();
    words.any(|token| has(FEMININE, &folded(token)))
}

/// A man's given name.
pub(super) fn is_male(token: &str) -> bool {
    has(MALE, &folded(token))
}

/// A given name that is no family name.
pub(super) fn is_common_given_name(token: &str) -> bool {
    let word = folded(token);
    has(GIVEN, &word) || has(MALE, &word)
}

/// What is no given name wherever it stands: a particle, the beginning of a family name, a title, a link between names.
pub(super) fn is_no_given_name(token: &str) -> bool {
    let word = folded(token);
    // "D'Andre" is a given name; so is "Al-Amin", but rather a family name.
    let begins = [
        "al-",
        "el-",
        "ul-",
        "o'",
        "o\u{2019}",
        "o`",
        "o\u{2bb}",
        "ó'",
        "ó\u{2019}",
    ];
    let small = token.to_lowercase();
    is_particle(token)
        || begins.iter().any(|begin| small.starts_with(begin))
        || word == "thi"
        || has(TITLES_OR_NAMES, &word)
        || particles::is_title_of_nobility(token)
        || is_joining(token, false)
}

/// A title that is a name as well, which stands where a family name begins: "RA Muster, Jan", "PAN JAN NOWAK". In "Graf von
/// Berg" it is part of the name.
pub(super) fn begins_with_title(family: &[&str]) -> bool {
    let [first, second, ..] = family else {
        return false;
    };
    has(TITLES_OR_NAMES, &folded(first)) && !particles::begin_with_nobility(first, second)
}

/// A word that is cut short, with its dot, and is no given name: "Rag. Mario Rossi", "Muster, Jan Dkfm.".
pub(super) fn is_cut_short(token: &str) -> bool {
    let Some(word) = token.strip_suffix('.') else {
        return false;
    };
    let short = || SHORT_GIVEN.contains(&folded(word).as_str());
    letters(word) > 1 && !word.contains('.') && !is_particle(token) && !short()
}

/// A word between two names, by its small letters; a capital is an initial. `in_capitals`: nothing tells the two apart.
fn is_joining(token: &str, in_capitals: bool) -> bool {
    let small = token.chars().all(char::is_lowercase);
    let one = letters(token) == 1;
    let known = JOINING.contains(&token.to_lowercase().as_str());
    known && if small { !(one && in_capitals) } else { !one }
}

/// The whole text is in one case, so that a small letter says nothing.
fn is_in_one_case(tokens: &[&str]) -> bool {
    let all = || tokens.iter().flat_map(|token| token.chars());
    !all().any(char::is_uppercase)
}

/// Given names with a link between them: "Juan y Maria".
pub(super) fn joins_people(given: &[&str]) -> bool {
    let one_case = is_in_one_case(given);
    given.iter().enumerate().any(|(place, token)| {
        let last = place + 1 == given.len();
        is_joining(token, one_case) || (!last && matches!(*token, "Y" | "y"))
    })
}

/// What stands before a comma is a whole name, so that what follows is no given name: "Dr. John Smith, Boston".
pub(super) fn is_whole_name(family: &[&str], titled: bool, given: &[&str]) -> bool {
    let words = family.iter().filter(|token| !is_particle(token)).count();
    if words < 2 {
        return false;
    }
    // "John Smith, Mary Smith" names two people, and so does "John A Smith, Mary B Smith".
    let is_second = given.len() > 1
        && given.last().is_some_and(|last| {
            letters(last) > 1 && !is_particle(last) && !has(GIVEN, &folded(last))
        });
    let same = given.len() > 1
        && family.last().map(|last| folded(last)) == given.last().map(|last| folded(last));
    let initial_inside = family.len() > 2
        && family[1..family.len() - 1]
            .iter()
            .any(|token| letters(token) == 1 && token.starts_with(is_initial));
    titled
        || same
        || initial_inside
        || (is_second && is_male(family[0]))
        || family
            .first()
            .is_some_and(|first| has(GIVEN, &folded(first)))
        || is_place(&given.join(" "))
}

/// A capital that does not join two family names, as in "ORTEGA Y GASSET".
fn is_initial(c: char) -> bool {
    c.is_uppercase() && !matches!(c, 'Y' | 'E' | 'I')
}

/// A country or a U.S. state by its English name or its code in capitals, but for those that people are called.
fn is_place(text: &str) -> bool {
    let code = text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    let country = countries::alpha3(text);
    if code {
        return country.is_some() || us_states::two_letters(text).is_some();
    }
    let name = country.and_then(countries::name_of);
    let named = name.is_some_and(|name| name.eq_ignore_ascii_case(text)) || text.contains(' ');
    named && country.is_some() && !PLACES_AND_PEOPLE.contains(&fold(text).as_str())
}

const PLACES_AND_PEOPLE: &[&str] = &[
    "chad", "cuba", "cyprus", "georgia", "india", "ireland", "israel", "jersey", "jordan", "kenya",
    "malta",
];

/// A name without a comma that can be cut in two places, or holds a link between two names.
pub(super) fn can_be_cut_elsewhere(all: &[&str], order: NameOrder) -> bool {
    let one_case = is_in_one_case(all);
    let joined = all.iter().enumerate().any(|(place, token)| {
        let behind = all.get(place + 1..).unwrap_or_default();
        let words = behind
            .iter()
            .take_while(|token| !is_particle(token))
            .count();
        is_joining(token, one_case)
            || (matches!(*token, "Y" | "y") && !behind.is_empty())
            // "SOUSA E SILVA MARIA", but "MARY E DOE".
            || (*token == "E" && place > 0 && words > 1)
    });
    joined
        || parts_of_one_name(all)
        || particles::may_be_irish(all, order)
        || is_asian(all, order)
        || particles_in_doubt(all, order)
}

/// "Sean O Brien", "Maria D Angelo": an initial, or the beginning of the family name.
fn parts_of_one_name(all: &[&str]) -> bool {
    all.windows(2).any(|two| {
        let behind = folded(two[1]);
        match two[0] {
            "O" | "o" => letters(two[1]) > 1,
            "D" | "d" | "L" | "l" => has(BEHIND_APOSTROPHE, &behind),
            _ => false,
        }
    })
}

/// Names of Vietnam, whose family name stands first under every order, and names in characters of East Asia.
fn is_asian(all: &[&str], order: NameOrder) -> bool {
    let word = |place: usize| {
        all.get(place)
            .map(|token| folded(token))
            .unwrap_or_default()
    };
    let middle = |word: &str| matches!(word, "van" | "thi");
    let family = |word: &str| has(VIETNAMESE, word);
    let native = family(&word(0)) && middle(&word(1)) && all.len() > 2;
    let last = all.len().saturating_sub(1);
    let abroad = last > 1 && family(&word(last)) && middle(&word(last - 1));
    let first =
        order == NameOrder::GivenFirst && matches!(word(0).as_str(), "nguyen" | "pham" | "huynh");
    let characters = all.iter().any(|token| token.chars().any(is_east_asian));
    native || abroad || first || (characters && order == NameOrder::GivenFirst)
}

pub(super) fn is_east_asian(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Particles with no family name behind them, and two words of which the first may belong to the family name.
fn particles_in_doubt(all: &[&str], order: NameOrder) -> bool {
    if order == NameOrder::FamilyFirst {
        return false;
    }
    let Some((last, before)) = all.split_last() else {
        return true;
    };
    if is_particle(last) && !is_family_name(last) {
        return true;
    }
    let behind = particles::count_before(before, Some(*last));
    let (names, particles) = before.split_at(before.len() - behind);
    // "Ana Silva dos Santos"; in "Ana M dos Santos" an initial stands there.
    let romance = particles
        .first()
        .is_some_and(|first| particles::is_romance(first));
    romance && names.len() > 1 && names.last().is_some_and(|name| letters(name) > 1)
}

#[cfg(test)]
mod tests {
    use crate::names::{Name, NameOrder, NamePart};

    fn read(text: &str) -> Option<String> {
        let name = Name::parse(text, NameOrder::GivenFirst)?;
        let parts = [
            NamePart::Given,
            NamePart::Middle,
            NamePart::Family,
            NamePart::Suffix,
        ];
        let parts = parts.map(|part| {
            let mut out = String::new();
            name.write(part, false, &mut out);
            out
        });
        Some(parts.join("|"))
    }

    #[test]
    fn two_people_and_remarks_have_no_parts() {
        for text in [
            "John Smith, Mary Smith",
            "John Smith, Jane Doe",
            "Juan Perez, Maria Lopez",
            "John A Smith, Mary B Smith",
            "Lucia Perez, Ana Perez",
            "John Smith ITF Mary",
            "John Smith FAO Mary",
            "John Smith OBO Mary",
            "John Smith DOD",
            "John Smith RIP",
            "John Smith WIFE",
            "John Smith HUSBAND",
            "John Smith SON",
            "John Smith HSA",
            "John Smith TBE",
            "John Smith COMPROP",
            "John Smith-CLOSED",
            "Sean O' Brien",
            "O' Brien, Sean",
            "Smith John Mr",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        for (text, wanted) in [
            ("van der Berg, Jan Piet", "Jan|Piet|van der Berg|"),
            ("Garcia Lopez, Maria Elena", "Maria|Elena|Garcia Lopez|"),
            ("Smith, Mary Ann", "Mary|Ann|Smith|"),
            ("Rip Torn", "Rip||Torn|"),
            ("Son Nguyen", "Son||Nguyen|"),
            ("Anna Van 't Hoff", "Anna||Van 't Hoff|"),
        ] {
            assert_eq!(read(text).as_deref(), Some(wanted), "{text}");
        }
    }
}
