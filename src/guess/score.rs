//! How well a column fits a field: by its header, and by its values.
//!
//! Owner of both numbers and of the total that they make. Invariant: pure arithmetic over a header's words and a
//! profile; nothing here knows a column or a field by name.

use super::codes::meaning;
use super::fields::{Concept, Group, Kind};
use super::places::Place;
use super::tables;
use super::words::{self, Token};
use crate::inspect::classes::Class;
use crate::inspect::column::{Column, MOST_CODES};

/// A header at a place that it does not mark is worth so much of a match.
const UNMARKED: f64 = 0.35;

/// How much the header counts, and how much the values.
const BY_NAME: f64 = 0.7;
const BY_VALUE: f64 = 0.3;

/// What values alone are worth where the header says nothing.
const BY_VALUE_ALONE: f64 = 0.45;

/// Below this a column does not feed a field.
pub const LEAST: f64 = 0.3;

/// How well a column fits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fit {
    /// By its header, from 0 to 1.
    pub name: f64,
    /// By its values, from -1 (they speak against it) to 1.
    pub value: f64,
    /// Both together, from 0 to 1.
    pub total: f64,
    /// The header marks the place, or the place needs no mark.
    pub marked: bool,
}

/// A column as the guesser sees it.
#[derive(Clone, Debug)]
pub struct Seen<'a> {
    /// Its sums.
    pub column: &'a Column,
    /// The words of its header.
    pub tokens: Vec<Token>,
    /// Place in the file.
    pub index: usize,
}

impl Seen<'_> {
    /// The header says nothing: no word of it is known but those that say little.
    pub fn mute(&self) -> bool {
        let little = |token: &Token| !token.words.is_empty() && token.weight() < 1.0;
        self.tokens
            .iter()
            .all(|token| little(token) || token.words.is_empty())
    }
}

/// A word that no table knows and that the headers of a group share; it marks this place.
pub type Label<'a> = (&'a str, usize);

/// What a column says about a concept at whatever place.
#[derive(Clone, Copy, Debug)]
pub struct Basis {
    /// The header has the words of one of the concept's phrases.
    named: bool,
    /// By its values.
    value: f64,
    /// Its values say so alone: the header says nothing.
    alone: bool,
}

/// What a column says about a concept.
pub fn basis(seen: &Seen<'_>, concept: &Concept) -> Basis {
    let has = |word: &str| seen.tokens.iter().any(|token| token.is(word));
    Basis {
        named: concept
            .phrases
            .split(" | ")
            .any(|phrase| phrase.split(' ').all(has)),
        value: by_value(seen.column, concept),
        alone: seen.mute() && telling(seen.column, concept),
    }
}

/// The fit of a column at a concept and a place. `labels` are the words that mark a place in this file alone.
pub fn fit(
    seen: &Seen<'_>,
    basis: Basis,
    concept: &Concept,
    place: &Place,
    number: usize,
    labels: &[Label<'_>],
) -> Fit {
    let (name, marked) = match basis.named {
        true => by_name(&seen.tokens, concept, place, number, labels),
        false => (0.0, false),
    };
    let value = basis.value;
    let mut total = if name >= LEAST {
        BY_NAME * name + BY_VALUE * value
    } else if basis.alone && place.marks.is_empty() {
        BY_VALUE_ALONE * value
    } else {
        0.0
    };
    if value < -0.5 {
        total *= 0.5;
    }
    Fit {
        name,
        value,
        total: total.max(0.0),
        marked,
    }
}

/// Whether values of a concept tell it from everything else.
fn telling(column: &Column, concept: &Concept) -> bool {
    match concept.kind {
        Kind::TaxId | Kind::FirmTaxId | Kind::Phone | Kind::PostalCode | Kind::State => true,
        Kind::CityState | Kind::Street | Kind::Agreement => true,
        Kind::Code => speaking(column, concept),
        Kind::Text if concept.field.ends_with("Id") => {
            column.share(Class::Mixed) + column.share(Class::Digits) > 0.9 && column.length.0 > 3
        }
        _ => {
            let own = [Class::Email, Class::Company];
            own.iter().any(|class| concept.forms.contains(class))
                || concept.field.ends_with("dateOfBirth")
                || concept.field == "country"
        }
    }
}

/// Codes that speak for themselves: three or more, nearly all of them with an obvious meaning, each with its own.
fn speaking(column: &Column, concept: &Concept) -> bool {
    let path = format!("x.{}", concept.field);
    let (Some(words), Some(codes)) = (concept_words(concept), column.codes()) else {
        return false;
    };
    let known: Vec<(&str, u64)> = codes
        .iter()
        .filter_map(|(code, count)| Some((meaning(&path, code, words)?, *count)))
        .collect();
    let rows: u64 = known.iter().map(|(_, count)| count).sum();
    let mut different: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
    different.sort_unstable();
    different.dedup();
    different.len() >= 3.min(words.len()) && column.part(rows) > 0.9
}

/// The words that a concept's field takes, wherever it stands.
fn concept_words(concept: &Concept) -> Option<&'static [&'static str]> {
    let prefix = match concept.group {
        Group::Profile => "investmentProfile.",
        Group::Entity => "entity.",
        Group::Account => "",
        _ => "owners[0].",
    };
    tables::words(&format!("{prefix}{}", concept.field))
}

