//! The chain: an entry for everything that was done, each with the hash of the one before.
//!
//! Owner of the canonical form, of the hash of an entry and of a row, and of what kinds of entries there are. Pure: who appends
//! is `write::entries`, who reads `read::entries`. Invariants: the form never changes for an entry that exists (docs/audit.md has
//! it, so that others can compute it); a body holds no value of a customer, and of an id only its keyed hash.
//!
//! A chain shows that something inside of it was changed. It cannot show that all of it was computed anew: for that, a head has
//! to be kept outside.

mod canonical;
mod checkpoint_rows;
mod packs;
mod rows;
mod tokens;

pub use canonical::{canonical, write_canonical};
pub use checkpoint_rows::{CheckpointRows, EVENT_SHEET, EventComparison, PARTY_SHEET, is_table};
pub use packs::{PACK, PackedRows};
pub use rows::RowHashes;
pub use tokens::{
    ERASED, erased_name, has_word, hashed_target, id_hash, target_agrees, target_without,
    without_word,
};

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What the first line of every hashed entry says.
const DOMAIN: &str = "bakkt-migrate entry 1";

/// Under which key of its body a checkpoint says that rows were altered since the one before.
pub const ALTERED: &str = "altered";

/// A hash of the chain.
pub type ChainHash = [u8; 32];

/// What stands before the first entry.
pub const NO_ENTRY: ChainHash = [0; 32];

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What an entry is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum EntryKind { $($(#[$doc])* $name,)* }

        impl EntryKind {
            /// The word that stands in the journal.
            pub fn word(self) -> &'static str {
                match self { $(EntryKind::$name => $word,)* }
            }

            /// The kind of a word.
            pub fn of(word: &str) -> Option<EntryKind> {
                match word { $($word => Some(EntryKind::$name),)* _ => None }
            }
        }
    };
}

kinds! {
    /// The journal was made.
    Begin = "begin",
    /// A journal of an earlier version was brought up to date.
    Upgrade = "upgrade",
    /// A whole plan was made or taken over.
    Plan = "plan",
    /// A run began to send.
    Run = "run",
    /// A run ended.
    RunEnd = "run-end",
    /// A person decided: a line of the operator log.
    Decision = "decision",
    /// A plan was approved.
    Approval = "approval",
    /// A command began that writes what Bakkt told, and sends nothing.
    Work = "work",
    /// Every row was hashed.
    Checkpoint = "checkpoint",
    /// A report was sealed.
    Seal = "seal",
    /// A customer was forgotten.
    Forget = "forget",
    /// The migration was closed.
    Close = "close",
}

impl EntryKind {
    /// Whether what an entry is about changes rows that a checkpoint covers.
    pub fn changes_rows(self) -> bool {
        match self {
            EntryKind::Begin | EntryKind::Approval | EntryKind::Checkpoint | EntryKind::Seal => {
                false
            }
            EntryKind::Upgrade
            | EntryKind::Plan
            | EntryKind::Run
            | EntryKind::RunEnd
            | EntryKind::Decision
            | EntryKind::Work
            | EntryKind::Forget
            | EntryKind::Close => true,
        }
    }

    /// Whether what an entry is about may take events of webhooks away. Whatever else is done, those that came stay as they are.
    pub fn changes_events(self) -> bool {
        matches!(self, EntryKind::Upgrade | EntryKind::Forget)
    }
}

/// The last entry of a chain: its number and its hash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainHead {
    /// The number of the last entry; 0 of an empty chain.
    pub entry: u64,
    /// Its hash, as hexadecimal digits.
    pub hash: String,
}

impl ChainHead {
    /// The head of a chain that ends with an entry.
    pub fn new(entry: u64, hash: &[u8]) -> ChainHead {
        ChainHead {
            entry,
            hash: HEXLOWER.encode(hash),
        }
    }
}

/// The hash of an entry: SHA-256 over six lines, the last without a line break.
pub fn entry_hash(before: &[u8], id: i64, at: i64, kind: &str, body: &str) -> ChainHash {
    let mut hash = Sha256::new();
    let head = format!(
        "{DOMAIN}\n{}\n{id}\n{at}\n{kind}\n",
        HEXLOWER.encode(before)
    );
    hash.update(head.as_bytes());
    hash.update(body.as_bytes());
    hash.finalize().into()
}

/// Lower-case hexadecimal digits, as entries and files write a hash.
pub fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// The bytes of hexadecimal digits; `None` when it is something else.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()
}

