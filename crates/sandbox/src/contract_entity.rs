//! What the sandbox knows about businesses, trusts and custodial accounts: the entity and who may own it.
//!
//! Owner: the sandbox. Invariants: as in `contract`, strict and shared with nobody; an individual has no entity; an
//! entity that is there is whole. Left out on purpose: that a business must have its entity and how much of it beyond
//! the necessary (policy moves both), documents, and KYB screening.

use serde_json::{Map, Value};

use super::check::{Findings, Path};
use super::config::Dialect;
use super::contract::{ADDRESS, ObjectField, ValueForm, may, must};

/// Every type of account.
pub(super) const TYPES: &[&str] = &["INDIVIDUAL", "CUSTODIAL", "ENTITY_PERSONAL_TRUST", "ENTITY"];

/// Firms' ranges of dollars.
const FIRM_USD: ValueForm = ValueForm::OneOf(&[
    "UNDER_250K",
    "FROM_250K_TO_500K",
    "FROM_500K_TO_1M",
    "FROM_1M_TO_2M",
    "FROM_2M_TO_5M",
    "FROM_5M_TO_10M",
    "FROM_10M_TO_20M",
    "FROM_20M_TO_50M",
    "OVER_50M",
]);

const FIELDS: &[ObjectField] = &[
    may("activeWalletAddress", ValueForm::Text),
    may("dailyNotionalTradingVolumeUsdRange", FIRM_USD),
    may("dailyTransactionVolumeUsdRange", FIRM_USD),
    must("entityEmailAddress", ValueForm::Email),
    may("entityFormationDate", ValueForm::Date),
    must("entityLegalName", ValueForm::Name(100)),
    may("entityOfferings", ValueForm::Text),
    must("entityPhoneNumber", ValueForm::Phone),
    may(
        "entityRegistrationStatus",
        ValueForm::OneOf(&[
            "NOT_APPLICABLE",
            "NOT_REGISTERED",
            "REGISTRATION_IN_PROGRESS",
            "CURRENTLY_REGISTERED",
        ]),
    ),
    must("entityTaxId", ValueForm::Text),
    must(
        "entityType",
        ValueForm::OneOf(&[
            "TRUST",
            "LLC",
            "CORPORATE",
            "PARTNERSHIP",
            "LIMITED_PARTNERSHIP",
        ]),
    ),
    may("firmAnnualNetIncome", FIRM_USD),
    may("firmLiquidNetWorthUsdRange", FIRM_USD),
    may("firmTotalNetWorthUsdRange", FIRM_USD),
    may(
        "investmentExperience",
        ValueForm::OneOf(&["EXTENSIVE", "GOOD", "LIMITED", "NONE"]),
    ),
    may(
        "investmentObjective",
        ValueForm::OneOf(&[
            "OTHER",
            "SPECULATION",
            "INCOME",
            "GROWTH",
            "CAPITAL_PRESERVATION",
            "BALANCED",
        ]),
    ),
    must("operatingAddress", ADDRESS),
    may(
        "operatingCountries",
        ValueForm::List(&ValueForm::Country, 1),
    ),
    must("operatingIndustry", ValueForm::Text),
    must("registeredAddress", ADDRESS),
    may("sourceOfCurrency", ValueForm::Text),
    may("sourceOfFunds", ValueForm::Text),
    may("subjectToAMLRegulations", ValueForm::Flag),
];

/// The entity of an account.
pub(super) const ENTITY: ValueForm = ValueForm::Object(FIELDS, None);

/// What the type of the account means for its entity and its owners.
pub(super) fn fits_type(
    request: &Map<String, Value>,
    _: Dialect,
    path: &Path<'_>,
    findings: &mut Findings,
) {
    let account_type = request.get("accountType").and_then(Value::as_str);
    if let Some(entity) = request.get("entity")
        && matches!(account_type, None | Some("INDIVIDUAL"))
    {
        findings.add(
            "NOT_ALLOWED",
            path,
            Some("entity"),
            "is not a part of this type of account",
            entity,
        );
    }
    let Some(Value::Array(owners)) = request.get("owners") else {
        return;
    };
    let role = |owner: &Value| {
        owner
            .get("role")
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned()
    };
    let roles: Vec<String> = owners.iter().map(role).collect();
    let cared_for = roles
        .iter()
        .any(|role| role == "CUSTODIAN" || role == "GUARDIAN_CONSERVATOR");
    for (index, role) in roles.iter().enumerate() {
        let complaint = match role.as_str() {
            "PRIMARY_OWNER" | "BENEFICIAL_OWNER" | "" => continue,
            _ if account_type == Some("ENTITY") => "is no role of an entity's owner",
            "MINOR_OWNER" if !cared_for => "is a minor without guardian or custodian",
            _ => continue,
        };
        let name = format!("owners[{index}].role");
        findings.bad(path, Some(&name), complaint, &Value::String(role.clone()));
    }
}
