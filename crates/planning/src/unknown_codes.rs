//! Codes that are in no lookup table, where the mapping says that they end the run (`unknown = "error"`).
//!
//! Owner of what is told of them: the mapping's line, how many different ones, their masked shapes and the first lines.
//! Never a code. Memory is bounded however wrong the column is.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use bakkt_folder::migration::Migration;
use bakkt_mapping::pipeline::Hash;
use bakkt_mapping::pipeline::scan::{HashedCode, Results};
use bakkt_model::error::{Diagnostic, Diagnostics};
use bakkt_model::number::thousands;
use bakkt_model::position::{JoinedList, Position};

/// Different codes that are counted; more are "more than".
const MOST_CODES: usize = 10_000;
/// Shapes and lines that are named.
const NAMED: usize = 5;

/// What was met so far, by the place in the mapping.
#[derive(Default)]
pub struct UnknownCodes {
    found: BTreeMap<(Diagnostic, Vec<String>), LookupMisses>,
}

#[derive(Default)]
struct LookupMisses {
    codes: HashSet<Hash>,
    more: bool,
    shapes: BTreeSet<String>,
    places: Vec<(JoinedList, Position)>,
}

impl UnknownCodes {
    /// Notes those of a batch.
    pub fn note(&mut self, batch: &Results) {
        for stray in batch.strays() {
            let strict = &stray.strict;
            let key = (strict.place.clone(), strict.columns.clone());
            self.found.entry(key).or_default().add(stray);
        }
    }

    /// Nothing met, or one error with all of them.
    pub fn into_result(self, migration: &Migration) -> anyhow::Result<()> {
        let mut mistakes = Diagnostics::default();
        for ((place, columns), found) in self.found {
            mistakes.push(Diagnostic {
                message: found.message(&columns),
                help: Some(found.help(migration)),
                ..place
            });
        }
        mistakes.into_result()
    }
}

impl LookupMisses {
    fn add(&mut self, stray: &HashedCode) {
        if self.codes.len() < MOST_CODES {
            self.codes.insert(stray.hash);
        } else {
            self.more |= !self.codes.contains(&stray.hash);
        }
        if self.shapes.len() < NAMED {
            self.shapes.insert(stray.shape.clone());
        }
        if let Some(place) = stray.at
            && self.places.len() < NAMED
            && !self.places.contains(&place)
        {
            self.places.push(place);
        }
    }

    fn message(&self, columns: &[String]) -> String {
        let count = thousands(self.codes.len() as u64);
        let (more, codes) = match (self.more, self.codes.len()) {
            (true, _) => ("more than ", "codes"),
            (false, 1) => ("", "code"),
            (false, _) => ("", "codes"),
        };
        let from = match columns {
            [] => String::new(),
            columns => format!(" of {}", columns.join(", ")),
        };
        format!("{more}{count} different {codes}{from} in no lookup table")
    }

    fn help(&self, migration: &Migration) -> String {
        let shapes: Vec<String> = self
            .shapes
            .iter()
            .map(|shape| format!("`{shape}`"))
            .collect();
        let pipeline = &migration.pipeline;
        let lines: Vec<String> = self
            .places
            .iter()
            .map(|(list, at)| format!("{}:{}", pipeline.file_name(*list, *at), at.row))
            .collect();
        format!(
            "first at {}; they look like {}; add them to the table, or let them be gaps: unknown = \"gap\"",
            lines.join(", "),
            shapes.join(", ")
        )
    }
}
