//! Headers beside each other: what the others say about one.
//!
//! Owner of [`seen`], the columns of a file as the guesser sees them. A second holder is the joint owner where a second
//! person has a name, a second address is the mailing address where it has a city, and a word that many headers begin with
//! is where they come from. Left out on purpose: words that no table knows (`labels`).

use std::collections::HashMap;

use super::score::ColumnView;
use super::words::{HeaderToken, WordSet, tokens};
use crate::inspect::classes::Class;
use crate::inspect::column::ColumnProfile;

/// The columns of a file with the words of their headers.
pub(crate) fn seen(columns: &[ColumnProfile]) -> Vec<ColumnView<'_>> {
    let is_wrapped = are_wrapped(columns);
    let mut seen: Vec<ColumnView<'_>> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let name = match is_wrapped {
                true => unwrapped(&column.name),
                false => &column.name,
            };
            ColumnView::new(column, tokens(name), index)
        })
        .collect();
    users_are_customers(&mut seen);
    mail_address_is_postal(&mut seen);
    second_is_joint(&mut seen);
    second_address_is_mail(&mut seen);
    beginnings_say_little(&mut seen);
    seen
}

/// Keys into which programs wrap whole objects, as Elasticsearch does with `_source`. They say nothing of what is inside.
const WRAPPERS: &[&str] = &[
    "_source",
    "attributes",
    "body",
    "data",
    "doc",
    "fields",
    "hits",
    "hits[]",
    "item",
    "node",
    "payload",
    "properties",
    "record",
    "source",
];

/// Whether the objects of a file have wrappers around them.
pub(super) fn are_wrapped(columns: &[ColumnProfile]) -> bool {
    let wrapped = columns
        .iter()
        .filter(|column| unwrapped(&column.name) != column.name);
    wrapped.count() >= SHARED
}

/// A column's name without the wrappers around its object.
fn unwrapped(name: &str) -> &str {
    let mut name = name;
    while let Some((key, rest)) = name.split_once('.')
        && WRAPPERS.contains(&key)
    {
        name = rest;
    }
    name
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

/// Where mail has a city, a state or a postal code beside it, `Mail Address` is where letters go, and no e-mail address.
fn mail_address_is_postal(seen: &mut [ColumnView<'_>]) {
    let (mail, parts) = (WordSet::of("mail"), WordSet::of("city/state/zip/country"));
    let of_mail = |seen: &ColumnView<'_>| seen.words().meet(mail) && seen.words().meet(parts);
    if seen.iter().filter(|seen| of_mail(seen)).count() < 2 {
        return;
    }
    for seen in seen {
        if seen.column.share(Class::Email) > 0.5 {
            continue;
        }
        let glued = |token: &HeaderToken| token.spelled == "mailaddress";
        if let Some(at) = seen.tokens.iter().position(glued) {
            let mut both = tokens("mailing address");
            if let Some(last) = both.last_mut() {
                last.number = seen.tokens[at].number;
            }
            seen.tokens.splice(at..=at, both);
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

/// Persons of one row who are counted by numbers; Bakkt knows the first as the main owner, and the second as the joint one.
const MOST_PERSONS: u32 = 9;

/// Where a second person has names or a birth date of their own, whatever is the second's is the joint owner's. A third
/// person's columns are none of these.
fn second_is_joint(seen: &mut [ColumnView<'_>]) {
    let (person, middle) = (
        WordSet::of("first/last/birth/dob/ssn/tin"),
        WordSet::of("middle"),
    );
    let (second, owner) = (WordSet::of("secondary"), WordSet::of("owner"));
    let of_word = |token: &HeaderToken| token.words.meet(second) && !token.words.meet(middle);
    let is_person = |seen: &ColumnView<'_>, mark: &dyn Fn(&HeaderToken) -> bool| {
        seen.tokens.iter().any(mark) && seen.words().meet(person)
    };
    if seen.iter().filter(|seen| is_person(seen, &of_word)).count() > 1 {
        for token in seen.iter_mut().flat_map(|seen| &mut seen.tokens) {
            if of_word(token) {
                token.also("joint");
            }
        }
    }
    for number in 2..=MOST_PERSONS {
        // A number counts lines of one address, unless this person's city or the like has it as well.
        let whole = WordSet::of("city/state/zip/country");
        let has_it = |token: &HeaderToken| token.number == Some(number);
        let parts = seen
            .iter()
            .filter(|seen| seen.words().meet(whole) && seen.tokens.iter().any(has_it));
        let line = WordSet::of(match parts.count() {
            0 | 1 => "line/street/address/unit/zip",
            _ => "line/unit",
        });
        let of_number = |token: &HeaderToken| has_it(token) && !token.words.meet(line);
        if seen
            .iter()
            .filter(|seen| is_person(seen, &of_number))
            .count()
            < 2
        {
            continue;
        }
        for seen in seen.iter_mut() {
            let Some(at) = seen.tokens.iter().position(of_number) else {
                continue;
            };
            if number == 2 && seen.tokens[at].words.meet(owner) {
                seen.tokens[at].also("joint");
                continue;
            }
            seen.tokens[at].number = None;
            let mut whose = tokens(match number {
                2 => "joint",
                _ => "relative",
            });
            // Spelled as it stands there, so that no word of another column is the same.
            for token in &mut whose {
                token.spelled = number.to_string();
            }
            seen.tokens.splice(at + 1..at + 1, whose);
        }
    }
}
