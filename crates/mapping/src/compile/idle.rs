//! What a mapping says as a whole that can do nothing, or something else than what was meant.
//!
//! Owner of the two mistakes that only all fields together show. Left out on purpose: those of a single field (`steps`).

use std::collections::BTreeSet;

use super::Compiler;
use bakkt_files::toml_file::{Table, Value};

impl Compiler<'_, '_> {
    /// Reports tables of codes that no field looks anything up in.
    pub(super) fn unused_lookups(&mut self, tables: &Table<'_>) {
        for (name, value) in tables.all() {
            if !self.used_lookups.contains(name) {
                value.wrong_key(
                    self.found,
                    format!("no field uses the lookup table \"{name}\""),
                    format!("name it where its codes stand: lookup = \"{name}\"; or take it away"),
                );
            }
        }
    }

    /// Reports elements of a list that are fed while one before them is not: they would take its place.
    pub(super) fn left_out(&mut self, written: &[(&str, Value<'_>)]) {
        let mut told = BTreeSet::new();
        for (target, value) in written {
            for (open, _) in target.match_indices('[') {
                let (list, rest) = (&target[..open], &target[open + 1..]);
                let Some((number, _)) = rest.split_once(']') else {
                    continue;
                };
                let Some(before) = number.parse::<usize>().ok().and_then(|n| n.checked_sub(1))
                else {
                    continue;
                };
                let is_fed = |element: &str| {
                    let same = |fed: &String| fed.starts_with(element);
                    self.fed.iter().any(same)
                };
                let (own, missing) = (format!("{list}[{number}]"), format!("{list}[{before}]"));
                // That nothing feeds the first owner is told of the fields that everybody needs.
                let is_first_owner = (list, before) == ("owners", 0);
                let is_there = is_first_owner || is_fed(&missing) || is_fed(&format!("{list}[]"));
                if !is_there && told.insert(own.clone()) {
                    value.wrong_key(
                        self.found,
                        format!("`{own}` is fed and `{missing}` is not"),
                        format!("number the elements of `{list}` from 0, without a gap"),
                    );
                }
            }
        }
    }
}
