//! The judgement: what is made for one customer, and what is not.
//!
//! A user whose own fields are wrong gets nothing; a wrong currency or recipient is left out alone.

use serde_json::Value;

use super::distinct::RecipientList;
use super::fields::{CustodyField, RecipientField};
use super::{CustodyMapper, CustodyRules, CustodyWorker, Said, doubts};
use crate::names::field::{self, NameField};
use bakkt_contract::countries;
use bakkt_contract::custody::payloads::{Details, Recipient, User, bank_account, savings};
use bakkt_contract::custody::{self, names, numbers};
use bakkt_contract::forms;
use bakkt_model::custody::CustodyKind;
use bakkt_model::position::Position;
use bakkt_source::Row;

/// One customer.
pub struct Customer<'a> {
    /// The row with which the record begins.
    pub row: Row<'a>,
    /// clientAccountId.
    pub client_id: &'a str,
    /// The account's payload.
    pub payload: &'a [u8],
    /// Rows of recipients, each with where it stands.
    pub recipients: &'a [(Position, Row<'a>)],
}

/// One thing to make.
#[derive(Clone, Debug)]
pub struct CustodyItem {
    /// What.
    pub kind: CustodyKind,
    /// Of a bank account its currency; else empty. A recipient is known by its body.
    pub item: &'static str,
    /// What is sent.
    pub body: Vec<u8>,
    /// Of a recipient: where its own row stands.
    pub at: Option<Position>,
}

/// Why something is not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustodyGap {
    /// The field.
    pub path: String,
    /// Why, without the value.
    pub reason: String,
    /// Where it stands, when that is not the customer's own row.
    pub at: Option<Position>,
}

/// What custody makes of one customer.
#[derive(Clone, Debug, Default)]
pub struct CustodyOutcome {
    /// What is made, the user first; nothing without a user.
    pub items: Vec<CustodyItem>,
    /// What is not.
    pub gaps: Vec<CustodyGap>,
    /// Fields whose names go transliterated.
    pub transliterated: Vec<&'static str>,
    /// The user's e-mail address as Bakkt compares it, to find customers who share it.
    pub email: Option<String>,
}

/// The field by which a shared e-mail address is told, and why that is wrong.
pub const SHARED_EMAIL: (&str, &str) = (
    "custody.email",
    "invalid: another customer has the same e-mail address, and a user's is unique",
);

const NOT_INDIVIDUAL: &str =
    "by hand: the account is not INDIVIDUAL, and only users of such are made";

impl CustodyMapper {
    /// Judges one customer.
    pub fn assess(
        &self,
        rules: &CustodyRules,
        customer: &Customer<'_>,
        worker: &mut CustodyWorker,
    ) -> CustodyOutcome {
        let mut outcome = CustodyOutcome::default();
        let account: Value = serde_json::from_slice(customer.payload).unwrap_or_default();
        if account.get("accountType").and_then(Value::as_str) != Some("INDIVIDUAL") {
            outcome.gap("custody", NOT_INDIVIDUAL, None);
            return outcome;
        }
        self.map(&customer.row, worker);
        match self.boolean(CustodyField::User, worker) {
            Ok(Some(false)) => return outcome,
            Ok(_) => {}
            Err(why) => outcome.gap("custody.user", &invalid(why), None),
        }
        self.user(rules, customer, &account, worker, &mut outcome);
        let has_user = !outcome.items.is_empty();
        self.accounts(worker, &mut outcome);
        let mut recipients = RecipientList::default();
        for index in 0..self.columns() {
            self.recipient(Some(index), None, &account, worker, &mut recipients);
        }
        for (at, row) in customer.recipients {
            self.map_recipient(row, worker);
            self.recipient(None, Some(*at), &account, worker, &mut recipients);
        }
        recipients.finish(&mut outcome);
        if !has_user {
            outcome.items.clear();
        }
        outcome
    }

