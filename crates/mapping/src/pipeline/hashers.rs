//! The makers of keyed hashes and marks of one scan, as far as they were asked for. Each thread has its own.
//!
//! Left out on purpose: what each of them hashes (`fixed`, `moment`, `owner_marks`, `person`).

use super::fixed::FixedMarker;
use super::layers::{IdentityFields, tells};
use super::moment::MomentHasher;
use super::owner_marks::OwnerMarker;
use super::person::PersonHasher;
use super::scan::ScanOptions;
use super::{Hash, Pipeline};

/// What makes keyed hashes of a record beside those of its payload.
pub(super) struct Hashers {
    pub(super) people: Option<PersonHasher>,
    pub(super) owners: Option<OwnerMarker>,
    pub(super) fixed: FixedMarker,
    /// By list whose elements are rows, with hashes: what tells one from another.
    pub(super) tells: Vec<IdentityFields>,
    /// Of ids, where they are compared only with each other.
    moment: Option<MomentHasher>,
}

impl Hashers {
    pub(super) fn new(pipeline: &Pipeline, want: ScanOptions) -> Hashers {
        let moment = (!want.hashes).then(|| MomentHasher::new(&pipeline.key));
        Hashers {
            people: want
                .people
                .then(|| PersonHasher::new(pipeline, moment.clone())),
            owners: want.hashes.then(|| OwnerMarker::new(pipeline)),
            fixed: FixedMarker::new(pipeline),
            tells: match want.hashes && !pipeline.joins.is_empty() {
                true => tells(&pipeline.mapper),
                false => Vec::new(),
            },
            moment: moment.filter(|_| !want.ids),
        }
    }

    pub(super) fn id(&self, pipeline: &Pipeline, id: &str) -> Hash {
        match &self.moment {
            None => pipeline.hash(id.as_bytes()),
            Some(moment) => moment.hash(id.as_bytes()),
        }
    }
}
