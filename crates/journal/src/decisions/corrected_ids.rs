//! Correcting the id of a document or of something of fiat custody that stands under an id of Bakkt's which another one has as well: a
//! person found out under which id Bakkt has it. Left out: accounts ([`super::shared_ids`]), and finding such ids (`journals::repeated_ids`).

use rusqlite::{Connection, OptionalExtension, params};

use crate::read::reader::Reader;
use crate::write::journal::Journal;
use crate::write::operator_log::OperatorNote;
use bakkt_model::custody::CustodyKind;
use bakkt_model::error::Failure;

/// A document that Bakkt has, by its clientDocumentId, of an earlier plan too: its task, Bakkt's id, whose it is.
const OWN_DOCUMENT: &str = sql!(
    "SELECT t.id, t.bakkt_id, coalesce(r.client_id, f.client_id, '') FROM task t NOT INDEXED LEFT JOIN record r ON r.id = t.record
     LEFT JOIN former_task f ON f.task = t.id
     WHERE t.state = {state.accepted} AND t.bakkt_id <> '' AND (
       t.kind = {kind.document} AND t.document = (SELECT id FROM document WHERE uuid = ?1 AND verdict = {document.sent})
       OR t.kind = {kind.former_document} AND f.uuid = ?1)"
);

/// Another document that stands under an id: its clientDocumentId.
const DOCUMENT_HOLDER: &str = sql!(
    "SELECT coalesce(d.uuid, f.uuid, '') FROM task t NOT INDEXED LEFT JOIN document d ON d.id = t.document AND t.kind = {kind.document}
     LEFT JOIN former_task f ON f.task = t.id
     WHERE t.kind IN ({kind.document}, {kind.former_document}) AND t.bakkt_id = ?1 COLLATE NOCASE AND t.id IS NOT ?2"
);

/// Something of custody that Bakkt has: its uuid, whose it is, what it is.
const OWN_CUSTODY: &str = sql!(
    "SELECT uuid, client_id, kind FROM custody_task WHERE id = ? AND state = {state.accepted} AND uuid <> ''"
);

/// Something else of custody under a uuid.
const OTHER_CUSTODY: &str =
    "SELECT 1 FROM custody_task WHERE uuid = ?1 COLLATE NOCASE AND id IS NOT ?2";

impl Journal {
    /// Gives a document that stands under the id of another one its own. `is_in_other_shard` says whether another shard has an id.
    pub fn correct_document_id(
        &mut self,
        document: &str,
        own: &str,
        is_in_other_shard: impl FnOnce(&str) -> anyhow::Result<bool>,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<()> {
        let found: Option<(i64, String, String)> = self
            .db
            .prepare_cached(OWN_DOCUMENT)?
            .query_row([document], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        let Some((task, id, client_id)) = found else {
            return Err(Failure::configuration(
                "Bakkt has no document of this plan with that clientDocumentId",
                "shared-ids.csv of the report lists the documents under an id that another one has, by clientDocumentId",
            ));
        };
        let is_anothers = document_holder(&self.db, &id, Some(task))?.is_some();
        if !is_anothers && !is_in_other_shard(&id)? {
            return Err(Failure::configuration(
                "this document does not stand under the id of another one",
                "only such an id is for a person to correct; shared-ids.csv of the report lists them",
            ));
        }
        refuse_taken_document(&self.db, own, "")?;
        self.transaction(|journal| {
            journal
                .db
                .prepare_cached("UPDATE task SET bakkt_id = ?2 WHERE id = ?1")?
                .execute(params![task, own])?;
            journal.log("resolve document: its id", &client_id, decided, 1)
        })
    }

    /// Gives something of custody that stands under the uuid of something else its own. Returns false, and changes nothing, where it
    /// does not stand under such a uuid.
    pub fn correct_custody_uuid(
        &mut self,
        task: i64,
        own: &str,
        is_in_other_shard: impl FnOnce(&str) -> anyhow::Result<bool>,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<bool> {
        let found: Option<(String, String, i64)> = self
            .db
            .prepare_cached(OWN_CUSTODY)?
            .query_row([task], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((uuid, client_id, kind)) = found else {
            return Ok(false);
        };
        let is_anothers = self
            .db
            .prepare_cached(OTHER_CUSTODY)?
            .exists(params![uuid, task])?;
        if !is_anothers && !is_in_other_shard(&uuid)? {
            return Ok(false);
        }
        self.refuse_known_uuid(task, own)?;
        let word = CustodyKind::from_number(kind).map_or("", CustodyKind::word);
        self.transaction(|journal| {
            journal
                .db
                .prepare_cached("UPDATE custody_task SET uuid = ?2 WHERE id = ?1")?
                .execute(params![task, own])?;
            journal.log(&format!("resolve {word}: its uuid"), &client_id, decided, 1)
        })?;
        Ok(true)
    }

    /// The number of the custody task that makes a customer's user.
    pub fn user_task(&self, client_id: &str) -> anyhow::Result<Option<i64>> {
        let sql = sql!("SELECT id FROM custody_task WHERE client_id = ? AND kind = {custody.user}");
        let mut statement = self.db.prepare_cached(sql)?;
        Ok(statement
            .query_row([client_id], |row| row.get(0))
            .optional()?)
    }
}

impl Reader {
    /// Whether a document of this journal stands under an id.
    pub fn has_document_id(&self, id: &str) -> anyhow::Result<bool> {
        Ok(document_holder(&self.journal, id, None)?.is_some())
    }

    /// Whether something of custody of this journal stands under a uuid.
    pub fn has_custody_uuid(&self, uuid: &str) -> anyhow::Result<bool> {
        let none: Option<i64> = None;
        Ok(self
            .journal
            .prepare_cached(OTHER_CUSTODY)?
            .exists(params![uuid, none])?)
    }

    /// Refuses the id of a document of this journal, which is that of another shard.
    pub fn refuse_taken_document_id(&self, id: &str, shard: &str) -> anyhow::Result<()> {
        refuse_taken_document(&self.journal, id, &format!(" in shard {shard}"))
    }
}

fn document_holder(
    db: &Connection,
    id: &str,
    except: Option<i64>,
) -> anyhow::Result<Option<String>> {
    let mut statement = db.prepare_cached(DOCUMENT_HOLDER)?;
    Ok(statement
        .query_row(params![id, except], |row| row.get(0))
        .optional()?)
}

/// Refuses an id under which Bakkt has a document already. `place` says where that stands, if not here.
fn refuse_taken_document(db: &Connection, id: &str, place: &str) -> anyhow::Result<()> {
    match document_holder(db, id, None)? {
        None => Ok(()),
        Some(holder) => Err(Failure::configuration(
            format!("that id is the one of document {holder} already{place}"),
            "look again under which id Bakkt has this document",
        )),
    }
}
