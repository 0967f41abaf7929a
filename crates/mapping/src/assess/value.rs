//! One value against its form, and how it is written.
//!
//! Owner of the last check before the wire (invariant 3): nothing is written that did not pass [`check`].

use bakkt_contract::account::{ACCOUNT_TYPES, TAX_ID_TYPES, US_TAX_ID_TYPES};
use bakkt_contract::roles::{OWNER_KINDS, ROLES};
use bakkt_contract::shares::Share;
use bakkt_contract::{Form, countries, forms, postal_codes, tax_ids, texts};

/// What a form may look at beside the value itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct SiblingValues<'a> {
    /// `country` of the same address; of an entity, that of its registered address.
    pub country: Option<&'a str>,
    /// `taxIdType` of the same identity.
    pub tax_id_type: Option<&'a str>,
    /// Tax ids that were never given out may pass.
    pub unissued: bool,
    /// The text is known to be of the usual characters (`text::is_latin`).
    pub is_latin: bool,
    /// The day of the plan: what "in the past" means.
    pub as_of: jiff::civil::Date,
}

/// Checks a value; the error says what is wrong, without the value.
pub(crate) fn check(
    form: Form,
    text: &str,
    beside: &SiblingValues<'_>,
) -> Result<(), &'static str> {
    let one_of = |words: &[&str], why| {
        if words.contains(&text) {
            Ok(())
        } else {
            Err(why)
        }
    };
    let unfit_text = |most| match beside.is_latin {
        true => texts::unfit_latin_text(text, most),
        false => texts::unfit_text(text, most),
    };
    let unfit_code = |most| match beside.is_latin {
        true => texts::unfit_latin_code(text, most),
        false => texts::unfit_code(text, most),
    };
    match form {
        Form::Text => fit(unfit_text(texts::NOTE)),
        Form::Short(most) => fit(unfit_text(most)),
        Form::Code(most) => fit(unfit_code(most)),
        Form::PostalCode => {
            fit(unfit_code(texts::POSTAL_CODE))?;
            let wrong = |country| postal_codes::is_certainly_wrong(country, text);
            fit(beside
                .country
                .filter(|country| wrong(country))
                .map(|_| "not a postal code of the country beside it"))
        }
        // The rules of a clientAccountId depend on the settings (`unfit_id`).
        Form::ClientId | Form::OwnerId => fit(forms::unfit_id(text)),
        Form::AccountType => one_of(ACCOUNT_TYPES, "not an account type"),
        Form::OneOf(words) => one_of(words, "not one of the contract's words"),
        Form::Role => one_of(ROLES, "not one of the contract's roles"),
        Form::OwnerKind => one_of(OWNER_KINDS, "neither person nor entity"),
        Form::TaxIdType => one_of(TAX_ID_TYPES, "not one of the contract's tax id types"),
        Form::TaxId => fit(match beside.tax_id_type {
            Some(kind) if US_TAX_ID_TYPES.contains(&kind) => {
                tax_ids::unfit(kind, text, beside.unissued)
            }
            _ => unfit_code(texts::TAX_ID),
        }),
        Form::EntityTaxId => fit(match beside.country {
            Some("USA") => tax_ids::unfit_of_entity(text, beside.unissued),
            _ => unfit_code(texts::TAX_ID),
        }),
        Form::Country => must(countries::is_alpha3(text), "not an ISO 3166-1 alpha-3 code"),
        Form::State => match beside.country {
            Some("USA") => must(
                forms::is_state2(text),
                "not the two letters of a U.S. state",
            ),
            _ => fit(unfit_text(texts::PLACE)),
        },
        Form::Phone => must(forms::is_e164(text), "not an E.164 number"),
        Form::Email => must(forms::is_email(text), "not an e-mail address"),
        Form::PastDate => match forms::is_date(text) {
            Some(date) if date < beside.as_of => Ok(()),
            Some(_) => Err("not in the past"),
            None => Err("not a date"),
        },
        Form::Date => must(forms::is_date(text).is_some(), "not a date"),
        Form::DateTime => must(forms::is_date_time(text), "not a date and time with offset"),
        Form::Integer(least, most) => match text.parse::<i64>() {
            Ok(number) if (least..=most).contains(&number) => Ok(()),
            Ok(_) => Err("a number beyond what this field can mean"),
            Err(_) => Err("not a whole number"),
        },
        Form::Boolean => must(text == "true" || text == "false", "neither true nor false"),
        Form::Percent => must(Share::read(text).is_some(), "not a number from 0 to 100"),
        Form::Usd(scale) => one_of(scale.names(), "not one of the contract's ranges"),
    }
}

fn fit(why: Option<&'static str>) -> Result<(), &'static str> {
    why.map_or(Ok(()), Err)
}

fn must(fits: bool, why: &'static str) -> Result<(), &'static str> {
    if fits { Ok(()) } else { Err(why) }
}

/// Writes a checked value as JSON.
pub(crate) fn write(form: Form, text: &str, out: &mut Vec<u8>) {
    match form {
        Form::Integer(..) => match text.parse::<i64>() {
            Ok(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Err(_) => write_string(text, out),
        },
        Form::Boolean => out.extend_from_slice(text.as_bytes()),
        _ => write_string(text, out),
    }
}

/// Writes a JSON string.
pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    if text
        .bytes()
        .all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\')
    {
        out.extend_from_slice(text.as_bytes());
    } else {
        for byte in text.bytes() {
            match byte {
                b'"' => out.extend_from_slice(b"\\\""),
                b'\\' => out.extend_from_slice(b"\\\\"),
                b'\n' => out.extend_from_slice(b"\\n"),
                b'\r' => out.extend_from_slice(b"\\r"),
                b'\t' => out.extend_from_slice(b"\\t"),
                0..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
                _ => out.push(byte),
            }
        }
    }
    out.push(b'"');
}
