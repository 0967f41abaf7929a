//! The tombstone of a closed migration: a small file that stands in each of its state folders for good.
//!
//! Owner of its form, and of the words in which everything that would send or change is refused from then on. It is there,
//! durably, before the first thing is deleted, and says whether all of it is gone: so a close that was cut off goes on, and
//! nothing runs in between. Left out: what is deleted (`write::closing`).

use std::io::Read;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use bakkt_files::state_folder;
use bakkt_model::error::{Failure, ShownPath};

/// The name of the file.
const NAME: &str = "closed.json";

/// What stands in the place of a migration that is closed, or is being closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// Whether all that is to go is gone; else `close` goes on with it.
    pub done: bool,
    /// When it was closed, in milliseconds since 1970.
    pub at: i64,
    /// Who closed it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The last entry of the chain; of shards, that of the shard in whose folder this stands.
    pub head: Option<crate::chain::ChainHead>,
}

impl Tombstone {
    /// The tombstone of a state folder, where there is one.
    pub fn of(folder: &Path) -> anyhow::Result<Option<Tombstone>> {
        let path = folder.join(NAME);
        if !path.exists() {
            return Ok(None);
        }
        let mut text = String::new();
        state_folder::read_file(&path)?.read_to_string(&mut text)?;
        let known = serde_json::from_str(&text);
        known
            .with_context(|| format!("{} is damaged", path.shown()))
            .map(Some)
    }

    /// Puts it into a state folder, durably, in the place of an earlier one.
    pub fn put(&self, folder: &Path) -> anyhow::Result<()> {
        state_folder::open(folder)?;
        let text = serde_json::to_string_pretty(self)? + "\n";
        state_folder::replace_file(&folder.join(NAME), text.as_bytes())
    }
}

/// Refuses whatever would send or change in a migration that is closed.
pub fn refuse_closed(folder: &Path) -> anyhow::Result<()> {
    let Some(tombstone) = Tombstone::of(folder)? else {
        return Ok(());
    };
    let day = jiff::Timestamp::from_millisecond(tombstone.at)
        .map_or_else(|_| String::new(), |at| format!("{at:.0}"));
    let by = &tombstone.by;
    Err(match tombstone.done {
        true => Failure::configuration(
            format!(
                "this migration was closed by {by} on {day}: nothing is planned, sent or changed any more"
            ),
            "`status`, `audit` and `verify-report` still tell what happened; a new migration begins in a new folder",
        ),
        false => Failure::configuration(
            format!("this migration is being closed: {by} began on {day}, and it was cut off"),
            "run `bakkt-migrate close` again: it goes on where it stopped",
        ),
    })
}
