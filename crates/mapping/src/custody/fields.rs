//! The fields of custody that a mapping may feed.

use crate::target::TargetForm;
use bakkt_contract::Form;
use bakkt_contract::custody::{ACCOUNT_TYPES, CURRENCIES, PREFIX};
use bakkt_model::error::nearest;

/// A field of a customer's custody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the table below says what each is called
pub enum CustodyField {
    User,
    FirstName,
    LastName,
    Email,
    Country,
    DateOfBirth,
    PhoneNumber,
    Currencies,
    Savings,
}

/// Their names in a mapping behind `custody.`, and what they take.
pub const USER_FIELDS: [(CustodyField, &str, TargetForm); 9] = [
    (CustodyField::User, "user", TargetForm::One(Form::Boolean)),
    (
        CustodyField::FirstName,
        "firstName",
        TargetForm::One(Form::Text),
    ),
    (
        CustodyField::LastName,
        "lastName",
        TargetForm::One(Form::Text),
    ),
    (CustodyField::Email, "email", TargetForm::One(Form::Email)),
    (
        CustodyField::Country,
        "country",
        TargetForm::One(Form::Country),
    ),
    (
        CustodyField::DateOfBirth,
        "dateOfBirth",
        TargetForm::One(Form::PastDate),
    ),
    (
        CustodyField::PhoneNumber,
        "phoneNumber",
        TargetForm::One(Form::Phone),
    ),
    (
        CustodyField::Currencies,
        "currencies",
        TargetForm::Lines(Form::OneOf(CURRENCIES)),
    ),
    (
        CustodyField::Savings,
        "savings",
        TargetForm::One(Form::Boolean),
    ),
];

/// A field of a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the table below says what each is called
pub enum RecipientField {
    AccountName,
    MainRecipient,
    Currency,
    Iban,
    AccountNumber,
    RoutingNumber,
    SortCode,
    BankCode,
    AccountType,
    Relationship,
}

/// No account number is longer, whatever blanks people write into it.
const NUMBER: Form = Form::Code(64);

/// Their names in a mapping, and what they take.
pub const RECIPIENT_FIELDS: [(RecipientField, &str, TargetForm); 10] = [
    (
        RecipientField::AccountName,
        "accountName",
        TargetForm::One(Form::Text),
    ),
    (
        RecipientField::MainRecipient,
        "mainRecipient",
        TargetForm::One(Form::Boolean),
    ),
    (
        RecipientField::Currency,
        "currency",
        TargetForm::One(Form::OneOf(CURRENCIES)),
    ),
    (RecipientField::Iban, "iban", TargetForm::One(NUMBER)),
    (
        RecipientField::AccountNumber,
        "accountNumber",
        TargetForm::One(NUMBER),
    ),
    (
        RecipientField::RoutingNumber,
        "routingNumber",
        TargetForm::One(NUMBER),
    ),
    (
        RecipientField::SortCode,
        "sortCode",
        TargetForm::One(NUMBER),
    ),
    (
        RecipientField::BankCode,
        "bankCode",
        TargetForm::One(NUMBER),
    ),
    (
        RecipientField::AccountType,
        "accountType",
        TargetForm::One(Form::OneOf(ACCOUNT_TYPES)),
    ),
    (
        RecipientField::Relationship,
        "relationship",
        TargetForm::One(Form::Text),
    ),
];

/// The highest index of a recipient that stands in the customer's own row.
pub const MOST_COLUMNS: usize = 9;

/// All names that a mapping of accounts, or (with brackets) of recipients, may feed.
pub fn names() -> Vec<String> {
    let user = USER_FIELDS
        .iter()
        .map(|(_, name, _)| format!("{PREFIX}{name}"));
    let of_recipient = RECIPIENT_FIELDS
        .iter()
        .map(|(_, name, _)| format!("{PREFIX}recipients[0].{name}"));
    user.chain(of_recipient).collect()
}

/// Finds what a field of a customer's own row takes. The error is (what is wrong, what it should be).
pub fn resolve(target: &str) -> Result<TargetForm, (String, String)> {
    let name = target.strip_prefix(PREFIX).unwrap_or_default();
    if let Some((_, _, takes)) = USER_FIELDS.iter().find(|(_, known, _)| *known == name) {
        return Ok(*takes);
    }
    if target.contains("[]") {
        return Err((
            format!("`{target}` does not belong in this mapping"),
            "empty brackets stand in the mapping of [source.recipients]; here recipients have an index, such as \
             custody.recipients[0].iban"
                .to_owned(),
        ));
    }
    let element = name
        .strip_prefix("recipients[")
        .and_then(|rest| rest.split_once("]."));
    let known = element.and_then(|(index, field)| {
        let index: usize = index.parse().ok().filter(|index| *index <= MOST_COLUMNS)?;
        // Written as it is looked up: no zeros in front.
        (name.starts_with(&format!("recipients[{index}]."))).then(|| of_recipient(field))?
    });
    known.ok_or_else(|| unknown(target))
}

/// The same of a mapping whose rows are recipients.
pub fn resolve_row(target: &str) -> Result<TargetForm, (String, String)> {
    let field = target.strip_prefix("custody.recipients[].");
    field.and_then(of_recipient).ok_or_else(|| {
        let (message, help) = unknown(&target.replacen("[]", "[0]", 1));
        (
            message.replacen("[0]", "[]", 1),
            help.replacen("[0]", "[]", 1),
        )
    })
}

fn of_recipient(field: &str) -> Option<TargetForm> {
    let mut known = RECIPIENT_FIELDS.iter();
    let found = known.find(|(_, name, _)| *name == field);
    found.map(|(_, _, takes)| *takes)
}

fn unknown(target: &str) -> (String, String) {
    let names = names();
    let help = nearest(target, names.iter().map(String::as_str)).map_or_else(
        || "such as custody.firstName, custody.currencies or custody.recipients[0].iban".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    (format!("custody has no field `{target}`"), help)
}
