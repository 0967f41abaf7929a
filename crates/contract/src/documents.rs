//! Documents and what KYB asks for (contract, section 5), as data.
//!
//! Owner of the document types and sides, of the derived clientDocumentId, and of the KYB checklist: which documents
//! prove which item, and what an account still lacks. Local fields (`kyb_item`, `ownership_percent`,
//! `manages_entity`) end here as bits; they are never sent.
//! Left out on purpose: reading files and manifests (`documents`), and when KYB is triggered (`journal`).

use uuid::Uuid;

use super::account::leaf;
use super::{Field, Form, Level};

/// The guide's document types, and behind them those that only the reference dialect has.
pub const TYPES: &[(&str, bool)] = &[
    ("DRIVERS_LICENSE", true),
    ("IDENTIFICATION_CARD", true),
    ("PASSPORT", true),
    ("SOCIAL_SECURITY_CARD", true),
    ("TRUST_CERTIFICATION", true),
    ("ENTITY_DUE_DILIGENCE", true),
    ("VISA", true),
    ("W_8BEN_FORM", true),
    ("CERTIFICATE_OF_INCORPORATION", true),
    ("CERTIFICATE_OF_BENEFICIAL_OWNERS", true),
    ("RAW_CIP_DATA", false),
    ("RAW_CDD_DATA", false),
    ("PASSPORT_CARD", false),
    ("PROOF_OF_ENTITY_ADDRESS", false),
    ("PROOF_OF_ENTITY_EIN_TAX_ID", false),
    ("PROOF_OF_RESIDENTIAL_ADDRESS", false),
    ("PROOF_OF_PERSONAL_TAX_ID", false),
    ("SOURCE_OF_FUNDS", false),
    ("TRANSFER_ON_DEATH", false),
];

