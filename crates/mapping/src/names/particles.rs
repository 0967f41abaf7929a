//! Words that stand before a family name and belong to it: "van der Berg", "Ó Briain", "Abdul Aziz", "Graf von Bismarck".
//!
//! Owner: `mapping::names`. Invariants: a word that is only ever a particle is never left among the given names; one that is a
//! name as well goes with the family name where the words behind it say so, and is a doubt elsewhere. Left out on purpose:
//! "Ben", which is a given name far more often, and words before a place ("Duke of").

use super::firms::has;
use super::{NameOrder, doubts, letters, plain};

/// Lower case, without dots, accents as they are written. Sorted, as all tables of this file.
#[rustfmt::skip]
const PARTICLES: &[&str] = &[
    "'s", "'t", "af", "ap", "av", "da", "dal", "dalla", "das", "de", "degli", "dei", "del", "dela", "delas", "della", "delle",
    "delos", "dem", "den", "der", "des", "di", "do", "dos", "du", "fitz", "het", "la", "las", "le", "lo", "los", "mac", "mc",
    "op", "saint", "st", "sta", "ste", "sto", "te", "ten", "ter", "van", "vom", "von", "zu", "zum", "zur",
];

/// Of Arabic names: "servant of", "father of", "son of", the article. Alone they say nothing, so they never stand alone.
#[rustfmt::skip]
const ARABIC: &[&str] = &[
    "abd", "abdal", "abdel", "abdil", "abdoel", "abdol", "abdool", "abdoul", "abdu", "abdul", "abdun", "abdur", "abdus",
    "abdush", "abdut", "abou", "abu", "ait", "al", "aït", "bin", "bint", "binte", "binti", "bte", "el", "ibn", "ould", "oum",
    "ud", "ul", "uld", "umm", "ur",
];

/// Of Irish names, with the accents that tell them from initials and other names.
const IRISH: &[&str] = &["mhic", "ní", "uí", "ó"];

/// Titles of nobility that nobody is called: part of a German family name with or without "von".
#[rustfmt::skip]
const NOBILITY: &[&str] = &[
    "baronesse", "baronin", "burggräfin", "erbgraf", "erbgräfin", "erbprinz", "erbprinzessin", "erzherzog", "erzherzogin",
    "freifr", "freifrau", "freiherr", "freiherrn", "freiin", "frfr", "frhr", "frhrn", "friherre", "friherrinna", "fuerstin",
    "furstin", "fürstin", "graefin", "grafin", "grevinde", "grevinna", "grossherzog", "großherzog", "gräfin", "herzogin",
    "jhr", "jkvr", "jonkheer", "jonkvrouw", "komtess", "komtesse", "landgräfin", "markgräfin", "prinzessin",
    "reichsfreiherr", "reichsgraf", "reichsgräfin",
];

/// Titles of nobility that are family names or given names as well; folded. Behind a given name and before "von" they are
/// titles, before any other word nobody can tell.
#[rustfmt::skip]
const NOBILITY_OR_NAMES: &[&str] = &[
    "altgraf", "baron", "baroness", "burggraf", "count", "countess", "edle", "edler", "fuerst", "furst", "graaf", "graf",
    "greve", "herzog", "landgraf", "markgraf", "pfalzgraf", "prins", "prinz", "ridder", "ritter", "viscount", "viscountess",
];

/// What follows a title of nobility that belongs to the family name.
const BEHIND_NOBILITY: &[&str] = &["vom", "von", "zu", "zum", "zur"];

/// Of Irish and Welsh names, without an accent that tells: given names and family names as well.
const IRISH_OR_NAMES: &[&str] = &["ab", "ferch", "mag", "ni", "nic", "ua", "ui", "verch"];

/// Particles of the Romance languages, where a word before them may be the first of two family names: "Ana Silva dos Santos".
#[rustfmt::skip]
const ROMANCE: &[&str] = &[
    "da", "dal", "dalla", "das", "de", "degli", "dei", "del", "dela", "delas", "della", "delle", "delos", "des", "di", "do",
    "dos", "du", "la", "las", "le", "lo", "los",
];

/// Particles that are whole family names as well, where they have a capital: "Anna Le", "Paula Abdul".
const FAMILY_NAMES_TOO: &[&str] = &["abdul", "do", "du", "la", "le", "lo", "te"];

/// Particles that end the given names of no one: "Berg, Anna von".
const TRAILING: &[&str] = &[
    "das", "de", "del", "dela", "delas", "della", "delos", "den", "der", "des", "di", "dos", "du",
    "vom", "von", "zu",
];

