//! Values that an export writes in two columns: the number of a house beside its street, the two surnames of a person.
//!
//! Owner of [`JoinedParts`]: which columns are such a pair, and in which order they are read. The second column of a pair
//! feeds nothing of its own.

use super::numbered::number_of;
use super::words::{HeaderToken, WordSet, says, tokens};
use crate::inspect::classes::Class;
use crate::inspect::column::ColumnProfile;

/// The pairs of a file.
pub(super) struct JoinedParts {
    /// A street and the number of the house.
    street: Option<(usize, usize)>,
    /// The number stands before the street.
    is_number_first: bool,
    /// The first and the second surname.
    surnames: Option<(usize, usize)>,
    /// Only a number or an ordinal tells the second surname from the first.
    are_surnames_counted: bool,
}

const HOUSE: &str = "house street strasse calle haus huis casa exterior ext civico domu building";
const HOUSE_NUMBER: &str = "hausnummer hausnr huisnummer housenumber houseno housenr numero";
/// Headers that say only "number": of a house where the column stands directly behind a street without numbers.
const BARE_NUMBER: &str = "number no nr num nro civico exterior ext";
const STREET: &str = "street strasse calle rua rue via straat str ulica ul";
/// Words of houses in languages that write the number first.
const NUMBER_FIRST: &str = "house street building housenumber houseno housenr";

impl JoinedParts {
    pub(super) fn of(columns: &[ColumnProfile]) -> JoinedParts {
        let headers: Vec<Vec<HeaderToken>> =
            columns.iter().map(|column| tokens(&column.name)).collect();
        let bare = |at: &usize| {
            let before = at
                .checked_sub(1)
                .filter(|before| is_street(&headers[*before]));
            let short = columns[*at].average_length() > 0.0 && columns[*at].average_length() < 5.0;
            let [word] = headers[*at].as_slice() else {
                return false;
            };
            before.is_some() && short && says(std::slice::from_ref(word), BARE_NUMBER)
        };
        let number = (0..columns.len())
            .find(|at| is_house_number(&columns[*at], &headers[*at]))
            .or_else(|| (0..columns.len()).find(bare));
        // A street that has numbers already needs none.
        let street = number.and_then(|number| {
            let street = |at: &usize| {
                *at != number
                    && is_street(&headers[*at])
                    && columns[*at].share(Class::Street) < 0.5
                    && columns[*at].average_length() > 4.0
            };
            let nearest = |at: &usize| at.abs_diff(number);
            Some((
                (0..columns.len()).filter(street).min_by_key(nearest)?,
                number,
            ))
        });
        let is_number_first = street.is_some_and(|(street, number)| {
            let english = says(&headers[street], "street") && says(&headers[number], "number");
            says(&headers[number], NUMBER_FIRST) || english
        });
        let find = |words: &str| {
            headers.iter().position(|tokens| {
                let surname = says(tokens, "apellido apellidos ap") || tokens.len() == 1;
                surname && says(tokens, words)
            })
        };
        let named = find("paterno primer").zip(find("materno segundo"));
        let named = named.filter(|(first, second)| first != second);
        let counted = || counted_surnames(&headers);
        JoinedParts {
            street,
            is_number_first,
            are_surnames_counted: named.is_none(),
            surnames: named.or_else(counted),
        }
    }

    /// Whether a column is the second one of a pair.
    pub(super) fn is_second(&self, column: usize) -> bool {
        [self.street, self.surnames]
            .iter()
            .flatten()
            .any(|(_, second)| *second == column)
    }

    /// Puts the number of the house among the columns of its street; whether they have one.
    pub(super) fn with_number(&self, columns: &mut Vec<usize>) -> bool {
        let Some((street, number)) = self.street else {
            return false;
        };
        let Some(at) = columns.iter().position(|column| *column == street) else {
            return false;
        };
        columns.insert(if self.is_number_first { at } else { at + 1 }, number);
        true
    }

