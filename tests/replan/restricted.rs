//! A changed export changes what no update may: no update is planned, the field is named, and nothing is sent.

use serde_json::{Value, json};

use super::Case;
use crate::support::{note_work, program};

const COLUMNS: &[(&str, &str, &str)] = &[
    ("ID", "clientAccountId", ""),
    ("TYPE", "", "CUSTODIAL"),
    ("OWNER", "owners[0].clientOwnerId", "o-1"),
    ("BORN", "owners[0].identity.dateOfBirth", "1980-02-03"),
    ("CITIZEN", "owners[0].identity.citizenshipCountry", "USA"),
    ("TIN", "owners[0].identity.taxId", "987654321"),
    ("TIN_TYPE", "owners[0].identity.taxIdType", "SSN"),
    ("TIN_CTRY", "owners[0].identity.taxIdCountry", "USA"),
    ("PHONE", "owners[0].phoneNumber", "+17755550100"),
    ("FIRST", "owners[0].identity.givenName", "Ann"),
    ("LAST", "owners[0].identity.familyName", "Ash"),
    ("ROLE", "owners[0].role", "PRIMARY_OWNER"),
    ("EMAIL", "owners[0].emailAddress", "ann@example.com"),
    ("STREET", "", "1 Elm St"),
    ("CITY", "owners[0].identity.personalAddress.city", "Reno"),
    ("STATE", "owners[0].identity.personalAddress.state", "NV"),
    (
        "ZIP",
        "owners[0].identity.personalAddress.postalCode",
        "89501",
    ),
    ("CTRY", "owners[0].identity.personalAddress.country", "USA"),
    ("AGREED", "owners[0].agreements[0].name", "Terms"),
    ("AGREED_V", "owners[0].agreements[0].version", "1"),
    ("SHARE_2", "owners[1].ownership_percent", "30"),
    ("OWNER_2", "owners[1].clientOwnerId", "o-2"),
    ("BORN_2", "owners[1].identity.dateOfBirth", "1981-02-03"),
    ("CITIZEN_2", "owners[1].identity.citizenshipCountry", ""),
    ("TIN_2", "owners[1].identity.taxId", "987654322"),
    ("TIN_TYPE_2", "owners[1].identity.taxIdType", "SSN"),
    ("FIRST_2", "owners[1].identity.givenName", "Bo"),
    ("LAST_2", "owners[1].identity.familyName", "Birch"),
    ("ROLE_2", "owners[1].role", "BENEFICIAL_OWNER"),
    ("EMAIL_2", "owners[1].emailAddress", "bo@example.com"),
    ("CITY_2", "owners[1].identity.personalAddress.city", "Reno"),
    ("STATE_2", "owners[1].identity.personalAddress.state", "NV"),
    (
        "ZIP_2",
        "owners[1].identity.personalAddress.postalCode",
        "89501",
    ),
    (
        "CTRY_2",
        "owners[1].identity.personalAddress.country",
        "USA",
    ),
    ("EIN", "entity.entityTaxId", "900000001"),
    ("NAME", "entity.entityLegalName", "Ash Ltd"),
    ("KIND", "entity.entityType", "LLC"),
    ("MAIL", "entity.entityEmailAddress", "ash@example.com"),
    ("CALL", "entity.entityPhoneNumber", "+17755550101"),
    ("WORK", "entity.operatingIndustry", "Timber"),
    ("AT", "entity.registeredAddress.city", "Reno"),
    ("AT_STATE", "entity.registeredAddress.state", "NV"),
    ("AT_ZIP", "entity.registeredAddress.postalCode", "89501"),
    ("AT_CTRY", "entity.registeredAddress.country", "USA"),
    ("OP", "entity.operatingAddress.city", "Reno"),
    ("OP_STATE", "entity.operatingAddress.state", "NV"),
    ("OP_ZIP", "entity.operatingAddress.postalCode", "89501"),
    ("OP_CTRY", "entity.operatingAddress.country", "USA"),
];

/// Customer, column that changes, other value, the field that is named.
const FIELDS: &[(&str, &str, &str, &str)] = &[
    ("A-type", "TYPE", "ENTITY_PERSONAL_TRUST", "accountType"),
    ("A-owner", "OWNER", "o-11", "owners[].clientOwnerId"),
    (
        "A-born",
        "BORN",
        "1980-02-04",
        "owners[].identity.dateOfBirth",
    ),
    (
        "A-citizen",
        "CITIZEN",
        "CAN",
        "owners[].identity.citizenshipCountry",
    ),
    ("A-tin", "TIN", "987654329", "owners[].identity.taxId"),
    (
        "A-tin-type",
        "TIN_TYPE",
        "ITIN",
        "owners[].identity.taxIdType",
    ),
    (
        "A-tin-country",
        "TIN_CTRY",
        "CAN",
        "owners[].identity.taxIdCountry",
    ),
    ("A-ein", "EIN", "900000009", "entity.entityTaxId"),
    // Of another owner; one that Bakkt has not; one that the export has no more.
    (
        "A-born-2",
        "BORN_2",
        "1981-02-04",
        "owners[].identity.dateOfBirth",
    ),
    (
        "A-filled",
        "CITIZEN_2",
        "USA",
        "owners[].identity.citizenshipCountry",
    ),
    (
        "A-emptied",
        "CITIZEN",
        "",
        "owners[].identity.citizenshipCountry",
    ),
];