const fn names<const COUNT: usize>(table: &[(&'static str, bool)]) -> [&'static str; COUNT] {
    let mut names = [""; COUNT];
    let mut at = 0;
    while at < COUNT {
        names[at] = table[at].0;
        at += 1;
    }
    names
}

/// The names of all document types, the guide's first.
pub const TYPE_NAMES: &[&str] = &names::<{ TYPES.len() }>(TYPES);

/// So many of [`TYPES`] are the guide's.
const OF_GUIDE: usize = 10;

/// The names of the guide's document types.
pub const GUIDE_TYPE_NAMES: &[&str] = &names::<OF_GUIDE>(TYPES);

/// Documents about the entity itself; these never have an owner.
pub const ENTITY_TYPES: &[&str] = &[
    "ENTITY_DUE_DILIGENCE",
    "CERTIFICATE_OF_INCORPORATION",
    "CERTIFICATE_OF_BENEFICIAL_OWNERS",
    "PROOF_OF_ENTITY_ADDRESS",
    "PROOF_OF_ENTITY_EIN_TAX_ID",
];

/// Documents about a person; these have an owner.
pub const OWNER_TYPES: &[&str] = &[
    "DRIVERS_LICENSE",
    "IDENTIFICATION_CARD",
    "PASSPORT",
    "PASSPORT_CARD",
    "SOCIAL_SECURITY_CARD",
    "VISA",
    "W_8BEN_FORM",
];

/// The sides of a document; a double-sided one is two uploads.
pub const SIDES: &[&str] = &["FRONT", "BACK", "UNSPECIFIED"];

/// The metadata of an upload, as far as it matters for what may be repeated of it.
pub(crate) const METADATA: &[Field] = &[
    leaf("clientDocumentId", Level::W, Form::Text),
    leaf("account", Level::W, Form::ClientId),
    leaf("documentType", Level::W, Form::OneOf(TYPE_NAMES)),
    leaf("documentSide", Level::O, Form::OneOf(SIDES)),
    leaf("issueCountry", Level::O, Form::Country),
    leaf("clientOwnerId", Level::O, Form::OwnerId),
    leaf("description", Level::O, Form::Text),
    leaf("documentExpiration", Level::O, Form::DateTime),
];

/// Account types whose accounts need KYB, unless `[policy]` says otherwise.
pub const KYB_ACCOUNT_TYPES: &[&str] = &["ENTITY", "ENTITY_PERSONAL_TRUST", "CUSTODIAL"];

/// What one document counts for; bits of `document.proves`.
pub mod proof {
    /// Certificate of incorporation or formation.
    pub const INCORPORATION: u32 = 1;
    /// Bylaws, articles of association or operating agreement.
    pub const GOVERNING: u32 = 2;
    /// Shareholder registry.
    pub const REGISTRY: u32 = 4;
    /// Organization chart.
    pub const CHART: u32 = 8;
    /// Certificate of beneficial owners.
    pub const BENEFICIAL_OWNERS: u32 = 16;
    /// A passport, of an owner.
    pub(crate) const PASSPORT: u32 = 32;
    /// The front of a driver's licence, of an owner.
    pub const LICENSE_FRONT: u32 = 64;
    /// Its back.
    pub const LICENSE_BACK: u32 = 128;
    /// Another identity document of an owner: enough for a non-U.S. person, not for KYB.
    pub(crate) const OTHER_IDENTITY: u32 = 256;
}

/// Facts about one owner; bits of `owner.flags`.
pub mod owner {
    /// Owns more than 25 %.
    pub const ABOVE_25: u32 = 1;
    /// Manages the entity.
    pub const MANAGES: u32 = 2;
    /// How much they own is not known.
    pub const SHARE_UNKNOWN: u32 = 4;
    /// No U.S. person.
    pub const FOREIGN: u32 = 8;
}

/// The words of the local field `kyb_item`, and what each proves.
pub const KYB_ITEMS: &[(&str, u32)] = &[
    ("governing_documents", proof::GOVERNING),
    ("shareholder_registry", proof::REGISTRY),
    ("organization_chart", proof::CHART),
];

/// The words of `kyb_item` alone.
pub const KYB_ITEM_NAMES: &[&str] = &[KYB_ITEMS[0].0, KYB_ITEMS[1].0, KYB_ITEMS[2].0];

/// The account's own items of the checklist.
const OWN_ITEMS: &[(u32, &str)] = &[
    (
        proof::INCORPORATION,
        "certificate of incorporation or formation",
    ),
    (
        proof::GOVERNING,
        "bylaws, articles of association or operating agreement",
    ),
    (proof::REGISTRY, "shareholder registry"),
    (proof::CHART, "organization chart"),
    (proof::BENEFICIAL_OWNERS, "certificate of beneficial owners"),
];

/// What a document of this type and side proves, with the bits of its `kyb_item`s; `of_owner`: it is an owner's.
pub fn proves(document_type: &str, side: Option<&str>, items: u32, of_owner: bool) -> u32 {
    match (document_type, side, of_owner) {
        ("CERTIFICATE_OF_INCORPORATION", _, false) => proof::INCORPORATION,
        ("CERTIFICATE_OF_BENEFICIAL_OWNERS", _, false) => proof::BENEFICIAL_OWNERS,
        ("ENTITY_DUE_DILIGENCE", _, false) => items,
        ("PASSPORT", Some("BACK"), true) => proof::OTHER_IDENTITY,
        ("PASSPORT", _, true) => proof::PASSPORT,
        ("DRIVERS_LICENSE", Some("FRONT"), true) => proof::LICENSE_FRONT,
        ("DRIVERS_LICENSE", Some("BACK"), true) => proof::LICENSE_BACK,
        ("DRIVERS_LICENSE" | "IDENTIFICATION_CARD" | "PASSPORT_CARD", _, true) => {
            proof::OTHER_IDENTITY
        }
        _ => 0,
    }
}

/// Any of these is an identity document.
pub const IDENTITY: u32 =
    proof::PASSPORT | proof::LICENSE_FRONT | proof::LICENSE_BACK | proof::OTHER_IDENTITY;

/// One owner as the checklist sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnerFlags {
    /// Place in the account, from 0.
    pub place: u32,
    /// Bits of [`owner`].
    pub flags: u32,
}

/// One line of an account's checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChecklistItem {
    /// The name of the item.
    pub name: &'static str,
    /// The owner that it is about, by place; none: the account itself, or nobody who could be named.
    pub place: Option<u32>,
    /// Whether the documents prove it.
    pub there: bool,
}

/// The checklist of an account with these owners, against documents given as (owner's place, what it proves).
pub fn checklist(owners: &[OwnerFlags], documents: &[(Option<u32>, u32)]) -> Vec<ChecklistItem> {
    let proven = |place: Option<u32>| {
        documents
            .iter()
            .filter(|(whose, _)| *whose == place)
            .fold(0, |bits, (_, proves)| bits | proves)
    };
    let identified = |place: u32| {
        let bits = proven(Some(place));
        bits & proof::PASSPORT != 0
            || bits & proof::LICENSE_FRONT != 0 && bits & proof::LICENSE_BACK != 0
    };
    let own = proven(None);
    let mut items: Vec<ChecklistItem> = OWN_ITEMS
        .iter()
        .map(|(bit, name)| ChecklistItem {
            name,
            place: None,
            there: own & bit != 0,
        })
        .collect();
    for who in owners {
        if who.flags & owner::SHARE_UNKNOWN != 0 {
            items.push(ChecklistItem {
                name: "how much this owner owns (ownership_percent)",
                place: Some(who.place),
                there: false,
            });
        }
        if who.flags & owner::ABOVE_25 != 0 {
            items.push(ChecklistItem {
                name: "passport or driver's licence (both sides) of an owner above 25 %",
                place: Some(who.place),
                there: identified(who.place),
            });
        }
    }
    let managers = || owners.iter().filter(|who| who.flags & owner::MANAGES != 0);
    items.push(match managers().next() {
        None => ChecklistItem {
            name: "one person who manages the entity (manages_entity)",
            place: None,
            there: false,
        },
        Some(first) => {
            let who = managers()
                .find(|who| identified(who.place))
                .unwrap_or(first);
            ChecklistItem {
                name: "passport or driver's licence (both sides) of one person who manages the entity",
                place: Some(who.place),
                there: identified(who.place),
            }
        }
    });
    items
}

