//! What Bakkt's lists say of something whose answer was lost: pure decisions.
//!
//! Invariant: "there" and "not there" are said only when the list leaves no doubt. Lists mask numbers, so that two recipients of
//! one customer can look alike; then a person has to look.

use serde_json::Value;

use crate::api::custody::fit_uuid;
use bakkt_model::custody::CustodyKind;

/// What a list says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Listed {
    /// It is there, under this uuid.
    There(String),
    /// It is not there.
    Absent,
    /// Nobody can tell by program.
    Ambiguous,
}

/// Looks for an account among those that a user has, each read by its uuid. `known` are accounts of other tasks.
pub(super) fn account(
    kind: CustodyKind,
    currency: &str,
    accounts: &[Value],
    known: &[String],
) -> Listed {
    let is_savings = |account: &Value| {
        let word = account
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_lowercase();
        word.contains("saving") || word.contains("purse")
    };
    let fits = |account: &&Value| match kind {
        CustodyKind::Savings => is_savings(account),
        _ => {
            !is_savings(account)
                && account.get("currency").and_then(Value::as_str) == Some(currency)
        }
    };
    one_of(accounts.iter().filter(fits), known)
}

/// Looks for a recipient in the list of recipients. `siblings` are the bodies of the customer's other recipients.
pub(super) fn recipient(
    body: &Value,
    siblings: &[Value],
    list: &[Value],
    known: &[String],
) -> Listed {
    let ours = list.iter().filter(|entry| may_be(entry, body));
    let found = one_of(ours, known);
    let is_of_another = |entry: &Value| siblings.iter().any(|sibling| may_be(entry, sibling));
    match &found {
        Listed::There(uuid) => {
            let entry = list
                .iter()
                .find(|entry| uuid_of(entry).as_ref() == Some(uuid));
            match entry.is_some_and(is_of_another) {
                true => Listed::Ambiguous,
                false => found,
            }
        }
        _ => found,
    }
}

/// The only one of these that is not known.
fn one_of<'v>(found: impl Iterator<Item = &'v Value>, known: &[String]) -> Listed {
    let mut fresh = found.filter(|entry| uuid_of(entry).is_none_or(|uuid| !known.contains(&uuid)));
    match (fresh.next(), fresh.next()) {
        (None, _) => Listed::Absent,
        (Some(one), None) => uuid_of(one).map_or(Listed::Ambiguous, Listed::There),
        (Some(_), Some(_)) => Listed::Ambiguous,
    }
}

fn uuid_of(entry: &Value) -> Option<String> {
    fit_uuid(entry.get("uuid").or_else(|| entry.get("id"))?)
}

/// Whether an entry of a list may be what this body made.
fn may_be(entry: &Value, body: &Value) -> bool {
    let text = |value: &Value, key: &str| -> Option<String> {
        let found = value.get(key)?.as_str()?.trim().to_lowercase();
        (!found.is_empty()).then_some(found)
    };
    let details = |value: &Value, key: &str| {
        value
            .get("account_details")
            .and_then(|details| text(details, key))
            .or_else(|| text(value, key))
    };
    // What a list does not show is no difference.
    let same = |shown: Option<String>, ours: Option<String>| shown.is_none() || shown == ours;
    let number =
        |value: &Value| details(value, "iban").or_else(|| details(value, "account_number"));
    same(text(entry, "account_name"), text(body, "account_name"))
        && same(details(entry, "currency"), details(body, "currency"))
        && match (number(entry), number(body)) {
            (Some(shown), Some(ours)) => ours.ends_with(visible(&shown)),
            _ => true,
        }
}

/// The end of a number that a mask leaves.
fn visible(shown: &str) -> &str {
    let is_mask = |c: char| !c.is_ascii_alphanumeric() || c == 'x';
    shown.rsplit(is_mask).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    const B: &str = "4fa85f64-5717-4562-b3fc-2c963f66afa6";

    #[test]
    fn an_account_is_there_by_its_currency() {
        let accounts = [
            json!({"uuid": A, "type": "checking", "currency": "EUR"}),
            json!({"uuid": B, "type": "savings", "currency": "USD"}),
        ];
        let there = |uuid: &str| Listed::There(uuid.to_owned());
        let of = |kind, currency| account(kind, currency, &accounts, &[]);
        assert_eq!(of(CustodyKind::BankAccount, "EUR"), there(A));
        assert_eq!(of(CustodyKind::BankAccount, "USD"), Listed::Absent);
        assert_eq!(of(CustodyKind::Savings, ""), there(B));
        let known = [A.to_owned()];
        assert_eq!(
            account(CustodyKind::BankAccount, "EUR", &accounts, &known),
            Listed::Absent
        );
    }

    fn body(name: &str, iban: &str) -> Value {
        json!({"account_name": name, "main_recipient": false, "account_details": {"currency": "EUR", "iban": iban}})
    }

    fn entry(uuid: &str, name: &str, iban: &str) -> Value {
        json!({"uuid": uuid, "account_name": name, "account_details": {"currency": "EUR", "iban": iban}})
    }

    #[test]
    fn a_recipient_is_there_when_its_number_can_be_nobody_elses() {
        let ours = body("Ann Example", "DE89370400440532013000");
        let list = [
            entry(A, "Ann Example", "****3000"),
            entry(B, "Bob Example", "****3000"),
        ];
        let found = recipient(&ours, &[], &list, &[]);
        assert_eq!(found, Listed::There(A.to_owned()));
        // Another one of the same name and the same last digits.
        let twin = [body("Ann Example", "NL02ABNA0123453000")];
        assert_eq!(recipient(&ours, &twin, &list, &[]), Listed::Ambiguous);
        // Its own uuid is known, so that the entry is the twin's.
        assert_eq!(
            recipient(&ours, &twin, &list, &[A.to_owned()]),
            Listed::Absent
        );
        let two = [
            entry(A, "Ann Example", "****3000"),
            entry(B, "Ann Example", "xxxx3000"),
        ];
        assert_eq!(recipient(&ours, &[], &two, &[]), Listed::Ambiguous);
        assert_eq!(
            recipient(&body("Ann Example", "X1"), &[], &list, &[]),
            Listed::Absent
        );
        // A list that shows no number.
        let bare = [json!({"uuid": A, "account_name": "Ann Example"})];
        assert_eq!(
            recipient(&ours, &[], &bare, &[]),
            Listed::There(A.to_owned())
        );
        assert_eq!(recipient(&ours, &twin, &bare, &[]), Listed::Ambiguous);
    }
}
