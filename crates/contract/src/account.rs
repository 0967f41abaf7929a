//! The field tree of AccountRequest (contract, section 2).
//!
//! Owner of the table below and of nothing else; the fields of `entity` are in [`super::entity`]. Order matters once:
//! `identity` stands before `mailingAddress`, because the personal address stands in for a mailing address that is
//! absent or invalid. Left out on purpose: `id`, `enrollments`, `ownerId` and the id fields of an identity, which are
//! never sent.

use super::entity::{ENTITY, ENTITY_LEVELS, KYB_LEVELS};
use super::forms::FIRST_ELECTRONIC_YEAR;
use super::texts::{DOCUMENT, MIDDLE_NAMES, NAME, NOTE, PLACE, REFERENCE, STREET, TITLE, TOKEN};
use super::usd::Scale;
use super::{Condition, Field, FieldShape, Form, Level, LevelRule};

/// The account types that this version sends.
pub const ACCOUNT_TYPES: &[&str] = &["INDIVIDUAL", "ENTITY", "CUSTODIAL", "ENTITY_PERSONAL_TRUST"];

/// Kinds of tax id, in the guide's spelling.
pub const TAX_ID_TYPES: &[&str] = &["SSN", "ITIN", "EIN", "NATIONALID"];

/// Kinds of tax id that the U.S. gives out; nine digits.
pub const US_TAX_ID_TYPES: &[&str] = &["SSN", "ITIN", "EIN"];

const USA: &[&str] = &["USA"];
const SCREENING: &[&str] = &["UNKNOWN", "POSSIBLE", "EXACT", "NO_MATCH"];

/// When an owner counts as a U.S. person; paths from the identity.
pub const US_PERSON: &[Condition] = &[
    ("personalAddress.country", USA),
    ("citizenshipCountry", USA),
    ("taxIdType", US_TAX_ID_TYPES),
];

pub(super) const fn field(name: &'static str, rule: LevelRule, shape: FieldShape) -> Field {
    Field {
        name,
        rule,
        shape,
        partner: None,
        empty_list: false,
        stand_in: None,
        local: None,
        of_the_firm: false,
    }
}

pub(super) const fn leaf(name: &'static str, level: Level, form: Form) -> Field {
    field(name, LevelRule::Is(level), FieldShape::Leaf(form))
}

/// A free text that is the firm's own and says nothing about the customer.
const fn of_the_firm(name: &'static str, level: Level, form: Form) -> Field {
    Field {
        of_the_firm: true,
        ..leaf(name, level, form)
    }
}

/// A field of an owner that is never sent, on the account types that have KYB.
const fn local(name: &'static str, unfit: Level, form: Form) -> Field {
    Field {
        local: Some(unfit),
        ..field(name, LevelRule::Of(KYB_LEVELS), FieldShape::Leaf(form))
    }
}

pub(super) const fn object(name: &'static str, level: Level, fields: &'static [Field]) -> Field {
    field(name, LevelRule::Is(level), FieldShape::Object(fields))
}

use Level::{G, H, O, W};

pub(super) const ADDRESS: &[Field] = &[
    field(
        "streetAddress",
        LevelRule::Is(W),
        FieldShape::Lines(Form::Short(STREET)),
    ),
    leaf("city", W, Form::Short(PLACE)),
    leaf("state", O, Form::State),
    field(
        "postalCode",
        LevelRule::When(&[("country", USA)], H),
        FieldShape::Leaf(Form::PostalCode),
    ),
    leaf("country", W, Form::Country),
];

const EMPLOYMENT: &[Field] = &[
    leaf("employerName", W, Form::Short(TITLE)),
    leaf("position", W, Form::Short(TITLE)),
    leaf("yearsEmployed", O, Form::Integer(0, 100)),
    object("employerAddress", G, ADDRESS),
];

const DISCLOSURES: &[Field] = &[
    leaf("controlPersonCompanySymbols", O, Form::Short(NOTE)),
    leaf("finraAssociatedEntities", O, Form::Short(NOTE)),
    leaf("politicallyExposedOrganizations", O, Form::Short(NOTE)),
    leaf(
        "politicallyExposedImmediateFamilyNames",
        O,
        Form::Short(NOTE),
    ),
    leaf(
        "lastScreenedDate",
        O,
        Form::EventTime(FIRST_ELECTRONIC_YEAR),
    ),
    leaf("ofacSanctioned", O, Form::OneOf(SCREENING)),
    leaf("politicallyExposed", O, Form::OneOf(SCREENING)),
];

const VERIFICATION: &[Field] = &[
    leaf("addressVerified", W, Form::Boolean),
    leaf("dateOfBirthVerified", W, Form::Boolean),
    leaf("nameVerified", W, Form::Boolean),
    leaf("taxIdVerified", W, Form::Boolean),
    leaf("executionDate", W, Form::EventDate(FIRST_ELECTRONIC_YEAR)),
    leaf("externalCaseId", W, Form::Code(REFERENCE)),
    of_the_firm("vendorName", W, Form::Short(TITLE)),
    leaf("identityVerificationResultId", O, Form::Code(REFERENCE)),
    leaf("manualOverride", O, Form::Boolean),
    leaf("manualOverrideApprover", O, Form::Short(TITLE)),
    leaf("manualOverrideReason", O, Form::Short(NOTE)),
];

