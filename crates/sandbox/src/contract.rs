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
pub(super) type Rule = fn(&Map<String, Value>, Dialect, &Path<'_>, &mut Findings);

/// The form of one value.
pub(super) enum Form {
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
    Object(&'static [Field], Option<Rule>),
    /// A list of at least so many elements of one form.
    List(&'static Form, usize),
}

/// One field of an object.
pub(super) struct Field {
    pub(super) name: &'static str,
    /// Whether the object is broken without it.
    pub(super) must: bool,
    pub(super) form: Form,
}

pub(super) const fn must(name: &'static str, form: Form) -> Field {
    Field {
        name,
        must: true,
        form,
    }
}

pub(super) const fn may(name: &'static str, form: Form) -> Field {
    Field {
        name,
        must: false,
        form,
    }
}

const fn object(fields: &'static [Field]) -> Form {
    Form::Object(fields, None)
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

const SCREENED: Form = Form::OneOfOrNull(&["UNKNOWN", "POSSIBLE", "EXACT", "NO_MATCH"]);

pub(super) const ADDRESS: Form = Form::Object(
    &[
        must("city", Form::Text),
        must("country", Form::Country),
        must("streetAddress", Form::List(&Form::Text, 1)),
        may("postalCode", Form::Text),
        may("state", Form::Text),
    ],
    Some(state_fits_country),
);

const EMPLOYMENT: Form = object(&[
    must("employerName", Form::Text),
    must("position", Form::Text),
    may("employerAddress", ADDRESS),
    may("yearsEmployed", Form::Whole),
]);

const DISCLOSURES: Form = object(&[
    may("controlPersonCompanySymbols", Form::FreeText),
    may("finraAssociatedEntities", Form::FreeText),
    may("politicallyExposedOrganizations", Form::FreeText),
    may("politicallyExposedImmediateFamilyNames", Form::FreeText),
    may("lastScreenedDate", Form::DateTime),
    may("ofacSanctioned", SCREENED),
    may("politicallyExposed", SCREENED),
]);

const VERIFICATION: Form = object(&[
    must("addressVerified", Form::Flag),
    must("dateOfBirthVerified", Form::Flag),
    must("nameVerified", Form::Flag),
    must("taxIdVerified", Form::Flag),
    must("executionDate", Form::Date),
    must("externalCaseId", Form::Text),
    must("vendorName", Form::Text),
    may("identityVerificationResultId", Form::Text),
    may("manualOverride", Form::Flag),
    may("manualOverrideApprover", Form::Text),
    may("manualOverrideReason", Form::Text),
]);

const IDENTITY: Form = Form::Object(
    &[
        must("givenName", Form::Text),
        must("familyName", Form::Text),
        must("dateOfBirth", Form::PastDate),
        must("personalAddress", ADDRESS),
        may("taxId", Form::Text),
        may("taxIdType", Form::TaxIdType),
        may("taxIdCountry", Form::Country),
        may("middleNames", Form::Text),
        may(
            "maritalStatus",
            Form::OneOf(&["SINGLE", "MARRIED", "DIVORCED", "WIDOWED"]),
        ),
        may("employment", EMPLOYMENT),
        may("citizenshipCountry", Form::Country),
        may("disclosures", DISCLOSURES),
        may("verificationResults", VERIFICATION),
    ],
    Some(tax_id_is_whole),
);

const AGREEMENT: Form = object(&[
    must("name", Form::Text),
    must("version", Form::Text),
    may("eSignedDate", Form::DateTime),
    may("text", Form::Text),
]);

const OWNER: Form = object(&[
    must("role", Form::OneOf(ROLES)),
    must("clientOwnerId", Form::Text),
    must("emailAddress", Form::Email),
    must("mailingAddress", ADDRESS),
    may("phoneNumber", Form::Phone),
    may("agreements", Form::List(&AGREEMENT, 0)),
    must("identity", IDENTITY),
]);

const GOALS: Form = object(&[
    must(
        "investmentObjective",
        Form::OneOf(&[
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
        Form::OneOf(&["VERY_IMPORTANT", "SOMEWHAT_IMPORTANT", "NOT_IMPORTANT"]),
    ),
    may("riskTolerance", Form::OneOf(&["LOW", "MEDIUM", "HIGH"])),
    may("timeHorizon", Form::OneOf(&["SHORT", "AVERAGE", "LONG"])),
]);

const CUSTOMER: Form = object(&[
    must("annualIncomeRangeUsd", Form::OneOf(USD)),
    may("liquidNetWorthRangeUsd", Form::OneOf(USD)),
    may("totalNetWorthRangeUsd", Form::OneOf(USD)),
    may(
        "investmentExperience",
        Form::OneOf(&["NONE", "LIMITED", "GOOD", "EXTENSIVE"]),
    ),
    may("federalTaxBracket", Form::Whole),
    may("sourceOfFunds", Form::Text),
]);

const TRUSTED_CONTACT: Form = object(&[
    must("givenName", Form::Text),
    must("familyName", Form::Text),
    may("middleNames", Form::Text),
    may("phoneNumber", Form::Phone),
    may("emailAddress", Form::Email),
    may("mailingAddress", ADDRESS),
]);

/// The whole request. `id`, `enrollments` and the service's own ids are not in it, hence refused.
pub(super) static REQUEST: Form = Form::Object(
    &[
        must("clientAccountId", Form::AccountId),
        may("accountType", Form::OneOf(TYPES)),
        must("owners", Form::List(&OWNER, 1)),
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
            Form::OneOf(&["BAKKT_TPJ", "NET_SETTLEMENT"]),
        ),
        may("trustedContacts", Form::List(&TRUSTED_CONTACT, 0)),
        may("shareToken", Form::Text),
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
