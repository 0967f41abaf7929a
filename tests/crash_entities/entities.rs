//! The migration folder of the crash test with documents and KYB: businesses, their owners in a second export, and a
//! manifest of small files.
//!
//! Owner of what must come of it: which documents are whose, and which businesses are complete. Of every four one lacks
//! something, another thing each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use fastrand::Rng;

const SETTINGS: &str = r#"
[source]
file = "accounts.csv"
mapping = "mapping.toml"

[source.owners]
file = "owners.csv"
mapping = "owners.toml"
key = "ENTITY"
account_key = "ID"

[accounts]
allow_unissued_tax_ids = true

[documents]
root = "documents"
manifest = "documents.csv"
mapping = "documents.toml"

[limits]
create = "unlimited"
lookup = "unlimited"
upload = "unlimited"
kyb = "unlimited"
in_flight = 24
uploads_in_flight = 24

[retry]
request_timeout = "400ms"
upload_timeout = "400ms"
settle_after = "1500ms"
attempts = 1000
backoff_first = "20ms"
backoff_most = "200ms"
breaker = 1000000

[grace]
days = 30
"#;

const MAPPING: &str = r#"
account_type = "ENTITY"
[fields]
clientAccountId = "ID"
"entity.entityLegalName" = "NAME"
"entity.entityType" = { const = "LLC" }
"entity.entityTaxId" = { const = "001234567" }
"entity.entityEmailAddress" = { const = "office@example.com" }
"entity.entityPhoneNumber" = { const = "+13125550123" }
"entity.operatingIndustry" = { const = "Boat yards" }
"entity.registeredAddress.streetAddress" = { const = "1 Harbor Way" }
"entity.registeredAddress.city" = { const = "Springfield" }
"entity.registeredAddress.state" = { const = "IL" }
"entity.registeredAddress.postalCode" = { const = "62701" }
"entity.registeredAddress.country" = { const = "USA" }
"entity.operatingAddress.streetAddress" = { const = "1 Harbor Way" }
"entity.operatingAddress.city" = { const = "Springfield" }
"entity.operatingAddress.state" = { const = "IL" }
"entity.operatingAddress.postalCode" = { const = "62701" }
"entity.operatingAddress.country" = { const = "USA" }
"#;

const OWNERS: &str = r#"
[fields]
"owners[].clientOwnerId" = "OWNER"
"owners[].role" = "ROLE"
"owners[].ownership_percent" = "SHARE"
"owners[].manages_entity" = { column = "MANAGES", yes_no = true }
"owners[].emailAddress" = { const = "owner@example.com" }
"owners[].identity.givenName" = "GIVEN"
"owners[].identity.familyName" = "FAMILY"
"owners[].identity.dateOfBirth" = { const = "1971-03-04" }
"owners[].identity.taxId" = { const = "900123456" }
"owners[].identity.taxIdType" = { const = "SSN" }
"owners[].identity.personalAddress.streetAddress" = { const = "2 Harbor Way" }
"owners[].identity.personalAddress.city" = { const = "Springfield" }
"owners[].identity.personalAddress.state" = { const = "IL" }
"owners[].identity.personalAddress.postalCode" = { const = "62701" }
"owners[].identity.personalAddress.country" = { const = "USA" }
"#;

const DOCUMENTS: &str = r#"
[fields]
clientAccountId = "ENTITY"
clientOwnerId = "OWNER"
file = "FILE"
documentType = "TYPE"
documentSide = "SIDE"
issueCountry = { const = "USA" }
kyb_item = { column = "ITEM", split = { by = ";" } }
"#;

/// The documents of a complete business: owner (0: none), type, side, what it is for KYB.
const GIVEN: [(usize, &str, &str, &str); 7] = [
    (0, "CERTIFICATE_OF_INCORPORATION", "FRONT", ""),
    (
        0,
        "ENTITY_DUE_DILIGENCE",
        "FRONT",
        "governing_documents;shareholder_registry",
    ),
    (0, "ENTITY_DUE_DILIGENCE", "FRONT", "organization_chart"),
    (0, "CERTIFICATE_OF_BENEFICIAL_OWNERS", "FRONT", ""),
    (1, "PASSPORT", "FRONT", ""),
    (2, "DRIVERS_LICENSE", "FRONT", ""),
    (2, "DRIVERS_LICENSE", "BACK", ""),
];

/// One document as Bakkt must have it in the end: account, owner, type, side, hash of the file.
pub type Document = (String, Option<String>, String, String, String);

/// What must come of the migration.
pub struct Expected {
    pub accounts: BTreeSet<String>,
    pub documents: BTreeSet<Document>,
    pub complete: BTreeSet<String>,
}

/// Writes the folder.
pub fn write(folder: &Path, businesses: usize, seed: u64) -> Expected {
    let mut rng = Rng::with_seed(seed);
    let (mut accounts, mut owners) = (String::from("ID,NAME\n"), Vec::new());
    let mut manifest = String::from("ENTITY,OWNER,FILE,TYPE,SIDE,ITEM\n");
    let mut expected = Expected {
        accounts: BTreeSet::new(),
        documents: BTreeSet::new(),
        complete: BTreeSet::new(),
    };
    fs::create_dir(folder.join("documents")).unwrap();
    for number in 0..businesses {
        let id = format!("E{number:05}");
        writeln!(accounts, "{id},Yard {number} LLC").unwrap();
        for (place, (role, share, manages)) in [
            ("PRIMARY_OWNER", "60", "Y"),
            ("BENEFICIAL_OWNER", "25.5", "N"),
            ("BENEFICIAL_OWNER", "14.5", "N"),
        ]
        .into_iter()
        .enumerate()
        {
            let owner = place + 1;
            owners.push(format!(
                "{id},{id}-{owner},{role},{share},{manages},Pat,Invented\n"
            ));
        }
        let lacks = (number % 4 == 0).then_some(number / 4 % GIVEN.len());
        if lacks.is_none() {
            expected.complete.insert(id.clone());
        }
        for (place, (owner, kind, side, item)) in GIVEN.into_iter().enumerate() {
            if lacks == Some(place) {
                continue;
            }
            let content = format!(
                "%PDF-1.4\n% {id} {place} {}\n",
                "x".repeat(rng.usize(0..4000))
            );
            let file = format!("{id}-{place}.pdf");
            fs::write(folder.join("documents").join(&file), &content).unwrap();
            let owner = (owner > 0).then(|| format!("{id}-{owner}"));
            let named = owner.as_deref().unwrap_or_default();
            writeln!(manifest, "{id},{named},{file},{kind},{side},{item}").unwrap();
            let hash = blake3::hash(content.as_bytes()).to_hex().to_string();
            expected
                .documents
                .insert((id.clone(), owner, kind.into(), side.into(), hash));
        }
        expected.accounts.insert(id);
    }
    rng.shuffle(&mut owners);
    let files = BTreeMap::from([
        ("migration.toml", SETTINGS.to_owned()),
        ("mapping.toml", MAPPING.to_owned()),
        ("owners.toml", OWNERS.to_owned()),
        ("documents.toml", DOCUMENTS.to_owned()),
        ("accounts.csv", accounts),
        (
            "owners.csv",
            format!(
                "ENTITY,OWNER,ROLE,SHARE,MANAGES,GIVEN,FAMILY\n{}",
                owners.concat()
            ),
        ),
        ("documents.csv", manifest),
    ]);
    for (name, text) in files {
        fs::write(folder.join(name), text).unwrap();
    }
    expected
}
