//! One value against its form, and how it is written.
//!
//! Owner of the last check before the wire (invariant 3): nothing is written that did not pass [`check`].

use jiff::civil::Date;

use bakkt_contract::account::{ACCOUNT_TYPES, TAX_ID_TYPES, US_TAX_ID_TYPES};
use bakkt_contract::roles::{OWNER_KINDS, ROLES};
use bakkt_contract::shares::Share;
use bakkt_contract::{Form, countries, forms, national_ids, postal_codes, tax_ids, texts};

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
    /// The day of the plan, by UTC: what "in the past" and "in the future" mean.
    pub as_of: Date,
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
        Form::AgreementName(most) => {
            fit(unfit_text(most).or_else(|| texts::unfit_agreement_name(text)))
        }
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
            Some(_) => unfit_code(texts::TAX_ID).or_else(|| national_ids::unfit(text)),
            None => unfit_code(texts::TAX_ID),
        }),
        Form::EntityTaxId => fit(match beside.country {
            Some("USA") => tax_ids::unfit_of_entity(text, beside.unissued),
            Some(_) => unfit_code(texts::TAX_ID).or_else(|| national_ids::unfit(text)),
            None => unfit_code(texts::TAX_ID),
        }),
        Form::Country => fit(countries::unfit_code(text)),
        Form::State => match beside.country {
            Some("USA") => must(
                forms::is_state2(text),
                "not the two letters of a U.S. state",
            ),
            _ => fit(unfit_text(texts::PLACE)),
        },
        Form::Phone => must(forms::is_e164(text), "not an E.164 number"),
        Form::Email => fit(forms::unfit_email(text)),
        Form::PastDate => match forms::is_date(text) {
            Some(date) if date < beside.as_of => Ok(()),
            Some(_) => Err("not in the past"),
            None => Err("not a date"),
        },
        Form::EventDate(first) => {
            has_happened(forms::is_date(text), first, beside.as_of, "not a date")
        }
        Form::EventTime(first) => {
            has_happened(forms::date_of_time(text), first, beside.as_of, NO_TIME)
        }
        Form::DateTime => must(forms::is_date_time(text), NO_TIME),
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

const NO_TIME: &str = "not a date and time with offset";

/// Checks the date of something that has happened, in the year `first` or later. One day after `as_of`, a day of
/// UTC, passes too: east of it that may be today already.
fn has_happened(
    date: Option<Date>,
    first: i16,
    as_of: Date,
    unread: &'static str,
) -> Result<(), &'static str> {
    match date {
        None => Err(unread),
        Some(date) if date > as_of && as_of.tomorrow().is_ok_and(|next| date > next) => {
            Err("in the future")
        }
        Some(date) if date.year() < first => Err("too long ago to be right"),
        Some(_) => Ok(()),
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

#[cfg(test)]
mod tests {
    use super::*;
    use bakkt_contract::{FieldShape, path};
    use jiff::civil::date;

    /// Judges a value of a field on 2026-12-02.
    fn judged(target: &str, text: &str) -> Result<(), &'static str> {
        let FieldShape::Leaf(form) = path::find(target).unwrap().field.shape else {
            panic!("{target} has several values");
        };
        let beside = SiblingValues {
            as_of: date(2026, 12, 2),
            ..SiblingValues::default()
        };
        check(form, text, &beside)
    }

    #[test]
    fn what_happened_is_neither_in_the_future_nor_too_long_ago() {
        const OK: Result<(), &str> = Ok(());
        const FUTURE: Result<(), &str> = Err("in the future");
        const OLD: Result<(), &str> = Err("too long ago to be right");
        for target in [
            "owners[0].agreements[0].eSignedDate",
            "owners[1].agreements[3].eSignedDate",
            "owners[0].identity.disclosures.lastScreenedDate",
        ] {
            for (text, wanted) in [
                ("2024-03-31T00:00:00Z", OK),
                ("2026-12-02T23:59:59Z", OK),
                // In the Pacific it is tomorrow already.
                ("2026-12-03T13:59:59+14:00", OK),
                ("2026-12-04T00:00:00Z", FUTURE),
                ("2026-12-31T00:00:00Z", FUTURE),
                ("2124-03-31T00:00:00Z", FUTURE),
                ("1980-01-01T00:00:00Z", OK),
                ("1970-01-01T00:00:00Z", OLD),
                ("1950-03-31T00:00:00Z", OLD),
                ("1850-01-01T00:00:00Z", OLD),
                ("2024-03-31", Err(NO_TIME)),
            ] {
                assert_eq!(judged(target, text), wanted, "{target} {text}");
            }
        }
        for (target, text, wanted) in [
            ("entity.entityFormationDate", "2010-04-05", OK),
            ("entity.entityFormationDate", "1850-01-01", OK),
            ("entity.entityFormationDate", "2026-12-03", OK),
            ("entity.entityFormationDate", "2030-01-02", FUTURE),
            (
                "entity.entityFormationDate",
                "1799-12-31",
                Err("not a date"),
            ),
            (
                "owners[0].identity.verificationResults.executionDate",
                "2024-01-15",
                OK,
            ),
            (
                "owners[0].identity.verificationResults.executionDate",
                "2027-01-15",
                FUTURE,
            ),
            (
                "owners[0].identity.verificationResults.executionDate",
                "1900-01-01",
                OLD,
            ),
            ("owners[0].identity.dateOfBirth", "2026-12-01", OK),
            (
                "owners[0].identity.dateOfBirth",
                "2026-12-02",
                Err("not in the past"),
            ),
        ] {
            assert_eq!(judged(target, text), wanted, "{target} {text}");
        }
    }

    #[test]
    fn every_date_of_an_account_has_its_side() {
        for pattern in path::patterns() {
            let found = path::find_pattern(&pattern).map(|found| found.field.shape);
            // Of the dates that the contract has, only a document's expiration may lie on either side.
            let is_open = matches!(found, Some(FieldShape::Leaf(Form::DateTime)));
            assert!(!is_open, "{pattern}");
        }
    }
}
