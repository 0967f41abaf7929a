//! What the contract's fields are called in exports, and what their values look like.
//!
//! Owner of the table of [`Concept`]s: the words of each, the forms that speak for it, and the field that it feeds.
//! A field is a concept at a place (`places`). Left out on purpose: how a header comes apart (`words`)
//! and how much a match is worth (`score`).

use std::sync::LazyLock;

use super::words::WordSet;
use crate::inspect::classes::Class;

/// Where a concept can stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// The account itself.
    Account,
    /// The account itself, where each row is one.
    Kept,
    /// Someone: an owner.
    Person,
    /// An owner or a trusted contact.
    Anyone,
    /// What an owner of an entity is besides.
    Holder,
    /// What an owner is for the account, where each row is an owner.
    Part,
    /// An address.
    Address,
    /// The investment profile.
    Profile,
    /// An entity.
    Entity,
}

/// How a concept's value is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// As it stands.
    Text,
    /// A person's name.
    Name,
    /// A whole name in one cell.
    FullName,
    /// A date.
    Date,
    /// A date and time.
    DateTime,
    /// A tax id of a person.
    TaxId,
    /// A tax id of a firm.
    FirmTaxId,
    /// A phone number.
    Phone,
    /// A line of a street address.
    Street,
    /// A state.
    State,
    /// A postal code.
    PostalCode,
    /// A country.
    Country,
    /// Several countries.
    Countries,
    /// City and state in one cell.
    CityState,
    /// A whole address in one cell.
    WholeAddress,
    /// A code for one of the field's words.
    Code,
    /// An amount.
    Amount,
    /// A whole number.
    Integer,
    /// A hundredth.
    Percent,
    /// Yes or no.
    YesNo,
    /// Name and version of an agreement in one cell.
    Agreement,
    /// Nothing of Bakkt's; but a column that must not be taken for something else.
    Aside,
}

/// One thing that a column can say.
#[derive(Clone, Copy, Debug)]
pub struct Concept {
    /// The field below its place; empty where `kind` feeds several.
    pub field: &'static str,
    /// Where it can stand.
    pub group: Group,
    /// How its value is made.
    pub kind: ValueKind,
    /// Forms of which its values have one.
    pub forms: &'static [Class],
    /// What headers call it: words of `words`; alternatives parted by bars, the usual first.
    pub phrases: &'static str,
}

const fn concept(
    group: Group,
    field: &'static str,
    kind: ValueKind,
    forms: &'static [Class],
    phrases: &'static str,
) -> Concept {
    Concept {
        field,
        group,
        kind,
        forms,
        phrases,
    }
}

use Class as C;
use Group::{Account, Address, Anyone, Entity, Holder, Kept, Part, Person, Profile};

const DATE: &[Class] = &[C::Date];
const PHONE: &[Class] = &[C::Phone];
const EMAIL: &[Class] = &[C::Email];
const NAME: &[Class] = &[C::Name];
const AMOUNT: &[Class] = &[C::Number];
const COUNTRY: &[Class] = &[C::Country];
const ANY: &[Class] = &[];