/// The share of the header that phrase and place explain; and whether the place's marks are there.
fn by_name(
    tokens: &[Token],
    concept: &Concept,
    place: &Place,
    number: usize,
    labels: &[Label<'_>],
) -> (f64, bool) {
    let labelled = |token: &Token| {
        labels
            .iter()
            .find(|(label, _)| *label == token.spelled)
            .map(|(_, place)| *place)
    };
    let here = tokens.iter().any(|token| labelled(token) == Some(number));
    let elsewhere = tokens
        .iter()
        .any(|token| labelled(token).is_some_and(|place| place != number));
    let best = concept
        .phrases
        .split(" | ")
        .enumerate()
        .filter_map(|(rank, phrase)| {
            let mut left: Vec<&Token> = tokens
                .iter()
                .filter(|token| labelled(token).is_none())
                .collect();
            let all: f64 = left.iter().map(|token| token.weight()).sum();
            let count = left.len();
            let mut words = 0;
            for word in phrase.split(' ') {
                let at = left.iter().position(|token| token.is(word))?;
                left.remove(at);
                words += 1;
            }
            let mut marked = true;
            for marks in place.marks.iter().filter(|_| !here) {
                match left
                    .iter()
                    .position(|token| marks.iter().any(|mark| token.is(mark)))
                {
                    Some(at) => drop(left.remove(at)),
                    None => marked = false,
                }
            }
            // Someone else's is nobody's here.
            if left.iter().any(|token| words::is_foreign(token)) {
                return None;
            }
            // What may stand there beside explains the header a little less than the phrase itself.
            let mut unexplained = 0.0;
            for token in &left {
                let may = place.may.iter().any(|word| token.is(word));
                // Said twice, as in "agreement terms".
                let again = phrase.split(' ').any(|word| token.is(word));
                unexplained += token.weight()
                    * match (may, again) {
                        (true, _) => 0.04,
                        (_, true) => 0.1,
                        _ => 1.0,
                    };
            }
            let explained = if all > 0.0 {
                (all - unexplained) / all
            } else {
                0.0
            };
            let exact = if words == count { 1.0 } else { 0.99 };
            let score = explained.powf(1.3) * exact * (1.0 - 0.005 * rank as f64);
            Some((score * if marked { 1.0 } else { UNMARKED }, marked))
        });
    let (score, marked) = best.fold((0.0, false), |a, b| if b.0 > a.0 { b } else { a });
    if elsewhere {
        (score * UNMARKED, false)
    } else {
        (score, marked)
    }
}

/// From a share of the values to what it says: most of them speak for it, few against it.
fn says(share: f64) -> f64 {
    ((share - 0.45) / 0.4).clamp(-1.0, 1.0)
}

fn by_value(column: &Column, concept: &Concept) -> f64 {
    if column.filled == 0 {
        return 0.0;
    }
    let share = |class| column.share(class);
    let of_forms = says(
        concept
            .forms
            .iter()
            .map(|form| share(*form))
            .sum::<f64>()
            .min(1.0),
    );
    let formed = [
        Class::Email,
        Class::Phone,
        Class::Date,
        Class::Ssn,
        Class::Money,
    ]
    .iter()
    .any(|class| share(*class) > 0.7);
    let distinct = column.part(column.distinct.count());
    match concept.kind {
        Kind::Code => codes(column),
        Kind::YesNo => match column.codes() {
            Some(codes) if codes.len() <= 3 => of_forms.max(0.0),
            _ => -1.0,
        },
        Kind::Aside => 0.0,
        Kind::Name if share(Class::Company) > 0.3 => -1.0,
        Kind::FullName => of_forms.min(if column.average_length() > 7.0 {
            1.0
        } else {
            -0.6
        }),
        Kind::Text if concept.field.ends_with("Id") => says(if formed { 0.0 } else { distinct }),
        Kind::Text if concept.forms.is_empty() && formed => -1.0,
        Kind::Text if concept.forms.is_empty() => {
            if share(Class::Integer) > 0.7 {
                -0.4
            } else {
                0.6
            }
        }
        // A second line of an address is anything.
        Kind::Street if formed || share(Class::List) > 0.7 => -1.0,
        Kind::Street => of_forms.max(0.0),
        Kind::WholeAddress if column.parts.0 < 3 => -1.0,
        Kind::Date if concept.field.ends_with("Birth") => {
            of_forms.min(if (1930.0..2012.0).contains(&column.average_year()) {
                1.0
            } else {
                0.0
            })
        }
        Kind::Percent | Kind::Integer if column.greatest > 100.0 => -0.5,
        Kind::Amount if column.greatest < 1000.0 => -0.5,
        Kind::Countries if share(Class::List) > 0.2 => 1.0,
        Kind::State if share(Class::Country) > 0.9 && column.length.0 > 2 => -0.5,
        _ => of_forms,
    }
}

/// Few different short values.
fn codes(column: &Column) -> f64 {
    match column.codes() {
        Some(codes) if codes.len() <= 12 => 1.0,
        Some(codes) if codes.len() <= MOST_CODES && column.part(codes.len() as u64) < 0.5 => 0.6,
        _ => -1.0,
    }
}
