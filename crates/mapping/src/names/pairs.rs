//! Two people in one cell: "John & Mary Doe", "Doe, John and Mary", "John Doe and Jane Roe".
//!
//! Owner: `mapping::names`. Only for columns of which the mapping says so. Invariants: both people have whole names, or the
//! cell has none; who has no family name has the other's. Left out on purpose: three people, and couples of whom one has no
//! name of their own ("Mr. and Mrs. John Doe").

use super::{Name, NameHabit, NameOrder, doubts, letters, tokens, without_honorifics};

/// The words between two people; marks are cut out of words too.
const AND: &[&str] = &[
    "and", "or", "und", "oder", "et", "ou", "y", "e", "en", "og", "och",
];
const MARKS: &[char] = &['&', '+', '/', ';'];

/// The first person and, where there is one, the second.
pub(super) fn parse(text: &str, habit: NameHabit) -> Option<[Option<Name<'_>>; 2]> {
    let Some((first, second)) = halves(text)? else {
        return Some([Some(Name::parse(text, habit)?), None]);
    };
    let [one, other] = [first, second].map(|half| Name::parse(half, habit));
    let commas = [first, second].map(|half| half.contains(','));
    match (one, other) {
        // "Doe, John & Mary", and "DOE JOHN & MARY" where the family name stands first.
        (Some(one), other)
            if commas == [true, false]
                || (habit.order == NameOrder::FamilyFirst && other.is_none()) =>
        {
            let other = given_names(second)?.with_family_of(&one)?;
            Some([Some(one), Some(other)])
        }
        (Some(one), Some(other)) if commas[0] == commas[1] => {
            // "Mary Ann & John Doe": Ann may be a second given name.
            let doubtful = |name: &Name<'_>| {
                name.family.len() == 1 && doubts::is_common_given_name(name.family[0])
            };
            let sure = commas[0] || !(doubtful(&one) || doubtful(&other));
            sure.then_some([Some(one), Some(other)])
        }
        // "John & Mary Doe": the family name stands at the end.
        (None, Some(other)) if habit.order == NameOrder::GivenFirst && !commas[1] => {
            let one = given_names(first)?.with_family_of(&other)?;
            Some([Some(one), Some(other)])
        }
        _ => None,
    }
}

/// The two halves of a cell; the inner none: it names one person. The outer none: it may name more than two.
fn halves(text: &str) -> Option<Option<(&str, &str)>> {
    let mut cuts = Vec::new();
    for (at, mark) in text.match_indices(MARKS) {
        cuts.push((at, at + mark.len()));
    }
    let mut at = 0;
    for word in text.split(char::is_whitespace) {
        let end = at + word.len();
        // A capital letter alone is an initial; between two names these words are small, or all is in capitals.
        let joins = AND.contains(&word.to_lowercase().as_str())
            && (letters(word) > 1 || word.chars().all(char::is_lowercase));
        if joins && at > 0 && end < text.len() {
            cuts.push((at, end));
        }
        // Every white space counts its own length.
        at = end + text[end..].chars().next().map_or(0, char::len_utf8);
    }
    match cuts.as_slice() {
        [] => Some(None),
        [(start, end)] => Some(Some((text[..*start].trim(), text[*end..].trim()))),
        _ => None,
    }
}

/// One given name, with an initial behind it or not: a second word may be a family name.
fn given_names(half: &str) -> Option<Name<'_>> {
    let tokens = tokens(half)?;
    let given = without_honorifics(&tokens, 1);
    let fits = match given {
        [one] => letters(one) > 1,
        [one, initial] => letters(one) > 1 && letters(initial) == 1,
        _ => false,
    };
    if !fits || half.contains(',') {
        return None;
    }
    Some(Name {
        given: given.to_vec(),
        ..Name::default()
    })
}

impl<'t> Name<'t> {
    /// The given names with the family name of somebody else; none where that makes no sound name.
    fn with_family_of(mut self, other: &Name<'t>) -> Option<Name<'t>> {
        self.family.clone_from(&other.family);
        let whole: Vec<&str> = self.given.iter().chain(&self.family).copied().collect();
        // The same questions as of any other name.
        Name::parse(&whole.join(" "), NameOrder::GivenFirst)?;
        Some(self)
    }
}
