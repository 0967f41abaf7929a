//! Reading accounts back: how far it has come, which accounts are to be read, and what was found.

pub(crate) mod accounts;
pub(crate) mod passes;
pub(crate) mod results;

pub use accounts::{AccountToVerify, Cursor, UploadedDocument};
pub use passes::{VerificationRound, VerificationScope};
pub use results::{ACCOUNT_PATH, AccountState, Difference, VerifiedAccount};
