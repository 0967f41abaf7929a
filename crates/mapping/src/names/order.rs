//! What a name without a comma shows of its order, whatever its column does: "Иванов Иван Иванович", "DUPONT Jean".
//!
//! Owner: `mapping::names`. A Russian or Ukrainian patronymic stands behind the given name and is nobody's family name; where
//! some words are in capitals and the others are not, the capitals are the family name. Invariant: a word that may be
//! something else shows nothing, or that nobody can tell. Left out on purpose: names of one case without a patronymic.

use super::doubts::{folded, is_common_given_name};
use super::firms::has;
use super::notes::{NOTES_OR_NAMES, TITLES_OR_NAMES, VIETNAMESE};
use super::particles::{is_particle, is_title_of_nobility};
use super::{NameOrder, is_degree, letters, suffix};

/// What a name shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShownOrder {
    /// Nothing: it is as its column does it.
    Nothing,
    /// The given name stands first.
    GivenFirst,
    /// The family name stands first and has so many words.
    FamilyFirst(usize),
    /// One thing as likely as the other.
    Doubt,
}

/// What the words of a name show; `order` is that of its column.
pub(super) fn shown(all: &[&str], order: NameOrder) -> ShownOrder {
    match by_patronymic(all, order) {
        ShownOrder::Nothing => by_capitals(all, order),
        shown => shown,
    }
}

/// How a word is a patronymic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Patronymic {
    /// A daughter's, which nobody is called for a family.
    Daughter,
    /// A son's, in Cyrillic letters.
    Son,
    /// A son's in Latin letters: families far from Russia are called so as well, such as Malkovich.
    SonOrFamily,
}

const OF_DAUGHTERS: [&str; 10] = [
    "овна", "евна", "ична", "івна", "ївна", "ovna", "evna", "ichna", "ivna", "yivna",
];
const OF_SONS: [&str; 3] = ["ович", "евич", "йович"];
/// Those of a few fathers.
const OF_SONS_WHOLE: [&str; 6] = ["ильич", "кузьмич", "лукич", "фомич", "никитич", "саввич"];
const OF_SONS_OR_FAMILIES: [&str; 4] = ["ovich", "evich", "ovych", "evych"];

/// Endings of family names in Russia and Ukraine that given names elsewhere do not have.
const FAMILY_ENDINGS: [&str; 16] = [
    "ov", "ev", "ova", "eva", "sky", "skiy", "skyi", "skii", "skaya", "enko", "chuk", "ов", "ев",
    "ский", "енко", "чук",
];
/// An ending that given names have as well: Pushkin, Calvin.
const DOUBTFUL_ENDINGS: [&str; 2] = ["in", "yn"];
/// Given names that end as family names do.
const GIVEN_NAMES: [&str; 4] = ["lev", "yakov", "iakov", "лев"];

fn patronymic(token: &str) -> Option<Patronymic> {
    let word = token.to_lowercase();
    let ends = |endings: &[&str]| {
        let mut endings = endings.iter();
        // A father's name stands in front.
        endings.any(|ending| {
            word.strip_suffix(ending)
                .is_some_and(|father| letters(father) > 1)
        })
    };
    match () {
        () if ends(&OF_DAUGHTERS) => Some(Patronymic::Daughter),
        () if ends(&OF_SONS) || OF_SONS_WHOLE.contains(&word.as_str()) => Some(Patronymic::Son),
        () if ends(&OF_SONS_OR_FAMILIES) => Some(Patronymic::SonOrFamily),
        () => None,
    }
}

fn is_slavic_family(token: &str) -> bool {
    let word = token.to_lowercase();
    !GIVEN_NAMES.contains(&word.as_str())
        && FAMILY_ENDINGS.iter().any(|ending| word.ends_with(ending))
        && !is_common_given_name(token)
}

