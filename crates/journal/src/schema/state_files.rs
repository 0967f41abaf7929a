//! The files of a state folder: the two databases and the key that both share.
//!
//! Left out: what stands in the databases (the rest of this folder).

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::schema::tombstone::refuse_closed;
use bakkt_files::state_folder;
use bakkt_model::error::{Failure, ShownPath};

/// The path of the journal in a state folder.
pub(crate) fn journal_path(folder: &Path) -> PathBuf {
    folder.join("journal.db")
}

/// The path of the events' database in a state folder.
pub fn events_path(folder: &Path) -> PathBuf {
    folder.join("events.db")
}

/// The path of the events' database that belongs to a journal.
pub(crate) fn events_path_beside(journal: &Path) -> PathBuf {
    journal.with_file_name("events.db")
}

/// Whether a state folder has neither a journal nor events yet, so that a key may still be made.
pub(crate) fn is_fresh(folder: &Path) -> bool {
    !journal_path(folder).exists() && !events_path(folder).exists()
}

const LOST_KEY: &str =
    "restore it from a backup: without it the journal cannot be compared with the export";

/// The error of a key with which the journal beside it was not made.
pub(crate) fn foreign_key(folder: &Path) -> anyhow::Error {
    let path = folder.join("journal.key");
    Failure::cannot(
        format!("{} is not the key of the journal beside it", path.shown()),
        LOST_KEY,
    )
}

/// Returns the key of a journal that exists.
pub fn known_key(folder: &Path) -> anyhow::Result<[u8; 32]> {
    refuse_closed(folder)?;
    key(folder, false)
}

/// Reads the key, or makes one for a new journal. A journal whose key is gone cannot be resumed.
pub(crate) fn key(folder: &Path, fresh: bool) -> anyhow::Result<[u8; 32]> {
    let path = folder.join("journal.key");
    if fresh && !path.exists() {
        let mut key = [0; 32];
        random(&mut key)?;
        // A run and a receiver may begin at the same moment: the first one's key is that of both.
        write_key(folder, &key)?;
    }
    let lost = |what: &str| {
        let text = format!("the journal's key {} {what}", path.shown());
        Failure::cannot(text, LOST_KEY)
    };
    if !path.exists() {
        return Err(lost("is not there"));
    }
    let mut file = state_folder::read_file(&path)?;
    let mut key = [0; 32];
    file.read_exact(&mut key)
        .map_err(|error| lost(&format!("is damaged: {error}")))?;
    Ok(key)
}

/// The key that all shards of a migration share, so that their fingerprints can be compared. It stands in the folder `root`,
/// where the first shard to start makes it.
const SHARED_KEY: &str = "shards.key";

/// Gives a shard's state folder the key of its migration, before anything is made in it; refuses one with another key.
pub fn share_key(root: &Path, folder: &Path) -> anyhow::Result<()> {
    state_folder::open(root)?;
    let path = root.join(SHARED_KEY);
    if !path.exists() {
        let is_begun = !is_fresh(folder) || has_shards(root)?;
        // Another shard may have made it meanwhile, and then its state.
        if is_begun && !path.exists() {
            return Err(Failure::cannot(
                format!("the shards' key {} is not there", path.shown()),
                "restore it from a backup, or copy it from the journal.key of one of its shards: all of them have that key",
            ));
        }
        let mut key = [0; 32];
        random(&mut key)?;
        write_key_as(SHARED_KEY, root, &key)?;
    }
    let mut shared = [0; 32];
    state_folder::read_file(&path)?
        .read_exact(&mut shared)
        .with_context(|| format!("the shards' key {} is damaged", path.shown()))?;
    state_folder::open(folder)?;
    if is_fresh(folder) {
        write_key(folder, &shared)?;
    }
    if key(folder, false)? == shared {
        return Ok(());
    }
    Err(Failure::configuration(
        format!(
            "the state in {} belongs to another migration: its key is not the one in {}",
            folder.shown(),
            path.shown()
        ),
        "name the state folders of this migration, or restore shards.key from a backup",
    ))
}

/// Whether the state of a shard lies in a folder.
fn has_shards(root: &Path) -> anyhow::Result<bool> {
    for entry in std::fs::read_dir(root)? {
        let entry = entry?;
        let is_shard = entry.file_name().to_string_lossy().starts_with("shard-");
        if is_shard && !is_fresh(&entry.path()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Fills a buffer with random bytes of the operating system.
pub(crate) fn random(bytes: &mut [u8]) -> anyhow::Result<()> {
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(bytes))
        .context("no random numbers")
}

/// Writes the key of a journal durably, before the journal itself. A key that exists already stays.
pub(crate) fn write_key(folder: &Path, key: &[u8; 32]) -> anyhow::Result<()> {
    write_key_as("journal.key", folder, key)
}

fn write_key_as(name: &str, folder: &Path, key: &[u8; 32]) -> anyhow::Result<()> {
    let path = folder.join(name);
    let write = || -> io::Result<()> {
        let file = state_folder::begin_file(folder)?;
        file.as_file().write_all(key)?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(&path) {
            Ok(_) => {}
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.error),
        }
        File::open(folder)?.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.shown()))
}
