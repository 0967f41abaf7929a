//! Titles and degrees that stand behind a name, in a cell of their own or in a whole name: "Quill MD", "Quill Mr", "Roe RSM".
//!
//! Owner: `mapping::names`. Invariant: a word that somebody may be called is a title or a degree only where it is written as
//! one, in capitals or with dots, beside a name. Left out on purpose: the tables (`words`), and titles in front (`names`).

use super::field::NameField;
use super::firms::has;
use super::notes::TITLES_OR_INITIALS;
use super::words::{
    DEGREES_ALONE, DEGREES_LIKE_NAMES, DEGREES_OR_NAMES, HONORIFICS, HONORIFICS_LIKE_NAMES,
    HONORIFICS_OR_GIVEN_NAMES, TITLES_ALONE, TITLES_ALONE_OR_FAMILY_NAMES,
};
use super::{is_degree, is_honorific, is_title, letters, plain, suffix};

/// The first word is a title that is nobody's name, or the only word is a title or a degree.
pub(super) fn is_title_alone(tokens: &[&str], field: NameField) -> bool {
    let [first, others @ ..] = tokens else {
        return false;
    };
    if is_title(first) {
        return true;
    }
    let word = plain(first);
    let is = |list: &[&str]| list.contains(&word.as_str());
    // The same table as in front of a whole name.
    let is_title = || match field {
        NameField::Given => {
            is_honorific(first) && (first.contains('.') || !is(HONORIFICS_OR_GIVEN_NAMES))
        }
        NameField::Family => is(TITLES_ALONE) && !is(TITLES_ALONE_OR_FAMILY_NAMES),
    };
    others.is_empty() && (is(DEGREES_ALONE) || is_title())
}

/// A title or an initial in front of whole given names, and nobody can tell which: "M. Jean", "D. Juan"; and the title of two
/// words that begins like a name, "Tan Sri".
pub(super) fn may_be_in_front(given: &[&str]) -> bool {
    let [first, second, ..] = given else {
        return false;
    };
    let word = plain(first);
    let is_whole = letters(second) > 1 && !second.trim_end_matches('.').contains('.');
    (has(TITLES_OR_INITIALS, &word) && is_whole) || (word == "tan" && plain(second) == "sri")
}

/// A title or a degree stands behind a name: "Quill Esq", "Mara MD", "Quill Mr".
pub(super) fn stands_behind(tokens: &[&str], field: NameField) -> bool {
    let others = tokens.get(1..).unwrap_or_default();
    // "Quill Ph. D."; as given names "M. D." are initials.
    let parted = tokens.len() > 2
        && tokens.last_chunk().is_some_and(|two: &[&str; 2]| {
            let dotted = two.iter().all(|token| token.ends_with('.'));
            let initials = field == NameField::Given && two.iter().all(|token| letters(token) == 1);
            dotted && !initials && is_degree(&two.concat())
        });
    let in_one_case = !tokens.concat().contains(char::is_lowercase);
    parted
        || others.iter().any(|token| {
            let word = plain(token);
            let is = |list: &[&str]| list.contains(&word.as_str());
            let dotted = token.contains('.');
            let loud = !token.contains(char::is_lowercase);
            let title =
                is_title(token) || (is(HONORIFICS) && (dotted || !is(HONORIFICS_LIKE_NAMES)));
            // "KARIM MD" may be Karim Muhammad; somebody should look, for a doctor is as likely.
            let degree = is_sure_degree(token) || (is_degree(token) && (dotted || loud));
            // "Quill MA", but neither "Yo Ma" nor "YO MA", nor initials with dots.
            let doubtful = is(DEGREES_OR_NAMES) && loud && !dotted && !in_one_case;
            title || degree || doubtful
        })
}

/// A part behind a comma that is a title or a degree: "Doe, MD", "Doe, Jr., MA".
pub(super) fn stands_behind_comma(text: &str) -> bool {
    let mut words = text.split(',').skip(1).flat_map(str::split_whitespace);
    words.any(|token| {
        let doubtful = DEGREES_OR_NAMES.contains(&plain(token).as_str());
        suffix(token).is_none() && (is_degree(token) || is_title(token) || doubtful)
    })
}

/// A comma with nothing on one of its sides, or with more than a suffix behind it: "Quill,", "Mara, John".
pub(super) fn has_stray_comma(text: &str) -> bool {
    let mut parts = text.split(',').map(str::trim);
    let is_first_empty = parts.next().is_none_or(str::is_empty);
    let mut others = parts.peekable();
    others.peek().is_some()
        && (is_first_empty
            || others.any(|part| {
                part.is_empty() || part.split(' ').any(|token| suffix(token).is_none())
            }))
}

/// A degree that is no name, however it is written.
pub(super) fn is_sure_degree(token: &str) -> bool {
    is_degree(token) && !DEGREES_LIKE_NAMES.contains(&plain(token).as_str())
}

