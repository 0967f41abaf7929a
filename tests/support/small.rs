//! A small export of people, its columns, and their mapping.
//!
//! Owner of these texts, which several tests add to.

/// The columns.
pub const HEADER: &str = "ID,FIRST,LAST,BORN,SSN,EMAIL,PHONE,STREET,CITY,STATE,ZIP,CTRY";

/// What they feed.
pub const MAPPING: &str = r#"
account_type = "INDIVIDUAL"
[fields]
clientAccountId = "ID"
"owners[0].role" = { const = "PRIMARY_OWNER" }
"owners[0].emailAddress" = "EMAIL"
"owners[0].phoneNumber" = { column = "PHONE", phone = "US" }
"owners[0].identity.givenName" = "FIRST"
"owners[0].identity.familyName" = "LAST"
"owners[0].identity.dateOfBirth" = { column = "BORN", date = "%Y-%m-%d" }
"owners[0].identity.taxId" = { column = "SSN", digits = true }
"owners[0].identity.taxIdType" = { const = "SSN" }
"owners[0].identity.personalAddress.streetAddress" = { columns = ["STREET"] }
"owners[0].identity.personalAddress.city" = "CITY"
"owners[0].identity.personalAddress.state" = "STATE"
"owners[0].identity.personalAddress.postalCode" = "ZIP"
"owners[0].identity.personalAddress.country" = { column = "CTRY", country = true }
"#;

/// A tax id that only this customer has, of a kind that is never issued: no two customers are the same person.
pub fn tax_id(id: &str) -> String {
    let number = id
        .bytes()
        .fold(7_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 989_999);
    format!("666-{:02}-{:04}", number / 10_000 + 1, number % 10_000)
}

/// Id and phone of each customer; an id that ends in `!` has no e-mail address, which blocks it.
pub fn export(customers: &[(&str, &str)]) -> String {
    let mut text = format!("{HEADER}\n");
    for (id, phone) in customers {
        let email = if id.ends_with('!') {
            ""
        } else {
            "ann@example.com"
        };
        let id = id.trim_end_matches('!');
        text.push_str(&format!(
            "{id},Ann,Ash,1980-02-03,{},{email},{phone},1 Elm St,Reno,NV,89501,US\n",
            tax_id(id)
        ));
    }
    text
}
