//! What the contract's fields are called in exports, and what their values look like.
//!
//! Owner of the table of [`Concept`]s: the words of each, the forms that speak for it, and the fields that it feeds; and
//! of the [`Place`]s: the objects of the contract (the main owner, the joint owner, the mailing address) with the words
//! that headers mark them by. A field is a concept at a place. Left out on purpose: how a header comes apart (`words`)
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
    /// What headers call it: words of `words`, parted by spaces. Alternatives, the usual first.
    pub phrases: &'static [&'static str],
    /// Forms of which its values have one.
    pub forms: &'static [Class],
}

const fn concept(
    group: Group,
    field: &'static str,
    kind: Kind,
    phrases: &'static [&'static str],
    forms: &'static [Class],
) -> Concept {
    Concept {
        field,
        group,
        kind,
        phrases,
        forms,
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
pub const CONCEPTS: &[Concept] = &[
    concept(
        Account,
        "clientAccountId",
        Kind::Text,
        &[
            "customer number",
            "account number",
            "customer id",
            "account id",
            "customer",
            "entity number",
            "entity id",
            "id number",
            "account",
        ],
        ANY,
    ),
    concept(
        Account,
        "accountType",
        Kind::Code,
        &[
            "account type",
            "customer type",
            "entity account type",
            "account registration type",
        ],
        ANY,
    ),
    concept(
        Account,
        "status",
        Kind::Aside,
        &[
            "account status",
            "customer status",
            "status",
            "status code",
            "account system status",
        ],
        ANY,
    ),
    concept(
        Account,
        "settlementMethod",
        Kind::Code,
        &["settlement type", "settlement"],
        ANY,
    ),
    concept(
        Account,
        "shareToken",
        Kind::Text,
        &["token", "percent token"],
        ANY,
    ),
    concept(
        Account,
        "system",
        Kind::Aside,
        &[
            "system date",
            "system",
            "gender",
            "language",
            "fax",
            "county",
            "staff",
            "staff name",
            "staff code",
            "emergency",
            "customer birth place",
            "birth place",
        ],
        ANY,
    ),
    // Anyone.
    concept(
        Anyone,
        "emailAddress",
        Kind::Text,
        &["email", "email address", "address email"],
        EMAIL,
    ),
    concept(
        Anyone,
        "phoneNumber",
        Kind::Phone,
        &[
            "phone",
            "phone number",
            "mobile",
            "mobile phone",
            "home phone",
            "business phone",
        ],
        PHONE,
    ),
    concept(
        Anyone,
        "givenName",
        Kind::Name,
        &["first name", "first"],
        NAME,
    ),
    concept(
        Anyone,
        "middleNames",
        Kind::Name,
        &["middle name", "middle", "secondary first"],
        NAME,
    ),
    concept(
        Anyone,
        "familyName",
        Kind::Name,
        &["last name", "last"],
        NAME,
    ),
    concept(
        Anyone,
        "",
        Kind::FullName,
        &[
            "name",
            "combined name",
            "customer name",
            "account name",
            "owner name",
        ],
        &[C::Name, C::NameComma],
    ),
    concept(
        Anyone,
        "suffix",
        Kind::Aside,
        &["suffix", "title", "name suffix"],
        ANY,
    ),
    // People.
    concept(
        Person,
        "identity.dateOfBirth",
        Kind::Date,
        &["date of birth", "birth date", "dob", "birth"],
        DATE,
    ),
    concept(
        Person,
        "identity.taxId",
        Kind::TaxId,
        &[
            "ssn",
            "tin",
            "tax id",
            "tax id number",
            "tax number",
            "ssn number",
            "tin number",
            "social security",
            "social security number",
            "id number",
        ],
        &[C::Ssn, C::Nine],
    ),
    concept(
        Person,
        "identity.taxIdType",
        Kind::Code,
        &[
            "tax id type",
            "tax type",
            "tin type",
            "id type",
            "ssn type",
            "tin code",
            "tax code",
        ],
        ANY,
    ),
    concept(
        Person,
        "identity.taxIdCountry",
        Kind::Country,
        &[
            "tax id country",
            "tax country",
            "tin country",
            "country of tax home",
            "id country",
        ],
        COUNTRY,
    ),
    concept(
        Person,
        "identity.citizenshipCountry",
        Kind::Country,
        &[
            "country of citizenship",
            "citizenship country",
            "citizenship",
            "citizenship code",
        ],
        COUNTRY,
    ),
    concept(
        Person,
        "identity.maritalStatus",
        Kind::Code,
        &["marital status", "marital"],
        ANY,
    ),
    concept(
        Person,
        "identity.employment.employerName",
        Kind::Text,
        &["employer name", "employer", "entity name employer"],
        ANY,
    ),
    concept(
        Person,
        "identity.employment.position",
        Kind::Text,
        &["employment title", "occupation", "occupation code", "title"],
        ANY,
    ),
    concept(
        Person,
        "identity.employment.yearsEmployed",
        Kind::Integer,
        &[
            "years employment",
            "years employer",
            "years with employer",
            "years of employment",
        ],
        &[C::Integer],
    ),
    concept(
        Person,
        "employmentStatus",
        Kind::Aside,
        &["employment status", "employment type"],
        ANY,
    ),
    concept(
        Person,
        "agreements[0]",
        Kind::Agreement,
        &[
            "agreement",
            "agreement name",
            "agreement document",
            "customer agreement",
            "agreement version",
            "agreement document name",
        ],
        &[C::Version],
    ),
    concept(
        Person,
        "agreements[0].name",
        Kind::Text,
        &["agreement name", "agreement document", "agreement type"],
        ANY,
    ),
    concept(
        Person,
        "agreements[0].version",
        Kind::Text,
        &["agreement version", "version"],
        ANY,
    ),
    concept(
        Person,
        "agreements[0].eSignedDate",
        Kind::DateTime,
        &[
            "agreement signed",
            "agreement signed on",
            "agreement date",
            "signed date",
            "signed",
            "agreement signed date",
            "agreement signed time",
        ],
        DATE,
    ),
    concept(
        Person,
        "identity.disclosures.politicallyExposed",
        Kind::Code,
        &["pep", "pep flag", "pep status"],
        ANY,
    ),
    concept(
        Person,
        "identity.disclosures.ofacSanctioned",
        Kind::Code,
        &["ofac", "ofac flag", "ofac status"],
        ANY,
    ),
    // Owners of entities.
    concept(
        Holder,
        "clientOwnerId",
        Kind::Text,
        &["owner number", "owner id", "contact id", "contact number"],
        ANY,
    ),
    concept(
        Holder,
        "role",
        Kind::Code,
        &["owner role", "role", "role code", "role type"],
        ANY,
    ),
    concept(Holder, "kind", Kind::Code, &["owner type", "type"], ANY),
    concept(
        Holder,
        "ownership_percent",
        Kind::Percent,
        &["percent", "owner percent", "percent percent"],
        &[C::Number, C::Percent],
    ),
    concept(
        Holder,
        "manages_entity",
        Kind::YesNo,
        &[
            "manages",
            "manages flag",
            "control owner",
            "control",
            "manages entity",
        ],
        &[C::YesNo],
    ),
    // Addresses.
    concept(
        Address,
        "streetAddress",
        Kind::Street,
        &[
            "address line",
            "street address",
            "address street",
            "street",
            "address",
            "line",
            "unit",
            "address unit",
        ],
        &[C::Street],
    ),
    concept(Address, "city", Kind::Text, &["city", "city name"], NAME),
    concept(
        Address,
        "state",
        Kind::State,
        &["state", "state code"],
        &[C::State],
    ),
    concept(
        Address,
        "postalCode",
        Kind::PostalCode,
        &["zip", "zip code"],
        &[C::Zip, C::Postcode],
    ),
    concept(
        Address,
        "country",
        Kind::Country,
        &["country", "country code"],
        COUNTRY,
    ),
    concept(
        Address,
        "",
        Kind::CityState,
        &["city state", "city and state", "city of state"],
        &[C::CityState],
    ),
    concept(
        Address,
        "",
        Kind::WholeAddress,
        &["address", "combined address"],
        &[C::List],
    ),
    // The investment profile.
    concept(
        Profile,
        "accountGoals.investmentObjective",
        Kind::Code,
        &["investment objective", "objective", "objective code"],
        ANY,
    ),
    concept(
        Profile,
        "accountGoals.riskTolerance",
        Kind::Code,
        &[
            "risk tolerance",
            "risk",
            "risk code",
            "investment risk tolerance",
        ],
        ANY,
    ),
    concept(
        Profile,
        "accountGoals.timeHorizon",
        Kind::Code,
        &[
            "time horizon",
            "horizon",
            "investment time horizon",
            "investment horizon",
        ],
        ANY,
    ),
    concept(
        Profile,
        "accountGoals.liquidityNeeds",
        Kind::Code,
        &["liquidity needs", "liquidity"],
        ANY,
    ),
    concept(
        Profile,
        "customerProfile.annualIncomeRangeUsd",
        Kind::Amount,
        &[
            "annual income",
            "annual income usd",
            "income",
            "annual net income",
        ],
        AMOUNT,
    ),
    concept(
        Profile,
        "customerProfile.totalNetWorthRangeUsd",
        Kind::Amount,
        &[
            "total net worth",
            "net worth",
            "total worth",
            "net worth usd",
            "total net worth usd",
            "worth",
        ],
        AMOUNT,
    ),
    concept(
        Profile,
        "customerProfile.liquidNetWorthRangeUsd",
        Kind::Amount,
        &["liquid net worth", "liquid worth", "liquid net worth usd"],
        AMOUNT,
    ),
    concept(
        Profile,
        "customerProfile.investmentExperience",
        Kind::Code,
        &["investment experience", "experience", "experience code"],
        ANY,
    ),
    concept(
        Profile,
        "customerProfile.federalTaxBracket",
        Kind::Integer,
        &["federal tax bracket", "tax bracket"],
        &[C::Percent, C::Integer],
    ),
    concept(
        Profile,
        "customerProfile.sourceOfFunds",
        Kind::Text,
        &["source of funds", "funds source", "funds"],
        ANY,
    ),
    // Entities.
    concept(
        Entity,
        "entityLegalName",
        Kind::Text,
        &[
            "legal name",
            "entity name",
            "legal entity name",
            "business name",
            "name",
        ],
        &[C::Company],
    ),
    concept(
        Entity,
        "entityType",
        Kind::Code,
        &[
            "legal form",
            "entity type",
            "legal entity type",
            "legal type",
            "formation type",
        ],
        ANY,
    ),
    concept(
        Entity,
        "entityTaxId",
        Kind::FirmTaxId,
        &[
            "ein",
            "ein number",
            "employer id number",
            "tax id",
            "tin",
            "tax id number",
        ],
        &[C::Ein, C::Nine],
    ),
    concept(
        Entity,
        "entityEmailAddress",
        Kind::Text,
        &["email", "email address"],
        EMAIL,
    ),
    concept(
        Entity,
        "entityPhoneNumber",
        Kind::Phone,
        &["phone", "phone number"],
        PHONE,
    ),
    concept(
        Entity,
        "operatingIndustry",
        Kind::Text,
        &["industry", "industry code", "line of business"],
        ANY,
    ),
    concept(
        Entity,
        "entityOfferings",
        Kind::Text,
        &[
            "products services",
            "products and services",
            "products and services products",
            "products",
            "services",
        ],
        ANY,
    ),
    concept(
        Entity,
        "entityFormationDate",
        Kind::Date,
        &["date of formation", "formation date", "formation"],
        DATE,
    ),
    concept(
        Entity,
        "operatingCountries",
        Kind::Countries,
        &["countries of operating", "operating countries", "countries"],
        &[C::Country, C::List],
    ),
    concept(
        Entity,
        "sourceOfFunds",
        Kind::Text,
        &["source of funds", "funds source", "funds"],
        ANY,
    ),
    concept(
        Entity,
        "sourceOfCurrency",
        Kind::Text,
        &[
            "source of currency",
            "currency source",
            "source of currency currency",
            "currency",
        ],
        ANY,
    ),
    concept(
        Entity,
        "subjectToAMLRegulations",
        Kind::YesNo,
        &[
            "aml",
            "aml flag",
            "subject to aml subject",
            "aml subject",
            "subject to aml",
        ],
        &[C::YesNo],
    ),
    concept(
        Entity,
        "entityRegistrationStatus",
        Kind::Code,
        &["registration status", "registration"],
        ANY,
    ),
    concept(
        Entity,
        "investmentObjective",
        Kind::Code,
        &["investment objective", "objective"],
        ANY,
    ),
    concept(
        Entity,
        "investmentExperience",
        Kind::Code,
        &["investment experience", "experience"],
        ANY,
    ),
    concept(
        Entity,
        "firmAnnualNetIncome",
        Kind::Amount,
        &["annual net income", "net income", "annual income", "income"],
        AMOUNT,
    ),
    concept(
        Entity,
        "firmLiquidNetWorthUsdRange",
        Kind::Amount,
        &["liquid net worth", "liquid worth"],
        AMOUNT,
    ),
    concept(
        Entity,
        "firmTotalNetWorthUsdRange",
        Kind::Amount,
        &["total net worth", "net worth", "total worth", "worth"],
        AMOUNT,
    ),
    concept(
        Entity,
        "dailyTransactionVolumeUsdRange",
        Kind::Amount,
        &[
            "daily transaction volume",
            "daily volume",
            "expected daily transaction volume",
        ],
        AMOUNT,
    ),
    concept(
        Entity,
        "dailyNotionalTradingVolumeUsdRange",
        Kind::Amount,
        &[
            "daily notional business volume",
            "daily notional",
            "daily notional volume",
            "expected daily notional business volume",
            "daily business volume",
        ],
        AMOUNT,
    ),
    concept(
        Entity,
        "activeWalletAddress",
        Kind::Text,
        &["wallet address", "wallet"],
        ANY,
    ),
];

/// An object of the contract that columns can be of.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// What paths begin with there; `owners[]` stands for an owner that is a row of its own.
    pub prefix: &'static str,
    /// What can stand there.
    pub groups: &'static [Group],
    /// Words of which a header there has one, in each list. None: it is the place of whatever is not marked.
    pub marks: &'static [&'static [&'static str]],
    /// Words that a header there may have.
    pub may: &'static [&'static str],
}

const fn place(
    prefix: &'static str,
    groups: &'static [Group],
    marks: &'static [&'static [&'static str]],
    may: &'static [&'static str],
) -> Place {
    Place {
        prefix,
        groups,
        marks,
        may,
    }
}

const SELF: &[&str] = &[
    "primary",
    "customer",
    "owner",
    "contact",
    "current",
    "secondary",
];
const HOME: &[&str] = &[
    "home", "primary", "customer", "legal", "current", "owner", "address", "street",
];
const JOINT: &[&str] = &["joint"];
const JOINT_MAY: &[&str] = &["owner", "customer"];
const MAIL: &[&str] = &["mail"];
const TRUSTED: &[&str] = &["trusted"];
const WORK: &[&str] = &["employer", "employment"];
const FIRM: &[&str] = &["entity", "business", "customer", "primary", "account"];

const ACCOUNT: Place = place(
    "",
    &[Account],
    &[],
    &["primary", "customer", "entity", "owner", "account"],
);
const PROFILE: Place = place(
    "investmentProfile.",
    &[Profile],
    &[],
    &["customer", "owner", "investment", "account"],
);

/// Places of an export whose accounts are people's.
pub const PEOPLE: &[Place] = &[
    ACCOUNT,
    PROFILE,
    place("owners[0].", &[Person, Anyone], &[], SELF),
    place("owners[0].identity.personalAddress.", &[Address], &[], HOME),
    place("owners[0].mailingAddress.", &[Address], &[MAIL], HOME),
    place(
        "owners[0].identity.employment.employerAddress.",
        &[Address],
        &[WORK],
        &["business", "address"],
    ),
    place("owners[1].", &[Person, Anyone], &[JOINT], JOINT_MAY),
    place(
        "owners[1].identity.personalAddress.",
        &[Address],
        &[JOINT],
        HOME,
    ),
    place(
        "owners[1].mailingAddress.",
        &[Address],
        &[JOINT, MAIL],
        HOME,
    ),
    place(
        "owners[1].identity.employment.employerAddress.",
        &[Address],
        &[JOINT, WORK],
        HOME,
    ),
    place(
        "trustedContacts[0].",
        &[Anyone],
        &[TRUSTED],
        &["contact", "owner"],
    ),
    place(
        "trustedContacts[0].mailingAddress.",
        &[Address],
        &[TRUSTED],
        &["contact", "mail", "address", "home"],
    ),
];

/// Places of an export whose accounts are firms'.
pub const FIRMS: &[Place] = &[
    ACCOUNT,
    place("entity.", &[Entity], &[], FIRM),
    place(
        "entity.registeredAddress.",
        &[Address],
        &[&["registered", "legal", "formation", "home"]],
        FIRM_MAY,
    ),
    place(
        "entity.operatingAddress.",
        &[Address],
        &[&["operating", "business", "mail", "place"]],
        OPERATING_MAY,
    ),
    place(
        "owners[0].",
        &[Person, Anyone, Holder],
        &[&["owner", "contact", "primary"]],
        SELF,
    ),
    place(
        "owners[0].identity.personalAddress.",
        &[Address],
        &[&["owner", "contact"]],
        HOME,
    ),
];

const FIRM_MAY: &[&str] = &["entity", "business", "address", "primary", "street"];
const OPERATING_MAY: &[&str] = &[
    "entity", "business", "address", "primary", "owner", "place", "of", "street",
];

/// Places of an export whose rows are owners.
pub const OWNERS: &[Place] = &[
    place("", &[Account], &[], &["customer", "entity", "account"]),
    place("owners[].", &[Person, Anyone, Holder], &[], SELF),
    place("owners[].identity.personalAddress.", &[Address], &[], HOME),
    place("owners[].mailingAddress.", &[Address], &[MAIL], HOME),
    place(
        "owners[].identity.employment.employerAddress.",
        &[Address],
        &[WORK],
        &["business", "address"],
    ),
];

/// Places of an export whose rows are trusted contacts.
pub const CONTACTS: &[Place] = &[
    place("", &[Account], &[], &["customer", "entity", "account"]),
    place(
        "trustedContacts[].",
        &[Anyone],
        &[],
        &["contact", "owner", "trusted", "primary"],
    ),
    place(
        "trustedContacts[].mailingAddress.",
        &[Address],
        &[],
        &["contact", "trusted", "mail", "home", "address"],
    ),
];