    fn boolean(
        &self,
        field: CustodyField,
        worker: &CustodyWorker,
    ) -> Result<Option<bool>, &'static str> {
        match self.said(field, &worker.draft) {
            Said::Nothing => Ok(None),
            Said::Text(text) => yes_no(text).map(Some),
            Said::Unread(why) => Err(why),
        }
    }

    fn user(
        &self,
        rules: &CustodyRules,
        customer: &Customer<'_>,
        account: &Value,
        worker: &CustodyWorker,
        outcome: &mut CustodyOutcome,
    ) {
        let owner = account.pointer("/owners/0").cloned().unwrap_or_default();
        let of_owner = |pointer: &str| {
            owner
                .pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        // What the mapping says of custody, or what the account has.
        let value = |field, pointer: &str| match self.said(field, &worker.draft) {
            Said::Text(text) => Ok(Some(text.to_owned())),
            Said::Unread(why) => Err(why),
            Said::Nothing => Ok(of_owner(pointer)),
        };
        let first = value(CustodyField::FirstName, "/identity/givenName");
        let last = value(CustodyField::LastName, "/identity/familyName");
        let first = outcome.name(rules, ("custody.firstName", NameField::Given), first);
        let last = outcome.name(rules, ("custody.lastName", NameField::Family), last);
        if let (Some(first), Some(last)) = (&first, &last)
            && let Some(why) = names::unfit_together(first, last)
        {
            outcome.gap("custody.lastName", &invalid(why), None);
            return;
        }
        let email = outcome.fit(
            "custody.email",
            value(CustodyField::Email, "/emailAddress"),
            |text| {
                let text = doubts::known(text)?;
                forms::is_email(text)
                    .then(|| text.to_owned())
                    .ok_or("is no e-mail address")
            },
        );
        let country = value(CustodyField::Country, "/identity/personalAddress/country");
        let country = outcome.fit("custody.country", country, |text| {
            let alpha3 = countries::alpha3(text).ok_or("is no country")?;
            countries::alpha2_of(alpha3)
                .map(str::to_owned)
                .ok_or("is no country")
        });
        let birth = value(CustodyField::DateOfBirth, "/identity/dateOfBirth");
        let birth =
            outcome.fit_if_there("custody.dateOfBirth", birth, |text| {
                match forms::is_date(doubts::known(text)?) {
                    Some(date) if date < rules.as_of => Ok(text.to_owned()),
                    Some(_) => Err("not in the past"),
                    None => Err("not a date"),
                }
            });
        let phone = value(CustodyField::PhoneNumber, "/phoneNumber");
        let phone = match (phone, country.as_deref()) {
            (Ok(None), Some("US")) => {
                let why = "missing: it is mandatory for users in the U.S.";
                outcome.gap("custody.phoneNumber", why, None);
                None
            }
            (phone, _) => outcome.fit_if_there("custody.phoneNumber", phone, |text| {
                forms::is_e164(doubts::known(text)?)
                    .then(|| text.to_owned())
                    .ok_or("not an E.164 number")
            }),
        };
        let (Some(first), Some(last), Some(email), Some(country)) = (first, last, email, country)
        else {
            return;
        };
        if !outcome.gaps.is_empty() {
            return;
        }
        let user = User {
            first_name: &first,
            last_name: &last,
            email: &email,
            country: &country,
            date_of_birth: birth.as_deref(),
            phone_number: phone.as_deref(),
            external_id: customer.client_id,
            terms_hash: rules.terms_hash.as_deref(),
        };
        outcome.items.push(CustodyItem {
            kind: CustodyKind::User,
            item: "",
            body: user.body(&rules.fields),
            at: None,
        });
        outcome.email = Some(email.to_lowercase());
    }

    fn accounts(&self, worker: &CustodyWorker, outcome: &mut CustodyOutcome) {
        let mut seen: Vec<&'static str> = Vec::new();
        for said in self.currencies(&worker.draft) {
            let code =
                said.and_then(|text| custody::currency(text).ok_or("is not EUR, GBP, USD or NGN"));
            match code {
                Ok(code) if seen.contains(&code) => {}
                Ok(code) => {
                    seen.push(code);
                    outcome.items.push(CustodyItem {
                        kind: CustodyKind::BankAccount,
                        item: code,
                        body: bank_account(code),
                        at: None,
                    });
                }
                Err(why) => outcome.gap("custody.currencies", &invalid(why), None),
            }
        }
        match self.boolean(CustodyField::Savings, worker) {
            Ok(Some(true)) => outcome.items.push(CustodyItem {
                kind: CustodyKind::Savings,
                item: "",
                body: savings(),
                at: None,
            }),
            Ok(_) => {}
            Err(why) => outcome.gap("custody.savings", &invalid(why), None),
        }
    }

    fn recipient(
        &self,
        index: Option<usize>,
        at: Option<Position>,
        account: &Value,
        worker: &CustodyWorker,
        recipients: &mut RecipientList,
    ) {
        let said = |field| self.of_recipient(index, field, worker);
        // A customer without a second recipient has nothing in its columns; constants alone make none.
        let tells = [
            RecipientField::Iban,
            RecipientField::AccountNumber,
            RecipientField::RoutingNumber,
            RecipientField::AccountName,
        ];
        if index.is_some() && tells.iter().all(|field| said(*field) == Said::Nothing) {
            return;
        }
        let path = match index {
            Some(index) => format!("custody.recipients[{index}]"),
            None => "custody.recipients[]".to_owned(),
        };
        let is_main = match said(RecipientField::MainRecipient) {
            Said::Text(text) => yes_no(text) == Ok(true),
            Said::Nothing | Said::Unread(_) => false,
        };
        let found =
            recipient(&said).and_then(|recipient| match doubts::mixed_up(&recipient, account) {
                Some((field, why)) => Err(vec![(field, invalid(why))]),
                None => Ok(recipient),
            });
        recipients.add((path, at), is_main, found);
    }
}

/// What is wrong with fields of a recipient.
pub(super) type WrongFields = Vec<(RecipientField, String)>;

