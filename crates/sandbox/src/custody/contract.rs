//! What the custody calls take: the sandbox's own statement of it.

use serde_json::Value;

use super::{Made, text};

/// What is wrong with a request, with the field that it is about; none: it is good.
pub(super) fn wrong(made: Made, body: &Value) -> Option<(&'static str, &'static str)> {
    match made {
        Made::User => user(body),
        Made::BankAccount => (!["EUR", "GBP", "USD", "NGN"].contains(&text(body, "currency")))
            .then_some(("currency", "is not a currency of this service")),
        Made::Savings => None,
        Made::Recipient => recipient(body),
    }
}

fn user(body: &Value) -> Option<(&'static str, &'static str)> {
    let names = [
        ("first_name", text(body, "first_name")),
        ("last_name", text(body, "last_name")),
    ];
    for (field, name) in names {
        let letters = name.chars().all(|c| c.is_ascii_alphabetic() || c == ' ');
        if !letters || !(2..=48).contains(&name.len()) {
            return Some((field, "must be 2 to 48 letters"));
        }
    }
    if names[0].1.len() + names[1].1.len() > 50 {
        return Some(("last_name", "names must be 50 letters together at most"));
    }
    let country = text(body, "country");
    if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Some(("country", "must be an alpha-2 code"));
    }
    if !text(body, "email").contains('@') {
        return Some(("email", "must be an address"));
    }
    let phone = text(body, "phone_number");
    let is_phone = phone.starts_with('+') && phone[1..].bytes().all(|byte| byte.is_ascii_digit());
    (country == "US" && !is_phone).then_some(("phone_number", "is mandatory in the U.S."))
}

fn recipient(body: &Value) -> Option<(&'static str, &'static str)> {
    if text(body, "account_name").is_empty() {
        return Some(("account_name", "is missing"));
    }
    let details = body.get("account_details").cloned().unwrap_or_default();
    let digits = |key: &str, count: usize| {
        let text = text(&details, key);
        text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    match text(&details, "currency") {
        "EUR" => (!is_iban(text(&details, "iban"))).then_some(("iban", "is not valid")),
        "GBP" if !digits("account_number", 8) => Some(("account_number", "must have 8 digits")),
        "GBP" => (!digits("sort_code", 6)).then_some(("sort_code", "must have 6 digits")),
        "NGN" if !digits("account_number", 10) => Some(("account_number", "must have 10 digits")),
        "NGN" => text(&details, "bank_code")
            .is_empty()
            .then_some(("bank_code", "is missing")),
        "USD" if !is_aba(text(&details, "routing_number")) => {
            Some(("routing_number", "is not valid"))
        }
        "USD" if text(&details, "transfer_method") != "ACH" => {
            Some(("transfer_method", "must be ACH"))
        }
        "USD" if !["Checking", "Savings"].contains(&text(&details, "account_type")) => {
            Some(("account_type", "must be Checking or Savings"))
        }
        "USD" => text(&details, "account_number")
            .is_empty()
            .then_some(("account_number", "is missing")),
        _ => Some(("currency", "is not a currency of this service")),
    }
}

/// The remainder of an IBAN's digits by 97 is 1.
fn is_iban(iban: &str) -> bool {
    if !(15..=34).contains(&iban.len()) || !iban.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return false;
    }
    let turned = iban[4..].chars().chain(iban[..4].chars());
    let rest = turned
        .filter_map(|c| c.to_digit(36))
        .fold(0u64, |rest, digit| {
            let by = if digit > 9 { 100 } else { 10 };
            (rest * by + u64::from(digit)) % 97
        });
    rest == 1
}

fn is_aba(number: &str) -> bool {
    let digits: Vec<u32> = number.chars().filter_map(|c| c.to_digit(10)).collect();
    let [a, b, c, d, e, f, g, h, i] = digits[..] else {
        return false;
    };
    number.len() == 9 && (3 * (a + d + g) + 7 * (b + e + h) + c + f + i) % 10 == 0
}
