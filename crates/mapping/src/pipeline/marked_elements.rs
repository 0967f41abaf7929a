//! Who stands in which place of a list whose elements are rows of an export, as the journal keeps it.
//!
//! Owner of which elements get a mark. Left out: what a mark is made of (`layers::who`), and what follows from it (`journal::replan`).

use super::layers::{IdentityFields, PersonMark};
use super::{Pipeline, Worker};
use crate::assess::Gap;
use bakkt_contract::Level;
use bakkt_model::position::JoinedList;

/// Who stands in a place of a list whose elements are rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ElementWithMark {
    /// Of owners or of contacts.
    pub list: JoinedList,
    /// The index in paths.
    pub place: u8,
    /// The person.
    pub mark: PersonMark,
}

impl Worker {
    /// Adds those of the record that was judged last: who has gaps that block nobody, or with `None` all.
    pub(super) fn add_marks(
        &self,
        pipeline: &Pipeline,
        (tells, client_id): (&[IdentityFields], &str),
        gaps: Option<&[Gap]>,
        out: &mut Vec<ElementWithMark>,
    ) {
        let lists = pipeline.mapper.each().iter().zip(tells).enumerate();
        for (each, (list, tells)) in lists {
            for row in 0..self.element_rows(each) {
                let is_here = |gap: &Gap| {
                    let element = pipeline.plan.paths[gap.path as usize].element;
                    element == Some((each, row)) && matches!(gap.level, Level::G | Level::O)
                };
                if gaps.is_some_and(|gaps| !gaps.iter().any(is_here)) {
                    continue;
                }
                let who = self.who_is(pipeline, tells, row);
                let mark = who.mark(pipeline, client_id);
                out.extend(mark.map(|mark| ElementWithMark {
                    list: match list.list {
                        "owners" => JoinedList::Owners,
                        _ => JoinedList::Contacts,
                    },
                    place: (list.base + row) as u8,
                    mark,
                }));
            }
        }
    }
}