/// A recipient, or all that is wrong with it.
fn recipient<'d>(said: &impl Fn(RecipientField) -> Said<'d>) -> Result<Recipient, WrongFields> {
    let mut wrong = WrongFields::new();
    let mut take = |field, fits: &dyn Fn(&str) -> Result<String, &'static str>| {
        let found = match said(field) {
            Said::Nothing => Err("missing".to_owned()),
            Said::Unread(why) => Err(invalid(why)),
            Said::Text(text) => fits(text.trim()).map_err(invalid),
        };
        found.map_err(|reason| wrong.push((field, reason))).ok()
    };
    let name = take(RecipientField::AccountName, &doubts::account_name);
    let currency = take(RecipientField::Currency, &|text| {
        custody::currency(text)
            .map(str::to_owned)
            .ok_or("is not EUR, GBP, USD or NGN")
    });
    let details = currency.as_deref().and_then(|currency| {
        let account = |text: &str| numbers::account(text, currency);
        Some(match currency {
            "EUR" => Details::Eur {
                iban: take(RecipientField::Iban, &numbers::iban)?,
            },
            "GBP" => {
                let number = take(RecipientField::AccountNumber, &account);
                let sort_code = take(RecipientField::SortCode, &numbers::sort_code);
                Details::Gbp {
                    account_number: number?,
                    sort_code: sort_code?,
                }
            }
            "NGN" => {
                let number = take(RecipientField::AccountNumber, &account);
                let bank_code = take(RecipientField::BankCode, &numbers::bank_code);
                Details::Ngn {
                    account_number: number?,
                    bank_code: bank_code?,
                }
            }
            _ => {
                let number = take(RecipientField::AccountNumber, &account);
                let routing = take(RecipientField::RoutingNumber, &numbers::routing);
                let account_type = take(RecipientField::AccountType, &|text| {
                    let mut known = custody::ACCOUNT_TYPES.iter();
                    let found = known.find(|known| known.eq_ignore_ascii_case(text));
                    found
                        .map(|known| (*known).to_owned())
                        .ok_or("is neither Checking nor Savings")
                });
                let relationship = match said(RecipientField::Relationship) {
                    Said::Nothing => None,
                    _ => Some(take(RecipientField::Relationship, &doubts::text)?),
                };
                Details::Usd {
                    account_number: number?,
                    routing_number: routing?,
                    account_type: account_type?,
                    relationship,
                }
            }
        })
    });
    let is_main = match said(RecipientField::MainRecipient) {
        Said::Text(text) => match yes_no(text) {
            Ok(is_main) => is_main,
            Err(why) => {
                wrong.push((RecipientField::MainRecipient, invalid(why)));
                false
            }
        },
        Said::Unread(why) => {
            wrong.push((RecipientField::MainRecipient, invalid(why)));
            false
        }
        Said::Nothing => false,
    };
    match (name, details) {
        (Some(account_name), Some(details)) if wrong.is_empty() => Ok(Recipient {
            account_name,
            is_main,
            details,
        }),
        _ => Err(wrong),
    }
}

impl CustodyOutcome {
    /// Notes what is not made.
    pub fn gap(&mut self, path: &str, reason: &str, at: Option<Position>) {
        self.gaps.push(CustodyGap {
            path: path.to_owned(),
            reason: reason.to_owned(),
            at,
        });
    }

    /// A value in its form; what is wrong becomes a gap.
    fn fit(
        &mut self,
        path: &'static str,
        value: Result<Option<String>, &'static str>,
        fits: impl Fn(&str) -> Result<String, &'static str>,
    ) -> Option<String> {
        let found = match value {
            Ok(None) => Err("missing".to_owned()),
            Ok(Some(text)) => fits(text.trim()).map_err(invalid),
            Err(why) => Err(invalid(why)),
        };
        found.map_err(|reason| self.gap(path, &reason, None)).ok()
    }

    /// The same for a value that need not be there.
    fn fit_if_there(
        &mut self,
        path: &'static str,
        value: Result<Option<String>, &'static str>,
        fits: impl Fn(&str) -> Result<String, &'static str>,
    ) -> Option<String> {
        match value {
            Ok(None) => None,
            value => self.fit(path, value, fits),
        }
    }

    fn name(
        &mut self,
        rules: &CustodyRules,
        (path, kind): (&'static str, NameField),
        value: Result<Option<String>, &'static str>,
    ) -> Option<String> {
        let was_changed = std::cell::Cell::new(false);
        let name = self.fit(path, value, |text| {
            if field::stands_for_none(text, kind) {
                return Err("says that no name is known");
            }
            let Some(why) = names::unfit(text) else {
                return Ok(text.to_owned());
            };
            if !rules.transliterate {
                return Err(why);
            }
            was_changed.set(true);
            let plain = names::transliterated(text)?;
            match names::unfit(&plain) {
                None => Ok(plain),
                Some(_) => Err(why),
            }
        });
        if was_changed.get() && name.is_some() {
            self.transliterated.push(path);
        }
        name
    }
}

fn invalid(why: &str) -> String {
    format!("invalid: {why}")
}

fn yes_no(text: &str) -> Result<bool, &'static str> {
    match text.trim() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("is neither true nor false; `yes_no` in the mapping reads other words"),
    }
}
