//! Texts that the journal must keep and nobody may read there: paths of documents, which may hold names.
//!
//! Owner of the sealed form: 24 random bytes, then XChaCha20-Poly1305 under a key derived from the journal's. Whoever
//! has the journal without its key learns the length and nothing else.

use anyhow::Context;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use super::open::Journal;
use crate::error::Failure;

const NONCE: usize = 24;

fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    // Another key than that of the hashes, which are stored beside what is sealed.
    let key = blake3::derive_key("bakkt-migrate 2026-11 sealed path", key);
    XChaCha20Poly1305::new(&key.into())
}

/// Opens a sealed text with the journal's key.
pub fn open_sealed(key: &[u8; 32], sealed: &[u8]) -> anyhow::Result<String> {
    let damaged = || {
        Failure::cannot(
            "a sealed path in the journal cannot be opened: the journal or its key is damaged",
            "restore both from one backup",
        )
    };
    let (nonce, text) = sealed.split_at_checked(NONCE).ok_or_else(damaged)?;
    let nonce = XNonce::try_from(nonce).map_err(|_| damaged())?;
    let text = cipher(key).decrypt(&nonce, text).map_err(|_| damaged())?;
    String::from_utf8(text).map_err(|_| damaged())
}

impl Journal {
    pub(super) fn seal(&self, text: &str) -> anyhow::Result<Vec<u8>> {
        let mut sealed = vec![0; NONCE];
        super::open::random(&mut sealed)?;
        let nonce = XNonce::try_from(&sealed[..]).context("a nonce has 24 bytes")?;
        let text = cipher(&self.key)
            .encrypt(&nonce, text.as_bytes())
            .map_err(|_| anyhow::anyhow!("a path could not be sealed"))?;
        sealed.extend(text);
        Ok(sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_opens_and_nothing_may_be_changed() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let journal = Journal::open(folder.path())?;
        let sealed = journal.seal("DOE_JANE/passport.png")?;
        assert_eq!(open_sealed(&journal.key, &sealed)?, "DOE_JANE/passport.png");
        assert_ne!(sealed, journal.seal("DOE_JANE/passport.png")?);
        assert!(open_sealed(&[7; 32], &sealed).is_err());
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(open_sealed(&journal.key, &changed).is_err(), "{place}");
        }
        assert!(open_sealed(&journal.key, &sealed[..10]).is_err());
        Ok(())
    }
}
