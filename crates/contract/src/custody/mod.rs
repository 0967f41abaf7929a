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

/// Fields of a mapping that belong to custody begin with this.
pub const PREFIX: &str = "custody.";

/// The currency of a text, in any case.
pub fn currency(text: &str) -> Option<&'static str> {
    let text = text.trim();
    let mut known = CURRENCIES.iter().copied();
    known.find(|code| code.eq_ignore_ascii_case(text))
}
