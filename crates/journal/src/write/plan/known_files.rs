//! Remembering the content hashes of document files, so that the next plan need not read unchanged files again.
//!
//! A file is recognised by its state: device, inode, size, and the times of its last changes, kept as a keyed hash. The hash of the
//! content is sealed, because it would tell anybody with the same file what a customer has handed in. Files that no plan uses any
//! more are forgotten. An upload hashes the content again, so a file that changed unnoticed is still not sent.
//! Left out: what a state is made of (`folder::documents`).

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::schema::seal::SealPurpose;
use crate::schema::seal::{seal, unseal};
use crate::write::journal::Journal;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

/// What is sealed is longer than itself; one hash alone, sealed, is shorter than this.
const BOTH: i64 = 80;

/// Looks files up beside the journal's writer, from several threads.
#[derive(Debug)]
pub struct KnownFiles {
    db: Mutex<Connection>,
    key: [u8; 32],
}

impl KnownFiles {
    /// Returns the hashes of the content of a file in this state: BLAKE3 and SHA-256.
    pub fn find(&self, state: &[u8; 32]) -> Option<[[u8; 32]; 2]> {
        let db = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        let mut statement = db
            .prepare_cached("SELECT hash FROM known_file WHERE state = ?")
            .ok()?;
        // What cannot be read is not known: the file is read then.
        let sealed: Vec<u8> = statement
            .query_row([state], |row| row.get(0))
            .optional()
            .ok()??;
        // Of an earlier version there is one hash alone: the file is read then, too.
        let both = unseal(&self.key, SealPurpose::Content, &sealed)?;
        let (first, second) = both.split_first_chunk()?;
        Some([*first, second.try_into().ok()?])
    }
}

impl Journal {
    /// Opens what is known for a plan that begins.
    pub fn known_files(&self) -> anyhow::Result<KnownFiles> {
        let path = self.db.path().map(Path::new).unwrap_or(Path::new(""));
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        self.db.execute("UPDATE known_file SET used = 0", [])?;
        Ok(KnownFiles {
            db: Mutex::new(Connection::open_with_flags(path, flags)?),
            key: self.key,
        })
    }

    /// Keeps the content hashes of files that the plan uses: their states and hashes.
    pub fn keep_files(
        &mut self,
        files: impl Iterator<Item = ([u8; 32], [[u8; 32]; 2])>,
    ) -> anyhow::Result<()> {
        self.transaction(|journal| {
            for (state, hashes) in files {
                let known = journal
                    .db
                    .prepare_cached(
                        "UPDATE known_file SET used = 1 WHERE state = ? AND length(hash) >= ?",
                    )?
                    .execute(params![state, BOTH])?;
                if known == 0 {
                    let sealed = seal(&journal.key, SealPurpose::Content, hashes.as_flattened())?;
                    journal
                        .db
                        .prepare_cached("INSERT OR REPLACE INTO known_file VALUES (?, ?, 1)")?
                        .execute(params![state, sealed])?;
                }
            }
            Ok(())
        })
    }

    /// Forgets the files that the plan did not use.
    pub fn forget_files(&self) -> anyhow::Result<()> {
        self.db
            .execute("DELETE FROM known_file WHERE used = 0", [])?;
        Ok(())
    }

    /// Takes over what another journal with the same key knows.
    pub(crate) fn know_files_of(&self, other: &Journal) -> anyhow::Result<()> {
        let path = other.db.path().unwrap_or_default();
        self.db.execute("ATTACH DATABASE ? AS known", [path])?;
        let done = self
            .db
            .execute("INSERT INTO known_file SELECT * FROM known.known_file", []);
        self.db.execute_batch("DETACH DATABASE known")?;
        done?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_is_kept_and_nothing_can_be_read() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let mut journal = Journal::open(folder.path())?;
        let files = [([1; 32], [[11; 32], [12; 32]]), ([2; 32], [[22; 32]; 2])];
        journal.keep_files(files.into_iter())?;
        let known = journal.known_files()?;
        assert_eq!(known.find(&[1; 32]), Some([[11; 32], [12; 32]]));
        assert_eq!(known.find(&[3; 32]), None);
        // The next plan uses one of them, and another one.
        journal.keep_files([([2; 32], [[22; 32]; 2]), ([3; 32], [[33; 32]; 2])].into_iter())?;
        journal.forget_files()?;
        let found = [1, 2, 3].map(|state| known.find(&[state; 32]));
        assert_eq!(found, [None, Some([[22; 32]; 2]), Some([[33; 32]; 2])]);
        let scratch = Journal::open(&folder.path().join("scratch"))?;
        scratch.know_files_of(&journal)?;
        let counted: i64 = scratch
            .db
            .query_row("SELECT count(*) FROM known_file", [], |row| row.get(0))?;
        // It has another key: to it they are unknown.
        assert_eq!((counted, scratch.known_files()?.find(&[2; 32])), (2, None));
        let bytes = std::fs::read(Journal::path(folder.path()))?;
        assert!(!bytes.windows(32).any(|window| window == [22; 32]));
        Ok(())
    }
}