/// Everything that is known. In a phrase a stroke parts words of which a header has one, and a question mark stands behind
/// what it may leave out.
#[rustfmt::skip] // a table: one row a line
pub(crate) const CONCEPTS: &[Concept] = &[
    concept(Kept, "clientAccountId", ValueKind::Text, ANY, "customer number/id | account number/id | entity number/id | agreement number/id | customer | id number | account | id"),
    concept(Kept, "accountType", ValueKind::Code, ANY, "account/customer type | entity account type | account? registration type | agreement type | registration | entity type | social code/type"),
    concept(Account, "status", ValueKind::Aside, ANY, "account/customer status/state | status code? | account system status"),
    concept(Kept, "settlementMethod", ValueKind::Code, ANY, "settlement type?"),
    concept(Kept, "shareToken", ValueKind::Text, ANY, "token | token percent?"),
    concept(Account, "system", ValueKind::Aside, ANY, "system date/time? | gender | language | fax | county | staff name/code/number? | emergency | customer? birth place/city/country/state"),
    // Anyone.
    concept(Anyone, "emailAddress", ValueKind::Text, EMAIL, "email address/number/text?"),
    concept(Anyone, "phoneNumber", ValueKind::Phone, PHONE, "phone number? | mobile phone? number? | home phone | business phone | home/business number | home"),
    concept(Anyone, "givenName", ValueKind::Name, NAME, "first name?"),
    concept(Anyone, "middleNames", ValueKind::Name, NAME, "middle name? | secondary first name?"),
    concept(Anyone, "familyName", ValueKind::Name, NAME, "last name?"),
    concept(Anyone, "", ValueKind::FullName, &[C::Name, C::NameComma], "name | combined name | customer/account/owner name | last first name? middle? combined?"),
    concept(Anyone, "suffix", ValueKind::Aside, ANY, "suffix | title | salutation | name suffix/salutation | salutation code/title"),
    // People.
    concept(Person, "identity.dateOfBirth", ValueKind::Date, DATE, "birth date? | dob"),
    concept(Person, "identity.taxId", ValueKind::TaxId, &[C::Ssn, C::Nine], "ssn number? | tin number? | tax id number? | tax number | government id number? | social security number? | id number"),
    concept(Person, "identity.taxIdType", ValueKind::Code, ANY, "tax/tin/ssn/government id? number? type | id type | tax/tin code"),
    concept(Person, "identity.taxIdCountry", ValueKind::Country, COUNTRY, "tax/tin/government id? country home? | tax home | tin home | id country"),
    concept(Person, "identity.citizenshipCountry", ValueKind::Country, COUNTRY, "citizenship country? code?"),
    concept(Person, "identity.maritalStatus", ValueKind::Code, ANY, "marital status? | role status"),
    concept(Person, "identity.employment.employerName", ValueKind::Text, ANY, "employer name? | entity/business name? employer | employment entity"),
    concept(Person, "identity.employment.position", ValueKind::Text, ANY, "occupation code? | employment/employer title/occupation/role | occupation title/role | title"),
    concept(Person, "identity.employment.yearsEmployed", ValueKind::Integer, &[C::Integer], "years employment/employer/occupation/services/entity | time employment/employer/occupation"),
    concept(Person, "employmentStatus", ValueKind::Aside, ANY, "employment status | employment type"),
    concept(Person, "agreements[0]", ValueKind::Agreement, &[C::Version], "agreement name? | agreement/customer document/agreement name? version? | agreement version | agreement signed"),
    concept(Person, "agreements[0].name", ValueKind::Text, ANY, "agreement name | agreement document | agreement type"),
    concept(Person, "agreements[0].version", ValueKind::Text, ANY, "agreement version | version"),
    concept(Person, "agreements[0].eSignedDate", ValueKind::DateTime, DATE, "agreement? signed date? time? | agreement date/time | agreement date time"),
    concept(Person, "identity.disclosures.politicallyExposed", ValueKind::Code, ANY, "pep flag/status?"),
    concept(Person, "identity.disclosures.ofacSanctioned", ValueKind::Code, ANY, "ofac flag/status?"),
    // Owners of entities.
    concept(Holder, "clientOwnerId", ValueKind::Text, ANY, "owner/customer/joint number/id | contact id | contact number | id"),
    concept(Part, "role", ValueKind::Code, ANY, "role code/type? | owner role"),
    concept(Holder, "kind", ValueKind::Code, ANY, "owner type/form | type | person entity/business/legal flag? | entity flag | legal type"),
    concept(Holder, "ownership_percent", ValueKind::Percent, &[C::Number, C::Percent], "percent | owner percent | percent percent"),
    concept(Holder, "manages_entity", ValueKind::YesNo, &[C::YesNo], "manages flag/control? | control owner/person? flag? | manages/control entity?"),
    // Addresses.
    concept(Address, "streetAddress", ValueKind::Street, &[C::Street], "address line/street? | line | street address? line? | unit | address unit"),
    concept(Address, "city", ValueKind::Text, NAME, "city name?"),
    concept(Address, "state", ValueKind::State, &[C::State], "state code?"),
    concept(Address, "postalCode", ValueKind::PostalCode, &[C::Zip, C::Postcode], "zip code?"),
    concept(Address, "country", ValueKind::Country, COUNTRY, "country code?"),
    concept(Address, "", ValueKind::CityState, &[C::CityState], "city state"),
    concept(Address, "", ValueKind::WholeAddress, &[C::List], "combined? address"),
    // The investment profile.
    concept(Profile, "accountGoals.investmentObjective", ValueKind::Code, ANY, "investment? objective code?"),
    concept(Profile, "accountGoals.riskTolerance", ValueKind::Code, ANY, "investment? risk tolerance? code?"),
    concept(Profile, "accountGoals.timeHorizon", ValueKind::Code, ANY, "investment? time? horizon code? | investment time"),
    concept(Profile, "accountGoals.liquidityNeeds", ValueKind::Code, ANY, "liquidity needs? code? | needs funds"),
    concept(Profile, "customerProfile.annualIncomeRangeUsd", ValueKind::Amount, AMOUNT, "annual? net? income usd?"),
    concept(Profile, "customerProfile.totalNetWorthRangeUsd", ValueKind::Amount, AMOUNT, "total? net? worth usd? | tnw"),
    concept(Profile, "customerProfile.liquidNetWorthRangeUsd", ValueKind::Amount, AMOUNT, "liquid net? worth usd? | lnw | liquid net"),
    concept(Profile, "customerProfile.investmentExperience", ValueKind::Code, ANY, "investment/business/currency? experience code?"),
    concept(Profile, "customerProfile.federalTaxBracket", ValueKind::Integer, &[C::Percent, C::Integer], "federal? tax? bracket | tax percent"),
    concept(Profile, "customerProfile.sourceOfFunds", ValueKind::Text, ANY, "source funds/worth/income | sof | funds"),
    // Entities.
    concept(Entity, "entityLegalName", ValueKind::Text, &[C::Company], "legal/entity/business/registered name | legal entity name | combined legal? name entity? | name"),
    concept(Entity, "entityType", ValueKind::Code, ANY, "legal/entity/business/formation form/type | form | legal entity form/type | entity/formation type/form"),
    concept(Entity, "entityTaxId", ValueKind::FirmTaxId, &[C::Ein, C::Nine], "ein number? | employer id number? | federal? tax id number? | federal? tin number? | tax number"),
    concept(Entity, "entityEmailAddress", ValueKind::Text, EMAIL, "email address/number/text?"),
    concept(Entity, "entityPhoneNumber", ValueKind::Phone, PHONE, "phone number?"),
    concept(Entity, "operatingIndustry", ValueKind::Text, ANY, "industry code/text? | line business | business industry"),
    concept(Entity, "entityOfferings", ValueKind::Text, ANY, "products services? text? products? | services text? | business text"),
    concept(Entity, "entityFormationDate", ValueKind::Date, DATE, "formation date/years? | registered date | doi"),
    concept(Entity, "operatingCountries", ValueKind::Countries, &[C::Country, C::List], "operating? countries list? | country list | operating country | business countries/country"),
    concept(Entity, "sourceOfFunds", ValueKind::Text, ANY, "source funds/worth/income | sof | funds"),
    concept(Entity, "sourceOfCurrency", ValueKind::Text, ANY, "source currency currency? | soc | currency"),
    concept(Entity, "subjectToAMLRegulations", ValueKind::YesNo, &[C::YesNo], "subject? aml subject? flag?"),
    concept(Entity, "entityRegistrationStatus", ValueKind::Code, ANY, "registration status/state/code/flag? | registrar status/code? registration? | registered state/status"),
    concept(Entity, "investmentObjective", ValueKind::Code, ANY, "investment? objective code?"),
    concept(Entity, "investmentExperience", ValueKind::Code, ANY, "investment/business/currency? experience code?"),
    concept(Entity, "firmAnnualNetIncome", ValueKind::Amount, AMOUNT, "annual? net? income usd?"),
    concept(Entity, "firmLiquidNetWorthUsdRange", ValueKind::Amount, AMOUNT, "liquid net? worth usd? | lnw | liquid net"),
    concept(Entity, "firmTotalNetWorthUsdRange", ValueKind::Amount, AMOUNT, "total? net? worth usd? | tnw"),
    concept(Entity, "dailyTransactionVolumeUsdRange", ValueKind::Amount, AMOUNT, "expected? daily transaction? volume usd? | expected? daily transaction usd?"),
    concept(Entity, "dailyNotionalTradingVolumeUsdRange", ValueKind::Amount, AMOUNT, "expected? daily notional business? volume? usd? | expected? daily business volume? usd?"),
    concept(Entity, "activeWalletAddress", ValueKind::Text, ANY, "wallet address?"),
];

