//! Locks of a folder of state, of which one process at a time holds each.
//!
//! The operating system drops a lock when its process dies. A lock that its owner gives up is free at once, even while a
//! child that was just begun still has a copy of every open file. Left out: what is locked, and how long it is waited for.

use std::fs::{File, TryLockError};
use std::path::Path;

use anyhow::Context;

use crate::state_folder;
use bakkt_model::error::ShownPath;

/// A lock that is held until this is dropped.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Takes the lock of a file, which is made unless it is there; `None` if another process holds it.
    ///
    /// # Errors
    ///
    /// The file is not ours alone, or its file system has no locks.
    pub fn take(path: &Path) -> anyhow::Result<Option<Lock>> {
        let file = state_folder::open_file(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.shown()))
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file frees it as well, if later: nothing is lost where this fails.
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_free_at_once_though_a_child_has_a_copy_of_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.lock");
        let held = Lock::take(&path).unwrap().unwrap();
        let copy = held.0.try_clone().unwrap();
        assert!(Lock::take(&path).unwrap().is_none());
        drop(held);
        assert!(Lock::take(&path).unwrap().is_some());
        drop(copy);
    }
}
