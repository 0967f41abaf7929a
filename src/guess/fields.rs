//! What the contract's fields are called in exports, and what their values look like.
//!
//! Owner of the table of [`Concept`]s: the words of each, the forms that speak for it, and the field that it feeds.
//! A field is a concept at a place (`places`). Left out on purpose: how a header comes apart (`words`)
//! and how much a match is worth (`score`).

use crate::inspect::classes::Class;

/// Where a concept can stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The account itself.
    Account,
    /// Someone: an owner.
    Person,
    /// An owner or a trusted contact.
    Anyone,
    /// What an owner of an entity is besides.
    Holder,
    /// An address.
    Address,
    /// The investment profile.
    Profile,
    /// An entity.
    Entity,
}

/// How a concept's value is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
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
    pub kind: Kind,
    /// Forms of which its values have one.
    pub forms: &'static [Class],
    /// What headers call it: words of `words`; alternatives parted by bars, the usual first.
    pub phrases: &'static str,
}

const fn concept(
    group: Group,
    field: &'static str,
    kind: Kind,
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
use Group::{Account, Address, Anyone, Entity, Holder, Person, Profile};

const DATE: &[Class] = &[C::Date];
const PHONE: &[Class] = &[C::Phone];
const EMAIL: &[Class] = &[C::Email];
const NAME: &[Class] = &[C::Name];
const AMOUNT: &[Class] = &[C::Number];
const COUNTRY: &[Class] = &[C::Country];
const ANY: &[Class] = &[];

/// Everything that is known.
#[rustfmt::skip] // a table: one row a line
pub const CONCEPTS: &[Concept] = &[
    concept(Account, "clientAccountId", Kind::Text, ANY, "customer number | account number | customer id | account id | customer | entity number | entity id | id number | account | id"),
    concept(Account, "accountType", Kind::Code, ANY, "account type | customer type | entity account type | account registration type"),
    concept(Account, "status", Kind::Aside, ANY, "account status | customer status | status | status code | account system status"),
    concept(Account, "settlementMethod", Kind::Code, ANY, "settlement type | settlement"),
    concept(Account, "shareToken", Kind::Text, ANY, "token | percent token"),
    concept(Account, "system", Kind::Aside, ANY, "system date | system | gender | language | fax | county | staff | staff name | staff code | emergency | customer birth place | birth place"),
    // Anyone.
    concept(Anyone, "emailAddress", Kind::Text, EMAIL, "email | email address | address email"),
    concept(Anyone, "phoneNumber", Kind::Phone, PHONE, "phone | phone number | mobile | mobile phone | home phone | business phone"),
    concept(Anyone, "givenName", Kind::Name, NAME, "first name | first"),
    concept(Anyone, "middleNames", Kind::Name, NAME, "middle name | middle | secondary first"),
    concept(Anyone, "familyName", Kind::Name, NAME, "last name | last"),
    concept(Anyone, "", Kind::FullName, &[C::Name, C::NameComma], "name | combined name | customer name | account name | owner name"),
    concept(Anyone, "suffix", Kind::Aside, ANY, "suffix | title | name suffix"),
    // People.
    concept(Person, "identity.dateOfBirth", Kind::Date, DATE, "date of birth | birth date | dob | birth"),
    concept(Person, "identity.taxId", Kind::TaxId, &[C::Ssn, C::Nine], "ssn | tin | tax id | tax id number | tax number | ssn number | tin number | social security | social security number | id number"),
    concept(Person, "identity.taxIdType", Kind::Code, ANY, "tax id type | tax type | tin type | id type | ssn type | tin code | tax code"),
    concept(Person, "identity.taxIdCountry", Kind::Country, COUNTRY, "tax id country | tax country | tin country | country of tax home | id country"),
    concept(Person, "identity.citizenshipCountry", Kind::Country, COUNTRY, "country of citizenship | citizenship country | citizenship | citizenship code"),
    concept(Person, "identity.maritalStatus", Kind::Code, ANY, "marital status | marital"),
    concept(Person, "identity.employment.employerName", Kind::Text, ANY, "employer name | employer | entity name employer"),
    concept(Person, "identity.employment.position", Kind::Text, ANY, "employment title | occupation | occupation code | title"),
    concept(Person, "identity.employment.yearsEmployed", Kind::Integer, &[C::Integer], "years employment | years employer | years with employer | years of employment"),
    concept(Person, "employmentStatus", Kind::Aside, ANY, "employment status | employment type"),
    concept(Person, "agreements[0]", Kind::Agreement, &[C::Version], "agreement | agreement name | agreement document | customer agreement | agreement version | agreement document name"),
    concept(Person, "agreements[0].name", Kind::Text, ANY, "agreement name | agreement document | agreement type"),
    concept(Person, "agreements[0].version", Kind::Text, ANY, "agreement version | version"),
    concept(Person, "agreements[0].eSignedDate", Kind::DateTime, DATE, "agreement signed | agreement signed on | agreement date | signed date | signed | agreement signed date | agreement signed time"),
    concept(Person, "identity.disclosures.politicallyExposed", Kind::Code, ANY, "pep | pep flag | pep status"),
    concept(Person, "identity.disclosures.ofacSanctioned", Kind::Code, ANY, "ofac | ofac flag | ofac status"),
    // Owners of entities.
    concept(Holder, "clientOwnerId", Kind::Text, ANY, "owner number | owner id | contact id | contact number | id"),
    concept(Holder, "role", Kind::Code, ANY, "owner role | role | role code | role type"),
    concept(Holder, "kind", Kind::Code, ANY, "owner type | type"),
    concept(Holder, "ownership_percent", Kind::Percent, &[C::Number, C::Percent], "percent | owner percent | percent percent"),
    concept(Holder, "manages_entity", Kind::YesNo, &[C::YesNo], "manages | manages flag | control owner | control | manages entity"),
    // Addresses.
    concept(Address, "streetAddress", Kind::Street, &[C::Street], "address line | street address | address street | street | address | line | unit | address unit"),
    concept(Address, "city", Kind::Text, NAME, "city | city name"),
    concept(Address, "state", Kind::State, &[C::State], "state | state code"),
    concept(Address, "postalCode", Kind::PostalCode, &[C::Zip, C::Postcode], "zip | zip code"),
    concept(Address, "country", Kind::Country, COUNTRY, "country | country code"),
    concept(Address, "", Kind::CityState, &[C::CityState], "city state | city and state | city of state"),
    concept(Address, "", Kind::WholeAddress, &[C::List], "address | combined address"),
    // The investment profile.
    concept(Profile, "accountGoals.investmentObjective", Kind::Code, ANY, "investment objective | objective | objective code"),
    concept(Profile, "accountGoals.riskTolerance", Kind::Code, ANY, "risk tolerance | risk | risk code | investment risk tolerance"),
    concept(Profile, "accountGoals.timeHorizon", Kind::Code, ANY, "time horizon | horizon | investment time horizon | investment horizon"),
    concept(Profile, "accountGoals.liquidityNeeds", Kind::Code, ANY, "liquidity needs | liquidity"),
    concept(Profile, "customerProfile.annualIncomeRangeUsd", Kind::Amount, AMOUNT, "annual income | annual income usd | income | annual net income"),
    concept(Profile, "customerProfile.totalNetWorthRangeUsd", Kind::Amount, AMOUNT, "total net worth | net worth | total worth | net worth usd | total net worth usd | worth"),
    concept(Profile, "customerProfile.liquidNetWorthRangeUsd", Kind::Amount, AMOUNT, "liquid net worth | liquid worth | liquid net worth usd"),
    concept(Profile, "customerProfile.investmentExperience", Kind::Code, ANY, "investment experience | experience | experience code"),
    concept(Profile, "customerProfile.federalTaxBracket", Kind::Integer, &[C::Percent, C::Integer], "federal tax bracket | tax bracket"),
    concept(Profile, "customerProfile.sourceOfFunds", Kind::Text, ANY, "source of funds | funds source | funds"),
    // Entities.
    concept(Entity, "entityLegalName", Kind::Text, &[C::Company], "legal name | entity name | legal entity name | business name | name"),
    concept(Entity, "entityType", Kind::Code, ANY, "legal form | entity type | legal entity type | legal type | formation type"),
    concept(Entity, "entityTaxId", Kind::FirmTaxId, &[C::Ein, C::Nine], "ein | ein number | employer id number | tax id | tin | tax id number"),
    concept(Entity, "entityEmailAddress", Kind::Text, EMAIL, "email | email address"),
    concept(Entity, "entityPhoneNumber", Kind::Phone, PHONE, "phone | phone number"),
    concept(Entity, "operatingIndustry", Kind::Text, ANY, "industry | industry code | line of business"),
    concept(Entity, "entityOfferings", Kind::Text, ANY, "products services | products and services | products and services products | products | services"),
    concept(Entity, "entityFormationDate", Kind::Date, DATE, "date of formation | formation date | formation"),
    concept(Entity, "operatingCountries", Kind::Countries, &[C::Country, C::List], "countries of operating | operating countries | countries"),
    concept(Entity, "sourceOfFunds", Kind::Text, ANY, "source of funds | funds source | funds"),
    concept(Entity, "sourceOfCurrency", Kind::Text, ANY, "source of currency | currency source | source of currency currency | currency"),
    concept(Entity, "subjectToAMLRegulations", Kind::YesNo, &[C::YesNo], "aml | aml flag | subject to aml subject | aml subject | subject to aml"),
    concept(Entity, "entityRegistrationStatus", Kind::Code, ANY, "registration status | registration"),
    concept(Entity, "investmentObjective", Kind::Code, ANY, "investment objective | objective"),
    concept(Entity, "investmentExperience", Kind::Code, ANY, "investment experience | experience"),
    concept(Entity, "firmAnnualNetIncome", Kind::Amount, AMOUNT, "annual net income | net income | annual income | income"),
    concept(Entity, "firmLiquidNetWorthUsdRange", Kind::Amount, AMOUNT, "liquid net worth | liquid worth"),
    concept(Entity, "firmTotalNetWorthUsdRange", Kind::Amount, AMOUNT, "total net worth | net worth | total worth | worth"),
    concept(Entity, "dailyTransactionVolumeUsdRange", Kind::Amount, AMOUNT, "daily transaction volume | daily volume | expected daily transaction volume"),
    concept(Entity, "dailyNotionalTradingVolumeUsdRange", Kind::Amount, AMOUNT, "daily notional business volume | daily notional | daily notional volume | expected daily notional business volume | daily business volume"),
    concept(Entity, "activeWalletAddress", Kind::Text, ANY, "wallet address | wallet"),
];