/// Letters behind a whole name that no table has and no name is: "Mary Roe SMG". Two consonants are no family name but "Ng";
/// three and more are letters where other words have small ones.
pub(super) fn ends_in_letters(all: &[&str]) -> bool {
    let [_, before @ .., last] = all else {
        return false;
    };
    let is_vowel = |c: char| matches!(c.to_ascii_lowercase(), 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    let consonants = last
        .chars()
        .all(|c| c.is_ascii_alphabetic() && !is_vowel(c));
    let beside_small = all.iter().any(|token| token.contains(char::is_lowercase));
    let loud = !last.contains(char::is_lowercase);
    !before.is_empty()
        && consonants
        && match last.len() {
            2 => !last.eq_ignore_ascii_case("ng"),
            3..=5 => loud && beside_small,
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::field::doubt;
    use crate::names::{Name, NameOrder, NamePart};
    use NameField::{Family, Given};

    #[test]
    fn titles_and_degrees_behind_a_name_are_doubtful() {
        let title = Some("a title or a degree");
        let comma = Some("a comma, as in a whole name");
        for (text, field, why) in [
            ("Quill Esq", Family, title),
            ("Quill Esquire", Family, title),
            ("Quill MD", Family, title),
            ("QUILL MD", Family, title),
            ("Quill M.D.", Family, title),
            ("Quill M. D.", Family, title),
            ("Quill PhD", Family, title),
            ("Quill Ph.D.", Family, title),
            ("Quill Ph. D.", Family, title),
            ("Quill CPA", Family, title),
            ("Quill Cpa", Family, title),
            ("Quill RSM", Family, title),
            ("Quill DO", Family, title),
            ("Quill OP", Family, title),
            ("Quill Jr MD", Family, title),
            ("Quill - MD", Family, title),
            ("Quill, MA", Family, title),
            ("Quill, Mr", Family, title),
            ("Quill Mr", Family, title),
            ("Quill Mr.", Family, title),
            ("Quill Prof.", Family, title),
            ("Quill Hon.", Family, title),
            ("Esq", Family, title),
            ("CPA", Family, title),
            ("Mister", Given, title),
            ("Prof.", Given, title),
            ("Mara Esq", Given, title),
            ("Mara MD", Given, title),
            ("Mara Mrs", Given, title),
            ("Señor Juan", Given, title),
            ("Frau", Given, title),
            ("Señor", Given, title),
            ("Senora", Given, title),
            ("Madame", Given, title),
            ("Signora", Given, title),
            ("Sig.", Given, title),
            ("Sig.ra", Given, title),
            ("Mevrouw", Given, title),
            ("Dhr", Given, title),
            ("Dhr.", Given, title),
            ("Fru", Given, title),
            ("Sir", Given, title),
            ("Smt", Given, title),
            ("Hr.", Given, title),
            ("Г-жа", Given, title),
            ("Dª", Given, title),
            ("Gen.", Given, title),
            ("Quill,", Family, comma),
            (",Quill", Family, comma),
            ("Quill, John", Family, comma),
            ("Mara, John", Given, comma),
            ("Quill, Jr., John", Family, comma),
            ("NLN", Family, Some("a remark")),
            ("NFN", Family, Some("a remark")),
            ("NFN", Given, Some("a remark")),
            ("LNU", Family, Some("a remark")),
            (
                "No Surname",
                Family,
                Some("a word that says that no name is known"),
            ),
        ] {
            assert_eq!(doubt(text, field), why, "{text}");
        }
    }

    #[test]
    fn names_that_look_like_titles_and_degrees_are_not_doubtful() {
        for (text, field) in [
            ("Md", Given),
            ("Md Rafiq", Given),
            ("MD RAFIQ", Given),
            ("Rafiq Md", Given),
            ("Yo Ma", Given),
            ("YO MA", Given),
            ("Ma", Family),
            ("Do", Family),
            ("DO", Family),
            ("Mba", Family),
            ("Obi Mba", Family),
            ("Ihm", Family),
            ("Britt Maj", Given),
            ("Wai Hon", Given),
            ("Hla Pe", Given),
            ("J. M. D.", Given),
            ("Herr", Family),
            ("Sir", Family),
            ("Fru", Family),
            ("Gen", Given),
            ("Maj", Given),
            ("Sig", Given),
            ("Dame", Given),
            ("D.", Given),
            ("M.", Given),
            ("Dona", Given),
            ("Quill, Jr.", Family),
            ("Quill III", Family),
            ("Ng", Family),
        ] {
            assert_eq!(doubt(text, field), None, "{text}");
        }
    }

    #[test]
    fn letters_behind_a_whole_name_are_no_family_name() {
        let read = |text| {
            let name = Name::parse(text, NameOrder::GivenFirst)?;
            let parts = [NamePart::Given, NamePart::Middle, NamePart::Family].map(|part| {
                let mut out = String::new();
                name.write(part, false, &mut out);
                out
            });
            Some(parts.join("|"))
        };
        for (text, wanted) in [
            ("Mary Roe RSM", "Mary||Roe"),
            ("MARY ROE RSM", "MARY||ROE"),
            ("Mary Roe, RSM", "Mary||Roe"),
            ("Roe, Mary RSM", "Mary||Roe"),
            ("Roe OSB, Mary", "Mary||Roe"),
            ("John Q Roe O.F.M.", "John|Q|Roe"),
            ("Jan Novak CSc.", "Jan||Novak"),
            ("Asha Roe MBBS", "Asha||Roe"),
            ("Sr. Mary Roe", "Mary||Roe"),
            ("Br. John Roe", "John||Roe"),
            ("Fr. John Roe", "John||Roe"),
            ("Wei Ming Ng", "Wei|Ming|Ng"),
            ("WEI MING NG", "WEI|MING|NG"),
            ("Jean Pierre DUPONT", "Jean|Pierre|DUPONT"),
            ("Jan VLK", "Jan||VLK"),
            ("Roe, John RW", "John|RW|Roe"),
        ] {
            assert_eq!(read(text).as_deref(), Some(wanted), "{text}");
        }
        for text in [
            "Mary Roe OP",
            "Mary Roe SJ",
            "Mary Roe, OP",
            "Mary Roe SM",
            "MARY ROE CM",
            "Mary Roe SMG",
            "John PhD Roe",
            "Fra Angelico Roe",
            "Br John Roe",
            "Bro. John Roe",
            "Mother Mary Roe",
            "Sor Juana Roe",
            "Soeur Marie Roe",
            "Sœur Marie Roe",
            "Friar John Roe",
            "NFN Roe",
            "Mary NLN",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
