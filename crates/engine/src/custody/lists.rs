//! What Bakkt's lists say of something whose answer was lost: pure decisions.
//!
//! Invariant: "there" and "not there" are said only when the list leaves no doubt. Lists mask numbers, so that two recipients of
//! one customer can look alike; then a person has to look.

use serde_json::Value;

use crate::api::custody::fit_uuid;
use bakkt_model::custody::CustodyKind;
use bakkt_model::text::same;

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

/// What an entry of a list is to something that was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Likeness {
    /// As far as the list shows it.
    Same,
    /// Something of it is shown in a form that cannot be compared, or under another name.
    Unclear,
    /// Certainly something else.
    Other,
}

/// Looks for an account among those that a user has, each read by its uuid. `known` are accounts of other tasks.
pub(super) fn account(
    kind: CustodyKind,
    currency: &str,
    accounts: &[Value],
    known: &[String],
) -> Listed {
    let likeness = |account: &Value| match (kind, savings(account)) {
        (CustodyKind::Savings, savings) => savings,
        (_, Likeness::Same) => Likeness::Other,
        (_, savings) => match same_code(account.get("currency"), currency) {
            Likeness::Same if savings == Likeness::Unclear => Likeness::Unclear,
            likeness => likeness,
        },
    };
    one_of(accounts.iter().map(|one| (one, likeness(one))), known)
}

/// Whether an account is a savings account, by the word for its type.
fn savings(account: &Value) -> Likeness {
    let word = account.get("type").and_then(Value::as_str);
    let word = word.unwrap_or_default().trim().to_lowercase();
    match word.replace(['_', '-'], " ").as_str() {
        "savings" | "saving" | "savings account" | "savings purse" | "purse" => Likeness::Same,
        unclear if unclear.contains("saving") || unclear.contains("purse") => Likeness::Unclear,
        _ => Likeness::Other,
    }
}

/// Whether what a list shows is this currency: its code, in capitals or not. Anything else than a code can be any currency.
fn same_code(shown: Option<&Value>, currency: &str) -> Likeness {
    let is_code = |text: &&str| text.len() == 3 && text.bytes().all(|b| b.is_ascii_alphabetic());
    match shown.and_then(Value::as_str).map(str::trim).filter(is_code) {
        Some(code) if code.eq_ignore_ascii_case(currency) => Likeness::Same,
        Some(_) => Likeness::Other,
        None => Likeness::Unclear,
    }
}

/// Looks for a recipient in the list of recipients. `siblings` are the bodies of the customer's other recipients.
pub(super) fn recipient(
    body: &Value,
    siblings: &[Value],
    list: &[Value],
    known: &[String],
) -> Listed {
    let is_of_another = |entry: &Value| {
        let same = |sibling| payee(entry, sibling) == Likeness::Same;
        siblings.iter().any(same)
    };
    let likeness = |entry: &Value| match payee(entry, body) {
        Likeness::Same if is_of_another(entry) => Likeness::Unclear,
        // Another name than ours: it is the one that has that name.
        Likeness::Unclear if is_of_another(entry) => Likeness::Other,
        likeness => likeness,
    };
    one_of(list.iter().map(|one| (one, likeness(one))), known)
}

/// The only one that is the same, of those that are not known.
fn one_of<'v>(entries: impl Iterator<Item = (&'v Value, Likeness)>, known: &[String]) -> Listed {
    let (mut same, mut unclear) = (Vec::new(), false);
    for (entry, likeness) in entries {
        let uuid = uuid_of(entry);
        match likeness {
            _ if uuid.as_ref().is_some_and(|uuid| known.contains(uuid)) => {}
            Likeness::Same => same.push(uuid),
            Likeness::Unclear => unclear = true,
            Likeness::Other => {}
        }
    }
    match (same.as_slice(), unclear) {
        ([], false) => Listed::Absent,
        ([Some(uuid)], _) => Listed::There(uuid.clone()),
        _ => Listed::Ambiguous,
    }
}

