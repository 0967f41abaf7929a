//! The numbers that the databases keep for states, kinds, verdicts and outcomes, with their names and words.
//!
//! SQL names a code, never its number: `state = {state.accepted}`. The macro `sql!` puts the numbers in when the program is
//! compiled, so a statement costs nothing more, SQLite sees the literals that its partial indexes ask for, and a name that
//! [`NAMES`] does not have stops the build. Flags that are 0 or 1 (`gone`, `used`, `linked`) are no codes and stay numbers.

use bakkt_contract::changes::FIXED_MARKS;
use bakkt_model::custody::CustodyKind;
use bakkt_model::position::JoinedList;
use bakkt_model::state::State;
use bakkt_model::task::{PriorAccount, TaskKind};
use bakkt_model::verdict::Verdict;

/// `task.kind`. Kinds of *former* tasks belong to customers or documents that the plan no longer sends.
pub(crate) mod kind {
    use super::TaskKind;

    pub(crate) const ACCOUNT: i64 = TaskKind::Account as i64;
    pub(crate) const UPDATE: i64 = TaskKind::Update as i64;
    pub(crate) const FORMER_ACCOUNT: i64 = 2;
    pub(crate) const DOCUMENT: i64 = TaskKind::Document as i64;
    pub(crate) const KYB: i64 = TaskKind::Kyb as i64;
    pub(crate) const FORMER_DOCUMENT: i64 = 5;
    pub(crate) const FORMER_KYB: i64 = 6;
    /// In `set_aside` alone: a custody task that makes a user. Its other kinds follow, in the order of their numbers.
    pub(crate) const FIRST_CUSTODY: i64 = 20;
    /// A row that holds the highest number of an attempt while a new plan is taken over, so that no new task gets a number
    /// that attempts bear; it is gone before the transaction ends.
    pub(crate) const PLACEHOLDER: i64 = 99;
}

/// What became of one document in planning: `document.verdict`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentVerdict {
    /// It is uploaded once its account is accepted.
    Sent = 0,
    /// Missing, unfit or expired: a gap.
    Refused = 1,
    /// The same file for the same owner, type and side as an earlier one.
    Same = 2,
    /// Its account is blocked, excluded or a duplicate.
    AccountNotSent = 3,
    /// Its account is not in the plan.
    NoAccount = 4,
}

/// What reading an account back comes to: `verification.result`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerificationOutcome {
    /// Bakkt has what was sent.
    Same = 0,
    /// Something differs.
    Different = 1,
    /// Bakkt does not know the account.
    Unknown = 2,
    /// It is there, and nobody can say what it should be like.
    NotComparable = 3,
}

/// `part.list` of the rows of backfill files; the numbers before it are the model's lists.
pub(crate) const LIST_BACKFILL: i64 = JoinedList::ALL.len() as i64;

/// `part.list` of the rows of recipients, which belong to a customer's custody and not to the account.
pub(crate) const LIST_RECIPIENTS: u8 = LIST_BACKFILL as u8 + 1;