/// A phrase, read.
#[derive(Clone, Debug)]
pub struct Phrase {
    /// Sets of words; a header has one of each.
    pub words: Vec<WordSet>,
    /// Words that it may have besides.
    pub may: WordSet,
}

/// The phrases of each concept, the usual first.
pub(crate) static PHRASES: LazyLock<Vec<Vec<Phrase>>> = LazyLock::new(|| {
    let all = CONCEPTS.iter().map(|concept| concept.phrases.split(" | "));
    all.map(|phrases| phrases.map(phrase).collect()).collect()
});

fn phrase(text: &str) -> Phrase {
    let (may, must): (Vec<&str>, Vec<&str>) = text.split(' ').partition(|word| word.ends_with('?'));
    let may = may
        .iter()
        .map(|words| WordSet::of(words.trim_end_matches('?')));
    Phrase {
        words: must.iter().map(|words| WordSet::of(words)).collect(),
        may: may.fold(WordSet::default(), WordSet::and),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_a_phrase_is_in_the_table() {
        for concept in CONCEPTS {
            for word in concept
                .phrases
                .split([' ', '/', '|'])
                .filter(|word| !word.is_empty())
            {
                let word = word.trim_end_matches('?');
                assert!(!WordSet::of(word).is_empty(), "{word}");
            }
        }
    }
}
