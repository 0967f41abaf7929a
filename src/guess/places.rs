//! The objects of the contract, and the words that headers mark them by.
//!
//! Owner of the [`Place`]s: the main owner, the joint owner, the mailing address. What is not marked belongs to the place
//! that needs no mark. Left out on purpose: what can stand there (`fields`).

use super::fields::Group::{self, Account, Address, Anyone, Entity, Holder, Person, Profile};

/// An object of the contract that columns can be of.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// What paths begin with there; `owners[]` stands for an owner that is a row of its own.
    pub prefix: &'static str,
    /// What can stand there.
    pub groups: &'static [Group],
    /// Words of which a header there has one, in each list. None: it is the place of whatever is not marked.
    pub marks: &'static [&'static [&'static str]],
    /// Words that a header there may have.
    pub may: &'static [&'static str],
}

const fn place(
    prefix: &'static str,
    groups: &'static [Group],
    marks: &'static [&'static [&'static str]],
    may: &'static [&'static str],
) -> Place {
    Place {
        prefix,
        groups,
        marks,
        may,
    }
}

const SELF: &[&str] = &[
    "primary",
    "customer",
    "owner",
    "contact",
    "current",
    "secondary",
];
const HOME: &[&str] = &[
    "home", "primary", "customer", "legal", "current", "owner", "address", "street",
];
const JOINT: &[&str] = &["joint"];
const JOINT_MAY: &[&str] = &["owner", "customer"];
const MAIL: &[&str] = &["mail"];
const TRUSTED: &[&str] = &["trusted"];
const WORK: &[&str] = &["employer", "employment"];
const FIRM: &[&str] = &["entity", "business", "customer", "primary", "account"];

const ACCOUNT: Place = place(
    "",
    &[Account],
    &[],
    &["primary", "customer", "entity", "owner", "account"],
);
const PROFILE: Place = place(
    "investmentProfile.",
    &[Profile],
    &[],
    &["customer", "owner", "investment", "account"],
);

/// Places of an export whose accounts are people's.
pub const PEOPLE: &[Place] = &[
    ACCOUNT,
    PROFILE,
    place("owners[0].", &[Person, Anyone], &[], SELF),
    place("owners[0].identity.personalAddress.", &[Address], &[], HOME),
    place("owners[0].mailingAddress.", &[Address], &[MAIL], HOME),
    place(
        "owners[0].identity.employment.employerAddress.",
        &[Address],
        &[WORK],
        &["business", "address"],
    ),
    place("owners[1].", &[Person, Anyone], &[JOINT], JOINT_MAY),
    place(
        "owners[1].identity.personalAddress.",
        &[Address],
        &[JOINT],
        HOME,
    ),
    place(
        "owners[1].mailingAddress.",
        &[Address],
        &[JOINT, MAIL],
        HOME,
    ),
    place(
        "owners[1].identity.employment.employerAddress.",
        &[Address],
        &[JOINT, WORK],
        HOME,
    ),
    place(
        "trustedContacts[0].",
        &[Anyone],
        &[TRUSTED],
        &["contact", "owner"],
    ),
    place(
        "trustedContacts[0].mailingAddress.",
        &[Address],
        &[TRUSTED],
        &["contact", "mail", "address", "home"],
    ),
];

/// Places of an export whose accounts are firms'.
pub const FIRMS: &[Place] = &[
    ACCOUNT,
    place("entity.", &[Entity], &[], FIRM),
    place(
        "entity.registeredAddress.",
        &[Address],
        &[&["registered", "legal", "formation", "home"]],
        FIRM_MAY,
    ),
    place(
        "entity.operatingAddress.",
        &[Address],
        &[&["operating", "business", "mail", "place"]],
        OPERATING_MAY,
    ),
    place(
        "owners[0].",
        &[Person, Anyone, Holder],
        &[&["owner", "contact", "primary"]],
        SELF,
    ),
    place(
        "owners[0].identity.personalAddress.",
        &[Address],
        &[&["owner", "contact"]],
        HOME,
    ),
];

const FIRM_MAY: &[&str] = &["entity", "business", "address", "primary", "street"];
const OPERATING_MAY: &[&str] = &[
    "entity", "business", "address", "primary", "owner", "place", "of", "street",
];

/// Places of an export whose rows are owners.
pub const OWNERS: &[Place] = &[
    place("", &[Account], &[], &["customer", "entity", "account"]),
    place("owners[].", &[Person, Anyone, Holder], &[], SELF),
    place("owners[].identity.personalAddress.", &[Address], &[], HOME),
    place("owners[].mailingAddress.", &[Address], &[MAIL], HOME),
    place(
        "owners[].identity.employment.employerAddress.",
        &[Address],
        &[WORK],
        &["business", "address"],
    ),
];

/// Places of an export whose rows are trusted contacts.
pub const CONTACTS: &[Place] = &[
    place("", &[Account], &[], &["customer", "entity", "account"]),
    place(
        "trustedContacts[].",
        &[Anyone],
        &[],
        &["contact", "owner", "trusted", "primary"],
    ),
    place(
        "trustedContacts[].mailingAddress.",
        &[Address],
        &[],
        &["contact", "trusted", "mail", "home", "address"],
    ),
];
