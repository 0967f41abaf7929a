//! What the sandbox accepts as a document's metadata, and what it wants to see before it screens a business.
//!
//! Owner: the sandbox. Invariants: as in `contract`, strict and shared with nobody. What the entity's own documents are
//! and what a screening needs is told in the guide's words, type by type. Left out on purpose: which due-diligence
//! document a file is and who owns how much: the service is never told either.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::check::{Findings, Path};
use super::config::Dialect;
use super::contract::{ValueForm, may, must};
use super::ledger::UploadClaims;

/// Types that both spellings of the contract have.
const OF_BOTH: [&str; 10] = [
    "PASSPORT",
    "DRIVERS_LICENSE",
    "IDENTIFICATION_CARD",
    "SOCIAL_SECURITY_CARD",
    "VISA",
    "W_8BEN_FORM",
    "TRUST_CERTIFICATION",
    INCORPORATION,
    OWNERSHIP,
    DILIGENCE,
];

/// Types that only the reference has.
const OF_REFERENCE: [&str; 9] = [
    "PASSPORT_CARD",
    "PROOF_OF_ENTITY_ADDRESS",
    "PROOF_OF_ENTITY_EIN_TAX_ID",
    "PROOF_OF_PERSONAL_TAX_ID",
    "PROOF_OF_RESIDENTIAL_ADDRESS",
    "RAW_CDD_DATA",
    "RAW_CIP_DATA",
    "SOURCE_OF_FUNDS",
    "TRANSFER_ON_DEATH",
];

const INCORPORATION: &str = "CERTIFICATE_OF_INCORPORATION";
const OWNERSHIP: &str = "CERTIFICATE_OF_BENEFICIAL_OWNERS";
const DILIGENCE: &str = "ENTITY_DUE_DILIGENCE";

/// Papers about the business itself, never about a person.
const OF_THE_BUSINESS: [&str; 3] = [INCORPORATION, OWNERSHIP, DILIGENCE];

const SIDES: [&str; 3] = ["FRONT", "BACK", "UNSPECIFIED"];

/// The whole metadata.
pub(super) static METADATA: ValueForm = ValueForm::Object(
    &[
        must("clientDocumentId", ValueForm::Uuid),
        must("account", ValueForm::AccountId),
        must("documentType", ValueForm::DocumentType),
        may("documentSide", ValueForm::OneOf(&SIDES)),
        may("clientOwnerId", ValueForm::Text),
        may("description", ValueForm::Text),
        may("documentExpiration", ValueForm::DateTime),
        may("issueCountry", ValueForm::Country),
    ],
    Some(fits_together),
);

/// Whether the dialect has this type.
pub(super) fn is_type(text: &str, dialect: Dialect) -> bool {
    OF_BOTH.contains(&text) || dialect == Dialect::Reference && OF_REFERENCE.contains(&text)
}

/// The type and the side as words of the contract; anything else is nothing.
pub(super) fn words(metadata: &Value) -> (Option<&'static str>, Option<&'static str>) {
    let word = |known: &[&'static str], name: &str| {
        let said = metadata.get(name).and_then(Value::as_str);
        known.iter().copied().find(|word| Some(*word) == said)
    };
    let kind = |known| word(known, "documentType");
    (
        kind(&OF_BOTH).or_else(|| kind(&OF_REFERENCE)),
        word(&SIDES, "documentSide"),
    )
}

fn fits_together(
    metadata: &Map<String, Value>,
    _: Dialect,
    path: &Path<'_>,
    findings: &mut Findings,
) {
    let text = |name: &str| metadata.get(name).and_then(Value::as_str);
    let expiration = text("documentExpiration").and_then(|text| text.parse::<Timestamp>().ok());
    let day = |time: Timestamp| time.to_zoned(TimeZone::UTC).date();
    // It is good for all of its last day.
    if expiration.is_some_and(|time| day(time) < day(Timestamp::now())) {
        let given = &metadata["documentExpiration"];
        findings.bad(path, Some("documentExpiration"), "is in the past", given);
    }
    if !text("documentType").is_some_and(|kind| OF_THE_BUSINESS.contains(&kind)) {
        return;
    }
    if let Some(owner) = metadata.get("clientOwnerId") {
        let complaint = "stands with a document of the entity itself";
        findings.add("NOT_ALLOWED", path, Some("clientOwnerId"), complaint, owner);
    }
    let side = metadata.get("documentSide").unwrap_or(&Value::Null);
    if side != "FRONT" {
        let complaint = "is not FRONT on a document of the entity itself";
        findings.bad(path, Some("documentSide"), complaint, side);
    }
    if !metadata.contains_key("issueCountry") {
        let complaint = "is required on a document of the entity itself";
        findings.add(
            "MISSING",
            path,
            Some("issueCountry"),
            complaint,
            &Value::Null,
        );
    }
}

/// Whether the account's request names this owner.
pub(super) fn has_owner(request: &Value, owner: &str) -> bool {
    let owners = request.get("owners").and_then(Value::as_array);
    let mut ids = owners.into_iter().flatten();
    ids.any(|one| one.get("clientOwnerId").and_then(Value::as_str) == Some(owner))
}

/// What a screening of this account lacks, in words; nothing when it can start.
pub(super) fn lacks(
    request: &Value,
    documents: &[std::sync::Arc<UploadClaims>],
) -> Vec<&'static str> {
    match request.get("accountType").and_then(Value::as_str) {
        None | Some("INDIVIDUAL") => {
            return vec!["an account of a business, a trust or a custodian"];
        }
        Some(_) => {}
    }
    let own = |kind: &str| {
        let mut own = documents.iter().filter(|about| about.owner.is_none());
        own.any(|about| about.kind == Some(kind))
    };
    let mut lacking = Vec::new();
    for kind in OF_THE_BUSINESS {
        if !own(kind) {
            lacking.push(kind);
        }
    }
    let of_a_person = |owner: &str, kind: &str, fits: &dyn Fn(Option<&str>) -> bool| {
        documents.iter().any(|about| {
            about.owner.as_deref() == Some(owner) && about.kind == Some(kind) && fits(about.side)
        })
    };
    let known = |owner: &str| {
        of_a_person(owner, "PASSPORT", &|side| side != Some("BACK"))
            || of_a_person(owner, "DRIVERS_LICENSE", &|side| side == Some("FRONT"))
                && of_a_person(owner, "DRIVERS_LICENSE", &|side| side == Some("BACK"))
    };
    let mut owners = documents.iter().filter_map(|about| about.owner.as_deref());
    if !owners.any(known) {
        lacking.push("a passport, or both sides of a driver's licence, of an owner");
    }
    lacking
}