/// Customers with their own cells.
pub(crate) type Customers<'a> = Vec<(&'a str, Vec<(&'a str, &'a str)>)>;

fn mapping() -> String {
    let mut text = "account_type = { column = \"TYPE\" }\n[fields]\n".to_owned();
    for (column, field, _) in COLUMNS.iter().filter(|(_, field, _)| !field.is_empty()) {
        text.push_str(&format!("\"{field}\" = \"{column}\"\n"));
    }
    for at in [
        "owners[0].identity.personalAddress",
        "owners[1].identity.personalAddress",
        "entity.registeredAddress",
        "entity.operatingAddress",
    ] {
        text.push_str(&format!(
            "\"{at}.streetAddress\" = {{ columns = [\"STREET\"] }}\n"
        ));
    }
    text
}

pub(crate) fn export(case: &Case, customers: &Customers<'_>) {
    let names: Vec<&str> = COLUMNS.iter().map(|(name, ..)| *name).collect();
    let mut text = format!("{}\n", names.join(","));
    for (id, own) in customers {
        let cells = COLUMNS.iter().map(|(name, _, usual)| {
            let own = own.iter().find(|(column, _)| column == name);
            let usual = if *name == "ID" { id } else { usual };
            own.map_or(*usual, |(_, value)| *value)
        });
        text.push_str(&format!("{}\n", cells.collect::<Vec<_>>().join(",")));
    }
    std::fs::write(case.folder.path().join("export.csv"), text).unwrap();
}

/// A sent migration of these customers, each with the usual cells.
pub(crate) fn sent(ids: &[&str]) -> Case {
    let case = Case::new("", &[]);
    std::fs::write(case.folder.path().join("mapping.toml"), mapping()).unwrap();
    export(&case, &ids.iter().map(|id| (*id, Vec::new())).collect());
    let (totals, _) = case.run("run", &[]);
    assert_eq!(
        totals["tasks"]["account"]["accepted"],
        ids.len(),
        "{totals}"
    );
    case
}

pub(crate) fn held(case: &Case, id: &str) -> Value {
    let path = format!("/apex-crypto/api/v2/accounts/{id}");
    let (_, body) = case.sandbox.get(&path).unwrap();
    serde_json::from_slice::<Value>(&body).unwrap()["request"].clone()
}

/// The lines of restricted.csv.
fn listed(case: &Case) -> Vec<String> {
    case.report();
    let text = case.file("restricted.csv");
    text.lines().skip(1).map(str::to_owned).collect()
}

/// Changes the journal by hand.
pub(crate) fn ask(case: &Case, sql: &str) {
    note_work(&case.folder.path().join(".bakkt-migrate"));
    let path = case.folder.path().join(".bakkt-migrate/journal.db");
    rusqlite::Connection::open(path)
        .unwrap()
        .execute_batch(sql)
        .unwrap();
}