/// Every name that SQL may use in braces, with the numbers that it stands for. A name of several belongs behind `IN`.
const NAMES: &[(&str, &[i64])] = &[
    ("state.open", &[State::Open as i64]),
    ("state.held", &[State::Held as i64]),
    ("state.sending", &[State::Sending as i64]),
    ("state.in_doubt", &[State::InDoubt as i64]),
    ("state.accepted", &[State::Accepted as i64]),
    ("state.refused", &[State::Refused as i64]),
    ("state.gave_up", &[State::GaveUp as i64]),
    // States below it are unfinished; the index `task_unfinished` holds those.
    ("state.first_finished", &[State::Accepted as i64]),
    ("state.waiting", &[State::Open as i64, State::Held as i64]),
    // It was sent, and no answer says whether it was taken.
    (
        "state.unknown_outcome",
        &[State::Sending as i64, State::InDoubt as i64],
    ),
    // Bakkt has it, or may have it.
    (
        "state.perhaps_at_bakkt",
        &[
            State::Sending as i64,
            State::InDoubt as i64,
            State::Accepted as i64,
        ],
    ),
    (
        "state.stopped",
        &[State::Refused as i64, State::GaveUp as i64],
    ),
    // Bytes in front of what is kept of the fields that an update may change.
    ("fixed_marks", &[FIXED_MARKS as i64]),
    ("kind.account", &[kind::ACCOUNT]),
    ("kind.update", &[kind::UPDATE]),
    ("kind.former_account", &[kind::FORMER_ACCOUNT]),
    ("kind.document", &[kind::DOCUMENT]),
    ("kind.kyb", &[kind::KYB]),
    ("kind.former_document", &[kind::FORMER_DOCUMENT]),
    ("kind.former_kyb", &[kind::FORMER_KYB]),
    ("kind.placeholder", &[kind::PLACEHOLDER]),
    // Accounts of this plan and of earlier ones; the index `task_account` holds those.
    ("kind.any_account", &[kind::ACCOUNT, kind::FORMER_ACCOUNT]),
    ("kind.account_or_update", &[kind::ACCOUNT, kind::UPDATE]),
    ("kind.document_or_kyb", &[kind::DOCUMENT, kind::KYB]),
    ("kind.any_kyb", &[kind::KYB, kind::FORMER_KYB]),
    ("verdict.ready", &[Verdict::Ready as i64]),
    ("verdict.grace", &[Verdict::Grace as i64]),
    ("verdict.blocked", &[Verdict::Blocked as i64]),
    ("verdict.excluded", &[Verdict::Excluded as i64]),
    ("verdict.duplicate", &[Verdict::Duplicate as i64]),
    (
        "verdict.sendable",
        &[Verdict::Ready as i64, Verdict::Grace as i64],
    ),
    // Neither left out nor one of several rows with one id.
    (
        "verdict.judged",
        &[
            Verdict::Ready as i64,
            Verdict::Grace as i64,
            Verdict::Blocked as i64,
        ],
    ),
    ("document.sent", &[DocumentVerdict::Sent as i64]),
    (
        "document.account_not_sent",
        &[DocumentVerdict::AccountNotSent as i64],
    ),
    ("existed.different", &[PriorAccount::Different as i64]),
    ("result.same", &[VerificationOutcome::Same as i64]),
    ("result.different", &[VerificationOutcome::Different as i64]),
    ("result.unknown", &[VerificationOutcome::Unknown as i64]),
    (
        "result.not_comparable",
        &[VerificationOutcome::NotComparable as i64],
    ),
    ("list.backfill", &[LIST_BACKFILL]),
    ("custody.user", &[CustodyKind::User as i64]),
    ("custody.recipient", &[CustodyKind::Recipient as i64]),
    ("kind.first_custody", &[kind::FIRST_CUSTODY]),
];

/// Whether records with a number of a verdict are sent.
pub(crate) fn is_sendable(verdict: usize) -> bool {
    Verdict::ALL
        .get(verdict)
        .is_some_and(|verdict| verdict.sendable())
}

/// The words of `record.verdict`, by number.
pub(crate) const VERDICTS: [&str; 5] = ["ready", "grace", "blocked", "excluded", "duplicate"];

/// The words of `task.state`, by number. A task that is being sent is in doubt until its outcome is recorded.
pub(crate) const STATES: [&str; 7] = [
    "open", "held", "in doubt", "in doubt", "accepted", "refused", "gave up",
];

/// The words of `task.kind`, by number.
pub(crate) const KINDS: [&str; 7] = [
    "account",
    "update",
    "former account",
    "document",
    "KYB",
    "former document",
    "former KYB",
];

/// The word of `set_aside.kind`: one of [`KINDS`], or what a custody task makes.
pub(crate) fn set_aside_word(kind: usize) -> &'static str {
    let custody = kind.checked_sub(kind::FIRST_CUSTODY as usize);
    match custody.and_then(|kind| CustodyKind::from_number(kind as i64)) {
        Some(kind) => kind.word(),
        None => KINDS.get(kind).copied().unwrap_or("unknown"),
    }
}

/// The words of `task.existed`, by number.
pub(crate) const EXISTED: [&str; 4] = ["no", "equal", "different", "overwritten"];

