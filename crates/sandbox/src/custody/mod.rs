//! Fiat custody: users, bank accounts, savings accounts and recipients.
//!
//! Owner: the service. Invariants: the contract is stated in `contract`, in its own words; a key that was used once is
//! answered the same again, refusals included, for as long as it is kept; what is made twice is counted twice, so that a
//! test can see it. Left out on purpose: money, and logging in: a session is made by its name (see [`sessions`]).

mod calls;
mod config;
mod contract;
mod ledger;
mod sessions;
mod store;

use serde_json::Value;

pub use config::Custody;

pub(super) use calls::LateCustody;
pub(super) use store::CustodyStore;

/// A call of this family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CustodyCall {
    /// Makes something.
    Make(Made),
    /// Reads the user's status.
    Status,
    /// Lists the accounts.
    Accounts,
    /// Reads one account.
    Account(String),
    /// Lists the bank accounts with their numbers.
    BankAccounts,
    /// Lists the recipients.
    Recipients,
    /// Reads one recipient.
    Recipient(String),
}

/// What a call makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Made {
    User,
    BankAccount,
    Savings,
    Recipient,
}

impl Made {
    /// All of them.
    pub(super) const ALL: [Made; 4] = [
        Made::User,
        Made::BankAccount,
        Made::Savings,
        Made::Recipient,
    ];

    /// The word in configurations and in the ledger.
    pub(super) fn word(self) -> &'static str {
        match self {
            Made::User => "user",
            Made::BankAccount => "bank account",
            Made::Savings => "savings",
            Made::Recipient => "recipient",
        }
    }
}

/// What comes beside the path.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CustodyHeaders<'a> {
    pub(super) authorization: Option<&'a str>,
    pub(super) session: Option<&'a str>,
    pub(super) user: Option<&'a str>,
    pub(super) key: Option<&'a str>,
}

/// The call of this method and path.
pub(super) fn call(method: &str, path: &str) -> Option<CustodyCall> {
    Some(match (method, path) {
        ("POST", "/user") => CustodyCall::Make(Made::User),
        ("POST", "/user/bank-account/bakkt") => CustodyCall::Make(Made::BankAccount),
        ("POST", "/user/purse") => CustodyCall::Make(Made::Savings),
        ("POST", "/user/bank-account/remote") => CustodyCall::Make(Made::Recipient),
        ("GET", "/user") => CustodyCall::Status,
        ("GET", "/user/accounts") => CustodyCall::Accounts,
        ("GET", "/user/bank-account/bakkt") => CustodyCall::BankAccounts,
        ("GET", "/user/bank-account/remote") => CustodyCall::Recipients,
        ("GET", _) => {
            let of = |prefix: &str| {
                let id = path.strip_prefix(prefix)?;
                (!id.is_empty() && !id.contains('/')).then(|| id.to_owned())
            };
            match (of("/user/accounts/"), of("/user/bank-account/remote/")) {
                (Some(id), _) => CustodyCall::Account(id),
                (_, Some(id)) => CustodyCall::Recipient(id),
                _ => return None,
            }
        }
        _ => return None,
    })
}

/// A text of an object.
fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
