//! What a decision was for, as an entry holds it: keyed hashes of its words.
//!
//! A target of the operator log is words with single spaces between them, and any of them may be a customer's id. An entry holds
//! a keyed hash for each. When a customer is forgotten, the word in the log becomes `erased:` and that hash, and still agrees.

use super::hex;

/// What stands before the hash of a word that was erased.
pub const ERASED: &str = "erased:";

/// So many bytes of the keyed hash are kept.
const KEPT: usize = 16;

/// The keyed hash of an id, as entries and erased words have it.
pub fn id_hash(key: &[u8; 32], id: &str) -> String {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(b"bakkt-migrate id 1\n");
    hasher.update(id.as_bytes());
    hex(&hasher.finalize().as_bytes()[..KEPT])
}

/// A target, its words hashed.
pub fn hashed_target(key: &[u8; 32], target: &str) -> String {
    let words = target
        .split(' ')
        .map(|word| match word.strip_prefix(ERASED) {
            Some(hash) => hash.to_owned(),
            None => id_hash(key, word),
        });
    words.collect::<Vec<_>>().join(" ")
}

/// Whether a target of the log is the one whose hashes an entry has.
pub fn target_agrees(key: &[u8; 32], target: &str, hashed: &str) -> bool {
    hashed_target(key, target) == hashed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_agrees_also_when_a_customer_was_erased_from_it() {
        let key = [3; 32];
        let hashed = hashed_target(&key, "C-1 C-2");
        assert!(!hashed.contains("C-"));
        let erased = format!("C-1 {ERASED}{}", id_hash(&key, "C-2"));
        assert!(target_agrees(&key, "C-1 C-2", &hashed));
        assert!(target_agrees(&key, &erased, &hashed));
        for other in ["C-2 C-1", "C-1", "C-1 C-3", "C-1 C-2 C-3"] {
            assert!(!target_agrees(&key, other, &hashed), "{other}");
        }
        assert_ne!(hashed, hashed_target(&[4; 32], "C-1 C-2"));
    }
}
