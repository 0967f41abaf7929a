//! The contract in words, for people who ask customers for what is missing.
//!
//! Owner of the table: what each field is called, what it is for, and the form of its values. A test holds it against the
//! tree: every field has words. Left out on purpose: which words a field may hold (the forms have them), and any language
//! but English.

use super::Form;

/// A field by its name, or by that of its object and its own where one name means two things: what it is called, and why
/// it is asked for. Of an object: what is said behind its fields, and why they are asked for that have no reason of their own.
type FieldLabel = (&'static str, &'static str, &'static str);

#[rustfmt::skip]
const WORDS: &[FieldLabel] = &[
    ("clientAccountId", "Account number", "it says which customer the line is about"),
    ("accountType", "Type of account", "it decides on what the account needs"),
    ("owners", "owner", "Bakkt must know who owns the account"),
    ("entity", "", "Bakkt must know the entity whose account it is"),
    ("investmentProfile", "", "it shows that the account suits the customer"),
    ("settlementMethod", "Way of settlement", "it says how trades are settled"),
    ("trustedContacts", "trusted contact", "somebody to call when the customer cannot be reached"),
    ("shareToken", "Share token", "the customer's consent to share an identity that was checked"),

    ("role", "Role", "it says what an owner may do"),
    ("kind", "Person or entity", "an owner that is an entity goes another way"),
    ("ownership_percent", "Share of ownership in percent", "whoever owns more than 25 % must be screened"),
    ("manages_entity", "Manages the entity", "one person who manages the entity must be screened"),
    ("clientOwnerId", "Owner number", "it tells the owners of an account apart"),
    ("identity", "", "Bakkt must know who the customer is"),
    ("emailAddress", "E-mail address", "Bakkt must be able to reach the customer"),
    ("phoneNumber", "Phone number", "Bakkt must be able to reach the customer"),
    ("mailingAddress", "mailing address", "post must reach the customer"),
    ("agreements", "agreement", "the customer must have accepted Bakkt's agreements"),

    ("givenName", "First name", ""),
    ("middleNames", "Middle names", ""),
    ("familyName", "Last name", ""),
    ("dateOfBirth", "Date of birth", ""),
    ("taxId", "Tax number", "U.S. persons are known by it"),
    ("taxIdType", "Kind of tax number", "it says what the tax number is"),
    ("taxIdCountry", "Country of the tax number", "a number of another country says which"),
    ("citizenshipCountry", "Citizenship", ""),
    ("maritalStatus", "Marital status", ""),
    ("personalAddress", "home address", "Bakkt must know where the customer lives"),
    ("employment", "", "Bakkt must know where the customer's money comes from"),
    ("disclosures", "", "the law asks for it"),
    ("verificationResults", "identity check", "it shows that the identity was checked"),

    ("streetAddress", "Street", ""),
    ("city", "City", ""),
    ("state", "State", "of a U.S. address"),
    ("postalCode", "Postal code", "U.S. addresses must have one"),
    ("country", "Country", ""),

    ("employerName", "Employer", ""),
    ("position", "Position", ""),
    ("yearsEmployed", "Years with the employer", ""),
    ("employerAddress", "employer's address", ""),

    ("controlPersonCompanySymbols", "Symbols of companies that the customer controls", ""),
    ("finraAssociatedEntities", "FINRA members that the customer works with", ""),
    ("politicallyExposedOrganizations", "Political organizations", ""),
    ("politicallyExposedImmediateFamilyNames", "Family in politics", ""),
    ("lastScreenedDate", "Last screened", ""),
    ("ofacSanctioned", "Sanctions screening", ""),
    ("politicallyExposed", "Political exposure", ""),

    ("addressVerified", "Address checked", ""),
    ("dateOfBirthVerified", "Date of birth checked", ""),
    ("nameVerified", "Name checked", ""),
    ("taxIdVerified", "Tax number checked", ""),
    ("executionDate", "Day of the check", ""),
    ("externalCaseId", "Case number", ""),
    ("vendorName", "Who checked", ""),
    ("identityVerificationResultId", "Number of the result", ""),
    ("manualOverride", "Decided by hand", ""),
    ("manualOverrideApprover", "Who decided by hand", ""),
    ("manualOverrideReason", "Why it was decided by hand", ""),

    ("agreements.name", "Name of the agreement", ""),
    ("version", "Version of the agreement", ""),
    ("eSignedDate", "Signed on", ""),
    ("text", "Text of the agreement", ""),

    ("accountGoals", "", ""),
    ("customerProfile", "", ""),
    ("investmentObjective", "Investment objective", ""),
    ("liquidityNeeds", "Need for liquidity", ""),
    ("riskTolerance", "Risk tolerance", ""),
    ("timeHorizon", "Time horizon", ""),
    ("annualIncomeRangeUsd", "Annual income in USD", ""),
    ("liquidNetWorthRangeUsd", "Liquid net worth in USD", ""),
    ("totalNetWorthRangeUsd", "Total net worth in USD", ""),
    ("investmentExperience", "Investment experience", ""),
    ("federalTaxBracket", "Federal tax bracket in percent", ""),
    ("sourceOfFunds", "Source of funds", ""),

    ("entityLegalName", "Legal name of the entity", ""),
    ("entityType", "Type of entity", ""),
    ("entityTaxId", "Tax number of the entity", ""),
    ("entityEmailAddress", "E-mail address of the entity", ""),
    ("entityPhoneNumber", "Phone number of the entity", ""),
    ("operatingIndustry", "Industry", ""),
    ("registeredAddress", "registered address", ""),
    ("operatingAddress", "operating address", ""),
    ("entityOfferings", "What the entity offers", ""),
    ("entityFormationDate", "Formed on", ""),
    ("operatingCountries", "Countries of operation", ""),
    ("sourceOfCurrency", "Source of currency", ""),
    ("subjectToAMLRegulations", "Subject to anti-money-laundering rules", ""),
    ("entityRegistrationStatus", "Registration", ""),
    ("firmAnnualNetIncome", "Annual net income in USD", ""),
    ("firmLiquidNetWorthUsdRange", "Liquid net worth in USD", ""),
    ("firmTotalNetWorthUsdRange", "Total net worth in USD", ""),
    ("dailyTransactionVolumeUsdRange", "Daily volume of transactions in USD", ""),
    ("dailyNotionalTradingVolumeUsdRange", "Daily volume of trades in USD", ""),
    ("activeWalletAddress", "Wallet address", ""),
];

/// One step of a path: its name, and its place in a list.
fn steps(path: &str) -> impl DoubleEndedIterator<Item = (&str, Option<usize>)> {
    path.split('.').map(|step| match step.split_once('[') {
        Some((name, place)) => (name, place.trim_end_matches(']').parse().ok()),
        None => (step, None),
    })
}

fn of(parent: &str, name: &str) -> Option<&'static FieldLabel> {
    let beside = |words: &&FieldLabel| {
        words
            .0
            .split_once('.')
            .is_some_and(|(object, field)| (object, field) == (parent, name))
    };
    let found = WORDS.iter().find(beside);
    found.or_else(|| WORDS.iter().find(|words| words.0 == name))
}