/// Namespace of derived clientDocumentIds. It never changes: the same file of the same owner has the same id forever.
const NAMESPACE: Uuid = Uuid::from_u128(0x8f1c_62d7_04b9_5e33_b1a8_7d50_e96f_2c1b);

/// clientDocumentId: UUIDv5 of account, owner, type, side and content (BLAKE3). Parts are parted by their lengths, so
/// that no two sets of them make the same text.
pub fn client_document_id(
    account: &str,
    client_owner_id: Option<&str>,
    document_type: &str,
    side: Option<&str>,
    content: &[u8; 32],
) -> Uuid {
    let mut name = Vec::with_capacity(128);
    for part in [Some(account), client_owner_id, Some(document_type), side] {
        match part {
            Some(text) => {
                name.extend_from_slice(&(text.len() as u64).to_be_bytes());
                name.extend_from_slice(text.as_bytes());
            }
            None => name.extend_from_slice(&u64::MAX.to_be_bytes()),
        }
    }
    name.extend_from_slice(content);
    Uuid::new_v5(&NAMESPACE, &name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checklist_is_complete_only_with_everything() {
        let owners = [
            OwnerFlags {
                place: 0,
                flags: owner::ABOVE_25 | owner::MANAGES,
            },
            OwnerFlags {
                place: 1,
                flags: owner::ABOVE_25,
            },
            OwnerFlags { place: 2, flags: 0 },
        ];
        let all = [
            (None, proof::INCORPORATION),
            (None, proof::GOVERNING | proof::REGISTRY),
            (None, proof::CHART),
            (None, proof::BENEFICIAL_OWNERS),
            (Some(0), proof::PASSPORT),
            (Some(1), proof::LICENSE_FRONT),
            (Some(1), proof::LICENSE_BACK),
        ];
        assert!(checklist(&owners, &all).iter().all(|item| item.there));
        for left_out in 0..all.len() {
            let mut some = all.to_vec();
            some.remove(left_out);
            assert!(
                !checklist(&owners, &some).iter().all(|item| item.there),
                "{left_out}"
            );
        }
        let unknown = [OwnerFlags {
            place: 0,
            flags: owner::SHARE_UNKNOWN | owner::MANAGES,
        }];
        assert!(!checklist(&unknown, &all).iter().all(|item| item.there));
        assert!(!checklist(&owners[1..], &all).iter().all(|item| item.there));
    }

    #[test]
    fn names_are_those_of_the_tables() {
        assert!(TYPES[..OF_GUIDE].iter().all(|(_, guide)| *guide));
        assert!(!TYPES[OF_GUIDE..].iter().any(|(_, guide)| *guide));
        assert_eq!(KYB_ITEM_NAMES.len(), KYB_ITEMS.len());
        for name in ENTITY_TYPES.iter().chain(OWNER_TYPES) {
            assert!(TYPE_NAMES.contains(name), "{name}");
        }
    }

    #[test]
    fn ids_differ_in_every_part() {
        let id = |a, o, t, s, c| client_document_id(a, o, t, s, &[c; 32]);
        let one = id("A", Some("B"), "PASSPORT", Some("FRONT"), 1);
        assert_eq!(one, id("A", Some("B"), "PASSPORT", Some("FRONT"), 1));
        for other in [
            id("AB", None, "PASSPORT", Some("FRONT"), 1),
            id("A", None, "PASSPORT", Some("FRONT"), 1),
            id("A", Some("B"), "PASSPORT", Some("BACK"), 1),
            id("A", Some("B"), "PASSPORT", None, 1),
            id("A", Some("B"), "VISA", Some("FRONT"), 1),
            id("A", Some("B"), "PASSPORT", Some("FRONT"), 2),
            id("A", Some(""), "PASSPORT", Some("FRONT"), 1),
        ] {
            assert_ne!(one, other);
        }
    }
}
