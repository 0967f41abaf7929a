//! Owners: those of a row, those of an export of their own, those who are not there.

use serde_json::json;

use super::world::{HEADER, MAPPING, SETTINGS, World, export};

const OWNERS: &str = r#"
[fields]
"owners[].role" = "ROLE"
"owners[].clientOwnerId" = "OWNER"
"owners[].emailAddress" = "EMAIL"
"owners[].identity.givenName" = "FIRST"
"owners[].identity.familyName" = { const = "Ash" }
"owners[].identity.dateOfBirth" = { const = "1980-02-03" }
"owners[].identity.taxId" = { const = "987654321" }
"owners[].identity.taxIdType" = { const = "SSN" }
"owners[].identity.personalAddress.streetAddress" = { const = "1 Elm St" }
"owners[].identity.personalAddress.city" = { const = "Reno" }
"owners[].identity.personalAddress.postalCode" = { const = "89501" }
"owners[].identity.personalAddress.country" = { const = "USA" }
"#;

const ACCOUNTS: &str = "account_type = \"CUSTODIAL\"\n[fields]\nclientAccountId = \"ID\"\n";

#[test]
fn owners_of_an_export_of_their_own_are_reached_and_none_is_made() {
    let world = World::new(&[]);
    world.write("export.csv", "ID\nA-1\nA-2\n");
    world.write("mapping.toml", ACCOUNTS);
    world.write("owners.toml", OWNERS);
    let owner = |id: &str, role: &str, first: &str| {
        format!("{id},{role},{id}-{first},{first}@example.com,{first}\n")
    };
    let rows = [
        owner("A-1", "JOINT_OWNER", "Bea"),
        owner("A-1", "PRIMARY_OWNER", "Ann"),
        owner("A-2", "PRIMARY_OWNER", "Cyd"),
    ];
    world.write(
        "owners.csv",
        &format!("ID,ROLE,OWNER,EMAIL,FIRST\n{}", rows.concat()),
    );
    world.write("migration.toml", &SETTINGS.replace(
        "[grace]",
        "[source.owners]\nfile = \"owners.csv\"\nmapping = \"owners.toml\"\nkey = \"ID\"\naccount_key = \"ID\"\n[grace]",
    ));
    world.run();
    let before = world.held("A-1").unwrap();
    let text = "clientAccountId,owners[0].phoneNumber,owners[1].phoneNumber,owners[2].emailAddress\n\
        A-1,7755550100,7755550101,new@example.com\nA-2,,7755550102,\n";
    let (said, code) = world.backfill("phones.csv", text);
    let no = "the account has no such owner or contact";
    assert_eq!(
        said["left"],
        json!([
            {"outcome": no, "path": "owners[1].phoneNumber", "count": 1},
            {"outcome": no, "path": "owners[2].emailAddress", "count": 1}
        ])
    );
    assert_eq!((code, &said["does"]["updates"]), (3, &json!(1)));
    world.run();
    let mut expected = before;
    // The primary owner comes first, wherever the row stands.
    expected["owners"][0]["phoneNumber"] = json!("+17755550100");
    expected["owners"][1]["phoneNumber"] = json!("+17755550101");
    assert_eq!(world.held("A-1").unwrap(), expected);
    assert_eq!(world.value("A-2", "/owners").as_array().unwrap().len(), 1);
}

#[test]
fn a_second_owner_of_the_row_is_reached_where_there_is_one() {
    let world = World::new(&[]);
    let more = r#"
"owners[1].role" = { const = "JOINT_OWNER", when = "SECOND" }
"owners[1].emailAddress" = { column = "EMAIL", when = "SECOND" }
"owners[1].identity.givenName" = "SECOND"
"owners[1].identity.familyName" = { column = "LAST", when = "SECOND" }
"owners[1].identity.dateOfBirth" = { column = "BORN", date = "%Y-%m-%d", when = "SECOND" }
"owners[1].identity.taxId" = { column = "SSN", digits = true, when = "SECOND" }
"owners[1].identity.taxIdType" = { const = "SSN", when = "SECOND" }
"owners[1].identity.personalAddress.streetAddress" = { columns = ["STREET"], when = "SECOND" }
"owners[1].identity.personalAddress.city" = { column = "CITY", when = "SECOND" }
"owners[1].identity.personalAddress.state" = { column = "STATE", when = "SECOND" }
"owners[1].identity.personalAddress.postalCode" = { column = "ZIP", when = "SECOND" }
"owners[1].identity.personalAddress.country" = { column = "CTRY", country = true, when = "SECOND" }
"#;
    world.write(
        "mapping.toml",
        &format!("{}{more}", MAPPING.replace("INDIVIDUAL", "CUSTODIAL")),
    );
    let text = export(&[
        ("A-1", "a1@example.com", "7755550101"),
        ("A-2", "a2@example.com", "7755550102"),
    ]);
    let text = text
        .replace(HEADER, &format!("{HEADER},SECOND"))
        .replacen("US\n", "US,Bea\n", 1);
    world.write("export.csv", &text.replace("US\n", "US,\n"));
    world.run();
    assert_eq!(world.posts(), 2);
    let sheet = "clientAccountId,owners[1].phoneNumber,owners[1].identity.maritalStatus\nA-1,7755550199,single\nA-2,7755550198,single\n";
    let (said, code) = world.backfill("second.csv", sheet);
    assert_eq!(
        (
            code,
            &said["does"]["updates"],
            said["left"].as_array().unwrap().len()
        ),
        (3, &json!(1), 2),
        "{said}"
    );
    world.run();
    assert_eq!(world.value("A-1", "/owners/1/phoneNumber"), "+17755550199");
    assert_eq!(world.value("A-2", "/owners").as_array().unwrap().len(), 1);
}