/// Saints after whom families are called, behind the word for "saint" in the form that goes with each, which is a given name as well;
/// folded.
#[rustfmt::skip]
const SAINTS: [(&str, &[&str]); 3] = [
    ("san", &[
        "agustin", "andres", "antonio", "buenaventura", "diego", "esteban", "felipe", "francisco", "gabriel", "german", "gil",
        "gregorio", "isidro", "jose", "juan", "lorenzo", "luis", "marcos", "marino", "martin", "mateo", "miguel", "millan",
        "nicolas", "pablo", "pedro", "roman", "sebastian", "segundo", "vicente",
    ]),
    ("santa", &[
        "ana", "barbara", "catalina", "clara", "cruz", "ines", "lucia", "maria", "olalla", "rita", "rosa", "teresa",
    ]),
    // Before "Do" and "To" in Spanish, before a vowel in Portuguese.
    ("santo", &["andre", "antonio", "domingo", "tomas", "toribio"]),
];

/// What stands behind a family name of Portugal and Brazil, or of Spain, and belongs to it: son, grandson, nephew; folded.
const GENERATIONS: &[&str] = &["filho", "hijo", "neto", "netto", "sobrinho"];

/// Those of them that are family names as well.
const GENERATIONS_OR_NAMES: &[&str] = &["neto", "netto", "sobrinho"];

/// Whether a word behind a family name says whose descendant somebody is. Behind a given name ("Mary Ann Netto") it is the family
/// name, where families are called so.
pub(super) fn is_generation(before: &str, token: &str) -> bool {
    let word = doubts::folded(token);
    let may_be_name = has(GENERATIONS_OR_NAMES, &word) && doubts::is_common_given_name(before);
    has(GENERATIONS, &word) && !may_be_name
}

/// Whether a word is the article of Arabic names with its dash, apart from the name that it belongs to: "Al- Rashid".
pub(super) fn is_article(token: &str) -> bool {
    token
        .strip_suffix(['-', '\u{2010}', '\u{2011}'])
        .is_some_and(|word| matches!(plain(word).as_str(), "al" | "el" | "ud" | "ul" | "ur"))
}

/// Whether two words are the name of a saint, which is a family name behind a given name: "San Martín", "Santa Cruz".
pub(super) fn are_saint(first: &str, next: &str) -> bool {
    let first = plain(first);
    let mut saints = SAINTS.iter().filter(|(saint, _)| *saint == first);
    saints.any(|(_, names)| has(names, &doubts::folded(next)))
}

/// How many particles a family name ends in that belong in front of it: "Berg van der".
pub(super) fn trailing(family: &[&str]) -> usize {
    let count = count_at_end(family.get(1..).unwrap_or_default(), "");
    match family.last() {
        Some(last) if count > 1 || (is_trailing(last) && !is_family_name(last)) => count,
        _ => 0,
    }
}

pub(super) fn is_particle(token: &str) -> bool {
    // "T." and "Ó." are initials.
    if token.len() < 2 || (letters(token) == 1 && token.ends_with('.')) {
        return false;
    }
    let word = plain(token);
    let tables = [PARTICLES, ARABIC, IRISH, NOBILITY];
    tables.iter().any(|table| has(table, &word)) || is_article(token)
}

/// A particle of the Romance languages.
pub(super) fn is_romance(token: &str) -> bool {
    has(ROMANCE, &plain(token))
}

/// A particle that is a family name as well.
pub(super) fn is_family_name(token: &str) -> bool {
    has(FAMILY_NAMES_TOO, &plain(token)) && token.chars().next().is_some_and(char::is_uppercase)
}

/// A particle that belongs to a family name even where it stands behind a given name in capitals: "BERG, ANNA VON".
pub(super) fn is_trailing(token: &str) -> bool {
    let word = plain(token);
    is_particle(token)
        && [TRAILING, IRISH, NOBILITY]
            .iter()
            .any(|table| has(table, &word))
}

pub(super) fn is_title_of_nobility(token: &str) -> bool {
    has(NOBILITY_OR_NAMES, &doubts::folded(token))
}

/// Whether two words begin a family name with a title of nobility: "Graf von".
pub(super) fn begin_with_nobility(title: &str, next: &str) -> bool {
    is_title_of_nobility(title) && has(BEHIND_NOBILITY, &plain(next))
}

/// How many particles stand at the start, the titles before them included.
pub(super) fn count_at_start(tokens: &[&str]) -> usize {
    let next = |place: usize| tokens.get(place + 1).copied().unwrap_or_default();
    tokens
        .iter()
        .enumerate()
        .take_while(|(place, token)| {
            let next = next(*place);
            is_particle(token) || begin_with_nobility(token, next) || are_saint(token, next)
        })
        .count()
}

/// How many particles stand before a family name, the titles before them included.
pub(super) fn count_before<'t>(tokens: &[&'t str], family: Option<&'t str>) -> usize {
    count_at_end(tokens, family.unwrap_or_default())
}

