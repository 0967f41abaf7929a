//! What stands beside the record that was added last: rows of backfill files, joined rows, and who they are.
//!
//! Owner of where such rows stand in [`Results`]. Left out on purpose: the record itself (`scan`), and what a mark of a person is made
//! of (`marked_elements`).

use bakkt_contract::documents::KYB_ACCOUNT_TYPES;
use bakkt_model::position::{JoinedList, Position};

use super::Results;
use crate::pipeline::hashers::Hashers;
use crate::pipeline::{Pipeline, Worker};

impl Results {
    /// The rows of backfill files that were laid over the record that was added last, and its gaps that they made.
    pub(super) fn note_laid(&mut self, worker: &Worker) {
        self.laid.extend_from_slice(worker.laid());
        let Some(record) = self.rows.last_mut() else {
            return;
        };
        record.laid.1 = self.laid.len() as u32;
        let gaps = &self.gaps[record.gaps.0 as usize..];
        self.laid_places
            .extend(gaps.iter().map(|gap| worker.laid_at(gap)));
    }

    /// Where the rows and the gaps of the record that was added last stand.
    pub(super) fn note_places(&mut self, pipeline: &Pipeline, worker: &Worker, at: Position) {
        self.parts.extend(worker.parts(pipeline));
        let Some(record) = self.rows.last_mut() else {
            return;
        };
        record.parts.1 = self.parts.len() as u32;
        let gaps = &self.gaps[record.gaps.0 as usize..];
        let elsewhere = |(list, place): &(JoinedList, Position)| {
            (*list, place.offset) != (JoinedList::Group, at.offset)
        };
        self.places.extend(
            gaps.iter()
                .map(|gap| worker.place_of(pipeline, gap).filter(elsewhere)),
        );
    }

    /// Who stands where in the record that was added last.
    pub(super) fn note_elements(
        &mut self,
        pipeline: &Pipeline,
        worker: &Worker,
        hashers: &Hashers,
        facts: bool,
    ) {
        let Some(record) = self.rows.last_mut().filter(|record| record.hash.is_some()) else {
            return;
        };
        let client_id = &self.texts[record.id.0 as usize..record.id.1 as usize];
        let is_entity = |name: &str| KYB_ACCOUNT_TYPES.contains(&name);
        let gaps = match facts && record.account_type.is_some_and(is_entity) {
            true => None,
            false => Some(&self.gaps[record.gaps.0 as usize..]),
        };
        let tells = &hashers.tells;
        worker.add_marks(pipeline, (tells, client_id), gaps, &mut self.elements);
        record.elements.1 = self.elements.len() as u32;
    }
}
