//! JSON of which one object holds many customers: keyed by their ids (`{"10000": {…}, "10007": {…}}`), by column
//! (`{"First Name": {"0": …, "1": …}}` or with arrays, as pandas writes by default), or as arrays of cells under their columns.
//!
//! Owner of [`keyed_people`]. Such an object would be one row, one customer with the data of several. Left out on purpose: arrays
//! of objects, which `--rows` makes rows of (`elements`).

use std::collections::{BTreeMap, HashMap};

use super::elements::are_somebody;
use super::words::tokens;
use crate::inspect::Profile;
use crate::inspect::column::ColumnProfile;

/// Objects that may be looked at as people: the first ones of a table are as good as all of them.
const TRIED: usize = 3;

/// Tables of a file that are looked at as people.
const TABLES: usize = 64;

/// Keys of a table, each with the same columns, that make it one although no table of words knows the columns.
const MANY_KEYS: usize = 10;
const MANY_COLUMNS: usize = 3;

/// Keys that have a meaning, such as `primary` and `joint`: a person has no more addresses or owners by name than these.
const MOST_ROLES: usize = 8;

/// Where the customers stand as keys or as columns of one object: the keys that lead there, empty for the object itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedPeople(pub String);

/// The parts of a column's name: keys, and elements with their brackets.
fn parts(name: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for key in name.split('.') {
        let (own, rest) = key.split_at(key.find('[').unwrap_or(key.len()));
        parts.extend(Some(own).filter(|own| !own.is_empty() || rest.is_empty()));
        parts.extend(rest.split_inclusive(']'));
    }
    parts
}