/// An entry as the journal has it, before anything of it is believed.
#[derive(Clone, Debug)]
pub struct EntryRow {
    /// Its number.
    pub id: i64,
    /// Milliseconds since 1970.
    pub at: i64,
    /// The word of its kind.
    pub kind: String,
    /// Its body as text.
    pub body: String,
    /// The hash of the entry before, as stored.
    pub before: Vec<u8>,
    /// Its own hash, as stored.
    pub hash: Vec<u8>,
}

impl EntryRow {
    /// The body, as JSON; null when it is none.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// What is wrong with the entry, given the one before it; `None`: it fits.
    pub fn flaw(&self, previous: Option<&EntryRow>) -> Option<String> {
        if let Some(broken) = self.broken(previous) {
            return Some(broken);
        }
        match serde_json::from_str::<Value>(&self.body) {
            Ok(body) if canonical(&body).as_deref() == Some(self.body.as_str()) => None,
            _ => Some("its body is not canonical JSON".to_owned()),
        }
    }

    /// The same without a look into the body, whose bytes the hash has: for whoever asks often.
    fn broken(&self, previous: Option<&EntryRow>) -> Option<String> {
        let expected = previous.map_or(1, |previous| previous.id + 1);
        if self.id != expected {
            return Some(format!("entry {expected} is missing"));
        }
        let before = previous.map_or(NO_ENTRY.as_slice(), |previous| &previous.hash);
        if self.before != before {
            return Some("it does not hold the hash of the entry before".to_owned());
        }
        let hash = entry_hash(&self.before, self.id, self.at, &self.kind, &self.body);
        if self.hash != hash {
            return Some("its hash is not that of what it says".to_owned());
        }
        if EntryKind::of(&self.kind).is_none() {
            return Some("it is of a kind that this program does not know".to_owned());
        }
        None
    }
}

/// Checks a chain entry by entry, oldest first.
#[derive(Debug, Default)]
pub struct ChainCheck {
    last: Option<EntryRow>,
}

impl ChainCheck {
    /// Whether the next entry holds the hash of the one before and its own; what is wrong, if anything is.
    pub fn next_link(&mut self, entry: &EntryRow) -> Option<String> {
        let flaw = entry.broken(self.last.as_ref());
        self.last = Some(entry.clone());
        flaw
    }

    /// Checks the next entry; what is wrong with it, if anything is.
    pub fn next(&mut self, entry: &EntryRow) -> Option<String> {
        let flaw = entry.flaw(self.last.as_ref());
        self.last = Some(entry.clone());
        flaw
    }

    /// The head after the entries so far.
    pub fn head(&self) -> ChainHead {
        match &self.last {
            Some(last) => ChainHead::new(last.id.unsigned_abs(), &last.hash),
            None => ChainHead::new(0, &NO_ENTRY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(previous: Option<&EntryRow>, body: &str) -> EntryRow {
        let id = previous.map_or(1, |previous| previous.id + 1);
        let before = previous.map_or(NO_ENTRY.to_vec(), |previous| previous.hash.clone());
        let hash = entry_hash(&before, id, 7, "begin", body).to_vec();
        EntryRow {
            id,
            at: 7,
            kind: "begin".into(),
            body: body.into(),
            before,
            hash,
        }
    }

    #[test]
    fn the_form_of_an_entry_never_changes() {
        // printf 'bakkt-migrate entry 1\n%064d\n1\n7\nbegin\n{"a":1}' 0 | sha256sum
        assert_eq!(
            hex(&entry(None, r#"{"a":1}"#).hash),
            "cb01c59f896f34fc821fdac126ad7ff4bd14951133dc34a6e98b8f15a1ebc829"
        );
    }

    #[test]
    fn whatever_is_changed_in_an_entry_shows() {
        let first = entry(None, r#"{"a":1}"#);
        let second = entry(Some(&first), r#"{"b":"x"}"#);
        assert_eq!(first.flaw(None), None);
        assert_eq!(second.flaw(Some(&first)), None);
        let changes: [fn(&mut EntryRow); 6] = [
            |entry| entry.at += 1,
            |entry| entry.id += 1,
            |entry| entry.kind = "run".into(),
            |entry| entry.body = r#"{"b":"y"}"#.into(),
            |entry| entry.before[3] ^= 1,
            |entry| entry.hash[3] ^= 1,
        ];
        for change in changes {
            let mut changed = second.clone();
            change(&mut changed);
            assert!(changed.flaw(Some(&first)).is_some(), "{changed:?}");
        }
        for body in [r#"{"b": "x"}"#, r#"{"b":"x","a":1}"#, "x", r#"{"a":1.5}"#] {
            assert!(
                entry(Some(&first), body).flaw(Some(&first)).is_some(),
                "{body}"
            );
        }
        assert!(second.flaw(None).is_some());
    }
}
