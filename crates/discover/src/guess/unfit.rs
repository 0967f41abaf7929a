//! Columns whose values cannot be what their headers promise, although the contract would take them.
//!
//! Owner of [`reason`]: answers, states and marks where a text belongs, and amounts that are no dollars of a year. Such a column
//! is a hint and feeds nothing: what it would send is well-formed and wrong. Left out on purpose: values that are
//! invalid, which a trial finds (`trial`).

use super::columns::Pick;
use super::fields::{Concept, ValueKind};
use super::words::{says, tokens};
use crate::inspect::classes::Class;
use crate::inspect::column::ColumnProfile;

/// Words of answers and of states of affairs. A value all of whose words are among them names nothing.
const ANSWERS: &str = "y n yes no true false t f x on off ja nein oui non si sim nao not un \
    accepted accept accepts acknowledged active agreed agree agrees approved assented cancelled canceled checked closed \
    completed complete confirmed consented current declined denied done draft electronically e esigned executed expired \
    failed false file given granted in inactive incomplete invalid missing obtained ok okay open outstanding paper \
    partially passed pending processing progress received recorded refused rejected required review reviewed revoked sent \
    sign signed submitted superseded terminated unsigned valid verified unverified void waived waiting withdrawn wet yet";

/// Headers say so of amounts that are not written in dollars, each with the `unit` of a mapping.
const UNITS: [(&str, &str); 2] = [
    (
        "k ks thousand thousands thous thsd tsd tausend miles",
        "thousands",
    ),
    ("millions million mio mln mm", "millions"),
];

/// What nobody earns or owns at most in dollars.
const LEAST_DOLLARS: f64 = 1000.0;

/// Why a column cannot feed a field, where its values say so.
pub(super) fn reason(pick: &Pick, column: &ColumnProfile) -> Option<&'static str> {
    let concept = pick.concept;
    match concept.kind {
        ValueKind::Text if concept.field.ends_with("Id") => None,
        ValueKind::Text | ValueKind::Agreement if are_no_texts(concept, column) => {
            Some("its values are answers, states or marks, and no text of this field")
        }
        ValueKind::Amount if !is_of_a_day(concept) => no_dollars(column),
        _ => None,
    }
}

/// Whether more than half of the values are answers or states; of the name of an agreement, numbers and single letters as well.
fn are_no_texts(concept: &Concept, column: &ColumnProfile) -> bool {
    let Some(codes) = column.codes() else {
        return false;
    };
    let is_name = concept.kind == ValueKind::Agreement || concept.field.ends_with("].name");
    let unfit = codes
        .iter()
        .filter(|(value, _)| is_answer(value) || is_name && is_mark(value));
    let rows: u64 = unfit.map(|(_, count)| count).sum();
    column.part(rows) > 0.5
}

fn is_answer(value: &str) -> bool {
    let value = value.to_lowercase();
    let mut words = value
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .peekable();
    let known = |word: &str| ANSWERS.split_whitespace().any(|answer| answer == word);
    words.peek().is_some() && words.all(known)
}

/// A number, a letter, a tick: nothing that a person reads as a name.
fn is_mark(value: &str) -> bool {
    value.chars().filter(|c| c.is_alphabetic()).count() < 2
}

/// The volume of a day may be small.
fn is_of_a_day(concept: &Concept) -> bool {
    concept.field.starts_with("daily")
}

fn no_dollars(column: &ColumnProfile) -> Option<&'static str> {
    // Ranges and words such as "30k" say themselves what they are.
    let numbers = column.share(Class::Number) > 0.5 && !has_letters(column);
    if numbers && unit(column).is_some() {
        return Some("its header speaks of thousands or millions: confirm the `unit`");
    }
    (numbers && column.greatest < LEAST_DOLLARS).then_some(
        "no amount reaches 1,000: where they are thousands and no codes, say so with `unit` of `usd_range`",
    )
}

/// What the header of amounts says that they count, as `unit` of a mapping has it; none where it does not.
pub(super) fn unit(column: &ColumnProfile) -> Option<&'static str> {
    let header = tokens(&column.name);
    let said = UNITS.iter().find(|(words, _)| says(&header, words));
    let zeros = || column.name.contains("000").then_some("thousands");
    said.map(|(_, unit)| *unit).or_else(zeros)
}

/// Whether a usual value has letters.
fn has_letters(column: &ColumnProfile) -> bool {
    let shapes = column.shapes.top(3);
    let mut shapes = shapes.iter();
    shapes.any(|(shape, _)| shape.contains(char::is_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_states_name_nothing() {
        for value in [
            "Y",
            "no",
            "Yes",
            "TRUE",
            "Accepted",
            "Pending",
            "not signed",
            "E-Signed",
            "In Progress",
            "on file",
            "Ja",
        ] {
            assert!(is_answer(value), "{value}");
        }
        for value in [
            "",
            "-",
            "2.1",
            "Customer Agreement",
            "TOS",
            "Signed Customer Agreement",
            "Terms of use",
        ] {
            assert!(!is_answer(value), "{value}");
        }
        for (value, wanted) in [
            ("1", true),
            ("A", true),
            ("✓", true),
            ("3.0", true),
            ("CA", false),
            ("T&C", false),
        ] {
            assert_eq!(is_mark(value), wanted, "{value}");
        }
    }
}