#[test]
fn each_field_is_named_and_nothing_of_the_account_is_sent() {
    let mut ids: Vec<&str> = FIELDS.iter().map(|(id, ..)| *id).collect();
    ids.extend(["P", "U"]);
    let case = sent(&ids);
    let before: Vec<Value> = ids.iter().map(|id| held(&case, id)).collect();
    let posts = case.posts();

    // Every one of them has a new phone besides.
    let phone = ("PHONE", "+17755550199");
    let mut changed: Customers<'_> = FIELDS
        .iter()
        .map(|(id, column, other, _)| (*id, vec![(*column, *other), phone]))
        .collect();
    changed.extend([("P", vec![phone]), ("U", Vec::new())]);
    export(&case, &changed);
    let (dry, _) = case.run("replan", &["--update-accepted", "--dry-run"]);
    let (planned, code) = case.run("replan", &["--update-accepted"]);
    assert_eq!(code, 0);
    let replan = &planned["replan"];
    assert_eq!(dry["replan"]["restricted"], replan["restricted"]);
    assert_eq!(
        [
            &replan["unchanged"],
            &replan["changed_accepted"],
            &replan["updates"]
        ],
        [&json!(1), &json!(FIELDS.len() + 1), &json!(1)],
        "{planned}"
    );
    let restricted = &replan["restricted"];
    assert_eq!(restricted["accounts"], FIELDS.len());
    assert_eq!(
        restricted["fields"],
        json!([
            {"path": "accountType", "accounts": 1},
            {"path": "owners[].clientOwnerId", "accounts": 1},
            {"path": "owners[].identity.dateOfBirth", "accounts": 2},
            {"path": "owners[].identity.citizenshipCountry", "accounts": 3},
            {"path": "owners[].identity.taxId", "accounts": 1},
            {"path": "owners[].identity.taxIdType", "accounts": 1},
            {"path": "owners[].identity.taxIdCountry", "accounts": 1},
            {"path": "entity.entityTaxId", "accounts": 1},
        ])
    );
    assert!(
        restricted["first"]
            .as_array()
            .unwrap()
            .contains(&json!("A-tin"))
    );
    let lines = (2..)
        .zip(FIELDS)
        .map(|(row, (id, _, _, field))| format!("{id},{field},export.csv,{row}"));
    assert_eq!(listed(&case), lines.collect::<Vec<_>>());
    assert_eq!(planned["after"]["restricted"], FIELDS.len());

    case.run("run", &[]);
    assert_eq!(
        (case.posts(), case.sandbox.count("updated")),
        (posts + 1, 1)
    );
    for (id, before) in ids.iter().zip(&before).filter(|(id, _)| **id != "P") {
        assert_eq!(held(&case, id), *before, "{id}");
    }
    assert_eq!(held(&case, "P")["owners"][0]["phoneNumber"], phone.1);

    // The text has the same, and no value.
    let mut command = program();
    command
        .args(["replan", "--reason", "a test"])
        .arg(case.folder.path());
    command.args(["--base-url", &case.sandbox.base_url()]);
    let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
    for said in [
        "owners[].identity.dateOfBirth",
        "entity.entityTaxId",
        "Operations or Compliance",
        "A-born-2",
        "restricted.csv",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(
        !text.contains("1980-02-04") && !text.contains("add --update-accepted"),
        "{text}"
    );

    // With these put back as they were, what else changed may go.
    let back = ids.iter().map(|id| match *id {
        "U" => (*id, Vec::new()),
        _ => (*id, vec![phone]),
    });
    export(&case, &back.collect());
    let (planned, _) = case.run("replan", &["--update-accepted"]);
    assert_eq!(planned["replan"]["updates"], FIELDS.len(), "{planned}");
    assert_eq!(planned["replan"].get("restricted"), None);
    assert_eq!(
        (listed(&case), &planned["after"]["restricted"]),
        (Vec::new(), &json!(0))
    );
    case.run("run", &[]);
    assert_eq!(case.sandbox.count("updated"), 1 + FIELDS.len() as u64);
    assert_eq!(held(&case, "A-born")["owners"][0]["phoneNumber"], phone.1);
}

#[test]
fn an_update_that_waits_does_not_take_it_along() {
    let case = sent(&["A"]);
    let phone = ("PHONE", "+17755550199");
    export(&case, &vec![("A", vec![phone])]);
    let (planned, _) = case.run("replan", &["--update-accepted"]);
    assert_eq!(planned["tasks"]["update"]["open"], 1);
    export(&case, &vec![("A", vec![phone, ("BORN", "1980-02-04")])]);
    let (planned, _) = case.run("replan", &[]);
    assert_eq!(planned["tasks"].get("update"), None, "{planned}");
    case.run("run", &[]);
    assert_eq!(case.posts(), 1);
}

#[test]
fn a_former_account_that_comes_back_with_another_is_known() {
    let case = sent(&["A", "B"]);
    export(&case, &vec![("B", Vec::new())]);
    assert_eq!(case.run("replan", &[]).0["replan"]["former"], 1);
    assert_eq!(listed(&case), [""; 0]);
    export(
        &case,
        &vec![("B", Vec::new()), ("A", vec![("BORN", "1980-02-04")])],
    );
    let (planned, _) = case.run("replan", &["--update-accepted"]);
    assert_eq!(planned["replan"]["restricted"]["first"], json!(["A"]));
    assert_eq!(planned["replan"]["updates"], 0);
    assert_eq!(
        listed(&case),
        ["A,owners[].identity.dateOfBirth,export.csv,3"]
    );
}

/// What an older version accepted has no marks: nobody can tell, until a plan or an update has the bytes that Bakkt has.
#[test]
fn what_is_not_known_does_not_stop_an_update_and_is_known_after_it() {
    let forget = "UPDATE record SET fixed = NULL; UPDATE task SET fixed = NULL";
    let case = sent(&["A", "B"]);
    ask(&case, forget);
    let born = |day| vec![("A", vec![("BORN", day)]), ("B", Vec::new())];
    export(&case, &born("1980-02-04"));
    let (planned, _) = case.run("replan", &["--update-accepted"]);
    assert_eq!(planned["replan"]["updates"], 1);
    case.run("run", &[]);
    assert_eq!(case.sandbox.count("updated"), 1);
    export(&case, &born("1980-02-05"));
    let (planned, _) = case.run("replan", &["--update-accepted"]);
    assert_eq!(planned["replan"]["restricted"]["first"], json!(["A"]));

    // A plan of the export as it was sent is enough.
    let case = sent(&["A", "B"]);
    ask(&case, forget);
    case.run("replan", &[]);
    export(&case, &born("1980-02-04"));
    let (planned, _) = case.run("replan", &["--update-accepted"]);
    assert_eq!(planned["replan"]["restricted"]["first"], json!(["A"]));
    assert_eq!(planned["replan"]["updates"], 0);
}
