//! Headers beside each other: what the others say about one.
//!
//! Owner of [`seen`], the columns of a file as the guesser sees them. A second holder is the joint owner where a second
//! person has a name, a second address is the mailing address where it has a city, and a word that many headers begin with
//! is where they come from. Left out on purpose: words that no table knows (`labels`).

use std::collections::HashMap;

use super::score::ColumnView;
use super::words::{HeaderToken, WordSet, tokens};
use crate::inspect::column::ColumnProfile;

/// The columns of a file with the words of their headers.
pub(crate) fn seen(columns: &[ColumnProfile]) -> Vec<ColumnView<'_>> {
    let mut seen: Vec<ColumnView<'_>> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| ColumnView::new(column, tokens(&column.name), index))
        .collect();
    users_are_customers(&mut seen);
    second_is_joint(&mut seen);
    second_address_is_mail(&mut seen);
    beginnings_say_little(&mut seen);
    seen
}

/// Where no header names an account or a customer with an id, `user_id` is the customer's. Elsewhere it is a login or a clerk's.
fn users_are_customers(seen: &mut [ColumnView<'_>]) {
    let (ids, id) = (WordSet::of("number/id"), WordSet::of("id"));
    let known = WordSet::of("customer/account");
    let names_one = |seen: &ColumnView<'_>| {
        let words = seen.words();
        words.meet(ids) && words.meet(known) || seen.tokens.len() == 1 && words.meet(id)
    };
    if seen.iter().any(names_one) {
        return;
    }
    for seen in seen {
        if let [user, id] = seen.tokens.as_mut_slice()
            && user.spelled == "user"
            && id.words.meet(ids)
        {
            user.also("customer");
        }
    }
}

/// Where a second address has a city or a postal code, its number marks no line.
fn second_address_is_mail(seen: &mut [ColumnView<'_>]) {
    let (address, parts) = (
        WordSet::of("address"),
        WordSet::of("city/state/zip/country"),
    );
    let second = |token: &HeaderToken| token.number == Some(2) && token.words.meet(address);
    let whole = |seen: &ColumnView<'_>| seen.tokens.iter().any(second) && seen.words().meet(parts);
    if seen.iter().filter(|seen| whole(seen)).count() < 2 {
        return;
    }
    for token in seen.iter_mut().flat_map(|seen| &mut seen.tokens) {
        if second(token) {
            token.also("mail");
        }
    }
}

/// Headers that begin with one word.
const SHARED: usize = 4;

/// A word that many headers begin with is where they come from, unless it says whose they are.
fn beginnings_say_little(seen: &mut [ColumnView<'_>]) {
    let whose = WordSet::of(
        "joint/secondary/mail/billing/trusted/employer/employment/registered/legal/formation/operating/business/home",
    );
    let mut counts: HashMap<String, usize> = HashMap::new();
    for first in seen.iter().filter_map(|seen| seen.tokens.first()) {
        *counts.entry(first.spelled.clone()).or_default() += 1;
    }
    for first in seen.iter_mut().filter_map(|seen| seen.tokens.first_mut()) {
        let short = first.spelled.len() < 4;
        let known = (short || !first.words.is_empty()) && !first.words.meet(whose);
        if known && counts[&first.spelled] >= SHARED {
            first.weight = first.weight.min(0.3);
        }
    }
}

/// Where a second person has names or a birth date of their own, whatever is the second's is the joint owner's.
fn second_is_joint(seen: &mut [ColumnView<'_>]) {
    let (person, middle) = (
        WordSet::of("first/last/birth/dob/ssn/tin"),
        WordSet::of("middle"),
    );
    let (second, line) = (
        WordSet::of("secondary"),
        WordSet::of("line/street/address/unit/zip"),
    );
    let of_word = |token: &HeaderToken| token.words.meet(second) && !token.words.meet(middle);
    let of_number = |token: &HeaderToken| token.number == Some(2) && !token.words.meet(line);
    let marks: [&dyn Fn(&HeaderToken) -> bool; 2] = [&of_word, &of_number];
    for mark in marks {
        let persons = seen
            .iter()
            .filter(|seen| seen.tokens.iter().any(mark) && seen.words().meet(person))
            .count();
        if persons < 2 {
            continue;
        }
        for token in seen.iter_mut().flat_map(|seen| &mut seen.tokens) {
            if mark(token) {
                token.also("joint");
            }
        }
    }
}
