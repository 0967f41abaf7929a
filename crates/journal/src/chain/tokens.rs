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

/// The name under which the record of a forgotten customer stays: it tells nothing but that it is the same customer.
pub fn erased_name(key: &[u8; 32], client_id: &str) -> String {
    format!("{ERASED}{}", id_hash(key, client_id))
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

/// A target without an id: each of its words in which the id stands becomes `erased:` and the hash of that word, as the entry has it,
/// so that both still agree. `None`: it does not name the id. A word is the id, or the id and a colon; an id with blanks is several.
pub fn target_without(key: &[u8; 32], target: &str, id: &str) -> Option<String> {
    let places: Vec<(usize, usize)> = target
        .match_indices(id)
        .map(|(from, id)| (from, from + id.len()))
        .filter(|(from, to)| {
            let behind = &target[*to..];
            let behind = behind.strip_prefix(':').unwrap_or(behind);
            from < to
                && (*from == 0 || target[..*from].ends_with(' '))
                && (behind.is_empty() || behind.starts_with(' '))
        })
        .collect();
    let mut from = 0;
    let words = target.split(' ').map(|word| {
        let (start, end) = (from, from + word.len());
        from = end + 1;
        let is_named = places.iter().any(|(from, to)| *from < end && start < *to);
        match is_named && !word.starts_with(ERASED) {
            true => erased_name(key, word),
            false => word.to_owned(),
        }
    });
    let words = words.collect::<Vec<_>>().join(" ");
    (words != target).then_some(words)
}

/// Where an id stands as a word of its own.
fn words<'a>(text: &'a str, id: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
    let joins = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let places = text.match_indices(id).map(|(at, id)| (at, at + id.len()));
    places.filter(move |(at, end)| {
        !text[..*at].chars().next_back().is_some_and(joins)
            && !text[*end..].chars().next().is_some_and(joins)
    })
}

/// Whether an id stands in a text as a word of its own.
pub fn has_word(text: &str, id: &str) -> bool {
    words(text, id).next().is_some()
}

/// A text with a name in the place of an id, wherever the id stands as a word of its own; `None`: it does not.
pub fn without_word(text: &str, id: &str, name: &str) -> Option<String> {
    let (mut out, mut from) = (String::new(), 0);
    for (at, end) in words(text, id) {
        out.push_str(&text[from..at]);
        out.push_str(name);
        from = end;
    }
    out.push_str(&text[from..]);
    (from > 0).then_some(out)
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

    #[test]
    fn a_target_without_an_id_still_agrees() {
        let key = [3; 32];
        for (target, id, left) in [
            ("C-1", "C-1", "x"),
            ("C-1 C-2", "C-2", "C-1 x"),
            ("C-1: export.csv:6", "C-1", "x export.csv:6"),
            ("C-1 my file.csv:6", "C-1", "x my file.csv:6"),
            ("Z 2 Z 22", "Z 2", "x x Z 22"),
            ("21 ids, from C-1", "C-1", "21 ids, from x"),
        ] {
            let erased = target_without(&key, target, id).unwrap_or_default();
            let words = erased.split(' ');
            let words: Vec<&str> = words
                .map(|word| if word.starts_with(ERASED) { "x" } else { word })
                .collect();
            assert_eq!(words.join(" "), left);
            assert!(target_agrees(&key, &erased, &hashed_target(&key, target)));
            assert_eq!(target_without(&key, &erased, id), None);
        }
        assert_eq!(
            target_without(&key, "C-1", "C-1"),
            Some(erased_name(&key, "C-1"))
        );
        for (target, id) in [
            ("C-1 export.csv:6", "6"),
            ("C-1", "1"),
            ("calls-5.csv", "5"),
            ("C-1", ""),
        ] {
            assert_eq!(target_without(&key, target, id), None, "{target}");
        }
    }

    #[test]
    fn an_id_is_replaced_only_as_a_word_of_its_own() {
        for (text, renamed) in [
            ("A-1", Some("X")),
            ("A-1 A-12 A-1", Some("X A-12 X")),
            ("of A-1, and B", Some("of X, and B")),
            ("AA-1 A-1a A-1-2 A-1_2", None),
            ("", None),
        ] {
            assert_eq!(without_word(text, "A-1", "X").as_deref(), renamed, "{text}");
        }
    }
}
