//! The objects of the contract, and the words that headers mark them by.
//!
//! Owner of the [`ObjectPlace`]s: the main owner, the joint owner, the mailing address. What is not marked belongs to the place
//! that needs no mark. Left out on purpose: what can stand there (`fields`).

use std::sync::LazyLock;

use super::fields::Group::{
    self, Account, Address, Anyone, Entity, Holder, Kept, Part, Person, Profile,
};
use super::words::WordSet;

/// An object of the contract that columns can belong to. Words are those of `words`, parted by strokes.
#[derive(Clone, Copy, Debug)]
pub struct ObjectPlace {
    /// What paths begin with there; `owners[]` stands for an owner that is a row of its own.
    pub prefix: &'static str,
    /// What can stand there.
    pub groups: &'static [Group],
    /// Words of which a header there has one, in each text. None: it is the place of whatever is not marked.
    pub marks: &'static [&'static str],
    /// Words that a header there may have.
    pub may: &'static str,
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
        PlaceWords {
            marks: self.marks.iter().map(|words| WordSet::of(words)).collect(),
            may: WordSet::of(self.may),
        }
    }
}

const fn place(
    prefix: &'static str,
    groups: &'static [Group],
    marks: &'static [&'static str],
    may: &'static str,
) -> ObjectPlace {
    ObjectPlace {
        prefix,
        groups,
        marks,
        may,
    }
}

const SELF: &str = "primary/customer/owner/contact/current/secondary/home/legal/person/account";
/// Where each row is an owner, a partner or a holder beside others is the row's own.
const ROW: &str =
    "primary/customer/owner/contact/current/secondary/home/legal/person/account/joint";
const HOME: &str =
    "home/primary/customer/legal/current/owner/address/street/operating/person/account";
const CONTACT: &str = "contact/trusted/mail/home/address";
const BUSINESS: &str = "business/address";
const FIRM: &str =
    "entity/business/customer/primary/account/contact/operating/legal/suitability/investment";
const FIRM_HOME: &str = "entity/business/address/primary/street/operating/legal";
const FIRM_PLACE: &str = "entity/business/address/primary/owner/place/of/street";
const MAIL: &str = "mail/secondary/billing";
const WORK: &str = "employer/employment/entity/business";

const ACCOUNT: ObjectPlace = place(
    "",
    &[Account, Kept],
    &[],
    "primary/customer/entity/owner/account/agreement",
);

/// The account of a row that is an owner or a contact.
const ACCOUNT_OF: ObjectPlace = place("", &[Account], &[], "customer/entity/account");

/// Places of an export whose accounts are people's.
#[rustfmt::skip] // a table: one row a line
pub(crate) const PEOPLE: &[ObjectPlace] = &[
    ACCOUNT,
    place("investmentProfile.", &[Profile], &[], "customer/owner/investment/account/suitability/primary"),
    place("owners[0].", &[Person, Anyone], &[], SELF),
    place("owners[0].identity.personalAddress.", &[Address], &[], HOME),
    place("owners[0].mailingAddress.", &[Address], &[MAIL], HOME),
    place("owners[0].identity.employment.employerAddress.", &[Address], &[WORK], BUSINESS),
    place("owners[1].", &[Person, Anyone], &["joint"], "owner/customer"),
    place("owners[1].identity.personalAddress.", &[Address], &["joint"], HOME),
    place("owners[1].mailingAddress.", &[Address], &["joint", MAIL], HOME),
    place("owners[1].identity.employment.employerAddress.", &[Address], &["joint", WORK], HOME),
    place("trustedContacts[0].", &[Anyone], &["trusted"], "contact/owner"),
    place("trustedContacts[0].mailingAddress.", &[Address], &["trusted"], CONTACT),
];

/// The same, where several rows are one account: each says itself what its owner is.
pub(crate) static GROUPED: LazyLock<Vec<ObjectPlace>> = LazyLock::new(|| {
    let part = |place: &ObjectPlace| match place.prefix {
        "owners[0]." => ObjectPlace {
            groups: &[Person, Anyone, Part],
            ..*place
        },
        _ => *place,
    };
    PEOPLE.iter().map(part).collect()
});

/// Places of an export whose accounts are firms', whose owners stand elsewhere.
pub(crate) const FIRMS_ALONE: &[ObjectPlace] = FIRMS.split_at(FIRMS.len() - 2).0;
/// Places of an export whose accounts are firms', their owner among them.
#[rustfmt::skip] // a table: one row a line
pub(crate) const FIRMS: &[ObjectPlace] = &[
    ACCOUNT,
    place("entity.", &[Entity], &[], FIRM),
    place("entity.registeredAddress.", &[Address], &["registered/legal/formation/home/billing"], FIRM_HOME),
    place("entity.operatingAddress.", &[Address], &["operating/business/mail/place"], FIRM_PLACE),
    place("owners[0].", &[Person, Anyone, Holder, Part], &["owner/contact/primary"], SELF),
    place("owners[0].identity.personalAddress.", &[Address], &["owner/contact"], HOME),
];

/// Places of an export whose rows are owners.
#[rustfmt::skip] // a table: one row a line
pub(crate) const OWNERS: &[ObjectPlace] = &[
    ACCOUNT_OF,
    place("owners[].", &[Person, Anyone, Holder, Part], &[], ROW),
    place("owners[].identity.personalAddress.", &[Address], &[], HOME),
    place("owners[].mailingAddress.", &[Address], &[MAIL], HOME),
    place("owners[].identity.employment.employerAddress.", &[Address], &[WORK], BUSINESS),
];

/// Places of an export whose rows are trusted contacts.
pub(crate) const CONTACTS: &[ObjectPlace] = &[
    ACCOUNT_OF,
    place(
        "trustedContacts[].",
        &[Anyone],
        &[],
        "contact/owner/trusted/primary",
    ),
    place(
        "trustedContacts[].mailingAddress.",
        &[Address],
        &[],
        CONTACT,
    ),
];