fn by_patronymic(all: &[&str], order: NameOrder) -> ShownOrder {
    use Patronymic::{Daughter, Son, SonOrFamily};

    match *all {
        // The family name is missing, or is one of the few that are made like that.
        [_, last] if matches!(patronymic(last), Some(Daughter | Son)) => ShownOrder::Doubt,
        [first, second, third] => match (patronymic(second), patronymic(third)) {
            (Some(Daughter | Son), _) => ShownOrder::GivenFirst,
            (Some(SonOrFamily), None)
                if order == NameOrder::FamilyFirst && is_slavic_family(third) =>
            {
                ShownOrder::GivenFirst
            }
            (Some(SonOrFamily), _) | (None, None) => ShownOrder::Nothing,
            (None, Some(Daughter)) => ShownOrder::FamilyFirst(1),
            // "Анна Мария Адамович" is a woman of that family.
            (None, Some(Son)) if second.ends_with(['а', 'я', 'А', 'Я']) => {
                match is_slavic_family(first) {
                    true => ShownOrder::FamilyFirst(1),
                    false => ShownOrder::Doubt,
                }
            }
            (None, Some(Son)) => ShownOrder::FamilyFirst(1),
            (None, Some(SonOrFamily)) if is_slavic_family(first) => ShownOrder::FamilyFirst(1),
            (None, Some(SonOrFamily)) => {
                let word = first.to_lowercase();
                let may_be = DOUBTFUL_ENDINGS.iter().any(|ending| word.ends_with(ending));
                match may_be && !is_common_given_name(first) {
                    true => ShownOrder::Doubt,
                    false => ShownOrder::Nothing,
                }
            }
        },
        _ => ShownOrder::Nothing,
    }
}

fn has_small(token: &str) -> bool {
    token.chars().any(char::is_lowercase)
}

/// A word in capitals that is more than initials and says nothing else.
fn is_loud(token: &str) -> bool {
    letters(token) > 1
        && token.chars().any(char::is_uppercase)
        && !has_small(token)
        && !token.contains('.')
        && suffix(token).is_none()
        && !is_degree(token)
}

fn by_capitals(all: &[&str], order: NameOrder) -> ShownOrder {
    if all.len() < 2 || !all.iter().any(|token| has_small(token)) {
        return ShownOrder::Nothing;
    }
    let in_front = |token: &&&str| is_loud(token) || is_particle(token);
    let front = all.iter().take_while(in_front).count();
    let (family, rest) = all.split_at(front);
    let heads: Vec<&str> = family
        .iter()
        .copied()
        .filter(|token| is_loud(token) && !is_particle(token))
        .collect();
    if heads.is_empty() {
        return at_the_end(all, order);
    }
    let follows = rest.first().is_some_and(|given| has_small(given));
    if !follows || rest.iter().any(|token| is_loud(token)) {
        return ShownOrder::Nothing;
    }
    let has_title = heads
        .iter()
        .any(|head| has(TITLES_OR_NAMES, &folded(head)) || is_title_of_nobility(head));
    let given = heads
        .iter()
        .filter(|head| is_common_given_name(head))
        .count();
    let ends_in_name = family.last().is_some_and(|last| !is_particle(last));
    match () {
        // Other questions are asked of a title.
        () if has_title => ShownOrder::Nothing,
        () if !ends_in_name || heads.iter().any(|head| has(NOTES_OR_NAMES, &folded(head))) => {
            ShownOrder::Doubt
        }
        () if order == NameOrder::FamilyFirst => ShownOrder::FamilyFirst(front),
        // "JOHN Smith" had the capitals locked.
        () if given == heads.len() => ShownOrder::Nothing,
        () if given > 0 => ShownOrder::Doubt,
        () => match *heads.as_slice() {
            [one] if letters(one) == 2 => two_capitals(one),
            _ => ShownOrder::FamilyFirst(front),
        },
    }
}

