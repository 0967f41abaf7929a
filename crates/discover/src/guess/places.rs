//! The objects of the contract, and the words that headers mark them by.
//!
//! Owner of the [`ObjectPlace`]s: the main owner, the joint owner, the mailing address. What is not marked belongs to the place
//! that needs no mark. Left out on purpose: what can stand there (`fields`).

use super::fields::Group::{self, Account, Address, Anyone, Entity, Holder, Kept, Person, Profile};
use super::words::WordSet;

/// An object of the contract that columns can belong to.
#[derive(Clone, Copy, Debug)]
pub struct ObjectPlace {
    /// What paths begin with there; `owners[]` stands for an owner that is a row of its own.
    pub prefix: &'static str,
    /// What can stand there.
    pub groups: &'static [Group],
    /// Words of which a header there has one, in each list. None: it is the place of whatever is not marked.
    pub marks: &'static [&'static [&'static str]],
    /// Words that a header there may have.
    pub may: &'static [&'static str],
}

/// The words of a place, ready to be compared.
#[derive(Clone, Debug)]
pub struct PlaceWords {
    /// Sets of words; a header there has one of each.
    pub marks: Vec<WordSet>,
    /// Words that it may have.
    pub may: WordSet,
}

impl ObjectPlace {
    pub(crate) fn ground(&self) -> PlaceWords {
        let set = |names: &[&str]| {
            let all = names.iter().map(|name| WordSet::of(name));
            all.fold(WordSet::default(), WordSet::and)
        };
        PlaceWords {
            marks: self.marks.iter().map(|marks| set(marks)).collect(),
            may: set(self.may),
        }
    }
}

const fn place(
    prefix: &'static str,
    groups: &'static [Group],
    marks: &'static [&'static [&'static str]],
    may: &'static [&'static str],
) -> ObjectPlace {
    ObjectPlace {
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
    "home",
    "legal",
    "person",
    "account",
];
/// Where each row is an owner, a partner or a holder beside others is the row's own.
const ROW: &[&str] = &[
    "primary",
    "customer",
    "owner",
    "contact",
    "current",
    "secondary",
    "home",
    "legal",
    "person",
    "account",
    "joint",
];
const HOME: &[&str] = &[
    "home",
    "primary",
    "customer",
    "legal",
    "current",
    "owner",
    "address",
    "street",
    "operating",
    "person",
    "account",
];
const JOINT: &[&str] = &["joint"];
const JOINT_MAY: &[&str] = &["owner", "customer"];
const MAIL: &[&str] = &["mail", "secondary", "billing"];
const TRUSTED: &[&str] = &["trusted"];
const WORK: &[&str] = &["employer", "employment", "entity", "business"];
const FIRM: &[&str] = &[
    "entity",
    "business",
    "customer",
    "primary",
    "account",
    "contact",
    "operating",
    "legal",
    "suitability",
    "investment",
];

const ACCOUNT: ObjectPlace = place(
    "",
    &[Account, Kept],
    &[],
    &[
        "primary",
        "customer",
        "entity",
        "owner",
        "account",
        "agreement",
    ],
);
const PROFILE: ObjectPlace = place(
    "investmentProfile.",
    &[Profile],
    &[],
    &[
        "customer",
        "owner",
        "investment",
        "account",
        "suitability",
        "primary",
    ],
);

/// Places of an export whose accounts are people's.
pub(crate) const PEOPLE: &[ObjectPlace] = &[
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

/// Places of an export whose accounts are firms', whose owners stand elsewhere.
pub(crate) const FIRMS_ALONE: &[ObjectPlace] = FIRMS.split_at(FIRMS.len() - 2).0;
/// Places of an export whose accounts are firms', their owner among them.
pub(crate) const FIRMS: &[ObjectPlace] = &[
    ACCOUNT,
    place("entity.", &[Entity], &[], FIRM),
    place(
        "entity.registeredAddress.",
        &[Address],
        &[&["registered", "legal", "formation", "home", "billing"]],
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

const FIRM_MAY: &[&str] = &[
    "entity",
    "business",
    "address",
    "primary",
    "street",
    "operating",
    "legal",
];
const OPERATING_MAY: &[&str] = &[
    "entity", "business", "address", "primary", "owner", "place", "of", "street",
];

/// Places of an export whose rows are owners.
pub(crate) const OWNERS: &[ObjectPlace] = &[
    place("", &[Account], &[], &["customer", "entity", "account"]),
    place("owners[].", &[Person, Anyone, Holder], &[], ROW),
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
pub(crate) const CONTACTS: &[ObjectPlace] = &[
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
