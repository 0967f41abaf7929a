//! Sealing what the journal must keep and nobody may read there: paths of documents, which may hold names, bodies of
//! events, hashes of documents' contents, and customers' sessions.
//!
//! The sealed form is 24 random bytes, then XChaCha20-Poly1305 under a key derived from the journal's, a different one for each
//! purpose. Without the journal's key it reveals its length and nothing else.

use anyhow::Context;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use bakkt_model::error::Failure;

const NONCE: usize = 24;

/// What is sealed. Each purpose has a key of its own, different from the key of the hashes stored beside it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SealPurpose {
    /// The path of a document.
    Path,
    /// The body of an event.
    Event,
    /// The hash of a document's content.
    Content,
    /// A customer's session.
    Session,
}

fn cipher(key: &[u8; 32], purpose: SealPurpose) -> XChaCha20Poly1305 {
    let context = match purpose {
        SealPurpose::Path => "bakkt-migrate 2026-11 sealed path",
        SealPurpose::Event => "bakkt-migrate 2026-11 sealed event",
        SealPurpose::Content => "bakkt-migrate 2026-11 sealed content hash",
        SealPurpose::Session => "bakkt-migrate 2026-11 sealed session",
    };
    XChaCha20Poly1305::new(&blake3::derive_key(context, key).into())
}

/// Opens the sealed path of a document with the journal's key.
pub fn open_sealed(key: &[u8; 32], sealed: &[u8]) -> anyhow::Result<String> {
    let text = unseal(key, SealPurpose::Path, sealed).and_then(|text| String::from_utf8(text).ok());
    text.ok_or_else(|| {
        Failure::cannot(
            "a sealed path in the journal cannot be opened: the journal or its key is damaged",
            "restore both from one backup",
        )
    })
}

/// Opens what was sealed for a purpose; `None` when it or the key is damaged.
pub(crate) fn unseal(key: &[u8; 32], purpose: SealPurpose, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, text) = sealed.split_at_checked(NONCE)?;
    let nonce = XNonce::try_from(nonce).ok()?;
    cipher(key, purpose).decrypt(&nonce, text).ok()
}

/// Seals bytes for a purpose.
pub(crate) fn seal(key: &[u8; 32], purpose: SealPurpose, bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut sealed = vec![0; NONCE];
    crate::schema::state_files::random(&mut sealed)?;
    let nonce = XNonce::try_from(&sealed[..]).context("a nonce has 24 bytes")?;
    let text = cipher(key, purpose)
        .encrypt(&nonce, bytes)
        .map_err(|_| anyhow::anyhow!("something could not be sealed"))?;
    sealed.extend(text);
    Ok(sealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_opens_and_nothing_may_be_changed() -> anyhow::Result<()> {
        let key = [1; 32];
        let path = "DOE_JANE/passport.png";
        let sealed = seal(&key, SealPurpose::Path, path.as_bytes())?;
        assert_eq!(open_sealed(&key, &sealed)?, path);
        assert_ne!(sealed, seal(&key, SealPurpose::Path, path.as_bytes())?);
        assert!(open_sealed(&[7; 32], &sealed).is_err());
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(open_sealed(&key, &changed).is_err(), "{place}");
        }
        assert!(open_sealed(&key, &sealed[..10]).is_err());
        Ok(())
    }
}
