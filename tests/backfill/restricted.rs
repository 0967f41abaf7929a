//! What an update must not change: nothing of such a row is taken, and the field is named.

use serde_json::json;

use super::world::{MAPPING, THREE, World, export};
use crate::support::{json_of, program};

/// Field, another value than the export's, the export's in other words (none: there is nothing to repeat).
const FIELDS: [(&str, &str, &str); 9] = [
    ("accountType", "ENTITY", "individual"),
    ("owners[0].clientOwnerId", "owner-7", ""),
    (
        "owners[0].identity.dateOfBirth",
        "1981-02-03",
        "3 February 1980",
    ),
    (
        "owners[0].identity.citizenshipCountry",
        "Canada",
        "United States",
    ),
    ("owners[0].identity.taxId", "987-65-4322", "987-65-4321"),
    ("owners[0].identity.taxIdType", "itin", "ssn"),
    ("owners[0].identity.taxIdCountry", "Canada", ""),
    ("owners[0].ownerId", "b-1", ""),
    ("enrollments", "x", ""),
];

#[test]
fn a_row_that_would_change_one_is_refused_as_a_whole() {
    let world = World::sent(&THREE);
    let before = world.held("A-1");
    for (number, (field, other, _)) in FIELDS.into_iter().enumerate() {
        let text =
            format!("clientAccountId,owners[0].phoneNumber,{field}\nA-1,775-555-0100,{other}\n");
        let (said, code) = world.backfill(&format!("{number}.csv"), &text);
        assert_eq!(code, 3, "{field}: {said}");
        assert_eq!(
            said["restricted"],
            json!([{"row": 2, "clientAccountId": "A-1", "path": field}])
        );
        assert_eq!(
            (&said["rows_taken"], &said["does"]["updates"]),
            (&json!(0), &json!(0)),
            "{field}"
        );
    }
    world.run();
    world.run();
    assert_eq!((world.posts(), world.held("A-1")), (2, before));
    let rows = "SELECT r.layer, r.row, p.text, o.text, r.client_id FROM layer_row r JOIN word p ON p.id = r.path JOIN word o ON o.id = r.outcome ORDER BY r.layer";
    let expected = (1..)
        .zip(FIELDS)
        .map(|(layer, (field, ..))| format!("{layer} 2 {field} restricted A-1"));
    assert_eq!(world.asked(rows), expected.collect::<Vec<_>>());
    // They stay refused whatever plan is made.
    world.json("replan", &["--update-accepted"]);
    world.run();
    assert_eq!(world.posts(), 2);
    let text = String::from_utf8(
        world
            .command(
                "backfill",
                &[&file(
                    &world,
                    "clientAccountId,owners[0].identity.dateOfBirth\nA-1,1999-01-01\n",
                )],
            )
            .output()
            .unwrap()
            .stdout,
    )
    .unwrap();
    assert!(
        text.contains("Operations or Compliance")
            && text.contains("row 2  A-1  owners[0].identity.dateOfBirth"),
        "{text}"
    );
    assert!(!text.contains("1999"), "{text}");
}

