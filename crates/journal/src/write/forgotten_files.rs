//! What stands of a forgotten customer in files beside the journal: the log, copies of backfill files that a killed process
//! left, scratch journals.
//!
//! Invariant: it can be done again, so that a forget that was cut off ends with the next one. Left out: the journal itself
//! (`decisions::erasures`), events and sessions.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;

use anyhow::Context;

use crate::chain::without_word;
use crate::write::journal::Journal;
use bakkt_files::state_folder;
use bakkt_model::error::ShownPath;

/// The log of a state folder.
const LOG: &str = "log.jsonl";

impl Journal {
    /// Takes a forgotten customer out of the files beside the journal.
    pub fn forget_in_files(&self, client_id: &str) -> anyhow::Result<()> {
        let folder = self.folder().context("a journal without a folder")?;
        state_folder::remove_folder(&Journal::scratch_folder(&folder))?;
        state_folder::remove_drafts(&folder)?;
        let layers = folder.join("layers");
        if layers.exists() {
            state_folder::remove_drafts(&layers)?;
            self.remove_unknown_layers(&layers)?;
        }
        self.rename_in_log(&folder.join(LOG), client_id)
    }

    /// Files that the plan is not made with: the ones that were written anew, and what a killed backfill left.
    fn remove_unknown_layers(&self, layers: &Path) -> anyhow::Result<()> {
        let mut statement = self.db.prepare("SELECT kept FROM layer")?;
        let known = statement.query_map([], |row| row.get(0))?;
        let known = known.collect::<rusqlite::Result<BTreeSet<String>>>()?;
        for entry in fs::read_dir(layers).with_context(|| layers.shown())? {
            let entry = entry?;
            let name = entry.file_name();
            let is_known = name.to_str().is_some_and(|name| known.contains(name));
            if !is_known && entry.file_type()?.is_file() {
                state_folder::remove_file(&entry.path())?;
            }
        }
        Ok(())
    }

    fn rename_in_log(&self, path: &Path, client_id: &str) -> anyhow::Result<()> {
        if !path.exists() {
            return Ok(());
        }
        let mut text = String::new();
        state_folder::read_file(path)?.read_to_string(&mut text)?;
        let name = self.erased_name(client_id);
        match without_word(&text, client_id, &name) {
            Some(renamed) => state_folder::replace_file(path, renamed.as_bytes()),
            None => Ok(()),
        }
    }
}