const IDENTITY: &[Field] = &[
    leaf("givenName", W, Form::Short(NAME)),
    leaf("middleNames", O, Form::Short(MIDDLE_NAMES)),
    leaf("familyName", W, Form::Short(NAME)),
    leaf("dateOfBirth", W, Form::PastDate),
    Field {
        partner: Some("taxIdType"),
        ..field(
            "taxId",
            LevelRule::When(US_PERSON, H),
            FieldShape::Leaf(Form::TaxId),
        )
    },
    Field {
        partner: Some("taxId"),
        ..field(
            "taxIdType",
            LevelRule::When(US_PERSON, H),
            FieldShape::Leaf(Form::TaxIdType),
        )
    },
    field(
        "taxIdCountry",
        LevelRule::When(&[("taxIdType", &["NATIONALID"])], H),
        FieldShape::Leaf(Form::Country),
    ),
    leaf("citizenshipCountry", O, Form::Country),
    leaf(
        "maritalStatus",
        O,
        Form::OneOf(&["SINGLE", "MARRIED", "DIVORCED", "WIDOWED"]),
    ),
    object("personalAddress", W, ADDRESS),
    object("employment", G, EMPLOYMENT),
    object("disclosures", O, DISCLOSURES),
    object("verificationResults", O, VERIFICATION),
];

const AGREEMENT: &[Field] = &[
    of_the_firm("name", W, Form::AgreementName(TITLE)),
    of_the_firm("version", W, Form::Short(TITLE)),
    leaf("eSignedDate", O, Form::EventTime(FIRST_ELECTRONIC_YEAR)),
    of_the_firm("text", O, Form::Short(DOCUMENT)),
];

const OWNER: &[Field] = &[
    leaf("role", W, Form::Role),
    // Unread, it could be an entity.
    local("kind", H, Form::OwnerKind),
    local("ownership_percent", G, Form::Percent),
    local("manages_entity", G, Form::Boolean),
    leaf("clientOwnerId", W, Form::OwnerId),
    object("identity", W, IDENTITY),
    leaf("emailAddress", W, Form::Email),
    leaf("phoneNumber", G, Form::Phone),
    // W on the wire, but never missing there: the personal address stands in (contract, section 2).
    Field {
        stand_in: Some("identity.personalAddress"),
        ..object("mailingAddress", G, ADDRESS)
    },
    Field {
        empty_list: true,
        ..field("agreements", LevelRule::Is(G), FieldShape::List(AGREEMENT))
    },
];

/// What an investor is after; an entity says it in the same words.
pub(super) const OBJECTIVES: &[&str] = &[
    "BALANCED",
    "CAPITAL_PRESERVATION",
    "GROWTH",
    "INCOME",
    "SPECULATION",
    "OTHER",
];

/// How much of it an investor has done before; an entity says it in the same words.
pub(super) const EXPERIENCE: &[&str] = &["NONE", "LIMITED", "GOOD", "EXTENSIVE"];

const GOALS: &[Field] = &[
    leaf("investmentObjective", W, Form::OneOf(OBJECTIVES)),
    leaf(
        "liquidityNeeds",
        O,
        Form::OneOf(&["VERY_IMPORTANT", "SOMEWHAT_IMPORTANT", "NOT_IMPORTANT"]),
    ),
    leaf("riskTolerance", O, Form::OneOf(&["LOW", "MEDIUM", "HIGH"])),
    leaf("timeHorizon", O, Form::OneOf(&["SHORT", "AVERAGE", "LONG"])),
];

const CUSTOMER_PROFILE: &[Field] = &[
    leaf("annualIncomeRangeUsd", W, Form::Usd(Scale::A)),
    leaf("liquidNetWorthRangeUsd", O, Form::Usd(Scale::A)),
    leaf("totalNetWorthRangeUsd", O, Form::Usd(Scale::A)),
    leaf("investmentExperience", O, Form::OneOf(EXPERIENCE)),
    leaf("federalTaxBracket", O, Form::Integer(0, 100)),
    leaf("sourceOfFunds", O, Form::Short(NOTE)),
];

const PROFILE: &[Field] = &[
    object("accountGoals", W, GOALS),
    object("customerProfile", W, CUSTOMER_PROFILE),
];

const TRUSTED_CONTACT: &[Field] = &[
    leaf("givenName", W, Form::Short(NAME)),
    leaf("middleNames", O, Form::Short(MIDDLE_NAMES)),
    leaf("familyName", W, Form::Short(NAME)),
    leaf("phoneNumber", O, Form::Phone),
    leaf("emailAddress", O, Form::Email),
    object("mailingAddress", O, ADDRESS),
];

/// AccountRequest.
pub const ACCOUNT: &[Field] = &[
    leaf("clientAccountId", W, Form::ClientId),
    leaf("accountType", H, Form::AccountType),
    field("owners", LevelRule::Is(W), FieldShape::List(OWNER)),
    field(
        "entity",
        LevelRule::Of(ENTITY_LEVELS),
        FieldShape::Object(ENTITY),
    ),
    object("investmentProfile", G, PROFILE),
    leaf(
        "settlementMethod",
        O,
        Form::OneOf(&["BAKKT_TPJ", "NET_SETTLEMENT"]),
    ),
    field(
        "trustedContacts",
        LevelRule::Is(O),
        FieldShape::List(TRUSTED_CONTACT),
    ),
    leaf("shareToken", O, Form::Code(TOKEN)),
];

/// Names that AccountRequest has on the wire but that are never sent; a mapping that feeds one is told so.
pub const NEVER_SENT: &[&str] = &["id", "enrollments", "owners[].ownerId"];
