//! `[custody]`: which calls of fiat custody are made, where to, and how fast.

use std::time::Duration;

use super::amounts::{duration, rate, whole};
use bakkt_contract::custody::payloads::UserFields;
use bakkt_files::toml_file::Table;
use bakkt_model::error::Diagnostics;
use bakkt_model::limits::{Rate, Retry};
use bakkt_model::target::base_url;

/// The table as written, with what holds where nothing is.
#[derive(Clone, Debug)]
pub struct CustodySettings {
    /// Where the calls go; none: where accounts go.
    pub base_url: Option<String>,
    /// A 0600 file with the key.
    pub key_file: Option<String>,
    /// What stands before the key.
    pub header_prefix: String,
    /// Users wait for their accounts.
    pub after_acceptance: bool,
    /// Names are sent in plain letters.
    pub transliterate: bool,
    /// The rates of users, accounts, recipients and questions.
    pub rates: CustodyRates,
    /// Requests of each kind on their way at once.
    pub in_flight: usize,
    /// How long a lost answer rests.
    pub settle_after: Duration,
    /// How long Bakkt keeps the answer to a key, as far as that is known.
    pub window: Option<Duration>,
    /// How long a session is used after it was issued.
    pub session_lives: Duration,
    /// Hash of the terms of service.
    pub terms_hash: Option<String>,
    /// Wire names of a user's optional fields.
    pub fields: UserFields,
}

/// The rate of each kind of custody call.
#[derive(Clone, Copy, Debug)]
pub struct CustodyRates {
    /// Users.
    pub users: Rate,
    /// Bank accounts and savings accounts.
    pub accounts: Rate,
    /// Recipients.
    pub recipients: Rate,
    /// Questions.
    pub lookup: Rate,
}

impl CustodySettings {
    /// What decides what is sent, as one text for the fingerprint.
    pub(crate) fn canonical(&self) -> String {
        format!("{:?}", (self.transliterate, &self.terms_hash, &self.fields))
    }
}

/// Reads the table; `None` when there is none.
pub(crate) fn read(
    root: &Table<'_>,
    retry: &Retry,
    found: &mut Diagnostics,
) -> Option<CustodySettings> {
    let table = root.table("custody", found)?;
    let ten = Rate::per_second(10);
    let mut settings = CustodySettings {
        base_url: None,
        key_file: table.text("key_file", found).map(str::to_owned),
        header_prefix: table
            .text("header_prefix", found)
            .unwrap_or_default()
            .to_owned(),
        after_acceptance: table.boolean("after_acceptance", found) != Some(false),
        transliterate: table.boolean("transliterate", found) == Some(true),
        rates: CustodyRates {
            users: rate(&table, "users", found).unwrap_or(ten),
            accounts: rate(&table, "accounts", found).unwrap_or(ten),
            recipients: rate(&table, "recipients", found).unwrap_or(ten),
            lookup: rate(&table, "lookup", found).unwrap_or(ten),
        },
        in_flight: whole(&table, "custody.in_flight", found).map_or(8, |n| n as usize),
        settle_after: duration(&table, "settle_after", found).unwrap_or(retry.settle_after),
        window: None,
        session_lives: duration(&table, "session_lives", found)
            .unwrap_or(Duration::from_secs(4 * 3600)),
        terms_hash: table
            .text("terms_of_service_hash", found)
            .map(str::to_owned),
        fields: fields(&table, found),
    };
    if let Some(value) = table.get("base_url")
        && let Some(text) = value.text(found)
    {
        match base_url(text) {
            Ok(url) => settings.base_url = Some(url),
            Err(why) => value.wrong(found, why, "such as https://api.bakkt.com"),
        }
    }
    if table
        .get("idempotency_window")
        .is_some_and(|value| value.as_text() != Some("off"))
    {
        settings.window = duration(&table, "idempotency_window", found);
    }
    if settings.settle_after <= retry.request_timeout {
        table.wrong(
            found,
            "`settle_after` must be longer than `retry.request_timeout`",
            "a request that is still on its way must not be asked about",
        );
    }
    table.finish(found);
    Some(settings)
}

fn fields(table: &Table<'_>, found: &mut Diagnostics) -> UserFields {
    let mut fields = UserFields::default();
    let Some(table) = table
        .get("fields")
        .and_then(|value| value.table("custody.fields", found))
    else {
        return fields;
    };
    let mut said = Vec::new();
    for (key, field) in [
        ("date_of_birth", &mut fields.date_of_birth),
        ("phone_number", &mut fields.phone_number),
        ("external_id", &mut fields.external_id),
        ("terms_of_service_hash", &mut fields.terms_hash),
    ] {
        let Some(value) = table.get(key) else {
            continue;
        };
        if let Some(name) = value.text(found) {
            *field = name.trim().to_owned();
            said.push((value, field.clone()));
        }
    }
    // Judged together: two of them may have the same name.
    for (value, name) in said {
        if let Some(why) = fields.unfit_name(&name) {
            value.wrong(
                found,
                why,
                "letters, digits and _, as Bakkt names the field; left out, it has the name that the guide has",
            );
        }
    }
    table.finish(found);
    fields
}
