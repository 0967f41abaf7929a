//! Fiat custody: what Bakkt accepts of users, bank accounts and recipients (contract, section 8).
//!
//! Owner of the forms of that family, which are not those of accounts: names without accents, alpha-2 countries, and account
//! numbers by currency. Invariant: what these functions return may go on the wire as it is; an error says why without the
//! value. Left out on purpose: where a value comes from (`mapping`), and sending (`engine`).

pub mod names;
pub mod numbers;
pub mod payloads;

/// The currencies in which bank accounts and recipients can be made.
pub const CURRENCIES: &[&str] = &["EUR", "GBP", "USD", "NGN"];

/// Kinds of U.S. bank accounts that a recipient can have.
pub const ACCOUNT_TYPES: &[&str] = &["Checking", "Savings"];

/// Fields of a mapping that belong to custody begin with this.
pub const PREFIX: &str = "custody.";

/// The currency of a text, in any case.
pub fn currency(text: &str) -> Option<&'static str> {
    let text = text.trim();
    let mut known = CURRENCIES.iter().copied();
    known.find(|code| code.eq_ignore_ascii_case(text))
}
