//! Values of custody that stand for none: names, mailboxes and days that nobody has, and numbers of something else.
//!
//! Owner of what is refused here although its form is right. In an account such a value is a finding or, with `placeholders`, an
//! empty cell; here it is always a gap, because money would go to nobody and codes to a mailbox that somebody else may have. The
//! words are those of the accounts' fields. Left out on purpose: numbers of accounts and banks (`bakkt_contract::custody::numbers`).

use serde_json::Value;

use super::fields::RecipientField;
use crate::findings::free_texts;
use bakkt_contract::custody::payloads::{Details, Recipient};
use bakkt_contract::texts;
use bakkt_model::placeholder::is_placeholder;

/// The letters of a name that is one letter over and over have at least this number.
const REPEATED: usize = 3;

/// A name or a word of the customer's own.
pub(super) fn text(text: &str) -> Result<String, &'static str> {
    let unfit = texts::unfit_text(text, texts::ACCOUNT_NAME);
    match unfit.or_else(|| free_texts::doubt(text)) {
        None => Ok(text.to_owned()),
        Some(why) => Err(why),
    }
}

/// The name on a bank account.
pub(super) fn account_name(name: &str) -> Result<String, &'static str> {
    let name = text(name)?;
    let mut letters = name.chars().filter(|c| c.is_alphabetic());
    let Some(first) = letters.next() else {
        return Err("holds no letter, and every name does");
    };
    let same = |c: char| c.to_lowercase().eq(first.to_lowercase());
    let others: Vec<char> = letters.collect();
    match others.len() + 1 >= REPEATED && others.into_iter().all(same) {
        true => Err("is one letter over and over"),
        false => Ok(name),
    }
}

/// A value that is no usual placeholder.
pub(super) fn known(text: &str) -> Result<&str, &'static str> {
    match is_placeholder(text) {
        true => Err("is a placeholder"),
        false => Ok(text),
    }
}

/// What in a recipient is another value of the same row, if something is; `account` is the payload of the customer's account.
pub(super) fn mixed_up(
    recipient: &Recipient,
    account: &Value,
) -> Option<(RecipientField, &'static str)> {
    let compact = |text: &str| -> String {
        let signs = text.chars().filter(|c| c.is_alphanumeric());
        signs.collect::<String>().to_uppercase()
    };
    let number = recipient.details.number();
    let tax_id = account.pointer("/owners/0/identity/taxId");
    if compact(&recipient.account_name) == number {
        return Some((RecipientField::AccountName, "is the number of the account"));
    }
    match &recipient.details {
        Details::Usd { routing_number, .. } if routing_number == number => {
            Some((RecipientField::AccountNumber, "is the routing number"))
        }
        Details::Eur { .. } => None,
        _ if tax_id.and_then(Value::as_str).map(compact).as_deref() == Some(number) => Some((
            RecipientField::AccountNumber,
            "is the tax id of the customer",
        )),
        _ => None,
    }
}