    /// Takes a street away that stands in a numbered line as well: "Ulica" beside "Address 1" with the house. Returns it.
    pub(super) fn take_second_street(
        all: &[ColumnProfile],
        columns: &mut Vec<usize>,
    ) -> Option<usize> {
        let is_whole = |at: &usize| all[*at].share(Class::Street) >= 0.5;
        let is_first_line = |at: &usize| {
            let tokens = tokens(&all[*at].name);
            let is_one = |token: &HeaderToken| token.number == Some(1);
            tokens.iter().any(is_one) && is_whole(at)
        };
        let is_bare = |at: &usize| {
            let tokens = tokens(&all[*at].name);
            is_street(&tokens) && tokens.iter().all(|token| token.number.is_none())
        };
        let first = columns.iter().position(is_first_line)?;
        let bare = columns.iter().position(is_bare)?;
        (first != bare).then(|| columns.remove(bare))
    }

    /// Whether a column is the first of two surnames.
    pub(super) fn is_first_surname(&self, column: usize) -> bool {
        self.surnames.is_some_and(|(first, _)| first == column)
    }

    /// Whether nothing but a number or an ordinal says that there are two surnames, so that a person should look.
    pub(super) fn are_surnames_counted(&self) -> bool {
        self.are_surnames_counted
    }

    /// Takes the ordinal off the header of a first surname: "First Last Name" names no given name.
    pub(super) fn without_ordinal(&self, column: usize, tokens: &mut Vec<HeaderToken>) {
        if self.is_first_surname(column) && tokens.len() > 1 {
            let ordinal = |token: &HeaderToken| says(std::slice::from_ref(token), "first");
            tokens.retain(|token| !ordinal(token));
        }
    }

    /// The columns of both surnames, in their order.
    pub(super) fn surnames(&self) -> Vec<usize> {
        self.surnames
            .map_or(Vec::new(), |(first, second)| vec![first, second])
    }
}

/// Words that count the family names of one person.
const FIRST: &str = "first primer";
const SECOND: &str = "second segundo";

/// The number of a family name in a header that says nothing else: `APELLIDO2`, `Last Name 2`, `Second Last Name`. The inner
/// none: it has no number; the outer one: it is no such header.
fn surname_number(tokens: &[HeaderToken]) -> Option<Option<u32>> {
    let (last, beside) = (WordSet::of("last"), WordSet::of("last/name/of"));
    let (mut number, mut is_surname) = (None, false);
    for (place, token) in tokens.iter().enumerate() {
        let one = std::slice::from_ref(token);
        let own = match () {
            () if place == 0 && says(one, FIRST) => Some(1),
            () if says(one, SECOND) => Some(2),
            () if token.words.meet(beside) => {
                is_surname |= token.words.meet(last);
                number_of(token)
            }
            () => return None,
        };
        if number.is_some() && own.is_some() {
            return None;
        }
        number = number.or(own);
    }
    is_surname.then_some(number)
}

/// The columns of two family names of one person that only a number tells apart. Where another column of a person has the
/// second one's number, it is that of a second person.
fn counted_surnames(headers: &[Vec<HeaderToken>]) -> Option<(usize, usize)> {
    let person = WordSet::of("first/birth/dob/ssn/tin");
    let is_second = |token: &HeaderToken| {
        number_of(token) == Some(2) || says(std::slice::from_ref(token), SECOND)
    };
    let of_person = |tokens: &Vec<HeaderToken>| {
        surname_number(tokens).is_none()
            && tokens.iter().any(|token| token.words.meet(person))
            && tokens.iter().any(is_second)
    };
    if headers.iter().any(of_person) {
        return None;
    }
    let only = |wanted: Option<u32>| {
        let mut found =
            (0..headers.len()).filter(|at| surname_number(&headers[*at]) == Some(wanted));
        found.next().filter(|_| found.next().is_none())
    };
    only(Some(1)).or_else(|| only(None)).zip(only(Some(2)))
}

/// Whether a column holds numbers of houses: by its header, and short values.
fn is_house_number(column: &ColumnProfile, tokens: &[HeaderToken]) -> bool {
    let number = WordSet::of("number");
    let of_house = says(tokens, HOUSE) && tokens.iter().any(|token| token.words.meet(number));
    let alone = tokens.len() == 1 && says(tokens, HOUSE_NUMBER);
    (of_house || alone) && column.average_length() > 0.0 && column.average_length() < 7.0
}

/// Whether a header names a street and says nothing else of it.
fn is_street(tokens: &[HeaderToken]) -> bool {
    let beside = WordSet::of("name/line/street/address/text");
    says(tokens, STREET) && tokens.iter().all(|token| token.words.meet(beside))
}
