//! A first mapping, guessed from what exports are called and hold.
//!
//! Owner of the guess: which column feeds which field, how sure that is, and the text of the files that say so. It builds
//! on the profiles of `inspect`. Invariants: a guess is a line that a person reads before anything is sent, with its
//! confidence beside it; what cannot be defended is a comment; a required field that no column seems to hold is written
//! as unfed, and blocks. Of values only codes are written, and only of columns of codes.
//! Left out on purpose: reading files (`inspect`) and judging the mapping (`check`).

mod assign;
mod codes;
mod columns;
mod date_order;
mod elements;
mod families;
mod feeds;
mod fields;
mod headers;
mod joined_parts;
mod keyed;
mod labels;
mod lines;
mod name_order;
mod not_asked;
mod numbered;
mod places;
mod required;
mod rest;
mod score;
mod spelling;
mod tables;
pub(crate) mod trial;
mod unfit;
mod values;
mod words;
pub mod write;

use columns::{Confidence, Pick, picks};
pub use elements::of_people;
use feeds::Mapping;
use fields::ValueKind;
pub use keyed::{KeyedPeople, keyed_people};
use places::{CONTACTS, FIRMS, FIRMS_ALONE, GROUPED, OWNERS, ObjectPlace, PEOPLE};

use crate::inspect::classes::Class;
use crate::inspect::page::Meaning;
use crate::inspect::{FileLink, Profile};

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
    fn places(self) -> &'static [ObjectPlace] {
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
pub struct GuessedFile {
    /// Its place among the files.
    pub file: usize,
    /// What its rows are.
    pub rows: Rows,
    /// How its rows find their accounts.
    pub link: Option<FileLink>,
    /// What its columns say.
    pub picks: Vec<Pick>,
    /// Its mapping.
    pub mapping: Mapping,
}

/// The guess about some files.
#[derive(Debug)]
pub struct Guess {
    /// That of the accounts first.
    pub sheets: Vec<GuessedFile>,
    /// Files that nothing joins to the accounts.
    pub alone: Vec<usize>,
    /// Files with the accounts' ids that feed nothing, because another one or none has owners or contacts.
    pub further: Vec<usize>,
    /// The column whose equal values make one account of several rows.
    pub group_by: Option<usize>,
}

/// Fields of firms that a file has before its rows are firms.
const FIRM_FIELDS: usize = 3;

/// Guesses what files say, from their profiles and from which belongs to which.
pub fn guess(files: &[Profile], links: &[FileLink]) -> Guess {
    let main = main_file(files, links);
    let mut guess = Guess {
        sheets: Vec::new(),
        alone: Vec::new(),
        further: Vec::new(),
        group_by: None,
    };
    let Some(profile) = files.get(main) else {
        return guess;
    };
    let mut beside = Vec::new();
    for file in (0..files.len()).filter(|file| *file != main) {
        match links.iter().find(|link| link.of == file && link.to == main) {
            Some(link) => beside.push(link.clone()),
            None => guess.alone.push(file),
        }
    }
    let joined = joined(files, main, beside, &mut guess.further);
    let owners_apart = joined.iter().any(|(rows, _)| *rows == Rows::Owners);
    let (rows, mut found) = main_rows(profile, owners_apart);
    guess.group_by = (!owners_apart && rows == Rows::People)
        .then(|| grouped_by(profile, &found))
        .flatten();
    if guess.group_by.is_some() {
        found = picks(&profile.columns, &GROUPED, &[]);
    }
    let mut about = feeds::FileContext {
        rows,
        owners_apart,
        grouped: guess.group_by.is_some(),
        types: Vec::new(),
    };
    let mapping = feeds::accounts(profile, &found, about.clone());
    (about.owners_apart, about.grouped) = (false, false);
    about.types.clone_from(&mapping.types);
    guess.sheets.push(GuessedFile {
        file: main,
        rows,
        link: None,
        picks: found,
        mapping,
    });
    for (rows, link) in joined {
        let profile = &files[link.of];
        let picks = picks(&profile.columns, rows.places(), &[link.key]);
        let about = feeds::FileContext {
            rows,
            ..about.clone()
        };
        guess.sheets.push(GuessedFile {
            file: link.of,
            rows,
            mapping: feeds::elements(profile, &picks, about, link.key),
            link: Some(link),
            picks,
        });
    }
    guess
}