fn count_at_end<'t>(tokens: &[&'t str], mut next: &'t str) -> usize {
    let mut count = 0;
    for token in tokens.iter().rev() {
        if !is_particle(token) && !begin_with_nobility(token, next) && !are_saint(token, next) {
            break;
        }
        count += 1;
        next = token;
    }
    count
}

/// Whether the names behind the first given name end in a particle, or hold a title of nobility: "Otto Graf Lambsdorff",
/// "Aziz, Omar Abdul".
pub(super) fn stand_among_given(given: &[&str]) -> bool {
    let others = given.get(1..).unwrap_or_default();
    let ends = |last: &&str| is_trailing(last) || has(ARABIC, &plain(last));
    others.iter().any(|token| is_title_of_nobility(token)) || others.last().is_some_and(ends)
}

/// Whether a word without its accent may begin an Irish family name: "Siobhan Ni Bhriain", "Ni Bhriain Siobhan", but neither
/// "Nic Roe" nor "NI WEI MING".
pub(super) fn may_be_irish(all: &[&str], order: NameOrder) -> bool {
    let is_wife = |two: &[&str]| {
        let behind = ["mhic", "mic", "ui", "uí"];
        plain(two[0]) == "bean" && behind.contains(&plain(two[1]).as_str())
    };
    all.windows(2).enumerate().any(|(place, two)| {
        let is_known = has(IRISH_OR_NAMES, &plain(two[0])) && letters(two[1]) > 1;
        let between = place > 0 && order == NameOrder::GivenFirst;
        (is_known && (between || is_lenited(two[1]))) || is_wife(two)
    })
}

/// Whether such a word stands behind a comma, and the rest of the name before it: "Bhriain, Siobhan Ni".
pub(super) fn may_be_irish_behind(family: &[&str], given: &[&str]) -> bool {
    let ends = |last: &&str| has(IRISH_OR_NAMES, &plain(last));
    given.len() > 1
        && given.last().is_some_and(ends)
        && family.first().is_some_and(|first| is_lenited(first))
}

