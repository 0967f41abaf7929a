//! Fiat custody: its tasks, what is known about them, and what can happen to them.
//!
//! The words that the journal, the engine, the commands and the report share. Left out on purpose: which change is legal
//! (`journal::write::transitions`, the same function as for every task).

use super::position::{JoinedRow, Position};
use super::task::Refusal;

/// What a custody task makes; the numbers stand in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CustodyKind {
    /// A user.
    User = 0,
    /// A bank account in one currency.
    BankAccount = 1,
    /// A savings account.
    Savings = 2,
    /// A recipient of payments.
    Recipient = 3,
}

impl CustodyKind {
    /// All of them, in the order of their numbers.
    pub const ALL: [CustodyKind; 4] = [
        CustodyKind::User,
        CustodyKind::BankAccount,
        CustodyKind::Savings,
        CustodyKind::Recipient,
    ];

    /// From the number in the journal.
    pub fn from_number(number: i64) -> Option<CustodyKind> {
        let place = usize::try_from(number).ok()?;
        CustodyKind::ALL.get(place).copied()
    }

    /// Its word in reports and keys.
    pub fn word(self) -> &'static str {
        match self {
            CustodyKind::User => "user",
            CustodyKind::BankAccount => "bank account",
            CustodyKind::Savings => "savings",
            CustodyKind::Recipient => "recipient",
        }
    }

    /// What several of them are called.
    pub fn plural(self) -> &'static str {
        match self {
            CustodyKind::User => "users",
            CustodyKind::BankAccount => "bank accounts",
            CustodyKind::Savings => "savings accounts",
            CustodyKind::Recipient => "recipients",
        }
    }

    /// Whether its call is made on behalf of a user, with a session.
    pub fn needs_session(self) -> bool {
        self != CustodyKind::User
    }
}

/// A custody task that can be worked on.
#[derive(Clone, Debug)]
pub struct CustodyTask {
    /// Number in the journal.
    pub id: i64,
    /// What it makes.
    pub kind: CustodyKind,
    /// clientAccountId.
    pub client_id: String,
    /// Of a bank account its currency, of a recipient a keyed hash; else empty.
    pub item: String,
    /// Where the account's row stands; none: the plan does not have it any more.
    pub at: Option<Position>,
    /// Keyed hash of the body that was planned.
    pub hash: [u8; 32],
    /// Keyed hash of the body that was sent last.
    pub sent: Option<[u8; 32]>,
    /// Attempts so far.
    pub attempts: u32,
    /// Grows when what a key was answered before must not be replayed.
    pub generation: u32,
    /// Intent of the generation's first attempt.
    pub first_at: Option<i64>,
    /// An answer of this generation was lost.
    pub lost: bool,
    /// The answer of an earlier generation was lost, and a person said that it was not taken.
    pub was_lost: bool,
    /// The user's uuid, once there is one.
    pub user_uuid: Option<String>,
    /// The rows beside its account's own.
    pub parts: Vec<JoinedRow>,
}

/// One change of one custody task.
#[derive(Clone, Debug)]
pub struct CustodyChange {
    /// The task.
    pub task: i64,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// What happens to it.
    pub what: CustodyTransition,
}

/// A change of a custody task's state, with what the journal keeps of it.
#[derive(Clone, Debug)]
pub enum CustodyTransition {
    /// It is about to be sent.
    Intend {
        /// Keyed hash of the bytes.
        hash: [u8; 32],
        /// The Idempotency-Key.
        key: String,
    },
    /// It was sent, its answer was lost, and it is about to be sent again with the same key and bytes.
    Repeat {
        /// Keyed hash of the bytes.
        hash: [u8; 32],
        /// The Idempotency-Key.
        key: String,
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
        /// Its uuid.
        uuid: String,
        /// Of a user: its status.
        status: String,
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
    /// In doubt: why it waits.
    Explain {
        /// Code and message.
        reason: (&'static str, String),
    },
    /// It is not at Bakkt, as the lists say twice.
    Absent,
    /// Tried often enough.
    GiveUp {
        /// The last answer.
        answer: String,
    },
    /// It must wait; the reason is kept.
    Hold {
        /// Code and message.
        reason: (&'static str, String),
    },
}

/// The statuses of a user, and who has to do what next.
pub const USER_STATUSES: &[(&str, &str)] = &[
    (
        "PHONE_VERIFICATION_NEEDED",
        "the customer verifies the phone number in your app",
    ),
    ("KYC_NEEDED", "the customer begins KYC in your app"),
    (
        "PENDING_KYC_DATA",
        "the customer gives what KYC still lacks",
    ),
    ("KYC_PENDING", "Bakkt decides; nobody has to do anything"),
    ("FULL_USER", "nothing: the customer can transact"),
    (
        "SOFT_KYC_FAILED",
        "the customer tries KYC once more in your app",
    ),
    (
        "HARD_KYC_FAILED",
        "ask your Bakkt account manager: KYC has failed for good",
    ),
    (
        "SUSPENDED",
        "ask your Bakkt account manager why the user is suspended",
    ),
];

/// What has to be done next about a user of this status.
pub fn next_step(status: &str) -> &'static str {
    let mut known = USER_STATUSES.iter();
    let found = known.find(|(name, _)| *name == status);
    found.map_or("read the user's status in your app", |(_, next)| next)
}
