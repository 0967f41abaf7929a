//! Customers' sessions, as the merchant's own app hands them in.
//!
//! A session is a customer's way into Bakkt, so it is kept sealed, in a file of its own below the state folder (0600), and is
//! gone when it is of no more use: when Bakkt does not take it, when it is too old, or when nothing was made that it could read. A run reads the folder while another process adds to it: a file appears whole, by
//! renaming. Left out: what sessions are for.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::schema::seal::{SealPurpose, seal, unseal};
use bakkt_files::state_folder;
use bakkt_model::sensitive::Sensitive;

/// The folder below a state folder.
const FOLDER: &str = "sessions";

/// A customer's session.
#[derive(Clone, Debug)]
pub struct Session {
    /// The session itself.
    pub session: Sensitive<String>,
    /// When Bakkt gave it out, in milliseconds since 1970.
    pub issued_at: i64,
}

/// The sessions of a migration.
#[derive(Clone)]
pub struct Sessions {
    folder: PathBuf,
    key: [u8; 32],
    /// Milliseconds after which a session is too old.
    longest: i64,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sessions([masked])")
    }
}

impl Sessions {
    /// Those of a state folder, with the journal's key; one that was issued more than `longest` milliseconds ago is too old.
    pub fn of(state: &Path, key: [u8; 32], longest: i64) -> Sessions {
        Sessions {
            folder: state.join(FOLDER),
            key,
            longest,
        }
    }

    fn path(&self, client_id: &str) -> PathBuf {
        let name = blake3::derive_key("bakkt-migrate 2026-11 session file", &self.key);
        let name = blake3::keyed_hash(&name, client_id.as_bytes());
        self.folder.join(&name.to_hex()[..32])
    }

    /// Keeps a customer's session in place of an earlier one; false when a newer one is there.
    pub fn keep(&self, client_id: &str, session: &Session) -> anyhow::Result<bool> {
        if self
            .read(client_id)
            .is_some_and(|known| known.issued_at > session.issued_at)
        {
            return Ok(false);
        }
        state_folder::private_folder(&self.folder)?;
        let text = format!("{}\n{}", session.issued_at, session.session.reveal());
        let sealed = seal(&self.key, SealPurpose::Session, text.as_bytes())?;
        state_folder::put_file(&self.path(client_id), &sealed)
            .context("a session cannot be kept")?;
        Ok(true)
    }

    /// A customer's session, unless it is too old; such a one is deleted.
    pub fn get(&self, client_id: &str, now: i64) -> Option<Session> {
        let session = self.read(client_id)?;
        if self.is_too_old(&session, now) {
            self.delete(client_id);
            return None;
        }
        Some(session)
    }

    /// Whether a customer has a session that is not too old. Nothing is deleted.
    pub fn has_live(&self, client_id: &str, now: i64) -> bool {
        let session = self.read(client_id);
        session.is_some_and(|session| !self.is_too_old(&session, now))
    }

    /// Deletes every session that is too old, whoever's it is: nobody may ask for that customer's any more.
    pub fn delete_old(&self, now: i64) {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return; // There are none.
        };
        for entry in entries.flatten() {
            let path = entry.path();
            let session = self.open(&path);
            if session.is_some_and(|session| self.is_too_old(&session, now)) {
                // As in `delete`: what is left is sealed, and the next command looks again.
                let _ = fs::remove_file(path);
            }
        }
    }

    fn is_too_old(&self, session: &Session, now: i64) -> bool {
        now.saturating_sub(session.issued_at) > self.longest
    }

    fn read(&self, client_id: &str) -> Option<Session> {
        self.open(&self.path(client_id))
    }

    fn open(&self, path: &Path) -> Option<Session> {
        let sealed = fs::read(path).ok()?;
        let text = unseal(&self.key, SealPurpose::Session, &sealed)?;
        let text = String::from_utf8(text).ok()?;
        let (issued_at, session) = text.split_once('\n')?;
        Some(Session {
            issued_at: issued_at.parse().ok()?,
            session: Sensitive::new(session.to_owned()),
        })
    }

    /// Deletes a customer's session. What could not be deleted is sealed, and too old soon.
    pub fn delete(&self, client_id: &str) {
        // One that is gone needs no deleting; after any other failure a sealed file is left, which the next look deletes.
        let _ = fs::remove_file(self.path(client_id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_sealed_and_ends() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let sessions = Sessions::of(folder.path(), [3; 32], 1_000);
        let session = |text: &str, issued_at| Session {
            session: Sensitive::new(text.to_owned()),
            issued_at,
        };
        assert!(sessions.keep("A-1", &session("secret-session", 5))?);
        assert!(!sessions.keep("A-1", &session("older", 4))?);
        let known = sessions.get("A-1", 1_005).context("a session")?;
        assert_eq!(known.session.reveal(), "secret-session");
        for entry in fs::read_dir(folder.path().join(FOLDER))? {
            let bytes = fs::read(entry?.path())?;
            assert!(!bytes.windows(14).any(|part| part == b"secret-session"));
        }
        assert!(sessions.get("A-2", 5).is_none());
        assert!(sessions.has_live("A-1", 1_005) && !sessions.has_live("A-2", 5));
        assert!(!sessions.has_live("A-1", 1_006));
        assert!(sessions.get("A-1", 1_006).is_none());
        assert!(sessions.get("A-1", 5).is_none(), "it was deleted");
        assert!(sessions.keep("A-1", &session("one", 5))?);
        assert!(sessions.keep("A-2", &session("two", 6))?);
        sessions.delete_old(1_006);
        assert!(sessions.get("A-1", 5).is_none(), "nobody asked for it");
        assert!(sessions.get("A-2", 5).is_some());
        Ok(())
    }
}
