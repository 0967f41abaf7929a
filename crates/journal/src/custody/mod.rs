//! Fiat custody: users, bank accounts, savings accounts and recipients.
//!
//! The tasks have tables of their own, because they belong to a customer and not to a record: a new plan leaves what Bakkt has
//! as it is, and the parts are known by what they are (a currency, a keyed hash of a recipient). They change state by the
//! same transition function as all others (invariant 5). Bakkt's uuids are kept, and no number of an account.
//! Left out: what a customer is to get (`planning`), and sending (`engine`).

mod decisions;
pub(crate) mod lines;
mod made;
mod plan;
pub(crate) mod replan;
pub mod sessions;
mod tasks;

pub use decisions::UserResolution;
pub use lines::{CustodyCount, CustodyGapLine, CustodyLine, CustodyNameLine};
pub use made::MadeCustody;
pub use plan::{PlannedCustody, PlannedCustodyTask};

/// Waits until the account is accepted.
pub const ACCOUNT_OPEN: (&str, &str) = ("account", "waits until its account is accepted");
/// Waits until the user is there.
pub const USER_OPEN: (&str, &str) = ("user", "waits until its user is there");
/// The user was refused or given up.
pub const USER_REFUSED: (&str, &str) = ("user refused", "its user was not made");
/// The customer has to log in.
pub const NEEDS_SESSION: (&str, &str) = (
    "needs a session",
    "the customer has to log in: hand a session in with `sessions import`",
);
/// The kind of call is not in the merchant's agreement.
pub const NOT_IN_AGREEMENT: &str = "not in the agreement";
/// Forbidden when nothing was left that could show whom that is about; the next run tries again.
pub const FORBIDDEN: &str = "forbidden";
/// In doubt, and nobody can be asked by program.
pub const FOR_A_PERSON: &str = "for a person";
