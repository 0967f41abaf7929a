//! Ids of Bakkt's under which two customers stand, in one journal or in those of several shards.
//!
//! A run compares every answer with what is taken, and takes none of these. What it cannot see is an answer that two shards get at
//! the same moment, and what an earlier version of the program took: so a report looks at all of them, once. Left out: an
//! account that waits for a person because of such an answer, which has no id (`decisions::shared_ids`).

use super::holder_hashes::HolderHashes;
use super::{Journals, shard};
use crate::read::reader::Reader;

/// Somebody who stands under an id of Bakkt's, as another does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepeatedIdLine<'a> {
    /// What Bakkt has under it: `account`, `document` or `custody`.
    pub what: &'static str,
    /// Bakkt's id.
    pub id: &'a str,
    /// clientAccountId.
    pub client_id: &'a str,
    /// Of a document its clientDocumentId.
    pub document: &'a str,
    /// The shard whose journal has it; empty without shards.
    pub shard: &'a str,
}

/// What Bakkt has of each customer, those of earlier plans too: its kind and id, whose it is, and what else tells it from others of the
/// same customer. An account stands for its customer, however many tasks it has had.
const HOLDERS: [(&str, &str); 3] = [
    (
        "account",
        sql!(
            "SELECT t.bakkt_id, coalesce(r.client_id, f.client_id, ''), ''
             FROM task t NOT INDEXED LEFT JOIN record r ON r.id = t.record LEFT JOIN former f ON f.task = t.id
             WHERE t.kind IN ({kind.any_account}) AND t.bakkt_id <> ''"
        ),
    ),
    (
        "document",
        sql!(
            "SELECT t.bakkt_id, coalesce(r.client_id, f.client_id, ''), coalesce(d.uuid, f.uuid, '')
             FROM task t NOT INDEXED LEFT JOIN record r ON r.id = t.record LEFT JOIN document d ON d.id = t.document AND t.kind = {kind.document}
             LEFT JOIN former_task f ON f.task = t.id
             WHERE t.kind IN ({kind.document}, {kind.former_document}) AND t.bakkt_id <> ''"
        ),
    ),
    (
        "custody",
        "SELECT uuid, client_id, kind || ' ' || item FROM custody_task WHERE uuid <> ''",
    ),
];

impl Journals {
    /// Hands out everybody who stands under an id of Bakkt's that another has as well, journal by journal. Returns how many such ids
    /// there are. Memory does not grow with the customers, but with such ids.
    pub fn each_repeated_id(
        &self,
        mut each: impl FnMut(RepeatedIdLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<u64> {
        let mut all = HolderHashes::default();
        for reader in &self.readers {
            reader.named(each_holder(reader, |what, id, client, item| {
                all.add(what, id, &[client, item]);
                Ok(())
            }))?;
        }
        let repeated = all.repeated()?;
        if repeated.is_empty() {
            return Ok(0);
        }
        for reader in &self.readers {
            let shard = shard(reader)?.map(|shard| shard.to_string());
            reader.named(each_holder(reader, |what, id, client_id, item| {
                if !repeated.has(what, id) {
                    return Ok(());
                }
                each(RepeatedIdLine {
                    what,
                    id,
                    client_id,
                    document: if what == "document" { item } else { "" },
                    shard: shard.as_deref().unwrap_or_default(),
                })
            }))?;
        }
        Ok(repeated.count())
    }
}

fn each_holder(
    reader: &Reader,
    mut each: impl FnMut(&'static str, &str, &str, &str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for (what, sql) in HOLDERS {
        reader.walk(sql, |row| {
            let text = |place| -> anyhow::Result<&str> { Ok(row.get_ref(place)?.as_str()?) };
            each(what, text(0)?, text(1)?, text(2)?)
        })?;
    }
    Ok(())
}
