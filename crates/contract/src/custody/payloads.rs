//! The bodies of the custody calls.
//!
//! Owner of their wire names. Those of a user's optional fields are not published with certainty, so they are settings
//! ([`UserFields`]). Invariant: the same values give the same bytes.

use serde_json::{Map, Value, json};

/// How a user's optional fields are called on the wire; an empty name leaves the field out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFields {
    /// Birth date.
    pub date_of_birth: String,
    /// Phone number.
    pub phone_number: String,
    /// The clientAccountId.
    pub external_id: String,
    /// Hash of the terms of service that the customer accepted.
    pub terms_hash: String,
}

impl Default for UserFields {
    fn default() -> UserFields {
        UserFields {
            date_of_birth: "date_of_birth".to_owned(),
            phone_number: "phone_number".to_owned(),
            external_id: "external_id".to_owned(),
            terms_hash: "accepted_terms_of_service_hash".to_owned(),
        }
    }
}

impl UserFields {
    /// The names of the fields that every user has.
    const FIXED: [&str; 4] = ["first_name", "last_name", "email", "country"];

    /// What is wrong with a name for one of the fields, if it is: one field would take the other's place in the body.
    pub fn unfit_name(&self, name: &str) -> Option<&'static str> {
        let own = [
            &self.date_of_birth,
            &self.phone_number,
            &self.external_id,
            &self.terms_hash,
        ];
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if name.is_empty() || !name.bytes().all(fits) {
            Some("not the name of a field")
        } else if UserFields::FIXED.contains(&name) {
            Some("every user has another field of this name")
        } else if own.into_iter().filter(|known| *known == name).count() > 1 {
            Some("the name of two fields")
        } else {
            None
        }
    }
}

/// A user, every value in its form.
#[derive(Clone, Debug, Default)]
pub struct User<'a> {
    /// Given name.
    pub first_name: &'a str,
    /// Family name.
    pub last_name: &'a str,
    /// E-mail address.
    pub email: &'a str,
    /// Country of residence, alpha-2.
    pub country: &'a str,
    /// Birth date.
    pub date_of_birth: Option<&'a str>,
    /// Phone number.
    pub phone_number: Option<&'a str>,
    /// clientAccountId.
    pub external_id: &'a str,
    /// Hash of the accepted terms of service.
    pub terms_hash: Option<&'a str>,
}

impl User<'_> {
    /// The body of POST `/user`.
    pub fn body(&self, fields: &UserFields) -> Vec<u8> {
        let mut body = Map::new();
        let mut put = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                body.insert(name.to_owned(), Value::from(value));
            }
        };
        put("first_name", Some(self.first_name));
        put("last_name", Some(self.last_name));
        put("email", Some(self.email));
        put("country", Some(self.country));
        put(&fields.date_of_birth, self.date_of_birth);
        put(&fields.phone_number, self.phone_number);
        put(&fields.external_id, Some(self.external_id));
        put(&fields.terms_hash, self.terms_hash);
        Value::Object(body).to_string().into_bytes()
    }
}

/// The body of POST `/user/bank-account/bakkt`.
pub fn bank_account(currency: &str) -> Vec<u8> {
    json!({"currency": currency}).to_string().into_bytes()
}

/// The body of POST `/user/purse`.
pub fn savings() -> Vec<u8> {
    b"{}".to_vec()
}

/// A recipient, every value in its form.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// The name of the account's owner.
    pub account_name: String,
    /// Whether it is the one that money goes to by default.
    pub is_main: bool,
    /// Its numbers.
    pub details: Details,
}

/// The numbers of a recipient, by currency.
#[derive(Clone, Debug)]
pub enum Details {
    /// EUR.
    Eur {
        /// IBAN.
        iban: String,
    },
    /// GBP.
    Gbp {
        /// Eight digits.
        account_number: String,
        /// Six digits.
        sort_code: String,
    },
    /// USD, by ACH.
    Usd {
        /// Account number.
        account_number: String,
        /// ABA routing number.
        routing_number: String,
        /// Checking or Savings.
        account_type: String,
        /// How the recipient and the customer are related.
        relationship: Option<String>,
    },
    /// NGN.
    Ngn {
        /// Ten digits.
        account_number: String,
        /// Code of the bank.
        bank_code: String,
    },
}

impl Details {
    /// The currency.
    pub fn currency(&self) -> &'static str {
        match self {
            Details::Eur { .. } => "EUR",
            Details::Gbp { .. } => "GBP",
            Details::Usd { .. } => "USD",
            Details::Ngn { .. } => "NGN",
        }
    }

    /// The number by which a list shows it, masked but for its end.
    pub fn number(&self) -> &str {
        match self {
            Details::Eur { iban } => iban,
            Details::Gbp { account_number, .. }
            | Details::Usd { account_number, .. }
            | Details::Ngn { account_number, .. } => account_number,
        }
    }

    fn json(&self) -> Value {
        let currency = self.currency();
        match self {
            Details::Eur { iban } => json!({"currency": currency, "iban": iban}),
            Details::Gbp {
                account_number,
                sort_code,
            } => {
                json!({"currency": currency, "account_number": account_number, "sort_code": sort_code})
            }
            Details::Usd {
                account_number,
                routing_number,
                account_type,
                relationship,
            } => {
                let mut details = json!({"currency": currency, "transfer_method": "ACH",
                    "account_number": account_number, "routing_number": routing_number,
                    "account_type": account_type});
                if let Some(relationship) = relationship {
                    details["recipient_relationship"] = Value::from(relationship.as_str());
                }
                details
            }
            Details::Ngn {
                account_number,
                bank_code,
            } => {
                json!({"currency": currency, "account_number": account_number, "bank_code": bank_code})
            }
        }
    }
}

impl Recipient {
    /// The body of POST `/user/bank-account/remote`.
    pub fn body(&self) -> Vec<u8> {
        json!({"account_name": self.account_name, "main_recipient": self.is_main,
            "account_details": self.details.json()})
        .to_string()
        .into_bytes()
    }
}