/// The softened beginning of Irish names behind a particle. Those in Ch, Ph, Sh and Th are left out: names of other languages
/// begin so.
fn is_lenited(token: &str) -> bool {
    let word = plain(token);
    let mut letters = word.chars();
    matches!(letters.next(), Some('b' | 'd' | 'f' | 'g' | 'm')) && letters.next() == Some('h')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::{Name, NamePart};
    use NameOrder::{FamilyFirst, GivenFirst};

    fn read(text: &str, order: NameOrder) -> Option<String> {
        let name = Name::parse(text, order)?;
        let parts = [NamePart::Given, NamePart::Middle, NamePart::Family].map(|part| {
            let mut out = String::new();
            name.write(part, false, &mut out);
            out
        });
        Some(parts.join("|"))
    }

    #[test]
    fn the_tables_are_sorted() {
        for table in [
            PARTICLES,
            ARABIC,
            IRISH,
            NOBILITY,
            NOBILITY_OR_NAMES,
            BEHIND_NOBILITY,
            IRISH_OR_NAMES,
            ROMANCE,
            FAMILY_NAMES_TOO,
            TRAILING,
            SAINTS[0].1,
            SAINTS[1].1,
            SAINTS[2].1,
            GENERATIONS,
            GENERATIONS_OR_NAMES,
        ] {
            assert!(table.is_sorted_by(|one, next| one < next), "{table:?}");
        }
    }

    #[test]
    fn particles_stay_with_the_family_name() {
        for (order, text, wanted) in [
            (GivenFirst, "Seán Ó Briain", "Seán||Ó Briain"),
            (GivenFirst, "Seán ó Briain", "Seán||ó Briain"),
            (GivenFirst, "Ó Briain, Seán", "Seán||Ó Briain"),
            (GivenFirst, "Briain, Seán Ó", "Seán||Ó Briain"),
            (GivenFirst, "János Ó. Nagy", "János|Ó|Nagy"),
            (FamilyFirst, "Ó BRIAIN SEÁN", "SEÁN||Ó BRIAIN"),
            (GivenFirst, "Siobhan Ní Bhriain", "Siobhan||Ní Bhriain"),
            (GivenFirst, "Máire Uí Néill", "Máire||Uí Néill"),
            (GivenFirst, "Máire Mhic Gearailt", "Máire||Mhic Gearailt"),
            (GivenFirst, "Ni Bhriain, Siobhan", "Siobhan||Ni Bhriain"),
            (GivenFirst, "Nic Roe", "Nic||Roe"),
            (FamilyFirst, "NI WEI MING", "WEI|MING|NI"),
            (GivenFirst, "Wang, Li Ni", "Li|Ni|Wang"),
            (
                GivenFirst,
                "Otto Graf von Bismarck",
                "Otto||Graf von Bismarck",
            ),
            (
                GivenFirst,
                "Otto Eduard Fürst von Bismarck",
                "Otto|Eduard|Fürst von Bismarck",
            ),
            (
                GivenFirst,
                "Bismarck, Otto Graf von",
                "Otto||Graf von Bismarck",
            ),
            (
                GivenFirst,
                "Graf von Bismarck, Otto",
                "Otto||Graf von Bismarck",
            ),
            (
                FamilyFirst,
                "GRAF VON BISMARCK OTTO",
                "OTTO||GRAF VON BISMARCK",
            ),
            (FamilyFirst, "RITTER VON EPP FRANZ", "FRANZ||RITTER VON EPP"),
            (GivenFirst, "Karl Frhr von Stein", "Karl||Frhr von Stein"),
            (GivenFirst, "Karl Frhr. von Stein", "Karl||Frhr. von Stein"),
            (GivenFirst, "Stein, Karl Freiherr", "Karl||Freiherr Stein"),
            (
                GivenFirst,
                "Anna Prinzessin zu Wied",
                "Anna||Prinzessin zu Wied",
            ),
            (GivenFirst, "Karl Edler von Stein", "Karl||Edler von Stein"),
            (GivenFirst, "Anna Gräfin Berg", "Anna||Gräfin Berg"),
            (
                GivenFirst,
                "Jan Jonkheer van der Berg",
                "Jan||Jonkheer van der Berg",
            ),
            (GivenFirst, "Karl Herzog", "Karl||Herzog"),
            (GivenFirst, "Ritter Lopez, Maria", "Maria||Ritter Lopez"),
            (FamilyFirst, "RITTER ANNA MARIA", "ANNA|MARIA|RITTER"),
            (GivenFirst, "Omar Abdul Aziz", "Omar||Abdul Aziz"),
            (GivenFirst, "Omar Abd el Aziz", "Omar||Abd el Aziz"),
            (GivenFirst, "Abdul Aziz, Omar", "Omar||Abdul Aziz"),
            (GivenFirst, "Omar Abou Khalil", "Omar||Abou Khalil"),
            (
                GivenFirst,
                "Khan, Omar Abdul Karim",
                "Omar|Abdul Karim|Khan",
            ),
            (GivenFirst, "Paula Abdul", "Paula||Abdul"),
            (GivenFirst, "Kareem Abdul-Jabbar", "Kareem||Abdul-Jabbar"),
            (GivenFirst, "Zia ul Haq", "Zia||ul Haq"),
            (GivenFirst, "John T. Smith", "John|T|Smith"),
            (GivenFirst, "John T Smith", "John|T|Smith"),
            (GivenFirst, "John V. Smith", "John|V|Smith"),
            (GivenFirst, "john v. smith", "john|v|smith"),
            (GivenFirst, "Anna van 't Hoff", "Anna||van 't Hoff"),
        ] {
            assert_eq!(read(text, order).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_may_be_a_particle_or_a_name_has_no_parts() {
        for text in [
            "Ó Briain Seán",
            "O Connor Sean",
            "O Connor",
            "Sean O Connor Roe",
            "O`Connor Sean",
            "Ní Bhriain Siobhán",
            "Siobhan Ni Bhriain",
            "Ni Bhriain Siobhan",
            "Maire Ui Neill",
            "Maire Nic Dhonnchadha",
            "Máire Bean Uí Néill",
            "Bhriain, Siobhan Ni",
            "Graf von Bismarck",
            "Otto Graf Lambsdorff",
            "Lambsdorff, Otto Graf",
            "Fürst Otto Roe",
            "Ritter von Epp",
            "John Baron Smith",
            "Jan Baron van Berg",
            "Jonkheer Jan Berg",
            "Otto v. Bismarck",
            "Bismarck, Otto v.",
            "Karl Freiherr v. Stein",
            "Abdul Aziz",
            "Abdul Karim Khan",
            "Omar Abdul Aziz Khan",
            "Aziz, Omar Abdul",
            "Aziz, Abdul",
            "Omar Abu",
            "Abou Khalil Omar",
        ] {
            assert_eq!(read(text, GivenFirst), None, "{text}");
        }
        for text in [
            "HUMBOLDT ALEXANDER VON",
            "BISMARCK OTTO GRAF",
            "BISMARCK OTTO GRAF VON",
            "AZIZ OMAR ABDUL",
            "NI BHRIAIN SIOBHAN",
            "ABDUL AZIZ",
        ] {
            assert_eq!(read(text, FamilyFirst), None, "{text}");
        }
    }
}
