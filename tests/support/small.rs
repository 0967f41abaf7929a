//! The columns of a small export of people, and their mapping.
//!
//! Owner of nothing but these two texts, which several tests add lines to.

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
