//! What is known of a customer, for the people who call them (`gaps --sheet --with-known`).
//!
//! Owner of which values those are: name, e-mail address, phone number. They are read from the exports again, and go into the
//! workbook alone. Invariant: a row that is no longer the customer's ends the command.
//! Left out on purpose: whether the rest of the export changed; only what is shown is looked at.

use std::path::Path;

use super::drift::read_again_failed;
use super::opening;
use bakkt_files::progress::Mode;
use bakkt_folder::migration::{Binding, Migration, today};
use bakkt_journal::{Reader, known_key};
use bakkt_mapping::draft::Draft;
use bakkt_mapping::pipeline::JoinedRowSource;
use bakkt_mapping::pipeline::reread::RecordReader;
use bakkt_model::error::Failure;

/// The first of each that is known is shown; what stands in one line is shown together.
const SHOWN: [&[&[&str]]; 3] = [
    &[
        &["entity.entityLegalName"],
        &[
            "owners[0].identity.givenName",
            "owners[0].identity.familyName",
        ],
    ],
    &[&["owners[0].emailAddress"], &["entity.entityEmailAddress"]],
    &[&["owners[0].phoneNumber"], &["entity.entityPhoneNumber"]],
];

/// The exports, opened to look up what is known of a customer.
pub struct KnownCells {
    migration: Migration,
    reread: RecordReader,
    /// As [`SHOWN`], by slot.
    slots: Vec<Vec<Vec<usize>>>,
}

impl KnownCells {
    /// Opens the exports of a folder, and what was laid over them.
    pub fn open(
        dir: &Path,
        (reader, state): (&Reader, &Path),
        mode: Mode,
    ) -> anyhow::Result<KnownCells> {
        let settings = bakkt_folder::migration::settings(dir)?;
        // Of whom a layer speaks is known by hashes with the journal's key.
        let binding = Binding {
            key: known_key(state)?,
            as_of: today(),
            layers: opening::kept(reader.taken_layers()?, state),
        };
        let migration = opening::open(settings, binding, mode, &|| false)?;
        let fed = migration.pipeline.mapper.fed();
        let slot = |path: &&str| {
            fed.iter()
                .find(|fed| fed.target == *path)
                .map(|fed| fed.slot)
        };
        let slots = SHOWN
            .iter()
            .map(|ways| {
                let ways = ways.iter();
                ways.map(|way| way.iter().filter_map(slot).collect())
                    .collect()
            })
            .collect();
        drop(fed);
        Ok(KnownCells {
            migration,
            reread: RecordReader::default(),
            slots,
        })
    }

    /// What is known of the customer of a record.
    pub(crate) fn of(
        &mut self,
        reader: &Reader,
        record: i64,
        id: &str,
    ) -> anyhow::Result<Vec<String>> {
        let (at, parts) = reader.place(record)?;
        let pipeline = &self.migration.pipeline;
        let drift = || {
            Failure::configuration(
                "the export is no longer the one that was planned",
                "put it back as it was, or run `bakkt-migrate replan`; without --with-known the export is not needed",
            )
        };
        let prepared = self
            .reread
            .prepare(pipeline, at, JoinedRowSource::Noted(&parts))
            .map_err(|error| read_again_failed(error, drift))?;
        if prepared.id != Some(id) {
            return Err(drift());
        }
        let draft = self.reread.draft();
        Ok(self.slots.iter().map(|ways| first(draft, ways)).collect())
    }
}

fn first(draft: &Draft, ways: &[Vec<usize>]) -> String {
    let texts = ways.iter().map(|way| {
        let texts: Vec<&str> = way.iter().filter_map(|slot| draft.value(*slot)).collect();
        texts.join(" ")
    });
    texts
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}