fn file(world: &World, text: &str) -> String {
    let file = world.folder.path().join("by-hand.csv");
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn the_same_value_is_no_change() {
    let world = World::sent(&THREE);
    for (number, (field, _, same)) in FIELDS.into_iter().enumerate() {
        if same.is_empty() {
            continue;
        }
        let text = format!(
            "clientAccountId,owners[0].phoneNumber,{field}\nA-1,775-555-01{number:02},{same}\n"
        );
        let (said, code) = world.backfill(&format!("{number}.csv"), &text);
        assert_eq!(
            (code, &said["does"]["updates"]),
            (0, &json!(1)),
            "{field}: {said}"
        );
    }
    let held = world.value("A-1", "/owners/0/clientOwnerId");
    let text = format!(
        "clientAccountId,owners[0].clientOwnerId\nA-1,{}\n",
        held.as_str().unwrap()
    );
    assert_eq!(world.backfill("owner.csv", &text).1, 0);
    world.run();
    assert_eq!(world.posts(), 3);
}

#[test]
fn who_was_never_accepted_may_fill_them() {
    let world = World::sent(&THREE);
    let text = "clientAccountId,owners[0].emailAddress,owners[0].identity.taxId,owners[0].identity.dateOfBirth,owners[0].clientOwnerId\n\
        A-3,a3@example.com,987-65-4399,1979-01-02,owner-3\n";
    let (said, code) = world.backfill("late.csv", text);
    assert_eq!((code, &said["does"]["created"]), (0, &json!(1)), "{said}");
    world.run();
    assert_eq!(world.value("A-3", "/owners/0/identity/taxId"), "*****4399");
    assert_eq!(world.value("A-3", "/owners/0/clientOwnerId"), "owner-3");
    // From now on it may not.
    let (said, code) = world.backfill(
        "later.csv",
        "clientAccountId,owners[0].identity.taxId\nA-3,987-65-4398\n",
    );
    assert_eq!(
        (code, &said["restricted"][0]["clientAccountId"]),
        (3, &json!("A-3"))
    );
}

#[test]
fn a_missing_one_that_is_filled_is_a_change() {
    let world = World::new(&THREE);
    world.write("mapping.toml", &MAPPING.replace("\"owners[0].identity.citizenshipCountry\" = { column = \"CITIZEN\", country = true }\n", ""));
    world.run();
    let (said, code) = world.backfill(
        "citizens.csv",
        "clientAccountId,owners[0].identity.citizenshipCountry\nA-1,USA\nA-2,\n",
    );
    assert_eq!(
        (code, &said["restricted"].as_array().unwrap().len()),
        (3, &1),
        "{said}"
    );
}

#[test]
fn a_row_with_which_an_account_could_not_be_sent_is_refused() {
    let world = World::new(&THREE);
    // A foreign customer without a postal code.
    let export = std::fs::read_to_string(world.path("export.csv")).unwrap();
    world.write(
        "export.csv",
        &export.replace(
            "a1@example.com,,1 Elm St,Reno,NV,89501,US",
            "a1@example.com,,1 Elm St,Reno,,,Canada",
        ),
    );
    world.run();
    assert_eq!(world.posts(), 2);
    let (said, code) = world.backfill(
        "moved.csv",
        "clientAccountId,owners[0].identity.personalAddress.country\nA-1,USA\n",
    );
    assert_eq!(
        (code, &said["left"][0]["outcome"]),
        (3, &json!("the account could not be sent with it")),
        "{said}"
    );
    assert_eq!(
        said["left"][0]["path"],
        "owners[0].identity.personalAddress.postalCode"
    );
    let (said, code) = world.backfill("moved-2.csv", "clientAccountId,owners[0].identity.personalAddress.country,owners[0].identity.personalAddress.postalCode\nA-1,USA,2134\n");
    assert_eq!(code, 0, "{said}");
    world.run();
    assert_eq!(
        world.value("A-1", "/owners/0/identity/personalAddress/postalCode"),
        "02134"
    );
}

/// A value that every rule accepts and that is a finding which blocks would take the account out of the plan.
#[test]
fn a_row_with_which_a_finding_would_block_an_account_is_refused() {
    let world = World::new(&THREE);
    let settings = std::fs::read_to_string(world.path("migration.toml")).unwrap();
    let blocking = "[findings]\ndoubtful_name = \"block\"\nminor_owner = \"block\"\n";
    world.write("migration.toml", &format!("{settings}{blocking}"));
    world.run();
    let before = world.held("A-1");
    let text = "clientAccountId,owners[0].identity.familyName,owners[0].phoneNumber\n\
        A-1,Dr. Smith,7755550111\nA-2,Ashdown,7755550112\nA-3,Smith LLC,7755550113\n";
    let (said, code) = world.backfill("names.csv", text);
    assert_eq!((code, &said["rows_taken"]), (3, &json!(2)), "{said}");
    assert_eq!(
        said["left"],
        json!([{"outcome": "the account could not be sent with it", "path": "owners[0].identity.familyName", "count": 1}])
    );
    let run = world.run();
    assert_eq!(run["tasks"]["update"]["accepted"], 1, "{run}");
    assert_eq!(run["former"], 0, "{run}");
    assert_eq!(world.held("A-1"), before);
    assert_eq!(
        world.value("A-2", "/owners/0/identity/familyName"),
        "Ashdown"
    );
}

#[test]
fn what_was_not_taken_is_not_taken_later_but_may_be_given_again() {
    let world = World::sent(&THREE);
    let text = "clientAccountId,owners[0].phoneNumber,owners[0].identity.dateOfBirth\n\
        A-1,7755550100,1981-01-01\nA-4,7755550104,\n";
    let (said, _) = world.backfill("phones.csv", text);
    assert_eq!(
        (&said["rows"], &said["rows_taken"]),
        (&json!(2), &json!(0)),
        "{said}"
    );
    // A-4 comes with the export: it is as the export says.
    let export = std::fs::read_to_string(world.path("export.csv")).unwrap();
    world.write(
        "export.csv",
        &format!(
            "{export}{}",
            export.lines().nth(1).unwrap().replace("A-1", "A-4")
        ),
    );
    world.json("replan", &["--update-accepted"]);
    let unused = "SELECT u.row, w.text FROM unused u JOIN word w ON w.id = u.reason ORDER BY u.row";
    let not = "not taken when the file was";
    assert_eq!(
        world.asked(unused),
        [format!("2 {not}"), format!("3 {not}")]
    );
    world.run();
    assert_eq!(
        (world.posts(), world.value("A-4", "/owners/0/phoneNumber")),
        (3, json!(null))
    );
    // Given again, it is taken as far as it may be; and a third time there is nothing to take.
    let (said, code) = world.backfill("phones.csv", text);
    assert_eq!(
        (
            code,
            &said["number"],
            &said["rows_taken"],
            &said["does"]["updates"]
        ),
        (3, &json!(2), &json!(1), &json!(1)),
        "{said}"
    );
    world.run();
    assert_eq!(
        (world.posts(), world.value("A-4", "/owners/0/phoneNumber")),
        (4, json!("+17755550104"))
    );
    let file = world.folder.path().join("phones.csv");
    let said = world.refused("backfill", &[file.to_str().unwrap()], 2);
    assert!(said.contains("taken already, as backfill 1"), "{said}");
}

#[test]
fn a_backfill_does_not_take_a_changed_export_along() {
    let world = World::sent(&THREE);
    let export = std::fs::read_to_string(world.path("export.csv")).unwrap();
    let other = export.replacen("A-2,Ann,Ash,1980-02-03", "A-2,Ann,Ash,1980-02-04", 1);
    world.write("export.csv", &other);
    let (planned, _) = world.json("replan", &[]);
    assert_eq!(planned["replan"]["restricted"]["first"], json!(["A-2"]));
    let text = "clientAccountId,owners[0].phoneNumber\nA-1,7755550111\nA-2,7755550112\n";
    let (said, code) = world.backfill("phones.csv", text);
    assert_eq!(
        (code, &said["does"]["updates"], &said["does"]["restricted"]),
        (3, &json!(1), &json!(1)),
        "{said}"
    );
    world.run();
    assert_eq!(world.value("A-1", "/owners/0/phoneNumber"), "+17755550111");
    assert_eq!(world.value("A-2", "/owners/0/phoneNumber"), "+17755550101");
    assert_eq!(world.posts(), 3);
    // The row was taken: with the export put back, it goes.
    world.write("export.csv", &export);
    world.json("replan", &["--update-accepted"]);
    world.run();
    assert_eq!(world.value("A-2", "/owners/0/phoneNumber"), "+17755550112");
    assert_eq!(world.posts(), 4);
}

#[test]
fn a_sheet_does_not_ask_for_it_where_bakkt_has_the_account() {
    let world = World::sent(&THREE);
    // The birth date is gone from the export: the account is one of an earlier plan, and blocked in this one.
    let text = export(&THREE).replacen("1980-02-03", "", 1);
    world.write("export.csv", &text);
    world.json("replan", &[]);
    let sheet = world.folder.path().join("sheet.xlsx");
    let (said, _) = json_of(
        program()
            .arg("gaps")
            .arg(world.dir())
            .args([
                "--json",
                "--field",
                "owners[0].identity.dateOfBirth",
                "--sheet",
            ])
            .arg(&sheet),
    );
    assert_eq!(said["sheet"]["customers"], 0, "{said}");
    let notes = said["sheet"]["notes"].to_string();
    assert!(notes.contains("Operations or Compliance"), "{notes}");
}

/// What several customers have together blocks all of them: also an account whose own row nobody touches.
#[test]
fn a_row_that_blocks_an_account_by_what_both_have_is_refused() {
    let world = World::new(&THREE);
    let settings = std::fs::read_to_string(world.path("migration.toml")).unwrap();
    // One person may have one address for several accounts.
    let people = export(&THREE)
        .replace(
            "A-2,Ann,Ash,1980-02-03,987-65-4321",
            "A-2,Bea,Birch,1981-03-04,987-65-4322",
        )
        .replace(
            "A-3,Ann,Ash,1980-02-03,987-65-4321",
            "A-3,Cyd,Cole,1982-04-05,987-65-4323",
        );
    world.write("export.csv", &people);
    let blocking = "[findings]\nsame_email = \"block\"\n";
    world.write("migration.toml", &format!("{settings}{blocking}"));
    world.run();
    assert_eq!(world.posts(), 2);
    // A-2 is at Bakkt with this address; A-1 is there too, and A-3 was never sent.
    for customer in ["A-1", "A-3"] {
        let text = format!("clientAccountId,owners[0].emailAddress\n{customer},a2@example.com\n");
        let (said, code) = world.backfill(&format!("{customer}.csv"), &text);
        assert_eq!((code, &said["rows_taken"]), (3, &json!(0)), "{said}");
        assert_eq!(
            said["left"],
            json!([{"outcome": "the account could not be sent with it", "path": "", "count": 1}])
        );
    }
    // Rows of other customers are taken all the same.
    let text = "clientAccountId,owners[0].emailAddress,owners[0].phoneNumber\n\
        A-1,,7755550111\nA-3,a2@example.com,\n";
    let (said, code) = world.backfill("both.csv", text);
    assert_eq!((code, &said["rows_taken"]), (3, &json!(1)), "{said}");
    let run = world.run();
    assert_eq!((&run["former"], world.posts()), (&json!(0), 3), "{run}");
    assert_eq!(world.value("A-1", "/owners/0/phoneNumber"), "+17755550111");
}