/// The file that most others belong to; else the first.
fn main_file(files: &[Profile], links: &[FileLink]) -> usize {
    let belong = |to: usize| {
        links
            .iter()
            .filter(|link| link.to == to && link.of != to)
            .count()
    };
    // Where files hold each other's keys, accounts say more than an id, and are not called owners or contacts; then the one
    // with fewer rows has one for each account.
    (0..files.len())
        .max_by_key(|file| {
            let profile = &files[*file];
            (
                belong(*file),
                files.len() == 1 || says_who(profile),
                !is_named_element(profile),
                std::cmp::Reverse(profile.rows),
                std::cmp::Reverse(*file),
            )
        })
        .unwrap_or(0)
}

/// What the rows of the files beside the accounts are: those of one file owners, those of one other trusted contacts.
/// Whatever else there is goes to `further`: nobody guesses which of two files has the owners.
fn joined(
    files: &[Profile],
    main: usize,
    links: Vec<FileLink>,
    further: &mut Vec<usize>,
) -> Vec<(Rows, FileLink)> {
    let mut found: Vec<(Rows, FileLink)> = Vec::new();
    let has = |found: &[(Rows, FileLink)], rows| found.iter().any(|(known, _)| *known == rows);
    let mut open = Vec::new();
    for link in links {
        let profile = &files[link.of];
        let rows = match (is_contacts(profile), is_owners(profile)) {
            (true, _) => Rows::Contacts,
            (_, true) => Rows::Owners,
            _ => {
                open.push(link);
                continue;
            }
        };
        match has(&found, rows) {
            true => further.push(link.of),
            false => found.push((rows, link)),
        }
    }
    let whole = is_of_owners(&files[main]) && is_of_people(&files[main]);
    for link in open {
        // The first that does not say what it is has the owners, as long as no other file has them.
        match whole || has(&found, Rows::Owners) || !is_of_people(&files[link.of]) {
            true => further.push(link.of),
            false => found.push((Rows::Owners, link)),
        }
    }
    further.sort_unstable();
    found.sort_by_key(|(rows, link)| (*rows == Rows::Contacts, link.of));
    found
}

/// How many picks are of some fields and at least so sure.
fn count(picks: &[Pick], fields: &[&str], least: Confidence) -> usize {
    let good = |pick: &&Pick| fields.contains(&pick.concept.field) && pick.confidence >= least;
    picks.iter().filter(good).count()
}

/// Whether a column of a file likely is one of some fields, as rows of that kind have them.
fn has(profile: &Profile, rows: Rows, fields: &[&str]) -> bool {
    let found = picks(&profile.columns, rows.places(), &[]);
    count(&found, fields, Confidence::Medium) > 0
}

/// Whether a file says of people or firms what an account needs.
fn says_who(profile: &Profile) -> bool {
    let own = [
        "identity.dateOfBirth",
        "identity.taxId",
        "streetAddress",
        "entityLegalName",
        "entityType",
        "entityTaxId",
    ];
    [Rows::People, Rows::Firms]
        .iter()
        .any(|rows| has(profile, *rows, &own))
}

/// Whether the name of a file, without the folders above it, has one of some words.
fn is_named(profile: &Profile, words: &str) -> bool {
    let name = std::path::Path::new(&profile.name).file_stem();
    let tokens = name.map_or(Vec::new(), |name| words::tokens(&name.to_string_lossy()));
    tokens.iter().any(|token| token.is(words))
}

/// Whether a file is called by what stands beside accounts.
fn is_named_element(profile: &Profile) -> bool {
    is_named(profile, "owner/joint/trusted/contact") && !is_named(profile, "account/customer")
}

fn is_contacts(profile: &Profile) -> bool {
    let marked = |name: &str| words::tokens(name).iter().any(|token| token.is("trusted"));
    let columns = profile.columns.iter();
    // Of contacts nobody has the tax id; whoever has one is an owner, whatever the file is called.
    is_named(profile, "trusted")
        || is_named(profile, "contact") && !is_of_owners(profile)
        || columns.filter(|column| marked(&column.name)).count() > 2
}

