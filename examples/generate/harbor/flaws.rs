//! What is wrong with entities and their papers in reality: one table, of which an account has one line.
//!
//! Owner of [`PLANS`]: forty accounts, over and over, of every kind and with every flaw once. About half of them are complete,
//! most of those with one paper too many that cannot be sent. A clean migration has the same kinds and no flaw.

/// What an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Corporation,
    Llc,
    Partnership,
    LimitedPartnership,
    Trust,
    PersonalTrust,
    Custodial,
    Individual,
}

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    None,
    // KYB lacks one item of its checklist.
    NoIncorporation,
    NoGoverning,
    NoRegistry,
    NoChart,
    NoBeneficial,
    OwnerUnidentified,
    OneSideOnly,
    NobodyManages,
    ManagerUnidentified,
    ShareUnknown,
    ShareUnreadable,
    // The account itself.
    Blocked,
    UnknownType,
    Closed,
    Twice,
    OwnedByEntity,
    NoOwners,
    Orphan,
    ForeignerUnidentified,
    // One paper beside those that are needed.
    Missing,
    Empty,
    TooLarge,
    Disagrees,
    Expired,
    Climbs,
    Absolute,
    Leaves,
    Folder,
    NoImage,
    UnknownAccount,
    UnfitType,
    NoCountry,
    NoSuchOwner,
    NoOwnerSaid,
    ListedTwice,
    Undated,
}

/// Kinds stand in turns of eight.
const KINDS: [Kind; 8] = [
    Kind::Corporation,
    Kind::Llc,
    Kind::Partnership,
    Kind::LimitedPartnership,
    Kind::Trust,
    Kind::PersonalTrust,
    Kind::Custodial,
    Kind::Individual,
];

/// Flaws by place; each suits the kind that stands there.
const PLANS: [Flaw; 40] = [
    Flaw::None,
    Flaw::NoIncorporation,
    Flaw::Expired,
    Flaw::NoGoverning,
    Flaw::Missing,
    Flaw::NoRegistry,
    Flaw::None,
    Flaw::None,
    //
    Flaw::ManagerUnidentified,
    Flaw::OwnerUnidentified,
    Flaw::Empty,
    Flaw::ForeignerUnidentified,
    Flaw::NoChart,
    Flaw::TooLarge,
    Flaw::NoBeneficial,
    Flaw::Disagrees,
    //
    Flaw::Climbs,
    Flaw::OneSideOnly,
    Flaw::ShareUnknown,
    Flaw::Absolute,
    Flaw::NobodyManages,
    Flaw::Leaves,
    Flaw::NoOwners,
    Flaw::UnknownAccount,
    //
    Flaw::Blocked,
    Flaw::UnfitType,
    Flaw::OwnedByEntity,
    Flaw::Closed,
    Flaw::NoCountry,
    Flaw::NoSuchOwner,
    Flaw::ListedTwice,
    Flaw::UnknownType,
    //
    Flaw::Twice,
    Flaw::NoImage,
    Flaw::ShareUnreadable,
    Flaw::Folder,
    Flaw::Undated,
    Flaw::NoOwnerSaid,
    Flaw::Orphan,
    Flaw::None,
];

/// What the account with this number is, and what is wrong with it.
pub fn plan(number: u64, flaws: bool) -> (Kind, Flaw) {
    let place = (number % PLANS.len() as u64) as usize;
    let flaw = if flaws { PLANS[place] } else { Flaw::None };
    (KINDS[place % KINDS.len()], flaw)
}