/// The columns below some keys: by the next key, those behind it.
type Table<'p> = BTreeMap<usize, (&'p str, Vec<(String, &'p ColumnProfile)>)>;

/// Tables of two keys: the outer ones first. A table turned over has the inner keys outside.
struct Tables<'p> {
    all: Vec<(String, Table<'p>)>,
}

impl<'p> Tables<'p> {
    fn of(columns: &[&'p ColumnProfile]) -> Tables<'p> {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut keys: HashMap<(usize, &str), usize> = HashMap::new();
        let mut all: Vec<(usize, String, Table<'p>)> = Vec::new();
        for column in columns {
            let parts = parts(&column.name);
            for depth in 0..parts.len().saturating_sub(1) {
                let prefix = joined(&parts[..depth]);
                let place = *places.entry(prefix.clone()).or_insert(all.len());
                if place == all.len() {
                    all.push((depth, prefix, Table::new()));
                }
                let table = &mut all[place].2;
                let key = *keys.entry((place, parts[depth])).or_insert(table.len());
                let (_, own) = table.entry(key).or_insert((parts[depth], Vec::new()));
                own.push((joined(&parts[depth + 1..]), *column));
            }
        }
        // What stands further out tells more, and its keys are no ids.
        all.sort_by_key(|(depth, ..)| *depth);
        let all = all.into_iter().map(|(_, prefix, table)| (prefix, table));
        Tables {
            all: all
                .filter(|(_, table)| table.len() > 1)
                .take(TABLES)
                .collect(),
        }
    }
}

/// A path of parts, as a column's name has it.
fn joined(parts: &[&str]) -> String {
    let mut path = String::new();
    for part in parts {
        if !path.is_empty() && !part.starts_with('[') {
            path.push('.');
        }
        path.push_str(part);
    }
    path
}

/// A table with the inner keys outside: what stands behind them are the outer ones.
fn turned<'p>(table: &Table<'p>) -> Vec<(String, Vec<(String, &'p ColumnProfile)>)> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut all: Vec<(String, Vec<(String, &'p ColumnProfile)>)> = Vec::new();
    for (key, columns) in table.values() {
        for (rest, column) in columns {
            let place = *places.entry(rest.as_str()).or_insert(all.len());
            if place == all.len() {
                all.push((rest.clone(), Vec::new()));
            }
            all[place].1.push(((*key).to_owned(), *column));
        }
    }
    all
}

/// Whether keys are words that say whose or what: `primary` and `joint`, `home` and `mailing`.
fn are_roles(keys: &[&str]) -> bool {
    keys.len() <= MOST_ROLES && keys.iter().all(|key| is_known(key))
}

/// Whether keys are numbers or ids, and no names of columns.
fn are_ids(keys: &[&str]) -> bool {
    keys.iter().filter(|key| is_known(key)).count() * 2 < keys.len()
}

/// Whether a key has a word that headers have.
fn is_known(key: &str) -> bool {
    tokens(key).iter().any(|token| !token.words.is_empty())
}

/// Columns under other names.
fn renamed(columns: &[(String, &ColumnProfile)]) -> Vec<ColumnProfile> {
    let renamed = columns.iter().map(|(name, column)| {
        let mut own = (*column).clone();
        own.name.clone_from(name);
        own
    });
    renamed.collect()
}

/// Whether several of the first ones of some groups of columns plainly are a person or a firm each.
fn are_people<'p>(groups: impl Iterator<Item = &'p [(String, &'p ColumnProfile)]>) -> bool {
    let several = groups.filter(|group| group.len() > 1).take(TRIED);
    several
        .filter(|group| are_somebody(&renamed(group)))
        .count()
        > 1
}

/// The customers of a file that are keys or columns of one object, if there are any, while that object itself is nobody.
pub fn keyed_people(profile: &Profile) -> Option<KeyedPeople> {
    // Where each object is a customer, most columns have more than one value.
    let once = profile.columns.iter().filter(|column| {
        let cells = column.filled + column.placeholders + column.broken;
        profile.rows <= 1 || cells <= 1
    });
    let once: Vec<&ColumnProfile> = once
        .filter(|column| column.name.contains(['.', '[']))
        .collect();
    Tables::of(&once)
        .all
        .into_iter()
        .find_map(|(prefix, table)| {
            let is_found = is_table(profile, &prefix, &table);
            is_found.then_some(KeyedPeople(prefix))
        })
}

fn is_table(profile: &Profile, prefix: &str, table: &Table<'_>) -> bool {
    let is_element = |key: &str| key.starts_with('[');
    let outer: Vec<&str> = table.values().map(|(key, _)| *key).collect();
    let by_column = turned(table);
    let inner: Vec<&str> = by_column.iter().map(|(key, _)| key.as_str()).collect();
    let cells: usize = table.values().map(|(_, columns)| columns.len()).sum();
    let is_most = cells * 2 > profile.columns.len();
    // Elements of one array: objects are `--rows`, arrays within are rows of cells.
    let found = if outer.iter().all(|key| is_element(key)) {
        let of_cells = |columns: &[(String, &ColumnProfile)]| {
            columns.len() >= MANY_COLUMNS && columns.iter().all(|(rest, _)| is_element(rest))
        };
        is_most && table.values().all(|(_, columns)| of_cells(columns))
    } else {
        let by_key = table.values().map(|(_, columns)| columns.as_slice());
        let turned = by_column.iter().map(|(_, columns)| columns.as_slice());
        // The same columns again and again, whatever they are called, and little beside them.
        let repeats = is_most
            && cells * 2 > outer.len() * inner.len()
            && outer.len().max(inner.len()) >= MANY_KEYS
            && outer.len().min(inner.len()) >= MANY_COLUMNS;
        let (is_by_key, is_by_column) = (!are_roles(&outer), are_ids(&inner));
        repeats && (is_by_key || is_by_column)
            || is_by_key && are_people(by_key)
            || is_by_column && are_people(turned)
    };
    if !found {
        return false;
    }
    let inside = |column: &&ColumnProfile| {
        let rest = column.name.strip_prefix(prefix);
        rest.is_some_and(|rest| match prefix {
            "" => rest.contains(['.', '[']),
            _ => rest.starts_with(['.', '[']),
        })
    };
    let beside = profile.columns.iter().filter(|column| !inside(column));
    !are_somebody(&beside.cloned().collect::<Vec<_>>())
}