fn is_owners(profile: &Profile) -> bool {
    is_named(profile, "owner/joint") || is_of_owners(profile)
}

/// Birth dates and tax ids beside names: only owners have them.
fn is_of_owners(profile: &Profile) -> bool {
    let own = [
        "identity.dateOfBirth",
        "identity.taxId",
        "ownership_percent",
    ];
    has(profile, Rows::Owners, &own)
}

/// Whether the rows of a file have names; a whole name feeds no field of its own.
fn is_of_people(profile: &Profile) -> bool {
    let found = picks(&profile.columns, OWNERS, &[]);
    let names = |pick: &&Pick| matches!(pick.concept.kind, ValueKind::Name | ValueKind::FullName);
    let mut names = found.iter().filter(names);
    names.any(|pick| pick.confidence >= Confidence::Medium)
}

/// Firms have no birth date and no first name, but a legal form and a place where they are registered.
fn main_rows(profile: &Profile, owners_apart: bool) -> (Rows, Vec<Pick>) {
    let people = picks(&profile.columns, PEOPLE, &[]);
    let places = if owners_apart { FIRMS_ALONE } else { FIRMS };
    let firms = picks(&profile.columns, places, &[]);
    // Only firms have numbers of that form: beside one, only a name and a birth date that are sure make a person.
    let mut columns = profile.columns.iter();
    let eins = columns.any(|column| column.share(Class::Ein) > 0.6);
    let least = match eins {
        true => Confidence::High,
        false => Confidence::Medium,
    };
    let person = count(&people, OF_PERSON, least);
    // An empty column says nothing, and an SSN is no firm's.
    let told = |pick: &&Pick| {
        let column = &profile.columns[pick.column];
        let of_person = pick.concept.kind == ValueKind::FirmTaxId && column.share(Class::Ssn) > 0.5;
        column.filled > 0 && !of_person
    };
    let told: Vec<Pick> = firms.iter().filter(told).copied().collect();
    let firm = count(&told, OF_FIRM, Confidence::Medium);
    // Where most rows have such a number, the people beside it are the firms' contacts.
    let most = profile
        .columns
        .iter()
        .any(|column| column.share(Class::Ein) > 0.6 && column.filled * 2 > profile.rows);
    if (firm >= FIRM_FIELDS || eins) && person < 2 || firm >= FIRM_FIELDS && most {
        return (Rows::Firms, firms);
    }
    (Rows::People, people)
}

/// Fields that only people have, and those that only firms have.
const OF_PERSON: &[&str] = &["givenName", "familyName", "identity.dateOfBirth"];
const OF_FIRM: &[&str] = &[
    "entityLegalName",
    "entityType",
    "entityTaxId",
    "entityFormationDate",
    "operatingIndustry",
    "entityOfferings",
    "entityRegistrationStatus",
];

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
pub fn meanings(guess: &Guess, files: &[Profile]) -> Vec<Vec<Option<Meaning>>> {
    let none = |file: &Profile| vec![None; file.columns.len()];
    let mut all: Vec<Vec<_>> = files.iter().map(none).collect();
    let meaning = |text: String, confidence: Confidence| {
        let confidence = confidence.word();
        Some(Meaning { text, confidence })
    };
    for sheet in &guess.sheets {
        for pick in &sheet.picks {
            all[sheet.file][pick.column] = meaning(in_words(pick), pick.confidence);
        }
        if let Some(link) = &sheet.link {
            let text = "the account that the row belongs to".into();
            all[sheet.file][link.key] = meaning(text, Confidence::High);
        }
    }
    all
}

/// What a column says in few words: the field, or what its parts feed.
fn in_words(pick: &Pick) -> String {
    let place = pick.place.prefix.trim_end_matches('.');
    match pick.concept.kind {
        ValueKind::Aside => "nothing of Bakkt's".into(),
        ValueKind::FullName => format!("{place}: the names"),
        ValueKind::CityState => format!("{place}: city and state"),
        ValueKind::WholeAddress => format!("{place}: the whole address"),
        ValueKind::Agreement => format!("{}: name and version", pick.path()),
        _ => pick.path(),
    }
}

/// Whether a pick feeds nothing.
pub(crate) fn aside(pick: &Pick) -> bool {
    pick.concept.kind == ValueKind::Aside
}