/// A path in words: what it is, then whose: `City, employer's address, owner 1`. None of a path that the contract has not.
pub fn words(path: &str) -> Option<String> {
    let steps: Vec<_> = steps(path).collect();
    let mut said = Vec::new();
    for (place, &(name, index)) in steps.iter().enumerate().rev() {
        let parent = place.checked_sub(1).map_or("", |before| steps[before].0);
        let (_, words, _) = of(parent, name)?;
        match index {
            _ if words.is_empty() => {}
            Some(index) => said.push(format!("{words} {}", index + 1)),
            None => said.push((*words).to_owned()),
        }
    }
    Some(said.join(", "))
}

/// Why a field is asked for: its own reason, or that of the nearest object that has one. Empty without any.
pub fn why(path: &str) -> &'static str {
    let steps: Vec<_> = steps(path).collect();
    let reason = |place: usize| {
        let parent = place.checked_sub(1).map_or("", |before| steps[before].0);
        of(parent, steps[place].0).map_or("", |words| words.2)
    };
    let mut reasons = (0..steps.len()).rev().map(reason);
    reasons.find(|why| !why.is_empty()).unwrap_or("")
}

/// What a person may write at a path whose values have a form.
pub fn form(form: Form, path: &str) -> &'static str {
    match form {
        Form::Short(_) if path.ends_with(".streetAddress") => {
            "street and number; further lines in the same cell"
        }
        Form::Text | Form::Short(_) | Form::AgreementName(_) => "text",
        Form::Code(_) => "text",
        Form::EntityTaxId => {
            "nine digits such as 12-3456789 of an entity in the U.S.; else as it is written there"
        }
        Form::ClientId | Form::OwnerId => "a number or code as it stands in your system",
        Form::AccountType
        | Form::OneOf(_)
        | Form::Role
        | Form::OwnerKind
        | Form::TaxIdType
        | Form::Usd(_) => "one of the list",
        Form::TaxId => {
            "nine digits such as 987-65-4321; a number of another country as it is written there"
        }
        Form::Country if path.ends_with("Countries") => {
            "a country of the list, or several countries with commas between them"
        }
        Form::Country => "a country of the list",
        Form::State => "two letters such as IL, of a U.S. address; else as it is written there",
        Form::PostalCode => "five digits of a U.S. address; else as it is written there",
        Form::Phone => "international format such as +13125550123; a U.S. number also without +1",
        Form::Email => "an e-mail address such as ann@example.com",
        Form::PastDate => "a date in the past such as 1980-02-28",
        Form::EventDate(_) | Form::EventTime(_) | Form::DateTime => "a date such as 2024-05-31",
        Form::Integer(0, 100) => "a whole number from 0 to 100",
        Form::Integer(..) => "a whole number",
        Form::Boolean => "yes or no",
        Form::Percent => "a number from 0 to 100, such as 50 or 50%",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::patterns;
    use crate::{FieldShape, path};

    #[test]
    fn every_field_has_words_and_a_reason() {
        for pattern in patterns() {
            let said = words(&pattern)
                .unwrap_or_else(|| panic!("`{pattern}` has no words: add a line to WORDS"));
            let found = path::find_pattern(&pattern).unwrap();
            if matches!(
                found.field.shape,
                FieldShape::Leaf(_) | FieldShape::Lines(_)
            ) {
                assert!(
                    said.chars().next().is_some_and(|c| c.is_ascii_uppercase()),
                    "`{pattern}`: its words are the label of a cell and begin with a capital: {said:?}"
                );
            }
            assert!(
                !why(&pattern).is_empty(),
                "nothing says why `{pattern}` is asked for: give a reason in WORDS, to it or to the object that holds it"
            );
        }
        for (name, ..) in WORDS {
            let last = name.rsplit('.').next().unwrap();
            let known = patterns()
                .iter()
                .any(|pattern| pattern.rsplit('.').next().unwrap().trim_end_matches("[]") == last);
            assert!(
                known,
                "WORDS has `{name}`, and the contract has no such field"
            );
        }
    }

    #[test]
    fn words_say_what_and_whose() {
        for (path, said) in [
            ("owners[0].phoneNumber", "Phone number, owner 1"),
            (
                "owners[1].identity.employment.employerAddress.city",
                "City, employer's address, owner 2",
            ),
            (
                "owners[0].agreements[0].name",
                "Name of the agreement, agreement 1, owner 1",
            ),
            (
                "trustedContacts[0].givenName",
                "First name, trusted contact 1",
            ),
            (
                "investmentProfile.customerProfile.annualIncomeRangeUsd",
                "Annual income in USD",
            ),
            ("entity.operatingCountries", "Countries of operation"),
        ] {
            assert_eq!(words(path).as_deref(), Some(said));
        }
        assert_eq!(words("owners[0].nothing"), None);
        assert_eq!(
            why("owners[0].identity.employment.employerName"),
            "Bakkt must know where the customer's money comes from"
        );
    }
}