/// Two capitals in front: initials ("JP Roe", "AJ Roe"), a family name of East Asia ("NG Mei Ling"), or either ("LI Wei", "JO Roe").
fn two_capitals(head: &str) -> ShownOrder {
    let word = folded(head);
    if word == "ng" || has(VIETNAMESE, &word) {
        return ShownOrder::FamilyFirst(1);
    }
    let is_vowel = |c: char| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    let vowels: Vec<bool> = word.chars().map(is_vowel).collect();
    match vowels.as_slice() {
        [false, true] => ShownOrder::Doubt,
        _ => ShownOrder::Nothing,
    }
}

/// "Jean DUPONT" in a column of family names first.
fn at_the_end(all: &[&str], order: NameOrder) -> ShownOrder {
    let Some((last, before)) = all.split_last() else {
        return ShownOrder::Nothing;
    };
    let is_family = is_loud(last) && letters(last) > 2 && !is_common_given_name(last);
    let others = before
        .iter()
        .all(|token| has_small(token) || letters(token) == 1);
    match order == NameOrder::FamilyFirst && is_family && others {
        true => ShownOrder::Doubt,
        false => ShownOrder::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use crate::names::{Name, NameOrder, NamePart};
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
    fn a_patronymic_shows_where_the_family_name_stands() {
        for (text, wanted) in [
            ("Иванов Иван Иванович", "Иван|Иванович|Иванов"),
            ("ИВАНОВ ИВАН ИВАНОВИЧ", "ИВАН|ИВАНОВИЧ|ИВАНОВ"),
            ("Иванова Анна Петровна", "Анна|Петровна|Иванова"),
            ("Шевченко Тарас Григорович", "Тарас|Григорович|Шевченко"),
            ("Шевченко Леся Григорівна", "Леся|Григорівна|Шевченко"),
            ("Иванов Илья Ильич", "Илья|Ильич|Иванов"),
            ("Абрамович Роман Аркадьевич", "Роман|Аркадьевич|Абрамович"),
            ("Роман Аркадьевич Абрамович", "Роман|Аркадьевич|Абрамович"),
            ("Анна Петровна Иванова", "Анна|Петровна|Иванова"),
            ("Ivanov Ivan Ivanovich", "Ivan|Ivanovich|Ivanov"),
            ("IVANOVA ANNA PETROVNA", "ANNA|PETROVNA|IVANOVA"),
            (
                "Shevchenko Taras Hryhorovych",
                "Taras|Hryhorovych|Shevchenko",
            ),
            ("Ivan Ivanovich Ivanov", "Ivan|Ivanovich|Ivanov"),
        ] {
            for order in [GivenFirst, FamilyFirst] {
                assert_eq!(
                    read(text, order).as_deref(),
                    Some(wanted),
                    "{text} {order:?}"
                );
            }
        }
        // A family that is called so.
        for (text, wanted) in [
            ("John Malkovich", "John||Malkovich"),
            ("John Michael Malkovich", "John|Michael|Malkovich"),
            ("Ethan Cole Popovich", "Ethan|Cole|Popovich"),
            ("Иван Иванов", "Иван||Иванов"),
        ] {
            assert_eq!(read(text, GivenFirst).as_deref(), Some(wanted), "{text}");
        }
        for text in [
            "Иван Иванович",
            "Anna Petrovna",
            "Анна Мария Адамович",
            "Pushkin Alexander Sergeyevich",
        ] {
            assert_eq!(read(text, GivenFirst), None, "{text}");
        }
    }

    #[test]
    fn capitals_in_front_of_small_letters_are_the_family_name() {
        for (text, wanted) in [
            ("DUPONT Jean", "Jean||DUPONT"),
            ("ABE Shinzo", "Shinzo||ABE"),
            ("CHAN Tai Man Peter", "Tai|Man Peter|CHAN"),
            ("MARTINEZ LOPEZ Juan", "Juan||MARTINEZ LOPEZ"),
            ("SMITH John A", "John|A|SMITH"),
            ("DE LA CRUZ Juan", "Juan||DE LA CRUZ"),
            ("van der BERG Anna", "Anna||van der BERG"),
            ("O'BRIEN Sean", "Sean||O'BRIEN"),
            ("NG Mei Ling", "Mei|Ling|NG"),
        ] {
            for order in [GivenFirst, FamilyFirst] {
                assert_eq!(
                    read(text, order).as_deref(),
                    Some(wanted),
                    "{text} {order:?}"
                );
            }
        }
        for (text, wanted) in [
            ("Jean DUPONT", "Jean||DUPONT"),
            ("Jean Pierre DUPONT", "Jean|Pierre|DUPONT"),
            ("JOHN Smith", "JOHN||Smith"),
            ("MARY ANN Smith", "MARY|ANN|Smith"),
            ("JP Roe", "JP||Roe"),
            ("AJ Roe", "AJ||Roe"),
            ("MD Rafiq Islam", "MD|Rafiq|Islam"),
            ("J.R. Roe", "J.R.||Roe"),
        ] {
            assert_eq!(read(text, GivenFirst).as_deref(), Some(wanted), "{text}");
        }
        for text in [
            "LI Wei",
            "MARY ROE Anna",
            "NEW Jane Roe",
            "PASTOR John Doe",
            "RA Jan",
        ] {
            assert_eq!(read(text, GivenFirst), None, "{text}");
        }
        assert_eq!(read("Jean DUPONT", FamilyFirst), None);
        assert_eq!(read("Smith JP", FamilyFirst).as_deref(), Some("JP||Smith"));
    }

    #[test]
    fn remarks_and_titles_take_the_whole_name_away() {
        for text in [
            "John Doe DELETE",
            "John Doe SEE NOTES",
            "John Doe BAD ADDR",
            "John Doe CHARGED OFF",
            "John Doe LEVY",
            "John Doe SELF",
            "John Doe CONS",
            "John Doe NEW",
            "John Doe OLD",
            "John Doe EE",
            "Doe, John NEW",
            "M. Jean Dupont",
            "Dupont, M. Jean",
            "D. Juan Perez",
            "Sr. D. Juan Perez",
            "KR Hans Huber",
            "Tan Sri Ahmad Ismail",
            "Dona Maria Silva",
            "Her Excellency Jane Doe",
            "Messrs John Doe",
            "Ustaz Ahmad",
        ] {
            assert_eq!(read(text, GivenFirst), None, "{text}");
        }
        for (text, wanted) in [
            ("Sig.ra Anna Rossi", "Anna||Rossi"),
            ("Sig.na Anna Rossi", "Anna||Rossi"),
            ("Dª Ana Lopez", "Ana||Lopez"),
            ("Г-н Иван Иванов", "Иван||Иванов"),
            ("Г-жа Анна Иванова", "Анна||Иванова"),
            ("p. Jan Novak", "Jan||Novak"),
            // People are called so.
            ("P. Jan Novak", "P|Jan|Novak"),
            ("Dona Smith", "Dona||Smith"),
            ("M. R. Roe", "M|R|Roe"),
            ("Tan Mei Roe", "Tan|Mei|Roe"),
            ("Jane New", "Jane||New"),
            ("Mary Ann Levy", "Mary|Ann|Levy"),
            ("JOHN MICHAEL LEVY", "JOHN|MICHAEL|LEVY"),
            ("Jean-Pierre LEVY", "Jean-Pierre||LEVY"),
            ("Mary Ann LEVY", "Mary|Ann|LEVY"),
            ("Will Q. SELF", "Will|Q|SELF"),
            ("Levy, Bernard", "Bernard||Levy"),
            ("Old, Jane Q", "Jane|Q|Old"),
        ] {
            assert_eq!(read(text, GivenFirst).as_deref(), Some(wanted), "{text}");
        }
    }
}
