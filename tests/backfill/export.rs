//! Corrected exports.

use serde_json::json;

use super::world::{HEADER, SETTINGS, THREE, World, export};

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

#[test]
fn it_need_not_be_written_as_the_export_is() {
    let world = World::new(&THREE);
    let pinned = "mapping = \"mapping.toml\"\nencoding = \"windows-1252\"\ndelimiter = \",\"";
    let settings = SETTINGS.replace("mapping = \"mapping.toml\"", pinned);
    world.write("migration.toml", &settings);
    world.run();
    let text = "PHONE;ID;FIRST\n7755550100;A-1;Zo\u{eb}\n;A-2;Ren\u{e9}\n";
    let (said, code) = world.backfill("corrected.csv", text);
    assert_eq!((code, &said["does"]["updates"]), (0, &json!(2)), "{said}");
    world.run();
    let name = |id| world.value(id, "/owners/0/identity/givenName");
    assert_eq!(
        (name("A-1"), name("A-2")),
        (json!("Zo\u{eb}"), json!("Ren\u{e9}"))
    );
    // Nor as a later one is.
    let export = std::fs::read_to_string(world.path("export.csv")).unwrap();
    world.write("export.csv", &export.replace(',', "|"));
    let settings = settings.replace("delimiter = \",\"", "delimiter = \"|\"");
    world.write("migration.toml", &settings);
    world.json("replan", &["--update-accepted"]);
    world.run();
    assert_eq!((world.posts(), name("A-1")), (4, json!("Zo\u{eb}")));
}

#[test]
fn a_column_that_the_export_does_not_have_any_more_is_told_and_nothing_is_lost() {
    let world = World::sent(&THREE);
    world.backfill("phones.csv", "ID,PHONE\nA-1,7755550100\n");
    world.run();
    let export = std::fs::read_to_string(world.path("export.csv")).unwrap();
    let mapping = std::fs::read_to_string(world.path("mapping.toml")).unwrap();
    for (old, new) in [("PHONE", "TEL"), ("ID", "CUST_NO")] {
        world.write("export.csv", &export.replacen(old, new, 1));
        let (old_name, new_name) = (format!("\"{old}\""), format!("\"{new}\""));
        world.write("mapping.toml", &mapping.replace(&old_name, &new_name));
        for command in ["replan", "run"] {
            let said = world.refused(command, &["--yes"][..usize::from(command == "run")], 2);
            let what = format!("export.csv does not have any more: `{old}`");
            assert!(
                said.contains(&what) && said.contains("the backfill file 1 phones.csv"),
                "{said}"
            );
            assert!(said.contains("name them in the export"), "{said}");
        }
    }
    world.write("export.csv", &export);
    world.write("mapping.toml", &mapping);
    world.json("replan", &["--update-accepted"]);
    world.run();
    assert_eq!(world.posts(), 3);
    assert_eq!(world.value("A-1", "/owners/0/phoneNumber"), "+17755550100");
}

#[test]
fn a_column_that_a_field_is_read_with_is_asked_for() {
    let world = World::new(&THREE);
    let mapping = std::fs::read_to_string(world.path("mapping.toml")).unwrap();
    let by_country = "phone = { region_column = \"CTRY\", default = \"US\" }";
    world.write(
        "mapping.toml",
        &mapping.replace("phone = \"US\"", by_country),
    );
    world.run();
    let before = world.state();
    let file = world.folder.path().join("corrected.csv");
    std::fs::write(&file, "ID,PHONE\nA-1,7755550100\n").unwrap();
    let said = world.refused("backfill", &[file.to_str().unwrap()], 2);
    assert!(
        said.contains("corrected.csv")
            && said.contains("`owners[0].phoneNumber`")
            && said.contains("mapping.toml:7")
            && said.contains("add that column"),
        "{said}"
    );
    assert_eq!(world.state(), before);
    // The other way round nothing of the number is there, and nothing is lost.
    let (said, code) = world.backfill("whole.csv", "ID,CTRY,PHONE\nA-1,USA,7755550100\n");
    assert_eq!((code, &said["does"]["updates"]), (0, &json!(1)), "{said}");
    let (_, code) = world.backfill("country.csv", "ID,CTRY\nA-1,USA\n");
    assert_eq!(code, 0);
}
