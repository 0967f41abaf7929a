//! Stand-ins for codes and ids of a server that may not be kept as they came.
//!
//! A stand-in is a word and ten hexadecimal digits of a hash, under a key derived from the journal's. The same code always
//! gets the same one, so refusals can be counted and selected by it. Left out: which codes may be kept (`contract::masking`).

/// Hexadecimal digits of the hash.
const DIGITS: usize = 10;

/// What a stand-in stands for.
#[derive(Clone, Copy, Debug)]
pub enum HiddenKind {
    /// The code of a refusal, or a word of an event.
    Code,
    /// An id of Bakkt's.
    Id,
}

/// Whether an id in the journal is a stand-in for Bakkt's own.
pub fn is_hidden_id(id: &str) -> bool {
    id.strip_prefix("id-").is_some_and(|hash| {
        hash.len() == DIGITS && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// The key from which stand-ins are made. It does not print.
#[derive(Clone)]
pub struct CodeKey([u8; 32]);

impl std::fmt::Debug for CodeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[masked]")
    }
}

impl CodeKey {
    /// Derives the key from the journal's.
    pub fn new(journal: &[u8; 32]) -> CodeKey {
        CodeKey(blake3::derive_key(
            "bakkt-migrate 2026-11 hidden code",
            journal,
        ))
    }

    /// Returns the stand-in for a text.
    pub fn hide(&self, what: HiddenKind, text: &str) -> String {
        let hash = blake3::keyed_hash(&self.0, text.trim().as_bytes()).to_hex();
        let word = match what {
            HiddenKind::Code => "code",
            HiddenKind::Id => "id",
        };
        format!("{word}-{}", &hash[..DIGITS])
    }
}
