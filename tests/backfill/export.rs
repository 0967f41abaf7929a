//! Corrected exports.

use serde_json::json;

use crate::world::{HEADER, SETTINGS, THREE, World, export};

#[test]
fn a_corrected_export_is_read_by_the_mapping() {
    let world = World::sent(&THREE);
    // A-1 has a phone, A-2 nothing at all, A-3 an address; the columns stand in another order and not all are there.
    let text = "PHONE,ID,EMAIL,INCOME\n7755550100,A-1,,\n,A-2,,\n,A-3,a3@example.com,120000\n";
    let (said, code) = world.backfill("corrected.csv", text);
    assert_eq!(code, 0, "{said}");
    let does = &said["does"];
    assert_eq!(
        (
            &said["form"],
            &does["created"],
            &does["updates"],
            &does["changed"]
        ),
        (&json!("export"), &json!(1), &json!(1), &json!(2))
    );
    let before = world.held("A-1").unwrap();
    world.run();
    let mut expected = before;
    expected["owners"][0]["phoneNumber"] = json!("+17755550100");
    assert_eq!((world.held("A-1").unwrap(), world.posts()), (expected, 4));
    assert_eq!(
        world.value("A-3", "/owners/0/emailAddress"),
        "a3@example.com"
    );
}

#[test]
fn it_changes_no_birth_date_either() {
    let world = World::sent(&THREE);
    let text = export(&[
        ("A-1", "a1@example.com", "7755550100"),
        ("A-2", "a2@example.com", "7755550101"),
    ]);
    let (said, code) = world.backfill(
        "corrected.csv",
        &text.replacen("1980-02-03", "1980-03-02", 1),
    );
    assert_eq!(code, 3);
    assert_eq!(
        said["restricted"],
        json!([{"row": 2, "clientAccountId": "A-1", "path": "owners[0].identity.dateOfBirth"}])
    );
    let (said, code) = world.backfill("corrected-2.csv", &text);
    assert_eq!((code, &said["does"]["updates"]), (0, &json!(1)), "{said}");
}

#[test]
fn with_grouped_rows_it_is_refused_with_what_to_do() {
    let world = World::new(&THREE);
    world.write(
        "migration.toml",
        &SETTINGS.replace(
            "mapping = \"mapping.toml\"",
            "mapping = \"mapping.toml\"\ngroup_by = \"ID\"",
        ),
    );
    world.run();
    let file = world.folder.path().join("corrected.csv");
    std::fs::write(&file, format!("{HEADER}\n")).unwrap();
    let said = world.refused("backfill", &[file.to_str().unwrap()], 2);
    assert!(
        said.contains("group_by") && said.contains("gaps --sheet") && said.contains("replan"),
        "{said}"
    );
    // A sheet of fields is taken all the same.
    let (said, code) = world.backfill(
        "phones.csv",
        "clientAccountId,owners[0].phoneNumber\nA-1,7755550100\n",
    );
    assert_eq!((code, &said["does"]["updates"]), (0, &json!(1)), "{said}");
}
