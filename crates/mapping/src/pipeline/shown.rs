//! What stood in the cells that a gap is about, masked.
//!
//! Owner of the way from a gap back to its cells. Only of values that are there and do not fit: of a missing one there is
//! nothing to see. Invariant: what leaves this file is a shape, never a value.

use super::{Pipeline, Worker};
use crate::assess::{Gap, GapReason};
use bakkt_model::position::Position;
use bakkt_source::shape::shape;
use bakkt_source::{Cell, Row};

/// Stands between the shapes of several cells.
const BETWEEN: &str = " | ";
/// Stands for a cell that is no text.
const NO_TEXT: &str = "?";

impl Worker {
    /// Adds to `out` the shape of the cells that a gap of the last record is about; nothing where there are none. `own` is
    /// the row that the record begins with.
    pub fn shape_of(
        &self,
        pipeline: &Pipeline,
        gap: &Gap,
        (own, at): (&Row<'_>, Position),
        out: &mut String,
    ) {
        let info = &pipeline.plan.paths[gap.path as usize];
        if !matches!(gap.reason, GapReason::Invalid(_)) || info.reads.is_empty() {
            return;
        }
        match info.element {
            None => masked(own, &info.reads, out),
            Some((each, place)) => {
                let Some((list, stands)) = self.elements.get(each).and_then(|all| all.get(place))
                else {
                    return;
                };
                let joins = pipeline.joins.iter().enumerate();
                let found = joins
                    .filter(|(_, join)| join.list == *list)
                    .flat_map(|(number, _)| self.beside.of(number))
                    .find(|(_, beside)| beside == stands);
                match found {
                    Some((row, _)) => masked(&row, &info.reads, out),
                    None if *stands == at => masked(own, &info.reads, out),
                    None => {}
                }
            }
        }
    }
}

fn masked(row: &Row<'_>, columns: &[usize], out: &mut String) {
    let start = out.len();
    for column in columns {
        let shape = match row.cell(*column) {
            Cell::Text("") => continue,
            Cell::Text(text) => shape(text),
            Cell::Broken(_) => NO_TEXT.to_owned(),
        };
        if out.len() > start {
            out.push_str(BETWEEN);
        }
        out.push_str(&shape);
    }
}