fn uuid_of(entry: &Value) -> Option<String> {
    fit_uuid(entry.get("uuid").or_else(|| entry.get("id"))?)
}

/// What an entry of a list is to what this body made. What a list does not show is no difference; another number or currency
/// is one, and another name is none alone: names come back in other spellings.
fn payee(entry: &Value, body: &Value) -> Likeness {
    let text = |value: &Value, key: &str| -> Option<String> {
        let found = value.get(key)?.as_str()?.trim();
        (!found.is_empty()).then(|| found.to_owned())
    };
    let number = |value: &Value| {
        let shown = ["iban", "account_number"].map(|key| detail(value, key));
        let shown = shown.into_iter().flatten().find_map(|number| match number {
            Value::String(text) => Some(text.clone()),
            Value::Number(digits) => Some(digits.to_string()),
            _ => None,
        });
        let plain = |text: String| text.to_lowercase().replace([' ', '-'], "");
        shown.map(plain).filter(|number| !number.is_empty())
    };
    let ours = detail(body, "currency").and_then(Value::as_str);
    let is_other_currency =
        same_code(detail(entry, "currency"), ours.unwrap_or_default()) == Likeness::Other;
    let is_other_number = match (number(entry), number(body)) {
        (Some(shown), Some(ours)) => !ours.ends_with(visible(&shown)),
        _ => false,
    };
    let is_same_name = match (text(entry, "account_name"), text(body, "account_name")) {
        (Some(shown), Some(ours)) => same(&shown, &ours),
        _ => true,
    };
    match (is_other_currency || is_other_number, is_same_name) {
        (true, _) => Likeness::Other,
        (false, true) => Likeness::Same,
        (false, false) => Likeness::Unclear,
    }
}

/// A detail of a recipient, which a list may show beside its name.
fn detail<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    let details = value.get("account_details");
    let found = details.and_then(|details| details.get(key));
    found.or_else(|| value.get(key))
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
        let shown = |currency: Value| {
            let list = [json!({"uuid": A, "type": "checking", "currency": currency})];
            account(CustodyKind::BankAccount, "EUR", &list, &[])
        };
        assert_eq!(shown(json!("eur")), there(A));
        assert_eq!(shown(json!("GBP")), Listed::Absent);
        for unclear in [json!(null), json!({"code": "EUR"}), json!("Euro")] {
            assert_eq!(shown(unclear), Listed::Ambiguous);
        }
        let odd = [json!({"uuid": A, "type": "Savings-backed checking", "currency": "EUR"})];
        for kind in [CustodyKind::BankAccount, CustodyKind::Savings] {
            assert_eq!(account(kind, "EUR", &odd, &[]), Listed::Ambiguous);
        }
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
        // Its uuid is known, so that the entry is the twin's.
        assert_eq!(
            recipient(&ours, &twin, &list[..1], &[A.to_owned()]),
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
        // The same number under another name: an initial, a letter without its accent, or somebody else.
        for name in ["A. Example", "Änn Example", "Bob Example"] {
            let respelled = [entry(A, name, "DE89 3704 0044 0532 0130 00")];
            assert_eq!(recipient(&ours, &[], &respelled, &[]), Listed::Ambiguous);
        }
        let in_capitals = [entry(A, "ANN EXAMPLE", "de89 3704 0044 0532 0130 00")];
        let found = recipient(&ours, &[], &in_capitals, &[]);
        assert_eq!(found, Listed::There(A.to_owned()));
        let digits = json!({"account_name": "Ann", "account_details": {"currency": "USD", "account_number": "0123"}});
        let as_number = json!({"uuid": A, "account_name": "Ann", "account_details": {"currency": "USD", "account_number": 123}});
        assert_eq!(
            recipient(&digits, &[], &[as_number], &[]),
            Listed::There(A.to_owned())
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
