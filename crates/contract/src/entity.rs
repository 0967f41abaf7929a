//! The fields of `entity` in AccountRequest, and which account types have one (contract, section 2).
//!
//! Owner of the two tables below. The words of investmentObjective and investmentExperience are those of an
//! investment profile. Left out on purpose: the owners, who are the same on every account; the documents that KYB
//! screening needs; any form of activeWalletAddress, which every chain writes in its own way.

use super::account::{ADDRESS, EXPERIENCE, OBJECTIVES, field, leaf, object};
use super::forms::FIRST_YEAR;
use super::texts::{NOTE, REFERENCE, TITLE};
use super::usd::Scale;
use super::{Field, FieldShape, Form, Level, LevelRule};

use Level::{G, H, O, W};

/// The level of `entity` by account type. An INDIVIDUAL has none.
pub(crate) const ENTITY_LEVELS: &[(&str, Level)] = &[
    ("ENTITY", H),
    ("CUSTODIAL", O),
    ("ENTITY_PERSONAL_TRUST", O),
];

/// The level of an owner's local fields (never sent) by account type: only these have KYB.
pub(crate) const KYB_LEVELS: &[(&str, Level)] = &[
    ("ENTITY", O),
    ("CUSTODIAL", O),
    ("ENTITY_PERSONAL_TRUST", O),
];

/// The legal kinds of an entity.
pub(crate) const ENTITY_TYPES: &[&str] = &[
    "CORPORATE",
    "PARTNERSHIP",
    "LLC",
    "LIMITED_PARTNERSHIP",
    "TRUST",
];

/// The longest legal name, in characters.
const LONGEST_NAME: usize = 100;

pub(crate) const ENTITY: &[Field] = &[
    leaf("entityLegalName", W, Form::Short(LONGEST_NAME)),
    leaf("entityType", W, Form::OneOf(ENTITY_TYPES)),
    leaf("entityTaxId", W, Form::EntityTaxId),
    leaf("entityEmailAddress", W, Form::Email),
    leaf("entityPhoneNumber", W, Form::Phone),
    leaf("operatingIndustry", W, Form::Short(TITLE)),
    object("registeredAddress", W, ADDRESS),
    object("operatingAddress", W, ADDRESS),
    leaf("entityOfferings", G, Form::Short(NOTE)),
    leaf("entityFormationDate", G, Form::EventDate(FIRST_YEAR)),
    field(
        "operatingCountries",
        LevelRule::Is(G),
        FieldShape::Lines(Form::Country),
    ),
    leaf("sourceOfFunds", G, Form::Short(NOTE)),
    leaf("sourceOfCurrency", G, Form::Short(NOTE)),
    leaf("subjectToAMLRegulations", G, Form::Boolean),
    leaf(
        "entityRegistrationStatus",
        G,
        Form::OneOf(&[
            "CURRENTLY_REGISTERED",
            "NOT_REGISTERED",
            "REGISTRATION_IN_PROGRESS",
            "NOT_APPLICABLE",
        ]),
    ),
    leaf("investmentObjective", G, Form::OneOf(OBJECTIVES)),
    leaf("investmentExperience", G, Form::OneOf(EXPERIENCE)),
    leaf("firmAnnualNetIncome", G, Form::Usd(Scale::B)),
    leaf("firmLiquidNetWorthUsdRange", G, Form::Usd(Scale::B)),
    leaf("firmTotalNetWorthUsdRange", G, Form::Usd(Scale::B)),
    leaf("dailyTransactionVolumeUsdRange", G, Form::Usd(Scale::B)),
    leaf("dailyNotionalTradingVolumeUsdRange", G, Form::Usd(Scale::B)),
    leaf("activeWalletAddress", O, Form::Code(REFERENCE)),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::ACCOUNT_TYPES;

    #[test]
    fn the_tables_are_whole() {
        assert_eq!(ENTITY.len(), 23);
        for (name, _) in ENTITY_LEVELS {
            assert!(ACCOUNT_TYPES.contains(name), "{name}");
        }
    }
}
