//! A first mapping, guessed from what exports are called and hold.
//!
//! Owner of the guess: which column feeds which field, how sure that is, and the text of the files that say so. It builds
//! on the profiles of `inspect`. Invariants: a guess is a line that a person reads before anything is sent, with its
//! confidence beside it; what cannot be defended is a comment; a required field that no column seems to hold is written
//! as unfed, and blocks. Of values only codes are written, and only of columns of codes.
//! Left out on purpose: reading files (`inspect`) and judging the mapping (`check`).

pub mod assign;
pub mod codes;
pub mod columns;
pub mod feeds;
pub mod fields;
mod headers;
mod labels;
mod lines;
pub mod places;
pub mod required;
mod rest;
pub mod score;
pub mod shown;
mod spelling;
pub mod tables;
pub mod values;
pub mod words;
pub mod write;

use columns::{Confidence, Pick, picks};
use feeds::Mapping;
use fields::Kind;
use places::{CONTACTS, FIRMS, FIRMS_ALONE, OWNERS, PEOPLE, Place};

use crate::inspect::classes::Class;
use crate::inspect::{Link, Profile};

/// What the rows of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Accounts of people.
    People,
    /// Accounts of firms.
    Firms,
    /// Owners.
    Owners,
    /// Trusted contacts.
    Contacts,
}

impl Rows {
    fn places(self) -> &'static [Place] {
        match self {
            Rows::People => PEOPLE,
            Rows::Firms => FIRMS,
            Rows::Owners => OWNERS,
            Rows::Contacts => CONTACTS,
        }
    }
}

/// One file and what its columns say.
#[derive(Debug)]
pub struct Sheet {
    /// Its place among the files.
    pub file: usize,
    /// What its rows are.
    pub rows: Rows,
    /// How its rows find their accounts.
    pub link: Option<Link>,
    /// What its columns say.
    pub picks: Vec<Pick>,
    /// Its mapping.
    pub mapping: Mapping,
}

/// The guess about some files.
#[derive(Debug)]
pub struct Guess {
    /// That of the accounts first.
    pub sheets: Vec<Sheet>,
    /// Files that nothing joins to the accounts.
    pub alone: Vec<usize>,
    /// The column whose equal values make one account of several rows.
    pub group_by: Option<usize>,
}

/// Fields of firms that a file has before its rows are firms.
const FIRM_FIELDS: usize = 3;

/// Guesses what files say, from their profiles and from which belongs to which.
pub fn guess(files: &[Profile], links: &[Link]) -> Guess {
    let main = main_file(files, links);
    let mut guess = Guess {
        sheets: Vec::new(),
        alone: Vec::new(),
        group_by: None,
    };
    let Some(profile) = files.get(main) else {
        return guess;
    };
    let mut joined = Vec::new();
    for (file, profile) in files.iter().enumerate().filter(|(file, _)| *file != main) {
        match links.iter().find(|link| link.of == file && link.to == main) {
            Some(link) => {
                let contacts =
                    is_contacts(profile) || joined.iter().any(|(rows, _)| *rows == Rows::Owners);
                joined.push((
                    if contacts {
                        Rows::Contacts
                    } else {
                        Rows::Owners
                    },
                    link.clone(),
                ));
            }
            None => guess.alone.push(file),
        }
    }
    joined.dedup_by_key(|(rows, _)| *rows);
    let owners_apart = joined.iter().any(|(rows, _)| *rows == Rows::Owners);
    let (rows, found) = main_rows(profile, owners_apart);
    let grouped = (!owners_apart && rows == Rows::People)
        .then(|| grouped_by(profile, &found))
        .flatten();
    let about = feeds::About {
        rows,
        owners_apart,
        grouped: grouped.is_some(),
        types: Vec::new(),
    };
    let mapping = feeds::accounts(profile, &found, about);
    let types = mapping.types.clone();
    guess.group_by = grouped;
    guess.sheets.push(Sheet {
        file: main,
        rows,
        link: None,
        picks: found,
        mapping,
    });
    for (rows, link) in joined {
        let profile = &files[link.of];
        let found = picks(&profile.columns, rows.places(), &[link.key]);
        let about = feeds::About {
            rows,
            owners_apart: false,
            grouped: false,
            types: types.clone(),
        };
        let mapping = feeds::elements(profile, &found, about, link.key);
        guess.sheets.push(Sheet {
            file: link.of,
            rows,
            link: Some(link),
            picks: found,
            mapping,
        });
    }
    guess
}

