//! Taking out of a journal what must not outlive the migration: sealed texts and hashes that nobody needs any more.
//!
//! The chain, the records with their ids and states, and the decisions stay: they are what was done. Left out: files beside the
//! journal (the program), and when a migration may be closed (`report`).

use std::path::Path;

use anyhow::Context;
use serde_json::Value;

use crate::chain::EntryKind;
use crate::events::Events;
use crate::schema::state_files::events_path;
use crate::schema::tombstone::Tombstone;
use crate::write::journal::Journal;
use crate::write::operator_log::OperatorNote;
use bakkt_files::state_folder;

/// Folders of a state folder that hold copies of customers' data, or what is made of them.
const FOLDERS: [&str; 3] = ["layers", "sessions", "replan"];
/// Files without which nothing sealed can be opened, and keyed hashes say nothing.
const KEYS: [&str; 2] = ["journal.key", "shards.key"];
impl Journal {
    /// Writes the end of the migration into the operator log and the chain.
    pub fn note_closing(&mut self, decided: OperatorNote<'_>, body: &Value) -> anyhow::Result<()> {
        self.transaction(|journal| {
            journal.log("close", "the whole migration", decided, 1)?;
            journal
                .append_entry(EntryKind::Close, decided.at, body)
                .map(drop)
        })
    }

    /// Puts the tombstone up: from here on nothing else opens this journal.
    pub fn put_tombstone(&self, decided: OperatorNote<'_>) -> anyhow::Result<()> {
        let folder = self.folder().context("a journal without a folder")?;
        let tombstone = Tombstone {
            done: false,
            at: decided.at,
            by: decided.by.to_owned(),
            reason: decided.why().to_owned(),
            head: Some(self.chain_head()?),
        };
        tombstone.put(&folder)
    }

    /// Takes out what is sealed.
    pub fn strip_sealed(&mut self) -> anyhow::Result<()> {
        self.db.pragma_update(None, "secure_delete", "ON")?;
        self.transaction(|journal| {
            Ok(journal.db.execute_batch(
                "UPDATE document SET sealed = NULL WHERE sealed IS NOT NULL;
                 DELETE FROM known_file;",
            )?)
        })?;
        self.scrub()
    }
}

/// Deletes what is to go from the state folder of a closing migration, and says in its tombstone that it is done. What is
/// gone already is no error, so it can be called again after a kill.
pub fn finish_closing(folder: &Path) -> anyhow::Result<()> {
    let Some(mut tombstone) = Tombstone::of(folder)? else {
        return Ok(());
    };
    if Journal::path(folder).exists() {
        Journal::open_closing(folder)?.strip_sealed()?;
    }
    if events_path(folder).exists() {
        Events::open_closing(folder)?.strip_bodies()?;
    }
    for name in FOLDERS {
        state_folder::remove_folder(&folder.join(name))?;
    }
    state_folder::remove_drafts(folder)?;
    // Last: without a key nothing of the above could be told from what is damaged.
    for name in KEYS {
        state_folder::remove_file(&folder.join(name))?;
    }
    tombstone.done = true;
    tombstone.put(folder)
}
