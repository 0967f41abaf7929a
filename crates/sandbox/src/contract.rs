//! What the sandbox accepts in a create call: the contract of an account, stated a second time as tables.
//!
//! Owner: the sandbox. Invariants: strict (an unknown, empty or ill-formed field is a finding; an object that is
//! present is whole); nothing is shared with the client, so that agreement between the two means something.
//! Left out on purpose: what policy can move (tax id of U.S. persons, postal code, the grace fields). Entities are in
//! `contract_entity`; how the tables are applied is in `check`.

use serde_json::{Map, Value};

use super::check::{Findings, Path};
use super::config::Dialect;
use super::contract_entity::{ENTITY, TYPES, fits_type};

/// A rule over a whole object, for what one field alone cannot show.
pub(super) type ObjectRule = fn(&Map<String, Value>, Dialect, &Path<'_>, &mut Findings);

/// The form of one value.
pub(super) enum ValueForm {
    /// Text that is not blank.
    Text,
    /// Text that is not blank, of at most so many characters.
    Name(usize),
    /// Any text, also none.
    FreeText,
    /// The client's name for the account: it goes into URLs.
    AccountId,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// One of these words, or null.
    OneOfOrNull(&'static [&'static str]),
    /// The kinds of tax id; one of them is spelled by dialect.
    TaxIdType,
    /// The kinds of document; the dialects have not the same.
    DocumentType,
    /// A UUID.
    Uuid,
    /// An e-mail address.
    Email,
    /// E.164.
    Phone,
    /// `YYYY-MM-DD`.
    Date,
    /// A date before today.
    PastDate,
    /// RFC 3339 date and time.
    DateTime,
    /// ISO 3166-1 alpha-3.
    Country,
    /// A whole number.
    Whole,
    /// true or false.
    Flag,
    /// An object of these fields and no others, and a rule over it.
    Object(&'static [ObjectField], Option<ObjectRule>),
    /// A list of at least so many elements of one form.
    List(&'static ValueForm, usize),
}

/// One field of an object.
pub(super) struct ObjectField {
    pub(super) name: &'static str,
    /// Whether the object is broken without it.
    pub(super) must: bool,
    pub(super) form: ValueForm,
}

pub(super) const fn must(name: &'static str, form: ValueForm) -> ObjectField {
    ObjectField {
        name,
        must: true,
        form,
    }
}

pub(super) const fn may(name: &'static str, form: ValueForm) -> ObjectField {
    ObjectField {
        name,
        must: false,
        form,
    }
}

const fn object(fields: &'static [ObjectField]) -> ValueForm {
    ValueForm::Object(fields, None)
}

const ROLES: &[&str] = &[
    "AUTHORIZED_AGENT",
    "AUTHORIZED_MEMBER",
    "AUTHORIZED_OWNER",
    "BENEFICIAL_OWNER",
    "BENEFICIARY",
    "CUSTODIAN",
    "EDUCATION_BENEFICIARY",
    "EDUCATION_MANAGER",
    "EXECUTOR",
    "GUARDIAN_CONSERVATOR",
    "INITIAL_DEPOSITOR",
    "INTERNAL_POWER_OF_ATTY",
    "JOINT_OWNER",
    "MINOR_OWNER",
    "POWER_OF_ATTY",
    "PRIMARY_OWNER",
    "SOLE_PROPRIETOR",
    "TRADING_AUTHORITY",
    "TREASURER",
    "TRUSTEE",
    "TRUSTED_CONTACT",
];

const USD: &[&str] = &[
    "UNDER_25K",
    "FROM_25K_TO_50K",
    "FROM_50K_TO_100K",
    "FROM_100K_TO_200K",
    "FROM_200K_TO_300K",
    "FROM_300K_TO_500K",
    "FROM_500K_TO_1M",
    "FROM_1M_TO_5M",
    "OVER_5M",
];

const SCREENED: ValueForm = ValueForm::OneOfOrNull(&["UNKNOWN", "POSSIBLE", "EXACT", "NO_MATCH"]);

pub(super) const ADDRESS: ValueForm = ValueForm::Object(
    &[
        must("city", ValueForm::Text),
        must("country", ValueForm::Country),
        must("streetAddress", ValueForm::List(&ValueForm::Text, 1)),
        may("postalCode", ValueForm::Text),
        may("state", ValueForm::Text),
    ],
    Some(state_fits_country),
);

const EMPLOYMENT: ValueForm = object(&[
    must("employerName", ValueForm::Text),
    must("position", ValueForm::Text),
    may("employerAddress", ADDRESS),
    may("yearsEmployed", ValueForm::Whole),
]);

const DISCLOSURES: ValueForm = object(&[
    may("controlPersonCompanySymbols", ValueForm::FreeText),
    may("finraAssociatedEntities", ValueForm::FreeText),
    may("politicallyExposedOrganizations", ValueForm::FreeText),
    may(
        "politicallyExposedImmediateFamilyNames",
        ValueForm::FreeText,
    ),
    may("lastScreenedDate", ValueForm::DateTime),
    may("ofacSanctioned", SCREENED),
    may("politicallyExposed", SCREENED),
]);

const VERIFICATION: ValueForm = object(&[
    must("addressVerified", ValueForm::Flag),
    must("dateOfBirthVerified", ValueForm::Flag),
    must("nameVerified", ValueForm::Flag),
    must("taxIdVerified", ValueForm::Flag),
    must("executionDate", ValueForm::Date),
    must("externalCaseId", ValueForm::Text),
    must("vendorName", ValueForm::Text),
    may("identityVerificationResultId", ValueForm::Text),
    may("manualOverride", ValueForm::Flag),
    may("manualOverrideApprover", ValueForm::Text),
    may("manualOverrideReason", ValueForm::Text),
]);

const IDENTITY: ValueForm = ValueForm::Object(
    &[
        must("givenName", ValueForm::Text),
        must("familyName", ValueForm::Text),
        must("dateOfBirth", ValueForm::PastDate),
        must("personalAddress", ADDRESS),
        may("taxId", ValueForm::Text),
        may("taxIdType", ValueForm::TaxIdType),
        may("taxIdCountry", ValueForm::Country),
        may("middleNames", ValueForm::Text),
        may(
            "maritalStatus",
            ValueForm::OneOf(&["SINGLE", "MARRIED", "DIVORCED", "WIDOWED"]),
        ),
        may("employment", EMPLOYMENT),
        may("citizenshipCountry", ValueForm::Country),
        may("disclosures", DISCLOSURES),
        may("verificationResults", VERIFICATION),
    ],
    Some(tax_id_is_whole),
);

const AGREEMENT: ValueForm = object(&[
    must("name", ValueForm::Text),
    must("version", ValueForm::Text),
    may("eSignedDate", ValueForm::DateTime),
    may("text", ValueForm::Text),
]);

const OWNER: ValueForm = object(&[
    must("role", ValueForm::OneOf(ROLES)),
    must("clientOwnerId", ValueForm::Text),
    must("emailAddress", ValueForm::Email),
    must("mailingAddress", ADDRESS),
    may("phoneNumber", ValueForm::Phone),
    may("agreements", ValueForm::List(&AGREEMENT, 0)),
    must("identity", IDENTITY),
]);

const GOALS: ValueForm = object(&[
    must(
        "investmentObjective",
        ValueForm::OneOf(&[
            "BALANCED",
            "CAPITAL_PRESERVATION",
            "GROWTH",
            "INCOME",
            "SPECULATION",
            "OTHER",
        ]),
    ),
    may(
        "liquidityNeeds",
        ValueForm::OneOf(&["VERY_IMPORTANT", "SOMEWHAT_IMPORTANT", "NOT_IMPORTANT"]),
    ),
    may(
        "riskTolerance",
        ValueForm::OneOf(&["LOW", "MEDIUM", "HIGH"]),
    ),
    may(
        "timeHorizon",
        ValueForm::OneOf(&["SHORT", "AVERAGE", "LONG"]),
    ),
]);

const CUSTOMER: ValueForm = object(&[
    must("annualIncomeRangeUsd", ValueForm::OneOf(USD)),
    may("liquidNetWorthRangeUsd", ValueForm::OneOf(USD)),
    may("totalNetWorthRangeUsd", ValueForm::OneOf(USD)),
    may(
        "investmentExperience",
        ValueForm::OneOf(&["NONE", "LIMITED", "GOOD", "EXTENSIVE"]),
    ),
    may("federalTaxBracket", ValueForm::Whole),
    may("sourceOfFunds", ValueForm::Text),
]);

const TRUSTED_CONTACT: ValueForm = object(&[
    must("givenName", ValueForm::Text),
    must("familyName", ValueForm::Text),
    may("middleNames", ValueForm::Text),
    may("phoneNumber", ValueForm::Phone),
    may("emailAddress", ValueForm::Email),
    may("mailingAddress", ADDRESS),
]);

/// The whole request. `id`, `enrollments` and the service's own ids are not in it, hence refused.
pub(super) static REQUEST: ValueForm = ValueForm::Object(
    &[
        must("clientAccountId", ValueForm::AccountId),
        may("accountType", ValueForm::OneOf(TYPES)),
        must("owners", ValueForm::List(&OWNER, 1)),
        may("entity", ENTITY),
        may(
            "investmentProfile",
            object(&[
                must("accountGoals", GOALS),
                must("customerProfile", CUSTOMER),
            ]),
        ),
        may(
            "settlementMethod",
            ValueForm::OneOf(&["BAKKT_TPJ", "NET_SETTLEMENT"]),
        ),
        may("trustedContacts", ValueForm::List(&TRUSTED_CONTACT, 0)),
        may("shareToken", ValueForm::Text),
    ],
    Some(request_fits_together),
);

fn request_fits_together(
    request: &Map<String, Value>,
    dialect: Dialect,
    path: &Path<'_>,
    findings: &mut Findings,
) {
    owners_fit_together(request, dialect, path, findings);
    fits_type(request, dialect, path, findings);
}

/// In the United States a state is two letters; elsewhere it is free text.
fn state_fits_country(
    address: &Map<String, Value>,
    _: Dialect,
    path: &Path<'_>,
    findings: &mut Findings,
) {
    if text(address, "country") != Some("USA") {
        return;
    }
    if let Some(state) = address.get("state") {
        let fits = state
            .as_str()
            .is_some_and(|s| s.len() == 2 && s.bytes().all(|b| b.is_ascii_uppercase()));
        if !fits {
            findings.bad(
                path,
                Some("state"),
                "is not the two letters of a state",
                state,
            );
        }
    }
}

/// Tax id and its type come together, and the U.S. kinds have nine digits.
fn tax_id_is_whole(
    identity: &Map<String, Value>,
    _: Dialect,
    path: &Path<'_>,
    findings: &mut Findings,
) {
    match (identity.get("taxId"), identity.get("taxIdType")) {
        (Some(id), None) => findings.add(
            "MISSING",
            path,
            Some("taxIdType"),
            "is required with a tax id",
            id,
        ),
        (None, Some(kind)) => findings.add(
            "MISSING",
            path,
            Some("taxId"),
            "is required with a tax id type",
            kind,
        ),
        (Some(id), Some(kind)) if matches!(kind.as_str(), Some("SSN" | "ITIN" | "EIN")) => {
            let digits = id
                .as_str()
                .is_some_and(|s| s.len() == 9 && s.bytes().all(|b| b.is_ascii_digit()));
            if !digits {
                findings.bad(path, Some("taxId"), "does not have nine digits", id);
            }
        }
        _ => {}
    }
}

/// Exactly one primary owner, standing first, and no client owner id twice.
fn owners_fit_together(
    request: &Map<String, Value>,
    _: Dialect,
    path: &Path<'_>,
    findings: &mut Findings,
) {
    let Some(Value::Array(owners)) = request.get("owners") else {
        return;
    };
    for (index, owner) in owners.iter().enumerate() {
        let primary = owner.get("role").and_then(Value::as_str) == Some("PRIMARY_OWNER");
        if primary != (index == 0) {
            let complaint = if primary {
                "is a second primary owner"
            } else {
                "is not the primary owner"
            };
            let name = format!("owners[{index}].role");
            findings.bad(
                path,
                Some(&name),
                complaint,
                owner.get("role").unwrap_or(&Value::Null),
            );
        }
        let Some(id) = owner.get("clientOwnerId") else {
            continue;
        };
        if owners[..index]
            .iter()
            .any(|earlier| earlier.get("clientOwnerId") == Some(id))
        {
            findings.bad(
                path,
                Some(&format!("owners[{index}].clientOwnerId")),
                "is used twice",
                id,
            );
        }
    }
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}