/// An owner of A-1 in an export of owners.
fn row(role: &str, first: &str, email: &str) -> String {
    format!("A-1,{role},A-1-{first},{email},{first}\n")
}

#[test]
fn what_was_filled_in_for_an_owner_stays_theirs_in_whatever_order_the_rows_come() {
    for (with_ids, gone) in [(true, false), (false, false), (true, true), (false, true)] {
        let world = World::new(&[]);
        world.write("export.csv", "ID\nA-1\n");
        world.write("mapping.toml", ACCOUNTS);
        let by_id = "\"owners[].clientOwnerId\" = \"OWNER\"\n";
        let without = OWNERS.replace(by_id, "");
        world.write("owners.toml", if with_ids { OWNERS } else { &without });
        let owners = |rows: &[&String]| {
            let rows: String = rows.iter().map(|row| row.as_str()).collect();
            world.write("owners.csv", &format!("ID,ROLE,OWNER,EMAIL,FIRST\n{rows}"));
        };
        // Nothing is sent before Ann has an address.
        let blocked = row("PRIMARY_OWNER", "Ann", "");
        let ann = row("PRIMARY_OWNER", "Ann", "ann@example.com");
        let bea = row("JOINT_OWNER", "Bea", "bea@example.com");
        let cyd = row("JOINT_OWNER", "Cyd", "cyd@example.com");
        owners(&[&blocked, &bea, &cyd]);
        world.write("migration.toml", &SETTINGS.replace(
            "[grace]",
            "[source.owners]\nfile = \"owners.csv\"\nmapping = \"owners.toml\"\nkey = \"ID\"\naccount_key = \"ID\"\n[grace]",
        ));
        world.run();
        let text = "clientAccountId,owners[0].phoneNumber,owners[1].phoneNumber\nA-1,7755550100,7755550101\n";
        assert_eq!(world.backfill("phones.csv", text).1, 0);
        owners(&[&cyd, &bea, &blocked]);
        world.json("replan", &[]);
        // A row may say itself whom it means, whatever the place is today.
        let single = if with_ids && !gone {
            let text = "clientAccountId,owners[1].clientOwnerId,owners[1].identity.maritalStatus\nA-1,A-1-Bea,single\n";
            let (said, code) = world.backfill("by-id.csv", text);
            assert_eq!((code, &said["rows_taken"]), (0, &json!(1)), "{said}");
            "SINGLE"
        } else {
            "-"
        };
        match gone {
            true => owners(&[&cyd, &ann]),
            false => owners(&[&cyd, &bea, &ann]),
        }
        world.json("replan", &[]);
        assert_eq!(world.posts(), 0);
        world.run();
        let held = world.value("A-1", "/owners");
        let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
        let of = |owner: &serde_json::Value| {
            let identity = &owner["identity"];
            let (name, married) = (
                text(&identity["givenName"]),
                text(&identity["maritalStatus"]),
            );
            format!("{name} {} {married}", text(&owner["phoneNumber"]))
        };
        let all: Vec<String> = held.as_array().unwrap().iter().map(of).collect();
        let bea = format!("Bea +17755550101 {single}");
        let mut expected = vec!["Ann +17755550100 -", "Cyd - -", &bea];
        // Nobody gets what was said of somebody who is gone.
        expected.truncate(if gone { 2 } else { 3 });
        assert_eq!(all, expected, "with ids: {with_ids}, gone: {gone}");
    }
}

#[test]
fn another_order_of_owners_is_no_change_of_what_none_may_change() {
    let world = World::new(&[]);
    world.write("export.csv", "ID\nA-1\n");
    world.write("mapping.toml", ACCOUNTS);
    world.write("owners.toml", OWNERS);
    let (ann, bea, cyd) = (
        row("PRIMARY_OWNER", "Ann", "ann@example.com"),
        row("JOINT_OWNER", "Bea", "bea@example.com"),
        row("JOINT_OWNER", "Cyd", "cyd@example.com"),
    );
    let owners = |rows: String| {
        world.write("owners.csv", &format!("ID,ROLE,OWNER,EMAIL,FIRST\n{rows}"));
    };
    owners(format!("{ann}{bea}{cyd}"));
    world.write("migration.toml", &SETTINGS.replace(
        "[grace]",
        "[source.owners]\nfile = \"owners.csv\"\nmapping = \"owners.toml\"\nkey = \"ID\"\naccount_key = \"ID\"\n[grace]",
    ));
    world.run();
    owners(format!("{cyd}{bea}{ann}"));
    let (said, _) = world.json("replan", &["--update-accepted"]);
    assert_eq!(said["replan"]["updates"], 1, "{said}");
    world.run();
    let (said, code) = world.backfill(
        "phones.csv",
        "clientAccountId,owners[2].clientOwnerId,owners[2].phoneNumber\nA-1,A-1-Bea,7755550101\n",
    );
    assert_eq!((code, &said["does"]["updates"]), (0, &json!(1)), "{said}");
    world.run();
    assert_eq!(world.value("A-1", "/owners/2/phoneNumber"), "+17755550101");
    assert_eq!(world.value("A-1", "/owners/2/clientOwnerId"), "A-1-Bea");
}
