//! Tasks, what is known about them, and what can happen to them.
//!
//! The words that the journal, sending, verification and the report share. Left out on purpose: which change is legal in
//! which state, and how it is kept (`journal`).

use super::position::{JoinedRow, Position};

/// Why a document is nobody's: its path fits several customers, and a person has to say whose it is.
pub const DOCUMENT_OF_SEVERAL: &str =
    "its path fits the clientAccountIds of several rows of the export";

/// Why a document is nobody's: the account that it seems to mean has another id.
pub const DOCUMENT_IN_ANOTHER_FORM: &str = "a row of the export has its clientAccountId in another form: zeros or letters in front, capitals, blanks, punctuation or what stands behind it differ";

/// How that reason begins, in earlier versions too.
const IN_ANOTHER_FORM: &str = "a row of the export has its clientAccountId in another form:";

/// Why a document is nobody's: it names nobody.
pub const DOCUMENT_WITHOUT_ID: &str = "it does not say its clientAccountId";

/// The code of an account that was answered with the bakktId of another one: it is in doubt, and for a person.
pub const ID_OF_ANOTHER: &str = "id of another";

/// How the reason of a document begins whose clientAccountId cannot be read.
const UNREAD_ID: &str = "invalid: clientAccountId: ";

/// Whether a document of no account is somebody's whom a person has to find out. One that names an account which the export does
/// not have is not: its customer may have been left out of the export on purpose.
pub fn is_of_unclear_account(reason: &str) -> bool {
    reason.starts_with(IN_ANOTHER_FORM)
        || reason == DOCUMENT_WITHOUT_ID
        || reason.starts_with(UNREAD_ID)
}

/// What a task sends; the numbers stand in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskKind {
    /// Creates an account.
    Account = 0,
    /// Updates an account that was accepted before.
    Update = 1,
    /// Uploads a document.
    Document = 3,
    /// Triggers KYB screening.
    Kyb = 4,
}

/// Keyed hash of what is sent: the first half of BLAKE3's. Whoever does not have the key can make no two payloads with one hash, and by
/// chance none are met among 2⁶⁴ of them.
pub type PayloadHash = [u8; 16];

/// A task that can be worked on.
#[derive(Clone, Debug)]
pub struct Task {
    /// Number in the journal.
    pub id: i64,
    /// What it sends.
    pub kind: TaskKind,
    /// clientAccountId.
    pub client_id: String,
    /// Where its account's row stands.
    pub at: Position,
    /// Keyed hash of the account's payload that was planned.
    pub hash: PayloadHash,
    /// Attempts so far.
    pub attempts: u32,
    /// Intent of the first attempt, if there was one.
    pub first_at: Option<i64>,
    /// Of an account or an update: the rows beside its account's own.
    pub parts: Vec<JoinedRow>,
    /// Of an update: Bakkt's id of the account, where it is known.
    pub bakkt_id: Option<String>,
    /// Of a document task: the document.
    pub document: Option<Box<DocumentFacts>>,
}

impl Task {
    /// Keyed hash of what it sends, for the intent.
    pub fn intent(&self) -> PayloadHash {
        self.document
            .as_ref()
            .map_or(self.hash, |document| document.hash)
    }
}

/// A document as it was planned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentFacts {
    /// clientDocumentId.
    pub uuid: String,
    /// Keyed hash of its metadata.
    pub hash: PayloadHash,
    /// Where its row stands in the manifest.
    pub at: Position,
    /// With a folder pattern: its path, sealed.
    pub sealed: Option<Vec<u8>>,
    /// Its owner's place and clientOwnerId; none: the account's own document.
    pub owner: Option<(u32, String)>,
}

/// What Bakkt said about an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountFacts {
    /// Bakkt's id.
    pub id: String,
    /// As Bakkt named it.
    pub status: String,
    /// As Bakkt stated it.
    pub created_at: String,
}

/// Whether an accepted account existed before the migration, and with which data; the numbers stand in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriorAccount {
    /// This migration made it.
    No = 0,
    /// It was there, with the same data.
    Equal = 1,
    /// It was there with other data, and was left as it was.
    Different = 2,
    /// It was there, and what was sent overwrote it.
    Overwritten = 3,
}

/// Why Bakkt refused; all of it masked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The code of the refusal.
    pub code: String,
    /// The field that it is about, by the contract's names.
    pub field: String,
    /// The message that goes with the code.
    pub message: String,
}

/// One change of one task.
#[derive(Clone, Debug)]
pub struct Change {
    /// The task.
    pub task: i64,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// What happens to it.
    pub what: Transition,
}

/// A change of a task's state, with what the journal keeps of it.
#[derive(Clone, Debug)]
pub enum Transition {
    /// It is about to be sent.
    Intend {
        /// Keyed hash of the bytes.
        hash: PayloadHash,
    },
    /// Not sent, or not taken.
    Postpone {
        /// Such as "429".
        answer: String,
        /// "not taken" or "not sent".
        outcome: &'static str,
    },
    /// Bakkt has it.
    Accept {
        /// Such as "200".
        answer: String,
        /// What Bakkt said.
        account: AccountFacts,
        /// How the account relates to the time before the migration.
        existed: PriorAccount,
    },
    /// Bakkt refused it.
    Refuse {
        /// Such as "422".
        answer: String,
        /// Why.
        refusal: Refusal,
    },
    /// The outcome was lost.
    Doubt {
        /// Such as "timeout".
        answer: String,
    },
    /// What was answered leaves open whose account it is, and nobody can be asked by program: it waits for a person.
    DoubtForPerson {
        /// Such as "200", or "asked".
        answer: String,
        /// Why: code and message.
        reason: (&'static str, String),
    },
    /// Bakkt was asked twice, and it is not there.
    Absent,
    /// Tried often enough.
    GiveUp {
        /// The last answer.
        answer: String,
    },
    /// It cannot be sent as things are; the reason is kept.
    Hold {
        /// Why: code and message.
        reason: (&'static str, String),
    },
}

/// Tasks that a commit has freed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FreedTasks {
    /// How many documents.
    pub documents: u64,
    /// How many KYB triggers.
    pub kyb: u64,
}
