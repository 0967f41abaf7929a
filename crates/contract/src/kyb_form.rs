//! The items of the Customer Information Form, by which Bakkt asks about an entity that goes by manual KYB.
//!
//! Owner of the table: which fields of the account request answer an item, and whether they answer it in full.
//! Left out on purpose: the documents that go with the form.

/// One item of the form.
#[derive(Debug)]
pub struct FormItem {
    /// What is asked.
    pub asks: &'static str,
    /// Patterns of the fields that answer it.
    pub fields: &'static [&'static str],
    /// Patterns of fields that go with the answer where they are known, and are not asked for where not.
    pub beside: &'static [&'static str],
    /// It asks of owners of 25 % or more alone: who owns less is no answer, and how much somebody owns must be known.
    pub of_quarter: bool,
    /// What remains to be asked when all of them are known.
    pub remains: Option<&'static str>,
}

const fn whole(asks: &'static str, fields: &'static [&'static str]) -> FormItem {
    FormItem {
        asks,
        fields,
        beside: &[],
        of_quarter: false,
        remains: None,
    }
}

const fn partly(
    asks: &'static str,
    fields: &'static [&'static str],
    remains: &'static str,
) -> FormItem {
    FormItem {
        asks,
        fields,
        beside: &[],
        of_quarter: false,
        remains: Some(remains),
    }
}

const fn with(item: FormItem, beside: &'static [&'static str]) -> FormItem {
    FormItem { beside, ..item }
}

/// The form, in its order.
pub const FORM: &[FormItem] = &[
    whole("legal entity type", &["entity.entityType"]),
    whole("legal name", &["entity.entityLegalName"]),
    with(
        whole(
            "operating address",
            &[
                "entity.operatingAddress.streetAddress",
                "entity.operatingAddress.city",
                "entity.operatingAddress.country",
            ],
        ),
        &[
            "entity.operatingAddress.state",
            "entity.operatingAddress.postalCode",
        ],
    ),
    whole("phone", &["entity.entityPhoneNumber"]),
    whole("email", &["entity.entityEmailAddress"]),
    whole("tax id", &["entity.entityTaxId"]),
    whole("formation date", &["entity.entityFormationDate"]),
    whole("products and services", &["entity.entityOfferings"]),
    partly("purpose of digital assets", &[], "all of it"),
    partly(
        "anticipated transaction volume",
        &["entity.dailyTransactionVolumeUsdRange"],
        "the volume of a month",
    ),
    partly(
        "regulatory registration",
        &[
            "entity.entityRegistrationStatus",
            "entity.subjectToAMLRegulations",
        ],
        "its details, if there is one",
    ),
    whole("net worth", &["entity.firmTotalNetWorthUsdRange"]),
    whole("initial source of funds", &["entity.sourceOfFunds"]),
    partly("ongoing source of funds", &[], "all of it"),
    whole("countries of operation", &["entity.operatingCountries"]),
    partly(
        "authorized persons",
        &[],
        "corporate officers, general partners, managing members or trustees",
    ),
    partly("natural persons who act for the entity", &[], "all of it"),
    FormItem {
        of_quarter: true,
        ..with(
            partly(
                "owners of 25 % or more",
                &[
                    "owners[].identity.givenName",
                    "owners[].identity.familyName",
                ],
                "shares, and the people behind the owner that is an entity",
            ),
            &["owners[].ownership_percent"],
        )
    },
    with(
        partly(
            "persons with significant management responsibility",
            &[],
            "all of it",
        ),
        &["owners[].manages_entity"],
    ),
    partly("certification and signatures", &[], "all of it"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path;

    #[test]
    fn the_form_names_fields_that_are_there() {
        for field in FORM
            .iter()
            .flat_map(|item| item.fields.iter().chain(item.beside))
        {
            assert!(path::find_pattern(field).is_some(), "{field}");
        }
    }
}
