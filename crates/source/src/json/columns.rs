//! The columns of a JSON file: every key that an object of it has, in the order in which they first stand there.
//!
//! Owner of [`Columns`] and of the pass over the whole file that finds them. The columns of the elements that are rows stand
//! where the first of them does.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read};

use bakkt_model::error::{Failure, FailureKind, Mistakes};

use super::JsonRows;
use super::pieces::{PieceForm, Pieces};
use super::scan::{Cells, scan};
use crate::Flaw;
use crate::carried::carried;
use crate::dialect::holds_ssn;
use crate::lines::MOST_COLUMNS;

/// Columns, by name and by place.
///
/// Where some objects have an array and others the value of an only element without one, that value is the array's first element:
/// `phone` and `phone[0]` are one column, named `phone[0]`.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    /// By path, where a cell has it and as it is named.
    places: HashMap<Vec<u8>, usize>,
    names: Vec<Vec<u8>>,
    /// The first object that could not be read: its line, and why.
    broken: Option<(u64, Flaw)>,
}

impl Columns {
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn find(&self, path: &[u8]) -> Option<usize> {
        self.places.get(path).copied()
    }

    /// Whether objects at a path have keys.
    pub(super) fn has_below(&self, path: &str) -> bool {
        let below = |name: &Vec<u8>| {
            name.strip_prefix(path.as_bytes())
                .is_some_and(|rest| rest.starts_with(b"."))
        };
        self.names.iter().any(below)
    }

    /// The line of the first object that could not be read, and why.
    pub(crate) fn first_broken(&self) -> Option<(u64, Flaw)> {
        self.broken
    }

    /// The names, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let name = |name: &Vec<u8>| String::from_utf8_lossy(name).into_owned();
        self.names.iter().map(name).collect()
    }

    /// Gives a path a column of its own, where it has none.
    fn add(&mut self, path: &[u8]) {
        if !self.places.contains_key(path) {
            self.places.insert(path.to_vec(), self.names.len());
            self.names.push(path.to_vec());
        }
    }

    /// The same columns, with values that stand alone where other objects have an array as its first elements.
    fn with_first_elements(self, arrays: &HashSet<Vec<u8>>) -> Columns {
        let mut columns = Columns {
            broken: self.broken,
            ..Columns::default()
        };
        for path in self.names {
            let name = with_first_elements(&path, arrays);
            columns.add(&name);
            let place = columns.places[&name];
            columns.places.insert(path, place);
        }
        columns
    }
}

/// A path with `[0]` behind each part that leads to a value where other objects have an array.
fn with_first_elements(path: &[u8], arrays: &HashSet<Vec<u8>>) -> Vec<u8> {
    let mut name = Vec::with_capacity(path.len());
    for part in path.split_inclusive(|byte| *byte == b'.') {
        let (part, stop) = match part.strip_suffix(b".") {
            Some(part) => (part, &b"."[..]),
            None => (part, &b""[..]),
        };
        name.extend_from_slice(part);
        if arrays.contains(&name) {
            name.extend_from_slice(b"[0]");
        }
        name.extend_from_slice(stop);
    }
    name
}

/// Reads a text through and finds its columns. Objects that are broken are passed over.
pub(crate) fn columns(
    input: impl Read,
    name: &str,
    form: PieceForm,
    rows: Option<&JsonRows>,
) -> io::Result<Columns> {
    let (mut columns, mut cells) = (Columns::default(), Cells::default());
    let mut arrays: HashSet<Vec<u8>> = HashSet::new();
    let mut pieces = Pieces::new(input, name, form);
    let array = rows.map(|rows| rows.array.as_str());
    while let Some(piece) = pieces.next()? {
        let whole = piece.text.map(|text| scan(text, array, &mut cells));
        if let Some(Err(flaw)) = whole {
            columns.broken.get_or_insert((piece.line, flaw));
        }
        if !matches!(whole, Some(Ok(()))) {
            continue;
        }
        for place in 0..cells.len() {
            let path = cells.get(place).0;
            if columns.find(path).is_none() && columns.len() == MOST_COLUMNS {
                return Err(carried(name, too_many(name)));
            }
            if columns.find(path).is_none() && std::str::from_utf8(path).is_ok_and(holds_ssn) {
                return Err(carried(name, tax_ids(name, piece.line)));
            }
            columns.add(path);
        }
        for array in cells.arrays() {
            if !arrays.contains(array) {
                arrays.insert(array.to_vec());
            }
        }
    }
    Ok(columns.with_first_elements(&arrays))
}

/// Names of columns are shown and written into mappings, so that no tax id may be one.
fn tax_ids(name: &str, line: u64) -> Failure {
    Failure {
        kind: FailureKind::Configuration,
        message: format!("{name} has tax ids as keys of its objects, the first in line {line}"),
        hint: "export one object for each customer, with the tax id as a value: `jq -c 'to_entries[] | {ssn: .key} + .value'` makes such lines of one object that is keyed by tax ids"
            .to_owned(),
        mistakes: Mistakes::default(),
    }
}

fn too_many(name: &str) -> Failure {
    Failure {
        kind: FailureKind::Configuration,
        message: format!("{name} has more than {MOST_COLUMNS} different keys"),
        hint:
            "export only the keys that are needed; what is keyed by ids must be an array of objects"
                .to_owned(),
        mistakes: Mistakes::default(),
    }
}