/// The words of `document.verdict`, by number.
pub(crate) const DOCUMENT_OUTCOMES: [&str; 5] = [
    "sent",
    "refused before sending",
    "same as an earlier one",
    "account not sent",
    "no account",
];

/// The words of `verification.result`, by number.
pub const VERIFICATION_OUTCOMES: [&str; 4] =
    ["same", "different", "unknown to Bakkt", "not comparable"];

/// SQL with the numbers of [`NAMES`] in place of the names in braces, made when the program is compiled.
macro_rules! sql {
    ($text:expr) => {{
        const TEXT: &str = $text;
        const LENGTH: usize = $crate::schema::codes::expanded_length(TEXT);
        const BYTES: [u8; LENGTH] = $crate::schema::codes::expand(TEXT);
        const SQL: &str = match std::str::from_utf8(&BYTES) {
            Ok(sql) => sql,
            Err(_) => panic!("a name was cut out of a character"),
        };
        SQL
    }};
}

/// The outcome of an attempt that ended before its request left; -1, which no attempt has, where no word for it is known.
macro_rules! not_sent {
    () => {
        "coalesce((SELECT id FROM word WHERE text = 'not sent'), -1)"
    };
}

/// How often the task `$task` of a statement left: an attempt that ended before its request left is none. `$attempts` is the table of
/// its attempts, which is not looked at where no attempt ended so.
macro_rules! times_sent {
    ($task:literal, $attempts:literal) => {
        concat!(
            "(",
            $task,
            ".attempts - CASE WHEN ",
            not_sent!(),
            " = -1 THEN 0 ELSE (SELECT count(*) FROM ",
            $attempts,
            " unsent WHERE unsent.task = ",
            $task,
            ".id AND unsent.outcome = ",
            not_sent!(),
            ") END)"
        )
    };
}

/// The length of a text once its names are numbers.
pub(crate) const fn expanded_length(text: &str) -> usize {
    let mut out = Sink::<0> {
        bytes: [],
        length: 0,
    };
    out.write(text.as_bytes());
    out.length
}

/// A text with numbers in place of its names.
pub(crate) const fn expand<const N: usize>(text: &str) -> [u8; N] {
    let mut out = Sink {
        bytes: [0; N],
        length: 0,
    };
    out.write(text.as_bytes());
    out.bytes
}

/// Takes what is written as far as there is room, and counts all of it.
struct Sink<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Sink<N> {
    const fn put(&mut self, byte: u8) {
        if self.length < N {
            self.bytes[self.length] = byte;
        }
        self.length += 1;
    }

    const fn write(&mut self, text: &[u8]) {
        let mut at = 0;
        while at < text.len() {
            if text[at] == b'{' {
                let mut end = at + 1;
                while text[end] != b'}' {
                    end += 1;
                }
                self.put_numbers(numbers_of(text, at + 1, end));
                at = end + 1;
            } else {
                self.put(text[at]);
                at += 1;
            }
        }
    }

    const fn put_numbers(&mut self, numbers: &[i64]) {
        let mut place = 0;
        while place < numbers.len() {
            if place > 0 {
                self.put(b',');
                self.put(b' ');
            }
            let number = numbers[place];
            if number > 9 {
                self.put(b'0' + (number / 10) as u8);
            }
            self.put(b'0' + (number % 10) as u8);
            place += 1;
        }
    }
}

/// What a name stands for.
const fn numbers_of(text: &[u8], start: usize, end: usize) -> &'static [i64] {
    let mut place = 0;
    while place < NAMES.len() {
        let (name, numbers) = NAMES[place];
        let name = name.as_bytes();
        let mut same = 0;
        while same < name.len() && start + same < end && name[same] == text[start + same] {
            same += 1;
        }
        if same == name.len() && start + same == end {
            return numbers;
        }
        place += 1;
    }
    panic!("SQL names a code that the table does not have")
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_become_numbers() {
        assert_eq!(
            sql!("state IN ({state.stopped}) AND kind = {kind.placeholder}"),
            "state IN (5, 6) AND kind = 99"
        );
        assert_eq!(sql!("é {state.open}"), "é 0");
    }
}
