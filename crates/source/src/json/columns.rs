//! The columns of a JSON file: every key that an object of it has, in the order in which they first stand there.
//!
//! Owner of [`Columns`] and of the pass over the whole file that finds them. The columns of the elements that are rows stand
//! where the first of them does.

use std::collections::HashMap;
use std::io::{self, Read};

use bakkt_model::error::{Failure, FailureKind, Mistakes};

use super::JsonRows;
use super::pieces::{PieceForm, Pieces};
use super::scan::{Cells, scan};
use crate::Flaw;
use crate::carried::carried;
use crate::lines::MOST_COLUMNS;

/// Columns, by name and by place.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    places: HashMap<Vec<u8>, usize>,
    /// The first object that could not be read: its line, and why.
    broken: Option<(u64, Flaw)>,
}

impl Columns {
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn find(&self, path: &[u8]) -> Option<usize> {
        self.places.get(path).copied()
    }

    /// The line of the first object that could not be read, and why.
    pub(crate) fn first_broken(&self) -> Option<(u64, Flaw)> {
        self.broken
    }

    /// The names, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.places.iter().collect();
        names.sort_by_key(|(_, place)| **place);
        let name = |(path, _): (&Vec<u8>, &usize)| String::from_utf8_lossy(path).into_owned();
        names.into_iter().map(name).collect()
    }
}

/// Reads a text through and finds its columns. Objects that are broken are passed over.
pub(crate) fn columns(
    input: impl Read,
    name: &str,
    form: PieceForm,
    rows: Option<&JsonRows>,
) -> io::Result<Columns> {
    let (mut columns, mut cells) = (Columns::default(), Cells::default());
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
            if columns.places.contains_key(path) {
                continue;
            }
            let next = columns.places.len();
            if next == MOST_COLUMNS {
                return Err(carried(name, too_many(name)));
            }
            columns.places.insert(path.to_vec(), next);
        }
    }
    Ok(columns)
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
