//! What the journal must keep and nobody may read there: paths of documents, which may hold names, and events' bodies.
//!
//! Owner of the sealed form: 24 random bytes, then XChaCha20-Poly1305 under a key derived from the journal's, another one
//! for each purpose. Whoever has the journal without its key learns the length and nothing else.

use anyhow::Context;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use super::open::Journal;
use bakkt_model::error::Failure;

const NONCE: usize = 24;

/// What is sealed. Each has a key of its own, other than that of the hashes, which are stored beside what is sealed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    /// The path of a document.
    Path,
    /// The body of an event.
    Event,
    /// The hash of a document's content.
    Content,
}

fn cipher(key: &[u8; 32], purpose: Purpose) -> XChaCha20Poly1305 {
    let context = match purpose {
        Purpose::Path => "bakkt-migrate 2026-11 sealed path",
        Purpose::Event => "bakkt-migrate 2026-11 sealed event",
        Purpose::Content => "bakkt-migrate 2026-11 sealed content hash",
    };
    XChaCha20Poly1305::new(&blake3::derive_key(context, key).into())
}

/// Opens a sealed text with the journal's key.
pub fn open_sealed(key: &[u8; 32], sealed: &[u8]) -> anyhow::Result<String> {
    let text = open(key, Purpose::Path, sealed).and_then(|text| String::from_utf8(text).ok());
    text.ok_or_else(|| {
        Failure::cannot(
            "a sealed path in the journal cannot be opened: the journal or its key is damaged",
            "restore both from one backup",
        )
    })
}

/// Opens what was sealed for a purpose; None when it or the key is damaged.
pub(super) fn open(key: &[u8; 32], purpose: Purpose, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, text) = sealed.split_at_checked(NONCE)?;
    let nonce = XNonce::try_from(nonce).ok()?;
    cipher(key, purpose).decrypt(&nonce, text).ok()
}

/// Seals bytes for a purpose.
pub(super) fn seal(key: &[u8; 32], purpose: Purpose, bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut sealed = vec![0; NONCE];
    super::open::random(&mut sealed)?;
    let nonce = XNonce::try_from(&sealed[..]).context("a nonce has 24 bytes")?;
    let text = cipher(key, purpose)
        .encrypt(&nonce, bytes)
        .map_err(|_| anyhow::anyhow!("something could not be sealed"))?;
    sealed.extend(text);
    Ok(sealed)
}

impl Journal {
    pub(super) fn seal(&self, text: &str) -> anyhow::Result<Vec<u8>> {
        seal(&self.key, Purpose::Path, text.as_bytes())
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