/// The file that most others belong to; else the first.
fn main_file(files: &[Profile], links: &[Link]) -> usize {
    let belong = |to: usize| {
        links
            .iter()
            .filter(|link| link.to == to && link.of != to)
            .count()
    };
    // Where two files hold each other's keys, the one with fewer rows has one for each account.
    (0..files.len())
        .max_by_key(|file| {
            (
                belong(*file),
                std::cmp::Reverse(files[*file].rows),
                std::cmp::Reverse(*file),
            )
        })
        .unwrap_or(0)
}

fn is_contacts(profile: &Profile) -> bool {
    let marked = |name: &str| words::tokens(name).iter().any(|token| token.is("trusted"));
    // The file's own name, not the folders above it.
    let file = std::path::Path::new(&profile.name).file_name();
    file.is_some_and(|name| marked(&name.to_string_lossy()))
        || profile
            .columns
            .iter()
            .filter(|column| marked(&column.name))
            .count()
            > 2
}

/// Firms have no birth date and no first name, but a legal form and a place where they are registered.
fn main_rows(profile: &Profile, owners_apart: bool) -> (Rows, Vec<Pick>) {
    let people = picks(&profile.columns, PEOPLE, &[]);
    let places = if owners_apart { FIRMS_ALONE } else { FIRMS };
    let firms = picks(&profile.columns, places, &[]);
    // Only firms have numbers of that form: beside one, only a name and a birth date that are sure make a person.
    let eins = profile
        .columns
        .iter()
        .any(|column| column.share(Class::Ein) > 0.6);
    let least = if eins {
        Confidence::High
    } else {
        Confidence::Medium
    };
    let sure = |found: &[Pick], fields: &[&str], least: Confidence| {
        let good = found.iter().filter(|pick| {
            fields.contains(&pick.concept.field)
                && pick.confidence >= least
                && pick.place.marks.len() < 2
        });
        good.count()
    };
    let person = sure(
        &people,
        &["givenName", "familyName", "identity.dateOfBirth"],
        least,
    );
    let firm = sure(
        &firms,
        &[
            "entityLegalName",
            "entityType",
            "entityTaxId",
            "entityFormationDate",
            "operatingIndustry",
            "entityOfferings",
            "entityRegistrationStatus",
        ],
        Confidence::Medium,
    );
    if (firm >= FIRM_FIELDS || eins) && person < 2 {
        (Rows::Firms, firms)
    } else {
        (Rows::People, people)
    }
}

/// The account's column, where its values repeat: several rows are one account.
fn grouped_by(profile: &Profile, found: &[Pick]) -> Option<usize> {
    let id = found
        .iter()
        .find(|pick| pick.concept.field == "clientAccountId")?;
    let column = &profile.columns[id.column];
    let distinct = column.part(column.distinct.count());
    (column.filled > 3 && distinct < 0.85 && distinct > 0.2).then_some(id.column)
}

/// What a column seems to say, in words for `inspect`.
pub fn meanings(
    guess: &Guess,
    files: &[Profile],
) -> Vec<Vec<Option<crate::inspect::page::Meaning>>> {
    let mut all: Vec<Vec<_>> = files
        .iter()
        .map(|file| vec![None; file.columns.len()])
        .collect();
    for sheet in &guess.sheets {
        for pick in &sheet.picks {
            all[sheet.file][pick.column] = Some(crate::inspect::page::Meaning {
                text: shown::words(pick),
                confidence: pick.confidence.word(),
            });
        }
        if let Some(link) = &sheet.link {
            all[sheet.file][link.key] = Some(crate::inspect::page::Meaning {
                text: "the account that the row belongs to".into(),
                confidence: Confidence::High.word(),
            });
        }
    }
    all
}

/// Whether a pick feeds nothing.
pub(crate) fn aside(pick: &Pick) -> bool {
    pick.concept.kind == Kind::Aside
}
